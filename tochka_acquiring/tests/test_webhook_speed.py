# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from contextlib import contextmanager
from unittest.mock import patch

from odoo.sql_db import Cursor
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.test_webhook import WebhookCommon


@contextmanager
def recorded_queries():
    """ Yield a list that takes in what is sent to the database, without savepoints of tests. """
    seen, execute = [], Cursor.execute

    def record(cursor, query, params=None, log_exceptions=True):
        text = ' '.join(str(getattr(query, 'code', query)).split())
        if 'SAVEPOINT' not in text:
            seen.append(text)
        return execute(cursor, query, params, log_exceptions)

    with patch.object(Cursor, 'execute', record):
        yield seen


@tagged('post_install', '-at_install')
class TestWebhookSpeed(WebhookCommon):
    """ What the door and the lanes ask of the database. Time is measured elsewhere. """

    def test_door(self):
        for name in ('fetches the key', 'warms the caches'):
            self.post(self.sign(self.claims(operationId=name)))
        body = self.sign(self.claims(operationId='measured'))
        with recorded_queries() as seen:
            self.post(body)
        self.assertTrue(self.events.search([('operation_id', '=', 'measured')]))
        self.assertLessEqual(len(seen), 3, '\n'.join(seen))

    def test_event_to_done(self):
        """ Each further notification of a batch: one commit, no cursor of its own. """
        transactions = [self.create_linked_tx() for _time in range(7)]
        queries, cursors = [], []
        for part in (transactions[:2], transactions[2:]):
            for transaction in part:
                self.bank.pay(transaction.tochka_operation_id)
                self.post(self.sign(self.claims(transaction)))
            with recorded_queries() as seen, patch.object(
                type(self.registry), 'cursor', autospec=True,
                side_effect=type(self.registry).cursor,
            ) as cursor:
                self.run_job('cron_process_events')
            self.assertEqual(set(self.events_of(part).mapped('state')), {'done'})
            queries.append(len(seen))
            cursors.append(cursor.call_count)
        self.assertLessEqual((queries[1] - queries[0]) / 3, 28)
        self.assertEqual(cursors[0], cursors[1], "However many there are")
