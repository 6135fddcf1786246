# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date, datetime

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_fiscal.tests import test_closing
from odoo.addons.tochka_fiscal.tests.test_period import PeriodCommon

# A firm on the simplified system, without VAT, that is on the general one from 2027-01-01.
OLD, NEW = ('none', 'usn_income'), ('vat22', 'osn')
DAY_OF_OLD, DAY_OF_NEW = date(2026, 12, 31), date(2027, 1, 1)
BEFORE = datetime(2026, 12, 20, 9)  # UTC
LAST_MINUTE = datetime(2026, 12, 31, 20, 59)  # 23:59 in Moscow
FIRST_MINUTE = datetime(2026, 12, 31, 21, 1)  # 00:01 in Moscow, the day before in Greenwich
AFTER = datetime(2027, 1, 15, 9)


class MidnightCommon(PeriodCommon):
    """ What was prepaid before a change, and what is delivered around it. """

    def setUp(self):
        super().setUp()
        self.plan(NEW[1], NEW[0])

    def assertClosedBy(self, prepayment, *expected):
        """ Compare the closing receipts with (VAT, taxation system). """
        prepayment.invalidate_recordset()
        closings = prepayment._closings().sorted('id')
        self.assertFalse(closings.filtered('problem'))
        for closing in closings:
            self.assertEqual(set(closing.line_ids.mapped('fiscal_method')), {'full_payment'})
        self.assertEqual(
            [(vat, closing.taxation_system) for closing in closings
             for vat in closing.line_ids.mapped('vat')], list(expected))

    def close_at(self, moment):
        with freeze_time(moment):
            self.close()


@tagged('post_install', '-at_install')
class TestMidnight(MidnightCommon):
    """ The day of the delivery counts, whenever the closing receipt is made or sent again. """

    def prepaid(self, delivered_on):
        with freeze_time(BEFORE):
            prepayment = self.money(self.sell(delivered_on))
        self.assertSays(prepayment, ('none', 'full_prepayment'))
        return prepayment

    def test_delivered_before_and_closed_after(self):
        """ The job was late: the server stood over midnight. """
        prepayment = self.prepaid(DAY_OF_OLD)
        self.close_at(AFTER)
        self.assertClosedBy(prepayment, OLD)

    def test_delivered_and_closed_after(self):
        prepayment = self.prepaid(DAY_OF_NEW)
        self.close_at(LAST_MINUTE)
        self.assertClosedBy(prepayment)
        self.close_at(FIRST_MINUTE)
        self.assertClosedBy(prepayment, NEW)

    def test_closing_that_is_sent_again_keeps_its_day(self):
        prepayment = self.prepaid(DAY_OF_OLD)
        self.close_at(LAST_MINUTE)
        closing = prepayment.closing_ids
        self.put_state(closing, 'failed')
        with freeze_time(AFTER):
            closing.with_user(self.env.user).action_retry()
        self.assertClosedBy(prepayment, OLD)

    def test_wizard_of_a_correction_takes_the_day_of_the_delivery(self):
        prepayment = self.prepaid(DAY_OF_OLD)
        self.close_at(AFTER)
        closing = prepayment.closing_ids
        with freeze_time(AFTER):
            self.assertEqual(closing._taxation_of_its_day(), OLD[1])

    def test_returned_after_it_was_closed(self):
        """ What comes back is what was handed over, with the VAT of that receipt. """
        prepayment = self.prepaid(DAY_OF_NEW)
        self.close_at(FIRST_MINUTE)
        with freeze_time(AFTER):
            self.work()
            self.work()
            prepayment.transaction_id.with_user(self.env.user).action_refund()
            self.env.flush_all()
            self.env['tochka.refund'].sudo().search([]).next_at = fields.Datetime.now()
            self.run_job('cron_refund')
            returned = self.env['fiscal.receipt'].sudo().search([
                ('role', '=', 'return'), ('company_id', '=', self.company.id)])
            self.assertSays(returned, ('vat22', 'full_payment'), system='osn')

    def test_date_that_a_person_has_written(self):
        """ Delivered before, billed after. """
        with freeze_time(AFTER):
            invoice = self.create_invoice(1220.0, post=False)
            invoice.write({'invoice_date': AFTER.date(), 'delivery_date': DAY_OF_OLD})
            invoice.action_post()
            self.assertSays(self.money(invoice), ('none', 'full_payment'), system='osn')


class MidnightOfOrders(MidnightCommon):
    """ Orders that are prepaid. """

    prepay_order = test_closing.TestClosingOrders.prepay_order
    bill = test_closing.TestClosingOrders.bill

    def setUp(self):
        super().setUp()
        if 'sale.order' not in self.env:
            self.skipTest("The sale app is not installed.")

    def order(self, quantity=10, **product):
        product = self.env['product.product'].create({
            'name': "Course", 'type': 'service', 'invoice_policy': 'order', 'taxes_id': False,
            'list_price': 100.0, **product})
        order = self.env['sale.order'].create({
            'partner_id': self.payer.id,
            'order_line': [Command.create({
                'product_id': product.id, 'product_uom_qty': quantity, 'price_unit': 100.0,
                'tax_ids': []})],
        })
        order.action_confirm()
        return order


@tagged('post_install', '-at_install')
class TestMidnightOfOrders(MidnightOfOrders):
    """ The moment at which somebody has written that a service is done, or nothing. """

    def deliver(self, order, moment, quantity=10):
        """ Let a person write that a service was done. Tests have one moment of the database. """
        order.order_line.qty_delivered = quantity
        self.env.flush_all()
        self.env.cr.execute('UPDATE sale_order_line SET write_date = %s WHERE id = ANY(%s)', (
            moment, order.order_line.ids))
        self.env.invalidate_all()

    def prepaid_order(self):
        with freeze_time(BEFORE):
            order = self.order()
            prepayment = self.prepay_order(order, 1000.0)
        self.assertEqual(prepayment.line_ids.mapped('vat'), ['none'])
        return order, prepayment

    def test_service_done_before_and_closed_after(self):
        order, prepayment = self.prepaid_order()
        self.deliver(order, LAST_MINUTE)
        self.close_at(AFTER)
        self.assertClosedBy(prepayment, OLD)

    def test_service_done_after(self):
        order, prepayment = self.prepaid_order()
        self.deliver(order, FIRST_MINUTE)
        self.close_at(AFTER)
        self.assertClosedBy(prepayment, NEW)

    def test_service_done_before_and_paid_after(self):
        order = self.order()
        self.deliver(order, LAST_MINUTE)
        with freeze_time(AFTER):
            receipt = self.prepay_order(order, 1000.0)
            self.assertSays(receipt, ('none', 'full_payment'), system='osn')

    def test_order_without_a_day_that_is_sent_again(self):
        """ Nobody knows when it was delivered: the day of the closing receipt holds for ever. """
        order, prepayment = self.prepaid_order()
        self.deliver(order, LAST_MINUTE)
        self.close_at(LAST_MINUTE)
        closing = prepayment.closing_ids
        self.put_state(closing, 'failed')
        self.deliver(order, AFTER)  # Somebody writes to its line again.
        with freeze_time(AFTER):
            closing.with_user(self.env.user).action_retry()
        self.assertClosedBy(prepayment, OLD)
