""" Two hosts of Odoo on one PostgreSQL, against one. """

import contextlib
import os
import time

import psutil

from . import inbox, lanes
from .ground import POST_PROCESS
from .table import Row

TITLE = 'Two hosts on one PostgreSQL'
ROWS = {
    'inbox': Row('Event to done', 'payments/s', 'one host'),
    'lanes': Row('Receipts', 'receipts/s', 'one host'),
    'posting': Row('Into the books', 'payments/s', 'one host'),
}
BOOKED = 'SELECT count(*) FROM payment_transaction WHERE payment_id IS NOT NULL'


def measure(bench):
    """ Return the figures. """
    ground = bench.ground
    inbox.quiet(ground)
    works = {'inbox': _inbox, 'lanes': _lanes, 'posting': _posting}
    rates, shares = {}, {}
    for name, work in works.items():
        for hosts in (1, 2):
            rates[name, hosts], shares[name, hosts] = work(bench, hosts)
    bench.note(f'Each host has two workers and two of jobs; all on one machine of {os.cpu_count()}'
               ' cores. Use of the CPU while they work, in cores:')
    for (name, hosts), used in shares.items():
        texts = ', '.join(f'{who} {cores:.2f}' for who, cores in used.items())
        bench.note(f"* {ROWS[name].name}, {('one host', 'two hosts')[hosts - 1]}: {texts}")
    return {name: (rates[name, 1], rates[name, 2]) for name in works}


def _inbox(bench, hosts):
    ground, count = bench.ground, bench.size(100, 10)
    warm, made = inbox.prepare(bench, 'tochka', [4, count])
    with ground.odoo(hosts) as running:
        inbox.deliver(ground, running, *warm)
        with Usage(ground.name) as usage:
            rate = inbox.deliver(ground, running, *made)
    # The books are measured by themselves.
    ground.sql("UPDATE payment_transaction SET is_post_processed = true WHERE state = 'done'")
    return rate, usage.shares


def _lanes(bench, hosts):
    ground, count = bench.ground, bench.size(150, 10)
    ground.set_job(lanes.LANES, False)
    ground.inside('inside.receipts(env, True)\n'
                  f'inside.pay(env, {count}, {ground.label()!r})\n'
                  'result = inside.receipts(env, False)')
    return _follow(ground, hosts, count, lanes.PRINTED, lanes.LANES)


def _posting(bench, hosts):
    ground, count = bench.ground, bench.size(100, 10)
    ground.inside(f'result = inside.pay(env, {count}, {ground.label()!r}, books=True)')
    try:
        return _follow(ground, hosts, count, BOOKED, POST_PROCESS)
    finally:
        ground.set_job(POST_PROCESS, False)


def _follow(ground, hosts, count, query, jobs):
    before = ground.one(query)
    with ground.odoo(hosts):
        ground.set_job(jobs, True)
        ground.trigger(jobs)
        with Usage(ground.name) as usage:
            seconds, done = ground.follow(query, before + count, lanes.LONGEST)[-1]
        return (done - before) / seconds, usage.shares


class Usage:
    """ Who uses the CPU, in cores.

    :param str name: The database.
    """

    def __init__(self, name):
        self._name = name

    def __enter__(self):
        self._before, self._start = self._seconds(), time.monotonic()
        return self

    def __exit__(self, *_error):
        seconds = time.monotonic() - self._start
        self.shares = {
            who: (used - self._before[who]) / seconds for who, used in self._seconds().items()}

    def _seconds(self):
        """ Return the seconds that were used until now, by the processes that still live. """
        own = psutil.Process()
        used = {'Odoo': 0.0, 'PostgreSQL': 0.0, 'the bank': 0.0,
                'senders': sum(own.cpu_times()[:2])}
        for process in own.children(recursive=True):
            with contextlib.suppress(psutil.Error):
                who = 'the bank' if 'sandbox' in process.cmdline() else 'Odoo'
                used[who] += sum(process.cpu_times()[:2])
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                title = ' '.join(process.cmdline())
                if title.startswith('postgres:') and f' {self._name} ' in title:
                    used['PostgreSQL'] += sum(process.cpu_times()[:2])
        return used
