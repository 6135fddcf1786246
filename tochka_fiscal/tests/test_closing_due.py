# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime, time, timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.tochka_fiscal import tuning
from odoo.addons.tochka_fiscal.tests.test_closing_orders import OrdersCommon


@tagged('post_install', '-at_install')
class TestClosingDue(OrdersCommon):
    """ The job looks only at what has changed. """

    def looked_at(self, later=1.0):
        """ Return the transactions that the job looks at, some hours after the last change. """
        seen = []
        original = type(self.env['payment.transaction'])._fiscal_deliveries

        def deliveries(transaction):
            seen.append(transaction)
            return original(transaction)

        self.env.flush_all()
        with freeze_time(fields.Datetime.now() + timedelta(hours=later)), patch.object(
            type(self.env['payment.transaction']), '_fiscal_deliveries', deliveries
        ):
            self.env.ref('tochka_fiscal.cron_closing').sudo().method_direct_trigger()
        self.env.invalidate_all()
        return self.env['payment.transaction'].union(*seen)

    def write_at(self, hours, record, write):
        """ Let something be written some hours from now: tests have one moment of the database. """
        write()
        self.env.flush_all()
        moment = fields.Datetime.now() + timedelta(hours=hours)
        for one in record:
            self.env.cr.execute(
                f'UPDATE {one._table} SET write_date = %s WHERE id = %s', (moment, one.id))
        self.env.invalidate_all()

    def test_open_topup_costs_one_look(self):
        topups = self.top_up(100.0) + self.top_up(200.0)
        for topup in topups:
            self.printed(topup)
        self.assertEqual(self.looked_at(1), topups)
        self.assertFalse(self.looked_at(2))
        self.assertFalse(self.looked_at(20))
        self.assertEqual(self.looked_at(26), topups, "Once a day all are looked at.")

    def test_top_up_that_pays_an_invoice(self):
        topup, other = self.top_up(100.0), self.top_up(200.0)
        for one in (topup, other):
            self.printed(one)
        self.looked_at(1)
        invoice = self.create_due(100.0)
        credit = topup.payment_id._seek_for_lines()[1]
        self.write_at(2, credit, lambda: (credit + invoice._tochka_due_lines()).reconcile())
        self.assertEqual(self.looked_at(3), topup)

    def test_invoice_that_becomes_due(self):
        transaction = self.prepay(self.future_invoice(days=10)).transaction_id
        self.looked_at(1)
        self.assertFalse(self.looked_at(2))
        # The day before, noon in Moscow; the daily look is another matter.
        noon = datetime.combine(self.today + timedelta(days=9), time(9))
        for later, expected in ((6, False), (18, True)):
            transaction._fiscal_receipt().closing_looked_at = noon
            hours = (noon - fields.Datetime.now()).total_seconds() / 3600 + later
            self.assertEqual(bool(self.looked_at(hours)), expected, later)

    def test_delivered_order(self):
        order = self.order()
        prepayment = self.prepay_order(order, 1000.0)
        order.invoice_ids.filtered(lambda move: move.state == 'draft').unlink()
        self.looked_at(1)
        self.assertFalse(self.looked_at(2))

        def deliver():
            order.order_line.qty_delivered = 10

        self.write_at(3, order.order_line, deliver)
        self.assertEqual(self.looked_at(4), prepayment.transaction_id)
        self.assertEqual(prepayment.prepaid_left, 0)

    def test_delivery_that_is_taken_back_after_months(self):
        topup = self.top_up(100.0)
        prepayment = self.printed(topup)
        invoice = self.create_due(100.0)
        (topup.payment_id._seek_for_lines()[1] + invoice._tochka_due_lines()).reconcile()
        self.looked_at(1)
        self.assertEqual(prepayment.prepaid_left, 0)
        self.work()
        self.work()
        self.assertFalse(self.looked_at(24 * 90))
        invoice.button_draft()
        self.assertTrue(prepayment.closing_changed)
        invoice.button_cancel()
        self.assertEqual(self.looked_at(24 * 91), topup)
        self.assertTrue(prepayment.closing_ids.correction_ids)

    def test_posting_wakes_the_job(self):
        cron = self.env.ref('tochka_fiscal.cron_closing').sudo()
        triggers = self.env['ir.cron.trigger'].sudo()
        triggers.search([('cron_id', '=', cron.id)]).unlink()
        self.create_due(100.0)
        self.assertTrue(triggers.search_count([('cron_id', '=', cron.id)]))

    def test_many_are_worked_off_in_runs(self):
        receipts = [self.printed(self.top_up(100.0)) for _number in range(3)]
        with patch.object(tuning, 'CLOSING_BATCH', 2):
            self.assertEqual(len(self.looked_at(1)), 2)
            self.assertEqual(len(self.looked_at(1.01)), 1)
            self.assertFalse(self.looked_at(2))
        self.assertTrue(all(receipt.closing_looked_at for receipt in receipts))
