""" KOMTET Kassa is sent what its own client would send, and believed only when it has signed. """

import json
from datetime import date, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.api.server import (
    answer,
    close,
    closed_port,
    deaf_port,
    garbage,
    half_status_line,
    reset,
    silence,
)
from tests.fiscal.receipts import all_receipts, item, receipt
from tochka_fiscal.receipt import Correction
from tochka_fiscal.registers import base, common
from tochka_fiscal.registers.komtet import Komtet

SECRET = 'secret-of-the-shop'
URL = 'https://kassa.komtet.ru'
CALLBACK = 'https://school.example.com/fiscal/komtet'
FISCAL = {
    'i': '1212', 'fn': '9999078900005430', 'fp': '1911055232', 't': '20260407T1535', 's': '1000.50',
    'n': 1, 'rn': '0000000000025874', 'sh': '12', 'shn': '7',
}


def make(url=URL, **options):
    return Komtet(url, '18', SECRET, '143', timeout=(1, 1), **options)


def komtet(server):
    return make(f'http://127.0.0.1:{server.port}')


def test_offers_what_each_register_offers():
    offered = [name for name in vars(base.Register) if not name.startswith('_')]
    assert 'register' in offered and 'asks_by_key' in offered
    for name in offered:
        assert hasattr(Komtet, name), name


# === SIGNATURE === #

@pytest.mark.parametrize(('key', 'method', 'path', 'body', 'signature'), [
    # The first four are those of the service's own clients.
    ('key1234', 'GET', '/api/shop/v1/queues/125', b'', 'cc30e8e8b031d6edc15d88268ee80052'),
    ('key1234', 'POST', '/api/shop/v1/queues/125/task', b'{"foo":"bar"}',
     '7e740fe94306fcabc244df0c09386709'),
    ('secret-key', 'GET', '/api/shop/v2/queues/1', b'', '4f055e21e84b0d014b3e0b235e391c64'),
    ('secret-key', 'POST', '/api/shop/v2/queues/3/task', b'{"key": 10.0}',
     'd5aa2f6177ba2f4f94218ed9587454be'),
])
def test_signature(key, method, path, body, signature):
    assert Komtet(URL, '18', key, '1').sign(method, URL + path, body) == signature


def test_signature_of_a_callback():
    assert Komtet(URL, '18', 'secret-key', '1').sign(
        'POST', 'https://shop.example/komtet/callback', b'{"external_id": "SO1-1", "state": "done"}'
    ) == '880942ef1d064693bbcb639b99603f94'


def test_exactly_the_signed_bytes_are_sent(serve):
    server = serve(answer({'id': 7, 'state': 'new'}))
    register = komtet(server)
    register.register(receipt(item(100050, name='Занятие № 1')), CALLBACK)
    [request] = server.requests
    url = f'http://127.0.0.1:{server.port}{request.target}'
    assert (request.method, request.path) == ('POST', '/api/shop/v2/queues/143/task')
    assert request.headers['Authorization'] == '18'
    assert request.headers['X-Hmac-Signature'] == register.sign('POST', url, request.body)
    assert request.headers['Content-Type'] == 'application/json'
    assert SECRET not in str(request)


# === WHAT IS SENT === #

def test_golden():
    """ Worked out by hand: what FFD asks for, in the service's words. """
    sent = make().build(receipt(
        item(10000, '3', name='Учебник', vat='vat22', subject='goods', method='full_prepayment'),
        item(50050), payments={'cashless': 60050}, taxation_system='usn_income_outcome',
    ), CALLBACK)
    assert sent == {
        'external_id': 'a1b2c3-TX-1', 'intent': 'sell', 'print': False, 'internet': True,
        'callback_url': CALLBACK,
        'client': {'email': 'parent@example.com'},
        'company': {'payment_address': 'https://school.example.com', 'sno': 2},
        'payments': [{'sum': 600.5, 'type': 'card'}],
        'positions': [
            {'name': 'Учебник', 'price': 33.33, 'quantity': 2, 'total': 66.66, 'vat': '22',
             'measure': 0, 'payment_method': 'pre_payment_full', 'payment_object': 'product'},
            {'name': 'Учебник', 'price': 33.34, 'quantity': 1, 'total': 33.34, 'vat': '22',
             'measure': 0, 'payment_method': 'pre_payment_full', 'payment_object': 'product'},
            {'name': 'Занятие', 'price': 500.5, 'quantity': 1, 'total': 500.5, 'vat': 'no',
             'measure': 0, 'payment_method': 'full_payment', 'payment_object': 'service'},
        ],
    }


def build_by_the_sdk(sdk, one):
    """ Build the same check with the service's own client. """
    systems = {'osn': 0, 'usn_income': 1, 'usn_income_outcome': 2, 'esn': 4, 'patent': 5}
    methods = {'full_prepayment': 'PRE_PAYMENT_FULL', 'prepayment': 'PRE_PAYMENT_PART',
               'advance': 'ADVANCE', 'full_payment': 'FULL_PAYMENT',
               'partial_payment': 'CREDIT_PART'}
    subjects = {'goods': 'PRODUCT', 'service': 'SERVICE', 'work': 'WORK', 'payment': 'PAYMENT',
                'other': 'OTHER'}
    payments = {'cash': 'CASH', 'cashless': 'CARD', 'prepaid': 'PREPAYMENT', 'credit': 'CREDIT',
                'counter': 'COUNTER_PROVISIONING'}
    check = sdk.Check(one.key, {'income': sdk.Intent.SELL,
                                'income_return': sdk.Intent.RETURN}[one.kind])
    check.set_client(**({'email': one.email} if one.email else {'phone': one.phone}))
    check.set_company(payment_address=one.address, tax_system=systems[one.taxation_system])
    for name, amount in one.payments.items():
        check.add_payment(Decimal(amount) / 100, getattr(sdk.PaymentType, payments[name]))
    for line in one.lines:
        position = sdk.Position(
            name=line.name, price=Decimal(line.price) / 100, quantity=line.quantity,
            total=Decimal(line.total) / 100, measure=line.measure,
            vat=sdk.VatRate.parse({'none': 'no'}.get(line.vat, line.vat.removeprefix('vat'))),
            payment_method=getattr(sdk.PaymentMethod, methods[line.method]),
            payment_object=sdk.PaymentObject.TM if line.mark else getattr(
                sdk.PaymentObject, subjects[line.subject]))
        if line.mark:
            position.set_mark_code(sdk.MarkTypes.GS1M, line.mark)
            position.set_planned_status({'income': 1, 'income_return': 3}[one.kind])
        if line.agent:
            position.set_agent(sdk.Agent(
                getattr(sdk.AgentType, line.agent.upper()), line.supplier.phones[0],
                line.supplier.name, line.supplier.inn))
        check.add_position(position)
    check.set_internet(one.internet)
    check.set_callback_url(CALLBACK)
    return dict(check)


@pytest.mark.parametrize('name', all_receipts())
def test_same_as_the_services_own_client(name):
    sdk = pytest.importorskip('komtet_kassa_sdk.v2')
    one = all_receipts()[name]
    theirs = json.loads(json.dumps(build_by_the_sdk(sdk, one), default=float))
    assert json.loads(json.dumps(make().build(one, CALLBACK))) == theirs


def test_there_are_enough_of_them():
    assert len(all_receipts()) >= 40


@pytest.mark.parametrize('method', ['credit', 'credit_payment'])
def test_sale_on_credit_is_not_guessed(method):
    with pytest.raises(base.Unsupported, match='by hand'):
        make().build(receipt(item(100000, method=method)))


@given(st.integers(1, 10**13))
def test_kopecks_are_written_exactly(kopecks):
    text = json.dumps(common.number(Decimal(kopecks).scaleb(-2)))
    assert Decimal(text) * 100 == kopecks and 'e' not in text


@given(st.decimals('0.000001', '99999999', places=6))
def test_quantities_are_written_exactly(quantity):
    assert Decimal(json.dumps(common.number(quantity))) == quantity


# === WHAT BECOMES OF A CALL === #

@pytest.mark.parametrize(('step', 'outcome'), [
    (close, base.OutcomeUnknown), (reset, base.OutcomeUnknown), (silence, base.OutcomeUnknown),
    (half_status_line, base.OutcomeUnknown), (garbage, base.OutcomeUnknown),
    (answer({'id': 7, 'state': 'new'}, cut=5), base.OutcomeUnknown),
    (answer('<html>', content_type='text/html'), base.OutcomeUnknown),
    (answer([]), base.OutcomeUnknown), (answer({}), base.OutcomeUnknown),
    (answer({}, 302, headers={'Location': 'https://evil.example.com'}), base.OutcomeUnknown),
    (answer({'title': 'x'}, 500), base.OutcomeUnknown), (answer('', 502), base.OutcomeUnknown),
    (answer('', 429), base.OutcomeUnknown),
    (answer({'title': 'Ошибка', 'code': 'AUT00'}, 403), base.Unauthorized),
    (answer({'title': 'Ошибка валидации', 'code': 'VLD05', 'description': 'sno'}, 422),
     base.Rejected),
    (answer('', 404), base.Unauthorized), (answer({'title': 'Ошибка'}, 400), base.Rejected),
    (answer({'title': 'Ошибка'}, 499), base.Rejected),
    (answer({'title': 'Ошибка валидации', 'code': 'VLD11'}, 422), base.Duplicate),
    (answer({'description': 'external_id: Чек с внешним идентификатором X уже существует'}, 422),
     base.Duplicate),
])
def test_outcomes(serve, step, outcome):
    with pytest.raises(base.RegisterError) as caught:
        komtet(serve(step)).register(receipt())
    assert type(caught.value) is outcome


def test_not_sent():
    for port in (closed_port(),):
        with pytest.raises(base.NotSent):
            make(f'http://127.0.0.1:{port}').register(receipt())
    with deaf_port() as port, pytest.raises(base.NotSent):
        make(f'http://127.0.0.1:{port}').register(receipt())


def test_refusal_names_code_and_text_and_no_person(serve):
    server = serve(answer({
        'title': 'Ошибка валидации', 'code': 'VLD05',
        'description': 'client.email: parent@example.com, +7 (999) 123-45-67',
    }, 422))
    with pytest.raises(base.Rejected) as caught:
        komtet(server).register(receipt())
    text = f'{caught.value} {caught.value!r}'
    assert 'Ошибка валидации' in text and 'VLD05' in text and 'HTTP 422' in text
    assert 'parent' not in text and '999' not in text
    assert caught.value.__cause__ is None or SECRET not in repr(caught.value.__cause__)


@pytest.mark.parametrize('url', [
    'http://kassa.komtet.ru', 'ftp://kassa.komtet.ru', 'https://', 'https://user@kassa.komtet.ru',
    'https://kassa.komtet.ru?x=1', 'kassa.komtet.ru',
])
def test_secrets_go_to_https_only(url):
    with pytest.raises(ValueError):
        make(url)


# === ANSWERS === #

def test_taken(serve):
    for body in ({'id': 7, 'external_id': 'k', 'state': 'new'}, {'task': {'id': 7, 'state': 'new'}},
                 {'id': 7, 'state': 'processing'}):
        assert komtet(serve(answer(body))).register(receipt()) == base.Result(
            state='accepted', task='7')


def test_printed(serve):
    server = serve(answer({'id': 7, 'state': 'done', 'fiscal_data': FISCAL,
                           'receipt_url': 'https://consumer.example.com/7'}))
    result = komtet(server).status('key', '7')
    assert server.requests[0].path == '/api/shop/v2/tasks/7'
    assert (result.state, result.url) == ('done', 'https://consumer.example.com/7')
    assert result.fiscal == base.FiscalData(
        storage='9999078900005430', document='1212', sign='1911055232',
        moment=datetime(2026, 4, 7, 15, 35), total=100050, kind=1, shift='12', number='7',
        register='0000000000025874')
    assert result.fiscal.qr == (
        't=20260407T1535&s=1000.50&fn=9999078900005430&i=1212&fp=1911055232&n=1')


@pytest.mark.parametrize('data', [
    None, {}, {**FISCAL, 's': 'x'}, {**FISCAL, 't': 'yesterday'}, {**FISCAL, 's': '1.005'},
    {name: value for name, value in FISCAL.items() if name != 'fp'},
])
def test_printed_without_a_proof_is_asked_for_again(serve, data):
    server = serve(answer({'id': 7, 'state': 'done', 'fiscal_data': data}))
    assert komtet(server).status('key', '7').state == 'accepted'


def test_number_that_is_no_number(serve):
    """ Whatever the service calls a task: it is asked for by that. """
    server = serve(answer({'id': 'a-7', 'state': 'new'}))
    register = komtet(server)
    assert register.status('key', register.register(receipt()).task).task == 'a-7'
    assert server.requests[1].path == '/api/shop/v2/tasks/a-7'


def test_till_refused(serve):
    server = serve(answer({'id': 7, 'state': 'error', 'error_description': 'ИНН не совпадает'}))
    assert komtet(server).status('key', '7') == base.Result(
        state='failed', task='7', message='ИНН не совпадает')


@pytest.mark.parametrize(('state', 'prints'), [('active', True), ('passive', False), ('x', False)])
def test_queue(serve, state, prints):
    server = serve(answer({'id': 143, 'name': 'School', 'state': state}))
    assert komtet(server).check().prints is prints
    assert server.requests[0].path == '/api/shop/v2/queues/143'


# === CALLBACKS === #

def test_callback():
    body = json.dumps({'external_id': 'a1-1', 'id': 7, 'state': 'done', 'fiscal_data': FISCAL})
    register = make()
    signature = register.sign('POST', CALLBACK, body.encode())
    key, result = register.parse_callback(
        body.encode(), {'X-HMAC-Signature': signature}, CALLBACK)
    assert (key, result.state, result.task) == ('a1-1', 'done', '7')
    key, result = register.parse_callback(
        body.encode(), {'X-HMAC-Signature': signature.upper()}, CALLBACK)
    assert result.fiscal


@pytest.mark.parametrize('change', ['body', 'signature', 'url', 'missing', 'secret'])
def test_forged_callback(change):
    body = b'{"external_id": "a1-1", "state": "done"}'
    register = make()
    signature = register.sign('POST', CALLBACK, body)
    changed, sign, url = {
        'body': (body + b' ', signature, CALLBACK),
        'signature': (body, signature[:-1] + ('0' if signature[-1] != '0' else '1'), CALLBACK),
        'url': (body, signature, CALLBACK.replace('https', 'http')),
        'missing': (body, None, CALLBACK),
        'secret': (body, Komtet(URL, '18', 'x', '1').sign('POST', CALLBACK, body), CALLBACK),
    }[change]
    with pytest.raises(base.InvalidCallback, match='signature'):
        register.parse_callback(changed, {'X-HMAC-Signature': sign} if sign else {}, url)


@pytest.mark.parametrize('body', [b'', b'[]', b'{}', b'null', b'{"external_id": "a"}', b'\xff'])
def test_callback_that_says_nothing(body):
    register = make()
    with pytest.raises(base.InvalidCallback, match='nothing'):
        register.parse_callback(
            body, {'X-HMAC-Signature': register.sign('POST', CALLBACK, body)}, CALLBACK)


def test_nothing_shows_the_secret():
    assert SECRET not in repr(make())


# === CORRECTIONS === #

def correction(**values):
    return receipt(correction=Correction(day=date(2026, 3, 1)), **values)


def test_correction():
    body = Komtet(URL, '18', SECRET, '143', person='Иванова А. А.').build(
        receipt(correction=Correction(day=date(2026, 3, 1), order='17-2')))
    assert (body['intent'], body['correction_info'], body['authorised_person']) == (
        'sellCorrection',
        {'type': 'instruction', 'base_date': '01.03.2026', 'base_number': '17-2'},
        {'name': 'Иванова А. А.'})


@pytest.mark.parametrize(('options', 'values', 'words'), [
    ({'ffd': '1.05', 'person': 'Иванова'}, {}, 'FFD 1.2'),
    ({}, {}, 'who makes corrections'),
])
def test_correction_that_is_not_sent(options, values, words):
    with pytest.raises(base.Unsupported, match=words):
        Komtet(URL, '18', SECRET, '143', **options).build(correction(**values))


def test_sign_of_the_wrong_receipt():
    body = Komtet(URL, '18', SECRET, '143').build(receipt(wrong_sign='1911055232'))
    assert (body['intent'], body['additional_check_props']) == ('sell', '1911055232')
    # In a correction, too: `CorrectionCheck.set_additional_check_props` of the service's clients.
    body = make(person='Иванова').build(correction(wrong_sign='1911055232'))
    assert (body['intent'], body['additional_check_props']) == ('sellCorrection', '1911055232')


def test_mark_is_of_one_piece():
    with pytest.raises(base.Unsupported, match='one piece'):
        make().build(receipt(item(20000, '2', subject='goods', mark='0104601234567890215abc')))
    [line] = make().build(receipt(item(100, mark='AB-1')))['positions']
    assert (line['mark_code'], line['payment_object']) == ({'unknown': 'AB-1'}, 'service')


def test_another_receipt(serve):
    told = {'id': 7, 'external_id': 'another', 'state': 'new'}
    with pytest.raises(base.OutcomeUnknown, match='another receipt') as caught:
        komtet(serve(answer(told))).status('a1-1', '7')
    assert caught.value.alone
    assert komtet(serve(answer(told))).status('', '7').state == 'accepted'


def test_headers_and_signature_of_a_question(serve):
    server = serve(answer({'id': 7, 'state': 'new'}))
    register = komtet(server)
    register.status('', '7')
    [request] = server.requests
    assert (request.method, request.body) == ('GET', b'')
    assert request.headers['Accept'] == 'application/json'
    url = f'http://127.0.0.1:{server.port}/api/shop/v2/tasks/7'
    assert request.headers['X-Hmac-Signature'] == register.sign('GET', url, b'') == (
        register.sign('GET', url))


def test_proof_without_what_the_law_does_not_ask_for(serve):
    told = {name: value for name, value in FISCAL.items() if name not in ('rn', 'sh', 'shn')}
    server = serve(answer({'id': 7, 'state': 'done', 'fiscal_data': told}))
    fiscal = komtet(server).status('', '7').fiscal
    assert (fiscal.shift, fiscal.number, fiscal.register) == ('', '', '')
