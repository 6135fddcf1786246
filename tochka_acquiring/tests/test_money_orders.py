# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.money_common import MoneyCommon


@tagged('post_install', '-at_install')
class TestMoneyOfOrders(MoneyCommon):
    """ No rouble of a sale order is silent. """

    def test_link_of_an_order_that_has_an_open_invoice(self):
        order = self.create_order()
        invoice = self.make_invoice(order)
        transaction = self.pay(self.link(order))
        self.assertSettled(invoice)
        self.assertFalse(self.told(transaction))
        self.assertEqual((self.due(order), self.due(invoice)), (0.0, 0.0))
        with self.assertRaisesRegex(ValidationError, "nothing left"):
            self.create_tx(invoice, amount=1000.0)._get_processing_values()

    def test_quotation_paid_twice(self):
        order = self.create_order(confirm=False)
        first, second = self.link(order), self.link(order, method=self.sbp)
        self.pay(first)
        self.assertEqual(order.state, 'sale')
        self.assertFalse(self.told(first))
        self.pay(second, payment_type='sbp')
        self.assertFalse(self.told(first))
        self.assertEqual(self.told(second), {'overpaid': ('', 1000.0)})
        self.assertTrue(order.activity_ids)
        self.assertSettled(self.make_invoice(order))
        # Odoo's own matching may have taken the second one.
        [left] = [one for one in (first, second) if self.told(one)]
        self.assertEqual(self.told(left), {'overpaid': ('', 1000.0)})
        self.assertEqual(len(left.tochka_problem_ids), 1)
        self.refund_at_the_bank(left, 1000)
        self.assertFalse(self.told(left))

    def test_first_of_two_payments_goes_back(self):
        """ Then the second one is what waits for the invoice. """
        order = self.create_order(confirm=False)
        first, second = self.link(order), self.link(order, method=self.sbp)
        self.pay(first)
        self.pay(second, payment_type='sbp')
        self.refund_at_the_bank(first, 1000)
        self.assertFalse(self.told(second))
        self.assertEqual(self.due(order), 0.0)
        self.assertSettled(self.make_invoice(order))

    def test_cart_changed_while_its_link_is_open(self):
        order = self.create_order(confirm=False)
        transaction = self.link(order)
        order.order_line.price_unit = 1500.0
        self.pay(transaction)
        self.assertEqual(order.state, 'sent')
        self.assertEqual(self.told(transaction), {'overpaid': ('quotation', 1000.0)})
        self.assertEqual(self.due(order), 500.0)
        self.pay(self.link(order, amount=500.0))
        self.assertEqual(order.state, 'sale')
        self.assertFalse(self.told(transaction), "Confirmed: it waits for the invoice")

    def test_cart_that_became_cheaper(self):
        order = self.create_order(confirm=False)
        transaction = self.link(order)
        order.order_line.price_unit = 700.0
        self.pay(transaction)
        self.assertEqual(order.state, 'sale')
        self.assertEqual(self.told(transaction), {'overpaid': ('', 300.0)})

    def test_order_deleted_while_its_link_is_open(self):
        """ Its money is nobody's top-up: a credit of the customer, whoever has opened the link,
        told of, that pays nothing by itself.
        """
        self.book_advances()
        other = self.create_invoice(1000.0)
        order = self.create_order(confirm=False)
        transaction = self.link(order, partner_id=self.env.user.partner_id.id)
        order._action_cancel()
        order.unlink()
        self.env.invalidate_all()
        self.pay(transaction)
        self.assertEqual(other.amount_residual, 1000.0)
        self.assertEqual(self.told(transaction), {'overpaid': ('deleted', 1000.0)})
        self.assertEqual(transaction.payment_id.destination_account_id, self.receivable)
        self.assertEqual(transaction.payment_id.partner_id, self.payer)
        self.top_up(10.0)
        self.assertEqual(other.amount_residual, 990.0, "Only the top-up pays it")

    def test_order_cancelled(self):
        """ While the link is open, and after the payment. """
        early, late = self.create_order(), self.create_order()
        transaction = self.link(early)
        early._action_cancel()
        self.pay(transaction)
        self.assertEqual(self.told(transaction), {'overpaid': ('cancelled', 1000.0)})
        transaction = self.pay(self.link(late))
        self.assertFalse(self.told(transaction))
        late._action_cancel()
        self.run_job('cron_money')
        self.assertEqual(self.told(transaction), {'overpaid': ('cancelled', 1000.0)})

    def test_quotation_whose_time_is_over(self):
        """ Its page offers no payment, and who sends one nevertheless gets no old price. """
        order = self.create_order(confirm=False)
        order.validity_date = fields.Date.subtract(fields.Date.today(), days=5)
        transaction = self.create_tx(amount=1000.0, sale_order_ids=[Command.set(order.ids)])
        with self.assertRaisesRegex(ValidationError, "not available"):
            transaction._get_processing_values()
        self.assertFalse(transaction.tochka_operation_id)
        order.validity_date = fields.Date.add(fields.Date.today(), days=5)
        self.env.invalidate_all()  # Odoo computes it once
        transaction._get_processing_values()
        self.assertTrue(transaction.tochka_operation_id)

    def test_payment_matched_with_the_statement_before_the_invoice(self):
        order = self.create_order()
        transaction = self.pay(self.link(order))
        self.match_with_statement(transaction.payment_id)
        invoice = self.make_invoice(order)
        self.assertSettled(invoice)
        self.assertFalse(self.told(transaction))

    def test_two_invoices_and_one_payment(self):
        self.course.invoice_policy = 'delivery'
        order = self.create_order()
        order.order_line.product_uom_qty = 2
        transaction = self.pay(self.link(order, amount=2000.0))
        for delivered in (1, 2):
            order.order_line.qty_delivered = delivered
            invoice = self.make_invoice(order)
            self.assertEqual(invoice.amount_total, 1000.0)
            self.assertSettled(invoice)
            self.assertFalse(self.told(transaction))

    def test_two_invoices_that_are_open_when_the_payment_comes(self):
        self.course.invoice_policy = 'delivery'
        order = self.create_order()
        order.order_line.product_uom_qty = 2
        transaction = self.link(order, amount=2000.0)
        invoices = self.env['account.move']
        for delivered in (1, 2):
            order.order_line.qty_delivered = delivered
            invoices |= self.make_invoice(order)
        self.pay(transaction)
        self.assertSettled(*invoices)

    def test_invoice_made_by_itself_while_the_payment_is_pending(self):
        self.env['ir.config_parameter'].sudo().set_param('sale.automatic_invoice', 'True')
        order = self.create_order()
        transaction = self.link(order)
        self.bank.pay(transaction.tochka_operation_id, status='WAIT_FULL_PAYMENT')
        self.refresh(transaction)
        self.assertEqual(transaction.state, 'pending')
        self.assertEqual(self.due(order), 0.0, "The money is on its way")
        invoice = self.make_invoice(order)
        self.assertEqual((invoice.amount_residual, self.due(invoice)), (1000.0, 0.0))
        self.pay(transaction)
        self.assertSettled(invoice)
        self.assertFalse(self.told(transaction))

    def test_automatic_invoice_is_posted_and_paid(self):
        self.env['ir.config_parameter'].sudo().set_param('sale.automatic_invoice', 'True')
        order = self.create_order(confirm=False)
        transaction = self.pay(self.link(order))
        self.assertEqual(order.invoice_ids.state, 'posted')
        self.assertSettled(order.invoice_ids)
        self.assertFalse(self.told(transaction))

    def test_draft_of_a_person_is_not_posted(self):
        """ It was made from the order while the payment was on its way. """
        order = self.create_order()
        transaction = self.link(order)
        transaction._set_pending()
        invoice = self.make_invoice(order, post=False)
        self.assertIn(transaction, invoice.transaction_ids)
        self.pay(transaction)
        self.assertEqual(invoice.state, 'draft')
        self.assertFalse(self.told(transaction), "It waits for just this invoice")
        self.assertIn(transaction, invoice.transaction_ids)
        invoice.action_post()
        self.assertSettled(invoice)

    def test_order_that_was_refunded_is_due_again(self):
        order = self.create_order()
        self.refund_at_the_bank(self.pay(self.link(order)), 1000)
        self.assertEqual(self.due(order), 1000.0)
        wizard = self.env['payment.link.wizard'].with_context(
            active_model='sale.order', active_id=order.id).create({})
        self.assertEqual((wizard.amount, wizard.amount_max), (1000.0, 1000.0))
        again = self.pay(self.link(order))
        self.assertFalse(self.told(again))
        self.assertEqual(self.due(order), 0.0)
        self.assertSettled(self.make_invoice(order))

    def test_deposit_and_rest(self):
        order = self.create_order()
        deposit = self.deposit(order, 300.0)
        self.assertEqual((self.due(deposit), self.due(order)), (300.0, 1000.0))
        by_order = self.pay(self.link(order, amount=300.0))
        self.assertSettled(deposit)
        self.assertEqual(self.due(order), 700.0)
        rest = order._create_invoices(final=True)
        rest.action_post()
        self.assertEqual(self.due(rest), 700.0)
        self.pay(self.link(rest))
        self.assertSettled(rest)
        self.assertEqual(self.due(order), 0.0)
        self.assertFalse(self.told(by_order))

    def test_deposit_paid_twice(self):
        """ The rest of the order is not what the second one was for: a person decides. """
        order = self.create_order()
        deposit = self.deposit(order, 300.0)
        first, second = self.link(deposit), self.link(deposit, method=self.sbp)
        self.pay(first)
        self.pay(second, payment_type='sbp')
        self.assertEqual(self.told(second), {'overpaid': ('', 300.0)})
        self.assertEqual(self.due(order), 400.0, "Money of the same order counts")
        rest = order._create_invoices(final=True)
        rest.action_post()
        self.assertEqual(rest.amount_residual, 400.0)
        self.assertFalse(self.told(second), "The same order has needed it")

    def test_invoice_that_asks_for_less_than_its_order(self):
        """ No other invoice comes: what was prepaid more is told of, and nothing else is due. """
        rounding = self.env['account.cash.rounding'].create({
            'name': "Roubles", 'rounding': 1.0, 'strategy': 'add_invoice_line',
            'rounding_method': 'DOWN',
            'profit_account_id': self.company_data['default_account_revenue'].id,
            'loss_account_id': self.company_data['default_account_expense'].id})
        for values, left in (
            ({'invoice_line_ids.price_unit': 800.0}, 200.4),
            ({'invoice_cash_rounding_id': rounding}, 0.4),
        ):
            with self.subTest(values):
                order = self.create_order(1000.4)
                transaction = self.pay(self.link(order))
                invoice = self.make_invoice(order, post=False)
                self.assertFalse(self.told(transaction), "It waits for the draft")
                for name, value in values.items():
                    record, _dot, field = name.rpartition('.')
                    (invoice[record] if record else invoice)[field] = value
                invoice.action_post()
                self.assertSettled(invoice)
                self.assertEqual(self.told(transaction), {'overpaid': ('', left)})
                self.assertEqual(self.due(order), 0.0)

    def test_what_is_on_its_way_back_is_nobodys_question(self):
        order = self.create_order(confirm=False)
        first, second = self.link(order), self.link(order, method=self.sbp)
        self.pay(first)
        self.pay(second, payment_type='sbp')
        second.with_user(self.env.ref('base.user_root'))._refund(1000.0)
        self.run_job('cron_money')
        self.assertFalse(self.told(second))

    # === AN ORDER AND ITS INVOICES KNOW EACH OTHER === #

    def test_siblings_of_an_invoice_are_those_of_its_order(self):
        order = self.create_order()
        by_order = self.link(order)
        invoice = self.make_invoice(order)
        self.bank.pay(by_order.tochka_operation_id)
        second = self.create_tx(invoice, method=self.sbp)
        with self.assertRaises(Exception) as caught:
            second._get_processing_values()
        self.assertIn("has just arrived", str(caught.exception))
        self.env.invalidate_all()
        self.refresh(by_order)  # what was read then is rolled back with the error, in a test
        by_order._post_process()
        self.assertSettled(invoice)

    def test_money_of_the_order_that_is_not_booked_yet(self):
        order = self.create_order()
        by_order = self.link(order)
        invoice = self.make_invoice(order)
        self.bank.pay(by_order.tochka_operation_id)
        self.refresh(by_order)
        self.assertEqual((self.due(invoice), self.due(order)), (0.0, 0.0))
        self.assertFalse(invoice._has_to_be_paid())
        self.assertIn("being processed", invoice._get_online_payment_error())

    def test_order_and_invoice_share_a_lock(self):
        from odoo.exceptions import ConcurrencyError
        from odoo.sql_db import db_connect
        order = self.create_order()
        invoice = self.make_invoice(order)
        with db_connect(self.env.cr.dbname).cursor() as other:
            other.execute("SELECT pg_advisory_xact_lock(hashtext(%s), %s)",
                          ['tochka_acquiring.sale.order', order.id])
            for documents in (order, invoice):
                with self.assertRaises(ConcurrencyError):
                    self.env['payment.transaction']._tochka_lock_documents(documents)

    def test_two_orders_of_which_one_is_cancelled(self):
        live, cancelled = self.create_order(), self.create_order(500.0)
        transaction = self.pay(self.link(live | cancelled))
        cancelled._action_cancel()
        self.run_job('cron_money')
        self.assertEqual(self.told(transaction), {'overpaid': ('cancelled', 500.0)})
        self.assertSettled(self.make_invoice(live))
