""" PayKeeper: callbacks, the journal, the control, what the network can do. """

import json
import time
from urllib.parse import parse_qsl

import pytest
from atol_shop import no_answer
from paykeeper_shop import API, TIMEOUT

from sandbox.paykeeper_till import SETTINGS

# === CALLBACKS === #

def test_no_callback_until_an_address_is_set(paykeeper):
    paykeeper.ordered()
    paykeeper.step()
    assert paykeeper.control('callbacks') == []


@pytest.mark.parametrize('error, status', [(None, 'success'), ('Нет бумаги', 'failed')])
def test_final_state_is_told_unsigned(paykeeper, listener, error, status):
    paykeeper.control('settings', callback_url=listener.url)
    number = paykeeper.ordered()
    assert listener.nothing_in()
    paykeeper.step(error=error)
    headers, body = listener.next()
    assert headers['Content-Type'] == 'application/x-www-form-urlencoded'
    content = dict(parse_qsl(body.decode(), keep_blank_values=True))
    assert (content['id'], content['receipt_key'], content['status']) == (number, 'SO1-1', status)
    assert ('fpd' in content) == (status == 'success')
    assert not {'key', 'sign', 'contact'} & set(content)
    assert listener.nothing_in()


@pytest.mark.parametrize('mode, count', [('lost', 0), ('doubled', 2)])
def test_callbacks_get_lost_and_doubled(paykeeper, listener, mode, count):
    paykeeper.control('settings', callback_url=listener.url, callbacks=mode)
    paykeeper.ordered()
    paykeeper.step()
    for _count in range(count):
        assert b'status=success' in listener.next()[1]
    assert listener.nothing_in() and paykeeper.printed() == ['SO1-1']
    paykeeper.control('callbacks', again=paykeeper.control('callbacks')[0]['id'])
    assert b'status=success' in listener.next()[1]


def test_late_callback(paykeeper, listener):
    paykeeper.control('settings', callback_url=listener.url, callbacks='late', callback_delay=30)
    paykeeper.ordered()
    paykeeper.step()
    assert listener.nothing_in(29)
    listener.api.pass_time(1)
    assert not listener.received.empty()


def test_callback_that_lies(paykeeper, listener):
    number = paykeeper.ordered()
    paykeeper.control('callbacks', url=listener.url, send={'id': number, 'status': 'success'})
    assert listener.next()[1] == f'id={number}&status=success'.encode()
    assert paykeeper.read(number)['status'] == 'created'


# === THE JOURNAL === #

def test_journal_keeps_no_secret_and_no_person(paykeeper):
    paykeeper.api.control('requests', 'DELETE')
    paykeeper.get('info/settings/token/')
    paykeeper.ordered(contact='vasilisa@example.com',
                      receipt_properties='{"supplier_phone": "+79990000001"}')
    journal = paykeeper.api.control('requests')
    assert [entry['path'] for entry in journal] == [
        f'{API}/info/settings/token/', f'{API}/change/receipt/print/']
    written = json.dumps(journal, ensure_ascii=False)
    for secret in (paykeeper.token, paykeeper.credentials['password'], 'vasilisa', '+7999'):
        assert secret not in written
    assert journal[1]['body']['receipt_key'] == 'SO1-1'
    assert journal[1]['body']['contact'] == journal[1]['body']['token'] == '***'
    assert 'Занятие' in json.loads(journal[1]['body']['cart'])[0]['name']


# === FAULTS === #

def fault(paykeeper, kind, **values):
    """ Order a fault for new receipts. """
    paykeeper.api.control('faults', kind=kind, method='POST',
                          path=f'^{API}/change/receipt/print/$', **values)


@pytest.mark.parametrize('kind, status, taken', [
    ('error_5xx', 502, 0), ('error_5xx_after', 504, 1), ('html_200', 200, 0),
    ('html_200_after', 200, 1),
])
def test_page_instead_of_an_answer(paykeeper, kind, status, taken):
    fault(paykeeper, kind)
    answer = paykeeper.print_()
    assert answer.status_code == status
    assert answer.headers['Content-Type'].startswith('text/html')
    receipts = paykeeper.control('receipts')
    assert len(receipts) == taken
    number = paykeeper.ordered()
    assert not taken or number == receipts[0]['id']
    paykeeper.step()
    assert paykeeper.printed() == ['SO1-1']


@pytest.mark.parametrize('kind, taken, values', [
    ('close_before', 0, {}), ('close_after', 1, {}), ('cut_body', 1, {}),
    ('timeout_before', 0, {'seconds': 0.3}), ('timeout_after', 1, {'seconds': 0.3}),
])
def test_no_answer(paykeeper, kind, taken, values):
    fault(paykeeper, kind, **values)
    assert no_answer(paykeeper.print_)
    assert len(paykeeper.control('receipts')) == taken
    paykeeper.ordered()
    assert len(paykeeper.control('receipts')) == 1


def test_slow_answer_is_still_right(paykeeper):
    fault(paykeeper, 'slow', seconds=0.4)
    started = time.monotonic()
    paykeeper.ordered()
    assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize('values, status, message', [
    ({}, 200, 'Отказ по команде'),
    ({'message': 'Касса занята', 'status': 503}, 503, 'Касса занята'),
])
def test_refusal_on_command_has_the_form_of_the_service(paykeeper, values, status, message):
    fault(paykeeper, 'refuse', **values)
    answer = paykeeper.print_()
    assert (answer.status_code, answer.json()) == (status, {'result': 'fail', 'msg': message})
    assert paykeeper.control('receipts') == []


def test_faults_of_reading(paykeeper):
    number = paykeeper.ordered()
    paykeeper.api.control('faults', kind='error_5xx', path=f'^{API}/info/receipts/')
    answer = paykeeper.call('GET', 'info/receipts/byid/', params={'id': number})
    assert answer.status_code == 502
    assert paykeeper.read(number)['id'] == number


# === THE CONTROL === #

@pytest.mark.parametrize('reset', ['reset', 'paykeeper/reset'])
def test_reset_forgets_everything_but_the_password(api, paykeeper, listener, reset):
    paykeeper.control('settings', callbacks='late', callback_delay=30, callback_url=listener.url)
    old = paykeeper.ordered(receipt_key='old')
    paykeeper.step()
    paykeeper.pay()
    paykeeper.control('settings', hold=False, delay=20)
    paykeeper.control('till_errors', text='Нет бумаги')
    answer = api.control(reset, 'POST')
    assert answer.get('paykeeper', answer) == paykeeper.credentials
    for path in ('receipts', 'payments', 'ledger', 'till_errors', 'callbacks'):
        assert paykeeper.control(path) == []
    assert paykeeper.control('settings') == SETTINGS
    assert listener.nothing_in() and paykeeper.printed() == []
    assert 'Токен' in paykeeper.refused()
    paykeeper.token = paykeeper.get('info/settings/token/')['token']
    assert int(paykeeper.ordered()) > int(old)


@pytest.mark.parametrize('path, values', [
    ('settings', {'nothing': 1}), ('settings', {'callbacks': 'never'}), ('settings', {'hold': 1}),
    ('settings', {'token_seconds': -1}), ('settings', {'token_answer': 'xml'}),
    ('settings', {'tax_system': 3}), ('settings', {'inn': None}), ('till_errors', {}),
    ('till_errors', {'text': ''}), ('till_errors', {'text': 'x', 'times': 0}),
    ('step', {'error': 5}), ('step', {'receipt_id': 1}), ('payments', {'cart': []}),
    ('payments', {'cart': [], 'contact': 'x'}), ('callbacks', {'again': 0}),
    ('callbacks', {'send': {}}),
])
def test_wrong_calls_are_explained(paykeeper, path, values):
    before = paykeeper.control('settings')
    assert paykeeper.wrong_control(path, **values)
    assert paykeeper.control('settings') == before and paykeeper.control('till_errors') == []


def test_credentials(paykeeper):
    assert paykeeper.credentials == {
        'url': f'{paykeeper.api.url}{API}', 'user': 'admin', 'inn': '9900000017',
        'password': paykeeper.user[1]}
    answer = paykeeper.api.http.get(
        f'{paykeeper.credentials["url"]}/info/settings/token/', timeout=TIMEOUT,
        auth=paykeeper.user)
    assert answer.json() == {'token': paykeeper.token}
