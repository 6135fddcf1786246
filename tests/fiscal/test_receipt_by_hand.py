""" Lines of receipts, each worked out by hand. """

from dataclasses import FrozenInstanceError, replace
from datetime import date
from decimal import Decimal

import pytest

from tests.fiscal.receipts import SUPPLIER, item, receipt
from tochka_fiscal.receipt import (
    Correction,
    Line,
    ReceiptError,
    allot,
    build_lines,
    cut_name,
    is_email,
    name_with_quantity,
    price_lines,
    return_line,
    share_return,
)

LINE = Line(name='Тетрадь', price=3333, quantity=Decimal(3), total=9999, vat='vat22',
            method='full_payment', subject='goods', measure=0, source='account.move,7',
            agent='agent', supplier=SUPPLIER)


# === HALF A KOPECK === #

@pytest.mark.parametrize(('price', 'quantity', 'total'), [
    (1, '0.5', 1), (3, '0.5', 2), (5, '0.5', 3), (1, '0.499999', 0), (1, '0.500001', 1),
    (101, '1.5', 152), (100, '0.005', 1), (100, '0.004999', 0),
])
def test_half_a_kopeck_goes_up(price, quantity, total):
    assert price_lines(price, Decimal(quantity)) == total


@pytest.mark.parametrize(('total', 'quantity', 'lines'), [
    (1, '2', [(1, '1')]),  # less than a kopeck for each
    (2, '2', [(1, '2')]), (3, '2', [(1, '1'), (2, '1')]),
    (152, '1.5', [(101, '1.5')]),  # 151.5 is 152
    (150, '1.5', [(100, '1.5')]),
    (1, '0.5', [(2, '0.5')]),  # a kopeck and 2 are both right: the price is the nearest
    (1, '0.4', [(3, '0.4')]),
])
def test_lines(total, quantity, lines):
    made = build_lines([item(total, quantity)], total)
    assert [(line.price, str(line.quantity)) for line in made] == lines
    assert sum(line.total for line in made) == total


def test_discount_of_a_kopeck():
    [line] = build_lines([item(100), item(-1)], 99)
    assert line.total == 99
    with pytest.raises(ReceiptError):
        build_lines([item(100), item(-1)], 100)


# === SHARES === #

@pytest.mark.parametrize(('amount', 'weights', 'shares'), [
    (100, [1, 1, 1], [34, 33, 33]), (101, [1, 1, 1], [34, 34, 33]), (0, [5], [0]),
    (5, [0, 1], [0, 5]), (10, [1, 3], [3, 7]), (1, [1, 2], [0, 1]), (3, [1, 1], [2, 1]),
])
def test_odd_kopecks_go_to_the_largest_remainders(amount, weights, shares):
    assert allot(amount, weights) == shares


@pytest.mark.parametrize(('amount', 'weights'), [(-1, [1]), (1, [0]), (1, [0, 0]), (1, [2, -1])])
def test_what_cant_be_shared(amount, weights):
    with pytest.raises(ValueError):
        allot(amount, weights)


@pytest.mark.parametrize(('amount', 'left', 'named', 'shares'), [
    (100, [100], (), [100]), (50, [100, 100], (), [25, 25]),
    (150, [100, 100], [([1], 100)], [50, 100]),
    (150, [100, 100], [([0, 1], 150)], [100, 50]),
    (50, [100, 100], [([0], 30), ([0], 20)], [50, 0]),
    (10, [100, 100], [([1], 500)], [0, 10]),
    (120, [100, 100], [([0], 500)], [100, 20]),
    (1, [1, 1], (), [1, 0]),
])
def test_what_comes_back_of_each_line(amount, left, named, shares):
    assert share_return(amount, left, named) == shares


@pytest.mark.parametrize(('amount', 'left'), [(0, [1]), (-1, [1]), (2, [1]), (1, [0]), (1, [])])
def test_more_than_is_left(amount, left):
    with pytest.raises(ReceiptError):
        share_return(amount, left)


# === RETURNS === #

def test_a_whole_line_comes_back_as_it_was():
    marked = replace(LINE, price=9999, quantity=Decimal(1), mark='0104601234567890215abc')
    assert return_line(marked, 9999) == [marked]


def test_whole_pieces_come_back():
    assert return_line(LINE, 6666) == [replace(LINE, quantity=Decimal(2), total=6666)]
    assert return_line(LINE, 3333) == [replace(LINE, quantity=Decimal(1), total=3333)]


def test_a_part_of_the_price_comes_back_for_all_pieces():
    """ And no piece: a marking code stays sold. """
    marked = replace(LINE, price=1000, quantity=Decimal(1), total=1000, mark='0104601234567890215')
    assert return_line(marked, 300) == [replace(marked, price=300, total=300, mark='')]
    assert return_line(LINE, 3000) == [replace(LINE, price=1000, total=3000)]
    assert return_line(LINE, 100) == [
        replace(LINE, price=33, quantity=Decimal(2), total=66),
        replace(LINE, price=34, quantity=Decimal(1), total=34)]


def test_a_part_of_a_measured_line():
    tea = replace(LINE, name='Чай', price=1000, quantity=Decimal('0.5'), total=500, measure=11)
    assert return_line(tea, 250) == [replace(tea, price=500, total=250)]


# === NAMES === #

@pytest.mark.parametrize(('text', 'limit', 'name'), [
    *((f'абвг{shade}де', 5, 'абв…' if shade in '\U0001f3fb\U0001f3ff' else 'абвг…')
      for shade in '\U0001f3fa\U0001f3fb\U0001f3ff\U0001f400'),
    ('абвг\ufe0fде', 5, 'абв…'), ('абв\u0489где', 4, 'аб…'),
    ('абвгд', 5, 'абвгд'), ('абвгде', 5, 'абвг…'), ('аб, где', 5, 'аб…'), ('аб - где', 6, 'аб…'),
])
def test_cut(text, limit, name):
    assert cut_name(text, limit) == name


def test_quantity_in_the_name():
    assert name_with_quantity('Чай', Decimal('0.50'), 'кг.') == 'Чай (0.50 кг.)'
    assert name_with_quantity('Чай', Decimal('1E+2')) == 'Чай (100)'


# === WHO GETS IT === #

@pytest.mark.parametrize(('text', 'is_one'), [
    ('a@b.ru', True), ('a@b.r', False), ('a@b', False), ('a b@c.ru', False), ('a@b.ru;', False),
    ('a' * 58 + '@bc.ru', True), ('a' * 59 + '@bc.ru', False), ('@b.ru', False), ('', False),
])
def test_emails(text, is_one):
    assert is_email(text) is is_one


def test_an_email_that_is_too_long_is_not_called_a_phone():
    with pytest.raises(ReceiptError, match='e-mail is too long'):
        receipt(email='a' * 60 + '@b.ru')


@pytest.mark.parametrize(('phone', 'is_one'), [
    ('+7999123456', True), ('+799912345', False), ('+' + '1' * 15, True), ('+' + '1' * 16, False),
    ('79991234567', False), ('+7999123456x', False),
])
def test_phones(phone, is_one):
    if is_one:
        assert receipt(email='', phone=phone).phone == phone
    else:
        with pytest.raises(ReceiptError, match='international'):
            receipt(email='', phone=phone)


def test_nobody_is_shown():
    for shown in (repr(receipt(email='', phone='+79991234567')), repr(receipt())):
        assert '9991234567' not in shown and 'parent@' not in shown


# === LIMITS === #

def test_longest_name():
    assert replace(receipt(item(9999)), lines=(replace(LINE, name='я' * 128),))
    with pytest.raises(ReceiptError, match='128'):
        replace(receipt(item(9999)), lines=(replace(LINE, name='я' * 129),))


@pytest.mark.parametrize(('made', 'name'), [
    (receipt(), 'key'), (LINE, 'total'), (item(1), 'total'), (SUPPLIER, 'inn'),
    (Correction(day=date(2026, 3, 1)), 'day'),
])
def test_what_is_made_stays(made, name):
    with pytest.raises(FrozenInstanceError):
        setattr(made, name, 1)


def test_numbers_of_corrections():
    day = date(2026, 3, 1)
    assert receipt(correction=Correction(day=day, order='1' * 32), wrong_sign='1' * 16)
    for values in ({'correction': Correction(day=day, order='1' * 33)}, {'wrong_sign': '1' * 17}):
        with pytest.raises(ReceiptError, match='too long'):
            receipt(**values)


@pytest.mark.parametrize('values', [
    {'price': 0, 'total': 0}, {'price': -1, 'total': -3}, {'quantity': Decimal(0), 'total': 0},
    {'quantity': Decimal(-1), 'total': -3333}, {'price': 0, 'total': 3},
    {'price': -1, 'total': 3}, {'total': 0}, {'total': -1}, {'quantity': Decimal(-1), 'total': 3},
    {'price': -3, 'quantity': Decimal(-1), 'total': 3},
])
def test_lines_cost_something(values):
    with pytest.raises(ReceiptError, match='nothing'):
        replace(receipt(item(9999)), lines=(replace(LINE, **values),))


@pytest.mark.parametrize('payments', [{'cashless': 0}, {'cashless': 1001, 'prepaid': -1}])
def test_payments_are_something(payments):
    with pytest.raises(ReceiptError, match='nothing'):
        receipt(item(1000), payments=payments)
