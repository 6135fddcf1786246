# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime, timedelta, timezone

from freezegun import freeze_time

from odoo import fields
from odoo.tests import tagged

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.api.text import payment_link_id
from odoo.addons.tochka_acquiring.tests.common import TochkaCommon


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestJobs(TochkaCommon):
    """ All of it works without any webhook. """

    def test_delays_grow(self):
        with freeze_time('2026-03-01 10:00:00'):
            transaction = self.create_tx(self.create_invoice())
            transaction.tochka_link_expires_at = datetime(2026, 3, 1, 11, 0)
            minutes = []
            for _time in range(8):
                transaction._tochka_schedule_poll()
                delay = transaction.tochka_next_poll_at - fields.Datetime.now()
                minutes.append(delay.total_seconds() / 60)
        self.assertEqual(minutes, [1, 2, 3, 5, 8, 13, 21, 34])

    def test_poll_goes_on_for_a_day_beyond_the_link(self):
        transaction = self.create_tx(self.create_invoice())
        transaction.tochka_link_expires_at = datetime(2026, 3, 1, 11, 0)
        with freeze_time('2026-03-02 10:59:00'):
            transaction._tochka_schedule_poll()
            transaction._tochka_end_poll()
            self.assertTrue(transaction.tochka_next_poll_at, "The bank may be late")
        with freeze_time('2026-03-02 11:00:00'):
            transaction._tochka_schedule_poll()
            self.assertEqual(transaction.tochka_next_poll_at, datetime(2026, 3, 3, 11, 0))
            transaction._tochka_end_poll()
            self.assertFalse(transaction.tochka_next_poll_at, "The bank has answered")

    def test_silent_bank_does_not_end_the_poll(self):
        """ The key ended on Friday, somebody paid, and the key is renewed on Wednesday. """
        transaction = self.create_linked_tx()
        transaction.tochka_link_expires_at = fields.Datetime.now() - timedelta(days=3)
        for _time in range(2):
            self.make_due(transaction)
            self.bank.fail('get_payment', errors.Unauthorized("ended", http_status=403))
            self.run_job('cron_poll')
            self.assertTrue(transaction.tochka_next_poll_at)
        self.bank.pay(transaction.tochka_operation_id)
        self.make_due(transaction)
        self.run_job('cron_poll')
        self.assertEqual(transaction.state, 'done')

    def test_instalments_are_asked_for_until_they_have_come(self):
        transaction = self.create_linked_tx()
        self.bank.change(transaction.tochka_operation_id, status='WAIT_FULL_PAYMENT')
        transaction.tochka_link_expires_at = fields.Datetime.now() - timedelta(days=20)
        self.make_due(transaction)
        self.run_job('cron_poll')
        self.assertEqual(transaction.state, 'pending')
        self.assertTrue(transaction.tochka_next_poll_at)

    def test_one_that_breaks_does_not_stop_the_others(self):
        first, second = self.create_linked_tx(), self.create_linked_tx()
        self.make_due(first + second)
        self.bank.pay(first.tochka_operation_id)
        self.bank.pay(second.tochka_operation_id)
        self.bank.fail('get_payment', ZeroDivisionError("a defect"))
        with self.assertLogs('odoo.addons.tochka_acquiring', 'ERROR'):
            self.run_job('cron_poll')
        self.assertEqual(sorted((first + second).mapped('state')), ['done', 'draft'])

    def make_due(self, transactions):
        transactions.write({'tochka_next_poll_at': fields.Datetime.now() - timedelta(minutes=1)})

    def test_lost_webhook_is_found_by_the_poll(self):
        transaction = self.create_linked_tx()
        self.bank.pay(transaction.tochka_operation_id)
        self.make_due(transaction)
        self.run_job('cron_poll')
        self.assertEqual(transaction.state, 'done')
        self.assertFalse(transaction.tochka_next_poll_at)

    def test_poll_reads_only_what_is_due(self):
        due, later = self.create_linked_tx(), self.create_linked_tx()
        self.make_due(due)
        self.run_job('cron_poll')
        read = [v['operation_id'] for n, v in self.bank.calls if n == 'get_payment']
        self.assertEqual(read, [due.tochka_operation_id])
        self.assertTrue(due.tochka_next_poll_at > fields.Datetime.now())
        self.assertTrue(later)

    def test_one_silent_answer_does_not_stop_the_others(self):
        first, second = self.create_linked_tx(), self.create_linked_tx()
        self.make_due(first + second)
        for transaction in first + second:
            self.bank.pay(transaction.tochka_operation_id)
        self.bank.fail('get_payment', errors.OutcomeUnknown("silence"))
        self.run_job('cron_poll')
        asked = (first + second).filtered(
            lambda tx: tx.tochka_next_poll_at > fields.Datetime.now())
        self.assertEqual(len(asked), 1, "The other has not lost its turn")
        self.run_job('cron_poll')  # when the bank may be asked again
        self.assertEqual((first + second - asked).state, 'done')
        self.assertEqual(asked.state, 'draft')

    def test_expired_link_is_cancelled_by_the_poll(self):
        transaction = self.create_linked_tx()
        self.bank.change(transaction.tochka_operation_id, status='EXPIRED')
        self.make_due(transaction)
        self.run_job('cron_poll')
        self.assertEqual(transaction.state, 'cancel')

    def test_lost_webhook_and_poll_are_found_by_the_sweep(self):
        transactions = [self.create_linked_tx() for _count in range(3)]
        for transaction in transactions:
            transaction.tochka_next_poll_at = False
            self.bank.pay(transaction.tochka_operation_id)
        self.run_job('cron_sweep')
        self.assertEqual([t.state for t in transactions], ['done'] * 3)
        self.assertEqual(self.bank.count('list_payments'), 1, "One call, not one for each")
        self.assertEqual(self.bank.count('get_payment'), 0)

    def test_sweep_looks_back_over_the_longest_link(self):
        self.provider.tochka_link_ttl = 10 * 24 * 60
        self.run_job('cron_sweep')
        call = next(values for name, values in self.bank.calls if name == 'list_payments')
        self.assertEqual(call['from_date'], fields.Date.today() - timedelta(days=12))

    def test_sweep_reaches_back_to_the_last_one(self):
        """ The key had ended three weeks ago; what was paid before must still be found. """
        entity = self.merchant.legal_entity_id
        self.run_job('cron_sweep')
        self.assertTrue(entity.swept_at)
        entity.swept_at = fields.Datetime.now() - timedelta(days=21)
        self.bank.fail('list_payments', errors.Unauthorized("ended", http_status=403))
        self.run_job('cron_sweep')
        self.assertEqual(entity.swept_at.date(), fields.Date.today() - timedelta(days=21))
        self.bank.calls.clear()
        self.run_job('cron_sweep')
        call = next(values for name, values in self.bank.calls if name == 'list_payments')
        self.assertLessEqual(call['from_date'], fields.Date.today() - timedelta(days=23))
        self.assertEqual(entity.swept_at.date(), fields.Date.today())

    def test_sweep_finds_a_payment_after_cancel(self):
        transaction = self.create_linked_tx()
        self.bank.change(transaction.tochka_operation_id, status='EXPIRED')
        self.refresh(transaction)
        self.assertEqual(transaction.state, 'cancel')
        self.bank.pay(transaction.tochka_operation_id)
        self.run_job('cron_sweep')
        self.assertEqual(transaction.state, 'done')

    def test_paid_operation_without_a_transaction_becomes_an_orphan_once(self):
        uuid = self.env['ir.config_parameter'].sudo().get_param('database.uuid')
        lost = self.bank.add(payment_link_id=payment_link_id('LOST-1', uuid), amount=5)
        self.bank.add(payment_link_id=payment_link_id('LOST-2', uuid), amount=5)  # not paid
        foreign = self.bank.add(payment_link_id='of-another-system', amount=5)
        self.bank.pay(lost.operation_id)
        self.bank.pay(foreign.operation_id)
        for _time in range(2):
            self.run_job('cron_sweep')
        orphans = self.env['tochka.webhook.event'].search([('state', '=', 'orphan')])
        self.assertEqual(orphans.mapped('operation_id'), [lost.operation_id])
        self.assertEqual(orphans.source, 'sweep')
        self.assertEqual(len(orphans.activity_ids), 1)

    def test_sweep_that_fails_is_reported(self):
        self.bank.fail('list_payments', errors.Unauthorized("Missing permission", http_status=403))
        self.run_job('cron_sweep')
        self.assertEqual(self.connection.state, 'attention')

    def test_poll_after_a_stop_asks_for_a_sweep(self):
        cron = self.env.ref('tochka_acquiring.cron_poll').sudo()
        triggers = self.env['ir.cron.trigger'].sudo()
        sweep = self.env.ref('tochka_acquiring.cron_sweep')
        cron.lastcall = fields.Datetime.now() - timedelta(minutes=1)
        self.run_job('cron_poll')
        self.assertFalse(triggers.search_count([('cron_id', '=', sweep.id)]))
        cron.lastcall = fields.Datetime.now() - timedelta(minutes=const.STOP_MINUTES + 5)
        self.run_job('cron_poll')
        self.assertTrue(triggers.search_count([('cron_id', '=', sweep.id)]))

    def test_old_link_of_a_changed_provider_is_read_with_its_own_shop(self):
        """ The accountant chooses another shop while a link is open. """
        transaction = self.create_linked_tx()
        other = self.merchant.copy({
            'merchant_id': '200000000012346', 'payment_modes': 'card',
            'legal_entity_id': self.merchant.legal_entity_id.id,
        })
        self.provider.tochka_merchant_id = other
        self.bank.pay(transaction.tochka_operation_id, paid_at=datetime.now(timezone.utc))
        self.make_due(transaction)
        self.run_job('cron_poll')
        self.assertEqual(transaction.state, 'done')
