""" The books: many done payments. """

from .table import Row

TITLE = 'Many payments get into the books'
ROWS = {
    'seconds': Row('Each of them', 'ms', "core's job with payments of `payment_demo`",
                   at_most=0.2),
    'queries': Row('Each of them', 'queries', "core's job with payments of `payment_demo`"),
}


def measure(bench):
    """ Return the figures. """
    ground, rounds, count = bench.ground, bench.size(2, 1), bench.size(60, 6)
    found = ground.inside(f'result = inside.post(env, {count}, {rounds}, {ground.label()!r})')
    bench.note(f'The middle of {rounds} rounds of {count} payments, each of a customer and an'
               ' invoice of its own.')
    return {
        'seconds': tuple(found[code]['seconds'] * 1000 for code in ('demo', 'tochka')),
        'queries': tuple(found[code]['queries'] for code in ('demo', 'tochka')),
    }


def profile(bench):
    """ Return where the job spends its time. """
    ground, count = bench.ground, bench.size(50, 6)
    ground.inside(f'result = inside.pay(env, {count}, {ground.label()!r}, books=True)')
    return ground.inside(
        "result = inside.run_job(env, 'payment.cron_post_process_payment_tx')", profiled=True)
