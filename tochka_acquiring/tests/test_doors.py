# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import base64
from unittest.mock import patch

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding
from lxml import html

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.payment import utils as payment_utils
from odoo.addons.tochka_acquiring import const, tuning
from odoo.addons.tochka_acquiring.models.connection.tochka_connection import TochkaConnection
from odoo.addons.tochka_acquiring.tests.balance_common import BalanceCommon
from odoo.addons.tochka_acquiring.tests.common import CUSTOMER_CODE
from odoo.addons.tochka_acquiring.tests.doors_common import DoorsCommon, dumps, st
from odoo.addons.tochka_acquiring.tests.test_webhook import WebhookCommon

REAL_CLIENT = TochkaConnection._client


@tagged('post_install', '-at_install')
class TestDoors(DoorsCommon, WebhookCommon, BalanceCommon):
    """ Every door of the add-on answers whatever comes, and never by an error of the server. """

    addon = 'tochka_acquiring'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.users'].sudo().with_context(no_reset_password=True).create([{
            'name': login, 'login': login, 'password': login, 'company_id': cls.company.id,
            'company_ids': [Command.set(cls.company.ids)],
            'group_ids': [Command.set(cls.env.ref(group).ids)], **values,
        } for login, group, values in (
            ('door_payer', 'base.group_portal', {'partner_id': cls.payer.id}),
            ('door_admin', 'base.group_system', {}),
        )])

    def test_doors(self):
        self.authenticate('door_payer', 'door_payer')
        self.knock_at_all()

    # === ADDRESSES === #

    def knock_tochka_webhook(self):
        self.knock_otherwise(const.WEBHOOK_ROUTE)

        def post(claims):
            self.knock(const.WEBHOOK_ROUTE, 'POST', data=self.sign_bytes(dumps(claims)),
                       headers={'Content-Type': 'text/plain'})

        names = [*self.claims(), 'exp', 'iat', 'nbf', 'aud', 'sub', 'iss', 'jti']
        self.fuzz(self.values(), post)
        # Ours, and each field says something that it should not.
        self.fuzz(st.dictionaries(st.sampled_from(names), self.values(), max_size=3),
                  lambda wrong: post({**self.claims(), **wrong}), 80)
        self.fuzz(self.texts(), lambda text: post(
            {**dict.fromkeys(self.claims(), text), 'customerCode': CUSTOMER_CODE,
             'webhookType': const.WEBHOOK_TYPE}))
        self.fuzz(st.binary(max_size=60), lambda payload: self.knock(
            const.WEBHOOK_ROUTE, 'POST', data=self.sign_bytes(payload)))
        # What was stored does not stop the lanes either.
        self.run_job('cron_process_events')
        self.assertFalse(self.events.search([('state', '=', 'new'), ('attempts', '=', 0)]))

    def sign_bytes(self, payload):
        """ Sign whatever it is: a real signature of the bank. """
        def part(content):
            return base64.urlsafe_b64encode(content).rstrip(b'=')

        signed = b'.'.join((part(b'{"alg":"RS256","typ":"JWT"}'), part(payload)))
        signature = self.key.sign(signed, padding.PKCS1v15(), hashes.SHA256())
        return b'.'.join((signed, part(signature)))

    def knock_tochka_return(self):
        self.knock_page(const.RETURN_ROUTE, 'reference', 'access_token', 'failed')
        self.knock_with_files(const.RETURN_ROUTE, 'reference', 'access_token', 'failed')
        transaction = self.create_linked_tx()
        token = payment_utils.generate_access_token(
            const.RETURN_ROUTE, transaction.reference, env=self.env)
        self.knock_page(const.RETURN_ROUTE, 'failed', 'x', fixed={
            'reference': transaction.reference, 'access_token': token}, examples=10)

    def knock_tochka_declined(self):
        self.knock_page(const.DECLINED_ROUTE, 'reference', 'access_token')
        self.knock_with_files(const.DECLINED_ROUTE, 'reference', 'access_token')

    def knock_with_files(self, url, *names, method='GET', **options):
        """ Odoo puts files that were sent among the parameters, of a GET as well. """
        for name in names:
            self.knock(url, method, files={name: ('x', b'x')}, **options)

    def knock_tochka_oauth_start(self):
        self.as_admin(lambda: self.knock_page(const.OAUTH_START_ROUTE, 'token'))
        self.as_admin(lambda: self.knock_with_files(const.OAUTH_START_ROUTE, 'token'))

    def knock_tochka_oauth_again(self):
        def knock():
            token = self.csrf_token()
            self.fuzz(self.texts(), lambda text: self.knock(const.OAUTH_AGAIN_ROUTE, 'POST', data={
                'csrf_token': token, 'connection_id': text.encode(errors='surrogatepass')}))
            for number in ('1' * 5000, str(10 ** 30), '١'):
                self.knock(const.OAUTH_AGAIN_ROUTE, 'POST', data={
                    'csrf_token': token, 'connection_id': number})
            self.knock_with_files(const.OAUTH_AGAIN_ROUTE, 'connection_id', method='POST',
                                  data={'csrf_token': token})
            self.knock_otherwise(const.OAUTH_AGAIN_ROUTE)
        self.as_admin(knock)

    def csrf_token(self):
        """ Return the token of the session that knocks. """
        from odoo.http import Request

        class Sent:
            session = self.session
            env = self.env

        return Request.csrf_token(Sent)

    def knock_tochka_oauth_return(self):
        self.as_admin(lambda: self.knock_page(
            const.OAUTH_RETURN_ROUTE, 'state', 'code', 'error', 'error_description'))
        self.as_admin(lambda: self.knock_with_files(
            const.OAUTH_RETURN_ROUTE, 'state', 'code', 'error'))

    def as_admin(self, knock):
        knock()  # who may not
        self.authenticate('door_admin', 'door_admin')
        knock()
        self.authenticate('door_payer', 'door_payer')

    # === THE PORTAL === #

    def knock_tochka_balance(self):
        self.knock_page(const.BALANCE_ROUTE, 'company_id', 'amount', examples=10)

    def knock_tochka_topup(self):
        self.knock_page(f'{const.BALANCE_ROUTE}/pay', 'company_id', 'amount', 'suggested',
                        'client_id', fixed={'company_id': str(self.company.id)})

    def pressed(self, **values):
        """ Return what a page sends when Pay is pressed. """
        return {
            'provider_id': self.provider.id, 'payment_method_id': self.card.id, 'token_id': None,
            'flow': 'redirect', 'tokenization_requested': False, 'landing_route': '/my',
            'is_validation': False, 'amount': 100.0, **values,
        }

    def knock_with_wrong(self, url, right, examples=40, needed=()):
        """ Press Pay, and say something wrong in some of what is said.

        :param Iterable[str] needed: What Odoo's own door breaks without, before it is ours.
        """
        names = [*right, 'tochka_offer_accepted', 'tochka_payer_email', 'reference_prefix', 'x']
        self.fuzz(
            st.tuples(st.dictionaries(st.sampled_from(names), self.values(), max_size=3),
                      st.sets(st.sampled_from(names), max_size=2)),
            lambda wrong: self.knock_rpc(url, {
                name: value for name, value in {**right, **wrong[0]}.items()
                if name not in wrong[1] or name in needed}), examples)
        self.fuzz(self.numbers(), lambda number: self.knock_rpc(url, {**right, 'amount': number}),
                  30)
        self.fuzz(self.values(), lambda value: self.knock_rpc(url, {**right, 'amount': value}), 20)

    def knock_tochka_topup_transaction(self):
        route = f'{const.BALANCE_ROUTE}/transaction/{self.company.id}/0'
        self.knock_with_wrong(route, self.pressed(access_token='x'))
        page = self.knock(f'{const.BALANCE_ROUTE}/pay', params={
            'company_id': self.company.id, 'amount': '100'})
        self.knock_with_files(
            f'{const.BALANCE_ROUTE}/pay', 'company_id', 'amount', 'suggested', 'client_id')
        [token] = html.fromstring(page.text).xpath(
            '//form[@id="o_payment_form"]/@data-access-token')
        self.knock_with_wrong(route, self.pressed(access_token=token))
        self.knock_rpc(f'{const.BALANCE_ROUTE}/transaction/{10 ** 30}/{10 ** 30}', self.pressed(
            access_token='x'))

    def knock_payment_pay(self):
        self.knock_page(
            '/payment/pay', 'reference', 'amount', 'currency_id', 'partner_id', 'company_id',
            'access_token', 'invoice_id', 'tochka_topup')
        amount = 100.0
        token = payment_utils.generate_access_token(
            self.payer.id, amount, self.rub.id, env=self.env)
        self.knock_page('/payment/pay', 'tochka_topup', 'reference', 'company_id', fixed={
            'amount': str(amount), 'currency_id': str(self.rub.id),
            'partner_id': str(self.payer.id), 'access_token': token}, examples=15)

    def knock_poll_status(self):
        self.fuzz(st.dictionaries(st.sampled_from(['csrf_token', 'x']), self.values(), max_size=2),
                  lambda params: self.knock_rpc('/payment/status/poll', params), 10)

    def test_doors_of_odoo_that_lead_to_us(self):
        """ Odoo's own routes by which a page of an invoice or of a link begins a payment. """
        invoice = self.create_invoice(1000.0)
        self.authenticate('door_payer', 'door_payer')
        self.knock_with_wrong(f'/invoice/transaction/{invoice.id}', self.pressed(
            access_token=invoice._portal_ensure_token()), needed=['access_token'])
        self.fuzz(self.numbers(), self.knock_at_signed_amount, 40)

    def knock_at_signed_amount(self, amount):
        """ Whoever may make links can sign any amount. """
        token = payment_utils.generate_access_token(
            self.payer.id, amount and float_or(amount), self.rub.id, env=self.env)
        values = self.pressed(
            amount=amount, currency_id=self.rub.id, partner_id=self.payer.id, access_token=token)
        try:
            float(amount)
        except OverflowError:
            return  # Odoo's own route ends here.
        self.knock_rpc('/payment/transaction', values)

    # === WHO WAITS === #

    def test_a_person_who_waits_is_not_kept(self):
        """ A silent bank is given up soon where a browser waits for the page. """
        asked = []
        self.startPatcher(patch.object(
            type(self.env['tochka.connection']), '_client',
            lambda _connection, quick=False: (asked.append(quick), self.bank)[1]))
        transaction = self.create_linked_tx()
        token = payment_utils.generate_access_token(
            const.RETURN_ROUTE, transaction.reference, env=self.env)
        self.authenticate(None, None)
        asked.clear()
        self.knock(const.RETURN_ROUTE, params={
            'reference': transaction.reference, 'access_token': token})
        self.knock_rpc('/payment/status/poll', {'csrf_token': self.csrf_token()})
        self.assertEqual(set(asked), {True})

    def test_quick_is_quick(self):
        """ Short waits, and nothing is tried again. """
        module = 'odoo.addons.tochka_acquiring.models.connection.tochka_connection'
        self.env.flush_all()
        self.env.cr.execute(
            "UPDATE tochka_connection SET jwt_key = 'key' WHERE id = %s", [self.connection.id])
        self.env.invalidate_all()
        connection = self.connection.sudo()
        with patch(f'{module}.TochkaClient', autospec=True) as made:
            for quick in (True, False):
                REAL_CLIENT(connection, quick=quick)
        first, second = (call.kwargs for call in made.call_args_list)
        self.assertEqual((first['timeout'], first['read_delays']), (const.QUICK_TIMEOUT, ()))
        self.assertLessEqual(sum(const.QUICK_TIMEOUT), 8)
        self.assertFalse({'timeout', 'read_delays'} & second.keys())

    # === HOW MUCH MAY BE BEGUN === #

    def test_one_document_makes_few_links(self):
        invoice = self.create_invoice(1000.0)
        self.authenticate('door_payer', 'door_payer')
        url = f'/invoice/transaction/{invoice.id}'
        for kopecks in range(tuning.MAX_OPEN_LINKS + 5):
            answer = self.knock_rpc(url, self.pressed(
                access_token=invoice._portal_ensure_token(), amount=100.0 + kopecks / 100))
        self.assertIn("Too many payments", answer['error']['data']['message'])
        self.assertEqual(self.bank.count('create_payment'), tuning.MAX_OPEN_LINKS)
        # The first link is still handed out, and other documents are paid.
        again = self.knock_rpc(url, self.pressed(
            access_token=invoice._portal_ensure_token(), amount=100.0))
        self.assertIn('result', again)
        other = self.create_invoice(1000.0)
        self.assertIn('result', self.knock_rpc(f'/invoice/transaction/{other.id}', self.pressed(
            access_token=other._portal_ensure_token(), amount=100.0)))

    def test_top_up_has_its_limit_at_every_door(self):
        answer = {}
        for amount in (float(const.MAX_TOPUP) + 1, 20_000_000.0):
            token = payment_utils.generate_access_token(
            self.payer.id, amount, self.rub.id, env=self.env)
            answer = self.knock_rpc('/payment/transaction', self.pressed(
                amount=amount, currency_id=self.rub.id, partner_id=self.payer.id,
                access_token=token))
            self.assertIn("more than can be paid in", answer['error']['data']['message'])
        self.assertFalse(self.bank.count('create_payment'))


def float_or(amount):
    """ Return the amount as Odoo's route signs it. """
    try:
        return float(amount)
    except OverflowError:
        return amount
