""" The client of PayKeeper against the sandbox, which was written apart from it. """

from dataclasses import replace

import pytest

from tests.fiscal.receipts import all_receipts, item, receipt
from tests.fiscal.sandboxes import assert_proved, assert_said, caller, keyed, meaning, wait_done
from tochka_fiscal import const
from tochka_fiscal.receipt import Correction
from tochka_fiscal.registers import base, paykeeper

RETURN = 'refund'
# What nobody documents: never sent, or only when a person has switched it on.
NEVER = {'agent'}


@pytest.fixture
def control(sandbox):
    """ Return a function that calls the sandbox's control API; the register begins anew. """
    call = caller(sandbox)
    call('paykeeper/reset', {})
    call('faults', method='DELETE')
    call('paykeeper/settings', {'delay': 0.01, 'return_type': RETURN})
    paykeeper._tokens.clear()
    return call


@pytest.fixture
def make(control):
    """ Return a function that makes the client with the sandbox's credentials. """
    own = control('credentials')['paykeeper']

    def client(**values):
        return paykeeper.PayKeeper(**{
            'url': own['url'], 'user': own['user'], 'password': own['password'],
            'taxation_system': 'usn_income', 'timeout': (2, 2), **values})

    return client


def send(register, one):
    """ Let a receipt be printed. :return: What became of it. """
    return wait_done(register, one.key, register.register(one).task)


@pytest.mark.parametrize('confirmed', [True, False])
@pytest.mark.parametrize('kind', ['income', 'income_return'])
@pytest.mark.parametrize('name', all_receipts())
def test_every_receipt_says_the_same(make, control, name, kind, confirmed):
    one = keyed(replace(all_receipts()[name], kind=kind))
    # The cabinet decides on the taxation system.
    control('paykeeper/settings', {'tax_system': const.TAXATION_SYSTEMS[one.taxation_system]})
    register = make(taxation_system=one.taxation_system, **(
        {'return_type': RETURN} if confirmed else {}))
    if name in NEVER or not confirmed and kind == 'income_return':
        with pytest.raises(base.Unsupported):
            register.register(one)
        assert not control('paykeeper/receipts')
        return
    result = send(register, one)
    assert result.state == 'done', result.message
    [entry] = control('paykeeper/ledger')
    wanted = meaning(one, '1.2')
    for line in wanted['lines']:
        line.pop('2003', None)  # What is planned for a marked piece is the till's to say.
        if not line['2108']:
            line.pop('2108')  # Pieces are what is meant without a word.
    assert_said(entry, wanted)
    for line, said in zip(one.lines, entry['lines'], strict=True):
        assert said.get('2000') == (line.mark or None)
    assert_proved(entry, result, one)
    assert result.url.startswith('http')


def test_mark_with_separators(make, control):
    mark = '0104600000000000215Qbag!\x1d93Zjqw'
    assert send(make(), keyed(receipt(
        item(10000, subject='goods', mark=mark), taxation_system='usn_income'))).state == 'done'
    assert control('paykeeper/ledger')[0]['lines'][0]['2000'] == mark


def plain(**values):
    return keyed(receipt(taxation_system='usn_income', **values))


def test_other_taxation_system_than_the_cabinets(make, control):
    with pytest.raises(base.Unsupported, match='taxation system'):
        make().register(keyed(receipt(taxation_system='osn')))
    assert not control('paykeeper/receipts')


def test_corrections_are_not_known(make):
    for values in ({'correction': Correction(day=None)}, {'wrong_sign': '1'}):
        with pytest.raises(base.Unsupported, match='corrections'):
            make().register(plain(**values))


@pytest.mark.parametrize('fault', [
    'close_after', 'timeout_after', 'error_5xx_after', 'html_200_after', 'cut_body'])
def test_lost_answers_print_one(make, control, fault):
    register = make()
    register.check()  # has a token
    control('faults', {'kind': fault, 'method': 'POST', 'path': '/print/$', 'seconds': 3})
    one = plain()
    with pytest.raises(base.OutcomeUnknown):
        register.register(one)
    assert send(register, one).state == 'done'
    assert len(control('paykeeper/ledger')) == 1


@pytest.mark.parametrize('answered', ['json', 'text'])
def test_stale_token_is_asked_for_anew(make, control, answered):
    control('paykeeper/settings', {'token_answer': answered})
    register = make()
    register.check()
    control('paykeeper/revoke_token', {})
    assert send(register, plain()).state == 'done'
    assert len(control('paykeeper/ledger')) == 1


def test_one_token_for_many_calls(make, control):
    register = make()
    control('requests', method='DELETE')
    for _time in range(3):
        send(register, plain())
    asked = [one for one in control('requests') if one['path'].endswith('/token/')]
    assert len(asked) == 1


def test_lost_token_sends_nothing(make, control):
    control('faults', {'kind': 'close_after', 'path': '/token/$'})
    with pytest.raises(base.NotSent):
        make().register(plain())
    assert not control('paykeeper/receipts')


def test_wrong_password(make):
    for call in (make(password='wrong').check, lambda: make(password='wrong').register(plain()),
                 lambda: make(password='wrong').status('', '7001')):
        with pytest.raises(base.Unauthorized, match='401'):
            call()


def test_refusal_with_http_200(make, control):
    control('faults', {'kind': 'refuse', 'method': 'POST', 'path': '/print/$',
                       'message': 'Касса занята для a@example.com'})
    with pytest.raises(base.Rejected, match='Касса занята') as caught:
        make().register(plain())
    assert 'example.com' not in str(caught.value)


def test_till_refuses(make, control):
    control('paykeeper/till_errors', {'text': 'Нет бумаги'})
    result = send(make(), plain())
    assert (result.state, result.message, result.again) == ('failed', 'Нет бумаги', False)


def test_waiting_one(make, control):
    control('paykeeper/settings', {'hold': True, 'waiting_status': 'created'})
    register = make()
    one = plain()
    task = register.register(one).task
    assert register.status(one.key, task).state == 'accepted'
    control('paykeeper/settings', {'waiting_status': 'some_new_word'})
    assert register.status(one.key, task).state == 'accepted'


@pytest.mark.parametrize('settings', [
    {'fiscal_data': 'nested'}, {'fiscal_names': 'long'}, {'json_as_html': True},
    {'ids_as_texts': False}, {'byid_in_list': False},
])
def test_other_forms_of_the_answer(make, control, settings):
    control('paykeeper/settings', settings)
    one = plain()
    result = send(make(), one)
    [entry] = control('paykeeper/ledger')
    assert_proved(entry, result, one)


def test_printed_without_a_proof(make, control):
    control('paykeeper/settings', {'fiscal_data': 'absent'})
    result = send(make(), plain())
    assert (result.state, result.fiscal) == ('done', None)


def test_unknown_number(make):
    with pytest.raises(base.Rejected):
        make().status('', '1')
