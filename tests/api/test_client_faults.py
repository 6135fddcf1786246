""" What the network and the bank can do to a call, and what is known of its outcome then. """

import time
from datetime import date
from decimal import Decimal

import pytest

from tochka_acquiring.api import client as client_module
from tochka_acquiring.api.client import TochkaClient, check_base_url, public_key_url
from tochka_acquiring.api.errors import NotSent, OutcomeUnknown, Rejected, TlsError, Unauthorized

from .server import (
    answer,
    close,
    closed_port,
    deaf_port,
    garbage,
    half_status_line,
    refuse,
    reset,
    silence,
    slow,
)

GOOD = answer({'Data': {'Customer': []}})


def create(client):
    """ A write. """
    return client.create_payment(
        customer_code='301112223', amount=Decimal('10'), purpose='Оплата', payment_modes=['card'],
    )


# === SURELY NOT DONE: NOT SENT === #

def test_refused_connection_is_not_sent(make_client):
    with pytest.raises(NotSent) as caught:
        create(make_client(f'http://127.0.0.1:{closed_port()}/uapi/'))
    assert caught.value.http_status is None


def test_unknown_host_is_not_sent(make_client):
    with pytest.raises(NotSent):
        create(make_client('https://bank.invalid/uapi/'))


def test_timeout_while_connecting_is_not_sent(make_client):
    with deaf_port() as port, pytest.raises(NotSent):
        create(make_client(f'http://127.0.0.1:{port}/uapi/', timeout=(0.3, 5)))


# === MAYBE DONE === #

# No answer, or none that is the bank's.
SILENT = {
    'silence': silence,
    'close': close,
    'reset': reset,
    'half status line': half_status_line,
    'no HTTP': garbage,
    'cut body': answer({'Data': {'operationId': 'x' * 200}}, cut=50),
    'cut JSON': answer('{"Data": {"operationId": "x'),
    'HTML with 200': answer('<html>maintenance</html>', content_type='text/html'),
    'HTML that claims to be JSON': answer('<html>maintenance</html>'),
    'empty 200': answer(b''),
    'list': answer([]),
    'number': answer('7'),
    'null': answer('null'),
    'depth': answer('[' * 100_000),
    'broken compression': answer(b'not gzip', headers={'Content-Encoding': 'gzip'}),
    '500': refuse(500, 'Internal', code='HTTPInternalError'),
    '502': answer('<html>Bad Gateway</html>', 502, 'text/html'),
    '503': answer('', 503),
    '504': answer('<html>Gateway Timeout</html>', 504, 'text/html'),
    '429': refuse(429, 'Too many requests'),
    '408': answer('', 408),
    'redirect': answer('', 302, headers={'Location': 'https://elsewhere.example/'}),
    'redirect that keeps the method': answer(
        '', 307, headers={'Location': 'https://elsewhere.example/'}
    ),
}
# A whole answer that says nothing of what was done.
SENSELESS = {
    'no Data': answer({'Links': {}}),
    'Data is no object': answer({'Data': []}),
    'Data of broken encoding': answer(b'{"Data": "\xff\xfe"}'),
    'no operationId': answer({'Data': {'paymentLink': 'https://a.example', 'amount': 1}}),
    'no link': answer({'Data': {'operationId': 'a', 'amount': 1}}),
    'amount is no number': answer(
        {'Data': {'operationId': 'a', 'paymentLink': 'https://a.example', 'amount': 'ten'}}
    ),
}
UNKNOWN = SILENT | SENSELESS


@pytest.mark.parametrize('step', UNKNOWN.values(), ids=UNKNOWN)
def test_outcome_of_a_write_is_unknown_and_it_is_not_repeated(serve, make_client, step):
    server = serve(step)
    with pytest.raises(OutcomeUnknown):
        create(make_client(server, timeout=(2, 0.4 if step is silence else 60)))
    assert len(server.requests) == 1


@pytest.mark.parametrize('step', SILENT.values(), ids=SILENT)
def test_a_read_is_repeated_twice(serve, make_client, monkeypatch, step):
    # However slow this machine is, none of them hangs.
    monkeypatch.setattr(client_module, 'READ_RETRY_LIMIT', 3600)
    server = serve(step)
    with pytest.raises(OutcomeUnknown):
        make_client(server, timeout=(2, 0.3 if step is silence else 60)).customers()
    assert len(server.requests) == 3


def test_a_redirect_is_never_followed(serve, make_client):
    other = serve(GOOD)
    server = serve(answer('', 302, headers={'Location': f'{other.url}open-banking/v1.0/customers'}))
    with pytest.raises(OutcomeUnknown):
        make_client(server).customers()
    assert other.requests == []


def test_a_late_answer_is_still_an_answer(serve, make_client):
    server = serve(slow(GOOD, 0.5))
    assert make_client(server, timeout=(2, 2)).customers() == []


# === REPEATED READS === #

@pytest.mark.parametrize('fault', [close, reset, refuse(503, 'Busy'), answer('<html>')])
def test_a_read_gets_through_at_the_third_attempt(serve, make_client, fault):
    server = serve(fault, fault, GOOD)
    assert make_client(server).customers() == []
    assert len(server.requests) == 3


def test_a_read_is_repeated_when_nobody_listens(make_client, monkeypatch):
    pauses = []
    monkeypatch.setattr(time, 'sleep', pauses.append)
    with pytest.raises(NotSent):
        make_client(f'http://127.0.0.1:{closed_port()}/').customers()
    assert len(pauses) == 2
    assert 0 < pauses[0] < pauses[1]


@pytest.mark.parametrize('call', [
    lambda client: client.set_webhook('c', 'https://a.example', []),
    lambda client: client.delete_webhook('c'),
    lambda client: client.send_test_webhook('c', 'acquiringInternetPayment'),
])
def test_other_writes_are_not_repeated(serve, make_client, call):
    server = serve(refuse(503, 'Busy'))
    with pytest.raises(OutcomeUnknown):
        call(make_client(server))
    assert len(server.requests) == 1


# === THE BANK SAID NO === #

@pytest.mark.parametrize('status', [400, 404, 405, 409, 413, 422, 424, 501])
def test_the_bank_said_no(serve, make_client, status):
    server = serve(refuse(status, 'purpose: слишком длинно', 'amount: мало', code='Low Level'))
    with pytest.raises(Rejected) as caught:
        make_client(server).customers()
    error = caught.value
    assert (error.http_status, error.error_code) == (status, 'Low Level')
    assert error.audit_id == '5c1a4f0e-audit'
    messages = ['purpose: слишком длинно', 'amount: мало']
    assert [entry['message'] for entry in error.errors] == messages
    assert str(error) == (
        'Что-то пошло не так; purpose: слишком длинно; amount: мало'
        f' (HTTP {status}, code Low Level, audit id 5c1a4f0e-audit)'
    )
    assert len(server.requests) == 1


@pytest.mark.parametrize('status', [401, 403])
def test_key_or_permission_does_not_fit(serve, make_client, status):
    server = serve(refuse(status, 'Forbidden by consent'))
    with pytest.raises(Unauthorized) as caught:
        make_client(server).retailers('301112223')
    assert 'Forbidden by consent' in str(caught.value)
    assert '5c1a4f0e-audit' in str(caught.value)
    assert len(server.requests) == 1


@pytest.mark.parametrize(('status', 'kind'), [(400, Rejected), (403, Unauthorized)])
@pytest.mark.parametrize('body', [
    '', '<html>', '[]', 'null', '{}', '{"Errors": null}', '{"Errors": ["text"], "message": 5}',
    '{"Errors": [{"message": null}], "id": {"a": 1}}',
])
def test_a_refusal_without_the_envelope(serve, make_client, status, kind, body):
    server = serve(answer(body, status))
    with pytest.raises(kind) as caught:
        make_client(server).customers()
    assert caught.value.http_status == status
    assert f'HTTP {status}' in str(caught.value)


def test_a_message_of_any_length_is_cut(serve, make_client):
    server = serve(refuse(400, 'ы' * 100_000))
    with pytest.raises(Rejected) as caught:
        make_client(server).customers()
    assert len(str(caught.value)) < 2500


# === SENSELESS LISTS === #

@pytest.mark.parametrize('customers', [
    None, {}, 'text', [None], ['text'], [{}], [{'customerCode': ''}], [{'customerCode': 5}],
])
def test_senseless_customers(serve, make_client, customers):
    with pytest.raises(OutcomeUnknown):
        make_client(serve(answer({'Data': {'Customer': customers}}))).customers()


@pytest.mark.parametrize('retailers', [None, {}, 'text', [None], ['text']])
def test_senseless_retailers(serve, make_client, retailers):
    with pytest.raises(OutcomeUnknown):
        make_client(serve(answer({'Data': {'Retailer': retailers}}))).retailers('301112223')


@pytest.mark.parametrize('entries', [None, {}, 'text'])
def test_senseless_list_of_operations(serve, make_client, entries):
    client = make_client(serve(answer({'Data': {'Operation': entries}})))
    with pytest.raises(OutcomeUnknown):
        list(client.list_payments('301112223', date(2026, 9, 1), date(2026, 9, 1)))


# === ADDRESSES === #

@pytest.mark.parametrize(('given', 'kept'), [
    ('https://enter.tochka.com/uapi/', 'https://enter.tochka.com/uapi/'),
    ('https://enter.tochka.com/uapi', 'https://enter.tochka.com/uapi/'),
    ('http://127.0.0.1:8080/uapi', 'http://127.0.0.1:8080/uapi/'),
    ('http://127.9.9.9/', 'http://127.9.9.9/'),
    ('http://[::1]:8080', 'http://[::1]:8080/'),
    ('http://localhost:8080/', 'http://localhost:8080/'),
])
def test_usable_addresses(given, kept):
    assert check_base_url(given) == kept
    assert TochkaClient(given, 'x').base_url == kept


@pytest.mark.parametrize('url', [
    'http://enter.tochka.com/uapi/', 'http://10.0.0.1/', 'http://0.0.0.0/', 'http://[::]/',
    'http://127.0.0.1.evil.example/', 'http://127.0.0.1@evil.example/', 'http://localhost.evil.example/',
    'ftp://enter.tochka.com/', 'file:///etc/passwd', 'enter.tochka.com', '', None, 'https://',
    'http://[bad/',
])
def test_addresses_that_would_betray_the_key(url):
    with pytest.raises(ValueError):
        TochkaClient(url, 'x')


def test_key_of_webhooks_is_on_the_host_of_the_api():
    assert public_key_url('https://enter.tochka.com/uapi/') == (
        'https://enter.tochka.com/doc/openapi/static/keys/public'
    )


def test_tls_error_is_a_request_that_was_not_sent():
    assert issubclass(TlsError, NotSent)
    assert not issubclass(Unauthorized, Rejected)
    assert not issubclass(OutcomeUnknown, (Rejected, NotSent))
