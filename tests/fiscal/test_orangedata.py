""" OrangeData is sent what its protocol asks for, and no answer is taken for what it is not. """

import base64
import json
from dataclasses import replace
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.api.server import answer, close, garbage, silence
from tests.fiscal.receipts import SUPPLIER, item, receipt
from tochka_fiscal.receipt import Correction
from tochka_fiscal.registers import base
from tochka_fiscal.registers.orangedata import OrangeData

KEY = rsa.generate_private_key(65537, 2048)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
MARK = '0104600000000000215Qbag!\x1d93Zjqw'
DONE = {
    'id': 'a1b2c3-TX-1', 'deviceSN': '0049', 'deviceRN': '0000111118041361',
    'fsNumber': '9999078900005430', 'documentNumber': 1212, 'shiftNumber': 23, 'documentIndex': 6,
    'processedAt': '2026-11-26T12:01:30', 'fp': '1911055232', 'companyINN': '7736207543',
    'content': {'type': 1, 'positions': [
        {'text': 'Занятие', 'price': 333.33, 'quantity': 3, 'tax': 6},
        {'text': 'Чай', 'price': 10.5, 'quantity': 0.333, 'tax': 6},
    ]},
}


def pair():
    """ Return a certificate and its key, as the client wants them. """
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, 'shop')])
    now = datetime.now(timezone.utc)
    own = (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
        .serial_number(1).not_valid_before(now).not_valid_after(now + timedelta(days=1))
        .sign(KEY, hashes.SHA256()))
    return own.public_bytes(Encoding.PEM).decode() + PEM


def make(url='https://api.orangedata.ru:12003', ffd='1.2', **options):
    return OrangeData(**{
        'url': url, 'client': pair(), 'sign_key': PEM, 'inn': '7736207543', 'group': 'Main_2',
        'key_name': '7736207543_17', 'ffd': ffd, 'timeout': (1, 1), **options,
    })


@pytest.fixture
def client(serve):
    """ Return a function that makes a client of a scripted server. """
    def start(*steps, **options):
        server = serve(*steps)
        made = make(f'http://127.0.0.1:{server.port}', **options)
        made.server = server
        return made

    return start


def empty(status, **headers):
    return answer(b'', status, headers=headers) if headers else answer(b'', status)


# === THE DOCUMENT === #

def sold(**values):
    return receipt(
        item(100050, '3', name='Занятие «Ёлка»', vat='vat22', method='full_payment',
             subject='service'),
        item(25000, '0.5', name='Чай', vat='none', method='advance', subject='goods', measure=11,
             agent='commissionaire', supplier=SUPPLIER),
        payments={'prepaid': 25050, 'cashless': 100000}, taxation_system='usn_income', **values)


ENVELOPE = {'id': 'a1b2c3-TX-1', 'inn': '7736207543', 'group': 'Main_2', 'key': '7736207543_17',
            'callbackUrl': 'https://odoo.example.com/fiscal/callback/1'}
AGENT = {'agentType': 32, 'supplierINN': '7736207543', 'supplierInfo': {
    'name': 'ООО "Поставщик"', 'phoneNumbers': ['+74951234567']}}


def test_receipt_by_ffd_12():
    assert make().build(sold(), ENVELOPE['callbackUrl']) == ('documents', {**ENVELOPE, 'content': {
        'ffdVersion': 4, 'type': 1, 'customerContact': 'parent@example.com',
        'isInternetStore': True,
        'checkClose': {'taxationSystem': 1, 'payments': [
            {'type': 14, 'amount': 250.5}, {'type': 2, 'amount': 1000}]},
        'positions': [
            {'text': 'Занятие "Ёлка"', 'quantity': 3, 'price': 333.5, 'tax': 1,
             'paymentMethodType': 4, 'paymentSubjectType': 4, 'quantityMeasurementUnit': 0},
            {'text': 'Чай', 'quantity': 0.5, 'price': 500, 'tax': 6, 'paymentMethodType': 3,
             'paymentSubjectType': 1, 'quantityMeasurementUnit': 11, **AGENT},
        ],
    }})


def test_receipt_by_ffd_105():
    path, body = make(ffd='1.05', group='Main').build(sold())
    assert (path, body['group'], body['content']['ffdVersion']) == ('documents', 'Main', 2)
    assert 'callbackUrl' not in body
    first, second = body['content']['positions']
    assert (first['unitOfMeasurement'], second['unitOfMeasurement']) == ('шт.', 'кг.')
    assert 'quantityMeasurementUnit' not in first


def test_marks_keep_their_separators():
    one = receipt(item(10000, subject='goods', mark=MARK), kind='income_return')
    [line] = make().build(one)[1]['content']['positions']
    assert (line['itemCode'], line['plannedStatus'], line['paymentSubjectType']) == (MARK, 3, 33)
    assert r'\u001d' in json.dumps(line)
    with pytest.raises(base.Unsupported, match='FFD 1.2'):
        make(ffd='1.05').build(one)
    with pytest.raises(base.Unsupported, match='one piece'):
        make().build(receipt(item(10000, '2', subject='goods', mark=MARK)))
    with pytest.raises(base.Unsupported, match='too long'):
        make().build(receipt(item(10000, subject='goods', mark='x' * 224)))


def test_20_percent_is_said_for_the_whole_document():
    content = make().build(receipt(item(10000, vat='vat20'), item(10000, vat='none')))[1]['content']
    assert content['useTax20'] is True
    assert [line['tax'] for line in content['positions']] == [1, 6]
    assert 'useTax20' not in make().build(sold())[1]['content']


def test_correction_by_ffd_105():
    one = receipt(
        item(122000, vat='vat22'), item(11000, vat='vat10'), item(10500, vat='vat105'), item(700),
        payments={'cash': 44200, 'cashless': 100000},
        correction=Correction(day=date(2026, 3, 1), order='17-2'))
    path, body = make(ffd='1.05').build(one)
    assert path == 'corrections'
    assert body['content'] == {
        'ffdVersion': 2, 'type': 1, 'correctionType': 1,
        'causeDocumentDate': '2026-03-01T00:00:00', 'causeDocumentNumber': '17-2',
        'totalSum': 1442, 'cashSum': 442, 'eCashSum': 1000, 'taxationSystem': 0,
        'tax1Sum': 220, 'tax2Sum': 10, 'tax9Sum': 5, 'tax4Sum': 7,
        'customerContact': 'parent@example.com', 'isInternetStore': True,
    }


@pytest.mark.parametrize('values', [{'kind': 'income_return'}, {'wrong_sign': '1'}])
def test_what_a_correction_by_ffd_105_cannot_say(values):
    with pytest.raises(base.Unsupported, match='its return and a new receipt'):
        make(ffd='1.05').build(receipt(correction=Correction(day=date(2026, 3, 1)), **values))


def test_correction_by_ffd_12():
    path, body = make().build(receipt(
        wrong_sign='1911055232', correction=Correction(day=date(2026, 3, 1))))
    assert path == 'correction12'
    assert body['content'].items() >= {
        'correctionType': 0, 'causeDocumentDate': '2026-03-01T00:00:00',
        'additionalAttribute': '1911055232', 'ffdVersion': 4}.items()
    assert 'causeDocumentNumber' not in body['content']


def test_agent_needs_its_supplier():
    with pytest.raises(base.Unsupported, match='supplier'):
        make().build(receipt(item(1000, agent='agent')))


@pytest.mark.parametrize(('phones', 'room'), [
    ((), 239), (('+74951234567',), 223), (('+74951234567', '+7999123456'), 208)])
def test_room_of_a_suppliers_name(phones, room):
    """ 239, less the length of each phone and 4. """
    for length, shown in ((room, 'я' * room), (room + 1, 'я' * (room - 3) + '...')):
        supplier = replace(SUPPLIER, name='я' * length, phones=phones)
        [line] = make().build(receipt(item(1000, supplier=supplier)))[1]['content']['positions']
        assert line['supplierInfo']['name'] == shown
        assert line['supplierInfo'].get('phoneNumbers', []) == list(phones)


def test_longest_mark():
    make().build(receipt(item(10000, subject='goods', mark='x' * 223)))


def test_most_lines():
    """ 30 000 bytes: 4 for a line, 80 for its numbers, 4 and the length for each text. """
    lines = [item(100, name='я' * 52)] * 213  # 84 + 56 = 140 bytes each, 29 820
    make().build(receipt(*lines))
    make().build(receipt(*lines, item(100, name='я' * 92)))  # 180 more: 30 000
    with pytest.raises(base.Unsupported, match='250 lines'):
        make().build(receipt(*lines, item(100, name='я' * 93)))


def test_dearest_price():
    """ The price of a line counts as well as the total. """
    with pytest.raises(base.Unsupported, match='99 999 999'):
        make().build(receipt(item(9_999_999_999, '0.5')))


def test_largest_sum():
    make().build(receipt(item(9_999_999_999)))
    with pytest.raises(base.Unsupported, match='99 999 999'):
        make().build(receipt(item(10_000_000_000)))


# === THE EXCHANGE === #

def test_exact_bytes_are_signed(client):
    register = client(empty(201))
    assert register.register(sold()).state == 'accepted'
    [request] = register.server.requests
    signature = base64.b64decode(request.headers['X-Signature'])
    KEY.public_key().verify(signature, request.body, padding.PKCS1v15(), hashes.SHA256())
    with pytest.raises(InvalidSignature):
        KEY.public_key().verify(
            signature, request.body + b' ', padding.PKCS1v15(), hashes.SHA256())
    assert (request.method, request.path) == ('POST', '/api/v2/documents/')
    assert 'Занятие'.encode() in request.body


@pytest.mark.parametrize(('step', 'error', 'words'), [
    (answer({'errors': ['content.type: обязательное поле', 'inn: нет']}, 400), base.Rejected,
     'content.type: обязательное поле; inn: нет'),
    (answer({'errors': ['Подпись не прошла проверку']}, 400), base.Unauthorized, 'Подпись'),
    (answer(b'<h1>400 The SSL certificate error</h1>', 400), base.Unauthorized, 'certificate'),
    (answer(b'<h1>400 Bad Request</h1>', 400), base.OutcomeUnknown, '400'),
    (answer({'errors': []}, 400), base.OutcomeUnknown, '400'),
    (empty(401), base.Unauthorized, '401'),
    (empty(409), base.Duplicate, '409'),
    (answer({'errors': ['Очередь переполнена']}, 503), base.Busy, 'переполнена'),
    (answer(b'<h1>Service unavailable</h1>', 503), base.OutcomeUnknown, '503'),
    (empty(503), base.OutcomeUnknown, '503'),
    (empty(200), base.OutcomeUnknown, '200'),
    (empty(404), base.OutcomeUnknown, '404'),
    (empty(502), base.OutcomeUnknown, '502'),
    (empty(524), base.OutcomeUnknown, '524'),
    (close, base.OutcomeUnknown, 'lost'),
    (garbage, base.OutcomeUnknown, 'lost'),
    (silence, base.OutcomeUnknown, 'lost'),
])
def test_what_becomes_of_sending(client, step, error, words):
    with pytest.raises(error, match=words) as caught:
        client(step).register(receipt())
    assert type(caught.value) is error
    assert 'parent@example.com' not in str(caught.value)


def test_the_first_errors_are_told(client):
    with pytest.raises(base.Rejected) as caught:
        client(answer({'errors': list('abcdefg')}, 400)).register(receipt())
    assert caught.value.message == 'a; b; c; d; e'


def test_busy_for_how_long(client):
    with pytest.raises(base.Busy) as caught:
        client(answer({'errors': ['Занято']}, 503, headers={'Retry-After': '120'})).register(
            receipt())
    assert caught.value.seconds == 120
    for headers in ({}, {'Retry-After': 'soon'}, {'Retry-After': '-5'}):
        with pytest.raises(base.Busy) as caught:
            client(answer({'errors': ['Занято']}, 503, headers=headers)).register(receipt())
        assert caught.value.seconds == 0


# === THE STATUS === #

def test_printed(client):
    register = client(answer(DONE))
    result = register.status('a1b2c3-TX-1', '')
    assert register.server.requests[0].path == (
        '/api/v2/documents/7736207543/status/a1b2c3-TX-1')
    assert 'X-Signature' not in register.server.requests[0].headers
    assert result.fiscal == base.FiscalData(
        storage='9999078900005430', document='1212', sign='1911055232',
        moment=datetime(2026, 11, 26, 12, 1, 30), total=100349, kind=1, shift='23', number='6',
        register='0000111118041361', lines=(
            base.PrintedLine(33333, Decimal(3), 'none', 'full_payment'),
            base.PrintedLine(1050, Decimal('0.333'), 'none', 'full_payment')))
    assert result.fiscal.qr == (
        't=20261126T1201&s=1003.49&fn=9999078900005430&i=1212&fp=1911055232&n=1')


def test_what_it_repeats(client):
    content = make().build(receipt(
        item(20000, vat='vat20', method='advance'), item(10000, '0.5', vat='vat110'),
        payments={'cashless': 10050, 'prepaid': 19950}, taxation_system='esn'))[1]['content']
    fiscal = client(answer({**DONE, 'content': content})).status('a1b2c3-TX-1', '').fiscal
    assert fiscal.lines == (
        base.PrintedLine(20000, Decimal(1), 'vat20', 'advance'),
        base.PrintedLine(20000, Decimal('0.5'), 'vat110', 'full_payment'))
    assert (fiscal.payments, fiscal.taxation_system, fiscal.total) == (
        {'cashless': 10050, 'prepaid': 19950}, 'esn', 30000)
    del content['useTax20']
    [line, _other] = client(
        answer({**DONE, 'content': content})).status('a1b2c3-TX-1', '').fiscal.lines
    assert line.vat == 'vat22'


def test_payments_of_one_kind_are_one_sum(client):
    """ And what is nothing is no payment. """
    content = {**DONE['content'], 'checkClose': {'payments': [
        {'type': 2, 'amount': 500}, {'type': 2, 'amount': 503.49}, {'type': 1, 'amount': 0}]}}
    fiscal = client(answer({**DONE, 'content': content})).status('a1b2c3-TX-1', '').fiscal
    assert fiscal.payments == {'cashless': 100349}


@pytest.mark.parametrize(('number', 'name'), [(1, 'usn_income'), (3, ''), (None, None)])
def test_taxation_system_that_the_law_has_ended_is_another_one(client, number, name):
    content = {**DONE['content'], 'checkClose': {'taxationSystem': number}}
    fiscal = client(answer({**DONE, 'content': content})).status('a1b2c3-TX-1', '').fiscal
    assert fiscal.taxation_system == name


@pytest.mark.parametrize('moment', [
    '2026-11-26T12:01:30', '2026-11-26T12:01:30.1234567', '2026-11-26T12:01:30Z',
    '2026-11-26T12:01:30.5+03:00'])
def test_moment_is_the_tills_own(client, moment):
    fiscal = client(answer({**DONE, 'processedAt': moment})).status('a1b2c3-TX-1', '').fiscal
    assert fiscal.moment == datetime(2026, 11, 26, 12, 1, 30)


@pytest.mark.parametrize('quantity', [float('nan'), float('inf'), 'NaN', 'sNaN', [], None])
def test_line_that_can_not_be_compared(client, quantity):
    content = {'type': 1, 'totalSum': 1, 'positions': [
        {'price': 1, 'quantity': quantity, 'tax': 6}]}
    with pytest.raises(base.OutcomeUnknown) as caught:
        client(answer({**DONE, 'content': content})).status('a1b2c3-TX-1', '')
    assert caught.value.alone


# As the protocol counts: 2.1.1.1 and 2.1.1.2.
@pytest.mark.parametrize(('name', 'number'), [
    ('cash', 1), ('cashless', 2), ('prepaid', 14), ('credit', 15), ('counter', 16)])
def test_kinds_of_payment(name, number):
    [paid] = make().build(receipt(payments={name: 100000}))[1]['content']['checkClose']['payments']
    assert paid == {'type': number, 'amount': 1000}


@pytest.mark.parametrize(('name', 'field'), [
    ('cash', 'cashSum'), ('cashless', 'eCashSum'), ('prepaid', 'prepaymentSum'),
    ('credit', 'postpaymentSum'), ('counter', 'otherPaymentTypeSum')])
def test_sums_of_a_correction(name, field):
    content = make(ffd='1.05').build(receipt(
        payments={name: 100000}, correction=Correction(day=date(2026, 3, 1))))[1]['content']
    assert content[field] == 1000


@pytest.mark.parametrize(('name', 'number'), [
    ('osn', 0), ('usn_income', 1), ('usn_income_outcome', 2), ('esn', 4), ('patent', 5)])
def test_taxation_systems(name, number):
    content = make().build(receipt(taxation_system=name))[1]['content']
    assert content['checkClose']['taxationSystem'] == number


@pytest.mark.parametrize(('vat', 'number'), [
    ('vat20', 1), ('vat22', 1), ('vat10', 2), ('vat120', 3), ('vat122', 3), ('vat110', 4),
    ('vat0', 5), ('none', 6), ('vat5', 7), ('vat7', 8), ('vat105', 9), ('vat107', 10)])
def test_rates(vat, number):
    content = make().build(receipt(item(1000, vat=vat)))[1]['content']
    assert content['positions'][0]['tax'] == number
    assert content.get('useTax20', False) is (vat in ('vat20', 'vat120'))


def test_old_and_new_rates_together():
    for old in ('vat20', 'vat120'):
        for new in ('vat22', 'vat122'):
            with pytest.raises(base.Unsupported, match='one receipt'):
                make().build(receipt(item(1000, vat=old), item(1000, vat=new)))


# As the protocol counts them: 2.3, `tax1Sum` to `tax10Sum`; tax of 1220.00 by hand.
@pytest.mark.parametrize(('vat', 'field', 'amount'), [
    ('vat20', 'tax1Sum', 203.33), ('vat22', 'tax1Sum', 220), ('vat10', 'tax2Sum', 110.91),
    ('vat0', 'tax3Sum', 1220), ('none', 'tax4Sum', 1220), ('vat120', 'tax5Sum', 203.33),
    ('vat122', 'tax5Sum', 220), ('vat110', 'tax6Sum', 110.91), ('vat5', 'tax7Sum', 58.1),
    ('vat7', 'tax8Sum', 79.81), ('vat105', 'tax9Sum', 58.1), ('vat107', 'tax10Sum', 79.81),
])
def test_field_of_a_rate(vat, field, amount):
    content = make(ffd='1.05').build(receipt(
        item(122000, vat=vat), correction=Correction(day=date(2026, 3, 1))))[1]['content']
    assert {name: value for name, value in content.items() if name.startswith('tax')
            and name.endswith('Sum')} == {field: amount}


def test_names_in_any_case(client):
    spelled = {name.upper(): value for name, value in DONE.items()}
    assert client(answer(spelled)).status('a1b2c3-TX-1', '').fiscal.document == '1212'


def test_total_of_a_correction_of_sums(client):
    answered = {**DONE, 'content': {'type': 1, 'totalSum': 1442.05}}
    result = client(empty(400), answer(answered), ffd='1.05').status('a1b2c3-TX-1', '')
    assert result.fiscal.total == 144205


def test_correction_is_found_at_its_own_address(client):
    register = client(answer({'errors': ['нет']}, 400), answer(DONE))
    assert register.status('a1b2c3-TX-1', '').state == 'done'
    assert register.server.requests[1].path == (
        '/api/v2/correction12/7736207543/status/a1b2c3-TX-1')


@pytest.mark.parametrize(('step', 'state', 'again'), [
    (empty(202), 'accepted', False),
    (empty(524), 'failed', True),
    (answer({'errors': [{'position': 2}]}, 422), 'failed', False),
    (answer(b'?', 422), 'failed', False),
])
def test_states(client, step, state, again):
    result = client(step).status('a1b2c3-TX-1', '')
    assert (result.state, result.again) == (state, again)


@pytest.mark.parametrize(('step', 'error'), [
    (answer(b'<h1>A timeout occurred</h1>', 524), base.OutcomeUnknown),
    (answer({**DONE, 'id': 'another'}), base.OutcomeUnknown),
    (answer({name: value for name, value in DONE.items() if name != 'fp'}), base.OutcomeUnknown),
    (answer({**DONE, 'processedAt': 'today'}), base.OutcomeUnknown),
    (answer({**DONE, 'content': None}), base.OutcomeUnknown),
    (answer(b'<h1>Hello</h1>'), base.OutcomeUnknown),
    (answer([DONE]), base.OutcomeUnknown),
    (empty(401), base.Unauthorized),
    (empty(500), base.OutcomeUnknown),
    (answer({'errors': ['Документ не найден']}, 400), base.NotFound),
    (answer(b'<h1>Bad Request</h1>', 400), base.OutcomeUnknown),
    (close, base.OutcomeUnknown),
])
def test_what_is_no_state(client, step, error):
    with pytest.raises(error):
        client(step).status('a1b2c3-TX-1', '')


def test_which_marks_were_not_accepted(client):
    result = client(answer({'errors': [{'position': 0}, {'position': 2}]}, 422)).status('1', '')
    assert result.code == '1, 3'


# === THE REST === #

def test_check_tries_all_three(client):
    register = client(empty(200))
    assert register.check().prints is None
    [request] = register.server.requests
    assert (request.path, request.json) == ('/api/v2/check/', {
        'inn': '7736207543', 'group': 'Main_2', 'key': '7736207543_17'})


def test_callback_proves_nothing():
    register = make()
    assert register.parse_callback(json.dumps(DONE).encode(), {}, '') == ('a1b2c3-TX-1', None)
    for wrong in (b'', b'[]', b'{}', b'{"id": 5}', b'{"id": ""}', b'\xff'):
        with pytest.raises(base.InvalidCallback):
            register.parse_callback(wrong, {}, '')


def test_secrets_are_not_shown():
    assert 'KEY' not in repr(make())


def test_insecure_address():
    with pytest.raises(ValueError, match='https'):
        make('http://api.orangedata.ru')


def test_name_that_is_too_long_for_the_storage():
    one = receipt(item(1000, name='₽' * 60))
    [line] = make().build(replace(one))[1]['content']['positions']
    assert len(line['text']) <= 128


def test_page_of_the_buyer(client):
    """ Where the service shows receipts, and only if the shop has that. """
    result = client(answer(DONE), has_page=True).status('a1b2c3-TX-1', '')
    assert result.url == 'https://cheques-lk.orangedata.ru/7736207543/a1b2c3-TX-1'
    assert client(answer(DONE)).status('a1b2c3-TX-1', '').url == ''


def test_headers(client):
    register = client(empty(201))
    register.register(receipt())
    [request] = register.server.requests
    assert request.headers['Accept'] == 'application/json'
    assert request.headers['Content-Type'] == 'application/json; charset=utf-8'


def test_proof_without_what_the_law_does_not_ask_for(client):
    told = {name: value for name, value in DONE.items()
            if name not in ('shiftNumber', 'documentIndex', 'deviceRN')}
    fiscal = client(answer(told)).status('a1b2c3-TX-1', '').fiscal
    assert (fiscal.shift, fiscal.number, fiscal.register) == ('', '', '')
