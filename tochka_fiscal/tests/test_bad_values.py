# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime, timezone
from decimal import Decimal

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.api.operation import Order
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon
from odoo.addons.tochka_fiscal.tests.test_correction import CorrectionCommon


@tagged('post_install', '-at_install')
class TestBadValues(FiscalCommon):
    """ What payers type, windows are given, and the bank lists. """

    def test_email_that_no_register_takes(self):
        transaction = self.create_tx(self.create_invoice(100.0))
        payer = self.env['res.partner'].create({'name': "Ivanov"})
        for typed in (
            'a@b', 'a@b.c', 'x' * 60 + '@example.com', 'a\x00@example.com', 'a@b.invalid',
            'a@host.TEST', ['a@b.ru'], {'a': 1},
        ):
            with self.subTest(typed), self.assertRaises(ValidationError):
                transaction._tochka_take_payer_input(payer, False, typed)
        transaction._tochka_take_payer_input(payer, False, 'Ivanov@Mail.Example.ru')
        self.assertEqual(transaction.partner_email, 'ivanov@mail.example.ru')

    def test_address_of_a_contact_that_is_none(self):
        """ The payer is asked for a better one. """
        for known in ('a@b', 'x' * 70 + '@example.com', 'nobody@example.invalid'):
            self.payer.email = known
            with self.subTest(known):
                self.assertFalse(self.payer._tochka_email())
        self.payer.email = 'a@b, anna@example.com'
        self.assertEqual(self.payer._tochka_email(), 'anna@example.com')

    def test_line_picked_twice(self):
        receipt = self.print_invoice(1000.0)
        payment = receipt.transaction_id.payment_id
        self.assertTrue(payment)
        wizard = self.env['payment.refund.wizard'].with_context(
            active_id=payment.id, active_model='account.payment').create({'payment_id': payment.id})
        line = receipt.line_ids[:1]
        wizard.fiscal_line_ids = [Command.clear(), *(
            Command.create({'line_id': line.id, 'name': 'x', 'amount': 300.0})
            for _number in range(2))]
        wizard.amount_to_refund = 600.0
        try:
            wizard.action_refund()
        except ValidationError:
            return
        refund = receipt.transaction_id.tochka_refund_ids
        self.assertEqual(sum((refund.fiscal_picked or {}).values()), 60000)

    def test_zero_refund_entry(self):
        transaction = self.create_linked_tx(self.create_invoice(1000.0))
        operation = self.bank.pay(transaction.tochka_operation_id)
        self.bank.change(transaction.tochka_operation_id, orders=(
            *operation.orders,
            Order('Z', 'refund', Decimal('0.00'), datetime.now(timezone.utc))))
        self.refresh(transaction)
        self.assertTrue(transaction.fiscal_receipt_ids)


@tagged('post_install', '-at_install')
class TestBadCorrection(CorrectionCommon):

    def test_what_no_form_lets_a_person_enter(self):
        """ Measure, agent, supplier, code and document of a line are those of its document. """
        receipt = self.print_invoice()
        wizard = self.env['fiscal.correction'].browse(receipt.action_correct()['res_id'])
        before = wizard.line_ids.read(['measure', 'agent', 'supplier', 'mark', 'source'])
        wizard.line_ids.write({
            'measure': 999, 'agent': 'xx', 'supplier': {'a': 1}, 'mark': 'x',
            'source': 'res.users,1'})
        self.assertEqual(
            wizard.line_ids.read(['measure', 'agent', 'supplier', 'mark', 'source']), before)

    def test_values_that_cost_nothing(self):
        receipt = self.print_invoice()
        for values in ({'price': -5.0}, {'price': 0.0}, {'quantity': -1.0}, {'quantity': 0.0}):
            wizard = self.env['fiscal.correction'].browse(receipt.action_correct()['res_id'])
            wizard.line_ids[0].write(values)
            with self.subTest(values), self.assertRaises(UserError):
                wizard.action_apply()
