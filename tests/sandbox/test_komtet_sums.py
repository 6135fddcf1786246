""" KOMTET Kassa: the sums of a check. """

import json
from decimal import Decimal

import pytest
from komtet_shop import CHECK, POSITION

from sandbox.komtet_check import read, validate


def line(price, quantity, total):
    """ Return a check of one line, paid by card; numbers as they are written. """
    raw = json.dumps({**CHECK, 'positions': [{
        **POSITION, 'price': 'PRICE', 'quantity': 'QUANTITY', 'total': 'TOTAL',
    }], 'payments': [{'sum': 'TOTAL', 'type': 'card'}]})
    for name, value in (('PRICE', price), ('QUANTITY', quantity), ('TOTAL', total)):
        raw = raw.replace(f'"{name}"', value)
    return raw.encode()


@pytest.mark.parametrize('price, quantity, total', [
    ('100', '3', '300'), ('0.01', '1', '0.01'), ('100.00', '1.000000', '100.00000'),
    ('33.33', '0.3', '10.00'), ('10.05', '0.1', '1.01'), ('10.04', '0.1', '1.00'),
    ('0.1', '3', '0.3'), ('1e2', '1', '1E+2'), ('99999999.99', '99.999999', '9999999899.00'),
])
def test_total_is_price_by_quantity_rounded_half_up(price, quantity, total):
    assert validate(read(line(price, quantity, total))) == Decimal(total)


@pytest.mark.parametrize('price, quantity, total', [
    ('47.8', '21.99', '1051.00'), ('100', '3', '299.99'), ('100', '3', '300.01'),
    ('10.05', '0.1', '1.00'), ('0', '1', '0.01'),
])
def test_any_other_total_is_refused(held, price, quantity, total):
    answer = held.call('POST', f'{held.queue}/task', line(price, quantity, total))
    assert answer.status_code == 422
    assert 'positions.0.total' in answer.json()['description']


@pytest.mark.parametrize('payments', [
    [{'sum': 200.49, 'type': 'card'}], [{'sum': 200.51, 'type': 'card'}],
    [{'sum': 200.5, 'type': 'card'}, {'sum': 0.01, 'type': 'cash'}],
])
def test_payments_are_the_sum_of_the_positions(held, payments):
    assert held.refused({**CHECK, 'payments': payments}).startswith('payments: ')


def test_tenths_add_up(held):
    positions = [{**POSITION, 'price': price, 'quantity': 1, 'total': price}
                 for price in (0.1, 0.2, 0)]
    created = held.add(positions=positions, payments=[{'sum': 0.3, 'type': 'card'}])
    held.control('step', 'POST')
    assert held.read(created['id'])['fiscal_data']['s'] == '0.30'


@pytest.mark.parametrize('price, quantity, total, state', [
    ('100', '3', '200', 'done'), ('100', '1', '90', 'done'), ('100', '0.5', '49.99', 'done'),
    # A unit is split off for the odd kopecks; less than a unit can't be: 76.03 × 0.472 is 35.89.
    ('100', '3', '199.99', 'done'), ('76.43', '0.472', '35.88', 'error'),
])
def test_discounts_of_the_till_where_they_are_switched_on(held, price, quantity, total, state):
    held.control('settings', discounts=True)
    answer = held.call('POST', f'{held.queue}/task', line(price, quantity, total))
    assert answer.status_code == 200, answer.text
    [task] = held.control('step', 'POST')
    assert task['state'] == state, task
    assert len(held.printed()) == (state == 'done')
