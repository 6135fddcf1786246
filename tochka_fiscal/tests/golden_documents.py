# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import json
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

from freezegun import freeze_time

from odoo.fields import Command

from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.registers.komtet import Komtet
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon
from odoo.addons.tochka_fiscal.tests.test_items import ItemsCommon

GOLDEN = Path(__file__).parent / 'golden'
NOON = '2026-03-10 09:00:00'  # UTC, of `test_items.DAY` in Moscow.
KEY = 'golden-1'


def read_golden(path):
    """ Return a golden file; its numbers are exact. """
    return json.loads(path.read_text(encoding='utf-8'), parse_float=Decimal)


def differences(expected, found, path='body'):
    """ Return where two JSON values differ, a sentence for each field. """
    if isinstance(expected, dict) and isinstance(found, dict):
        return [text for key in sorted({*expected, *found}) for text in differences(
            expected.get(key), found.get(key), f'{path}.{key}')]
    if isinstance(expected, list) and isinstance(found, list) and len(expected) == len(found):
        return [text for index, pair in enumerate(zip(expected, found, strict=True))
                for text in differences(*pair, f'{path}[{index}]')]
    if expected == found and isinstance(expected, bool) == isinstance(found, bool):
        return []
    return [f'{path}: {found!r}, by hand {expected!r}']


def find_problems(golden):
    """ Return what is wrong in a golden file itself: whoever works one out by hand may slip. """
    body = golden['body']
    problems = []
    if not golden['why'].strip():
        problems.append("It does not say why.")
    if set(body) != {'print', 'intent', 'client', 'company', 'payments', 'positions', 'internet'}:
        problems.append(f"It has other keys: {sorted(body)}")
    for number, position in enumerate(body['positions'], 1):
        if set(position) != {'name', 'price', 'quantity', 'total', 'vat', 'measure',
                             'payment_method', 'payment_object'}:
            problems.append(f"Position {number} has other keys: {sorted(position)}")
        cost = (Decimal(position['price']) * position['quantity']).quantize(
            Decimal('0.01'), ROUND_HALF_UP)
        if cost != position['total']:
            problems.append(f"Position {number} costs {cost}, not {position['total']}")
        if len(position['name']) > const.MAX_NAME:
            problems.append(f"Position {number} has {len(position['name'])} characters")
    if sum(position['total'] for position in body['positions']) != sum(
        payment['sum'] for payment in body['payments']
    ):
        problems.append("The positions are not what was paid")
    return problems


class GoldenCommon(FiscalCommon, ItemsCommon):
    """ A seller in Moscow on 10 March 2026, and receipts that were worked out by hand. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings.fiscal_taxation_system = 'osn'
        cls.in22, cls.in20 = (
            cls.create_tax(f"НДС {rate} % в цене", rate, price_include_override='tax_included')
            for rate in (22, 20))
        cls.book.name, cls.course.name = "Учебник", "Курс рисования"

    def setUp(self):
        super().setUp()
        self.enterContext(freeze_time(NOON))

    def sold(self, product, **values):
        """ Return the further values of an invoice line that sells a product. """
        return {'product_id': product.id, **values}

    def order(self, *lines, confirm=True, **values):
        """ Return a sale order of lines `(product, quantity, price, tax)`. """
        order = self.env['sale.order'].create({
            'partner_id': self.payer.id,
            'order_line': [
                Command.create({
                    'product_id': product.id, 'product_uom_qty': quantity, 'price_unit': price,
                    'tax_ids': [Command.set(tax.ids if tax else [])],
                }) for product, quantity, price, tax in lines
            ],
            **values,
        })
        if confirm:
            order.action_confirm()
        return order

    def pay_for(self, documents=None, amount=None, **values):
        """ Let a payer pay invoices or an order by a link of the bank. """
        if documents is not None and documents._name == 'sale.order':
            values['sale_order_ids'] = [Command.set(documents.ids)]
            amount = amount or sum(documents.mapped('amount_total'))
            documents = None
        transaction = self.create_tx(documents, amount=amount, **values)
        transaction._get_processing_values()
        self.assertEqual(transaction.state, 'draft', transaction.tochka_error)
        return self.pay(transaction)

    def assertGolden(self, transaction):
        """ Compare what KOMTET Kassa is sent with the golden file of the test's name. """
        receipt = transaction.fiscal_receipt_ids.sudo()
        self.assertEqual((len(receipt), receipt.state), (1, 'queued'), receipt.problem)
        service = Komtet(const.REGISTER_URLS['komtet'], '18', 'till-secret', '143')
        callback = receipt.register_id.callback_url
        sent = json.dumps(service.build(receipt._neutral(KEY), callback))
        name = self._testMethodName.removeprefix('test_')
        golden = read_golden(GOLDEN / f'{name}.json')
        expected = {**golden['body'], 'external_id': KEY, 'callback_url': callback}
        found = json.loads(sent, parse_float=Decimal)
        if differences(expected, found):
            self.fail('\n'.join([
                f'{name}: {golden["why"]}', *differences(expected, found),
                *(f'  sent: {position}' for position in found['positions']),
            ]))
