""" PayKeeper is sent what its programs send, and no answer is taken for what it is not. """

import base64
import json
import urllib.parse
from datetime import date, datetime

import pytest

from tests.api.server import answer, close, closed_port, garbage, silence
from tests.fiscal.receipts import SUPPLIER, item, receipt
from tochka_fiscal import const
from tochka_fiscal.receipt import Correction
from tochka_fiscal.registers import base, paykeeper

TOKEN = answer({'token': 'token-1'})
WRONG_TOKEN = 'Токен безопасности не верен.'
MARK = '0104600000000000215Qbag!\x1d93Zjqw'
PRINTED = {
    'id': '7001', 'status': 'success', 'receipt_key': 'a1b2c3-TX-1', 'sum_cashless': '1000.00',
    'sum_cash': '0.00', 'sum_advance': '250.50', 'fop_receipt_key': 'abc',
    'fn': '9999078900005430', 'fnd': '1212', 'fpd': '1911055232', 'rnkkt': '0000111118041361',
    'shift_number': '23', 'receipt_number': '6', 'receipt_datetime': '2026-11-26 12:01:30',
}


def make(url='https://school.server.paykeeper.ru', **options):
    return paykeeper.PayKeeper(**{
        'url': url, 'user': 'odoo', 'password': 'secret of the shop',
        'taxation_system': 'osn', 'timeout': (1, 1), **options})


@pytest.fixture
def client(serve):
    """ Return a function that makes a client of a scripted server. """
    def start(*steps, token=TOKEN, **options):
        server = serve(*([token] if token else []), *steps)
        made = make(f'http://127.0.0.1:{server.port}', **options)
        made.server = server
        return made

    paykeeper._tokens.clear()
    yield start
    paykeeper._tokens.clear()


# === THE FORM === #

def test_receipt():
    form = make().build(receipt(
        item(100050, '3', name='Занятие', vat='vat22'),
        item(25000, '0.5', name='Чай', method='advance', subject='goods', measure=11),
        payments={'prepaid': 25050, 'cashless': 100000}))
    cart = json.loads(form.pop('cart'))
    assert form == {
        'payment_id': '', 'type': 'sale', 'is_post_sale': 'true', 'is_correction': 'false',
        'refund_id': '', 'contact': 'parent@example.com', 'receipt_key': 'a1b2c3-TX-1',
        'sum_cashless': '1000.00', 'sum_cash': '0.00', 'sum_advance': '250.50',
        'sum_credit': '0.00', 'sum_counter_payment': '0.00',
    }
    assert cart == [
        {'name': 'Занятие', 'price': 333.5, 'quantity': 3, 'sum': 1000.5, 'tax': 'vat22',
         'item_type': 'service', 'payment_type': 'full'},
        {'name': 'Чай', 'price': 500, 'quantity': 0.5, 'sum': 250, 'tax': 'none',
         'item_type': 'goods', 'payment_type': 'advance', 'measure': 'kg'},
    ]


def test_mark():
    form = make().build(receipt(item(10000, subject='goods', mark=MARK)))
    [line] = json.loads(form['cart'])
    assert line['item_type'] == 'goods_coded'
    assert base64.b64decode(line['item_code_b64']).decode() == MARK
    with pytest.raises(base.Unsupported, match='one piece'):
        make().build(receipt(item(10000, '2', subject='goods', mark=MARK)))


def test_what_nobody_documents():
    for one, words in (
        (receipt(kind='income_return'), 'word in "type"'),
        (receipt(item(1000, '2', measure=71)), 'litres'),
        (receipt(item(1000, agent='agent', supplier=SUPPLIER)), 'agents'),
    ):
        with pytest.raises(base.Unsupported, match=words):
            make().build(one)
    assert make(return_type='refund').build(receipt(kind='income_return'))['type'] == 'refund'


def line_of(*items, **values):
    [line] = json.loads(make().build(receipt(*items, **values))['cart'])
    return line


# As its guide calls them: «Товары в чеке (54-ФЗ)».
@pytest.mark.parametrize(('method', 'word'), [
    ('full_prepayment', 'prepay'), ('prepayment', 'part_prepay'), ('advance', 'advance'),
    ('full_payment', 'full'), ('partial_payment', 'part_credit'), ('credit', 'credit'),
    ('credit_payment', 'credit_payment')])
def test_methods(method, word):
    assert line_of(item(1000, method=method))['payment_type'] == word


@pytest.mark.parametrize('subject', ['goods', 'work', 'service', 'payment', 'other'])
def test_subjects(subject):
    assert line_of(item(1000, subject=subject))['item_type'] == subject


@pytest.mark.parametrize('vat', const.VATS)
def test_rates(vat):
    assert line_of(item(1000, vat=vat))['tax'] == vat


# Tag 2108, and the words of the vendor's module for 1C-Bitrix.
@pytest.mark.parametrize(('measure', 'word'), [
    (0, None), (10, 'g'), (11, 'kg'), (22, 'm'), (41, 'l')])
def test_measures(measure, word):
    assert line_of(item(1000, measure=measure)).get('measure') == word


@pytest.mark.parametrize(('name', 'field'), [
    ('cashless', 'sum_cashless'), ('cash', 'sum_cash'), ('prepaid', 'sum_advance'),
    ('credit', 'sum_credit'), ('counter', 'sum_counter_payment')])
def test_sums(client, name, field):
    form = make().build(receipt(payments={name: 100000}))
    assert {key: value for key, value in form.items() if key.startswith('sum_')
            and value != '0.00'} == {field: '1000.00'}
    assert form['is_post_sale'] == ('true' if name == 'prepaid' else 'false')
    told = {**PRINTED, 'sum_cashless': '0.00', 'sum_advance': None, field: '1000.00'}
    assert client(answer(told), token=None).status('', '7001').fiscal.payments == {name: 100000}


def test_buyer_with_a_phone_only():
    form = make().build(receipt(email='', phone='+79991234567'))
    assert form['contact'] == '+79991234567'


def test_taxation_system_of_the_cabinet():
    with pytest.raises(base.Unsupported, match='its cabinet is set to'):
        make().build(receipt(taxation_system='esn'))


def test_supplier_without_an_agent():
    with pytest.raises(base.Unsupported, match='suppliers'):
        make().build(receipt(item(1000, supplier=SUPPLIER)))


# === THE EXCHANGE === #

def test_call(client):
    register = client(answer({'receipt_id': 7001}))
    assert register.register(receipt()) == base.Result(state='accepted', task='7001')
    first, second = register.server.requests
    assert (first.method, first.path) == ('GET', '/info/settings/token/')
    assert (second.method, second.path) == ('POST', '/change/receipt/print/')
    assert second.headers['Authorization'] == 'Basic ' + base64.b64encode(
        b'odoo:secret of the shop').decode()
    form = dict(urllib.parse.parse_qsl(second.body.decode(), keep_blank_values=True))
    assert (form['token'], form['receipt_key'], form['payment_id']) == (
        'token-1', 'a1b2c3-TX-1', '')


@pytest.mark.parametrize('refused', [
    answer({'result': 'fail', 'msg': WRONG_TOKEN}), answer(WRONG_TOKEN, content_type='text/html'),
    answer([{'result': 'fail', 'msg': WRONG_TOKEN}]),
])
def test_stale_token(client, refused):
    register = client(refused, answer({'token': 'token-2'}), answer({'receipt_id': '7001'}))
    assert register.register(receipt()).task == '7001'
    assert b'token=token-2' in register.server.requests[-1].body
    # Two in a row are no endless loop, and nothing was sent.
    register = client(refused, TOKEN, refused)
    with pytest.raises(base.NotSent):
        register.register(receipt())


@pytest.mark.parametrize(('step', 'error', 'words'), [
    (answer({'result': 'fail', 'msg': 'Сумма корзины не равна'}), base.Rejected, 'корзины'),
    (answer({'result': 'fail'}), base.Rejected, 'without a reason'),
    (answer({'receipt_id': None}), base.OutcomeUnknown, 'no number'),
    (answer({'receipt_id': True}), base.OutcomeUnknown, 'no number'),
    (answer({'result': 'success'}), base.OutcomeUnknown, 'no number'),
    (answer([]), base.OutcomeUnknown, 'JSON'),
    (answer('<h1>Hello</h1>'), base.OutcomeUnknown, 'JSON'),
    (answer({'receipt_id': 1}, 302), base.OutcomeUnknown, '302'),
    (answer({}, 404), base.OutcomeUnknown, '404'),
    (answer({'receipt_id': 7001}, 201), base.OutcomeUnknown, '201'),
    (answer('', 401), base.Unauthorized, '401'),
    (answer('', 500), base.OutcomeUnknown, '500'),
    (close, base.OutcomeUnknown, 'lost'),
    (garbage, base.OutcomeUnknown, 'lost'),
    (silence, base.OutcomeUnknown, 'lost'),
])
def test_what_becomes_of_sending(client, step, error, words):
    with pytest.raises(error, match=words) as caught:
        client(step).register(receipt())
    assert type(caught.value) is error
    assert 'parent@example.com' not in str(caught.value)


@pytest.mark.parametrize('step', [
    answer({}), answer({'token': 5}), answer('hello'), answer({'result': 'fail', 'msg': 'no'}),
    answer('', 502), close, silence])
def test_no_token_no_receipt(client, step):
    register = client(token=step)
    with pytest.raises(base.NotSent):
        register.register(receipt())
    assert [request.method for request in register.server.requests] == ['GET']


def test_a_token_is_never_asked_for_twice_by_a_broken_connection(client, monkeypatch):
    """ Only mere reads may go out once more: what shares connections is told by who asks. """
    seen, exchange = [], paykeeper.transport.exchange
    monkeypatch.setattr(paykeeper.transport, 'exchange', lambda method, url, *values, **options: (
        seen.append(options['credential']) or exchange(method, url, *values, **options)))
    register = client(answer({'receipt_id': 7001}), answer(PRINTED))
    register.register(receipt())
    register.status('', '7001')
    assert [credential is None for credential in seen] == [True, False, False]


@pytest.mark.parametrize('status', [401, 403])
def test_token_that_is_not_given(client, status):
    with pytest.raises(base.Unauthorized, match=f'HTTP {status}'):
        client(token=answer('', status)).register(receipt())


def test_corrections_are_not_known():
    for values in ({'correction': Correction(day=date(2026, 3, 1))}, {'wrong_sign': '1'}):
        with pytest.raises(base.Unsupported, match='corrections'):
            make().build(receipt(**values))


def test_nobody_there():
    paykeeper._tokens.clear()
    with pytest.raises(base.NotSent):
        make(f'http://127.0.0.1:{closed_port()}').register(receipt())


# === THE STATUS === #

def test_printed(client):
    register = client(answer([PRINTED]), token=None)
    result = register.status('a1b2c3-TX-1', '7001')
    [request] = register.server.requests
    assert (request.path, request.query) == ('/info/receipts/byid/', {'id': '7001'})
    assert result.fiscal == base.FiscalData(
        storage='9999078900005430', document='1212', sign='1911055232',
        moment=datetime(2026, 11, 26, 12, 1, 30), total=125050,
        payments={'cashless': 100000, 'prepaid': 25050}, shift='23', number='6',
        register='0000111118041361')
    assert result.url.endswith('/receipt/abc/?rc_id=7001')


@pytest.mark.parametrize(('word', 'kind'), [('sale', 1), ('refund', 2), ('', 0), ('?', 0)])
def test_kind_of_what_was_printed(client, word, kind):
    register = client(answer({**PRINTED, 'type': word}), token=None, return_type='refund')
    assert register.status('', '7001').fiscal.kind == kind
    register = client(answer({**PRINTED, 'type': ''}), token=None)
    assert register.status('', '7001').fiscal.kind == 0


@pytest.mark.parametrize(('ts', 'moment'), [
    ('20260505T1455', datetime(2026, 5, 5, 14, 55)),  # a live record of others
    ('20260505T145501', datetime(2026, 5, 5, 14, 55, 1)),
])
def test_moment(client, ts, moment):
    told = {name: value for name, value in PRINTED.items() if name != 'receipt_datetime'}
    register = client(answer({**told, 'ts': ts}), token=None)
    assert register.status('', '7001').fiscal.moment == moment


@pytest.mark.parametrize('moment', [
    '26.11.2026 12:01:30', '2026-11-26 12:01:30', '2026-11-26T12:01:30'])
def test_moments_of_other_forms(client, moment):
    told = {**PRINTED, 'receipt_datetime': moment}
    assert client(answer(told), token=None).status('', '7001').fiscal.moment == (
        datetime(2026, 11, 26, 12, 1, 30))
    told['receipt_datetime'] = '26.11.2026 12:01'
    assert client(answer(told), token=None).status('', '7001').fiscal.moment == (
        datetime(2026, 11, 26, 12, 1))


@pytest.mark.parametrize('renamed', [
    {'fn': 'fn_number', 'fnd': 'fiscal_document_number', 'fpd': 'fiscal_document_attribute',
     'receipt_number': 'fiscal_receipt_number', 'rnkkt': 'ecr_registration_number'},
    {'fnd': 'fd', 'fpd': 'fp'}])
def test_proof_by_other_names(client, renamed):
    """ As the registers call it whose tills PayKeeper uses; also in an object of its own. """
    told = {renamed.get(name, name): value for name, value in PRINTED.items()}
    names = {'fn', 'fnd', 'fpd', 'rnkkt', 'receipt_number', 'shift_number', 'receipt_datetime'}
    nested = {name: value for name, value in PRINTED.items() if name not in names}
    nested['fiscal_data'] = {name: PRINTED[name] for name in names}
    as_usual = client(answer(PRINTED), token=None).status('', '7001').fiscal
    for one in (told, nested):
        assert client(answer(one), token=None).status('', '7001').fiscal == as_usual


@pytest.mark.parametrize('missing', [
    'fn', 'fnd', 'fpd', 'receipt_datetime', ('sum_cashless', 'sum_advance')])
def test_no_proof_is_claimed_where_a_part_is_missing(client, missing):
    names = missing if isinstance(missing, tuple) else (missing,)
    told = {name: value for name, value in PRINTED.items() if name not in names}
    result = client(answer(told), token=None).status('a1b2c3-TX-1', '7001')
    assert (result.state, result.fiscal) == ('done', None)


@pytest.mark.parametrize(('key', 'page'), [
    ('a/b', '/receipt/a%2Fb/?rc_id=7001'), ('', ''), (None, ''), (7, ''), ([], '')])
def test_page_of_the_buyer(client, key, page):
    register = client(answer({**PRINTED, 'fop_receipt_key': key}), token=None)
    url = register.status('', '7001').url
    assert url.endswith(page) and bool(url) is bool(page)


def test_sum_that_is_none(client):
    told = {**PRINTED, 'sum_cashless': 'много'}
    assert client(answer(told), token=None).status('', '7001').fiscal is None


@pytest.mark.parametrize(('word', 'state'), [
    ('created', 'accepted'), ('new_word', 'accepted'), ('SUCCESS', 'done'), ('failed', 'failed'),
    ('error', 'failed'), ('fail', 'failed')])
def test_states(client, word, state):
    register = client(answer({**PRINTED, 'status': word}), token=None)
    assert register.status('a1b2c3-TX-1', '7001').state == state


@pytest.mark.parametrize(('step', 'error'), [
    (answer({**PRINTED, 'receipt_key': 'another'}), base.OutcomeUnknown),
    (answer({**PRINTED, 'status': ''}), base.OutcomeUnknown),
    (answer([PRINTED, PRINTED]), base.OutcomeUnknown),
    (answer('<h1>Hello</h1>'), base.OutcomeUnknown),
    (answer({'result': 'fail', 'msg': 'Чек не найден'}), base.Rejected),
    (answer('', 401), base.Unauthorized),
    (answer('', 403), base.NotSent),
    (close, base.OutcomeUnknown),
])
def test_what_is_no_state(client, step, error):
    with pytest.raises(error):
        client(step, token=None).status('a1b2c3-TX-1', '7001')


def test_till_refused(client):
    told = {**PRINTED, 'status': 'failed', 'error': 'Нет бумаги'}
    assert client(answer(told), token=None).status('', '7001') == base.Result(
        state='failed', task='7001', message='Нет бумаги')
    told = {**PRINTED, 'status': 'failed', 'msg': 'Смена'}
    assert client(answer(told), token=None).status('', '7001').message == 'Смена'
    told = {**PRINTED, 'status': 'failed'}
    assert 'without a reason' in client(answer(told), token=None).status('', '7001').message


@pytest.mark.parametrize('key', [None, '', 'a1b2c3-TX-1'])
def test_receipt_that_is_asked_for(client, key):
    told = {**PRINTED, 'receipt_key': key}
    assert client(answer(told), token=None).status('a1b2c3-TX-1', '7001').state == 'done'


# === THE REST === #

@pytest.mark.parametrize('body', [
    b'id=7001&receipt_key=a1-1&status=success', b'{"receipt_key": "a1-1"}'])
def test_callback_proves_nothing(body):
    assert make().parse_callback(body, {}, '') == ('a1-1', None)


@pytest.mark.parametrize('body', [
    b'', b'{}', b'{"receipt_key": 5}', b'hello', b'\xff', b'receipt_key=', b'{'])
def test_callback_that_says_nothing(body):
    with pytest.raises(base.InvalidCallback):
        make().parse_callback(body, {}, '')


def test_check(client):
    register = client()
    assert register.check().prints is None


def test_secrets_are_not_shown():
    assert 'secret' not in repr(make())


def test_insecure_address():
    with pytest.raises(ValueError, match='https'):
        make('http://school.server.paykeeper.ru')


def test_headers(client):
    register = client(answer({'receipt_id': 7001}))
    register.register(receipt())
    token, sent = register.server.requests
    assert sent.headers['Content-Type'] == 'application/x-www-form-urlencoded'
    assert token.headers['Accept'] == sent.headers['Accept'] == 'application/json'
