""" Running Odoo's own command line with the project's add-ons. """

import os
import signal
import subprocess
import sys
from pathlib import Path

from .layout import ROOT, cache_dir, digest
from .odoo_source import addons_paths, find_script

ADDONS = [path.parent.name for path in sorted(ROOT.glob('tochka_*/__manifest__.py'))]


def data_dir():
    """ Return the folder of Odoo's files. """
    return cache_dir() / 'data'


def write_configuration():
    """ Write the configuration file that all runs of Odoo share.

    The database server is found by PostgreSQL's own environment variables.

    :rtype: Path
    """
    odoo = Path(os.environ['TOCHKA_ODOO_ROOT'])
    paths = ','.join(str(path) for path in [*addons_paths(odoo), ROOT])
    text = '\n'.join([
        '[options]',
        f'addons_path = {paths}',
        f'data_dir = {data_dir()}',
        'http_interface = 127.0.0.1',
        'without_demo = True',
        'admin_passwd = False',
        'list_db = False',
        'limit_time_cpu = 600',
        'limit_time_real = 1200',
        'max_cron_threads = 2',
        '',
    ])
    path = cache_dir() / f'odoo-{digest(text)}.conf'
    if not path.exists():
        path.write_text(text)
    return path


def environment(**extra):
    """ Return the environment of a run of Odoo. """
    return {**os.environ, 'ODOO_RC': str(write_configuration()), **extra}


def command(*arguments):
    """ Return the words that run Odoo.

    Odoo's own script, not `python -m odoo`: Odoo starts its evented process by the path of what it
    was started with, and a file inside the package can't be run as a script.
    """
    # Odoo warns about root; the sandbox of a demo is no place to insist.
    script = find_script(Path(os.environ['TOCHKA_ODOO_ROOT']))
    return [sys.executable, '-W', 'ignore', str(script), *arguments]


def run(*arguments, **options):
    """ Run Odoo in the foreground; Ctrl-C is Odoo's to handle.

    :return: The exit code.
    :rtype: int
    """
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process = subprocess.Popen(
            command(*arguments), env=environment(),
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler), **options,
        )
        return process.wait()
    finally:
        signal.signal(signal.SIGINT, before)
