# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from dataclasses import replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from psycopg2 import IntegrityError

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.api.operation import Order
from odoo.addons.tochka_acquiring.tests.common import TochkaCommon


@tagged('post_install', '-at_install')
class TestPaymentApply(TochkaCommon):
    """ The bank's word becomes the transaction's state in one place. """

    def apply(self, transaction, **values):
        operation = self.bank.change(transaction.tochka_operation_id, **values)
        return transaction._tochka_apply_operation(operation)

    def test_created_leaves_the_payer_free_to_try_again(self):
        transaction = self.create_linked_tx()
        self.assertEqual(self.apply(transaction, status='CREATED'), 'applied')
        self.assertEqual(transaction.state, 'draft')
        self.assertTrue(transaction.invoice_ids._has_to_be_paid())

    def test_every_known_status_is_mapped(self):
        mapped = {s for statuses in const.OPERATION_STATUS_MAPPING.values() for s in statuses}
        self.assertEqual(mapped, {
            'CREATED', 'AUTHORIZED', 'APPROVED', 'WAIT_FULL_PAYMENT', 'ON-REFUND', 'REFUNDED',
            'REFUNDED_PARTIALLY', 'EXPIRED',
        })
        self.assertEqual(mapped, set(const.STATES_OF_STATUS))

    def test_approved_is_done_once(self):
        transaction = self.create_linked_tx()
        self.bank.pay(transaction.tochka_operation_id, 'sbp')
        operation = self.bank.operations[transaction.tochka_operation_id]
        triggers = self.env['ir.cron.trigger'].sudo()
        domain = [('cron_id', '=', self.env.ref('payment.cron_post_process_payment_tx').id)]
        before = triggers.search_count(domain)
        self.assertEqual(transaction._tochka_apply_operation(operation), 'applied')
        self.assertEqual(transaction._tochka_apply_operation(operation), 'applied')
        self.assertEqual(transaction.state, 'done')
        self.assertEqual(triggers.search_count(domain), before + 1)
        self.assertEqual(transaction.payment_method_id, self.sbp, "The method really used")
        self.assertFalse(transaction.tochka_next_poll_at)

    def test_wrong_amount_never_becomes_done(self):
        """ Odoo's own check lets a wrong amount pass at the second notification. """
        invoice = self.create_invoice(100000.0)
        transaction = self.create_linked_tx(invoice)
        for _time in range(3):
            self.assertEqual(self.apply(
                transaction, status='APPROVED', amount=Decimal('1.00'),
                orders=(Order('1', 'approval', Decimal('1.00'), None),),
            ), 'misfit')
            transaction._process('tochka', self.api_answer(transaction, amount='1.00'))
        self.assertEqual(transaction.state, 'draft')
        self.assertIn('1.00', self.said_of(transaction))
        self.assertEqual(len(invoice.activity_ids), 1, "One activity, not one for each time")
        self.assertEqual(invoice.payment_state, 'not_paid')

    def api_answer(self, transaction, **values):
        return {
            'operationId': transaction.tochka_operation_id,
            'status': 'APPROVED',
            'amount': f'{transaction.amount:.2f}',
            'paymentLinkId': transaction.tochka_payment_link_id,
            'Order': [],
            **values,
        }

    def test_process_goes_through_the_only_writer(self):
        transaction = self.create_linked_tx()
        answer = self.api_answer(transaction)
        self.env['payment.transaction'].sudo()._process('tochka', answer)
        self.assertEqual(transaction.state, 'done')

    def test_one_kopeck_less_is_refused(self):
        transaction = self.create_linked_tx(self.create_invoice(1111.11))
        self.assertEqual(
            self.apply(transaction, status='APPROVED', amount=Decimal('1111.10')), 'misfit')
        self.assertEqual(
            self.apply(transaction, status='APPROVED', amount=Decimal('1111.11')), 'applied')

    def test_another_operation_is_refused(self):
        """ A paid cheap operation can't confirm an expensive one. """
        cheap = self.create_linked_tx(self.create_invoice(100000.0))
        dear = self.create_linked_tx(self.create_invoice(100000.0))
        operation = self.bank.pay(cheap.tochka_operation_id)
        self.assertEqual(dear._tochka_apply_operation(operation), 'misfit')
        self.assertEqual(dear.state, 'draft')

    def test_another_shop_or_order_number_is_refused(self):
        for values in ({'merchant_id': '200000000099999'}, {'payment_link_id': 'foreign'}):
            transaction = self.create_linked_tx()
            self.assertEqual(self.apply(transaction, status='APPROVED', **values), 'misfit')
            self.assertEqual(transaction.state, 'draft')

    def test_paid_after_cancel_is_booked_and_flagged(self):
        invoice = self.create_invoice()
        transaction = self.create_linked_tx(invoice)
        self.apply(transaction, status='EXPIRED')
        self.assertEqual(transaction.state, 'cancel')
        self.pay(transaction)
        self.assertEqual(transaction.state, 'done')
        self.assertEqual(invoice.payment_state, self.env['account.move']
                         ._get_invoice_in_payment_state())
        self.assertIn('Cancel', self.said_of(transaction))

    def test_paid_after_error_is_booked_and_flagged(self):
        transaction = self.create_linked_tx()
        transaction._set_error("Something")
        self.pay(transaction)
        self.assertEqual(transaction.state, 'done')
        self.assertTrue(self.said_of(transaction))

    def test_old_expiry_does_not_undo_a_payment(self):
        transaction = self.create_linked_tx()
        expired = replace(
            self.bank.operations[transaction.tochka_operation_id], status='EXPIRED')
        self.pay(transaction)
        transaction._tochka_apply_operation(expired)
        self.assertEqual(transaction.state, 'done')
        self.assertTrue(transaction.payment_id)

    def test_expired_with_money_is_not_cancelled(self):
        transaction = self.create_linked_tx()
        self.apply(transaction, status='EXPIRED', orders=(
            Order('1', 'approval', Decimal('100000.00'), None),
        ))
        self.assertEqual(transaction.state, 'draft')
        self.assertTrue(self.said_of(transaction))

    def test_instalments_wait(self):
        transaction = self.create_linked_tx()
        self.apply(transaction, status='WAIT_FULL_PAYMENT', payment_type='dolyame')
        self.assertEqual(transaction.state, 'pending')
        self.assertFalse(transaction.invoice_ids._has_to_be_paid(), "Nobody pays it again")
        self.pay(transaction, payment_type='dolyame')
        self.assertEqual(transaction.state, 'done')

    def test_held_money_is_not_booked(self):
        transaction = self.create_linked_tx()
        self.apply(transaction, status='AUTHORIZED')
        self.assertEqual(transaction.state, 'pending')
        self.assertTrue(self.said_of(transaction))

    def test_unknown_status_and_payment_type_change_nothing(self):
        transaction = self.create_linked_tx()
        with self.assertLogs('odoo.addons.tochka_acquiring', 'WARNING'):
            self.apply(transaction, status='SOMETHING_NEW', payment_type='digitalRuble')
        self.assertEqual(transaction.state, 'draft')
        self.assertEqual(transaction.tochka_status, 'SOMETHING_NEW')
        self.assertEqual(transaction.payment_method_id, self.card)

    def test_silent_bank_leaves_everything(self):
        transaction = self.create_linked_tx()
        self.bank.fail('get_payment', errors.OutcomeUnknown("silence"))
        self.assertEqual(self.refresh(transaction), 'unknown')
        self.assertEqual(transaction.state, 'draft')

    def test_warnings_about_payments_outlive_those_of_the_connection(self):
        transaction = self.create_tx(amount=5.0)
        transaction._get_processing_values()
        self.apply(transaction, status='APPROVED', amount=Decimal('1.00'))
        self.connection._report_problem(errors.NotSent("The bank can't be reached."))
        self.assertEqual(len(self.connection.activity_ids), 2)
        self.connection._clear_problem()
        self.assertIn(transaction.reference, self.connection.activity_ids.summary)

    def test_operation_belongs_to_one_transaction(self):
        transaction = self.create_linked_tx()
        other = self.create_linked_tx()
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'), \
                self.env.cr.savepoint():
            other.tochka_operation_id = transaction.tochka_operation_id
            other.flush_recordset()

    # === WHAT THE BANK MAY SAY BESIDES === #

    def test_unknown_status_is_asked_on_and_its_money_told_of(self):
        transaction = self.create_linked_tx()
        transaction.tochka_link_expires_at = fields.Datetime.now() - timedelta(days=30)
        self.bank.pay(transaction.tochka_operation_id, status='PAID_BY_PIGEON')
        transaction._tochka_schedule_poll()
        operation = self.bank.operations[transaction.tochka_operation_id]
        transaction._tochka_apply_operation(operation)
        self.assertEqual(transaction.state, 'draft')
        self.assertTrue(transaction.tochka_next_poll_at)
        self.assertIn('PAID_BY_PIGEON', self.said_of(transaction))
        self.bank.change(transaction.tochka_operation_id, status='APPROVED')
        self.refresh(transaction)
        self.assertEqual(transaction.state, 'done')
        self.assertFalse(transaction.tochka_next_poll_at)

    def test_unknown_status_without_money_is_nobodys_problem(self):
        transaction = self.create_linked_tx()
        self.bank.change(transaction.tochka_operation_id, status='THINKING')
        self.refresh(transaction)
        self.assertFalse(self.said_of(transaction))
        self.assertTrue(transaction.tochka_next_poll_at)

    def test_older_answer_after_a_newer_one(self):
        """ A job that was slow must not undo what another one has read since. """
        transaction = self.create_linked_tx()
        operation_id = transaction.tochka_operation_id
        now = datetime.now(timezone.utc)
        self.bank.pay(operation_id)
        old = self.bank.change(operation_id, asked_at=now - timedelta(seconds=2))
        self.bank.give_back(operation_id, '5.00')
        new = self.bank.change(operation_id, asked_at=now - timedelta(seconds=1))
        self.assertEqual(transaction._tochka_apply_operation(new), 'applied')
        self.assertEqual(transaction._tochka_apply_operation(old), 'stale')
        self.assertEqual(transaction.tochka_status, new.status)
        self.assertFalse(self.said_of(transaction))
        self.assertEqual(transaction._tochka_apply_operation(new), 'applied', "The same once more")

    def test_money_is_never_too_old(self):
        """ The answer that tells of it is applied after one that was asked for later. """
        transaction = self.create_linked_tx()
        operation_id = transaction.tochka_operation_id
        now = datetime.now(timezone.utc)
        expired = self.bank.change(
            operation_id, status='EXPIRED', asked_at=now - timedelta(seconds=1))
        self.bank.pay(operation_id)
        paid = self.bank.change(operation_id, asked_at=now - timedelta(seconds=2))
        transaction._tochka_apply_operation(expired)
        self.assertEqual(transaction.state, 'cancel')
        self.assertEqual(transaction._tochka_apply_operation(paid), 'applied')
        self.assertEqual(transaction.state, 'done')

    def test_history_that_can_not_be_read_in_part(self):
        transaction = self.create_linked_tx()
        self.bank.pay(transaction.tochka_operation_id)
        operation = self.bank.change(transaction.tochka_operation_id, unread=1)
        self.assertEqual(transaction._tochka_apply_operation(operation), 'partly')
        self.assertEqual(transaction.state, 'done', "What can be read is booked")
        self.assertIn("can't read", self.said_of(transaction))
