""" Whatever comes to the door of a register's callbacks is refused, and nothing breaks. """

import json

import pytest

from tochka_fiscal.registers import base
from tochka_fiscal.registers.komtet import Komtet
from tochka_fiscal.registers.paykeeper import PayKeeper

JUNK = ['a\x00b', '\ud800', 'ключ', '', 'x' * 101, 'a b', 5, None, [], {}]


@pytest.mark.parametrize('key', JUNK)
def test_key_in_json(key):
    with pytest.raises(base.InvalidCallback):
        base.read_callback_key(json.dumps({'external_id': key}).encode(), 'external_id')


@pytest.mark.parametrize('body', [b'[' * 100_000, b'{"a":' * 100_000, b'\xff', b'', b'[]', b'7'])
def test_body(body):
    with pytest.raises(base.InvalidCallback):
        base.read_callback_key(body, 'external_id')
    with pytest.raises(base.InvalidCallback):
        PayKeeper.parse_callback(None, body, {}, 'https://shop.example/door')


@pytest.mark.parametrize('key', JUNK)
def test_paykeeper(key):
    with pytest.raises(base.InvalidCallback):
        PayKeeper.parse_callback(
            None, json.dumps({'receipt_key': key}).encode(), {}, 'https://shop.example/door')


@pytest.fixture
def komtet():
    return Komtet('https://kassa.example', 'shop', 'secret', '7')


@pytest.mark.parametrize('signature', ['ab\xe9', 'подпись', '\ud800', '', 'x'])
def test_signature_of_komtet(komtet, signature):
    with pytest.raises(base.InvalidCallback):
        komtet.parse_callback(
            b'{}', {'X-HMAC-Signature': signature}, 'https://shop.example/door')


FISCAL = {'i': '1212', 'fn': '99', 'fp': '19', 't': '20260407T1535', 's': '1.00', 'n': 1}


@pytest.mark.parametrize('values', [
    *({'fiscal_data': {**FISCAL, name: value}} for name in FISCAL for value in (
        None, [], {}, 'a\0b', '\ud800', 'x' * 99, float('inf'), float('nan'), '1e999999',
        10 ** 30)),
    {'fiscal_data': []}, {'fiscal_data': 'x'}, {'receipt_url': 'javascript:alert(1)'},
    {'receipt_url': 'https://x/\0'}, {'id': 'a\0'}, {'id': {}}, {'id': True},
])
def test_signed_result_of_komtet_that_a_database_cant_keep(komtet, values):
    """ A number that no till has is no proof: the task is asked for it. """
    url = 'https://shop.example/door'
    body = json.dumps({'external_id': 'a-1', 'state': 'done', 'id': 7, 'fiscal_data': FISCAL,
                       **values}).encode()
    key, result = komtet.parse_callback(
        body, {'X-HMAC-Signature': komtet.sign('POST', url, body)}, url)
    assert key == 'a-1'
    assert result.state == ('done' if 'fiscal_data' not in values else 'accepted')
    assert result.task == ('7' if 'id' not in values else '')
    assert result.url == ''


def test_signed_reason_of_komtet(komtet):
    url = 'https://shop.example/door'
    body = json.dumps({'external_id': 'a-1', 'state': 'error', 'id': 7,
                       'error_description': 'Нет\0 бумаги \ud800'}).encode()
    _key, result = komtet.parse_callback(
        body, {'X-HMAC-Signature': komtet.sign('POST', url, body)}, url)
    assert (result.state, result.message) == ('failed', 'Нет бумаги ?')


@pytest.mark.parametrize('body', [
    b'[' * 100_000, *(json.dumps({'external_id': key}).encode() for key in JUNK[:3])])
def test_signed_junk_of_komtet(komtet, body):
    url = 'https://shop.example/door'
    signature = komtet.sign('POST', url, body)
    with pytest.raises(base.InvalidCallback):
        komtet.parse_callback(body, {'X-HMAC-Signature': signature}, url)
