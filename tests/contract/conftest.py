""" The bank's file, the sandbox, and an address that takes webhooks. """

import pytest

from sandbox.server import start
from tests.api.server import ScriptedServer, answer

from .bank import Bank
from .openapi import Contract, find_openapi


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    """ No proxy between the tests and the loopback interface. """
    monkeypatch.setenv('NO_PROXY', '*')


@pytest.fixture(scope='session')
def contract():
    """ The bank's OpenAPI file, or None where it is not. """
    path = find_openapi()
    return Contract(path) if path else None


@pytest.fixture(scope='session')
def running():
    """ One sandbox for all tests: its keys take a second to make. """
    sandbox = start(webhook_interval=0.05)
    yield sandbox
    sandbox.stop()


@pytest.fixture
def bank(running, contract):
    """ A sandbox that has just begun. """
    bank = Bank(running.url, contract)
    yield bank
    bank.session.close()


@pytest.fixture
def receiver():
    """ An address that takes every webhook. """
    server = ScriptedServer([answer('', content_type='text/plain')])
    yield server
    server.stop()
