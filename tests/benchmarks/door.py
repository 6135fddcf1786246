""" The door of the webhook, beside an empty route and those of Odoo's own providers. """

import statistics

from . import clients
from .table import Row

TITLE = 'The door of the webhook'
PEERS = ('mollie', 'stripe', 'xendit')
ROWS = {
    'empty': Row('Events', 'events/s', 'an empty public route', at_least=0.8),
    'fastest': Row('Events', 'events/s', 'the fastest of the three below', at_least=1.6),
    **{code: Row('Events', 'events/s', code) for code in PEERS},
    'p99': Row('The slowest of a hundred (p99)', 'ms', 'an empty public route', at_most=1.5),
}


def measure(bench):
    """ Return the figures. """
    ground, rounds, count = bench.ground, bench.size(4, 1), bench.size(150, 20)
    events = {
        'empty': clients.empty_event, 'tochka': bench.bank.event, 'mollie': clients.mollie_event,
        'xendit': clients.xendit_event, 'stripe': clients.stripe_event,
    }
    total = count * (rounds + 1)
    made = {code: ground.make(code, total, invoices=False) for code in PEERS}
    made |= {'empty': [{}] * total, 'tochka': _told(ground, total)}
    rates, waits = {code: [] for code in events}, {code: [] for code in events}
    # No jobs: what the door leaves to them is measured as "event to done".
    with ground.odoo(crons=0) as [host]:
        for number in range(rounds + 1):
            for code, event in events.items():
                part = made[code][number * count:(number + 1) * count]
                took, seconds = clients.send([host.url], [event(values) for values in part])
                if number:  # The first round warms the workers up.
                    rates[code].append(count / seconds)
                    waits[code] += took
    _check(ground, made, total)
    rate = {code: statistics.median(values) for code, values in rates.items()}
    p99 = {code: clients.percentile(values, 0.99) * 1000 for code, values in waits.items()}
    fastest = max(PEERS, key=rate.get)
    bench.note(f'The middle of {rounds} rounds of {count} events, sent four at a time to two'
               f' workers. The fastest was {fastest}.')
    return {
        **{code: (rate[code], rate['tochka']) for code in ('empty', *PEERS)},
        'fastest': (rate[fastest], rate['tochka']), 'p99': (p99['empty'], p99['tochka']),
    }


def _told(ground, count):
    """ Return what the events of a connected shop tell, each of an operation of its own. """
    [(customer, merchant)] = ground.sql(
        'SELECT e.customer_code, m.merchant_id FROM tochka_merchant m JOIN tochka_legal_entity e'
        ' ON e.id = m.legal_entity_id WHERE e.company_id IS NOT NULL ORDER BY m.id LIMIT 1')
    return [{'customer': customer, 'merchant': merchant, 'operation': f'benchmark-{number}',
             'link': f'benchmark-{number}', 'amount': '100.00'} for number in range(count)]


def _check(ground, made, total):
    """ A fast door that forgets would not count. """
    stored = ground.one(
        "SELECT count(*) FROM tochka_webhook_event WHERE operation_id LIKE 'benchmark-%'"
        " AND state = 'new'")
    assert stored == total, f'{stored} of {total} events were stored'
    for code in PEERS:
        done = ground.one(
            "SELECT count(*) FROM payment_transaction WHERE state = 'done' AND id = ANY(%s)",
            [values['id'] for values in made[code]])
        assert done == total, f'{code}: {done} of {total} are done'


def profile(bench):
    """ Return where a request of the bank spends its time. """
    count = bench.size(200, 20)
    requests = [bench.bank.event({**values, 'operation': f"again-{values['operation']}"})
                for values in _told(bench.ground, count + 1)]
    return bench.ground.inside(f'result = inside.receive(env, {requests!r})', profiled=True)
