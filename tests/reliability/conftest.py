""" Real workers, a real database, and a bank that misbehaves. """

import os

import pytest

from tests import served

WORKERS = 4


@pytest.fixture(scope='module')
def stack(request):
    """ Odoo with several workers (a module can name `WORKERS`), and its bank; notifications are on.
    """
    workers = getattr(request.module, 'WORKERS', WORKERS)
    with served.running(
        os.environ['TOCHKA_DATABASE'], 'tochka_reliability', workers=workers,
    ) as stack:
        [connection] = stack.read('tochka.connection', [], ['id'])
        stack.call('tochka.connection', 'action_register_webhook', [connection['id']])
        yield stack
