""" OrangeData: callbacks, the journal, the control, what the network can do. """

import json
import time

import pytest
from orangedata_shop import INN, LINES, MARK, no_answer, receipt, request_of

from sandbox.orangedata_till import SETTINGS


def told_to(listener):
    """ Return the part of a request that asks for a callback. """
    return {'callbackUrl': listener.url, 'callbackApiKey': 'secret-key', 'meta': 'SO1'}


# === CALLBACKS === #

def test_callback_is_the_status_unsigned(orangedata, listener):
    orangedata.sell(request=told_to(listener))
    assert listener.nothing_in()
    orangedata.control('step', 'POST')
    headers, body = listener.next()
    assert headers['Content-Type'] == 'application/json; charset=utf-8'
    assert not any('sign' in name.lower() for name in headers)
    assert json.loads(body) == orangedata.status().json()
    assert json.loads(body)['meta'] == 'SO1'
    assert b'secret-key' not in body and listener.nothing_in()


def test_wrong_marks_are_told(orangedata, listener):
    orangedata.control('settings', marks_fail=True)
    orangedata.sell(request=told_to(listener), positions=[{**LINES[4], **MARK}])
    orangedata.control('step', 'POST')
    assert json.loads(listener.next()[1]) == orangedata.status().json()


def test_nothing_is_told_of_what_expired(orangedata, listener):
    orangedata.sell(request=told_to(listener))
    orangedata.control('expire', 'POST')
    assert listener.nothing_in() and orangedata.control('callbacks') == []


@pytest.mark.parametrize('mode, count', [('lost', 0), ('doubled', 2)])
def test_callbacks_get_lost_and_doubled(orangedata, listener, mode, count):
    orangedata.control('settings', callbacks=mode)
    orangedata.sell(request=told_to(listener))
    orangedata.control('step', 'POST')
    for _count in range(count):
        assert json.loads(listener.next()[1])['id'] == 'SO1-1'
    assert listener.nothing_in() and orangedata.printed() == ['SO1-1']
    orangedata.control('callbacks', again=orangedata.control('callbacks')[0]['id'])
    assert json.loads(listener.next()[1])['id'] == 'SO1-1'


def test_late_callback(orangedata, listener):
    orangedata.control('settings', callbacks='late', callback_delay=30)
    orangedata.sell(request=told_to(listener))
    orangedata.control('step', 'POST')
    assert listener.nothing_in(29)
    listener.api.pass_time(1)
    assert not listener.received.empty()


def test_callback_that_lies(orangedata, listener):
    orangedata.sell()
    orangedata.control('callbacks', url=listener.url, send={'id': 'SO1-1', 'fp': '1'})
    assert json.loads(listener.next()[1]) == {'id': 'SO1-1', 'fp': '1'}
    assert orangedata.status().status == 202


# === THE JOURNAL === #

def test_journal_keeps_no_secret_and_no_person(orangedata, listener):
    orangedata.api.control('requests', 'DELETE')
    orangedata.sell(customerContact='vasilisa@example.com', customerInfo={'name': 'Василиса'},
                    cashier='Иванова', request={**told_to(listener), 'group': 'Courier_2'})
    orangedata.status()
    journal = orangedata.api.control('requests')
    assert [(entry['method'], entry['path']) for entry in journal] == [
        ('POST', '/api/v2/documents/'), ('GET', f'/api/v2/documents/{INN}/status/SO1-1')]
    written = json.dumps(journal, ensure_ascii=False)
    for secret in ('vasilisa', 'Василиса', 'Иванова', 'secret-key'):
        assert secret not in written
    assert journal[0]['body']['content']['positions'] == [LINES[4]]
    assert journal[0]['body']['content']['customerContact'] == '***'


# === FAULTS === #

def fault(orangedata, kind, **values):
    """ Order a fault for new documents. """
    orangedata.api.control(
        'faults', kind=kind, method='POST', path='^/api/v2/documents/$', **values)


@pytest.mark.parametrize('kind, status, taken', [
    ('error_5xx', 502, 0), ('error_5xx_after', 504, 1), ('html_200', 200, 0),
    ('html_200_after', 200, 1),
])
def test_page_instead_of_an_answer(orangedata, kind, status, taken):
    fault(orangedata, kind)
    answer = orangedata.post(request_of(receipt()))
    assert answer.status == status and answer.headers['Content-Type'].startswith('text/html')
    assert len(orangedata.control('documents')) == taken
    assert orangedata.post(request_of(receipt())).status == (409 if taken else 201)
    orangedata.control('step', 'POST')
    assert orangedata.printed() == ['SO1-1']


@pytest.mark.parametrize('kind, taken, values', [
    ('close_before', 0, {}), ('close_after', 1, {}),
    ('timeout_before', 0, {'seconds': 0.3}), ('timeout_after', 1, {'seconds': 0.3}),
])
def test_no_answer(orangedata, kind, taken, values):
    fault(orangedata, kind, **values)
    assert no_answer(lambda: orangedata.post(request_of(receipt())))
    assert len(orangedata.control('documents')) == taken
    assert orangedata.post(request_of(receipt())).status == (409 if taken else 201)


def test_cut_status(orangedata):
    orangedata.sell()
    orangedata.control('step', 'POST')
    orangedata.api.control('faults', kind='cut_body', path='/status/')
    assert no_answer(orangedata.status)
    assert orangedata.status().status == 200


def test_slow_answer_is_still_right(orangedata):
    fault(orangedata, 'slow', seconds=0.4)
    started = time.monotonic()
    orangedata.sell()
    assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize('values, status', [({}, 400), ({'status': 503}, 503)])
def test_refusal_on_command_has_the_form_of_the_service(orangedata, values, status):
    fault(orangedata, 'refuse', message='Отказ', **values)
    answer = orangedata.post(request_of(receipt()))
    assert (answer.status, answer.json()) == (status, {'errors': ['Отказ']})
    assert orangedata.control('documents') == []


# === THE CONTROL === #

@pytest.mark.parametrize('reset', ['reset', 'orangedata/reset'])
def test_reset_forgets_everything_but_the_keys(api, orangedata, listener, reset):
    orangedata.control('settings', callbacks='late', callback_delay=30)
    orangedata.sell('old', request=told_to(listener))
    orangedata.control('step', 'POST')
    orangedata.sell()
    orangedata.control('settings', hold=False, delay=20)
    orangedata.control('till_errors', status=524)
    api.control(reset, 'POST')
    for path in ('documents', 'ledger', 'till_errors', 'callbacks'):
        assert orangedata.control(path) == []
    assert orangedata.control('settings') == SETTINGS
    assert listener.nothing_in() and orangedata.printed() == []
    assert orangedata.status('old').status == 400
    found = api.control('credentials?orangedata=1')['orangedata']
    assert found['sign_key'] == orangedata.credentials['sign_key']
    orangedata.sell('old')


def test_numbers_go_on_after_a_reset(orangedata):
    numbers = []
    for _count in range(2):
        orangedata.sell()
        orangedata.control('step', 'POST')
        numbers.append(orangedata.status().json()['documentNumber'])
        orangedata.control('reset', 'POST')
    assert numbers[1] == numbers[0] + 1


@pytest.mark.parametrize('path, values', [
    ('settings', {'nothing': 1}), ('settings', {'callbacks': 'never'}), ('settings', {'hold': 1}),
    ('settings', {'delay': 'soon'}), ('settings', {'pace': -1}), ('settings', {'pace': None}),
    ('settings', {'queue_limit': -1}), ('settings', {'queue_limit': 1.5}),
    ('settings', {'queue_limit': True}), ('settings', {'retry_after': None}),
    ('settings', {'retry_after': '7'}), ('settings', {'certificate': 'lost'}),
    ('settings', {'website_names': 'x'}), ('settings', {'tax_11_12': 1}),
    ('till_errors', {'status': 500}), ('till_errors', {'status': 524, 'times': 0}),
    ('step', {'status': 200}), ('step', {'id': 'SO1-1'}), ('expire', {'id': 'SO1-1'}),
    ('callbacks', {'again': 0}), ('callbacks', {'send': {}}),
])
def test_wrong_calls_are_explained(orangedata, path, values):
    before = orangedata.control('settings')
    assert orangedata.wrong_control(path, **values)
    assert orangedata.control('settings') == before and orangedata.control('till_errors') == []
