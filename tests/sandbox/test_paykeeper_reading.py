""" PayKeeper: reading receipts. """

import pytest
from paykeeper_shop import API, TIMEOUT


def test_shapes_that_are_not_known(paykeeper):
    paykeeper.control('settings', ids_as_texts=False, byid_in_list=False, fiscal_data='nested',
                      fiscal_names='long', waiting_status='new', success_status='done')
    number = paykeeper.ordered()
    assert type(number) is int
    receipt = paykeeper.get('info/receipts/byid/', id=number)
    assert (receipt['id'], receipt['status']) == (number, 'new')
    paykeeper.step()
    receipt = paykeeper.get('info/receipts/byid/', id=number)
    assert receipt['status'] == 'done' and 'fn' not in receipt
    assert len(receipt['fiscal_data']['fn_number']) == 16
    paykeeper.control('settings', fiscal_data='absent')
    assert 'fiscal_data' not in paykeeper.get('info/receipts/byid/', id=number)


@pytest.mark.parametrize('number', ['', '1', 'x'])
def test_unknown_receipt(paykeeper, number):
    answer = paykeeper.call('GET', 'info/receipts/byid/', params={'id': number})
    assert 'не найден' in paykeeper.failed(answer)


@pytest.mark.parametrize('setting, name, right', [
    ('both', 'id', True), ('both', 'payment_id', True), ('id', 'id', True),
    ('id', 'payment_id', False), ('payment_id', 'id', False), ('both', 'payment', False),
])
def test_receipts_of_a_payment(paykeeper, setting, name, right):
    paykeeper.control('settings', payment_id_parameter=setting)
    payment = paykeeper.pay()
    paykeeper.pay()
    answer = paykeeper.call('GET', 'info/receipts/bypaymentid/', params={name: payment['id']})
    if right:
        assert [receipt['payment_id'] for receipt in answer.json()] == [payment['id']]
    else:
        paykeeper.failed(answer)
    assert paykeeper.get(
        'info/receipts/bypaymentid/', **{'id': '5', 'payment_id': '5'}) == []


def test_receipts_by_date(api, paykeeper):
    for day, key in (('2026-03-01T00:00:00+03:00', 'a'), ('2026-03-02T23:59:00+03:00', 'b')):
        api.control('clock', set=day)
        paykeeper.token = paykeeper.get('info/settings/token/')['token']
        cash = {'sum_cash': '200.50', 'sum_cashless': '0'} if key == 'b' else {}
        paykeeper.ordered(receipt_key=key, **cash)
        if key == 'a':
            paykeeper.step()

    def found(path='bydate', **params):
        params = {'start': '2026-03-01', 'end': '2026-03-02', **params}
        return [receipt['receipt_key'] for receipt in paykeeper.get(
            f'info/receipts/{path}/', **params)]

    assert found() == ['a', 'b']
    assert found(end='2026-03-01') == ['a'] and found(start='2026-03-02') == ['b']
    assert found(**{'sum_type[]': 'sum_cash'}) == ['b']
    assert found(**{'sum_type[0]': 'sum_cash', 'sum_type[1]': 'sum_cashless'}) == ['a', 'b']
    assert found(**{'status[]': 'success'}) == ['a']
    assert found(**{'status[]': ['success', 'created']}) == ['a', 'b']
    counts = paykeeper.get('info/receipts/bydatecount/', start='2026-03-01', end='2026-03-02')
    assert {entry['sum_type']: entry['count'] for entry in counts} == {
        'sum_cash': 1, 'sum_cashless': 1, 'sum_advance': 0, 'sum_credit': 0,
        'sum_counter_payment': 0}
    for params in ({'start': 'x'}, {'end': '01.03.2026'}, {'sum_type[]': 'sum_card'}):
        params = {'start': '2026-03-01', 'end': '2026-03-02', **params}
        paykeeper.failed(paykeeper.call('GET', 'info/receipts/bydate/', params=params))


def test_search_by_fiscal_data(paykeeper):
    first, second = (paykeeper.ordered(receipt_key=key) for key in 'ab')
    paykeeper.step()
    data = paykeeper.read(second)
    found = paykeeper.get('info/receipts/search/', fn=data['fn'], fnd=data['fnd'], fpd=data['fpd'])
    assert [receipt['id'] for receipt in found] == [second]
    assert [receipt['id'] for receipt in paykeeper.get(
        'info/receipts/search/', fn=data['fn'])] == [first, second]
    assert paykeeper.get('info/receipts/search/', fnd='0') == []
    paykeeper.failed(paykeeper.call('GET', 'info/receipts/search/'))


def test_receipt_can_be_read(api, paykeeper):
    number = paykeeper.ordered()
    page = f'{api.url}{API}/receipt/{paykeeper.read(number)["fop_receipt_key"]}/'
    assert api.http.get(page, params={'rc_id': number}, timeout=TIMEOUT).status_code == 404
    paykeeper.step()
    answer = api.http.get(page, params={'rc_id': number}, timeout=TIMEOUT)
    assert answer.status_code == 200 and 'Занятие: 100.25 × 2 = 200.50' in answer.text
    assert api.http.get(page, timeout=TIMEOUT).status_code == 404
