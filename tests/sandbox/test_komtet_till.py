""" KOMTET Kassa: what the till prints, and when. """

import pytest
from komtet_shop import CHECK, TIMEOUT

from sandbox.komtet_check import INTENTS


@pytest.mark.parametrize('intent, number', INTENTS.items())
def test_printed_by_itself_after_a_short_delay(api, shop, intent, number):
    api.control('clock', set='2026-03-01T12:00:30+03:00')
    task = shop.final(shop.add(intent=intent)['id'])
    data = task['fiscal_data']
    assert task['state'] == 'done' and task['error_description'] is None
    assert set(data) == {'i', 'fn', 'fp', 't', 's', 'n', 'rn', 'sh', 'shn'}
    assert (data['t'], data['s'], data['n'], data['shn']) == (
        '20260301T1200', '200.50', number, '1')
    assert all(isinstance(value, str) for name, value in data.items() if name != 'n')
    assert len(data['fn']) == 16 and len(data['fp']) == 10 and data['i'][0] != '0'
    [entry] = shop.control('ledger')
    assert entry == {'task_id': task['id'], 'external_id': 'SO1-1', 'intent': intent,
                     'total': '200.50', 'fiscal_data': data}


@pytest.mark.parametrize('zone, written', [(1, '20260228T2330'), (2, '20260301T0030'),
                                           (11, '20260301T0930')])
def test_time_is_that_of_the_till(api, held, zone, written):
    api.control('clock', set='2026-03-01T00:30:00+03:00')
    task_id = held.add(timezone=zone)['id']
    held.control('step', 'POST')
    assert held.read(task_id)['fiscal_data']['t'] == written


def test_receipts_are_numbered_in_the_shift(api, held):
    api.control('clock', set='2026-04-01T12:00:00+03:00')
    for number in range(3):
        held.add(external_id=number)
        if number == 2:
            api.control('clock', advance=24 * 3600)
        held.control('step', 'POST')
    first, second, third = (entry['fiscal_data'] for entry in held.control('ledger'))
    assert [data['shn'] for data in (first, second, third)] == ['1', '2', '1']
    assert first['sh'] == second['sh'] and int(third['sh']) == int(first['sh']) + 1
    assert int(first['i']) + 2 == int(second['i']) + 1 == int(third['i'])


def test_receipt_can_be_read(api, shop):
    task = shop.final(shop.add()['id'])
    answer = api.http.get(task['receipt_url'], timeout=TIMEOUT)
    assert answer.status_code == 200
    data = task['fiscal_data']
    assert 'Занятие' in answer.text and 'ИТОГ 200.50' in answer.text
    assert 't={t}&s=200.50&fn={fn}&i={i}&fp={fp}&n=1'.format(**data) in answer.text
    assert api.http.get(task['receipt_url'][:-1], timeout=TIMEOUT).status_code == 404


def test_passive_queue_keeps_checks(shop):
    shop.control('settings', queue_state='passive')
    assert shop.call('GET', shop.queue).json()['state'] == 'passive'
    task_id = shop.add()['id']
    shop.api.pass_time()
    assert shop.read(task_id)['state'] == 'new' and shop.printed() == []
    assert 'passive' in shop.wrong_control('step')
    shop.control('settings', queue_state='active')
    assert shop.final(task_id)['state'] == 'done'
    assert shop.printed() == ['SO1-1']


def test_task_stays_new_until_it_is_released(held):
    task_id = held.add()['id']
    held.api.pass_time()
    assert held.read(task_id)['state'] == 'new'
    held.control('settings', hold=False)
    assert held.final(task_id)['state'] == 'done'


def test_delay(shop):
    shop.control('settings', delay=30)
    task_id = shop.add()['id']
    shop.api.pass_time(29)
    assert shop.read(task_id)['state'] == 'new'
    shop.api.pass_time(1)
    assert shop.read(task_id)['state'] == 'done'


def test_step_takes_one_task_or_all(held):
    first, second, third = (held.add(external_id=number)['id'] for number in range(3))
    assert [task['id'] for task in held.control('step', task_id=second)] == [second]
    assert held.printed() == [1]
    assert 'does not wait' in held.wrong_control('step', task_id=second)
    assert 'does not wait' in held.wrong_control('step', task_id=1)
    [task] = held.control('step', task_id=third, error='Нет бумаги')
    assert (task['state'], task['error_description']) == ('error', 'Нет бумаги')
    assert [task['id'] for task in held.control('step', 'POST')] == [first]
    assert held.control('step', 'POST') == []
    assert held.printed() == [1, 0]


def test_error_of_the_till(shop):
    text = 'Код маркировки не прошёл проверку'
    assert shop.control('till_errors', text=text, times=2) == [{'text': text, 'times': 2}]
    for number in range(2):
        task = shop.final(shop.add(external_id=number)['id'])
        assert (task['state'], task['error_description']) == ('error', text)
        assert task['fiscal_data'] is None and task['receipt_url'] is None
    assert shop.control('till_errors') == [] and shop.printed() == []
    assert shop.final(shop.add(external_id=2)['id'])['state'] == 'done'


def test_errors_of_the_till_can_be_forgotten(shop):
    shop.control('till_errors', text='Нет бумаги')
    assert shop.control('till_errors', 'DELETE') == []
    assert shop.final(shop.add()['id'])['state'] == 'done'


def test_foreign_inn_fails_at_the_till(shop):
    def task(number, inn):
        company = {**CHECK['company'], 'inn': inn}
        return shop.final(shop.add(external_id=number, company=company)['id'])

    assert task(1, '9900000017')['state'] == 'done'
    assert 'ИНН' in task(2, '990000000299')['error_description']
    shop.control('settings', inn='990000000299')
    assert task(3, '990000000299')['state'] == 'done'
    shop.control('settings', inn=None)
    assert task(4, '9900000017')['state'] == 'done'
    assert shop.printed() == [1, 3, 4]


def test_shapes_that_others_have_seen(held):
    held.control('settings', nested_task=True, pending_state='processing', receipt_url=False)
    created = held.add()
    assert list(created) == ['task'] and created['task']['state'] == 'new'
    task = held.read(created['task']['id'])
    assert task['state'] == 'processing' and 'receipt_url' not in task
    [task] = held.control('step', 'POST')
    assert task['state'] == 'done' and 'receipt_url' not in task
