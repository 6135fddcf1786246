""" ATOL Online: the queue, the till, reports, the ledger. """

import threading

import pytest
from atol_shop import AGENT, API, FULL, SECTORAL, SUPPLIER, TIMEOUT, AtolShop, receipt, request_of

OPERATIONS = {'sell': 1, 'sell_refund': 2, 'buy': 3, 'buy_refund': 4, 'sell_correction': 1,
              'buy_correction': 3}
ONLY_V5 = {'sell_refund_correction': 2, 'buy_refund_correction': 4}


@pytest.mark.parametrize('operation', [*OPERATIONS, *ONLY_V5])
def test_operations(api, atol, operation):
    if atol.version == 'v4' and operation in ONLY_V5:
        text = atol.refused(request_of('correction', {}), operation, code=31)
        assert operation in text
        return
    api.control('clock', set='2026-03-01T12:00:30+03:00')
    number = atol.sell(operation)
    assert atol.control('step', 'POST')[0]['status'] == 'done'
    report = atol.report(number)
    assert set(report) == {
        'uuid', 'error', 'status', 'payload', 'timestamp', 'group_code', 'daemon_code',
        'device_code', 'warnings', 'external_id', 'callback_url'}
    assert (report['uuid'], report['error'], report['external_id'], report['group_code']) == (
        number, None, 'SO1-1', atol.group)
    payload = report['payload']
    assert set(payload) == {
        'total', 'fns_site', 'fn_number', 'shift_number', 'receipt_datetime',
        'fiscal_receipt_number', 'fiscal_document_number', 'ecr_registration_number',
        'fiscal_document_attribute', 'ofd_inn', 'ofd_receipt_url'}
    assert (payload['total'], payload['receipt_datetime']) == (200.5, '01.03.2026 12:00:30')
    assert type(payload['fiscal_document_attribute']) is int and len(payload['fn_number']) == 16
    [entry] = atol.control('ledger')
    kind = {**OPERATIONS, **ONLY_V5}[operation]
    assert (entry['1054'], entry['document']) == (
        kind, 'correction' if operation.endswith('correction') else 'receipt')
    assert entry['fiscal_data']['1040'] == payload['fiscal_document_number']
    assert int(entry['fiscal_data']['1077']) == payload['fiscal_document_attribute']


@pytest.mark.parametrize('operation', ['sale', 'SELL', 'report'])
def test_unknown_operation(atol, operation):
    assert operation in atol.refused({}, operation, code=31)


def test_printed_by_itself_after_a_short_delay(atol):
    atol.control('settings', hold=False)
    assert atol.final(atol.sell())['status'] == 'done'
    assert atol.printed() == ['SO1-1']


def test_held_until_it_is_released(atol):
    number = atol.sell()
    atol.api.pass_time()
    assert atol.report(number)['status'] == 'wait'
    atol.control('settings', hold=False)
    assert atol.final(number)['status'] == 'done'


def test_delay(atol):
    atol.control('settings', hold=False, delay=30)
    number = atol.sell()
    atol.api.pass_time(29)
    assert atol.report(number)['status'] == 'wait'
    atol.api.pass_time(1)
    assert atol.report(number)['status'] == 'done'


def test_step_takes_one_document_or_all(atol):
    first, second, third = (atol.sell(external_id=str(number)) for number in range(3))
    assert [report['uuid'] for report in atol.control('step', uuid=second)] == [second]
    assert 'does not wait' in atol.wrong_control('step', uuid=second)
    [report] = atol.control('step', uuid=third, code=68)
    assert (report['status'], report['error']['code']) == ('fail', 68)
    [report] = atol.control('step', 'POST')
    assert report['uuid'] == first
    assert atol.printed() == ['1', '0']


# === REPORTS === #

def test_report_of_what_waits(atol):
    number = atol.sell()
    report = atol.report(number)
    assert (report['status'], report['error']['code']) == ('wait', 34)
    assert 'payload' not in report
    atol.control('settings', wait_as_error=False)
    report = atol.report(number)
    assert (report['status'], report['error'], report['payload']) == ('wait', None, None)


@pytest.mark.parametrize('number', ['x', '00000000-0000-0000-0000-000000000000'])
def test_unknown_report(atol, number):
    answer = atol.call('GET', f'{atol.group}/report/{number}')
    assert (answer.status_code, answer.json()['error']['code'], answer.json()['status']) == (
        400, 30, 'fail')


def test_report_of_another_group(api, atol_v4):
    other = AtolShop(api, 'v5')
    number = atol_v4.sell()
    answer = other.call('GET', f'{other.group}/report/{number}')
    assert answer.json()['error']['code'] == 30


def test_reports_are_kept_32_days(api, atol):
    number = atol.sell()
    atol.control('step', 'POST')
    for days, code in ((31, None), (2, 30)):
        api.control('clock', advance=days * 24 * 3600)
        atol.token = atol.get_token().json()['token']
        error = atol.call('GET', f'{atol.group}/report/{number}').json()['error']
        assert (error and error['code']) == code


def test_too_frequent_reports(atol):
    number = atol.sell()
    atol.control('settings', report_limit=True)
    assert atol.report(number)['status'] == 'wait'
    answer = atol.call('GET', f'{atol.group}/report/{number}')
    assert (answer.status_code, answer.json()['error']['code']) == (429, 0)
    atol.api.pass_time(0.9)
    assert atol.call('GET', f'{atol.group}/report/{number}').status_code == 429
    atol.api.pass_time(0.1)
    assert atol.report(number)['status'] == 'wait'


def test_receipt_can_be_read(api, atol):
    number = atol.sell()
    atol.control('step', 'POST')
    url = atol.report(number)['payload']['ofd_receipt_url']
    answer = api.http.get(url, timeout=TIMEOUT)
    assert answer.status_code == 200
    assert 'Занятие: 100.25 × 2 = 200.50' in answer.text and 'ИТОГ 200.50' in answer.text
    assert api.http.get(url[:-1], timeout=TIMEOUT).status_code == 404
    atol.control('settings', receipt_url=False)
    assert 'ofd_receipt_url' not in atol.report(number)['payload']


# === ONE DOCUMENT FOR ONE EXTERNAL ID === #

def duplicate(atol, number):
    """ Register the same again, and see that the document is named. """
    answer = atol.post(request_of('receipt', receipt(atol.version)))
    assert (answer.status_code, answer.json()['error']['code']) == (400, 33)
    assert (answer.json()['status'], answer.json()['uuid']) == ('wait', number)


def test_external_id_is_taken_once(atol):
    number = atol.sell()
    duplicate(atol, number)
    atol.control('step', 'POST')
    duplicate(atol, number)
    assert atol.printed() == ['SO1-1']


def test_external_id_of_a_failed_document(atol):
    number = atol.sell()
    atol.control('step', code=68)
    duplicate(atol, number)
    atol.control('settings', failed_id_reusable=True)
    again = atol.sell()
    assert again != number
    duplicate(atol, again)


def test_refused_document_leaves_its_external_id_free(atol):
    atol.refused(request_of('receipt', receipt(atol.version, total=1)))
    atol.sell()


def test_groups_have_their_own_external_ids(api, atol_v4):
    atol_v4.sell()
    AtolShop(api, 'v5').sell()


def test_same_document_at_once_is_printed_once(api, atol):
    answers = []
    content = request_of('receipt', receipt(atol.version))
    threads = [threading.Thread(
        target=lambda: answers.append(AtolShop(api, atol.version).post(content)))
        for _count in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] + [400] * 5
    assert len({answer.json()['uuid'] for answer in answers}) == 1
    atol.control('step', 'POST')
    assert atol.printed() == ['SO1-1']


# === FAILING === #

def test_error_of_the_till(atol):
    rules = atol.control('till_errors', code=68, text='Смена превысила 24 часа', times=2)
    assert rules == [{'times': 2, 'error': {
        'code': 68, 'text': 'Смена превысила 24 часа', 'type': 'driver'}}]
    for number in range(2):
        found = atol.sell(external_id=str(number))
        atol.control('step', 'POST')
        report = atol.report(found)
        assert (report['status'], report['error']) == ('fail', rules[0]['error'])
    assert atol.control('till_errors') == [] and atol.printed() == []
    atol.sell(external_id='2')
    atol.control('step', 'POST')
    assert atol.printed() == ['2']


def test_errors_of_the_till_can_be_forgotten(atol):
    atol.control('till_errors', code=68)
    assert atol.control('till_errors', 'DELETE') == []
    atol.sell()
    assert atol.control('step', 'POST')[0]['status'] == 'done'


def test_waiting_too_long(api, atol):
    number = atol.sell()
    api.control('clock', advance=299)
    assert atol.report(number)['status'] == 'wait'
    api.control('clock', advance=10)
    report = atol.report(number)
    assert (report['status'], report['error']['code'], report['error']['type']) == (
        'fail', -1, 'timeout')
    assert atol.control('step', 'POST') == [] and atol.printed() == []


def test_waiting_for_ever(api, atol):
    atol.control('settings', queue_timeout=0)
    number = atol.sell()
    api.control('clock', advance=3600)
    assert atol.report(number)['status'] == 'wait'


# === THE LEDGER === #

def test_meaning_of_a_simple_receipt(api, atol):
    api.control('clock', set='2026-03-01T12:00:30+03:00')
    number = atol.sell()
    atol.control('step', 'POST')
    [entry] = atol.control('ledger')
    data = entry.pop('fiscal_data')
    assert set(data) == {'1012', '1020', '1037', '1038', '1040', '1041', '1042', '1077'}
    assert (data['1012'], data['1020']) == ('2026-03-01T12:00:30', '200.50')
    measure = {'1197': 'шт'} if atol.version == 'v4' else {'2108': 0}
    assert entry == {
        'id': number, 'key': 'SO1-1', 'document': 'receipt', 'operation': 'sell',
        'group_code': atol.group, '1209': {'v4': 2, 'v5': 4}[atol.version], '1054': 1, '1055': 2,
        '1018': '9900000017', '1187': 'https://romashka.example.com', '1020': '200.50',
        '1008': 'buyer@example.com', '1117': 'shop@romashka.example.com', 'correction': None,
        'lines': [{'1030': 'Занятие', '1079': '100.25', '1023': '2', '1043': '200.50', '1199': 6,
                   '1212': 4, '1214': 4, **measure}],
        'payments': {'1031': '0.00', '1081': '200.50', '1215': '0.00', '1216': '0.00',
                     '1217': '0.00'},
    }


def test_meaning_of_everything(atol):
    assert atol.post(FULL[atol.version]).status_code == 200
    atol.control('step', 'POST')
    [entry] = atol.control('ledger')
    [line] = entry['lines']
    assert (line['1199'], line['1200'], line['1222'], line['1226']) == (
        11, '36.16', 64, SUPPLIER['inn'])
    assert line['1224'] == {'1225': 'Поставщик', '1171': SUPPLIER['phones']}
    operator = AGENT['money_transfer_operator']
    assert line['1223'] == {
        '1044': 'x' * 24, '1073': ['+79990000000'], '1074': ['9990000000'],
        '1075': ['+79990000000'], '1026': operator['name'], '1005': 'Москва',
        '1016': '9900000017'}
    assert (entry['payments']['1081'], entry['payments']['1215']) == ('200.00', '0.50')
    assert entry['vats'] == [{'1199': 11, 'sum': '36.16'}] and entry['1125'] is True
    assert entry['1084'] == {'1085': 'Заказ', '1086': '17'}
    assert entry['1235'][0]['1082'] == '200.00'
    if atol.version == 'v5':
        assert (line['1163'], line['1291'], line['2003'], line['1212']) == (
            {'1305': '010460000000000002'}, '1/2', 2, 33)
        assert line['1260'][0]['1265'] == SECTORAL[0]['value'] == entry['1261'][0]['1265']
    else:
        assert line['1162'] == '44 4D 01 00' and entry['1057'] == 64


def test_defaults_of_v4_are_a_prepayment_for_goods(atol_v4):
    line = {'name': 'Мяч', 'price': 200.5, 'quantity': 1, 'sum': 200.5, 'vat': {'type': 'vat122'}}
    company = {'email': 'shop@romashka.example.com', 'inn': '9900000017', 'payment_address': 'x'}
    atol_v4.sell(items=[line], company=company)
    atol_v4.control('step', 'POST')
    [entry] = atol_v4.control('ledger')
    assert (entry['lines'][0]['1214'], entry['lines'][0]['1212'], entry['1055']) == (1, 1, 2)


def test_meaning_of_a_correction(atol):
    atol.sell('sell_correction')
    atol.control('step', 'POST')
    [entry] = atol.control('ledger')
    assert entry['correction'] == {'1173': 0, '1178': '31.12.2025', '1179': '17'}
    assert len(entry['lines']) == {'v4': 0, 'v5': 1}[atol.version]
    assert (entry['1020'], entry['payments']['1081']) == ('200.50', '200.50')


def test_base_of_the_addresses(atol):
    assert atol.credentials['url'] == f'{atol.api.url}{API}/{atol.version}'
