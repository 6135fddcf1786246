# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import contextlib
from datetime import datetime, timedelta
from unittest.mock import patch

import psycopg2

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import file_open, mute_logger

from odoo.addons.tochka_fiscal import tuning
from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon

QUIET = 'odoo.addons.tochka_fiscal'


@tagged('post_install', '-at_install')
class TestQueue(FiscalCommon):
    """ Every receipt is printed, and none twice. """

    def setUp(self):
        super().setUp()
        self.receipt = self.pay_invoice()

    def test_sent_then_printed(self):
        self.work()
        self.assertEqual(self.receipt.state, 'accepted')
        self.assertEqual(self.receipt.attempt_ids.task, '1')
        self.work()
        self.assertRecordValues(self.receipt, [{
            'state': 'done', 'storage_number': '9999078900005430', 'document_number': '1212',
            'fiscal_sign': '1911055232', 'shift_number': '12', 'shift_receipt_number': '7',
            'register_number': '0000000000025874', 'printed_at': '25.11.2026 14:30',
            'receipt_url': 'https://consumer.example.com/1', 'next_try_at': False,
            'qr': 't=20261125T1430&s=1000.00&fn=9999078900005430&i=1212&fp=1911055232&n=1',
        }])
        self.work()
        self.assertEqual(len(self.till.printed), 1)
        [printed] = self.till.printed.values()
        self.assertEqual((printed.total, printed.email), (100000, 'petrov@example.com'))

    def test_lost_answer_asks_for_the_same_key(self):
        self.till.fail(base.OutcomeUnknown("silence"), before=False)
        self.work()
        self.assertEqual(self.receipt.state, 'unknown')
        self.work()
        self.assertEqual(self.receipt.state, 'accepted', "The register has it already")
        self.assertEqual(len(set(self.keys())), 1)
        self.assertEqual(len(self.keys()), 2)
        self.assertEqual(len(self.till.printed), 1)

    def test_refusal_after_a_lost_answer_proves_nothing(self):
        """ The first one may be printed: a new key would print a second one. """
        self.till.fail(base.OutcomeUnknown("silence"), before=False)
        self.till.fail(base.Rejected("Out of order"))
        self.work()
        self.work()
        self.assertEqual(self.receipt.state, 'accepted')
        self.assertIn("Out of order", self.receipt.problem)
        self.assertFalse(self.receipt.attempt_ids.outcome)
        with self.assertRaises(UserError):
            self.receipt.action_retry()
        key = self.receipt.attempt_ids.key
        self.env['fiscal.receipt'].sudo()._take_callback(
            self.register, key, self.till.result(self.till.printed[key]))
        self.assertEqual((self.receipt.state, len(self.till.printed)), ('done', 1))

    def test_refusal_after_a_killed_worker_proves_nothing(self):
        self.receipt._open_attempt()
        self.receipt.state = 'sending'
        self.till.fail(base.Rejected("Out of order"))
        self.work()
        self.assertEqual(self.receipt.state, 'accepted')

    def test_number_is_used_once_in_the_database(self):
        attempt = self.receipt._open_attempt()
        with mute_logger('odoo.sql_db'), self.assertRaises(psycopg2.IntegrityError):
            with self.env.cr.savepoint():
                attempt.copy({'key': attempt.key})

    def test_request_that_got_lost_on_the_way_there(self):
        self.till.fail(base.OutcomeUnknown("silence"))
        self.work()
        self.work()
        self.work()
        self.assertEqual(self.receipt.state, 'done')
        self.assertEqual(len(set(self.keys())), 1)

    def test_killed_worker_repeats_the_same_key(self):
        """ It died between the committed `sending` and the register's answer. """
        client = self.till.register

        def die(receipt, callback_url=''):
            client(receipt, callback_url)
            raise KeyboardInterrupt

        # Odoo's `assertRaises` would take back what was committed.
        with patch.object(self.till, 'register', die), contextlib.suppress(KeyboardInterrupt):
            self.work()
            self.fail("It did not die")
        self.env.invalidate_all()
        self.assertEqual(self.receipt.state, 'sending')
        self.work()
        self.assertEqual(len(self.till.printed), 1)
        self.assertEqual(len(self.receipt.attempt_ids), 1)
        self.assertEqual(self.receipt.state, 'accepted')

    def test_duplicate_without_a_callback_is_given_to_a_person(self):
        self.till.fail(base.OutcomeUnknown("silence"), before=False)
        self.work()
        self.work()
        self.assertIn("its result is awaited", self.receipt.problem)
        self.assertGreater(
            self.receipt.next_try_at, fields.Datetime.now() + timedelta(minutes=20))
        self.work()
        self.assertIn("not known whether", self.receipt.activity_ids.summary)
        self.assertIn(self.receipt.attempt_ids.key, self.receipt.activity_ids.note)
        self.assertFalse(self.receipt.next_try_at, "Nobody asks in vain")
        with self.assertRaisesRegex(UserError, "wait for the register"):
            self.receipt.action_retry()

    def resolve(self, **values):
        action = self.receipt.action_resolve()
        return self.env['fiscal.resolve'].with_context(**action['context']).create(values)

    def test_person_says_that_it_was_printed(self):
        self.test_duplicate_without_a_callback_is_given_to_a_person()
        wizard = self.resolve(
            fate='printed', storage_number='9999 0789 0000 5430', document_number='001212',
            fiscal_sign='1911055232', moment='25.11.2026 14:30')
        wizard.moment = 'yesterday'
        with self.assertRaisesRegex(UserError, "as they stand on it"):
            wizard.action_apply()
        wizard.moment = '25.11.2026 14:30'
        wizard.action_apply()
        self.assertEqual(self.receipt.state, 'done')
        self.assertEqual(
            self.receipt.qr,
            't=20261125T1430&s=1000.00&fn=9999078900005430&i=1212&fp=1911055232&n=1')
        self.assertFalse(self.receipt.activity_ids)

    def test_person_says_that_it_was_not(self):
        self.test_duplicate_without_a_callback_is_given_to_a_person()
        wizard = self.resolve(fate='not_printed', reason=" ")
        with self.assertRaisesRegex(UserError, "how you know"):
            wizard.action_apply()
        wizard.reason = "The cabinet shows no such number"
        wizard.action_apply()
        self.work()
        self.work()
        self.assertEqual(self.receipt.state, 'done')
        self.assertEqual(len(set(self.keys())), 2, "A new key, now that the old fate is known")
        self.assertEqual(self.receipt.attempt_ids[0].reason, "The cabinet shows no such number")

    def test_person_who_was_wrong_is_told(self):
        """ The register prints the old number after all. """
        self.test_person_says_that_it_was_not()
        old, new = self.keys()[0], self.keys()[-1]
        result = self.till.result(self.till.printed[old])
        self.assertTrue(self.env['fiscal.receipt'].sudo()._take_callback(
            self.register, old, result))
        self.assertIn("Two fiscal receipts", self.receipt.activity_ids.summary)
        self.assertIn(old, self.receipt.activity_ids.note)
        self.assertIn(new, self.receipt.activity_ids.note)
        self.env['fiscal.receipt'].sudo()._take_callback(
            self.register, old, result)
        self.assertEqual(len(self.receipt.activity_ids), 1)

    def test_neutralized_copy_prints_nothing(self):
        with file_open('tochka_fiscal/data/neutralize.sql') as file:
            self.env.flush_all()
            self.env.cr.execute(file.read())
            self.env.invalidate_all()
        self.assertFalse(self.register.secret or self.register.shop or self.register.queue)
        self.assertFalse(self.receipt.next_try_at)

    def test_person_can_not_decide_over_the_registers_head(self):
        self.work()
        wizard = self.resolve(fate='not_printed', reason="I think so")
        with self.assertRaisesRegex(UserError, "itself tells"):
            wizard.action_apply()

    def test_refusal_stops_and_asks(self):
        self.till.fail(base.Rejected("sno: wrong", 'HTTP 422, VLD05'))
        self.work()
        self.assertEqual(self.receipt.state, 'failed')
        self.assertIn("VLD05", self.receipt.problem)
        self.assertEqual(len(self.receipt.activity_ids), 1)
        self.work()
        self.assertEqual(len(self.keys()), 1, "Not again by itself")
        self.receipt.action_retry()
        self.work()
        self.work()
        self.assertEqual(self.receipt.state, 'done')
        self.assertEqual(len(set(self.keys())), 2)

    def test_till_that_refuses_later(self):
        self.till.till = 'failed'
        self.work()
        self.work()
        self.assertEqual(self.receipt.state, 'failed')
        self.assertIn("No paper", self.receipt.problem)
        self.till.till = 'done'
        self.receipt.action_retry()
        self.work()
        self.work()
        self.assertEqual(self.receipt.state, 'done')
        self.assertEqual([a.outcome for a in self.receipt.attempt_ids], ['done', 'failed'])

    def test_wrong_key_of_the_shop_holds_the_receipts(self):
        self.till.fail(base.Unauthorized("Bad signature", 'HTTP 403, AUT00'))
        self.work()
        self.assertEqual((self.receipt.state, self.register.state), ('queued', 'attention'))
        self.assertIn("AUT00", self.register.problem_ids.advice)
        self.assertEqual(len(self.register.activity_ids), 1)
        self.assertIn("wait in Odoo", self.provider.sudo()._tochka_find_warning())
        self.register.action_check()
        self.assertEqual(self.register.state, 'ready')
        self.assertFalse(self.register.problem_ids or self.register.activity_ids)
        self.assertLessEqual(self.receipt.next_try_at, fields.Datetime.now())
        self.work()
        self.assertEqual(self.receipt.state, 'accepted')

    def test_growing_delays_without_an_end(self):
        waits = []
        for _number in range(len(tuning.RETRY_SECONDS) + 2):
            self.till.fail(base.OutcomeUnknown("lost"))
            self.work()
            self.assertEqual(self.receipt.state, 'unknown')
            waits.append((self.receipt.next_try_at - fields.Datetime.now()).total_seconds())
        for wait, expected in zip(waits, tuning.RETRY_SECONDS, strict=False):
            self.assertAlmostEqual(wait, expected, delta=3)
        self.assertAlmostEqual(waits[-1], tuning.RETRY_SECONDS[-1], delta=3)

    def test_silent_register_holds_its_own_receipts_only(self):
        other = self.register.copy({
            'name': "Other till", 'shop': '1', 'secret': 's', 'queue': '2'})
        receipts = [self.pay_invoice() for _count in range(4)]
        for receipt in receipts[2:]:
            receipt.register_id = other
        silent = self.till
        real = type(self.till)()

        def client(register):
            return real if register == other else silent

        silent.register = lambda *args: (_ for _ in ()).throw(base.NotSent("down"))
        with patch.object(type(self.env['fiscal.register']), '_client', client):
            self.work()
        self.assertEqual({r.state for r in receipts[2:]}, {'accepted'})
        self.assertEqual({r.state for r in receipts[:2] + [self.receipt]}, {'queued'})

    def test_locked_one_is_left_to_who_has_it(self):
        with patch.object(type(self.receipt), 'try_lock_for_update',
                          lambda records, **kwargs: records.browse()):
            self.work()
        self.assertFalse(self.till.calls)

    @mute_logger(QUIET)
    def test_internal_error_keeps_the_others_going(self):
        other = self.pay_invoice()
        apply = type(self.receipt)._send

        def break_one(receipt, attempt):
            if receipt == self.receipt:
                raise ZeroDivisionError
            return apply(receipt, attempt)

        with patch.object(type(self.receipt), '_send', break_one):
            self.work()
        self.assertEqual(other.state, 'accepted')
        self.assertEqual(self.receipt.state, 'sending')
        self.work()
        self.assertEqual(self.receipt.state, 'accepted')
        self.assertEqual(len(self.till.printed), 2)

    def test_overdue_asks_once(self):
        self.receipt.paid_at = fields.Datetime.now() - timedelta(minutes=61)
        self.assertTrue(self.receipt.is_overdue)
        self.assertIn(self.receipt, self.receipt.search([('is_overdue', '=', True)]))
        for _time in range(2):
            self.env.ref('tochka_fiscal.cron_overdue').sudo().method_direct_trigger()
        self.assertEqual(len(self.receipt.activity_ids), 1)
        self.work()
        self.work()
        self.assertFalse(self.receipt.is_overdue or self.receipt.activity_ids)
        self.assertNotIn(self.receipt, self.receipt.search([('is_overdue', '=', True)]))

    def test_another_sum_on_the_paper_asks_a_person(self):
        self.work()
        paper = base.Result(state='done', task='1', fiscal=base.FiscalData(
            storage='1', document='2', sign='3', total=1, kind=1,
            moment=datetime(2026, 11, 25, 14, 30)))
        with patch.object(self.till, 'result', lambda receipt, task='': paper):
            self.work()
        self.assertEqual(self.receipt.state, 'done')
        self.assertIn("otherwise", self.receipt.problem)
        self.assertIn("0.01", self.receipt.activity_ids.note)
