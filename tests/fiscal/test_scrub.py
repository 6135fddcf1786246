""" What may be told of an exchange: a refusal keeps its numbers and loses the buyer. """

import pytest

from tests.api.server import answer
from tests.fiscal import test_atol, test_komtet, test_orangedata, test_paykeeper
from tests.fiscal.receipts import receipt
from tochka_fiscal.registers import atol, base, paykeeper, transport

QUOTED = 'Неверный контакт parent@example.com, +79161234567'
CLEAN = 'Неверный контакт ***, ***'


@pytest.mark.parametrize('text', [
    'ИНН чека 9900000017 не совпадает с ИНН ККТ 7736207543',
    'Неверный ИНН покупателя: 773620754312', 'inn: 9161234567', 'INN=9161234567 is not registered',
    'Чек 79161234567890 не найден', 'Фискальный накопитель 9999078900005430',
    'ФД 1212, ФП 1911055232', 'в 2026-11-26 12:01:30', 'ККТ 0000111118041361', 'код 3807',
])
def test_numbers_of_the_trade_stay(text):
    assert transport.scrub(text) == text


@pytest.mark.parametrize('personal', [
    'parent@example.com', 'родитель@пример.рф', '+79161234567', '+7 (916) 123-45-67', '89161234567',
    '79161234567', '8-916-123-45-67', '8 (916) 123 45 67', '(916) 123-45-67', '9161234567',
    '916 123-45-67', '+375 29 123-45-67', '+49301234567',
])
def test_people_are_left_out(personal):
    assert transport.scrub(f'Неверный контакт {personal}, чек') == 'Неверный контакт ***, чек'


def test_phone_beside_an_inn():
    assert transport.scrub('ИНН 9900000017, телефон +79161234567') == 'ИНН 9900000017, телефон ***'
    assert transport.scrub('ИНН не указан, а телефон покупателя 89161234567') == (
        'ИНН не указан, а телефон покупателя ***')


def test_long_words_are_cut():
    assert len(transport.scrub('я' * 1001)) == 1000 and transport.scrub(None) == 'None'


@pytest.mark.parametrize('url', [
    'https://kassa.example.com', 'https://kassa.example.com:12003/api/', 'http://localhost:8080',
    'http://127.0.0.1', 'http://[::1]:80', ' https://kassa.example.com ',
])
def test_addresses(url):
    assert transport.check_url(url) == url.strip().rstrip('/')


@pytest.mark.parametrize('url', [
    'http://kassa.example.com', 'ftp://127.0.0.1', 'https://', 'https://user@kassa.example.com',
    'https://kassa.example.com?x=1', 'https://kassa.example.com#x', '', 'kassa.example.com',
])
def test_addresses_that_are_given_no_secrets(url):
    with pytest.raises(ValueError, match='address'):
        transport.check_url(url)


@pytest.fixture
def client(serve):
    """ Return a function that makes a client of a register that answers so. """
    def start(kind, *steps):
        return {
            'atol': test_atol.make, 'komtet': test_komtet.make,
            'orangedata': test_orangedata.make, 'paykeeper': test_paykeeper.make,
        }[kind](f'http://127.0.0.1:{serve(*steps).port}')

    atol._tokens.clear()
    paykeeper._tokens.clear()
    return start


@pytest.mark.parametrize(('kind', 'steps'), [
    ('komtet', [answer({'title': QUOTED}, 422)]),
    ('atol', [test_atol.TOKEN, test_atol.refusal(32, QUOTED)]),
    ('atol', [test_atol.refusal(12, QUOTED, 401)]),
    ('orangedata', [answer({'errors': [QUOTED]}, 400)]),
    ('paykeeper', [test_paykeeper.TOKEN, answer({'result': 'fail', 'msg': QUOTED})]),
])
def test_refusals_quote_nobody(client, kind, steps):
    with pytest.raises(base.RegisterError) as caught:
        client(kind, *steps).register(receipt())
    assert caught.value.message == CLEAN
    assert 'parent' not in repr(caught.value)


@pytest.mark.parametrize(('kind', 'steps'), [
    ('komtet', [answer({'id': 7, 'state': 'error', 'error_description': QUOTED})]),
    ('atol', [test_atol.TOKEN, answer({'status': 'fail', 'error': {
        'code': 3807, 'text': QUOTED, 'type': 'driver'}})]),
    ('paykeeper', [answer({'status': 'failed', 'error': QUOTED})]),
    ('paykeeper', [answer({'status': 'failed', 'msg': QUOTED})]),
])
def test_errors_of_tills_quote_nobody(client, kind, steps):
    result = client(kind, *steps).status('key', '7')
    assert (result.state, result.message) == ('failed', CLEAN)


@pytest.mark.parametrize(('reason', 'maybe_sent', 'error', 'words'), [
    (transport.https.CONNECTION, False, base.NotSent, "can't be reached."),
    (transport.https.TIMEOUT, False, base.NotSent, "can't be reached."),
    (transport.https.TLS, False, base.NotSent, "reached safely."),
    (transport.https.UNTRUSTED, False, base.NotSent, "reached safely."),
    (transport.https.CONNECTION, True, base.OutcomeUnknown, "answer was lost."),
    (transport.https.TIMEOUT, True, base.OutcomeUnknown, "answer was lost."),
    # After the request was sent TLS breaks as a line does: nobody knows whether it arrived.
    (transport.https.TLS, True, base.OutcomeUnknown, "connection to the register broke."),
])
def test_request_without_an_answer(monkeypatch, reason, maybe_sent, error, words):
    def fail(*args, **options):
        raise transport.https.Failure(reason, maybe_sent=maybe_sent)

    monkeypatch.setattr(transport.https, 'send', fail)
    with pytest.raises(error) as caught:
        transport.exchange('POST', 'https://kassa.example.com', {})
    assert words in caught.value.message and not caught.value.alone
