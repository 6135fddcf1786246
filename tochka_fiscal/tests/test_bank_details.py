# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_fiscal.registers import bank
from odoo.addons.tochka_fiscal.tests.common import BankRegisterCommon
from odoo.addons.tochka_fiscal.tests.test_closing import run_closing

LINK_LOGGER = 'odoo.addons.tochka_acquiring.models.payment.payment_transaction_link'


@tagged('post_install', '-at_install')
class TestBankDetails(BankRegisterCommon):
    """ Fixed methods, templates, suppliers, and tasks that are over. """

    def test_topup_with_a_fixed_method(self):
        for method in ('full_prepayment', 'full_payment'):
            with self.subTest(method=method), mute_logger(LINK_LOGGER):
                self.settings.fiscal_method = method
                transaction = self.create_tx()
                transaction._get_processing_values()
                self.assertEqual(transaction.state, 'draft', transaction.tochka_error)

    def test_link_of_yesterday_with_the_date_in_the_template(self):
        self.settings.write({
            'tochka_details_mode': 'template', 'tochka_details_template': "Lessons {date}",
            'tochka_link_ttl': 3 * 24 * 60})
        transaction = self.create_linked_tx(self.create_invoice(1000.0))
        self.assertTrue(transaction._tochka_is_link_open())
        with freeze_time(fields.Datetime.now() + timedelta(days=1)):
            self.assertTrue(transaction._tochka_is_link_open())

    def test_adopted_operation_names_the_same_supplier(self):
        item = {'name': "Atlas", 'amount': '1.00', 'quantity': 1, 'vatType': 'none',
                'paymentMethod': 'full_payment', 'paymentObject': 'goods'}
        asked = {'taxSystemCode': 'osn', 'Client': {'email': 'a@b.ru'}, 'Items': [
            {**item, 'Supplier': {'phone': '+74951234567', 'name': "A", 'taxCode': '7736207543'}}]}
        self.assertFalse(bank.is_same(asked, {**asked, 'Items': [item]}))

    def test_task_of_an_invoice_that_was_replaced(self):
        """ The closing is not printed yet, and the invoice turns out to be wrong. """
        invoice = self.create_invoice(1000.0, post=False)
        invoice.invoice_date = self.today + timedelta(days=10)
        invoice.action_post()
        prepayment = self.receipt_of(self.pay(self.create_linked_tx(invoice)))
        run_closing(self.env, times=1, days=11)
        prepayment.invalidate_recordset()
        task = prepayment.closing_ids
        self.assertEqual(task.state, 'failed')
        invoice.button_draft()
        invoice.button_cancel()
        new = self.create_invoice(1000.0)
        credit = prepayment.transaction_id.payment_id._seek_for_lines()[1]
        (credit + new._tochka_due_lines()).reconcile()
        run_closing(self.env, times=2, days=12)
        prepayment.invalidate_recordset()
        open_tasks = prepayment.closing_ids.filtered('activity_ids')
        self.assertEqual(open_tasks.invoice_ids, new)
