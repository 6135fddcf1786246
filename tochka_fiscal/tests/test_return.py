# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon
from odoo.addons.tochka_fiscal.tests.common import BankRegisterCommon, FiscalCommon
from odoo.addons.tochka_fiscal.tests.test_closing import run_closing

SEND_LOGGER = 'odoo.addons.tochka_acquiring.models.refund.tochka_refund_send'
PROBLEM_LOGGER = 'odoo.addons.tochka_acquiring.models.problem.tochka_problem'


class ReturnCommon(FiscalCommon, RefundCommon):
    """ Printed receipts whose money goes back. """

    def work(self):
        """ Let the till print. """
        FiscalCommon.work(self)

    def refund(self, payment, amount=None, **context):
        """ Return money by the bank. :return: The receipt of the return. """
        before = payment.tochka_refund_ids
        payment.with_user(self.env.user).with_context(**context).action_refund(
            amount_to_refund=amount)
        refund = payment.tochka_refund_ids - before
        RefundCommon.work(self)
        return refund.transaction_id.fiscal_receipt_ids

    def printed_payment(self, *lines, **values):
        """ Return the payment of an invoice of (name, quantity, price), its receipt printed. """
        invoice = self.create_invoice(1.0, post=False)
        invoice.invoice_line_ids = [Command.clear(), *(
            Command.create({'name': name, 'quantity': quantity, 'price_unit': price, 'tax_ids': []})
            for name, quantity, price in lines)]
        invoice.write(values)
        invoice.action_post()
        payment = self.pay(self.create_linked_tx(invoice))
        self.work()
        self.work()
        self.assertEqual(payment._fiscal_receipt().state, 'done')
        return payment

    def assertLines(self, receipt, *expected):
        """ Compare with (name, quantity, price, total). """
        self.assertFalse(receipt.problem)
        self.assertEqual(
            [(line.name, line.quantity, line.price, line.total) for line in receipt.line_ids],
            [(name, float(quantity), float(price), float(total))
             for name, quantity, price, total in expected])
        self.assertEqual(sum(receipt.line_ids.mapped('total')), receipt.total)


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestReturn(ReturnCommon):
    """ The receipt of a return repeats its income, and is printed once. """

    def test_whole_refund_repeats_the_lines(self):
        payment = self.printed_payment(("Lessons", 8, 1500), ("Book", 1, 700.5))
        receipt = self.refund(payment)
        income = payment._fiscal_receipt()
        self.assertRecordValues(receipt, [{
            'kind': 'income_return', 'state': 'queued', 'income_id': income.id,
            'register_id': self.register.id, 'contact': income.contact,
            'payments': {'cashless': 1270050}}])
        self.assertLines(receipt, ("Lessons", 8, 1500, 12000), ("Book", 1, 700.5, 700.5))
        self.assertEqual(
            receipt.line_ids.mapped(lambda line: (line.vat, line.fiscal_method)),
            income.line_ids.mapped(lambda line: (line.vat, line.fiscal_method)))
        self.work()
        self.work()
        self.assertEqual(receipt.state, 'done')
        printed = list(self.till.printed.values())
        self.assertEqual([one.kind for one in printed], ['income', 'income_return'])
        self.assertEqual(printed[1].payments, {'cashless': 1270050})

    def test_made_when_the_money_has_gone_back(self):
        payment = self.printed_payment(("Lessons", 1, 1000))
        refund = self.ask_refund(payment, 400.0)
        self.bank.fail('refund_payment', errors.Rejected("No money", http_status=424))
        with mute_logger(PROBLEM_LOGGER):
            RefundCommon.work(self)
        self.work()
        self.assertEqual(refund.state, 'rejected')
        self.assertFalse(payment._fiscal_receipt().return_ids)
        self.assertEqual(len(self.till.printed), 1)
        refund.with_user(self.env.user).action_send_again()
        RefundCommon.work(self)
        receipt = refund.transaction_id._fiscal_receipt()
        self.assertLines(receipt, ("Lessons", 1, 400, 400))
        self.assertEqual((receipt.state, receipt.paid_at), ('queued', refund.returned_at))

    def test_given_up(self):
        payment = self.printed_payment(("Lessons", 1, 1000))
        refund = self.ask_refund(payment)
        refund.with_user(self.env.user).action_give_up()
        RefundCommon.work(self)
        self.assertFalse(payment._fiscal_receipt().return_ids)

    def test_receipt_of_an_earlier_version(self):
        """ It was made with the request; the upgrade has laid it to rest. """
        payment = self.printed_payment(("Lessons", 2, 500))
        child = payment._create_child_transaction(500.0, is_refund=True)
        receipt = self.env['fiscal.receipt'].sudo()._create_return(child)
        child._send_refund_request()
        self.assertEqual((receipt.state, child.state), ('void', 'cancel'))
        RefundCommon.work(self)
        self.assertEqual((payment.tochka_refund_ids.state, child.state), ('done', 'done'))
        self.assertEqual((child._fiscal_receipt(), receipt.state), (receipt, 'queued'))
        self.assertLines(receipt, ("Lessons", 1, 500, 500))

    def test_parts_sum_up_to_the_whole(self):
        payment = self.printed_payment(("A", 3, 33.33), ("B", 1, 0.01), ("C", 7, 9.99))
        returned = [self.refund(payment, amount) for amount in (0.01, 33.33, 77.77)]
        returned.append(self.refund(payment, payment._tochka_refundable()))
        for line in payment._fiscal_receipt().line_ids:
            self.assertEqual(line._returned(), round(line.total * 100))
        self.assertAlmostEqual(sum(r.total for r in returned), payment.amount, places=2)

    def test_credit_note_names_its_lines(self):
        payment = self.printed_payment(("Lessons", 8, 1500), ("Book", 2, 700))
        note = self.credit(payment.invoice_ids)
        note.button_draft()
        note.invoice_line_ids.filtered(lambda line: line.name == "Lessons").unlink()
        note.invoice_line_ids.quantity = 1
        note.action_post()
        self.env['tochka.refund.note'].create({'credit_note_id': note.id}).action_refund()
        RefundCommon.work(self)
        receipt = payment.tochka_refund_ids.transaction_id._fiscal_receipt()
        self.assertLines(receipt, ("Book", 1, 700, 700))
        self.assertIn(receipt, note.sudo().fiscal_receipt_ids)

    def test_open_credit_note_names_its_lines(self):
        """ The money is returned without it, and the books match both. """
        payment = self.printed_payment(("A", 1, 500), ("B", 1, 500))
        note = self.credit(payment.invoice_ids, 500.0)
        self.assertEqual(note.amount_total, 1000.0)
        note.button_draft()
        note.invoice_line_ids.filtered(lambda line: line.name == "A").unlink()
        note.action_post()
        receipt = self.refund(payment, 500.0)
        self.assertEqual(note.payment_state, 'paid')
        self.assertLines(receipt, ("B", 1, 500, 500))

    def test_picked_in_the_wizard(self):
        payment = self.printed_payment(("Lessons", 8, 1500), ("Book", 2, 700))
        form = Form(self.env['payment.refund.wizard'].with_context(
            active_id=payment.payment_id.id))
        with form.fiscal_line_ids.edit(0) as line:
            self.assertEqual((line.name, line.left), ("Lessons", 12000.0))
            line.amount = 3000.0
        self.assertEqual(form.amount_to_refund, 3000.0)
        form.save().action_refund()
        refund = payment.tochka_refund_ids
        line = payment._fiscal_receipt().line_ids[0]
        self.assertEqual(refund.fiscal_picked, {str(line.id): 300000})
        again = self.env['payment.refund.wizard'].with_context(
            active_id=payment.payment_id.id).create({})
        self.assertEqual(again.fiscal_line_ids.mapped('left'), [9000.0, 1400.0])
        RefundCommon.work(self)
        receipt = refund.transaction_id._fiscal_receipt()
        self.assertLines(receipt, ("Lessons", 2, 1500, 3000))
        again = again.create({})
        self.assertEqual(again.fiscal_line_ids.mapped('left'), [9000.0, 1400.0])

    def test_picked_of_another_provider(self):
        """ Odoo's own way: the refund is a transaction from the beginning. """
        payment = self.printed_payment(("Lessons", 8, 1500), ("Book", 2, 700))
        wizard = self.env['payment.refund.wizard'].with_context(
            active_id=payment.payment_id.id).create({'amount_to_refund': 1400.0})
        wizard.fiscal_line_ids[1].amount = 1400.0
        child = payment.with_context(fiscal_refund_wizard=wizard)._create_child_transaction(
            1400.0, is_refund=True)
        child._set_done()
        self.assertLines(child._fiscal_receipt(), ("Book", 2, 700, 1400))

    def test_wizard_checks_what_is_picked(self):
        payment = self.printed_payment(("Lessons", 8, 1500), ("Book", 2, 700))
        for amount, refund in ((12000.01, 12000.01), (3000.0, 2999.0), (-1.0, 5.0)):
            wizard = self.env['payment.refund.wizard'].with_context(
                active_id=payment.payment_id.id).create({})
            wizard.amount_to_refund = refund
            wizard.fiscal_line_ids[0].amount = amount
            with self.subTest(amount), self.assertRaises(ValidationError):
                wizard.action_refund()

    def test_refund_of_the_internet_bank(self):
        payment = self.printed_payment(("Lessons", 2, 1000), ("Book", 1, 500))
        self.bank.give_back(payment.tochka_operation_id, '250.00')
        for _night in range(2):
            self.sweep()
        receipt = payment.tochka_refund_ids.transaction_id._fiscal_receipt()
        self.assertEqual(receipt.state, 'queued')
        self.assertLines(receipt, ("Lessons", 2, 100, 200), ("Book", 1, 50, 50))

    def test_refund_on_its_way_takes_the_lines_that_are_left(self):
        payment = self.printed_payment(('Course', 1, 600), ('Book', 1, 400))
        income = payment._fiscal_receipt()
        wizard = self.env['payment.refund.wizard'].with_context(
            active_id=payment.payment_id.id).create({})
        wizard.fiscal_line_ids.filtered(
            lambda line: line.line_id == income.line_ids[0]).amount = 600.0
        wizard.amount_to_refund = 600.0
        wizard.action_refund()
        waiting = payment.tochka_refund_ids
        self.bank.give_back(payment.tochka_operation_id, '400.00')
        self.sweep()
        RefundCommon.work(self)
        self.work()
        self.work()
        self.assertEqual(waiting.state, 'done')
        self.assertEqual(income.return_ids.mapped('state'), ['done', 'done'])
        for line in income.line_ids:
            self.assertEqual(line._returned(), round(line.total * 100))

    def test_recorded_by_hand_after_a_refusal(self):
        """ The bank refuses the second part; a person returns it: one receipt each. """
        payment = self.printed_payment(("Lessons", 1, 1000))
        self.refund(payment, 300.0)
        self.bank.fail('refund_payment', errors.Rejected("impossible", http_status=424))
        with mute_logger(PROBLEM_LOGGER):
            receipt = self.refund(payment, 200.0)
        self.assertFalse(receipt)
        self.env['tochka.refund.record'].create({
            'transaction_id': payment.id, 'amount': 200.0}).action_record()
        self.bank.give_back(payment.tochka_operation_id, '200.00')
        for _night in range(2):
            self.sweep()
            self.work()
        receipts = payment.tochka_refund_ids.transaction_id.fiscal_receipt_ids.sorted('total')
        self.assertEqual(
            receipts.mapped(lambda one: (one.kind, one.state, one.total)),
            [('income_return', 'done', 200.0), ('income_return', 'done', 300.0)])
        self.assertEqual(len(self.till.printed), 3)

    def test_not_before_the_income(self):
        invoice = self.create_invoice(1000.0)
        payment = self.pay(self.create_linked_tx(invoice))
        income = payment._fiscal_receipt()
        receipt = self.refund(payment)
        income._fail("No paper")
        self.work()
        self.assertFalse(self.till.printed)
        self.assertIn("not printed yet", receipt.problem)
        income.with_user(self.env.user).action_retry()
        for _turn in range(5):
            self.work()
        self.assertEqual(
            [one.kind for one in self.till.printed.values()], ['income', 'income_return'])
        self.assertEqual(receipt.state, 'done')

    def test_register_of_the_income(self):
        payment = self.printed_payment(("Lessons", 1, 1000))
        self.provider.sudo().fiscal_register_id = self.register.copy(
            {'name': "New", 'secret': 's'})
        self.assertEqual(self.refund(payment).register_id, self.register)

    def test_payment_without_a_receipt(self):
        self.provider.sudo().fiscalization = 'no'
        payment = self.paid(1000.0)
        self.assertFalse(self.refund(payment))
        self.assertEqual(payment.tochka_refund_ids.state, 'done')


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestReturnOfPrepayment(ReturnCommon):
    """ What was not handed over goes back as what it was: 1, 2 or 3; else as a settlement, 4. """

    def prepaid_invoice(self):
        return self.printed_payment(
            ("Lessons", 10, 100), invoice_date=self.today + timedelta(days=10))

    def test_before_the_delivery(self):
        payment = self.prepaid_invoice()
        receipt = self.refund(payment, 400.0)
        self.assertEqual(receipt.line_ids.fiscal_method, 'full_prepayment')
        income = payment._fiscal_receipt()
        self.assertEqual(income.prepaid_left, 600.0)
        run_closing(self.env, times=2, days=11)
        self.assertEqual(income.closing_ids.mapped('total'), [600.0])
        self.assertEqual(income.prepaid_left, 0.0)

    def test_delivered_while_a_refund_is_on_its_way(self):
        """ What goes back is not handed over. """
        payment = self.prepaid_invoice()
        refund = self.ask_refund(payment, 400.0)
        run_closing(self.env, times=2, days=11)
        income = payment._fiscal_receipt()
        self.assertEqual(income.closing_ids.mapped('total'), [600.0])
        RefundCommon.work(self)
        receipt = refund.transaction_id._fiscal_receipt()
        self.assertEqual(receipt.line_ids.fiscal_method, 'full_prepayment')
        self.assertEqual(income.prepaid_left, 0.0)

    def test_after_the_delivery(self):
        payment = self.prepaid_invoice()
        run_closing(self.env, times=1, days=11)
        receipt = self.refund(payment, 300.0)
        self.assertLines(receipt, ("Lessons", 3, 100, 300))
        self.assertEqual(receipt.line_ids.fiscal_method, 'full_payment')
        self.assertEqual(receipt.payments, {'cashless': 30000})
        self.assertEqual(payment._fiscal_receipt().prepaid_left, 0.0)

    def test_rest_of_a_balance(self):
        self.create_due(400.0)
        topup = self.top_up(1000.0)
        self.work()
        self.work()
        run_closing(self.env, times=1, days=0)
        income = topup._fiscal_receipt()
        self.assertEqual(income.prepaid_left, 600.0)
        receipt = self.refund(topup, 600.0)
        self.assertEqual(receipt.line_ids.fiscal_method, 'advance')
        self.assertEqual(income.prepaid_left, 0.0)
        receipt = self.refund(topup, 100.0)
        self.assertEqual(receipt.line_ids.fiscal_method, 'full_payment')

    def test_credit_note_of_what_a_balance_has_paid(self):
        """ What was handed over comes back; the rest of the balance stays an advance. """
        invoice = self.create_due(400.0)
        topup = self.top_up(1000.0)
        self.work()
        self.work()
        run_closing(self.env, times=1, days=0)
        note = self.credit(invoice, 100.0)
        self.env['tochka.refund.note'].create({'credit_note_id': note.id}).action_refund()
        RefundCommon.work(self)
        receipt = topup.tochka_refund_ids.transaction_id._fiscal_receipt()
        self.assertRecordValues(receipt, [{'total': 100.0, 'invoice_ids': note.ids}])
        self.assertEqual(receipt.line_ids.fiscal_method, 'full_payment')
        self.assertEqual(topup._fiscal_receipt().prepaid_left, 600.0)
        self.assertEqual(note.payment_state, 'paid')


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestReturnByTheBank(BankRegisterCommon, RefundCommon):
    """ Nobody documents whether the bank's partner prints returns: nothing is claimed. """

    def setUp(self):
        super().setUp()
        self.payment = self.paid(1000.0)
        self.ask_refund(self.payment, 300.0)
        self.work()
        self.receipt = self.payment.tochka_refund_ids.transaction_id._fiscal_receipt()

    def test_a_person_looks(self):
        self.assertRecordValues(self.receipt, [{
            'state': 'delegated', 'kind': 'income_return', 'is_overdue': False, 'qr': False}])
        [activity] = self.receipt.activity_ids
        self.assertIn("300.00", activity.note)
        self.assertIn("nobody documents", activity.note)

    def test_customer_is_promised_nothing(self):
        self.assertFalse(self.receipt._is_shown())
        shown = self.env['fiscal.receipt'].sudo().search(
            self.receipt._portal_domain(self.payer))
        self.assertEqual(shown, self.payment._fiscal_receipt())
        self.assertFalse(self.receipt.confirmed_at)

    def test_numbers_of_the_cabinet(self):
        action = self.receipt.with_user(self.env.user).action_resolve()
        wizard = self.env['fiscal.resolve'].with_context(**action['context']).create({
            'storage_number': '9999078900005430', 'document_number': '13',
            'fiscal_sign': '1911055232', 'moment': '25.11.2026 14:30'})
        wizard.fate = 'not_printed'
        with self.assertRaises(UserError):
            wizard.action_apply()
        wizard.fate = 'printed'
        wizard.action_apply()
        self.assertEqual(self.receipt.state, 'done')
        self.assertIn('&n=2', self.receipt.qr)
        self.assertFalse(self.receipt.activity_ids)
