# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.tochka_fiscal import tuning
from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon

QUIET = 'odoo.addons.tochka_fiscal'


@tagged('post_install', '-at_install')
class TestOtherRegisters(FiscalCommon):
    """ What registers do that KOMTET Kassa does not. """

    def setUp(self):
        super().setUp()
        self.receipt = self.pay_invoice()

    def test_duplicate_that_can_be_asked_for_by_its_key(self):
        self.till.asks_by_key = True
        status = self.till.status
        self.till.status = lambda key, task: status(key, list(self.till.printed).index(key) + 1)
        self.till.fail(base.OutcomeUnknown("lost"), before=False)
        self.work()
        self.assertEqual(self.receipt.state, 'unknown')
        self.work()
        self.assertEqual(self.receipt.state, 'accepted')
        self.assertFalse(self.receipt.problem)
        self.work()
        self.assertEqual((self.receipt.state, len(self.till.printed)), ('done', 1))

    def test_duplicate_that_names_its_task(self):
        self.till.fail(base.OutcomeUnknown("lost"), before=False)
        self.work()
        self.till.fail(base.Duplicate("It exists", '33', task='1'))
        self.work()
        self.assertEqual(self.receipt.attempt_ids.task, '1')
        self.work()
        self.assertEqual((self.receipt.state, len(self.till.printed)), ('done', 1))

    def refuse_the_repetition(self):
        """ Lose the answer, and let the register refuse the repeated key for another reason. """
        self.till.names_duplicates = True
        self.till.fail(base.OutcomeUnknown("lost"), before=False)
        self.work()
        self.till.fail(base.Rejected("Wrong line", '32'))
        self.work()
        self.assertEqual(self.receipt.state, 'accepted')
        self.assertIn("Wrong line", self.receipt.problem)

    def test_refused_repetition_is_asked_about_by_one_more(self):
        self.refuse_the_repetition()
        self.till.fail(base.Duplicate("It exists", '33', task='1'))
        self.work()
        self.assertEqual(self.receipt.attempt_ids.task, '1')
        self.work()
        self.assertEqual((self.receipt.state, len(self.till.printed)), ('done', 1))
        self.assertFalse(self.receipt.activity_ids)

    def test_repetition_that_is_refused_again_is_given_to_a_person(self):
        self.refuse_the_repetition()
        self.till.fail(base.Rejected("Wrong line", '32'))
        self.work()
        self.assertEqual((self.receipt.state, self.receipt.next_try_at), ('accepted', False))
        self.assertIn("not known whether", self.receipt.activity_ids.summary)
        self.assertEqual(set(self.keys()), {self.receipt.attempt_ids.key})

    def find_by_key(self):
        """ Let the register find receipts by their key, and know nothing of others. """
        self.till.asks_by_key = True

        def status(key, task):
            if key not in self.till.printed:
                raise base.NotFound("Unknown")
            return self.till.result(self.till.printed[key])

        self.till.status = status

    def test_refused_repetition_of_what_never_arrived(self):
        """ The register knows nothing of the key, and refuses it again: it was not printed. """
        self.find_by_key()
        for error in (base.OutcomeUnknown("lost"), base.Rejected("Wrong line", '32')):
            self.till.fail(error)
            self.work()
        self.assertEqual(self.receipt.state, 'accepted')
        self.till.fail(base.Rejected("Wrong line", '32'))
        self.work()
        self.assertEqual((self.receipt.state, self.receipt.attempt_ids.outcome),
                         ('failed', 'failed'))
        self.receipt.action_retry()
        self.work()
        self.work()
        self.assertEqual((self.receipt.state, len(self.till.printed)), ('done', 1))

    def test_what_never_arrived_is_sent_again(self):
        self.find_by_key()
        for error in (base.OutcomeUnknown("lost"), base.Rejected("Busy line", '32')):
            self.till.fail(error)
            self.work()
        self.work()
        self.work()
        self.assertEqual((self.receipt.state, len(self.till.printed)), ('done', 1))
        self.assertEqual(len(self.receipt.attempt_ids), 1)

    def test_what_was_taken_and_is_forgotten_is_not_sent_again(self):
        self.find_by_key()
        self.work()
        self.assertEqual(self.receipt.state, 'accepted')
        self.till.printed.clear()
        for _run in range(3):
            self.work()
        self.assertEqual((self.receipt.state, len(self.keys())), ('accepted', 1))
        self.assertIn("Unknown", self.receipt.problem)

    def test_refused_repetition_of_what_had_arrived(self):
        self.find_by_key()
        self.till.fail(base.OutcomeUnknown("lost"), before=False)
        self.work()
        self.till.fail(base.Rejected("Wrong line", '32'))
        self.work()
        self.work()
        self.assertEqual((self.receipt.state, len(self.till.printed)), ('done', 1))

    def test_expired_one_is_sent_anew(self):
        self.work()
        self.till.result = lambda receipt, task='': base.Result(
            state='failed', message="Expired", again=True)
        self.work()
        self.assertEqual(self.receipt.state, 'queued')
        self.assertFalse(self.receipt.activity_ids)
        del self.till.result
        self.work()
        self.work()
        self.assertEqual(self.receipt.state, 'done')
        new, old = self.receipt.attempt_ids
        self.assertEqual((old.outcome, old.problem, new.reason), ('failed', "Expired", "Expired"))
        self.assertNotEqual(old.key, new.key)

    def test_one_that_always_expires_is_given_to_a_person(self):
        self.till.result = lambda receipt, task='': base.Result(
            state='failed', message="Expired", again=True)
        for _run in range(2 * tuning.MAX_EXPIRED + 2):
            self.work()
        self.assertEqual(self.receipt.state, 'failed')
        self.assertEqual(len(self.receipt.attempt_ids), tuning.MAX_EXPIRED)

    def test_lost_answer_is_not_repeated_where_that_could_print_twice(self):
        self.startPatcher(patch.object(
            type(self.env['fiscal.register']), '_repeats', lambda _register: False))
        self.till.fail(base.OutcomeUnknown("lost"), before=False)
        self.work()
        self.work()
        self.assertEqual((self.receipt.state, len(self.keys())), ('accepted', 1))
        self.work()
        self.assertIn("not known whether", self.receipt.activity_ids.summary)
        self.assertEqual(len(self.keys()), 1)

    def test_killed_worker_is_not_repeated_where_that_could_print_twice(self):
        self.startPatcher(patch.object(
            type(self.env['fiscal.register']), '_repeats', lambda _register: False))
        self.receipt._open_attempt()
        self.receipt.state = 'sending'
        self.work()
        self.assertFalse(self.keys())
        self.assertTrue(self.receipt.attempt_ids.maybe_taken)

    def test_unproven_callback_makes_odoo_ask(self):
        self.work()
        receipts = self.env['fiscal.receipt'].sudo()
        key = self.receipt.attempt_ids.key
        self.receipt.next_try_at = fields.Datetime.now() + timedelta(hours=1)
        self.assertTrue(receipts._take_callback(self.register, key, None))
        self.assertEqual(self.receipt.state, 'accepted')
        self.assertLessEqual(self.receipt.next_try_at, fields.Datetime.now())

    def test_callback_at_the_door_of_another_register(self):
        self.work()
        key = self.receipt.attempt_ids.key
        other = self.register.copy({'name': "Other till"})
        result = self.till.result(self.till.printed[key])
        self.env['fiscal.receipt'].sudo()._take_callback(other, key, result)
        self.assertEqual(self.receipt.state, 'accepted')
