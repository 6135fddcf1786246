""" Operations: creating, reading, the life of a link, holds. """

import uuid
from datetime import datetime, timedelta

import pytest
from sandbox_client import CARD_SHOP, COMPANY, SECOND_COMPANY, SHOP

PAYMENTS = 'acquiring/v1.0/payments'


# === CREATING === #


def test_created_operation(api):
    data = api.create(
        paymentLinkId='INV-17', ttl=60, redirectUrl='https://shop.example.com/ok',
        failRedirectUrl='https://shop.example.com/no', consumerId='buyer-1',
    )
    assert str(uuid.UUID(data['operationId'])) == data['operationId']
    assert data == {
        'purpose': 'Счёт 17', 'status': 'CREATED', 'amount': 1234.5,
        'operationId': data['operationId'],
        'paymentLink': f'{api.url}/order/?uuid={data["operationId"]}',
        'consumerId': 'buyer-1', 'merchantId': SHOP, 'ttl': 60, 'paymentLinkId': 'INV-17',
        'paymentMode': ['card', 'sbp'],
    }
    assert api.http.get(data['paymentLink'], timeout=20).status_code == 200


@pytest.mark.parametrize('sent, answered', [
    ('1234.50', 1234.5), (1234.5, 1234.5), (100, 100), ('0.01', 0.01), ('99999999.99', 99999999.99),
])
def test_amount_is_taken_as_a_number_and_quoted(api, sent, answered):
    assert api.create(amount=sent)['amount'] == answered


def test_variant_quotes_amounts_in_answers(api):
    api.control('variants', amounts_as_strings=True)
    operation_id = api.create(amount=100)['operationId']
    assert api.read(operation_id)['amount'] == '100.00'


def test_order_number_is_unique_forever(api):
    first = api.create(paymentLinkId='INV-1', ttl=1)['operationId']
    [message] = api.create_refused(424, paymentLinkId='INV-1', amount='5.00')
    assert 'заказ с номером INV-1 существует' in message
    api.control('clock', advance=120)
    assert api.read(first)['status'] == 'EXPIRED'
    api.create_refused(424, paymentLinkId='INV-1')
    # The other company has its own numbers.
    api.create(customerCode=SECOND_COMPANY, merchantId=None, paymentLinkId='INV-1')


def test_refused_creation_does_not_use_up_the_order_number(api):
    api.create_refused(403, paymentLinkId='INV-2', merchantId='200000000099999')
    api.create_refused(400, paymentLinkId='INV-2', amount='0')
    api.create(paymentLinkId='INV-2')


def test_bank_numbers_links_itself(api):
    numbers = [int(api.create()['paymentLinkId']) for _count in range(3)]
    assert numbers == list(range(numbers[0], numbers[0] + 3))


def test_bank_skips_numbers_that_are_taken(api):
    number = int(api.create()['paymentLinkId'])
    api.create(paymentLinkId=str(number + 1))
    assert api.create()['paymentLinkId'] == str(number + 2)


def test_company_must_be_its_own(api):
    token = api.control('clients', client_id='other', customer_codes=[SECOND_COMPANY])['token']
    body = {'Data': api.request_data()}
    assert api.refused(403, 'POST', PAYMENTS, body, token=token) == ['Forbidden by consent']


def test_shop_must_be_named_when_there_are_several(api):
    [message] = api.create_refused(400, merchantId=None)
    assert message.startswith('merchantId')
    only = api.create(customerCode=SECOND_COMPANY, merchantId=None)
    assert api.read(only['operationId'])['merchantId'] == '200000000022345'


def test_foreign_shop_is_forbidden(api):
    for merchant_id in ('200000000022345', '999999999999999'):
        assert api.create_refused(403, merchantId=merchant_id) == ['Forbidden by consent']


def test_mode_that_the_shop_lacks(api):
    [message] = api.create_refused(400, merchantId=CARD_SHOP, paymentMode=['card', 'sbp'])
    assert message.startswith('paymentMode') and 'sbp' in message
    api.control('variants', disabled_mode_refused=False)
    data = api.create(merchantId=CARD_SHOP, paymentMode=['card', 'sbp'])
    assert data['paymentMode'] == ['card']
    api.create_refused(400, merchantId=CARD_SHOP, paymentMode=['sbp'])


def test_receipt_goes_along_and_needs_a_cash_register(api):
    data = api.request_data(
        customerCode=SECOND_COMPANY, merchantId=None, amount='300.00',
        Client={'email': 'buyer@example.com'}, taxSystemCode='usn_income',
        Items=[{'name': 'Занятие', 'amount': 150, 'quantity': 2, 'vatType': 'none',
                'paymentMethod': 'full_payment', 'paymentObject': 'service'}],
    )
    answer = api.data('POST', 'acquiring/v1.0/payments_with_receipt', {'Data': data})
    for name in ('customerCode', 'Client', 'Items', 'taxSystemCode'):
        assert answer[name] == data[name]
    assert api.read(answer['operationId'])['Items'] == data['Items']
    [message] = api.refused(
        424, 'POST', 'acquiring/v1.0/payments_with_receipt',
        {'Data': data | {'customerCode': COMPANY, 'merchantId': SHOP}},
    )
    assert 'Cashbox' in message


# === READING === #


def test_operation_before_and_after_payment(api):
    operation_id = api.create(paymentLinkId='INV-3')['operationId']
    before = api.read(operation_id)
    assert (before['status'], before['Order']) == ('CREATED', [])
    assert not {'paidAt', 'paymentType', 'paymentId'} & set(before)
    api.control(f'pay/{operation_id}', method='card')
    after = api.read(operation_id)
    assert (after['status'], after['paymentType'], after['amount']) == ('APPROVED', 'card', 1234.5)
    [order] = after['Order']
    assert (order['type'], order['amount']) == ('approval', 1234.5)
    # The bank mixes offsets.
    assert after['createdAt'].endswith('+05:00') and after['paidAt'].endswith('+03:00')
    assert datetime.fromisoformat(after['paidAt']) >= datetime.fromisoformat(after['createdAt'])
    assert after['paymentId'] and 'transactionId' not in after


@pytest.mark.parametrize('method', ['sbp', 'card', 'tinkoff', 'dolyame'])
def test_way_that_was_paid_is_told(api, method):
    modes = ['sbp', 'card', 'tinkoff', 'dolyame']
    operation = api.read(api.paid(method, paymentMode=modes))
    assert (operation['status'], operation['paymentType']) == ('APPROVED', method)
    assert operation['paymentMode'] == modes
    assert ('transactionId' in operation) == (method == 'sbp')


def test_unknown_operation_is_a_failed_dependency_not_a_404(api):
    for operation_id in (str(uuid.uuid4()), 'nonsense'):
        [message] = api.refused(424, 'GET', f'{PAYMENTS}/{operation_id}')
        assert 'not found' in message


def test_operation_of_another_company_is_forbidden(api):
    operation_id = api.create()['operationId']
    token = api.control('clients', client_id='other', customer_codes=[SECOND_COMPANY])['token']
    path = f'{PAYMENTS}/{operation_id}'
    for method, suffix, body in (
        ('GET', '', None), ('POST', '/capture', None), ('POST', '/refund', {'Data': {'amount': 1}}),
    ):
        assert api.refused(403, method, path + suffix, body, token=token) == [
            'Forbidden by consent'
        ]


# === THE LIFE OF A LINK === #


def test_link_expires_by_the_banks_clock(api):
    operation_id = api.create(ttl=30)['operationId']
    api.control('clock', advance=30 * 60 - 5)
    assert api.read(operation_id)['status'] == 'CREATED'
    api.control('clock', advance=10)
    assert api.read(operation_id)['status'] == 'EXPIRED'
    [listed] = api.data('GET', PAYMENTS, params={
        'customerCode': COMPANY, 'status': 'EXPIRED',
    })['Operation']
    assert listed['operationId'] == operation_id
    assert api.pay_by_form(operation_id).status_code == 400
    assert api.read(operation_id)['status'] == 'EXPIRED'


def test_link_lives_a_week_unless_told_otherwise(api):
    operation_id = api.create()['operationId']
    week = timedelta(minutes=10080).total_seconds()
    api.control('clock', advance=week - 60)
    assert api.read(operation_id)['status'] == 'CREATED'
    api.control('clock', advance=120)
    assert api.read(operation_id)['status'] == 'EXPIRED'


def test_paid_operation_never_expires(api):
    operation_id = api.paid(ttl=1)
    api.control('clock', advance=3600)
    assert api.read(operation_id)['status'] == 'APPROVED'


def test_variant_reports_expiry_late(api):
    api.control('variants', expired_late_seconds=300)
    operation_id = api.create(ttl=1)['operationId']
    api.control('clock', advance=120)
    assert api.read(operation_id)['status'] == 'CREATED'
    assert api.pay_by_form(operation_id).status_code == 400
    api.control('clock', advance=300)
    assert api.read(operation_id)['status'] == 'EXPIRED'


def test_variant_takes_money_on_a_dead_link(api):
    operation_id = api.create(ttl=1)['operationId']
    api.control('clock', advance=120)
    assert api.read(operation_id)['status'] == 'EXPIRED'
    api.control('variants', late_pay=True)
    api.control(f'pay/{operation_id}', method='card')
    assert api.read(operation_id)['status'] == 'APPROVED'


def test_operation_is_paid_once(api):
    operation_id = api.paid()
    assert api.pay_by_form(operation_id).status_code == 400
    assert len(api.read(operation_id)['Order']) == 1


def test_instalments_may_wait_for_the_last_one(api):
    api.control('variants', wait_full_payment=True)
    operation_id = api.paid('dolyame', paymentMode=['dolyame'])
    waiting = api.read(operation_id)
    assert (waiting['status'], waiting['Order']) == ('WAIT_FULL_PAYMENT', [])
    api.control(f'finish_instalments/{operation_id}', 'POST')
    assert api.read(operation_id)['status'] == 'APPROVED'


# === HOLDS === #


def test_hold_is_captured_whole_and_once(api):
    operation_id = api.paid(preAuthorization=True)
    held = api.read(operation_id)
    assert (held['status'], held['preAuthorization']) == ('AUTHORIZED', True)
    assert [o['type'] for o in held['Order']] == ['authorized']
    path = f'{PAYMENTS}/{operation_id}'
    api.refused(424, 'POST', f'{path}/refund', {'Data': {'amount': '1.00'}})
    assert api.data('POST', f'{path}/capture') == {'result': True}
    taken = api.read(operation_id)
    assert taken['status'] == 'APPROVED'
    assert [(o['type'], o['amount']) for o in taken['Order']] == [
        ('authorized', 1234.5), ('approval', 1234.5),
    ]
    api.refused(424, 'POST', f'{path}/capture')


def test_sbp_ignores_the_hold(api):
    assert api.read(api.paid('sbp', preAuthorization=True))['status'] == 'APPROVED'


def test_nothing_to_capture(api):
    for operation_id in (api.create()['operationId'], api.paid(), str(uuid.uuid4())):
        api.refused(424, 'POST', f'{PAYMENTS}/{operation_id}/capture')
