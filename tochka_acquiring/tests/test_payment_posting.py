# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date, datetime, timedelta, timezone
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.common import TochkaCommon


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestPaymentPosting(TochkaCommon):
    """ A payment that the bank has taken, in the books. """

    def test_payment_of_an_invoice(self):
        invoice = self.create_invoice(1234.56)
        transaction = self.pay(self.create_linked_tx(invoice))
        payment = transaction.payment_id
        self.assertEqual(payment.journal_id, self.journal)
        self.assertEqual(payment.partner_id, self.payer)
        self.assertEqual(payment.amount, 1234.56)
        self.assertFalse(invoice.amount_residual)
        self.assertIn(invoice.payment_state, ('paid', 'in_payment'))
        self.assertRecordValues(payment.move_id.line_ids.sorted('balance'), [
            {
                'account_id': invoice.line_ids.account_id.filtered(
                    lambda a: a.account_type == 'asset_receivable').id,
                'balance': -1234.56,
                'analytic_distribution': {str(self.article.id): 100},
            },
            {
                'account_id': payment.outstanding_account_id.id,
                'balance': 1234.56,
                'analytic_distribution': False,
            },
        ])
        items = self.env['account.analytic.line'].search(
            [('auto_account_id', '=', self.article.id)])
        self.assertEqual(items.mapped('amount'), [1234.56], "Income has a positive sign")

    def test_booked_on_the_documents_partner(self):
        """ An accountant who is logged in opens a customer's link and pays. """
        invoice = self.create_invoice()
        transaction = self.pay(
            self.create_linked_tx(invoice, partner_id=self.env.user.partner_id.id))
        self.assertEqual(transaction.payment_id.partner_id, self.payer)
        self.assertFalse(invoice.amount_residual)

    def test_booked_on_the_banks_day(self):
        """ 22:30 in London of the 1st is the 2nd in Moscow. """
        paid_at = datetime.combine(
            fields.Date.today() - timedelta(days=3), datetime.min.time(), timezone.utc
        ).replace(hour=22, minute=30)
        transaction = self.pay(self.create_linked_tx(), paid_at=paid_at)
        self.assertEqual(
            transaction.payment_id.date, fields.Date.today() - timedelta(days=2))
        self.assertEqual(transaction.tochka_paid_at, paid_at.replace(tzinfo=None))

    def test_article_shows_the_money_that_came(self):
        """ Less was paid, for it was paid early. """
        term = self.env['account.payment.term'].create({
            'name': "10 % early", 'early_discount': True, 'discount_percentage': 10,
            'discount_days': 7, 'early_pay_discount_computation': 'mixed',
            'line_ids': [Command.create({'value': 'percent', 'value_amount': 100,
                                         'nb_days': 30})],
        })
        invoice = self.create_invoice(1000.0, post=False)
        invoice.invoice_payment_term_id = term
        invoice.action_post()
        due = invoice._get_invoice_next_payment_values()
        transaction = self.pay(self.create_linked_tx(
            invoice, amount=due.get('discounted_amount') or due['amount_due']))
        self.assertEqual(transaction.amount, 900.0)
        self.assertFalse(invoice.amount_residual)
        items = self.env['account.analytic.line'].search(
            [('auto_account_id', '=', self.article.id)])
        self.assertEqual(sum(items.mapped('amount')), 900.0)

    def test_locked_day_is_booked_on_the_first_open_one(self):
        transaction = self.create_linked_tx()
        lock = fields.Date.today() - timedelta(days=1)
        self.company.fiscalyear_lock_date = lock
        self.pay(transaction, paid_at=datetime.now(timezone.utc) - timedelta(days=5))
        self.assertEqual(transaction.payment_id.date, lock + timedelta(days=1))
        self.assertIn("locked", self.said_of(transaction))
        self.assertFalse(transaction.invoice_ids.amount_residual)

    def test_second_payment_becomes_credit_with_activity(self):
        """ Two windows, two ways to pay, both paid: nothing is lost, and somebody is asked. """
        invoice = self.create_invoice()
        first = self.create_linked_tx(invoice)
        second = self.create_linked_tx(invoice, method=self.sbp)
        self.assertNotEqual(first.tochka_operation_id, second.tochka_operation_id)
        self.pay(first)
        self.assertFalse(self.said_of(first))
        self.pay(second, payment_type='sbp')
        self.assertEqual(second.state, 'done')
        self.assertIn('100,000.00', self.said_of(second))
        self.assertTrue(invoice.activity_ids)
        credit = second.payment_id.move_id.line_ids.filtered(
            lambda line: line.account_id == second.payment_id.destination_account_id)
        self.assertEqual(credit.amount_residual, -100000.0)

    def test_invoice_cancelled_meanwhile(self):
        invoice = self.create_invoice()
        transaction = self.create_linked_tx(invoice)
        invoice.button_draft()
        invoice.button_cancel()
        self.pay(transaction)
        self.assertEqual(transaction.payment_id.amount, 100000.0)
        self.assertIn('100,000.00', self.said_of(transaction))

    def test_partial_payment(self):
        invoice = self.create_invoice(100.0)
        self.pay(self.create_linked_tx(invoice, amount=33.33))
        self.assertEqual(invoice.amount_residual, 66.67)
        self.pay(self.create_linked_tx(invoice, amount=66.67))
        self.assertFalse(invoice.amount_residual)

    def test_several_invoices_in_one_payment(self):
        invoices = self.create_invoice(10.10) + self.create_invoice(20.20)
        transaction = self.pay(self.create_linked_tx(invoices))
        self.assertEqual(transaction.payment_id.amount, 30.30)
        self.assertEqual(invoices.mapped('amount_residual'), [0.0, 0.0])

    def test_payment_without_a_document(self):
        transaction = self.create_tx(amount=500.0)
        transaction._get_processing_values()
        self.pay(transaction)
        self.assertEqual(transaction.payment_id.amount, 500.0)
        self.assertEqual(transaction.payment_id.partner_id, self.payer)
        self.assertFalse(self.said_of(transaction))

    def test_post_processing_twice_makes_one_payment(self):
        transaction = self.pay(self.create_linked_tx())
        payment = transaction.payment_id
        messages = len(transaction.invoice_ids.message_ids)
        transaction._post_process()
        transaction.with_context(stale=True)._post_process()
        self.assertEqual(transaction.payment_id, payment)
        self.assertEqual(len(transaction.invoice_ids.message_ids), messages)
        self.assertEqual(self.env['account.payment'].search_count(
            [('payment_transaction_id', '=', transaction.id)]), 1)

    def test_branch_invoice_through_the_companys_provider(self):
        branch = self.create_branch()
        invoice = self.create_invoice(company=branch)
        self.assertEqual(invoice.company_id, branch)
        transaction = self.pay(self.create_linked_tx(invoice))
        self.assertEqual(transaction.payment_id.company_id, self.company)
        self.assertFalse(invoice.amount_residual)

    def test_branch_with_its_own_provider_and_journal(self):
        branch = self.create_branch()
        journal = self.env['account.journal'].with_company(branch).create({
            'name': "Branch bank", 'type': 'bank', 'code': 'BRB', 'company_id': branch.id,
        })
        provider = self.env.ref('tochka_acquiring.payment_provider_tochka').sudo().copy({
            'name': "Tochka of the branch", 'company_id': branch.id, 'state': 'disabled',
        })
        provider.write({
            'tochka_connection_id': self.connection.id, 'tochka_merchant_id': self.merchant.id,
            'journal_id': journal.id,
        })
        provider.write({'state': 'enabled', 'is_published': True})
        invoice = self.create_invoice(company=branch)
        transaction = self.pay(self.create_linked_tx(invoice, provider=provider))
        self.assertEqual(transaction.payment_id.journal_id, journal)
        self.assertEqual(transaction.payment_id.company_id, branch)
        self.assertFalse(invoice.amount_residual)

    def test_stuck_payment_is_brought_into_the_books(self):
        """ Odoo gives up on post-processing after four days. """
        transaction = self.create_linked_tx()
        self.bank.pay(transaction.tochka_operation_id)
        self.refresh(transaction)
        transaction.last_state_change = fields.Datetime.now() - timedelta(days=6)
        self.run_job('cron_monitor')
        self.assertTrue(transaction.payment_id)

    def test_payment_that_cannot_be_booked_is_flagged(self):
        transaction = self.create_linked_tx()
        self.bank.pay(transaction.tochka_operation_id)
        self.refresh(transaction)
        transaction.last_state_change = fields.Datetime.now() - timedelta(days=6)
        path = ('odoo.addons.account_payment.models.payment_transaction.PaymentTransaction'
                '._create_payment')
        with patch(path, side_effect=ValueError("no account")), self.assertLogs(
                'odoo.addons.tochka_acquiring', 'ERROR'):
            self.run_job('cron_monitor')
        self.assertIn("no account", self.said_of(transaction))

    def test_day_of_new_year(self):
        """ 21:30 UTC of 31 December is the new year in Moscow. """
        from odoo.addons.tochka_acquiring.utils import bank_day
        self.assertEqual(bank_day(datetime(2025, 12, 31, 21, 30)), date(2026, 1, 1))
        self.assertEqual(bank_day(datetime(2025, 12, 31, 20, 59)), date(2025, 12, 31))
