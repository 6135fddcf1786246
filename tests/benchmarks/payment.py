""" One payment with its receipt, and one link. """

from .table import Row

TITLE = 'One payment'
ROWS = {
    'queries': Row('With its receipt, from the answer to the books', 'queries',
                   '`payment_demo` without a receipt', at_most=1.15),
    'seconds': Row('With its receipt, from the answer to the books', 'ms',
                   '`payment_demo` without a receipt and without a call'),
    'link': Row('Creating a link', 'ms', 'mollie', at_most=1.1),
    'link_queries': Row('Creating a link', 'queries', 'mollie'),
}


def measure(bench):
    """ Return the figures. """
    ground, count = bench.ground, bench.size(30, 4)
    found = ground.inside(_payments(bench, count))
    links = ground.inside(f'result = inside.links(env, {count}, {ground.label()!r})')
    bench.note(f'The middle of {count}. The sandbox answers for the bank, a stub for mollie.')
    return {
        'queries': (found['demo']['queries'], found['tochka']['queries']),
        'seconds': (found['demo']['seconds'] * 1000, found['tochka']['seconds'] * 1000),
        'link': (links['mollie']['seconds'] * 1000, links['tochka']['seconds'] * 1000),
        'link_queries': (links['mollie']['queries'], links['tochka']['queries']),
    }


def _payments(bench, count):
    """ Return the code that measures payments, after making them. """
    ours = bench.ground.make('tochka', count + 1, links=True)
    bench.ground.pay(ours)
    demo = bench.ground.make('demo', count + 1)
    return f'result = inside.payments(env, {ours!r}, {demo!r})'


def profile(bench):
    """ Return where a payment spends its time, and a link. """
    ground, count = bench.ground, bench.size(20, 3)
    payments = ground.inside(_payments(bench, count), profiled=True)
    links = ground.inside(
        f"result = inside.links(env, {count}, {ground.label()!r}, codes=('tochka',))",
        profiled=True)
    return f'Payments, ours and those of `payment_demo`:\n{payments}\n\nLinks:\n{links}'
