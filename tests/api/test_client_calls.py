""" Where each call goes, how long it waits, and which of them are repeated. """

import random
import time
from datetime import date
from decimal import Decimal

import pytest

from tochka_acquiring.api import client as client_module
from tochka_acquiring.api import errors, https
from tochka_acquiring.api.client import TochkaClient, check_base_url

from .server import answer, refuse

URL = 'https://bank.example/uapi/'
DAY = date(2026, 9, 1)
# An id that would leave its path, and how it is written there.
HOSTILE, QUOTED = '../a/b?c#d', '..%2Fa%2Fb%3Fc%23d'


class Sent(Exception):
    """ The request is made: what it is, stands in `calls`. """


@pytest.fixture
def calls(monkeypatch):
    """ What would be sent: method, address and the other options. """
    made = []

    def send(method, url, **options):
        made.append((method, url, options))
        raise Sent

    monkeypatch.setattr(https, 'send', send)
    return made


def create(client, **values):
    return client.create_payment(
        customer_code='301112223', amount=Decimal('1'), purpose='x', payment_modes=['card'],
        **values)


READS = {
    f'consent/v1.0/consents/{QUOTED}': lambda client: client.consent(HOSTILE),
    'open-banking/v1.0/customers': lambda client: client.customers(),
    'acquiring/v1.0/retailers': lambda client: client.retailers('301112223'),
    'open-banking/v1.0/accounts': lambda client: client.accounts(),
    f'sbp/v1.0/customer/{QUOTED}/044525104': lambda client: client.probe_sbp(HOSTILE),
    f'acquiring/v1.0/payments/{QUOTED}': lambda client: client.get_payment(HOSTILE),
    'acquiring/v1.0/payments': lambda client: client.list_page('301112223', DAY, DAY),
    f'webhook/v1.0/{QUOTED}': lambda client: client.get_webhook(HOSTILE),
    '/doc/openapi/static/keys/public': lambda client: client.public_key(),
}
WRITES = {
    ('POST', 'acquiring/v1.0/payments'): create,
    ('POST', 'acquiring/v1.0/payments_with_receipt'): lambda client: create(
        client, receipt={'Items': [{'name': 'x'}]}),
    ('POST', f'acquiring/v1.0/payments/{QUOTED}/refund'): lambda client: client.refund_payment(
        HOSTILE, Decimal('1')),
    ('PUT', f'webhook/v1.0/{QUOTED}'): lambda client: client.set_webhook(HOSTILE, URL, ['a']),
    ('DELETE', f'webhook/v1.0/{QUOTED}'): lambda client: client.delete_webhook(HOSTILE),
    ('POST', f'webhook/v1.0/{QUOTED}/test_send'): lambda client: client.send_test_webhook(
        HOSTILE, 'a'),
}


def address(path):
    return f'https://bank.example{path}' if path.startswith('/') else URL + path


@pytest.mark.parametrize(('path', 'call'), READS.items(), ids=READS)
def test_reads(calls, path, call):
    with pytest.raises(Sent):
        call(TochkaClient(URL, 'key'))
    [(method, url, options)] = calls
    assert (method, url) == ('GET', address(path))
    assert (options['timeout'], options['json'], options['data']) == ((5, 15), None, None)


@pytest.mark.parametrize(('to', 'call'), WRITES.items(), ids=map(' '.join, WRITES))
def test_writes(calls, to, call):
    with pytest.raises(Sent):
        call(TochkaClient(URL, 'key'))
    [(method, url, options)] = calls
    assert (method, url) == (to[0], address(to[1]))
    assert (options['timeout'], options['params']) == ((5, 30), None)


def test_time_that_was_asked_for(calls):
    for call in (create, lambda client: client.customers()):
        with pytest.raises(Sent):
            call(TochkaClient(URL, 'key', timeout=(1, 2)))
    assert [options['timeout'] for _method, _url, options in calls] == [(1, 2), (1, 2)]


def test_receipt_of_a_payment(calls):
    with pytest.raises(Sent):
        create(TochkaClient(URL, 'key'), receipt={'Items': [{'name': 'x'}], 'taxSystemCode': 'osn'})
    assert calls[0][2]['json'] == {'Data': {
        'customerCode': '301112223', 'amount': '1.00', 'purpose': 'x', 'paymentMode': ['card'],
        'Items': [{'name': 'x'}], 'taxSystemCode': 'osn'}}


def test_first_page_of_a_thousand(calls):
    client = TochkaClient(URL, 'key')
    for options in ({}, {'status': 'APPROVED', 'page': 3, 'per_page': 7}):
        with pytest.raises(Sent):
            client.list_page('301112223', DAY, date(2026, 9, 2), **options)
    period = {'customerCode': '301112223', 'fromDate': '2026-09-01', 'toDate': '2026-09-02'}
    assert [options['params'] for _method, _url, options in calls] == [
        {**period, 'page': 1, 'perPage': 1000},
        {**period, 'page': 3, 'perPage': 7, 'status': 'APPROVED'}]


# === REPEATS === #

@pytest.fixture
def failing(monkeypatch):
    """ Return a function that makes a client whose calls fail after some seconds; it returns the
    pauses between them. Chance is what is given.
    """
    def run(error, seconds=0, chance=min, **options):
        clock, attempts, pauses = [1000.0], [], []

        def request(*_args, **_options):
            attempts.append(clock[0])
            clock[0] += seconds
            raise error

        monkeypatch.setattr(time, 'monotonic', lambda: clock[0])
        monkeypatch.setattr(time, 'sleep', pauses.append)
        monkeypatch.setattr(random, 'uniform', lambda low, high: chance(low, high))
        client = TochkaClient(URL, 'key', **options)
        monkeypatch.setattr(client._transport, 'request', request)
        with pytest.raises(type(error)):
            client.customers()
        assert len(attempts) == len(pauses) + 1
        return pauses

    return run


@pytest.mark.parametrize('error', [
    errors.NotSent('x'), errors.OutcomeUnknown('x'), errors.Unreadable('x'),
    errors.Unprepared('x')])
def test_read_is_repeated(failing, monkeypatch, error):
    monkeypatch.setattr(client_module, 'READ_RETRY_DELAYS', (0.3, 1.0))
    assert failing(error) == pytest.approx([0.24, 0.8])
    assert failing(error, chance=max) == pytest.approx([0.36, 1.2])
    assert failing(error, read_delays=(5,)) == pytest.approx([4])
    assert failing(error, read_delays=()) == []


@pytest.mark.parametrize('error', [
    errors.TlsError('x'), errors.NoTimeLeft('x'), errors.Rejected('x'), errors.Unauthorized('x')])
def test_read_is_not_repeated(failing, error):
    assert failing(error) == []


@pytest.mark.parametrize(('seconds', 'repeats'), [(0, 2), (2, 2), (2.001, 0), (20, 0)])
def test_read_that_takes_long_is_not_repeated(failing, seconds, repeats):
    assert len(failing(errors.OutcomeUnknown('x'), seconds)) == repeats


# === LISTS === #

def page(number, **meta):
    entries = [{'operationId': f'op-{one}', 'status': 'CREATED', 'amount': 1}
               for one in range(number)]
    return answer({'Data': {'Operation': entries}, **meta})


@pytest.mark.parametrize('total', [
    None, True, '', '1.0', '-1', -1, 1.5, '1' * 10, '١', [], 'two'])
def test_number_of_pages_that_is_none(serve, make_client, total):
    """ A page that is not full is the last one all the same. """
    meta = {'Meta': {'totalPages': total}}
    operations, is_last = make_client(serve(page(1, **meta))).list_page(
        '1', DAY, DAY, page=2, per_page=2)
    assert (len(operations), is_last) == (1, True)
    for full in (page(2, **meta), page(2, Meta=[1])):
        with pytest.raises(errors.Unreadable, match='where it ends'):
            make_client(serve(full)).list_page('1', DAY, DAY, per_page=2)


@pytest.mark.parametrize(('total', 'is_last'), [
    (0, True), (1, True), (2, True), (3, False), (' 3 ', False), ('1' * 9, False)])
def test_last_page(serve, make_client, total, is_last):
    client = make_client(serve(page(1, Meta={'totalPages': total})))
    assert client.list_page('1', DAY, DAY, page=2, per_page=1)[1] is is_last


def test_what_is_told_of_an_entry_that_cannot_be_read(serve, make_client, caplog):
    server = serve(answer({'Data': {'Operation': [{'operationId': 'op-2'}, 'text']}}))
    assert make_client(server).list_page('1', DAY, DAY) == ([], True)
    told = [record.getMessage() for record in caplog.records if record.levelname == 'ERROR']
    assert [text.partition(" in the bank's list")[0] for text in told] == [
        'Operation op-2', 'Operation ?']


# === ANSWERS === #

def test_webhook_that_is_refused_for_another_reason(serve, make_client):
    with pytest.raises(errors.Rejected):
        make_client(serve(refuse(400, 'anything'))).get_webhook('c')


def test_no_registration_is_no_missing_right(serve, make_client):
    make_client(serve(refuse(404, 'No such customer'))).probe_sbp('301112223')
    with pytest.raises(errors.Unauthorized):
        make_client(serve(refuse(403, 'Forbidden'))).probe_sbp('301112223')


@pytest.mark.parametrize('url', [
    'https://bank.example:0/', 'https://user@bank.example/', 'https://:password@bank.example/'])
def test_addresses_that_are_none(url):
    with pytest.raises(ValueError, match='must look like'):
        check_base_url(url)


def test_addresses_of_any_port():
    for port in (1, 443, 65535):
        assert check_base_url(f'https://bank.example:{port}') == f'https://bank.example:{port}/'
