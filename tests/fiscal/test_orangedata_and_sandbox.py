""" The client of OrangeData against the sandbox, which was written apart from it. """

import base64
from dataclasses import replace
from datetime import date

import pytest

from tests.fiscal.receipts import all_receipts, item, receipt
from tests.fiscal.sandboxes import assert_proved, assert_said, caller, keyed, meaning, wait_done
from tochka_fiscal.receipt import Correction
from tochka_fiscal.registers import base, keys
from tochka_fiscal.registers.orangedata import OrangeData
from tochka_fiscal.registers.texts import to_cp866

GROUPS = {'1.05': 'Main', '1.2': 'Main_2'}
# What is said on purpose that OrangeData can't print.
UNSUPPORTED = {('1.05', 'mark')}


@pytest.fixture
def control(sandbox):
    """ Return a function that calls the sandbox's control API; the register begins anew. """
    call = caller(sandbox)
    call('orangedata/reset', {})
    call('faults', method='DELETE')
    call('orangedata/settings', {'delay': 0.01, 'pace': 0})
    return call


@pytest.fixture
def own(control):
    """ What an accountant gets from the cabinet. """
    return control('credentials?orangedata=1')['orangedata']


def make(own, ffd, **values):
    """ Return the client with the sandbox's credentials. """
    client = keys.read_client(
        own['client_cert'].encode(), own['client_key'].encode(), own['client_key_password'])
    return OrangeData(**{
        'url': own['url'], 'client': client.pem,
        'sign_key': keys.read_sign_key(own['sign_key'].encode()), 'inn': own['inn'],
        'group': GROUPS[ffd], 'key_name': own['key'], 'ffd': ffd, 'authority': own['ca'],
        'timeout': (2, 2), **values,
    })


@pytest.fixture(params=GROUPS)
def ffd(request):
    """ Each of both formats. """
    return request.param


@pytest.fixture
def register(own, ffd):
    """ The client. """
    return make(own, ffd)


def send(register, one):
    """ Let a receipt be printed. :return: What became of it. """
    register.register(one)
    return wait_done(register, one.key)


@pytest.mark.parametrize('kind', ['income', 'income_return'])
@pytest.mark.parametrize('name', all_receipts())
def test_every_receipt_says_the_same(register, control, ffd, name, kind):
    one = keyed(replace(all_receipts()[name], kind=kind))
    if (ffd, name) in UNSUPPORTED:
        with pytest.raises(base.Unsupported):
            register.register(one)
        assert not control('orangedata/ledger')
        return
    result = send(register, one)
    assert result.state == 'done', result.message
    [entry] = control('orangedata/ledger')
    assert_said(entry, meaning(one, ffd, lambda text: to_cp866(text, 128)))
    for line, said in zip(one.lines, entry['lines'], strict=True):
        assert said.get('2000') == (line.mark or None)
    assert_proved(entry, result, one)
    assert result.fiscal.kind == {'income': 1, 'income_return': 2}[kind]


def test_mark_with_separators(own, control):
    mark = '0104600000000000215Qbag!\x1d93Zjqw'
    one = keyed(receipt(item(10000, subject='goods', mark=mark)))
    assert send(make(own, '1.2'), one).state == 'done'
    assert control('orangedata/ledger')[0]['lines'][0]['2000'] == mark


def test_marks_that_are_not_accepted(own, control):
    control('orangedata/settings', {'marks_fail': True})
    one = keyed(receipt(item(5000), item(
        10000, subject='goods', mark='0104600000000000215Qbag!\x1d93Zjqw')))
    result = send(make(own, '1.2'), one)
    assert (result.state, result.code, result.again) == ('failed', '2', False)


def test_old_and_new_rate_never_meet(register, control):
    one = keyed(receipt(item(10000, vat='vat20'), item(10000, vat='vat22')))
    with pytest.raises(base.Unsupported, match='20 %'):
        register.register(one)


@pytest.mark.parametrize('order', ['', '17-2'])
def test_correction(register, control, ffd, order):
    one = keyed(receipt(
        item(122000, vat='vat22'), item(50000), item(24400, vat='vat122', method='advance'),
        correction=Correction(day=date(2026, 3, 1), order=order)))
    result = send(register, one)
    assert result.state == 'done'
    [entry] = control('orangedata/ledger')
    assert_proved(entry, result, one)
    assert entry['correction'].items() >= {
        '1173': 1 if order else 0, '1178': '01.03.2026', **({'1179': order} if order else {}),
    }.items()
    assert (entry['document'], entry['payments']['1081']) == ('correction', '1964.00')
    if ffd == '1.05':
        assert sorted(entry['vats'], key=lambda one: one['1199']) == [
            {'1199': 6, 'sum': '500.00'}, {'1199': 11, 'sum': '220.00'},
            {'1199': 12, 'sum': '44.00'}]
    else:
        assert_said(entry, {'lines': meaning(one, ffd)['lines']})


def test_correction_of_a_settlement_of_before_2026(register, control, ffd):
    one = keyed(receipt(
        item(120000, vat='vat20'), correction=Correction(day=date(2025, 12, 1))))
    assert send(register, one).state == 'done'
    [entry] = control('orangedata/ledger')
    if ffd == '1.05':
        assert entry['vats'] == [{'1199': 1, 'sum': '200.00'}]
    else:
        assert entry['lines'][0]['1199'] == 1


def test_correction_of_a_return(own, control):
    one = keyed(receipt(kind='income_return', wrong_sign='1911055232',
                        correction=Correction(day=date(2026, 3, 1))))
    with pytest.raises(base.Unsupported, match='FFD 1.05'):
        make(own, '1.05').register(one)
    assert send(make(own, '1.2'), one).state == 'done'
    [entry] = control('orangedata/ledger')
    assert (entry['1054'], entry['1192']) == (2, '1911055232')


@pytest.mark.parametrize('fault', [
    'close_after', 'timeout_after', 'error_5xx_after', 'html_200_after'])
def test_lost_answers_print_one(register, control, fault):
    control('faults', {'kind': fault, 'method': 'POST', 'path': '/documents/$', 'seconds': 3})
    one = keyed(receipt())
    with pytest.raises(base.OutcomeUnknown):
        register.register(one)
    with pytest.raises(base.Duplicate):
        register.register(one)
    assert wait_done(register, one.key).state == 'done'
    assert len(control('orangedata/ledger')) == 1


def test_full_queue_says_when_to_come_again(register, control):
    control('orangedata/settings', {'queue_limit': 0, 'retry_after': 17})
    one = keyed(receipt())
    with pytest.raises(base.Busy) as caught:
        register.register(one)
    assert caught.value.seconds == 17
    control('orangedata/settings', {'queue_limit': None})
    assert send(register, one).state == 'done'


def test_expired_one_uses_up_its_number(register, control):
    control('orangedata/settings', {'hold': True})
    one = keyed(receipt())
    register.register(one)
    assert register.status(one.key, '').state == 'accepted'
    control('orangedata/expire', {'id': one.key})
    result = register.status(one.key, '')
    assert (result.state, result.again) == ('failed', True)
    with pytest.raises(base.Duplicate):
        register.register(one)
    control('orangedata/settings', {'hold': False})
    assert send(register, keyed(one)).state == 'done'


def test_unknown_number(register, control):
    with pytest.raises(base.NotFound):
        register.status('c0ffee-unknown', '')


def test_check(register, own, ffd):
    assert register.check().prints is None
    with pytest.raises(base.Rejected, match='group'):
        make(own, ffd, group='Nowhere').check()


def test_wrong_signing_key(register, control, own):
    control('orangedata/sign_key', {})
    for call in (register.check, lambda: register.register(keyed(receipt()))):
        with pytest.raises(base.Unauthorized, match='Подпись'):
            call()


@pytest.mark.parametrize('how', ['refused', 'page'])
def test_refused_certificate(register, control, how):
    control('orangedata/settings', {'certificate': how})
    for call in (register.check, lambda: register.register(keyed(receipt())),
                 lambda: register.status('c0ffee-1', '')):
        with pytest.raises(base.Unauthorized, match='certificate'):
            call()
    control('orangedata/settings', {'certificate': 'accepted'})


def test_server_of_an_unknown_authority(own, ffd):
    with pytest.raises(base.NotSent):
        make(own, ffd, authority='').check()


def test_refused_document(own, control, ffd):
    with pytest.raises(base.Rejected, match='group'):
        make(own, ffd, group='Nowhere').register(keyed(receipt()))
    assert not control('orangedata/ledger')


def test_too_many_lines(register, control):
    items = [item(1000, name='Тетрадь в клетку ' + 'х' * 100) for _number in range(200)]
    with pytest.raises(base.Unsupported, match='250'):
        register.register(keyed(receipt(*items)))


def test_as_many_lines_as_fit(register, control):
    items = [item(1000, name='Тетрадь в клетку, 48 листов') for _number in range(200)]
    assert send(register, keyed(receipt(*items))).state == 'done'


@pytest.mark.parametrize('names', ['samples', 'tables'])
def test_other_forms_of_the_answer(register, control, names):
    control('orangedata/settings', {'website_names': names, 'content_with_nulls': True})
    assert send(register, keyed(receipt())).state == 'done'


def test_all_forms_of_the_keys(own, control):
    client = keys.read_client(
        base64.b64decode(own['client_p12']), passphrase=own['client_key_password'])
    sign_key = keys.read_sign_key(own['sign_key_xml'].encode())
    assert make(own, '1.2', client=client.pem, sign_key=sign_key).check().prints is None


def test_page_of_the_buyer(own, control):
    one = keyed(receipt())
    assert send(make(own, '1.2', has_page=True), one).url == (
        f'https://cheques-lk.orangedata.ru/{own["inn"]}/{one.key}')
    assert not send(make(own, '1.2'), keyed(receipt())).url
