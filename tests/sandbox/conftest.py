""" A running sandbox, a client of its API, a shop with a cash register, addresses for callbacks.

This folder has no `__init__.py` on purpose: it would hide the package `sandbox` that it tests.
"""

import pytest
from atol_shop import AtolShop
from komtet_shop import Listener, Shop
from orangedata_shop import OrangedataShop
from paykeeper_shop import PaykeeperShop
from sandbox_client import Api, Receiver

from sandbox.server import start


@pytest.fixture(scope='session')
def running():
    """ One sandbox for all tests: its keys take a second to make. """
    sandbox = start()
    yield sandbox
    sandbox.stop()


@pytest.fixture
def api(running):
    """ The API of a sandbox that has just begun. """
    api = Api(running.url)
    api.token = api.control('reset', 'POST')['token']
    # Delays and intervals pass when a test says so.
    api.control('timers', still=True)
    api.control('webhooks', interval=10)
    yield api
    api.http.close()


@pytest.fixture
def receiver(api):
    """ An address for webhooks. """
    receiver = Receiver(api)
    yield receiver
    receiver.stop()


@pytest.fixture
def subscribed(api, receiver):
    """ The address, registered with the bank; its test event has been read. """
    api.data('PUT', f'webhook/v1.0/{api.client_id}', {
        'url': receiver.url, 'webhooksList': ['acquiringInternetPayment'],
    })
    receiver.next()
    return receiver


@pytest.fixture
def without_openapi(running, monkeypatch):
    """ The sandbox's own checks alone, as on a machine that lacks the bank's file. """
    monkeypatch.setattr(running.app.config['SCHEMA'], 'document', None)


@pytest.fixture
def with_openapi(running):
    """ Only where the bank's OpenAPI file is present. """
    if not running.app.config['SCHEMA'].document:
        pytest.skip("the bank's OpenAPI file is absent: set TOCHKA_OPENAPI to test against it")


@pytest.fixture(params=['with_openapi', 'without_openapi'])
def schema(request):
    """ Both ways of checking. """
    request.getfixturevalue(request.param)
    return request.param


@pytest.fixture
def shop(api):
    """ A shop whose till prints at once. """
    shop = Shop(api)
    shop.control('settings', delay=0)
    return shop


@pytest.fixture
def held(shop):
    """ A shop whose till waits for a step. """
    shop.control('settings', hold=True)
    return shop


@pytest.fixture(params=['v4', 'v5'])
def atol(api, request):
    """ A shop at ATOL Online whose till waits for a step, by each version of the protocol. """
    shop = AtolShop(api, request.param)
    shop.control('settings', hold=True)
    return shop


@pytest.fixture
def atol_v4(api):
    """ The same by v4 only. """
    shop = AtolShop(api, 'v4')
    shop.control('settings', hold=True)
    return shop


@pytest.fixture
def atol_v5(api):
    """ The same by v5 only. """
    shop = AtolShop(api, 'v5')
    shop.control('settings', hold=True)
    return shop


@pytest.fixture
def paykeeper(api):
    """ A shop at PayKeeper whose till waits for a step. """
    shop = PaykeeperShop(api)
    shop.control('settings', hold=True)
    return shop


@pytest.fixture
def orangedata(api):
    """ A shop at OrangeData whose tills wait for a step. """
    shop = OrangedataShop(api)
    shop.control('settings', hold=True)
    yield shop
    shop.http.clear()


@pytest.fixture
def listener(api):
    """ An address for callbacks. """
    listener = Listener(api)
    yield listener
    listener.stop()
