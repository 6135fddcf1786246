# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.balance_common import BalanceCommon
from odoo.addons.tochka_fiscal.tests.common import BankRegisterCommon, FiscalCommon
from odoo.addons.tochka_fiscal.tests.test_closing import ClosingCommon


@tagged('post_install', '-at_install')
class TestTopups(ClosingCommon):
    """ A top-up that pays delivered invoices in the same minute sells what they do. """

    def lines(self, receipt):
        return [(line.name, line.total, line.fiscal_method, line.source or '')
                for line in receipt.line_ids]

    def test_one_receipt_for_a_delivered_invoice(self):
        self.check_one_receipt()

    def test_one_receipt_when_top_ups_are_advances(self):
        self.book_advances()
        self.check_one_receipt()

    def check_one_receipt(self):
        invoice, later = self.create_due(1200.0), self.future_invoice(500.0)
        topup = self.top_up(5000.0)
        receipt = self.printed(topup)
        self.assertEqual(self.lines(receipt), [
            ("Lessons", 1200, 'full_payment', f'account.move,{invoice.id}'),
            ("Аванс", 3800, 'advance', '')])
        self.assertIn(invoice, receipt.invoice_ids)
        self.assertFalse(invoice.amount_residual)
        self.close(times=2)
        self.assertClosings(receipt, left=3800)
        self.assertFalse(receipt.closing_changed)
        self.assertFalse(receipt.problem_ids)
        # What was not delivered yet is closed later, as ever.
        self.close(times=2, days=11)
        self.assertClosings(receipt, (later, 500), left=3300)

    def test_part_of_an_invoice_and_the_rest(self):
        invoice = self.create_due(1000.0)
        first, second = self.printed(self.top_up(300.0)), self.printed(self.top_up(900.0))
        source = f'account.move,{invoice.id}'
        self.assertEqual(self.lines(first), [("Lessons", 300, 'full_payment', source)])
        self.assertEqual(self.lines(second), [
            ("Lessons", 700, 'full_payment', source), ("Аванс", 200, 'advance', '')])

    def test_two_that_are_not_booked_yet_sell_it_once(self):
        invoice = self.create_due(1000.0)
        topups = [self.create_tx(amount=1000.0) for _number in range(2)]
        for topup in topups:
            topup._get_processing_values()
            self.env.flush_all()
            self.bank.pay(topup.tochka_operation_id)
            self.refresh(topup)
        first, second = (topup._fiscal_receipt() for topup in topups)
        self.assertEqual(
            self.lines(first), [("Lessons", 1000, 'full_payment', f'account.move,{invoice.id}')])
        self.assertEqual(self.lines(second), [("Аванс", 1000, 'advance', '')])

    def test_built_again_after_it_was_booked(self):
        self.create_due(1000.0)
        receipt = self.top_up(1500.0)._fiscal_receipt()
        before = self.lines(receipt)
        receipt._build_lines()
        self.assertEqual(self.lines(receipt), before)

    def test_company_that_matches_by_hand(self):
        self.company.sudo().tochka_topups_pay_invoices = False
        self.create_due(1000.0)
        receipt = self.printed(self.top_up(1000.0))
        self.assertEqual(self.lines(receipt), [("Аванс", 1000, 'advance', '')])

    def test_client_first(self):
        old = self.create_due(1000.0, days=-20)
        own = self.create_due(1000.0, client=self.masha)
        receipt = self.printed(self.top_up(1000.0, client=self.masha))
        self.assertEqual(receipt.line_ids.source, f'account.move,{own.id}')
        self.assertEqual((old.amount_residual, own.amount_residual), (1000.0, 0.0))


@tagged('post_install', '-at_install')
class TestOldLinks(BankRegisterCommon):
    """ The bank prints what was fixed with the link, whatever became of the document. """

    def test_nothing_to_say(self):
        transaction = self.create_linked_tx(self.create_invoice(1500.0))
        self.assertFalse(self.receipt_of(self.pay(transaction)).problem_ids)

    def check(self, change):
        invoice = self.create_invoice(1500.0)
        transaction = self.create_linked_tx(invoice)
        change(invoice)
        problem = self.receipt_of(self.pay(transaction)).problem_ids
        self.assertEqual(problem.code, 'receipt_outdated')
        self.assertIn("Lessons × 1 = 1500.00", problem.advice)
        self.assertIn("cabinet", problem.advice)

    def edit(self, invoice, **values):
        invoice.button_draft()
        invoice.invoice_line_ids.write(values)
        invoice.action_post()

    def test_cheaper(self):
        self.check(lambda invoice: self.edit(invoice, price_unit=1400.0))

    def test_another_line(self):
        self.check(lambda invoice: self.edit(invoice, name="Books"))

    def test_another_tax(self):
        tax = self.company_data['default_tax_sale'].with_env(self.env).copy({
            'name': "VAT 22 %", 'amount': 22, 'price_include_override': 'tax_included'})
        self.check(lambda invoice: self.edit(invoice, tax_ids=[Command.set(tax.ids)]))

    def test_paid_otherwise(self):
        self.check(lambda invoice: self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids,
        ).create({'journal_id': self.journal.id}).action_create_payments())

    def test_cancelled(self):
        self.check(lambda invoice: invoice.button_draft())


@tagged('post_install', '-at_install')
class TestWithoutReceipt(FiscalCommon, BalanceCommon):
    """ Money of which Odoo knows no receipt. """

    def unfiscalized(self, **values):
        self.provider.sudo().fiscalization = 'no'
        transaction = self.pay(self.create_linked_tx(self.create_invoice(500.0), **values))
        self.provider.sudo().fiscalization = 'other'
        return transaction

    def give_back(self, transaction):
        refund = transaction.sudo()._create_child_transaction(200.0, is_refund=True)
        refund._set_done()
        return refund

    def test_return_asks_a_person(self):
        refund = self.give_back(self.unfiscalized())
        self.assertFalse(refund._fiscal_receipt())
        self.assertEqual(refund.tochka_problem_ids.mapped('code'), ['return_without_receipt'])

    def test_return_of_a_payment_with_a_receipt_asks_nobody(self):
        receipt = self.print_invoice(500.0)
        refund = self.give_back(receipt.transaction_id)
        self.assertTrue(refund._fiscal_receipt())
        self.assertNotIn('return_without_receipt', refund.tochka_problem_ids.mapped('code'))

    def test_nothing_is_said_where_odoo_prints_nothing(self):
        transaction = self.unfiscalized()
        self.provider.sudo().fiscalization = 'no'
        self.assertFalse(self.give_back(transaction).tochka_problem_ids)

    def missed(self):
        return self.env['fiscal.missed'].create({'company_id': self.company.id}).transaction_ids

    def test_payment_that_is_learned_of_days_later(self):
        transaction = self.unfiscalized()
        transaction.sudo().tochka_paid_at = fields.Datetime.now() - timedelta(days=5)
        self.assertEqual(self.missed(), transaction.sudo())

    def test_payment_of_another_provider(self):
        provider = self.env['payment.provider'].sudo().create({
            'name': "Another", 'code': 'none', 'company_id': self.company.id, 'state': 'enabled',
            'fiscalization': 'other', 'fiscal_taxation_system': 'usn_income',
            'fiscal_register_id': self.register.id, 'fiscal_method': 'auto'})
        transaction = self.create_tx(self.create_invoice(500.0), provider=provider)
        self.env.flush_all()
        self.env.cr.execute("""
            UPDATE payment_transaction
               SET state = 'done', last_state_change = now() - '2 days'::interval
             WHERE id = %s""", (transaction.id,))
        self.env.invalidate_all()
        self.assertIn(transaction, self.missed())


@tagged('post_install', '-at_install')
class TestWords(ClosingCommon):
    """ What the buyer is told of a closing receipt: nothing was paid now. """

    def test_message_of_a_closing_receipt(self):
        prepayment = self.prepay(self.future_invoice())
        self.env['mail.mail'].sudo().search([]).unlink()
        self.close(days=11)
        closing = prepayment.closing_ids
        self.work()
        self.work()
        self.assertEqual(closing.state, 'done')
        mail = self.env['mail.mail'].sudo().search([
            ('model', '=', 'fiscal.receipt'), ('res_id', '=', closing.id)])
        self.assertEqual(len(mail), 1)
        self.assertNotIn("Thank you for your payment", mail.body_html)
        self.assertIn("closes your prepayment", mail.body_html)
        self.assertIn("Handed over (Moscow time)", mail.body_html)

    def test_message_of_a_payment(self):
        self.env['mail.mail'].sudo().search([]).unlink()
        receipt = self.prepay(self.create_invoice())
        mail = self.env['mail.mail'].sudo().search([
            ('model', '=', 'fiscal.receipt'), ('res_id', '=', receipt.id)])
        self.assertIn("Thank you for your payment", mail.body_html)
        self.assertIn("Paid (Moscow time)", mail.body_html)


    def test_general_system_without_vat_is_said(self):
        settings = self.provider.sudo()
        self.assertFalse(settings.fiscal_warning)
        settings.fiscal_taxation_system = 'osn'
        self.assertIn("without VAT", settings.fiscal_warning)
        settings.fiscal_without_vat = True
        self.assertFalse(settings.fiscal_warning)
        settings.write({'fiscal_without_vat': False, 'fiscal_vat': 'vat22'})
        self.assertFalse(settings.fiscal_warning)
