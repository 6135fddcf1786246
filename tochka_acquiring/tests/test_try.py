# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import urllib.parse
from decimal import Decimal

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.payment import utils as payment_utils
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon

TX_LOGGER = 'odoo.addons.tochka_acquiring.models.payment.payment_transaction_apply'


@tagged('post_install', '-at_install')
class TestTry(RefundCommon):
    """ An administrator tries the connection as a customer would. """

    def begin(self, **values):
        action = self.provider.action_tochka_try()
        wizard = self.provider.env['tochka.try'].browse(action['res_id'])
        wizard.write({'email': 'client+test@example.com', **values})
        return wizard

    def pay_as_client(self, wizard):
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(wizard.payment_url).query))
        self.assertEqual(query['access_token'], payment_utils.generate_access_token(
            int(query['partner_id']), float(query['amount']), int(query['currency_id']),
            env=self.env))
        transaction = self.create_tx(
            amount=float(query['amount']), partner_id=int(query['partner_id']))
        transaction._get_processing_values()
        self.pay(transaction)
        wizard.invalidate_recordset()
        return transaction

    def test_from_the_client_to_the_refund(self):
        numbers = self.env['account.move'].search_count([('move_type', '=', 'out_invoice')])
        wizard = self.begin(amount=12.5)
        self.assertEqual(wizard.step, 'new')
        self.assertEqual(wizard.action_create_client()['res_id'], wizard.id)
        partner = self.provider.tochka_test_partner_id
        self.assertEqual((wizard.step, partner.email), ('ready', 'client+test@example.com'))
        self.assertTrue(partner.user_ids._is_portal())
        self.assertIn('/web/signup', wizard.cabinet_url)
        transaction = self.pay_as_client(wizard)
        self.assertEqual((wizard.step, wizard.transaction_id), ('paid', transaction))
        wizard.action_refund()
        wizard.invalidate_recordset()
        self.assertEqual((wizard.step, wizard.transaction_id), ('returning', transaction))
        self.work()
        wizard.action_refresh()
        self.assertEqual(wizard.step, 'returned')
        self.assertEqual(self.bank_refunds(transaction), [Decimal('12.50')])
        self.sweep()
        lines = self.env['account.move.line'].search([
            ('partner_id', '=', partner.id), ('parent_state', '=', 'posted'),
            ('account_type', '=', 'asset_receivable')])
        self.assertEqual(sorted(lines.mapped('balance')), [-12.5, 12.5], "Booked once")
        self.assertTrue(all(lines.mapped('reconciled')))
        with self.assertRaisesRegex(UserError, "no test payment"):
            wizard.action_refund()
        self.assertEqual(
            self.env['account.move'].search_count([('move_type', '=', 'out_invoice')]), numbers)
        user = partner.user_ids
        wizard.action_finish()
        self.assertFalse(partner.active or user.active or self.provider.tochka_test_partner_id)

    @mute_logger(TX_LOGGER)
    def test_bank_refuses_the_refund(self):
        wizard = self.begin(amount=12.5)
        wizard.action_create_client()
        transaction = self.pay_as_client(wizard)
        self.bank.fail('refund_payment', errors.Rejected("No money", http_status=424))
        wizard.action_refund()
        self.work()
        self.assertEqual(wizard.step, 'paid')
        self.assertIn("No money", wizard.refusal)
        wizard.action_refund()
        self.work()
        self.assertEqual((wizard.step, wizard.refusal), ('returned', False))
        self.assertEqual(self.bank_refunds(transaction), [Decimal('12.50')])

    def test_returned_in_the_internet_bank_meanwhile(self):
        wizard = self.begin(amount=12.5)
        wizard.action_create_client()
        transaction = self.pay_as_client(wizard)
        self.bank.give_back(transaction.tochka_operation_id, '12.50')
        wizard.action_refund()
        self.work()
        self.assertEqual(wizard.step, 'returned')
        self.assertEqual(self.bank.count('refund_payment'), 0)
        self.assertEqual(len(transaction.tochka_refund_ids.payment_id), 1)

    def test_own_right_to_return(self):
        wizard = self.begin(amount=12.5)
        wizard.action_create_client()
        self.pay_as_client(wizard)
        administrator = self.env['res.users'].create({
            'name': "Administrator", 'login': 'administrator-try', 'company_id': self.company.id,
            'company_ids': self.company.ids, 'group_ids': self.env.ref('base.group_system').ids,
        })
        self.env.flush_all()
        self.env.cr.execute("UPDATE tochka_try SET create_uid = %s WHERE id = %s",
                            [administrator.id, wizard.id])
        self.env.invalidate_all()
        with self.assertRaisesRegex(AccessError, "no right to return money"):
            wizard.with_user(administrator).action_refund()

    def test_client_is_made_once(self):
        wizard = self.begin()
        wizard.action_create_client()
        partner = self.provider.tochka_test_partner_id
        again = self.begin()
        again.action_create_client()
        self.assertEqual(self.provider.tochka_test_partner_id, partner)
        self.assertEqual(len(partner.user_ids), 1)

    def test_refresh_asks_the_bank(self):
        wizard = self.begin()
        wizard.action_create_client()
        transaction = self.create_tx(
            amount=10, partner_id=self.provider.tochka_test_partner_id.id)
        transaction._get_processing_values()
        self.bank.pay(transaction.tochka_operation_id)
        self.env.flush_all()
        wizard.action_refresh()
        self.env.invalidate_all()
        self.assertEqual(transaction.state, 'done')

    def test_what_keeps_it_from_being_tried(self):
        for values, text in (
            ({'email': 'nobody'}, "not an e-mail"), ({'amount': 0}, "more than zero"),
        ):
            with self.assertRaisesRegex(UserError, text):
                self.begin(**values).action_create_client()
        self.provider.is_published = False
        with self.assertRaisesRegex(UserError, "publish the provider first"):
            self.begin().action_create_client()

    def test_shop_with_rules_is_not_tried_through_another(self):
        self.provider.sudo().tochka_journal_ids = self.company_data['default_journal_sale']
        wizard = self.begin()
        with self.assertRaisesRegex(UserError, "only documents that fit its rules"):
            wizard.action_create_client()
        self.assertFalse(self.provider.tochka_test_partner_id)

    def test_shop_of_a_branch_is_tried_there(self):
        branch = self.create_branch()
        self.provider.sudo().write({'state': 'disabled', 'is_published': False})
        self.provider = self.create_provider(
            company_id=branch.id, journal_id=self.journal.id, name="Branch",
        ).with_context(**branch.env.context)
        wizard = self.begin()
        wizard.action_create_client()
        query = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(wizard.payment_url).query))
        self.assertEqual(int(query['company_id']), branch.id)

    def test_return_takes_the_article_back(self):
        wizard = self.begin()
        wizard.action_create_client()
        self.pay_as_client(wizard)
        wizard.action_refund()
        self.work()
        items = self.env['account.analytic.line'].search(
            [('auto_account_id', '=', self.article.id)])
        self.assertEqual(len(items), 2)
        self.assertFalse(sum(items.mapped('amount')))

    def test_address_of_a_user_is_refused(self):
        self.env.user.login = 'boss@example.com'
        with self.assertRaises(UserError):
            self.begin(email='boss@example.com').action_create_client()

    def test_only_administrators(self):
        accountant = self.env['res.users'].create({
            'name': "Accountant", 'login': 'accountant-try', 'company_id': self.company.id,
            'company_ids': self.company.ids,
            'group_ids': self.env.ref('account.group_account_manager').ids,
        })
        with self.assertRaises(AccessError):
            self.provider.with_user(accountant).action_tochka_try()
        with self.assertRaises(AccessError):
            self.env['tochka.try'].with_user(accountant).create({
                'provider_id': self.provider.id, 'email': 'x@example.com'})
