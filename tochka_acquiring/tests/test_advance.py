# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from odoo.exceptions import ConcurrencyError, UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.balance_common import BalanceCommon
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon


@tagged('post_install', '-at_install')
class TestAdvance(BalanceCommon):
    """ A person settles an invoice with an advance, and takes it back. """

    def credits_of(self, invoice):
        invoice.invalidate_recordset()
        widget = invoice.invoice_outstanding_credits_debits_widget
        return {item['id']: item['amount'] for item in widget['content']} if widget else {}

    def create_advance(self, amount=1500.5, **values):
        self.company.tochka_topups_pay_invoices = False
        self.book_advances()
        transaction = self.top_up(amount, **values)
        return transaction, self.advance_line(transaction)

    def test_widget_lists_advances_of_the_customer(self):
        transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0, partner=self.masha)
        other = self.create_due(1000.0, partner=self.stranger)
        dollars = self.create_due(10.0, currency_id=self.env.ref('base.USD').id)
        self.assertEqual(self.credits_of(invoice), {advance.id: 1500.5})
        self.assertFalse(self.credits_of(other))
        self.assertFalse(self.credits_of(dollars))
        self.provider.sudo().tochka_payment_kind = 'receivable'
        self.provider.sudo().tochka_advance_account_id = False
        self.assertEqual(self.credits_of(invoice), {advance.id: 1500.5}, "Old advances remain")
        credit = self.top_up(20.0).payment_id._seek_for_lines()[1]
        self.assertEqual(
            self.credits_of(invoice), {credit.id: 20.0, advance.id: 1500.5},
            "Odoo's own credits are still there")
        self.assertTrue(invoice.invoice_has_outstanding)

    def test_assign_transfers_the_advance(self):
        """ Dt 62.02, Ct 62.01; no article, or the income would be counted twice. """
        self.env['account.analytic.distribution.model'].create({
            'partner_id': self.payer.id, 'company_id': self.company.id,
            'analytic_distribution': {str(self.article.id): 100},
        })
        transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0)
        items = self.env['account.analytic.line'].search([])
        self.assign(invoice, advance)
        transfer = self.transfers_of(invoice)
        self.assertRecordValues(transfer, [{
            'state': 'posted', 'move_type': 'entry', 'date': self.today,
            'company_id': self.company.id, 'partner_id': self.payer.id,
            'ref': f'{transaction.payment_id.name} → {invoice.name}',
            'tochka_advance_move_id': transaction.payment_id.move_id.id,
        }])
        self.assertEqual(transfer.journal_id.type, 'general')
        self.assertRecordValues(transfer.line_ids.sorted('balance'), [
            {'account_id': self.receivable.id, 'balance': -1000.0, 'partner_id': self.payer.id,
             'analytic_distribution': False, 'reconciled': True},
            {'account_id': self.advances.id, 'balance': 1000.0, 'partner_id': self.payer.id,
             'analytic_distribution': False, 'reconciled': True},
        ])
        self.assertEqual(self.env['account.analytic.line'].search([]), items)
        self.assertEqual(invoice.payment_state, 'paid')
        self.assertEqual(advance.amount_residual, -500.5)
        self.assertEqual(transaction.payment_id.reconciled_invoice_ids, invoice)

    def test_assign_in_parts(self):
        """ The smaller of both; several advances and invoices of one customer. """
        _transaction, first = self.create_advance(300.0)
        _transaction, second = self.create_advance(1000.0)
        invoice = self.create_due(1000.0)
        later = self.create_due(1000.0)
        self.assign(invoice, first)
        self.assertEqual(invoice.amount_residual, 700.0)
        self.assign(invoice, second)
        self.assign(later, second)
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertEqual(later.amount_residual, 700.0)
        self.assertTrue(first.reconciled and second.reconciled)
        self.assertEqual(
            sum((self.transfers_of(invoice) + self.transfers_of(later)).mapped('amount_total')),
            1300.0)

    def test_transfer_on_the_later_day(self):
        """ An advance settles an invoice when both are there. """
        _transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0, invoice_date=self.today + timedelta(days=5))
        self.assign(invoice, advance)
        self.assertEqual(self.transfers_of(invoice).date, invoice.date)

    def test_transfer_in_a_locked_period(self):
        _transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0)
        self.company.fiscalyear_lock_date = self.today + timedelta(days=3)
        self.assign(invoice, advance)
        self.assertEqual(self.transfers_of(invoice).date, self.today + timedelta(days=4))
        self.assertFalse(invoice.amount_residual)

    def remove(self, invoice):
        """ Undo the last match of the invoice as its widget does. """
        invoice.invalidate_recordset()
        partial_id = invoice.invoice_payments_widget['content'][-1]['partial_id']
        invoice.js_remove_outstanding_partial(partial_id)

    def assertReturned(self, invoice, advance, amount):
        """ Nothing is left on the receivable account but the invoice. """
        self.assertEqual(invoice.payment_state, 'not_paid')
        self.assertEqual(invoice.amount_residual, invoice.amount_total)
        self.assertEqual(advance.amount_residual, -amount)
        credit = self.env['account.move.line'].search([
            ('account_id', '=', self.receivable.id), ('parent_state', '=', 'posted'),
            ('amount_residual', '<', 0),
        ])
        self.assertFalse(credit)

    def test_unassign_returns_the_advance(self):
        _transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0)
        self.assign(invoice, advance)
        transfer = self.transfers_of(invoice)
        self.remove(invoice)
        self.assertReturned(invoice, advance, 1500.5)
        self.assertEqual(transfer.state, 'cancel')
        self.assertEqual(self.credits_of(invoice), {advance.id: 1500.5})
        self.assign(invoice, advance)
        self.assertEqual(invoice.payment_state, 'paid', "And once more")

    def test_transfer_that_was_reset_to_draft_is_returned(self):
        """ Odoo keeps the matches of a draft; the advance must not vanish with them. """
        _transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0)
        self.assign(invoice, advance)
        transfer = self.transfers_of(invoice)
        transfer.button_draft()
        self.remove(invoice)
        self.assertReturned(invoice, advance, 1500.5)
        self.assertEqual(transfer.state, 'cancel')
        self.assertEqual(self.credits_of(invoice), {advance.id: 1500.5})

    def test_credit_note_and_advance_pay_the_invoice(self):
        _transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0)
        note = self.env['account.move'].create({
            'move_type': 'out_refund', 'partner_id': self.payer.id, 'invoice_date': self.today,
            'currency_id': self.rub.id,
            'invoice_line_ids': [Command.create({
                'name': "Lesson missed", 'price_unit': 200.0, 'tax_ids': []})],
        })
        note.action_post()
        (note + invoice).line_ids.filtered(
            lambda line: line.account_id == self.receivable).reconcile()
        self.assign(invoice, advance)
        self.assertEqual(invoice.payment_state, 'paid')
        self.remove(invoice)
        self.assertEqual(invoice.payment_state, 'partial')

    def test_unassign_in_a_locked_period_reverses(self):
        _transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0)
        self.assign(invoice, advance)
        transfer = self.transfers_of(invoice)
        self.company.fiscalyear_lock_date = self.today
        self.remove(invoice)
        self.assertReturned(invoice, advance, 1500.5)
        self.assertEqual(transfer.state, 'posted')
        reversal = transfer.reversal_move_ids
        self.assertRecordValues(
            reversal, [{'state': 'posted', 'date': self.today + timedelta(days=1)}])
        self.assertFalse(any(reversal.line_ids.mapped('analytic_distribution')))
        self.assertTrue(all((transfer + reversal).line_ids.mapped('reconciled')))
        self.assign(invoice, advance)
        transfer.line_ids.remove_move_reconcile()  # A reversed transfer is not undone again.
        self.assertEqual(len(transfer.reversal_move_ids), 1)
        self.assertEqual(invoice.payment_state, 'paid')

    def test_only_the_undone_transfer_is_returned(self):
        _transaction, first = self.create_advance(300.0)
        _transaction, second = self.create_advance(1000.0)
        invoice = self.create_due(1000.0)
        self.assign(invoice, first)
        self.assign(invoice, second)
        transfer = self.transfers_of(invoice).filtered(
            lambda move: move.tochka_advance_move_id == first.move_id)
        partial = transfer.line_ids.filtered(
            lambda line: line.account_id == self.receivable).matched_debit_ids
        invoice.js_remove_outstanding_partial(partial.id)
        self.assertEqual(invoice.amount_residual, 300.0)
        self.assertEqual(first.amount_residual, -300.0)
        self.assertEqual(second.amount_residual, -300.0)

    def test_reversal_by_a_person(self):
        """ The transfer is reversed once, not cancelled below its reversal. """
        _transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0)
        self.assign(invoice, advance)
        transfer = self.transfers_of(invoice)
        transfer._reverse_moves([{'date': self.today}], cancel=True)
        self.assertEqual(transfer.state, 'posted')
        self.assertEqual(transfer.reversal_move_ids.mapped('state'), ['posted'])
        self.assertReturned(invoice, advance, 1500.5)

    def test_cancelled_payment_reopens_the_invoice(self):
        transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0)
        self.assign(invoice, advance)
        transaction.payment_id.action_cancel()
        self.assertEqual(invoice.amount_residual, 1000.0)
        self.assertEqual(self.transfers_of(invoice).state, 'cancel')

    def test_cancelled_invoice_returns_the_advance(self):
        _transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0)
        self.assign(invoice, advance)
        invoice.button_draft()
        invoice.button_cancel()
        self.assertEqual(advance.amount_residual, -1500.5)
        self.assertEqual(self.transfers_of(invoice).state, 'cancel')

    def test_credit_note_with_cancellation_returns_the_advance(self):
        _transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0)
        self.assign(invoice, advance)
        invoice._reverse_moves([{'invoice_date': self.today}], cancel=True)
        self.assertEqual(advance.amount_residual, -1500.5)
        self.assertEqual(self.transfers_of(invoice).state, 'cancel')

    def test_payment_that_is_a_draft_in_between_stays_what_it_is(self):
        transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0)
        self.assign(invoice, advance)
        payment = transaction.payment_id
        payment.action_draft()
        with self.assertRaisesRegex(UserError, "bank"):
            payment.amount = 400.0
        payment.action_post()
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertEqual(self.advance_line(transaction).amount_residual, -500.5)

    def test_assignment_by_an_accountant_without_administration(self):
        """ Who may enter invoices may not read payment providers. """
        _transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0)
        clerk = self.env['res.users'].sudo().create({
            'name': "Clerk", 'login': 'clerk', 'company_id': self.company.id,
            'company_ids': [Command.set(self.company.ids)],
            'group_ids': [Command.set(self.env.ref('account.group_account_invoice').ids)],
        })
        invoice = invoice.with_user(clerk).with_context(
            allowed_company_ids=self.company.ids, default_move_type='out_invoice')
        self.assertEqual(self.credits_of(invoice), {advance.id: 1500.5})
        self.assign(invoice, advance)
        self.assertEqual(invoice.payment_state, 'paid')
        self.remove(invoice)
        self.assertReturned(invoice, advance, 1500.5)

    # === TWO AT ONCE === #

    def test_locked_advance_is_not_touched(self):
        """ Another worker is at it: Odoo replays the request instead of transferring twice. """
        _transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0)
        Line = type(self.env['account.move.line'])
        with patch.object(Line, 'try_lock_for_update',
                          lambda lines, **_options: lines.browse()):
            with self.assertRaises(ConcurrencyError):
                self.assign(invoice, advance)
        self.assertFalse(self.transfers_of(invoice))

    def test_second_worker_sees_what_is_left(self):
        """ What this worker had read before the lock is not what it transfers. """
        _transaction, advance = self.create_advance(1000.0)
        first, second, third = (self.create_due(600.0) for _number in range(3))
        Line = type(self.env['account.move.line'])
        lock = Line.try_lock_for_update

        def other_is_faster(lines, **options):
            with patch.object(Line, 'try_lock_for_update', lock):
                self.assign(first, advance)
            self.env.flush_all()
            for line in lines:  # The cache of another worker.
                self.env.cache.set(line, line._fields['amount_residual_currency'],
                                   -1000.0 if line == advance else 600.0)
                self.env.cache.set(line, line._fields['reconciled'], False)
            return lock(lines, **options)

        with patch.object(Line, 'try_lock_for_update', other_is_faster):
            second._tochka_settle_with(advance)
        self.assertEqual(self.transfers_of(second).amount_total, 400.0)
        self.assertTrue(advance.reconciled)
        self.assertFalse(third._tochka_settle_with(advance) and self.transfers_of(third))
        self.assertEqual(
            sum((first + second + third).mapped('amount_residual')), 800.0)

    # === COMPANIES === #

    def test_advance_of_the_company_for_an_invoice_of_its_branch(self):
        branch = self.create_branch()
        _transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0, company=branch)
        self.assertEqual(self.credits_of(invoice), {advance.id: 1500.5})
        self.assign(invoice, advance)
        self.assertEqual(invoice.payment_state, 'paid')
        self.assertEqual(self.transfers_of(invoice).company_id, branch)
        self.remove(invoice)
        self.assertReturned(invoice, advance, 1500.5)

    def test_advance_of_another_company(self):
        _transaction, advance = self.create_advance()
        invoice = self.create_due(1000.0, company=self.create_other_company())
        self.assertFalse(self.credits_of(invoice))
        with self.assertRaises(UserError):
            invoice._tochka_settle_with(advance)

    def test_day_of_the_bank_and_of_the_transfer(self):
        """ Booked on the bank's day, settled with the invoice of that day at once. """
        self.book_advances()
        invoice = self.create_due(1000.0, invoice_date=self.today - timedelta(days=10))
        transaction = self.create_tx(amount=1000.0)
        transaction._get_processing_values()
        self.env.flush_all()
        paid_at = datetime.now(timezone.utc) - timedelta(days=5)
        self.pay(transaction, paid_at=paid_at)
        self.assertEqual(transaction.payment_id.date, transaction._tochka_booking_day())
        self.assertEqual(self.transfers_of(invoice).date, transaction.payment_id.date)
        self.assertEqual(invoice.payment_state, 'paid')


@tagged('post_install', '-at_install')
class TestReturnOfAnAdvance(RefundCommon):
    """ The money that goes back is that of the payment that is returned. """

    def check(self, returned, kept):
        self.assertTrue(self.advance_line(returned).reconciled)
        self.assertFalse(self.advance_line(kept).reconciled)
        self.assertEqual(self.advance_line(kept).amount_residual, -kept.amount)
        [going] = returned.tochka_refund_ids.payment_id._seek_for_lines()[1]
        self.assertEqual(going.matched_credit_ids.credit_move_id, self.advance_line(returned))

    def test_the_newer_of_two(self):
        self.book_advances()
        old, new = self.top_up(1000.0), self.top_up(500.0)
        self.ask_refund(new)
        self.work()
        self.check(new, old)
        self.assertEqual(self.payer._tochka_balance(self.company)['left'], 1000.0)
        invoice = self.create_due(300.0)
        self.assertEqual(invoice._tochka_open_advances(), self.advance_line(old))

    def test_the_older_of_two(self):
        self.book_advances()
        old, new = self.top_up(1000.0), self.top_up(500.0)
        self.ask_refund(old)
        self.work()
        self.check(old, new)

    def test_context_is_not_asked(self):
        """ No switch of a caller keeps a person's return from its advance. """
        self.book_advances()
        old = self.top_up(1000.0)
        payment = self.env['account.payment'].create({
            'amount': 400.0, 'payment_type': 'outbound', 'partner_type': 'customer',
            'partner_id': self.payer.id, 'journal_id': self.journal.id,
            'currency_id': self.rub.id, 'tochka_advance_account_id': self.advances.id})
        payment.with_context(tochka_match_return=False).action_post()
        self.assertEqual(self.advance_line(old).amount_residual, -600.0)
