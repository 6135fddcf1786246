""" ATOL Online is sent what its protocol asks for, and no answer is taken for what it is not. """

import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone

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
from tochka_fiscal import const
from tochka_fiscal.receipt import Correction
from tochka_fiscal.registers import atol, base
from tochka_fiscal.settlement import share_of_vat

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


def refusal(number, text='Отказ', http=400, kind='system', **values):
    return answer({
        'error': {'error_id': 'e1', 'code': number, 'text': text, 'type': kind},
        'timestamp': '26.11.2026 12:00:06', **values}, http)


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
    """ Worked out by hand from the protocol. """
    assert make(ffd='1.05').build(sold()) == ('sell', {
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
                 'payment_method': 'full_payment', 'payment_object': 'service',
                 'measurement_unit': 'шт.', 'vat': {'type': 'vat22'}},
                {'name': 'Чай', 'price': 500, 'quantity': 0.5, 'sum': 250,
                 'payment_method': 'advance', 'payment_object': 'commodity',
                 'measurement_unit': 'кг.', 'vat': {'type': 'none'},
                 'agent_info': {'type': 'commission_agent'},
                 'supplier_info': {'inn': '7736207543', 'name': 'ООО «Поставщик»',
                                   'phones': ['+74951234567']}},
            ],
            'payments': [{'type': 2, 'sum': 250.5}, {'type': 1, 'sum': 1000}],
            'total': 1250.5,
            'internet': True,
        },
    })


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


def test_correction_of_ffd_1_05_of_ones_own_accord():
    """ It has a number, too (schema 5.23): the one under which it stands in Odoo. """
    one = receipt(correction=Correction(day=date(2026, 3, 1)), key='x' * 40 + '-17-1')
    [_operation, body] = make(ffd='1.05').build(one)
    assert body['correction']['correction_info'] == {
        'type': 'self', 'base_date': '01.03.2026', 'base_number': 'x' * 27 + '-17-1'}


def test_correction_of_ffd_1_2():
    """ It has lines, and the fiscal sign of the wrong receipt. """
    correction = Correction(day=date(2026, 3, 1))
    operation, body = make().build(receipt(
        kind='income_return', correction=correction, wrong_sign='1911055232'))
    assert (operation, set(body)) == (
        'sell_refund_correction', {'timestamp', 'external_id', 'correction'})
    assert body['correction'] == {
        'client': {'email': 'parent@example.com'},
        'company': {
            'email': 'office@school.example.com', 'sno': 'osn', 'inn': '7736207543',
            'payment_address': 'https://school.example.com',
        },
        'correction_info': {'type': 'self', 'base_date': '01.03.2026'},
        'items': [
            {'name': 'Занятие', 'price': 1000, 'quantity': 1, 'sum': 1000,
             'payment_method': 'full_payment', 'payment_object': 4, 'measure': 0,
             'vat': {'type': 'none'}},
        ],
        'payments': [{'type': 1, 'sum': 1000}],
        'total': 1000,
        'internet': True,
        'additional_check_props': '1911055232',
    }


def test_what_a_correction_of_ffd_1_05_cannot_say():
    correction = Correction(day=date(2026, 3, 1))
    register = make(ffd='1.05')
    with pytest.raises(base.Unsupported, match='return and a new receipt'):
        register.build(receipt(correction=correction, wrong_sign='1911055232'))
    rates = ('none', 'vat0', 'vat5', 'vat7', 'vat10', 'vat20', 'vat22')
    with pytest.raises(base.Unsupported, match='6 VAT rates'):
        register.build(receipt(*[item(100, vat=vat) for vat in rates], correction=correction))
    many = receipt(*[item(100)] * 101, correction=correction)
    assert register.build(many)[1]['correction']['payments'] == [{'type': 1, 'sum': 101}]


def test_marked_piece():
    """ A code of GS1 goes in Base64: after its serial number stands a character that can't be
    printed.
    """
    mark = '0104601234567890215abcdefgh\x1d93abcd'
    one = receipt(item(100000, subject='goods', mark=mark))
    [line] = make().build(one)[1]['receipt']['items']
    assert line.items() >= {
        'mark_code': {'gs1m': 'MDEwNDYwMTIzNDU2Nzg5MDIxNWFiY2RlZmdoHTkzYWJjZA=='},
        'mark_processing_mode': '0', 'planned_status': 1, 'payment_object': 33}.items()
    [back] = make().build(replace(one, kind='income_return'))[1]['receipt']['items']
    assert back['planned_status'] == 3
    [other] = make().build(receipt(item(100, mark='AB-1')))[1]['receipt']['items']
    assert other['mark_code'] == {'unknown': 'AB-1'}
    # 200 characters in Base64 are 150 bytes.
    for longest in ('x' * 32, '010460123456789021'.ljust(150, 'x')):
        make().build(receipt(item(100, mark=longest)))
    for wrong, ffd in (
        (receipt(item(100, mark='010460123456789021'.ljust(151, 'x'))), '1.2'),
        (one, '1.05'), (receipt(item(2000, '2', mark=mark)), '1.2'),
        (receipt(item(100, mark='x' * 33)), '1.2'), (receipt(item(100, mark=mark * 5)), '1.2'),
    ):
        with pytest.raises(base.Unsupported):
            make(ffd=ffd).build(wrong)


def test_too_many_lines():
    make().build(receipt(*[item(100)] * 100))
    with pytest.raises(base.Unsupported, match='100 lines'):
        make().build(receipt(*[item(100)] * 101))


def line_of(ffd='1.2', **values):
    [line] = make(ffd=ffd).build(receipt(item(1000, **values)))[1]['receipt']['items']
    return line


# As the protocol v4 counts and calls them, 5.1.
@pytest.mark.parametrize(('name', 'number'), [
    ('cashless', 1), ('prepaid', 2), ('credit', 3), ('counter', 4), ('cash', 0)])
def test_kinds_of_payment(name, number):
    body = make().build(receipt(payments={name: 100000}))[1]
    assert body['receipt']['payments'] == [{'type': number, 'sum': 1000}]


@pytest.mark.parametrize(('subject', 'word', 'number'), [
    ('goods', 'commodity', 1), ('work', 'job', 3), ('service', 'service', 4),
    ('payment', 'payment', 10), ('other', 'another', 13)])
def test_subjects(subject, word, number):
    assert line_of('1.05', subject=subject)['payment_object'] == word
    assert line_of(subject=subject)['payment_object'] == number


@pytest.mark.parametrize('vat', const.VATS)
def test_rates(vat):
    assert line_of(vat=vat)['vat'] == {'type': vat}


@pytest.mark.parametrize('method', const.FISCAL_METHODS)
def test_methods(method):
    assert line_of(method=method)['payment_method'] == method


@pytest.mark.parametrize(('agent', 'word'), [
    ('bank_payment_agent', 'bank_paying_agent'), ('bank_payment_subagent', 'bank_paying_subagent'),
    ('payment_agent', 'paying_agent'), ('payment_subagent', 'paying_subagent'),
    ('solicitor', 'attorney'), ('commissionaire', 'commission_agent'), ('agent', 'another')])
def test_agents(agent, word):
    assert line_of(agent=agent, supplier=SUPPLIER)['agent_info'] == {'type': word}
    with pytest.raises(base.Unsupported, match='supplier'):
        line_of(agent=agent)


def test_supplier_without_phones():
    supplier = replace(SUPPLIER, phones=())
    assert line_of(supplier=supplier)['supplier_info'] == {
        'inn': '7736207543', 'name': 'ООО «Поставщик»'}


@pytest.mark.parametrize(('kind', 'operation'), [
    ('income', 'sell_correction'), ('income_return', 'sell_refund_correction')])
def test_operations_of_corrections(kind, operation):
    one = receipt(kind=kind, correction=Correction(day=date(2026, 3, 1)))
    assert make().build(one)[0] == operation
    if kind == 'income_return':
        with pytest.raises(base.Unsupported):
            make(ffd='1.05').build(one)


def test_moscow_by_the_clock():
    register = make(now=None)
    told = datetime.strptime(register.build(receipt())[1]['timestamp'], '%d.%m.%Y %H:%M:%S')
    moscow = datetime.now(timezone.utc).replace(tzinfo=None) + timedelta(hours=3)
    assert abs(moscow - told) < timedelta(minutes=5)


# === WHAT BECOMES OF A CALL === #

def test_taken_without_a_word_on_errors(client):
    register = client(answer({'uuid': UUID, 'status': 'wait'}))
    assert register.register(receipt()).task == UUID


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
    (answer({'uuid': UUID, 'error': None}, 201), base.OutcomeUnknown),
    (answer({}, 302, headers={'Location': 'https://evil.example.com'}), base.OutcomeUnknown),
    (refusal(40), base.OutcomeUnknown), (answer({'error': {'code': 'x'}}, 400),
                                         base.OutcomeUnknown),
    (refusal(1), base.OutcomeUnknown), (refusal(0), base.OutcomeUnknown),
    (refusal(32), base.Rejected), (refusal(31), base.Rejected), (refusal(13), base.Rejected),
    (refusal(41, http=415), base.Rejected), (refusal(32, http=200), base.Rejected),
    (refusal(40, http=200, uuid=UUID), base.OutcomeUnknown),
    (answer({'uuid': '../report', 'error': None}), base.OutcomeUnknown),
    (refusal(14, http=403), base.Unauthorized),
    (refusal(20, http=401), base.Unauthorized), (refusal(21, http=401), base.Unauthorized),
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
    with pytest.raises(base.Duplicate) as caught:
        client(refusal(33, uuid='../other', http=400)).register(receipt())
    assert not caught.value.task


def test_refused_token_is_asked_for_once_more(client):
    for number in (10, 11):
        atol._tokens.clear()
        register = client(
            refusal(number, http=401), answer({'token': 'token-2', 'error': None}),
            answer({'uuid': UUID, 'status': 'wait', 'error': None}))
        assert register.register(receipt()).task == UUID
        assert [one.headers.get('Token') for one in register.server.requests] == [
            None, 'token-1', None, 'token-2']
    atol._tokens.clear()
    register = client(refusal(11, http=401), TOKEN, refusal(11, http=401))
    with pytest.raises(base.Unauthorized):
        register.register(receipt())


@pytest.mark.parametrize(('step', 'outcome'), [
    (close, base.NotSent), (silence, base.NotSent), (answer('', 502), base.NotSent),
    (refusal(12, 'Неверный логин или пароль', 401), base.Unauthorized),
    (refusal(13), base.Unauthorized), (refusal(14, http=403), base.Unauthorized),
    (refusal(50, http=500), base.NotSent), (refusal(1), base.NotSent),
    (answer({'token': ''}), base.NotSent), (answer({'token': 7}), base.NotSent),
    (answer({'token': 'token-1'}, 201), base.NotSent), (answer({}, 401), base.Unauthorized),
    (answer({}, 403), base.Unauthorized), (refusal(1, http=200, token='token-1'), base.NotSent),
])
def test_no_token_sends_nothing(client, step, outcome):
    register = client(token=step)
    with pytest.raises(outcome):
        register.register(receipt())
    assert all('/sell' not in one.path for one in register.server.requests)


def test_error_without_a_number(client):
    with pytest.raises(base.OutcomeUnknown) as caught:
        client(answer({'error': {'code': 'x', 'text': 'Нет'}}, 400)).register(receipt())
    assert (caught.value.message, caught.value.code) == ('Нет', 'HTTP 400')


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
    only_not_ready = {'error': {'code': 34, 'text': 'Не готов', 'type': 'system'}}
    assert client(answer(only_not_ready)).status('key', UUID).state == 'accepted'
    without_reason = client(answer({**waits, 'status': 'fail'})).status('key', UUID)
    assert (without_reason.state, bool(without_reason.message)) == ('failed', True)


@pytest.mark.parametrize('status', [200, 400])
@pytest.mark.parametrize('number', [10, 11, 13, 14, 20, 30, 31, 32, 33, 34, 40])
def test_error_of_the_till_is_none_of_the_service(client, number, status):
    """ Tills count their errors by the same numbers: 11 is a command that they do not know. """
    register = client(
        refusal(number, 'Сбой кассы', status, uuid=UUID, status='fail', kind='driver'))
    assert register.status('key', UUID) == base.Result(
        state='failed', task=UUID, message='Сбой кассы')
    assert len(register.server.requests) == 2  # No other token is asked for.


@pytest.mark.parametrize(
    'number', [0, 1, 10, 11, 12, 13, 14, 20, 21, 30, 31, 32, 33, 34, 40, 41, 50])
def test_error_of_the_service_is_no_fate_of_the_document(client, number):
    """ Its own numbers, by the protocol; without a type they are not the till's. """
    told = answer({'status': 'fail', 'error': {'code': number, 'text': 'Отказ'}})
    if number == 34:  # "Not ready" is no error
        assert client(told).status('key', UUID).state != 'done'
        return
    with pytest.raises(base.RegisterError):
        client(told, TOKEN, told).status('key', UUID)


def test_headers(client):
    register = client(answer({'uuid': UUID}), answer({'status': 'wait'}))
    register.register(receipt())
    register.status('', UUID)
    _token, sent, asked = register.server.requests
    assert sent.headers['Content-Type'] == 'application/json; charset=utf-8'
    assert asked.headers['Accept'] == sent.headers['Accept'] == 'application/json'
    assert (asked.method, asked.body) == ('GET', b'')


def test_waiting_too_long_in_the_queue_is_not_sent_anew(client):
    result = client(refusal(-1, 'Превышено время ожидания', 200, status='fail', kind='timeout')
                    ).status('key', UUID)
    assert (result.state, result.again) == ('failed', False)


@pytest.mark.parametrize(('step', 'outcome'), [
    # A report of more than 32 days ago is not found: that does not say that it was not printed.
    (refusal(30, status='fail'), base.Rejected),
    (refusal(30, http=200, status='fail'), base.Rejected),
    (refusal(1, status='fail'), base.OutcomeUnknown),
    (answer({'status': 'done', 'payload': PAYLOAD, 'external_id': 'another'}),
     base.OutcomeUnknown),
    (answer({'status': 'fail', 'error': {'code': 2}, 'external_id': 'another'}),
     base.OutcomeUnknown),
    (answer({'status': 'gone'}), base.OutcomeUnknown), (answer({}), base.OutcomeUnknown),
    (answer({'status': 'done', 'payload': []}), base.OutcomeUnknown),
])
def test_what_proves_nothing(client, step, outcome):
    with pytest.raises(base.RegisterError) as caught:
        client(step).status('key', UUID)
    assert type(caught.value) is outcome


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
    assert share_of_vat(vat, 122000) == kopecks


def test_kopecks_are_exact():
    body = make().build(receipt(item(1), item(99), item(12345678)))[1]
    assert json.dumps(body['receipt']['total']) == '123457.78'
    assert '0.01, "quantity": 1, "sum": 0.01' in json.dumps(body)
