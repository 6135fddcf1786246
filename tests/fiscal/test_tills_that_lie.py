""" Tills of the sandbox that don't do what they say, seen through the real clients. """

from decimal import Decimal

import pytest

from tests.fiscal import test_orangedata_and_sandbox as orange
from tests.fiscal.receipts import item, receipt
from tests.fiscal.sandboxes import caller, keyed, wait_done
from tests.served import wait_until
from tochka_fiscal.registers import atol, base, paykeeper
from tochka_fiscal.registers.komtet import Komtet

KINDS = ('komtet', 'atol', 'orangedata', 'paykeeper')
TOLD_KIND = ('komtet', 'orangedata', 'paykeeper')  # ATOL's report does not say it


@pytest.fixture
def control(sandbox):
    call = caller(sandbox)
    for kind in KINDS:
        call(f'{kind}/reset', {})
        call(f'{kind}/settings', {'delay': 0.01})
    call('paykeeper/settings', {'return_type': 'refund'})
    call('faults', method='DELETE')
    atol._tokens.clear()
    paykeeper._tokens.clear()
    return call


@pytest.fixture(params=KINDS)
def kind(request):
    return request.param


@pytest.fixture
def register(control, kind):
    """ The client of a register, with the sandbox's credentials. """
    own = control('credentials?orangedata=1')[kind]
    if kind == 'komtet':
        return Komtet(own['url'], own['shop_id'], own['secret'], str(own['queue_id']),
                      timeout=(2, 2))
    if kind == 'paykeeper':
        return paykeeper.PayKeeper(own['url'], own['user'], own['password'], 'usn_income',
                                   'refund', timeout=(2, 2))
    if kind == 'atol':
        own = own['v5']
        return atol.Atol(own['url'].rpartition('/')[0], own['login'], own['password'],
                         own['group_code'], own['inn'], 'a@example.com', '1.2', timeout=(2, 2))
    return orange.make(own, '1.2')


def send(register, one):
    """ Let a receipt be printed, also under a number that was used before. :return: The task. """
    try:
        return register.register(one).task
    except base.Duplicate as error:
        return error.task


def sold(**values):
    return keyed(receipt(item(100000), taxation_system='usn_income', **values))


def differences(one, result):
    return base.differences(
        result.fiscal, kind=one.kind, total=one.total, lines=one.lines, payments=one.payments,
        taxation_system=one.taxation_system)


def test_the_truth(register, control, kind):
    for one in (sold(), sold(kind='income_return')):
        result = wait_done(register, one.key, send(register, one))
        assert result.state == 'done' and differences(one, result) == []
        assert not result.fiscal.kind or kind in TOLD_KIND


@pytest.mark.parametrize('lie', ['error', 'timeout'])
def test_printed_though_it_says_that_it_failed(register, control, kind, lie):
    """ Nobody can see it: a new key prints a second one, which is why a person is asked. """
    control(f'{kind}/lies', {'kind': lie})
    one = sold()
    result = wait_done(register, one.key, send(register, one))
    assert result.state == 'failed'
    assert len(control(f'{kind}/ledger')) == 1


def test_error_that_becomes_a_receipt(register, control, kind):
    control(f'{kind}/settings', {'delay': 0.3})
    control(f'{kind}/lies', {'kind': 'recovers'})
    one = sold()
    task = send(register, one)
    assert wait_done(register, one.key, task).state == 'failed'

    def printed():
        result = register.status(one.key, task)
        return result if result.state == 'done' else None

    assert wait_until(printed, "the receipt").fiscal.total == 100000
    assert len(control(f'{kind}/ledger')) == 1


def test_key_that_is_printed_twice(register, control, kind):
    control(f'{kind}/lies', {'kind': 'twice'})
    one = sold()
    assert wait_done(register, one.key, send(register, one)).state == 'done'
    first, second = control(f'{kind}/ledger')
    assert first['fiscal_data'] != second['fiscal_data']


def test_other_sum(register, control, kind):
    control(f'{kind}/lies', {'kind': 'sum'})
    one = sold()
    result = wait_done(register, one.key, send(register, one))
    assert result.fiscal.total == 100100
    assert 'total' in differences(one, result)
    entry = control(f'{kind}/ledger')[0]
    assert Decimal(entry.get('total') or entry['1020']) == 1001


@pytest.mark.parametrize('sent', ['income', 'income_return'])
def test_other_kind(register, control, kind, sent):
    control(f'{kind}/lies', {'kind': 'kind'})
    one = sold(kind=sent)
    result = wait_done(register, one.key, send(register, one))
    assert differences(one, result) == (['kind'] if kind in TOLD_KIND else [])


def test_lies_are_counted(control, kind):
    assert control(f'{kind}/lies', {'kind': 'sum', 'times': 2}) == [{'kind': 'sum', 'times': 2}]
    assert control(f'{kind}/lies', method='DELETE') == []
