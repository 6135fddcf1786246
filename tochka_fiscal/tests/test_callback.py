# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import urllib.parse
from unittest.mock import patch

from werkzeug.wrappers import Request

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_fiscal import tuning
from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon


@tagged('post_install', '-at_install')
class TestCallback(FiscalCommon, HttpCase):
    """ The register's own word, signed, ends what no question could. """

    def setUp(self):
        super().setUp()
        self.receipt = self.pay_invoice()

    def post(self, key, signature='right', register=None):
        self.env.flush_all()
        register_id = (register or self.register).id
        response = self.url_open(
            f'/fiscal/callback/{register_id}', data=key.encode(),
            headers={'X-HMAC-Signature': signature, 'Content-Type': 'application/json'})
        self.env.invalidate_all()
        return response.status_code

    def test_result_of_a_lost_answer(self):
        self.till.fail(base.OutcomeUnknown("silence"), before=False)
        self.work()
        self.assertEqual(self.receipt.state, 'unknown')
        self.assertEqual(self.post(self.receipt.attempt_ids.key), 200)
        self.assertEqual(self.receipt.state, 'done')
        self.assertTrue(self.receipt.confirmed_at, "The buyer is told, whoever brings the word")
        self.assertFalse(self.receipt.activity_ids)
        self.assertEqual(self.post(self.receipt.attempt_ids.key), 200, "A repeat changes nothing")
        self.work()
        self.assertEqual(len(self.keys()), 1)

    def test_printed_stays_printed(self):
        self.work()
        self.work()
        self.till.till = 'failed'
        self.assertEqual(self.post(self.receipt.attempt_ids.key), 200)
        self.assertEqual(self.receipt.state, 'done')

    @mute_logger('odoo.addons.tochka_fiscal')
    def test_forged(self):
        self.work()
        self.assertEqual(self.post(self.receipt.attempt_ids.key, 'wrong'), 403)
        self.assertEqual(self.post('x' * (64 * 1024 + 1)), 413)
        self.assertEqual(self.receipt.state, 'accepted')
        self.assertEqual(self.url_open('/fiscal/callback/0', data=b'x').status_code, 404)

    @mute_logger('odoo.addons.tochka_fiscal')
    def test_junk(self):
        """ Whatever comes, the door answers by itself, and never by an error of the server. """
        for number in ('1%00', '%00', '-1', '0', str(2 ** 31), str(2 ** 63), '1' * 5000, 'x', '١'):
            answer = self.url_open(f'/fiscal/callback/{number}', data=b'x')
            self.assertEqual(answer.status_code, 404, number)
        for headers in (
            {'X-HMAC-Signature': 'подпись'.encode()}, {'X-HMAC-Signature': b'\xff\xfe'},
            {'Content-Type': 'application/x-www-form-urlencoded'},
            {'Content-Type': 'multipart/form-data'}, {'Content-Encoding': 'gzip'},
        ):
            answer = self.url_open(
                f'/fiscal/callback/{self.register.id}', data=b'\xff', headers=headers)
            self.assertEqual(answer.status_code, 403, headers)

    def test_size_is_looked_at_before_the_body_is_read(self):
        self.env.flush_all()
        with patch.object(Request, 'get_data', autospec=True) as read:
            read.side_effect = AssertionError("The body was read")
            answer = self.url_open(
                f'/fiscal/callback/{self.register.id}',
                data=b'x' * (tuning.MAX_CALLBACK_SIZE + 1),
                headers={'Content-Type': 'application/json'})
        self.assertEqual(answer.status_code, 413)

    def test_form(self):
        """ PayKeeper tells of itself by a form, which the framework reads before the door does. """
        self.work()
        seen = []
        self.till.parse_callback = lambda body, headers, url: (
            seen.append(body) or (self.receipt.attempt_ids.key, None))
        answer = self.url_open(f'/fiscal/callback/{self.register.id}', data={
            'receipt_key': 'a-1', 'status': 'успех'})
        self.assertEqual(answer.status_code, 200)
        self.assertEqual(dict(urllib.parse.parse_qsl(seen[0].decode())), {
            'receipt_key': 'a-1', 'status': 'успех'})

    def test_busy_receipt_is_told_later(self):
        self.work()
        with patch.object(type(self.receipt), '_lock', return_value=False):
            self.assertEqual(self.post(self.receipt.attempt_ids.key), 503)

    def test_address_goes_along(self):
        self.assertEqual(
            self.register.callback_url,
            f'https://odoo.example.com/fiscal/callback/{self.register.id}')
