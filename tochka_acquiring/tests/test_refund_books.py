# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import ConcurrencyError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon

TX_LOGGER = 'odoo.addons.tochka_acquiring.models.problem.tochka_problem'


@tagged('post_install', '-at_install')
class TestCreditNote(RefundCommon):
    """ The money of a credit note goes back to the payer. """

    def refund_note(self, note, **values):
        wizard = self.env['tochka.refund.note'].create({'credit_note_id': note.id, **values})
        wizard.action_refund()
        return wizard

    def test_two_windows_with_one_credit_note(self):
        """ Each has chosen another of the two payments: the note is one, so both are locked. """
        invoice = self.create_invoice(1000.0)
        payments = [self.pay(self.create_linked_tx(invoice, amount=500.0)) for _count in range(2)]
        note = self.credit(invoice, 100.0)
        window = self.env['tochka.refund.note'].create({'credit_note_id': note.id})
        other = next(payment for payment in payments if payment != window.transaction_id)

        def lock(transactions, *_others):
            if other.id in transactions.ids:
                raise ConcurrencyError("The other window has it")

        with patch.object(type(other), '_tochka_lock', lock), self.assertRaises(ConcurrencyError):
            window.action_refund()
        self.assertFalse(note.tochka_refund_ids)

    def test_invoice_without_refunds_says_nothing(self):
        payment = self.paid(1000.0)
        self.assertIs(payment.invoice_ids.tochka_refund_info, False)
        self.assertEqual(payment.invoice_ids.tochka_refund_count, 0)

    def test_partial_credit_note(self):
        payment = self.paid(1000.0)
        note = self.credit(payment.invoice_ids, 250.0)
        self.assertTrue(note.tochka_can_refund)
        wizard = self.refund_note(note)
        self.assertEqual((wizard.amount, wizard.transaction_id), (250.0, payment))
        self.assertFalse(note.tochka_can_refund, "The refund on its way counts")
        self.work()
        refund = payment.tochka_refund_ids
        self.assertEqual(refund.credit_note_id, note)
        self.assertEqual(refund.transaction_id.invoice_ids, note)
        self.assertEqual((refund.state, note.payment_state), ('done', 'paid'))
        self.assertEqual(note.amount_residual, 0.0)
        self.assertEqual(
            (note.tochka_refund_count, payment.invoice_ids.tochka_refund_count), (1, 1))

    def test_window_that_is_sent_twice(self):
        payment = self.paid(1000.0)
        wizard = self.env['tochka.refund.note'].create({
            'credit_note_id': self.credit(payment.invoice_ids, 250.0).id, 'amount': 100.0})
        answers = [wizard.action_refund() for _time in range(2)]
        self.assertEqual(payment.tochka_refund_ids.mapped('amount'), [100.0])
        self.assertEqual(answers[0], answers[1])

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

    def test_credit_note_after_the_refund(self):
        """ What has gone back, or is on its way, is not returned a second time. """
        payment = self.paid(1000.0)
        invoice = payment.invoice_ids
        self.ask_refund(payment, 250.0)
        self.work()
        note = self.credit(invoice, 250.0)
        self.assertEqual(note.payment_state, 'paid')
        self.assertFalse(note.tochka_can_refund)
        self.ask_refund(payment, 200.0)
        second = self.credit(invoice, 300.0)
        self.assertEqual(second._tochka_note_left(), 100.0)
        self.work()
        self.assertEqual((second.amount_residual, second._tochka_note_left()), (100.0, 100.0))
        self.refund_note(second)
        self.work()
        self.assertEqual(second.payment_state, 'paid')
        self.assertEqual(self.bank_refunds(payment), [
            Decimal('250.00'), Decimal('200.00'), Decimal('100.00')])
        returned = payment.tochka_refund_ids.payment_id
        self.assertTrue(all(
            line.reconciled for one in returned for line in one._seek_for_lines()[1]))

    def test_refund_of_the_payment_takes_the_open_credit_note(self):
        payment = self.paid(1000.0)
        note = self.credit(payment.invoice_ids)
        self.ask_refund(payment)
        self.assertFalse(note.tochka_can_refund)
        self.work()
        self.assertEqual(note.payment_state, 'paid')

    def test_refund_that_waits_for_its_own_credit_note(self):
        payment = self.paid(1000.0)
        note = self.credit(payment.invoice_ids, 250.0)
        self.refund_note(note)
        self.ask_refund(payment, 100.0)
        for _turn in range(2):
            self.work()
        self.assertEqual(note.payment_state, 'paid')
        own = payment.tochka_refund_ids.filtered('credit_note_id').payment_id
        self.assertTrue(own._seek_for_lines()[1].reconciled)

    def test_credit_note_cancelled_while_its_money_goes_back(self):
        """ The next one takes what has gone back: nothing is returned twice. """
        payment = self.paid(1000.0)
        invoice = payment.invoice_ids
        note = self.credit(invoice, 250.0)
        self.refund_note(note)
        note.button_draft()
        note.button_cancel()
        self.work()
        self.assertEqual(payment.tochka_refund_ids.state, 'done')
        again = self.credit(invoice, 250.0)
        self.assertEqual((again.payment_state, again._tochka_note_left()), ('paid', 0.0))
        self.assertFalse(again.tochka_can_refund)

    def test_credit_note_that_is_worked_on_is_not_posted(self):
        payment = self.paid(1000.0)
        note = self.credit(payment.invoice_ids, 250.0)
        self.refund_note(note)
        note.button_draft()
        self.work()
        self.assertEqual((note.state, payment.tochka_refund_ids.state), ('draft', 'done'))
        self.assertEqual(payment.tochka_refund_ids.transaction_id.invoice_ids, note)
        note.action_post()
        self.assertEqual(note.payment_state, 'paid')

    def test_cancelled_invoice_that_was_returned(self):
        """ Odoo matches the credit note with the invoice itself. """
        payment = self.paid(1000.0)
        self.ask_refund(payment)
        self.work()
        invoice = payment.invoice_ids
        note = invoice._reverse_moves(cancel=True)
        self.assertEqual((invoice.payment_state, note.payment_state), ('reversed', 'paid'))

    def check_invoice_paid_from_the_balance(self):
        self.company.tochka_topups_pay_invoices = True
        invoice = self.create_due(1000.0)
        topup = self.top_up(1500.0)
        note = self.credit(invoice, 400.0)
        self.assertTrue(note.tochka_can_refund)
        self.assertEqual(self.refund_note(note).transaction_id, topup)
        self.work()
        refund = topup.tochka_refund_ids
        self.assertEqual((refund.state, note.payment_state), ('done', 'paid'))
        self.assertEqual(refund.payment_id.destination_account_id, self.receivable)
        self.assertTrue(refund.payment_id._seek_for_lines()[1].reconciled)
        self.assertEqual(self.payer._tochka_balance(self.company)['left'], 500.0)
        self.assertEqual(topup._tochka_free_amount(), 500.0)

    def test_invoice_paid_from_the_balance(self):
        self.check_invoice_paid_from_the_balance()

    def test_invoice_paid_from_advances(self):
        self.book_advances()
        self.check_invoice_paid_from_the_balance()

    def test_invoice_that_was_not_paid_online(self):
        invoice = self.create_invoice(1000.0)
        self.assertFalse(self.credit(invoice).tochka_can_refund)
        self.assertFalse(invoice.tochka_can_refund)


@tagged('post_install', '-at_install')
class TestTopupRefund(RefundCommon):
    """ A top-up goes back without a credit note: it reduces the balance. """

    def refund_wizard(self, transaction):
        return self.env['payment.refund.wizard'].with_context(
            active_id=transaction.payment_id.id).create({})

    def check_topup(self, account):
        topup = self.top_up(1000.0)
        self.ask_refund(topup, 400.0)
        self.work()
        refund = topup.tochka_refund_ids
        self.assertEqual(refund.payment_id.destination_account_id, account)
        self.assertEqual(self.payer._tochka_balance(self.company)['left'], 600.0)
        self.ask_refund(topup, 600.0)
        self.work()
        self.assertEqual(self.payer._tochka_balance(self.company)['left'], 0.0)
        lines = (topup.payment_id + topup.tochka_refund_ids.payment_id).move_id.line_ids.filtered(
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
        self.assertEqual(topup.tochka_refund_ids.payment_id.amount, 1000.0)
        self.assertTrue(all(topup.payment_id._seek_for_lines()[1].mapped('reconciled')))

    def test_warned_when_more_goes_back_than_is_left(self):
        self.company.tochka_topups_pay_invoices = True
        invoice = self.create_due(700.0)
        topup = self.top_up(1000.0)
        wizard = self.refund_wizard(topup)
        self.assertEqual(wizard.amount_to_refund, 1000.0)
        for words in ("Only 300.00", invoice.name, "owes 700.00"):
            self.assertIn(words, wizard.tochka_topup_warning)
        self.assertFalse(wizard.tochka_invoice_hint)
        wizard.amount_to_refund = 300.0
        self.assertFalse(wizard.tochka_topup_warning)
        wizard.amount_to_refund = 300.01
        self.assertIn("owes 0.01", wizard.tochka_topup_warning)
        self.ask_refund(topup, 200.0)
        wizard = self.refund_wizard(topup)
        wizard.amount_to_refund = 100.01
        self.assertIn("Only 100.00", wizard.tochka_topup_warning, "On its way counts")
        wizard.action_refund()
        self.assertEqual(len(topup.tochka_refund_ids), 2, "It is a warning only")

    def test_credit_note_of_what_the_topup_has_paid(self):
        self.company.tochka_topups_pay_invoices = True
        invoice = self.create_due(700.0)
        topup = self.top_up(1000.0)
        note = self.credit(invoice)
        self.assertFalse(self.refund_wizard(topup).tochka_topup_warning)
        self.ask_refund(topup)
        self.work()
        self.assertEqual((note.payment_state, topup._tochka_refundable()), ('paid', 0.0))
        self.assertEqual(self.payer._tochka_balance(self.company)['left'], 0.0)

    def test_hint_of_a_paid_invoice(self):
        payment = self.paid(1000.0)
        wizard = self.refund_wizard(payment)
        self.assertIn(payment.invoice_ids.name, wizard.tochka_invoice_hint)
        self.assertFalse(wizard.tochka_topup_warning)
        self.credit(payment.invoice_ids)
        self.assertFalse(self.refund_wizard(payment).tochka_invoice_hint)

    def test_second_payment_of_a_paid_invoice(self):
        invoice = self.create_invoice(1000.0)
        first, second = self.create_linked_tx(invoice), self.create_linked_tx(invoice)
        with mute_logger(TX_LOGGER):
            self.pay(first)
            self.pay(second)
        self.assertIn("button Refund", self.said_of(second))
        self.assertFalse(self.refund_wizard(second).tochka_invoice_hint)
        self.ask_refund(second)
        self.work()
        lines = (second.payment_id + second.tochka_refund_ids.payment_id).move_id.line_ids
        self.assertTrue(all(lines.filtered(
            lambda line: line.account_id == self.receivable).mapped('reconciled')))
        self.assertEqual(invoice.payment_state, 'paid')

    def test_journal_of_the_payment_not_of_today(self):
        payment = self.paid(1000.0)
        self.provider.sudo().journal_id = self.journal.copy({'code': 'BNK9', 'name': "New"})
        self.ask_refund(payment)
        self.work()
        self.assertEqual(payment.tochka_refund_ids.payment_id.journal_id, self.journal)


@tagged('post_install', '-at_install')
class TestRecordedReturn(RefundCommon):
    """ A return by hand is in the books once. """

    def test_refund_that_left_the_books(self):
        """ Somebody deletes its payment: a person is asked until it is in the books again. """
        payment = self.paid(1000.0)
        self.ask_refund(payment, 100.0)
        self.work()
        refund = payment.tochka_refund_ids
        entry = refund.payment_id
        entry.action_draft()
        self.run_job('cron_money')
        self.assertEqual(self.problems(payment), ['refund_unbooked'])
        entry.action_post()
        self.run_job('cron_money')
        self.assertFalse(self.problems(payment))
        entry.action_draft()
        entry.unlink()
        self.run_job('cron_money')
        self.assertEqual(self.problems(payment), ['refund_unbooked'])

    def record(self, payment, amount, day=None, offered=None):
        form = Form(self.env['tochka.refund.record'].with_context(
            default_transaction_id=payment.id))
        self.assertEqual(form.amount, offered or payment._tochka_refundable())
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
        self.record(payment, 300.0, day, offered=300.0)
        self.assertRecordValues(refund, [{'state': 'by_hand'}])
        self.assertEqual((refund.payment_id.amount, refund.payment_id.date), (300.0, day))
        self.bank.give_back(payment.tochka_operation_id, '300.00')
        self.sweep()
        self.sweep()
        self.assertEqual(payment.tochka_refund_ids, refund)
        self.assertEqual(refund.state, 'done')
        self.assertTrue(refund.order_id)
        self.assertEqual(refund.payment_id.date, day)

    @mute_logger(TX_LOGGER)
    def test_second_part_is_refused_then_by_hand_then_found(self):
        """ The bank's documents name only APPROVED as a status in which it returns money. """
        payment = self.paid(1000.0)
        self.ask_refund(payment, 300.0)
        self.work()
        second = self.ask_refund(payment, 200.0)
        self.bank.fail('refund_payment', errors.Rejected(
            "Refund is impossible in status REFUNDED_PARTIALLY", http_status=424))
        self.work()
        self.assertRecordValues(second, [{'state': 'rejected'}])
        for words in ("REFUNDED_PARTIALLY", "internet bank", "Record a return"):
            self.assertIn(words, second.activity_ids.note)
        self.assertEqual(payment._tochka_refundable(), 700.0)
        self.assertIn("REFUNDED_PARTIALLY", payment.invoice_ids.tochka_refund_info)
        self.record(payment, 200.0, offered=200.0)
        self.assertFalse(payment.payment_id.tochka_refund_info)
        self.bank.give_back(payment.tochka_operation_id, '200.00')
        for _night in range(2):
            self.sweep()
        self.assertRecordValues(payment.tochka_refund_ids.sorted('id'), [
            {'amount': 300.0, 'state': 'done'},
            {'amount': 200.0, 'state': 'done'},
        ])
        self.assertEqual(len(set(payment.tochka_refund_ids.mapped('order_id'))), 2)
        self.assertEqual(
            sorted(payment.tochka_refund_ids.payment_id.mapped('amount')), [200.0, 300.0])

    def test_found_by_the_sweep_before_it_is_recorded(self):
        payment = self.paid(1000.0)
        self.bank.give_back(payment.tochka_operation_id, '300.00')
        self.sweep()
        form = Form(self.env['tochka.refund.record'].with_context(
            default_transaction_id=payment.id))
        self.assertFalse(form.known)
        form.amount = 300.0
        self.assertIn(payment.tochka_refund_ids.name, form.known)
        wizard = form.save()
        with self.assertRaisesRegex(UserError, "in the books already"):
            wizard.action_record()
        wizard.is_another = True
        wizard.action_record()
        self.assertEqual(payment.tochka_refund_ids.mapped('amount'), [300.0, 300.0])

    @mute_logger(TX_LOGGER)
    def test_recorded_and_never_made(self):
        payment = self.paid(1000.0)
        self.record(payment, 300.0)
        refund = payment.tochka_refund_ids
        self.assertGreater(refund.next_at, fields.Datetime.now() + timedelta(days=2))
        self.work()
        self.assertEqual(self.problems(refund), ['refund_unlisted'])
        self.assertGreater(refund.next_at, fields.Datetime.now() + timedelta(hours=23))
        self.bank.give_back(payment.tochka_operation_id, '300.00')
        self.sweep()
        self.assertFalse(self.problems(payment.tochka_refund_ids))

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
        for record in (invoice, payment.payment_id):
            self.assertRegex(record.tochka_refund_info, r"300\.00.* on their way")
        self.work()
        self.assertFalse(invoice.tochka_refund_info or payment.payment_id.tochka_refund_info)
        self.assertEqual(payment.payment_id.refunds_count, 1)
        page = self.page(invoice)
        self.assertIn("were returned to you on", page)
        refused = self.ask_refund(payment, 200.0)
        self.bank.fail('refund_payment', errors.Rejected("No money", http_status=424))
        self.work()
        self.assertEqual(refused.state, 'rejected')
        page = self.page(invoice)
        self.assertNotIn("on their way", page)
        self.assertNotIn("No money", page)

    def test_nobody_is_thanked_on_a_credit_note(self):
        payment = self.paid(1000.0)
        self.assertIn('o_account_payment_tx_status', self.page(payment.invoice_ids))
        note = self.credit(payment.invoice_ids, 250.0)
        self.env['tochka.refund.note'].create({'credit_note_id': note.id}).action_refund()
        for words in ("are on their way back", "were returned to you"):
            page = self.page(note)
            self.assertIn(words, page)
            self.assertNotIn('o_account_payment_tx_status', page)
            self.work()

    def test_balance_tells_of_a_top_up_on_its_way_back(self):
        user = self.env['res.users'].with_context(no_reset_password=True).create({
            'name': "Payer", 'login': 'payer', 'password': 'payer-payer',
            'partner_id': self.payer.id, 'company_id': self.company.id,
            'company_ids': self.company.ids,
            'group_ids': [Command.set(self.env.ref('base.group_portal').ids)],
        })
        self.authenticate(user.login, 'payer-payer')

        def told():
            self.env.flush_all()
            text = ' '.join(self.url_open('/my/balance').text.split())
            return text.partition('id="tochka_refunds"')[2].partition('</div>')[0]

        topup = self.top_up(1000.0, method=self.env.ref('tochka_acquiring.payment_method_sbp'))
        self.assertFalse(told())
        self.ask_refund(topup, 400.0)
        self.assertIn("are on their way back to you", told())
        self.work()
        self.assertIn("were returned to you on", told())
        refund = topup.tochka_refund_ids
        self.assertFalse(self.stranger._tochka_shown_refunds(self.company))
        refund.transaction_id.last_state_change -= timedelta(days=15)
        self.assertFalse(told())
        self.ask_refund(self.paid(500.0), 100.0)
        self.assertFalse(told(), "It stands on the invoice's page")
