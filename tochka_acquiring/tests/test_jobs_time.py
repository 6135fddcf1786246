# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import resource
import time
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.base.models.ir_cron import MIN_TIME_PER_JOB
from odoo.addons.tochka_acquiring import const, tuning
from odoo.addons.tochka_acquiring.models.connection import (
    tochka_connection_data,
    tochka_connection_oauth,
)
from odoo.addons.tochka_acquiring.tests.jobs_common import JobsMixin
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon

LATE = timedelta(minutes=5)


@tagged('post_install', '-at_install')
class TestEveryJob(JobsMixin, RefundCommon):
    """ Each job, with three pieces of work and time for one of them in each run. """

    def setUp(self):
        super().setUp()
        # Nothing that other tests or the setup have left is due.
        self.env['ir.cron.trigger'].sudo().search([]).unlink()

    # What each job has to do, and how one sees what is left of it.

    def prepare_poll(self):
        transactions = self.linked(3)
        transactions.tochka_next_poll_at = fields.Datetime.now() - LATE
        return lambda: len(transactions.filtered(lambda tx: tx.state == 'draft'))

    def prepare_sweep(self):
        transactions = self.linked(3)
        return lambda: len(transactions.filtered(lambda tx: tx.state == 'draft'))

    def prepare_process_events(self):
        self.startPatcher(patch.object(tuning, 'EVENT_BATCH', 1))
        transactions = self.linked(3)
        events = self.env['tochka.webhook.event'].sudo().create([{
            'digest': transaction.tochka_operation_id, 'state': 'new',
            'operation_id': transaction.tochka_operation_id,
            'received_at': fields.Datetime.now(), 'next_try_at': fields.Datetime.now() - LATE,
            'company_id': self.company.id, 'connection_id': self.connection.id,
        } for transaction in transactions])
        return lambda: len(events.filtered(lambda event: event.state == 'new'))

    prepare_process_events_2 = prepare_process_events

    def prepare_monitor(self):
        transactions = self.linked(3)
        for transaction in transactions:
            self.refresh(transaction)
        transactions.last_state_change = fields.Datetime.now() - timedelta(
            minutes=const.STUCK_MINUTES + 1)
        return lambda: len(transactions.filtered(lambda tx: not tx.is_post_processed))

    def prepare_money(self):
        payments = self.env['payment.transaction'].union(*[self.paid() for _count in range(3)])
        payments.payment_id.action_draft()
        return lambda: len(payments.filtered(lambda tx: not tx.tochka_problem_ids))

    def prepare_refund(self):
        refunds = self.env['tochka.refund'].sudo().union(*[
            self.ask_refund(self.paid()) for _count in range(3)])
        return lambda: len(refunds.filtered(lambda refund: refund.state == 'requested'))

    def prepare_refund_sweep(self):
        payments = [self.paid() for _count in range(3)]
        for payment in payments:
            self.bank.give_back(payment.tochka_operation_id, 100)
        return lambda: sum(not payment.tochka_refund_ids for payment in payments)

    def prepare_refresh(self):
        return self.count_connections('_check_in_job', tochka_connection_data)

    def prepare_renew_access(self):
        return self.count_connections('_renew_in_job', tochka_connection_oauth)

    def count_connections(self, method, module):
        """ Return what tells how many connections a method has not been called for. """
        for number in range(2):
            self.create_connection(customer_code=f'30000000{number}', merchant_id=f'm{number}')
        connections = self.env['tochka.connection'].search([('state', '=', 'connected')])
        seen = []
        self.startPatcher(patch.object(
            module.TochkaConnection, method, lambda connection: seen.append(connection.id)))
        return lambda: 3 - len(set(seen) & set(connections.ids)) if len(seen) <= 3 else -1

    def linked(self, count):
        """ Return transactions whose payers have paid, unknown to Odoo. """
        transactions = self.env['payment.transaction'].sudo().union(*[
            self.create_linked_tx() for _count in range(count)])
        for transaction in transactions:
            self.bank.pay(transaction.tochka_operation_id)
        return transactions

    # The rules.

    def test_all_are_in_the_table(self):
        table = {name.replace('prepare_', 'cron_') for name in dir(self)
                 if name.startswith('prepare_')}
        self.assertEqual(self.jobs(), table)

    def check(self, name):
        left = getattr(self, name.replace('cron_', 'prepare_'))()
        # An administrator may give a job to whomever he likes.
        self.env.ref(f'tochka_acquiring.{name}').sudo().user_id = self.env.ref('base.user_admin')
        self.env['ir.cron.trigger'].sudo().search([]).unlink()
        self.assertEqual(left(), 3)
        with self.no_time(), self.told() as told:
            self.run_once(name)
            self.assertEqual(left(), 2, "It stops when its time is over")
            woken = name.removesuffix('_2')  # The inbox wakes its first lane.
            self.assertTrue(self.wakes(woken), "It wakes itself")
            self.assertTrue(told, "It tells the workers")
            progress = self.env['ir.cron.progress'].sudo().search([
                ('cron_id', '=', self.env.ref(f'tochka_acquiring.{name}').id)],
                order='id desc', limit=1)
            self.assertTrue(progress.done, "Odoo sees that it gets on")
            self.assertFalse(progress.remaining, "Odoo does not run it again by itself")
            self.run_until_idle(woken)
        self.assertEqual(left(), 0)


for _name in [name for name in dir(TestEveryJob) if name.startswith('prepare_')]:
    _job = _name.replace('prepare_', 'cron_')
    setattr(TestEveryJob, f'test_{_job}', lambda self, job=_job: self.check(job))


@tagged('post_install', '-at_install')
class TestTime(JobsMixin, RefundCommon):
    """ How long a run lasts, and how a walk goes on. """

    def time_left(self, started, cpu=None, limit=resource.RLIM_INFINITY):
        cron = self.env['ir.cron'].with_context(
            ir_cron_progress_id=None, cron_end_time=started + MIN_TIME_PER_JOB)
        with patch.object(type(cron), '_commit_progress', lambda cron, processed=0: max(
            cron.env.context['cron_end_time'] - time.monotonic(), 0)), patch(
            'resource.getrlimit', lambda _kind: (limit, limit)), patch(
            'time.process_time', lambda: cpu or 0):
            return cron._tochka_time_left()

    def test_real_time(self):
        now = time.monotonic()
        self.assertLessEqual(self.time_left(now), tuning.JOB_SECONDS)
        self.assertGreater(self.time_left(now), tuning.JOB_SECONDS - 1)
        self.assertEqual(self.time_left(now - tuning.JOB_SECONDS), 0)

    def test_time_of_the_processor(self):
        """ The limit of the worker's whole round, in which other jobs have run before. """
        now = time.monotonic()
        self.assertGreater(self.time_left(now, cpu=100, limit=160), 1)
        self.assertLessEqual(self.time_left(now, cpu=142, limit=160), 3)
        self.assertEqual(self.time_left(now, cpu=146, limit=160), 0)

    def test_walk_passes_one_that_breaks(self):
        """ With time for one record a run, the first of which always breaks. """
        partners = self.env['res.partner'].create([{'name': str(n)} for n in range(4)])
        seen = []

        def work(partner):
            seen.append(partner.id)
            if partner == partners[0]:
                raise ZeroDivisionError("a defect")

        def job(transaction):
            transaction.env['ir.cron']._tochka_walk(
                'tochka_acquiring.cron_monitor', transaction.env['res.partner'],
                [('id', 'in', partners.ids)], work)

        with self.no_time(), patch.object(
            type(self.env['payment.transaction']), '_cron_tochka_monitor', job
        ), self.assertLogs('odoo.addons.tochka_acquiring', 'ERROR'):
            self.run_until_idle('cron_monitor')
        self.assertEqual(seen, partners.ids)
        with patch.object(type(self.env['payment.transaction']), '_cron_tochka_monitor', job), \
                self.assertLogs('odoo.addons.tochka_acquiring', 'ERROR'):
            self.run_once('cron_monitor')
        self.assertEqual(seen, partners.ids * 2, "The next walk begins at the first")

    def test_walk_that_was_broken_off_long_ago_begins_anew(self):
        cron = self.env.ref('tochka_acquiring.cron_monitor').sudo()
        old = self.env['ir.cron.progress'].sudo().create({
            'cron_id': cron.id, 'tochka_position': 7})
        new = self.env['ir.cron.progress'].sudo().create({'cron_id': cron.id})
        self.env.flush_all()
        self.assertEqual(new._tochka_last_position(), 7)
        self.env.cr.execute(
            "UPDATE ir_cron_progress SET write_date = write_date - interval '1 hour' WHERE id = %s",
            [old.id])
        self.env.invalidate_all()
        self.assertEqual(new._tochka_last_position(), 0)
