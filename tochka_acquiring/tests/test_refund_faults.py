# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from decimal import Decimal
from unittest.mock import patch

from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon

SEND_LOGGER = 'odoo.addons.tochka_acquiring.models.refund.tochka_refund_send'
PROBLEM_LOGGER = 'odoo.addons.tochka_acquiring.models.problem.tochka_problem'
CRON_LOGGER = 'odoo.addons.tochka_acquiring.models.core.ir_cron'


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestRefundFaults(RefundCommon):
    """ Lost answers, refusals, silence: never two. """

    def lose(self, payment, amount=None):
        """ Ask for a refund whose request is lost. :return: The refund. """
        refund = self.ask_refund(payment, amount)
        self.bank.fail('refund_payment', errors.OutcomeUnknown("lost"))
        with mute_logger(SEND_LOGGER):
            self.work()
        self.assertEqual(refund.state, 'unknown')
        return refund

    @mute_logger(CRON_LOGGER)
    def test_intent_is_committed_before_the_call(self):
        """ A worker that dies in the call leaves `sending`, and nothing is sent again. """
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment)

        def die(*_args, **_values):
            self.bank.calls.append(('refund_payment', {}))
            raise RuntimeError("killed")  # The job is rolled back, to what was committed.
        with patch.object(type(self.bank), 'refund_payment', die):
            self.work()
        self.assertEqual(refund.state, 'sending')
        self.assertTrue(refund.sent_at)
        self.work()
        self.assertEqual(refund.state, 'unknown')
        with mute_logger(PROBLEM_LOGGER):
            for minutes in (60, 120, 60 * 30):
                self.work(minutes)
        self.assertEqual(self.bank.count('refund_payment'), 1, "Perhaps it was sent")
        self.assertEqual(self.problems(refund), ['refund_unknown'])

    def test_killed_after_the_bank_has_done_it(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0)
        real = type(self.bank).refund_payment

        def die(bank, *args, **values):
            real(bank, *args, **values)
            raise RuntimeError("killed")
        with mute_logger(CRON_LOGGER), patch.object(type(self.bank), 'refund_payment', die):
            self.work()
        self.assertEqual(refund.state, 'sending')
        self.work()
        self.assertEqual((refund.state, refund.transaction_id.state), ('done', 'done'))
        self.assertEqual(self.bank_refunds(payment), [Decimal('300.00')])
        self.assertEqual(payment.tochka_refund_ids, refund)

    def test_lost_answer_of_a_done_refund(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0)
        self.bank.fail('refund_payment', (errors.OutcomeUnknown("lost"), True))
        with mute_logger(SEND_LOGGER):
            self.work()
        self.assertEqual(refund.state, 'unknown')
        self.work()  # The bank is left alone for a moment; then the history is read.
        self.assertEqual(refund.state, 'done')
        self.work(minutes=60)
        self.assertEqual(self.bank_refunds(payment), [Decimal('300.00')])

    @mute_logger(SEND_LOGGER, PROBLEM_LOGGER)
    def test_lost_request_is_a_persons(self):
        """ Also that of the whole rest: that the bank would refuse a second one is a belief. """
        for amount in (300.0, None):
            payment = self.paid(1000.0)
            calls = self.bank.count('refund_payment')
            refund = self.lose(payment, amount)
            self.work(minutes=5)
            self.assertFalse(self.problems(refund), "It may still appear")
            for _turn in range(3):
                self.work(minutes=60)
            self.assertEqual(self.bank.count('refund_payment'), calls + 1, "Never by itself")
            self.assertEqual((refund.state, self.problems(refund)), ('unknown', ['refund_unknown']))
            [activity] = refund.activity_ids
            self.assertIn("Send again", activity.note)
            refund.sent_at = '2026-01-01 00:00:00'
            refund.with_user(self.env.user).action_send_again()
            self.work()
            self.assertEqual((refund.state, self.problems(refund)), ('done', []))
            self.assertEqual(self.bank_refunds(payment), [Decimal(f'{amount or 1000:.2f}')])

    @mute_logger(SEND_LOGGER, PROBLEM_LOGGER)
    def test_given_up_asked_anew_and_listed_late(self):
        """ The bank has done the first one after all: the second one is not sent. """
        payment = self.paid(1000.0)
        first = self.lose(payment, 300.0)
        first.sent_at = '2026-01-01 00:00:00'
        first.with_user(self.env.user).action_give_up()
        second = self.ask_refund(payment, 300.0)
        self.bank.give_back(payment.tochka_operation_id, '300.00')
        self.work()
        self.assertEqual((first.state, second.state), ('cancelled', 'done'))
        self.assertEqual(self.bank_refunds(payment), [Decimal('300.00')])

    @mute_logger(SEND_LOGGER, PROBLEM_LOGGER)
    def test_nothing_is_sent_while_the_history_can_not_be_read(self):
        """ What it doesn't list may have been returned already. """
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment)
        self.bank.change(payment.tochka_operation_id, unread=1)
        self.work()
        self.assertEqual(refund.state, 'requested')
        self.assertEqual(self.bank.count('refund_payment'), 0)

    @mute_logger(SEND_LOGGER)
    def test_history_stands_beside_what_is_not_known(self):
        payment = self.paid(1000.0)
        first = self.ask_refund(payment, 200.0)
        self.work()
        refund = self.lose(payment, 300.0)
        paid, returned = refund.history.splitlines()
        self.assertRegex(paid, r'^\d\d\.\d\d\.\d{4} \d\d:\d\d paid: 1000\.00 roubles')
        self.assertIn("returned: 200.00 roubles", returned)
        self.assertIn(first.order_id, returned)
        self.assertEqual(payment.tochka_history_text, refund.history)

    @mute_logger(SEND_LOGGER)
    def test_not_sent_is_sent_later(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0)
        self.bank.fail('refund_payment', errors.NotSent("no route"), errors.Unauthorized("key"))
        for words in ("no route", "key"):
            self.work()
            self.assertEqual(refund.state, 'requested')
            self.assertIn(words, refund.error)
        self.work()
        self.assertEqual((refund.state, refund.error), ('done', False))

    def test_silent_bank_is_not_sent_to(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment)
        self.bank.fail('get_payment', errors.OutcomeUnknown("silence"))
        self.work()
        self.assertEqual(refund.state, 'requested')
        self.assertEqual(self.bank.count('refund_payment'), 0)

    @mute_logger(PROBLEM_LOGGER)
    def test_refusal_says_what_to_do_by_hand(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0)
        self.bank.fail('refund_payment', errors.Rejected(
            "No money on the account", http_status=424, audit_id='audit-9'))
        self.work()
        self.assertEqual(refund.state, 'rejected')
        self.assertFalse(self.children(payment))
        [activity] = refund.activity_ids
        for words in ("No money on the account", "audit-9"):
            self.assertIn(words, refund.error)
            self.assertIn(words, activity.note)
        self.assertIn(payment.tochka_operation_id, activity.note)
        self.assertEqual(payment._tochka_refundable(), 1000.0)
        refund.with_user(self.env.user).action_send_again()
        self.work()
        self.assertEqual((refund.state, self.problems(refund)), ('done', []))

    @mute_logger(PROBLEM_LOGGER)
    def test_slow_bank(self):
        payment = self.paid(1000.0)
        refund = self.lose(payment, 300.0)
        self.bank.change(payment.tochka_operation_id, status='ON-REFUND')
        self.work(minutes=60)
        self.assertEqual((refund.state, self.problems(refund)), ('unknown', []))
        self.work(minutes=60 * 25)
        self.assertEqual(self.problems(refund), ['refund_unknown'], "A day is not slow")
        self.bank.give_back(payment.tochka_operation_id, '300.00')
        self.work(minutes=120)
        self.assertEqual((refund.state, self.problems(refund)), ('done', []))

    @mute_logger(PROBLEM_LOGGER)
    def test_taken_and_not_listed(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0)
        with patch.object(type(self.bank), 'give_back', lambda *_args: None):
            self.work()
        self.assertEqual(refund.state, 'sent')
        self.work(minutes=60)
        self.assertEqual((refund.state, self.problems(refund)), ('sent', []))
        for _turn in range(2):
            self.work(minutes=60 * 25)
        self.assertEqual((refund.state, self.problems(refund)), ('unknown', ['refund_unknown']))
        self.assertIn("The bank took", refund.activity_ids.note)
        self.assertEqual(self.bank.count('refund_payment'), 1)
        refund.sent_at = '2026-01-01 00:00:00'
        refund.with_user(self.env.user).action_give_up()
        self.assertEqual(payment._tochka_refundable(), 1000.0)

    def test_waits_while_the_bank_returns_another(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0)
        self.bank.change(payment.tochka_operation_id, status='ON-REFUND')
        self.work()
        self.assertEqual((refund.state, self.bank.count('refund_payment')), ('requested', 0))
        self.bank.change(payment.tochka_operation_id, status='APPROVED')
        self.work()
        self.assertEqual(refund.state, 'done')

    @mute_logger(PROBLEM_LOGGER)
    def test_statuses_of_which_nothing_is_returned(self):
        for status in ('REFUNDED', 'WAIT_FULL_PAYMENT', 'AUTHORIZED', 'EXPIRED', 'NEW-STATUS'):
            payment = self.paid(1000.0)
            refund = self.ask_refund(payment, 300.0)
            self.bank.change(payment.tochka_operation_id, status=status)
            with self.subTest(status), mute_logger(
                'odoo.addons.tochka_acquiring.models.payment.payment_transaction_apply'
            ):
                self.work()
                self.assertEqual(refund.state, 'rejected')
                self.assertIn(status, refund.error)
                self.assertEqual(self.problems(refund), ['refund_rejected'])
        self.assertEqual(self.bank.count('refund_payment'), 0)

    @mute_logger(PROBLEM_LOGGER)
    def test_bank_has_returned_it_meanwhile(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 700.0)
        self.bank.give_back(payment.tochka_operation_id, '400.00')
        self.work()
        self.assertEqual(refund.state, 'rejected')
        self.assertIn("less than this refund", refund.error)
        self.assertEqual(self.bank.count('refund_payment'), 0)
        self.assertEqual(payment._tochka_refundable(), 600.0)
