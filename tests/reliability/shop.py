""" What tests of hundreds of payments under faults have in common. """

import http.client
import os
import random
import threading
import time
import xmlrpc.client

import psycopg2
import pytest

from tests.served import Stack, wait_until
from tests.services import SERVICES

# With --long five hundred of everything, else so many that every fault and every kill still comes.
LONG = bool(os.environ.get('TOCHKA_LONG'))
SEED = 54
KINDS = ('refuse', 'error_5xx', 'error_5xx_after', 'cut_body', 'html_200', 'html_200_after',
         'close_before', 'close_after')
# Once each: they last until the client gives up.
SILENCES = ('timeout_before', 'timeout_after')
# When nothing changes for so long, something hangs; a restart of Odoo takes much less.
HANG_SECONDS = 60
KILL_SECONDS = 15

CAN_ASK = [kind for kind, service in SERVICES.items() if service.can_ask]

SENDING_RECEIPT = "SELECT 1 FROM fiscal_receipt WHERE state = 'sending'"
LANE = "env['fiscal.receipt'].sudo()._cron_fiscal_lane(%s)"
# Whose register has a number of it, or finds it by ours, can ask; others wait for a callback.
HURRY_RECEIPTS = """
UPDATE fiscal_receipt SET next_try_at = now() AT TIME ZONE 'UTC' WHERE id IN (
    SELECT r.id FROM fiscal_receipt r JOIN fiscal_register g ON g.id = r.register_id
    WHERE r.transaction_id = ANY(%s) AND r.next_try_at > now() AT TIME ZONE 'UTC' AND (
        r.state IN ('queued', 'sending', 'unknown') OR r.state = 'accepted' AND (
            g.kind = ANY(%s) OR EXISTS (
                SELECT FROM fiscal_attempt WHERE receipt_id = r.id AND task IS NOT NULL)))
    FOR NO KEY UPDATE OF r SKIP LOCKED)
"""
SPEAK = """
UPDATE fiscal_register SET silent_until = NULL WHERE id IN (
    SELECT id FROM fiscal_register WHERE silent_until IS NOT NULL FOR NO KEY UPDATE SKIP LOCKED)
"""


class Shop:
    """ Odoo that dies now and then, and what hours and people do there otherwise.

    :param Stack stack: The running stack.
    """

    def __init__(self, stack):
        self.stack = stack
        self.services = [SERVICES['komtet'](stack)]
        self.random = random.Random(SEED)
        self.database = psycopg2.connect(dbname=stack.name)
        self.database.autocommit = True
        self.ended = threading.Event()
        self._thread = threading.local()
        self.last_error = None
        self.interrupted = 0
        self.lanes = [self.create_action('fiscal.receipt', LANE % lane) for lane in range(2)]

    def close(self):
        """ Stop everything that runs all the time. """
        self.ended.set()
        self.stack.control('faults', method='DELETE')
        self.database.close()

    def sql(self, statement, *values):
        """ Run a statement. :return: The rows. """
        with self.database.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else None

    def create_action(self, model, code):
        """ Create a server action. :return: Its id. """
        [model] = self.stack.read('ir.model', [('model', '=', model)], ['id'])
        return self.stack.call('ir.actions.server', 'create', {
            'name': 'Under faults', 'model_id': model['id'], 'state': 'code', 'code': code})

    def customer(self):
        """ Return the ids of what a transaction needs: provider, method, partner, currency. """
        [provider] = self.stack.read('payment.provider', [
            ('id', '=', self.stack.provider())], ['payment_method_ids'])
        [customer] = self.stack.read('res.users', [('login', '=', 'customer')], ['partner_id'])
        [currency] = self.stack.read('res.currency', [('name', '=', 'RUB')], ['id'])
        return {
            'provider_id': provider['id'], 'payment_method_id': provider['payment_method_ids'][0],
            'partner_id': customer['partner_id'][0], 'currency_id': currency['id'],
        }

    # === WHAT HAPPENS ALL THE TIME, IN THREADS === #

    def insist(self, action, **context):
        """ Run an action until Odoo has answered, however often it dies meanwhile. """
        while not self.ended.is_set():
            try:
                self._own_client().call('ir.actions.server', 'run', [action], context=context)
                return
            except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
                self.last_error = str(error)[-2000:]
            self.ended.wait(0.2)

    def _own_client(self):
        """ Return a client of this thread alone: checking a password is slow, and on purpose. """
        if not hasattr(self._thread, 'client'):
            self._thread.client = Stack(
                self.stack.odoo_url, self.stack.sandbox_url, self.stack.name)
        return self._thread.client

    def keep_running(self, *actions):
        """ Run actions again and again, beside the scheduler and others who do the same. """
        while not self.ended.is_set():
            for action in actions:
                self.insist(action)
            self.ended.wait(0.1)

    # === WHAT HAPPENS NOW AND THEN === #

    def order_faults(self, method, path, times, patience, in_a_row=1):
        """ Let calls go wrong, in an order that is the same each time.

        :param int times: How often each kind comes, mixed with as many calls that go well.
        :param int patience: Seconds that the client waits for an answer. A silence is longer.
        :param int in_a_row: How many calls go wrong then: reads are repeated at once.
        """
        rules = [{'kind': kind, 'times': in_a_row} for kind in KINDS for _time in range(times)]
        # A read that has met silence is not repeated at once.
        rules += [{'kind': kind, 'seconds': patience + 1} for kind in SILENCES if times]
        rules += [{'kind': 'slow', 'seconds': 0}] * len(rules)
        self.random.shuffle(rules)
        for rule in rules:
            self.stack.control('faults', {**rule, 'method': method, 'path': path})

    def assert_faults_happened(self, share=1):
        """ What was ordered has happened and done harm, or so much of it. """
        def rules():
            return [rule for rule in self.stack.control('faults') if rule['kind'] != 'slow']

        happened = [rule for rule in rules() if not rule['times']]
        assert happened and len(happened) >= share * len(rules()), "These faults did not happen"
        # A silence ends a second after its client's patience.
        wait_until(lambda: all(rule['harm'] for rule in rules() if not rule['times']),
                   "the harm of each fault", 60)

    def kill(self, interrupts, helps=False):
        """ Kill Odoo without warning while something is going on, and start it again.

        `assert_kills_counted` tells whether any kill has met what it was for.

        :param str interrupts: A query that finds what is going on.
        :param bool helps: Whether what waits for hours goes on meanwhile; when all is through,
                           Odoo is killed in between.
        """
        start = helped = time.monotonic()
        while not self.sql(interrupts):
            now = time.monotonic()
            if helps and now - start > KILL_SECONDS:
                break
            assert now - start < HANG_SECONDS, "There was nothing to interrupt"
            if helps and now - helped > 1:
                self.help(self.states())
                helped = now
            time.sleep(0.002)
        self.stack.kill_odoo()
        self.interrupted += bool(self.sql(interrupts))
        self.stack.start_odoo()

    def assert_kills_counted(self):
        """ A kill counts when it has left half-done what it was to interrupt. """
        assert self.interrupted, "No kill has interrupted anything"

    # === WAITING === #

    def states(self):
        """ Return how many records are in which state. :rtype: Counter """
        raise NotImplementedError

    def help(self, states):
        """ Do what hours and people do otherwise. """
        raise NotImplementedError

    def describe(self):
        """ Return what is not done yet, for the one who has to find out why. """
        raise NotImplementedError

    def wait(self, condition, helps=True):
        """ Wait until the states are as wanted, and do what hours and people do otherwise. """
        last, since = None, time.monotonic()
        while True:
            states = self.states()
            if condition(states):
                return
            if states != last:
                last, since = states, time.monotonic()
            if time.monotonic() - since > HANG_SECONDS:
                pytest.fail(f'Nothing changes any more: {self.describe()}')
            if helps:
                self.help(states)
            time.sleep(0.3)

    # === RECEIPTS === #

    def help_receipts(self, transactions):
        """ Shorten the waiting times of receipts, and try again what failed. """
        self.sql(HURRY_RECEIPTS, transactions, CAN_ASK)
        self.sql(SPEAK)
        failed = self.sql('SELECT id FROM fiscal_receipt WHERE transaction_id = ANY(%s)'
                          " AND state = 'failed'", transactions)
        if failed:
            self.stack.call('fiscal.receipt', 'action_retry', [row[0] for row in failed])

    def send_callbacks(self):
        """ Let the registers tell of those that they can't be asked for; for those that they never
        had, a person looks into their cabinets.
        """
        silent = dict(self.sql(
            'SELECT a.key, r.id FROM fiscal_attempt a JOIN fiscal_receipt r ON r.id = a.receipt_id'
            " WHERE a.outcome IS NULL AND a.task IS NULL AND r.state = 'accepted' ORDER BY r.id"))
        try:
            for service in self.services:
                service.tell(set(silent))
                for key, _number, _total in service.ledger():
                    silent.pop(key, None)
            for receipt_id in silent.values():
                wizard = self.stack.call('fiscal.resolve', 'create', {
                    'receipt_id': receipt_id, 'fate': 'not_printed', 'reason': 'The cabinet'})
                self.stack.call('fiscal.resolve', 'action_apply', [wizard])
        except xmlrpc.client.Fault as fault:  # A job has it at this moment.
            self.last_error = fault.faultString
