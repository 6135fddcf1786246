""" A day without Odoo: paid operations that nobody has told it of, until all are in the books. """

import time

from .ground import POST_PROCESS, wait_until
from .stop import POLL, SWEEP, known, profile, stand_still
from .table import Row

TITLE = 'A day down'
ROWS = {
    'booked': Row('Operations in the books', 'operations', 'all', at_least=1),
    'calls': Row('Calls to the bank', 'calls', at_most=60),
    'killed': Row("Workers stopped, and jobs given up, at Odoo's default limits", 'times',
                  at_most=0),
    'rate': Row('Into the books', 'operations/s'),
}
LONGEST = 420
# The last words of a worker that has reached a limit, and the scheduler's about its job.
LIMITS = r'CPU time limit \(\d+\) reached|\) timeout after \d+s|Job .* timed out'

__all__ = ['ROWS', 'TITLE', 'measure', 'profile']


def measure(bench):
    """ Return the figures. """
    ground, count = bench.ground, bench.size(2000, 15)
    ids = stand_still(ground, count, hours=20)
    ground.set_due(POLL, 20)
    ground.set_due(POST_PROCESS, 20)
    # What the poll starts after a stop; by itself it would run at night.
    ground.set_job(SWEEP, True)
    ground.control('requests', method='DELETE')
    with ground.odoo() as [host]:
        ground.wake()
        start = time.monotonic()
        wait_until(lambda: known(ground, ids, booked=True) == count, LONGEST, pause=0.5)
        seconds, booked = time.monotonic() - start, known(ground, ids, booked=True)
        killed = host.count(LIMITS)
    calls = sum('/acquiring/' in request['path'] for request in ground.control('requests'))
    bench.note(f'{booked} of {count} were in the books after {seconds:.0f} s, at 60 s of CPU and'
               ' 120 s of real time for a job. No receipts.')
    return {'booked': (count, booked), 'calls': (None, calls), 'killed': (None, killed),
            'rate': (None, booked / seconds)}
