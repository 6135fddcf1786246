""" Servers, keys and clients of the tests. """

import os

import pytest
from hypothesis import HealthCheck, settings

from tochka_acquiring.api import client as client_module
from tochka_acquiring.api.client import TochkaClient

from .server import ScriptedServer

# A busy machine is no failure. CI repeats the same examples each time; at home they vary.
settings.register_profile(
    'tochka', deadline=None, database=None, suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get('CI') == 'true', print_blob=True,
)
settings.load_profile('tochka')

TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOiJzZWNyZXQtY2xpZW50In0.c2VjcmV0LXNpZ25hdHVyZQ'


@pytest.fixture(autouse=True)
def direct_and_quick(monkeypatch):
    """ No proxy between the tests and the loopback interface; short pauses between reads. """
    monkeypatch.setenv('NO_PROXY', '*')
    monkeypatch.setattr(client_module, 'READ_RETRY_DELAYS', (0.01, 0.02))


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


@pytest.fixture
def make_client():
    """ Return a function that makes a client for a server or an address. """
    def make(server, token=TOKEN, timeout=(2, 2), **options):
        return TochkaClient(getattr(server, 'url', server), token, timeout=timeout, **options)

    return make
