""" What was printed is compared with what was asked for, as far as a register tells. """

from dataclasses import FrozenInstanceError, replace
from datetime import datetime
from decimal import Decimal

import pytest

from tests.fiscal.receipts import item, receipt
from tochka_fiscal.registers import base
from tochka_fiscal.registers.atol import Atol
from tochka_fiscal.registers.komtet import Komtet
from tochka_fiscal.registers.orangedata import OrangeData
from tochka_fiscal.registers.paykeeper import PayKeeper

ASKED = receipt(item(10000, '3', vat='vat22'), item(5000, method='advance'),
                payments={'cashless': 10000, 'prepaid': 5000}, taxation_system='esn')
TOLD = base.FiscalData(
    storage='9999078900005430', document='0001212', sign='1911055232',
    moment=datetime(2026, 11, 26, 12, 1, 30), total=15000, kind=1,
    lines=tuple(base.PrintedLine(line.price, line.quantity, line.vat, line.method)
                for line in reversed(ASKED.lines)),
    payments={'prepaid': 5000, 'cashless': 10000}, taxation_system='esn')


def differences(told):
    return base.differences(
        told, kind=ASKED.kind, total=ASKED.total, lines=ASKED.lines, payments=ASKED.payments,
        taxation_system=ASKED.taxation_system)


def test_the_same():
    assert differences(TOLD) == []


@pytest.mark.parametrize(('values', 'found'), [
    ({'total': 15001}, ['total']), ({'total': 14999}, ['total']), ({'kind': 2}, ['kind']),
    ({'lines': ()}, ['lines']), ({'lines': TOLD.lines[:-1]}, ['lines']),
    ({'lines': (*TOLD.lines[:-1], TOLD.lines[-1]._replace(price=1))}, ['lines']),
    ({'lines': (*TOLD.lines[:-1], TOLD.lines[-1]._replace(quantity=Decimal(7)))}, ['lines']),
    ({'lines': (*TOLD.lines[:-1], TOLD.lines[-1]._replace(vat='none'))}, ['lines']),
    ({'lines': (*TOLD.lines[:-1], TOLD.lines[-1]._replace(method='prepayment'))}, ['lines']),
    ({'payments': {'cashless': 15000}}, ['payments']), ({'payments': {}}, ['payments']),
    ({'taxation_system': 'osn'}, ['taxation_system']),
    ({'total': 1, 'kind': 2}, ['total', 'kind']),
])
def test_what_differs(values, found):
    assert differences(replace(TOLD, **values)) == found


def test_what_is_not_told_is_no_difference():
    assert differences(replace(
        TOLD, kind=0, lines=None, payments=None, taxation_system=None)) == []
    assert base.differences(TOLD, kind='income', total=15000) == []
    assert base.differences(TOLD, kind='income_return', total=15000) == ['kind']


def test_what_is_told_stays():
    for made in (TOLD, base.Result(state='done'), base.Health(prints=None)):
        with pytest.raises(FrozenInstanceError):
            made.state = 'failed'


def test_kinds():
    proof = {'storage': '1', 'document': '2', 'sign': '3', 'moment': TOLD.moment, 'total': 1}
    assert base.FiscalData(**proof).kind == 0
    for kind in range(5):
        assert base.FiscalData(**proof, kind=kind).kind == kind
    for kind in (-1, 5):
        with pytest.raises(ValueError, match='1054'):
            base.FiscalData(**proof, kind=kind)


@pytest.mark.parametrize(('name', 'right', 'wrong'), [
    ('storage', '1' * 20, '1' * 21), ('document', '0', ''), ('sign', '1', '1x'),
    ('shift', 'x' * 32, 'x' * 33), ('number', '', ' '), ('register', '№'.encode().hex(), '№'),
])
def test_numbers_of_a_till(name, right, wrong):
    assert getattr(replace(TOLD, **{name: right}), name) == right
    with pytest.raises(ValueError, match='till'):
        replace(TOLD, **{name: wrong})


@pytest.mark.parametrize(('register', 'asks_by_key', 'names_duplicates'), [
    (Komtet, False, False), (Atol, False, True), (OrangeData, True, False),
    (PayKeeper, False, True), (base.Register, False, False),
])
def test_how_a_lost_number_is_found(register, asks_by_key, names_duplicates):
    assert (register.asks_by_key, register.names_duplicates) == (asks_by_key, names_duplicates)


def test_qr():
    assert TOLD.qr == 't=20261126T1201&s=150.00&fn=9999078900005430&i=1212&fp=1911055232&n=1'
    assert '&s=0.05&' in replace(TOLD, total=5).qr
    assert '&i=0&' in replace(TOLD, document='000').qr


def test_errors_are_of_the_register_until_it_is_said():
    error = base.Rejected("No", 'HTTP 400')
    assert (str(error), error.alone) == ('No (HTTP 400)', False)
    assert str(base.Rejected("No")) == 'No'
    assert base.Busy("No").seconds == 0
    assert not base.Result(state='failed').again
