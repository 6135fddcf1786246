""" bin/python -m tests.benchmarks [PART ...] [--quick] [--output FILE]: what the product costs. """

import argparse
import datetime
import importlib
import os
import platform
import subprocess
import sys
import time
import traceback
from pathlib import Path

from tools.console import Trouble, say
from tools.layout import ROOT

from . import clients, durable, ground, stub, table

# In this order; the modules of these names.
PARTS = ('tls', 'door', 'inbox', 'lanes', 'stop', 'catchup', 'hang', 'posting', 'payment', 'hosts',
         'old')
WITHOUT_A_SHOP = ('tls', 'old')


class Bench:
    """ What a part is given.

    :param bool quick: Whether small numbers do, since it only has to be seen that it works.
    """

    def __init__(self, quick):
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

        :return: Its rows, its figures and what else its section of the document tells.
        """
        part = importlib.import_module(f'.{name}', __package__)
        self.notes, self.ground = [], None
        say(f'{name}: {part.TITLE}')
        start = time.monotonic()
        figures, profile = {}, ''
        try:
            if name in WITHOUT_A_SHOP:
                figures, profile = self._measure(part)
            else:
                with ground.shop(name, self.stub.url, self.bank.jwk) as self.ground:
                    figures, profile = self._measure(part)
        except Exception as error:
            traceback.print_exc()
            self.note(f'It failed: {type(error).__name__}.')
        say(f'{name}: {time.monotonic() - start:.0f} s')
        return part, figures, profile

    def _measure(self, part):
        """ Measure, and look where the time goes if a goal was missed. """
        figures = part.measure(self)
        short = table.falls_short(part.ROWS, figures)
        return figures, part.profile(self) if short and hasattr(part, 'profile') else ''


def section(part, figures, notes, profile, quick):
    """ Return a part's section of the document. :rtype: str """
    today = datetime.date.today().isoformat()
    lines = [f'### {part.TITLE}', '', table.render(part.ROWS, figures)]
    notes = [*notes, f"Measured on {today}, revision {revision()}{', quick' if quick else ''}."]
    for note in notes:
        lines += ['' if not note.startswith('*') or not lines[-1].startswith('*') else None, note]
    if profile:
        lines += ['', '<details><summary>Where the time goes</summary>', '', '```text',
                  profile.rstrip(), '```', '', '</details>']
    return '\n'.join(line for line in lines if line is not None)


def revision():
    """ Return the revision that is measured. """
    done = subprocess.run(['git', 'describe', '--always', '--dirty'], cwd=ROOT,
                          capture_output=True, text=True)
    return done.stdout.strip() or 'unknown'


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
        ground.base()  # Nobody's measurement has to wait for it.
        write(options.output, 'machine', machine())
        bench = Bench(options.quick)
        for name in PARTS:
            if options.parts and name not in options.parts:
                continue
            part, figures, profile = bench.run(name)
            text = section(part, figures, bench.notes, profile, options.quick)
            write(options.output, name, text)
            printed += [f'\n{part.TITLE}', table.render(part.ROWS, figures)]
            failed = failed or not figures
    print('\n'.join(printed))
    return 1 if failed else 0


if __name__ == '__main__':
    try:
        sys.exit(main())
    except Trouble as trouble:
        sys.exit(f'✗ {trouble}')
    except KeyboardInterrupt:
        sys.exit('✗ Stopped')
