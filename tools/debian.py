""" Packages of Debian by name, without installing them and without touching the system's sources.

The mirror is the one that the machine's own apt sources name; apt verifies what it downloads.
"""

import os
import pwd
import re
import subprocess
import sys
from pathlib import Path

from .console import Trouble, say
from .layout import cache_dir

KEYRING = Path('/usr/share/keyrings/debian-archive-keyring.gpg')
# Suites that tell a source of Debian itself from those of others.
SUITES = re.compile(
    r'(buster|bullseye|bookworm|trixie|forky|duke|sid|unstable|testing|stable|oldstable)'
    r'(-updates|-backports)?'
)


def read_sources(folder=Path('/etc/apt')):
    """ Return (uri, suites) of each source that the machine has, in both of apt's forms. """
    found = []
    lists = [folder / 'sources.list', *sorted((folder / 'sources.list.d').glob('*.list'))]
    for path in lists:
        if path.is_file():
            for line in path.read_text(errors='replace').splitlines():
                match = re.match(r'\s*deb\s+(\[[^]]*\]\s+)?(\S+)\s+(\S+)', line)
                if match:
                    found.append((match[2], [match[3]]))
    for path in sorted((folder / 'sources.list.d').glob('*.sources')):
        for stanza in re.split(r'\n\s*\n', path.read_text(errors='replace')):
            lines = [line for line in stanza.splitlines() if not line.lstrip().startswith('#')]
            fields = dict(re.findall(
                r'(?mi)^(URIs|Suites|Types|Enabled):\s*(.+)$', '\n'.join(lines)))
            fields = {name.lower(): value.split() for name, value in fields.items()}
            if 'deb' in fields.get('types', ['deb']) and fields.get('enabled') != ['no']:
                for uri in fields.get('uris', ()):
                    found.append((uri, fields.get('suites', [])))
    return found


def find_mirror(sources=None):
    """ Return the address of the Debian mirror that the machine uses.

    :raise Trouble: If it names none.
    """
    for uri, suites in read_sources() if sources is None else sources:
        if any(SUITES.fullmatch(suite.rstrip('/')) for suite in suites):
            return uri
    raise Trouble(
        "This machine's apt sources name no Debian mirror. Set ODOO_PATH to an Odoo 19.0 (a git"
        " checkout or an installed one) instead."
    )


class Apt:
    """ A private apt: its own lists, cache and sources, for the given suites. """

    def __init__(self, suites):
        if not Path('/usr/bin/apt-get').exists() or not KEYRING.exists():
            raise Trouble(
                'This is not Debian (apt-get or its keyring is missing). Set ODOO_PATH to an Odoo'
                ' 19.0 (a git checkout or an installed one) instead.'
            )
        self._folder = cache_dir() / 'apt'
        for name in ('lists/partial', 'archives/partial'):
            (self._folder / name).mkdir(parents=True, exist_ok=True)
        (self._folder / 'status').touch()
        mirror = find_mirror()
        (self._folder / 'sources.list').write_text(''.join(
            f'deb [signed-by={KEYRING}] {mirror} {suite} main\n' for suite in suites
        ))

    def _run(self, *arguments, **options):
        settings = {
            'Dir::State': self._folder,
            'Dir::State::status': self._folder / 'status',
            'Dir::Cache': self._folder,
            'Dir::Etc::sourcelist': self._folder / 'sources.list',
            'Dir::Etc::sourceparts': '/dev/null',
            'Dir::Etc::preferences': '/dev/null',
            'Dir::Etc::preferencesparts': '/dev/null',
            'Acquire::Languages': 'none',
            'APT::Sandbox::User': pwd.getpwuid(os.getuid()).pw_name,
        }
        words = [word for name, value in settings.items() for word in ('-o', f'{name}={value}')]
        quiet = [] if sys.stderr.isatty() else ['-q']
        return subprocess.run(
            ['apt-get', *words, *quiet, *arguments], stdin=subprocess.DEVNULL, **options,
        )

    def update(self):
        """ Fetch the lists of packages. :raise Trouble: If the mirror can't be reached. """
        say("Reading Debian's lists of packages")
        if self._run('update', stdout=sys.stderr).returncode:
            raise Trouble("Debian's mirror can't be read; see above what apt says.")

    def download(self, packages, folder):
        """ Download packages; apt checks them against the signed lists.

        :param list[str] packages: Names, or `name/suite`.
        :param Path folder: Where to put them.
        :return: The files.
        :raise Trouble: If one can't be had.
        """
        say(f"Downloading {', '.join(packages)}")
        before = set(folder.glob('*.deb'))
        if self._run('download', *packages, cwd=folder, stdout=sys.stderr).returncode:
            raise Trouble("Debian's packages can't be downloaded; see above what apt says.")
        return sorted(set(folder.glob('*.deb')) - before)


def unpack(files, folder):
    """ Unpack packages into a folder. """
    for path in files:
        subprocess.run(['dpkg', '-x', path, folder], check=True)
