# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import json
import logging
from functools import partial
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api.client import TochkaClient
from odoo.addons.tochka_acquiring.tests.common import CUSTOMER_CODE, INN, MERCHANT_ID
from odoo.addons.tochka_acquiring.tests.connection_common import (
    CLIENT_ID,
    BankServer,
    ConnectionCommon,
    make_certificate,
    make_key,
    pem,
)

CUSTOMERS, RETAILERS = 'GET open-banking/v1.0/customers', 'GET acquiring/v1.0/retailers'
WEBHOOK = f'webhook/v1.0/{CLIENT_ID}'
PERSON = {
    'customerCode': '301234569', 'customerType': 'Personal', 'taxCode': '990000001712',
    'shortName': "Secretova V.", 'fullName': "Secretova Vasilisa",
}
COMPANY = {
    'customerCode': CUSTOMER_CODE, 'customerType': 'Business', 'taxCode': INN,
    'shortName': "ООО «Ромашка»", 'isResident': True, 'aNewField': {'x': 1},
}
SHOP = {
    'merchantId': MERCHANT_ID, 'status': 'REG', 'isActive': 'true', 'name': "School",
    'paymentModes': ['card', 'sbp'], 'rate': 2.5, 'mcc': '8299', 'terminalId': '20000001',
}


class HttpCommon(ConnectionCommon):
    """ The connection and the real client, talking to a real server. """

    identity = None

    def setUp(self):
        super().setUp()
        path = 'odoo.addons.tochka_acquiring.models.connection.tochka_connection'
        self.startPatcher(patch(f'{path}.TochkaConnection._client', self.real_client))
        # Odoo compares timeouts of requests with a number during tests, so no pair is possible.
        self.startPatcher(patch(f'{path}.TochkaClient', partial(TochkaClient, timeout=10)))
        self.startPatcher(patch(
            'odoo.addons.tochka_acquiring.api.client.READ_RETRY_DELAYS', (0, 0)))
        self.server = BankServer(self.identity)
        self.addCleanup(self.server.stop)
        self.env['ir.config_parameter'].sudo().set_param(
            const.BASE_URL_PARAMETER, self.server.url)
        self.server.answer(CUSTOMERS, {'Customer': [PERSON, COMPANY]})
        self.server.answer(RETAILERS, {'Retailer': [SHOP]})

    def connect(self, kind, *texts, connection=None):
        connection = connection or self.create_draft()
        self.assertNotified(connection.action_connect(), kind, *texts)
        return connection


@tagged('post_install', '-at_install')
class TestConnectionHttp(HttpCommon):

    def test_connect(self):
        connection = self.connect('success')
        self.assertRecordValues(connection.merchant_ids, [{
            'merchant_id': MERCHANT_ID, 'is_usable': True, 'payment_modes': 'card,sbp',
            'company_id': self.company.id,
        }])
        self.assertEqual(connection.legal_entity_ids.mapped('customer_code'), [CUSTOMER_CODE])
        self.assertEqual(
            [(method, path) for method, path, _headers, _body in self.server.requests],
            [('GET', 'open-banking/v1.0/customers'), ('GET', 'acquiring/v1.0/retailers'),
             ('GET', 'open-banking/v1.0/accounts'),
             ('GET', f'sbp/v1.0/customer/{CUSTOMER_CODE}/044525104'),
             ('GET', WEBHOOK), ('PUT', WEBHOOK), ('GET', WEBHOOK)])
        for _method, _path, headers, _body in self.server.requests:
            self.assertEqual(headers['Authorization'], f'Bearer {connection.jwt_key}')

    def test_web_page_instead_of_json(self):
        self.server.answers[CUSTOMERS] = (200, 'text/html', b'<html>Maintenance</html>')
        connection = self.connect('danger', "not the JSON it promises")
        self.assertEqual(connection.state, 'draft')
        self.assertNotIn('Maintenance', self.trouble_of(connection))

    def test_senseless_json(self):
        for data in ({}, {'Customer': None}, {'Customer': ['x']}, {'Customer': [{}]}):
            with self.subTest(data):
                self.server.answer(CUSTOMERS, data)
                connection = self.connect('danger')
                self.assertEqual(connection.state, 'draft')
                self.assertTrue(self.trouble_of(connection))

    def test_refused_key(self):
        self.server.refuse(CUSTOMERS, 403, "Permission ReadCustomerData is missing", 'audit-403')
        connection = self.connect(
            'danger', "Permission ReadCustomerData is missing", "audit-403", "HTTP 403",
            "does not accept the key")
        self.assertFalse(connection.legal_entity_ids)

    def test_bank_that_is_down(self):
        self.server.stop()
        with patch.object(self.server, 'stop'):
            self.connect('danger', "can't be reached")

    def test_no_secret_and_no_person_in_logs_and_problems(self):
        connection = self.create_draft()
        key = connection.jwt_key
        self.server.refuse(
            RETAILERS, 403, f"Token {key} of vasilisa@example.com, +7 912 345-67-89, is refused")
        self.server.refuse(f'GET {WEBHOOK}', 500, f"Bearer {key}")
        # Odoo's loggers do not hand over to the root logger, which libraries write to.
        with self.assertLogs(level=logging.DEBUG) as library_logs, \
                self.assertLogs('odoo.addons', logging.DEBUG) as logs:
            self.connect('danger', "is refused", connection=connection)
            self.server.answer(RETAILERS, {'Retailer': [SHOP]})
            self.connect('success', connection=connection)
            connection.action_register_webhook()
            self.server.refuse(CUSTOMERS, 401, f"Bearer {key}")
            self.connect('danger', connection=connection)
            self.run_job('cron_refresh')
            connection.action_disconnect()
            self.cr.flush()
        records = library_logs.records + logs.records
        text = '\n'.join(r.getMessage() + str(r.exc_info or '') for r in records)
        self.assertIn('acquiring/v1.0/retailers: HTTP 403', text)
        text += '\n'.join([
            self.trouble_of(connection), *connection.message_ids.mapped('body'),
            *(str(note or '') for note in connection.activity_ids.mapped('note')),
        ])
        for secret in (key, key.split('.')[1], key.split('.')[2], 'vasilisa@', '345-67-89',
                       'Secretova', PERSON['taxCode']):
            self.assertNotIn(secret, text)

    def test_register_webhook(self):
        """ PUT makes a registration, POST changes one. Source: HOOKS of `const`. """
        connection = self.connect('success', connection=self.create_draft(notification_mode='poll'))
        self.assertEqual(connection.webhook_state, 'none')
        good = {'url': connection.webhook_url, 'webhooksList': [const.WEBHOOK_TYPE]}
        for method in ('PUT', 'POST'):
            self.server.answer(f'{method} {WEBHOOK}', good)
        connection.action_register_webhook()
        self.server.answer(f'GET {WEBHOOK}', {**good, 'url': 'https://crm.example.com'})
        self.assertNotified(connection.action_take_webhook(), 'warning')
        self.assertEqual(connection.webhook_state, 'other', "The bank's word counts")
        self.server.answer(f'GET {WEBHOOK}', good)
        connection.action_connect()
        self.assertEqual(connection.webhook_state, 'active')
        sent = [(m, json.loads(b)) for m, _path, _headers, b in self.server.requests if m != 'GET']
        self.assertEqual(sent, [('PUT', good), ('POST', good)])


@tagged('post_install', '-at_install')
class TestConnectionTls(HttpCommon):
    """ The bank's host shows a certificate that the usual trust stores do not know. """

    @classmethod
    def setUpClass(cls):
        cls.root = make_certificate("State Root")
        cls.identity = make_certificate("127.0.0.1", cls.root, is_ca=False)
        super().setUpClass()

    def test_says_what_to_do_and_works_with_the_certificate(self):
        connection = self.connect(
            'danger', "certificate of the bank's host is not trusted", "gosuslugi.ru/crt",
            "Never switch the verification off")
        self.assertEqual(self.server.requests, [], "The key is not sent to a stranger")
        connection.ca_file = self.encode(pem(self.root[0]).replace(b'\n', b'\r\n'))
        self.connect('success', connection=connection)
        self.assertEqual((connection.state, self.trouble_of(connection)), ('connected', ''))

    def test_other_authority_does_not_help(self):
        other = make_certificate("State Root")
        connection = self.create_draft(ca_file=self.encode(pem(other[0])))
        self.connect('danger', "is not trusted", connection=connection)
        self.assertEqual(self.server.requests, [])

    def test_trust_of_one_connection_is_not_another_ones(self):
        self.connect('success', connection=self.create_draft(
            ca_file=self.encode(pem(self.root[0]))))
        self.connect('danger', "is not trusted", connection=self.create_draft(jwt_key=make_key()))
