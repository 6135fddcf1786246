""" The lines of a receipt are what was paid, to the kopeck, whatever was in the basket. """

import os
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from tochka_fiscal import const
from tochka_fiscal.receipt import (
    Item,
    Line,
    Receipt,
    ReceiptError,
    allot,
    build_lines,
    cut_name,
    price_lines,
)

# A few thousand baskets in each run; TOCHKA_BASKETS=100000 for a long night.
BASKETS = int(os.environ.get('TOCHKA_BASKETS', 3000))
VATS = ('none', 'vat10', 'vat22')


def sold(total, quantity='1', vat='none', name='Занятие', **values):
    return Item(name=name, quantity=Decimal(quantity), total=total, vat=vat,
                method='full_payment', subject='service', **values)


def shape(lines):
    """ Return price, quantity and total of lines. """
    return [(line.price, str(line.quantity), line.total) for line in lines]


# === ONE LINE === #

@pytest.mark.parametrize(('total', 'quantity', 'lines'), [
    (9999, '3', [(3333, '3', 9999)]),
    (10000, '3', [(3333, '2', 6666), (3334, '1', 3334)]),
    (10001, '3', [(3333, '1', 3333), (3334, '2', 6668)]),
    (9999, '33.33', [(300, '33.33', 9999)]),
    (100000, '0.333', [(300300, '0.333', 100000)]),
    (1000, '7.777', [(128, '6.777', 867), (133, '1', 133)]),
    (100, '2.5', [(40, '2.5', 100)]),
    (101, '2.50', [(40, '1.5', 60), (41, '1', 41)]),
    (5, '0.000001', [(5000000, '0.000001', 5)]),
    (12345678901, '1', [(12345678901, '1', 12345678901)]),
])
def test_price_times_quantity_is_the_total(total, quantity, lines):
    assert shape(build_lines([sold(total, quantity)], total)) == lines


@pytest.mark.parametrize(('quantity', 'name'), [
    ('250', 'Занятие (250)'), ('0', 'Занятие'), ('0.0000001', 'Занятие'),
    ('100.5', 'Занятие (100.5)'),
])
def test_less_than_a_kopeck_for_each_is_one(quantity, name):
    [line] = build_lines([sold(99, quantity)], 99)
    assert (line.price, line.quantity, line.total) == (99, 1, 99)
    assert line.name == name


# === MANY LINES === #

def test_part_payment_is_shared_by_what_things_cost():
    lines = build_lines([sold(100000), sold(50000), sold(0), sold(1)], 75000)
    assert [line.total for line in lines] == [50000, 25000]


def test_discount_lowers_lines_of_its_own_rate_first():
    items = [sold(10000, vat='vat22'), sold(20000, vat='vat10'), sold(-3000, vat='vat10')]
    assert [line.total for line in build_lines(items, 27000)] == [10000, 17000]


def test_discount_above_its_rate_goes_on_to_the_others():
    items = [sold(10000, vat='vat22'), sold(20000, vat='vat10'), sold(-25000, vat='vat10')]
    lines = build_lines(items, 5000)
    assert [(line.vat, line.total) for line in lines] == [('vat22', 5000)]


@pytest.mark.parametrize(('rounding', 'totals'), [(-3, [3332, 6665]), (2, [3334, 6668])])
def test_rounding_belongs_to_everything(rounding, totals):
    items = [sold(3333, vat='vat22'), sold(6667, vat='vat10'), sold(rounding, adjusts=True)]
    assert [line.total for line in build_lines(items, 10000 + rounding)] == totals


@pytest.mark.parametrize(('items', 'paid'), [
    ([], 100),
    ([sold(100)], 0),
    ([sold(100)], -5),
    ([sold(100)], 101),
    ([sold(100), sold(-100)], 1),
    ([sold(100), sold(-101)], 1),
    ([sold(0), sold(5, adjusts=True)], 5),
])
def test_more_than_was_sold_is_refused(items, paid):
    with pytest.raises(ReceiptError):
        build_lines(items, paid)


# === PROPERTIES === #

QUANTITIES = (
    st.integers(1, 1000).map(Decimal)
    | st.decimals('0.000001', '1000', places=6)
    | st.decimals('0.01', '100', places=2)
)
ITEMS = st.builds(
    sold, st.integers(0, 10_000_000), QUANTITIES.map(str), st.sampled_from(VATS))
# Percents of what the basket costs: discounts, then the part that is paid.
PARTS = st.integers(0, 99)


@settings(max_examples=BASKETS, deadline=None)
@given(st.lists(ITEMS, min_size=1, max_size=12), st.lists(st.tuples(PARTS, st.sampled_from(VATS)),
       max_size=3), st.integers(1, 100))
@example([sold(1, '3')], [], 100)
@example([sold(100, '3'), sold(1, '999')], [(99, 'none')], 1)
def test_any_basket(items, discounts, percent):
    basket = list(items)
    left = sum(item.total for item in items)
    for part, vat in discounts:
        discount = left * part // 100 // 2
        left -= discount
        basket.append(sold(-discount, vat=vat))
    paid = left * percent // 100
    if not paid:
        with pytest.raises(ReceiptError):
            build_lines(basket, paid)
        return
    lines = build_lines(basket, paid)
    assert sum(line.total for line in lines) == paid
    for line in lines:
        assert line.total > 0 and line.price > 0 and line.quantity > 0
        assert price_lines(line.price, line.quantity) == line.total
        assert line.quantity == line.quantity.quantize(Decimal('0.000001'))
    assert {line.vat for line in lines} <= {item.vat for item in items if item.total}
    if not discounts and percent == 100:
        for vat in VATS:
            assert sum(line.total for line in lines if line.vat == vat) == sum(
                item.total for item in items if item.vat == vat), "Each line has its own rate"


@settings(max_examples=BASKETS, deadline=None)
@given(st.integers(1, 100_000), QUANTITIES)
def test_a_line_is_split_only_when_no_price_fits(total, quantity):
    lines = build_lines([sold(total, str(quantity))], total)
    assert len(lines) <= 2
    if len(lines) == 2:
        assert sum(line.quantity for line in lines) == quantity
        guess = int(total / quantity)
        for price in range(max(guess - 3, 0), guess + 4):
            assert price_lines(price, quantity) != total, "One line would do"


@settings(max_examples=BASKETS, deadline=None)
@given(st.integers(0, 10**12), st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_shares_are_within_a_kopeck(amount, weights):
    if not sum(weights):
        with pytest.raises(ValueError):
            allot(amount, weights)
        return
    shares = allot(amount, weights)
    assert sum(shares) == amount
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * sum(weights) - amount * weight) < sum(weights)


# === NAMES === #

@pytest.mark.parametrize(('text', 'name'), [
    (' Занятие \n\t по  математике\x00 ', 'Занятие по математике'),
    ('а' * 128, 'а' * 128),
    ('а' * 129, 'а' * 127 + '…'),
    ('и\u0306' * 80, 'й' * 80),
    ('а' * 126 + 'x\u0301\u0302y', 'а' * 126 + '…'),
    ('а' * 125 + '👨\u200d👩\u200d👧\u200d👦', 'а' * 125 + '…'),
    ('а' * 126 + '👍🏽!', 'а' * 126 + '…'),
    ('\ud83d' + 'б', 'б'),
])
def test_names_are_never_cut_inside_of_a_character(text, name):
    assert cut_name(text) == name


@given(st.text(max_size=300))
def test_any_name_can_be_sent(text):
    name = cut_name(text)
    assert len(name) <= const.MAX_NAME
    name.encode()


# === THE WHOLE RECEIPT === #

LINE = Line(name='Занятие', price=100000, quantity=Decimal(1), total=100000, vat='none',
            method='full_payment', subject='service')
RECEIPT = {
    'key': 'a1b2c3-1', 'kind': 'income', 'taxation_system': 'usn_income', 'lines': (LINE,),
    'payments': {'cashless': 100000}, 'email': 'parent@example.com',
    'address': 'https://school.example.com',
}


def test_a_receipt_says_what_it_is():
    receipt = Receipt(**RECEIPT)
    assert receipt.total == 100000
    assert 'example.com' not in repr(receipt).replace(RECEIPT['address'], '')


@pytest.mark.parametrize(('values', 'problem'), [
    ({'payments': {'cashless': 99999}}, "not the total"),
    ({'payments': {'cashless': 200000, 'prepaid': -100000}}, "nothing, or less"),
    ({'payments': {'cashless': 100000, 'bonus': 1}}, "bonus"),
    ({'email': ''}, "missing"),
    ({'email': 'parent'}, "is not one"),
    ({'email': 'a@b.ru, c@d.ru'}, "is not one"),
    ({'email': 'a' * 60 + '@b.ru'}, "too long"),
    ({'email': '', 'phone': '8 999 123-45-67'}, "international form"),
    ({'key': ''}, "key"),
    ({'lines': ()}, "needs a line"),
    ({'kind': 'sell'}, "sell"),
    ({'taxation_system': 'envd'}, "envd"),
    ({'lines': (replace(LINE, vat='vat18'),)}, "vat18"),
    ({'lines': (replace(LINE, name=''),)}, "name"),
    ({'lines': (replace(LINE, name='а' * 129),)}, "128"),
    ({'lines': (replace(LINE, price=99999),)}, "not its total"),
    ({'lines': (replace(LINE, quantity=Decimal(0)),)}, "nothing, or less"),
])
def test_a_wrong_receipt_can_not_exist(values, problem):
    with pytest.raises(ReceiptError, match=problem):
        Receipt(**{**RECEIPT, **values})


def test_a_phone_in_place_of_an_email():
    assert Receipt(**{**RECEIPT, 'email': '', 'phone': '+79991234567'}).phone
