# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from dataclasses import replace
from decimal import Decimal

from psycopg2 import IntegrityError

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring.api import errors, webhook
from odoo.addons.tochka_acquiring.api.operation import Customer, Retailer
from odoo.addons.tochka_acquiring.tests.common import CUSTOMER_CODE, INN, MERCHANT_ID
from odoo.addons.tochka_acquiring.tests.connection_common import ConnectionCommon

CODE_2, MERCHANT_2, INN_2 = '301234568', '200000000012346', '7736207543'


@tagged('post_install', '-at_install')
class TestConnectionData(ConnectionCommon):
    """ What the connection takes over from the bank. """

    def add_second_company(self):
        self.bank.customer_list.append(
            Customer(CODE_2, 'Business', name="Общество «Василёк»", inn=INN_2, kpp='773601001')
        )
        self.bank.retailer_lists[CODE_2] = [
            Retailer(MERCHANT_2, 'REG', True, name="Books", payment_modes=('card',)),
        ]

    def change_shop(self, **values):
        self.bank.retailer_lists[CUSTOMER_CODE] = [
            replace(self.bank.retailer_lists[CUSTOMER_CODE][0], **values)
        ]

    def test_connect(self):
        connection = self.create_draft()
        self.assertEqual(connection.state, 'draft')
        self.change_shop(url='https://shop.example.com', mcc='8299', cashbox='atol')
        self.assertNotified(connection.action_connect(), 'success', "1 legal entities, 1 shops")
        self.assertEqual(connection.state, 'connected')
        self.assertTrue(connection.checked_at)
        self.assertFalse(self.trouble_of(connection))
        entity = connection.legal_entity_ids
        self.assertRecordValues(entity, [{
            'customer_code': CUSTOMER_CODE, 'name': "ООО «Ромашка»", 'inn': INN,
            'company_id': self.company.id,
        }])
        self.assertRecordValues(connection.merchant_ids, [{
            'merchant_id': MERCHANT_ID, 'legal_entity_id': entity.id,
            'company_id': self.company.id, 'connection_id': connection.id,
            'name': "Школа «Ромашка»", 'url': 'https://shop.example.com', 'mcc': '8299',
            'rate': 2.5, 'bank_status': 'REG', 'is_usable': True, 'cashbox': 'atol',
            'payment_modes': 'sbp,card,tinkoff,dolyame',
            'display_name': f"Школа «Ромашка» ({MERCHANT_ID})",
        }])

    def test_two_legal_entities_find_their_companies(self):
        self.add_second_company()
        other = self.create_company("Vasilyok", INN_2)
        connection = self.create_draft(company_ids=[Command.set((self.company | other).ids)])
        connection = connection.with_context(allowed_company_ids=[self.company.id, other.id])
        self.assertNotified(connection.action_connect(), 'success', "2 legal entities, 2 shops")
        shops = connection.merchant_ids
        self.assertEqual(
            {m.merchant_id: m.company_id for m in shops},
            {MERCHANT_ID: self.company, MERCHANT_2: other},
        )
        self.assertEqual(set(shops.legal_entity_id.mapped('kpp')), {'773601001', False})

    def test_company_that_may_not_use_the_connection_is_not_guessed(self):
        self.add_second_company()
        self.create_company("Vasilyok", INN_2)
        connection = self.create_connected()
        entity = connection.legal_entity_ids.filtered(lambda e: e.customer_code == CODE_2)
        self.assertTrue(entity)
        self.assertFalse(entity.company_id)

    def test_of_two_companies_with_one_inn_none_is_guessed(self):
        twin = self.create_company("Romashka too", INN)
        connection = self.create_connected(company_ids=[Command.set((self.company | twin).ids)])
        self.assertFalse(connection.legal_entity_ids.company_id)

    def test_connect_again_updates_and_doubles_nothing(self):
        connection = self.create_connected()
        shop, entity = connection.merchant_ids, connection.legal_entity_ids
        entity.company_id = False  # the accountant's own choice
        self.change_shop(name="Renamed", rate=Decimal('1.9'), status='CLOSED')
        connection.action_connect()
        self.assertEqual((connection.merchant_ids, connection.legal_entity_ids), (shop, entity))
        self.assertRecordValues(shop, [{
            'name': "Renamed", 'rate': 1.9, 'bank_status': 'CLOSED', 'is_usable': False,
        }])
        self.assertFalse(entity.company_id, "Only a new legal entity gets a guessed company")

    def test_vanished_are_archived_named_and_come_back(self):
        self.add_second_company()
        connection = self.create_connected()
        shop = connection.merchant_ids.filtered(lambda m: m.merchant_id == MERCHANT_2)
        entity = shop.legal_entity_id
        removed = self.bank.customer_list.pop()
        connection.action_connect()
        self.assertTrue(shop.exists() and entity.exists())
        self.assertFalse(shop.active or entity.active)
        self.assertEqual(connection.merchant_ids.mapped('merchant_id'), [MERCHANT_ID])
        notes = ' '.join(connection.message_ids.mapped('body'))
        self.assertIn(f'Books ({MERCHANT_2})', notes)
        self.assertIn("Общество «Василёк»", notes)
        self.bank.customer_list.append(removed)
        connection.action_connect()
        self.assertTrue(shop.active and entity.active)

    def test_shop_that_takes_no_payments(self):
        for values in ({'is_active': False}, {'status': 'NEW'}, {'status': 'CLOSE'}):
            with self.subTest(values):
                self.change_shop(**{'status': 'REG', 'is_active': True, **values})
                self.assertFalse(self.create_connected().merchant_ids.is_usable)

    def test_shop_without_a_number_waits(self):
        self.bank.retailer_lists[CUSTOMER_CODE].append(Retailer(None, 'NEW', False, name="Soon"))
        self.assertEqual(self.create_connected().merchant_ids.mapped('merchant_id'), [MERCHANT_ID])

    def test_unknown_ways_to_pay_are_kept_and_not_offered(self):
        self.change_shop(payment_modes=('card', 'digitalRuble'))
        shop = self.create_connected().merchant_ids
        self.assertEqual(shop.payment_modes, 'card,digitalRuble')
        self.assertEqual(shop._tochka_payment_method_codes(), {'card'})
        shop.payment_modes = False
        self.assertEqual(shop._tochka_payment_method_codes(), set())

    def test_refresh_takes_methods_from_the_provider(self):
        self.connection.sudo().jwt_key = False  # the double of the client needs none
        self.change_shop(payment_modes=('sbp',))
        self.assertNotified(self.connection.action_connect(), 'success')
        methods = self.provider.with_context(active_test=False).payment_method_ids
        self.assertEqual(methods.mapped('code'), ['sbp'])

    def test_one_shop_in_two_connections(self):
        shops = self.create_connected().merchant_ids | self.create_connected().merchant_ids
        self.assertEqual(shops.mapped('merchant_id'), [MERCHANT_ID] * 2)

    @mute_logger('odoo.sql_db')
    def test_shop_and_legal_entity_appear_once(self):
        for record in (self.merchant, self.merchant.legal_entity_id):
            with self.assertRaises(IntegrityError), self.cr.savepoint():
                record.sudo().copy()

    def test_legal_entity_belongs_to_a_company_with_its_inn(self):
        other = self.create_company("Vasilyok", INN_2)
        entity = self.create_connected().legal_entity_ids.with_context(
            allowed_company_ids=[self.company.id, other.id])
        with self.assertRaisesRegex(ValidationError, "does not serve the company Vasilyok"):
            entity.company_id = other
        entity.connection_id.company_ids = [Command.link(other.id)]
        with self.assertRaisesRegex(ValidationError, f"{INN}.*{INN_2}"):
            entity.company_id = other
        other.sudo().vat = False
        entity.company_id = other  # nothing speaks against it

    def test_legal_entity_of_a_branch_has_the_inn_of_its_company(self):
        branch = self.create_branch()
        entity = self.create_connected(
            company_ids=[Command.set((self.company | branch).ids)]
        ).legal_entity_ids.with_context(allowed_company_ids=[self.company.id, branch.id])
        entity.company_id = branch
        with self.assertRaisesRegex(ValidationError, "another company's account"):
            entity.inn = INN_2

    def test_needs_a_company(self):
        with self.assertRaisesRegex(ValidationError, "at least one company"):
            self.create_draft(company_ids=[Command.clear()])

    def test_connection_in_use_can_not_be_deleted(self):
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'), self.cr.savepoint():
            self.connection.unlink()


@tagged('post_install', '-at_install')
class TestConnectionDisconnect(ConnectionCommon):
    """ Nothing that needs the key stays switched on. """

    def test_forgets_the_key_and_switches_providers_off(self):
        connection = self.connection
        connection.write({'jwt_key': self.create_draft().jwt_key, 'webhook_state': 'active'})
        self.assertTrue(connection.client_id)
        connection.action_disconnect()
        self.assertRecordValues(connection, [{
            'state': 'disconnected', 'jwt_key': False, 'client_id': False, 'key_expires_at': False,
            'webhook_state': 'unknown',
        }])
        self.assertRecordValues(self.provider, [{'state': 'disabled', 'is_published': False}])
        with self.assertRaisesRegex(ValidationError, "not connected"):
            self.provider.state = 'enabled'

    def test_registration_goes_with_the_key(self):
        connection = self.create_connected(notification_mode='poll')
        connection.action_disconnect()
        self.assertEqual(self.bank.count('delete_webhook'), 0, "Nothing of ours was registered")
        for silent in (False, True):
            with self.subTest(silent=silent):
                connection = self.create_connected()
                connection.webhook_state = 'active'
                if silent:
                    self.bank.fail('delete_webhook', errors.OutcomeUnknown("silence"))
                self.bank.calls.clear()
                connection.action_disconnect()
                self.assertEqual(self.bank.count('delete_webhook'), 1)
                self.assertEqual(connection.state, 'disconnected')

    def test_registration_of_another_system_stays(self):
        """ It has registered itself since the daily check. """
        connection = self.create_connected()
        self.assertEqual(connection.webhook_state, 'active')
        self.bank.webhook = {'url': 'https://crm.example.com/hook', 'webhooksList': ['x']}
        connection.action_disconnect()
        self.assertEqual(self.bank.count('delete_webhook'), 0)
        self.assertTrue(self.bank.webhook)

    def test_other_connections_stay(self):
        other = self.create_connected()
        other.action_disconnect()
        self.assertEqual((self.provider.state, self.connection.state), ('enabled', 'connected'))

    def test_new_key_connects_again(self):
        connection = self.create_connected()
        shop = connection.merchant_ids
        connection.action_disconnect()
        connection.jwt_key = self.create_draft().jwt_key
        self.assertEqual(connection.state, 'draft', "A pasted key is not checked yet")
        with self.assertRaises(webhook.MalformedWebhook):
            # Another worker knows the connection when the bank's test event comes.
            self.env['tochka.webhook.key'].sudo()._verify(b'no notification')
        self.assertNotified(connection.action_connect(), 'success')
        self.assertEqual((connection.state, connection.merchant_ids), ('connected', shop))
