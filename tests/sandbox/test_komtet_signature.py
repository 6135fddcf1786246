""" KOMTET Kassa: signatures, addresses that are not there. """

import hashlib
import hmac
import json

import pytest
from komtet_shop import API, CHECK

from sandbox.komtet_protocol import sign

# Method, URL, body, key, signature: from the test suites of KOMTET's SDKs, the last one our own.
VECTORS = [
    ('key1234', 'GET', 'https://kassa.komtet.ru/api/shop/v1/queues/125', b'',
     'cc30e8e8b031d6edc15d88268ee80052'),
    ('key1234', 'POST', 'https://kassa.komtet.ru/api/shop/v1/queues/125/task', b'{"foo":"bar"}',
     '7e740fe94306fcabc244df0c09386709'),
    ('secret-key', 'GET', 'https://kassa.komtet.ru/api/shop/v2/queues/1', b'',
     '4f055e21e84b0d014b3e0b235e391c64'),
    ('secret-key', 'POST', 'https://kassa.komtet.ru/api/shop/v2/queues/3/task', b'{"key": 10.0}',
     'd5aa2f6177ba2f4f94218ed9587454be'),
    ('secret-key', 'POST', 'https://shop.example/komtet/callback',
     b'{"external_id": "SO1-1", "state": "done"}', '880942ef1d064693bbcb639b99603f94'),
]


@pytest.mark.parametrize('secret, method, url, body, expected', VECTORS)
def test_signature_vectors(secret, method, url, body, expected):
    assert sign(secret, method, url, body) == expected
    message = method.encode() + url.encode() + body
    assert hmac.new(secret.encode(), message, hashlib.md5).hexdigest() == expected


def test_credentials_are_shown_and_work(api, shop):
    shown = api.control('credentials')['komtet']
    assert shown == {'url': f'{api.url}/komtet', 'shop_id': '10001', 'queue_id': 2001,
                     'secret': shop.credentials['secret']}
    answer = shop.call('GET', shop.queue)
    assert answer.status_code == 200
    assert answer.json() == {'id': 2001, 'name': 'Касса ООО «Ромашка»', 'state': 'active'}


def test_exact_bytes_are_signed(shop):
    # Other separators, letters instead of escapes: any JSON will do, if it is what was signed.
    raw = json.dumps(CHECK, ensure_ascii=False, indent=1).encode()
    assert shop.call('POST', f'{shop.queue}/task', raw).status_code == 200


def test_query_is_signed_as_it_is_written(shop):
    for query in ('a=1&b=%D0%B9+%2F', 'a'):
        path = f'{shop.queue}?{query}'
        assert shop.call('GET', path).status_code == 200
        assert shop.call('GET', path, signed=('GET', f'{shop.base}/{shop.queue}')
                         ).status_code == 403


@pytest.mark.parametrize('options', [
    {'headers': {'Authorization': None}}, {'headers': {'X-HMAC-Signature': None}},
    {'headers': {'Authorization': 'Bearer 10001'}}, {'headers': {'Authorization': '10002'}},
    {'headers': {'X-HMAC-Signature': ''}},
    {'headers': {'X-HMAC-Signature': 'é'.encode('latin-1')}},
    {'headers': {'Authorization': 'é'.encode('latin-1')}},
    {'signed': (None, None, None, 'wrong')}, {'signed': ('PUT',)}, {'signed': ('post',)},
    {'signed': (None, f'{API}/queues/2001/task')}, {'signed': (None, None, b'')},
    {'signed': (None, None, json.dumps(CHECK, separators=(',', ':')).encode())},
])
def test_wrong_signature(shop, options):
    answer = shop.post(CHECK, **options)
    assert answer.status_code == 403
    refusal = answer.json()
    assert set(refusal) == {'title', 'code', 'description'} and refusal['code'] == 'AUT00'
    assert shop.control('tasks') == []


def test_signature_is_lower_case(shop):
    url = f'{shop.base}/{shop.queue}'
    signature = sign(shop.credentials['secret'], 'GET', url).upper()
    assert shop.call('GET', shop.queue, headers={'X-HMAC-Signature': signature}
                     ).status_code == 403


def test_new_secret_ends_the_old_one(shop):
    new = shop.control('secret', 'POST')
    assert new['secret'] != shop.credentials['secret']
    assert shop.call('GET', shop.queue).status_code == 403
    shop.credentials = new
    assert shop.call('GET', shop.queue).status_code == 200


@pytest.mark.parametrize('method, path', [
    ('GET', 'queues/2002'), ('GET', 'queues/x'), ('GET', 'queues/2001/'), ('GET', 'tasks/1'),
    ('GET', 'tasks/x'), ('POST', 'queues/2002/task'), ('POST', 'queues/2001/task/'),
    ('POST', 'queues/2002/multi-tasks'), ('GET', 'orders'),
])
def test_unknown_addresses_are_answered_without_json(shop, method, path):
    answer = shop.call(method, path, b'{}' if method == 'POST' else b'')
    assert answer.status_code == 404
    assert answer.headers['Content-Type'].startswith('text/html')


def test_wrong_method(shop):
    assert shop.call('POST', shop.queue, b'{}').status_code == 405
    assert shop.call('GET', f'{shop.queue}/task').status_code == 405
