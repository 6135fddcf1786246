""" ATOL Online: sums, VAT, and what only the till refuses. """

import datetime
import json

import pytest
from atol_shop import COMPANY, LINES, correction, receipt, request_of
from test_atol_check import check, wrong

from sandbox.atol_check import validate
from sandbox.atol_protocol import AtolError
from sandbox.atol_till import SETTINGS
from sandbox.shape import read


def line(version, price, quantity, cost, total=None, paid=None):
    """ Return a receipt of one line, with numbers as they are written. """
    raw = json.dumps(request_of('receipt', receipt(
        version, items=[{**LINES[version], 'price': 'PRICE', 'quantity': 'QUANTITY', 'sum': 'SUM'}],
        total='TOTAL', payments=[{'type': 1, 'sum': 'PAID'}])))
    total = total or cost
    for name, value in (('PRICE', price), ('QUANTITY', quantity), ('SUM', cost),
                        ('TOTAL', total), ('PAID', paid or total)):
        raw = raw.replace(f'"{name}"', value)
    return read(raw.encode())


def refused(version, content, **settings):
    """ Return what is wrong. """
    with pytest.raises(AtolError) as caught:
        validate(version, 'sell', content, {**SETTINGS, **settings},
                 datetime.datetime(2026, 3, 1, tzinfo=datetime.timezone.utc))
    return caught.value.detail


@pytest.mark.parametrize('version', ['v4', 'v5'])
@pytest.mark.parametrize('price, quantity, cost', [
    ('100', '3', '300'), ('0.01', '1', '0.01'), ('33.33', '0.3', '10.00'), ('10.05', '0.1', '1.01'),
    ('0.1', '3', '0.3'), ('0', '1', '0'), ('10000000000', '1', '1e10'), ('1000', '0.000001', '0'),
])
def test_sum_is_price_by_quantity_rounded_half_up(version, price, quantity, cost):
    validate(version, 'sell', line(version, price, quantity, cost), SETTINGS,
             datetime.datetime.now(datetime.timezone.utc))


@pytest.mark.parametrize('version', ['v4', 'v5'])
@pytest.mark.parametrize('price, quantity, cost, what', [
    ('47.8', '21.99', '1051.00', 'items.0.sum'), ('100', '3', '299.99', 'items.0.sum'),
    ('10.05', '0.1', '1.00', 'items.0.sum'), ('9999999999', '2', '9999999999', 'above'),
])
def test_any_other_sum_is_refused(version, price, quantity, cost, what):
    assert what in refused(version, line(version, price, quantity, cost))


def test_sum_of_a_line_of_v4_may_be_free():
    content = line('v4', '47.8', '21.99', '1051.00')
    validate('v4', 'sell', content, {**SETTINGS, 'v4_sum_checked': False},
             datetime.datetime.now(datetime.timezone.utc))
    assert 'items.0.sum' in refused('v5', line('v5', '47.8', '21.99', '1051.00'),
                                    v4_sum_checked=False)


@pytest.mark.parametrize('version, total, right', [
    ('v4', '200.50', True), ('v4', '200', True), ('v4', '199.51', True), ('v4', '199.50', False),
    ('v4', '200.51', False), ('v5', '200.50', True), ('v5', '200', False), ('v5', '200.51', False),
])
def test_total_may_be_rounded_down_in_v4(version, total, right):
    content = line(version, '100.25', '2', '200.50', total)
    if right:
        validate(version, 'sell', content, SETTINGS, datetime.datetime.now(datetime.timezone.utc))
    else:
        assert 'total' in refused(version, content)


@pytest.mark.parametrize('version', ['v4', 'v5'])
@pytest.mark.parametrize('paid', ['200.49', '200.51', '0'])
def test_payments_are_the_total(version, paid):
    assert 'payments' in refused(version, line(version, '100.25', '2', '200.5', None, paid))


@pytest.mark.parametrize('price, quantity, cost, what', [
    ('42949672.96', '1', '42949672.96', 'price'), ('0.01', '100000', '1000', 'quantity'),
    ('1000', '0.0001', '0.1', 'quantity'),
])
def test_old_limits_of_v5(price, quantity, cost, what):
    content = line('v5', price, quantity, cost)
    validate('v5', 'sell', content, SETTINGS, datetime.datetime.now(datetime.timezone.utc))
    assert f'items.0.{what}' in refused('v5', content, v5_old_limits=True)


# === VAT === #

@pytest.mark.parametrize('version', ['v4', 'v5'])
@pytest.mark.parametrize('rate', ['vat20', 'vat120'])
def test_old_rates_in_2026(version, rate):
    lines = [{**LINES[version], 'vat': {'type': rate}}]
    content = request_of('receipt', receipt(version, items=lines))
    for operation in ('sell', 'buy'):
        check(version, content, operation)
        assert 'items.0.vat.type' in wrong(version, content, operation, vat20_in_sales=False)
    for operation in ('sell_refund', 'buy_refund'):
        check(version, content, operation, vat20_in_sales=False)
    vats = {'items': lines} if version == 'v5' else {'vats': [{'type': rate, 'sum': 33.42}]}
    check(version, request_of('correction', correction(version, **vats)), 'sell_correction',
          vat20_in_sales=False)


def test_old_rates_before_2026(api, atol):
    atol.control('settings', vat20_in_sales=False)
    content = request_of('receipt', receipt(
        atol.version, items=[{**LINES[atol.version], 'vat': {'type': 'vat20'}}]))
    api.control('clock', set='2026-01-01T00:00:00+03:00')
    assert '2026' in atol.refused(content)
    api.control('clock', set='2025-12-31T23:59:59+03:00')
    assert atol.post(content).status_code == 200


@pytest.mark.parametrize('tax, vats, right', [
    (36.16, None, True), (36.15, None, True), (36.18, None, False), (None, 36.16, True),
    (None, 36.30, False), (99, 36.16, True), (36.16, 1, False),
])
def test_sum_of_vat_is_checked_by_the_till(atol, tax, vats, right):
    vat = {'type': 'vat22', **({} if tax is None else {'sum': tax})}
    number = atol.sell(items=[{**LINES[atol.version], 'vat': vat}],
                       vats=vats and [{'type': 'vat22', 'sum': vats}])
    atol.control('step', 'POST')
    report = atol.report(number)
    assert report['status'] == ('done' if right else 'fail')
    if not right:
        assert (report['error']['code'], report['error']['type']) == (128, 'driver')


# === THE TILL REFUSES === #

@pytest.mark.parametrize('values, code, kind', [
    ({'company': {**COMPANY, 'inn': '990000000299'}}, 2009, 'agent'),
    ({'company': {**COMPANY, 'sno': 'envd'}}, 143, 'driver'),
    ({'payments': [{'type': 5, 'sum': 200.5}]}, 60, 'driver'),
])
def test_till_refuses(atol, values, code, kind):
    number = atol.sell(**values)
    atol.control('step', 'POST')
    report = atol.report(number)
    assert (report['status'], report['payload']) == ('fail', None)
    assert set(report['error']) == {'code', 'text', 'type'}
    assert (report['error']['code'], report['error']['type']) == (code, kind)
    assert atol.printed() == []


def test_till_of_another_company(atol):
    atol.control('settings', inn='990000000299')
    number = atol.sell()
    assert atol.control('step', 'POST')[0]['error']['code'] == 2009
    assert atol.report(number)['status'] == 'fail'
    atol.control('settings', inn=None)
    atol.sell(external_id='SO1-2')
    assert atol.control('step', 'POST')[0]['status'] == 'done'


@pytest.mark.parametrize('payments, total, code', [
    ([{'type': 1, 'sum': 201}], 200.5, 52), ([{'type': 1, 'sum': 200}], 200.5, 66),
    ([{'type': 0, 'sum': 201}], 200.5, 227), ([{'type': 1, 'sum': 201}], 201, 227),
])
def test_sums_may_be_checked_by_the_till_alone(atol, payments, total, code):
    content = request_of('receipt', receipt(atol.version, payments=payments, total=total))
    atol.refused(content)
    atol.control('settings', sums_checked='till')
    assert atol.post(content).status_code == 200
    [report] = atol.control('step', 'POST')
    assert (report['status'], report['error']['code']) == ('fail', code)
    assert atol.printed() == []


def test_tenths_add_up(atol):
    items = [{**LINES[atol.version], 'price': price, 'quantity': 1, 'sum': price}
             for price in (0.1, 0.2, 0)]
    number = atol.sell(items=items, payments=[{'type': 1, 'sum': 0.3}], total=0.3)
    atol.control('step', 'POST')
    assert atol.report(number)['payload']['total'] == 0.3


def test_rounded_total_is_what_is_printed(atol_v4):
    number = atol_v4.sell(total=200, payments=[{'type': 0, 'sum': 200}])
    atol_v4.control('step', 'POST')
    assert atol_v4.report(number)['payload']['total'] == 200
    [entry] = atol_v4.control('ledger')
    assert (entry['1020'], entry['payments']['1031'], entry['lines'][0]['1043']) == (
        '200.00', '200.00', '200.50')
