# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import os
from datetime import timedelta
from unittest.mock import patch

from odoo.tests import tagged

from odoo.addons.tochka_acquiring import tuning
from odoo.addons.tochka_acquiring.tests.posting_common import Picture, PostingCommon, differences
from odoo.addons.tochka_acquiring.tests.test_webhook_speed import recorded_queries

JOB = 'payment.cron_post_process_payment_tx'


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestPostingBatch(PostingCommon):
    """ Many payments are posted together, with the same result as one by one. """

    def run_posting(self, transactions):
        """ Run the job until it has been through with all, however short its time is. """
        for _time in transactions:
            self.env.flush_all()
            self.env.ref(JOB).sudo().method_direct_trigger()
            self.env.invalidate_all()
            if all(tx.is_post_processed or tx.tochka_posting_failed_at for tx in transactions):
                return

    def one_by_one(self, transactions):
        """ As Odoo's own loop does it, but for its order, which is that of the newest first. """
        with patch.object(
            type(self.env['payment.transaction']), '_tochka_split',
            lambda waiting: [[transaction_id] for transaction_id in waiting.sorted('id').ids],
        ):
            self.run_posting(transactions)

    def check_night(self, seed, count):
        transactions = self.night(seed, count)
        picture = Picture(self.env)
        pictures = []
        for work in (self.one_by_one, self.run_posting):
            savepoint = self.env.cr.savepoint()
            work(transactions.with_prefetch())
            self.assertTrue(all(transactions.mapped('is_post_processed')), f'seed {seed}')
            pictures.append(picture.take(transactions))
            savepoint.close(rollback=True)
            self.env.invalidate_all()
        for name in ('account.payment', 'account.partial.reconcile', 'mail.message', 'mail.mail'):
            self.assertTrue(pictures[0][name], name)
        found = differences(*pictures)
        self.assertFalse(found, '\n'.join([f'seed {seed}', *found[:40]]))

    def test_same_as_one_by_one(self):
        self.set_up_night()
        with patch.object(
            type(self.env['account.payment']), 'action_post', autospec=True,
            side_effect=type(self.env['account.payment']).action_post,
        ) as posted:
            # Each kind once; more of a random choice takes minutes.
            self.check_night(seed=20261129, count=8 if os.environ.get('TOCHKA_LONG') else 0)
        self.assertGreater(max(len(call.args[0]) for call in posted.call_args_list), 3)

    def test_bad_one_does_not_hold_up_the_others(self):
        """ It stands alone after some halving, is told of once, and comes last from then on. """
        transactions = self.env['payment.transaction'].sudo().union(*(
            self.paid_tx(self.create_invoice(100.0, partner=self.new_customer()))
            for _time in range(6)))
        bad = transactions[2]
        model = type(self.env['payment.transaction'])
        booking_day = model._tochka_booking_day

        def refuse(transaction):
            if transaction == bad:
                raise ValueError("no day")
            return booking_day(transaction)

        with patch.object(model, '_tochka_booking_day', refuse), self.assertLogs(
                'odoo.addons.tochka_acquiring', 'ERROR') as logs:
            self.run_posting(transactions)
        self.assertEqual(len(logs.output), 1)
        self.assertIn(bad.reference, logs.output[0])
        self.assertEqual(transactions.filtered('payment_id'), transactions - bad)
        self.assertFalse(any((transactions - bad).invoice_ids.mapped('amount_residual')))
        self.assertEqual(bad.state, 'done')
        self.assertTrue(bad.tochka_posting_failed_at)
        more = self.env['payment.transaction'].sudo().union(*(
            self.paid_tx(self.create_invoice(100.0, partner=self.new_customer()))
            for _time in range(2)))
        self.assertEqual((bad + more)._tochka_split(), [more.ids, bad.ids])
        self.env.ref(JOB).sudo().method_direct_trigger()
        self.env.invalidate_all()
        self.assertFalse(bad.payment_id, "It keeps nobody busy")
        bad.tochka_posting_failed_at -= timedelta(minutes=tuning.POSTING_RETRY_MINUTES + 1)
        self.env.ref(JOB).sudo().method_direct_trigger()
        self.env.invalidate_all()
        self.assertTrue(bad.payment_id, "What was wrong has been put right")
        self.assertFalse(bad.tochka_posting_failed_at)

    def test_time_is_over(self):
        """ What is done is committed, and the job wakes itself for the rest. """
        transactions = self.env['payment.transaction'].sudo().union(*(
            self.paid_tx(self.create_invoice(100.0, partner=self.new_customer()))
            for _time in range(4)))
        left = iter((60.0, 0.0))
        self.env.flush_all()
        with patch.object(tuning, 'POSTING_BATCH', 2), patch.object(
            type(self.env['ir.cron']), '_commit_progress', lambda *_args: next(left)
        ), patch.object(type(self.env['ir.cron']), '_tochka_wake') as wake:
            self.env.ref(JOB).sudo().method_direct_trigger()
        self.env.invalidate_all()
        self.assertEqual(transactions.filtered('is_post_processed'), transactions[:2])
        wake.assert_called_once_with(JOB)

    def test_each_more_asks_little_of_the_database(self):
        """ A fifth of Odoo's own way, or nearly; counted here, so that it holds anywhere. """
        counts = []
        for number in (1, 8, 16):
            transactions = self.env['payment.transaction'].sudo().union(*(
                self.paid_tx(self.create_invoice(100.0, partner=self.new_customer()))
                for _time in range(number)))
            self.env.flush_all()
            self.env.invalidate_all()
            with recorded_queries() as seen:
                transactions._post_process()
                self.env.cr.flush()
            self.assertTrue(all(transactions.mapped('payment_id')))
            counts.append(len(seen))
        self.assertLess((counts[2] - counts[1]) / 8, 0.25 * counts[0])

    def test_another_add_on_has_a_say(self):
        """ Who overrides `_create_payment` is asked for each payment. """
        transactions = self.env['payment.transaction'].sudo().union(*(
            self.paid_tx(self.create_invoice(100.0, partner=self.new_customer()))
            for _time in range(2)))
        self.assertEqual(transactions._tochka_pick_plain(), transactions)
        model = type(self.env['payment.transaction'])
        foreign = next(base for base in model.mro() if base._module == 'payment')
        self.assertNotIn('_create_payment', vars(foreign))
        with patch.object(foreign, '_create_payment', lambda tx: None, create=True):
            self.assertFalse(transactions._tochka_pick_plain())
        foreign = next(base for base in type(self.env['account.payment']).mro()
                       if base._module == 'account_payment')
        with patch.object(foreign, '_generate_journal_entry', lambda *_args: None, create=True):
            self.assertFalse(transactions._tochka_pick_plain())
