""" Refunds and the registry. """

from datetime import datetime

import pytest
from sandbox_client import COMPANY, SHOP

PAYMENTS = 'acquiring/v1.0/payments'


def refund(api, operation_id, amount):
    """ Return money. :return: `Data` of the answer. """
    return api.data('POST', f'{PAYMENTS}/{operation_id}/refund', {'Data': {'amount': amount}})


def refused_refund(api, status, operation_id, amount):
    """ Return money in vain. :return: The messages. """
    return api.refused(
        status, 'POST', f'{PAYMENTS}/{operation_id}/refund', {'Data': {'amount': amount}},
    )


def refunds_of(api, operation_id):
    """ Return the refunds of an operation. """
    return [o for o in api.read(operation_id)['Order'] if o['type'] == 'refund']


@pytest.mark.parametrize('method', ['card', 'sbp'])
def test_whole_refund(api, method):
    operation_id = api.paid(method)
    answer = refund(api, operation_id, '1234.50')
    assert answer['isRefund'] is True
    assert (answer['operationId'], answer['amount']) == (operation_id, 1234.5)
    datetime.strptime(answer['date'], '%Y-%m-%d')
    operation = api.read(operation_id)
    assert (operation['status'], operation['amount']) == ('REFUNDED', 1234.5)
    [order] = refunds_of(api, operation_id)
    assert (order['orderId'], order['amount']) == (answer['orderId'], 1234.5)
    refused_refund(api, 424, operation_id, '0.01')


def test_parts_up_to_the_rest_and_never_more(api):
    operation_id = api.paid(amount='100.00')
    refund(api, operation_id, '30.00')
    assert api.read(operation_id)['status'] == 'REFUNDED_PARTIALLY'
    [message] = refused_refund(api, 424, operation_id, '70.01')
    assert 'more than' in message
    refund(api, operation_id, '70.00')
    assert api.read(operation_id)['status'] == 'REFUNDED'
    assert [o['amount'] for o in refunds_of(api, operation_id)] == [30, 70]


def test_refund_has_no_idempotency(api):
    operation_id = api.paid(amount='100.00')
    ids = {refund(api, operation_id, '30.00')['orderId'] for _count in range(2)}
    assert len(ids) == 2
    assert len(refunds_of(api, operation_id)) == 2


@pytest.mark.parametrize('amount, parts', [
    ('0.30', ['0.10', '0.10', '0.10']),
    ('1000000.10', ['0.10', '0.20', '999999.80']),
])
def test_sums_are_exact(api, amount, parts):
    operation_id = api.paid(amount=amount)
    for part in parts:
        assert api.read(operation_id)['status'] in ('APPROVED', 'REFUNDED_PARTIALLY')
        refund(api, operation_id, part)
    assert api.read(operation_id)['status'] == 'REFUNDED'


def test_only_paid_operations_are_refunded(api):
    fresh = api.create(ttl=1)['operationId']
    refused_refund(api, 424, fresh, '1.00')
    api.control('clock', advance=120)
    assert api.read(fresh)['status'] == 'EXPIRED'
    refused_refund(api, 424, fresh, '1.00')
    refused_refund(api, 424, '7b0c3f0e-3ea3-4b53-8d8c-65e9c9b0a0b1', '1.00')


@pytest.mark.parametrize('amount', [0, '0.00', -1, '-1.00', 'one', None, True, [], ''])
def test_senseless_amount(api, amount):
    operation_id = api.paid()
    for message in refused_refund(api, 400, operation_id, amount):
        assert 'amount' in message
    assert refunds_of(api, operation_id) == []


def test_senseless_amount_without_the_banks_file(api, without_openapi):
    operation_id = api.paid()
    for amount in (0, '-1.00', 'one', None, True, []):
        [message] = refused_refund(api, 400, operation_id, amount)
        assert message.startswith('amount')


def test_variant_forbids_a_second_refund(api):
    api.control('variants', second_refund=False)
    operation_id = api.paid(amount='100.00')
    refund(api, operation_id, '30.00')
    refused_refund(api, 424, operation_id, '30.00')
    assert len(refunds_of(api, operation_id)) == 1


def test_variant_blocks_the_operation_while_a_refund_runs(api):
    api.control('variants', on_refund_seconds=60)
    operation_id = api.paid(amount='100.00')
    refund(api, operation_id, '30.00')
    running = api.read(operation_id)
    assert running['status'] == 'ON-REFUND'
    refused_refund(api, 424, operation_id, '10.00')
    api.control('clock', advance=61)
    assert api.read(operation_id)['status'] == 'REFUNDED_PARTIALLY'
    refund(api, operation_id, '70.00')
    api.control('clock', advance=61)
    assert api.read(operation_id)['status'] == 'REFUNDED'


def test_variant_answers_with_a_foreign_order_id(api):
    api.control('variants', refund_order_id_differs=True)
    operation_id = api.paid()
    answered = refund(api, operation_id, '10.00')['orderId']
    [order] = refunds_of(api, operation_id)
    assert order['orderId'] != answered


def test_refund_in_the_internet_bank_is_seen_by_reading(api):
    operation_id = api.paid(amount='100.00')
    api.control(f'refund/{operation_id}', amount='40.00')
    assert api.read(operation_id)['status'] == 'REFUNDED_PARTIALLY'
    assert [o['amount'] for o in refunds_of(api, operation_id)] == [40]


def test_variant_lists_a_refund_later(api):
    api.control('variants', refund_listed_seconds=300)
    operation_id = api.paid(amount='100.00')
    refund(api, operation_id, '100.00')
    assert (api.read(operation_id)['status'], refunds_of(api, operation_id)) == ('APPROVED', [])
    refused_refund(api, 424, operation_id, '100.00')
    api.control('clock', advance=301)
    assert api.read(operation_id)['status'] == 'REFUNDED'
    assert len(refunds_of(api, operation_id)) == 1


def test_variant_returns_twice_what_it_does_not_list_yet(api):
    """ What a client must not rely on. """
    api.control('variants', refund_listed_seconds=300, refund_counts_when_listed=True)
    operation_id = api.paid(amount='100.00')
    for _time in range(2):
        refund(api, operation_id, '100.00')
    api.control('clock', advance=301)
    assert [o['amount'] for o in refunds_of(api, operation_id)] == [100, 100]


def test_variant_ends_on_refund_without_a_refund(api):
    api.control('variants', on_refund_seconds=60, refund_undone=True)
    operation_id = api.paid(amount='100.00')
    refund(api, operation_id, '30.00')
    assert api.read(operation_id)['status'] == 'ON-REFUND'
    api.control('clock', advance=61)
    assert (api.read(operation_id)['status'], refunds_of(api, operation_id)) == ('APPROVED', [])


@pytest.mark.parametrize('kind, ids', [('one', 1), ('none', 0)])
def test_variant_names_of_refunds(api, kind, ids):
    api.control('variants', refund_ids=kind)
    operation_id = api.paid(amount='100.00')
    for amount in ('10.00', '25.00'):
        refund(api, operation_id, amount)
    refunds = refunds_of(api, operation_id)
    assert [o['amount'] for o in refunds] == [10, 25]
    assert len({o['orderId'] for o in refunds if 'orderId' in o}) == ids


def test_variant_lists_a_refund_twice(api):
    api.control('variants', refunds_doubled=True)
    operation_id = api.paid(amount='100.00')
    refund(api, operation_id, '10.00')
    first, second = refunds_of(api, operation_id)
    assert first == second
    assert api.read(operation_id)['status'] == 'REFUNDED_PARTIALLY'


def test_variant_reads_what_was(api):
    operation_id = api.paid(amount='100.00')
    refund(api, operation_id, '10.00')
    assert len(refunds_of(api, operation_id)) == 1
    api.control('variants', reads_behind_seconds=60)
    assert (api.read(operation_id)['status'], refunds_of(api, operation_id)) == ('APPROVED', [])
    api.control('clock', advance=61)
    assert len(refunds_of(api, operation_id)) == 1


def test_history_that_is_changed_by_hand(api):
    operation_id = api.paid(amount='100.00')
    refund(api, operation_id, '10.00')
    orders = api.read(operation_id)['Order']
    api.control(f'tamper/{operation_id}', orders=[
        {**order, 'orderId': None, 'amount': '12.00'} if order['type'] == 'refund' else order
        for order in orders])
    [changed] = refunds_of(api, operation_id)
    assert (changed['amount'], 'orderId' in changed) == (12, False)
    api.control(f'tamper/{operation_id}', orders=orders[:1])
    assert refunds_of(api, operation_id) == []


# === REGISTRY === #


def registry(api, day, **query):
    """ Read the registry of a day. :return: Its blocks by the way that was paid. """
    data = api.data('GET', 'acquiring/v1.0/registry', params={
        'customerCode': COMPANY, 'merchantId': SHOP, 'date': day, **query,
    })
    return {block['paymentType']: block for block in data['Registry']}


def test_registry_of_a_day(api):
    api.control('clock', set='2026-03-02T09:00:00+03:00')
    card, sbp = api.paid(amount='1000.00'), api.paid('sbp', amount='500.00')
    api.paid(merchantId='200000000012346', paymentMode=['card'])
    api.create()
    # Today's card operations are still in processing.
    assert set(registry(api, '2026-03-02')) == {'sbp'}
    api.control('clock', set='2026-03-03T09:00:00+03:00')
    refund(api, card, '100.00')
    blocks = registry(api, '2026-03-02')
    assert set(blocks) == {'sbp', 'card'}
    [payment] = blocks['card']['payments']
    assert (payment['operationId'], payment['status']) == (card, 'REFUNDED_PARTIALLY')
    assert (payment['amount'], payment['commission'], payment['enrollmentAmount']) == (
        1000, 25, 975,
    )
    assert blocks['sbp']['totalAmount'] == 500
    assert blocks['sbp']['payments'][0]['operationId'] == sbp
    payment_id = api.read(sbp)['paymentId']
    assert set(registry(api, '2026-03-02', paymentId=payment_id)) == {'sbp'}
    assert registry(api, '2026-03-03') == {}


def test_registry_needs_a_date(api):
    for day in ('', 'yesterday'):
        api.refused(400, 'GET', 'acquiring/v1.0/registry', params={
            'customerCode': COMPANY, 'merchantId': SHOP, 'date': day,
        })
