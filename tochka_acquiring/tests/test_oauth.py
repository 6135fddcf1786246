# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import re
import urllib.parse
from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import file_open, mute_logger

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.api.oauth import Consent, Tokens
from odoo.addons.tochka_acquiring.tests.connection_common import ConnectionCommon

SECRET = 'secret-of-the-school'
EVERYTHING = tuple(name for names in const.FEATURE_PERMISSIONS.values() for name in names)
QUIET = 'odoo.addons.tochka_acquiring'


class FakeApplication:
    """ A double of the application's side of OAuth: the bank gives what it is asked for. """

    def __init__(self, bank):
        self.bank = bank
        self.asked = []
        self.count = 0
        self.failures = []

    def _pair(self):
        self.count += 1
        return Tokens(f'access-{self.count}', f'refresh-{self.count}', 86400)

    def create_consent(self, permissions):
        self.asked.append(('consent', permissions))
        if self.failures:
            raise self.failures.pop(0)
        return 'consent-1'

    def authorize_url(self, consent_id, state, redirect_uri):
        return 'https://bank.example.com/connect/authorize?' + urllib.parse.urlencode({
            'state': state, 'consent_id': consent_id, 'redirect_uri': redirect_uri})

    def exchange_code(self, code, redirect_uri):
        self.asked.append(('code', code, redirect_uri))
        if self.failures:
            raise self.failures.pop(0)
        return self._pair()

    def refresh(self, refresh_token):
        self.asked.append(('refresh', refresh_token))
        if self.failures:
            raise self.failures.pop(0)
        return self._pair()


class OAuthCommon(ConnectionCommon, HttpCase):
    """ An administrator who connects an application. """

    def setUp(self):
        super().setUp()
        self.application = FakeApplication(self.bank)
        self.startPatcher(patch.object(
            type(self.env['tochka.connection']), '_tochka_application',
            lambda _connection, quick=False: self.application))
        self.bank.consent_answer = Consent('consent-1', 'Authorised', EVERYTHING)
        self.env['ir.config_parameter'].sudo().set_param('web.base.url', self.base_url())
        self.env.user.sudo().write({'email': 'owner@example.com', 'password': 'owner-password'})

    def create_application(self, **values):
        return self.env['tochka.connection'].create({
            'name': "School", 'environment': 'custom', 'client_id': 'school',
            'client_secret': SECRET, 'company_ids': [Command.set(self.company.ids)], **values,
        })

    def mails(self):
        return self.env['mail.mail'].sudo().search(
            [('model', '=', 'tochka.authorization')], order='id')

    def link(self, number=-1):
        body = self.mails()[number].body_html
        return re.search(r'href="([^"]+oauth/start[^"]+)"', body)[1].replace('&amp;', '&')

    def log_in(self, login='admin', password='owner-password'):
        self.env.flush_all()
        self.authenticate(login, password)

    def open(self, url, **options):
        self.env.flush_all()
        response = self.url_open(url, allow_redirects=False, **options)
        self.env.invalidate_all()
        return response

    def go_to_bank(self, connection, link=None):
        """ Open the e-mailed link. :return: The state that the bank is given. """
        response = self.open(link or self.link())
        location = response.headers.get('Location', '')
        self.assertIn('bank.example.com', location, response.text[:500])
        return dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(location).query))['state']

    def come_back(self, state, code='code-1', **values):
        query = urllib.parse.urlencode({'state': state, 'code': code, **values})
        return self.open(f'{const.OAUTH_RETURN_ROUTE}?{query}')

    def connect(self, **values):
        """ Go the whole way. :return: The connection. """
        connection = self.create_application(**values)
        self.log_in()
        self.come_back(self.go_to_bank(connection))
        self.assertEqual(connection.state, 'connected', connection.problem)
        return connection

    def rows(self):
        """ Return all that a wrong visitor must not change. """
        self.env.flush_all()
        result = []
        for table in ('tochka_connection', 'tochka_token', 'tochka_authorization'):
            self.env.cr.execute(f'SELECT * FROM {table} ORDER BY id')
            result += self.env.cr.fetchall()
        return result

    def create_user(self, group, login):
        return self.env['res.users'].with_context(no_reset_password=True).create({
            'name': login, 'login': login, 'password': 'password-of-user',
            'email': f'{login}@example.com', 'company_id': self.company.id,
            'company_ids': [Command.set(self.company.ids)],
            'group_ids': [Command.set([self.env.ref(group).id])],
        })


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
                self.assertFalse(connection._tochka_token())

    @mute_logger(QUIET + '.models.tochka_connection_oauth')
    def test_consent_without_data_can_be_loaded_later(self):
        connection = self.create_application()
        self.log_in()
        state = self.go_to_bank(connection)
        self.bank.fail('customers', errors.OutcomeUnknown("silence"))
        self.come_back(state)
        self.assertEqual((connection.state, connection.setup_step), ('waiting', 'granted'))
        self.assertIn("silence", connection.problem)
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
        self.assertEqual(connection._tochka_permission_state('ManageWebhookData'), 'missing')
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
        old = connection._tochka_token().access_token
        self.log_in()
        url = connection.action_open_consent()['url']
        self.assertEqual(connection._tochka_token().access_token, old, "It works until then")
        state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(url).query))['state']
        self.come_back(state, code='code-2')
        self.assertNotEqual(connection._tochka_token().access_token, old)
        self.assertEqual(len(self.env['tochka.token'].sudo().search([])), 1)


EVERYTHING_ASKED = tuple(
    name for feature in ('payments', 'notifications', 'accounts', 'sbp')
    for name in const.FEATURE_PERMISSIONS[feature])


@tagged('post_install', '-at_install')
class TestTokens(OAuthCommon):
    """ Renewed early, once, and never lost. Real workers are in `tests/reliability`. """

    def setUp(self):
        super().setUp()
        self.school = self.connect()
        self.token = self.school._tochka_token()
        self.application.asked.clear()

    def access(self, **options):
        self.env.flush_all()
        token = self.env['tochka.token'].sudo()._tochka_get_access(self.school, **options)
        self.env.invalidate_all()
        return token

    def move(self, **delta):
        self.token.access_expires_at = fields.Datetime.now() + timedelta(**delta)

    def activities(self):
        kind = self.env.ref('tochka_acquiring.mail_activity_consent')
        return self.school.activity_ids.filtered(lambda a: a.activity_type_id == kind)

    def test_fresh_one_is_used(self):
        self.assertEqual(self.access(early=True), self.token.access_token)
        self.assertFalse(self.application.asked)

    def test_job_renews_when_half_of_the_life_is_over(self):
        self.move(hours=11)
        self.assertEqual(self.access(), 'access-1', "A payment does not wait for it")
        self.run_job('cron_renew_access')
        self.assertEqual(self.token.access_token, 'access-2')
        self.assertEqual(self.application.asked, [('refresh', 'refresh-1')])
        self.assertGreater(self.token.refresh_expires_at,
                           fields.Datetime.now() + timedelta(days=29))

    def test_caller_renews_at_the_last_minutes(self):
        self.move(minutes=4)
        self.assertEqual(self.access(), 'access-2')

    @mute_logger(QUIET + '.models.tochka_token')
    def test_lost_answer(self):
        self.move(minutes=4)
        for failure in (errors.OutcomeUnknown("silence"), errors.NotSent("nobody there")):
            self.application.failures = [failure]
            self.assertEqual(self.access(), 'access-1', "The access works on")
        self.assertEqual(self.token.renewal, 'lost')
        self.school._tochka_update_problems()
        self.assertEqual(self.school.problem_ids.mapped('code'), ['renewal'])
        self.assertEqual(self.access(), 'access-2', "The old refresh token is tried again")
        self.assertEqual([a[1] for a in self.application.asked], ['refresh-1'] * 3)
        self.assertFalse(self.token.renewal)

    @mute_logger(QUIET + '.models.tochka_token', QUIET + '.models.tochka_connection_oauth')
    def test_refused(self):
        self.move(hours=2)
        self.application.failures = [errors.Rejected("used", http_status=400, audit_id='a-5')]
        for _hour in range(3):
            self.run_job('cron_renew_access')
        self.assertEqual(self.token.renewal, 'refused')
        self.assertEqual(len(self.application.asked), 1, "It is not tried for ever")
        self.assertEqual(len(self.activities()), 1)
        self.assertIn('a-5', self.activities().note)
        self.assertEqual(self.access(), 'access-1', "To its end")
        self.move(seconds=-1)
        with self.assertRaisesRegex(errors.Unauthorized, "consent anew"):
            self.access()
        state = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(
            self.school.action_open_consent()['url']).query))['state']
        self.come_back(state, code='code-2')
        self.assertFalse(self.activities())
        self.assertEqual(self.access(), self.token.access_token)

    def test_rolled_back_request_keeps_the_new_pair(self):
        self.move(minutes=4)
        self.env.flush_all()
        with self.assertRaises(ZeroDivisionError), self.cr.savepoint():
            self.env['tochka.token'].sudo()._tochka_get_access(self.school)
            raise ZeroDivisionError
        # (in tests all cursors share one connection: the row itself is checked with real workers)
        self.assertEqual(self.application.asked, [('refresh', 'refresh-1')])

    def test_copy_of_the_database_renews_nothing(self):
        self.env['ir.config_parameter'].sudo().set_param('database.uuid', 'another')
        self.move(minutes=4)
        self.assertEqual(self.access(early=True), 'access-1')
        self.move(seconds=-1)
        with self.assertRaises(errors.Unauthorized):
            self.access()
        self.assertFalse(self.application.asked)

    def test_warned_a_week_and_a_day_before(self):
        for days, count in ((8, 0), (7, 1), (6, 1), (1, 2), (0, 2)):
            self.token.refresh_expires_at = fields.Datetime.now() + timedelta(days=days, hours=1)
            # A new end is a new warning; the same end is told once for each threshold.
            with freeze_time(fields.Datetime.now()):
                self.school._tochka_warn_before_expiry()
            found = self.school.activity_ids.filtered(lambda a: 'consent' in (a.summary or ''))
            self.assertGreaterEqual(len(found), count, days)
        self.assertTrue(found)

    def test_nobody_reads_them(self):
        for model in ('tochka.token',):
            with self.assertRaisesRegex(Exception, "not allowed|access"):
                self.env[model].search([]).read(['access_token'])

    def test_neutralized_copy_can_do_nothing(self):
        with file_open('tochka_acquiring/data/neutralize.sql') as script:
            self.env.flush_all()
            self.env.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertFalse(self.env['tochka.token'].sudo().search([]))
        self.assertFalse(self.env['tochka.authorization'].sudo().search([]))
        self.assertRecordValues(self.school, [{
            'client_id': False, 'client_secret': False, 'state': 'disconnected',
            'public_url': False,
        }])

    def test_disconnect_forgets_the_consent(self):
        self.school.action_disconnect()
        self.assertFalse(self.env['tochka.token'].sudo().search([]))
        self.assertFalse(self.school.client_secret)

    def test_no_secret_in_the_log(self):
        self.move(minutes=4)
        with self.assertLogs('odoo.addons', 'DEBUG') as logs:
            self.application.failures = [errors.OutcomeUnknown("silence")]
            self.access()
            self.access()
            self.school.action_connect()
        text = '\n'.join(record.getMessage() for record in logs.records)
        for secret in (SECRET, 'access-1', 'refresh-1', 'access-2', 'refresh-2'):
            self.assertNotIn(secret, text)


@tagged('post_install', '-at_install')
class TestProblems(OAuthCommon):
    """ What is wrong is named with how to mend it, and goes away when it is mended. """

    def test_each_problem_has_its_words(self):
        connection = self.connect()
        day = '2026-12-01 10:00:00'
        for code, subject, params in (
            ('access', '', {'problem': "x"}), ('certificate', '', {'problem': "x"}),
            ('renewal', '', {'lost': True, 'until': day}),
            ('renewal', 'r', {'lost': False, 'until': day}),
            ('expiry', 'key', {'at': day}), ('expiry', 'consent', {'at': day}),
            ('expiry', 'certificate', {'at': day}), ('permission', 'sbp', {'names': ['A']}),
            ('webhook', '', {}), ('webhook_foreign', '', {'url': 'https://x.example.com'}),
            ('address', '', {'old': 'a', 'new': 'b'}), ('copy', '', {}),
            ('clock', '', {'seconds': 300}), ('entity', '1', {'name': "E", 'inn': '1'}),
            ('provider', '1', {'id': self.provider.id}), ('warning', '1', {'id': self.provider.id}),
        ):
            problem = self.env['tochka.problem'].sudo().create({
                'connection_id': connection.id, 'code': code, 'subject': subject,
                'params': params, 'severity': '3_info'})
            with self.subTest(code=code, subject=subject):
                self.assertTrue(problem.title)
                if problem.action_name:
                    self.assertTrue(problem.action_label)
                    self.assertTrue(hasattr(connection, problem.action_name))
            problem.unlink()

    def test_clock(self):
        self.bank.clock_difference = 3600
        connection = self.connect()
        self.assertEqual(connection.problem_ids.mapped('code'), ['clock'])
        self.assertIn('3600', connection.problem_ids.advice)
        self.bank.clock_difference = 1
        connection.action_connect()
        self.assertFalse(connection.problem_ids)
        self.assertIn("All is well", connection.health_summary)

    def test_legal_entity_without_a_company(self):
        connection = self.connect()
        connection.legal_entity_ids.company_id = False
        connection._tochka_update_problems()
        self.assertEqual(connection.problem_ids.code, 'entity')

    def test_accountant_reads_and_mends_nothing(self):
        connection = self.connect()
        connection.webhook_state = 'none'
        connection._tochka_update_problems()
        accountant = self.create_user('account.group_account_manager', 'accountant-problems')
        problem = connection.problem_ids.with_user(accountant)
        self.assertTrue(problem.title)
        with self.assertRaisesRegex(Exception, "not allowed|access"):
            problem.action_mend()
        other = self.create_company("Elsewhere", '7736207543')
        accountant.write({'company_ids': [Command.set(other.ids)], 'company_id': other.id})
        self.assertFalse(self.env['tochka.problem'].with_user(accountant).with_context(
            allowed_company_ids=other.ids).search([]))
