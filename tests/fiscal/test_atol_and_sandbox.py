""" The client of ATOL Online against the sandbox, which was written apart from it. """

from dataclasses import replace
from datetime import date

import pytest

from tests.fiscal.receipts import all_receipts, item, receipt
from tests.fiscal.sandboxes import assert_proved, assert_said, caller, keyed, meaning, wait_done
from tochka_fiscal.receipt import Correction
from tochka_fiscal.registers import atol, base

FORMATS = {'v4': '1.05', 'v5': '1.2'}
# What is said on purpose that ATOL Online can't print.
UNSUPPORTED = {('v4', 'mark')}


@pytest.fixture
def control(sandbox):
    """ Return a function that calls the sandbox's control API; the register begins anew. """
    call = caller(sandbox)
    call('atol/reset', {})
    call('faults', method='DELETE')
    call('atol/settings', {'delay': 0.01, 'base_number': 'instruction'})
    atol._tokens.clear()
    return call


def make(control, version, **values):
    """ Return the client with the sandbox's credentials. """
    own = control('credentials')['atol'][version]
    return atol.Atol(**{
        'url': own['url'].rpartition('/')[0], 'login': own['login'], 'password': own['password'],
        'group': own['group_code'], 'inn': own['inn'], 'sender': 'shop@example.com',
        'ffd': FORMATS[version], 'timeout': (2, 2), **values,
    })


@pytest.fixture(params=FORMATS)
def version(request):
    """ Each of both protocols. """
    return request.param


@pytest.fixture
def register(control, version):
    """ The client. """
    return make(control, version)


@pytest.mark.parametrize('kind', ['income', 'income_return'])
@pytest.mark.parametrize('name', all_receipts())
def test_every_receipt_says_the_same(register, control, version, name, kind):
    one = keyed(replace(all_receipts()[name], kind=kind))
    if (version, name) in UNSUPPORTED:
        with pytest.raises(base.Unsupported):
            register.register(one)
        assert not control('atol/ledger')
        return
    result = wait_done(register, '', register.register(one).task)
    assert result.state == 'done', result.message
    [entry] = control('atol/ledger')
    assert_said(entry, meaning(one, FORMATS[version]) | {'1187': one.address})
    for line, said in zip(one.lines, entry['lines'], strict=True):
        assert said.get('1163') == ({'1305': line.mark} if line.mark else None)
    assert_proved(entry, result, one)


def test_correction(register, control, version):
    lines = item(122000, vat='vat22'), item(50000)
    one = keyed(receipt(*lines, correction=Correction(day=date(2026, 3, 1))))
    assert wait_done(register, '', register.register(one).task).state == 'done'
    [entry] = control('atol/ledger')
    assert entry['correction'].items() >= {'1173': 0, '1178': '01.03.2026'}.items()
    assert entry['payments']['1081'] == '1720.00'
    if version == 'v4':
        assert entry['vats'] == [
            {'1199': 11, 'sum': '220.00'}, {'1199': 6, 'sum': '500.00'}]
    else:
        assert_said(entry, {'lines': meaning(one, FORMATS[version])['lines']})
    ordered = keyed(receipt(correction=Correction(day=date(2026, 3, 1), order='17-2')))
    assert wait_done(register, '', register.register(ordered).task).state == 'done'
    assert control('atol/ledger')[1]['correction'].items() >= {'1173': 1, '1179': '17-2'}.items()


def test_correction_of_a_return(register, control, version):
    one = keyed(receipt(kind='income_return', correction=Correction(day=date(2026, 3, 1))))
    if version == 'v4':
        with pytest.raises(base.Unsupported, match='FFD 1.05'):
            register.register(one)
        return
    assert wait_done(register, '', register.register(one).task).state == 'done'
    assert control('atol/ledger')[0]['1054'] == 2


def test_sign_of_the_wrong_receipt(register, control):
    one = keyed(receipt(kind='income_return', wrong_sign='1911055232'))
    assert wait_done(register, '', register.register(one).task).state == 'done'
    assert control('atol/ledger')[0]['1192'] == '1911055232'


@pytest.mark.parametrize('fault', [
    'close_after', 'timeout_after', 'error_5xx_after', 'html_200_after', 'cut_body'])
def test_lost_answers_print_one(register, control, fault):
    register.check()  # has a token
    control('faults', {'kind': fault, 'method': 'POST', 'path': '/sell$', 'seconds': 3})
    one = keyed(receipt())
    with pytest.raises(base.OutcomeUnknown):
        register.register(one)
    with pytest.raises(base.Duplicate) as caught:
        register.register(one)
    assert wait_done(register, '', caught.value.task).state == 'done'
    assert len(control('atol/ledger')) == 1


@pytest.mark.parametrize('how', ['expire', 'revoke'])
def test_token_that_is_refused_is_asked_for_anew(register, control, how):
    register.check()
    before = control('atol/tokens')['count']
    control('atol/tokens', {how: True})
    assert wait_done(register, '', register.register(keyed(receipt())).task).state == 'done'
    register.check()
    assert len(control('atol/ledger')) == 1
    assert before


def test_one_token_for_many_calls(register, control):
    control('requests', method='DELETE')
    for _time in range(3):
        wait_done(register, '', register.register(keyed(receipt())).task)
    asked = [one for one in control('requests') if one['path'].endswith('/getToken')]
    assert len(asked) <= 1


def test_lost_token_sends_nothing(register, control):
    control('faults', {'kind': 'close_after', 'path': '/getToken$'})
    with pytest.raises(base.NotSent):
        register.register(keyed(receipt()))
    assert not control('atol/documents')


def test_wrong_password(control, version):
    with pytest.raises(base.Unauthorized, match='12'):
        make(control, version, password='wrong').register(keyed(receipt()))


def test_group_of_another(control, version):
    with pytest.raises(base.Unauthorized, match='20'):
        make(control, version, group='foreign').register(keyed(receipt()))


def test_till_refuses(register, control):
    control('atol/till_errors', {'code': 3807, 'text': 'Нет бумаги'})
    result = wait_done(register, '', register.register(keyed(receipt())).task)
    assert (result.state, result.message, result.again) == ('failed', 'Нет бумаги', False)


def test_foreign_inn(control, version):
    register = make(control, version, inn='7736207543')
    result = wait_done(register, '', register.register(keyed(receipt())).task)
    assert result.state == 'failed'


def test_waiting_one(register, control):
    for as_error in (True, False):
        control('atol/settings', {'hold': True, 'wait_as_error': as_error})
        task = register.register(keyed(receipt())).task
        assert register.status('', task).state == 'accepted'


def test_refused_document(register, control):
    with pytest.raises(base.Rejected, match='32'):
        register.register(keyed(receipt(address='https://' + 'x' * 300)))
    assert not control('atol/ledger')
