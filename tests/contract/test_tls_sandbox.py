""" The client and the sandbox over TLS: it breaks after the request was sent, and the bank's
certificate changes.
"""

from decimal import Decimal

import pytest
import requests

from sandbox.certificates import Authority
from sandbox.server import start
from tochka_acquiring.api import client as client_module
from tochka_acquiring.api.client import TochkaClient
from tochka_acquiring.api.errors import NotSent, OutcomeUnknown, Rejected, TlsError


class Bank:
    """ A sandbox behind TLS, and a client that trusts its authority.

    :param RunningSandbox running: The sandbox.
    :param Path ca: The authority's certificate.
    """

    def __init__(self, running, ca):
        self._url, self._ca = running.url, ca
        self.change_certificate = running.change_certificate
        self.change_certificate()
        self.world = self.control('reset', {})
        self.client = TochkaClient(
            running.api_url, self.world['token'], ca_pem=ca.read_text(), timeout=(2, 1))

    def control(self, path, body=None):
        """ Use the control API, by a new connection. """
        answer = requests.request(
            'GET' if body is None else 'POST', f'{self._url}/_control/{path}', json=body,
            verify=self._ca, timeout=20)
        answer.raise_for_status()
        return answer.json()

    def create(self, number='INV-1'):
        """ Create an operation. """
        return self.client.create_payment(
            customer_code=self.world['customer_code'], merchant_id=self.world['merchant_id'],
            amount=Decimal('100.00'), purpose='Занятия', payment_modes=['card'],
            payment_link_id=number, redirect_url='https://shop.example/return',
            fail_redirect_url='https://shop.example/declined', ttl=60)

    def count(self):
        """ Return how many operations the bank has. """
        return len(self.control('operations'))


@pytest.fixture(scope='module')
def running(tmp_path_factory):
    ca = tmp_path_factory.mktemp('tls') / 'ca.pem'
    sandbox = start(tls_ca=str(ca), webhook_interval=0.05)
    yield sandbox, ca
    sandbox.stop()


@pytest.fixture
def bank(running, monkeypatch):
    monkeypatch.setenv('NO_PROXY', '*')
    monkeypatch.delenv('REQUESTS_CA_BUNDLE', raising=False)
    monkeypatch.setattr(client_module, 'READ_RETRY_DELAYS', (0.01, 0.02))
    return Bank(*running)


@pytest.mark.parametrize('kind, work', [
    (f'{how}_{when}', work) for how in ('reset', 'garble', 'close', 'timeout')
    for when, work in (('before', 0), ('after', 1))
] + [('cut_body', 1), ('html_200_after', 1), ('error_5xx_after', 1)])
def test_a_write_that_breaks_is_an_unknown_outcome(bank, kind, work):
    """ To the client both look the same; the number tells which it was. """
    bank.control('faults', {'kind': kind, 'method': 'POST', 'path': '/payments$', 'seconds': 2})
    with pytest.raises(OutcomeUnknown):
        bank.create()
    assert bank.count() == work
    if work:
        with pytest.raises(Rejected):
            bank.create()
    else:
        bank.create()
    assert bank.count() == 1


@pytest.mark.parametrize('kind', ['reset_after', 'garble_before', 'cut_body'])
def test_a_read_that_breaks_is_repeated(bank, kind):
    operation_id = bank.create().operation_id
    bank.client.get_payment(operation_id)
    bank.control('faults', {'kind': kind, 'method': 'GET', 'path': '/payments/[^/]+$'})
    assert bank.client.get_payment(operation_id).operation_id == operation_id
    [rule] = bank.control('faults')
    assert (rule['times'], rule['harm']) == (0, 1)


def test_a_renewed_certificate_is_trusted_at_once(bank):
    operation_id = bank.create().operation_id
    bank.change_certificate()
    assert bank.client.get_payment(operation_id).operation_id == operation_id
    bank.create('INV-2')


def test_a_strangers_certificate_ends_all_writes(bank):
    """ Nothing is sent to whoever shows it, and the right one is trusted again. """
    bank.create()
    bank.change_certificate(Authority('Somebody else'))
    with pytest.raises(TlsError) as caught:
        bank.create('INV-2')
    assert isinstance(caught.value, NotSent)
    bank.change_certificate()
    assert bank.count() == 1
    bank.create('INV-2')
