""" Hundreds of refunds by clerks and the internet bank under faults: none twice, none lost. """

from collections import Counter, defaultdict
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal

import pytest

from tests.reliability.refund_shop import RefundShop
from tests.reliability.shop import LONG

COUNT = 500 if LONG else 78
WORKERS = 8 if LONG else 4
PAYMENTS_OF_EACH_KIND = 18 if LONG else 3
POST_FAULTS, GET_FAULTS = (8, 2) if LONG else (2, 1)
# After so many Odoo is killed.
KILLS = [COUNT * share // 100 for share in (12, 32, 56)]
# Reads are repeated twice before Odoo gives up.
READS_IN_A_ROW = 3
SENDING = "SELECT 1 FROM tochka_refund WHERE state = 'sending'"
# `WRITE_TIMEOUT` and `READ_TIMEOUT` of `api/client.py`.
WRITE_PATIENCE, READ_PATIENCE = 30, 15
REPLAY = {'replay': True}
KINDS = ('whole', 'parts', 'rest', 'bank', 'race', 'mixed', 'snatch', 'twins')
# Of these something is left in the end.
LEFT_OVER = ('parts',)


def rounds_of(kind, paid):
    """ Return what is asked for at the same moment, one round after another.

    :param str kind: The kind of the payment.
    :param int paid: Kopecks that were paid.
    :return: ((kopecks, options) of each clerk, kopecks in the internet bank or 0).
    :rtype: list[tuple]
    """
    two_parts = [(15011, {}), (22022, {})]
    return {
        # One of the clerks is refused.
        'whole': [([(paid, {}), (paid - 1, {})], 0)],
        'race': [([(60000, {}), (60001, {})], 0), ([(9044, {}), (7011, {})], 0)],
        'parts': [(two_parts, 0), ([(13033, REPLAY), (9044, {})], 0),
                  ([(7011, {}), (5022, REPLAY)], 0)],
        'rest': [(two_parts, 0), ([(9044, REPLAY)], 0)],
        'bank': [([(15011, {})], 8033), ([(9044, {})], 6055)],
        'mixed': [(two_parts, 8033), ([(7011, {}), (5022, REPLAY)], 0)],
        # One of them is too late: the bank refuses it, or Odoo does not even send it.
        'snatch': [([(70000, {})], 50055)],
        # Nobody can tell whose refund it is when the answer is lost.
        'twins': [([(10000, {})], 10000)],
    }[kind]


@pytest.fixture(scope='module')
def shop(stack):
    """ The job of refunds, run by a worker beside the scheduler; and the till. """
    amounts = [100000 + 101 * number for number in range(PAYMENTS_OF_EACH_KIND * len(KINDS))]
    shop = RefundShop(stack, amounts)
    for number, payment in enumerate(shop.payments):
        payment['kind'] = KINDS[number % len(KINDS)]
    with ThreadPoolExecutor(4) as pool:
        for actions in ([shop.job], [shop.book], shop.lanes):
            pool.submit(shop.keep_running, *actions)
        try:
            yield shop
        finally:
            shop.close()


def work_in_the_office(shop):
    """ Pairs of clerks and somebody in the internet bank return money until all have asked. """
    def return_money(clerks, payments):
        with ThreadPoolExecutor(2) as pair:
            for payment in payments:
                for asks, at_the_bank in rounds_of(payment['kind'], payment['paid']):
                    if at_the_bank:
                        bank.submit(shop.return_in_the_internet_bank, payment, at_the_bank)
                    shop.ask_together(pair, clerks, payment, asks)
        for payment in to_be_emptied(payments):
            shop.ask_for_rest(clerks[0], payment, leave=payment['paid'] % 2)

    with ThreadPoolExecutor(len(shop.pairs)) as office, ThreadPoolExecutor(1) as bank:
        for future in [office.submit(return_money, clerks, shop.payments[number::len(shop.pairs)])
                       for number, clerks in enumerate(shop.pairs)]:
            future.result()


def to_be_emptied(payments):
    return [payment for payment in payments if payment['kind'] not in LEFT_OVER]


@pytest.mark.timeout(1500)
def test_refunds_are_returned_once(stack, shop):
    shop.order_faults('POST', r'/payments/[^/]+/refund$', POST_FAULTS, WRITE_PATIENCE)
    shop.order_faults(
        'GET', r'/acquiring/v1.0/payments/[^/]+$', GET_FAULTS, READ_PATIENCE, READS_IN_A_ROW)
    with ThreadPoolExecutor(1) as office:
        try:
            working = office.submit(work_in_the_office, shop)
            for returned in KILLS:
                shop.wait(lambda states, enough=returned: states['done'] >= enough)
                # Its intent is committed, and its answer is not known.
                shop.kill(SENDING)
            shop.wait(lambda _states: working.done())
            working.result()
            shop.wait(shop.is_quiet)
            while any([shop.ask_for_rest(shop.accountant, payment)
                       for payment in to_be_emptied(shop.payments)]):
                shop.wait(shop.is_quiet)
        finally:
            shop.ended.set()
    assert_ledgers_agree(stack, shop)
    assert_history(shop)


def kopecks(amount):
    return round(Decimal(str(amount)) * 100)


def assert_ledgers_agree(stack, shop):
    """ The bank, Odoo, its books and the register say the same of each operation. """
    bank = {operation['operationId']: {
        order['orderId']: kopecks(order['amount'])
        for order in operation['Order'] if order['type'] == 'refund'
    } for operation in stack.control('operations')}
    refunds, books, printed = defaultdict(dict), Counter(), Counter()
    keys = dict(shop.sql(
        'SELECT a.key, s.tochka_operation_id FROM fiscal_attempt a'
        ' JOIN fiscal_receipt f ON f.id = a.receipt_id'
        ' JOIN payment_transaction r ON r.id = f.transaction_id'
        ' JOIN payment_transaction s ON s.id = r.source_transaction_id'))
    for operation, order, amount, paid_out in shop.sql(
        'SELECT s.tochka_operation_id, r.order_id, -t.amount, p.amount FROM tochka_refund r'
        ' JOIN payment_transaction s ON s.id = r.source_transaction_id'
        " JOIN payment_transaction t ON t.id = r.transaction_id AND t.state = 'done'"
        " LEFT JOIN account_payment p ON p.id = t.payment_id AND p.payment_type = 'outbound'"
        " AND p.state IN ('in_process', 'paid') WHERE r.state = 'done'"
    ):
        assert order and order not in refunds[operation], "One entry of the bank, two refunds"
        refunds[operation][order] = kopecks(amount)
        books[operation] += kopecks(paid_out or 0)
    for document in stack.control('komtet/ledger'):
        if document['intent'] == 'sellReturn':
            printed[keys[document['external_id']]] += kopecks(document['total'])
    for payment in shop.payments:
        operation = payment['operation']
        assert refunds[operation] == bank[operation], payment
        returned = sum(bank[operation].values())
        assert returned == books[operation] == printed[operation], payment
        assert returned <= payment['paid'], payment
        if payment['kind'] not in LEFT_OVER:
            assert returned == payment['paid'], payment
        asked = Counter({amount: times for (key, amount), times in shop.taken.items()
                         if key == operation and times})
        if payment['kind'] != 'twins':
            assert Counter(bank[operation].values()) == asked, payment
    assert sum(map(len, bank.values())) >= COUNT
    # Payments that went out for anything else would be in no ledger above.
    [[outgoing]] = shop.sql("SELECT count(*) FROM account_payment WHERE payment_type = 'outbound'")
    assert outgoing == sum(map(len, refunds.values()))


def assert_history(shop):
    """ It was the test that it is meant to be. """
    shop.assert_faults_happened()
    shop.assert_kills_counted()
    assert shop.counts['internet bank'] >= COUNT * 0.16
    for what in ('refused to a clerk', 'sent again', 'given up', 'refused by the bank'):
        assert shop.counts[what], what
