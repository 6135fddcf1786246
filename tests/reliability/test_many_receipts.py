""" 500 receipts under all faults at once: one document for each of them, and not one more. """

import contextlib
import itertools
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.reliability.shop import Shop

COUNT, BATCH = 500, 25
# Each kind comes so often, mixed with as many calls that go well.
POST_FAULTS, GET_FAULTS = 11, 4
CALLBACKS = ('once', 'lost', 'doubled', 'late', 'forged', 'unsigned')
TILL_ERRORS = 10
NOBODY = 'http://127.0.0.1:9/komtet'  # where nobody listens

SETTLED = """
records = env['payment.transaction'].sudo().browse(env.context['transactions'])
records._set_done()
records.write({'is_post_processed': True})  # the books have tests of their own
"""
# Whose register has a number of it can ask; the others wait for a callback.
STATES = """
SELECT CASE WHEN r.state = 'accepted' AND a.task IS NULL THEN 'silent' ELSE r.state END, count(*)
FROM fiscal_receipt r LEFT JOIN LATERAL (
    SELECT task FROM fiscal_attempt WHERE receipt_id = r.id ORDER BY id DESC LIMIT 1) a ON true
WHERE r.transaction_id = ANY(%s) GROUP BY 1
"""


class ReceiptShop(Shop):
    """ A shop with transactions whose money comes. """

    def __init__(self, stack):
        super().__init__(stack)
        self.callbacks = itertools.cycle(CALLBACKS)
        customer = self.customer()
        self.transactions = stack.call('payment.transaction', 'create', [{
            **customer, 'reference': f'many-{number:03}', 'amount': 100.01 + number,
        } for number in range(COUNT)])
        self.settled = self.create_action('payment.transaction', SETTLED)

    def settle(self, pool, start, end):
        """ Let money come; the bank tells of each payment twice, at the same moment. """
        for first in range(start, end, BATCH):
            for _time in range(2):
                pool.submit(self.insist, self.settled,
                            transactions=self.transactions[first:first + BATCH])

    def order_all_faults(self):
        """ Let calls of the register, and its till, go wrong. """
        for method, times in (('POST', POST_FAULTS), ('GET', GET_FAULTS)):
            self.order_faults(method, '^/komtet/api/', times)
        self.stack.control('komtet/till_errors', {'text': "Нет бумаги", 'times': TILL_ERRORS})

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

    def help(self, states):
        """ Shorten the waiting times; try again what failed; let lost callbacks be sent again. """
        self.help_receipts(self.transactions)
        self.stack.control('komtet/settings', {
            'callbacks': next(self.callbacks), 'callback_delay': 1})
        if states.total() == COUNT and set(states) == {'done', 'silent'}:
            self.send_callbacks()

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
    shop = ReceiptShop(stack)
    with ThreadPoolExecutor(4) as pool:
        for lane in shop.lanes * 2:
            pool.submit(shop.keep_running, lane)
        try:
            yield shop
        finally:
            shop.close()


@pytest.mark.timeout(900)
def test_500_receipts_have_500_documents(stack, shop):
    shop.order_all_faults()
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
    shop.assert_all_faults_happened()
