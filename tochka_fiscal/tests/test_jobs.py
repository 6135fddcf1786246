# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.jobs_common import JobsMixin
from odoo.addons.tochka_acquiring.tests.test_webhook_speed import recorded_queries
from odoo.addons.tochka_acquiring.utils import bank_day
from odoo.addons.tochka_fiscal import tuning
from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.tests.test_closing import ClosingCommon
from odoo.addons.tochka_fiscal.tests.test_lane import LaneCommon


class FiscalJobsMixin(JobsMixin):
    module = 'tochka_fiscal'


@tagged('post_install', '-at_install')
class TestEveryJob(FiscalJobsMixin, LaneCommon, ClosingCommon):
    """ Each job, with three pieces of work and time for one of them in each run. """

    def prepare_lane(self, lane):
        receipts = self.make_receipts(3 * tuning.LANES).filtered(
            lambda receipt: receipt.id % tuning.LANES == lane)
        return lambda: len(receipts.filtered(lambda receipt: receipt.state == 'queued'))

    def prepare_lane_0(self):
        return self.prepare_lane(0)

    def prepare_lane_1(self):
        return self.prepare_lane(1)

    def prepare_overdue(self):
        receipts = self.make_receipts(3)
        receipts.paid_at = fields.Datetime.now() - timedelta(hours=2)
        return lambda: len(receipts.filtered(lambda receipt: not receipt.activity_ids))

    def prepare_watch(self):
        attempts = self.env['fiscal.attempt'].sudo()
        for receipt in self.make_receipts(3):
            attempts |= receipt._open_attempt()
        attempts.write({
            'outcome': 'failed', 'task': '1', 'watched_until': fields.Datetime.now()})
        self.till.till = 'failed'
        self.startPatcher(patch.object(
            self.till, 'status', lambda key, task: base.Result(state='failed')))
        return lambda: len(attempts.filtered('watched_until'))

    def prepare_period(self):
        today = bank_day(fields.Datetime.now())
        taxes = self.env['account.tax'].sudo().create([{
            'name': f"Tax {number}", 'amount': 5.0, 'type_tax_use': 'sale',
            'company_id': self.company.id} for number in range(3)])
        for tax in taxes:
            # Each has two rows, of which one does something.
            tax._fiscal_plan_vat(today, 'vat7')
        self.env['fiscal.period'].sudo().search([('date_from', '<', today)]).unlink()
        self.env.flush_all()
        self.env.cr.execute("UPDATE account_tax SET fiscal_vat = 'vat5' WHERE id = ANY(%s)",
                            [taxes.ids])
        self.env.invalidate_all()
        return lambda: len(taxes.filtered(lambda tax: tax.fiscal_vat == 'vat5'))

    def prepare_income(self):
        companies = self.company
        for number in range(2):
            companies |= self.env['res.company'].sudo().create({
                'name': f"Firm {number}", 'currency_id': self.rub.id})
        seen = []
        self.startPatcher(patch.object(
            type(companies), '_fiscal_watch_income',
            lambda company: company in companies and seen.append(company.id)))
        self.env['res.company'].sudo().search([
            ('id', 'not in', companies.ids), ('currency_id', '=', self.rub.id)]).currency_id = (
                self.env.ref('base.EUR'))
        return lambda: 3 - len(seen)

    def prepare_closing(self):
        self.provider.sudo().fiscal_closing = 'auto'
        prepayments = self.env['fiscal.receipt'].sudo()
        for _count in range(3):
            prepayments |= self.prepay(self.future_invoice())
        prepayments.closing_looked_at = False
        return lambda: len(prepayments.filtered(lambda one: not one.closing_looked_at))

    def prepare_check(self):
        registers = self.register | self.register.copy({'state': 'ready'}) | self.register.copy(
            {'state': 'ready'})
        registers.checked_at = False
        return lambda: len(registers.filtered(lambda register: not register.checked_at))

    # The rules.

    def test_all_are_in_the_table(self):
        table = {name.replace('prepare_', 'cron_') for name in dir(self)
                 if name.startswith('prepare_')}
        self.assertEqual(self.jobs(), table - {'cron_lane'})

    def check(self, name):
        left = getattr(self, name.replace('cron_', 'prepare_'))()
        # An administrator may give a job to whomever he likes.
        self.env.ref(f'tochka_fiscal.{name}').sudo().user_id = self.env.ref('base.user_admin')
        self.env['ir.cron.trigger'].sudo().search([]).unlink()
        self.assertEqual(left(), 3)
        with self.no_time(), self.told() as told:
            self.run_once(name)
            self.assertEqual(left(), 2, "It stops when its time is over")
            self.assertTrue(self.wakes(name), "It wakes itself")
            self.assertTrue(told, "It tells the workers")
            progress = self.env['ir.cron.progress'].sudo().search([
                ('cron_id', '=', self.env.ref(f'tochka_fiscal.{name}').id)],
                order='id desc', limit=1)
            self.assertTrue(progress.done, "Odoo sees that it gets on")
            self.assertFalse(progress.remaining, "Odoo does not run it again by itself")
            self.run_until_idle(name)
        self.assertEqual(left(), 0)


for _name in ('lane_0', 'lane_1', 'overdue', 'closing', 'check'):
    setattr(TestEveryJob, f'test_{_name}', lambda self, job=f'cron_{_name}': self.check(job))


@tagged('post_install', '-at_install')
class TestLane(FiscalJobsMixin, LaneCommon):
    """ What a lane asks of the database, and how it works in batches. """

    def queries(self, count):
        """ Return the queries of a run that prints so many receipts. """
        self.make_receipts(count * tuning.LANES)
        before = len(self.till.printed)
        with recorded_queries() as seen:
            self.run_once('cron_lane_0')
        self.assertEqual(len(self.till.printed) - before, count)
        self.env['fiscal.receipt'].sudo().search([]).next_try_at = False
        return seen

    def test_it_looks_once(self):
        seen = self.queries(8)
        looks = [query for query in seen if 'next_try_at' in query and 'LIMIT' in query]
        self.assertEqual(len(looks), 1, '\n'.join(looks))

    def test_receipts_are_read_one_by_one(self):
        """ Odoo forgets at each commit; a record of a large set would read all of it again. """
        seen = []
        with patch.object(
            type(self.env['fiscal.receipt']), '_work', lambda receipt: seen.append(
                len(receipt._prefetch_ids)) or None):
            self.queries_of_nothing()
        self.assertEqual(seen, [1] * len(seen))
        self.assertGreater(len(seen), 3)

    def queries_of_nothing(self):
        self.make_receipts(4 * tuning.LANES)
        self.run_once('cron_lane_0')

    def test_batches(self):
        """ More than one batch: it goes on by itself, in order, until nothing is left. """
        self.startPatcher(patch.object(tuning, 'LANE_BATCH', 3))
        receipts = self.make_receipts(14).filtered(lambda one: one.id % tuning.LANES == 0)
        self.assertGreaterEqual(self.run_until_idle('cron_lane_0'), 3)
        self.assertEqual(
            [key for _moment, key in self.till.moments],
            [receipt.attempt_ids.key for receipt in receipts])

    def test_asking_never_holds_up_sending(self):
        self.startPatcher(patch.object(tuning, 'LANE_BATCH', 2))
        receipts = self.make_receipts(4 * tuning.LANES).filtered(
            lambda one: one.id % tuning.LANES == 0)
        for receipt in receipts[:2]:
            self.put_state(receipt, 'accepted')
        self.run_once('cron_lane_0')
        self.assertEqual(
            [key for _moment, key in self.till.moments],
            [receipt.attempt_ids.key for receipt in receipts[2:]])

    def test_silent_register_is_tried_by_one_lane(self):
        """ Two that hang would hold both workers of a default Odoo. """
        self.make_receipts(6)
        for _time in range(2):
            self.till.fail(base.OutcomeUnknown("down"))
        self.register.write({
            'silent_since': fields.Datetime.now() - timedelta(minutes=1), 'silences': 1,
            'silent_until': fields.Datetime.now() - timedelta(seconds=1)})
        self.run_lanes()
        self.assertEqual(len(self.till.moments), 1)

    def test_closing_does_not_wake_for_what_it_has_just_seen(self):
        self.startPatcher(patch.object(tuning, 'CLOSING_BATCH', 1))
        self.provider.sudo().fiscal_closing = 'auto'
        self.run_until_idle('cron_closing', limit=10)
