""" python -m tools.translations: brings the catalogues of the add-ons in line with the code.

What is new is listed; it is translated in `i18n/ru.po` by hand.
"""

import subprocess
import sys

import polib

from . import database, postgres
from .console import say
from .layout import ROOT
from .odoo_run import ADDONS, command, environment


def export(name, addon):
    """ Let Odoo write the template of an add-on. """
    template = ROOT / addon / 'i18n' / f'{addon}.pot'
    subprocess.run(
        command('i18n', 'export', '-d', name, '-l', 'pot', '-o', str(template), addon),
        env=environment(), check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    return template


def merge(addon, template):
    """ Give the Russian catalogue the template's terms. :return: Those without a translation. """
    path = ROOT / addon / 'i18n' / 'ru.po'
    catalogue = polib.pofile(str(path), wrapwidth=78)
    catalogue.merge(polib.pofile(str(template)))
    for entry in list(catalogue):
        if entry.obsolete:
            catalogue.remove(entry)
        elif 'fuzzy' in entry.flags:
            entry.flags.remove('fuzzy')
            entry.msgstr = ''
    catalogue.save(str(path))
    return [entry.msgid for entry in catalogue if not entry.msgstr]


def main():
    """ Export and merge. :return: The exit code. """
    missing = []
    with postgres.running():
        name = database.ready('full')
        for addon in ADDONS:
            missing += merge(addon, export(name, addon))
    for term in missing:
        print(repr(term))
    say(f'{len(missing)} terms are not translated')
    return 1 if missing else 0


if __name__ == '__main__':
    sys.exit(main())
