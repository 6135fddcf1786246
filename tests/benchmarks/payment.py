""" One payment with its receipt, and one link. """

import statistics
import time

from .clients import post_json
from .table import Row

TITLE = 'One payment'
ROWS = {
    'queries': Row('With its receipt, from the answer to the books', 'queries',
                   '`payment_demo` without a receipt', at_most=1.15),
    'seconds': Row('With its receipt, from the answer to the books', 'ms',
                   '`payment_demo` without a receipt and without a call'),
    'click': Row("The payer's click, until there is a link, over HTTP", 'ms', 'mollie',
                 at_most=1.1),
    'link': Row('Creating a link, inside', 'ms', 'mollie'),
    'link_queries': Row('Creating a link, inside', 'queries', 'mollie'),
}


def measure(bench):
    """ Return the figures. """
    ground, count = bench.ground, bench.size(30, 4)
    found = ground.inside(_payments(bench, count))
    links = ground.inside(f'result = inside.links(env, {count}, {ground.label()!r})')
    clicks = _click(bench, count)
    bench.note(f'The middle of {count}. The sandbox answers for the bank, a stub for mollie, which'
               ' only repeats what it is told. Inside is the creation of the transaction and the'
               ' call; a click over HTTP is what the payer waits for, with the check of his token'
               ' and all else that Odoo does around it.')
    return {
        'queries': (found['demo']['queries'], found['tochka']['queries']),
        'seconds': (found['demo']['seconds'] * 1000, found['tochka']['seconds'] * 1000),
        'click': (clicks['mollie'] * 1000, clicks['tochka'] * 1000),
        'link': (links['mollie']['seconds'] * 1000, links['tochka']['seconds'] * 1000),
        'link_queries': (links['mollie']['queries'], links['tochka']['queries']),
    }


def _click(bench, count):
    """ Return the middle of what a payer waits for, by provider, turn by turn. """
    ground, codes = bench.ground, ('mollie', 'tochka')
    asked = {code: ground.inside(
        f'result = inside.pages(env, {code!r}, {count + 2}, {ground.label()!r})')
        for code in codes}
    took = {code: [] for code in codes}
    with ground.odoo() as [host]:
        for number in range(count + 2):  # the first two warm the workers up
            for code in codes:
                path, params = asked[code][number]
                start = time.perf_counter()
                content = post_json(host.url + path, params)
                took[code].append(time.perf_counter() - start)
                assert 'redirect_form_html' in content.get('result', ()), content
    return {code: statistics.median(seconds[2:]) for code, seconds in took.items()}


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
