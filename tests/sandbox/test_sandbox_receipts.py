""" Operations with a receipt: what comes back, when the bank's partner prints, what can fail. """

import threading

import pytest
import requests
from sandbox_client import COMPANY, SECOND_COMPANY, SHOP, TILL_SHOP, WITH_RECEIPT

PAYMENTS = 'acquiring/v1.0/payments'
SUPPLIER = {'phone': '+79990001133', 'name': 'ООО «Поставщик»', 'taxCode': '9900000017'}
OTHER_SUPPLIER = {'phone': '79990001144', 'name': 'ИП Репейник', 'taxCode': '990000000299'}
# Every field that the bank describes.
FULL = {
    'amount': 1234.5, 'taxSystemCode': 'usn_income', 'Supplier': SUPPLIER,
    'Client': {'email': 'buyer@example.com', 'name': 'Ромашка Василиса', 'phone': '+79990001122'},
    'Items': [
        {'name': 'Занятие', 'amount': 250, 'quantity': 4, 'vatType': 'none',
         'paymentMethod': 'full_prepayment', 'paymentObject': 'service', 'measure': 'ч.',
         'Supplier': OTHER_SUPPLIER},
        {'name': 'Ткань', 'amount': 387.5, 'quantity': 0.6, 'vatType': 'vat122',
         'paymentMethod': 'full_payment', 'paymentObject': 'goods', 'measure': 'м.'},
        {'name': 'Доставка', 'amount': 2, 'quantity': 1},
    ],
}
NAMES = ('taxSystemCode', 'Supplier', 'Client', 'Items')


@pytest.fixture
def till(api):
    """ The second company's shop takes every way to pay and has a cash register. """
    retailers = api.control('world')['retailers']
    retailers[SECOND_COMPANY][0]['paymentModes'] = ['sbp', 'card', 'tinkoff', 'dolyame']
    api.control('world', 'PUT', retailers=retailers)
    return api


def pay(api, method='card', **values):
    """ Create an operation with a receipt and pay it. :return: Its id. """
    operation_id = api.create_with_receipt(**values)['operationId']
    api.control(f'pay/{operation_id}', method=method)
    return operation_id


# === WHAT COMES BACK === #


def test_receipt_comes_back(api, schema):
    created = api.create_with_receipt(**FULL)
    operation = api.read(created['operationId'])
    [listed] = api.data('GET', PAYMENTS, params={'customerCode': SECOND_COMPANY})['Operation']
    assert listed == operation
    for answer in (created, operation):
        assert {name: answer[name] for name in NAMES} == {name: FULL[name] for name in NAMES}
    assert created['customerCode'] == SECOND_COMPANY and created['status'] == 'CREATED'


def test_nothing_is_added_to_the_least_receipt(api, schema):
    created = api.create_with_receipt()
    operation = api.read(created['operationId'])
    for answer in (created, operation):
        assert answer['Client'] == {'email': 'buyer@example.com'}
        assert answer['Items'] == [{'name': 'Занятие', 'amount': 150, 'quantity': 2}]
        assert not {'taxSystemCode', 'Supplier'} & set(answer)


def test_unknown_fields_of_a_receipt_are_ignored(api, schema):
    created = api.create_with_receipt(
        Client={'email': 'buyer@example.com', 'inn': '9900000017'},
        Supplier={**SUPPLIER, 'inn': '9900000017'},
        Items=[{'name': 'Занятие', 'amount': 300, 'quantity': 1, 'discount': 10, 'mark': 'x'}],
    )
    for answer in (created, api.read(created['operationId'])):
        assert answer['Client'] == {'email': 'buyer@example.com'}
        assert answer['Supplier'] == SUPPLIER
        assert answer['Items'] == [{'name': 'Занятие', 'amount': 300, 'quantity': 1}]


def test_variant_quotes_prices_and_no_quantities(api):
    api.control('variants', amounts_as_strings=True)
    created = api.create_with_receipt(**FULL)
    for answer in (created, api.read(created['operationId'])):
        assert [item['amount'] for item in answer['Items']] == ['250.00', '387.50', '2.00']
        assert [item['quantity'] for item in answer['Items']] == [4, 0.6, 1]


def test_operation_without_a_receipt_has_none_whatever_is_sent(api, schema):
    operation_id = api.create(**{name: FULL[name] for name in NAMES})['operationId']
    api.control(f'pay/{operation_id}', method='card')
    assert not set(NAMES) & set(api.read(operation_id))
    assert api.receipts() == []


def test_shop_without_a_cash_register(api):
    [message] = api.receipt_refused(424, customerCode=COMPANY, merchantId=SHOP)
    assert 'Cashbox' in message and api.control('operations') == []
    retailers = api.control('world')['retailers']
    retailers[COMPANY][0]['cashbox'] = 'businessRu'
    retailers[SECOND_COMPANY][0].pop('cashbox')
    api.control('world', 'PUT', retailers=retailers)
    api.create_with_receipt(customerCode=COMPANY, merchantId=SHOP)
    api.receipt_refused(424)


# === THE ORDER NUMBER === #


def test_order_number_is_unique_across_both_kinds(api):
    plain = {'customerCode': SECOND_COMPANY, 'merchantId': TILL_SHOP, 'amount': 300}
    api.create_with_receipt(paymentLinkId='INV-1')
    api.create(**plain, paymentLinkId='INV-2')
    for number in ('INV-1', 'INV-2'):
        for refused in (api.receipt_refused(424, paymentLinkId=number),
                        api.create_refused(424, **plain, paymentLinkId=number)):
            assert len(refused) == 1 and f'{number} существует' in refused[0]
    assert len(api.control('operations')) == 2


def test_refused_receipt_does_not_use_up_the_order_number(api):
    api.receipt_refused(400, paymentLinkId='INV-3', Items=[])
    api.receipt_refused(400, paymentLinkId='INV-3', amount='299.00')
    retailers = api.control('world')['retailers']
    cashbox = retailers[SECOND_COMPANY][0].pop('cashbox')
    api.control('world', 'PUT', retailers=retailers)
    api.receipt_refused(424, paymentLinkId='INV-3')
    retailers[SECOND_COMPANY][0]['cashbox'] = cashbox
    api.control('world', 'PUT', retailers=retailers)
    api.create_with_receipt(paymentLinkId='INV-3')


# === WHAT THE PARTNER PRINTS === #


def test_printed_receipt(api):
    api.control('clock', set='2026-03-01T12:00:30+03:00')
    operation_id = pay(api, paymentLinkId='INV-4', **FULL)
    [receipt] = api.receipts()
    first, second, third = FULL['Items']
    assert receipt == {
        'operation_id': operation_id, 'payment_link_id': 'INV-4', 'merchant_id': TILL_SHOP,
        'moment': '2026-03-01T12:00:30+03:00', 'email': 'buyer@example.com',
        'name': 'Ромашка Василиса', 'phone': '+79990001122', 'tax_system': 'usn_income',
        'items': [
            {**first, 'amount': '250.00', 'sum': '1000.00'},
            # The supplier of the receipt is that of the lines which have none.
            {**second, 'amount': '387.50', 'sum': '232.50', 'Supplier': SUPPLIER},
            {**third, 'amount': '2.00', 'sum': '2.00', 'Supplier': SUPPLIER, 'measure': 'шт.'},
        ],
        'total': '1234.50',
    }


def test_least_receipt_is_printed_too(api):
    pay(api)
    [receipt] = api.receipts()
    assert (receipt['tax_system'], receipt['name'], receipt['phone']) == (None, None, None)
    assert receipt['items'] == [
        {'name': 'Занятие', 'amount': '150.00', 'quantity': 2, 'sum': '300.00', 'measure': 'шт.'}]


@pytest.mark.parametrize('method', ['sbp', 'card', 'tinkoff', 'dolyame'])
@pytest.mark.parametrize('page', [True, False])
def test_each_way_to_pay_prints(till, method, page):
    operation_id = till.create_with_receipt(paymentMode=[method])['operationId']
    assert till.receipts() == []
    if page:
        assert till.pay_by_form(operation_id, method).status_code == 303
    else:
        till.control(f'pay/{operation_id}', method=method)
    assert [receipt['operation_id'] for receipt in till.receipts()] == [operation_id]


def test_receipts_of_an_operation(api):
    first, second = pay(api), pay(api, amount='150.00', Items=[
        {'name': 'Занятие', 'amount': '150.00', 'quantity': 1}])
    assert [receipt['operation_id'] for receipt in api.receipts()] == [first, second]
    assert [receipt['total'] for receipt in api.receipts(second)] == ['150.00']
    assert api.receipts('unknown') == []


def test_hold_prints_when_it_is_captured(api):
    operation_id = pay(api, preAuthorization=True)
    assert api.read(operation_id)['status'] == 'AUTHORIZED' and api.receipts() == []
    path = f'{PAYMENTS}/{operation_id}/capture'
    api.data('POST', path)
    api.refused(424, 'POST', path)
    assert len(api.receipts(operation_id)) == 1


def test_instalments_print_with_the_last_one(till):
    till.control('variants', wait_full_payment=True)
    operation_id = pay(till, 'dolyame', paymentMode=['dolyame'])
    assert till.receipts() == []
    till.control(f'finish_instalments/{operation_id}', 'POST')
    assert len(till.receipts(operation_id)) == 1


def test_what_is_not_paid_prints_nothing(api):
    declined = api.create_with_receipt()['operationId']
    api.pay_by_form(declined, outcome='decline')
    api.control(f'pay/{declined}', method='card', outcome='decline')
    expired = api.create_with_receipt(ttl=1)['operationId']
    api.control('clock', advance=120)
    assert api.pay_by_form(expired).status_code == 400
    assert (api.read(declined)['status'], api.read(expired)['status']) == ('CREATED', 'EXPIRED')
    without = api.create()['operationId']
    api.control(f'pay/{without}', method='card')
    assert api.receipts() == []
    api.pay_by_form(declined)
    assert [receipt['operation_id'] for receipt in api.receipts()] == [declined]


def test_late_payment_prints(api):
    api.control('variants', late_pay=True)
    operation_id = api.create_with_receipt(ttl=1)['operationId']
    api.control('clock', advance=120)
    assert api.read(operation_id)['status'] == 'EXPIRED'
    api.control(f'pay/{operation_id}', method='card')
    assert len(api.receipts(operation_id)) == 1


def test_refunds_print_nothing(api):
    operation_id = pay(api)
    before = api.receipts()
    api.data('POST', f'{PAYMENTS}/{operation_id}/refund', {'Data': {'amount': '100.00'}})
    api.control(f'refund/{operation_id}', amount='200.00')
    assert api.read(operation_id)['status'] == 'REFUNDED'
    assert api.receipts() == before and len(before) == 1


def test_receipt_has_its_own_total(api):
    api.control('variants', receipt_sum_checked=False)
    operation_id = pay(api, amount='300.01')
    assert api.read(operation_id)['Order'][0]['amount'] == 300.01
    assert api.receipts(operation_id)[0]['total'] == '300.00'


def test_operation_does_not_tell_of_its_receipt(api):
    operation_id = pay(api)
    assert set(api.read(operation_id)) == {
        *('customerCode', 'operationId', 'status', 'amount', 'createdAt', 'paymentLink', 'Order'),
        *('paidAt', 'paymentType', 'paymentMode', 'paymentId', 'purpose', 'merchantId'),
        *('paymentLinkId', 'Client', 'Items'),
    }


def test_webhook_does_not_tell_of_the_receipt(subscribed, api):
    def told():
        claims = subscribed.next_claims()
        return {name for name in claims if claims[name] is not None}

    pay(api)
    with_receipt = told()
    api.paid(customerCode=SECOND_COMPANY, merchantId=TILL_SHOP)
    assert with_receipt == told()


def test_reset_forgets_receipts(api):
    pay(api)
    api.control('reset', 'POST')
    assert api.receipts() == []


def test_paid_by_many_at_once_is_printed_once(api):
    operations = [api.create_with_receipt()['operationId'] for _count in range(3)]
    statuses = []

    def work(operation_id):
        statuses.append(requests.post(
            f'{api.url}/order/pay', timeout=60, allow_redirects=False,
            data={'uuid': operation_id, 'method': 'card'},
        ).status_code)

    threads = [threading.Thread(target=work, args=(o,)) for o in operations for _copy in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [303] * 3 + [400] * 15
    assert sorted(receipt['operation_id'] for receipt in api.receipts()) == sorted(operations)


# === FAULTS === #


@pytest.mark.parametrize('kind, created', [
    ('refuse', 0), ('error_5xx', 0), ('error_5xx_after', 1), ('html_200', 0),
    ('html_200_after', 1), ('close_before', 0), ('close_after', 1), ('cut_body', 1),
    ('timeout_before', 0), ('timeout_after', 1),
])
def test_lost_answer_leaves_one_operation(api, kind, created):
    api.control('faults', kind=kind, method='POST', path='/payments_with_receipt$', seconds=0.1)
    # Operations without a receipt have faults of their own.
    api.create(paymentLinkId='INV-0')
    body = {'Data': api.receipt_data(paymentLinkId='INV-5')}
    try:
        answer = api.call('POST', WITH_RECEIPT, body)
        assert 'application/json' not in answer.headers['Content-Type'] or kind == 'refuse'
    except requests.exceptions.RequestException:
        pass  # no answer at all
    params = {'customerCode': SECOND_COMPANY}
    assert len(api.data('GET', PAYMENTS, params=params)['Operation']) == created
    assert api.call('POST', WITH_RECEIPT, body).status_code == (424 if created else 200)
    [operation] = api.data('GET', PAYMENTS, params=params)['Operation']
    assert operation['paymentLinkId'] == 'INV-5'
    api.control(f'pay/{operation["operationId"]}', method='sbp')
    assert len(api.receipts()) == 1


def test_one_rule_for_both_kinds(api):
    api.control('faults', kind='refuse', method='POST', path=r'/payments(_with_receipt)?$',
                status=424, message='Сервис недоступен', times=2)
    assert api.receipt_refused(424) == api.create_refused(424) == ['Сервис недоступен']
    api.create_with_receipt()


def test_lost_answer_to_a_capture_prints_once(api):
    operation_id = pay(api, preAuthorization=True)
    path = f'{PAYMENTS}/{operation_id}/capture'
    api.control('faults', kind='close_after', method='POST', path='/capture$')
    with pytest.raises(requests.exceptions.RequestException):
        api.call('POST', path)
    api.refused(424, 'POST', path)
    assert len(api.receipts(operation_id)) == 1
