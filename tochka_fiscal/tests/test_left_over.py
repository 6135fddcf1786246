# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_fiscal.tests.test_closing_orders import OrdersCommon


@tagged('post_install', '-at_install')
class TestLeftOver(OrdersCommon):
    """ Money that was more than its documents owed when it came, and money after a refund. """

    def open_link(self, order, amount):
        transaction = self.create_tx(amount=amount, sale_order_ids=[Command.set(order.ids)])
        transaction._get_processing_values()
        self.env.flush_all()
        return transaction

    def give_back(self, transaction, amount):
        self.bank.give_back(transaction.tochka_operation_id, amount)
        self.refresh(transaction)
        refund = transaction.sudo().child_transaction_ids.filtered(lambda tx: not tx.payment_id)
        refund._post_process()
        self.env.invalidate_all()
        return self.printed(refund)

    def lines(self, receipt):
        receipt.invalidate_recordset()
        return [(line.total, line.fiscal_method) for line in receipt.line_ids]

    def assertClosed(self, *receipts, total):
        """ All of the money is closed, by closing receipts of so many roubles. """
        self.close(times=3)
        self.env.invalidate_all()
        closings = self.env['fiscal.receipt'].sudo().union(*(one._closings() for one in receipts))
        self.assertEqual(sum(closings.mapped('total')), total)
        self.assertEqual([one.prepaid_left for one in receipts], [0.0] * len(receipts))

    def test_order_paid_again_after_a_refund(self):
        order = self.order()
        first = self.prepay_order(order, 1000.0)
        self.give_back(first.transaction_id, 1000)
        second = self.prepay_order(order, 1000.0)
        self.assertEqual(self.lines(second), [(1000.0, 'full_prepayment')])
        self.bill(order)
        self.assertClosed(second, total=1000.0)

    def test_part_paid_again_after_a_refund(self):
        order = self.order()
        first = self.prepay_order(order, 1000.0)
        self.give_back(first.transaction_id, 300)
        second = self.prepay_order(order, 300.0)
        self.assertEqual(self.lines(second), [(300.0, 'prepayment')])
        self.bill(order)
        self.assertClosed(first, second, total=1000.0)

    def test_second_payment_pays_the_next_invoice_of_the_order(self):
        self.course.invoice_policy = 'delivery'
        order = self.order()
        order.order_line.qty_delivered = 4
        invoice = self.bill(order)
        first = self.create_linked_tx(invoice)
        second = self.create_linked_tx(invoice, method=self.sbp)
        self.printed(self.pay(first))
        receipt = self.printed(self.pay(second, payment_type='sbp'))
        self.assertEqual(self.lines(receipt), [(400.0, 'advance')])
        order.order_line.qty_delivered = 10
        self.assertEqual(self.bill(order).amount_residual, 200.0)
        self.assertClosed(receipt, total=400.0)

    def test_invoice_replaced_while_its_link_is_open(self):
        order = self.order()
        old = self.bill(order)
        transaction = self.create_linked_tx(old)
        old.button_draft()
        old.button_cancel()
        new = self.bill(order)
        receipt = self.printed(self.pay(transaction))
        self.assertEqual(new.amount_residual, 0.0)
        self.assertClosed(receipt, total=1000.0)

    def test_order_that_became_cheaper_and_dear_again(self):
        order = self.order()
        transaction = self.open_link(order, 1000.0)
        order.order_line.product_uom_qty = 7
        receipt = self.printed(self.pay(transaction))
        self.assertEqual(
            self.lines(receipt), [(700.0, 'full_prepayment'), (300.0, 'advance')])
        order.order_line.product_uom_qty = 10
        self.assertEqual(self.bill(order).amount_residual, 0.0)
        self.assertClosed(receipt, total=1000.0)

    def test_what_was_too_much_goes_back_first(self):
        order = self.order()
        transaction = self.open_link(order, 1000.0)
        order.order_line.product_uom_qty = 7
        receipt = self.printed(self.pay(transaction))
        self.assertEqual(self.lines(self.give_back(transaction, 300)), [(300.0, 'advance')])
        self.bill(order)
        self.assertClosed(receipt, total=700.0)
