""" OrangeData: the queue, the tills, statuses, the ledger. """

import threading

import pytest
from orangedata_shop import (
    INN,
    OrangedataShop,
    correction,
    correction12,
    receipt,
    request_of,
)

NAMES = {
    'id', 'deviceSN', 'deviceRN', 'fsNumber', 'ofdName', 'ofdWebsite', 'ofdinn', 'fnsWebsite',
    'companyINN', 'companyName', 'documentNumber', 'shiftNumber', 'documentIndex', 'processedAt',
    'content', 'change', 'fp', 'callbackUrl', 'meta'}


# === THE QUEUE === #

@pytest.mark.parametrize('kind', [1, 2, 3, 4])
def test_types(api, orangedata, kind):
    api.control('clock', set='2026-03-01T12:00:30+03:00')
    orangedata.sell(type=kind, request={'meta': 'x', 'callbackUrl': None})
    answer = orangedata.status()
    assert (answer.status, answer.raw) == (202, b'')
    [stepped] = orangedata.control('step', 'POST')
    answer = orangedata.status()
    assert answer.status == 200 == stepped['status']
    told = answer.json()
    assert stepped['answer'] == told and set(told) == NAMES
    assert (told['id'], told['meta'], told['callbackUrl']) == ('SO1-1', 'x', None)
    assert (told['processedAt'], told['companyINN'], told['change']) == (
        '2026-03-01T12:00:30', INN, 0)
    assert len(told['fp']) == 10 and told['fp'].isdigit() and len(told['fsNumber']) == 16
    assert told['content'] == receipt(type=kind)
    [entry] = orangedata.control('ledger')
    data = entry['fiscal_data']
    assert (entry['1054'], data['1040'], data['1038'], data['1042'], data['1077']) == (
        kind, told['documentNumber'], told['shiftNumber'], told['documentIndex'], told['fp'])


def test_printed_by_itself_after_a_short_delay(orangedata):
    orangedata.control('settings', hold=False)
    orangedata.sell()
    assert orangedata.final().status == 200 and orangedata.printed() == ['SO1-1']


def test_held_until_it_is_released(orangedata):
    orangedata.sell()
    orangedata.api.pass_time()
    assert orangedata.status().status == 202
    orangedata.control('settings', hold=False)
    assert orangedata.final().status == 200


def test_pace_is_that_of_one_till(orangedata):
    orangedata.control('settings', hold=False, delay=0, pace=1)
    for number in '123':
        orangedata.sell(number)
    orangedata.sell('other', version=2)
    orangedata.api.pass_time(0)
    assert set(orangedata.printed()) == {'1', 'other'}
    orangedata.api.pass_time(0.9)
    assert len(orangedata.printed()) == 2
    for number in '23':
        orangedata.api.pass_time(1)
        assert orangedata.printed()[-1] == number


def test_step_takes_one_document_or_all(orangedata):
    for number in '123':
        orangedata.sell(number)
    assert [told['id'] for told in orangedata.control('step', id='2')] == ['2']
    assert 'does not wait' in orangedata.wrong_control('step', id='2')
    assert orangedata.control('step', id='3', status=524)[0]['status'] == 524
    assert [told['id'] for told in orangedata.control('step', 'POST')] == ['1']
    assert orangedata.printed() == ['2', '1']


def test_full_queue(orangedata):
    orangedata.control('settings', queue_limit=1, retry_after=7)
    orangedata.sell('1')
    answer = orangedata.post(request_of(receipt(), id='2'))
    assert (answer.status, answer.headers['Retry-After']) == (503, '7')
    assert answer.json()['errors'] and len(orangedata.control('documents')) == 1
    # What is there is there.
    assert orangedata.post(request_of(receipt(), id='1')).status == 409
    orangedata.control('step', 'POST')
    orangedata.sell('2')
    orangedata.control('settings', queue_limit=None)
    orangedata.sell('3')


# === ONE ID, ONE DOCUMENT === #

def test_id_is_used_once(orangedata):
    orangedata.sell()
    for content in (receipt(), receipt(type=2), receipt(2)):
        answer = orangedata.post(request_of(content))
        assert (answer.status, answer.raw) == (409, b'')
    orangedata.control('step', 'POST')
    assert orangedata.post(request_of(receipt())).status == 409
    assert orangedata.post(request_of(correction12()), 'correction12').status == 409
    assert orangedata.printed() == ['SO1-1']
    assert orangedata.status().json()['content']['type'] == 1


def test_refused_document_leaves_its_id_free(orangedata):
    orangedata.refused(request_of(receipt(type=9)))
    orangedata.sell()


def test_same_document_at_once_is_printed_once(api, orangedata):
    answers, shops = [], [OrangedataShop(api) for _count in range(5)]
    threads = [threading.Thread(
        target=lambda shop=shop: answers.append(shop.post(request_of(receipt())).status))
        for shop in shops]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [201] + [409] * 4
    orangedata.control('step', 'POST')
    assert orangedata.printed() == ['SO1-1']


# === STATUSES === #

@pytest.mark.parametrize('number, inn, kind', [
    ('other', INN, 'documents'), ('SO1-1', '7727401209', 'documents'),
    ('SO1-1', INN, 'corrections'), ('SO1-1', INN, 'correction12'),
])
def test_unknown_status(orangedata, number, inn, kind):
    orangedata.sell()
    answer = orangedata.status(number, kind, inn)
    assert answer.status == 400 and len(answer.json()['errors']) == 1


def test_id_may_have_any_letters(orangedata):
    orangedata.sell('Заказ 1?№2')
    assert orangedata.status('%D0%97%D0%B0%D0%BA%D0%B0%D0%B7%201%3F%E2%84%962').status == 202


@pytest.mark.parametrize('kind, content', [
    ('corrections', correction()), ('correction12', correction12(type=2))])
def test_status_of_a_correction(orangedata, kind, content):
    assert orangedata.post(request_of(content), kind).status == 201
    assert orangedata.status(kind=kind).status == 202
    assert orangedata.status().status == 400
    orangedata.control('step', 'POST')
    answer = orangedata.status(kind=kind)
    assert answer.status == 200 and set(answer.json()) == NAMES
    assert answer.json()['content'] == content


def test_names_as_the_tables_spell_them(orangedata):
    orangedata.control('settings', website_names='tables')
    orangedata.sell()
    orangedata.control('step', 'POST')
    assert set(orangedata.status().json()) == NAMES - {'ofdWebsite', 'ofdinn'} | {
        'odfWebsite', 'odfINN'}


def test_content_with_nulls(orangedata):
    orangedata.control('settings', content_with_nulls=True)
    orangedata.sell()
    orangedata.control('step', 'POST')
    content = orangedata.status().json()['content']
    assert content['customerInfo'] is None and content['positions'][0]['itemCode'] is None
    assert _without_nulls(content) == receipt()


def _without_nulls(content):
    if isinstance(content, list):
        return [_without_nulls(entry) for entry in content]
    if isinstance(content, dict):
        return {name: _without_nulls(value) for name, value in content.items()
                if value is not None}
    return content


def test_change(orangedata):
    orangedata.sell(checkClose={'taxationSystem': 1, 'payments': [
        {'type': 1, 'amount': 150}, {'type': 2, 'amount': 100}]})
    orangedata.control('step', 'POST')
    assert orangedata.status().json()['change'] == 49.5
    [entry] = orangedata.control('ledger')
    assert (entry['1020'], entry['payments']['1031'], entry['payments']['1081']) == (
        '200.50', '100.50', '100.00')


def test_state_of_a_group(orangedata):
    orangedata.sell()
    told = orangedata.call('GET', f'devices/status/{INN}/Main_2')
    assert told.status == 200 and told.json()['queue'] == 1
    assert orangedata.call('GET', f'devices/status/{INN}/Main').json()['queue'] == 0
    assert orangedata.call('GET', f'devices/status/{INN}/Nobody').status == 400
    assert orangedata.call('GET', 'devices/status/7727401209/Main').status == 400


# === FAILING === #

@pytest.mark.parametrize('how', ['expire', 'till_errors', 'clock'])
def test_expired_document_has_burnt_its_id(api, orangedata, how):
    if how == 'till_errors':
        assert orangedata.control('till_errors', status=524) == [
            {'times': 1, 'error': {'status': 524, 'content': None}}]
    orangedata.sell()
    if how == 'expire':
        assert orangedata.control('expire', 'POST')[0]['status'] == 524
    elif how == 'clock':
        api.control('clock', advance=30 * 24 * 3600 - 10)
        assert orangedata.status().status == 202
        api.control('clock', advance=20)
    else:
        orangedata.control('step', 'POST')
    answer = orangedata.status()
    assert (answer.status, answer.raw) == (524, b'')
    assert orangedata.post(request_of(receipt())).status == 409
    assert orangedata.control('step', 'POST') == [] and orangedata.printed() == []
    orangedata.sell('SO1-2')
    orangedata.control('step', 'POST')
    assert orangedata.printed() == ['SO1-2'] and orangedata.control('till_errors') == []


def test_errors_of_the_till_can_be_forgotten(orangedata):
    orangedata.control('till_errors', status=422, times=2)
    orangedata.sell('1')
    orangedata.control('step', 'POST')
    assert orangedata.status('1').status == 422
    assert orangedata.control('till_errors', 'DELETE') == []
    orangedata.sell('2')
    assert orangedata.control('step', 'POST')[0]['status'] == 200
