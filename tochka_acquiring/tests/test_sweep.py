# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta
from unittest.mock import patch

from freezegun import freeze_time
from psycopg2.errors import SerializationFailure

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring import const, tuning
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.common import CUSTOMER_CODE
from odoo.addons.tochka_acquiring.tests.jobs_common import JobsMixin
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon


@tagged('post_install', '-at_install')
class TestSweepGoesOn(JobsMixin, RefundCommon):
    """ A sweep that is broken off goes on where it was, and the poll stands back. """

    def setUp(self):
        super().setUp()
        self.entity = self.merchant.legal_entity_id
        self.env['ir.cron.trigger'].sudo().search([]).unlink()

    def paid_unknown(self, count):
        """ Return transactions whose payers have paid, unknown to Odoo. """
        transactions = self.env['payment.transaction'].sudo().union(*[
            self.create_linked_tx() for _count in range(count)])
        for transaction in transactions:
            self.bank.pay(transaction.tochka_operation_id)
        self.bank.calls.clear()
        return transactions

    def pages(self):
        """ Return the pages that were read: customer, status, page. """
        return [(values['customer_code'], values['status'], values['page'])
                for name, values in self.bank.calls if name == 'list_payments']

    def test_it_goes_on_at_its_page(self):
        self.bank.page_size = 3
        transactions = self.paid_unknown(7)
        with self.no_time(4):
            self.run_once('cron_sweep')
            self.assertTrue(self.entity.sweep_began_at)
            self.assertFalse(self.entity.swept_at)
            self.assertEqual(transactions.mapped('state').count('done'), 4)
            self.run_until_idle('cron_sweep')
        self.assertEqual([page for _code, _status, page in self.pages()], [1, 2, 2, 3])
        self.assertEqual(set(transactions.mapped('state')), {'done'})
        self.assertTrue(self.entity.swept_at)
        self.assertFalse(self.entity.sweep_began_at or self.entity.sweep_place)

    @mute_logger('odoo.sql_db')
    def test_it_begins_while_the_poll_asks_for_it(self):
        """ PostgreSQL lets one of two wait for the other, and then refuses its write. """
        [transaction] = self.paid_unknown(1)
        entities = type(self.entity)
        with patch.object(entities, 'write', side_effect=SerializationFailure):
            self.run_once('cron_sweep')
        self.assertFalse(self.pages())
        self.run_until_idle('cron_sweep')
        self.assertEqual(transaction.state, 'done')

    def test_what_does_not_fit_is_passed(self):
        """ Operations that stay behind whatever is done, with time for one in each run. """
        transactions = self.paid_unknown(3)
        for transaction in transactions:
            self.bank.change(transaction.tochka_operation_id, amount=7)
        with self.no_time():
            self.assertLessEqual(self.run_until_idle('cron_sweep'), 4)
        self.assertTrue(self.entity.swept_at)
        self.assertTrue(all(transaction.tochka_problem_ids for transaction in transactions))

    def test_one_that_breaks_does_not_stop_the_others(self):
        transactions = self.paid_unknown(3)
        bad = transactions[1]
        real = type(bad)._tochka_apply_operation

        def apply(transaction, operation):
            if transaction.id == bad.id:
                raise ZeroDivisionError("a defect")
            return real(transaction, operation)

        self.patch(type(bad), '_tochka_apply_operation', apply)
        with self.assertLogs('odoo.addons.tochka_acquiring', 'ERROR'):
            self.run_once('cron_sweep')
        self.assertEqual(transactions.mapped('state'), ['done', 'draft', 'done'])
        self.assertTrue(self.entity.swept_at)

    def keep_busy(self, transaction, times):
        """ Let somebody else work on a transaction so many times. """
        real, left = type(transaction)._tochka_apply_operation, [times]

        def apply(one, operation):
            if one.id == transaction.id and left[0]:
                left[0] -= 1
                return 'busy'
            return real(one, operation)

        self.patch(type(transaction), '_tochka_apply_operation', apply)

    def test_busy_one_is_looked_at_again(self):
        """ Not in the next night only. """
        transactions = self.paid_unknown(3)
        self.keep_busy(transactions[1], 1)
        self.run_once('cron_sweep')
        self.assertEqual(set(transactions.mapped('state')), {'done'})
        self.assertTrue(self.entity.swept_at)
        self.assertEqual(self.bank.count('get_payment'), 1)

    def test_one_that_stays_busy_is_come_back_to(self):
        transactions = self.paid_unknown(3)
        self.keep_busy(transactions[1], 2)
        self.run_once('cron_sweep')
        self.assertEqual(transactions.mapped('state'), ['done', 'draft', 'done'])
        self.assertFalse(self.entity.swept_at)
        trigger = self.env['ir.cron.trigger'].sudo().search([
            ('cron_id', '=', self.env.ref('tochka_acquiring.cron_sweep').id)])
        with freeze_time(trigger.call_at):
            self.run_once('cron_sweep')
        self.assertEqual(transactions[1].state, 'done')
        self.assertTrue(self.entity.swept_at)
        self.assertEqual(len(self.pages()), 1, "The list is not read again")

    def test_who_has_waited_longest_comes_first(self):
        entities = self.entity
        for number in range(1, 4):
            _connection, merchant = self.create_connection(
                customer_code=f'30000000{number}', merchant_id=f'm{number}')
            entities |= merchant.legal_entity_id
        now = fields.Datetime.now()
        for entity, hours in zip(entities, (30, 50, 40, 0), strict=True):
            entity.sudo().swept_at = hours and now - timedelta(hours=hours)
        self.bank.calls.clear()
        self.run_once('cron_sweep')
        self.assertEqual([code for code, _status, _page in self.pages()], [
            '300000003', '300000001', '300000002', CUSTOMER_CODE])

    def test_silent_bank_is_asked_again_and_no_other_waits(self):
        _connection, merchant = self.create_connection(customer_code='300000001', merchant_id='m1')
        self.bank.fail('list_payments', errors.OutcomeUnknown("silence"))
        self.bank.calls.clear()
        self.run_once('cron_sweep')
        self.assertEqual(len(self.pages()), 2)
        left = (self.entity | merchant.legal_entity_id).filtered(lambda one: not one.swept_at)
        self.assertEqual(len(left), 1)
        trigger = self.env['ir.cron.trigger'].sudo().search([
            ('cron_id', '=', self.env.ref('tochka_acquiring.cron_sweep').id)])
        self.assertEqual(trigger.call_at, left.connection_id.silent_until)
        with freeze_time(trigger.call_at):
            self.run_once('cron_sweep')
        self.assertTrue(left.swept_at)
        self.assertEqual(len(self.pages()), 3, "Only what was left")

    def test_refund_sweep_goes_on_at_its_list(self):
        payments = [self.paid() for _count in range(4)]
        for payment in payments[:2]:
            self.bank.give_back(payment.tochka_operation_id, 1000)
        for payment in payments[2:]:
            self.bank.give_back(payment.tochka_operation_id, 100)
        self.bank.calls.clear()
        with self.no_time(3):
            self.run_until_idle('cron_refund_sweep')
        self.assertTrue(all(payment.tochka_refund_ids for payment in payments))
        statuses = [status for _code, status, _page in self.pages()]
        self.assertEqual(statuses, [
            const.REFUND_STATUSES[0], const.REFUND_STATUSES[1], const.REFUND_STATUSES[2],
            const.REFUND_STATUSES[2]])

    # === THE POLL STANDS BACK === #

    def test_poll_stands_back(self):
        transactions = self.paid_unknown(4)
        transactions.tochka_next_poll_at = fields.Datetime.now() - timedelta(minutes=1)
        with self.no_time(2):
            self.run_once('cron_sweep')
        self.assertTrue(self.entity.sweep_began_at)
        self.run_once('cron_poll')
        self.assertEqual(self.bank.count('get_payment'), 0)
        self.run_until_idle('cron_sweep')
        self.assertEqual(set(transactions.mapped('state')), {'done'})
        other = self.create_linked_tx()
        other.tochka_next_poll_at = fields.Datetime.now() - timedelta(minutes=1)
        self.run_once('cron_poll')
        self.assertEqual(self.bank.count('get_payment'), 1)

    def test_it_does_not_stand_back_for_ever(self):
        """ The sweep was killed, or lasts. """
        transactions = self.paid_unknown(1)
        transactions.tochka_next_poll_at = fields.Datetime.now() - timedelta(minutes=1)
        self.entity.sudo().sweep_began_at = fields.Datetime.now() - timedelta(
            minutes=tuning.STAND_BACK_MINUTES + 1)
        self.run_once('cron_poll')
        self.assertEqual(transactions.state, 'done')

    def test_after_a_stop_the_sweep_goes_first(self):
        transactions = self.paid_unknown(3)
        transactions.tochka_next_poll_at = fields.Datetime.now() - timedelta(minutes=1)
        self.entity.sudo().swept_at = fields.Datetime.now() - timedelta(hours=1)
        self.env.ref('tochka_acquiring.cron_poll').sudo().lastcall = (
            fields.Datetime.now() - timedelta(minutes=const.STOP_MINUTES + 1))
        self.run_once('cron_poll')
        self.assertEqual(self.bank.count('get_payment'), 0)
        self.assertTrue(self.wakes('cron_sweep'))
        self.run_until_idle('cron_sweep')
        self.assertEqual(set(transactions.mapped('state')), {'done'})
        self.assertEqual(self.bank.count('get_payment'), 0)
