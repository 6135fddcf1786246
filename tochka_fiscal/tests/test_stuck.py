# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.tests.common import FakeRegister, FiscalCommon
from odoo.addons.tochka_fiscal.tests.test_lane import LaneCommon

BY_HAND = {
    'storage_number': '9999078900005430', 'document_number': '77', 'fiscal_sign': '1911055232',
    'moment': '25.11.2026 14:30',
}


class StuckCommon(FiscalCommon):

    def resolve(self, receipt, **values):
        """ As a person does who presses "What became of it?". """
        action = receipt.with_user(self.env.user).action_resolve()
        wizard = self.env['fiscal.resolve'].with_context(**action['context']).create(values)
        wizard.action_apply()

    def take_another_register(self):
        """ The old one is dead; the provider has a new one. :return: The new one. """
        new = self.register.copy({'name': "New till", 'queue': '999', 'secret': 's'})
        self.provider.sudo().fiscal_register_id = new
        self.register.active = False
        dead, works = FakeRegister(), self.till
        for name in ('register', 'status'):
            setattr(dead, name, self.is_dead)
        self.startPatcher(patch.object(
            type(self.register), '_client',
            lambda one, old=self.register: dead if one == old else works))
        return new

    def is_dead(self, *_arguments, **_values):
        raise base.NotSent("The service was closed down")

    def overdue(self, receipt):
        receipt.paid_at = fields.Datetime.now() - timedelta(hours=2)


@tagged('post_install', '-at_install')
class TestExits(StuckCommon):
    """ From each state a person reaches an end, also when the register is dead for ever. """

    # State -> whether the register may have taken it; None: both.
    ENDS = {
        'queued': None, 'sending': None, 'unknown': True, 'accepted': True, 'failed': False,
    }

    def stuck(self, state, taken):
        """ Return a receipt that stands still in a state at a dead register. """
        receipt = self.pay_invoice()
        if taken is not None:
            receipt._open_attempt().maybe_taken = taken
        if state == 'failed':
            receipt.attempt_ids.outcome = 'failed'
        self.put_state(receipt, state)
        self.overdue(receipt)
        return receipt

    def test_every_state_is_in_the_table(self):
        states = set(dict(self.env['fiscal.receipt']._fields['state'].selection))
        # The bank's word ends the first two; the third is looked up in the bank's cabinet.
        self.assertEqual(set(self.ENDS), states - {'waiting', 'void', 'delegated', 'done'})

    def test_printed_anew_by_another_register(self):
        cases = [(state, taken) for state, both in self.ENDS.items()
                 for taken in ((False, True) if both is None else (both,))]
        receipts = {case: self.stuck(*case) for case in cases}
        new = self.take_another_register()
        for _time in range(10):  # a silent register is called once in each
            self.work()
        for (state, taken), receipt in receipts.items():
            with self.subTest(state, taken=taken):
                if receipt.state in ('queued', 'failed') and receipt._is_surely_unprinted():
                    receipt.with_user(self.env.user).action_retry()
                else:
                    self.resolve(receipt, fate='not_printed', reason="The service is closed")
                    receipt.with_user(self.env.user).action_retry()
                self.assertEqual(receipt.register_id, new)
        for _time in range(10):  # a silent register is called once in each
            self.work()
        for case, receipt in receipts.items():
            with self.subTest(case):
                self.assertEqual(receipt.state, 'done')

    def test_printed_by_hand(self):
        cases = [(state, taken) for state, both in self.ENDS.items()
                 for taken in ((False, True) if both is None else (both,))]
        receipts = {case: self.stuck(*case) for case in cases}
        self.take_another_register()
        for _time in range(10):  # a silent register is called once in each
            self.work()
        for number, (case, receipt) in enumerate(receipts.items()):
            with self.subTest(case):
                self.resolve(receipt, fate='printed', reason="At the other till",
                             **{**BY_HAND, 'document_number': str(100 + number)})
                self.assertEqual(receipt.state, 'done')
        self.work()
        self.assertFalse(self.till.printed, "Nothing is printed a second time")

    def test_return_leaves_a_dead_register(self):
        receipt = self.print_invoice()
        new = self.take_another_register()
        receipt.transaction_id.with_user(self.env.user).action_refund(amount_to_refund=100.0)
        self.env.flush_all()
        self.env['tochka.refund'].sudo().search([]).next_at = fields.Datetime.now()
        self.run_job('cron_refund')
        self.assertEqual(receipt.return_ids.register_id, new)

    def test_return_that_waits_at_a_dead_register(self):
        receipt = self.print_invoice()
        receipt.transaction_id.with_user(self.env.user).action_refund(amount_to_refund=100.0)
        self.env.flush_all()
        self.env['tochka.refund'].sudo().search([]).next_at = fields.Datetime.now()
        self.run_job('cron_refund')
        back = receipt.return_ids
        self.assertEqual((back.state, back.register_id), ('queued', self.register))
        new = self.take_another_register()
        back.with_user(self.env.user).action_retry()
        self.assertEqual(back.register_id, new)
        self.work()
        self.work()
        self.assertEqual(back.state, 'done')


@tagged('post_install', '-at_install')
class TestBuiltAnew(StuckCommon):
    """ What surely was not printed is built by the settings of today. """

    def refused(self, **values):
        receipt = self.pay_invoice(**values)
        self.till.fail(base.Rejected("The taxation system is wrong", '33'))
        self.work()
        self.assertEqual(receipt.state, 'failed')
        return receipt

    def test_taxation_system_and_address(self):
        receipt = self.refused()
        self.provider.sudo().fiscal_taxation_system = 'osn'
        self.register.address = 'https://new.example.com'
        receipt.with_user(self.env.user).action_retry()
        self.assertRecordValues(receipt, [{
            'taxation_system': 'osn', 'address': 'https://new.example.com', 'state': 'queued'}])
        self.work()
        self.work()
        [printed] = self.till.printed.values()
        self.assertEqual((printed.taxation_system, printed.address),
                         ('osn', 'https://new.example.com'))

    def test_lines(self):
        receipt = self.refused()
        self.assertEqual(receipt.line_ids.mapped('fiscal_subject'), ['service'])
        self.provider.sudo().fiscal_subject = 'work'
        receipt.with_user(self.env.user).action_retry()
        self.assertEqual(receipt.line_ids.mapped('fiscal_subject'), ['work'])
        self.assertEqual(sum(receipt.line_ids.mapped('total')), receipt.total)

    def test_its_return_is_built_with_it(self):
        receipt = self.refused()
        receipt.transaction_id.with_user(self.env.user).action_refund(amount_to_refund=100.0)
        self.env.flush_all()
        self.env['tochka.refund'].sudo().search([]).next_at = fields.Datetime.now()
        self.run_job('cron_refund')
        self.assertEqual(receipt.return_ids.line_ids.origin_id, receipt.line_ids)
        self.provider.sudo().fiscal_subject = 'work'
        receipt.with_user(self.env.user).action_retry()
        self.assertEqual(receipt.return_ids.line_ids.origin_id, receipt.line_ids)
        self.assertEqual(receipt.return_ids.line_ids.mapped('fiscal_subject'), ['work'])
        for _time in range(4):
            self.work()
        self.assertEqual((receipt.state, receipt.return_ids.state), ('done', 'done'))

    def test_what_can_not_be_built_any_more_stays(self):
        receipt = self.refused()
        lines = receipt.line_ids.mapped(lambda line: (line.name, line.total))
        with patch.object(type(receipt), '_make_lines', side_effect=ZeroDivisionError), (
            self.assertLogs('odoo.addons.tochka_fiscal', 'ERROR')
        ):
            receipt.with_user(self.env.user).action_retry()
        self.assertEqual(receipt.line_ids.mapped(lambda line: (line.name, line.total)), lines)
        self.assertEqual(receipt.state, 'queued')

    def test_what_is_maybe_printed_stays(self):
        receipt = self.pay_invoice()
        receipt._open_attempt().maybe_taken = True
        self.provider.sudo().fiscal_taxation_system = 'osn'
        receipt.with_user(self.env.user).action_retry()
        self.assertEqual(receipt.taxation_system, 'usn_income')


@tagged('post_install', '-at_install')
class TestPoison(LaneCommon):
    """ One receipt that the service chokes on, and eleven others of its till, on both clocks. """

    def test_poison_keeps_no_other_waiting(self):
        bad, *others = self.make_receipts(12)
        send = self.till.register

        def choke(one, callback_url=''):
            if one.key in bad.attempt_ids.mapped('key'):
                self.till.moments.append((self.clock.now, 'poison'))
                raise base.NotSent("The service is out of order")
            return send(one, callback_url)

        now = fields.Datetime.now()
        with patch.object(self.till, 'register', choke):
            for minute in range(60):
                self.clock.now = 1000.0 + 60 * minute
                with patch.object(
                        fields.Datetime, 'now', lambda moment=minute: now + timedelta(
                            minutes=moment)):
                    self.run_lanes()
        self.assertEqual({one.state for one in others}, {'done'})
        self.assertEqual(bad.state, 'queued')
        calls = [key for _moment, key in self.till.moments].count('poison')
        self.assertLess(calls, 30, "Its own delay grows")


@tagged('post_install', '-at_install')
class TestHalfMade(FiscalCommon):
    """ No list crashes on a record that is not whole. """

    def test_return_that_could_not_be_built(self):
        receipt = self.pay_invoice()
        receipt.paid_at = False
        self.put_state(receipt, 'failed')
        receipt.invalidate_recordset()
        self.assertFalse(receipt.is_overdue)
        self.assertNotIn(receipt, receipt.search([('is_overdue', '=', True)]))

    def test_computed_fields_of_empty_records(self):
        for name, model in self.env.registry.items():
            if model._abstract:
                continue
            for field in model._fields.values():
                if field.compute and set(field._modules) & {'tochka_fiscal', 'tochka_acquiring'}:
                    with self.subTest(f'{name}.{field.name}'):
                        self.env[name].new({})[field.name]
                        self.env[name].sudo().new({})[field.name]
