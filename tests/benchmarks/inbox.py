""" From the event at the door to the transaction that is done. """

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
    prepared = {
        code: [prepare(bench, code, count if number else 4) for number in range(rounds + 1)]
        for code in rates}
    with ground.odoo() as hosts:
        for number in range(rounds + 1):
            for code, of_code in rates.items():
                rate = deliver(ground, hosts, *prepared[code][number])
                if number:  # The first ones let the workers load what they keep.
                    of_code.append(rate)
    bench.note(f'The middle of {rounds} rounds of {count} events, sent four at a time. Mollie asks'
               ' its service and applies the answer inside the request. No receipts, no books.')
    return {'rate': tuple(map(statistics.median, rates.values()))}


def quiet(ground):
    """ Let nothing but the inbox work on the payments. """
    ground.inside('result = inside.receipts(env, False)')
    for xmlid in (POST_PROCESS, 'tochka_acquiring.cron_poll', 'tochka_acquiring.cron_sweep'):
        ground.set_job(xmlid, False)


def prepare(bench, code, count):
    """ Return the ids of paid transactions that Odoo has not heard of, and the events of them. """
    made = bench.ground.make(code, count, links=code == 'tochka', invoices=code == 'tochka')
    event = bench.bank.event if code == 'tochka' else clients.mollie_event
    if code == 'tochka':
        bench.ground.pay(made)
    return [values['id'] for values in made], [event(values) for values in made]


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
    _ids, requests = prepare(bench, 'tochka', bench.size(50, 5))
    ground.inside(f'result = inside.receive(env, {requests!r})')
    return ground.inside(
        "result = inside.run_job(env, 'tochka_acquiring.cron_process_events')", profiled=True)
