""" Receipts: how many a second, the time that nothing happens included. """

from .table import Row

TITLE = 'Receipts that wait for the register'
ROWS = {
    'rate': Row('Printed', 'receipts/s', 'the same lanes in their first 9 s', at_least=0.8),
}
PRINTED = "SELECT count(*) FROM fiscal_receipt WHERE state = 'done'"
LANES = 'tochka_fiscal.cron_lane_%'
# Work that waits is cut off there: what stands still for minutes is slow enough to be seen.
LONGEST = 150


def measure(bench):
    """ Return the figures. """
    ground, count = bench.ground, bench.size(1000, 40)
    ground.set_job(LANES, False)
    ground.inside(f'result = inside.pay(env, {count}, {ground.label()!r})')
    with ground.odoo():
        ground.set_job(LANES, True)
        ground.trigger(LANES)
        seen = ground.follow(PRINTED, count, LONGEST)
    seconds, printed = seen[-1]
    bench.note(f'{printed} of {count} were printed in {seconds:.0f} s. Their till takes a receipt'
               ' 0.3 s after it was sent and tells of it by a callback. Two workers, two of jobs.')
    return {'rate': (first_rate(seen), printed / seconds)}


def first_rate(seen):
    """ Return how many were done a second in the nine seconds from the first one on. """
    start = next((at for at, done in seen if done), None)
    if start is None:
        return None
    working = [(at, done) for at, done in seen if start <= at <= start + 9]
    (begin, before), (end, after) = working[0], working[-1]
    return (after - before) / (end - begin) if end > begin else None


def profile(bench):
    """ Return where a lane spends its time. """
    ground = bench.ground
    ground.set_job(LANES, False)
    ground.inside(f"result = inside.pay(env, {bench.size(100, 10)}, {ground.label()!r})")
    return ground.inside(
        "result = inside.run_job(env, 'tochka_fiscal.cron_lane_0')", profiled=True)
