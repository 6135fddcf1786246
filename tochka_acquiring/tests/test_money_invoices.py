# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime, time, timedelta, timezone

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_acquiring import const, tuning
from odoo.addons.tochka_acquiring.tests.balance_common import BalanceCommon
from odoo.addons.tochka_acquiring.tests.money_common import MoneyCommon


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestMoneyOfInvoices(BalanceCommon):
    """ No rouble of an invoice is silent. """

    told = MoneyCommon.told
    assertSettled = MoneyCommon.assertSettled
    refund_at_the_bank = MoneyCommon.refund_at_the_bank

    def due(self, documents):
        return self.env['payment.transaction']._tochka_due(documents)

    # === WHAT BECAME OF THE INVOICE MEANWHILE === #

    def test_draft_again(self):
        """ Somebody is changing it: it is not posted unasked, and somebody is told. """
        invoice = self.create_invoice(1000.0)
        transaction = self.create_linked_tx(invoice)
        invoice.button_draft()
        self.pay(transaction)
        self.assertEqual(invoice.state, 'draft')
        self.assertEqual(self.told(transaction), {'overpaid': ('draft', 1000.0)})
        self.assertIn("draft again", self.said_of(transaction))
        invoice.invoice_line_ids.price_unit = 1200.0
        invoice.action_post()
        self.assertEqual((invoice.amount_residual, self.due(invoice)), (200.0, 200.0))
        self.assertFalse(self.told(transaction))

    def test_deleted(self):
        other = self.create_invoice(1000.0)
        invoice = self.create_invoice(1000.0)
        transaction = self.create_linked_tx(invoice)
        invoice.button_draft()
        invoice.with_context(force_delete=True).unlink()
        self.env.invalidate_all()
        self.pay(transaction)
        self.assertEqual(self.told(transaction), {'overpaid': ('deleted', 1000.0)})
        self.assertEqual(other.amount_residual, 1000.0)
        self.assertTrue(transaction.payment_id.activity_ids)

    def test_emptied(self):
        invoice = self.create_invoice(1000.0)
        transaction = self.create_linked_tx(invoice)
        invoice.button_draft()
        invoice.invoice_line_ids.unlink()
        self.pay(transaction)
        self.assertTrue(transaction.payment_id)
        self.assertEqual(self.told(transaction), {'overpaid': ('draft', 1000.0)})

    def test_cancelled_after_the_payment(self):
        """ The match ends: what is open is told of at once. """
        invoice = self.create_invoice(1000.0)
        transaction = self.pay(self.create_linked_tx(invoice))
        self.assertFalse(self.told(transaction))
        invoice.button_draft()
        invoice.button_cancel()
        self.run_job('cron_money')
        self.assertEqual(self.told(transaction), {'overpaid': ('cancelled', 1000.0)})

    def test_match_undone_and_made_again(self):
        invoice = self.create_invoice(1000.0)
        transaction = self.pay(self.create_linked_tx(invoice))
        line = transaction.payment_id._seek_for_lines()[1]
        line.remove_move_reconcile()
        self.assertEqual(self.told(transaction), {'overpaid': ('', 1000.0)})
        self.assertEqual(self.due(invoice), 0.0, "The money is there")
        invoice.js_assign_outstanding_line(line.id)
        self.run_job('cron_money')
        self.assertFalse(self.told(transaction))

    def test_undone_match_is_a_persons(self):
        invoice = self.create_invoice(1000.0)
        transaction = self.pay(self.create_linked_tx(invoice))
        transaction.payment_id._seek_for_lines()[1].remove_move_reconcile()
        self.run_job('cron_money')
        self.assertEqual(invoice.amount_residual, 1000.0)

    def test_two_receivable_accounts(self):
        other_account = self.receivable.copy({'code': '62.09', 'name': "Other customers"})
        first = self.create_invoice(300.0)
        second = self.create_invoice(700.0, post=False)
        second.line_ids.filtered(
            lambda line: line.display_type == 'payment_term').account_id = other_account
        second.action_post()
        transaction = self.pay(self.create_linked_tx(first + second))
        self.assertSettled(first, second)
        self.assertFalse(self.told(transaction))
        self.assertEqual(transaction.payment_id.reconciled_invoice_ids, first + second)

    # === EARLY PAYMENT === #

    def create_early(self, days_ago):
        """ Return an invoice whose discount for payment within five days ended some days ago. """
        term = self.env['account.payment.term'].create({
            'name': "2 % early", 'early_discount': True, 'discount_percentage': 2,
            'discount_days': 5, 'early_pay_discount_computation': 'mixed',
            'line_ids': [Command.create({'value': 'percent', 'value_amount': 100, 'nb_days': 30})],
        })
        invoice = self.create_invoice(1000.0, post=False)
        invoice.write({'invoice_date': self.today - timedelta(days=5 + days_ago),
                       'invoice_payment_term_id': term.id})
        invoice.action_post()
        return invoice

    def moment(self, days_ago):
        return datetime.combine(self.today - timedelta(days=days_ago), time(9), timezone.utc)

    def test_discount_of_the_last_day_heard_of_a_day_later(self):
        invoice = self.create_early(days_ago=1)
        transaction = self.create_linked_tx(invoice, amount=980.0)
        self.pay(transaction, paid_at=self.moment(days_ago=1))
        self.assertSettled(invoice)
        self.assertFalse(self.told(transaction))

    def test_discount_paid_a_day_too_late(self):
        invoice = self.create_early(days_ago=2)
        self.pay(self.create_linked_tx(invoice, amount=980.0), paid_at=self.moment(days_ago=1))
        self.assertEqual(invoice.amount_residual, 20.0)

    def test_discount_of_an_invoice_that_was_a_draft_as_the_money_came(self):
        """ It is corrected meanwhile: the day on which the payer has paid decides, and so does what
        is due then.
        """
        tax = self.env['account.tax'].create({
            'name': "VAT 25 %", 'amount': 25.0, 'type_tax_use': 'sale', 'price_include_override':
            'tax_included', 'company_id': self.company.id})
        for paid_ago, computation, price, left in (
            (1, 'mixed', 1000.0, 0.0), (0, 'mixed', 1000.0, 20.0), (1, 'mixed', 1100.0, 120.0),
            (1, 'included', 1000.0, 0.0),
        ):
            with self.subTest(paid_ago=paid_ago, computation=computation, price=price):
                invoice = self.create_early(days_ago=1)
                transaction = self.create_linked_tx(invoice, amount=980.0)
                invoice.button_draft()
                invoice.invoice_payment_term_id.early_pay_discount_computation = computation
                if computation == 'included':
                    invoice.invoice_line_ids.tax_ids = tax
                invoice.invoice_line_ids.price_unit = price
                self.pay(transaction, paid_at=self.moment(days_ago=paid_ago))
                self.assertEqual(self.told(transaction), {'overpaid': ('draft', 980.0)})
                invoice.action_post()
                self.assertEqual(invoice.amount_total, price)
                self.assertEqual(invoice.amount_residual, left)
                self.assertFalse(self.told(transaction))
                if not left:
                    self.assertSettled(invoice)

    def test_day_of_a_caller_does_not_count(self):
        invoice = self.create_early(days_ago=2).with_context(
            tochka_payers_day=[str(self.today - timedelta(days=9))])
        self.assertNotEqual(
            invoice._get_invoice_next_payment_values()['installment_state'], 'epd')

    # === CASH BOX AND ARTICLE OF THE LINK === #

    def test_cash_box_changed_while_the_link_is_open(self):
        transaction = self.create_linked_tx(self.create_invoice(1000.0))
        journal = self.journal.copy({'name': "New cash box", 'code': 'NEW'})
        article = self.article.copy({'name': "New article"})
        merchant = self.merchant.copy({
            'merchant_id': '200000000012346', 'legal_entity_id': self.merchant.legal_entity_id.id})
        old_line = self.journal.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == self.provider)
        outstanding = old_line.payment_account_id
        self.provider.sudo().write({
            'tochka_merchant_id': merchant.id, 'journal_id': journal.id,
            'tochka_article_id': article.id,
        })
        self.pay(transaction)
        payment = transaction.payment_id
        self.assertEqual(payment.journal_id, self.journal)
        self.assertEqual(payment.outstanding_account_id, outstanding)
        self.assertEqual(
            payment._seek_for_lines()[1].analytic_distribution, {str(self.article.id): 100})
        self.assertSettled(transaction.invoice_ids)
        later = self.pay(self.create_linked_tx(self.create_invoice(1000.0)))
        self.assertEqual(later.payment_id.journal_id, journal)
        self.assertEqual(
            later.payment_id._seek_for_lines()[1].analytic_distribution, {str(article.id): 100})

    # === LIMITS === #

    def test_links_of_one_invoice_are_limited(self):
        invoice = self.create_invoice(1000.0)
        for count in range(tuning.MAX_OPEN_LINKS):
            self.create_linked_tx(invoice, amount=100.0 + count)
        with self.assertRaisesRegex(ValidationError, "Too many"):
            self.create_tx(invoice, amount=50.0)._get_processing_values()
        self.assertEqual(self.bank.count('create_payment'), tuning.MAX_OPEN_LINKS)
        self.create_linked_tx(self.create_invoice(1000.0))
        ended = invoice.transaction_ids[:1]
        self.bank.change(ended.tochka_operation_id, status='EXPIRED')
        self.refresh(ended)
        self.create_linked_tx(invoice, amount=50.0)

    def test_all_other_links_are_asked(self):
        """ The payer has paid by the oldest of many. """
        invoice = self.create_invoice(1000.0)
        oldest = self.create_linked_tx(invoice, amount=100.0)
        for count in range(tuning.MAX_OPEN_LINKS - 2):
            self.create_linked_tx(invoice, amount=101.0 + count)
        self.bank.pay(oldest.tochka_operation_id)
        with self.assertRaisesRegex(Exception, "has just arrived"):
            self.create_tx(invoice)._get_processing_values()

    def test_limit_of_a_top_up_holds_everywhere(self):
        limit = float(const.MAX_TOPUP)
        with self.assertRaisesRegex(ValidationError, "at once"):
            self.create_tx(amount=limit + 0.01)._get_processing_values()
        self.create_tx(amount=limit)._get_processing_values()
        self.create_linked_tx(self.create_invoice(limit + 1))

    # === MONEY THAT LEAVES THE BOOKS === #

    def test_payment_that_a_clerk_deletes(self):
        for is_deleted in (False, True):
            with self.subTest(is_deleted):
                invoice = self.create_invoice(1000.0)
                transaction = self.pay(self.create_linked_tx(invoice))
                payment = transaction.payment_id
                payment.action_draft()
                if is_deleted:
                    payment.unlink()
                self.run_job('cron_money')
                self.assertEqual(self.told(transaction), {'unbooked': ('', 1000.0)})
                self.assertEqual(self.due(invoice), 0.0, "The bank has the money")
                if not is_deleted:
                    payment.action_post()  # Odoo has kept the match.
                    self.run_job('cron_money')
                    self.assertFalse(self.told(transaction))

    def test_payment_that_a_clerk_deletes_and_the_bank_returns(self):
        """ The return is in the books: without the payment the payer would owe it. """
        transaction = self.pay(self.create_linked_tx(self.create_invoice(1000.0)))
        transaction.payment_id.action_draft()
        self.refund_at_the_bank(transaction, 1000)
        self.run_job('cron_money')
        self.assertEqual(self.told(transaction), {'unbooked': ('', 1000.0)})

    # === THE TILL === #

    def test_money_of_a_till_is_the_tills(self):
        """ It pays no invoice and is no balance. """
        invoice = self.create_invoice(1000.0)
        transaction = self.create_tx(amount=1000.0)
        transaction.tochka_meant_for = 'till'  # as one is that has an order of the till
        transaction._get_processing_values()
        self.env.flush_all()
        self.pay(transaction)
        self.top_up(10.0)
        self.assertEqual(invoice.amount_residual, 990.0)
        balance = self.payer._tochka_balance(self.company)
        self.assertEqual((balance['paid'], balance['left']), (10.0, 0.0))
        self.assertFalse(self.told(transaction))

    # === WHAT IS ASKED FOR === #

    def test_link_wizard_asks_for_what_is_due(self):
        invoice = self.create_invoice(1000.0)
        part = self.create_linked_tx(invoice, amount=400.0)
        self.bank.pay(part.tochka_operation_id)
        self.refresh(part)
        wizard = self.env['payment.link.wizard'].with_context(
            active_model='account.move', active_id=invoice.id).create({})
        self.assertEqual((wizard.amount, wizard.amount_max), (600.0, 600.0))
