# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from lxml import html

from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon

PREPARED = ('queued', 'sending', 'unknown', 'accepted', 'failed')


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestFiscalPortal(FiscalCommon, HttpCase):
    """ Customers find their receipts, and nobody else's. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.child, cls.stranger = cls.env['res.partner'].create([
            {'name': "Petya", 'parent_id': cls.payer.id, 'type': 'contact'},
            {'name': "Sidorov", 'email': 'sidorov@example.com'},
        ])
        cls.env['res.users'].sudo().with_context(no_reset_password=True).create([
            {
                'name': partner.name, 'login': login, 'password': login, 'lang': 'en_US',
                'partner_id': partner.id, 'company_id': cls.company.id,
                'company_ids': [Command.set(cls.company.ids)],
                'group_ids': [Command.set(cls.env.ref('base.group_portal').ids)],
            }
            for login, partner in (
                ('payer_login', cls.payer), ('child_login', cls.child),
                ('stranger_login', cls.stranger),
            )
        ])

    def open(self, url, login='payer_login'):
        """ Return the answer to a person of their own; nobody is logged in without a login. """
        self.authenticate(login, login)
        self.env.flush_all()
        response = self.url_open(url, allow_redirects=False)
        self.env.invalidate_all()
        return response

    def page(self, url=const.PORTAL_ROUTE, login='payer_login'):
        response = self.open(url, login)
        self.assertEqual(response.status_code, 200)
        return html.fromstring(response.text)

    def text(self, element):
        return ' '.join(element.text_content().split())

    def block(self, invoice, login=None):
        """ Return the receipts on the page of an invoice, or None. """
        page = self.page(invoice.get_portal_url(), login)
        return next(iter(page.xpath('//div[@id="fiscal_receipts"]')), None)

    def assertNothingInternal(self, text, receipt):
        for secret in (
            'Till', 'till-secret', 'petrov@example.com', "No paper",
            *receipt.attempt_ids.mapped('key'),
        ):
            self.assertNotIn(secret, text)

    # === THE INVOICE === #

    def test_printed_receipt_on_the_page_of_the_invoice(self):
        receipt = self.print_invoice(1234.5)
        for login in (None, 'payer_login', 'stranger_login'):
            with self.subTest(login):
                block = self.block(receipt.invoice_ids, login)
                text = self.text(block)
                for value in ("1,234.50", "Income", "25.11.2026 14:30", "9999078900005430", "1212",
                              "1911055232"):
                    self.assertIn(value, text)
                [picture] = block.xpath('.//img')
                self.assertEqual(picture.get('src'), receipt._fiscal_qr_uri())
                self.assertTrue(picture.get('src').startswith('data:image/png;base64,iVBOR'))
                self.assertEqual(picture.get('alt'), "QR code of the fiscal receipt")
                self.assertEqual(block.xpath('.//a/@href'), ['https://consumer.example.com/1'])
                self.assertNothingInternal(html.tostring(block).decode(), receipt)

    def test_without_the_token_there_is_no_page(self):
        receipt = self.print_invoice()
        url = f'/my/invoices/{receipt.invoice_ids.id}'
        for login in (None, 'stranger_login'):
            for address in (url, f'{url}?access_token=wrong'):
                response = self.open(address, login)
                self.assertEqual(response.status_code, 303)
                self.assertNotIn('9999078900005430', response.text)

    def test_receipt_of_another_invoice_is_not_there(self):
        self.print_invoice()
        self.assertIsNone(self.block(self.create_invoice(500)))

    def test_states_on_the_page_of_the_invoice(self):
        receipt = self.pay_invoice()
        self.till.till = 'failed'
        self.work()
        self.work()
        self.assertIn("No paper", receipt.problem)
        for state in PREPARED:
            with self.subTest(state):
                self.put_state(receipt, state)
                block = self.block(receipt.invoice_ids)
                self.assertIn("The receipt is being prepared", self.text(block))
                self.assertFalse(block.xpath('.//img'))
                self.assertNothingInternal(html.tostring(block).decode(), receipt)
        self.put_state(receipt, 'delegated')
        self.assertIn(
            "sent to your e-mail by the bank's register",
            self.text(self.block(receipt.invoice_ids)))
        for state in const.HIDDEN_STATES:
            self.put_state(receipt, state)
            self.assertIsNone(self.block(receipt.invoice_ids))

    def test_only_addresses_become_links(self):
        receipt = self.print_invoice()
        for url, link in (
            ('javascript:alert(1)', ''), ('data:text/html,x', ''), ('//example.com', ''), ('', ''),
            (' HTTPS://ofd.example.com/1', 'HTTPS://ofd.example.com/1'),
            ('http://ofd.example.com/1', 'http://ofd.example.com/1'),
        ):
            with self.subTest(url):
                receipt.receipt_url = url
                links = self.block(receipt.invoice_ids).xpath('.//a/@href')
                self.assertEqual(links, [link] if link else [])

    # === THE LIST === #

    def test_card_on_the_home_page(self):
        self.assertTrue(self.page('/my').xpath(f'//a[@href="{const.PORTAL_ROUTE}"]'))
        params = {'jsonrpc': '2.0', 'params': {'counters': ['fiscal_receipt_count']}}
        self.pay_invoice()
        self.env.flush_all()
        for login, count in (('payer_login', 1), ('child_login', 1), ('stranger_login', 0)):
            self.authenticate(login, login)
            answer = self.url_open('/my/counters', json=params).json()
            self.assertEqual(answer['result'], {'fiscal_receipt_count': count})

    def test_list_has_ones_own_receipts_newest_first(self):
        first = self.print_invoice(100)
        second = self.pay_invoice(200)
        second.paid_at = first.paid_at.replace(year=first.paid_at.year + 1)
        hidden = self.pay_invoice(300)
        self.put_state(hidden, 'void')
        others = self.pay_invoice(400)
        others.partner_id = self.stranger
        childs = self.pay_invoice(500)
        childs.write({'partner_id': self.child.id, 'paid_at': first.paid_at})
        self.put_state(childs, 'delegated')
        expected = [
            (second, "Being prepared"), (childs, "By the bank"), (first, "Printed"),
        ]
        for login in ('payer_login', 'child_login'):
            rows = self.page(login=login).xpath('//tbody/tr')
            self.assertEqual(
                [row.xpath('.//a/@href')[0] for row in rows],
                [f'{const.PORTAL_ROUTE}/{receipt.id}' for receipt, _word in expected])
            for row, (_receipt, word) in zip(rows, expected, strict=True):
                self.assertIn(word, self.text(row))
        rows = self.page(login='stranger_login').xpath('//tbody/tr//a/@href')
        self.assertEqual(rows, [f'{const.PORTAL_ROUTE}/{others.id}'])

    def test_nothing_to_show(self):
        self.assertIn("nothing to show", self.text(self.page()))

    def test_nobody_is_asked_to_log_in(self):
        for url in (const.PORTAL_ROUTE, f'{const.PORTAL_ROUTE}/1'):
            response = self.open(url, None)
            self.assertEqual(response.status_code, 303)
            self.assertIn('/web/login', response.headers['Location'])

    def test_pages(self):
        receipt = self.pay_invoice()
        copies = self.env['fiscal.receipt'].sudo()
        for _number in range(81):
            copies |= receipt.copy({'transaction_id': False})
        self.assertEqual(len(self.page().xpath('//tbody/tr')), 80)
        self.assertTrue(self.page().xpath(f'//a[@href="{const.PORTAL_ROUTE}/page/2"]'))
        last = self.page(f'{const.PORTAL_ROUTE}/page/2').xpath('//tbody/tr//a/@href')
        self.assertEqual(len(last), 2)

    # === ONE RECEIPT === #

    def test_one_receipt(self):
        receipt = self.print_invoice(1234.5)
        line = receipt.line_ids
        line.write({'quantity': 2.5, 'price': 493.8})
        page = self.page(f'{const.PORTAL_ROUTE}/{receipt.id}')
        [content] = page.xpath('//div[@id="o_fiscal_receipt"]')
        text = self.text(content)
        for value in ("Lessons", "2.5", "493.80", "1,234.50", "No VAT", "1911055232",
                      self.company.name):
            self.assertIn(value, text)
        self.assertEqual(content.xpath('.//img/@src'), [receipt._fiscal_qr_uri()])
        self.assertEqual(content.xpath('.//a/@href'), ['https://consumer.example.com/1'])
        self.assertNothingInternal(html.tostring(content).decode(), receipt)
        breadcrumbs = page.xpath('//ol[contains(@class, "o_portal_submenu")]//a/@href')
        self.assertIn(const.PORTAL_ROUTE, breadcrumbs)

    def test_one_receipt_that_is_not_printed(self):
        receipt = self.pay_invoice()
        self.till.till = 'failed'
        self.work()
        self.work()
        [content] = self.page(f'{const.PORTAL_ROUTE}/{receipt.id}').xpath(
            '//div[@id="o_fiscal_receipt"]')
        self.assertIn("being prepared", self.text(content))
        self.assertIn("Lessons", self.text(content))
        self.assertNothingInternal(html.tostring(content).decode(), receipt)

    def test_others_are_answered_like_missing_ones(self):
        receipt = self.print_invoice()
        url = f'{const.PORTAL_ROUTE}/{receipt.id}'
        missing = self.open(f'{const.PORTAL_ROUTE}/{receipt.id + 1000}', 'stranger_login')
        other = self.open(url, 'stranger_login')
        self.assertEqual(
            (other.status_code, other.headers['Location'], other.text),
            (missing.status_code, missing.headers['Location'], missing.text))
        self.assertEqual(other.status_code, 303)
        self.put_state(receipt, 'void')
        self.assertEqual(self.open(url).status_code, 303, "Not even one's own void one")
