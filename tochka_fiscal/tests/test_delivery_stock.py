# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.tests import tagged

from odoo.addons.tochka_fiscal.tests.test_closing_orders import OrdersCommon


@tagged('post_install', '-at_install')
class TestDeliveredInParts(OrdersCommon):
    """ Goods that are invoiced first and delivered by the stock app in parts. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if 'stock.picking' not in cls.env:
            cls.skipTest(cls, "The stock app is not installed.")
        cls.course.write({'type': 'consu', 'is_storable': True, 'name': "Book"})

    def hand_over(self, order, pieces):
        picking = order.picking_ids.filtered(lambda one: one.state not in ('done', 'cancel'))
        picking.move_ids.write({'quantity': pieces, 'picked': True})
        picking.with_context(skip_backorder=True, cancel_backorder=False).button_validate()

    def told(self, prepayment):
        prepayment.invalidate_recordset()
        return [(line.quantity, line.price, line.total)
                for closing in prepayment._closings().sorted('id') for line in closing.line_ids]

    def test_invoice_is_closed_in_parts(self):
        order = self.order()
        self.assertEqual(order.order_line.qty_delivered_method, 'stock_move')
        prepayment = self.prepay(self.bill(order))
        self.assertEqual(prepayment.line_ids.fiscal_method, 'full_prepayment')
        self.close()
        self.assertFalse(self.told(prepayment))
        self.hand_over(order, 4)
        self.close(times=2)
        self.assertEqual(self.told(prepayment), [(4, 100, 400)])
        self.hand_over(order, 6)
        self.close(times=2)
        self.assertEqual(self.told(prepayment), [(4, 100, 400), (6, 100, 600)])
        self.assertEqual(prepayment.prepaid_left, 0)

    def test_two_payments_of_an_invoice(self):
        order = self.order()
        invoice = self.bill(order)
        first, second = self.prepay(invoice, amount=300.0), self.prepay(invoice)
        self.hand_over(order, 4)
        self.close(times=2)
        told = self.told(first) + self.told(second)
        self.assertEqual(sum(total for *_line, total in told), 400)
        self.hand_over(order, 6)
        self.close(times=2)
        told = self.told(first) + self.told(second)
        self.assertEqual(sum(total for *_line, total in told), 1000)
        self.assertEqual((first.prepaid_left, second.prepaid_left), (0, 0))
