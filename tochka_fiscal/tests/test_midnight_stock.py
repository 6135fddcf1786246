# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.tochka_fiscal.tests.test_midnight import (
    AFTER,
    BEFORE,
    FIRST_MINUTE,
    LAST_MINUTE,
    NEW,
    OLD,
    MidnightOfOrders,
)


@tagged('post_install', '-at_install')
class TestMidnightOfGoods(MidnightOfOrders):
    """ Goods have the day of their own transfer, in Moscow. """

    def setUp(self):
        super().setUp()
        if 'stock.picking' not in self.env:
            self.skipTest("The stock app is not installed.")

    def goods(self):
        return self.order(name="Book", type='consu', is_storable=True)

    def hand_over(self, order, pieces, moment):
        with freeze_time(moment):
            picking = order.picking_ids.filtered(lambda one: one.state not in ('done', 'cancel'))
            picking.move_ids.write({'quantity': pieces, 'picked': True})
            picking.with_context(skip_backorder=True, cancel_backorder=False).button_validate()

    def test_goods_by_the_minute_in_moscow(self):
        for moment, expected in ((LAST_MINUTE, OLD), (FIRST_MINUTE, NEW)):
            with self.subTest(moment):
                with freeze_time(BEFORE):
                    order = self.goods()
                    prepayment = self.prepay(self.bill(order))
                self.hand_over(order, 10, moment)
                self.close_at(AFTER)
                self.assertClosedBy(prepayment, expected)

    def test_goods_in_two_transfers(self):
        """ Odoo's own day of an order is that of the first one. """
        with freeze_time(BEFORE):
            order = self.goods()
            prepayment = self.prepay(self.bill(order))
        self.hand_over(order, 4, LAST_MINUTE)
        self.close_at(LAST_MINUTE + timedelta(seconds=30))
        self.hand_over(order, 6, FIRST_MINUTE)
        self.close_at(AFTER)
        self.assertClosedBy(prepayment, OLD, NEW)
        self.assertEqual(prepayment._closings().sorted('id').mapped('total'), [400.0, 600.0])

    def test_order_of_goods_in_two_transfers(self):
        with freeze_time(BEFORE):
            order = self.goods()
            prepayment = self.prepay_order(order, 1000.0)
        self.hand_over(order, 4, LAST_MINUTE)
        self.close_at(LAST_MINUTE + timedelta(seconds=30))
        self.hand_over(order, 6, FIRST_MINUTE)
        self.close_at(AFTER)
        self.assertClosedBy(prepayment, OLD, NEW)

    def test_each_transfer_billed_and_paid_after(self):
        """ The first invoice keeps the day of the first transfer. """
        with freeze_time(BEFORE):
            order = self.goods()
            order.order_line.product_id.invoice_policy = 'delivery'
        receipts = []
        for pieces, moment, vat in ((4, LAST_MINUTE, 'none'), (6, FIRST_MINUTE, 'vat22')):
            self.hand_over(order, pieces, moment)
            with freeze_time(moment):
                self.today = (moment + timedelta(hours=3)).date()
                receipts.append((self.bill(order), vat))
        with freeze_time(AFTER):
            for invoice, vat in receipts:
                self.assertSays(self.money(invoice), (vat, 'full_payment'), system='osn')
