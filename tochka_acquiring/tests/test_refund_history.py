# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import psycopg2

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.api.operation import Order
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon

SEND_LOGGER = 'odoo.addons.tochka_acquiring.models.refund.tochka_refund_send'
PROBLEM_LOGGER = 'odoo.addons.tochka_acquiring.models.problem.tochka_problem'


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestBankRefund(RefundCommon):
    """ Refunds of the internet bank flow back, once. """

    def test_found_by_the_sweep_once(self):
        payment = self.paid(1000.0)
        moment = datetime.now(timezone.utc) - timedelta(days=1)
        self.bank.give_back(payment.tochka_operation_id, '250.50', moment)
        for _night in range(3):
            self.sweep()
        refund = payment.tochka_refund_ids
        self.assertRecordValues(refund, [{
            'amount': 250.5, 'state': 'done',
            'returned_at': moment.replace(tzinfo=None, microsecond=0)}])
        self.assertEqual(refund.transaction_id, self.children(payment))
        self.assertEqual(refund.payment_id.amount, 250.5)
        self.assertTrue(any("internet bank" in message.body
                            for message in payment.invoice_ids.message_ids))

    def test_two_of_the_same_amount_are_two(self):
        payment = self.paid(1000.0)
        self.bank.give_back(payment.tochka_operation_id, '100.00')
        self.bank.give_back(payment.tochka_operation_id, '100.00')
        self.sweep()
        self.sweep()
        self.assertEqual(payment.tochka_refund_ids.mapped('amount'), [100.0, 100.0])

    def test_refunded_is_the_first_thing_that_odoo_hears(self):
        transaction = self.create_linked_tx(self.create_invoice(1000.0))
        self.bank.pay(transaction.tochka_operation_id)
        self.bank.give_back(transaction.tochka_operation_id, '1000.00')
        self.sweep()
        refund = transaction.tochka_refund_ids
        self.assertEqual((transaction.state, refund.state), ('done', 'done'))
        self.assertEqual(
            (transaction.payment_id.payment_type, refund.payment_id.payment_type),
            ('inbound', 'outbound'))
        self.assertEqual(transaction.invoice_ids.payment_state, 'paid')

    def test_same_amount_at_the_same_time_as_ours(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0)
        self.bank.fail('refund_payment', (errors.OutcomeUnknown("lost"), True))
        self.bank.give_back(payment.tochka_operation_id, '300.00')
        with mute_logger(SEND_LOGGER):
            self.work()
            self.work()
        self.assertEqual(refund.state, 'done')
        self.assertEqual(len(payment.tochka_refund_ids), len(self.bank_refunds(payment)))

    @mute_logger(PROBLEM_LOGGER)
    def test_the_history_is_the_only_truth(self):
        payment = self.paid(1000.0)
        self.bank.change(payment.tochka_operation_id, status='REFUNDED')
        self.refresh(payment)
        self.assertFalse(payment.tochka_refund_ids)
        self.assertEqual(self.problems(payment), ['refund_unnamed'])
        self.bank.change(payment.tochka_operation_id, status='APPROVED')
        self.refresh(payment)
        self.assertFalse(self.problems(payment), "It ends with its cause")

    def test_unique_in_the_database(self):
        payment = self.paid(1000.0)
        self.bank.give_back(payment.tochka_operation_id, '100.00')
        self.sweep()
        refund = payment.tochka_refund_ids.sudo()
        with mute_logger('odoo.sql_db'), self.assertRaises(psycopg2.IntegrityError):
            with self.env.cr.savepoint():
                refund.copy({'name': 'second', 'order_id': refund.order_id}).flush_recordset()


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestHistory(RefundCommon):
    """ `Order[]` that vanishes, changes, doubles: entries are counted, money is booked once. """

    def setUp(self):
        super().setUp()
        self.payment = self.paid(1000.0)
        self.approval = self.bank.operations[self.payment.tochka_operation_id].orders

    def entry(self, order_id, amount, hours=0):
        moment = datetime.now(timezone.utc) - timedelta(hours=hours)
        return Order(order_id, 'refund', Decimal(amount), moment)

    def listed(self, *entries):
        """ Let the bank list these refunds, and Odoo read it. """
        entries = tuple(self.entry(*entry) for entry in entries)
        returned = sum(entry.amount for entry in entries)
        self.bank.change(
            self.payment.tochka_operation_id, orders=self.approval + entries,
            status='APPROVED' if not returned else
            'REFUNDED' if returned >= 1000 else 'REFUNDED_PARTIALLY')
        with mute_logger(PROBLEM_LOGGER):
            self.refresh(self.payment)
        self.book()

    def check(self, amounts, problems=(), missing=0):
        refunds = self.payment.tochka_refund_ids
        self.assertEqual(sorted(refunds.filtered(
            lambda refund: refund.state == 'done').mapped('amount')), sorted(amounts))
        self.assertEqual(sorted(refunds.payment_id.mapped('amount')), sorted(amounts))
        self.assertEqual(self.problems(self.payment), list(problems))
        self.assertEqual(self.problems(refunds), ['refund_vanished'] * missing)

    def test_two_refunds_with_one_id(self):
        self.listed(('X', '100.00'), ('X', '250.00'))
        self.check([100.0, 250.0])
        self.listed(('X', '250.00'), ('X', '100.00'))
        self.check([100.0, 250.0])

    def test_second_one_of_an_id_comes_first_in_the_list(self):
        """ The key of an entry must not hang on its place. """
        self.listed(('X', '250.00'))
        self.listed(('X', '100.00'), ('X', '250.00'))
        self.check([100.0, 250.0])

    def test_doubled_entry_is_harmless_and_told(self):
        self.listed(('X', '100.00'), ('X', '100.00'))
        self.check([100.0], ['refund_sum'])
        self.listed(('X', '100.00', 5), ('X', '100.00', 4))
        self.check([100.0], ['refund_sum'])
        self.listed(('X', '100.00'))
        self.check([100.0])

    def test_without_an_id(self):
        self.listed((None, '100.00'))
        self.listed((None, '100.00'))
        self.check([100.0])
        self.listed((None, '100.00'), (None, '100.00'))
        self.check([100.0, 100.0])

    def test_id_that_is_lost_comes_or_changes(self):
        """ What is gone and what is new of the same amount are one refund, under another name. """
        for order_id in ('X', None, 'Y', 'Z'):
            self.listed((order_id, '100.00'))
            self.check([100.0])
        self.assertEqual(self.payment.tochka_refund_ids.order_id, 'Z')

    def test_entry_that_vanishes_and_comes_back(self):
        self.listed(('X', '100.00'))
        self.listed()
        self.check([100.0], missing=1)
        self.assertTrue(self.payment.tochka_refund_ids.is_missing)
        self.listed(('Y', '50.00'))
        self.check([100.0], missing=1)
        self.listed(('X', '100.00'), ('Y', '50.00'))
        self.check([50.0, 100.0])
        self.assertFalse(any(self.payment.tochka_refund_ids.mapped('is_missing')))

    def test_job_looks_again_for_what_has_vanished(self):
        """ The list of the night names no operation without refunds. """
        self.listed(('X', '100.00'))
        self.listed()
        refund = self.payment.tochka_refund_ids
        self.assertGreater(refund.next_at, fields.Datetime.now() + timedelta(hours=23))
        self.work()
        self.check([100.0], missing=1)
        orders = (*self.approval, self.entry('X', '100.00'))
        self.bank.change(self.payment.tochka_operation_id, orders=orders)
        self.work()
        self.check([100.0])
        self.assertFalse(refund.next_at)

    def test_entry_whose_amount_changes(self):
        self.listed(('X', '100.00'))
        self.listed(('X', '150.00'))
        self.check([100.0], missing=1)

    def test_more_than_was_paid(self):
        self.listed(('X', '600.00'), ('Y', '600.00'))
        self.check([600.0], ['refund_too_much'])

    def test_older_answer_is_not_applied(self):
        before = replace(
            self.bank.operations[self.payment.tochka_operation_id],
            asked_at=datetime.now(timezone.utc))
        self.listed(('X', '100.00'))
        self.assertEqual(self.payment._tochka_apply_operation(before), 'stale')
        self.check([100.0])

    @mute_logger(SEND_LOGGER, PROBLEM_LOGGER)
    def test_stale_read_after_a_lost_answer(self):
        """ The list does not name yet what was just returned: nothing is sent again. """
        refund = self.ask_refund(self.payment)
        self.bank.fail('refund_payment', (errors.OutcomeUnknown("lost"), True))
        self.work()
        late = self.bank.operations[self.payment.tochka_operation_id]
        self.bank.change(
            self.payment.tochka_operation_id, orders=self.approval, status='APPROVED')
        for minutes in (5, 20, 60):
            self.work(minutes)
        self.assertEqual(self.bank.count('refund_payment'), 1)
        self.assertEqual(refund.state, 'unknown')
        self.bank.operations[self.payment.tochka_operation_id] = late
        self.work(minutes=120)
        self.assertEqual((refund.state, self.problems(refund)), ('done', []))
        self.assertEqual(self.bank.count('refund_payment'), 1)
