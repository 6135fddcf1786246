""" bin/test [PATH...] [options of pytest]: everything that needs no other machine. """

import os
import re
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from . import database, postgres
from .chromium import find_chromium
from .console import Trouble, say
from .demo.server import free_port
from .layout import ROOT
from .odoo_run import ADDONS, command, environment

# What is tested how, in this order: plain Python first, because it fails fastest.
PLAIN = ('tests/api', 'tests/fiscal', 'tests/sandbox', 'tests/contract', 'tests/tools')
SERVED = ('tests/browser', 'tests/reliability')
# What the stock app does to receipts; elsewhere these skip what needs it.
STOCK_TESTS = (
    'tochka_fiscal/tests/test_marks_stock.py', 'tochka_fiscal/tests/test_items_orders.py')
# What hangs is ended, so that the rest is still tested. A run takes up to half an hour.
RUN_SECONDS = 3300
CORE_MODULES = ('payment', 'account_payment', 'portal')
# Tests of Odoo that fail in this environment without the add-on as well.
CORE_KNOWN = ROOT / 'tests' / 'odoo_core_known_failures.txt'


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


class Totals:
    """ What all runs together have passed, failed and skipped. """

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.broken = []

    def pytest(self, arguments, in_odoo=False, **extra):
        """ Run pytest and count.

        :param list[str] arguments: What to run.
        :param bool in_odoo: Whether the tests run inside Odoo.
        :param extra: Further environment variables.
        """
        plugins = [] if in_odoo else ['-p', 'no:odoo']
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / 'report.xml'
            try:
                result = subprocess.run(
                    [sys.executable, '-m', 'pytest', *plugins, f'--junitxml={report}', *arguments],
                    cwd=ROOT,
                    env=environment(**extra) if in_odoo else {**os.environ, **extra},
                    timeout=RUN_SECONDS,
                )
            except subprocess.TimeoutExpired:
                self.failed += 1
                self.broken.append(f'pytest {" ".join(arguments)}: no end after {RUN_SECONDS} s')
                return
            if report.exists():
                for suite in ElementTree.parse(report).getroot().iter('testsuite'):
                    count = {name: int(suite.get(name, 0))
                             for name in ('tests', 'failures', 'errors', 'skipped')}
                    self.failed += count['failures'] + count['errors']
                    self.skipped += count['skipped']
                    self.passed += (count['tests'] - count['failures'] - count['errors']
                                    - count['skipped'])
        if result.returncode not in (0, 5):  # 5: nothing selected by -k
            self.broken.append(f'pytest {" ".join(arguments)}')

    def odoo(self, name, tags, known=(), install=()):
        """ Run Odoo's own test runner and count; an ERROR in the log is a failure.

        :param str name: The database.
        :param str tags: Odoo's `--test-tags`.
        :param known: Tests whose failure is not the add-ons' doing.
        :param install: Add-ons to install in the same run. Odoo then tests these alone, else all
                        that is installed.
        """
        words = ['-i', ','.join(install)] if install else []
        try:
            log = subprocess.run(
                command('-d', name, *words, '--test-tags', tags, '--stop-after-init',
                        '--http-port', str(free_port()), '--log-level=info'),
                env=environment(), capture_output=True, text=True, timeout=RUN_SECONDS,
            ).stderr
        except subprocess.TimeoutExpired as expired:
            log = (expired.stderr or b'').decode(errors='replace')
        match = re.search(r'(\d+) failed, (\d+) error\(s\) of (\d+) tests', log)
        if not match:
            print(log[-8000:])
            self.failed += 1
            self.broken.append(f'Odoo {tags}: no result')
            return
        total = int(match[3])
        wrong = set(re.findall(
            r'(?:FAIL|ERROR): (\w+\.\w+|setUpClass \(\S+\))', log))
        unknown = wrong - set(known)
        errors = re.findall(r'^.* (?:ERROR|CRITICAL) .*$', log, re.MULTILINE)
        self.failed += len(unknown)
        self.passed += total - len(wrong)
        self.skipped += len(wrong & set(known))
        say(f"Odoo's own runner, {tags}: {total} tests, {len(wrong)} failed, of which"
            f" {len(wrong & set(known))} fail without the add-on as well")
        if unknown or (errors and not wrong):
            print('\n'.join(errors[:40]) or log[-8000:])
            for name in sorted(unknown):
                print(f'FAILED {name}')
            self.failed += not unknown
            self.broken.append(f'Odoo {tags}')


def run_addons(totals, paths, options, everything):
    """ Run the tests of models; those of the stock app in a database that has it. """
    stocked = [path for path in STOCK_TESTS if everything or path in paths]
    others = [path for path in paths if not path.endswith('_stock.py')]
    for kind, chosen in (('full', others), ('stock', stocked)):
        if chosen:
            totals.pytest(
                ['--odoo-http', f'--odoo-database={database.ready(kind)}', *chosen, *options],
                in_odoo=True,
            )


def run_served(totals, paths, options, in_ci):
    """ Run the tests that start servers and a browser. """
    extra = {'TOCHKA_DATABASE': database.ready('full')}
    try:
        extra['CHROMIUM'] = find_chromium()
    except Trouble as trouble:
        if in_ci:
            raise
        say(str(trouble))
    totals.pytest([*paths, *options], **extra)


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


def main():
    """ Run what was asked for. :return: The exit code. """
    arguments = sys.argv[1:]
    in_ci = os.environ.get('CI') == 'true'
    core = '--odoo-core' in arguments
    reference = '--odoo-reference' in arguments
    arguments = [a for a in arguments if a not in ('--odoo-core', '--odoo-reference')]
    paths = [a for a in arguments if not a.startswith('-') and Path(a.split('::')[0]).exists()]
    options = [a for a in arguments if a not in paths]
    only_extra = (core or reference) and not paths
    totals = Totals()
    chosen = groups(paths)
    if chosen['plain'] and not only_extra:
        totals.pytest([*chosen['plain'], *options])
    everything = not paths and in_ci
    if chosen['addons'] or chosen['served'] or core or reference:
        with postgres.running():
            if chosen['addons'] and not only_extra:
                run_addons(totals, chosen['addons'], options, not paths)
            if chosen['served'] and not only_extra:
                run_served(totals, chosen['served'], options, in_ci)
            if everything or reference:
                # As Odoo itself runs them, in a database without the optional apps.
                name = f'{database.ready("small")}_reference'
                database.copy(database.base('small'), name)
                try:
                    totals.odoo(name, ','.join(f'/{addon}' for addon in ADDONS), install=ADDONS)
                finally:
                    database.drop(name)
            if everything or core:
                run_core(totals)
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
