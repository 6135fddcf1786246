# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from unittest.mock import patch

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import new_test_user, tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_fiscal.tests.common import FiscalCommon


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestReceipt(FiscalCommon):
    """ Which money has a receipt, and what stands on it. """

    def test_chatter_of_the_invoice(self):
        invoice = self.create_invoice(1000.0)
        self.pay(self.create_linked_tx(invoice))
        for _turn in range(3):
            self.work()
        notes = [m for m in invoice.message_ids if "Fiscal receipt printed" in m.body]
        self.assertEqual(len(notes), 1)
        self.assertIn(f'data-oe-id="{invoice.sudo().fiscal_receipt_ids.id}"', notes[0].body)

    def test_receipt_of_a_paid_invoice(self):
        transaction = self.create_linked_tx(self.create_invoice(1234.56))
        self.assertFalse(transaction.fiscal_receipt_ids, "Nothing is paid yet")
        self.pay(transaction)
        receipt = transaction.fiscal_receipt_ids
        self.assertRecordValues(receipt, [{
            'state': 'queued', 'kind': 'income', 'total': 1234.56, 'company_id': self.company.id,
            'contact': 'petrov@example.com', 'taxation_system': 'usn_income',
            'address': 'https://school.example.com', 'payments': {'cashless': 123456},
            'partner_id': self.payer.id, 'register_id': self.register.id,
            'invoice_ids': transaction.invoice_ids.ids, 'paid_at': transaction.tochka_paid_at,
        }])
        self.assertRecordValues(receipt.line_ids, [{
            'name': "Lessons", 'price': 1234.56, 'quantity': 1.0, 'total': 1234.56, 'vat': 'none',
        }])
        for document in (transaction.invoice_ids, transaction.payment_id):
            self.assertEqual(document.fiscal_receipt_count, 1)
            self.assertEqual(document.action_fiscal_receipts()['res_id'], receipt.id)

    def test_payment_without_a_receipt(self):
        payment = self.env['account.payment'].create({
            'amount': 100, 'partner_id': self.payer.id, 'payment_type': 'inbound'})
        self.assertEqual(payment.fiscal_receipt_count, 0)

    def test_several_receipts_are_a_list(self):
        receipts = self.pay_invoice(100) | self.pay_invoice(200)
        self.assertEqual(receipts._open()['domain'], [('id', 'in', receipts.ids)])
        self.assertNotIn('res_id', receipts._open())

    def test_one_for_each_settlement(self):
        receipt = self.pay_invoice()
        transaction = receipt.transaction_id
        self.assertEqual(self.env['fiscal.receipt'].sudo()._create_income(transaction), receipt)
        with mute_logger('odoo.sql_db'), self.assertRaises(IntegrityError), self.cr.savepoint():
            receipt.copy({'name': "Twin"}).flush_recordset()

    def test_belongs_to_the_state_done(self):
        """ Money without its receipt can't be committed: it is made before the booking. """
        transaction = self.create_linked_tx()
        self.bank.pay(transaction.tochka_operation_id)
        self.refresh(transaction)
        self.assertFalse(transaction.payment_id)
        self.assertEqual(transaction.fiscal_receipt_ids.state, 'queued')

    def test_which_money_has_none(self):
        for values in ({'fiscalization': 'no'}, {'fiscal_register_id': False}):
            with self.subTest(values):
                self.provider.sudo().write(values)
                transaction = self.pay(self.create_linked_tx())
                self.assertFalse(transaction.fiscal_receipt_ids)
                self.provider.sudo().write({
                    'fiscalization': 'other', 'fiscal_register_id': self.register.id})

    def test_transfer_of_a_legal_person(self):
        transaction = self.create_tx()
        with patch.object(type(transaction), 'provider_code', 'custom'):
            self.assertTrue(transaction._fiscal_needs_receipt())
            self.payer.is_company = True
            self.assertFalse(transaction._fiscal_needs_receipt())
        self.assertTrue(transaction._fiscal_needs_receipt(), "By card it has one")

    def test_contact(self):
        transaction = self.create_tx()
        self.assertEqual(transaction._fiscal_contact(), 'petrov@example.com')
        self.payer.write({'email': False, 'phone': '8 (999) 123-45-67',
                          'country_id': self.env.ref('base.ru').id})
        transaction.partner_email = False
        self.assertEqual(transaction._fiscal_contact(), '+79991234567')
        self.payer.phone = "call me"
        self.assertFalse(transaction._fiscal_contact())

    @mute_logger('odoo.addons.tochka_fiscal')
    def test_what_can_not_be_built_keeps_no_money_out(self):
        transaction = self.create_linked_tx()
        with patch.object(type(transaction), '_fiscal_lines', side_effect=ZeroDivisionError):
            self.pay(transaction)
        self.assertEqual(transaction.invoice_ids.payment_state, 'paid')
        receipt = transaction.fiscal_receipt_ids.sudo()
        self.assertEqual(receipt.state, 'failed')
        self.assertIn("ZeroDivisionError", receipt.problem)
        self.assertEqual(len(receipt.activity_ids), 1)
        receipt.action_retry()
        self.assertEqual((receipt.state, len(receipt.line_ids)), ('queued', 1))
        self.assertFalse(receipt.activity_ids)

    def test_no_contact_is_filled_in_by_the_accountant(self):
        transaction = self.create_linked_tx()
        with patch.object(type(transaction), '_fiscal_contact', return_value=''):
            self.pay(transaction)
        receipt = transaction.fiscal_receipt_ids
        self.assertEqual(receipt.state, 'failed')
        self.assertIn("Neither e-mail nor phone", receipt.problem)
        accountant = self.accountant()
        receipt.with_user(accountant).contact = 'late@example.com'
        receipt.with_user(accountant).action_retry()
        self.work()
        self.assertEqual(self.till.printed.popitem()[1].email, 'late@example.com')

    def accountant(self, group='account.group_account_invoice', company=None):
        company = company or self.company
        return new_test_user(
            self.env, f'fiscal_{group}_{company.id}', group, company_id=company.id,
            company_ids=[(6, 0, company.ids)])

    def test_nobody_changes_what_the_register_said(self):
        receipt = self.pay_invoice()
        for user in (self.accountant(), self.accountant('account.group_account_manager')):
            mine = receipt.with_user(user)
            for values in ({'state': 'done'}, {'total': 1.0}, {'qr': 'x'}, {'role': 'test'}):
                with self.assertRaises(AccessError):
                    mine.write(values)
            for record in (mine, mine.line_ids):
                with self.assertRaises(AccessError):
                    record.unlink()
            with self.assertRaises(AccessError):
                mine.line_ids.write({'total': 1.0})
        with self.assertRaisesRegex(UserError, "is kept"):
            receipt.unlink()
        self.work()
        with self.assertRaisesRegex(UserError, "sent already"):
            receipt.with_user(user).contact = 'other@example.com'

    def test_others_see_nothing(self):
        receipt = self.pay_invoice()
        other = self._create_company(name="Other")
        stranger = self.accountant(company=other)
        self.assertFalse(self.env['fiscal.receipt'].with_user(stranger).with_context(
            allowed_company_ids=other.ids).search([]))
        employee = self.accountant('base.group_user')
        with self.assertRaises(AccessError):
            receipt.with_user(employee).read(['total'])

    def test_secrets_are_the_administrators(self):
        user = self.accountant('account.group_account_manager')
        register = self.register.with_user(user)
        self.assertEqual(register.name, "Till")
        for name in ('secret', 'shop', 'queue', 'url'):
            with self.assertRaises(AccessError):
                register.read([name])
        self.assertFalse(self.register.copy().secret)
