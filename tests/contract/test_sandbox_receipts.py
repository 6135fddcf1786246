""" Receipts: the checks of the sandbox are those of the bank's file, and so are its answers. """

import pytest

from sandbox import receipt

from .bank import RECEIPT
from .openapi import needs_openapi

pytestmark = needs_openapi

LINE = {'name': 'Занятие', 'amount': 100, 'quantity': 1}


@pytest.fixture(params=[False, True], ids=['numbers', 'quoted amounts'])
def either(bank, request):
    """ The bank, with both ways of writing amounts. """
    if request.param:
        bank.quoted = True
        bank.control('variants', {'amounts_as_strings': True})
    return bank


def read_both_ways(bank, created):
    """ Read an operation and find it in the list. :return: The operation. """
    operation = bank.read(created['operationId'])
    listed = bank.call('GET', 'acquiring/v1.0/payments', customerCode=created['customerCode'])
    assert operation in listed['Data']['Operation']
    for name in ('Client', 'Items', 'taxSystemCode', 'Supplier'):
        assert operation.get(name) == created.get(name)
    return operation


def test_values_are_those_of_the_file(contract):
    names = {'vatType': 'VatType', 'paymentMethod': 'PaymentMethod',
             'paymentObject': 'PaymentObject', 'measure': 'Measure'}
    assert receipt.CHOICES == {
        name: tuple(contract.schema(schema)['enum']) for name, schema in names.items()}
    assert list(receipt.TAX_SYSTEMS) == contract.schema('TaxSystemCodeInput')['enum']


def test_fields_are_those_of_the_file(contract):
    def fields(name):
        return set(contract.schema(name)['properties'])

    assert set(receipt.CLIENT) == fields('ReceiptClientModel')
    assert set(receipt.SUPPLIER) == fields('SupplierModel')
    for name in ('ReceiptItemModel-Input', 'ReceiptItemModel-Output', 'ReceiptItemResponseModel'):
        assert {*receipt.ITEM, 'Supplier'} == fields(name)


@pytest.mark.parametrize(('name', 'value'), [
    (name, value) for name, values in receipt.CHOICES.items() for value in values
])
def test_every_value_of_a_line(bank, name, value):
    items = [{**LINE, name: value}]
    created = bank.create_with_receipt(amount=100, Items=items)
    assert created['Items'] == items
    read_both_ways(bank, created)


@pytest.mark.parametrize('tax_system', receipt.TAX_SYSTEMS)
def test_every_tax_system(bank, tax_system):
    created = bank.create_with_receipt(taxSystemCode=tax_system)
    assert created['taxSystemCode'] == tax_system
    read_both_ways(bank, created)


def test_least_and_fullest_receipt(either):
    least = either.create_with_receipt(
        amount='100.00', Client={'email': 'a@example.com'}, Items=[LINE], taxSystemCode=None,
        Supplier=None,
    )
    assert not {'taxSystemCode', 'Supplier'} & set(read_both_ways(either, least))
    lines = [{**line, 'Supplier': RECEIPT['Supplier']} for line in RECEIPT['Items']]
    lines[0] |= {'amount': '2000.00', 'quantity': 0.5}
    full = either.create_with_receipt(
        Items=lines, consumerId='c-1', saveCard=True, preAuthorization=True)
    operation = read_both_ways(either, full)
    assert operation['Items'][0]['quantity'] == 0.5
    assert operation['Items'][0]['amount'] == ('2000.00' if either.quoted else 2000)


def test_paid_and_refunded_with_a_receipt(either):
    held = either.create_with_receipt(preAuthorization=True)
    operation_id = held['operationId']
    either.control(f'pay/{operation_id}', {'method': 'card'})
    assert read_both_ways(either, held)['status'] == 'AUTHORIZED'
    either.call('POST', f'acquiring/v1.0/payments/{operation_id}/capture')
    assert read_both_ways(either, held)['status'] == 'APPROVED'
    assert len(either.control(f'receipts?operation={operation_id}')) == 1
    either.refund(operation_id, '0.50')
    assert read_both_ways(either, held)['status'] == 'REFUNDED_PARTIALLY'


# Whether the file itself forbids it -> what is sent.
WRONG = {
    True: [
        {'Items': []}, {'Items': [{**LINE, 'vatType': 'vat20'}]},
        {'Items': [{**LINE, 'vatType': 'vat120'}]}, {'Items': [{**LINE, 'quantity': 0}]},
        {'Items': [{**LINE, 'measure': 'шт'}]}, {'Client': {'phone': '+79990001122'}},
        {'taxSystemCode': 'envd'}, {'Supplier': {**RECEIPT['Supplier'], 'phone': '999'}},
    ],
    False: [
        {'amount': '100.01', 'Items': [LINE]},  # the sum of the lines
        {'Items': [{**LINE, 'quantity': 1.0000001}]}, {'Client': {'email': 'a@b'}},
        {'Client': {'email': 'a@example.com', 'phone': '8 (999) 000-11-22'}},
        {'Supplier': {**RECEIPT['Supplier'], 'name': ''}},
    ],
}


@pytest.mark.parametrize(('forbidden', 'values'), [
    (forbidden, values) for forbidden, cases in WRONG.items() for values in cases
])
def test_refusals(bank, contract, forbidden, values):
    body = {'Data': {
        'customerCode': '301234568', 'amount': 100, 'purpose': 'Счёт', 'paymentMode': ['card'],
        'Client': {'email': 'a@example.com'}, 'Items': [LINE], **values,
    }}
    path = 'acquiring/v1.0/payments_with_receipt'
    assert bool(contract.request_errors('POST', f'/uapi/{path}', body)) == forbidden
    assert bank.call('POST', path, body, expect=400, valid=not forbidden)['Errors']
    assert bank.control('operations') == []


def test_order_number_of_the_other_kind(bank):
    created = bank.create_with_receipt(paymentLinkId='INV-1')
    values = {'customerCode': created['customerCode'], 'merchantId': created['merchantId'],
              'paymentMode': ['card'], 'paymentLinkId': 'INV-1', 'expect': 424}
    assert bank.create(**values)['Errors']
    assert bank.create(receipt=True, **values)['Errors']
