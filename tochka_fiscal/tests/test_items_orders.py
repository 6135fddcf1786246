# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_fiscal.tests.test_items import DAY, DONE, ItemsCommon


@tagged('post_install', '-at_install')
class TestOrderItems(ItemsCommon):
    """ Sale orders as lines of receipts. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if 'sale.order' not in cls.env:
            cls.skipTest(cls, "The sale app is not installed.")
        cls.coupon = cls.env['product.product'].create({
            'name': "Coupon", 'type': 'service', 'taxes_id': False})

    def order(self, *lines, confirm=True):
        """ Return an order of lines `(product, quantity, price, tax)`, or of a note's text. """
        order = self.env['sale.order'].create({
            'partner_id': self.payer.id,
            'order_line': [
                Command.create({
                    'product_id': line[0].id, 'name': line[0].name, 'product_uom_qty': line[1],
                    'price_unit': line[2], 'tax_ids': [Command.set(line[3].ids if line[3] else [])],
                } if not isinstance(line, str) else {'display_type': 'line_note', 'name': line})
                for line in lines
            ],
        })
        self.assertEqual(order.currency_id, self.rub)
        if confirm:
            order.action_confirm()
        return order

    def order_tx(self, order, amount=None):
        return self.create_tx(
            amount=amount or order.amount_total, sale_order_ids=[Command.set(order.ids)])

    def test_order_with_a_coupon_is_a_prepayment(self):
        order = self.order(
            "Thank you", (self.book, 2, 500, self.vat22), (self.course, 1, 780, None),
            (self.coupon, 1, -200, None), confirm=False)
        self.assertLines(  # 1220 + 780 - 200, of the lines without VAT
            self.order_tx(order),
            ("Book", 61000, 2, 122000, 'vat122', 'full_prepayment', 'goods'),
            ("Course", 58000, 1, 58000, 'none', 'full_prepayment', 'service'))
        self.assertLines(  # 180 of 1800
            self.order_tx(order, 180),
            ("Book", 6100, 2, 12200, 'vat122', 'prepayment', 'goods'),
            ("Course", 5800, 1, 5800, 'none', 'prepayment', 'service'))

    def test_delivered_order_is_settled(self):
        order = self.order((self.book, 2, 500, self.vat22), (self.coupon, 1, -22, self.vat22))
        if order.order_line[0].qty_delivered_method != 'manual':
            self.skipTest("The stock app delivers.")
        order.order_line[0].qty_delivered = 1
        transaction = self.order_tx(order)  # (1000 - 22) + 22 % = 1193.16
        self.assertLines(
            transaction, ("Book", 59658, 2, 119316, 'vat122', 'full_prepayment', 'goods'))
        order.order_line[0].qty_delivered = 2
        self.assertLines(transaction, ("Book", 59658, 2, 119316, 'vat22', DONE, 'goods'))

    def test_rest_of_an_order(self):
        self.course.invoice_policy = 'order'
        order = self.order((self.course, 1, 1000, None))
        first, second = self.order_tx(order, 400), self.order_tx(order, 700)
        for transaction in (first, second):
            transaction._set_done()
        self.assertLines(first, ("Course", 40000, 1, 40000, 'none', 'prepayment', 'service'))
        self.assertLines(
            second,
            ("Course", 60000, 1, 60000, 'none', 'prepayment', 'service'),
            ("Аванс", 10000, 1, 10000, 'none', 'advance', 'payment'))
        invoice = order._create_invoices()
        invoice.action_post()
        first._post_process()  # The order's invoice takes the money.
        self.assertTrue(first.payment_id)
        self.assertEqual(self.lines_of(first)[0].total, 40000)

    def test_rest_of_an_order_that_shares_an_invoice(self):
        """ Of an invoice of several orders each owes its own lines. """
        self.course.invoice_policy = 'delivery'
        one = self.order((self.course, 2, 1000, None))
        other = self.order((self.course, 1, 1000, None))
        (one | other).order_line.qty_delivered = 1
        invoice = (one | other)._create_invoices()
        invoice.invoice_date = DAY
        invoice.action_post()
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids).create({})._create_payments()
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertEqual(
            [self.order_tx(order)._fiscal_owed(order) for order in (one, other)], [[100000], [0]])

    def test_deposit_and_final_invoice(self):
        self.course.invoice_policy = 'order'
        order = self.order((self.course, 1, 1000, None))
        self.env['sale.advance.payment.inv'].with_context(
            active_model='sale.order', active_ids=order.ids).create({
                'advance_payment_method': 'percentage', 'amount': 30}).create_invoices()
        deposit = order.invoice_ids
        deposit.invoice_date = DAY
        deposit.action_post()
        [line] = self.lines_of(self.create_tx(deposit))
        self.assertEqual(
            (line.total, line.quantity, line.method, line.subject),
            (30000, 1, 'prepayment', 'payment'))
        final = order._create_invoices(final=True)
        final.invoice_date = DAY
        final.action_post()
        self.assertEqual(final.amount_total, 700.0)
        self.assertLines(
            self.create_tx(final), ("Course", 70000, 1, 70000, 'none', DONE, 'service'))

    def test_goods_that_are_invoiced_before_delivery(self):
        self.book.write({'invoice_policy': 'order', 'is_storable': True}
                        if 'is_storable' in self.book._fields else {'invoice_policy': 'order'})
        order = self.order((self.book, 2, 500, self.vat22))
        if order.order_line.qty_delivered_method != 'stock_move':
            self.skipTest("The stock app is not installed.")
        invoice = order._create_invoices()
        invoice.invoice_date = DAY
        invoice.action_post()
        transaction = self.create_tx(invoice)
        self.assertLines(
            transaction, ("Book", 61000, 2, 122000, 'vat122', 'full_prepayment', 'goods'),
            on=self.today)
        order.picking_ids.move_ids.quantity = 2
        order.picking_ids.move_ids.picked = True
        order.picking_ids.button_validate()
        self.assertLines(
            transaction, ("Book", 61000, 2, 122000, 'vat22', DONE, 'goods'), on=self.today)
