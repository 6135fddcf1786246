# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.tochka_fiscal import const, tuning
from odoo.addons.tochka_fiscal.models.receipt import fiscal_receipt_lane
from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.tests.common import FakeRegister, FiscalCommon


class Clock:
    """ Time that passes only while somebody sleeps. """

    def __init__(self):
        self.now = 1000.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


class TimedRegister(FakeRegister):
    """ A double that remembers when it was called. """

    def __init__(self, clock):
        super().__init__()
        self.clock = clock
        self.moments = []

    def register(self, receipt, callback_url=''):
        self.moments.append((self.clock.now, receipt.key))
        return super().register(receipt, callback_url)


class LaneCommon(FiscalCommon):
    """ A register with a pace, and receipts made without their payments' ceremony. """

    def setUp(self):
        super().setUp()
        self.clock = Clock()
        self.till = TimedRegister(self.clock)
        self.startPatcher(patch.object(fiscal_receipt_lane, 'time', self.clock))

    def make_receipts(self, count, register=None):
        """ Return receipts that wait, oldest first. """
        first = self.pay_invoice()
        first.register_id = register or self.register
        lines = first.line_ids.copy_data()
        return first + self.env['fiscal.receipt'].sudo().create([{
            **first.copy_data()[0],
            'transaction_id': False, 'state': 'queued',
            'register_id': (register or self.register).id,
            'paid_at': first.paid_at, 'next_try_at': fields.Datetime.now(),
            'line_ids': [fields.Command.create({**line, 'receipt_id': False}) for line in lines],
        } for _number in range(count - 1)])

    def run_lanes(self):
        """ Run them side by side: each begins at the same moment, whichever has the slow till. """
        self.env.flush_all()
        begin, ends = self.clock.now, []
        for lane in range(tuning.LANES):
            self.clock.now = begin
            self.env.ref(f'tochka_fiscal.cron_lane_{lane}').sudo().method_direct_trigger()
            ends.append(self.clock.now)
        self.clock.now = max(ends)
        self.env.invalidate_all()


@tagged('post_install', '-at_install')
class TestPace(LaneCommon):
    """ How fast receipts leave. """

    def setUp(self):
        super().setUp()
        self.startPatcher(patch.dict(const.PACES, {'komtet': 1}))

    def sent(self):
        return [key for _moment, key in self.till.moments]

    def test_one_a_second_and_in_order(self):
        receipts = self.make_receipts(20)
        self.run_lanes()
        moments = [moment for moment, _key in self.till.moments]
        self.assertEqual(moments, [1000.0 + second for second in range(20)])
        self.assertEqual(self.sent(), [receipt.attempt_ids.key for receipt in receipts])

    def test_two_tills_print_twice_as_fast(self):
        self.register.tills = 2
        self.make_receipts(5)
        self.run_lanes()
        self.assertEqual([moment for moment, _key in self.till.moments],
                         [1000.0, 1000.5, 1001.0, 1001.5, 1002.0])

    def test_pace_of_one_register_holds_up_no_other(self):
        other = self.register.copy({
            'name': "Other till", 'kind': 'bank', 'shop': '1', 'secret': 's', 'queue': '2'})
        quick = TimedRegister(self.clock)
        self.startPatcher(patch.object(
            type(self.env['fiscal.register']), '_client',
            lambda register: quick if register == other else self.till))
        self.make_receipts(5)
        self.make_receipts(5, other)
        self.run_lanes()
        self.assertEqual(len(self.till.moments), 5)
        self.assertEqual(len(quick.moments), 5)
        self.assertLessEqual(quick.moments[-1][0], 1001.0)

    def test_many_receipts_after_an_outage(self):
        """ One call at a time, of one receipt after the other, finds out whether it is well; then
        all leave in their order.
        """
        receipts = self.make_receipts(150)
        works = self.till.register

        def down(*_arguments):
            self.till.moments.append((self.clock.now, 'silence'))
            raise base.NotSent("down")

        self.till.register = down
        for _run in range(12):
            self.run_lanes()
            self.register.silent_until = fields.Datetime.now() - timedelta(seconds=1)
        self.assertEqual(self.sent(), ['silence'] * 12)
        self.assertTrue(self.register.silent_since)
        self.till.register = works
        self.till.moments.clear()
        for _run in range(20):  # A run of the job ends after some seconds.
            self.run_lanes()
            if len(self.till.printed) == len(receipts):
                break
        self.assertFalse(self.register.silent_since)
        first, *others = self.sent()
        keys = [receipt.attempt_ids.key for receipt in receipts.sorted('id')]
        self.assertEqual(others, [key for key in keys if key != first])
        moments = [moment for moment, _key in self.till.moments]
        self.assertTrue(all(
            later - earlier >= 1 for earlier, later in zip(moments, moments[1:], strict=False)))


@tagged('post_install', '-at_install')
class TestSilence(LaneCommon):
    """ A register that does not answer is left alone. """

    def test_others_wait_while_it_is_silent(self):
        self.make_receipts(6)
        self.till.fail(base.OutcomeUnknown("down"))
        self.till.fail(base.OutcomeUnknown("down"))
        self.run_lanes()
        calls = len(self.till.moments)
        self.assertLessEqual(calls, tuning.LANES)
        self.run_lanes()
        self.assertEqual(len(self.till.moments), calls)
        self.assertGreater(self.register.silent_until, fields.Datetime.now())

    def test_one_that_the_register_chokes_on_holds_up_no_other(self):
        """ Whenever it is sent the register answers with an error; the others are printed. """
        receipts = self.make_receipts(12)
        works, bad = self.till.register, receipts[0]

        def choke(receipt, callback_url=''):
            if receipt.key == bad.attempt_ids.key:
                self.till.moments.append((self.clock.now, 'choked'))
                raise base.OutcomeUnknown("The register is out of order.", 'HTTP 500')
            return works(receipt, callback_url)

        self.till.register = choke
        for _run in range(20):
            self.run_lanes()
            self.register.silent_until = fields.Datetime.now() - timedelta(seconds=1)
        self.assertEqual(len(self.till.printed), 11)
        self.assertEqual(bad.state, 'unknown')
        choked = [key for _moment, key in self.till.moments].count('choked')
        self.assertLessEqual(choked, tuning.WAKE_TRIES + 2)

    def test_growing_delays(self):
        self.make_receipts(1)
        delays = []
        for _run in range(4):
            self.till.fail(base.NotSent("down"))
            self.work()
            delays.append((self.register.silent_until - fields.Datetime.now()).total_seconds())
        for delay, wanted in zip(delays, tuning.RETRY_SECONDS, strict=False):
            self.assertAlmostEqual(delay, wanted, delta=3)

    def test_it_says_for_how_long(self):
        receipt = self.make_receipts(1)
        self.till.fail(base.Busy("The queue is full", seconds=240))
        self.run_lanes()
        self.assertEqual(receipt.state, 'queued')
        self.assertAlmostEqual(
            (self.register.silent_until - fields.Datetime.now()).total_seconds(), 240, delta=3)
        self.work()
        self.assertEqual(len(self.till.printed), 1)

    def test_refused_credentials_are_not_tried_by_each_receipt(self):
        self.make_receipts(6)
        for _lane in range(tuning.LANES):
            self.till.fail(base.Unauthorized("Bad signature", 'HTTP 403'))
        self.run_lanes()
        self.assertLessEqual(len(self.till.moments), tuning.LANES)
        self.assertEqual(self.register.state, 'attention')
        self.assertEqual(len(self.register.activity_ids), 1)

    def test_check_ends_it(self):
        receipt = self.make_receipts(1)
        self.till.fail(base.NotSent("down"))
        self.run_lanes()
        self.register.action_check()
        self.assertFalse(self.register.silent_until)
        self.assertLessEqual(receipt.next_try_at, fields.Datetime.now())
