""" Runs of pytest and of Odoo's own test runner, and what all of them have counted. """

import os
import re
import subprocess
import sys
import tempfile
import threading
import xml.etree.ElementTree as ElementTree
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from .console import say
from .demo.server import free_port
from .layout import ROOT
from .odoo_run import command, environment

# What hangs is ended, so that the rest is still tested.
RUN_SECONDS = 2400


class Totals:
    """ What all runs together have passed, failed and skipped. """

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.broken = []
        self._lock = threading.Lock()
        self._together = False

    def together(self, runs):
        """ Make runs side by side, two at a time; each prints what it has to say when it ends.

        Most of them wait for servers and browsers, so that two keep two cores busy.

        :param list runs: Functions without arguments, the longest first.
        """
        self._together = True
        try:
            with ThreadPoolExecutor(2) as pool:
                for run in [pool.submit(run) for run in runs]:
                    run.result()
        finally:
            self._together = False

    def _count(self, passed=0, failed=0, skipped=0, broken=None):
        with self._lock:
            self.passed += passed
            self.failed += failed
            self.skipped += skipped
            if broken:
                self.broken.append(broken)

    def pytest(self, arguments, in_odoo=False, **extra):
        """ Run pytest and count.

        :param list[str] arguments: What to run.
        :param bool in_odoo: Whether the tests run inside Odoo.
        :param extra: Further environment variables.
        """
        plugins = [] if in_odoo else ['-p', 'no:odoo']
        name = f'pytest {" ".join(arguments)}'
        with tempfile.TemporaryDirectory() as folder:
            report = Path(folder) / 'report.xml'
            words = [sys.executable, '-m', 'pytest', '-p', 'tools.at_once', *plugins,
                     f'--junitxml={report}', *arguments]
            options = {'cwd': ROOT, 'timeout': RUN_SECONDS,
                       'env': environment(**extra) if in_odoo else {**os.environ, **extra}}
            code = self._run(name, words, options)
            if report.exists():
                for suite in ElementTree.parse(report).getroot().iter('testsuite'):
                    count = {name: int(suite.get(name, 0))
                             for name in ('tests', 'failures', 'errors', 'skipped')}
                    failed = count['failures'] + count['errors']
                    self._count(count['tests'] - failed - count['skipped'], failed,
                                count['skipped'])
        if code is None:
            self._count(failed=1, broken=f'{name}: no end after {RUN_SECONDS} s')
        elif code not in (0, 5):  # 5: nothing selected by -k
            self._count(broken=name)

    def _run(self, name, words, options):
        """ Run a command; beside others its output waits until it ends.

        :return: The exit code; None when it did not end.
        """
        try:
            if not self._together:
                return subprocess.run(words, **options).returncode
            with tempfile.TemporaryFile('w+', errors='replace') as output:
                say(f'Started: {name}')
                try:
                    return subprocess.run(
                        words, stdout=output, stderr=subprocess.STDOUT, **options).returncode
                finally:
                    output.seek(0)
                    with self._lock:
                        print(f'· {name}\n{output.read()}', flush=True)
        except subprocess.TimeoutExpired:
            return None

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
        if not match or not int(match[3]):
            print(log[-8000:])
            self._count(failed=1, broken=f'Odoo {tags}: no result')
            return
        total = int(match[3])
        wrong = set(re.findall(
            r'(?:FAIL|ERROR): (\w+\.\w+|setUpClass \(\S+\))', log))
        unknown = wrong - set(known)
        errors = re.findall(r'^.* (?:ERROR|CRITICAL) .*$', log, re.MULTILINE)
        self._count(total - len(wrong), len(unknown), len(wrong & set(known)))
        say(f"Odoo's own runner, {tags}: {total} tests, {len(wrong)} failed, of which"
            f" {len(wrong & set(known))} fail without the add-on as well")
        if unknown or (errors and not wrong):
            print('\n'.join(errors[:40]) or log[-8000:])
            for name in sorted(unknown):
                print(f'FAILED {name}')
            self._count(failed=not unknown, broken=f'Odoo {tags}')
