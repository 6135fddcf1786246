# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import urllib.parse

from lxml import html

from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.payment import utils as payment_utils
from odoo.addons.payment.tests.http_common import PaymentHttpCommon
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.tests.balance_common import BalanceCommon


@tagged('post_install', '-at_install')
class TestBalancePortal(BalanceCommon, PaymentHttpCommon, HttpCase):
    """ The customer's balance and its top-up in the portal. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.users = cls.env['res.users'].sudo().with_context(no_reset_password=True).create([
            {
                'name': partner.name, 'login': login, 'password': login, 'lang': 'en_US',
                'partner_id': partner.id, 'company_id': cls.company.id,
                'company_ids': [Command.set(cls.company.ids)],
                'group_ids': [Command.set(cls.env.ref('base.group_portal').ids)],
            }
            for login, partner in (
                ('payer_login', cls.payer), ('masha_login', cls.masha),
                ('stranger_login', cls.stranger),
            )
        ])

    def setUp(self):
        super().setUp()
        self.authenticate('payer_login', 'payer_login')

    def open(self, url=const.BALANCE_ROUTE, **query):
        self.env.flush_all()
        response = self.url_open(
            f'{url}?{urllib.parse.urlencode(query)}' if query else url, allow_redirects=False)
        self.env.invalidate_all()
        return response

    def page(self, url=const.BALANCE_ROUTE, **query):
        response = self.open(url, **query)
        self.assertEqual(response.status_code, 200)
        return html.fromstring(response.text)

    def numbers(self, page, company=None):
        """ Return what the page says, in kopecks. """
        [section] = page.xpath(f'//section[@data-company-id="{(company or self.company).id}"]')
        return {
            name: int(''.join(filter(
                str.isdigit, section.xpath(f'.//div[@name="{name}"]')[0].text_content())))
            for name in ('paid', 'due', 'left')
        }

    def form(self, amount=500.0, client=None, company=None):
        """ Open the payment form and return its values. """
        page = self.page(
            f'{const.BALANCE_ROUTE}/pay', company_id=(company or self.company).id, amount=amount,
            client_id=client.id if client else '')
        [form] = page.xpath('//form[@id="o_payment_form"]')
        return {key[5:].replace('-', '_'): value for key, value in form.items()
                if key.startswith('data-')}

    def rpc(self, url, params):
        self.env.flush_all()
        answer = self.url_open(self._build_url(url), json={
            'jsonrpc': '2.0', 'method': 'call', 'params': params}).json()
        self.env.invalidate_all()
        return answer

    def press_pay(self, form, route=None, **values):
        """ Press the button as Odoo's script does. """
        return self.rpc(route or form['transaction_route'], {
            'provider_id': self.provider.id,
            'payment_method_id': self.card.id,
            'token_id': None,
            'amount': float(form['amount']),
            'flow': 'redirect',
            'tokenization_requested': False,
            'landing_route': form['landing_route'],
            'is_validation': False,
            'access_token': form['access_token'],
            **values,
        })

    def transaction_of(self, answer):
        self.assertIn('result', answer, answer)
        return self.env['payment.transaction'].sudo().search(
            [('reference', '=', answer['result']['reference'])])

    def assertRefused(self, answer):
        self.assertIn('error', answer)
        self.assertFalse(self.bank.count('create_payment'))
        self.assertFalse(self.env['payment.transaction'].sudo().search(
            [('provider_id', '=', self.provider.id)]))

    # === THE PAGE === #

    def test_card_on_the_home_page(self):
        page = self.page('/my')
        self.assertTrue(page.xpath('//a[@href="/my/balance"]'))
        counters = self.rpc('/my/counters', {'counters': ['tochka_balance_count']})['result']
        self.assertEqual(counters, {'tochka_balance_count': 1})
        self.provider.sudo().write({'state': 'disabled', 'is_published': False})
        counters = self.rpc('/my/counters', {'counters': ['tochka_balance_count']})['result']
        self.assertEqual(counters, {'tochka_balance_count': 0})
        self.assertIn("nothing to show", self.page().text_content())

    def test_numbers_and_invoices(self):
        self.company.tochka_topups_pay_invoices = False
        mine = self.create_due(1000.0, -5, client=self.petya)
        childs = self.create_due(200.0, partner=self.masha)
        strangers = self.create_due(9999.0, partner=self.stranger)
        self.book_advances()
        self.top_up(300.0)
        page = self.page()
        self.assertEqual(self.numbers(page), {'paid': 30000, 'due': 120000, 'left': 30000})
        text = page.text_content()
        for invoice in (mine, childs):
            self.assertIn(invoice.name, text)
            [link] = page.xpath(f'//a[text()="{invoice.name}"]/@href')
            self.assertEqual(self.open(link).status_code, 200)
        self.assertNotIn(strangers.name, text)
        self.assertIn("Petya", text)
        [suggested] = page.xpath('//button[@name="suggested"]/@value')
        self.assertEqual(suggested, '900.00')

    def test_everybody_sees_the_own_balance(self):
        self.create_due(1000.0)
        self.authenticate('masha_login', 'masha_login')
        self.assertEqual(self.numbers(self.page())['due'], 100000, "The balance is the payer's")
        self.authenticate('stranger_login', 'stranger_login')
        page = self.page()
        self.assertEqual(self.numbers(page)['due'], 0)
        self.assertNotIn("Masha", page.text_content())
        self.authenticate(None, None)
        response = self.open()
        self.assertIn('/web/login', response.headers['Location'])

    def test_sections_of_companies(self):
        other = self.create_other_company()
        self.create_due(1000.0, company=other)
        self.create_due(10.0)
        page = self.page()
        self.assertEqual(self.numbers(page), {'paid': 0, 'due': 1000, 'left': 0})
        self.assertEqual(self.numbers(page, other), {'paid': 0, 'due': 100000, 'left': 0})
        forms = page.xpath('//input[@name="company_id"]/@value')
        self.assertEqual(forms, [str(self.company.id)], "The other one offers no top-up")

    def test_choice_of_the_child(self):
        names = self.page().xpath('//select[@name="client_id"]/option/text()')
        self.assertEqual(names[1:], ["Petrov", "Masha", "Petya"])
        self.petya.type = 'delivery'
        names = self.page().xpath('//select[@name="client_id"]/option/text()')
        self.assertEqual(names[1:], ["Petrov", "Masha"])
        self.masha.parent_id = False
        self.assertFalse(self.page().xpath('//select[@name="client_id"]'))

    # === THE TOP-UP === #

    def test_top_up_pays_the_childs_invoice(self):
        oldest = self.create_due(1000.0, -30)
        childs = self.create_due(400.0, client=self.masha)
        form = self.form('500,50', self.masha)
        self.assertEqual(float(form['amount']), 500.5)
        answer = self.press_pay(form)
        self.assertIn('pay.example.com', answer['result']['redirect_form_html'])
        transaction = self.transaction_of(answer)
        self.assertRecordValues(transaction, [{
            'amount': 500.5, 'currency_id': self.rub.id, 'partner_id': self.payer.id,
            'provider_id': self.provider.id, 'tochka_client_id': self.masha.id,
            'landing_route': const.BALANCE_ROUTE, 'company_id': self.company.id,
        }])
        self.assertTrue(transaction.reference.startswith('topup-'))
        self.pay(transaction)
        self.assertEqual((childs + oldest).mapped('amount_residual'), [0.0, 899.5])
        self.assertEqual(
            self.numbers(self.page()), {'paid': 50050, 'due': 89950, 'left': 0})

    def test_child_pays_on_the_parents_balance(self):
        self.authenticate('masha_login', 'masha_login')
        transaction = self.transaction_of(self.press_pay(self.form()))
        self.assertEqual(transaction.partner_id, self.masha)
        self.pay(transaction)
        self.assertEqual(transaction.payment_id.partner_id, self.payer)

    def test_enter_takes_the_amount_that_was_typed(self):
        """ A browser then presses the first button of the form. """
        self.create_due(1000.0)
        buttons = self.page().xpath('//form[@action="/my/balance/pay"]//button[@type="submit"]')
        self.assertEqual([button.get('name') for button in buttons], [None, 'suggested'])

    def test_suggested_amount(self):
        page = self.page(f'{const.BALANCE_ROUTE}/pay', company_id=self.company.id,
                         suggested='900.00', amount='', client_id='')
        self.assertTrue(page.xpath('//form[@data-amount="900.0"]'))

    def test_only_providers_of_the_bank(self):
        self.env['payment.provider'].sudo().search([
            ('company_id', '=', self.company.id), ('code', '=', 'custom'),
        ]).unlink()
        other = self.provider.sudo().copy({'code': 'none', 'company_id': self.company.id})
        other.write({'state': 'test', 'is_published': True})
        form = self.form()
        self.assertRefused(self.press_pay(form, provider_id=other.id))

    def test_amounts_that_are_none(self):
        for amount in ('', '0', '-5', '0.001', 'abc', 'NaN', 'Infinity', '1e3000000', '10000000.01',
                       '1.005', '½'):
            with self.subTest(amount):
                page = self.page(
                    f'{const.BALANCE_ROUTE}/pay', company_id=self.company.id, amount=amount)
                self.assertTrue(page.xpath('//div[contains(@class, "alert-warning")]'))
                self.assertFalse(page.xpath('//form[@id="o_payment_form"]'))

    def test_amount_above_the_providers_maximum(self):
        self.provider.sudo().maximum_amount = 1000.0
        form = self.form(1000)
        page = self.page(
            f'{const.BALANCE_ROUTE}/pay', company_id=self.company.id, amount='1000.01')
        self.assertIn("smaller", page.text_content())
        self.provider.sudo().maximum_amount = 10.0
        self.assertRefused(self.press_pay(form))

    def test_forged_values(self):
        """ The form was made for one amount, company, client and person. """
        other = self.create_other_company()
        self.create_due(1000.0, company=other)
        route = f'{const.BALANCE_ROUTE}/transaction'
        form = self.form(500.0, self.masha)
        company, child = self.company.id, self.masha.id
        self.assertEqual(form['transaction_route'], f'{route}/{company}/{child}')
        for values in (
            {'amount': 1.0}, {'amount': 500.01}, {'amount': -500.0}, {'amount': None},
            {'amount': 'NaN'}, {'amount': [500.0]},
            {'access_token': ''}, {'access_token': None}, {'access_token': 'ж'},
            {'access_token': payment_utils.generate_access_token(
                self.payer.id, 500.0, self.rub.id, env=self.env)},
            {'flow': 'direct'}, {'flow': 'token', 'token_id': 1}, {'is_validation': True},
            {'partner_id': self.stranger.id}, {'custom_create_values': {'state': 'done'}},
            {'payment_method_id': self.env.ref('payment.payment_method_unknown').id},
            {'provider_id': None}, {'provider_id': 0},
            {'route': f'{route}/{company}/0'}, {'route': f'{route}/{company}/{self.petya.id}'},
            {'route': f'{route}/{company}/{self.stranger.child_ids.id}'},
            {'route': f'{route}/{other.id}/{child}'}, {'route': f'{route}/999999/{child}'},
        ):
            with self.subTest(values):
                self.assertRefused(self.press_pay(form, **values))
        self.authenticate('stranger_login', 'stranger_login')
        self.assertRefused(self.press_pay(form))
        self.assertRefused(self.press_pay(form, route=f'{route}/{company}/0'))
        self.authenticate(None, None)
        self.assertRefused(self.press_pay(form))

    def test_page_for_a_forged_company_or_client(self):
        other = self.create_other_company()
        for values in (
            {'company_id': other.id}, {'company_id': 'x'}, {'company_id': ''},
            {'company_id': self.company.id, 'client_id': self.stranger.id},
        ):
            with self.subTest(values):
                page = self.page(f'{const.BALANCE_ROUTE}/pay', amount='100', **values)
                self.assertFalse(page.xpath('//form[@id="o_payment_form"]'))
                self.assertIn("your own balance", page.text_content())

    def test_landing_route_is_ours(self):
        transaction = self.transaction_of(
            self.press_pay(self.form(), landing_route='https://evil.example.com'))
        self.assertEqual(transaction.landing_route, const.BALANCE_ROUTE)

    # === THE LINK FROM THE BACK OFFICE === #

    def link_of(self, partner, amount=500.0):
        wizard = self.env['payment.link.wizard'].with_context(
            active_model='res.partner', active_id=partner.id).create({'amount': amount})
        parts = urllib.parse.urlsplit(wizard.link)
        return f'{parts.path}?{parts.query}'

    def pay_link(self, link):
        page = self.page(link)
        [form] = page.xpath('//form[@id="o_payment_form"]')
        transaction = self.transaction_of(self.rpc('/payment/transaction', {
            'provider_id': self.provider.id, 'payment_method_id': self.card.id, 'token_id': None,
            'amount': float(form.get('data-amount')), 'flow': 'redirect',
            'currency_id': int(form.get('data-currency-id')),
            'partner_id': int(form.get('data-partner-id')),
            'tokenization_requested': False, 'landing_route': form.get('data-landing-route'),
            'access_token': form.get('data-access-token'),
            'reference_prefix': form.get('data-reference-prefix'),
        }))
        self.pay(transaction)
        return transaction

    def test_link_is_booked_on_whom_it_was_made_for(self):
        """ By an anonymous visitor, by the accountant who tries it, by another customer. """
        invoice = self.create_due(2000.0, partner=self.masha)
        link = self.link_of(self.masha)
        for login in (None, 'admin', 'stranger_login'):
            with self.subTest(login):
                self.authenticate(login, login)
                transaction = self.pay_link(link)
                self.assertEqual(transaction.payment_id.partner_id, self.payer)
        self.assertEqual(invoice.amount_residual, 500.0)

    def test_link_offers_this_bank_only(self):
        other = self.provider.sudo().copy({'code': 'none', 'company_id': self.company.id})
        other.write({'state': 'test', 'is_published': True,
                     'payment_method_ids': [Command.set(self.card.ids)]})
        page = self.page(self.link_of(self.payer))
        self.assertEqual(
            set(page.xpath('//input[@name="o_payment_radio"]/@data-provider-id')),
            {str(self.provider.id)})

    def test_forged_link(self):
        link = self.link_of(self.payer)
        self.authenticate('stranger_login', 'stranger_login')
        for forged in (
            link.replace(f'partner_id={self.payer.id}', f'partner_id={self.masha.id}'),
            link.replace('amount=500.0', 'amount=1.0'),
            link.replace('access_token=', 'access_token=0'),
        ):
            self.assertNotEqual(forged, link)
            self.assertEqual(self.open(forged).status_code, 404)
        unsigned = '/payment/pay?amount=500&tochka_topup=1&tochka_payer_id=1'
        [form] = self.page(unsigned).xpath('//form[@id="o_payment_form"]')
        self.assertEqual(form.get('data-partner-id'), str(self.stranger.id))
