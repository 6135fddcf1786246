# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from unittest.mock import patch

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.tochka_fiscal import tuning
from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon
from odoo.addons.tochka_fiscal.tests.test_lane import LaneCommon

NUMBERS = {
    'storage_number': '9999078900005430', 'document_number': '777', 'fiscal_sign': '1911055232',
    'moment': '25.11.2026 14:30',
}


@tagged('post_install', '-at_install')
class TestWatched(FiscalCommon):
    """ Safeguards of the queue and of a person's word. """

    def lost(self):
        """ Return a receipt of which nobody but a person can tell. """
        receipt = self.pay_invoice()
        self.till.fail(base.OutcomeUnknown("silence"), before=False)
        for _run in range(3):
            self.work()
        self.assertEqual(receipt.state, 'accepted')
        return receipt

    def resolve(self, receipt, **values):
        return self.env['fiscal.resolve'].sudo().create({
            'receipt_id': receipt.id, 'fate': 'printed', **values})

    def test_a_locked_receipt_takes_no_word(self):
        receipt = self.lost()
        wizard = self.resolve(receipt, **NUMBERS)
        with patch.object(type(receipt), '_lock', return_value=False), (
            self.assertRaisesRegex(UserError, "being worked on")
        ):
            wizard.action_apply()
        self.assertEqual(receipt.state, 'accepted')

    def test_numbers_of_another_receipt(self):
        """ A printed receipt proves one settlement. """
        other = self.print_invoice()
        receipt = self.lost()
        wizard = self.resolve(receipt, **{
            **NUMBERS, 'document_number': other.document_number})
        with self.assertRaisesRegex(UserError, other.name):
            wizard.action_apply()
        self.assertEqual((receipt.state, receipt.document_number), ('accepted', False))
        # The same number in another storage is another document.
        wizard.storage_number = '9999078900005431'
        wizard.action_apply()
        self.assertEqual(receipt.state, 'done')

    def test_numbers_that_are_none(self):
        receipt = self.lost()
        for name in ('storage_number', 'document_number', 'fiscal_sign'):
            wizard = self.resolve(receipt, **{**NUMBERS, name: 'нет'})
            with self.assertRaisesRegex(UserError, "is a number"):
                wizard.action_apply()

    def test_what_others_did_meanwhile_is_seen_after_the_commit(self):
        """ Between the commit of the key and the call a callback may have brought the result. """
        receipt = self.pay_invoice()

        def commit_and_print(_job, *args, **kwargs):
            self.put_state(receipt, 'done')
            return 1.0

        with patch.object(type(self.env['ir.cron']), '_commit_progress', commit_and_print):
            receipt._work()
        self.assertFalse(self.till.calls, "It was sent although it is printed")

    def test_lock_that_is_lost_at_the_commit(self):
        receipt = self.pay_invoice()
        locks = iter([True, False])
        with patch.object(type(receipt), '_lock', lambda one: next(locks)), (
            patch.object(type(self.env['ir.cron']), '_commit_progress', return_value=1.0)
        ):
            receipt._work()
        self.assertFalse(self.till.calls)

    def test_an_odd_answer_keeps_no_other_waiting(self):
        """ One receipt that the service chokes on, and others of the same register. """
        bad, *others = [self.pay_invoice() for _number in range(4)]
        send = self.till.register

        def choke(one, callback_url=''):
            if one.key == bad.attempt_ids.key:
                raise base.OutcomeUnknown("Internal error", '50', alone=True)
            return send(one, callback_url)

        with patch.object(self.till, 'register', choke):
            self.work()
            self.work()
        self.assertEqual(bad.state, 'unknown')
        self.assertEqual({one.state for one in others}, {'done'})
        self.assertFalse(self.register.silent_since)
        self.assertGreater(bad.next_try_at, bad.create_date)

    def test_where_nothing_is_repeated_the_others_wait(self):
        """ A page of maintenance must not send each receipt to a person. """
        both = self.pay_invoice() | self.pay_invoice()
        self.startPatcher(patch.object(
            type(self.register), '_repeats', lambda _register: False))
        self.till.fail(base.OutcomeUnknown("A page", alone=True))
        self.work()
        self.assertTrue(self.register.silent_since)
        self.assertEqual(sorted(both.mapped('state')), ['queued', 'unknown'])
        self.assertEqual(len(self.keys()), 1)

    def test_one_that_is_not_let_pass(self):
        receipt = self.pay_invoice()
        self.till.fail(base.NotSent("Forbidden", '403', alone=True))
        self.work()
        self.assertEqual((receipt.state, receipt.tries), ('queued', 1))
        self.assertFalse(self.register.silent_since)
        self.work()
        self.work()
        self.assertEqual(receipt.state, 'done')

    def test_wrong_contact_is_called_what_it_is(self):
        receipt = self.pay_invoice()
        receipt.contact = 'a' * 60 + '@b.ru'
        self.work()
        self.assertEqual(receipt.state, 'failed')
        self.assertIn("e-mail is too long", receipt.activity_ids.note)


@tagged('post_install', '-at_install')
class TestPaceOfLanes(LaneCommon):

    def test_one_lane_alone_calls_a_register_with_a_pace(self):
        """ Two workers that each keep the pace would call twice as often. """
        self.make_receipts(6)
        with patch.object(type(self.register), '_pace', lambda _register: 1):
            own = self.register.id % tuning.LANES
            self.work(1 - own)
            self.assertFalse(self.till.moments)
            self.work(own)
        moments = [moment for moment, _key in self.till.moments]
        self.assertEqual(len(moments), 6)
        self.assertTrue(all(
            later - earlier >= 1 for earlier, later in zip(moments, moments[1:], strict=False)))
