# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from unittest.mock import patch

from lxml import etree

from odoo.exceptions import ConcurrencyError, ValidationError
from odoo.tests import Form, tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon

PROBLEM_LOGGER = 'odoo.addons.tochka_acquiring.models.problem.tochka_problem'


@tagged('post_install', '-at_install')
class TestRefundUndone(RefundCommon):
    """ What a refund has held back is free again when nothing goes back. """

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger(PROBLEM_LOGGER))

    def posted_meanwhile(self):
        """ Return a payment on its way back, and its invoice that was posted meanwhile. """
        invoice = self.create_invoice(1000.0)
        payment = self.create_linked_tx(invoice)
        invoice.button_draft()
        self.pay(payment)
        self.ask_refund(payment)
        invoice.action_post()
        self.assertEqual(invoice.amount_residual, 1000.0, "It is on its way back")
        return payment, invoice

    def test_given_up(self):
        payment, invoice = self.posted_meanwhile()
        payment.tochka_refund_ids.with_user(self.env.user).action_give_up()
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertNotIn('overpaid', self.problems(payment))

    def test_refused_by_the_bank(self):
        payment, invoice = self.posted_meanwhile()
        self.bank.fail('refund_payment', errors.Rejected("No money", http_status=424))
        self.work()
        self.assertEqual(payment.tochka_refund_ids.state, 'rejected')
        self.assertEqual(invoice.amount_residual, 0.0)

    def test_refusal_is_kept_while_somebody_works_on_the_invoice(self):
        payment, invoice = self.posted_meanwhile()
        self.bank.fail('refund_payment', errors.Rejected("No money", http_status=424))
        with patch.object(type(invoice), '_tochka_settle_with',
                          side_effect=ConcurrencyError("Somebody else is settling it")):
            self.work()
        refund = payment.tochka_refund_ids
        self.assertEqual(refund.state, 'rejected')
        self.assertEqual(invoice.amount_residual, 1000.0)
        self.assertTrue(refund.next_at, "The job comes back")
        self.work()
        self.assertEqual((refund.state, invoice.amount_residual), ('rejected', 0.0))
        self.assertFalse(refund.next_at)

    def test_nobody_is_told_that_a_refused_refund_waits(self):
        payment, invoice = self.posted_meanwhile()
        self.bank.fail('refund_payment', errors.Rejected("No money", http_status=424))
        with patch.object(type(invoice), '_tochka_settle_with',
                          side_effect=ConcurrencyError("Somebody else is settling it")):
            self.work()
        refund = payment.tochka_refund_ids
        self.bank.fail('get_payment', errors.OutcomeUnknown("silence"))
        self.work(minutes=60 * 25)
        self.assertNotIn('refund_waits', self.problems(refund))

    def check_topup(self, end):
        self.company.tochka_topups_pay_invoices = True
        topup = self.top_up(1000.0)
        self.ask_refund(topup, 400.0)
        invoice = self.create_due(800.0)
        self.top_up(100.0)
        self.assertEqual(invoice.amount_residual, 700.0, "Only the new money")
        end(topup.tochka_refund_ids)
        return invoice

    def test_top_up_whose_refund_is_given_up_pays_what_it_has_missed(self):
        invoice = self.check_topup(lambda refund: refund.action_give_up())
        self.assertEqual(invoice.amount_residual, 0.0)

    def test_rest_of_a_top_up_pays_what_it_has_missed(self):
        invoice = self.check_topup(lambda _refund: self.work())
        self.assertEqual(invoice.amount_residual, 100.0)


@tagged('post_install', '-at_install')
class TestUsedTopupReturned(RefundCommon):
    """ More of a top-up goes back than is left of it, and its invoice has a credit note. """

    def setUp(self):
        super().setUp()
        self.company.tochka_topups_pay_invoices = True

    def open_by_account(self):
        """ Return what is open of the payer's, by account. """
        lines = self.env['account.move.line'].sudo().search([
            ('partner_id', '=', self.payer.id), ('parent_state', '=', 'posted'),
            ('account_id', 'in', (self.receivable + self.advances).ids)])
        return tuple(
            sum(lines.filtered(lambda line, account=account: line.account_id == account)
                .mapped('amount_residual'))
            for account in (self.receivable, self.advances))

    def balances(self):
        """ Return the balances of the receivable account and of that of advances. """
        lines = self.env['account.move.line'].sudo().search([
            ('partner_id', '=', self.payer.id), ('parent_state', '=', 'posted')])
        return tuple(
            sum(lines.filtered(lambda line, account=account: line.account_id == account)
                .mapped('balance'))
            for account in (self.receivable, self.advances))

    def used(self):
        invoice = self.create_due(700.0)
        topup = self.top_up(1000.0)
        self.assertEqual(invoice.amount_residual, 0.0)
        return topup, invoice

    def assertNothingOpen(self, note):
        self.assertEqual(note.payment_state, 'paid')
        self.assertEqual(self.open_by_account(), (0.0, 0.0))
        self.assertEqual(self.balances(), (0.0, 0.0))
        balance = self.payer._tochka_balance(self.company)
        self.assertEqual((balance['paid'], balance['left'], balance['due']), (0.0, 0.0, 0.0))

    def check_note_first(self):
        topup, invoice = self.used()
        note = self.credit(invoice)
        wizard = self.env['payment.refund.wizard'].with_context(
            active_id=topup.payment_id.id).create({})
        self.assertFalse(wizard.tochka_topup_warning, "The credit note covers it")
        self.ask_refund(topup)
        self.work()
        self.assertNothingOpen(note)
        return topup, note

    def check_refund_first(self):
        topup, invoice = self.used()
        self.ask_refund(topup)
        self.work()
        note = self.credit(invoice)
        self.assertNothingOpen(note)
        self.assertFalse(note.tochka_can_refund)
        return topup, invoice, note

    def test_note_first(self):
        self.check_note_first()

    def test_note_first_of_an_advance(self):
        self.book_advances()
        topup, note = self.check_note_first()
        self.assertIn(note, topup.tochka_refund_ids.payment_id.reconciled_invoice_ids)

    def test_refund_first(self):
        self.check_refund_first()

    def test_refund_first_of_an_advance(self):
        self.book_advances()
        topup, invoice, note = self.check_refund_first()
        note.button_draft()
        note.action_post()
        self.assertNothingOpen(note)
        note.button_draft()
        note.button_cancel()
        self.assertEqual(self.balances(), (0.0, 700.0))
        self.assertNothingOpen(self.credit(invoice))
        self.assertEqual(topup._tochka_refundable(), 0.0)

    def test_part_of_an_advance(self):
        self.book_advances()
        topup, invoice = self.used()
        note = self.credit(invoice, 200.0)
        self.ask_refund(topup, 600.0)
        self.work()
        self.assertEqual(note.payment_state, 'paid')
        # 300 were left, 200 came back by the credit note: 100 are owed.
        self.assertEqual(sum(self.open_by_account()), 100.0)
        self.assertEqual(self.balances(), (0.0, 100.0))
        again = self.credit(invoice, 100.0)
        self.assertNothingLeft(again)

    def assertNothingLeft(self, note):
        self.assertEqual(note.payment_state, 'paid')
        self.assertEqual(self.open_by_account(), (0.0, 0.0))

    def check_reversed_as_a_whole(self):
        topup, invoice = self.used()
        self.ask_refund(topup)
        self.work()
        note = invoice._reverse_moves(cancel=True)
        self.assertEqual(note.payment_state, 'paid')
        self.assertEqual(self.open_by_account(), (0.0, 0.0))
        self.assertFalse(self.problems(topup))

    def test_reversed_as_a_whole(self):
        self.check_reversed_as_a_whole()

    def test_reversed_as_a_whole_of_an_advance(self):
        self.book_advances()
        self.check_reversed_as_a_whole()

    def test_payment_of_an_invoice_that_is_reversed_after_the_refund(self):
        payment = self.paid(1000.0)
        self.ask_refund(payment)
        self.work()
        payment.invoice_ids._reverse_moves(cancel=True)
        self.assertEqual(self.open_by_account(), (0.0, 0.0))
        self.assertFalse(self.problems(payment))

    def test_cancelled_note_of_an_advance(self):
        """ Its money comes from what is left of the top-up, on the same account. """
        self.book_advances()
        invoice = self.create_due(700.0)
        topup = self.top_up(1000.0)
        note = self.credit(invoice, 200.0)
        self.env['tochka.refund.note'].create({'credit_note_id': note.id}).action_refund()
        note.button_draft()
        note.button_cancel()
        self.work()
        refund = topup.tochka_refund_ids
        self.assertEqual(refund.payment_id.destination_account_id, self.advances)
        self.assertEqual(self.open_by_account(), (0.0, -100.0))
        self.assertEqual(self.payer._tochka_balance(self.company)['left'], 100.0)


@tagged('post_install', '-at_install')
class TestRecordedForNote(RefundCommon):
    """ A return that is recorded for a credit note. """

    def test_contact_of_the_payer(self):
        invoice = self.create_invoice(1000.0, partner=self.masha)
        payment = self.pay(self.create_linked_tx(invoice))
        note = self.credit(invoice, 250.0)
        self.assertEqual(note.partner_id, self.masha)
        wizard = self.env['tochka.refund.record'].new({'transaction_id': payment.id})
        offered = self.env['account.move'].search(self.domain_of(wizard))
        self.assertIn(note, offered)
        self.assertNotIn(self.credit(self.paid_by_stranger(), 100.0), offered)

    def paid_by_stranger(self):
        invoice = self.create_invoice(500.0, partner=self.stranger)
        self.pay(self.create_linked_tx(invoice))
        return invoice

    def domain_of(self, wizard):
        """ Return what the form offers, as the web client evaluates it. """
        domain = wizard._fields['credit_note_id'].domain
        return safe_eval(domain, {'partner_id': wizard.partner_id.id})

    def test_more_than_is_left_of_the_note(self):
        payment = self.paid(1000.0)
        note = self.credit(payment.invoice_ids, 250.0)

        def record(amount):
            return self.env['tochka.refund.record'].create({
                'transaction_id': payment.id, 'amount': amount, 'credit_note_id': note.id,
            }).action_record()

        with self.assertRaisesRegex(ValidationError, "250.00"):
            record(250.01)
        record(100.0)
        with self.assertRaisesRegex(ValidationError, "150.00"):
            record(200.0)
        record(150.0)
        self.assertEqual(note.payment_state, 'paid')

    def test_what_is_on_its_way_counts(self):
        payment = self.paid(1000.0)
        note = self.credit(payment.invoice_ids, 250.0)
        self.env['tochka.refund.note'].create({
            'credit_note_id': note.id, 'amount': 200.0}).action_refund()
        with self.assertRaisesRegex(ValidationError, "50.00"):
            self.env['tochka.refund.record'].create({
                'transaction_id': payment.id, 'amount': 100.0, 'credit_note_id': note.id,
            }).action_record()

    def test_window_offers_what_is_left_of_the_note(self):
        payment = self.paid(1000.0)
        note = self.credit(payment.invoice_ids, 250.0)
        form = Form(self.env['tochka.refund.record'].with_context(
            default_transaction_id=payment.id))
        self.assertEqual(form.amount, 1000.0)
        form.credit_note_id = note
        self.assertEqual(form.amount, 250.0)


@tagged('post_install', '-at_install')
class TestTotals(RefundCommon):
    """ The sums under lists are sums of money. """

    def totals(self, view, records):
        """ Return the sums that a list shows of records, by field. """
        arch = etree.fromstring(self.env.ref(f'tochka_acquiring.{view}').sudo().arch)
        return {
            node.get('name'): sum(records.mapped(node.get('name')))
            for node in arch.iter('field') if node.get('sum')}

    def assertTotal(self, view, records, total):
        totals = self.totals(view, records)
        self.assertEqual(set(totals.values()), {total}, totals)
        for name in totals:  # In groups the server sums.
            self.assertEqual(records.fields_get([name])[name]['aggregator'], 'sum')
            for function in ('sum', 'sum_currency'):
                [[summed]] = records._read_group(
                    [('id', 'in', records.ids)], [], [f'{name}:{function}'])
                self.assertEqual(summed, total)

    @mute_logger(PROBLEM_LOGGER)
    def test_refunds(self):
        payment = self.paid(1000.0)
        given_up = self.ask_refund(payment, 300.0)
        given_up.action_give_up()
        self.ask_refund(payment, 200.0)
        self.bank.fail('refund_payment', errors.Rejected("No money", http_status=424))
        self.work()
        self.ask_refund(payment, 100.0)
        refunds = payment.tochka_refund_ids
        self.assertEqual(len(refunds), 3)
        self.assertTotal('tochka_refund_list', refunds, 100.0)

    def test_payments(self):
        payments = self.paid(1000.0) + self.create_linked_tx(self.create_invoice(70.0))
        self.assertTotal('payment_transaction_list', payments, 1000.0)
