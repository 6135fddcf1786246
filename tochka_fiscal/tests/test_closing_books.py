# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime, time, timedelta, timezone
from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring import tuning
from odoo.addons.tochka_fiscal.tests.test_closing import ClosingCommon

GUARD_LOGGER = 'odoo.addons.tochka_acquiring.models.core.ir_cron'


@tagged('post_install', '-at_install')
class TestClosingBooks(ClosingCommon):
    """ Closing receipts follow the books. """

    def test_two_invoices_replaced_by_one(self):
        old = self.future_invoice(400.0), self.future_invoice(600.0)
        transaction = self.create_tx(old[0] + old[1], amount=1000.0)
        transaction._get_processing_values()
        prepayment = self.printed(self.pay(transaction))
        for invoice in old:
            invoice.button_draft()
            invoice.button_cancel()
        new = self.future_invoice(1000.0, days=12)
        (transaction.payment_id._seek_for_lines()[1] + new._tochka_due_lines()).reconcile()
        with mute_logger('odoo.sql_db'):
            self.close(times=2, days=13)
        prepayment.invalidate_recordset()
        self.assertEqual((sum(prepayment.closing_ids.mapped('total')), prepayment.prepaid_left),
                         (1000.0, 0.0))

    def test_invoice_corrected_after_its_closing(self):
        topup = self.top_up(2000.0)
        prepayment = self.printed(topup)
        invoice = self.create_due(1200.0)
        credit = topup.payment_id._seek_for_lines()[1]
        (credit + invoice._tochka_due_lines()).reconcile()
        self.close()
        self.assertClosings(prepayment, (invoice, 1200.0), left=800.0)
        invoice.button_draft()
        invoice.invoice_line_ids.price_unit = 1500.0
        invoice.action_post()
        (credit + invoice._tochka_due_lines()).reconcile()
        self.assertEqual(invoice.amount_residual, 0.0)
        self.close(times=2)
        prepayment.invalidate_recordset()
        self.assertEqual(prepayment.prepaid_left, 500.0)

    def test_part_of_two_future_invoices(self):
        first, second = self.future_invoice(100.0), self.future_invoice(200.0)
        transaction = self.create_tx(first + second, amount=150.0)
        transaction._get_processing_values()
        prepayment = self.printed(self.pay(transaction))
        self.close(times=3, days=11)
        prepayment.invalidate_recordset()
        self.assertEqual(prepayment.prepaid_left, 0.0)

    def test_invoice_of_two_methods(self):
        """ One category is always settled in full; the rest is prepaid and then closed. """
        product = self.env['product.product'].create({
            'name': "Certificate", 'list_price': 400.0, 'taxes_id': [], 'type': 'service',
            'categ_id': self.env['product.category'].create({
                'name': "At once", 'fiscal_method': 'full_payment'}).id,
        })
        invoice = self.create_invoice(600.0, post=False)
        invoice.invoice_date = self.today + timedelta(days=10)
        invoice.invoice_line_ids = [Command.create({
            'product_id': product.id, 'price_unit': 400.0, 'tax_ids': []})]
        invoice.action_post()
        prepayment = self.prepay(invoice)
        self.assertEqual(prepayment.prepaid_left, 600.0)
        self.close(days=11)
        prepayment.invalidate_recordset()
        settled = (prepayment + prepayment.closing_ids).line_ids.filtered(
            lambda line: line.fiscal_method == 'full_payment')
        totals = {}
        for line in settled:
            totals[line.name] = totals.get(line.name, 0) + line.total
        self.assertEqual(totals, {"Lessons": 600.0, "Certificate": 400.0})

    def test_early_discount_that_is_learned_of_a_day_later(self):
        """ The books write it off: the payment was all that the invoice costs. """
        term = self.env['account.payment.term'].create({
            'name': "2 % early", 'early_discount': True, 'discount_percentage': 2,
            'discount_days': 5, 'early_pay_discount_computation': 'mixed',
            'line_ids': [Command.create({'value': 'percent', 'value_amount': 100, 'nb_days': 30})],
        })
        invoice = self.create_invoice(1000.0, post=False)
        invoice.write({
            'invoice_date': self.today - timedelta(days=6), 'invoice_payment_term_id': term.id,
            'delivery_date': self.today + timedelta(days=10)})
        invoice.action_post()
        transaction = self.create_linked_tx(invoice, amount=980.0)
        yesterday = datetime.combine(self.today - timedelta(days=1), time(9), timezone.utc)
        receipt = self.printed(self.pay(transaction, paid_at=yesterday))
        self.assertEqual(invoice.amount_residual, 0.0)
        self.assertEqual(receipt.line_ids.fiscal_method, 'full_prepayment')

    def test_certificate_is_an_advance_until_it_is_used(self):
        """ A gift certificate: its category says that the money is an advance (tag 1214 = 3). """
        product = self.env['product.product'].create({
            'name': "Certificate", 'list_price': 400.0, 'taxes_id': [], 'type': 'service',
            'categ_id': self.env['product.category'].create({
                'name': "Certificates", 'fiscal_method': 'advance'}).id,
        })
        invoice = self.create_invoice(600.0, post=False)
        invoice.invoice_line_ids = [Command.create({
            'product_id': product.id, 'price_unit': 400.0, 'tax_ids': []})]
        invoice.action_post()
        prepayment = self.prepay(invoice)
        self.close(times=2)
        self.assertClosings(prepayment, left=400.0)

    def test_broken_prepayment_does_not_run_the_job_in_circles(self):
        """ As above, but the broken one comes last, after one that is left. """
        self.printed(self.top_up(1000.0))
        broken = self.printed(self.top_up(1000.0))
        seen = []
        original = type(broken.transaction_id)._fiscal_deliveries

        def deliveries(transaction):
            seen.append(transaction.id)
            if transaction == broken.transaction_id:
                raise RuntimeError("broken")
            return original(transaction)

        with patch.object(
            type(broken.transaction_id), '_fiscal_deliveries', deliveries
        ), patch.object(
            tuning, 'JOB_SECONDS', 2
        ), self.assertLogs(GUARD_LOGGER, 'ERROR'):
            self.env.flush_all()
            # The real clock: a frozen one would never end the job's time.
            self.env.ref('tochka_fiscal.cron_closing').sudo().method_direct_trigger()
        self.assertEqual(seen.count(broken.transaction_id.id), 1)

    def test_open_topups_keep_no_closing_waiting(self):
        """ The job's time is used up by top-ups that pay nothing yet. """
        for _number in range(3):
            self.printed(self.top_up(1000.0))
        topup = self.top_up(1000.0)
        prepayment = self.printed(topup)
        invoice = self.create_due(1000.0)
        (topup.payment_id._seek_for_lines()[1] + invoice._tochka_due_lines()).reconcile()
        # A run has six seconds; here they are over after the first prepayment.
        with patch.object(tuning, 'JOB_SECONDS', 0):
            self.close(times=4)
        prepayment.invalidate_recordset()
        self.assertEqual(prepayment.prepaid_left, 0.0)

    def test_closing_of_a_topup_names_what_is_handed_over(self):
        self.provider.sudo().write({
            'tochka_details_mode': 'template',
            'tochka_details_template': "Top-up {document} {amount}"})
        topup = self.top_up(5000.0)
        prepayment = self.printed(topup)
        invoice = self.create_due(1200.0)
        invoice._tochka_settle_with(topup.payment_id._seek_for_lines()[1])
        self.close()
        self.assertClosings(prepayment, (invoice, 1200.0), left=3800.0)
        self.assertNotIn("5000", prepayment.closing_ids.line_ids.name)

    def test_same_paper_proves_one_receipt(self):
        receipts = []
        for _number in (1, 2):
            receipt = self.pay(
                self.create_linked_tx(self.create_invoice(1000.0)))._fiscal_receipt()
            receipt._fail("No paper")
            action = receipt.with_user(self.env.user).action_resolve()
            receipts.append((receipt, self.env['fiscal.resolve'].with_context(
                **action['context']
            ).create({
                'storage_number': '9999078900005430', 'document_number': '12',
                'fiscal_sign': '1911055232', 'moment': '25.11.2026 14:30', 'reason': "Till",
            })))
        receipts[0][1].action_apply()
        with self.assertRaisesRegex(UserError, receipts[0][0].name):
            receipts[1][1].action_apply()

    def test_agent_of_a_russian_company_in_a_foreign_database(self):
        """ The superuser's company, in which jobs run, is a foreign one. """
        supplier = self.env['res.partner'].create({
            'name': "Publisher", 'vat': '7736207543', 'phone': '8 (495) 123-45-67'})
        category = self.env['product.category'].create({
            'name': "Books of others", 'fiscal_agent': 'commissionaire',
            'fiscal_supplier_id': supplier.id})
        atlas = self.env['product.product'].create({
            'name': "Atlas", 'categ_id': category.id, 'taxes_id': [], 'list_price': 500.0})
        invoice = self.create_invoice(1000.0, post=False)
        invoice.invoice_line_ids = [Command.create({
            'product_id': atlas.id, 'quantity': 2, 'price_unit': 500.0, 'tax_ids': []})]
        invoice.action_post()
        transaction = self.create_tx(invoice)
        foreign = self.env['res.company'].sudo().create({
            'name': "Inc", 'country_id': self.env.ref('base.us').id})
        here = [line.supplier for line in transaction._fiscal_lines()]
        there = [line.supplier for line in transaction.with_company(foreign)._fiscal_lines()]
        self.assertEqual(there, here)
