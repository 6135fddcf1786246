# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime, timedelta, timezone
from decimal import Decimal

import psycopg2

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon

SEND_LOGGER = 'odoo.addons.tochka_acquiring.models.refund.payment_transaction_refund_send'
TX_LOGGER = 'odoo.addons.tochka_acquiring.models.payment.payment_transaction_apply'


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestRefund(RefundCommon):
    """ From Odoo to the bank and into the books. """

    def test_whole_refund(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment)
        self.assertRecordValues(refund, [{
            'tochka_refund_state': 'requested', 'state': 'draft', 'amount': -1000.0,
            'payment_id': False,
        }])
        self.assertEqual(self.bank.count('refund_payment'), 0, "Nothing is sent before the commit")
        self.work()
        self.assertEqual(self.bank_refunds(payment), [Decimal('1000.00')])
        self.assertRecordValues(refund, [{'tochka_refund_state': 'done', 'state': 'done'}])
        self.assertTrue(refund.tochka_order_id)
        outgoing = refund.payment_id
        self.assertRecordValues(outgoing, [{
            'payment_type': 'outbound', 'amount': 1000.0, 'journal_id': self.journal.id,
            'partner_id': self.payer.id, 'date': self.today,
        }])
        article = {str(self.article.id): 100}
        receivable = payment.payment_id.destination_account_id
        self.assertRecordValues(outgoing.move_id.line_ids.sorted('balance'), [
            {'account_id': outgoing.outstanding_account_id.id, 'balance': -1000.0,
             'analytic_distribution': False},
            {'account_id': receivable.id, 'balance': 1000.0, 'analytic_distribution': article},
        ])
        self.assertEqual(payment.payment_id.amount_available_for_refund, 0.0)

    def test_wizard_of_the_payment(self):
        payment = self.paid(1000.0)
        wizard = self.env['payment.refund.wizard'].with_context(
            active_id=payment.payment_id.id).create({'amount_to_refund': 300.0})
        self.assertEqual(wizard.support_refund, 'partial')
        wizard.action_refund()
        self.assertEqual(payment._tochka_refunds().amount, -300.0)
        self.assertEqual(payment.payment_id.amount_available_for_refund, 700.0)

    def test_window_that_is_sent_twice(self):
        payment = self.paid(1000.0)
        wizard = self.env['payment.refund.wizard'].with_context(
            active_id=payment.payment_id.id).create({'amount_to_refund': 300.0})
        answers = [wizard.action_refund() for _time in range(2)]
        self.assertEqual(len(payment._tochka_refunds()), 1)
        self.assertEqual(answers[0], answers[1])

    def test_several_partial_refunds(self):
        payment = self.paid(1000.0)
        for amount in (300.0, 200.0, 500.0):
            self.ask_refund(payment, amount)
        for _turn in range(4):
            self.work()
        self.assertEqual(
            self.bank_refunds(payment), [Decimal('300.00'), Decimal('200.00'), Decimal('500.00')])
        self.assertEqual(set(payment._tochka_refunds().mapped('state')), {'done'})
        self.assertEqual(payment._tochka_refundable(), 0.0)

    def test_one_after_the_other(self):
        payment = self.paid(1000.0)
        first, second = self.ask_refund(payment, 300.0), self.ask_refund(payment, 200.0)
        self.bank.fail('refund_payment', errors.OutcomeUnknown("lost"))
        with mute_logger(SEND_LOGGER):
            self.work()
        self.assertEqual((first.tochka_refund_state, second.tochka_refund_state),
                         ('unknown', 'requested'))
        self.work()
        self.assertEqual(self.bank.count('refund_payment'), 1)
        with mute_logger('odoo.sql_db'), self.assertRaises(psycopg2.IntegrityError):
            with self.env.cr.savepoint():
                second.tochka_refund_state = 'sending'
                second.flush_recordset()

    def test_more_than_was_paid(self):
        payment = self.paid(1000.0)
        self.ask_refund(payment, 600.0)
        for amount in (400.01, 1000.0, 0.001, -5.0):
            with self.subTest(amount), self.assertRaises(ValidationError):
                self.ask_refund(payment, amount)
        self.ask_refund(payment, 400.0)
        self.assertEqual(payment._tochka_refundable(), 0.0)

    def test_own_right(self):
        payment = self.paid(1000.0)
        self.assertTrue(self.env.user.has_group('tochka_acquiring.group_refund'))
        clerk = self.env['res.users'].create({
            'name': "Clerk", 'login': 'clerk', 'company_id': self.company.id,
            'company_ids': [Command.set(self.company.ids)],
            'group_ids': [Command.set(self.env.ref('account.group_account_invoice').ids)],
        })
        for method in ('action_refund',):
            with self.assertRaises(AccessError):
                getattr(payment.with_user(clerk), method)()
        self.assertEqual(
            payment.payment_id.with_user(clerk).amount_available_for_refund, 0.0)
        refund = self.ask_refund(payment)
        with self.assertRaises(AccessError):
            refund.with_user(clerk).action_tochka_refund_cancel()
        clerk.group_ids += self.env.ref('tochka_acquiring.group_refund')
        refund.with_user(clerk).action_tochka_refund_cancel()
        self.assertEqual(refund.state, 'cancel')
        payment.with_user(clerk).action_refund()

    def test_given_up_before_it_was_sent(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment)
        refund.with_user(self.env.user).action_tochka_refund_cancel()
        self.work()
        self.assertEqual(self.bank.count('refund_payment'), 0)
        self.assertEqual((refund.state, payment._tochka_refundable()), ('cancel', 1000.0))


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestRefundFaults(RefundCommon):
    """ Lost answers, refusals, silence: never two. """

    def test_lost_answer_of_a_done_refund(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0)
        self.bank.fail('refund_payment', (errors.OutcomeUnknown("lost"), True))
        with mute_logger(SEND_LOGGER):
            self.work()
        self.assertEqual(refund.tochka_refund_state, 'unknown')
        self.work()  # The bank is left alone for a moment; then the history is read.
        self.assertEqual(refund.tochka_refund_state, 'done')
        self.work(minutes=60)
        self.assertEqual(self.bank_refunds(payment), [Decimal('300.00')])

    @mute_logger(SEND_LOGGER, TX_LOGGER)
    def test_lost_request_for_a_part_is_a_persons(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0)
        self.bank.fail('refund_payment', errors.OutcomeUnknown("lost"))
        self.work()
        self.assertEqual((refund.tochka_refund_state, refund.state), ('unknown', 'pending'))
        for _turn in range(3):
            self.work(minutes=60)
        self.assertEqual(self.bank.count('refund_payment'), 1, "A part is never sent again")
        self.assertIn("Send again", payment.tochka_problem)
        self.assertEqual(len(payment.invoice_ids.activity_ids), 1)
        refund.with_user(self.env.user).action_tochka_refund_again()
        self.work()
        self.assertEqual(refund.tochka_refund_state, 'done')
        self.assertEqual(self.bank_refunds(payment), [Decimal('300.00')])

    @mute_logger(SEND_LOGGER, TX_LOGGER)
    def test_nothing_is_sent_while_the_history_can_not_be_read(self):
        """ What it doesn't list may have been returned already. """
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment)
        self.bank.change(payment.tochka_operation_id, unread=1)
        self.work()
        self.assertEqual(refund.tochka_refund_state, 'requested')
        self.bank.change(payment.tochka_operation_id, unread=0)
        self.bank.fail('refund_payment', errors.OutcomeUnknown("lost"))
        self.work()
        self.bank.change(payment.tochka_operation_id, unread=1)
        for _turn in range(3):
            self.work(minutes=60)
        self.assertEqual(refund.tochka_refund_state, 'unknown', "Not asked for once more")
        self.assertEqual(self.bank.count('refund_payment'), 1)

    @mute_logger(SEND_LOGGER)
    def test_history_stands_beside_what_is_not_known(self):
        payment = self.paid(1000.0)
        self.ask_refund(payment, 200.0)
        self.work()
        refund = self.ask_refund(payment, 300.0)
        self.bank.fail('refund_payment', errors.OutcomeUnknown("lost"))
        self.work()
        self.assertEqual(refund.tochka_refund_state, 'unknown')
        paid, returned = refund.tochka_history_text.splitlines()
        self.assertRegex(paid, r'^\d\d\.\d\d\.\d{4} \d\d:\d\d paid: 1000\.00 roubles')
        self.assertIn("returned: 200.00 roubles", returned)
        self.assertIn(payment._tochka_refunds().filtered('tochka_order_id').tochka_order_id,
                      returned)
        self.assertEqual(payment.tochka_history_text, refund.tochka_history_text)

    @mute_logger(SEND_LOGGER)
    def test_lost_request_for_the_whole_rest_is_sent_again(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment)
        self.bank.fail('refund_payment', errors.OutcomeUnknown("lost"))
        self.work()
        self.work(minutes=5)
        self.assertEqual(self.bank.count('refund_payment'), 1, "It may still appear")
        self.work(minutes=60)
        self.work(minutes=61)
        self.assertEqual(refund.tochka_refund_state, 'done')
        self.assertEqual(self.bank_refunds(payment), [Decimal('1000.00')])
        self.assertEqual(self.bank.count('refund_payment'), 2)

    def test_killed_after_the_intent(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0)
        refund.write({'tochka_refund_state': 'sending',
                      'tochka_refund_sent_at': datetime.now() - timedelta(minutes=1)})
        self.work()
        self.assertEqual(self.bank.count('refund_payment'), 0, "Perhaps it was sent")
        self.bank.give_back(payment.tochka_operation_id, '300.00')
        self.work()
        self.assertEqual(refund.tochka_refund_state, 'done')
        self.assertEqual(len(payment._tochka_refunds()), 1)

    @mute_logger(SEND_LOGGER)
    def test_not_sent_is_sent_later(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0)
        self.bank.fail('refund_payment', errors.NotSent("no route"), errors.Unauthorized("key"))
        for _turn in range(2):
            self.work()
            self.assertEqual(refund.tochka_refund_state, 'requested')
        self.work()
        self.assertEqual(refund.tochka_refund_state, 'done')

    def test_silent_bank_is_not_sent_to(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment)
        self.bank.fail('get_payment', errors.OutcomeUnknown("silence"))
        self.work()
        self.assertEqual(refund.tochka_refund_state, 'requested')
        self.assertEqual(self.bank.count('refund_payment'), 0)

    @mute_logger(TX_LOGGER)
    def test_refusal_says_what_to_do_by_hand(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0)
        self.bank.fail('refund_payment', errors.Rejected(
            "No money on the account", http_status=424, audit_id='audit-9'))
        self.work()
        self.assertRecordValues(refund, [{'tochka_refund_state': 'rejected', 'state': 'error'}])
        for words in ("No money on the account", "audit-9"):
            self.assertIn(words, refund.tochka_error)
            self.assertIn(words, payment.tochka_problem)
        self.assertIn(payment.tochka_operation_id, payment.tochka_problem)
        self.assertEqual(payment._tochka_refundable(), 1000.0)
        refund.with_user(self.env.user).action_tochka_refund_again()
        self.work()
        self.assertEqual((refund.tochka_refund_state, refund.state), ('done', 'done'))

    def test_slow_bank(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0)
        self.bank.fail('refund_payment', errors.OutcomeUnknown("slow"))
        with mute_logger(SEND_LOGGER):
            self.work()
        self.bank.change(payment.tochka_operation_id, status='ON-REFUND')
        self.work(minutes=60)
        self.assertEqual(refund.tochka_refund_state, 'unknown')
        self.assertFalse(payment.tochka_problem)
        self.bank.give_back(payment.tochka_operation_id, '300.00')
        self.work(minutes=120)
        self.assertEqual(refund.tochka_refund_state, 'done')

    @mute_logger(TX_LOGGER)
    def test_bank_has_returned_it_meanwhile(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 700.0)
        self.bank.give_back(payment.tochka_operation_id, '400.00')
        self.work()
        self.assertEqual(refund.tochka_refund_state, 'rejected')
        self.assertEqual(self.bank.count('refund_payment'), 0)
        self.assertEqual(payment._tochka_refundable(), 600.0)


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestBankRefund(RefundCommon):
    """ Refunds of the internet bank flow back, once. """

    def test_found_by_the_sweep_once(self):
        payment = self.paid(1000.0)
        moment = datetime.now(timezone.utc) - timedelta(days=1)
        self.bank.give_back(payment.tochka_operation_id, '250.50', moment)
        for _night in range(3):
            self.sweep()
        refund = payment._tochka_refunds()
        self.assertRecordValues(refund, [{
            'amount': -250.5, 'state': 'done', 'tochka_refund_state': 'done',
            'tochka_paid_at': moment.replace(tzinfo=None, microsecond=0)}])
        self.assertEqual(refund.payment_id.amount, 250.5)
        self.assertTrue(any("internet bank" in message.body
                            for message in payment.invoice_ids.message_ids))

    def test_two_of_the_same_amount_are_two(self):
        payment = self.paid(1000.0)
        self.bank.give_back(payment.tochka_operation_id, '100.00')
        self.bank.give_back(payment.tochka_operation_id, '100.00')
        self.sweep()
        self.sweep()
        self.assertEqual(payment._tochka_refunds().mapped('amount'), [-100.0, -100.0])

    def test_refunded_is_the_first_thing_that_odoo_hears(self):
        transaction = self.create_linked_tx(self.create_invoice(1000.0))
        self.bank.pay(transaction.tochka_operation_id)
        self.bank.give_back(transaction.tochka_operation_id, '1000.00')
        self.sweep()
        refund = transaction._tochka_refunds()
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
        self.assertEqual(len(payment._tochka_refunds()), len(self.bank_refunds(payment)))

    def test_the_history_is_the_only_truth(self):
        payment = self.paid(1000.0)
        self.bank.change(payment.tochka_operation_id, status='REFUNDED')
        with mute_logger(TX_LOGGER):
            self.refresh(payment)
        self.assertFalse(payment._tochka_refunds())
        self.assertIn("lists no return", payment.tochka_problem)

    def test_unique_in_the_database(self):
        payment = self.paid(1000.0)
        self.bank.give_back(payment.tochka_operation_id, '100.00')
        self.sweep()
        with mute_logger('odoo.sql_db'), self.assertRaises(psycopg2.IntegrityError):
            with self.env.cr.savepoint():
                second = payment._create_child_transaction(100.0, is_refund=True)
                second.tochka_order_id = payment._tochka_refunds()[-1:].tochka_order_id or (
                    payment._tochka_refunds().mapped('tochka_order_id')[0])
                second.flush_recordset()
