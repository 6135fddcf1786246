# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.money_common import MoneyCommon
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon


class OrdersBackCommon(RefundCommon, MoneyCommon):

    def setUp(self):
        super().setUp()
        self.lesson = self.env['product.product'].create({
            'name': "Lesson", 'list_price': 250.0, 'taxes_id': False, 'type': 'service',
            'invoice_policy': 'delivery'})

    def lessons(self, quantity, price=250.0, **values):
        """ Return a confirmed order of lessons, each billed when it was given. """
        return self.create_order(**values, order_line=[Command.create({
            'product_id': self.lesson.id, 'product_uom_qty': quantity, 'price_unit': price})])

    def give(self, quantity, *orders):
        """ Bill the orders for so many lessons. :return: The posted invoice or credit note. """
        orders = self.env['sale.order'].union(*orders)
        orders.order_line.qty_delivered = quantity
        move = orders._create_invoices(final=True)
        move.action_post()
        return move


@tagged('post_install', '-at_install')
class TestOrdersPaidBack(OrdersBackCommon):
    """ What was returned has paid nothing. """

    def test_deposit_that_went_back_confirms_nothing(self):
        order = self.create_order(confirm=False)
        first = self.pay(self.link(order, amount=600.0))
        self.assertEqual((order.state, order.amount_paid), ('sent', 600.0))
        self.refund_at_the_bank(first, 600)
        self.assertEqual((self.due(order), order.amount_paid), (1000.0, 0.0))
        second = self.pay(self.link(order, amount=400.0))
        self.env.invalidate_all()
        self.assertEqual((order.state, order.amount_paid), ('sent', 400.0))
        self.assertEqual(self.told(second), {'overpaid': ('quotation', 400.0)})
        self.assertTrue(order._has_to_be_paid(), "The page offers the rest")
        self.pay(self.link(order, amount=600.0))
        self.assertEqual(order.state, 'sale')
        self.assertFalse(self.told(second))
        self.assertSettled(self.make_invoice(order))

    def test_part_of_a_deposit_went_back(self):
        order = self.create_order(confirm=False, prepayment_percent=0.5)
        first = self.pay(self.link(order, amount=400.0))
        self.refund_at_the_bank(first, 100)
        self.pay(self.link(order, amount=199.0))
        self.assertEqual(order.state, 'sent')
        self.pay(self.link(order, amount=1.0))
        self.assertEqual(order.state, 'sale')

    def test_deposit_is_returned_and_the_rest_paid_before_anything_is_booked(self):
        order = self.create_order(confirm=False)
        first, second = self.link(order, amount=600.0), self.link(order, 400.0, method=self.sbp)
        self.pay(first)
        self.bank.give_back(first.tochka_operation_id, 600)
        self.refresh(first)
        self.pay(second, payment_type='sbp')
        self.assertEqual(order.state, 'sent')

    def test_quotation_that_was_returned_is_not_confirmed_for_a_rouble(self):
        order = self.create_order(100000.0, confirm=False)
        first = self.pay(self.link(order))
        self.assertEqual(order.state, 'sale')
        self.refund_at_the_bank(first, 100000)
        order._action_cancel()
        order.action_draft()
        order.action_quotation_sent()
        second = self.pay(self.link(order, amount=1.0))
        self.assertEqual(order.state, 'sent')
        self.assertEqual(self.told(second), {'overpaid': ('quotation', 1.0)})

    def test_automatic_invoice_is_of_what_is_kept(self):
        self.env['ir.config_parameter'].sudo().set_param('sale.automatic_invoice', 'True')
        order = self.create_order()
        first = self.link(order, amount=600.0)
        self.bank.pay(first.tochka_operation_id)
        self.bank.give_back(first.tochka_operation_id, 600)
        self.refresh(first)
        second = self.pay(self.link(order, amount=400.0))
        self.assertEqual(order.invoice_ids.mapped('amount_total'), [400.0])
        self.assertSettled(order.invoice_ids)
        self.assertFalse(self.told(second))

    def test_link_wizard_of_an_order_asks_for_what_is_due(self):
        order = self.create_order()
        first = self.pay(self.link(order, amount=600.0))
        self.refund_at_the_bank(first, 200)
        wizard = self.env['payment.link.wizard'].with_context(
            active_model='sale.order', active_id=order.id).create({})
        self.assertEqual((wizard.amount, wizard.amount_max), (600.0, 600.0))

    def test_payments_of_others_count_as_before(self):
        order = self.create_order()
        other = self.env['payment.provider'].create({'name': "Other", 'code': 'none'})
        payment = self._create_transaction(
            'redirect', provider_id=other.id, sale_order_ids=[Command.set(order.ids)],
            amount=500.0, currency_id=self.rub.id, reference='other-1', state='done')
        payment._create_child_transaction(200.0, is_refund=True)._set_done()
        self.env.invalidate_all()
        self.assertEqual(order.amount_paid, 500.0)


@tagged('post_install', '-at_install')
class TestCreditNotesOfOrders(OrdersBackCommon):
    """ A credit note that was made from an order names no invoice: it is about those of the order.
    """

    def paid_lessons(self):
        order = self.lessons(4)
        transaction = self.pay(self.link(order))
        invoice = self.give(4, order)
        self.assertSettled(invoice)
        return order, transaction

    def credit_order(self, order):
        note = self.give(3, order)
        self.assertEqual((note.move_type, note.amount_total), ('out_refund', 250.0))
        self.assertFalse(note.reversed_entry_id)
        return note

    def assertReturned(self, note, transaction):
        self.env.invalidate_all()
        self.assertSettled(note)
        refund = transaction.tochka_refund_ids
        self.assertEqual(refund.state, 'done')
        self.assertTrue(refund.payment_id.is_reconciled)
        self.assertFalse(self.told(transaction))

    def test_returned_before_the_credit_note(self):
        order, transaction = self.paid_lessons()
        self.refund_at_the_bank(transaction, 250)
        self.assertReturned(self.credit_order(order), transaction)

    def test_returned_after_the_credit_note(self):
        order, transaction = self.paid_lessons()
        note = self.credit_order(order)
        self.refund_at_the_bank(transaction, 250)
        self.assertReturned(note, transaction)

    def test_returned_by_its_button(self):
        order, transaction = self.paid_lessons()
        note = self.credit_order(order)
        self.assertTrue(note.tochka_can_refund)
        self.env['tochka.refund.note'].create({'credit_note_id': note.id}).action_refund()
        self.work()
        self.assertReturned(note, transaction)
        self.assertFalse(note.tochka_can_refund)

    def test_refund_on_its_way_counts(self):
        order, transaction = self.paid_lessons()
        note = self.credit_order(order)
        self.ask_refund(transaction, 250.0)
        self.env.invalidate_all()
        self.assertFalse(note.tochka_can_refund)
        self.assertEqual(note._tochka_note_left(), 0.0)
        self.work()
        self.assertReturned(note, transaction)

    def test_credit_note_of_an_invoice_is_of_that_invoice_alone(self):
        order = self.lessons(2)
        first = self.pay(self.link(order, amount=250.0))
        one = self.give(1, order)
        second = self.pay(self.link(order, amount=250.0, method=self.sbp), payment_type='sbp')
        other = self.give(2, order)
        note = self.credit(other)
        self.assertEqual(note._tochka_credited_invoices(), other)
        self.assertEqual(note._tochka_note_payments(), second)
        self.assertEqual((one._tochka_credit_notes(), other._tochka_credit_notes()), (
            self.env['account.move'], note))
        self.refund_at_the_bank(first, 250)
        self.assertFalse(note.payment_state == 'paid')


@tagged('post_install', '-at_install')
class TestOneInvoiceForSeveralOrders(OrdersBackCommon):
    """ Of an invoice each order has its own lines. """

    def test_rest_of_an_order_waits_for_its_invoice(self):
        one, other = self.lessons(2, price=1000.0), self.lessons(1, price=1000.0)
        invoice = self.give(1, one, other)
        self.assertEqual(invoice.amount_total, 2000.0)
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids).create({})._create_payments()
        self.assertEqual((self.due(one), self.due(other)), (1000.0, 0.0))
        transaction = self.pay(self.link(one, amount=1000.0))
        self.assertFalse(self.told(transaction), "One more lesson is to be billed")
        self.assertEqual(self.due(one), 0.0)
        self.assertSettled(self.give(2, one))
        self.assertFalse(self.told(transaction))

    def test_what_is_due_of_each(self):
        one, other = self.lessons(2, price=1000.0), self.lessons(1, price=500.0)
        invoice = self.give(1, one, other)
        self.assertEqual(invoice.amount_total, 1500.0)
        self.assertEqual((self.due(one), self.due(other), self.due(invoice)), (
            2000.0, 500.0, 1500.0))
        self.pay(self.link(one, amount=1000.0))
        self.assertEqual(invoice.amount_residual, 500.0)
        self.assertEqual((self.due(one), self.due(other), self.due(invoice)), (
            1000.0, 500.0, 500.0))
        self.pay(self.link(other, amount=500.0))
        self.assertSettled(invoice)
        self.assertEqual((self.due(one), self.due(other)), (1000.0, 0.0))

    def test_draft_keeps_what_is_matched_with_it(self):
        one, other = self.lessons(2, price=1000.0), self.lessons(1, price=1000.0)
        self.pay(self.link(one, amount=2000.0))
        invoice = self.give(1, one, other)
        self.assertSettled(invoice)  # by what was for the other lesson as well
        invoice.button_draft()
        self.assertEqual((self.due(one), self.due(other)), (1000.0, 0.0))


@tagged('post_install', '-at_install')
class TestRefundsGivenUp(OrdersBackCommon):
    """ Money that was on its way back while the invoice was posted. """

    def asked(self):
        order = self.create_order()
        transaction = self.pay(self.link(order))
        refund = self.ask_refund(transaction, 300.0)
        return self.make_invoice(order), transaction, refund

    def test_given_up(self):
        invoice, transaction, refund = self.asked()
        refund.action_give_up()
        self.run_job('cron_money')
        self.assertSettled(invoice)
        self.assertFalse(self.told(transaction))

    def test_refused(self):
        invoice, transaction, _refund = self.asked()
        self.bank.fail('refund_payment', errors.Rejected("no", http_status=424, audit_id='a'))
        self.work()
        self.run_job('cron_money')
        self.assertSettled(invoice)
        self.assertFalse(self.told(transaction))
