# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import convert_file

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.connection_common import ConnectionCommon

URL = 'https://odoo.example.com' + const.WEBHOOK_ROUTE
FOREIGN = {'url': 'https://crm.example.com/hook', 'webhooksList': ['acquiringInternetPayment']}


@tagged('post_install', '-at_install')
class TestConnectionWebhook(ConnectionCommon):
    """ The registration of this Odoo at the bank: read first, and never taken from another. """

    def setUp(self):
        super().setUp()
        self.env['ir.config_parameter'].sudo().set_param('web.base.url', 'https://odoo.example.com')

    def test_registered_where_nothing_is(self):
        connection = self.create_connected()
        self.assertEqual(connection.webhook_state, 'active')
        self.assertEqual(self.bank.webhook, {
            'url': URL, 'webhooksList': ['acquiringInternetPayment'],
        })
        self.assertEqual(self.bank.calls[-2], ('set_webhook', {'url': URL, 'replace': False}))
        connection.action_connect()
        self.assertEqual(self.bank.count('set_webhook'), 1, "It is there already")

    def test_poll_only_registers_nothing(self):
        connection = self.create_connected(notification_mode='poll')
        self.assertEqual(connection.webhook_state, 'none')
        self.assertEqual(self.bank.count('set_webhook'), 0)
        self.assertFalse(connection.problem_ids.filtered(lambda p: p.code == 'webhook'))
        self.assertNotified(connection.action_register_webhook(), 'success')
        self.assertEqual((connection.webhook_state, connection.notification_mode),
                         ('active', 'webhook'))

    def test_what_is_registered(self):
        for webhook, state in (
            (None, 'none'),
            ({'url': URL, 'webhooksList': ['acquiringInternetPayment', 'x']}, 'active'),
            ({'url': URL, 'webhooksList': ['incomingPayment']}, 'other'),
            ({'url': URL}, 'other'),
            (FOREIGN, 'other'),
        ):
            with self.subTest(webhook):
                self.bank.webhook = webhook
                connection = self.create_connected(notification_mode='poll')
                self.assertEqual(connection.webhook_state, state)

    def test_foreign_address_is_never_taken_without_a_person(self):
        self.bank.webhook = FOREIGN
        connection = self.create_connected()
        self.run_job('cron_refresh')
        self.assertNotified(connection.action_register_webhook(), 'warning', FOREIGN['url'])
        self.assertEqual((self.bank.webhook, self.bank.count('set_webhook')), (FOREIGN, 0))
        problem = connection.problem_ids.filtered(lambda p: p.code == 'webhook_foreign')
        self.assertIn(FOREIGN['url'], problem.advice)
        self.assertNotified(problem.action_mend(), 'success')
        self.assertEqual(self.bank.webhook['url'], URL)
        self.assertIn(('set_webhook', {'url': URL, 'replace': True}), self.bank.calls)
        self.assertFalse(connection.problem_ids)

    def test_address_that_was_changed_at_the_bank_raises_a_problem(self):
        connection = self.create_connected()
        self.bank.webhook = FOREIGN
        self.run_job('cron_refresh')
        self.assertEqual((connection.webhook_state, connection.webhook_foreign_url),
                         ('other', FOREIGN['url']))
        self.assertEqual(connection.problem_ids.mapped('code'), ['webhook_foreign'])

    def test_checked_after_an_upgrade(self):
        cron = self.env.ref('tochka_acquiring.cron_refresh').sudo()
        triggers = self.env['ir.cron.trigger'].sudo()
        before = triggers.search_count([('cron_id', '=', cron.id)])
        convert_file(self.env, 'tochka_acquiring', 'data/upgrade_data.xml', {}, mode='update')
        self.assertEqual(triggers.search_count([('cron_id', '=', cron.id)]), before + 1)

    def test_missing_type_is_added_without_asking(self):
        self.bank.webhook = {'url': URL, 'webhooksList': ['incomingPayment']}
        connection = self.create_connected()
        self.assertNotified(connection.action_register_webhook(), 'success')
        self.assertEqual(connection.webhook_state, 'active')

    def test_silent_bank_leaves_it_unknown_and_connects(self):
        self.bank.fail('get_webhook', errors.OutcomeUnknown("silence"))
        connection = self.create_connected()
        self.assertEqual((connection.state, connection.webhook_state), ('connected', 'unknown'))
        self.assertEqual(self.bank.count('set_webhook'), 0)

    def test_missing_permission_is_named(self):
        self.bank.fail('get_webhook', errors.Unauthorized("Missing permission", http_status=403))
        connection = self.create_connected()
        self.assertEqual(connection._permission_state('ManageWebhookData'), 'missing')
        self.assertIn('ManageWebhookData', connection.missing_permissions)

    def test_refusal_says_that_payments_work_all_the_same(self):
        connection = self.create_connected(notification_mode='poll')
        self.bank.fail('set_webhook', errors.Rejected("No 200 from the address", audit_id='a-9'))
        with self.assertLogs('odoo.addons.tochka_acquiring', 'WARNING'):
            action = connection.action_register_webhook()
        self.assertNotified(action, 'warning', "No 200 from the address", 'a-9',
                            "Payments are booked all the same")
        self.assertEqual((connection.state, connection.webhook_state), ('connected', 'none'))
        self.assertIn('a-9', connection.problem_ids.advice)

    def test_address_that_the_bank_can_not_reach(self):
        connection = self.create_connected(environment='production', notification_mode='poll')
        for url in ('http://odoo.example.com', 'https://odoo.example.com:8443'):
            with self.subTest(url):
                connection.public_url = url
                self.assertNotified(
                    connection.action_register_webhook(), 'warning', url, "asks the bank by itself")
        self.assertEqual(self.bank.count('set_webhook'), 0)
        connection.public_url = 'https://odoo.example.com:443'
        self.assertNotified(connection.action_register_webhook(), 'success')

    def test_public_address_is_an_address(self):
        connection = self.create_connected()
        for url in ('odoo.example.com', 'ftp://odoo.example.com', 'https://odoo.example.com/web'):
            with self.subTest(url), self.assertRaisesRegex(ValidationError, "must look like"):
                connection.public_url = url

    def test_login_by_another_address_moves_nothing(self):
        """ Odoo rewrites `web.base.url` at logins of administrators. """
        connection = self.create_connected()
        self.env['ir.config_parameter'].sudo().set_param('web.base.url', 'http://10.0.0.5:8069')
        self.run_job('cron_refresh')
        self.assertEqual(connection.webhook_url, URL)
        self.assertEqual((self.bank.webhook['url'], self.bank.count('set_webhook')), (URL, 1))
        problem = connection.problem_ids
        self.assertEqual(problem.code, 'address')
        self.assertIn('http://10.0.0.5:8069', problem.advice)

    def test_copy_of_the_database_takes_nothing(self):
        connection = self.create_connected(notification_mode='poll')
        self.env['ir.config_parameter'].sudo().set_param('database.uuid', 'another')
        self.assertNotified(connection.action_register_webhook(), 'warning', "is a copy")
        self.run_job('cron_refresh')
        self.assertEqual(self.bank.count('set_webhook'), 0)
        problem = connection.problem_ids.filtered(lambda p: p.code == 'copy')
        self.assertTrue(problem)
        connection.action_disconnect()
        self.assertEqual(self.bank.count('delete_webhook'), 0)
        connection.jwt_key = self.create_draft().jwt_key
        connection.action_connect()
        self.assertEqual(connection.webhook_state, 'active', "Its own key was entered here")

    def test_copy_can_be_declared_the_real_one(self):
        connection = self.create_connected(notification_mode='poll')
        self.env['ir.config_parameter'].sudo().set_param('database.uuid', 'another')
        connection._update_problems()
        self.assertNotified(connection.problem_ids.action_mend(), 'success')
        self.assertFalse(connection.problem_ids)
        self.assertNotified(connection.action_register_webhook(), 'success')

    def test_test_notification_that_arrives(self):
        connection = self.create_connected()
        send = type(self.bank).send_test_webhook

        def arrive(bank, client_id, webhook_type):
            self.env['tochka.webhook.event'].sudo()._receive(
                b'a.b.c', {'webhookType': webhook_type, 'customerCode': '300123123'})
            return send(bank, client_id, webhook_type)

        for _again in range(2):  # the bank's sample is the same each time
            with patch.object(type(self.bank), 'send_test_webhook', arrive):
                self.assertNotified(connection.action_test_webhook(), 'success', "has arrived")

    def test_test_notification_that_does_not_arrive(self):
        connection = self.create_connected()
        self.startPatcher(patch.object(const, 'TEST_EVENT_SECONDS', 0.1))
        self.assertNotified(connection.action_test_webhook(), 'warning', "has not arrived", URL)
        self.bank.fail('send_test_webhook', errors.Rejected("answered with 503", audit_id='a-8'))
        self.assertNotified(
            connection.action_test_webhook(), 'danger', "answered with 503", 'a-8')

    def test_client_id_is_needed(self):
        connection = self.create_connected(notification_mode='poll')
        connection.client_id = False
        self.assertNotified(connection.action_register_webhook(), 'warning', "client ID is missing")
        self.assertEqual(self.bank.count('set_webhook'), 0)
