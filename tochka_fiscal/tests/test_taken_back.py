# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo.tests import tagged

from odoo.addons.tochka_fiscal.tests.test_closing import ClosingCommon
from odoo.addons.tochka_fiscal.tests.test_closing_orders import OrdersCommon


@tagged('post_install', '-at_install')
class TestTakenBack(ClosingCommon):
    """ Deliveries that are taken back when their closing receipt is printed already. """

    def settle(self, invoice, payment):
        """ Match what Odoo has not matched by itself. """
        lines = payment.payment_id._seek_for_lines()[1] + invoice._tochka_due_lines()
        if not any(lines.mapped('reconciled')):
            lines.reconcile()

    def delivered(self, amount=1200.0):
        """ Return a top-up, its receipt and a delivered invoice with its printed closing. """
        topup = self.top_up(amount)
        prepayment = self.printed(topup)
        invoice = self.create_due(amount)
        self.settle(invoice, topup)
        self.close()
        self.work()
        self.work()
        prepayment.invalidate_recordset()
        self.assertEqual(prepayment.closing_ids.mapped('state'), ['done'])
        return topup, prepayment, invoice

    def cancel(self, invoice):
        invoice.button_draft()
        invoice.button_cancel()

    def test_lesson_that_was_cancelled_pays_the_next(self):
        """ Each week in a school: the closing receipt is returned, and the next lesson gets its
        own. """
        topup, prepayment, first = self.delivered()
        closing = prepayment.closing_ids
        self.cancel(first)
        self.close()
        reversal = closing.correction_ids
        self.assertRecordValues(reversal, [{
            'kind': 'income_return', 'total': 1200, 'payments': {'prepaid': 120000},
            'state': 'queued', 'correction_day': False}])
        self.assertEqual(
            [(line._line().name, line._line().total, line._line().method)
             for line in reversal.line_ids],
            [(line._line().name, line._line().total, line._line().method)
             for line in closing.line_ids])
        self.assertEqual(prepayment.prepaid_left, 1200)
        self.close(times=3)
        self.assertEqual(len(closing.correction_ids), 1, "Returned once.")
        second = self.create_due(1200.0)
        self.settle(second, topup)
        self.close(times=2)
        self.work()
        self.work()
        prepayment.invalidate_recordset()
        standing = prepayment._closings()
        self.assertRecordValues(standing, [{'invoice_ids': second.ids, 'total': 1200}])
        self.assertEqual(prepayment.prepaid_left, 0)
        self.assertEqual((reversal.state, standing.state), ('done', 'done'))

    def test_same_invoice_is_delivered_after_all(self):
        topup, prepayment, invoice = self.delivered()
        self.cancel(invoice)
        self.close()
        invoice.button_draft()
        invoice.action_post()
        self.settle(invoice, topup)
        self.close(times=2)
        prepayment.invalidate_recordset()
        self.assertEqual(prepayment._closings().mapped('total'), [1200])
        self.assertEqual(prepayment.prepaid_left, 0)

    def test_invoice_that_is_worked_on_is_waited_for(self):
        _topup, prepayment, invoice = self.delivered()
        invoice.button_draft()
        self.close(times=2)
        self.assertFalse(prepayment.closing_ids.correction_ids)
        invoice.action_post()  # Odoo has kept its matches.
        self.close(times=2)
        self.assertFalse(prepayment.closing_ids.correction_ids)
        self.assertEqual(len(prepayment.closing_ids), 1)

    def test_money_that_is_matched_anew(self):
        """ Nothing is printed while a person only takes the money off; another delivery that needs
        it has the closing returned. """
        topup, prepayment, _invoice = self.delivered()
        topup.payment_id._seek_for_lines()[1].remove_move_reconcile()
        self.close(times=2)
        self.assertFalse(prepayment.closing_ids.correction_ids)
        other = self.create_due(1200.0)
        self.settle(other, topup)
        self.close(times=2)
        prepayment.invalidate_recordset()
        self.assertEqual(len(prepayment.closing_ids.correction_ids), 1)
        self.assertEqual(prepayment._closings().invoice_ids, other)

    def test_return_that_was_given_up_is_not_made_again(self):
        _topup, prepayment, invoice = self.delivered()
        self.cancel(invoice)
        self.close()
        reversal = prepayment.closing_ids.correction_ids
        reversal.with_user(self.env.user).action_give_up_correction()
        self.assertEqual((reversal.state, prepayment.closing_ids.is_replaced), ('void', False))
        self.close(times=2)
        self.assertEqual(len(prepayment.closing_ids.correction_ids), 1)
        self.assertEqual(prepayment.prepaid_left, 0)

    def test_receipt_that_has_settled_another_invoice_asks_a_person(self):
        """ A due invoice is paid and cancelled; its money pays another, which has no receipt. """
        invoice = self.create_invoice(1000.0)
        receipt = self.prepay(invoice)
        self.cancel(invoice)
        self.close()
        self.assertFalse(receipt.problem_ids)
        other = self.create_due(1000.0)
        self.settle(other, receipt.transaction_id)
        self.close()
        problem = receipt.problem_ids
        self.assertEqual(problem.code, 'receipt_settled_elsewhere')
        self.assertIn(other.name, problem.advice)
        receipt.transaction_id.payment_id._seek_for_lines()[1].remove_move_reconcile()
        invoice.button_draft()
        invoice.action_post()
        self.settle(invoice, receipt.transaction_id)
        self.close()
        receipt.invalidate_recordset()
        self.assertFalse(receipt.problem_ids)
        self.assertFalse(receipt.closing_changed)


@tagged('post_install', '-at_install')
class TestReversed(OrdersCommon):
    """ "Reverse and create invoice" of a final invoice that takes a deposit off. """

    def test_right_invoice_is_closed(self):
        order = self.order()
        prepayment = self.prepay(self.deposit(order, 300.0))
        wrong = self.bill(order)
        self.assertEqual(wrong.amount_total, 700.0)
        wizard = self.env['account.move.reversal'].with_context(
            # By the accountant's clock: Odoo leaves what is of tomorrow for tomorrow.
            active_model='account.move', active_ids=wrong.ids, tz='Europe/Moscow').create({
                'journal_id': wrong.journal_id.id, 'date': self.today})
        action = wizard.modify_moves()
        right = self.env['account.move'].browse(action['res_id'])
        self.assertEqual(wrong.payment_state, 'reversed')
        right.invoice_date = self.today
        right.action_post()
        self.close(times=2)
        self.assertClosings(prepayment, (right, 300.0), left=0.0)
        self.assertEqual(
            prepayment.closing_ids.line_ids.mapped(lambda line: (line.name, line.total)),
            [("Course", 300.0)])

    def test_reversed_invoice_delivers_nothing(self):
        order = self.order()
        prepayment = self.prepay(self.deposit(order, 300.0))
        wrong = self.bill(order)
        note = wrong._reverse_moves([{'invoice_date': self.today}], cancel=True)
        self.assertEqual(note.state, 'posted')
        self.close(times=2)
        self.assertClosings(prepayment, left=300.0)

    def test_reversed_after_its_closing_was_printed(self):
        order = self.order()
        prepayment = self.prepay(self.deposit(order, 300.0))
        wrong = self.bill(order)
        self.close()
        self.work()
        self.work()
        self.assertEqual(prepayment.closing_ids.state, 'done')
        wrong._reverse_moves([{'invoice_date': self.today}], cancel=True)
        self.close()
        self.assertEqual(prepayment.closing_ids.correction_ids.total, 300.0)
        prepayment.invalidate_recordset()
        self.assertEqual(prepayment.prepaid_left, 300.0)


@tagged('post_install', '-at_install')
class TestParts(OrdersCommon):
    """ What is handed over in parts is closed in parts. """

    def told(self, prepayment):
        prepayment.invalidate_recordset()
        return [(line.name, line.quantity, line.price, line.total)
                for closing in prepayment._closings().sorted('id') for line in closing.line_ids]

    def test_order_that_is_delivered_in_parts(self):
        order = self.order()
        prepayment = self.prepay_order(order, 1000.0)
        order.invoice_ids.filtered(lambda move: move.state == 'draft').unlink()
        order.order_line.qty_delivered = 4
        self.close(times=2)
        self.assertEqual(self.told(prepayment), [("Course", 4, 100, 400)])
        order.order_line.qty_delivered = 10
        self.close(times=2)
        self.assertEqual(
            self.told(prepayment), [("Course", 4, 100, 400), ("Course", 6, 100, 600)])
        self.assertEqual(prepayment.prepaid_left, 0)

    def test_invoices_of_an_order_that_has_closed_a_part(self):
        """ 4 of 10 are closed by the order; then they get an invoice, and the rest another. """
        self.course.invoice_policy = 'delivery'
        order = self.order()
        prepayment = self.prepay_order(order, 1000.0)
        credit = prepayment.transaction_id.payment_id._seek_for_lines()[1]
        order.order_line.qty_delivered = 4
        self.close()
        self.assertEqual(self.told(prepayment), [("Course", 4, 100, 400)])
        for delivered in (4, 10):
            order.order_line.qty_delivered = delivered
            invoice = self.bill(order)
            lines = credit + invoice._tochka_due_lines()
            if not any(lines.mapped('reconciled')):
                lines.reconcile()
            self.close(times=2)
        self.assertEqual(
            self.told(prepayment), [("Course", 4, 100, 400), ("Course", 6, 100, 600)])
        self.assertEqual(prepayment.prepaid_left, 0)

    def test_discount_goes_with_what_is_handed_over(self):
        discount = self.course.copy({'name': "Discount"})
        order = self.order()
        order.order_line = [(0, 0, {
            'name': "Discount", 'product_id': discount.id, 'product_uom_qty': 1,
            'price_unit': -100, 'tax_ids': []})]
        prepayment = self.prepay_order(order, 900.0)
        order.invoice_ids.filtered(lambda move: move.state == 'draft').unlink()
        order.order_line[0].qty_delivered = 4
        self.close(times=2)
        # 4 of 10: 400 less 40 of the discount.
        self.assertEqual(self.told(prepayment), [("Course", 4, 90, 360)])
        order.order_line[0].qty_delivered = 10
        self.close(times=2)
        self.assertEqual(sum(total for *_line, total in self.told(prepayment)), 900)

    def test_template_of_several_undelivered_invoices(self):
        self.provider.sudo().write({
            'tochka_details_mode': 'template', 'tochka_details_template': "Lessons of {payer}"})
        first, second = self.future_invoice(100.0), self.future_invoice(200.0, days=12)
        transaction = self.create_tx(first + second, amount=300.0)
        transaction._get_processing_values()
        prepayment = self.printed(self.pay(transaction))
        self.assertEqual(len(prepayment.line_ids), 1)
        self.close(days=11)
        self.assertClosings(prepayment, (first, 100.0), left=200.0)
        self.close(days=13)
        self.assertClosings(prepayment, (first, 100.0), (second, 200.0), left=0.0)
        self.assertEqual(first.invoice_date, self.today + timedelta(days=10))
