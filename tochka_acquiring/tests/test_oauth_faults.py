# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import urllib.parse
from dataclasses import replace
from datetime import timedelta, timezone
from unittest.mock import patch

import psycopg2
from lxml import etree

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.oauth_common import QUIET, OAuthCommon

OTHER_INN = '7736207543'


@tagged('post_install', '-at_install')
class TestConsentFaults(OAuthCommon):
    """ Nothing that the bank gave is lost in silence, and there is always a way on. """

    def consent_anew(self, connection):
        """ Open the bank's page from the form. :return: The state that the bank is given. """
        url = connection.action_open_consent()['url']
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))['state']

    def keep_after(self, failures):
        """ Let the writing of new tokens fail so many times. """
        keep = type(self.env['tochka.authorization'])._keep_tokens
        left = [psycopg2.errors.SerializationFailure("renewed at the same moment")] * failures

        def keep_or_fail(authorization, tokens):
            if left:
                raise left.pop()
            return keep(authorization, tokens)

        return patch.object(
            type(self.env['tochka.authorization']), '_keep_tokens', keep_or_fail)

    def test_tokens_outlive_a_renewal_at_the_same_moment(self):
        connection = self.connect()
        before = connection._token().access_token
        state = self.consent_anew(connection)
        with self.keep_after(1):
            self.come_back(state, code='code-2')
        self.assertNotEqual(connection._token().access_token, before)
        last = self.env['tochka.authorization'].sudo().search([], limit=1)
        self.assertEqual(last.state, 'granted')

    def test_tokens_that_can_not_be_kept_are_told(self):
        connection = self.connect()
        state = self.consent_anew(connection)
        with self.keep_after(99):
            response = self.come_back(state, code='code-2')
        self.assertIn("could not keep it", response.text)
        last = self.env['tochka.authorization'].sudo().search([], limit=1)
        self.assertEqual(last.state, 'failed')
        self.assertEqual(connection._token().access_token, 'access-1')

    def shown_buttons(self, connection):
        """ Return the names of the buttons that the form shows. """
        form = etree.fromstring(connection.get_views([(False, 'form')])['views']['form']['arch'])
        values = {name: connection[name] for name in ('auth_method', 'setup_step', 'state')}
        return [
            button.get('name') for button in form.xpath('//header/button')
            if not safe_eval(button.get('invisible') or 'False', values)
        ]

    @mute_logger(QUIET)
    def test_consent_that_opens_too_little_can_be_given_again(self):
        """ One box was unticked on the bank's page. """
        connection = self.create_application()
        self.log_in()
        state = self.go_to_bank(connection)
        self.bank.fail('retailers', errors.Unauthorized("Missing permission", http_status=403))
        self.come_back(state)
        self.assertEqual((connection.state, connection.setup_step), ('waiting', 'granted'))
        self.assertIn('action_open_consent', self.shown_buttons(connection))
        problem = connection.problem_ids
        self.assertEqual((problem.code, problem.action_name), ('access', 'action_open_consent'))
        self.assertIn("Missing permission", problem.advice)
        # What the consent opens later is read by the job.
        self.run_job('cron_refresh')
        self.assertEqual(connection.state, 'connected')
        self.assertFalse(connection.problem_ids)

    @mute_logger(QUIET)
    def test_consent_is_kept_when_its_data_can_not_be(self):
        """ Whatever goes wrong inside of Odoo, the administrator is not told to begin anew. """
        connection = self.create_application()
        self.log_in()
        state = self.go_to_bank(connection)
        with patch.object(type(connection), '_load_data', side_effect=ZeroDivisionError):
            response = self.come_back(state)
        self.assertEqual(response.status_code, 303)
        self.assertEqual(connection.setup_step, 'granted')
        self.run_job('cron_refresh')
        self.assertEqual(connection.state, 'connected')

    def test_bank_tells_when_the_consent_ends(self):
        connection = self.connect()
        end = fields.Datetime.now() + timedelta(days=5)
        self.bank.consent_answer = replace(
            self.bank.consent_answer, expires_at=end.replace(tzinfo=timezone.utc))
        connection.action_connect()
        self.assertEqual(connection.consent_expires_at, end)
        self.assertIn('expiry', connection.problem_ids.mapped('code'))


@tagged('post_install', '-at_install')
class TestRenewalFaults(OAuthCommon):
    """ Only the bank's own word ends a refresh token, and the right person is asked. """

    def setUp(self):
        super().setUp()
        self.school = self.connect()
        self.token = self.school._token()
        self.application.asked.clear()

    def refuse(self, error, **left):
        self.token.access_expires_at = fields.Datetime.now() + timedelta(**left)
        self.application.failures = [error]
        with mute_logger(QUIET):
            self.run_job('cron_renew_access')

    def activities(self):
        return self.school.problem_ids.filtered(
            lambda problem: problem.code == 'renewal').activity_id.filtered('active')

    def test_what_a_gateway_says_is_not_final(self):
        self.refuse(errors.Unauthorized("Forbidden", http_status=403), hours=10)
        self.assertEqual(self.token.renewal, 'lost')
        self.assertFalse(self.activities())
        self.refuse(errors.Rejected("Not found", http_status=404), hours=5)
        self.assertEqual(len(self.activities()), 1, "Time runs short")
        self.refuse(errors.Rejected("Not found", http_status=404), hours=4)
        self.assertEqual(len(self.activities()), 1, "Once")
        self.run_job('cron_renew_access')
        self.assertFalse(self.token.renewal)
        self.assertFalse(self.activities(), "Well again")
        self.assertEqual(self.application.asked, [('refresh', 'refresh-1')] * 4)

    def test_corrected_secret_is_tried(self):
        self.refuse(errors.Unauthorized(
            "invalid_client", http_status=401, error_code='invalid_client'), hours=10)
        self.assertEqual(self.token.renewal, 'refused')
        self.run_job('cron_renew_access')
        self.assertEqual(len(self.application.asked), 1, "Final")
        self.school.client_secret = 'the-right-secret'
        self.run_job('cron_renew_access')
        self.assertFalse(self.token.renewal)
        self.assertFalse(self.activities())

    def test_who_can_not_mend_it_is_not_asked(self):
        """ The administrator who has connected the bank is none any more. """
        former = self.create_user('base.group_user', 'former')
        self.env.flush_all()
        self.env.cr.execute('UPDATE tochka_connection SET create_uid = %s', [former.id])
        self.env.invalidate_all()
        self.refuse(errors.Rejected("used", http_status=400), hours=2)
        self.assertTrue(self.activities().user_id.has_group('base.group_system'))

    def test_copy_under_another_name_asks_once(self):
        """ PostgreSQL copies the uuid as well. """
        uuid = self.school.database_identity.partition('/')[0]
        self.school.database_identity = f'{uuid}/production'
        self.token.access_expires_at = fields.Datetime.now() + timedelta(minutes=4)
        for _hour in range(2):
            self.run_job('cron_renew_access')
        self.assertFalse(self.application.asked)
        asked = self.school.problem_ids.activity_id.filtered('active')
        self.assertEqual(len(asked), 1)
        self.school.action_adopt_database()
        self.assertFalse(self.activities())
        self.run_job('cron_renew_access')
        self.assertEqual(len(self.application.asked), 1)


@tagged('post_install', '-at_install')
class TestInn(OAuthCommon):
    """ A company's INN that changes stops no other company. """

    def test_changed_inn_is_a_problem_and_the_rest_goes_on(self):
        connection = self.connect()
        entity = connection.legal_entity_ids.filtered('company_id')
        entity.company_id.vat = OTHER_INN
        connection.checked_at = False
        self.run_job('cron_refresh')
        self.assertEqual(connection.state, 'connected')
        self.assertTrue(connection.checked_at)
        [problem] = connection.problem_ids.filtered(lambda p: p.code == 'inn')
        self.assertIn(OTHER_INN, problem.advice)
        self.assertEqual(problem.company_id, entity.company_id)
        with self.assertRaises(ValidationError):
            entity.company_id = entity.company_id

    def test_inn_that_the_bank_changes_leaves_the_company(self):
        connection = self.connect()
        entity = connection.legal_entity_ids.filtered('company_id')
        customer = self.bank.customer_list[0]
        self.bank.customer_list[0] = replace(customer, inn=OTHER_INN)
        connection.action_connect()
        self.assertEqual(connection.state, 'connected')
        self.assertEqual(entity.inn, OTHER_INN)
        self.assertFalse(entity.company_id)
        self.assertIn('entity', connection.problem_ids.mapped('code'))

    def test_company_that_is_taken_away(self):
        connection = self.connect()
        other = self.create_company("Vasilyok", OTHER_INN)
        connection.provider_ids.write({'state': 'disabled', 'is_published': False})
        connection.company_ids = other
        connection = connection.sudo()
        self.assertFalse(connection.legal_entity_ids.company_id)
        connection.action_connect()
        self.assertEqual(connection.state, 'connected')

    def test_registry_number_of_a_company_with_another_inn(self):
        self.company.write({'vat': OTHER_INN, 'company_registry': self.bank.customer_list[0].inn})
        connection = self.connect()
        self.assertFalse(connection.legal_entity_ids.company_id)

    @mute_logger(QUIET)
    def test_what_keeps_the_data_out_is_seen(self):
        connection = self.connect()
        with patch.object(type(connection), '_load_data',
                          side_effect=ValidationError("The shop is wrong.")):
            self.run_job('cron_refresh')
        self.assertEqual(connection.state, 'attention')
        self.assertIn("The shop is wrong.", self.trouble_of(connection))
        self.assertTrue(connection.activity_ids)
