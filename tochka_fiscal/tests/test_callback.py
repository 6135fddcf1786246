# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from unittest.mock import patch

from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

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

    def test_busy_receipt_is_told_later(self):
        self.work()
        with patch.object(type(self.receipt), '_lock', return_value=False):
            self.assertEqual(self.post(self.receipt.attempt_ids.key), 503)

    def test_address_goes_along(self):
        self.assertEqual(
            self.register.callback_url,
            f'https://odoo.example.com/fiscal/callback/{self.register.id}')
