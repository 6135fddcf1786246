# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime, timedelta, timezone
from decimal import Decimal

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_fiscal.tests.common import BankRegisterCommon

LINK_LOGGER = 'odoo.addons.tochka_acquiring.models.payment.payment_transaction_link'


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestBankRegister(BankRegisterCommon):
    """ The receipt goes with the link, and the bank tells nothing of it afterwards. """

    def test_receipt_goes_with_the_link(self):
        transaction = self.create_linked_tx(self.create_invoice(1500.0))
        self.assertEqual(self.sent(), {
            'taxSystemCode': 'usn_income',
            'Client': {'email': 'petrov@example.com'},
            'Items': [{
                'name': "Lessons", 'amount': '1500.00', 'quantity': 1, 'vatType': 'none',
                'paymentMethod': 'full_payment', 'paymentObject': 'service', 'measure': 'шт.',
            }],
        })
        receipt = self.receipt_of(transaction)
        self.assertRecordValues(receipt, [{
            'state': 'waiting', 'register_id': self.register.id, 'paid_at': False,
            'total': 1500.0, 'is_overdue': False, 'next_try_at': False,
        }])

    def test_paid_link_leaves_the_receipt_to_the_bank(self):
        paid_at = datetime(2026, 11, 20, 9, 30, tzinfo=timezone.utc)
        transaction = self.create_linked_tx(self.create_invoice(1500.0))
        self.pay(transaction, paid_at=paid_at)
        receipt = self.receipt_of(transaction)
        self.assertRecordValues(receipt, [{
            'state': 'delegated', 'paid_at': paid_at.replace(tzinfo=None), 'is_overdue': False,
            'qr': False, 'document_number': False,
        }])
        self.assertEqual(self.env['fiscal.receipt'].search_count([
            ('transaction_id', '=', transaction.id)]), 1)
        self.env.flush_all()
        self.env.ref('tochka_fiscal.cron_overdue').sudo().method_direct_trigger()
        self.env.invalidate_all()
        self.assertFalse(receipt.activity_ids)

    def test_dead_link_prints_nothing_until_it_was_paid_after_all(self):
        transaction = self.create_linked_tx(self.create_invoice(1500.0))
        self.bank.change(transaction.tochka_operation_id, status='EXPIRED')
        self.refresh(transaction)
        receipt = self.receipt_of(transaction)
        self.assertEqual((transaction.state, receipt.state), ('cancel', 'void'))
        self.pay(transaction)
        receipt.invalidate_recordset()
        self.assertEqual((transaction.state, receipt.state), ('done', 'delegated'))

    def test_topup_is_the_full_prepayment_of_a_service(self):
        self.settings.fiscal_vat = 'vat22'
        self.create_linked_tx_without_document()
        [item] = self.sent()['Items']
        self.assertEqual(
            (item['paymentMethod'], item['paymentObject'], item['vatType'], item['amount']),
            ('full_prepayment', 'service', 'vat122', '1000.00'))

    def create_linked_tx_without_document(self):
        transaction = self.create_tx()
        transaction._get_processing_values()
        self.assertEqual(transaction.state, 'draft', transaction.tochka_error)
        return transaction

    @mute_logger(LINK_LOGGER)
    def assert_refused(self, transaction, words):
        transaction._get_processing_values()
        self.assertEqual(transaction.state, 'error')
        self.assertIn("no money was taken", transaction.state_message)
        self.assertIn(words, transaction.tochka_error)
        self.assertEqual(self.bank.count('create_payment'), 0)
        self.assertFalse(self.receipt_of(transaction))

    def test_part_of_a_prepayment_is_refused_before_the_payer_is_sent_away(self):
        invoice = self.create_invoice(1000.0, post=False)
        invoice.invoice_date = self.today + timedelta(days=9)
        invoice.action_post()
        transaction = self.create_tx(invoice, amount=400.0)
        self.assert_refused(transaction, "no partial prepayments")
        self.assertTrue(any("no partial prepayments" in m.body for m in invoice.message_ids))
        whole = self.create_linked_tx(invoice)
        self.assertEqual(self.sent()['Items'][0]['paymentMethod'], 'full_prepayment')
        self.assertEqual(whole.state, 'draft')

    def test_part_of_what_is_due_is_settled(self):
        self.create_linked_tx(self.create_invoice(1000.0), amount=400.0)
        [item] = self.sent()['Items']
        self.assertEqual((item['paymentMethod'], item['amount']), ('full_payment', '400.00'))

    def test_category_with_another_method_is_refused(self):
        product = self.env['product.product'].create({
            'name': "On credit", 'list_price': 100.0, 'taxes_id': [],
            'categ_id': self.env['product.category'].create({
                'name': "Credit", 'fiscal_method': 'credit_payment'}).id,
        })
        invoice = self.create_invoice(1000.0, post=False)
        invoice.invoice_line_ids = [Command.create({'product_id': product.id})]
        invoice.action_post()
        self.assert_refused(self.create_tx(invoice), "full settlements and full prepayments only")

    def test_old_vat_is_refused(self):
        tax = self.env['account.tax'].create({
            'name': "VAT 20 %", 'amount': 20.0, 'type_tax_use': 'sale',
            'price_include_override': 'tax_included', 'company_id': self.company.id,
        })
        invoice = self.create_invoice(1200.0, post=False)
        invoice.invoice_line_ids.tax_ids = tax
        invoice.invoice_date = '2025-12-20'
        invoice.action_post()
        self.assert_refused(self.create_tx(invoice), "20 %")

    def test_bank_says_no(self):
        self.bank.fail('create_payment', errors.Rejected("no", http_status=400))
        transaction = self.create_tx(self.create_invoice(1000.0))
        with mute_logger(LINK_LOGGER):
            transaction._get_processing_values()
        self.assertEqual(transaction.state, 'error')
        self.assertFalse(self.receipt_of(transaction))

    def test_lost_answer_adopts_the_operation_with_the_same_receipt(self):
        self.bank.fail('create_payment', (errors.OutcomeUnknown("lost"), True))
        transaction = self.create_linked_tx(self.create_invoice(1000.0))
        self.assertEqual(len(self.bank.operations), 1)
        self.assertEqual(self.receipt_of(transaction).state, 'waiting')

    def test_operation_with_another_receipt_is_not_adopted(self):
        for receipt in (None, {'other': 'e-mail'}, {'other': 'price'}):
            with self.subTest(receipt=receipt):
                invoice = self.create_invoice(1000.0)
                transaction = self.create_tx(invoice)
                self.env['fiscal.receipt'].sudo()._create_waiting(transaction)
                right = self.receipt_of(transaction)._bank_request()
                if receipt == {'other': 'e-mail'}:
                    receipt = {**right, 'Client': {'email': 'other@example.com'}}
                elif receipt:
                    receipt = {**right, 'Items': [{**right['Items'][0], 'amount': '999.00'}]}
                operation = self.bank.add(amount=Decimal('1000.00'), receipt=receipt)
                self.assertFalse(transaction._tochka_has_same_receipt(operation))
                operation = self.bank.add(amount=Decimal('1000.00'), receipt={
                    **right, 'Items': [{**right['Items'][0], 'amount': 1000, 'quantity': 1.0}]})
                self.assertTrue(transaction._tochka_has_same_receipt(operation))

    def test_plain_link_does_not_adopt_one_with_a_receipt(self):
        with_receipt = self.create_linked_tx(self.create_invoice(1000.0))
        operation = self.bank.operations[with_receipt.tochka_operation_id]
        self.settings.fiscalization = 'no'
        self.assertFalse(self.create_tx(self.create_invoice(1000.0))._tochka_has_same_receipt(
            operation))


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestOpenLink(BankRegisterCommon):
    """ A link is handed out again only while it prints what a new one would print. """

    def find(self, invoice):
        return self.env['payment.transaction'].sudo()._tochka_find_open_link(
            self.settings, self.card, invoice.amount_residual, self.rub,
            {'invoice_ids': [Command.set(invoice.ids)]})

    def test_same_receipt_same_link(self):
        invoice = self.create_invoice(1000.0)
        transaction = self.create_linked_tx(invoice)
        self.assertEqual(self.find(invoice), transaction)
        self.assertTrue(transaction._tochka_fits_payer(self.payer, None))

    def test_edited_invoice(self):
        invoice = self.create_invoice(1000.0)
        self.create_linked_tx(invoice)
        invoice.button_draft()
        invoice.invoice_line_ids.name = "Other lessons"
        invoice.action_post()
        self.assertFalse(self.find(invoice))

    def test_prepayment_that_is_due_now(self):
        invoice = self.create_invoice(1000.0, post=False)
        invoice.invoice_date = self.today + timedelta(days=1)
        invoice.action_post()
        transaction = self.create_linked_tx(invoice)
        self.assertEqual(self.find(invoice), transaction)
        with freeze_time(fields.Datetime.now() + timedelta(days=2)):
            self.assertFalse(self.find(invoice))

    def test_another_payer(self):
        transaction = self.create_linked_tx(self.create_invoice(1000.0))
        mother = self.env['res.partner'].create({'name': "Petrova", 'email': 'mother@example.com'})
        self.assertFalse(transaction._tochka_fits_payer(mother, None))
        nobody = self.env['res.partner'].create({'name': "Visitor"})
        self.assertFalse(transaction._tochka_fits_payer(nobody, 'visitor@example.com'))
        self.assertTrue(transaction._tochka_fits_payer(nobody, 'Petrov@Example.com'))
        self.assertTrue(transaction._tochka_fits_payer(nobody, None))  # that of the invoice


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestSwitch(BankRegisterCommon):
    """ The accountant changes the register while links are open. """

    def setUp(self):
        super().setUp()
        self.till = self.env['fiscal.register'].sudo().create({
            'name': "Till", 'company_id': self.company.id, 'shop': '18', 'secret': 'till-secret',
            'queue': '143', 'address': 'https://school.example.com', 'state': 'ready',
        })

    def switch(self, fiscalization):
        self.merchant.sudo().cashbox = 'businessRu' if fiscalization == 'bank' else False
        self.settings.write({
            'fiscalization': fiscalization, 'fiscal_register_id': self.till.id})

    def receipts(self, transaction):
        return self.env['fiscal.receipt'].sudo().search([('transaction_id', '=', transaction.id)])

    def test_from_the_bank_to_a_till(self):
        invoice = self.create_invoice(1000.0)
        old = self.create_linked_tx(invoice)
        self.switch('other')
        self.assertFalse(old._tochka_is_link_open())
        new = self.create_linked_tx(self.create_invoice(2000.0))
        self.assertIsNone(self.sent())
        self.pay(old)
        self.pay(new)
        self.assertRecordValues(self.receipts(old), [
            {'state': 'delegated', 'register_id': self.register.id}])
        self.assertRecordValues(self.receipts(new), [
            {'state': 'queued', 'register_id': self.till.id}])

    def test_from_a_till_to_the_bank(self):
        self.switch('other')
        old = self.create_linked_tx(self.create_invoice(1000.0))
        self.assertIsNone(self.sent())
        self.switch('bank')
        self.assertFalse(old._tochka_is_link_open())
        self.pay(old)
        # The bank prints for its own links only: the till still does its work.
        self.assertRecordValues(self.receipts(old), [
            {'state': 'queued', 'register_id': self.till.id}])

    def test_from_nobody_to_the_bank(self):
        self.switch('no')
        invoice = self.create_invoice(1000.0)
        old = self.create_linked_tx(invoice)
        self.switch('bank')
        self.pay(old)
        self.assertFalse(self.receipts(old))
        self.assertEqual(old.tochka_problem_ids.code, 'unprinted')
        self.assertTrue(invoice.activity_ids)

    def test_from_the_bank_to_nobody(self):
        old = self.create_linked_tx(self.create_invoice(1000.0))
        self.switch('no')
        self.pay(old)
        self.assertRecordValues(self.receipts(old), [
            {'state': 'delegated', 'register_id': self.register.id}])

    def test_failed_receipt_moves_to_the_new_till(self):
        self.switch('other')
        receipt = self.receipts(self.pay(self.create_linked_tx(self.create_invoice(1000.0))))
        receipt._fail("No paper")
        other = self.till.copy({'name': "New till", 'secret': 'new'})
        self.settings.fiscal_register_id = other
        receipt.with_user(self.env.user).action_retry()
        self.assertRecordValues(receipt, [{'state': 'queued', 'register_id': other.id}])

    def test_register_of_the_bank_is_one_for_each_shop(self):
        self.assertEqual(self.settings._fiscal_bank_register(), self.register)
        self.assertEqual(self.env['fiscal.register'].search_count([('kind', '=', 'bank')]), 1)
        self.assertEqual(self.register.action_check()['params']['type'], 'success')
        self.merchant.sudo().cashbox = False
        self.assertEqual(self.register.action_check()['params']['type'], 'danger')
