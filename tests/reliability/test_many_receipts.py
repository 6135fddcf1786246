""" 500 receipts under all faults at once: one document for each of them, and not one more. """

import contextlib
import http.client
import itertools
import json
import random
import threading
import time
import xmlrpc.client
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import psycopg2
import pytest

from tests.served import Stack
from tools.demo.server import free_port, start_odoo

COUNT, BATCH = 500, 25
SEED = 54
# Each kind comes so often, mixed with as many calls that go well and twice that again.
POST_FAULTS, GET_FAULTS = 11, 4
KINDS = ('refuse', 'timeout_before', 'timeout_after', 'error_5xx', 'error_5xx_after', 'cut_body',
         'html_200', 'html_200_after', 'slow', 'close_before', 'close_after')
CALLBACKS = ('once', 'lost', 'doubled', 'late', 'forged', 'unsigned')
TILL_ERRORS = 10
# When nothing changes for so long, something hangs; a restart of Odoo takes much less.
HANG_SECONDS = 60
NOBODY = 'http://127.0.0.1:9/komtet'  # where nobody listens

SETTLED = """
records = env['payment.transaction'].sudo().browse(env.context['transactions'])
records._set_done()
records.write({'is_post_processed': True})  # the books have tests of their own
"""
LANE = "env['fiscal.receipt'].sudo()._cron_fiscal_lane(%s)"
# Whose register has a number of it can ask; the others wait for a callback.
STATES = """
SELECT CASE WHEN r.state = 'accepted' AND a.task IS NULL THEN 'silent' ELSE r.state END, count(*)
FROM fiscal_receipt r LEFT JOIN LATERAL (
    SELECT task FROM fiscal_attempt WHERE receipt_id = r.id ORDER BY id DESC LIMIT 1) a ON true
WHERE r.transaction_id = ANY(%s) GROUP BY 1
"""
HURRY = """
UPDATE fiscal_receipt SET next_try_at = now() AT TIME ZONE 'UTC' WHERE id IN (
    SELECT id FROM fiscal_receipt r
    WHERE transaction_id = ANY(%s) AND next_try_at > now() AT TIME ZONE 'UTC' AND (
        state IN ('queued', 'sending', 'unknown') OR state = 'accepted' AND EXISTS (
            SELECT FROM fiscal_attempt WHERE receipt_id = r.id AND task IS NOT NULL))
    FOR NO KEY UPDATE SKIP LOCKED)
"""
SPEAK = """
UPDATE fiscal_register SET silent_until = NULL WHERE id IN (
    SELECT id FROM fiscal_register WHERE silent_until IS NOT NULL FOR NO KEY UPDATE SKIP LOCKED)
"""


class Shop:
    """ Odoo that dies now and then, with transactions whose money comes.

    :param Stack stack: The running stack.
    """

    def __init__(self, stack):
        self.stack = stack
        self.random = random.Random(SEED)
        self.callbacks = itertools.cycle(CALLBACKS)
        self.database = psycopg2.connect(dbname=stack.name)
        self.database.autocommit = True
        self.ended = threading.Event()
        self.last_error = None
        self.transactions = self._create_transactions()
        self.actions = [self._create_action('payment.transaction', SETTLED), *(
            self._create_action('fiscal.receipt', LANE % lane) for lane in range(2))]

    def sql(self, statement, *values):
        """ Run a statement. :return: The rows. """
        with self.database.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else None

    def _create_transactions(self):
        [provider] = self.stack.read('payment.provider', [
            ('code', '=', 'tochka'), ('state', '=', 'enabled')], ['payment_method_ids'])
        [customer] = self.stack.read('res.users', [('login', '=', 'customer')], ['partner_id'])
        [currency] = self.stack.read('res.currency', [('name', '=', 'RUB')], ['id'])
        return self.stack.call('payment.transaction', 'create', [{
            'provider_id': provider['id'], 'payment_method_id': provider['payment_method_ids'][0],
            'partner_id': customer['partner_id'][0], 'currency_id': currency['id'],
            'reference': f'many-{number:03}', 'amount': 100.01 + number,
        } for number in range(COUNT)])

    def _create_action(self, model, code):
        [model] = self.stack.read('ir.model', [('model', '=', model)], ['id'])
        return self.stack.call('ir.actions.server', 'create', {
            'name': 'Many receipts', 'model_id': model['id'], 'state': 'code', 'code': code})

    # === WHAT HAPPENS ALL THE TIME, IN THREADS === #

    def insist(self, action, **context):
        """ Run an action until Odoo has answered, however often it dies meanwhile. """
        while not self.ended.is_set():
            try:
                client = Stack(self.stack.odoo_url, self.stack.sandbox_url, self.stack.name)
                client.call('ir.actions.server', 'run', [action], context=context)
                return
            except (OSError, http.client.HTTPException, xmlrpc.client.Error) as error:
                self.last_error = str(error)[-2000:]
            self.ended.wait(0.2)

    def keep_lane_running(self, lane):
        """ Run a lane again and again, beside the scheduler and the others who do the same. """
        while not self.ended.is_set():
            self.insist(self.actions[1 + lane])
            self.ended.wait(0.1)

    def settle(self, pool, start, end):
        """ Let money come; the bank tells of each payment twice, at the same moment. """
        for first in range(start, end, BATCH):
            for _time in range(2):
                pool.submit(self.insist, self.actions[0],
                            transactions=self.transactions[first:first + BATCH])

    # === WHAT HAPPENS NOW AND THEN === #

    def order_faults(self):
        """ Let calls of the register go wrong, in an order that is the same each time. """
        for method, times in (('POST', POST_FAULTS), ('GET', GET_FAULTS)):
            rules = [{'kind': kind, 'seconds': 0.3} for kind in KINDS for _time in range(times)]
            rules += [{'kind': 'slow', 'seconds': 0}] * len(rules)
            self.random.shuffle(rules)
            for rule in rules:
                self.stack.control('faults', {**rule, 'method': method, 'path': '^/komtet/api/'})
        self.stack.control('komtet/till_errors', {'text': "Нет бумаги", 'times': TILL_ERRORS})

    def kill(self):
        """ Kill Odoo without warning, and start it again. """
        self.stack.odoo_process.kill()
        port = int(self.stack.odoo_url.rsplit(':', 1)[1])
        until = time.monotonic() + HANG_SECONDS
        while free_port(port) != port and time.monotonic() < until:
            time.sleep(0.1)
        self.stack.odoo_process, url = start_odoo(
            self.stack.name, port, workers=4, log=f'{self.stack.name}.log')
        assert url == self.stack.odoo_url

    @contextlib.contextmanager
    def register_down(self):
        """ Let every connection to the register be refused. """
        [[url]] = self.sql('SELECT DISTINCT url FROM fiscal_register WHERE kind = %s', 'komtet')
        self.sql('UPDATE fiscal_register SET url = %s WHERE kind = %s', NOBODY, 'komtet')
        yield
        self.sql('UPDATE fiscal_register SET url = %s WHERE kind = %s', url, 'komtet')

    # === WAITING === #

    def states(self):
        """ Return how many receipts are in which state. """
        return Counter(dict(self.sql(STATES, self.transactions)))

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

    def help(self, states):
        """ Shorten the waiting times; try again what failed; let lost callbacks be sent again. """
        self.sql(HURRY, self.transactions)
        self.sql(SPEAK)
        self.stack.control('komtet/settings', {
            'callbacks': next(self.callbacks), 'callback_delay': 1})
        failed = self.sql('SELECT id FROM fiscal_receipt WHERE transaction_id = ANY(%s)'
                          " AND state = 'failed'", self.transactions)
        if failed:
            self.stack.call('fiscal.receipt', 'action_retry', [row[0] for row in failed])
        if states.total() == COUNT and set(states) == {'done', 'silent'}:
            self.send_callbacks()

    def send_callbacks(self):
        """ Let the register tell of those that nobody can ask for. """
        silent = {key for [key] in self.sql(
            'SELECT a.key FROM fiscal_attempt a JOIN fiscal_receipt r ON r.id = a.receipt_id'
            " WHERE a.outcome IS NULL AND r.state = 'accepted'")}
        for callback in self.stack.control('komtet/callbacks'):
            content = json.loads(callback['body'])
            if content['external_id'] in silent:
                silent.remove(content['external_id'])
                self.stack.control('komtet/callbacks', {'url': callback['url'], 'send': content})
        printed = {line['external_id'] for line in self.stack.control('komtet/ledger')}
        for receipt_id, key in self.sql(
            'SELECT r.id, a.key FROM fiscal_attempt a JOIN fiscal_receipt r ON r.id = a.receipt_id'
            " WHERE a.outcome IS NULL AND r.state = 'accepted' AND a.task IS NULL"
        ):
            if key in silent - printed:
                # A person looks into the cabinet of the register, and does not find it.
                wizard = self.stack.call('fiscal.resolve', 'create', {
                    'receipt_id': receipt_id, 'fate': 'not_printed', 'reason': 'The cabinet'})
                self.stack.call('fiscal.resolve', 'action_apply', [wizard])

    def describe(self):
        """ Return what is not printed yet, for the one who has to find out why. """
        return '\n'.join(map(str, [self.states(), self.last_error, *self.sql(
            'SELECT r.id, r.state, r.tries, r.next_try_at, r.problem, a.key, a.task, a.outcome'
            ' FROM fiscal_receipt r LEFT JOIN fiscal_attempt a ON a.receipt_id = r.id'
            " WHERE r.transaction_id = ANY(%s) AND r.state != 'done' ORDER BY r.id, a.id LIMIT 30",
            self.transactions)]))


@pytest.fixture
def shop(stack):
    """ The lanes of a shop, each run by two workers at once and by the scheduler. """
    shop = Shop(stack)
    with ThreadPoolExecutor(4) as pool:
        for lane in (0, 1, 0, 1):
            pool.submit(shop.keep_lane_running, lane)
        try:
            yield shop
        finally:
            shop.ended.set()
            stack.control('faults', method='DELETE')
            stack.odoo_process.stop()
            shop.database.close()


@pytest.mark.timeout(900)
def test_500_receipts_have_500_documents(stack, shop):
    shop.order_faults()
    with ThreadPoolExecutor(2) as bank:
        try:
            shop.settle(bank, 0, 250)
            for printed in (30, 100):
                shop.wait(lambda states, enough=printed: states['done'] >= enough)
                shop.kill()
            with shop.register_down():
                shop.settle(bank, 250, 400)
                shop.wait(lambda states: states['queued'] >= 100, helps=False)
            shop.settle(bank, 400, COUNT)
            for printed in (200, 350):
                shop.wait(lambda states, enough=printed: states['done'] >= enough)
                shop.kill()
            shop.wait(lambda states: states == {'done': COUNT})
        finally:
            shop.ended.set()
    assert_one_document_each(stack, shop)


def assert_one_document_each(stack, shop):
    """ Compare the register's ledger with the receipts. """
    ledger = stack.control('komtet/ledger')
    assert len(ledger) == COUNT
    documents = {line['external_id']: line for line in ledger}
    assert len(documents) == COUNT
    attempts = defaultdict(list)
    for receipt_id, key, outcome in shop.sql(
        'SELECT receipt_id, key, outcome FROM fiscal_attempt ORDER BY id'
    ):
        attempts[receipt_id].append((key, outcome))
    receipts = shop.sql(
        'SELECT r.id, r.document_number, r.total, t.amount FROM fiscal_receipt r'
        ' JOIN payment_transaction t ON t.id = r.transaction_id WHERE t.id = ANY(%s)',
        shop.transactions)
    assert len(receipts) == COUNT
    for receipt_id, number, total, amount in receipts:
        *earlier, (key, outcome) = attempts[receipt_id]
        assert {fate for _key, fate in earlier} <= {'failed'}, attempts[receipt_id]
        assert not {old for old, _fate in earlier} & set(documents), attempts[receipt_id]
        assert outcome == 'done'
        assert documents[key]['fiscal_data']['i'] == number
        assert float(documents[key]['total']) == float(total) == float(amount)
    assert len({number for _id, number, _total, _amount in receipts}) == COUNT
    assert max(map(len, attempts.values())) > 1, "No receipt has failed: that is no test"
    unused = Counter(rule['kind'] for rule in stack.control('faults') if rule['times'])
    assert not unused, "These faults did not happen"
