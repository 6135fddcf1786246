""" PayKeeper: printing, settlement of payments, the ledger. """

import json
import threading

import pytest
from paykeeper_shop import ITEM, PaykeeperShop


def test_receipt_waits_and_is_printed(api, paykeeper):
    api.control('clock', set='2026-03-01T12:00:30+03:00')
    paykeeper.token = paykeeper.get('info/settings/token/')['token']
    number = paykeeper.ordered()
    receipt = paykeeper.read(number)
    assert set(receipt) == {
        'id', 'payment_id', 'refund_id', 'type', 'is_post_sale', 'is_correction', 'contact',
        'sum_cashless', 'sum_cash', 'sum_advance', 'sum_credit', 'sum_counter_payment', 'cart',
        'receipt_key', 'fop_receipt_key', 'status', 'error', 'created_datetime'}
    assert (receipt['id'], receipt['status'], receipt['receipt_key'], receipt['sum_cashless']) == (
        number, 'created', 'SO1-1', '200.50')
    assert json.loads(receipt['cart']) == [ITEM]
    paykeeper.step()
    printed = paykeeper.read(number)
    data = {name: printed.pop(name) for name in set(printed) - set(receipt)}
    assert printed == {**receipt, 'status': 'success'}
    assert set(data) == {'fn', 'fnd', 'fpd', 'rnkkt', 'shift_number', 'receipt_number',
                         'ts'}
    assert data['ts'] == '20260301T1200'
    [entry] = paykeeper.control('ledger')
    assert (entry['fiscal_data']['1041'], str(entry['fiscal_data']['1040'])) == (
        data['fn'], data['fnd'])


def test_meaning_of_a_simple_receipt(paykeeper):
    number = paykeeper.ordered(receipt_properties='{"agent_type": 64}')
    paykeeper.step()
    [entry] = paykeeper.control('ledger')
    data = entry.pop('fiscal_data')
    assert set(data) == {'1012', '1020', '1037', '1038', '1040', '1041', '1042', '1077'}
    assert entry == {
        'id': number, 'key': 'SO1-1', 'document': 'receipt', 'type': 'sale', '1209': 4, '1054': 1,
        '1055': 2, '1018': '9900000017', '1187': 'https://romashka.example.com',
        '1008': 'buyer@example.com', '1020': '200.50', 'correction': None, 'post_sale': False,
        'payment_id': '', 'receipt_properties': {'agent_type': 64},
        'lines': [{'1030': 'Занятие', '1079': '100.25', '1023': '2', '1043': '200.50', '1199': 6,
                   '1212': 4, '1214': 4}],
        'payments': {'1031': '0.00', '1081': '200.50', '1215': '0.00', '1216': '0.00',
                     '1217': '0.00'},
    }


def test_till_of_another_company(paykeeper):
    paykeeper.control('settings', ffd='1.05', tax_system=1, inn='990000000299')
    paykeeper.ordered()
    paykeeper.step()
    [entry] = paykeeper.control('ledger')
    assert (entry['1209'], entry['1055'], entry['1018']) == (2, 1, '990000000299')


@pytest.mark.parametrize('name, tag', [
    ('sum_cash', '1031'), ('sum_cashless', '1081'), ('sum_advance', '1215'),
    ('sum_credit', '1216'), ('sum_counter_payment', '1217'),
])
def test_kinds_of_payment(paykeeper, name, tag):
    paykeeper.ordered(**{'sum_cashless': '0', name: '200.5'})
    paykeeper.step()
    payments = paykeeper.control('ledger')[0]['payments']
    assert {key: value for key, value in payments.items() if value != '0.00'} == {tag: '200.50'}


def test_printed_by_itself_after_a_short_delay(paykeeper):
    paykeeper.control('settings', hold=False)
    assert paykeeper.final(paykeeper.ordered())['status'] == 'success'


def test_held_until_it_is_released(paykeeper):
    number = paykeeper.ordered()
    paykeeper.api.pass_time()
    assert paykeeper.read(number)['status'] == 'created'
    paykeeper.control('settings', hold=False)
    assert paykeeper.final(number)['status'] == 'success'


def test_step_takes_one_receipt_or_all(paykeeper):
    first, second, third = (paykeeper.ordered(receipt_key=str(key)) for key in range(3))
    assert [receipt['id'] for receipt in paykeeper.step(receipt_id=second)] == [second]
    assert 'does not wait' in paykeeper.wrong_control('step', receipt_id=second)
    [receipt] = paykeeper.step(receipt_id=third, error='Нет бумаги')
    assert (receipt['status'], receipt['error']) == ('failed', 'Нет бумаги')
    assert [receipt['id'] for receipt in paykeeper.step()] == [first]
    assert paykeeper.printed() == ['1', '0']


def test_errors_of_the_till(paykeeper):
    assert paykeeper.control('till_errors', text='Нет бумаги', times=2) == [
        {'error': 'Нет бумаги', 'times': 2}]
    for key in range(2):
        number = paykeeper.ordered(receipt_key=str(key))
        paykeeper.step()
        receipt = paykeeper.read(number)
        assert (receipt['status'], receipt['error']) == ('failed', 'Нет бумаги')
        assert 'fn' not in receipt
    assert paykeeper.control('till_errors') == [] and paykeeper.printed() == []
    paykeeper.control('till_errors', text='Нет бумаги')
    assert paykeeper.control('till_errors', 'DELETE') == []


def test_waiting_too_long(api, paykeeper):
    number = paykeeper.ordered()
    api.control('clock', advance=3600)
    assert paykeeper.read(number)['status'] == 'created'
    paykeeper.control('settings', queue_timeout=60)
    assert paykeeper.read(number)['status'] == 'failed' and paykeeper.printed() == []


# === ONE RECEIPT FOR ONE KEY === #

def test_key_is_printed_once(paykeeper):
    number = paykeeper.ordered()
    assert paykeeper.ordered() == number
    paykeeper.step()
    assert paykeeper.ordered() == number and paykeeper.step() == []
    assert paykeeper.ordered(receipt_key='SO1-2') != number


def test_key_that_is_not_minded(paykeeper):
    paykeeper.control('settings', receipt_key_idempotent=False)
    assert paykeeper.ordered() != paykeeper.ordered()
    paykeeper.step()
    assert paykeeper.printed() == ['SO1-1', 'SO1-1']


def test_key_of_a_failed_receipt(paykeeper):
    number = paykeeper.ordered()
    paykeeper.step(error='Нет бумаги')
    assert paykeeper.ordered() == number
    paykeeper.control('settings', failed_key_reusable=True)
    again = paykeeper.ordered()
    assert again != number and paykeeper.ordered() == again


def test_refused_receipt_leaves_its_key_free(paykeeper):
    paykeeper.refused(sum_cashless='1')
    paykeeper.ordered()


def test_same_receipt_at_once_is_printed_once(api, paykeeper):
    numbers = []
    threads = [threading.Thread(target=lambda: numbers.append(PaykeeperShop(api).ordered()))
               for _count in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(numbers) == 6 and len(set(numbers)) == 1
    paykeeper.step()
    assert paykeeper.printed() == ['SO1-1']


# === RETURNS AND CORRECTIONS === #

@pytest.mark.parametrize('setting, kind', [
    ('return_type', 2), ('outcome_type', 3), ('outcome_return_type', 4)])
def test_other_kinds_have_no_word_until_it_is_named(paykeeper, setting, kind):
    assert 'тип' in paykeeper.refused(type='word')
    paykeeper.control('settings', **{setting: 'word'})
    assert 'тип' in paykeeper.refused(type='other')
    paykeeper.ordered(type='word')
    paykeeper.step()
    assert paykeeper.control('ledger')[0]['1054'] == kind
    assert 'тип' in paykeeper.refused(type='')


@pytest.mark.parametrize('fields, told', [
    ({'correction_type': 'self'}, {'1173': 0, '1178': '31.12.2025'}),
    ({'correction_type': 'instruction', 'correction_number': '17'},
     {'1173': 1, '1178': '31.12.2025', '1179': '17'}),
    ({}, None), ({'correction_type': 'instruction'}, None),
    ({'correction_type': 'self', 'correction_date': '2025-12-31'}, None),
])
def test_corrections_where_they_are_switched_on(paykeeper, fields, told):
    fields = {'is_correction': 'true', 'correction_date': '31.12.2025', **fields}
    paykeeper.control('settings', corrections=True)
    if told is None:
        assert 'correction' in paykeeper.refused(**fields)
        return
    paykeeper.ordered(**fields)
    paykeeper.step()
    [entry] = paykeeper.control('ledger')
    assert (entry['document'], entry['correction'], entry['1054']) == ('correction', told, 1)


# === PAYMENTS AND THEIR SETTLEMENT === #

def settle(paykeeper, payment, **fields):
    """ Order the settlement receipt of a payment. :return: The answer. """
    answer = paykeeper.post('change/payment/post-sale-receipt/', id=payment['id'], **fields)
    assert answer.status_code == 200
    return answer.json()


def test_payment_prints_its_receipt(paykeeper):
    payment = paykeeper.pay()
    assert paykeeper.control('payments') == [payment] and payment['pay_amount'] == '200.50'
    [receipt] = paykeeper.get('info/receipts/bypaymentid/', id=payment['id'])
    assert (receipt['payment_id'], receipt['status']) == (payment['id'], 'created')
    paykeeper.step()
    [entry] = paykeeper.control('ledger')
    assert (entry['lines'][0]['1214'], entry['payments']['1081'], entry['post_sale']) == (
        1, '200.50', False)
    paykeeper.pay(receipt=False)
    assert paykeeper.step() == []


def test_short_settlement(paykeeper):
    payment = paykeeper.pay(receipt=False)
    answer = settle(paykeeper, payment)
    assert answer == {'result': 'success', 'receipt_id': answer['receipt_id']}
    paykeeper.step()
    [entry] = paykeeper.control('ledger')
    assert (entry['id'], entry['payment_id'], entry['post_sale'], entry['1054']) == (
        answer['receipt_id'], payment['id'], True, 1)
    assert (entry['lines'][0]['1214'], entry['payments']['1215'], entry['payments']['1081']) == (
        4, '200.50', '0.00')


def test_short_settlement_in_a_list(paykeeper):
    paykeeper.control('settings', post_sale_in_list=True)
    [answer] = settle(paykeeper, paykeeper.pay())
    assert answer['result'] == 'success'


def test_settlement_of_nothing(paykeeper):
    for fields in ({'id': '5'}, {}, {'id': paykeeper.pay()['id'], 'amount': '1'}):
        paykeeper.failed(paykeeper.post('change/payment/post-sale-receipt/', **fields))
    assert len(paykeeper.control('receipts')) == 1


@pytest.mark.parametrize('mode, count', [('refused', 1), ('same', 1), ('printed', 2)])
def test_second_settlement(paykeeper, mode, count):
    paykeeper.control('settings', post_sale_twice=mode)
    payment = paykeeper.pay(receipt=False)
    first, second = settle(paykeeper, payment), settle(paykeeper, payment)
    assert second['result'] == ('fail' if mode == 'refused' else 'success')
    assert (second.get('receipt_id') == first['receipt_id']) == (mode == 'same')
    paykeeper.step()
    assert len(paykeeper.control('ledger')) == count


def test_settlement_may_be_tried_again_after_a_failure(paykeeper):
    payment = paykeeper.pay(receipt=False)
    settle(paykeeper, payment)
    paykeeper.step(error='Нет бумаги')
    assert settle(paykeeper, payment)['result'] == 'success'


@pytest.mark.parametrize('mode, with_payment, tag', [
    ('never', True, '1081'), ('payment', True, '1215'), ('payment', False, '1081'),
    ('always', False, '1215'),
])
def test_whether_settlement_turns_cashless_into_an_offset(paykeeper, mode, with_payment, tag):
    paykeeper.control('settings', post_sale_turns_cashless=mode)
    fields = {'payment_id': paykeeper.pay(receipt=False)['id']} if with_payment else {}
    paykeeper.ordered(is_post_sale='true', **fields)
    paykeeper.ordered(receipt_key='SO1-2')
    paykeeper.step()
    settlement, other = paykeeper.control('ledger')
    assert settlement['payments'][tag] == '200.50' and settlement['post_sale'] is True
    assert other['payments']['1081'] == '200.50'


def test_settlement_by_print_takes_what_the_payment_knows(paykeeper):
    payment = paykeeper.pay(receipt=False)
    answer = paykeeper.post(
        'change/receipt/print/', payment_id=payment['id'], type='sale', is_post_sale='true',
        receipt_key='SO1-final')
    paykeeper.step()
    [entry] = paykeeper.control('ledger')
    assert entry['id'] == answer.json()['receipt_id'] and entry['1020'] == '200.50'
    assert entry['1008'] == 'buyer@example.com'
