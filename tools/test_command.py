""" bin/test [PATH...] [--long] [--shuffle[=SEED]] [options of pytest]: everything that needs no
other machine.
"""

import functools
import os
import random
import shutil
import sys
from pathlib import Path

from . import database, postgres
from .chromium import find_chromium
from .console import Trouble, say
from .layout import ROOT
from .odoo_run import ADDONS
from .test_runs import Totals

# What is tested how, in this order: plain Python first, because it fails fastest.
PLAIN = ('tests/api', 'tests/fiscal', 'tests/statement', 'tests/sandbox', 'tests/contract',
         'tests/tools')
SERVED = ('tests/reliability', 'tests/browser', 'tests/upgrade')
# What the apps for stock and loyalty do to receipts; elsewhere these skip what needs it.
STOCK_TESTS = (
    'tochka_fiscal/tests/test_marks_stock.py', 'tochka_fiscal/tests/test_cards_stock.py',
    'tochka_fiscal/tests/test_delivery_stock.py', 'tochka_fiscal/tests/test_midnight_stock.py',
    'tochka_fiscal/tests/test_items_orders.py')
CORE_MODULES = ('payment', 'account_payment', 'portal')
# Tests of Odoo that fail in this environment without the add-on as well.
CORE_KNOWN = ROOT / 'tests' / 'odoo_core_known_failures.txt'
# The tests that a database without the optional apps may answer otherwise.
WITHOUT_APPS = 'tochka_without_apps'
# Two cores is what a small machine has; each worker has a database or a sandbox of its own.
WORKERS = ('-n', '2', '--dist', 'loadscope')
OWN_OPTIONS = ('--odoo-core', '--odoo-reference', '--long')


def groups(paths):
    """ Sort paths by how they are tested.

    :param list[str] paths: What was asked for; nothing means all.
    :return: The paths of plain, add-on and served tests.
    """
    chosen = {'plain': [], 'addons': [], 'served': []}
    for path in paths or [*PLAIN, *(f'{addon}/tests' for addon in ADDONS), *SERVED]:
        relative = Path(os.path.relpath(path.split('::')[0], ROOT)).as_posix()
        if relative.startswith(tuple(ADDONS)):
            kind = 'addons'
        elif relative.startswith(SERVED):
            kind = 'served'
        else:
            kind = 'plain'
        if paths or (ROOT / path).exists():
            chosen[kind].append(path)
    return chosen


def workers(paths, options):
    """ Return the options that spread tests over workers: worth it for folders, not for a file.

    :param list[str] paths: What to run.
    :param list[str] options: What the user has given; his own `-n` is kept.
    :rtype: list[str]
    """
    own = any(option.startswith(('-n', '--dist', '--pdb', '-x')) for option in options)
    if own or not any(Path(path).is_dir() for path in paths):
        return []
    return list(WORKERS)


def take_shuffle(arguments):
    """ Take `--shuffle[=SEED]` out of the arguments.

    :param list[str] arguments: What the user has given; changed.
    :return: The options that put tests in a random order, the same one for the same seed.
    :rtype: list[str]
    """
    for argument in arguments:
        name, _sign, seed = argument.partition('=')
        if name == '--shuffle':
            arguments.remove(argument)
            seed = seed or str(random.randrange(10 ** 6))
            say(f'In random order; the same once more: --shuffle={seed}')
            return ['--random-order-bucket=global', f'--random-order-seed={seed}']
    return []


def run_addons(totals, paths, options):
    """ Run the tests of models in a database with the optional apps. """
    paths = [path for path in paths if not path.endswith('_stock.py')]
    if paths:
        # Each worker copies the database by PostgreSQL's own programs.
        spread = workers(paths, options) if shutil.which('createdb') else []
        many = any(option.startswith('-n') for option in [*spread, *options])
        name = database.prepared() if many else database.ready('full')
        totals.pytest(
            ['--odoo-http', f'--odoo-database={name}', *spread, *paths, *options], in_odoo=True)


def run_stock(totals, paths, options):
    """ Run the tests of what the stock app changes in a database that has it. """
    totals.pytest(
        ['--odoo-http', f'--odoo-database={database.ready("stock")}', *paths, *options],
        in_odoo=True,
    )


def run_reference(totals, long):
    """ Run the add-ons' tests as Odoo itself does, in a database without the optional apps.

    :param bool long: Whether all of them; else those that may end otherwise there.
    """
    name = f'{database.ready("small")}_reference'
    database.copy(database.base('small'), name)
    try:
        tags = ','.join(f'/{addon}' if long else f'{WITHOUT_APPS}/{addon}' for addon in ADDONS)
        totals.odoo(name, tags, install=ADDONS)
    finally:
        database.drop(name)


def run_core(totals):
    """ Run Odoo's tests of payment, account_payment and portal with the add-on installed. """
    source = database.ready('small')
    name = f'{source}_core'
    database.copy(source, name)
    try:
        known = [line for line in CORE_KNOWN.read_text().splitlines()
                 if line.strip() and not line.startswith('#')]
        totals.odoo(name, ','.join(f'/{module}' for module in CORE_MODULES), known)
    finally:
        database.drop(name)


def served_environment(in_ci):
    """ Return the environment variables of tests that start servers and a browser. """
    extra = {'TOCHKA_DATABASE': database.ready('full')}
    try:
        extra['CHROMIUM'] = find_chromium()
    except Trouble as trouble:
        if in_ci:
            raise
        say(str(trouble))
    return extra


def lacking():
    """ Return what a whole run in CI must not go without: it would be green and say less.

    Elsewhere the bank's file may be absent: what needs it is skipped, and the end says so.

    :rtype: list[str]
    """
    shared = ROOT.parent / 'shared'
    found = [f'{folder}: there is no such folder of tests' for folder in (
        *PLAIN, *(f'{addon}/tests' for addon in ADDONS), *SERVED) if not (ROOT / folder).is_dir()]
    named = os.environ.get('TOCHKA_OPENAPI')
    if not Path(named or shared / 'tochka' / 'openapi.json').is_file() and (
        named or shared.is_dir()
    ):
        found.append("The bank's OpenAPI file is not where it should be:"
                     f" {named or shared / 'tochka' / 'openapi.json'}")
    return found


def plan(totals, chosen, options, flags, everything, in_ci):
    """ Return what to run after the plain tests and those of the models, the longest first.

    :param dict chosen: What `groups` returns.
    :param set[str] flags: Which of `OWN_OPTIONS` were given.
    :param bool everything: Whether no part was asked for.
    :rtype: list
    """
    runs = []
    only_extra = everything and flags & {'--odoo-core', '--odoo-reference'}
    if chosen['served'] and not only_extra:
        extra = served_environment(in_ci)
        # Folders are independent of each other: each has servers and databases of its own.
        for folder in SERVED:
            paths = [path for path in chosen['served'] if folder in Path(path).as_posix()]
            if paths:
                runs.append(functools.partial(totals.pytest, [*paths, *options], **extra))
    whole = everything and in_ci
    if whole or '--odoo-core' in flags:
        runs.append(functools.partial(run_core, totals))
    if whole or '--odoo-reference' in flags:
        runs.append(functools.partial(run_reference, totals, '--long' in flags or not in_ci))
    stocked = [path for path in STOCK_TESTS if everything or path in chosen['addons']]
    if stocked and not only_extra:
        runs.append(functools.partial(run_stock, totals, stocked, options))
    return runs


def main():
    """ Run what was asked for. :return: The exit code. """
    arguments = sys.argv[1:]
    in_ci = os.environ.get('CI') == 'true'
    flags = {argument for argument in arguments if argument in OWN_OPTIONS}
    arguments = [argument for argument in arguments if argument not in flags]
    shuffled = take_shuffle(arguments)
    if '--long' in flags:
        os.environ['TOCHKA_LONG'] = '1'
    paths = [a for a in arguments if not a.startswith('-') and Path(a.split('::')[0]).exists()]
    options = [a for a in arguments if a not in paths]
    only_extra = not paths and flags & {'--odoo-core', '--odoo-reference'}
    totals = Totals()
    if in_ci and not paths:
        for one in lacking():
            totals.fail(one)
    chosen = groups(paths)
    if chosen['plain'] and not only_extra:
        totals.pytest(
            [*workers(chosen['plain'], options), *shuffled, *chosen['plain'], *options])
    if chosen['addons'] or chosen['served'] or only_extra:
        with postgres.running():
            if chosen['addons'] and not only_extra:
                run_addons(totals, chosen['addons'], options)
            totals.together(plan(totals, chosen, options, flags, not paths, in_ci))
    if '--long' in flags and not paths:
        totals.program('tools.mutants')
    for reason, count in sorted(totals.reasons.items()):
        print(f'· {count} skipped: {reason}')
    for run in totals.broken:
        print(f'✗ {run}')
    print(f'{totals.passed} passed, {totals.failed} failed, {totals.skipped} skipped')
    return 1 if totals.broken or totals.failed else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except Trouble as trouble:
        sys.exit(f'✗ {trouble}')
    except KeyboardInterrupt:
        sys.exit('✗ Stopped')
