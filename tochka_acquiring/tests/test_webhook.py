# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import json
from datetime import timedelta
from unittest.mock import patch

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

from odoo import fields
from odoo.tests import HttpCase, tagged

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.api.text import payment_link_id
from odoo.addons.tochka_acquiring.tests.common import CUSTOMER_CODE, TochkaCommon


def make_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def to_jwk(key):
    return {name: value for name, value in json.loads(
        RSAAlgorithm.to_jwk(key.public_key())).items() if name in ('kty', 'n', 'e')}


class WebhookCommon(TochkaCommon, HttpCase):
    """ A bank that signs notifications. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.key = make_key()
        cls.foreign_key = make_key()

    def setUp(self):
        super().setUp()
        self.bank.jwk = to_jwk(self.key)
        self.events = self.env['tochka.webhook.event']

    def sign(self, claims, key=None):
        return jwt.encode(claims, key or self.key, algorithm='RS256')

    def claims(self, transaction=None, **values):
        return {
            'customerCode': CUSTOMER_CODE,
            'amount': '100000.00',
            'paymentType': 'sbp',
            'operationId': transaction.tochka_operation_id if transaction else 'unknown-1',
            'paymentLinkId': transaction.tochka_payment_link_id if transaction else 'unknown-1',
            'purpose': "Lessons",
            'webhookType': 'acquiringInternetPayment',
            'merchantId': self.merchant.merchant_id,
            'status': 'APPROVED',
            'payerName': "Ivan Ivanovich I.",
            **values,
        }

    def post(self, body, content_type='text/plain'):
        self.env.flush_all()
        response = self.url_open(
            const.WEBHOOK_ROUTE, data=body, headers={'Content-Type': content_type}, timeout=30,
            method='POST')
        self.env.invalidate_all()
        return response

    def events_of(self, transactions):
        """ Return the notifications of transactions. """
        return self.events.search([('operation_id', 'in', [
            transaction.tochka_operation_id for transaction in transactions])])


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestWebhook(WebhookCommon):

    def test_payment_is_stored_answered_and_then_booked(self):
        transaction = self.create_linked_tx()
        self.bank.pay(transaction.tochka_operation_id, 'sbp')
        response = self.post(self.sign(self.claims(transaction)))
        self.assertEqual(response.status_code, 200)
        self.assertNotIn('Set-Cookie', response.headers)
        event = self.events.search([('operation_id', '=', transaction.tochka_operation_id)])
        self.assertEqual(event.state, 'new')
        self.assertEqual(transaction.state, 'draft', "Nothing is booked while the bank waits")
        self.run_job('cron_process_events')
        self.assertEqual(event.state, 'done')
        self.assertEqual(event.transaction_id, transaction)
        self.assertEqual(event.company_id, self.company)
        self.assertEqual(transaction.state, 'done')

    def test_nothing_is_booked_from_its_content(self):
        """ A genuine notification of a paid operation that the bank itself does not call paid. """
        transaction = self.create_linked_tx()
        self.assertEqual(self.post(self.sign(self.claims(transaction))).status_code, 200)
        self.run_job('cron_process_events')
        self.assertEqual(transaction.state, 'draft')

    def test_foreign_test_event_gets_200_and_leaves_no_personal_data(self):
        body = self.sign(self.claims(customerCode='300123123', operationId='beeac8a4'))
        self.assertEqual(self.post(body).status_code, 200)
        event = self.events.search([], order='id desc', limit=1)
        self.assertEqual(event.state, 'ignored')
        self.assertFalse(event.payload)
        self.assertFalse(event.operation_id)
        self.assertFalse(event.customer_code)
        self.assertFalse(event.company_id)

    def test_other_types_are_ignored(self):
        body = self.sign(self.claims(webhookType='incomingPayment'))
        self.assertEqual(self.post(body).status_code, 200)
        self.assertEqual(self.events.search([], order='id desc', limit=1).state, 'ignored')

    def test_refused_bodies_change_nothing(self):
        good = self.sign(self.claims())
        header, payload, signature = good.split('.')
        hmac_body = jwt.encode(self.claims(), 'x' * 32, algorithm='HS256')
        cases = [
            (b'', 'text/plain', 400),
            (b'hello', 'text/plain', 400),
            (json.dumps(self.claims()).encode(), 'application/json', 400),
            (good.encode(), 'application/x-www-form-urlencoded', 400),
            (f'{header}.{payload}.'.encode(), 'text/plain', 400),
            (jwt.encode(self.claims(), None, algorithm='none').encode(), 'text/plain', 400),
            (hmac_body.encode(), 'text/plain', 403),
            (self.sign(self.claims(), self.foreign_key).encode(), 'text/plain', 403),
            (f'{header}.{payload[:-4]}AAAA.{signature}'.encode(), 'text/plain', 403),
            (b'a' * (const.MAX_WEBHOOK_SIZE + 1), 'text/plain', 413),
        ]
        before = self.events.search_count([])
        for body, content_type, status in cases:
            with self.subTest(body=body[:30], content_type=content_type):
                self.assertEqual(self.post(body, content_type).status_code, status)
        self.assertEqual(self.events.search_count([]), before)

    def test_first_test_event_comes_while_the_connection_is_being_made(self):
        """ The bank registers the address only if the event gets 200. """
        for values in ({'jwt_key': 'a.b.c'}, {'client_secret': 'x'}):
            self.env.cr.execute(
                "UPDATE tochka_connection"
                " SET state = 'draft', jwt_key = NULL, client_secret = NULL")
            self.env.registry.clear_cache('stable')  # as a write does
            self.env.invalidate_all()
            self.assertEqual(self.post(self.sign(self.claims())).status_code, 503)
            [(name, value)] = values.items()
            self.env.cr.execute(f"UPDATE tochka_connection SET {name} = %s", [value])
            self.env.invalidate_all()
            self.assertEqual(self.post(self.sign(self.claims())).status_code, 200)

    def test_no_key_means_send_again(self):
        self.bank.jwk = None
        self.assertEqual(self.post(self.sign(self.claims())).status_code, 503)
        self.bank.jwk = to_jwk(self.key)
        self.env['tochka.webhook.key'].search([]).requested_at = (
            fields.Datetime.now() - timedelta(minutes=5))
        self.assertEqual(self.post(self.sign(self.claims())).status_code, 200)

    def test_rotated_key_is_fetched_once_and_the_old_one_stays_valid(self):
        self.assertEqual(self.post(self.sign(self.claims())).status_code, 200)
        new_key = make_key()
        self.bank.jwk = to_jwk(new_key)
        self.env['tochka.webhook.key'].search([]).requested_at = (
            fields.Datetime.now() - timedelta(minutes=5))
        self.assertEqual(self.post(self.sign(self.claims(amount='1.00'), new_key)).status_code, 200)
        self.assertEqual(self.post(self.sign(self.claims(amount='2.00'))).status_code, 200)
        self.assertEqual(self.bank.count('public_key'), 2)
        # Nobody sends again what was signed so long ago; a key that was stolen ends as well.
        self.env['tochka.webhook.key'].search([]).changed_at -= timedelta(days=2)
        self.assertEqual(self.post(self.sign(self.claims(amount='3.00'))).status_code, 403)

    def test_forged_ones_do_not_make_us_call_the_bank(self):
        self.post(self.sign(self.claims()))
        for _time in range(5):
            self.post(self.sign(self.claims(), self.foreign_key))
        self.assertEqual(self.bank.count('public_key'), 1)

    def test_characters_that_no_database_keeps(self):
        """ A valid signature over them is answered with 200 and kept, with a mark for each. """
        names = [name for name, value in self.claims().items() if isinstance(value, str)]
        for bad in ('\x00', 'a\x00b', '\ud800', '\udfff\x00'):
            for name in names:
                with self.subTest(name, bad=bad.encode('unicode_escape')):
                    claims = self.claims(**{'operationId': f'op-{name}-{bad!r}', name: bad})
                    self.assertEqual(self.post(self.sign(claims)).status_code, 200)
        claims = self.claims(**{'a\x00': ['\x00', {'\ud800': '\x00'}]})
        self.assertEqual(self.post(self.sign(claims)).status_code, 200)
        kept = self.events.search([('payload', '!=', False)])
        self.assertGreater(len(kept), 30)
        self.assertIn('\ufffd', ''.join(kept.mapped('payload')))
        self.run_job('cron_process_events')
        self.assertFalse(kept.filtered(lambda event: event.state == 'new'))

    def test_repeat_counts_up_and_asks_for_one_more_reading(self):
        transaction = self.create_linked_tx()
        body = self.sign(self.claims(transaction))
        for _time in range(3):
            self.assertEqual(self.post(body).status_code, 200)
        event = self.events.search([('operation_id', '=', transaction.tochka_operation_id)])
        self.assertEqual(len(event), 1)
        self.assertEqual(event.repeat_count, 2)
        self.run_job('cron_process_events')
        self.assertEqual(event.state, 'failed', "The bank's list lags behind its notification")
        self.bank.pay(transaction.tochka_operation_id)
        self.post(body)
        self.assertEqual(event.state, 'new')
        self.run_job('cron_process_events')
        self.assertEqual(transaction.state, 'done')

    def test_one_notification_written_in_many_ways_is_kept_once(self):
        """ Whoever has one that the bank has signed can't fill the inbox with it. """
        body = self.sign(self.claims(operationId='many-1'))
        for ending in ('', '\n', ' \n', '\t\t'):
            self.assertEqual(self.post(body + ending).status_code, 200)
        self.assertEqual(self.events.search_count([('operation_id', '=', 'many-1')]), 1)

    def test_webhook_before_the_transaction_commits(self):
        """ The bank is faster than the request that creates the transaction. """
        self.post(self.sign(self.claims(operationId='early-1', paymentLinkId='early-1')))
        event = self.events.search([('operation_id', '=', 'early-1')])
        self.run_job('cron_process_events')
        self.assertEqual(event.state, 'failed')
        self.assertTrue(event.next_try_at)
        transaction = self.create_linked_tx()
        self.bank.add(operation_id='early-1', payment_link_id='early-1', status='APPROVED',
                      amount=transaction._tochka_amount())
        transaction.write({'tochka_operation_id': 'early-1', 'tochka_payment_link_id': 'early-1'})
        event.next_try_at = fields.Datetime.now()
        self.run_job('cron_process_events')
        self.assertEqual(event.state, 'done')
        self.assertEqual(transaction.state, 'done')

    def test_unmatched_payment_stays_visible(self):
        uuid = self.env['ir.config_parameter'].sudo().get_param('database.uuid')
        ours = payment_link_id('LOST-1', uuid)
        for link_id, activities in ((ours, 1), ('other-system', 0)):
            self.post(self.sign(self.claims(operationId=link_id, paymentLinkId=link_id)))
            event = self.events.search([('operation_id', '=', link_id)])
            event.write({'received_at': fields.Datetime.now() - timedelta(hours=2)})
            self.run_job('cron_process_events')
            self.assertEqual(event.state, 'orphan')
            self.assertEqual(len(event.activity_ids), activities)

    def test_silent_bank_is_asked_again_at_growing_delays(self):
        transaction = self.create_linked_tx()
        self.bank.pay(transaction.tochka_operation_id)
        self.post(self.sign(self.claims(transaction)))
        event = self.events.search([('operation_id', '=', transaction.tochka_operation_id)])
        delays = []
        for _time in range(3):
            self.bank.fail('get_payment', errors.OutcomeUnknown("silence"))
            event.next_try_at = fields.Datetime.now()
            self.run_job('cron_process_events')
            self.assertEqual(event.state, 'failed')
            delays.append((event.next_try_at - fields.Datetime.now()).total_seconds())
        self.assertEqual(delays, sorted(delays))
        event.next_try_at = fields.Datetime.now()
        self.run_job('cron_process_events')
        self.assertEqual(event.state, 'done')
        self.assertEqual(transaction.state, 'done')

    def test_misfit_is_done_and_told(self):
        transaction = self.create_linked_tx()
        self.bank.pay(transaction.tochka_operation_id)
        self.bank.change(transaction.tochka_operation_id, amount=1)
        self.post(self.sign(self.claims(transaction)))
        self.run_job('cron_process_events')
        event = self.events.search([('operation_id', '=', transaction.tochka_operation_id)])
        self.assertEqual(event.state, 'done')
        self.assertTrue(event.problem)
        self.assertEqual(transaction.state, 'draft')

    def test_personal_data_is_deleted_after_the_companys_period(self):
        self.post(self.sign(self.claims()))
        self.post(self.sign(self.claims(customerCode='300123123')))
        event = self.events.search([('operation_id', '=', 'unknown-1')])
        self.assertIn('Ivan', event.sudo().payload)
        self.company.tochka_inbox_days = 10
        event.received_at = fields.Datetime.now() - timedelta(days=9)
        self.events._gc_personal_data()
        self.assertTrue(event.sudo().payload)
        event.received_at = fields.Datetime.now() - timedelta(days=11)
        self.events._gc_personal_data()
        self.assertFalse(event.sudo().payload)
        self.assertTrue(event.exists(), "What happened stays")
        ignored = self.events.search([('state', '=', 'ignored')])
        ignored.write({'received_at': fields.Datetime.now() - timedelta(days=40)})
        self.events._gc_personal_data()
        self.assertFalse(ignored.exists())

    def test_names_stay_out_of_the_log(self):
        with self.assertLogs('odoo.addons.tochka_acquiring', 'DEBUG') as logs:
            self.post(self.sign(self.claims()))
        self.assertNotIn('Ivan', '\n'.join(logs.output))

    def test_connection_set_up_wrongly_does_not_disturb_the_others(self):
        self.env['ir.config_parameter'].sudo().set_param('tochka_acquiring.base_url', 'nonsense')
        self.connection.environment = 'production'
        self.connection.copy({'environment': 'custom', 'state': 'connected'}).state = 'connected'
        self.assertEqual(self.post(self.sign(self.claims())).status_code, 200)

    def test_access_that_can_not_be_renewed_is_tried_once(self):
        """ The service of access hangs: one call, not one for each notification. """
        for _count in range(3):
            self.post(self.sign(self.claims(self.create_linked_tx())))
        with patch.object(
            type(self.connection), '_client', side_effect=errors.NotSent("no access"),
        ) as asked:
            self.run_job('cron_process_events')
        self.assertEqual(asked.call_count, 1)

    def test_one_that_breaks_does_not_stop_the_others(self):
        transactions = [self.create_linked_tx(), self.create_linked_tx()]
        for transaction in transactions:
            self.bank.pay(transaction.tochka_operation_id)
            self.post(self.sign(self.claims(transaction)))
        self.bank.fail('get_payment', ZeroDivisionError("a defect"))
        with self.assertLogs('odoo.addons.tochka_acquiring', 'ERROR'):
            self.run_job('cron_process_events')
        events = self.events.search([('operation_id', 'in', [
            transaction.tochka_operation_id for transaction in transactions])])
        self.assertEqual(sorted(events.mapped('state')), ['done', 'failed'])

    def test_get_is_refused(self):
        self.assertEqual(self.url_open(const.WEBHOOK_ROUTE).status_code, 405)
