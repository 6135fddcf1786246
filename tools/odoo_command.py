""" bin/odoo ARGS...: Odoo's own command line in the prepared environment. """

import sys

from . import postgres
from .console import Trouble
from .odoo_run import run


def main():
    """ Run Odoo with the given arguments. """
    with postgres.running():
        return run(*sys.argv[1:])


if __name__ == '__main__':
    try:
        sys.exit(main())
    except Trouble as trouble:
        sys.exit(f'✗ {trouble}')
