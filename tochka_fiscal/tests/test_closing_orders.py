# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_fiscal.tests import test_closing
from odoo.addons.tochka_fiscal.tests.test_closing import ClosingCommon


class OrdersCommon(ClosingCommon):
    """ The helpers of `TestClosingOrders` without its tests. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if 'sale.order' not in cls.env:
            cls.skipTest(cls, "The sale app is not installed.")
        cls.course = cls.env['product.product'].create({
            'name': "Course", 'type': 'service', 'invoice_policy': 'order', 'taxes_id': False,
            'list_price': 100.0})

    order = test_closing.TestClosingOrders.order
    prepay_order = test_closing.TestClosingOrders.prepay_order
    bill = test_closing.TestClosingOrders.bill

    def deposit(self, order, amount):
        """ Return the posted invoice of a deposit of so many roubles. """
        old = order.invoice_ids
        self.env['sale.advance.payment.inv'].with_context(
            active_model='sale.order', active_ids=order.ids).create({
                'advance_payment_method': 'fixed', 'fixed_amount': amount}).create_invoices()
        invoice = order.invoice_ids - old
        invoice.invoice_date = self.today
        invoice.action_post()
        return invoice


@tagged('post_install', '-at_install')
class TestClosingDeposits(OrdersCommon):
    """ Deposits, orders that change, money that moves. """

    def test_order_paid_in_part_with_automatic_invoicing(self):
        """ Odoo itself makes the invoice of the deposit and gives it the money. """
        self.env['ir.config_parameter'].sudo().set_param('sale.automatic_invoice', True)
        order = self.order()
        prepayment = self.prepay_order(order, 300.0)
        deposit = order.invoice_ids
        self.assertTrue(deposit._is_downpayment())
        self.assertEqual((deposit.amount_total, deposit.amount_residual), (300.0, 0.0))
        final = self.bill(order)
        self.assertEqual(final.amount_total, 700.0)
        self.close(times=2)
        self.assertClosings(prepayment, (final, 300.0), left=0.0)

    def test_topup_that_pays_a_deposit(self):
        order = self.order()
        deposit = self.deposit(order, 300.0)
        topup = self.top_up(300.0)  # It pays the open invoice by itself.
        self.assertEqual(deposit.amount_residual, 0.0)
        prepayment = self.printed(topup)
        final = self.bill(order)
        self.assertEqual(final.amount_total, 700.0)
        self.close(times=2)
        self.assertClosings(prepayment, (final, 300.0), left=0.0)

    def test_two_deposits_of_one_payment(self):
        order = self.order()
        deposits = self.deposit(order, 300.0) + self.deposit(order, 200.0)
        transaction = self.create_tx(deposits, amount=500.0)
        transaction._get_processing_values()
        prepayment = self.printed(self.pay(transaction))
        final = self.bill(order)
        self.assertEqual(final.amount_total, 500.0)
        self.close(times=2)
        prepayment.invalidate_recordset()
        self.assertEqual((sum(prepayment.closing_ids.mapped('total')), prepayment.prepaid_left),
                         (500.0, 0.0))

    def test_deposit_larger_than_the_first_delivery(self):
        """ Odoo makes a credit note of the first final "invoice": 400 handed over, 500 taken off.
        """
        self.course.invoice_policy = 'delivery'
        order = self.order()
        prepayment = self.prepay(self.deposit(order, 500.0))
        order.order_line.filtered(lambda line: not line.is_downpayment).qty_delivered = 4
        first = self.bill(order)
        self.assertEqual((first.move_type, first.amount_total), ('out_refund', 100.0))
        self.close(times=2)
        prepayment.invalidate_recordset()
        self.assertEqual(sum(prepayment.closing_ids.mapped('total')), 400.0)

    def test_deposit_whose_money_was_moved(self):
        """ The money was taken from the deposit and has paid another invoice. """
        order = self.order()
        deposit = self.deposit(order, 300.0)
        prepayment = self.prepay(deposit)
        credit = prepayment.transaction_id.payment_id._seek_for_lines()[1]
        credit.remove_move_reconcile()
        other = self.create_due(300.0)
        (credit + other._tochka_due_lines()).reconcile()
        self.bill(order)
        self.close(times=2)
        self.assertClosings(prepayment, (other, 300.0), left=0.0)

    def test_order_cancelled_and_its_money_used(self):
        order = self.order()
        prepayment = self.prepay_order(order, 1000.0)
        order.invoice_ids.filtered(lambda move: move.state == 'draft').unlink()
        order._action_cancel()
        other = self.create_due(1000.0)
        (prepayment.transaction_id.payment_id._seek_for_lines()[1]
         + other._tochka_due_lines()).reconcile()
        self.close(times=2)
        self.assertClosings(prepayment, (other, 1000.0), left=0.0)

    def test_order_made_smaller(self):
        order = self.order()
        prepayment = self.prepay_order(order, 1000.0)
        order.invoice_ids.filtered(lambda move: move.state == 'draft').unlink()
        order.order_line.product_uom_qty = 8
        order.order_line.qty_delivered = 8
        self.close(times=2)
        prepayment.invalidate_recordset()
        self.assertEqual(prepayment.closing_ids.mapped(lambda c: (c.total, c.state)), [
            (800.0, 'queued')], prepayment.closing_ids.problem)

    def test_first_invoice_while_the_payment_is_not_booked(self):
        """ `done`, but not posted: the bank's money is there, the books are behind. """
        self.course.invoice_policy = 'delivery'
        order = self.order()
        transaction = self.create_tx(amount=1000.0, sale_order_ids=[Command.set(order.ids)])
        transaction._get_processing_values()
        self.env.flush_all()
        self.bank.pay(transaction.tochka_operation_id)
        self.refresh(transaction)
        prepayment = self.printed(transaction)
        self.assertFalse(transaction.payment_id)
        order.order_line.qty_delivered = 4
        first = self.bill(order)
        self.close()
        self.assertClosings(prepayment, left=1000.0)
        transaction._post_process()
        credit = transaction.payment_id._seek_for_lines()[1]
        if not first._tochka_due_lines().reconciled:
            (credit + first._tochka_due_lines()).reconcile()
        self.close()
        self.assertClosings(prepayment, (first, 400.0), left=600.0)

    def test_receipt_built_again_is_the_same(self):
        """ A tax without VAT at the moment of the money; Odoo invoices the order at once. """
        self.env['ir.config_parameter'].sudo().set_param('sale.automatic_invoice', True)
        tax = self.company_data['default_tax_sale'].with_env(self.env).copy({
            'name': "VAT", 'amount': 22, 'price_include_override': 'tax_included'})
        tax.fiscal_vat = False
        order = self.order()
        order.order_line.tax_ids = tax
        transaction = self.create_tx(amount=1000.0, sale_order_ids=[Command.set(order.ids)])
        transaction._get_processing_values()
        self.env.flush_all()
        tax.fiscal_vat = 'vat22'
        with freeze_time(fields.Datetime.now()):
            at_the_money = transaction._fiscal_lines()
        tax.fiscal_vat = False
        self.pay(transaction)
        receipt = transaction._fiscal_receipt()
        self.assertEqual(receipt.state, 'failed')
        tax.fiscal_vat = 'vat22'
        receipt.with_user(self.env.user).action_retry()
        self.assertEqual(
            receipt.line_ids.mapped(lambda line: (line.fiscal_method, line.vat)),
            [(line.method, line.vat) for line in at_the_money])
