""" What an answer means, by its status and its words; what is told where there is none. """

import time
from types import SimpleNamespace

import pytest

from tochka_acquiring.api import errors, https
from tochka_acquiring.api.transport import Transport

URL = 'https://bank.example/uapi/'


@pytest.fixture
def exchange(monkeypatch):
    """ Return a function that lets the bank answer. """
    def run(status=200, body=None, failure=None, token='key', secrets=(), **headers):
        def send(*_args, **options):
            sent.update(options)
            if failure:
                raise failure
            return SimpleNamespace(status_code=status, json=lambda: body, headers=headers)

        sent = {}
        monkeypatch.setattr(https, 'send', send)
        transport = Transport(URL, token, timeout=(1, 2), secrets=secrets)
        transport.sent = sent
        return transport, lambda: transport.request('GET', 'x')

    return run


@pytest.mark.parametrize(('statuses', 'kind'), [
    ((199, 300, 302, 399, 408, 429, 500, 502, 503, 599), errors.OutcomeUnknown),
    ((400, 402, 404, 407, 409, 428, 430, 498, 499, 501), errors.Rejected),
    ((401, 403), errors.Unauthorized),
])
def test_statuses(exchange, statuses, kind):
    for status in statuses:
        with pytest.raises(errors.TochkaError) as caught:
            exchange(status, {})[1]()
        assert (type(caught.value), caught.value.http_status) == (kind, status)
        assert caught.value.message == 'The bank refused without a reason.'


@pytest.mark.parametrize('status', [200, 201, 299])
def test_statuses_that_are_good(exchange, status):
    assert exchange(status, {'Data': {}})[1]() == {'Data': {}}
    for body in (None, [], 'text'):
        with pytest.raises(errors.Unreadable, match='not the JSON') as caught:
            exchange(status, body)[1]()
        assert caught.value.http_status == status


def test_headers(exchange):
    for token, named in (('key', {'Authorization': 'Bearer key'}), (None, {})):
        transport, call = exchange(200, {}, token=token)
        call()
        assert transport.sent['headers'] == {'Accept': 'application/json', **named}
        assert transport.sent['timeout'] == (1, 2)
        transport.request('GET', 'x', customer_code='301112223', timeout=(3, 4))
        assert transport.sent['headers']['CustomerCode'] == '301112223'
        assert transport.sent['timeout'] == (3, 4)


@pytest.mark.parametrize('token', ['', 'a b', 'a\n', 'ключ', '\x7f', '\x20'])
def test_keys_that_are_none(exchange, token):
    transport, call = exchange(200, {}, token=token)
    with pytest.raises(errors.Unprepared, match='copy it anew'):
        call()
    assert not transport.sent


@pytest.mark.parametrize('token', ['!', '~', 'a.b-c_d'])
def test_keys_of_visible_characters(exchange, token):
    assert exchange(200, {}, token=token)[1]() == {}


def test_the_whole_envelope(exchange):
    with pytest.raises(errors.Rejected) as caught:
        exchange(400, {'id': 'audit-1', 'message': 'Нет', 'Errors': [
            {'errorCode': 'First', 'message': 'мало'}, 'text',
            {'errorCode': 'Second', 'message': 'Нет'}]})[1]()
    error = caught.value
    assert (error.message, error.error_code, error.audit_id) == ('Нет; мало', 'First', 'audit-1')
    assert error.errors == [{'errorCode': 'First', 'message': 'мало'},
                            {'errorCode': 'Second', 'message': 'Нет'}]


def test_refusal_of_the_token_service(exchange):
    with pytest.raises(errors.Rejected) as caught:
        exchange(400, {'error': 'invalid_grant', 'error_description': 'Code is used'})[1]()
    assert (caught.value.message, caught.value.error_code) == ('Code is used', 'invalid_grant')
    assert (caught.value.errors, caught.value.audit_id) == ([], None)
    with pytest.raises(errors.Rejected) as caught:
        exchange(400, {'error': 'invalid_grant'})[1]()
    assert caught.value.message == 'invalid_grant'


@pytest.mark.parametrize(('said', 'told'), [
    ('key and another, key', '*** and ***, ***'),
    ('call +7 (999) 000-11-22, or 89990001122', 'call ***, or ***'),
    ('write to a.b+c@d-e.example.com now', 'write to *** now'),
    ('abcdefgh.abcdefgh.a is a token', '*** is a token'),
    ('abcdefg.abcdefgh.a and abcdefgh.abcdefg.a are none',) * 2,
    ('999000112233, 179990001122 and 7-999-000-11-2 are no phones',) * 2,
    ('ы' * 1000, 'ы' * 1000), ('ы' * 1001, 'ы' * 1000), ('a\x00b', 'a\ufffdb'),
])
def test_what_is_quoted(exchange, said, told):
    with pytest.raises(errors.Rejected) as caught:
        exchange(400, {'message': said}, secrets=('another', '', None))[1]()
    assert caught.value.message == told


@pytest.mark.parametrize(('reason', 'kind', 'words'), [
    (https.BAD_REQUEST, errors.Unprepared, 'a value is not one for a request'),
    (https.NO_TRUST, errors.Unprepared, 'REQUESTS_CA_BUNDLE'),
    (https.UNTRUSTED, errors.TlsError, 'upload its root certificate'),
    (https.WRONG_CERTIFICATE, errors.TlsError, 'issued for another name'),
    (https.TIMEOUT, errors.NotSent, 'did not take the connection in time'),
    (https.CONNECTION, errors.NotSent, "can't be reached"),
    (https.TLS, errors.NotSent, "can't be reached"),
])
def test_what_was_not_sent(exchange, reason, kind, words):
    with pytest.raises(errors.NotSent, match=words) as caught:
        exchange(failure=https.Failure(reason, maybe_sent=False))[1]()
    assert (type(caught.value), caught.value.http_status) == (kind, None)


@pytest.mark.parametrize(('reason', 'words'), [
    (https.TLS, 'encrypted connection to the bank broke'),
    (https.TIMEOUT, 'did not answer in time'),
    (https.CONNECTION, 'broke before the bank answered'),
    (https.UNREADABLE, "answer can't be read"),
])
def test_what_may_have_been_sent(exchange, reason, words):
    with pytest.raises(errors.OutcomeUnknown, match=words) as caught:
        exchange(failure=https.Failure(reason, maybe_sent=True))[1]()
    assert type(caught.value) is errors.OutcomeUnknown


@pytest.mark.parametrize(('failure', 'outcome'), [
    (None, 'HTTP 201'), (https.Failure(https.TIMEOUT, maybe_sent=True), 'timeout')])
def test_what_the_log_tells(exchange, monkeypatch, caplog, failure, outcome):
    caplog.set_level('INFO')
    moments = iter((1000.0, 1001.5))
    _transport, call = exchange(201, {}, failure=failure)
    with monkeypatch.context() as patch:
        patch.setattr(time, 'monotonic', lambda: next(moments))
        try:
            call()
        except errors.OutcomeUnknown:
            assert failure
    assert [record.getMessage() for record in caplog.records] == [
        f'GET /uapi/x: {outcome} in 1500 ms']


@pytest.mark.parametrize('headers', [{}, {'Date': ''}, {'Date': 'yesterday'}, {'Date': '1'}])
def test_clock_of_a_bank_that_tells_no_time(exchange, headers):
    transport, call = exchange(200, {}, **headers)
    transport.clock_difference = 5
    call()
    assert transport.clock_difference is None
