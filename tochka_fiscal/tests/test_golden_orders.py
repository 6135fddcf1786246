# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date

from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.tochka_fiscal.tests.golden_documents import GoldenCommon
from odoo.addons.tochka_fiscal.tests.test_items import DAY


@tagged('post_install', '-at_install')
class TestGoldenMoney(GoldenCommon):
    """ Money without a document: each test is that of the golden file of its name. """

    def test_top_up(self):
        self.settings.fiscal_vat = 'vat22'
        self.env['res.lang']._activate_lang('ru_RU')
        self.payer.lang = 'ru_RU'
        self.assertGolden(self.pay_for(amount=5000.5))

    def test_top_up_without_vat(self):
        self.settings.write({
            'fiscal_taxation_system': 'usn_income_outcome', 'tochka_details_mode': 'template',
            'tochka_details_template': "Аванс за обучение: {payer}"})
        self.payer.name = "Петров Иван"
        self.assertGolden(self.pay_for(amount=300))


@tagged('post_install', '-at_install')
class TestGoldenOrders(GoldenCommon):
    """ Quotations and sale orders, paid: each test is the document of the file of its name. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if 'sale.order' not in cls.env:
            cls.skipTest(cls, "The sale app is not installed.")
        (cls.book + cls.course).invoice_policy = 'order'

    def course_and_books(self, **values):
        """ Return an order of 7200.00. """
        return self.order(
            (self.course, 1, 6100, self.in22), (self.book, 2, 550, self.vat10), **values)

    def test_order_prepaid(self):
        self.assertGolden(self.pay_for(self.course_and_books(confirm=False)))

    def test_order_prepaid_at_5(self):
        self.settings.fiscal_taxation_system = 'usn_income'
        five = self.create_tax("НДС 5 %", 5)
        self.assertGolden(self.pay_for(self.order((self.course, 2, 999.99, five))))

    def test_order_prepaid_at_7(self):
        self.settings.fiscal_taxation_system = 'usn_income_outcome'
        seven = self.create_tax("НДС 7 %", 7, price_include_override='tax_included')
        self.assertGolden(self.pay_for(self.order((self.book, 3, 535, seven))))

    def test_order_prepaid_without_vat(self):
        self.settings.fiscal_taxation_system = 'usn_income'
        self.assertGolden(self.pay_for(self.order((self.course, 1, 4000, None))))

    def test_order_partly_paid(self):
        self.assertGolden(self.pay_for(self.course_and_books(), 2000))

    def test_order_with_a_discount(self):
        order = self.course_and_books()
        self.env['sale.order.discount'].create({
            'sale_order_id': order.id, 'discount_type': 'so_discount', 'discount_percentage': 0.15,
        }).action_apply_discount()
        self.assertEqual(order.amount_total, 6120)
        self.assertGolden(self.pay_for(order))

    def test_delivered_order(self):
        order = self.course_and_books()
        self.deliver(order)
        self.assertGolden(self.pay_for(order))

    def test_last_second_of_2025(self):
        with freeze_time('2025-12-31 20:59:59'):
            self.assertGolden(self.pay_for(self.order((self.course, 1, 6000, self.in20))))

    def test_first_second_of_2026(self):
        with freeze_time('2025-12-31 21:00:00'):
            self.assertGolden(self.pay_for(self.order((self.course, 1, 6000, self.in20))))

    # === DEPOSITS === #

    def ask_for_deposit(self, order, on=DAY):
        """ Return the posted invoice of a deposit of 30 % of an order. """
        self.env['sale.advance.payment.inv'].with_context(
            active_model='sale.order', active_ids=order.ids,
        ).create({'advance_payment_method': 'percentage', 'amount': 30}).create_invoices()
        deposit = order.invoice_ids
        deposit.invoice_date = on
        deposit.action_post()
        return deposit

    def deliver(self, order):
        for line in order.order_line.filtered('product_id'):
            if line.qty_delivered_method != 'manual':
                self.skipTest("The stock app delivers.")
            line.qty_delivered = line.product_uom_qty

    def ask_for_the_rest(self, order):
        """ Return the posted invoice of an order that was delivered, less its deposit. """
        self.deliver(order)
        final = order._create_invoices(final=True)
        final.invoice_date = DAY
        final.action_post()
        return final

    def test_deposit(self):
        deposit = self.ask_for_deposit(self.course_and_books())
        self.assertEqual(deposit.amount_total, 2160)
        self.assertGolden(self.pay_for(deposit))

    def test_final_invoice_after_a_deposit(self):
        order = self.course_and_books()
        self.pay_for(self.ask_for_deposit(order))
        final = self.ask_for_the_rest(order)
        self.assertEqual(final.amount_total, 5040)
        self.assertGolden(self.pay_for(final))

    def pay_deposit_in_2025(self):
        with freeze_time('2025-12-20 09:00:00'):
            order = self.order((self.course, 1, 6000, self.in20))
            return order, self.pay_for(self.ask_for_deposit(order, on=date(2025, 12, 20)))

    def test_deposit_in_2025(self):
        _order, transaction = self.pay_deposit_in_2025()
        self.assertGolden(transaction)

    def test_rest_in_2026_after_a_deposit_in_2025(self):
        order, _transaction = self.pay_deposit_in_2025()
        self.assertGolden(self.pay_for(self.ask_for_the_rest(order)))
