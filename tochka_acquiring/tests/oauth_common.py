# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import re
import urllib.parse
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import HttpCase

from odoo.addons.tochka_acquiring import const
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
            type(self.env['tochka.connection']), '_application',
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
        self.assertEqual(connection.state, 'connected', self.trouble_of(connection))
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
