# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.tochka_acquiring.tests.balance_common import BalanceCommon


@tagged('post_install', '-at_install')
class TestPaymentKind(BalanceCommon):
    """ On which account money without a document is booked. """

    def create_account(self, **values):
        return self.env['account.account'].create({
            'code': '76.99', 'name': "Other", 'account_type': 'liability_current',
            'reconcile': True, 'company_ids': [Command.set(self.company.ids)], **values,
        })

    def choose(self, account, provider=None):
        (provider or self.provider).sudo().write({
            'tochka_payment_kind': 'advance',
            'tochka_advance_account_id': account and account.id,
        })

    # === THE CHOICE === #

    def test_receivable_is_the_default(self):
        self.assertEqual(self.provider.sudo().tochka_payment_kind, 'receivable')

    def test_account_of_advances_is_required(self):
        with self.assertRaisesRegex(ValidationError, "62.02"):
            self.choose(None)

    def test_account_must_allow_reconciliation(self):
        with self.assertRaisesRegex(ValidationError, "reconciliation"):
            self.choose(self.create_account(reconcile=False))

    def test_account_must_not_be_that_of_invoices(self):
        with self.assertRaisesRegex(ValidationError, "receivable or payable account"):
            self.choose(self.receivable)
        other = self.create_account(account_type='asset_receivable')
        self.choose(other)
        self.stranger.with_company(self.company).property_account_receivable_id = other
        with self.assertRaisesRegex(ValidationError, "receivable or payable account"):
            self.provider.sudo().tochka_advance_account_id = other.copy({'code': '76.98'})
            self.provider.sudo().tochka_advance_account_id = other

    def test_account_of_a_sensible_type(self):
        for kind in ('income', 'liability_payable', 'equity'):
            with self.subTest(kind), self.assertRaisesRegex(ValidationError, "can't hold advances"):
                self.choose(self.create_account(code=f'76.{kind[:5]}', account_type=kind))

    def test_account_of_another_company(self):
        other = self.create_other_company()
        foreign = self.create_account(company_ids=[Command.set(other.ids)])
        with self.assertRaises(UserError):
            self.choose(foreign)

    def test_checked_again_when_the_provider_is_enabled(self):
        self.book_advances()
        provider = self.provider.sudo()
        provider.write({'state': 'disabled', 'is_published': False})
        self.advances.active = False
        with self.assertRaisesRegex(ValidationError, "archived"):
            provider.state = 'enabled'
        self.advances.active = True
        provider.state = 'enabled'

    def test_transfers_need_a_journal(self):
        self.env['account.journal'].search([
            ('company_id', '=', self.company.id), ('type', '=', 'general'),
        ]).active = False
        with self.assertRaisesRegex(ValidationError, "Miscellaneous"):
            self.choose(self.advances)

    def test_copies(self):
        """ A second shop of the company books alike; another company has other accounts. """
        self.book_advances()
        twin = self.provider.sudo().copy()
        self.assertEqual(twin.tochka_payment_kind, 'advance')
        self.assertEqual(twin.tochka_advance_account_id, self.advances)
        company = self.env['res.company'].sudo().create({'name': "New"})
        copy = self.env['payment.provider'].sudo().search(
            [('code', '=', 'tochka'), ('company_id', '=', company.id)], limit=1)
        self.assertTrue(copy, "Odoo copies the providers of the user's company")
        self.assertEqual(copy.tochka_payment_kind, 'receivable')
        self.assertFalse(copy.tochka_advance_account_id)

    # === THE ENTRIES === #

    def assertBooked(self, transaction, account):
        payment = transaction.payment_id
        article = {str(self.article.id): 100}
        self.assertRecordValues(payment.move_id.line_ids.sorted('balance'), [
            {'account_id': account.id, 'balance': -1500.5, 'partner_id': self.payer.id,
             'analytic_distribution': article},
            {'account_id': payment.outstanding_account_id.id, 'balance': 1500.5,
             'partner_id': self.payer.id, 'analytic_distribution': False},
        ])
        items = self.env['account.analytic.line'].search(
            [('auto_account_id', '=', self.article.id)])
        self.assertRecordValues(
            items, [{'amount': 1500.5, 'partner_id': self.payer.id}])
        self.assertEqual(payment.destination_account_id, account)
        self.assertFalse(payment.is_reconciled)

    def test_receivable(self):
        self.assertBooked(self.top_up(1500.5), self.receivable)

    def test_advance(self):
        self.book_advances()
        self.assertBooked(self.top_up(1500.5, partner_id=self.masha.id), self.advances)

    def test_advance_on_an_account_of_the_type_receivable(self):
        self.advances.account_type = 'asset_receivable'
        self.book_advances()
        transaction = self.top_up(1500.5)
        self.assertBooked(transaction, self.advances)
        invoice = self.create_due(1000.0)
        self.assign(invoice, self.advance_line(transaction))
        self.assertFalse(invoice.amount_residual)

    def test_document_is_always_receivable(self):
        self.book_advances()
        invoice = self.create_invoice(1500.5)
        transaction = self.pay(self.create_linked_tx(invoice))
        self.assertEqual(transaction.payment_id.destination_account_id, self.receivable)
        self.assertFalse(invoice.amount_residual)

    def test_advance_stays_an_advance_when_it_is_edited(self):
        """ Reset, another memo, posted again: all on the same accounts. """
        self.book_advances()
        payment = self.top_up(1500.5).payment_id
        outstanding = payment.outstanding_account_id
        payment.action_draft()
        self.choose(self.create_account())  # The provider of today has another account.
        payment.write({'memo': "Looked at", 'partner_id': self.payer.id, 'amount': 1500.5})
        self.assertEqual(payment.destination_account_id, self.advances)
        payment.action_post()
        self.assertRecordValues(payment.move_id.line_ids.sorted('balance'), [
            {'account_id': self.advances.id, 'balance': -1500.5, 'partner_id': self.payer.id,
             'analytic_distribution': {str(self.article.id): 100}},
            {'account_id': outstanding.id, 'balance': 1500.5, 'partner_id': self.payer.id,
             'analytic_distribution': False},
        ])
        items = self.env['account.analytic.line'].search(
            [('auto_account_id', '=', self.article.id)])
        self.assertEqual(items.mapped('amount'), [1500.5])

    def test_advance_with_a_write_off(self):
        """ An accountant adds the bank's fee: Odoo must not take the advance for a write-off. """
        self.book_advances()
        payment = self.top_up(1500.5).payment_id
        payment.action_draft()
        fee = self.company_data['default_account_expense']
        lines = payment.move_id.line_ids.sorted('balance')
        payment.move_id.write({'line_ids': [
            Command.update(lines[1].id, {'balance': 1490.5, 'amount_currency': 1490.5}),
            Command.create({'account_id': fee.id, 'balance': 10.0, 'amount_currency': 10.0}),
        ]})
        payment.action_post()
        liquidity, counterpart, write_off = payment._seek_for_lines()
        self.assertEqual(liquidity.account_id, payment.outstanding_account_id)
        self.assertEqual(counterpart.account_id, self.advances)
        self.assertEqual(write_off.account_id, fee)

    def test_refund_leaves_the_account_of_the_advance(self):
        """ Whatever the provider's kind has become meanwhile. """
        self.book_advances()
        transaction = self.top_up(1500.5)
        self.provider.sudo().tochka_payment_kind = 'receivable'
        refund = self.create_tx(
            amount=-500.0, source_transaction_id=transaction.id, operation='refund',
            partner_id=self.payer.id)
        refund._set_done()
        refund._post_process()
        self.assertEqual(refund.payment_id.destination_account_id, self.advances)
        self.assertEqual(refund.payment_id.payment_type, 'outbound')


@tagged('post_install', '-at_install')
class TestKindChangedLater(BalanceCommon):
    """ What was booked stays as it was when the accountant chooses another kind. """

    def test_return_of_an_advance_by_hand_leaves_nothing_on_the_balance(self):
        self.book_advances()
        self.company.tochka_topups_pay_invoices = False
        transaction = self.top_up(1000.0)
        with Form(self.env['account.payment'].with_context(
            default_payment_type='outbound', default_partner_type='customer',
        )) as form:
            form.partner_id = self.payer
            form.amount = 1000.0
            form.currency_id = self.rub
            form.journal_id = self.journal
            form.tochka_advance_account_id = self.advances
        form.record.action_post()
        self.assertTrue(self.advance_line(transaction).reconciled)
        balance = self.payer._tochka_balance(self.company)
        self.assertEqual((balance['paid'], balance['left']), (0.0, 0.0))
        self.assertFalse(self.create_due(1000.0)._tochka_open_advances())

    def test_settled_invoices_stay_paid(self):
        invoice = self.create_due(700)
        self.top_up(2000)
        self.assertEqual(invoice.payment_state, 'paid')
        self.env.flush_all()
        self.env.invalidate_all()
        self.book_advances()
        self.env.flush_all()
        self.env.invalidate_all()
        self.assertEqual(invoice.payment_state, 'paid')
