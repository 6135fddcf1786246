""" KOMTET Kassa: one check for one external id. """

import json
import threading

import pytest
from komtet_shop import CHECK, Shop, changed


@pytest.mark.parametrize('first, second', [('SO1-1', 'SO1-1'), (17, 17), (17, '17')])
def test_external_id_is_taken_once(shop, first, second):
    task_id = shop.add(external_id=first)['id']
    for _attempt in range(2):
        answer = shop.post({**CHECK, 'external_id': second})
        refusal = answer.json()
        assert (answer.status_code, refusal['code']) == (422, 'VLD11')
        assert str(second) in refusal['description']
        shop.final(task_id)
    assert shop.printed() == [first]


def test_external_id_of_a_failed_check_is_used_too(shop):
    shop.control('till_errors', text='Нет бумаги')
    assert shop.final(shop.add()['id'])['state'] == 'error'
    assert shop.post(CHECK).json()['code'] == 'VLD11'


def test_refused_check_leaves_its_external_id_free(held):
    held.refused(changed(CHECK, ('positions', 0, 'vat'), '18'))
    held.add()


def test_same_check_at_once_is_printed_once(shop):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(Shop(shop.api).post(CHECK)))
               for _count in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] + [422] * 7
    [task] = shop.control('tasks')
    shop.final(task['id'])
    assert shop.printed() == ['SO1-1']


def test_many_checks_at_once_are_printed_once_each(shop):
    def work(number):
        for step in range(10):
            shop.add(external_id=f'{number}-{step}')
            shop.control('step', 'POST')

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for task in shop.control('tasks'):
        shop.final(task['id'])
    printed = shop.printed()
    assert len(printed) == len(set(printed)) == 60
    documents = [entry['fiscal_data']['i'] for entry in shop.control('ledger')]
    assert len(set(documents)) == 60


def test_several_checks_in_one_call(held):
    checks = [{**CHECK, 'external_id': 'a'}, {**CHECK, 'external_id': 'b'}]
    answer = held.call('POST', f'{held.queue}/multi-tasks', json.dumps(checks).encode())
    assert answer.status_code == 200
    assert [(task['external_id'], task['state']) for task in answer.json().values()] == [
        ('a', 'new'), ('b', 'new')]
    assert len(held.control('step', 'POST')) == 2
    assert held.printed() == ['a', 'b']


@pytest.mark.parametrize('checks, code', [
    ([], 'VLD00'), ({}, 'VLD00'), ([CHECK, {}], 'VLD00'), ([CHECK, CHECK], 'VLD11'),
])
def test_several_checks_are_taken_together_or_not_at_all(held, checks, code):
    answer = held.call('POST', f'{held.queue}/multi-tasks', json.dumps(checks).encode())
    assert (answer.status_code, answer.json()['code']) == (422, code)
    assert held.control('tasks') == []
