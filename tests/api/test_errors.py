""" What an error says, and what a refusal means. """

import pytest

from tochka_acquiring.api import errors
from tochka_acquiring.api.errors import Rejected, TochkaError


@pytest.mark.parametrize(('details', 'text'), [
    ({}, 'Нет'),
    ({'http_status': 400}, 'Нет (HTTP 400)'),
    ({'http_status': 424, 'error_code': 'X', 'audit_id': 'a-1'},
     'Нет (HTTP 424, code X, audit id a-1)'),
    ({'audit_id': 'a-1'}, 'Нет (audit id a-1)'),
])
def test_text(details, text):
    assert str(TochkaError('Нет', **details)) == text


@pytest.mark.parametrize('message', [
    'Payment with paymentLinkId INV-1 already exists',
    'Значение paymentLinkId уже существует',
    'Такой номер заказа уже используется',
    'Номер уже использован',
    'duplicate key value',
    'paymentLinkId is not unique',
    'Ошибка валидации: заказ с номером INV-1 существует',
])
@pytest.mark.parametrize('status', [400, 424])
def test_duplicate(message, status):
    assert Rejected(message, http_status=status).is_duplicate
    assert Rejected('Что-то пошло не так', http_status=status,
                    errors=[{'message': message}]).is_duplicate


@pytest.mark.parametrize(('message', 'status'), [
    ('Something going wrong', 424),
    ('Operation 1 not found', 424),
    ('paymentLinkId: ensure this value has at most 45 characters', 400),
    ('already exists', 404),
    ('already exists', 501),
    ('Заказ с номером INV-1 не существует', 424),
])
def test_no_duplicate(message, status):
    assert not Rejected(message, http_status=status).is_duplicate


@pytest.mark.parametrize(('message', 'status'), [
    ('anything', 404),
    ('Operation 1 not found', 424),
    ('Операция не найдена', 424),
    ('Платёж не найден', 424),
    ("The operation doesn't exist", 424),
    ('Операция не существует', 424),
    ('Object of Webhooks does not exists', 404),
])
def test_not_found(message, status):
    assert Rejected(message, http_status=status).is_not_found


@pytest.mark.parametrize(('message', 'status'), [
    ('paymentLinkId already exists', 424),
    ('Something going wrong', 424),
    ('not found', 400),
    ('not found', 501),
])
def test_found(message, status):
    assert not Rejected(message, http_status=status).is_not_found


@pytest.mark.parametrize('status', [None, *range(400, 600)])
def test_silence_of_a_gateway(status):
    """ 408 and 429 ask to come again; 502, 503 and 504 say that nobody answers. """
    error = errors.OutcomeUnknown('x', http_status=status)
    assert errors.is_silence(error) is (status in (None, 408, 429, 502, 503, 504))
