# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import json

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment.tests.http_common import PaymentHttpCommon
from odoo.addons.tochka_acquiring.tests.common import TochkaCommon

OFFER = 'https://school.example.com/offer'


class PayerCommon(TochkaCommon, PaymentHttpCommon, HttpCase):
    """ The pages and routes as an anonymous payer's browser meets them. """

    def call(self, path, **params):
        self.env.flush_all()
        response = self.url_open(
            path, json={'jsonrpc': '2.0', 'method': 'call', 'params': params}).json()
        self.env.invalidate_all()
        return response

    def pay_invoice(self, invoice, **values):
        return self.call(
            f'/invoice/transaction/{invoice.id}', provider_id=self.provider.id,
            payment_method_id=self.card.id, token_id=None, amount=invoice.amount_residual,
            flow='redirect', tokenization_requested=False, landing_route=invoice.get_portal_url(),
            access_token=invoice._portal_ensure_token(), **values)

    def page(self, invoice):
        self.env.flush_all()
        return self.url_open(invoice.get_portal_url()).text

    def message(self, response):
        return response['error']['data']['message']


@tagged('post_install', '-at_install')
class TestOffer(PayerCommon):
    """ The public offer: shown, ticked, kept, and enforced on the server. """

    def setUp(self):
        super().setUp()
        self.company.write({'tochka_offer_url': OFFER, 'tochka_offer_required': True})

    def test_shown_beside_the_button(self):
        invoice = self.create_invoice()
        page = self.page(invoice)
        self.assertIn(OFFER, page)
        self.assertIn('id="o_tochka_offer"', page)
        self.company.write({'tochka_offer_url': False, 'tochka_offer_required': False})
        self.assertNotIn('o_tochka_offer', self.page(invoice))

    def test_untick_is_refused_by_the_server(self):
        invoice = self.create_invoice()
        for values in ({}, {'tochka_offer_accepted': False}, {'tochka_offer_accepted': 'yes'},
                       {'tochka_offer_accepted': None}):
            with self.subTest(values):
                self.assertIn("accept the terms", self.message(self.pay_invoice(invoice, **values)))
        self.assertEqual(self.bank.count('create_payment'), 0)
        self.assertFalse(invoice.transaction_ids)

    def test_tick_is_kept(self):
        invoice = self.create_invoice()
        self.assertIn('result', self.pay_invoice(invoice, tochka_offer_accepted=True))
        transaction = invoice.transaction_ids
        self.assertTrue(transaction.tochka_offer_accepted_at)
        self.assertEqual(transaction.tochka_offer_url, OFFER)

    def test_open_link_is_not_handed_out_after_the_offer_has_changed(self):
        invoice = self.create_invoice()
        self.pay_invoice(invoice, tochka_offer_accepted=True)
        transaction = invoice.transaction_ids
        self.company.tochka_offer_url = OFFER + '-2'
        self.assertIn("accept the terms", self.message(self.pay_invoice(invoice)))
        self.assertFalse(transaction._tochka_offer_link())
        self.assertIn('result', self.pay_invoice(invoice, tochka_offer_accepted=True))
        self.assertEqual(invoice.transaction_ids, transaction)
        self.assertEqual(transaction.tochka_offer_url, OFFER + '-2')

    def test_nobody_inherits_the_tick_of_another(self):
        invoice = self.create_invoice()
        self.pay_invoice(invoice, tochka_offer_accepted=True)
        self.assertIn("accept the terms", self.message(self.pay_invoice(invoice)))
        self.assertEqual(self.bank.count('create_payment'), 1)

    def test_not_required(self):
        self.company.tochka_offer_required = False
        invoice = self.create_invoice()
        self.assertIn('result', self.pay_invoice(invoice))
        self.assertFalse(invoice.transaction_ids.tochka_offer_accepted_at)

    def test_branch_has_the_offer_of_its_parent(self):
        branch = self.create_branch()
        self.assertEqual(branch._tochka_offer(), self.company)
        branch.tochka_offer_url = OFFER + '-branch'
        self.assertEqual(branch._tochka_offer(), branch)

    def test_link_without_a_document(self):
        amount = 150.0
        token = payment_utils.generate_access_token(
            self.payer.id, amount, self.rub.id, env=self.env)
        values = {
            'provider_id': self.provider.id, 'payment_method_id': self.card.id, 'token_id': None,
            'amount': amount, 'currency_id': self.rub.id, 'partner_id': self.payer.id,
            'access_token': token, 'flow': 'redirect', 'tokenization_requested': False,
            'landing_route': '/my', 'reference_prefix': 'T',
        }
        self.assertIn("accept the terms", self.message(self.call('/payment/transaction', **values)))
        self.assertIn('result', self.call(
            '/payment/transaction', tochka_offer_accepted=True, **values))

    def test_order(self):
        if 'sale.order' not in self.env:
            self.skipTest("The sale app is not installed")
        order = self.env['sale.order'].create({
            'partner_id': self.payer.id, 'company_id': self.company.id,
            'order_line': [Command.create({
                'product_id': self.env['product.product'].create({'name': "Book"}).id,
                'price_unit': 100, 'tax_ids': [Command.clear()],
            })],
        })
        order.currency_id = self.rub
        values = {
            'provider_id': self.provider.id, 'payment_method_id': self.card.id, 'token_id': None,
            'amount': order.amount_total, 'flow': 'redirect', 'tokenization_requested': False,
            'landing_route': '/my', 'access_token': order._portal_ensure_token(),
        }
        path = f'/my/orders/{order.id}/transaction'
        self.assertIn("accept the terms", self.message(self.call(path, **values)))
        self.assertIn('result', self.call(path, tochka_offer_accepted=True, **values))

    def test_link_of_the_offer_is_a_link(self):
        for url in ('offer', 'javascript:alert(1)', 'ftp://x.example.com'):
            with self.subTest(url), self.assertRaises(ValidationError):
                self.company.tochka_offer_url = url
        with self.assertRaisesRegex(ValidationError, "link to the public offer first"):
            self.company.write({'tochka_offer_url': False, 'tochka_offer_required': True})


@tagged('post_install', '-at_install')
class TestPayerEmail(PayerCommon):
    """ Who has no e-mail is asked for one; a visitor never edits the partner. """

    def setUp(self):
        super().setUp()
        self.payer.email = False

    def test_asked_for_on_the_page(self):
        invoice = self.create_invoice()
        self.assertIn('name="tochka_payer_email"', self.page(invoice))
        self.payer.email = 'known@example.com'
        self.assertNotIn('tochka_payer_email', self.page(invoice))

    def test_kept_on_the_transaction_alone(self):
        invoice = self.create_invoice()
        self.assertIn('result', self.pay_invoice(invoice, tochka_payer_email=' Anna@Example.com '))
        self.assertEqual(invoice.transaction_ids.partner_email, 'anna@example.com')
        self.assertFalse(self.payer.email)

    def test_nothing_or_nonsense_is_refused(self):
        invoice = self.create_invoice()
        for email, text in (
            (None, "enter your e-mail"), ('', "enter your e-mail"), ('anna', "look right"),
            ('a@b.c, d@e.f', "look right"), (['x@example.com'], "look right"),
        ):
            with self.subTest(email):
                self.assertIn(text, self.message(
                    self.pay_invoice(invoice, tochka_payer_email=email)))
        self.assertEqual(self.bank.count('create_payment'), 0)

    def test_known_address_can_not_be_replaced(self):
        self.payer.email = 'known@example.com'
        invoice = self.create_invoice()
        self.assertIn('result', self.pay_invoice(invoice, tochka_payer_email='thief@example.com'))
        self.assertEqual(invoice.transaction_ids.partner_email, 'known@example.com')

    def test_address_of_the_family_is_enough(self):
        child = self.env['res.partner'].create({'name': "Masha", 'parent_id': self.payer.id})
        self.payer.email = 'family@example.com'
        child.email = False
        invoice = self.create_invoice(partner=child)
        self.assertNotIn('tochka_payer_email', self.page(invoice))
        self.assertIn('result', self.pay_invoice(invoice))
        self.assertEqual(invoice.transaction_ids._tochka_payer_email(), 'family@example.com')

    def test_address_typed_later_goes_to_the_open_link(self):
        invoice = self.create_invoice()
        self.pay_invoice(invoice, tochka_payer_email='one@example.com')
        self.pay_invoice(invoice, tochka_payer_email='two@example.com')
        self.assertEqual(invoice.transaction_ids.partner_email, 'two@example.com')

    def test_address_of_who_pays_replaces_that_of_who_looked(self):
        """ The accountant has opened the customer's link before. """
        invoice = self.create_invoice()
        self.env.user.sudo().write({'email': 'boss@example.com', 'password': 'boss-password'})
        self.authenticate('admin', 'boss-password')
        self.pay_invoice(invoice)
        transaction = invoice.transaction_ids
        self.assertEqual(transaction.partner_email, 'boss@example.com')
        self.authenticate(None, None)
        self.assertIn("enter your e-mail", self.message(self.pay_invoice(invoice)))
        self.pay_invoice(invoice, tochka_payer_email='customer@example.com')
        self.assertEqual(invoice.transaction_ids, transaction)
        self.assertEqual(transaction.partner_email, 'customer@example.com')

    def test_what_is_no_address_is_asked_for_and_two_are_one(self):
        child = self.env['res.partner'].create({'name': "Vanya", 'parent_id': self.payer.id})
        invoice = self.create_invoice(partner=child)
        self.payer.email = "нет"
        self.assertIn('o_tochka_payer_email', self.page(invoice))
        self.assertIn('result', self.pay_invoice(invoice, tochka_payer_email='a@example.com'))
        self.payer.email = "mama@example.com, papa@example.com"
        self.assertNotIn('o_tochka_payer_email', self.page(invoice))
        invoice = self.create_invoice(partner=child)
        self.assertIn('result', self.pay_invoice(invoice))
        self.assertEqual(invoice.transaction_ids._tochka_payer_email(), 'mama@example.com')

    def test_amount_that_is_no_number(self):
        invoice = self.create_invoice()
        params = {
            'provider_id': self.provider.id, 'payment_method_id': self.card.id, 'token_id': None,
            'amount': float('nan'), 'flow': 'redirect', 'tokenization_requested': False,
            'landing_route': '/my', 'access_token': invoice._portal_ensure_token(),
        }
        self.env.flush_all()
        response = self.url_open(
            f'/invoice/transaction/{invoice.id}', headers={'Content-Type': 'application/json'},
            data=json.dumps({'jsonrpc': '2.0', 'method': 'call', 'params': params})).json()
        self.assertIn("not a number", self.message(response))


@tagged('post_install', '-at_install')
class TestClientInfo(PayerCommon):
    """ The information for the client stands on the payment page, as text. """

    def test_shown_as_text(self):
        self.provider.sudo().tochka_client_info = "8 lessons: 6,400\n<script>alert(1)</script>"
        page = self.page(self.create_invoice())
        self.assertIn("8 lessons: 6,400", page)
        self.assertNotIn('<script>alert(1)', page)
        self.provider.sudo().tochka_client_info = False
        self.assertNotIn('o_tochka_client_info', self.page(self.create_invoice()))
