""" Jobs, searches and pages among a million old payments, beside the same among a thousand. """

import importlib

from tools import database
from tools.console import Trouble

from .table import Row

TITLE = 'Old rows'
GOAL = 1.2
ROWS = {'worst': Row('The one that grows most', 'ms', 'few old rows', at_most=GOAL)}


def measure(bench):
    """ Return the figures, those of each job, search and page by its own words. """
    try:
        old_rows = importlib.import_module('.old_rows', __package__)
    except ModuleNotFoundError:
        raise Trouble('There is no tests/benchmarks/old_rows.py yet.') from None
    few, many = old_rows.FEW, bench.size(1_000_000, 20_000)
    names = {rows: database.own(f'tochka_benchmark_old_{rows}') for rows in (few, many)}
    try:
        for rows, name in names.items():
            old_rows._prepare(name, rows)
        found = old_rows._inside(
            names[few],
            f'result = old_rows.measure({list(names.values())!r}, {bench.size(15, 3)})')
    finally:
        for name in names.values():
            database.drop(name)
    bench.note(f'{many:,} payments, each with its invoice, entries, notification, receipt, line and'
               f' attempt, against {few:,}; the best of {bench.size(15, 3)} rounds.')
    found = {what: (before * 1000, after * 1000) for what, (before, after) in found.items()}
    worst = max(found.values(), key=lambda pair: pair[1] / pair[0])
    return {'worst': worst, **found}


def row(key):
    """ Return the row of a job, a search or a page. """
    return Row(key, 'ms', 'few old rows', at_most=GOAL)
