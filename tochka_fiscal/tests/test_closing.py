# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from contextlib import nullcontext
from datetime import timedelta
from unittest.mock import patch

import psycopg2
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring.tests.balance_common import BalanceCommon
from odoo.addons.tochka_fiscal.registers.komtet import Komtet
from odoo.addons.tochka_fiscal.tests.common import BankRegisterCommon, FiscalCommon


def run_closing(env, times, days):
    """ Run the job that closes what is delivered, some days later.

    Tests have one moment of the database, in which all is written: what is open is looked at.
    `TestClosingDue` tells what is.
    """
    env['fiscal.receipt'].sudo().search([]).closing_looked_at = False
    env.flush_all()
    # Freezing looks through all modules of Odoo.
    with freeze_time(fields.Datetime.now() + timedelta(days=days)) if days else nullcontext():
        for _time in range(times):
            env.ref('tochka_fiscal.cron_closing').sudo().method_direct_trigger()
    env.invalidate_all()


class ClosingCommon(FiscalCommon, BalanceCommon):
    """ Money that came before the delivery. """

    def future_invoice(self, amount=1000.0, days=10, tax=None):
        invoice = self.create_invoice(amount, post=False)
        invoice.invoice_date = self.today + timedelta(days=days)
        if tax:
            invoice.invoice_line_ids.tax_ids = tax
        invoice.action_post()
        return invoice

    def prepay(self, invoice, **values):
        """ Return the printed receipt of a payment. """
        transaction = self.pay(self.create_linked_tx(invoice, **values))
        return self.printed(transaction)

    def printed(self, transaction):
        self.work()
        self.work()
        receipt = transaction._fiscal_receipt()
        self.assertEqual(receipt.state, 'done', receipt.problem)
        return receipt

    def close(self, times=1, days=0):
        run_closing(self.env, times, days)

    def assertClosings(self, prepayment, *expected, left):
        """ Compare with (invoice, total). """
        prepayment.invalidate_recordset()
        self.assertEqual(
            [(c.invoice_ids, c.total, c.payments) for c in prepayment.closing_ids.sorted('id')],
            [(invoice, total, {'prepaid': round(total * 100)}) for invoice, total in expected])
        self.assertEqual(prepayment.prepaid_left, left)


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestClosing(ClosingCommon):
    """ What was prepaid is closed when it is delivered, once. """

    def test_invoice_of_the_future(self):
        tax = self.company_data['default_tax_sale'].with_env(self.env).copy({
            'name': "VAT 22 %", 'amount': 22, 'price_include_override': 'tax_included'})
        invoice = self.future_invoice(1220.0, tax=tax)
        prepayment = self.prepay(invoice)
        self.assertEqual(
            [(line.vat, line.fiscal_method) for line in prepayment.line_ids],
            [('vat122', 'full_prepayment')])
        self.close()
        self.assertClosings(prepayment, left=1220.0)
        self.close(times=12, days=11)
        self.assertClosings(prepayment, (invoice, 1220.0), left=0.0)
        closing = prepayment.closing_ids
        body = Komtet('https://kassa.example.com', '1', 'secret', '2').build(
            closing._neutral('k'))
        self.assertEqual(body['payments'], [{'sum': 1220, 'type': 'prepayment'}])
        self.assertEqual(body['client'], {'email': 'petrov@example.com'})
        self.assertEqual(
            [(p['name'], p['total'], p['vat'], p['payment_method']) for p in body['positions']],
            [("Lessons", 1220, '22', 'full_payment')])
        self.assertEqual(self.printed_count(closing), 1)
        self.assertIn(closing, invoice.sudo().fiscal_receipt_ids)

    def printed_count(self, closing):
        self.work()
        self.work()
        self.assertEqual(closing.state, 'done', closing.problem)
        return sum(1 for receipt in self.till.printed.values() if 'prepaid' in receipt.payments)

    def test_button(self):
        self.provider.sudo().fiscal_closing = 'manual'
        prepayment = self.prepay(self.future_invoice())
        user = prepayment.with_user(self.env.user)
        with self.assertRaisesRegex(UserError, "not delivered yet"):
            user.action_close()
        self.close(days=11)
        self.assertClosings(prepayment, left=1000.0)
        with freeze_time(fields.Datetime.now() + timedelta(days=11)):
            user.action_close()
            with self.assertRaises(UserError):
                user.action_close()
        self.assertEqual(prepayment.closing_ids.total, 1000.0)

    def test_settled_at_once_needs_none(self):
        receipt = self.prepay(self.create_invoice(1000.0))
        self.close(days=11)
        self.assertClosings(receipt, left=0.0)

    def test_unprinted_prepayment_waits(self):
        invoice = self.future_invoice()
        transaction = self.pay(self.create_linked_tx(invoice))
        self.close(days=11)
        self.assertClosings(transaction._fiscal_receipt(), left=1000.0)

    def test_parts_of_an_invoice(self):
        invoice = self.future_invoice(1000.0)
        first = self.prepay(invoice, amount=300.0)
        second = self.prepay(invoice)
        # 300, then 700 of 1,000: neither is a prepayment of 100 %.
        self.assertEqual((first + second).line_ids.mapped('fiscal_method'), ['prepayment'] * 2)
        self.close(times=2, days=11)
        self.assertClosings(first, (invoice, 300.0), left=0.0)
        self.assertClosings(second, (invoice, 700.0), left=0.0)

    def test_topup_is_closed_by_each_invoice_it_pays(self):
        self.check_topup()

    def test_topup_that_is_an_advance_is_closed_by_each_invoice_it_pays(self):
        self.book_advances()
        self.check_topup()

    def check_topup(self):
        topup = self.top_up(5000.0)
        prepayment = self.printed(topup)
        self.assertEqual(prepayment.line_ids.fiscal_method, 'advance')
        first = self.create_due(1200.0)
        first._tochka_settle_with(topup.payment_id._seek_for_lines()[1])
        self.close(times=2)
        self.assertClosings(prepayment, (first, 1200.0), left=3800.0)
        second = self.future_invoice(800.0)
        second._tochka_settle_with(topup.payment_id._seek_for_lines()[1])
        self.close()
        self.assertClosings(prepayment, (first, 1200.0), left=3800.0)
        self.close(times=3, days=11)
        self.assertClosings(prepayment, (first, 1200.0), (second, 800.0), left=3000.0)

    def test_delivered_part_is_not_closed_again(self):
        now, later = self.create_invoice(100.0), self.future_invoice(200.0)
        transaction = self.create_tx(now + later, amount=300.0)
        transaction._get_processing_values()
        prepayment = self.printed(self.pay(transaction))
        self.assertEqual(
            sorted(prepayment.line_ids.mapped(lambda line: (line.fiscal_method, line.total))),
            [('full_payment', 100.0), ('full_prepayment', 200.0)])
        self.close()
        self.assertClosings(prepayment, left=200.0)
        self.close(days=11)
        self.assertClosings(prepayment, (later, 200.0), left=0.0)

    def test_invoice_that_was_replaced(self):
        old, new = self.future_invoice(1000.0), self.future_invoice(900.0, days=12)
        prepayment = self.prepay(old)
        payment = prepayment.transaction_id.payment_id
        old.button_draft()
        old.button_cancel()
        (payment._seek_for_lines()[1] + new._tochka_due_lines()).reconcile()
        self.close(days=11)
        self.assertClosings(prepayment, left=1000.0)
        self.close(times=2, days=13)
        self.assertClosings(prepayment, (new, 900.0), left=100.0)

    def test_never_twice_in_the_database(self):
        invoice = self.future_invoice()
        prepayment = self.prepay(invoice)
        prepayment._create_closing(invoice, 50000)
        prepayment.closing_ids.closing_number = 2  # what the other job does not see
        with mute_logger('odoo.sql_db'), self.assertRaises(psycopg2.IntegrityError):
            with self.env.cr.savepoint():
                prepayment._create_closing(invoice, 50000)

    def test_somebody_else_is_closing(self):
        prepayment = self.prepay(self.future_invoice())
        with patch.object(type(prepayment), '_lock', lambda _self: False):
            self.close(days=11)
        self.assertClosings(prepayment, left=1000.0)

    def test_unreadable_one_keeps_no_other_waiting(self):
        broken, right = self.prepay(self.future_invoice()), self.prepay(self.future_invoice())
        original = type(right.transaction_id)._fiscal_deliveries

        def deliveries(transaction):
            if transaction == broken.transaction_id:
                raise RuntimeError("broken")
            return original(transaction)

        with patch.object(
            type(right.transaction_id), '_fiscal_deliveries', deliveries
        ), self.assertLogs('odoo.addons.tochka_acquiring.models.core.ir_cron', 'ERROR'):
            self.close(days=11)
        self.assertEqual((broken.prepaid_left, right.prepaid_left), (1000.0, 0.0))


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestClosingOrders(ClosingCommon):
    """ Orders that were paid before delivery. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if 'sale.order' not in cls.env:
            cls.skipTest(cls, "The sale app is not installed.")
        cls.course = cls.env['product.product'].create({
            'name': "Course", 'type': 'service', 'invoice_policy': 'order', 'taxes_id': False,
            'list_price': 100.0})

    def order(self, quantity=10):
        order = self.env['sale.order'].create({
            'partner_id': self.payer.id,
            'order_line': [Command.create({
                'product_id': self.course.id, 'product_uom_qty': quantity, 'price_unit': 100.0,
                'tax_ids': []})],
        })
        order.action_confirm()
        return order

    def prepay_order(self, order, amount):
        transaction = self.create_tx(amount=amount, sale_order_ids=[Command.set(order.ids)])
        transaction._get_processing_values()
        return self.printed(self.pay(transaction))

    def bill(self, order):
        invoice = order._create_invoices(final=True)
        invoice.invoice_date = self.today
        invoice.action_post()
        return invoice

    def test_order_without_invoice(self):
        order = self.order()
        prepayment = self.prepay_order(order, 1000.0)
        order.invoice_ids.filtered(lambda move: move.state == 'draft').unlink()
        self.close()
        self.assertClosings(prepayment, left=1000.0)
        order.order_line.qty_delivered = 10
        self.close(times=3)
        prepayment.invalidate_recordset()
        self.assertEqual(prepayment.closing_ids.mapped('total'), [1000.0])
        self.assertEqual(prepayment.closing_ids.line_ids.mapped('name'), ["Course"])

    def test_order_with_two_invoices(self):
        self.course.invoice_policy = 'delivery'
        order = self.order()
        prepayment = self.prepay_order(order, 1000.0)
        credit = prepayment.transaction_id.payment_id._seek_for_lines()[1]
        closed = []
        for delivered in (4, 10):
            order.order_line.qty_delivered = delivered
            invoice = self.bill(order)
            lines = credit + invoice._tochka_due_lines()
            if not any(lines.mapped('reconciled')):
                lines.reconcile()
            closed.append((invoice, invoice.amount_total))
            self.close(times=2)
        self.assertClosings(prepayment, *closed, left=0.0)
        self.assertEqual([amount for _invoice, amount in closed], [400.0, 600.0])

    def test_deposit_is_closed_by_the_final_invoice(self):
        order = self.order()
        self.env['sale.advance.payment.inv'].with_context(
            active_model='sale.order', active_ids=order.ids).create({
                'advance_payment_method': 'percentage', 'amount': 30}).create_invoices()
        deposit = order.invoice_ids
        deposit.invoice_date = self.today
        deposit.action_post()
        prepayment = self.prepay(deposit)
        self.close()
        self.assertClosings(prepayment, left=300.0)
        final = self.bill(order)
        rest = self.prepay(final)
        self.close(times=2)
        self.assertClosings(prepayment, (final, 300.0), left=0.0)
        # Both receipts together have sold ten lessons for 1000.
        lines = rest.line_ids + prepayment.closing_ids.line_ids
        self.assertEqual(lines.mapped(lambda line: (line.name, line.quantity, line.price)), [
            ("Course", 10.0, 70.0), ("Course", 10.0, 30.0)])
        self.assertEqual(set(lines.mapped('fiscal_method')), {'full_payment'})


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestClosingByHand(BankRegisterCommon):
    """ The bank's register prints no closing receipts: a person does. """

    def setUp(self):
        super().setUp()
        invoice = self.create_invoice(1000.0, post=False)
        invoice.invoice_date = self.today + timedelta(days=10)
        invoice.action_post()
        self.prepayment = self.receipt_of(self.pay(self.create_linked_tx(invoice)))
        self.assertEqual(self.prepayment.state, 'delegated')
        self.assertTrue(any("no closing" in m.body for m in self.prepayment.message_ids))
        run_closing(self.env, times=3, days=11)
        self.closing = self.prepayment.closing_ids

    def test_task_says_what_to_print(self):
        self.assertRecordValues(self.closing, [{
            'state': 'failed', 'total': 1000.0, 'register_id': self.register.id}])
        self.assertIn("by hand", self.closing.problem)
        self.assertEqual(len(self.closing.activity_ids), 1)
        self.assertRecordValues(self.closing.line_ids, [{
            'name': "Lessons", 'fiscal_method': 'full_payment', 'total': 1000.0}])
        with self.assertRaisesRegex(UserError, "by\\s+hand"):
            self.closing.with_user(self.env.user).action_retry()

    def test_printed_by_hand(self):
        action = self.closing.with_user(self.env.user).action_resolve()
        wizard = self.env['fiscal.resolve'].with_context(**action['context']).create({
            'storage_number': '9999078900005430', 'document_number': '12',
            'fiscal_sign': '1911055232', 'moment': '25.11.2026 14:30', 'reason': "In the cabinet",
        })
        wizard.action_apply()
        self.assertRecordValues(self.closing, [{
            'state': 'done', 'document_number': '12', 'problem': False}])
        self.assertFalse(self.closing.activity_ids)
        self.assertEqual(self.prepayment.prepaid_left, 0.0)

    def test_another_register_prints_it(self):
        till = self.env['fiscal.register'].sudo().create({
            'name': "Till", 'company_id': self.company.id, 'shop': '18', 'secret': 'till-secret',
            'queue': '143', 'address': 'https://school.example.com', 'state': 'ready',
        })
        self.merchant.sudo().cashbox = False
        self.settings.write({'fiscalization': 'other', 'fiscal_register_id': till.id})
        self.closing.with_user(self.env.user).action_retry()
        self.assertRecordValues(self.closing, [{'state': 'queued', 'register_id': till.id}])
