""" Prepare the environment, then become the command in it. Standard library only. """

import os
import sys

from .console import Trouble
from .layout import ROOT
from .odoo_source import find_odoo
from .virtualenv import find_virtualenv

COMMANDS = ('demo', 'odoo', 'python', 'test')


def main():
    """ Run `COMMAND ARGS...`. """
    command, arguments = sys.argv[1], sys.argv[2:]
    if command not in COMMANDS:
        sys.exit(f'unknown command {command}')
    try:
        odoo = find_odoo()
        python = find_virtualenv()
    except Trouble as trouble:
        sys.exit(f'✗ {trouble}')
    except KeyboardInterrupt:
        sys.exit('✗ Stopped. The next start goes on from here.')
    environment = {
        **os.environ,
        'PYTHONPATH': f'{odoo}{os.pathsep}{ROOT}',
        'PYTHONDONTWRITEBYTECODE': '1',
        'PATH': f'{python.parent}{os.pathsep}{os.environ.get("PATH", "")}',
        'TOCHKA_ODOO_ROOT': str(odoo),
    }
    words = arguments if command == 'python' else ['-m', f'tools.{command}_command', *arguments]
    os.execve(python, [str(python), *words], environment)


if __name__ == '__main__':
    main()
