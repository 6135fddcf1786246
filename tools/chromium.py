""" A browser: an installed one, or Debian's. """

import os
import shutil
import subprocess
import sys

from .console import Trouble, say

NAMES = ('chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable')


def find_chromium():
    """ Return the path of a browser, installing Debian's when root may.

    :rtype: str
    :raise Trouble: If there is none, saying what to do.
    """
    own = os.environ.get('CHROMIUM')
    found = own or next(filter(None, map(shutil.which, NAMES)), None)
    if found:
        return found
    if os.geteuid() == 0 and shutil.which('apt-get'):
        say("Installing Debian's chromium for the browser tests")
        for words in (
            ['update'], ['install', '--yes', '--no-install-recommends', 'chromium'],
        ):
            subprocess.run(
                ['apt-get', '-q', *words], stdin=subprocess.DEVNULL, stdout=sys.stderr,
                env={**os.environ, 'DEBIAN_FRONTEND': 'noninteractive'},
            )
        found = shutil.which('chromium')
        if found:
            return found
    raise Trouble(
        "No Chromium is installed, which the browser tests need. On Debian: apt install chromium;"
        " elsewhere set CHROMIUM to its path."
    )
