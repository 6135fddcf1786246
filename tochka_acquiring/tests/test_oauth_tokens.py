# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import urllib.parse
from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import file_open, mute_logger

from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.oauth_common import QUIET, SECRET, OAuthCommon


@tagged('post_install', '-at_install')
class TestTokens(OAuthCommon):
    """ Renewed early, once, and never lost. Real workers are in `tests/reliability`. """

    def setUp(self):
        super().setUp()
        self.school = self.connect()
        self.token = self.school._token()
        self.application.asked.clear()

    def access(self, **options):
        self.env.flush_all()
        token = self.env['tochka.token'].sudo()._get_access(self.school, **options)
        self.env.invalidate_all()
        return token

    def move(self, **delta):
        self.token.access_expires_at = fields.Datetime.now() + timedelta(**delta)

    def activities(self):
        return self.school.problem_ids.filtered(
            lambda problem: problem.code == 'renewal').activity_id.filtered('active')

    def test_fresh_one_is_used(self):
        self.assertEqual(self.access(early=True), self.token.access_token)
        self.assertFalse(self.application.asked)

    def test_it_is_renewed_in_a_cursor_of_its_own(self):
        """ What the bank gave outlives the request; `tests/reliability` lets one fail. """
        cursors = []
        real = type(self.token)._renew

        def renew(token, *args):
            cursors.append(token.env.cr)
            return real(token, *args)

        self.patch(type(self.token), '_renew', renew)
        self.move(minutes=4)
        self.access()
        self.assertEqual(len(cursors), 1)
        self.assertIsNot(cursors[0], self.env.cr)

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
        self.school._update_problems()
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
        self.assertIn('a-5', self.school.problem_ids.filtered(
            lambda problem: problem.code == 'renewal').advice)
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
            self.env['tochka.token'].sudo()._get_access(self.school)
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
        for days, severity, is_asked in (
            (8, None, False), (6, '2_warning', True),
            # Whoever has done it is asked once more when it is high time, and not before.
            (5, '2_warning', False), (0, '1_danger', True),
        ):
            self.token.refresh_expires_at = fields.Datetime.now() + timedelta(days=days, hours=1)
            self.school._update_problems()
            problem = self.school.problem_ids.filtered(lambda one: one.code == 'expiry')
            self.assertEqual(problem.severity or None, severity)
            self.assertEqual(bool(problem.activity_id.active), is_asked)
            problem.activity_id.action_feedback()

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
