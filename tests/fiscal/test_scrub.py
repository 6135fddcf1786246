""" What may be told of an exchange: a refusal keeps its numbers and loses the buyer. """

import pytest

from tochka_fiscal.registers import transport


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
