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


@pytest.mark.parametrize('body', [
    b'[' * 100_000, *(json.dumps({'external_id': key}).encode() for key in JUNK[:3])])
def test_signed_junk_of_komtet(komtet, body):
    url = 'https://shop.example/door'
    signature = komtet.sign('POST', url, body)
    with pytest.raises(base.InvalidCallback):
        komtet.parse_callback(body, {'X-HMAC-Signature': signature}, url)
