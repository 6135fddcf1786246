""" From the event at the door to the transaction that is done. """

import itertools
import statistics
import time

from . import clients
from .ground import POST_PROCESS, wait_until
from .table import Row

TITLE = 'From the event to the payment'
ROWS = {
    'rate': Row('Event to done', 'payments/s', 'mollie', at_least=1.5),
}
LONGEST = 120


def measure(bench):
    """ Return the figures. """
    ground, rounds, count = bench.ground, bench.size(3, 1), bench.size(100, 10)
    quiet(ground)
    rates = {'mollie': [], 'tochka': []}
    prepared = {code: prepare(bench, code, [4, *[count] * rounds]) for code in rates}
    with ground.odoo() as hosts:
        for number in range(rounds + 1):
            for code, of_code in rates.items():
                rate = deliver(ground, hosts, *prepared[code][number])
                if number:  # The first ones let the workers load what they keep.
                    of_code.append(rate)
    bench.note(f'The middle of {rounds} rounds of {count} events, sent four at a time. Mollie asks'
               ' its service and applies the answer inside the request. Each payment has an'
               ' invoice, no receipt, and does not get into the books.')
    return {'rate': tuple(map(statistics.median, rates.values()))}


def quiet(ground):
    """ Let nothing but the inbox work on the payments. """
    for xmlid in (POST_PROCESS, 'tochka_acquiring.cron_poll', 'tochka_acquiring.cron_sweep'):
        ground.set_job(xmlid, False)


def prepare(bench, code, sizes):
    """ Make paid transactions that Odoo has not heard of.

    :param list[int] sizes: How many for each delivery.
    :return: Of each delivery the ids of its transactions, and the requests that tell of them.
    :rtype: list[tuple[list[int], list[tuple]]]
    """
    is_ours = code == 'tochka'
    made = bench.ground.make(code, sum(sizes), links=is_ours)
    event = bench.bank.event if is_ours else clients.mollie_event
    if is_ours:
        bench.ground.pay(made)
    rest = iter(made)
    parts = [list(itertools.islice(rest, size)) for size in sizes]
    return [([values['id'] for values in part], [event(values) for values in part])
            for part in parts]


def deliver(ground, hosts, ids, requests):
    """ Send the events of transactions, and wait until all are done.

    :return: Transactions a second, from the first event on.
    :rtype: float
    """
    def left():
        return ground.one("SELECT count(*) FROM payment_transaction WHERE state != 'done'"
                          ' AND id = ANY(%s)', ids)

    start = time.monotonic()
    clients.send([host.url for host in hosts], requests)
    wait_until(lambda: not left(), LONGEST, pause=0.05)
    return (len(ids) - left()) / (time.monotonic() - start)


def profile(bench):
    """ Return where the job of the inbox spends its time. """
    ground = bench.ground
    [(_ids, requests)] = prepare(bench, 'tochka', [bench.size(50, 5)])
    ground.inside(f'result = inside.receive(env, {requests!r})')
    return ground.inside(
        "result = inside.run_job(env, 'tochka_acquiring.cron_process_events')", profiled=True)
