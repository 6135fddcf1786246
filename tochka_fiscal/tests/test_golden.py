# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date

from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.tochka_fiscal.tests.golden_documents import (
    GOLDEN,
    GoldenCommon,
    find_problems,
    read_golden,
)

SOON = date(2026, 3, 20)


@tagged('post_install', '-at_install')
class TestGolden(GoldenCommon):
    """ Invoices, paid: each test is the document of the golden file of its name. """

    def test_files(self):
        """ Each golden file adds up, and is some test's. """
        tests = {name for case in GoldenCommon.__subclasses__() for name in dir(case)}
        for path in sorted(GOLDEN.iterdir()):
            with self.subTest(path.name):
                self.assertFalse(find_problems(read_golden(path)))
                self.assertIn(f'test_{path.stem}', tests)

    # === WHAT IS SOLD === #

    def test_services_due(self):
        invoice = self.sell(
            ("Занятия по математике, март", 8, 1500, None,
             self.sold(self.course, product_uom_id=self.env.ref('uom.product_uom_hour').id)),
            ("Консультация", 1, 700.5, None))
        self.settings.fiscal_taxation_system = 'usn_income'
        self.assertGolden(self.pay_for(invoice))

    def test_goods_and_services_of_two_rates(self):
        invoice = self.sell(
            ("Учебник «Алгебра», 7 класс", 3, 550, self.vat10, self.sold(self.book)),
            ("Курс рисования", 1, 6100, self.in22, self.sold(self.course)),
            ("Набор красок", 2, 1250, self.vat22, self.sold(self.book)))
        self.assertGolden(self.pay_for(invoice))

    def test_sections_and_notes(self):
        invoice = self.sell(
            ("Весенний семестр", 0, 0, None, {'display_type': 'line_section'}),
            ("Курс рисования", 1, 2440, self.in22),
            ("Материалы", 0, 0, None, {'display_type': 'line_subsection'}),
            ("Бумага", 4, 61, self.in22),
            ("Спасибо!", 0, 0, None, {'display_type': 'line_note'}))
        self.assertGolden(self.pay_for(invoice))

    def test_zero_lines(self):
        invoice = self.sell(
            ("Курс рисования", 1, 2440, self.in22),
            ("Кисть в подарок", 2, 0, self.in22),
            ("Пробное занятие", 1, 500, self.in22, {'discount': 100}))
        self.assertGolden(self.pay_for(invoice))

    def test_zero_rate(self):
        zero = self.create_tax("НДС 0 %", 0)
        self.assertGolden(self.pay_for(self.sell(("Перевозка в Минск", 1, 15000, zero))))

    def test_zero_rate_prepaid(self):
        zero = self.create_tax("НДС 0 %", 0)
        self.assertGolden(self.pay_for(self.sell(("Перевозка в Минск", 1, 15000, zero), on=SOON)))

    def test_kilograms_and_metres(self):
        self.settings.fiscal_taxation_system = 'esn'
        kilogram, metre = (self.env.ref(f'uom.product_uom_{name}') for name in ('kgm', 'meter'))
        invoice = self.sell(
            ("Глина", 1.35, 249.9, self.vat10,
             self.sold(self.book, product_uom_id=kilogram.id)),
            ("Холст", 2.5, 120, self.vat22, self.sold(self.book, product_uom_id=metre.id)))
        self.assertGolden(self.pay_for(invoice))

    def test_long_name(self):
        self.assertGolden(self.pay_for(self.sell(
            # 119 letters, 'й' of two characters, a stressed one, and a family of seven.
            ("Абонемент на посещение занятий\nв творческой студии для всеи\u0306 семьи: "
             "рисование, лепка и\tкерамика, по субботам и воскре\u0301сеньям "
             "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466 весной",
             1, 9000, None))))

    # === WHEN === #

    def test_future_invoice(self):
        self.assertGolden(self.pay_for(self.sell(
            ("Занятия, апрель", 4, 1525, self.in22), ("Учебник", 1, 1100, self.vat10),
            on=date(2026, 4, 1))))

    def test_part_of_a_future_invoice(self):
        self.assertGolden(self.pay_for(self.sell(
            ("Занятия, апрель", 4, 1525, self.in22), on=date(2026, 4, 1)), 3050))

    def test_shipped_in_2025_and_paid_in_2026(self):
        self.assertGolden(self.pay_for(self.sell(
            ("Мольберт", 2, 6000, self.in20, self.sold(self.book)), on=date(2025, 12, 25))))

    def test_invoiced_at_20_in_2026(self):
        self.assertGolden(self.pay_for(self.sell(
            ("Мольберт", 1, 6000, self.in20, self.sold(self.book)))))

    def test_built_in_another_year(self):
        """ Money of 2025 waits for a contact until 2026. """
        self.payer.email = False
        with freeze_time('2025-12-31 12:00:00'):
            transaction = self.create_tx(self.sell(
                ("Занятия, январь", 1, 2400, self.in20), on=date(2026, 1, 9)))
            transaction._set_done()
        with freeze_time('2026-01-12 12:00:00'):
            receipt = transaction.fiscal_receipt_ids.sudo()
            self.assertEqual(receipt.state, 'failed')
            receipt.contact = 'petrov@example.com'
            receipt.action_retry()
            self.assertGolden(transaction)

    # === WHO === #

    def test_template_of_the_provider(self):
        self.settings.write({'tochka_details_mode': 'template',
                             'tochka_details_template': "Оплата обучения: {payer}"})
        self.payer.name = "Петров Иван"
        self.assertGolden(self.pay_for(self.sell(
            ("Занятия", 3, 33.33, self.vat22), ("Материалы", 1, 100, self.vat22))))

    def test_template_of_two_rates(self):
        self.settings.write({'tochka_details_mode': 'template',
                             'tochka_details_template': "Оплата обучения: {payer}"})
        self.assertGolden(self.pay_for(self.sell(
            ("Занятия", 1, 1220, self.in22), ("Учебник", 1, 550, self.vat10))))

    def test_phone_only(self):
        self.settings.fiscal_taxation_system = 'patent'
        self.payer.write({'email': False, 'phone': "8 (916) 123-45-67"})
        transaction = self.create_tx(self.sell(("Ремонт рамы", 1, 1200, None)))
        transaction._set_done()  # Tochka asks for an e-mail; other providers do not.
        self.assertGolden(transaction)

    def test_seller_at_5(self):
        self.settings.fiscal_taxation_system = 'usn_income'
        five = self.create_tax("НДС 5 %", 5)
        self.assertGolden(self.pay_for(self.sell(("Занятия", 3, 1000.1, five))))

    def test_night_in_moscow(self):
        """ 21:30 UTC of the 9th is the 10th in Moscow, when the service is due. """
        with freeze_time('2026-03-09 21:30:00'):
            self.assertGolden(self.pay_for(self.sell(("Занятия", 1, 610, self.in22))))
