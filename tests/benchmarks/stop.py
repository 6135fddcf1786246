""" The jobs after Odoo has stood still: the poll and the sweep find the same payments. """

import time

from .ground import POST_PROCESS, wait_until
from .table import Row

TITLE = 'After a stop'
ROWS = {
    'seconds': Row('Poll and sweep, until all is known', 's', 'the sweep without the poll',
                   at_most=1.2),
    'failures': Row('Serialization failures of poll and sweep', 'failures', at_most=0),
}
LONGEST = 120
POLL, SWEEP = 'tochka_acquiring.cron_poll', 'tochka_acquiring.cron_sweep'


def measure(bench):
    """ Return the figures. """
    ground, count = bench.ground, bench.size(100, 12)
    ground.set_job(POST_PROCESS, False)
    found = {}
    for both in (False, True):
        ids = stand_still(ground, count, hours=20)
        ground.set_job(POLL, both)
        ground.set_due(SWEEP, 20)
        if both:
            ground.set_due(POLL, 20)
        with ground.odoo() as [host]:
            ground.wake()
            start = time.monotonic()
            wait_until(lambda ids=ids: known(ground, ids) == count, LONGEST)
            seconds, done = time.monotonic() - start, known(ground, ids)
            found[both] = seconds, host.count('could not serialize')
        bench.note(f"{'Poll and sweep' if both else 'The sweep alone'}: {done} of {count} paid"
                   f' operations known after {seconds:.0f} s.')
    return {'seconds': (found[False][0], found[True][0]), 'failures': (None, found[True][1])}


def stand_still(ground, count, hours):
    """ Make payments that were begun and paid while Odoo stood still. :return: Their ids. """
    made = ground.make('tochka', count, links=True)
    ground.pay(made)
    ids = [values['id'] for values in made]
    ground.sql("UPDATE payment_transaction SET create_date = create_date - %s * interval '1 hour',"
               " tochka_next_poll_at = now() AT TIME ZONE 'UTC' - %s * interval '1 hour'"
               ' WHERE id = ANY(%s)', hours + 1, hours, ids)
    return ids


def known(ground, ids, booked=False):
    """ Return how many are done, or booked. """
    return ground.one('SELECT count(*) FROM payment_transaction WHERE id = ANY(%s)'
                      " AND state = 'done' AND (is_post_processed OR NOT %s)", ids, booked)


def profile(bench):
    """ Return where the sweep spends its time. """
    stand_still(bench.ground, bench.size(50, 6), hours=20)
    return bench.ground.inside(f'result = inside.run_job(env, {SWEEP!r})', profiled=True)
