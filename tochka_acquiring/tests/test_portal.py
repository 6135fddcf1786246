# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import re
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment.tests.http_common import PaymentHttpCommon
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.common import TochkaCommon
from odoo.addons.tochka_acquiring.utils import is_local_route


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestPortal(TochkaCommon, PaymentHttpCommon, HttpCase):
    """ What the payer's browser meets. """

    def pay_route(self, invoice, method=None, amount=None, provider=None, **values):
        self.env.flush_all()
        response = self._make_json_rpc_request(
            self._build_url(f'/invoice/transaction/{invoice.id}'), {
                'provider_id': (provider or self.provider).id,
                'payment_method_id': (method or self.card).id,
                'token_id': None,
                'amount': invoice.amount_residual if amount is None else amount,
                'flow': 'redirect',
                'tokenization_requested': False,
                'landing_route': invoice.get_portal_url(),
                'access_token': invoice._portal_ensure_token(),
                **values,
            })
        self.env.invalidate_all()
        return response

    def _make_json_rpc_request(self, url, params):
        self.env.flush_all()
        return self.url_open(
            url, json={'jsonrpc': '2.0', 'method': 'call', 'params': params}).json()

    def test_incognito_payment_page_offers_the_methods(self):
        invoice = self.create_invoice()
        self.env.flush_all()
        page = self.url_open(invoice.get_portal_url()).text
        for code in ('card', 'sbp', 'tpay', 'dolyame'):
            self.assertIn(f'data-payment-method-code="{code}"', page)

    def test_two_windows_get_the_same_link(self):
        invoice = self.create_invoice()
        first = self.pay_route(invoice)['result']
        second = self.pay_route(invoice)['result']
        self.assertEqual(first['reference'], second['reference'])
        self.assertEqual(first['redirect_form_html'], second['redirect_form_html'])
        self.assertEqual(self.bank.count('create_payment'), 1)
        self.assertEqual(len(invoice.transaction_ids), 1)
        other = self.pay_route(invoice, method=self.sbp)['result']
        self.assertNotEqual(first['reference'], other['reference'])

    def test_amount_chosen_by_the_browser(self):
        invoice = self.create_invoice(100.0)
        self.assertIn('error', self.pay_route(invoice, amount=100.01))
        self.assertIn('error', self.pay_route(invoice, amount=-1))
        self.assertFalse(self.bank.count('create_payment'))
        self.assertFalse(invoice.transaction_ids, "Nothing is left of a refused request")

    def test_one_rouble_for_a_big_invoice_pays_one_rouble(self):
        invoice = self.create_invoice(100000.0)
        self.pay_route(invoice, amount=1)
        transaction = invoice.transaction_ids
        self.pay(transaction)
        self.assertEqual(invoice.amount_residual, 99999.0)
        self.assertEqual(invoice.payment_state, 'partial')

    def test_provider_and_method_chosen_by_the_browser(self):
        invoice = self.create_invoice()
        other = self.env['res.company'].sudo().create({
            'name': "Other", 'currency_id': self.rub.id})
        foreign = self.env['payment.provider'].sudo().search(
            [('code', '=', 'tochka'), ('company_id', '=', other.id)], limit=1)
        self.assertIn('error', self.pay_route(invoice, provider=foreign))
        unknown = self.env.ref('payment.payment_method_unknown')
        self.assertIn('error', self.pay_route(invoice, method=unknown))
        self.assertFalse(self.bank.count('create_payment'))

    def return_url(self, transaction, **values):
        query = {
            'reference': transaction.reference,
            'access_token': transaction._tochka_return_token(),
            **values,
        }
        return const.RETURN_ROUTE + '?' + '&'.join(f'{k}={v}' for k, v in query.items())

    def open(self, url):
        self.env.flush_all()
        response = self.url_open(url, allow_redirects=False)
        self.env.invalidate_all()
        return response

    def test_return_asks_the_bank_and_goes_to_the_status_page(self):
        transaction = self.create_linked_tx()
        self.bank.pay(transaction.tochka_operation_id)
        response = self.open(self.return_url(transaction))
        self.assertIn(response.status_code, (302, 303))
        self.assertTrue(response.headers['Location'].endswith('/payment/status'))
        self.assertEqual(transaction.state, 'done')

    def test_return_without_payment_books_nothing(self):
        transaction = self.create_linked_tx()
        self.open(self.return_url(transaction))
        self.assertEqual(transaction.state, 'draft')

    def test_return_address_must_be_ours(self):
        transaction = self.create_linked_tx()
        other = self.create_linked_tx()
        good = self.return_url(transaction)
        for url in (
            f'{const.RETURN_ROUTE}?reference={transaction.reference}',
            const.RETURN_ROUTE,
            good.replace(transaction.reference.replace('/', '%2F'), other.reference)
            .replace(transaction.reference, other.reference),
            good[:-3] + 'abc',
        ):
            with self.subTest(url):
                self.assertEqual(self.open(url).status_code, 404)

    def test_return_address_is_no_key_to_other_pages(self):
        """ The payer chooses the reference: it must not make the token of a payment link. """
        reference = f'{self.payer.id}|1.0|{self.rub.id}'
        transaction = self.create_linked_tx(reference=reference)
        self.assertNotEqual(
            transaction._tochka_return_token(),
            payment_utils.generate_access_token(self.payer.id, 1.0, self.rub.id, env=self.env))

    def test_landing_route_of_the_browser_stays_in_odoo(self):
        """ The return address works in any session: it must not carry a script there. """
        invoice = self.create_invoice()
        for route in ('javascript:alert(1)', 'https://evil.example.com', '//evil.example.com',
                      '/\\evil.example.com', ''):
            with self.subTest(route):
                self.assertIn('error', self.pay_route(invoice, landing_route=route))
                transaction = self.create_linked_tx()
                transaction.landing_route = route
                self.assertEqual(self.open(self.return_url(transaction)).status_code, 404)
        self.assertFalse(invoice.transaction_ids)

    def test_return_while_somebody_else_works_on_it(self):
        """ A held lock is no error page: the status page waits. """
        transaction = self.create_linked_tx()
        self.bank.pay(transaction.tochka_operation_id)
        Transaction = type(self.env['payment.transaction'])
        with patch.object(Transaction, 'try_lock_for_update',
                          lambda records, **_options: records.browse()):
            response = self.open(self.return_url(transaction))
        self.assertIn(response.status_code, (302, 303))
        self.assertEqual(transaction.state, 'draft')
        self.assertTrue(transaction.tochka_next_poll_at, "The poll comes back to it")

    def test_declined_page_offers_the_same_link(self):
        transaction = self.create_linked_tx()
        response = self.open(self.return_url(transaction, failed='1'))
        self.assertIn(const.DECLINED_ROUTE, response.headers['Location'])
        page = self.url_open(response.headers['Location']).text
        self.assertIn('o_tochka_try_again', page)
        self.assertIn(transaction.tochka_payment_link.replace('&', '&amp;'), page)
        self.assertEqual(transaction.state, 'draft')

    def test_silent_bank_is_no_decline(self):
        """ That nothing was taken is only said on the bank's own word. """
        transaction = self.create_linked_tx()
        self.bank.fail('get_payment', errors.OutcomeUnknown("silence"))
        response = self.open(self.return_url(transaction, failed='1'))
        self.assertTrue(response.headers['Location'].endswith('/payment/status'))

    def test_declined_page_offers_no_link_of_a_paid_invoice(self):
        invoice = self.create_invoice()
        transaction = self.create_linked_tx(invoice)
        response = self.open(self.return_url(transaction, failed='1'))
        self.pay(self.create_linked_tx(invoice, method=self.sbp), payment_type='sbp')
        self.env.flush_all()
        self.assertNotIn('o_tochka_try_again', self.url_open(response.headers['Location']).text)

    def test_failed_address_of_a_paid_transaction_tells_the_truth(self):
        transaction = self.create_linked_tx()
        self.bank.pay(transaction.tochka_operation_id)
        response = self.open(self.return_url(transaction, failed='1'))
        response = self.open(response.headers['Location'])
        self.assertTrue(response.headers['Location'].endswith('/payment/status'))

    def test_status_page_updates_itself_without_a_webhook(self):
        invoice = self.create_invoice()
        self.pay_route(invoice)
        transaction = invoice.transaction_ids
        self.bank.pay(transaction.tochka_operation_id)
        with patch('odoo.addons.tochka_acquiring.const.STATUS_PAGE_SECONDS', -1):
            for _time in range(2):
                values = self._make_json_rpc_request(
                    self._build_url('/payment/status/poll'), {})['result']
        self.env.invalidate_all()
        self.assertEqual(values['state'], 'done')
        self.assertEqual(invoice.amount_residual, 0.0)

    def test_status_page_waits_until_the_payment_is_booked(self):
        """ The job is booking it at this moment; the invoice still looks unpaid. """
        invoice = self.create_invoice()
        self.pay_route(invoice)
        transaction = invoice.transaction_ids
        self.bank.pay(transaction.tochka_operation_id)
        self.refresh(transaction)
        url = self._build_url('/payment/status/poll')
        Transaction = type(self.env['payment.transaction'])
        with patch.object(Transaction, 'try_lock_for_update',
                          lambda records, **_options: records.browse()):
            self.assertEqual(self._make_json_rpc_request(url, {})['result']['state'], 'pending')
        self.assertEqual(self._make_json_rpc_request(url, {})['result']['state'], 'done')

    def test_status_page_does_not_hammer_the_bank(self):
        invoice = self.create_invoice()
        self.pay_route(invoice)
        for _time in range(3):
            self._make_json_rpc_request(self._build_url('/payment/status/poll'), {})
        self.assertEqual(self.bank.count('get_payment'), 1)

    def test_waiting_payers_do_not_occupy_all_workers_of_a_silent_bank(self):
        invoice = self.create_invoice()
        self.pay_route(invoice)
        self.bank.fail('get_payment', *[errors.OutcomeUnknown("silence")] * 3)
        with patch('odoo.addons.tochka_acquiring.const.STATUS_PAGE_SECONDS', -1):
            for _time in range(3):
                self._make_json_rpc_request(self._build_url('/payment/status/poll'), {})
        self.assertEqual(self.bank.count('get_payment'), 1)

    def test_page_that_is_loaded_again_asks_a_silent_bank_once(self):
        invoice = self.create_invoice()
        self.pay_route(invoice)
        transaction = invoice.transaction_ids
        self.bank.fail('get_payment', *[errors.OutcomeUnknown("silence")] * 5)
        for session in (1, 2):
            for _time in range(2):
                self.open(self.return_url(transaction))
            self._make_json_rpc_request(self._build_url('/payment/status/poll'), {})
            if session == 1:
                self.authenticate(None, None)  # another browser
        self.assertEqual(self.bank.count('get_payment'), 1)
        self.env.invalidate_all()
        transaction.sudo().tochka_unanswered_at -= timedelta(seconds=const.SILENT_BANK_SECONDS)
        self.open(self.return_url(transaction))
        self.assertEqual(self.bank.count('get_payment'), 2)

    def test_return_does_not_wait_for_a_bank_that_is_known_to_be_silent(self):
        invoice = self.create_invoice()
        self.pay_route(invoice)
        transaction = invoice.transaction_ids
        self.bank.pay(transaction.tochka_operation_id)
        self.connection.sudo().write({
            'silent_since': fields.Datetime.now(), 'silences': 1,
            'silent_until': fields.Datetime.add(fields.Datetime.now(), minutes=5)})
        self.open(self.return_url(transaction))
        self.assertEqual(self.bank.count('get_payment'), 0)
        # The page that the payer sees meanwhile asks beside it.
        self._make_json_rpc_request(self._build_url('/payment/status/poll'), {})
        self.assertEqual(self.bank.count('get_payment'), 1)

    def test_top_up_by_a_signed_link(self):
        """ A payment without a document: the link's signature fixes amount and partner. """
        token = payment_utils.generate_access_token(
            self.payer.id, 500.0, self.rub.id, env=self.env)
        values = {
            'provider_id': self.provider.id, 'payment_method_id': self.card.id, 'token_id': None,
            'amount': 500.0, 'currency_id': self.rub.id, 'partner_id': self.payer.id,
            'flow': 'redirect', 'tokenization_requested': False, 'landing_route': '/my',
            'access_token': token, 'reference_prefix': 'TOPUP',
        }
        refused = self._make_json_rpc_request(
            self._build_url('/payment/transaction'), {**values, 'amount': 1.0})
        self.assertIn('error', refused)
        result = self._make_json_rpc_request(self._build_url('/payment/transaction'), values)
        transaction = self.env['payment.transaction'].sudo().search(
            [('reference', '=', result['result']['reference'])])
        self.pay(transaction)
        self.assertEqual(transaction.payment_id.amount, 500.0)

    def test_quotation_of_the_sale_app(self):
        if 'sale.order' not in self.env:
            self.skipTest("The sale app is not installed.")
        product = self.env['product.product'].create({
            'name': "Course", 'list_price': 1000.0, 'taxes_id': False, 'type': 'service',
        })
        order = self.env['sale.order'].create({
            'partner_id': self.payer.id,
            'require_payment': True,
            'require_signature': False,
            'order_line': [Command.create({'product_id': product.id, 'product_uom_qty': 2})],
        })
        order.currency_id.flush_recordset()
        order.action_quotation_sent()
        token = order._portal_ensure_token()
        params = {
            'provider_id': self.provider.id, 'payment_method_id': self.sbp.id, 'token_id': None,
            'amount': order.amount_total, 'flow': 'redirect', 'tokenization_requested': False,
            'landing_route': order.get_portal_url(), 'access_token': token,
        }
        url = self._build_url(f'/my/orders/{order.id}/transaction')
        self.assertIn('error', self._make_json_rpc_request(
            url, {**params, 'amount': order.amount_total + 1}))
        result = self._make_json_rpc_request(url, params)
        self.assertIn('result', result, result)
        self.env.invalidate_all()
        transaction = order.transaction_ids
        self.assertTrue(re.match(order.name, transaction.reference))
        self.pay(transaction, payment_type='sbp')
        self.assertEqual(order.state, 'sale')
        self.assertEqual(transaction.payment_id.amount, 2000.0)
        self.assertEqual(transaction.payment_id.partner_id, self.payer)
        self.assertIn('error', self._make_json_rpc_request(url, params), "Paid once")

    def test_order_whose_invoice_was_paid_by_other_means(self):
        if 'sale.order' not in self.env:
            self.skipTest("The sale app is not installed.")
        product = self.env['product.product'].create({
            'name': "Course", 'list_price': 1000.0, 'taxes_id': False, 'type': 'service',
            'invoice_policy': 'order',
        })
        order = self.env['sale.order'].create({
            'partner_id': self.payer.id,
            'order_line': [Command.create({'product_id': product.id, 'product_uom_qty': 1})],
        })
        order.action_confirm()
        values = {'sale_order_ids': [Command.set(order.ids)], 'amount': 1000.0}
        early = self.create_tx(**values)
        early._get_processing_values()
        invoice = order._create_invoices()
        invoice.action_post()
        self.assertEqual(self.create_tx(**values)._tochka_amount_due(), 1000.0)
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids).create({})._create_payments()
        self.assertFalse(invoice.amount_residual)
        late = self.create_tx(**values)
        self.assertEqual(late._tochka_amount_due(), 0.0)
        with self.assertRaisesRegex(ValidationError, "nothing left to pay"):
            late._get_processing_values()
        # The link that was open already is paid as well: somebody is asked.
        self.pay(early)
        self.assertIn("More was paid than was due", self.said_of(early))

    def test_landing_route_that_browsers_read_differently(self):
        for route in ('//evil.example.com', '/\\evil.example.com', '/\t/evil.example.com',
                      '/\n/evil.example.com', '/\r\\evil.example.com', '/my\\x', '/ /evil', '',
                      'https://evil.example.com', 'javascript:alert(1)', '/\x7f/evil', None):
            with self.subTest(route):
                self.assertFalse(is_local_route(route))
        for route in ('/my', '/my/invoices/7?access_token=a%20b&x=1', '/ru/счёт'):
            with self.subTest(route):
                self.assertTrue(is_local_route(route))
