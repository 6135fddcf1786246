# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from odoo.exceptions import ConcurrencyError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.tochka_acquiring.tests.balance_common import BalanceCommon


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestSettlement(BalanceCommon):
    """ What a top-up pays by itself. """

    def assertResiduals(self, invoices, residuals):
        self.assertEqual(invoices.sudo().mapped('amount_residual'), residuals)

    def test_oldest_first_for_both_kinds(self):
        for kind in ('receivable', 'advance'):
            with self.subTest(kind):
                if kind == 'advance':
                    self.book_advances()
                last = self.create_due(100.0, 10)
                first = self.create_due(100.0, -10)
                early = self.create_due(
                    100.0, 5, invoice_date=self.today - timedelta(days=1))
                late = self.create_due(100.0, 5)
                transaction = self.top_up(250.0)
                self.assertResiduals(first + early + late + last, [0.0, 0.0, 50.0, 100.0])
                self.assertEqual(transaction.payment_id.reconciled_invoice_ids,
                                 first + early + late)
                self.assertEqual(len(self.transfers_of(late)), int(kind == 'advance'))
                self.assertFalse(self.said_of(transaction))
                self.top_up(150.0)
                self.assertResiduals(late + last, [0.0, 0.0])

    def test_who_pays_what_is_due_less_what_is_left_owes_nothing(self):
        """ The page subtracts what an earlier top-up has left, so that this must pay as well. """
        for kind in ('receivable', 'advance'):
            with self.subTest(kind):
                if kind == 'advance':
                    self.book_advances()
                self.top_up(400.0)
                invoice = self.create_due(1000.0)
                balance = self.payer._tochka_balance(self.company)
                self.assertEqual(balance['to_pay'], 600.0)
                self.top_up(balance['to_pay'])
                self.assertEqual(invoice.payment_state, 'paid')
                balance = self.payer._tochka_balance(self.company)
                self.assertEqual((balance['due'], balance['left']), (0.0, 0.0))

    def test_entries_of_an_automatic_transfer(self):
        self.book_advances()
        invoice = self.create_due(1000.0)
        transaction = self.top_up(1500.0)
        transfer = self.transfers_of(invoice)
        self.assertRecordValues(transfer.line_ids.sorted('balance'), [
            {'account_id': self.receivable.id, 'balance': -1000.0, 'partner_id': self.payer.id,
             'analytic_distribution': False},
            {'account_id': self.advances.id, 'balance': 1000.0, 'partner_id': self.payer.id,
             'analytic_distribution': False},
        ])
        items = self.env['account.analytic.line'].search(
            [('auto_account_id', '=', self.article.id)])
        self.assertRecordValues(items, [{'amount': 1500.0, 'partner_id': self.payer.id}])
        self.assertEqual(self.advance_line(transaction).amount_residual, -500.0)
        transfer_lines = transfer.line_ids
        self.assertEqual(sum(transfer_lines.mapped('amount_residual')), 0.0)

    def test_named_client_first(self):
        """ The child's invoices, however they name the child, before the older ones. """
        oldest = self.create_due(100.0, -30)
        by_client = self.create_due(100.0, 20, client=self.masha)
        by_partner = self.create_due(100.0, 10, partner=self.masha)
        self.top_up(150.0, client=self.masha)
        self.assertResiduals(by_partner + by_client + oldest, [0.0, 50.0, 100.0])
        self.top_up(70.0, client=self.masha)
        self.assertResiduals(by_partner + by_client + oldest, [0.0, 0.0, 80.0])

    def test_more_than_is_due_stays_as_credit(self):
        invoice = self.create_due(100.0)
        transaction = self.top_up(250.0)
        self.assertEqual(invoice.payment_state, 'paid')
        self.assertEqual(transaction.payment_id._seek_for_lines()[1].amount_residual, -150.0)
        self.assertFalse(self.said_of(transaction), "A credit is what a top-up is for")

    def test_company_does_not_want_it(self):
        self.company.tochka_topups_pay_invoices = False
        for kind in ('receivable', 'advance'):
            with self.subTest(kind):
                if kind == 'advance':
                    self.book_advances()
                invoice = self.create_due(100.0)
                transaction = self.top_up(250.0)
                self.assertEqual(invoice.amount_residual, 100.0)
                self.assertEqual(
                    transaction.payment_id._seek_for_lines()[1].amount_residual, -250.0)

    def test_wanted_unless_said_otherwise(self):
        self.assertTrue(self.company.tochka_topups_pay_invoices)
        settings = self.env['res.config.settings'].create({})
        settings.tochka_topups_pay_invoices = False
        self.assertFalse(self.company.tochka_topups_pay_invoices)

    def test_what_is_never_touched(self):
        draft = self.create_invoice(100.0, post=False)
        dollars = self.create_due(1.0, currency_id=self.env.ref('base.USD').id)
        foreign = self.create_due(100.0, partner=self.stranger)
        note = self.create_invoice(100.0)._reverse_moves([{}])
        note.action_post()
        note_line = note.line_ids.filtered(lambda line: line.account_id == self.receivable)
        paid_by_note = note.reversed_entry_id
        cancelled = self.create_due(100.0)
        cancelled.button_draft()
        cancelled.button_cancel()
        bill = self.env['account.move'].create({
            'move_type': 'in_invoice', 'partner_id': self.payer.id, 'invoice_date': self.today,
            'currency_id': self.rub.id, 'invoice_line_ids': [
                Command.create({'name': "Chalk", 'price_unit': 100.0, 'tax_ids': []})],
        })
        bill.action_post()
        residuals = (dollars + foreign + bill).mapped('amount_residual')
        note_residual = note_line.amount_residual
        open_amount = paid_by_note.amount_residual
        transaction = self.top_up(1000.0)
        self.assertEqual((dollars + foreign + bill).mapped('amount_residual'), residuals)
        self.assertEqual(note_line.amount_residual, note_residual)
        self.assertEqual(draft.state, 'draft')
        self.assertEqual(
            transaction.payment_id._seek_for_lines()[1].amount_residual, -1000.0 + open_amount)

    def test_invoice_that_is_being_paid_is_left_alone(self):
        """ The bank has the money for it already; the books learn of it in a moment. """
        invoice = self.create_due(100.0, -10)
        other = self.create_due(100.0)
        on_its_way = self.create_linked_tx(invoice)
        self.bank.pay(on_its_way.tochka_operation_id)
        self.refresh(on_its_way)
        self.assertEqual(on_its_way.state, 'done')
        self.top_up(150.0)
        self.assertResiduals(invoice + other, [100.0, 0.0])
        on_its_way._post_process()
        self.assertFalse(invoice.amount_residual)
        self.assertFalse(self.said_of(on_its_way))

    def test_payment_of_a_document_pays_nothing_else(self):
        invoice = self.create_due(100.0)
        other = self.create_due(100.0, -10)
        first, second = self.create_linked_tx(invoice), self.create_linked_tx(
            invoice, method=self.sbp)
        self.pay(first)
        self.pay(second, payment_type='sbp')
        self.assertEqual(other.amount_residual, 100.0, "A person decides about a second payment")

    def test_once_however_often_odoo_runs_it(self):
        """ A match that a person has undone is not made again. """
        self.book_advances()
        invoice = self.create_due(100.0)
        transaction = self.top_up(250.0)
        transaction._post_process()
        self.assertEqual(len(self.transfers_of(invoice)), 1)
        self.transfers_of(invoice).line_ids.remove_move_reconcile()
        transaction._post_process()
        transaction.with_context(stale=True)._post_process()
        self.assertEqual(invoice.amount_residual, 100.0)
        self.assertEqual(self.transfers_of(invoice).mapped('state'), ['cancel'])

    def test_replay_after_a_broken_post_processing(self):
        """ The worker died, or lost against another one: everything once, or nothing. """
        self.book_advances()
        invoice = self.create_due(100.0)
        transaction = self.create_tx(amount=250.0)
        transaction._get_processing_values()
        self.env.flush_all()
        self.bank.pay(transaction.tochka_operation_id)
        self.refresh(transaction)
        Line = type(self.env['account.move.line'])
        with patch.object(Line, 'try_lock_for_update', lambda lines, **_options: lines.browse()):
            with self.assertRaises(ConcurrencyError), self.env.cr.savepoint():
                transaction._post_process()
        self.assertFalse(transaction.payment_id)
        self.assertFalse(self.transfers_of(invoice))
        transaction._post_process()
        self.assertEqual(len(transaction.payment_id), 1)
        self.assertEqual(len(self.transfers_of(invoice)), 1)
        self.assertFalse(invoice.amount_residual)

    def test_obstacle_keeps_the_payment(self):
        """ The money is in the books all the same, and a person is asked. """
        self.book_advances()
        invoices = self.create_due(100.0) + self.create_due(100.0)
        self.env['account.journal'].search([
            ('company_id', '=', self.company.id), ('type', '=', 'general'),
        ]).active = False
        transaction = self.create_tx(amount=250.0)
        with patch.object(type(self.provider), '_tochka_find_obstacle', lambda _provider: ''):
            transaction._get_processing_values()
            self.env.flush_all()
            self.pay(transaction)
        self.assertEqual(self.advance_line(transaction).amount_residual, -250.0)
        self.assertEqual(invoices.mapped('amount_residual'), [100.0, 100.0])
        self.assertIn("Miscellaneous", self.said_of(transaction))
        self.assertTrue(transaction.payment_id.activity_ids)

    def test_locked_period(self):
        """ Booked and settled on the first open day. """
        self.book_advances()
        invoice = self.create_due(100.0, invoice_date=self.today - timedelta(days=9))
        lock = self.today - timedelta(days=1)
        self.company.fiscalyear_lock_date = lock
        transaction = self.create_tx(amount=100.0)
        transaction._get_processing_values()
        self.env.flush_all()
        self.pay(transaction, paid_at=datetime.now(timezone.utc) - timedelta(days=5))
        self.assertEqual(transaction.payment_id.date, self.today)
        self.assertEqual(self.transfers_of(invoice).date, self.today)
        self.assertFalse(invoice.amount_residual)

    # === COMPANIES === #

    def test_other_companys_invoices_are_left_alone(self):
        other = self.create_due(100.0, -10, company=self.create_other_company())
        invoice = self.create_due(100.0)
        self.top_up(250.0)
        self.assertResiduals(invoice + other, [0.0, 100.0])

    def create_branch_provider(self, branch):
        journal = self.env['account.journal'].with_company(branch).create({
            'name': "Branch bank", 'type': 'bank', 'code': 'BRB', 'company_id': branch.id,
        })
        return self.create_provider(
            company_id=branch.id, journal_id=journal.id, tochka_article_id=False)

    def test_branch_without_a_shop_counts_with_its_company(self):
        branch = self.create_branch()
        for kind in ('receivable', 'advance'):
            with self.subTest(kind):
                if kind == 'advance':
                    self.book_advances()
                invoice = self.create_due(100.0, company=branch)
                self.top_up(100.0)
                self.assertFalse(invoice.amount_residual)

    def test_branch_with_a_shop_keeps_its_own_balance(self):
        branch = self.create_branch()
        of_branch = self.create_due(100.0, -10, company=branch)
        of_company = self.create_due(100.0)
        provider = self.create_branch_provider(branch)
        self.top_up(250.0)
        self.assertResiduals(of_branch + of_company, [100.0, 0.0])
        another = self.create_due(100.0, -20)
        transaction = self.top_up(70.0, provider=provider)
        self.assertEqual(transaction.payment_id.company_id, branch)
        self.assertResiduals(of_branch + another, [30.0, 100.0])

    def test_branch_books_advances_on_the_companys_account(self):
        branch = self.create_branch()
        provider = self.create_branch_provider(branch)
        self.book_advances(provider)
        invoice = self.create_due(100.0, company=branch)
        transaction = self.top_up(250.0, provider=provider)
        self.assertFalse(invoice.amount_residual)
        self.assertEqual(self.transfers_of(invoice).company_id, branch)
        self.assertEqual(self.advance_line(transaction).amount_residual, -150.0)

    # === WHO MAY TOP UP FOR WHOM === #

    def test_client_of_the_family(self):
        for client in (self.payer, self.masha, self.petya):
            self.assertTrue(self.create_tx(tochka_client_id=client.id))
            self.assertTrue(self.create_tx(partner_id=self.masha.id, tochka_client_id=client.id))

    def test_client_of_another_family(self):
        address = self.env['res.partner'].create(
            {'name': "Office", 'parent_id': self.payer.id, 'type': 'delivery'})
        firm = self.env['res.partner'].create(
            {'name': "Firm", 'parent_id': self.payer.id, 'is_company': True})
        for client in (self.stranger, self.stranger.child_ids, address, firm):
            with self.subTest(client.name), self.assertRaises(ValidationError):
                self.create_tx(tochka_client_id=client.id)

    def test_client_who_has_left_the_family(self):
        """ Checked again before the bank is asked. """
        transaction = self.create_tx(tochka_client_id=self.masha.id)
        self.masha.parent_id = self.stranger
        with self.assertRaises(ValidationError):
            transaction._get_processing_values()
        self.assertFalse(self.bank.count('create_payment'))

    def test_client_on_the_invoice(self):
        with Form(self.env['account.move'].with_context(
                default_move_type='out_invoice')) as form:
            form.partner_id = self.payer
            form.tochka_client_id = self.masha
        invoice = form.record
        self.assertEqual(invoice.tochka_client_id, self.masha)
        self.masha.company_id = self.create_other_company()
        with self.assertRaisesRegex(Exception, "[Cc]ompany"):
            invoice.tochka_client_id = self.masha.copy({'company_id': self.masha.company_id.id})
