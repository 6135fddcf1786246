""" KOMTET Kassa: the control. """

import json

import pytest
from komtet_shop import API, CHECK

from sandbox.komtet_till import SETTINGS


def test_journal_keeps_checks_and_no_keys(shop):
    shop.api.control('requests', 'DELETE')
    shop.add()
    [request] = shop.api.control('requests')
    assert (request['method'], request['path']) == ('POST', f'{API}/{shop.queue}/task')
    assert request['body'] == CHECK
    assert 'Signature' not in json.dumps(request)


@pytest.mark.parametrize('reset', ['reset', 'komtet/reset'])
def test_reset_forgets_everything_but_the_secret(api, shop, listener, reset):
    shop.control('settings', hold=True, callbacks='late', callback_delay=30)
    old = shop.add(external_id='old', callback_url=listener.url)['id']
    shop.control('step', 'POST')
    shop.add(callback_url=listener.url)
    shop.control('settings', hold=False, delay=20)
    shop.control('till_errors', text='Нет бумаги')
    answer = api.control(reset, 'POST')
    assert answer.get('komtet', answer) == shop.credentials
    for path in ('tasks', 'ledger', 'till_errors', 'callbacks'):
        assert shop.control(path) == []
    assert shop.control('settings') == SETTINGS
    assert shop.call('GET', f'tasks/{old}').status_code == 404
    assert listener.nothing_in() and shop.printed() == []
    assert shop.add()['id'] > old


def test_reset_of_the_till_leaves_the_bank_alone(api, shop):
    operation_id = api.create()['operationId']
    shop.control('reset', 'POST')
    assert api.read(operation_id)['status'] == 'CREATED'


@pytest.mark.parametrize('path, values', [
    ('settings', {'nothing': 1}), ('settings', {'queue_state': 'closed'}),
    ('settings', {'callbacks': 'never'}), ('settings', {'hold': 1}),
    ('settings', {'delay': 'soon'}), ('settings', {'delay': -1}), ('settings', {'delay': True}),
    ('settings', {'callback_delay': None}), ('settings', {'pending_state': None}),
    ('settings', {'inn': 9900000017}), ('till_errors', {}), ('till_errors', {'text': ''}),
    ('till_errors', {'text': 'x', 'times': 0}), ('till_errors', {'text': 'x', 'often': 1}),
    ('step', {'error': 5}), ('callbacks', {'again': 0}), ('callbacks', {'send': {}}),
])
def test_wrong_calls_are_explained(shop, path, values):
    before = shop.control('settings')
    assert shop.wrong_control(path, **values)
    assert shop.control('settings') == before and shop.control('till_errors') == []
