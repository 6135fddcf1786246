# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_fiscal.tests.golden_documents import GoldenCommon
from odoo.addons.tochka_fiscal.tests.test_items import DAY

SOON = date(2026, 3, 20)


@tagged('post_install', '-at_install')
class TestGoldenAmounts(GoldenCommon):
    """ Discounts, kopecks and parts: each test is the document of the golden file of its name. """

    # === DISCOUNTS AND KOPECKS === #

    def test_three_for_33_33(self):
        self.assertGolden(self.pay_for(self.sell(("Карандаш", 3, 33.33, self.in22))))

    def test_three_for_100(self):
        self.assertGolden(self.pay_for(self.sell(
            ("Карандаш", 3, 40, self.in22, {'discount': 16.67}))))

    def test_line_discount(self):
        self.assertGolden(self.pay_for(self.sell(
            ("Мольберт", 3, 999.99, self.in22, self.sold(self.book, discount=15)))))

    def test_discount_line_of_its_own_vat(self):
        invoice = self.sell(
            ("Курс рисования", 1, 4000, self.in22), ("Мастер-класс", 2, 1500, self.in22),
            ("Учебник", 1, 1100, self.vat10), ("Скидка", 1, -100, self.in22))
        self.assertGolden(self.pay_for(invoice))

    def test_coupon_over_several_rates(self):
        invoice = self.sell(
            ("Курс рисования", 1, 2440, self.in22), ("Учебник", 2, 550, self.vat10),
            ("Краски", 1, 460, self.in22), ("Купон", 1, -333.33, None))
        self.assertGolden(self.pay_for(invoice))

    def test_discount_of_more_than_its_rate(self):
        invoice = self.sell(
            ("Курс рисования", 1, 2440, self.in22), ("Учебник", 1, 550, self.vat10),
            ("Скидка", 1, -700, self.vat10))
        self.assertGolden(self.pay_for(invoice))

    def test_tax_rounded_for_the_whole_invoice(self):
        self.company.sudo().tax_calculation_rounding_method = 'round_globally'
        self.assertGolden(self.pay_for(self.sell(
            *((name, 1, 10.02, self.vat22) for name in ("Мел", "Ластик", "Линейка")))))

    def round_to_roubles(self, strategy, method):
        return {'invoice_cash_rounding_id': self.env['account.cash.rounding'].create({
            'name': "Рубли", 'rounding': 1.0, 'strategy': strategy, 'rounding_method': method,
            'profit_account_id': self.company_data['default_account_revenue'].id,
            'loss_account_id': self.company_data['default_account_expense'].id,
        }).id}

    def test_cash_rounding_by_a_line(self):
        invoice = self.sell(
            ("Краски", 1, 70.2, self.in22), ("Учебник", 1, 30.4, self.vat10),
            **self.round_to_roubles('add_invoice_line', 'DOWN'))
        self.assertGolden(self.pay_for(invoice))

    def test_cash_rounding_of_the_biggest_tax(self):
        invoice = self.sell(
            ("Курс рисования", 1, 1000, self.vat22), ("Учебник", 1, 55.55, self.vat10),
            **self.round_to_roubles('biggest_tax', 'HALF-UP'))
        self.assertGolden(self.pay_for(invoice))

    def sell_with_early_discount(self, **values):
        """ Return an invoice of 7200.00, or 2 % less within a week, and that sum. """
        term = self.env['account.payment.term'].create({
            'name': "2 % за 7 дней", 'early_discount': True, 'discount_percentage': 2,
            'discount_days': 7, 'early_pay_discount_computation': 'included',
            'line_ids': [Command.create({'value': 'percent', 'value_amount': 100, 'nb_days': 30})],
        })
        invoice = self.sell(
            ("Курс рисования", 1, 6100, self.in22), ("Краски", 2, 550, self.in22),
            invoice_payment_term_id=term.id, **values)
        return invoice, invoice._get_invoice_next_payment_values()['amount_due']

    def test_early_payment_discount(self):
        invoice, amount = self.sell_with_early_discount()
        self.assertGolden(self.pay_for(invoice, amount))
        self.assertFalse(invoice.amount_residual)

    def test_early_payment_discount_before_delivery(self):
        invoice, amount = self.sell_with_early_discount(delivery_date=SOON)
        transaction = self.pay_for(invoice, amount)
        self.assertGolden(transaction)
        transaction.fiscal_receipt_ids.sudo()._build_lines()
        self.assertGolden(transaction)  # Booked meanwhile.

    # === HOW MUCH IS PAID === #

    def test_several_invoices(self):
        invoices = [
            self.sell(line, on=date(2026, 2, number))
            for number, line in enumerate((
                ("Курс рисования, январь", 1, 3050, self.in22),
                ("Учебник", 2, 550, self.vat10, self.sold(self.book)),
                ("Занятия кружка", 4, 300, None)), 1)
        ]
        self.assertGolden(self.pay_for(self.env['account.move'].union(*invoices)))

    def test_several_invoices_in_part(self):
        invoices = self.sell(("Курс рисования", 1, 2000, self.in22)) + self.sell(
            ("Учебник", 1, 1000, self.vat10))
        self.assertGolden(self.pay_for(invoices, 1000))

    def test_due_and_future_invoice(self):
        invoices = self.sell(("Занятия, март", 1, 2440, self.in22)) + self.sell(
            ("Занятия, апрель", 1, 2440, self.in22), on=date(2026, 4, 1))
        self.assertGolden(self.pay_for(invoices))

    def test_part_of_an_invoice(self):
        invoice = self.sell(
            ("Мастер-класс", 3, 1000, self.in22), ("Учебник", 1, 1100, self.vat10))
        self.assertGolden(self.pay_for(invoice, 1000))

    def test_part_of_kilograms(self):
        kilogram = self.env.ref('uom.product_uom_kgm')
        invoice = self.sell(("Глина", 2.5, 100, self.vat10,
                             self.sold(self.book, product_uom_id=kilogram.id)))
        self.assertGolden(self.pay_for(invoice, 100.01))

    def test_less_than_a_kopeck_each(self):
        self.assertGolden(self.pay_for(self.sell(("Листок", 100, 0.1, self.in22)), 0.5))

    def test_many_lines(self):
        """ Lines of 10, 20, 30 ... 600 roubles, each of two pieces; 10 % off; a third is paid. """
        invoice = self.sell(
            *((f"Набор {number}", 2, 5 * number, self.in22) for number in range(1, 61)),
            ("Скидка 10 %", 1, -1830, self.in22))
        self.assertGolden(self.pay_for(invoice, 5490.07))

    def test_overpaid_invoice(self):
        self.settings.fiscal_vat = 'vat22'
        invoice = self.sell(("Курс рисования", 1, 6100, self.in22))
        transaction = self.create_linked_tx(invoice)
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids,
        ).create({'amount': 2000, 'journal_id': self.journal.id}).action_create_payments()
        self.assertEqual(invoice.amount_residual, 4100)
        self.assertGolden(self.pay(transaction))

    def test_paid_twice(self):
        invoice = self.sell(("Курс рисования", 1, 6100, self.in22))
        first, second = self.create_linked_tx(invoice), self.create_linked_tx(
            invoice, method=self.sbp)
        self.pay(first)
        self.assertGolden(self.pay(second, payment_type='sbp'))

    def test_first_part_built_after_the_second(self):
        """ The receipt waits for a contact while the rest comes. """
        self.payer.email = False
        invoice = self.sell(("Занятия, апрель", 4, 1525, self.in22), on=date(2026, 4, 1))
        first, second = self.create_tx(invoice, amount=4100), self.create_tx(invoice, amount=2000)
        for transaction in (first, second):
            transaction._set_done()
            transaction._post_process()
        receipt = first.fiscal_receipt_ids.sudo()
        self.assertEqual(receipt.state, 'failed')
        receipt.contact = 'petrov@example.com'
        receipt.action_retry()
        self.assertGolden(first)

    def test_rest_of_a_prepayment(self):
        invoice = self.sell(("Занятия, апрель", 4, 1525, self.in22), on=date(2026, 4, 1))
        self.pay_for(invoice, 4100)
        self.assertGolden(self.pay_for(invoice))

    def test_topup_pays_a_delivered_invoice(self):
        self.settings.fiscal_vat = 'vat22'
        invoice = self.sell(("Курс рисования", 1, 2440, self.in22))
        self.assertGolden(self.pay_for(amount=5000))
        self.assertFalse(invoice.amount_residual)

    def take_back(self, invoice, **values):
        """ Take products of an invoice back, name: (quantity, price), by a credit note. """
        note = invoice._reverse_moves([{'invoice_date': DAY}])
        for line in note.invoice_line_ids:
            if line.product_id.name in values:
                line.quantity, line.price_unit = values[line.product_id.name]
            else:
                line.unlink()
        note.action_post()
        (invoice + note).line_ids.filtered(
            lambda line: line.account_type == 'asset_receivable').reconcile()

    def test_rest_after_a_credit_note(self):
        invoice = self.sell(
            ("Курс рисования", 1, 2440, self.in22, self.sold(self.course)),
            ("Учебник", 2, 550, self.vat10, self.sold(self.book)))
        self.take_back(invoice, **{"Учебник": (2, 550)})
        self.assertGolden(self.pay_for(invoice))

    def test_part_after_a_credit_note(self):
        invoice = self.sell(
            ("Курс рисования", 1, 2440, self.in22, self.sold(self.course)),
            ("Учебник", 3, 550, self.vat10, self.sold(self.book)))
        self.take_back(invoice, **{"Учебник": (1, 550), "Курс рисования": (1, 500)})
        self.assertEqual(invoice.amount_residual, 3040)
        self.assertGolden(self.pay_for(invoice, 1520))
