""" Servers and receipts of the tests. """

import os

import pytest
from hypothesis import HealthCheck, settings

from sandbox.server import start as start_sandbox
from tests.api.server import ScriptedServer

# A busy machine is no failure. CI repeats the same examples each time; at home they vary.
settings.register_profile(
    'fiscal', deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get('CI') == 'true', print_blob=True,
)
settings.load_profile('fiscal')


@pytest.fixture(autouse=True)
def direct(monkeypatch):
    """ No proxy between the tests and the loopback interface. """
    monkeypatch.setenv('NO_PROXY', '*')


@pytest.fixture(scope='module')
def sandbox():
    """ One sandbox for all tests of a module. """
    running = start_sandbox(webhook_interval=0.05)
    yield running
    running.stop()


@pytest.fixture
def serve():
    """ Return a function that starts a server with a script and stops it after the test. """
    servers = []

    def start(*steps, tls=None):
        servers.append(ScriptedServer(list(steps), tls))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()
