# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import json
from unittest.mock import patch

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.common import TochkaCommon


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestPaymentProvider(TochkaCommon):

    def setUp(self):
        super().setUp()
        self.allowed = self.merchant._tochka_payment_method_codes()

    def sync(self):
        """ What the shop has by now comes from the bank. """
        self.env['payment.provider']._tochka_sync_payment_methods(
            self.merchant, {self.merchant: self.allowed})
        self.allowed = self.merchant._tochka_payment_method_codes()

    def codes(self, provider=None):
        return set((provider or self.provider).with_context(active_test=False)
                   .payment_method_ids.mapped('code'))

    def test_offers_what_the_shop_allows(self):
        self.assertEqual(self.codes(), {'card', 'sbp', 'tpay', 'dolyame'})
        self.merchant.payment_modes = 'sbp,digitalRuble'
        self.sync()
        self.assertEqual(self.codes(), {'sbp'})

    def test_filter_is_the_providers_own(self):
        """ `payment.method.active` is shared by all providers: a second shop keeps its methods. """
        merchant = self.merchant.copy({
            'merchant_id': '200000000012346', 'payment_modes': 'card',
            'legal_entity_id': self.merchant.legal_entity_id.id,
        })
        other = self.create_provider(
            name="Books", tochka_merchant_id=merchant.id, tochka_journal_is_shared=True,
            tochka_analytic_ids=[Command.set(self.article.ids)])
        self.assertEqual(self.codes(other), {'card'})
        self.assertEqual(self.codes(), {'card', 'sbp', 'tpay', 'dolyame'})

    def test_method_taken_away_by_the_accountant_stays_away(self):
        self.provider.payment_method_ids = [Command.unlink(self.sbp.id)]
        self.sync()
        self.assertNotIn('sbp', self.codes())

    def test_newly_allowed_method_appears_and_is_active(self):
        self.merchant.payment_modes = 'card'
        self.sync()
        self.assertEqual(self.codes(), {'card'})
        self.sbp.active = False
        self.merchant.payment_modes = 'card,sbp'
        self.sync()
        self.assertEqual(self.codes(), {'card', 'sbp'})
        self.assertTrue(self.sbp.active)

    def test_refresh_does_not_switch_on_what_somebody_switched_off(self):
        """ `active` is shared with all providers. """
        self.sbp.active = False
        self.sync()
        self.assertFalse(self.sbp.active)

    def test_one_that_breaks_keeps_no_other_from_the_banks_news(self):
        other = self.create_provider(
            name="Other", tochka_journal_is_shared=True,
            tochka_analytic_ids=[Command.set(self.article.ids)])
        self.merchant.payment_modes = 'card'
        kind = type(self.provider)
        real = kind._tochka_apply_merchant_modes

        def apply(providers, known):
            if self.provider in providers:
                raise ValidationError("Contradiction")
            real(providers, known)

        with patch.object(kind, '_tochka_apply_merchant_modes', apply):
            self.sync()
        self.assertEqual(self.codes(other), {'card'})
        problem = self.connection.problem_ids.filtered(lambda one: one.code == 'modes')
        self.assertIn("Contradiction", problem.advice)
        self.sync()
        self.assertEqual(self.codes(), {'card'})
        self.assertTrue(problem.closed_at)

    def test_suspended_shop_is_stored_and_told(self):
        """ The refresh must not fail because the enabled provider can't be paid any more. """
        self.merchant.write({'is_usable': False, 'payment_modes': 'card'})
        for _time in range(2):
            self.sync()
        self.assertEqual(self.codes(), {'card'})
        self.assertEqual(len(self.connection.activity_ids), 1)

    def test_shop_of_nobody_takes_no_money(self):
        self.provider.write({'state': 'disabled', 'is_published': False})
        self.merchant.legal_entity_id.sudo().company_id = False
        with self.assertRaisesRegex(ValidationError, "Legal entities"):
            self.provider.state = 'enabled'

    def test_company_in_use_stays_with_the_connection(self):
        other = self.env['res.company'].sudo().create({
            'name': "Other", 'currency_id': self.rub.id})
        with self.assertRaisesRegex(ValidationError, "uses this connection"):
            self.connection.sudo().company_ids = other

    def test_mir_stands_beside_visa_and_mastercard(self):
        brands = self.card.brand_ids.mapped('code')
        self.assertLessEqual({'mir', 'visa', 'mastercard'}, set(brands))

    def test_roubles_only(self):
        self.assertEqual(self.provider._get_supported_currencies().mapped('name'), ['RUB'])
        providers = self.env['payment.provider'].sudo()._get_compatible_providers(
            self.company.id, self.payer.id, 100.0, currency_id=self.currency_usd.id)
        self.assertNotIn(self.provider, providers)

    def test_no_journal_is_a_clear_error(self):
        """ Odoo itself enables the provider, and a paid transaction then hangs for ever. """
        self.provider.write({'state': 'disabled', 'is_published': False})
        self.provider.journal_id = False
        journals = self.env['account.journal']
        with patch.object(type(journals), '_search', lambda *_a, **_k: journals._as_query()), \
                self.assertRaisesRegex(ValidationError, "journal"):
            self.provider.state = 'enabled'

    def test_journal_cannot_be_taken_from_an_enabled_provider(self):
        with self.assertRaises(UserError):
            self.provider.journal_id = False

    def test_banks_sandbox_is_never_enabled_nor_published(self):
        self.provider.write({'state': 'disabled', 'is_published': False})
        self.connection.environment = 'bank_sandbox'
        for values in ({'state': 'enabled'}, {'state': 'test'}, {'is_published': True}):
            with self.subTest(values), self.assertRaisesRegex(ValidationError, "sandbox"):
                self.provider.write(values)

    def test_production_has_no_test_mode(self):
        self.connection.environment = 'production'
        with self.assertRaisesRegex(ValidationError, "test mode"):
            self.provider.state = 'test'

    def test_unconnected_or_closed_shop_is_not_enabled(self):
        self.provider.write({'state': 'disabled', 'is_published': False})
        self.connection.state = 'disconnected'
        with self.assertRaisesRegex(ValidationError, "not connected"):
            self.provider.state = 'enabled'
        self.connection.state = 'connected'
        self.merchant.is_usable = False
        with self.assertRaisesRegex(ValidationError, "does not take payments"):
            self.provider.state = 'enabled'

    def test_shop_and_connection_belong_together(self):
        other_connection, other_merchant = self.create_connection(
            customer_code='301234568', merchant_id='200000000022345')
        with self.assertRaisesRegex(ValidationError, "not one of"):
            self.provider.tochka_merchant_id = other_merchant
        self.assertTrue(other_connection)

    def test_connection_of_another_company_is_refused(self):
        company = self.env['res.company'].sudo().create({
            'name': "Other", 'currency_id': self.rub.id})
        connection, merchant = self.create_connection(
            company=company, customer_code='301234568', merchant_id='200000000022345')
        with self.assertRaisesRegex(ValidationError, "does not serve"):
            self.provider.sudo().write({
                'tochka_connection_id': connection.id, 'tochka_merchant_id': merchant.id})

    def test_shop_of_another_company_is_refused(self):
        company = self.env['res.company'].sudo().create({
            'name': "Other", 'currency_id': self.rub.id})
        self.connection.sudo().company_ids += company
        entity = self.env['tochka.legal.entity'].sudo().create({
            'connection_id': self.connection.id, 'customer_code': '301234568', 'name': "Other",
            'company_id': company.id,
        })
        merchant = self.env['tochka.merchant'].sudo().create({
            'legal_entity_id': entity.id, 'merchant_id': '200000000022345', 'name': "Other",
            'is_usable': True, 'payment_modes': 'card',
        })
        with self.assertRaisesRegex(ValidationError, "another company"):
            self.provider.sudo().tochka_merchant_id = merchant

    def test_link_lifetime_has_the_banks_limits(self):
        for ttl in (0, 9, 44641):
            with self.subTest(ttl), self.assertRaises(ValidationError):
                self.provider.tochka_link_ttl = ttl

    def test_new_company_gets_its_own_provider(self):
        company = self.env['res.company'].sudo().create({
            'name': "Other", 'currency_id': self.rub.id})
        providers = self.env['payment.provider'].sudo().search(
            [('code', '=', 'tochka'), ('company_id', '=', company.id)])
        self.assertTrue(providers)
        for provider in providers:
            self.assertEqual(provider.state, 'disabled')
            self.assertFalse(provider.tochka_connection_id, "The key is not another company's")
            self.assertFalse(provider.tochka_merchant_id)


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestDashboard(TochkaCommon):
    """ The accountant's tile: one line on the card of the cash box. """

    def read_card(self, journal=None):
        journal = journal or self.journal
        journal.invalidate_recordset()
        return json.loads(journal.kanban_dashboard).get('tochka_health')

    def test_tile(self):
        self.assertEqual(self.read_card(), {
            'is_well': True, 'count': 0, 'text': "All is well: payments are taken and booked."})
        action = self.journal.action_tochka_connection()
        self.assertEqual(action['res_id'], self.connection.id)
        self.merchant.sudo().is_usable = False
        self.connection.sudo()._update_problems()
        card = self.read_card()
        self.assertFalse(card['is_well'])
        self.assertEqual((card['count'], card['text']), (1, "Tochka takes no payments now."))
        action = self.journal.action_tochka_connection()
        self.assertEqual(
            self.env[action['res_model']].search(action['domain']), self.connection.problem_ids)

    def test_what_is_open_is_counted(self):
        """ No green word while a payment or a receipt needs somebody. """
        transaction = self.create_tx(self.create_invoice())
        problem = transaction._tochka_flag('overpaid', amount='1.00')
        transaction._tochka_flag('unbooked', subject='1', amount='1.00')
        self.assertEqual([self.read_card()[name] for name in ('is_well', 'count')], [False, 2])
        problem._close_by_person("settled")
        self.assertEqual(self.read_card()['count'], 1)
        other = self.env['res.company'].sudo().create({'name': "Other"})
        problem.copy({'company_id': other.id, 'closed_at': False, 'res_id': 999999})
        self.assertEqual(self.read_card()['count'], 1, "Another company's")
        transaction._tochka_unflag('unbooked')
        self.assertTrue(self.read_card()['is_well'])

    def test_accountant_reads_it(self):
        accountant = self.env['res.users'].create({
            'name': "Accountant", 'login': 'accountant-tile', 'company_id': self.company.id,
            'company_ids': self.company.ids,
            'group_ids': self.env.ref('account.group_account_manager').ids,
        })
        journal = self.journal.with_user(accountant)
        self.assertTrue(json.loads(journal.kanban_dashboard)['tochka_health']['is_well'])

    def test_other_journals_have_none(self):
        self.assertIsNone(self.read_card(self.journal.copy({'code': 'BNK9'})))
        self.provider.write({'is_published': False, 'state': 'disabled'})
        self.assertIsNone(self.read_card())
