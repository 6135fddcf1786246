""" bin/python -m tests.benchmarks [PART ...] [--quick] [--output FILE]: what the product costs. """

import argparse
import contextlib
import datetime
import importlib
import os
import platform
import subprocess
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path

from tools.console import Trouble, say
from tools.layout import ROOT

from . import clients, durable, ground, stub, table

# In this order; the modules of these names.
PARTS = ('tls', 'door', 'inbox', 'lanes', 'stop', 'catchup', 'hang', 'posting', 'payment', 'hosts',
         'old')
WITHOUT_A_SHOP = ('tls', 'old')
WITH_RECEIPTS = ('lanes', 'payment')


class Bench:
    """ What a part is given.

    :param str template: The database that each part has a copy of.
    :param bool quick: Whether small numbers do, since it only has to be seen that it works.
    """

    def __init__(self, template, quick):
        self._template = template
        self.quick = quick
        self.bank = clients.Bank()
        self.stub = stub.Stub()
        self.ground = None
        self.notes = []

    def size(self, full, quick):
        """ Return how many. """
        return quick if self.quick else full

    def note(self, text):
        """ Tell the reader how it was measured. """
        self.notes.append(text)

    def run(self, name):
        """ Measure a part.

        :rtype: Result
        """
        part = importlib.import_module(f'.{name}', __package__)
        self.notes, self.ground = [], None
        say(f'{name}: {part.TITLE}')
        start = time.monotonic()
        result = Result(part.TITLE, dict(part.ROWS), self.notes)
        shop = contextlib.nullcontext() if name in WITHOUT_A_SHOP else ground.shop(
            self._template, name, self.stub.url, self.bank.jwk, name in WITH_RECEIPTS)
        try:
            with shop as self.ground:
                result.figures = part.measure(self)
                # What a part has found besides has rows of its own.
                result.rows |= {
                    key: part.row(key) for key in result.figures if key not in result.rows}
                if hasattr(part, 'profile') and table.falls_short(result.rows, result.figures):
                    result.profile = part.profile(self)
        except Exception as error:
            traceback.print_exc()
            result.failed = True
            self.note(f'It failed: {type(error).__name__}.')
        say(f'{name}: {time.monotonic() - start:.0f} s')
        return result


@dataclass
class Result:
    """ What a part has brought. """

    title: str
    rows: dict
    notes: list
    figures: dict = field(default_factory=dict)
    profile: str = ''  # where the time goes, if a goal was missed
    failed: bool = False

    def table(self):
        """ Return its table in Markdown. :rtype: str """
        return table.render(self.rows, self.figures)

    def section(self, quick):
        """ Return its section of the document. :rtype: str """
        lines = [f'### {self.title}', '', self.table()]
        for note in [*self.notes, when(quick)]:
            both_items = note.startswith('*') and lines[-1].startswith('*')
            lines += [note] if both_items else ['', note]
        if self.profile:
            lines += ['', '<details><summary>Where the time goes</summary>', '', '```text',
                      self.profile.strip('\n'), '```', '', '</details>']
        return '\n'.join(lines)


def when(quick):
    """ Return what was measured, and when. """
    done = subprocess.run(['git', 'describe', '--always', '--dirty'], cwd=ROOT,
                          capture_output=True, text=True)
    today = datetime.date.today().isoformat()
    how = ' with small numbers, which say little (`--quick`)' if quick else ''
    return f"Measured on {today}{how}, revision {done.stdout.strip() or 'unknown'}."


def machine():
    """ Return the machine and the versions, in Markdown. """
    from odoo.release import version as odoo
    model = next((line.partition(':')[2].strip() for line in
                  Path('/proc/cpuinfo').read_text().splitlines() if line.startswith('model name')),
                 platform.machine())
    memory = os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2 ** 30
    return '\n'.join([
        f'* {os.cpu_count()} cores, {model}, {memory:.0f} GB; load at the start'
        f' {os.getloadavg()[0]:.1f}',
        f'* {platform.system()} {platform.release()}, Python {platform.python_version()},'
        f' Odoo {odoo}, {durable.version()} with {", ".join(durable.DurableServer.settings[:2])}',
    ])


def write(path, name, content):
    """ Put a section into the document. """
    document = path.read_text() if path.exists() else '# Performance\n'
    path.write_text(table.replace(document, name, content))


def main():
    """ Measure what was asked for. :return: The exit code. """
    parser = argparse.ArgumentParser(prog='bin/python -m tests.benchmarks')
    parser.add_argument('parts', nargs='*', metavar='PART', help=', '.join(PARTS))
    parser.add_argument('--quick', action='store_true', help='small numbers: does it work?')
    parser.add_argument('--output', type=Path, default=ROOT / 'docs' / 'performance.md')
    options = parser.parse_args()
    unknown = set(options.parts) - set(PARTS)
    if unknown:
        parser.error(f"unknown: {', '.join(sorted(unknown))}; there are {', '.join(PARTS)}")
    failed, printed = False, []
    with durable.running():
        bench = Bench(ground.base(), options.quick)
        write(options.output, 'machine', machine())
        for name in PARTS:
            if options.parts and name not in options.parts:
                continue
            result = bench.run(name)
            write(options.output, name, result.section(options.quick))
            printed += [f'\n{result.title}', result.table()]
            failed = failed or result.failed
    print('\n'.join(printed))
    return 1 if failed else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except Trouble as trouble:
        sys.exit(f'✗ {trouble}')
    except KeyboardInterrupt:
        sys.exit('✗ Stopped')
