""" KOMTET Kassa: what the network can do. """

import time

import pytest
import requests
from komtet_shop import API, CHECK


def fault(shop, kind, **values):
    """ Order a fault for new checks. """
    shop.api.control('faults', kind=kind, method='POST', path=f'^{API}/queues/[0-9]+/task$',
                     **values)


@pytest.mark.parametrize('kind, status, taken', [
    ('error_5xx', 502, 0), ('error_5xx_after', 504, 1), ('html_200', 200, 0),
    ('html_200_after', 200, 1),
])
def test_page_instead_of_an_answer(shop, kind, status, taken):
    fault(shop, kind)
    answer = shop.post(CHECK)
    assert answer.status_code == status
    assert answer.headers['Content-Type'].startswith('text/html')
    assert len(shop.control('tasks')) == taken
    again = shop.post(CHECK)
    assert again.json().get('code') == ('VLD11' if taken else None)
    shop.final(shop.control('tasks')[0]['id'])
    assert shop.printed() == ['SO1-1']


@pytest.mark.parametrize('kind, taken, values', [
    ('close_before', 0, {}), ('close_after', 1, {}), ('cut_body', 1, {}),
    ('timeout_before', 0, {'seconds': 0.3}), ('timeout_after', 1, {'seconds': 0.3}),
])
def test_no_answer(shop, kind, taken, values):
    fault(shop, kind, **values)
    with pytest.raises(requests.exceptions.RequestException):
        shop.post(CHECK)
    assert len(shop.control('tasks')) == taken
    if taken:
        # The shop never learns the number of the task, but the check is printed.
        shop.final(shop.control('tasks')[0]['id'])
        assert shop.printed() == ['SO1-1']


def test_slow_answer_is_still_right(shop):
    fault(shop, 'slow', seconds=0.4)
    started = time.monotonic()
    shop.add()
    assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize('values, status, code', [
    ({}, 422, 'VLD00'), ({'status': 500, 'code': 'INT00', 'message': 'Сбой'}, 500, 'INT00'),
])
def test_refusal_on_command_has_the_form_of_komtet(shop, values, status, code):
    fault(shop, 'refuse', **values)
    answer = shop.post(CHECK)
    assert answer.status_code == status
    assert set(answer.json()) == {'title', 'code', 'description'}
    assert answer.json()['code'] == code
    assert shop.control('tasks') == []


def test_faults_of_reading(shop):
    task_id = shop.add()['id']
    shop.api.control('faults', kind='error_5xx', method='GET', path=f'^{API}/tasks/')
    assert shop.call('GET', f'tasks/{task_id}').status_code == 502
    assert shop.call('GET', shop.queue).status_code == 200
    assert shop.final(task_id)['state'] == 'done'
