# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo.exceptions import UserError, ValidationError
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon

TX_LOGGER = 'odoo.addons.tochka_acquiring.models.payment_transaction_apply'


@tagged('post_install', '-at_install')
class TestCreditNote(RefundCommon):
    """ The money of a credit note goes back to the payer. """

    def refund_note(self, note, **values):
        wizard = self.env['tochka.refund.note'].create({'credit_note_id': note.id, **values})
        wizard.action_refund()
        return wizard

    def test_partial_credit_note(self):
        payment = self.paid(1000.0)
        note = self.credit(payment.invoice_ids, 250.0)
        self.assertTrue(note.tochka_can_refund)
        wizard = self.refund_note(note)
        self.assertEqual((wizard.amount, wizard.transaction_id), (250.0, payment))
        self.assertFalse(note.tochka_can_refund, "The refund on its way counts")
        self.work()
        refund = payment._tochka_refunds()
        self.assertEqual(refund.invoice_ids, note)
        self.assertEqual((refund.state, note.payment_state), ('done', 'paid'))
        self.assertEqual(note.amount_residual, 0.0)
        self.assertEqual(
            (note.tochka_refund_count, payment.invoice_ids.tochka_refund_count), (1, 1))

    def test_more_than_the_credit_note(self):
        payment = self.paid(1000.0)
        note = self.credit(payment.invoice_ids, 250.0)
        with self.assertRaisesRegex(ValidationError, "250.00"):
            self.refund_note(note, amount=250.01)
        self.refund_note(note, amount=100.0)
        with self.assertRaisesRegex(ValidationError, "150.00"):
            self.refund_note(note, amount=200.0)
        self.refund_note(note, amount=150.0)

    def test_payment_of_another_invoice(self):
        note = self.credit(self.paid(1000.0).invoice_ids, 250.0)
        other = self.paid(500.0)
        with self.assertRaises(ValidationError):
            self.refund_note(note, transaction_id=other.id, amount=10.0)

    def test_invoice_that_was_not_paid_online(self):
        invoice = self.create_invoice(1000.0)
        self.assertFalse(self.credit(invoice).tochka_can_refund)
        self.assertFalse(invoice.tochka_can_refund)


@tagged('post_install', '-at_install')
class TestTopupRefund(RefundCommon):
    """ A top-up goes back without a credit note: it reduces the balance. """

    def check_topup(self, account):
        topup = self.top_up(1000.0)
        self.ask_refund(topup, 400.0)
        self.work()
        refund = topup._tochka_refunds()
        self.assertEqual(refund.payment_id.destination_account_id, account)
        self.assertEqual(self.payer._tochka_balance(self.company)['left'], 600.0)
        self.ask_refund(topup, 600.0)
        self.work()
        self.assertEqual(self.payer._tochka_balance(self.company)['left'], 0.0)
        lines = (topup.payment_id + topup._tochka_refunds().payment_id).move_id.line_ids.filtered(
            lambda line: line.account_id == account)
        self.assertTrue(all(lines.mapped('reconciled')))

    def test_receivable(self):
        self.check_topup(self.receivable)

    def test_advance(self):
        self.book_advances()
        self.check_topup(self.advances)

    def test_topup_on_its_way_back_pays_nothing(self):
        self.company.tochka_topups_pay_invoices = True
        topup = self.top_up(1000.0)
        self.ask_refund(topup)
        invoice = self.create_due(1000.0)
        self.top_up(300.0)
        self.assertEqual(invoice.amount_residual, 700.0, "Only the new money")
        self.work()
        self.assertEqual(topup._tochka_refunds().payment_id.amount, 1000.0)
        self.assertTrue(all(topup.payment_id._seek_for_lines()[1].mapped('reconciled')))

    def test_second_payment_of_a_paid_invoice(self):
        invoice = self.create_invoice(1000.0)
        first, second = self.create_linked_tx(invoice), self.create_linked_tx(invoice)
        with mute_logger(TX_LOGGER):
            self.pay(first)
            self.pay(second)
        self.assertIn("button Refund", second.tochka_problem)
        self.ask_refund(second)
        self.work()
        lines = (second.payment_id + second._tochka_refunds().payment_id).move_id.line_ids
        self.assertTrue(all(lines.filtered(
            lambda line: line.account_id == self.receivable).mapped('reconciled')))
        self.assertEqual(invoice.payment_state, 'paid')

    def test_journal_of_the_payment_not_of_today(self):
        payment = self.paid(1000.0)
        self.provider.sudo().journal_id = self.journal.copy({'code': 'BNK9', 'name': "New"})
        self.ask_refund(payment)
        self.work()
        self.assertEqual(payment._tochka_refunds().payment_id.journal_id, self.journal)


@tagged('post_install', '-at_install')
class TestRecordedReturn(RefundCommon):
    """ A return by hand is in the books once. """

    def record(self, payment, amount, day=None):
        form = Form(self.env['tochka.refund.record'].with_context(
            default_transaction_id=payment.id))
        self.assertEqual(form.amount, payment._tochka_refundable())
        form.amount = amount
        form.day = day or self.today
        form.save().action_record()

    @mute_logger(TX_LOGGER)
    def test_refused_then_by_hand_then_found(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0)
        self.bank.fail('refund_payment', errors.Rejected("No money", http_status=424))
        self.work()
        day = self.today - timedelta(days=1)
        self.record(payment, 300.0, day)
        self.assertRecordValues(refund, [{'tochka_refund_state': 'by_hand', 'state': 'done'}])
        self.assertEqual((refund.payment_id.amount, refund.payment_id.date), (300.0, day))
        self.bank.give_back(payment.tochka_operation_id, '300.00')
        self.sweep()
        self.sweep()
        self.assertEqual(payment._tochka_refunds(), refund)
        self.assertEqual(refund.tochka_refund_state, 'done')
        self.assertTrue(refund.tochka_order_id)
        self.assertEqual(refund.payment_id.date, day)

    def test_limits(self):
        payment = self.paid(1000.0)
        with self.assertRaises(UserError):
            self.record(payment, 300.0, self.today + timedelta(days=1))
        with self.assertRaises(ValidationError):
            self.record(payment, 1000.5)
        self.record(payment, 1000.0)
        self.assertEqual(payment._tochka_refundable(), 0.0)

    def test_with_a_credit_note(self):
        payment = self.paid(1000.0)
        note = self.credit(payment.invoice_ids, 250.0)
        wizard = self.env['tochka.refund.record'].create({
            'transaction_id': payment.id, 'amount': 250.0, 'credit_note_id': note.id})
        wizard.action_record()
        self.assertEqual(note.payment_state, 'paid')


@tagged('post_install', '-at_install')
class TestRefundPortal(HttpCase, RefundCommon):
    """ What the customer reads. """

    def page(self, move):
        self.env.flush_all()
        answer = self.url_open(move.get_portal_url())
        self.assertEqual(answer.status_code, 200)
        return ' '.join(answer.text.split())

    @mute_logger(TX_LOGGER)
    def test_money_on_its_way_and_arrived(self):
        payment = self.paid(1000.0)
        invoice = payment.invoice_ids
        self.assertNotIn('tochka_refunds', self.page(invoice))
        self.ask_refund(payment, 300.0)
        page = self.page(invoice)
        self.assertIn("are on their way back to you", page)
        self.assertIn("in 3 to 7 days", page)
        self.work()
        page = self.page(invoice)
        self.assertIn("were returned to you on", page)
        refused = self.ask_refund(payment, 200.0)
        self.bank.fail('refund_payment', errors.Rejected("No money", http_status=424))
        self.work()
        self.assertEqual(refused.state, 'error')
        page = self.page(invoice)
        self.assertNotIn("on their way", page)
        self.assertNotIn("No money", page)
