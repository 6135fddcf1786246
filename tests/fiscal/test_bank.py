""" What the bank's register is sent, and what it is never sent. """

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tochka_fiscal import const
from tochka_fiscal.receipt import name_with_quantity
from tochka_fiscal.registers import bank
from tochka_fiscal.registers.base import Unsupported

from .receipts import SUPPLIER, all_receipts, item, receipt

# What the bank's register can't print, and why.
REFUSED = {
    'vat vat20': '20 %', 'vat vat120': '20 %',
    'method prepayment': 'no partial prepayments',
    'method advance': 'full settlements and full prepayments only',
    'method partial_payment': 'full settlements and full prepayments only',
    'subject payment': 'goods, services and work only',
    'subject other': 'goods, services and work only',
    'return': 'nothing but receipts of online payments',
    'phone': 'e-mail',
    'offset': 'nothing but', 'credit': 'nothing but', 'counter': 'nothing but',
    'cash': 'nothing but',
    'mark': 'marking codes',
}


def total_of(body):
    """ Return what the bank would add up, exactly. """
    return sum(Decimal(str(i['amount'])) * Decimal(str(i['quantity'])) for i in body['Items'])


@pytest.mark.parametrize('name', all_receipts())
def test_forty_receipts(name):
    neutral = all_receipts()[name]
    if name in REFUSED:
        with pytest.raises(Unsupported, match=REFUSED[name]):
            bank.build(neutral)
        return
    body = bank.build(neutral)
    assert total_of(body) == Decimal(neutral.total).scaleb(-2)
    assert len(body['Items']) == len(neutral.lines)
    for sent, line in zip(body['Items'], neutral.lines, strict=True):
        assert (sent['vatType'], sent['paymentMethod'], sent['paymentObject']) == (
            line.vat, line.method, line.subject)
        assert sent['vatType'] in const.BANK_VATS


def test_body_by_hand():
    neutral = receipt(
        item(10000, '3', name='Тетрадь', subject='goods', vat='vat22'),
        item(100000, '0.333', name='Пряжа', subject='goods', vat='vat10', measure=11),
        taxation_system='usn_income_outcome')
    assert bank.build(neutral) == {
        'taxSystemCode': 'usn_income_outcome',
        'Client': {'email': 'parent@example.com'},
        'Items': [
            # 100.00 for three: two at 33.33 and one at 33.34.
            {'name': 'Тетрадь', 'amount': '33.33', 'quantity': 2, 'vatType': 'vat22',
             'paymentMethod': 'full_payment', 'paymentObject': 'goods', 'measure': 'шт.'},
            {'name': 'Тетрадь', 'amount': '33.34', 'quantity': 1, 'vatType': 'vat22',
             'paymentMethod': 'full_payment', 'paymentObject': 'goods', 'measure': 'шт.'},
            # 3003.00 x 0.333 is 999.999: no whole kopeck, so one whole of 1000.00 is sold.
            {'name': 'Пряжа (0.333 кг.)', 'amount': '1000.00', 'quantity': 1, 'vatType': 'vat10',
             'paymentMethod': 'full_payment', 'paymentObject': 'goods', 'measure': 'шт.'},
        ],
    }


def test_exact_fraction_keeps_its_quantity():
    [sent] = bank.build(receipt(item(100, '2.5', measure=11)))['Items']
    assert (sent['amount'], sent['quantity'], sent['measure']) == ('0.40', 2.5, 'кг.')


def test_unknown_measure_is_a_unit():
    [sent] = bank.build(receipt(item(100, '2', measure=255)))['Items']
    assert (sent['quantity'], sent['measure']) == (2, 'шт.')


def test_supplier():
    sold = item(100000, agent='agent', supplier=SUPPLIER)
    [sent] = bank.build(receipt(sold))['Items']
    assert sent['Supplier'] == {
        'phone': '+74951234567', 'name': 'ООО «Поставщик»', 'taxCode': '7736207543'}
    for wrong in (replace(sold, supplier=None),
                  replace(sold, supplier=replace(SUPPLIER, phones=()))):
        with pytest.raises(Unsupported, match='INN and phone'):
            bank.build(receipt(wrong))


def test_address_in_latin_letters():
    assert bank.build(receipt(email='ivan@пример.рф'))['Client'] == {
        'email': 'ivan@xn--e1afmkfd.xn--p1ai'}
    with pytest.raises(Unsupported, match='Latin'):
        bank.build(receipt(email='иван@пример.рф'))


def test_long_name_keeps_its_quantity():
    name = name_with_quantity('я' * 200, Decimal('21.99'), 'кг.')
    assert len(name) == const.MAX_NAME and name.endswith('… (21.99 кг.)')


@settings(max_examples=500)
@given(st.lists(st.tuples(
    st.integers(1, 10_000_00),
    st.decimals(Decimal('0.000001'), Decimal(1000), places=6),
    st.sampled_from(sorted(const.MEASURES)),
), min_size=1, max_size=8), st.integers(1, 100))
def test_bank_adds_up_exactly_what_is_paid(lines, percent):
    """ Nobody documents how the bank rounds, so that there must be nothing to round. """
    items = [item(total, quantity, measure=measure) for total, quantity, measure in lines]
    paid = max(sum(one.total for one in items) * percent // 100, 1)
    body = bank.build(receipt(*items, paid=paid))
    assert total_of(body) == Decimal(paid).scaleb(-2)
    for sent in body['Items']:
        assert 1 <= len(sent['name']) <= const.MAX_NAME
        assert Decimal(sent['amount']) > 0 and sent['quantity'] > 0


@pytest.mark.parametrize(('change', 'same'), [
    (lambda r: r, True),
    (lambda r: {**r, 'extra': 1}, True),
    (lambda r: {**r, 'Client': {'email': 'PARENT@example.com', 'name': 'x'}}, True),
    (lambda r: {**r, 'Items': [{**r['Items'][0], 'amount': 1000}]}, True),
    (lambda r: {**r, 'Items': [{**r['Items'][0], 'amount': 1000.01}]}, False),
    (lambda r: {**r, 'Items': [{**r['Items'][0], 'vatType': 'vat22'}]}, False),
    (lambda r: {**r, 'Items': r['Items'] * 2}, False),
    (lambda r: {**r, 'Items': [{**r['Items'][0], 'paymentMethod': 'advance'}]}, False),
    (lambda r: {**r, 'Items': [{**r['Items'][0], 'paymentMethod': 'full_prepayment'}]}, False),
    (lambda r: {**r, 'taxSystemCode': 'patent'}, False),
    (lambda r: {**r, 'Client': {'email': 'other@example.com'}}, False),
    (lambda r: {**r, 'Client': None}, False),
    (lambda r: {**r, 'Items': [{'name': 'Занятие', 'amount': 'x', 'quantity': 1}]}, False),
    (lambda _r: {}, False),
    (lambda _r: None, False),
])
def test_same_receipt(change, same):
    asked = bank.build(receipt())
    assert bank.is_same(asked, change(asked)) is same


def test_full_prepayment_is_shown_as_a_settlement():
    """ As live records of others have it, 2026-10. """
    asked = bank.build(receipt(
        item(100000, method='full_prepayment'), item(5000, method='full_payment')))
    shown = {**asked, 'Items': [{**one, 'paymentMethod': 'full_payment'} for one in asked['Items']]}
    assert bank.is_same(asked, shown) and bank.is_same(asked, asked)
    assert not bank.is_same(asked, {**shown, 'Items': [
        {**one, 'amount': '1.00'} for one in shown['Items']]})


@pytest.mark.parametrize('name', ['name', 'vatType', 'paymentMethod', 'paymentObject'])
def test_every_word_of_a_line_is_compared(name):
    asked = bank.build(receipt(item(5000)))
    assert not bank.is_same(asked, {
        **asked, 'Items': [{**one, name: 'other'} for one in asked['Items']]})
