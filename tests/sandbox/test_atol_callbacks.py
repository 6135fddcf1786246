""" ATOL Online: callbacks, the journal, the control, what the network can do. """

import json
import time

import pytest
from atol_shop import API, COMPANY, TIMEOUT, no_answer, receipt, request_of

from sandbox.atol_till import SETTINGS


def test_callback_is_the_report_unsigned(atol, listener):
    number = atol.sell(service={'callback_url': listener.url})
    assert listener.nothing_in()
    atol.control('step', 'POST')
    headers, body = listener.next()
    assert headers['Content-Type'] == 'application/json; charset=utf-8'
    assert not any('sign' in name.lower() for name in headers)
    content, report = json.loads(body), atol.report(number)
    content.pop('timestamp'), report.pop('timestamp')
    assert content == report and content['status'] == 'done'
    assert content['callback_url'] == listener.url
    assert listener.nothing_in()


def test_failure_is_told(atol, listener):
    atol.sell(service={'callback_url': listener.url})
    atol.control('step', code=68, text='Нет бумаги')
    content = json.loads(listener.next()[1])
    assert (content['status'], content['error']['text'], content['payload']) == (
        'fail', 'Нет бумаги', None)


@pytest.mark.parametrize('url, fits', [
    ('http://127.0.0.1:1/hook?a=1&b=2', True), ('https://shop.example', True),
    ('https://магазин.рф/чек', True), ('ftp://shop.example', False), ('shop.example/a', False),
    ('https://shop.example/a~b', False), ('https://shop.example/a b', False),
    ('https://shop.example/a:b', False),
])
def test_address_that_does_not_fit_gives_a_warning(atol, url, fits):
    number = atol.sell(service={'callback_url': url})
    atol.control('step', 'POST')
    report = atol.report(number)
    assert report['status'] == 'done'
    assert (report['warnings'] is None) == fits
    assert fits or 'callback_url' in report['warnings']
    assert len(atol.control('callbacks')) == fits


@pytest.mark.parametrize('mode, count', [('lost', 0), ('doubled', 2)])
def test_callbacks_get_lost_and_doubled(atol, listener, mode, count):
    atol.control('settings', callbacks=mode)
    atol.sell(service={'callback_url': listener.url})
    atol.control('step', 'POST')
    for _count in range(count):
        assert json.loads(listener.next()[1])['status'] == 'done'
    assert listener.nothing_in() and atol.printed() == ['SO1-1']
    callback = atol.control('callbacks')[0]
    atol.control('callbacks', again=callback['id'])
    assert json.loads(listener.next()[1])['external_id'] == 'SO1-1'


def test_late_callback(atol, listener):
    atol.control('settings', callbacks='late', callback_delay=30)
    atol.sell(service={'callback_url': listener.url})
    atol.control('step', 'POST')
    assert listener.nothing_in(29)
    listener.api.pass_time(1)
    assert not listener.received.empty()


def test_callback_that_lies(atol, listener):
    number = atol.sell()
    atol.control('callbacks', url=listener.url, send={'uuid': number, 'status': 'done'})
    assert json.loads(listener.next()[1]) == {'uuid': number, 'status': 'done'}
    assert atol.report(number)['status'] == 'wait'


def test_silent_address_does_no_harm(atol, listener):
    listener.stop()
    number = atol.sell(service={'callback_url': listener.url})
    atol.control('step', 'POST')
    atol.api.pass_time()
    assert atol.control('callbacks')[0]['result'] == 'ConnectionError'
    assert atol.report(number)['status'] == 'done'


# === THE JOURNAL === #

def test_journal_keeps_no_secret_and_no_person(atol):
    atol.api.control('requests', 'DELETE')
    atol.get_token()
    client = {'email': 'vasilisa@example.com', 'phone': '+79990000001', 'name': 'Василиса'}
    atol.sell(client=client, cashier='Иванова')
    journal = atol.api.control('requests')
    assert [entry['path'] for entry in journal] == [
        f'{API}/{atol.version}/getToken', f'{API}/{atol.version}/{atol.group}/sell']
    assert journal[0]['body'] == {'login': '***', 'pass': '***'}
    written = json.dumps(journal, ensure_ascii=False)
    for secret in (atol.token, atol.credentials['password'], 'vasilisa', '+7999', 'Иванова',
                   'Василиса'):
        assert secret not in written
    assert journal[1]['body']['receipt']['company'] == COMPANY


@pytest.mark.parametrize('path', ['getToken', 'getToken/', 'gettoken'])
@pytest.mark.parametrize('method', ['GET', 'POST'])
def test_journal_keeps_no_password_wherever_it_is_sent(atol, method, path):
    login, password = atol.credentials['login'], atol.credentials['password']
    values = {'login': login, 'pass': password}
    atol.api.http.request(
        method, f'{atol.api.url}{API}/{atol.version}/{path}', timeout=TIMEOUT,
        **({'params': values} if method == 'GET' else {'json': values}))
    written = json.dumps(atol.api.control('requests'))
    assert password not in written and login not in written


# === FAULTS === #

def fault(atol, kind, **values):
    """ Order a fault for new documents. """
    atol.api.control('faults', kind=kind, method='POST', path=f'^{API}/v[45]/[^/]+/sell$', **values)


@pytest.mark.parametrize('kind, status, taken', [
    ('error_5xx', 502, 0), ('error_5xx_after', 504, 1), ('html_200', 200, 0),
    ('html_200_after', 200, 1),
])
def test_page_instead_of_an_answer(atol, kind, status, taken):
    fault(atol, kind)
    content = request_of('receipt', receipt(atol.version))
    answer = atol.post(content)
    assert answer.status_code == status
    assert answer.headers['Content-Type'].startswith('text/html')
    assert len(atol.control('documents')) == taken
    assert (atol.post(content).json()['error'] is not None) == bool(taken)
    atol.control('step', 'POST')
    assert atol.printed() == ['SO1-1']


@pytest.mark.parametrize('kind, taken, values', [
    ('close_before', 0, {}), ('close_after', 1, {}), ('cut_body', 1, {}),
    ('timeout_before', 0, {'seconds': 0.3}), ('timeout_after', 1, {'seconds': 0.3}),
])
def test_no_answer(atol, kind, taken, values):
    fault(atol, kind, **values)
    assert no_answer(lambda: atol.post(request_of('receipt', receipt(atol.version))))
    assert len(atol.control('documents')) == taken
    if taken:
        # Sending the same again tells the number that was lost.
        answer = atol.post(request_of('receipt', receipt(atol.version)))
        assert answer.json()['uuid'] == atol.control('documents')[0]['uuid']


def test_slow_answer_is_still_right(atol):
    fault(atol, 'slow', seconds=0.4)
    started = time.monotonic()
    atol.sell()
    assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize('values, status, code', [
    ({}, 400, 32), ({'code': 50}, 500, 50), ({'code': 1, 'status': 503}, 503, 1),
])
def test_refusal_on_command_has_the_form_of_the_service(atol, values, status, code):
    fault(atol, 'refuse', **values)
    answer = atol.post(request_of('receipt', receipt(atol.version)))
    assert (answer.status_code, answer.json()['error']['code']) == (status, code)
    assert atol.control('documents') == []


# === THE CONTROL === #

@pytest.mark.parametrize('reset', ['reset', 'atol/reset'])
def test_reset_forgets_everything_but_the_passwords(api, atol, listener, reset):
    atol.control('settings', callbacks='late', callback_delay=30)
    old = atol.sell(external_id='old', service={'callback_url': listener.url})
    atol.control('step', 'POST')
    atol.sell()
    atol.control('settings', hold=False, delay=20)
    atol.control('till_errors', code=68)
    answer = api.control(reset, 'POST')
    assert answer.get('atol', answer)[atol.version] == atol.credentials
    for path in ('documents', 'ledger', 'till_errors', 'callbacks'):
        assert atol.control(path) == []
    assert atol.control('settings') == SETTINGS and atol.control('tokens') == {'count': 0}
    assert listener.nothing_in() and atol.printed() == []
    atol.token = atol.get_token().json()['token']
    answer = atol.call('GET', f'{atol.group}/report/{old}')
    assert answer.json()['error']['code'] == 30


@pytest.mark.parametrize('path, values', [
    ('settings', {'nothing': 1}), ('settings', {'callbacks': 'never'}), ('settings', {'hold': 1}),
    ('settings', {'delay': 'soon'}), ('settings', {'delay': -1}), ('settings', {'delay': True}),
    ('settings', {'inn': 5}), ('settings', {'token_length': 1001}),
    ('settings', {'token_length': 1.5}), ('settings', {'base_number': 'never'}),
    ('settings', {'callback_delay': None}), ('till_errors', {'code': '68'}),
    ('till_errors', {'code': 68, 'times': 0}), ('till_errors', {'type': 'x'}),
    ('step', {'text': 5}), ('callbacks', {'again': 0}), ('callbacks', {'send': {}}),
])
def test_wrong_calls_are_explained(atol_v5, path, values):
    before = atol_v5.control('settings')
    assert atol_v5.wrong_control(path, **values)
    assert atol_v5.control('settings') == before and atol_v5.control('till_errors') == []
