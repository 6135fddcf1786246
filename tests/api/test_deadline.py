""" Several calls together take no longer than somebody is ready to wait. """

from datetime import date
from decimal import Decimal

import pytest

from tochka_acquiring.api import client as client_module
from tochka_acquiring.api import deadline as deadline_module
from tochka_acquiring.api import errors, https
from tochka_acquiring.api.deadline import Deadline
from tochka_acquiring.api.oauth import OAuthApplication

from .server import answer


class Clock:
    """ Time that passes only where the test lets it. """

    def __init__(self):
        self.now = 5000.0

    def monotonic(self):
        return self.now

    def sleep(self, seconds):
        self.now += seconds


@pytest.fixture
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(deadline_module, 'time', clock)
    monkeypatch.setattr(client_module, 'time', clock)
    return clock


@pytest.fixture
def hanging_bank(monkeypatch, clock):
    """ A bank that takes each connection at the last moment, and then says nothing.

    :return: The time-outs of the calls.
    """
    calls = []

    def hang(_method, _url, *, timeout, **_options):
        calls.append(timeout)
        clock.sleep(sum(timeout))
        raise https.Failure(https.TIMEOUT, maybe_sent=True)

    monkeypatch.setattr(https, 'send', hang)
    return calls


def test_time_is_cut(clock):
    deadline = Deadline(30)
    assert deadline.cut((5, 15)) == (5, 15)
    clock.sleep(20)
    assert deadline.cut((5, 15)) == (5, 5)
    clock.sleep(6)
    assert deadline.cut((5, 15)) == (2, 2)
    clock.sleep(4)
    with pytest.raises(errors.NoTimeLeft):
        deadline.cut((5, 15))


def test_no_call_after_it(serve, make_client, clock):
    server = serve(answer({'Data': {'Customer': []}}))
    deadline = Deadline(1)
    client = make_client(server, deadline=deadline)
    assert client.customers() == []
    clock.sleep(1)
    for call in (client.customers, lambda: client.refund_payment('op-1', Decimal('1.00'))):
        with pytest.raises(errors.NotSent):
            call()
    assert len(server.requests) == 1


def test_all_that_one_request_may_ask(make_client, hanging_bank, clock):
    """ The access is renewed, other payments of the document are read, and the link is made, tried
    again and looked for.
    """
    deadline, started = Deadline(30), clock.now
    application = OAuthApplication(
        'http://127.0.0.1:9/uapi/', 'client', 'secret', timeout=(5, 15), deadline=deadline)
    client = make_client('http://127.0.0.1:9/uapi/', timeout=None, deadline=deadline)
    today = date(2026, 9, 1)
    for call in (
        lambda: application.refresh('token'),
        *[lambda: client.get_payment('op-1')] * 5,
        *[lambda: client.refund_payment('op-1', Decimal('1.00'))] * 2,
        lambda: list(client.list_payments('301112223', today, today)),
    ):
        with pytest.raises(errors.TochkaError):
            call()
    assert clock.now - started <= 30
    assert len(hanging_bank) == 2


def test_hanging_read_is_not_repeated(make_client, hanging_bank, clock):
    """ 3 x 35 s before. """
    client = make_client('http://127.0.0.1:9/uapi/', timeout=None)
    started = clock.now
    with pytest.raises(errors.OutcomeUnknown):
        client.customers()
    assert len(hanging_bank) == 1
    assert clock.now - started <= sum(client_module.READ_TIMEOUT)
