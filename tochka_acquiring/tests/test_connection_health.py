# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from freezegun import freeze_time

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.api.operation import Customer
from odoo.addons.tochka_acquiring.tests.common import CUSTOMER_CODE
from odoo.addons.tochka_acquiring.tests.connection_common import (
    ConnectionCommon,
    make_certificate,
    make_key,
    pem,
)

FAILURES = (
    errors.Unauthorized("Missing permission ReadCustomerData", http_status=403, audit_id='a-1'),
    errors.Rejected("customerCode is wrong", http_status=400, audit_id='a-2'),
    errors.NotSent("The bank can't be reached."),
    errors.TlsError("The certificate of the bank's host is not trusted."),
    errors.OutcomeUnknown("The bank did not answer in time."),
)


@tagged('post_install', '-at_install')
class TestConnectionFailure(ConnectionCommon):
    """ A person learns what is wrong, once, and it is kept. """

    def warnings_of(self, connection):
        kind = self.env.ref('tochka_acquiring.mail_activity_connection')
        return connection.activity_ids.filtered(lambda a: a.activity_type_id == kind)

    def test_first_check_fails(self):
        for failure in FAILURES:
            with self.subTest(type(failure).__name__):
                connection = self.create_draft()
                self.bank.fail('customers', failure)
                self.assertNotified(connection.action_connect(), 'danger', str(failure))
                self.assertEqual(connection.state, 'draft')
                self.assertIn(failure.message, self.trouble_of(connection))
                if failure.audit_id:
                    self.assertIn(failure.audit_id, self.trouble_of(connection))
                self.assertFalse(connection.legal_entity_ids or connection.checked_at)

    def test_wrong_key_says_what_to_do(self):
        connection = self.create_draft()
        self.bank.fail('customers', FAILURES[0])
        connection.action_connect()
        self.assertIn("paste the new key here", self.trouble_of(connection))

    def test_refresh_that_fails_asks_a_person_once(self):
        connection = self.create_connected()
        for failure in FAILURES:
            self.bank.fail('customers', failure)
            self.assertNotified(connection.action_connect(), 'danger')
            self.assertEqual(connection.state, 'attention')
            self.assertIn(failure.message, self.trouble_of(connection))
        self.assertEqual(len(self.warnings_of(connection)), 1)
        self.assertEqual(self.warnings_of(connection).user_id, connection._responsible())
        self.assertEqual(self.provider.state, 'enabled', "Customers may still pay")

    def test_well_again_and_ill_again(self):
        connection = self.create_connected()
        for _time in range(2):
            self.bank.fail('customers', FAILURES[2])
            connection.action_connect()
            self.assertEqual(len(self.warnings_of(connection)), 1)
            self.assertNotified(connection.action_connect(), 'success')
            self.assertEqual((connection.state, self.trouble_of(connection)), ('connected', ''))
            self.assertFalse(self.warnings_of(connection))

    def test_disconnected_is_left_alone(self):
        connection = self.create_connected()
        connection.action_disconnect()
        connection._report_problem(FAILURES[0])  # a payment was on its way
        self.assertEqual(connection.state, 'disconnected')
        self.assertFalse(self.warnings_of(connection))

    def test_half_an_answer_changes_nothing(self):
        connection = self.create_connected()
        shop = connection.merchant_ids
        self.bank.customer_list = [Customer('301234568', 'Business', name="New")]
        self.bank.retailer_lists['301234568'] = []
        self.bank.fail('retailers', FAILURES[4])
        connection.action_connect()
        self.assertEqual(connection.merchant_ids, shop)
        self.assertEqual(connection.legal_entity_ids.customer_code, CUSTOMER_CODE)

    def test_key_of_a_person_only(self):
        self.bank.customer_list = self.bank.customer_list[1:]
        connection = self.create_draft()
        self.assertNotified(connection.action_connect(), 'danger', "access to no company")
        self.assertFalse(connection.legal_entity_ids)

    def test_whoever_keeps_the_books_is_asked(self):
        """ Not whoever has set the connection up: the integrator is gone, and knows no books. """
        company = self.env['res.company'].create({'name': "Other"})
        connection = self.env['tochka.connection'].sudo().create({
            'name': "Theirs", 'company_ids': company.ids})
        self.assertEqual(connection._responsible(), self.env.ref('base.user_admin'))
        users = [self.env['res.users'].sudo().create({
            'name': login, 'login': login, 'company_id': company.id, 'company_ids': company.ids,
            'group_ids': [self.env.ref(group).id],
        }) for login, group in (
            ('integrator', 'base.group_system'), ('clerk', 'account.group_account_invoice'),
            ('chief', 'account.group_account_manager'))]
        self.assertEqual(connection._responsible(), users[2])
        users[2].active = False
        self.assertEqual(connection._responsible(), users[1])
        provider = self.create_provider(name="Theirs", state='disabled', is_published=False)
        provider.sudo().write({
            'company_id': company.id, 'tochka_connection_id': connection.id,
            'tochka_responsible_id': users[0].id})
        self.assertEqual(provider._tochka_responsible(), users[0])
        self.assertEqual(connection._responsible(), users[0])
        users[0].active = False
        self.assertEqual(provider._tochka_responsible(), users[1], "Who left is not asked")


@tagged('post_install', '-at_install')
class TestConnectionJob(ConnectionCommon):
    """ The nightly refresh. """

    def test_refreshes_what_is_connected(self):
        connected, ill, gone = (self.create_connected() for _count in range(3))
        self.bank.fail('customers', FAILURES[2])
        ill.action_connect()
        gone.action_disconnect()
        draft = self.create_draft()
        (connected + ill + gone + draft).checked_at = False
        self.run_job('cron_refresh')
        self.assertTrue(connected.checked_at and ill.checked_at)
        self.assertFalse(gone.checked_at or draft.checked_at)
        self.assertEqual(ill.state, 'connected')

    def test_one_failure_does_not_stop_the_others(self):
        self.connection.sudo().state = 'disconnected'  # The others are asked in their order.
        first, second = self.create_connected(name="A"), self.create_connected(name="B")
        (first + second).checked_at = False
        self.bank.fail('customers', FAILURES[0])
        with self.assertLogs('odoo.addons.tochka_acquiring', 'WARNING'):
            self.run_job('cron_refresh')
        self.assertEqual(first.state, 'attention')
        self.assertEqual(second.state, 'connected')
        self.assertTrue(second.checked_at)


@tagged('post_install', '-at_install')
class TestConnectionExpiry(ConnectionCommon):
    """ The key and the certificates are renewed in time. """

    END = datetime(2027, 3, 1, 12, 0, tzinfo=timezone.utc)

    def expiry(self, connection):
        return connection.problem_ids.filtered(lambda one: one.code == 'expiry')

    def follow_through_time(self, connection):
        """ Run the check twice a day, and return how urgent it was, and how often it was asked. """
        seen = {}
        for days in (40, 31, 29, 8, 6, 0, -1, -30):
            with freeze_time(self.END - timedelta(days=days)):
                for _time in range(2):
                    connection._update_problems()
                problem = self.expiry(connection)
                seen[days] = problem.severity or None
                self.assertLessEqual(len(problem.activity_id), 1)
        return seen

    EXPECTED = {
        40: None, 31: None, 29: '2_warning', 8: '2_warning', 6: '1_danger', 0: '1_danger',
        -1: '1_danger', -30: '1_danger'}

    def test_key(self):
        connection = self.create_connected(jwt_key=make_key(expires_at=self.END))
        self.assertEqual(self.follow_through_time(connection), self.EXPECTED)
        problem = self.expiry(connection)
        self.assertEqual(problem.activity_id.date_deadline, self.END.date())
        self.assertEqual(problem.activity_id.user_id, connection._responsible())
        self.assertIn("JWT key", problem.title)

    def test_certificate(self):
        certificate, _key = make_certificate("Test Root", not_after=self.END)
        connection = self.create_connected(
            jwt_key=make_key(), ca_file=self.encode(pem(certificate)))
        self.assertEqual(self.follow_through_time(connection), self.EXPECTED)

    def test_without_an_end_nobody_is_asked(self):
        connection = self.create_connected()
        self.assertFalse(connection.key_expires_at)
        connection._update_problems()
        self.assertFalse(self.expiry(connection))

    def test_what_was_done_does_not_come_back_and_a_new_key_does(self):
        connection = self.create_connected(jwt_key=make_key(expires_at=self.END))
        with freeze_time(self.END - timedelta(days=20)):
            connection._update_problems()
            self.expiry(connection).activity_id.action_feedback()
            connection._update_problems()
            self.assertFalse(self.expiry(connection).activity_id.active)
            self.assertTrue(self.expiry(connection), "Whoever does the activity mends nothing")
        renewed = self.END + timedelta(days=90)
        connection.jwt_key = make_key(expires_at=renewed)
        connection._update_problems()
        with freeze_time(renewed - timedelta(days=20)):
            connection._update_problems()
            self.assertEqual(self.expiry(connection).activity_id.date_deadline, renewed.date())

    def test_the_job_warns_even_when_the_bank_refuses(self):
        connection = self.create_connected(
            jwt_key=make_key(expires_at=datetime.now(timezone.utc) + timedelta(days=5)))
        self.connection.sudo().state = 'disconnected'
        self.bank.fail('customers', FAILURES[0])
        with self.assertLogs('odoo.addons.tochka_acquiring', 'WARNING'):
            self.run_job('cron_refresh')
        self.assertTrue(self.expiry(connection).activity_id)
        self.assertEqual(connection.state, 'attention')


@tagged('post_install', '-at_install')
class TestConnectionAddress(ConnectionCommon):
    """ Where the key is sent. """

    def test_addresses(self):
        for environment, url in (
            ('production', 'https://enter.tochka.com/uapi/'),
            ('custom', 'http://127.0.0.1:9/uapi/'),
        ):
            connection = self.create_draft(environment=environment)
            self.assertEqual(connection._base_url(), url)
        sandbox = self.create_draft(
            environment='bank_sandbox', jwt_key=const.BANK_SANDBOX_TOKEN)
        self.assertEqual(sandbox._base_url(), 'https://enter.tochka.com/sandbox/v2/')

    def test_public_key_lies_on_the_same_host(self):
        self.assertEqual(
            self.create_draft()._public_key_url(),
            'http://127.0.0.1:9/doc/openapi/static/keys/public')
        self.assertEqual(
            self.create_draft(environment='production')._public_key_url(),
            'https://enter.tochka.com/doc/openapi/static/keys/public')

    def test_parameter_that_can_not_be_used(self):
        connection = self.create_draft()
        for value, text in (
            (False, "Set the system parameter tochka_acquiring.base_url"),
            ('enter.tochka.com', "not an address"),
            ('http://enter.tochka.com/uapi/', "must begin with https"),
        ):
            self.env['ir.config_parameter'].sudo().set_param(const.BASE_URL_PARAMETER, value)
            with self.subTest(value), self.assertRaisesRegex(errors.NotSent, text):
                connection._base_url()

    def test_bank_sandbox_is_only_checked(self):
        """ Its answers are canned: a provider on it would book payments that never happened. """
        connection = self.create_connected(
            environment='bank_sandbox', jwt_key=const.BANK_SANDBOX_TOKEN)
        self.assertEqual(connection.webhook_state, 'unknown')
        self.assertEqual(self.bank.count('get_webhook'), 0)
        with self.assertRaisesRegex(UserError, "canned answers"):
            self.create_provider(
                name="Sandbox", tochka_connection_id=connection.id,
                tochka_merchant_id=connection.merchant_ids.id)

    def test_client_gets_the_key_and_the_certificates(self):
        certificate, _key = make_certificate("Test Root")
        connection = self.create_draft(ca_file=self.encode(pem(certificate)))
        module = 'odoo.addons.tochka_acquiring.models.connection.tochka_connection'
        with patch(f'{module}.TochkaClient') as client:
            self.real_client(connection)
        client.assert_called_once_with(
            'http://127.0.0.1:9/uapi/', connection.jwt_key, ca_pem=pem(certificate).decode(),
            deadline=None)

    def test_without_a_key_nothing_is_asked(self):
        connection = self.create_draft(jwt_key=False)
        with self.assertRaisesRegex(errors.Unauthorized, "has no key"):
            self.real_client(connection)
