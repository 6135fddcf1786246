# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import re
import urllib.parse
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.api.oauth import Consent
from odoo.addons.tochka_acquiring.tests.oauth_common import EVERYTHING, QUIET, OAuthCommon

EVERYTHING_ASKED = tuple(
    name for feature in ('payments', 'notifications', 'accounts', 'sbp')
    for name in const.FEATURE_PERMISSIONS[feature])


@tagged('post_install', '-at_install')
class TestConsent(OAuthCommon):
    """ From the saved Client_secret to the loaded data, and everything that can go wrong. """

    def test_whole_way(self):
        connection = self.create_application()
        self.assertEqual((connection.state, connection.setup_step), ('waiting', 'sent'))
        self.log_in()
        state = self.go_to_bank(connection)
        self.assertEqual(self.application.asked[-1], ('consent', EVERYTHING_ASKED))
        response = self.come_back(state)
        self.assertIn(f'/odoo/tochka-connections/{connection.id}', response.headers['Location'])
        self.assertEqual((connection.state, connection.setup_step), ('connected', 'loaded'))
        self.assertEqual(self.application.asked[-1][1:], (
            'code-1', self.base_url() + const.OAUTH_RETURN_ROUTE))
        self.assertTrue(connection.merchant_ids and connection.consent_given_at)
        self.assertFalse(connection.missing_permissions)

    def test_one_mail_to_who_has_saved(self):
        connection = self.create_application()
        mail = self.mails()
        self.assertEqual(len(mail), 1)
        self.assertIn('owner@example.com', mail.email_to)
        self.assertFalse(mail.recipient_ids)
        connection.name = "Renamed"
        self.assertEqual(len(self.mails()), 1)
        stored = self.env['tochka.authorization'].sudo().search([])
        secret = urllib.parse.parse_qs(urllib.parse.urlsplit(self.link()).query)['token'][0]
        self.assertNotIn(secret, str(stored.read()))

    def test_who_has_no_mail_can_go_on_in_the_form(self):
        self.env.user.sudo().email = False
        connection = self.create_application()
        self.assertFalse(self.mails())
        self.assertEqual(connection.setup_step, 'saved')
        self.assertNotified(connection.action_send_confirmation(), 'warning', "no e-mail")
        self.assertIn('bank.example.com', connection.action_open_consent()['url'])

    def test_jwt_key_sends_no_mail(self):
        self.create_draft()
        self.assertFalse(self.mails())

    def test_consent_asks_for_what_is_chosen(self):
        for values, wanted in (
            ({}, {'payments', 'notifications', 'accounts', 'sbp'}),
            ({'use_sbp': False}, {'payments', 'notifications', 'accounts'}),
            ({'use_accounts': False, 'use_sbp': False, 'notification_mode': 'poll'}, {'payments'}),
        ):
            with self.subTest(values):
                self.create_application(**values).action_open_consent()
                asked = self.application.asked[-1][1]
                self.assertEqual(set(asked), {
                    name for feature in wanted for name in const.FEATURE_PERMISSIONS[feature]})

    def test_link_works_once(self):
        connection = self.create_application()
        self.log_in()
        self.go_to_bank(connection)
        response = self.open(self.link())
        self.assertEqual(response.status_code, 200)
        self.assertIn("already used", response.text)
        self.assertIn('o_tochka_new_link', response.text)

    def test_newer_link_replaces_the_older(self):
        connection = self.create_application()
        connection.action_send_confirmation()
        self.log_in()
        self.assertIn("replaced", self.open(self.link(0)).text)
        self.go_to_bank(connection)

    def test_expired_link(self):
        self.create_application()
        self.log_in()
        authorization = self.env['tochka.authorization'].sudo().search([])
        authorization.link_expires_at = fields.Datetime.now() - timedelta(seconds=1)
        self.assertIn("has expired", self.open(self.link()).text)
        self.assertFalse(self.application.asked)

    def test_unknown_link(self):
        self.log_in()
        for token in ('', 'x', '%C3%A9'):
            self.assertIn("not known", self.open(f'{const.OAUTH_START_ROUTE}?token={token}').text)

    def test_silent_bank_leaves_the_link_good(self):
        connection = self.create_application()
        self.log_in()
        self.application.failures = [errors.NotSent("The bank can't be reached.")]
        self.assertIn("be reached", self.open(self.link()).text)
        self.go_to_bank(connection)

    def test_link_for_another_administrator(self):
        self.create_application()
        other = self.create_user('base.group_system', 'second-admin')
        self.log_in(other.login, 'password-of-user')
        before = self.rows()
        self.assertIn("another administrator", self.open(self.link()).text)
        self.assertEqual(self.rows(), before)

    def test_new_link(self):
        connection = self.create_application()
        self.log_in()
        page = self.open(f'{const.OAUTH_START_ROUTE}?token=x').text
        self.assertNotIn('o_tochka_new_link', page, "Of which connection?")
        self.go_to_bank(connection)
        page = self.open(self.link()).text
        self.assertIn('o_tochka_new_link', page)
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page)[1]
        for csrf, count in (('', 1), (token, 2)):
            self.open(const.OAUTH_AGAIN_ROUTE, data={
                'connection_id': connection.id, 'csrf_token': csrf})
            self.assertEqual(len(self.mails()), count)

    @mute_logger(QUIET + '.controllers.oauth')
    def test_nobody_but_administrators(self):
        connection = self.create_application()
        self.log_in()
        state = self.go_to_bank(connection)
        connection.action_send_confirmation()
        for group in ('base.group_portal', 'base.group_user', 'account.group_account_manager'):
            user = self.create_user(group, f'user-{group.rpartition(".")[2]}')
            self.log_in(user.login, 'password-of-user')
            before = self.rows()
            for url in (self.link(), f'{const.OAUTH_RETURN_ROUTE}?state={state}&code=stolen'):
                with self.subTest(group=group, url=url):
                    self.assertEqual(self.open(url).status_code, 403)
            self.assertEqual(self.rows(), before)
        self.env.flush_all()
        self.authenticate(None, None)
        self.assertIn('/web/login', self.open(self.link()).headers['Location'])
        self.assertFalse([asked for asked in self.application.asked if asked[0] == 'code'])

    @mute_logger(QUIET + '.controllers.oauth')
    def test_state_is_good_for_one_answer_of_one_person(self):
        connection = self.create_application()
        self.log_in()
        state = self.go_to_bank(connection)
        other = self.create_user('base.group_system', 'second-admin')
        self.log_in(other.login, 'password-of-user')
        before = self.rows()
        self.assertIn("Another administrator", self.come_back(state).text)
        self.assertEqual(self.rows(), before)
        self.log_in()
        self.assertIn("no request of this Odoo", self.come_back('forged').text)
        self.assertIn("no request of this Odoo", self.come_back('').text)
        self.assertEqual(self.rows(), before)
        self.come_back(state)
        tokens = self.env['tochka.token'].sudo().search([]).read()
        self.assertIn("already used", self.come_back(state, code='another').text)
        self.assertEqual(self.env['tochka.token'].sudo().search([]).read(), tokens)
        self.assertEqual(len([a for a in self.application.asked if a[0] == 'code']), 1)

    @mute_logger(QUIET + '.controllers.oauth')
    def test_expired_state(self):
        connection = self.create_application()
        self.log_in()
        state = self.go_to_bank(connection)
        self.env['tochka.authorization'].sudo().search([]).state_expires_at = (
            fields.Datetime.now() - timedelta(seconds=1))
        self.assertIn("has expired", self.come_back(state).text)
        self.assertEqual(connection.state, 'waiting')

    def test_refused_consent(self):
        connection = self.create_application()
        self.log_in()
        state = self.go_to_bank(connection)
        response = self.come_back(state, code='', error='access_denied')
        self.assertIn("refused on the bank", response.text)
        self.assertEqual((connection.state, connection.setup_step), ('waiting', 'sent'))
        self.assertIn('access_denied', connection.authorization_problem)

    @mute_logger(QUIET + '.models.tochka_authorization')
    def test_expired_code_and_lost_answer(self):
        for failure in (
            errors.Rejected("The code has expired", http_status=400, error_code='invalid_grant'),
            errors.OutcomeUnknown("The bank did not answer in time."),
        ):
            with self.subTest(failure):
                connection = self.create_application()
                self.log_in()
                state = self.go_to_bank(connection)
                self.application.failures = [failure]
                response = self.come_back(state)
                self.assertIn(failure.message, response.text)
                self.assertIn('o_tochka_new_link', response.text)
                self.assertEqual(connection.setup_step, 'sent')
                self.assertFalse(connection._token())

    @mute_logger(QUIET + '.models.tochka_connection_oauth')
    def test_consent_without_data_can_be_loaded_later(self):
        connection = self.create_application()
        self.log_in()
        state = self.go_to_bank(connection)
        self.bank.fail('customers', errors.OutcomeUnknown("silence"))
        self.come_back(state)
        self.assertEqual((connection.state, connection.setup_step), ('waiting', 'granted'))
        self.assertIn("silence", self.trouble_of(connection))
        self.assertNotified(connection.action_connect(), 'success')
        self.assertEqual(connection.setup_step, 'loaded')

    def test_data_without_consent(self):
        connection = self.create_application()
        self.bank.fail('customers', errors.Unauthorized("no"))
        self.assertNotified(connection.action_connect(), 'danger', "give the consent anew")

    def test_permissions_that_were_left_out(self):
        self.bank.consent_answer = Consent('consent-1', 'Authorised', tuple(
            name for name in EVERYTHING if name not in ('ManageWebhookData', 'EditSBPData')))
        connection = self.connect()
        self.assertEqual(connection._permission_state('ManageWebhookData'), 'missing')
        self.assertIn("Notifications of payments: ManageWebhookData",
                      connection.missing_permissions)
        self.assertIn("Faster Payments System (SBP): EditSBPData", connection.missing_permissions)
        self.assertFalse(connection.unknown_permissions)
        problems = connection.problem_ids.filtered(lambda p: p.code == 'permission')
        self.assertEqual(set(problems.mapped('subject')), {'notifications', 'sbp'})
        self.assertEqual(set(problems.mapped('action_name')), {'action_open_consent'})

    def test_revoked_consent(self):
        connection = self.connect()
        self.bank.consent_answer = Consent('consent-1', 'Revoked', EVERYTHING)
        self.assertNotified(connection.action_connect(), 'danger', "not valid at the bank any more")
        self.assertEqual(connection.state, 'attention')
        problem = connection.problem_ids.filtered(lambda p: p.code == 'access')
        self.assertEqual(problem.action_name, 'action_open_consent')

    def test_permissions_can_be_changed_later(self):
        connection = self.connect()
        old = connection._token().access_token
        self.log_in()
        url = connection.action_open_consent()['url']
        self.assertEqual(connection._token().access_token, old, "It works until then")
        state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))['state']
        self.come_back(state, code='code-2')
        self.assertNotEqual(connection._token().access_token, old)
        self.assertEqual(len(self.env['tochka.token'].sudo().search([])), 1)
