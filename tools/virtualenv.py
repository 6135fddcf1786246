""" The Python packages, pinned by the lock file, in a virtual environment of their own. """

import os
import platform
import shutil
import subprocess
import sys

from .console import Trouble, say
from .layout import ROOT, cache_dir, digest, exclusive

SUPPORTED = ((3, 10), (3, 11), (3, 12), (3, 13))
LOCK = ROOT / 'requirements.lock'


def find_python():
    """ Return a Python that Odoo 19.0 runs on: this one, or another that the machine has.

    :return: The interpreter and its version.
    :raise Trouble: If there is none.
    """
    if sys.version_info[:2] in SUPPORTED:
        return sys.executable, platform.python_version()
    for major, minor in reversed(SUPPORTED):
        path = shutil.which(f'python{major}.{minor}')
        if path:
            version = subprocess.run(
                [path, '-c', 'import platform; print(platform.python_version())'],
                capture_output=True, text=True, check=True,
            ).stdout.strip()
            return path, version
    raise Trouble("Odoo 19.0 needs Python 3.10 to 3.13; install one, for instance python3.11.")


def find_virtualenv():
    """ Return the interpreter of the environment, preparing it when needed.

    :rtype: Path
    :raise Trouble: If it can't be prepared.
    """
    python, version = find_python()
    target = cache_dir() / f'venv-{digest(LOCK, version, platform.machine())}'
    with exclusive('venv'):
        if not (target / 'complete').exists():
            _prepare(target, python)
    return target / 'bin' / 'python'


def _prepare(target, python):
    say(f"Preparing the Python packages of requirements.lock ({python})")
    # A virtual environment can't be moved, hence the mark instead of a rename.
    shutil.rmtree(target, ignore_errors=True)
    made = subprocess.run([python, '-m', 'venv', target], capture_output=True, text=True)
    if made.returncode:
        raise Trouble(
            "A virtual environment can't be made. On Debian install it with: apt install"
            f" python3-venv\n{made.stdout}{made.stderr}"
        )
    quiet = [] if sys.stderr.isatty() else ['--quiet']
    installed = subprocess.run(
        [target / 'bin' / 'python', '-m', 'pip', 'install', *quiet, '--disable-pip-version-check',
         '--prefer-binary', '--require-hashes', '-r', LOCK],
        stdout=sys.stderr, env={**os.environ, 'PYTHONPATH': ''},
    )
    if installed.returncode:
        raise Trouble("The Python packages can't be installed; see above what pip says.")
    (target / 'complete').touch()
