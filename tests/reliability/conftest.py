""" Real workers, a real database, and a bank that misbehaves. """

import os

import pytest

from tests import served


@pytest.fixture(scope='module')
def stack():
    """ Odoo with several workers, and its bank; notifications are on. """
    with served.running(os.environ['TOCHKA_DATABASE'], 'tochka_reliability', workers=4) as stack:
        [connection] = stack.read('tochka.connection', [], ['id'])
        stack.call('tochka.connection', 'action_register_webhook', [connection['id']])
        yield stack
