# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date, timedelta
from decimal import Decimal
from unittest.mock import patch

from freezegun import freeze_time

from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.tochka_acquiring.tests.common import TochkaCommon
from odoo.addons.tochka_fiscal.receipt import ReceiptError

DAY = date(2026, 3, 10)
DONE = 'full_payment'


class ItemsCommon(TochkaCommon):
    """ Documents of 10 March 2026, and what their receipts say on that day. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.settings = cls.provider.sudo()
        cls.settings.write({'fiscal_vat': 'none', 'fiscal_method': 'auto',
                            'fiscal_subject': 'service'})
        cls.vat22 = cls.create_tax("VAT 22 %", 22)
        cls.vat20 = cls.create_tax("VAT 20 %", 20)
        cls.vat10 = cls.create_tax("VAT 10 %", 10, price_include_override='tax_included')
        cls.category = cls.env['product.category'].create({'name': "Books"})
        cls.book, cls.course = cls.env['product.product'].create([
            {'name': name, 'type': kind, 'categ_id': cls.category.id, 'taxes_id': False,
             'list_price': price}
            for name, kind, price in (("Book", 'consu', 500), ("Course", 'service', 1000))
        ])

    @classmethod
    def create_tax(cls, name, amount, **values):
        return cls.company_data['default_tax_sale'].with_env(cls.env).copy({
            'name': name, 'amount': amount, 'price_include_override': 'tax_excluded', **values})

    def sell(self, *lines, on=DAY, post=True, **values):
        """ Return an invoice of lines `(name, quantity, price, tax, further values)`. """
        invoice = self.env['account.move'].create({
            'move_type': 'out_invoice', 'partner_id': self.payer.id, 'invoice_date': on,
            'currency_id': self.rub.id,
            'invoice_line_ids': [
                Command.create({
                    'name': name, 'quantity': quantity, 'price_unit': price,
                    'tax_ids': [Command.set(tax.ids if tax else [])], **dict(*further),
                }) for name, quantity, price, tax, *further in lines
            ],
            **values,
        })
        if post:
            invoice.action_post()
        return invoice

    def lines_of(self, transaction, on=DAY):
        with patch.object(type(transaction), '_fiscal_settled_on', lambda _self: on):
            return transaction.with_user(self.env.ref('base.public_user'))._fiscal_lines()

    def assertLines(self, transaction, *expected, on=DAY):
        """ Compare with lines `(name, price, quantity, total, vat, method, subject)`. """
        lines = self.lines_of(transaction, on)
        self.assertEqual([
            (line.name, line.price, line.quantity, line.total, line.vat, line.method, line.subject)
            for line in lines
        ], [(name, price, Decimal(str(quantity)), *rest)
            for name, price, quantity, *rest in expected])
        self.assertEqual(sum(line.total for line in lines), round(transaction.amount * 100))
        return lines


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestInvoiceItems(ItemsCommon):
    """ Invoices as lines of receipts, worked out by hand. """

    def test_tax_on_top_and_in_the_price(self):
        invoice = self.sell(("Lessons", 1, 1000, self.vat22), ("Atlas", 2, 550, self.vat10))
        self.assertLines(
            self.create_tx(invoice),  # 1000 + 220, 2 x 550 with 100 of tax inside
            ("Lessons", 122000, 1, 122000, 'vat22', DONE, 'service'),
            ("Atlas", 55000, 2, 110000, 'vat10', DONE, 'service'))

    def test_three_for_33_33(self):
        self.assertLines(
            self.create_tx(self.sell(("Pens", 3, 33.33, None))),
            ("Pens", 3333, 3, 9999, 'none', DONE, 'service'))
        self.assertLines(  # 99.99 + 22.00 = 121.99: no price fits three
            self.create_tx(self.sell(("Pens", 3, 33.33, self.vat22))),
            ("Pens", 4066, 2, 8132, 'vat22', DONE, 'service'),
            ("Pens", 4067, 1, 4067, 'vat22', DONE, 'service'))

    def test_discount_of_a_line(self):
        self.assertLines(
            self.create_tx(self.sell(("Lessons", 2, 500, None, {'discount': 10}))),
            ("Lessons", 45000, 2, 90000, 'none', DONE, 'service'))

    def test_negative_line_lowers_lines_of_its_own_vat_first(self):
        self.assertLines(
            self.create_tx(self.sell(
                ("Lessons", 1, 1000, None), ("Books", 1, 500, None), ("Discount", 1, -150, None))),
            ("Lessons", 90000, 1, 90000, 'none', DONE, 'service'),
            ("Books", 45000, 1, 45000, 'none', DONE, 'service'))
        self.assertLines(
            self.create_tx(self.sell(
                ("Lessons", 1, 1000, self.vat22), ("Books", 1, 1100, self.vat10),
                ("Discount", -1, 110, self.vat10))),
            ("Lessons", 122000, 1, 122000, 'vat22', DONE, 'service'),
            ("Books", 99000, 1, 99000, 'vat10', DONE, 'service'))

    def test_tax_rounded_for_the_whole_invoice(self):
        self.company.sudo().tax_calculation_rounding_method = 'round_globally'
        invoice = self.sell(*[(name, 1, 10.02, self.vat22) for name in "ABC"])
        # 3 x 12.22 = 36.66, but 30.06 + 6.61 is owed.
        self.assertEqual(invoice.amount_total, 36.67)
        self.assertLines(
            self.create_tx(invoice),
            ("A", 1223, 1, 1223, 'vat22', DONE, 'service'),
            ("B", 1222, 1, 1222, 'vat22', DONE, 'service'),
            ("C", 1222, 1, 1222, 'vat22', DONE, 'service'))

    def test_cash_rounding(self):
        rounding = self.env['account.cash.rounding'].create({
            'name': "Roubles", 'rounding': 1.0, 'strategy': 'add_invoice_line',
            'rounding_method': 'HALF-UP',
            'profit_account_id': self.company_data['default_account_revenue'].id,
            'loss_account_id': self.company_data['default_account_expense'].id,
        })
        values = {'invoice_cash_rounding_id': rounding.id}
        up = self.sell(("A", 1, 70.20, None), ("B", 1, 30.40, None), **values)
        self.assertEqual(up.amount_total, 101.0)
        self.assertLines(  # 40 kopecks by 7020 and 3040: 27.9 and 12.1
            self.create_tx(up),
            ("A", 7048, 1, 7048, 'none', DONE, 'service'),
            ("B", 3052, 1, 3052, 'none', DONE, 'service'))
        down = self.sell(("A", 1, 100.40, None), **values)
        self.assertLines(
            self.create_tx(down), ("A", 10000, 1, 10000, 'none', DONE, 'service'))

    def test_early_payment_discount_lowers_the_tax(self):
        term = self.env['account.payment.term'].create({
            'name': "2 % in 7 days", 'early_discount': True, 'discount_percentage': 2,
            'discount_days': 7, 'early_pay_discount_computation': 'mixed'})
        invoice = self.sell(("Lessons", 1, 1000, self.vat22), ("Books", 1, 100, None),
                            invoice_payment_term_id=term.id)
        self.assertEqual(invoice.amount_total, 1315.6)  # 22 % of 980
        self.assertLines(  # 4.40 off by 1220 and 100: 4.0667 and 0.3333
            self.create_tx(invoice),
            ("Lessons", 121593, 1, 121593, 'vat22', DONE, 'service'),
            ("Books", 9967, 1, 9967, 'none', DONE, 'service'))

    def test_sections_notes_and_what_costs_nothing(self):
        invoice = self.sell(
            ("Part 1", 0, 0, None, {'display_type': 'line_section'}),
            ("Lessons", 1, 1000, None),
            ("Gift", 1, 0, self.create_tax("Unknown", 15)),
            ("Thank you", 0, 0, None, {'display_type': 'line_note'}))
        self.assertLines(
            self.create_tx(invoice), ("Lessons", 100000, 1, 100000, 'none', DONE, 'service'))

    def test_several_invoices_share_by_what_they_owe(self):
        first = self.sell(("Lessons", 1, 1000, self.vat22))
        second = self.sell(("Books", 1, 500, None), ("Pens", 1, 110, None))
        draft = self.sell(("Later", 1, 300, None), post=False)
        self.assertLines(  # 915 of 1220 + 610: a half of each
            self.create_tx(first + second + draft, amount=915),
            ("Lessons", 61000, 1, 61000, 'vat22', DONE, 'service'),
            ("Books", 25000, 1, 25000, 'none', DONE, 'service'),
            ("Pens", 5500, 1, 5500, 'none', DONE, 'service'))
        self.assertLines(
            self.create_tx(draft, amount=300),
            ("Аванс", 30000, 1, 30000, 'none', 'advance', 'payment'))

    def test_part_payment(self):
        invoice = self.sell(("Lessons", 2, 350, None), ("Books", 1, 300, None))
        self.assertLines(
            self.create_tx(invoice, amount=100.01),  # 70.007 and 30.003
            ("Lessons", 3500, 1, 3500, 'none', DONE, 'service'),
            ("Lessons", 3501, 1, 3501, 'none', DONE, 'service'),
            ("Books", 3000, 1, 3000, 'none', DONE, 'service'))

    def test_what_is_not_due_yet_is_a_prepayment_with_the_calculated_rate(self):
        invoice = self.sell(("Lessons", 1, 1000, self.vat22), on=DAY + timedelta(days=1))
        self.assertLines(
            self.create_tx(invoice),
            ("Lessons", 122000, 1, 122000, 'vat122', 'full_prepayment', 'service'))
        self.assertLines(
            self.create_tx(invoice, amount=610),
            ("Lessons", 61000, 1, 61000, 'vat122', 'prepayment', 'service'))

    def test_money_above_what_is_owed_is_an_advance(self):
        invoice = self.sell(("Lessons", 1, 1000, None))
        self.settings.fiscal_vat = 'vat5'
        self.assertLines(
            self.create_tx(invoice, amount=1200.5),
            ("Lessons", 100000, 1, 100000, 'vat5', DONE, 'service'),
            ("Аванс", 20050, 1, 20050, 'vat105', 'advance', 'payment'))

    def test_second_payment_before_the_first_is_booked(self):
        invoice = self.sell(("Lessons", 1, 1000, None))
        first, second = self.create_tx(invoice, amount=700), self.create_tx(invoice)
        first._set_done()
        second._set_done()
        self.assertLines(first, ("Lessons", 70000, 1, 70000, 'none', DONE, 'service'))
        self.assertLines(
            second,
            ("Lessons", 30000, 1, 30000, 'none', DONE, 'service'),
            ("Аванс", 70000, 1, 70000, 'none', 'advance', 'payment'))

    def test_lines_stay_when_the_payment_is_booked(self):
        invoice = self.sell(("Lessons", 1, 1000, None))
        first, second = self.create_tx(invoice, amount=700), self.create_tx(invoice, amount=400)
        for transaction in (first, second):
            transaction._set_done()
            transaction._post_process()
        self.assertLines(first, ("Lessons", 70000, 1, 70000, 'none', DONE, 'service'))
        self.assertLines(
            second,
            ("Lessons", 30000, 1, 30000, 'none', DONE, 'service'),
            ("Аванс", 10000, 1, 10000, 'none', 'advance', 'payment'))
        self.assertFalse(invoice.amount_residual)

    def test_top_up(self):
        transaction = self.create_tx(amount=500.1)
        self.assertLines(
            transaction, ("Аванс", 50010, 1, 50010, 'none', 'advance', 'payment'))
        self.settings.fiscal_vat = 'vat22'
        self.assertLines(
            transaction, ("Аванс", 50010, 1, 50010, 'vat122', 'advance', 'payment'))
        self.settings.write({'tochka_details_mode': 'template',
                             'tochka_details_template': "Lessons of {payer}"})
        self.assertLines(
            transaction, ("Lessons of Petrov", 50010, 1, 50010, 'vat122', 'advance', 'payment'))

    def test_receipt_is_russian_whoever_pays_or_works(self):
        """ A payer who reads German, a user who reads English, products with three names. """
        for lang, name in (('ru_RU', "Книга"), ('de_DE', "Buch")):
            self.env['res.lang']._activate_lang(lang)
            self.book.with_context(lang=lang).name = name
        self.payer.lang = 'de_DE'
        self.company.sudo().partner_id.lang = 'ru_RU'
        invoice = self.env['account.move'].create({
            'move_type': 'out_invoice', 'partner_id': self.payer.id, 'invoice_date': DAY,
            'currency_id': self.rub.id,
            'invoice_line_ids': [Command.create({
                'product_id': self.book.id, 'quantity': 1, 'price_unit': 500, 'tax_ids': []})],
        })
        invoice.action_post()
        self.assertEqual(invoice.invoice_line_ids.name, "Buch")
        transaction = self.create_tx(invoice, amount=600, partner_lang='de_DE')
        self.assertLines(
            transaction,
            ("Книга", 50000, 1, 50000, 'none', DONE, 'goods'),
            ("Аванс", 10000, 1, 10000, 'none', 'advance', 'payment'))

    def test_name_that_cannot_be_seen(self):
        lines = [(name, 1, 10, None, {'product_id': self.book.id}) for name in (
            " \u00a0", "\u200b\u200d\u2060", "\u3164", "\u2800")]
        self.assertEqual(
            [line.name for line in self.lines_of(self.create_tx(self.sell(*lines)))], ["Book"] * 4)
        invoice = self.sell(("\u200b", 1, 10, None))
        self.assertEqual(
            [line.name for line in self.lines_of(self.create_tx(invoice))], [invoice.display_name])

    def test_template(self):
        self.settings.write({'tochka_details_mode': 'template',
                             'tochka_details_template': "Lessons of {payer}"})
        same = self.sell(("A", 3, 33.33, self.vat22), ("B", 1, 100, self.vat22))
        self.assertLines(  # 121.99 + 122.00
            self.create_tx(same),
            ("Lessons of Petrov", 24399, 1, 24399, 'vat22', DONE, 'service'))
        mixed = self.sell(("A", 1, 100, self.vat22), ("B", 1, 110, self.vat10))
        self.assertLines(
            self.create_tx(mixed),
            ("A", 12200, 1, 12200, 'vat22', DONE, 'service'),
            ("B", 11000, 1, 11000, 'vat10', DONE, 'service'))

    def test_products_measures_and_categories(self):
        kilogram, hour = (self.env.ref(f'uom.product_uom_{name}') for name in ('kgm', 'hour'))
        invoice = self.sell(
            ("Apples", 1.5, 100.01, None, {
                'product_id': self.book.id, 'product_uom_id': kilogram.id}),
            ("Course", 2, 1000, None, {
                'product_id': self.course.id, 'product_uom_id': hour.id}))
        transaction = self.create_tx(invoice)
        lines = self.assertLines(
            transaction,  # 1.5 x 100.01 = 150.015 = 150.02
            ("Apples", 10001, 1.5, 15002, 'none', DONE, 'goods'),
            ("Course", 100000, 2, 200000, 'none', DONE, 'service'))
        self.assertEqual([line.measure for line in lines], [11, 71])
        self.category.parent_id = self.env['product.category'].create({
            'name': "All", 'fiscal_subject': 'work', 'fiscal_method': 'full_prepayment'})
        self.category.fiscal_method = 'credit_payment'
        self.assertLines(
            transaction,
            ("Apples", 10001, 1.5, 15002, 'none', 'credit_payment', 'work'),
            ("Course", 100000, 2, 200000, 'none', 'credit_payment', 'work'))

    def test_method_of_the_provider(self):
        self.settings.fiscal_method = 'prepayment'
        self.assertLines(
            self.create_tx(self.sell(("Lessons", 1, 100, self.vat22))),
            ("Lessons", 12200, 1, 12200, 'vat122', 'prepayment', 'service'))

    def test_20_becomes_22_by_the_day_of_shipment(self):
        for on, delivered, vat, method in (
            (date(2025, 12, 31), False, 'vat20', DONE),
            (date(2026, 1, 1), False, 'vat22', DONE),
            (DAY, date(2025, 12, 30), 'vat20', DONE),
            (DAY + timedelta(days=1), False, 'vat122', 'full_prepayment'),
            (DAY, DAY + timedelta(days=1), 'vat122', 'full_prepayment'),
        ):
            with self.subTest(on=on, delivered=delivered):
                invoice = self.sell(
                    ("Lessons", 1, 100, self.vat20), on=on, delivery_date=delivered)
                self.assertLines(
                    self.create_tx(invoice),
                    ("Lessons", 12000, 1, 12000, vat, method, 'service'))

    def test_day_of_the_settlement_is_moscows(self):
        self.settings.fiscal_vat = 'vat20'
        transaction = self.create_tx(amount=10)
        for moment, vat in (('2025-12-31 20:59:59', 'vat120'), ('2025-12-31 21:00:00', 'vat122')):
            with freeze_time(moment):
                self.assertEqual([line.vat for line in transaction._fiscal_lines()], [vat])

    def test_tax_that_means_nothing_in_a_receipt(self):
        unknown = self.create_tax("Tax 15 %", 15)
        transaction = self.create_tx(self.sell(("Lessons", 1, 100, unknown)))
        with self.assertRaisesRegex(ReceiptError, 'tax "Tax 15 %" has no VAT in receipts'):
            self.lines_of(transaction)
        unknown.fiscal_vat = 'none'
        self.assertLines(transaction, ("Lessons", 11500, 1, 11500, 'none', DONE, 'service'))
        two = self.create_tx(self.sell(("Lessons", 1, 100, self.vat22 + self.vat20)))
        with self.assertRaisesRegex(ReceiptError, 'several taxes: VAT 2. %, VAT 2. %'):
            self.lines_of(two)

    def test_roubles_only(self):
        transaction = self.create_tx(amount=10, currency_id=self.env.ref('base.EUR').id)
        with self.assertRaisesRegex(ReceiptError, "is in EUR"):
            self.lines_of(transaction)

    def test_money_that_goes_back(self):
        refund = self.create_tx(amount=-10, operation='refund')
        with self.assertRaisesRegex(ReceiptError, "its own receipt"):
            self.lines_of(refund)


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestMappings(ItemsCommon):
    """ What is guessed, and what an accountant has chosen. """

    def test_vat_is_guessed_until_somebody_chooses(self):
        for amount, vat in ((0, 'vat0'), (5, 'vat5'), (7, 'vat7'), (18, False), (22, 'vat22')):
            self.vat22.amount = amount
            self.assertEqual((self.vat22.fiscal_vat, self.vat22.fiscal_vat_confirmed), (vat, False))
        self.assertFalse(self.create_tax("P", 22, type_tax_use='purchase').fiscal_vat)
        self.vat22.fiscal_vat = 'vat22'  # The guess, as a form sends it.
        self.assertFalse(self.vat22.fiscal_vat_confirmed)
        with Form(self.vat22) as form:
            form.amount = 10
        self.assertEqual((self.vat22.fiscal_vat, self.vat22.fiscal_vat_confirmed), ('vat10', False))
        self.vat22.fiscal_vat = 'none'
        self.assertTrue(self.vat22.fiscal_vat_confirmed)
        self.vat22.amount = 22
        self.assertEqual(self.vat22.fiscal_vat, 'none')
        self.vat20.fiscal_vat_confirmed = True
        self.vat20.amount = 18
        self.assertEqual(self.vat20.fiscal_vat, 'vat20')

    def test_tax_of_nothing_is_guessed_by_its_name(self):
        for name, vat in (
            ("Без НДС", 'none'), ("без налога (НДС)", 'none'), ("НДС не облагается", 'none'),
            ("Освобождено, ст. 149", 'none'), ("VAT exempt", 'none'), ("No VAT", 'none'),
            ("НДС 0 %", 'vat0'), ("0% Export", 'vat0'),
        ):
            self.assertEqual(self.create_tax(name, 0).fiscal_vat, vat, name)
        self.assertEqual(self.create_tax("Без НДС?", 22).fiscal_vat, 'vat22')
        self.env['res.lang']._activate_lang('ru_RU')
        tax = self.create_tax("Nothing", 0)
        tax.with_context(lang='ru_RU').name = "Услуги без НДС"
        self.assertEqual(tax.fiscal_vat, 'none')

    def test_credit_is_no_payment(self):
        """ Nobody pays when goods are handed over on credit: 5 and 6 are no receipts of money. """
        for model in ('payment.provider', 'product.category', 'fiscal.correction.line'):
            field = self.env[model]._fields['fiscal_method']
            offered = dict(field._description_selection(self.env))
            self.assertFalse({'partial_payment', 'credit'} & set(offered), model)
            self.assertIn('credit_payment', offered)

    def test_phones_as_people_write_them(self):
        self.payer.email = False
        for text, phone in (
            ("8-999-123-45-67 (мама)", '+79991234567'),
            ("мама 8 (999) 123 45 67", '+79991234567'),
            ("+7 999 123-45-67, 8 999 765-43-21", '+79991234567'),
            ("8 999 123 45 67 8 999 765 43 21", '+79991234567'),
            ("123, 89997654321", '+79997654321'),
            ("+49 30 901820 / office", '+4930901820'),
            ("мама", ''), ("123", ''), (False, ''),
        ):
            self.payer.phone = text
            self.assertEqual(self.payer._fiscal_phone(self.company), phone, text)

    def test_known_phone_is_used_for_an_email_that_is_too_long(self):
        self.payer.write({'email': f'{"p" * 60}@example.com', 'phone': "8 999 123-45-67"})
        transaction = self.create_tx(amount=10)
        self.assertEqual(transaction._fiscal_contact(), '+79991234567')
        self.payer.phone = False
        self.assertFalse(transaction._fiscal_contact(), "Nobody could be reached by it")

    def test_measures(self):
        for name, measure in (('unit', '0'), ('dozen', '0'), ('litre', '41'), ('km', '255'),
                              ('kwh', '50'), ('square_meter', '32')):
            self.assertEqual(
                self.env.ref(f'uom.product_uom_{name}').fiscal_measure, measure, name)
        box = self.env['uom.uom'].create({
            'name': "Box", 'relative_factor': 10,
            'relative_uom_id': self.env.ref('uom.product_uom_dozen').id})
        self.assertEqual(box.fiscal_measure, '0')
        lesson = self.env['uom.uom'].create({'name': "Lesson"})
        self.assertEqual(lesson.fiscal_measure, '255')
        lesson.fiscal_measure = '71'
        lesson.relative_uom_id = self.env.ref('uom.product_uom_unit')
        self.assertEqual(lesson.fiscal_measure, '71')
