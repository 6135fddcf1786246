# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon


@tagged('post_install', '-at_install')
class TestRegisterPage(FiscalCommon):
    """ What a person sees of a register, and how it is tried. """

    def make_test(self, **values):
        return self.env['fiscal.test'].sudo().create({
            'register_id': self.register.id, 'contact': 'till@example.com', **values})

    def print_test(self):
        action = self.make_test().action_print()
        receipts = self.env['fiscal.receipt'].sudo().search(action['domain'], order='id')
        self.assertEqual(receipts.mapped('kind'), ['income', 'income_return'])
        return receipts

    def test_numbers(self):
        self.print_invoice()
        waiting, failed = self.pay_invoice(), self.pay_invoice()
        self.put_state(failed, 'failed')
        self.assertRecordValues(self.register, [{
            'waiting_count': 1, 'failed_count': 1, 'last_printed_at': '25.11.2026 14:30'}])
        for action, receipt in ((self.register.action_open_waiting(), waiting),
                                (self.register.action_open_failed(), failed)):
            self.assertEqual(self.env['fiscal.receipt'].search(action['domain']), receipt)

    def test_receipt_and_its_return(self):
        """ The return is sent when the receipt is printed, and nothing is left in the revenue. """
        income, back = self.print_test()
        self.assertEqual(income.taxation_system, 'usn_income')
        self.work()
        self.assertEqual(len(self.till.printed), 1)
        for _run in range(4):
            self.work()
        self.assertEqual((income + back).mapped('state'), ['done', 'done'])
        sent = list(self.till.printed.values())
        self.assertEqual([receipt.kind for receipt in sent], ['income', 'income_return'])
        self.assertEqual(sent[0].lines, sent[1].lines)
        self.assertEqual({receipt.total for receipt in sent}, {100})
        self.assertFalse((income + back).filtered('confirmed_at'))

    def test_second_test(self):
        first = self.print_test()
        second = self.print_test()
        self.assertFalse(first & second)

    def test_refused_test_is_tried_again(self):
        income, back = self.print_test()
        self.till.fail(base.Rejected("No such rate"))
        self.work()
        self.assertEqual((income.state, back.state), ('failed', 'queued'))
        income.action_retry()
        for _run in range(6):
            self.work()
        self.assertEqual((income + back).mapped('state'), ['done', 'done'])

    def test_bad_input(self):
        for values in ({'amount': 0}, {'amount': 11}, {'contact': 'nobody'}):
            with self.assertRaises(UserError):
                self.make_test(**values).action_print()
        self.register.state = 'attention'
        with self.assertRaises(UserError):
            self.make_test().action_print()

    def test_only_administrators_print_tests(self):
        accountant = self.env['res.users'].sudo().create({
            'name': "Accountant", 'login': 'accountant-of-tills',
            'group_ids': [(6, 0, [self.env.ref('account.group_account_invoice').id])],
        })
        with self.assertRaises(AccessError):
            self.env['fiscal.test'].with_user(accountant).create({
                'register_id': self.register.id, 'contact': 'till@example.com'})
        with self.assertRaises(AccessError):
            self.register.with_user(accountant).action_check()

    # === THE DAILY LOOK === #

    def look(self):
        self.env.ref('tochka_fiscal.cron_check').sudo().method_direct_trigger()
        self.env.invalidate_all()

    def test_daily_look(self):
        self.till.prints = False
        self.look()
        self.assertEqual(self.register.state, 'passive')
        self.till.fail(base.Unauthorized("Bad signature"))
        self.look()
        self.assertEqual(self.register.state, 'attention')
        self.assertEqual(len(self.register.activity_ids), 1)
        self.till.prints = True
        self.look()
        self.assertEqual(self.register.state, 'ready')
        self.assertFalse(self.register.problem_ids or self.register.activity_ids)
        self.assertFalse(self.till.printed)

    def test_out_of_reach_at_the_daily_look(self):
        """ Nobody is asked: receipts wait, and none may be there. """
        self.till.fail(base.NotSent("down"))
        self.look()
        self.assertEqual(self.register.state, 'ready')
        self.assertEqual(self.register.problem_ids.advice, "down")
        self.assertFalse(self.register.activity_ids)
        # Whatever answers well ends it, not the next look alone.
        self.register._note_answer(None)
        self.assertFalse(self.register.problem_ids)

    def test_good_answer_ends_a_refusal(self):
        self.till.fail(base.Unauthorized("Bad signature"))
        self.look()
        self.assertEqual(self.register.state, 'attention')
        self.register._note_answer(None)
        self.assertEqual(self.register.state, 'ready')
        self.assertFalse(self.register.problem_ids or self.register.activity_ids)

    @mute_logger('odoo.addons.tochka_fiscal')
    def test_broken_register_keeps_no_other_from_the_look(self):
        other = self.register.copy({'name': "A till"})  # looked at after the first one
        other.state = 'passive'
        self.till.fail(ValueError("broken"))
        self.look()
        self.assertEqual(other.state, 'ready')
