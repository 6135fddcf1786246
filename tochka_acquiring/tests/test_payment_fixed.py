# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon

PROBLEM_LOGGER = 'odoo.addons.tochka_acquiring.models.problem.tochka_problem'


@tagged('post_install', '-at_install')
class TestPaymentFixed(RefundCommon):
    """ What the bank says of a payment can't be changed by hand, and nothing leaves the books
    silently.
    """

    def setUp(self):
        super().setUp()
        self.enterContext(mute_logger(PROBLEM_LOGGER))

    def changes(self):
        other = self.journal.copy({'code': 'BNK8', 'name': "Another bank"})
        return {
            'amount': 900.0,
            'currency_id': self.env.ref('base.EUR').id,
            'payment_type': 'outbound',
            'partner_id': self.stranger.id,
            'date': self.today - timedelta(days=3),
            'journal_id': other.id,
            'destination_account_id': self.receivable.copy().id,
        }

    def check_fixed(self, payment):
        payment = payment.with_env(self.env)
        payment.action_draft()
        for name, value in self.changes().items():
            with self.subTest(name), self.assertRaisesRegex(UserError, "bank"):
                with self.env.cr.savepoint():
                    payment.write({name: value})
        # What a form sends although nobody has changed it; what is people's.
        payment.write({'amount': payment.amount, 'date': payment.date, 'memo': "Looked at"})
        payment.action_post()
        self.assertEqual(payment.state, 'in_process')

    def test_payment(self):
        self.check_fixed(self.paid(1000.0).payment_id)

    def test_top_up(self):
        self.book_advances()
        self.check_fixed(self.top_up(1000.0).payment_id)

    def test_refund(self):
        payment = self.paid(1000.0)
        self.ask_refund(payment, 1000.0)
        self.work()
        changes = self.changes()
        entry = payment.tochka_refund_ids.payment_id.with_env(self.env)
        entry.action_draft()
        for name in ('amount', 'partner_id', 'date', 'journal_id'):
            with self.subTest(name), self.assertRaisesRegex(UserError, "bank"):
                with self.env.cr.savepoint():
                    entry.write({name: changes[name]})
        entry.action_post()

    def test_payments_of_others_are_free(self):
        payment = self.env['account.payment'].create({
            'partner_id': self.payer.id, 'amount': 10.0, 'journal_id': self.journal.id})
        payment.write({'amount': 20.0, 'date': self.today - timedelta(days=3)})
        self.assertEqual(payment.amount, 20.0)

    def edit_entry(self, amount, credited):
        """ Let an accountant change the lines of an entry, and post it again. """
        move = self.paid(1000.0).payment_id.move_id.with_env(self.env)
        move.button_draft()
        debit = move.line_ids.filtered('debit')
        fee = self.company_data['default_account_expense']
        move.write({'line_ids': [
            Command.update(debit.id, {'balance': amount, 'amount_currency': amount}),
            Command.update((move.line_ids - debit).id, {
                'balance': -credited, 'amount_currency': -credited}),
            *([Command.create({
                'account_id': fee.id, 'balance': credited - amount,
                'amount_currency': credited - amount})] if credited != amount else []),
        ]})
        move.action_post()

    def test_entry_of_another_amount(self):
        for amount, credited in ((900.0, 900.0), (1100.0, 1100.0), (1000.0, 900.0)):
            with self.subTest((amount, credited)), self.assertRaisesRegex(UserError, "bank"):
                self.edit_entry(amount, credited)

    def test_fee_that_an_accountant_splits_off(self):
        self.edit_entry(990.0, 1000.0)

    def test_entry_of_another_customer(self):
        move = self.paid(1000.0).payment_id.move_id.with_env(self.env)
        move.button_draft()
        move.line_ids.partner_id = self.stranger
        with self.assertRaisesRegex(UserError, "bank"):
            move.action_post()

    def reverse(self, move, cancel=True):
        reversal = move.with_env(self.env)._reverse_moves([{'date': self.today}], cancel=cancel)
        if not cancel:
            reversal.action_post()
        return reversal

    def check_reversed(self, cancel):
        payment = self.paid(1000.0)
        self.reverse(payment.payment_id.move_id, cancel)
        self.env.invalidate_all()
        self.assertEqual(self.problems(payment), ['unbooked'])
        self.assertIn("reversed", self.said_of(payment))
        self.run_job('cron_money')
        self.assertEqual(self.problems(payment), ['unbooked'])
        return payment

    def test_reversed_by_hand(self):
        self.check_reversed(cancel=True)

    def test_reversed_without_a_match(self):
        payment = self.check_reversed(cancel=False)
        reversal = payment.payment_id.move_id.reversal_move_ids.with_env(self.env)
        reversal.button_draft()
        reversal.button_cancel()
        self.run_job('cron_money')
        self.assertFalse(self.problems(payment))

    def test_top_up_reversed_by_hand(self):
        self.book_advances()
        self.company.tochka_topups_pay_invoices = True
        invoice = self.create_due(700.0)
        topup = self.top_up(1000.0)
        self.reverse(topup.payment_id.move_id)
        self.assertEqual(self.problems(topup), ['unbooked'])
        self.assertEqual(invoice.amount_residual, 700.0)

    def test_refund_reversed_by_hand(self):
        payment = self.paid(1000.0)
        self.ask_refund(payment, 100.0)
        self.work()
        self.reverse(payment.tochka_refund_ids.payment_id.move_id)
        self.assertEqual(self.problems(payment), ['refund_unbooked'])
