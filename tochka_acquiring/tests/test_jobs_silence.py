# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.tochka_acquiring import tuning
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.jobs_common import JobsMixin
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon

SILENCE = errors.OutcomeUnknown("The bank did not answer in time.")


@tagged('post_install', '-at_install')
class TestSilence(JobsMixin, RefundCommon):
    """ A bank that does not answer costs one call, and is left alone for growing times. """

    def setUp(self):
        super().setUp()
        self.other_connection, self.other_merchant = self.create_connection(
            customer_code='309999999', merchant_id='200000000099999')

    def due(self, count, merchant=None):
        """ Return open transactions that the poll has to ask about. """
        transactions = self.env['payment.transaction'].sudo().union(*[
            self.create_linked_tx() for _count in range(count)])
        transactions.tochka_next_poll_at = fields.Datetime.now() - timedelta(minutes=5)
        if merchant:
            transactions.tochka_merchant_id = merchant
        self.bank.calls.clear()
        return transactions

    def be_silent(self, method='get_payment', times=50):
        self.bank.fail(method, *[SILENCE] * times)

    def test_one_call_ends_the_batch(self):
        transactions = self.due(5)
        self.be_silent()
        self.run_once('cron_poll')
        self.assertEqual(self.bank.count('get_payment'), 1)
        self.assertGreater(self.connection.silent_until, fields.Datetime.now())
        waiting = transactions.filtered(
            lambda tx: tx.tochka_next_poll_at < fields.Datetime.now())
        self.assertEqual(len(waiting), 4, "They have not lost their turn")
        self.assertFalse(self.wakes('cron_poll'))

    def test_no_job_asks_while_it_is_left_alone(self):
        self.other_connection.sudo().state = 'disconnected'
        self.due(2)
        refund = self.ask_refund(self.paid())
        self.bank.calls.clear()
        self.be_silent()
        self.run_once('cron_poll')
        calls = len(self.bank.calls)
        for name in sorted(self.jobs()):
            self.run_once(name)
        self.assertEqual(len(self.bank.calls), calls)
        self.assertEqual(refund.tochka_refund_state, 'requested')
        self.assertEqual(refund.tochka_refund_tries, 0)

    def test_others_are_asked(self):
        self.due(2)
        others = self.due(2, self.other_merchant)
        self.bank.fail('get_payment', SILENCE)
        for transaction in others:
            self.bank.change(
                transaction.tochka_operation_id, merchant_id=self.other_merchant.merchant_id)
            self.bank.pay(transaction.tochka_operation_id)
        self.run_once('cron_poll')
        self.assertEqual(self.bank.count('get_payment'), 3)
        self.assertEqual(others.mapped('state'), ['done', 'done'])
        self.assertFalse(self.other_connection.silent_until)

    def test_growing_times(self):
        self.due(1)
        self.be_silent()
        delays, now = [], fields.Datetime.now()
        for _time in range(4):
            with freeze_time(now):
                self.env['payment.transaction'].sudo().search([
                    ('tochka_next_poll_at', '!=', False)]).tochka_next_poll_at = now
                self.run_once('cron_poll')
            delays.append((self.connection.silent_until - now).total_seconds())
            now = self.connection.silent_until
        self.assertEqual(delays, list(tuning.SILENCE_SECONDS[:4]))
        self.assertEqual(self.bank.count('get_payment'), 4)

    def test_first_answer_ends_it(self):
        transactions = self.due(3)
        self.bank.fail('get_payment', SILENCE)
        self.run_once('cron_poll')
        self.assertTrue(self.connection.silent_since)
        self.env['ir.cron.trigger'].sudo().search([]).unlink()
        with freeze_time(self.connection.silent_until):
            self.run_once('cron_poll')
            self.assertFalse(self.connection.silent_since or self.connection.silent_until)
            self.assertTrue(self.wakes('cron_process_events') and self.wakes('cron_refund'))
        self.assertFalse(transactions.filtered(
            lambda tx: tx.tochka_next_poll_at < fields.Datetime.now()))

    def test_one_at_a_time_tries(self):
        """ Whoever tries a silent bank keeps the others from hanging beside it. """
        self.due(1)
        self.be_silent()
        self.run_once('cron_poll')
        self.startPatcher(patch.object(
            type(self.env['ir.cron']), '_commit_progress', lambda _cron, _processed=0: 0))
        with freeze_time(self.connection.silent_until):
            self.assertTrue(self.connection._may_ask())
            self.assertFalse(self.connection._may_ask())
        with freeze_time(self.connection.silent_until + timedelta(seconds=1)):
            self.assertTrue(self.connection._may_ask(), "The one that tried was killed")

    def test_it_is_told(self):
        self.connection.silences = tuning.SILENCES_SHOWN - 1
        self.connection.silent_since = fields.Datetime.now() - timedelta(minutes=2)
        self.connection.silent_until = fields.Datetime.now() - timedelta(seconds=1)
        self.due(1)
        self.be_silent(times=1)
        self.run_once('cron_poll')
        problem = self.connection.problem_ids.filtered(lambda problem: problem.code == 'silent')
        self.assertIn("has not answered since", problem.title)
        self.assertIn("asks again at", problem.title)
        self.connection.sudo()._clear_problem()
        self.connection._update_problems()
        self.assertNotIn('silent', self.connection.problem_ids.mapped('code'))

    def test_one_lost_answer_is_not_told(self):
        self.due(1)
        self.be_silent(times=1)
        self.run_once('cron_poll')
        self.assertNotIn('silent', self.connection.problem_ids.mapped('code'))

    def test_refusal_is_no_silence(self):
        self.due(3)
        self.bank.fail('get_payment', errors.Rejected("no", http_status=424))
        self.run_once('cron_poll')
        self.assertEqual(self.bank.count('get_payment'), 3)
        self.assertFalse(self.connection.silent_since)

    def test_inbox(self):
        """ Notifications of a silent bank are not taken, and lose no attempt. """
        transactions = self.due(3)
        events = self.env['tochka.webhook.event'].sudo().create([{
            'digest': transaction.tochka_operation_id, 'state': 'new',
            'operation_id': transaction.tochka_operation_id,
            'received_at': fields.Datetime.now(),
            'next_try_at': fields.Datetime.now() - timedelta(seconds=1),
            'company_id': self.company.id, 'connection_id': self.connection.id,
        } for transaction in transactions])
        self.be_silent('get_payment')
        self.connection.sudo().write({
            'silent_since': fields.Datetime.now(), 'silences': 1,
            'silent_until': fields.Datetime.now() + timedelta(minutes=5)})
        self.run_once('cron_process_events')
        self.assertEqual(self.bank.count('get_payment'), 0)
        self.assertEqual(events.mapped('state'), ['new'] * 3)
        with freeze_time(self.connection.silent_until):
            self.run_once('cron_process_events')
        self.assertLessEqual(self.bank.count('get_payment'), tuning.EVENT_READERS)
        self.assertEqual(self.connection.silences, 2)

    def test_lost_answer_of_a_refund_ends_the_batch(self):
        refunds = self.env['payment.transaction'].sudo().union(*[
            self.ask_refund(self.paid()) for _count in range(3)])
        self.bank.fail('refund_payment', SILENCE)
        self.bank.calls.clear()
        self.run_once('cron_refund')
        self.assertEqual(self.bank.count('refund_payment'), 1)
        self.assertEqual(
            sorted(refunds.mapped('tochka_refund_state')), ['requested', 'requested', 'unknown'])

    def test_what_is_answered_is_no_silence(self):
        """ One operation that the bank can't describe must not hold up all others. """
        for error in (
            errors.Unreadable("can not be read", http_status=200),
            errors.OutcomeUnknown("Internal", http_status=500),
            errors.Busy("another process renews the access"), errors.NoTimeLeft("no time"),
        ):
            with self.subTest(error=error):
                self.due(3)
                self.bank.fail('get_payment', error)
                self.run_once('cron_poll')
                self.assertEqual(self.bank.count('get_payment'), 3)
                self.assertFalse(self.connection.silent_since)
        self.assertTrue(errors.is_silence(errors.OutcomeUnknown("gateway", http_status=502)))

    def test_sweep_in_several_runs_ends_it(self):
        self.connection.sudo().write({
            'silent_since': fields.Datetime.now() - timedelta(minutes=20), 'silences': 5,
            'silent_until': fields.Datetime.now() - timedelta(seconds=1)})
        self.bank.pay(self.due(1).tochka_operation_id)
        with self.no_time():
            self.run_once('cron_sweep')
        self.assertEqual(self.bank.count('list_payments'), 1)
        self.assertFalse(self.connection.silent_since)

    def test_clock_that_was_set_back(self):
        self.connection.sudo().write({
            'silent_since': fields.Datetime.now() + timedelta(hours=20), 'silences': 5,
            'silent_until': fields.Datetime.now() + timedelta(hours=21)})
        self.due(1)
        self.run_once('cron_poll')
        self.assertEqual(self.bank.count('get_payment'), 1)
        self.assertFalse(self.connection.silent_since)

    def test_access_that_can_not_be_renewed_is_tried_once(self):
        """ The service of access hangs: one call, not one for each notification. """
        transactions = self.due(3)
        self.env['tochka.webhook.event'].sudo().create([{
            'digest': transaction.tochka_operation_id, 'state': 'new',
            'operation_id': transaction.tochka_operation_id,
            'received_at': fields.Datetime.now(),
            'next_try_at': fields.Datetime.now() - timedelta(seconds=1),
            'company_id': self.company.id, 'connection_id': self.connection.id,
        } for transaction in transactions])
        with patch.object(
            type(self.connection), '_client', side_effect=errors.NotSent("no access"),
        ) as asked:
            self.run_once('cron_process_events')
        self.assertEqual(asked.call_count, 1)
        self.assertTrue(self.connection.silent_since)

    def test_certificate_is_no_silence(self):
        self.due(1)
        self.bank.fail('list_payments', errors.TlsError("not trusted"))
        self.run_once('cron_sweep')
        self.assertFalse(self.connection.silent_since)
        self.assertEqual(self.connection.state, 'attention')
        self.assertEqual(self.connection.problem_ids.mapped('code'), ['certificate'])

    def test_a_person_is_asked_after_an_hour_and_not_after_the_answer(self):
        self.due(1)
        self.be_silent()
        self.connection.sudo().write({
            'silent_since': fields.Datetime.now() - timedelta(
                minutes=tuning.SILENCE_MINUTES + 1),
            'silent_until': fields.Datetime.now() - timedelta(seconds=1), 'silences': 9})
        self.run_once('cron_poll')
        self.assertEqual(self.connection.state, 'attention')
        self.assertEqual(len(self.connection.activity_ids), 1)
        self.bank.failures.clear()
        self.connection.sudo().silent_until = fields.Datetime.now() - timedelta(seconds=1)
        self.due(1)
        self.run_once('cron_poll')
        self.assertEqual(self.connection.state, 'connected')
        self.assertFalse(self.connection.activity_ids)
