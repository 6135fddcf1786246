""" ATOL Online is sent what its protocol asks for, and no answer is taken for what it is not. """

import json
from datetime import date, datetime
from decimal import Decimal

import pytest

from tests.api.server import (
    answer,
    close,
    closed_port,
    garbage,
    half_status_line,
    reset,
    silence,
)
from tests.fiscal.receipts import SUPPLIER, item, receipt
from tochka_fiscal.receipt import Correction
from tochka_fiscal.registers import atol, base

PASSWORD = 'password-of-the-shop'
UUID = '2ea26f17-0884-4f08-b120-306fc096a58f'
TOKEN = answer({'error': None, 'token': 'token-1', 'timestamp': '26.11.2026 12:00:00'})
PAYLOAD = {
    'total': 1000.5, 'fns_site': 'www.nalog.gov.ru', 'fn_number': '9999078900005430',
    'shift_number': 23, 'receipt_datetime': '26.11.2026 12:01:30', 'fiscal_receipt_number': 6,
    'fiscal_document_number': 1212, 'ecr_registration_number': '0000111118041361',
    'fiscal_document_attribute': 1911055232,
    'ofd_receipt_url': 'https://consumer.1-ofd.ru/v1?t=20261126',
}


def make(url='https://online.atol.ru/possystem', ffd='1.2', **options):
    return atol.Atol(**{
        'url': url, 'login': 'school', 'password': PASSWORD, 'group': 'school_ru_1',
        'inn': '7736207543', 'sender': 'office@school.example.com', 'ffd': ffd, 'timeout': (1, 1),
        'now': lambda: datetime(2026, 11, 26, 12, 0, 5), **options,
    })


@pytest.fixture
def client(serve):
    """ Return a function that makes a client of a scripted server. """
    def start(*steps, token=TOKEN, **options):
        server = serve(*([token] if token else []), *steps)
        made = make(f'http://127.0.0.1:{server.port}/possystem', **options)
        made.server = server
        return made

    atol._tokens.clear()
    yield start
    atol._tokens.clear()


def refusal(number, text='Отказ', status=400, **values):
    return answer({
        'error': {'error_id': 'e1', 'code': number, 'text': text, 'type': 'system'},
        'timestamp': '26.11.2026 12:00:06', **values}, status)


# === THE DOCUMENT === #

def sold():
    return receipt(
        item(100050, '3', name='Занятие', vat='vat22', method='full_payment', subject='service'),
        item(25000, '0.5', name='Чай', vat='none', method='advance', subject='goods', measure=11,
             agent='commissionaire', supplier=SUPPLIER),
        payments={'prepaid': 25050, 'cashless': 100000}, taxation_system='usn_income')


def test_receipt_of_ffd_1_2():
    """ Worked out by hand from the protocol. """
    assert make().build(sold(), 'https://odoo.example.com/fiscal/callback/1') == ('sell', {
        'timestamp': '26.11.2026 12:00:05',
        'external_id': 'a1b2c3-TX-1',
        'receipt': {
            'client': {'email': 'parent@example.com'},
            'company': {
                'email': 'office@school.example.com', 'sno': 'usn_income', 'inn': '7736207543',
                'payment_address': 'https://school.example.com',
            },
            'items': [
                {'name': 'Занятие', 'price': 333.5, 'quantity': 3, 'sum': 1000.5,
                 'payment_method': 'full_payment', 'payment_object': 4, 'measure': 0,
                 'vat': {'type': 'vat22'}},
                {'name': 'Чай', 'price': 500, 'quantity': 0.5, 'sum': 250,
                 'payment_method': 'advance', 'payment_object': 1, 'measure': 11,
                 'vat': {'type': 'none'}, 'agent_info': {'type': 'commission_agent'},
                 'supplier_info': {'inn': '7736207543', 'name': 'ООО «Поставщик»',
                                   'phones': ['+74951234567']}},
            ],
            'payments': [{'type': 2, 'sum': 250.5}, {'type': 1, 'sum': 1000}],
            'total': 1250.5,
            'internet': True,
        },
        'service': {'callback_url': 'https://odoo.example.com/fiscal/callback/1'},
    })


def test_receipt_of_ffd_1_05():
    operation, body = make(ffd='1.05').build(sold())
    assert operation == 'sell' and 'service' not in body
    lesson, tea = body['receipt']['items']
    assert lesson == {
        'name': 'Занятие', 'price': 333.5, 'quantity': 3, 'sum': 1000.5,
        'payment_method': 'full_payment', 'payment_object': 'service', 'measurement_unit': 'шт.',
        'vat': {'type': 'vat22'}}
    assert (tea['payment_object'], tea['measurement_unit']) == ('commodity', 'кг.')


def test_return_by_phone():
    operation, body = make().build(receipt(kind='income_return', email='', phone='+79991234567'))
    assert (operation, body['receipt']['client']) == ('sell_refund', {'phone': '+79991234567'})


def test_correction_of_ffd_1_05():
    """ 1220 roubles with 22 % hold 220 of tax; of "no VAT" the turnover itself is named. """
    lines = item(122000, vat='vat22'), item(50000)
    correction = Correction(day=date(2026, 3, 1), order='17-2')
    assert make(ffd='1.05').build(receipt(*lines, correction=correction)) == ('sell_correction', {
        'timestamp': '26.11.2026 12:00:05',
        'external_id': 'a1b2c3-TX-1',
        'correction': {
            'company': {'sno': 'osn', 'inn': '7736207543',
                        'payment_address': 'https://school.example.com'},
            'correction_info': {
                'type': 'instruction', 'base_date': '01.03.2026', 'base_number': '17-2'},
            'payments': [{'type': 1, 'sum': 1720}],
            'vats': [{'type': 'vat22', 'sum': 220}, {'type': 'none', 'sum': 500}],
            'client': {'email': 'parent@example.com'},
            'internet': True,
        },
    })


def test_marked_piece():
    mark = '0104601234567890215abcdefgh'
    one = receipt(item(100000, subject='goods', mark=mark))
    [line] = make().build(one)[1]['receipt']['items']
    assert line.items() >= {
        'mark_code': {'gs1m': mark}, 'mark_processing_mode': '0', 'planned_status': 1,
        'payment_object': 33}.items()
    for wrong, ffd in ((one, '1.05'), (receipt(item(2000, '2', mark=mark)), '1.2')):
        with pytest.raises(base.Unsupported):
            make(ffd=ffd).build(wrong)


def test_too_many_lines():
    with pytest.raises(base.Unsupported, match='100 lines'):
        make().build(receipt(*[item(100)] * 101))


# === WHAT BECOMES OF A CALL === #

def test_taken(client):
    register = client(answer({'uuid': UUID, 'status': 'wait', 'error': None}))
    assert register.register(receipt()) == base.Result(state='accepted', task=UUID)
    token, sent = register.server.requests
    assert json.loads(token.body) == {'login': 'school', 'pass': PASSWORD}
    assert token.path == '/possystem/v5/getToken'
    assert sent.path == '/possystem/v5/school_ru_1/sell'
    assert sent.headers['Token'] == 'token-1'


@pytest.mark.parametrize(('step', 'outcome'), [
    (close, base.OutcomeUnknown), (reset, base.OutcomeUnknown), (silence, base.OutcomeUnknown),
    (half_status_line, base.OutcomeUnknown), (garbage, base.OutcomeUnknown),
    (answer({'uuid': UUID, 'error': None}, cut=5), base.OutcomeUnknown),
    (answer('<html>', content_type='text/html'), base.OutcomeUnknown),
    (answer([]), base.OutcomeUnknown), (answer({}), base.OutcomeUnknown),
    (answer({'uuid': 7}), base.OutcomeUnknown), (answer('', 502), base.OutcomeUnknown),
    (answer({}, 302, headers={'Location': 'https://evil.example.com'}), base.OutcomeUnknown),
    (refusal(40), base.OutcomeUnknown), (answer({'error': {'code': 'x'}}, 400),
                                         base.OutcomeUnknown),
    (refusal(32), base.Rejected), (refusal(31), base.Rejected), (refusal(14), base.Unauthorized),
    (refusal(20, status=401), base.Unauthorized), (refusal(21, status=401), base.Unauthorized),
    (answer({}, 401), base.Unauthorized),
])
def test_outcomes(client, step, outcome):
    with pytest.raises(base.RegisterError) as caught:
        client(step).register(receipt())
    assert type(caught.value) is outcome


def test_known_already(client):
    with pytest.raises(base.Duplicate) as caught:
        client(answer({
            'uuid': UUID, 'status': 'wait',
            'error': {'code': 33, 'text': 'Документ уже существует'}}, 400)).register(receipt())
    assert caught.value.task == UUID


def test_refused_token_is_asked_for_once_more(client):
    for number in (10, 11):
        atol._tokens.clear()
        register = client(
            refusal(number, status=401), answer({'token': 'token-2', 'error': None}),
            answer({'uuid': UUID, 'status': 'wait', 'error': None}))
        assert register.register(receipt()).task == UUID
        assert [one.headers.get('Token') for one in register.server.requests] == [
            None, 'token-1', None, 'token-2']
    atol._tokens.clear()
    register = client(refusal(11, status=401), TOKEN, refusal(11, status=401))
    with pytest.raises(base.Unauthorized):
        register.register(receipt())


@pytest.mark.parametrize(('step', 'outcome'), [
    (close, base.NotSent), (silence, base.NotSent), (answer('', 502), base.NotSent),
    (refusal(12, 'Неверный логин или пароль', 401), base.Unauthorized),
    (answer({'token': ''}), base.Unauthorized),
])
def test_no_token_sends_nothing(client, step, outcome):
    register = client(token=step)
    with pytest.raises(outcome):
        register.register(receipt())
    assert all('/sell' not in one.path for one in register.server.requests)


def test_not_sent():
    atol._tokens.clear()
    with pytest.raises(base.NotSent):
        make(f'http://127.0.0.1:{closed_port()}').register(receipt())


def test_printed(client):
    register = client(answer({
        'uuid': UUID, 'status': 'done', 'error': None, 'payload': PAYLOAD}))
    result = register.status('key', UUID)
    assert result == base.Result(
        state='done', task=UUID, url=PAYLOAD['ofd_receipt_url'], fiscal=base.FiscalData(
            storage='9999078900005430', document='1212', sign='1911055232',
            moment=datetime(2026, 11, 26, 12, 1, 30), total=100050, shift='23', number='6',
            register='0000111118041361'))
    assert register.server.requests[1].path == f'/possystem/v5/school_ru_1/report/{UUID}'


@pytest.mark.parametrize('payload', [
    None, {}, {**PAYLOAD, 'total': 1000.505}, {**PAYLOAD, 'receipt_datetime': 'today'},
    {name: value for name, value in PAYLOAD.items() if name != 'fn_number'},
])
def test_printed_without_the_proof(client, payload):
    with pytest.raises(base.OutcomeUnknown):
        client(answer({'status': 'done', 'payload': payload})).status('key', UUID)


def test_waits_and_fails(client):
    waits = {'uuid': UUID, 'status': 'wait', 'error': None, 'payload': None}
    assert client(answer(waits)).status('key', UUID).state == 'accepted'
    not_ready = {**waits, 'error': {'code': 34, 'text': 'Не готов'}}
    assert client(answer(not_ready)).status('key', UUID).state == 'accepted'
    failed = {**waits, 'status': 'fail', 'error': {'code': 3807, 'text': 'Нет бумаги'}}
    assert client(answer(failed)).status('key', UUID) == base.Result(
        state='failed', task=UUID, message='Нет бумаги')


def test_callback_proves_nothing():
    register = make()
    body = json.dumps({'external_id': 'a1-1', 'status': 'done', 'payload': PAYLOAD}).encode()
    assert register.parse_callback(body, {}, '') == ('a1-1', None)
    for wrong in (b'', b'[]', b'{}', b'{"external_id": 7}', b'{"external_id": ""}', b'\xff'):
        with pytest.raises(base.InvalidCallback):
            register.parse_callback(wrong, {}, '')


def test_nothing_shows_secrets_or_people(client):
    register = client(refusal(32, 'client.email: parent@example.com'))
    with pytest.raises(base.Rejected) as caught:
        register.register(receipt())
    shown = f'{caught.value} {caught.value!r} {register!r}'
    assert 'parent' not in shown and PASSWORD not in shown and 'token-1' not in shown


@pytest.mark.parametrize(('vat', 'kopecks'), [
    ('vat22', 22000), ('vat122', 22000), ('vat20', 20333), ('vat10', 11091), ('vat5', 5810),
    ('vat107', 7981), ('vat0', 122000), ('none', 122000),
])
def test_tax_in_an_amount(vat, kopecks):
    assert atol._share_of_vat(vat, 122000) == kopecks
    assert isinstance(atol._roubles(1), float) and Decimal(str(atol._roubles(1))) == Decimal('0.01')
