""" Hundreds of receipts under all faults at once, for each register: one document for each of them,
and not one more.
"""

import contextlib
import itertools
from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.reliability.shop import CAN_ASK, LONG, SENDING_RECEIPT, Shop
from tests.services import SERVICES

COUNT, BATCH = (500, 25) if LONG else (60, 6)
# For the change of registers: so many at each, and each twice.
SHARE = 20 if LONG else 8
# Each kind comes so often, mixed with as many calls that go well.
POST_FAULTS, GET_FAULTS = (11, 4) if LONG else (2, 1)
TILL_ERRORS = 10 if LONG else 2
# `tuning.REGISTER_TIMEOUT` of `tochka_fiscal`.
PATIENCE = 10
NOBODY = 'http://127.0.0.1:9/'  # where nobody listens

SETTLED = """
records = env['payment.transaction'].sudo().browse(env.context['transactions'])
records._set_done()
records.write({'is_post_processed': True})  # the books have tests of their own
"""
# Whose register can't be asked waits for a callback, or for a person.
STATES = """
SELECT CASE WHEN r.state = 'accepted' AND a.task IS NULL
                 AND (g.kind != ALL(%s) OR r.next_try_at IS NULL)
            THEN 'silent' ELSE r.state END, count(*)
FROM fiscal_receipt r JOIN fiscal_register g ON g.id = r.register_id LEFT JOIN LATERAL (
    SELECT task FROM fiscal_attempt WHERE receipt_id = r.id ORDER BY id DESC LIMIT 1) a ON true
WHERE r.transaction_id = ANY(%s) GROUP BY 1
"""


class ReceiptShop(Shop):
    """ A shop with transactions whose money comes.

    :param Stack stack: The running stack.
    :param list[Service] services: Its registers; the first one prints, until another is chosen.
    :param int count: How many transactions it has.
    """

    def __init__(self, stack, services, count):
        super().__init__(stack)
        self.services = services
        self.count = count
        self.callbacks = [itertools.cycle(service.callbacks) for service in services]
        self.before = {key for service in services for key, *_rest in service.ledger()}
        customer = self.customer()
        self.transactions = stack.call('payment.transaction', 'create', [{
            **customer, 'reference': f'many-{services[0].kind}-{count}-{number:03}',
            'amount': 100.01 + number,
        } for number in range(count)])
        self.settled = self.create_action('payment.transaction', SETTLED)
        services[0].choose()

    def settle(self, pool, start, end):
        """ Let money come; the bank tells of each payment twice, at the same moment. """
        return [
            pool.submit(self.insist, self.settled,
                        transactions=self.transactions[first:min(first + BATCH, end)])
            for first in range(start, end, BATCH) for _time in range(2)
        ]

    def order_all_faults(self, posts, gets, till_errors):
        """ Let calls of the registers, and their tills, go wrong. """
        for service in self.services:
            for method, path, times in (
                ('POST', service.posts, posts), ('GET', service.gets, gets),
            ):
                self.order_faults(method, path, times, PATIENCE)
            service.control('till_errors', {**service.till_error, 'times': till_errors})

    @contextlib.contextmanager
    def register_down(self):
        """ Let every connection to the register be refused. """
        register_id = self.services[0].register_id
        [[url]] = self.sql('SELECT url FROM fiscal_register WHERE id = %s', register_id)
        self.sql('UPDATE fiscal_register SET url = %s WHERE id = %s', NOBODY, register_id)
        yield
        self.sql('UPDATE fiscal_register SET url = %s WHERE id = %s', url, register_id)

    # === WAITING === #

    def wait_printed(self, share):
        """ Wait until a share of the receipts is printed. """
        self.wait(lambda states: states['done'] >= share * self.count)

    def states(self):
        """ Return how many receipts are in which state. """
        return Counter(dict(self.sql(STATES, CAN_ASK, self.transactions)))

    def help(self, states):
        """ Shorten the waiting times; try again what failed; let lost callbacks be sent again. """
        self.help_receipts(self.transactions)
        for service, callbacks in zip(self.services, self.callbacks, strict=True):
            service.control('settings', {'callbacks': next(callbacks), 'callback_delay': 1})
        if states.total() == self.count and set(states) == {'done', 'silent'}:
            self.send_callbacks()

    def describe(self):
        """ Return what is not printed yet, for the one who has to find out why. """
        return '\n'.join(map(str, [self.states(), self.last_error, *self.sql(
            'SELECT r.id, r.state, r.tries, r.next_try_at, r.problem, a.key, a.task, a.outcome'
            ' FROM fiscal_receipt r LEFT JOIN fiscal_attempt a ON a.receipt_id = r.id'
            " WHERE r.transaction_id = ANY(%s) AND r.state != 'done' ORDER BY r.id, a.id LIMIT 30",
            self.transactions)]))


@contextlib.contextmanager
def open_shop(stack, kinds, count):
    """ The lanes of a shop, each run by two workers at once and by the scheduler. """
    shop = ReceiptShop(stack, [SERVICES[kind](stack) for kind in kinds], count)
    with ThreadPoolExecutor(4) as pool:
        for lane in shop.lanes * 2:
            pool.submit(shop.keep_running, lane)
        try:
            yield shop
        finally:
            shop.close()


@pytest.mark.timeout(900)
@pytest.mark.parametrize('kind', SERVICES)
def test_each_receipt_has_one_document(stack, kind):
    with open_shop(stack, [kind], COUNT) as shop:
        shop.order_all_faults(POST_FAULTS, GET_FAULTS, TILL_ERRORS)
        with ThreadPoolExecutor(2) as bank:
            try:
                half, most = COUNT // 2, COUNT * 4 // 5
                shop.settle(bank, 0, half)
                for share in (0.06, 0.2):
                    shop.wait_printed(share)
                    shop.kill(SENDING_RECEIPT, helps=True)
                with shop.register_down():
                    shop.settle(bank, half, most)
                    shop.wait(lambda states: states['queued'] >= COUNT // 5, helps=False)
                shop.settle(bank, most, COUNT)
                for share in (0.4, 0.7):
                    shop.wait_printed(share)
                    shop.kill(SENDING_RECEIPT, helps=True)
                shop.wait(lambda states: states == {'done': COUNT})
            finally:
                shop.ended.set()
        attempts = assert_one_document_each(shop)
        shop.assert_kills_counted()
        assert max(map(len, attempts.values())) > 1, "No receipt has failed: that is no test"


@pytest.mark.timeout(600)
def test_registers_are_changed_while_receipts_are_on_their_way(stack):
    order = [*SERVICES, *SERVICES]
    with open_shop(stack, SERVICES, SHARE * len(order)) as shop:
        services = {service.kind: service for service in shop.services}
        shop.order_all_faults(1, 0, 2)
        with ThreadPoolExecutor(2) as bank:
            try:
                for place, kind in enumerate(order):
                    services[kind].choose()
                    for settled in shop.settle(bank, place * SHARE, (place + 1) * SHARE):
                        settled.result()
                shop.wait(lambda states: states == {'done': shop.count})
            finally:
                shop.ended.set()
        # What a till has surely not printed goes to the register of today, and its faults stay.
        attempts = assert_one_document_each(shop, faults=0.5)
        # Only what surely was not printed may go to another register than the settlement's.
        registers = dict(shop.sql(
            'SELECT t.id, r.register_id FROM fiscal_receipt r'
            ' JOIN payment_transaction t ON t.id = r.transaction_id'
            ' WHERE t.id = ANY(%s) AND (SELECT count(*) FROM fiscal_attempt WHERE receipt_id = r.id'
            ') = 1', shop.transactions))
        for place, transaction in enumerate(shop.transactions):
            if transaction in registers:
                assert registers[transaction] == services[order[place // SHARE]].register_id
        assert len(registers) > shop.count / 2, attempts


def assert_one_document_each(shop, faults=0.75):
    """ Compare the registers' ledgers with the receipts.

    :param float faults: The share of the faults that have happened at least: a register that tells
                         by itself is asked less often than faults were ordered.
    :return: The attempts of each receipt.
    """
    documents, printed = {}, 0
    for service in shop.services:
        for key, number, total in service.ledger():
            if key not in shop.before:
                printed += 1
                documents[key] = (service.register_id, number, total)
    assert printed == len(documents) == shop.count
    attempts = defaultdict(list)
    for receipt_id, key, outcome in shop.sql(
        'SELECT a.receipt_id, a.key, a.outcome FROM fiscal_attempt a'
        ' JOIN fiscal_receipt r ON r.id = a.receipt_id'
        ' WHERE r.transaction_id = ANY(%s) ORDER BY a.id', shop.transactions
    ):
        attempts[receipt_id].append((key, outcome))
    receipts = shop.sql(
        'SELECT r.id, r.register_id, r.document_number, r.total, t.amount FROM fiscal_receipt r'
        ' JOIN payment_transaction t ON t.id = r.transaction_id WHERE t.id = ANY(%s)',
        shop.transactions)
    assert len(receipts) == shop.count
    for receipt_id, register_id, number, total, amount in receipts:
        *earlier, (key, outcome) = attempts[receipt_id]
        assert {fate for _key, fate in earlier} <= {'failed'}, attempts[receipt_id]
        assert not {old for old, _fate in earlier} & set(documents), attempts[receipt_id]
        assert outcome == 'done'
        assert documents[key] == (register_id, number, round(total * 100))
        assert total == amount
    assert len({(register_id, number) for _id, register_id, number, *_sums in receipts}) == (
        shop.count)
    shop.assert_faults_happened(faults)
    return attempts
