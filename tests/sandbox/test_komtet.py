""" KOMTET Kassa: signatures, what a check must look like, the till, callbacks, what can go wrong.

The signature is computed here once more, on purpose: the client of these tests shares no code with
the sandbox.
"""

import copy
import hashlib
import hmac
import json
import queue
import threading
import time
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import requests

from sandbox.komtet_check import (
    AGENT_TYPES,
    CORRECTIONS,
    INTENTS,
    MARK_TYPES,
    MEASURES,
    PAYMENT_METHODS,
    PAYMENT_OBJECTS,
    PAYMENT_TYPES,
    TAX_SYSTEMS,
    VAT_RATES,
    read,
    validate,
)
from sandbox.komtet_protocol import KomtetError, sign
from sandbox.komtet_till import SETTINGS

TIMEOUT = 20
API = '/komtet/api/shop/v2'
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
SECTORAL = {'federal_id': '030', 'date': '21.11.2023', 'number': '1944', 'value': 'UUID=1&Time=2'}
POSITION = {
    'name': 'Занятие', 'price': 100.25, 'quantity': 2, 'total': 200.5, 'vat': 'no', 'measure': 0,
    'payment_method': 'full_payment', 'payment_object': 'service',
}
CHECK = {
    'external_id': 'SO1-1', 'intent': 'sell', 'print': False,
    'company': {'payment_address': 'https://romashka.example.com', 'sno': 1},
    'payments': [{'sum': 200.5, 'type': 'card'}], 'positions': [POSITION],
}
# Every field that the API has.
FULL = {
    **CHECK,
    'client': {
        'email': 'buyer@example.com', 'phone': '+79990000000', 'name': 'Ромашка В.',
        'inn': '990000000299', 'birthdate': '31.12.1990', 'citizenship': '643',
        'document_code': '21', 'document_data': '00 00 000000', 'address': 'Москва',
    },
    'company': {**CHECK['company'], 'inn': '9900000017', 'place_address': 'Москва'},
    'cashier': {'name': 'Василёк', 'inn': '990000000299'},
    'payments': [{'sum': 200, 'type': 'card'}, {'sum': 0.5, 'type': 'prepayment'}],
    'positions': [{
        **POSITION, 'id': 7, 'user_data': 'x' * 64, 'excise': 1.5, 'country_code': '643',
        'declaration_number': '1' * 32, 'mark_code': {'itf14': '123'}, 'planned_status': 255,
        'mark_quantity': {'numerator': 1, 'denominator': 2}, 'wholesale': True,
        'sectoral_item_props': [SECTORAL],
        'agent_info': {
            'type': 'agent', 'paying_agent': {'operation': 'x' * 24, 'phones': ['+79990000000']},
            'receive_payments_operator': {'phones': ['+79990000000']},
            'money_transfer_operator': {'name': 'Оператор', 'phones': ['+79990000000'],
                                        'address': 'Москва', 'inn': '9900000017'},
        },
        'supplier_info': {'name': 'Поставщик', 'phones': ['+79990000000'], 'inn': '9900000017'},
    }],
    'additional_check_props': 'x' * 16, 'additional_user_props': {'name': 'Заказ', 'value': '17'},
    'sectoral_check_props': [SECTORAL],
    'operating_check_props': {'name': '0', 'value': 'x', 'timestamp': '31.12.2025 23:59:59'},
    'callback_url': 'https://shop.example/komtet/callback', 'internet': True, 'timezone': 2,
    'cashless_payments': [{'sum': 200, 'method': 1, 'id': '1', 'additional_info': 'x'}],
}
CORRECTION = {
    **CHECK, 'intent': 'sellCorrection', 'authorised_person': {'name': 'Василёк'},
    'correction_info': {'type': 'self', 'base_date': '31.12.2025'},
}


def changed(check, path, value):
    """ Return a copy of a check with one field changed.

    :param tuple path: Where the field is.
    """
    check = copy.deepcopy(check)
    place = check
    for part in path[:-1]:
        place = place[part]
    place[path[-1]] = value
    return check


def without(check, path):
    """ Return a copy of a check that lacks a field. """
    check = changed(check, path, None)
    place = check
    for part in path[:-1]:
        place = place[part]
    del place[path[-1]]
    return check


def paths(value, inside=()):
    """ Yield where each field of a check is. """
    for key, entry in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*inside, key)
        if isinstance(entry, (dict, list)):
            yield from paths(entry, (*inside, key))


class Shop:
    """ A shop with its credentials: nothing but HTTP, signed.

    :param Api api: The client of the control.
    """

    def __init__(self, api):
        self.api = api
        self.credentials = api.control('credentials')['komtet']
        self.base = f'{self.credentials["url"]}/api/shop/v2'
        self.queue = f'queues/{self.credentials["queue_id"]}'

    def control(self, path, verb=None, /, **values):
        """ Call the control API of the cash register. """
        return self.api.control(f'komtet/{path}', verb, **values)

    def wrong_control(self, path, **values):
        """ Call the control API in vain. :return: The explanation. """
        answer = self.api.http.post(
            f'{self.api.url}/_control/komtet/{path}', json=values, timeout=TIMEOUT)
        assert answer.status_code == 400, answer.text
        return answer.json()['error']

    def call(self, method, path, raw=b'', headers=None, signed=None, timeout=TIMEOUT):
        """ Call the API. None leaves a header out.

        :param tuple signed: Method, URL, body and secret to sign instead of the real ones.
        :rtype: requests.Response
        """
        url = f'{self.base}/{path}'
        method_, url_, raw_, secret = (*(signed or ()), *(None,) * 4)[:4]
        message = (method_ or method) + (url_ or url)
        signature = hmac.new(
            (secret or self.credentials['secret']).encode(),
            message.encode() + (raw if raw_ is None else raw_), hashlib.md5).hexdigest()
        headers = {
            'Authorization': self.credentials['shop_id'], 'X-HMAC-Signature': signature,
            'Accept': 'application/json', 'Content-Type': 'application/json' if raw else None,
            **(headers or {}),
        }
        return self.api.http.request(
            method, url, data=raw or None, timeout=timeout,
            headers={name: value for name, value in headers.items() if value is not None})

    def post(self, check, **options):
        """ Put a check into the queue. :rtype: requests.Response """
        return self.call('POST', f'{self.queue}/task', json.dumps(check).encode(), **options)

    def add(self, **values):
        """ Put a good check into the queue. :return: The answer. """
        answer = self.post({**CHECK, **values})
        assert answer.status_code == 200, answer.text
        return answer.json()

    def refused(self, check):
        """ Put a check into the queue in vain. :return: The description. """
        answer = self.post(check)
        assert answer.status_code == 422, answer.text
        refusal = answer.json()
        assert set(refusal) == {'title', 'code', 'description'} and refusal['code'] == 'VLD00'
        assert self.control('tasks') == []
        return refusal['description']

    def read(self, task_id):
        """ Read a task. """
        answer = self.call('GET', f'tasks/{task_id}')
        assert answer.status_code == 200, answer.text
        return answer.json()

    def final(self, task_id):
        """ Wait until a task is final. """
        until = time.monotonic() + TIMEOUT
        while time.monotonic() < until:
            task = self.read(task_id)
            if task['state'] in ('done', 'error'):
                return task
            time.sleep(0.02)
        raise AssertionError('the task is not final')

    def printed(self):
        """ Return what was printed: the external ids. """
        return [entry['external_id'] for entry in self.control('ledger')]


class Listener:
    """ The shop's address for callbacks: keeps headers and bodies. """

    def __init__(self):
        self.received = queue.Queue()
        listener = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length']))
                listener.received.put((self.headers, body))
                self.send_response(500 if 'fail' in self.path else 200)
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *_args):
                """ Log nothing. """

        self._server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self._server.server_port}/callback?shop=1'
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def next(self):
        """ Wait for a callback. :return: Its headers and body. """
        return self.received.get(timeout=TIMEOUT)

    def silent_for(self, seconds):
        """ Return whether nothing comes for some time. """
        try:
            self.received.get(timeout=seconds)
        except queue.Empty:
            return True
        return False

    def stop(self):
        """ Stop listening. """
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def shop(api):
    """ A shop whose till is quick. """
    shop = Shop(api)
    shop.control('settings', delay=0.02)
    return shop


@pytest.fixture
def held(shop):
    """ A shop whose till waits for a step. """
    shop.control('settings', hold=True)
    return shop


@pytest.fixture
def listener():
    """ An address for callbacks. """
    listener = Listener()
    yield listener
    listener.stop()


def genuine(shop, url, headers, body):
    """ Return whether a callback is signed by the shop's secret. """
    expected = hmac.new(shop.credentials['secret'].encode(), b'POST' + url.encode() + body,
                        hashlib.md5).hexdigest()
    return headers['X-HMAC-Signature'] == expected


# === SIGNATURE === #


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


# === WHAT A CHECK MUST LOOK LIKE === #


def test_new_task(held):
    created = held.add()
    assert set(created) == {'id', 'external_id', 'print_queue_id', 'state'}
    assert (created['external_id'], created['print_queue_id'], created['state']) == (
        'SO1-1', 2001, 'new')
    assert type(created['id']) is int
    assert held.read(created['id']) == {
        'id': created['id'], 'external_id': 'SO1-1', 'state': 'new', 'error_description': None,
        'fiscal_data': None, 'receipt_url': None,
    }


def test_every_field_is_taken(held):
    assert held.post(FULL).status_code == 200
    [task] = held.control('tasks')
    assert task['check'] == FULL


@pytest.mark.parametrize('raw', [
    b'', b'{', b'\xff', b'[]', b'null', b'"check"', b'17', b'{"a": NaN}',
    b'{"a": 1e99999999999999999999}', b'\xef\xbb\xbf{}', '{}'.encode('utf-16'),
    b'{"a": %s}' % (b'9' * 5000), rb'{"a": "\ud800"}',
])
def test_body_is_an_object_of_json(shop, raw):
    answer = shop.call('POST', f'{shop.queue}/task', raw,
                       headers={'Content-Type': 'application/json'})
    assert (answer.status_code, answer.json()['code']) == (422, 'VLD00')


def test_endless_body_is_refused():
    with pytest.raises(KomtetError, match='RecursionError'):
        read(b'[' * 100000)


@pytest.mark.parametrize('kind', [None, 'text/plain', 'application/x-www-form-urlencoded'])
def test_body_is_declared_as_json(shop, kind):
    answer = shop.post(CHECK, headers={'Content-Type': kind})
    assert (answer.status_code, answer.json()['code']) == (422, 'VLD00')
    assert 'Content-Type' in answer.json()['description']


@pytest.mark.parametrize('path', list(paths(FULL)), ids=str)
def test_null_is_refused_everywhere(path):
    with pytest.raises(KomtetError) as caught:
        validate(changed(FULL, path, None))
    where = '.'.join(map(str, path))
    assert f'{where}: None is not ' in str(caught.value)


@pytest.mark.parametrize('path', list(paths(FULL)), ids=str)
@pytest.mark.parametrize('value', ['', [], {}], ids=str)
def test_nothing_is_empty(path, value):
    with pytest.raises(KomtetError):
        validate(changed(FULL, path, value))


@pytest.mark.parametrize('path', [
    *((name,) for name in CHECK), ('company', 'payment_address'), ('company', 'sno'),
    ('payments', 0, 'sum'), ('payments', 0, 'type'),
    *(('positions', 0, name) for name in POSITION),
    ('cashier', 'name'), ('additional_user_props', 'name'), ('additional_user_props', 'value'),
    *(('sectoral_check_props', 0, name) for name in SECTORAL),
    *(('positions', 0, 'sectoral_item_props', 0, name) for name in SECTORAL),
    *(('operating_check_props', name) for name in FULL['operating_check_props']),
    *(('cashless_payments', 0, name) for name in ('sum', 'method', 'id')),
    ('positions', 0, 'mark_quantity', 'numerator'),
    ('positions', 0, 'mark_quantity', 'denominator'), ('positions', 0, 'agent_info', 'type'),
    ('positions', 0, 'agent_info', 'paying_agent', 'operation'),
    ('positions', 0, 'agent_info', 'paying_agent', 'phones'),
    ('positions', 0, 'agent_info', 'receive_payments_operator', 'phones'),
    *(('positions', 0, 'agent_info', 'money_transfer_operator', name)
      for name in ('name', 'phones', 'address', 'inn')),
    *(('positions', 0, 'supplier_info', name) for name in ('name', 'phones', 'inn')),
], ids=str)
def test_required_field_is_named(held, path):
    assert f"'{path[-1]}' is a required property" in held.refused(without(FULL, path))


@pytest.mark.parametrize('path', [
    ('user',), ('sno',), ('payment_address',), ('operation_check_props',), ('correction_info',),
    ('client', 'user'), ('company', 'name'), ('payments', 0, 'amount'),
    ('positions', 0, 'measure_name'), ('positions', 0, 'calculation_method'),
    ('positions', 0, 'discount'), ('cashless_payments', 0, 'additionalInfo'),
    ('positions', 0, 'mark_code', 'gs1'),
], ids=str)
def test_unknown_field_is_refused(held, path):
    description = held.refused(changed(FULL, path, '1'))
    assert path[-1] in description or 'mark_code' in description


@pytest.mark.parametrize('path, value', [
    (('external_id',), True), (('external_id',), 1.5), (('intent',), 'sell_return'),
    (('intent',), 1), (('intent',), []), (('print',), 0), (('print',), 'false'),
    (('internet',), 1), (('timezone',), 0), (('timezone',), 12), (('timezone',), '2'),
    (('timezone',), True), (('company', 'sno'), 3), (('company', 'sno'), '1'),
    (('company', 'sno'), True), (('company', 'sno'), 1.0), (('company', 'inn'), '990000001'),
    (('company', 'inn'), 9900000017), (('company', 'inn'), '990000001x'),
    (('client', 'email'), 'buyer'), (('client', 'email'), 'a b@example.com'),
    (('client', 'email'), f'{"x" * 53}@example.com'), (('client', 'email'), 'a@example.com\n'),
    (('client', 'phone'), '8 (999) 000-00-00'), (('client', 'phone'), 79990000000),
    (('client', 'phone'), '+7'), (('client', 'birthdate'), '1990-12-31'),
    (('client', 'birthdate'), '31.02.1990'), (('client', 'birthdate'), '1.2.1990'),
    (('payments', 0, 'sum'), '200'), (('payments', 0, 'sum'), 0), (('payments', 0, 'sum'), -200),
    (('payments', 0, 'sum'), 200.001), (('payments', 0, 'sum'), True),
    (('payments', 0, 'sum'), 1e10), (('payments', 0, 'sum'), 1e300),
    (('payments', 0, 'type'), 'cashless'), (('payments', 0, 'type'), 5), (('payments',), {}),
    (('positions', 0), 'x'), (('positions', 0, 'name'), 'п' * 129),
    (('positions', 0, 'name'), 17), (('positions', 0, 'price'), '100.25'),
    (('positions', 0, 'price'), -1), (('positions', 0, 'price'), 100.2500001),
    (('positions', 0, 'price'), 0.1 + 0.2), (('positions', 0, 'total'), 200.505),
    (('positions', 0, 'quantity'), 0), (('positions', 0, 'quantity'), -2),
    (('positions', 0, 'quantity'), 2.0000001), (('positions', 0, 'quantity'), '2'),
    (('positions', 0, 'vat'), '18'), (('positions', 0, 'vat'), '118'),
    (('positions', 0, 'vat'), 20), (('positions', 0, 'vat'), 'none'),
    (('positions', 0, 'vat'), 'vat20'), (('positions', 0, 'measure'), 1),
    (('positions', 0, 'measure'), '0'), (('positions', 0, 'measure'), 'шт'),
    (('positions', 0, 'measure'), False), (('positions', 0, 'payment_method'), 'full'),
    (('positions', 0, 'payment_method'), 4), (('positions', 0, 'payment_object'), 'commodity'),
    (('positions', 0, 'payment_object'), 'ATHM'), (('positions', 0, 'excise'), '1'),
    (('positions', 0, 'user_data'), 'x' * 65), (('positions', 0, 'declaration_number'), '1' * 33),
    (('positions', 0, 'mark_code'), '123'), (('positions', 0, 'mark_code'), {'ean8': 1}),
    (('positions', 0, 'mark_code'), {'ean8': '1', 'itf14': '1'}),
    (('positions', 0, 'mark_quantity', 'numerator'), 0), (('positions', 0, 'planned_status'), 7),
    (('positions', 0, 'agent_info', 'type'), 'broker'),
    (('positions', 0, 'agent_info', 'paying_agent', 'operation'), 'x' * 25),
    (('positions', 0, 'agent_info', 'paying_agent', 'phones'), '+79990000000'),
    (('additional_check_props',), 'x' * 17), (('additional_user_props', 'name'), 'x' * 65),
    (('cashier', 'name'), 'x' * 65), (('sectoral_check_props', 0, 'date'), '2023-11-21'),
    (('operating_check_props', 'timestamp'), '31.12.2025'),
    (('callback_url',), 'shop.example/callback'), (('callback_url',), 'ftp://shop.example'),
    (('callback_url',), 'https://shop.example:x/'), (('callback_url',), 'https://[shop/'),
    (('cashless_payments', 0, 'sum'), '200'), (('cashless_payments', 0, 'method'), True),
], ids=str)
def test_wrong_field_is_named(held, path, value):
    assert '.'.join(map(str, path)) in held.refused(changed(FULL, path, value))


def test_all_wrong_fields_are_told_at_once(held):
    check = changed(changed(CHECK, ('print',), 'no'), ('positions', 0, 'vat'), '18')
    description = held.refused(check)
    assert 'print' in description and 'positions.0.vat' in description


@pytest.mark.parametrize('path, values', [
    (('intent',), INTENTS), (('company', 'sno'), TAX_SYSTEMS), (('payments', 0, 'type'),
     PAYMENT_TYPES), (('positions', 0, 'vat'), VAT_RATES), (('positions', 0, 'measure'), MEASURES),
    (('positions', 0, 'payment_method'), PAYMENT_METHODS),
    (('positions', 0, 'payment_object'), PAYMENT_OBJECTS),
    (('positions', 0, 'agent_info', 'type'), AGENT_TYPES), (('timezone',), range(1, 12)),
    (('positions', 0, 'planned_status'), (1, 2, 3, 4, 5, 6, 255)),
    (('external_id',), (17, 0, 'x' * 200)), (('positions', 0, 'name'), ('п', 'п' * 128)),
    (('client', 'email'), (f'{"x" * 52}@example.com',)),
    (('client', 'phone'), ('+79990000000', '79990000000', '9990000000')),
    (('callback_url',), ('http://127.0.0.1:8069/komtet/callback?a=1',)),
    (('positions', 0, 'vat'), ('20', '120', '22', '122')),
])
def test_known_words_and_limits_are_allowed(path, values):
    for value in values:
        validate(changed(FULL, path, value))


@pytest.mark.parametrize('kind', MARK_TYPES)
def test_mark_types(kind):
    check = without(FULL, ('positions', 0, 'wholesale'))
    validate(changed(check, ('positions', 0, 'mark_code'), {kind: '123'}))


@pytest.mark.parametrize('client, right', [
    ({'email': 'buyer@example.com'}, True), ({'phone': '+79990000000'}, True),
    ({'name': 'Василиса'}, False), ({}, False), (None, False),
])
def test_check_of_the_internet_has_a_contact(held, client, right):
    check = {**CHECK, 'internet': True, **({} if client is None else {'client': client})}
    if right:
        assert held.post(check).status_code == 200
    else:
        assert 'client' in held.refused(check)
        assert held.post({**check, 'internet': False}).status_code == 200


@pytest.mark.parametrize('change', [
    {'mark_code': {'ean13': '1'}}, {'quantity': 1, 'total': 100.25}, {'sectoral_item_props': None},
    {'mark_code': None},
])
def test_wholesale_needs_more(change):
    position = {**FULL['positions'][0], **change}
    position = {name: value for name, value in position.items() if value is not None}
    payments = [{'sum': position['total'], 'type': 'card'}]
    check = {**FULL, 'positions': [position], 'payments': payments}
    with pytest.raises(KomtetError, match=r'positions\.0\.wholesale'):
        validate(check)
    position['wholesale'] = False
    validate(check)


# === SUMS === #


def line(price, quantity, total):
    """ Return a check of one line, paid by card; numbers as they are written. """
    raw = json.dumps({**CHECK, 'positions': [{
        **POSITION, 'price': 'PRICE', 'quantity': 'QUANTITY', 'total': 'TOTAL',
    }], 'payments': [{'sum': 'TOTAL', 'type': 'card'}]})
    for name, value in (('PRICE', price), ('QUANTITY', quantity), ('TOTAL', total)):
        raw = raw.replace(f'"{name}"', value)
    return raw.encode()


@pytest.mark.parametrize('price, quantity, total', [
    ('100', '3', '300'), ('0.01', '1', '0.01'), ('100.00', '1.000000', '100.00000'),
    ('33.33', '0.3', '10.00'), ('10.05', '0.1', '1.01'), ('10.04', '0.1', '1.00'),
    ('0.1', '3', '0.3'), ('1e2', '1', '1E+2'), ('99999999.99', '99.999999', '9999999899.00'),
])
def test_total_is_price_by_quantity_rounded_half_up(price, quantity, total):
    assert validate(read(line(price, quantity, total))) == Decimal(total)


@pytest.mark.parametrize('price, quantity, total', [
    ('47.8', '21.99', '1051.00'), ('100', '3', '299.99'), ('100', '3', '300.01'),
    ('10.05', '0.1', '1.00'), ('0', '1', '0.01'),
])
def test_any_other_total_is_refused(held, price, quantity, total):
    answer = held.call('POST', f'{held.queue}/task', line(price, quantity, total))
    assert answer.status_code == 422
    assert 'positions.0.total' in answer.json()['description']


@pytest.mark.parametrize('payments', [
    [{'sum': 200.49, 'type': 'card'}], [{'sum': 200.51, 'type': 'card'}],
    [{'sum': 200.5, 'type': 'card'}, {'sum': 0.01, 'type': 'cash'}],
])
def test_payments_are_the_sum_of_the_positions(held, payments):
    assert held.refused({**CHECK, 'payments': payments}).startswith('payments: ')


def test_tenths_add_up(held):
    positions = [{**POSITION, 'price': price, 'quantity': 1, 'total': price}
                 for price in (0.1, 0.2, 0)]
    created = held.add(positions=positions, payments=[{'sum': 0.3, 'type': 'card'}])
    held.control('step', 'POST')
    assert held.read(created['id'])['fiscal_data']['s'] == '0.30'


@pytest.mark.parametrize('price, quantity, total, state', [
    ('100', '3', '200', 'done'), ('100', '1', '90', 'done'), ('100', '0.5', '49.99', 'done'),
    # A unit is split off for the odd kopecks; less than a unit can't be: 76.03 × 0.472 is 35.89.
    ('100', '3', '199.99', 'done'), ('76.43', '0.472', '35.88', 'error'),
])
def test_discounts_of_the_till_where_they_are_switched_on(held, price, quantity, total, state):
    held.control('settings', discounts=True)
    answer = held.call('POST', f'{held.queue}/task', line(price, quantity, total))
    assert answer.status_code == 200, answer.text
    [task] = held.control('step', 'POST')
    assert task['state'] == state, task
    assert len(held.printed()) == (state == 'done')


# === ONE CHECK FOR ONE EXTERNAL ID === #


@pytest.mark.parametrize('first, second', [('SO1-1', 'SO1-1'), (17, 17), (17, '17')])
def test_external_id_is_taken_once(shop, first, second):
    task_id = shop.add(external_id=first)['id']
    for _attempt in range(2):
        answer = shop.post({**CHECK, 'external_id': second})
        refusal = answer.json()
        assert (answer.status_code, refusal['code']) == (422, 'VLD11')
        assert str(second) in refusal['description']
        shop.final(task_id)
    assert shop.printed() == [first]


def test_external_id_of_a_failed_check_is_used_too(shop):
    shop.control('till_errors', text='Нет бумаги')
    assert shop.final(shop.add()['id'])['state'] == 'error'
    assert shop.post(CHECK).json()['code'] == 'VLD11'


def test_refused_check_leaves_its_external_id_free(held):
    held.refused(changed(CHECK, ('positions', 0, 'vat'), '18'))
    held.add()


def test_same_check_at_once_is_printed_once(shop):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(Shop(shop.api).post(CHECK)))
               for _count in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answer.status_code for answer in answers) == [200] + [422] * 7
    [task] = shop.control('tasks')
    shop.final(task['id'])
    assert shop.printed() == ['SO1-1']


def test_many_checks_at_once_are_printed_once_each(shop):
    def work(number):
        for step in range(10):
            shop.add(external_id=f'{number}-{step}')
            shop.control('step', 'POST')

    threads = [threading.Thread(target=work, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for task in shop.control('tasks'):
        shop.final(task['id'])
    printed = shop.printed()
    assert len(printed) == len(set(printed)) == 60
    documents = [entry['fiscal_data']['i'] for entry in shop.control('ledger')]
    assert len(set(documents)) == 60


def test_several_checks_in_one_call(held):
    checks = [{**CHECK, 'external_id': 'a'}, {**CHECK, 'external_id': 'b'}]
    answer = held.call('POST', f'{held.queue}/multi-tasks', json.dumps(checks).encode())
    assert answer.status_code == 200
    assert [(task['external_id'], task['state']) for task in answer.json().values()] == [
        ('a', 'new'), ('b', 'new')]
    assert len(held.control('step', 'POST')) == 2
    assert held.printed() == ['a', 'b']


@pytest.mark.parametrize('checks, code', [
    ([], 'VLD00'), ({}, 'VLD00'), ([CHECK, {}], 'VLD00'), ([CHECK, CHECK], 'VLD11'),
])
def test_several_checks_are_taken_together_or_not_at_all(held, checks, code):
    answer = held.call('POST', f'{held.queue}/multi-tasks', json.dumps(checks).encode())
    assert (answer.status_code, answer.json()['code']) == (422, code)
    assert held.control('tasks') == []


# === CORRECTIONS === #


@pytest.mark.parametrize('intent, number', CORRECTIONS.items())
def test_correction(held, intent, number):
    task_id = held.add(**{**CORRECTION, 'intent': intent})['id']
    held.control('step', 'POST')
    assert held.read(task_id)['fiscal_data']['n'] == number
    assert held.control('ledger')[0]['intent'] == intent


@pytest.mark.parametrize('path, value', [
    (('correction_info', 'type'), 'forced'), (('correction_info', 'type'), 'instruction'),
    (('correction_info', 'base_date'), '2025-12-31'), (('authorised_person',), 'Василёк'),
    (('additional_check_props',), 'x'),
])
def test_wrong_correction(held, path, value):
    assert path[0] in held.refused(changed(CORRECTION, path, value))


@pytest.mark.parametrize('path', [
    ('correction_info',), ('authorised_person',), ('correction_info', 'type'),
    ('correction_info', 'base_date'), ('authorised_person', 'name'),
])
def test_correction_needs_more(held, path):
    assert path[-1] in held.refused(without(CORRECTION, path))


def test_correction_by_an_instruction_has_a_number(held):
    held.add(**changed(CORRECTION, ('correction_info',), {
        'type': 'instruction', 'base_date': '31.12.2025', 'base_number': '17'}))


# === THE TILL === #


@pytest.mark.parametrize('intent, number', INTENTS.items())
def test_printed_by_itself_after_a_short_delay(api, shop, intent, number):
    api.control('clock', set='2026-03-01T12:00:30+03:00')
    task = shop.final(shop.add(intent=intent)['id'])
    data = task['fiscal_data']
    assert task['state'] == 'done' and task['error_description'] is None
    assert set(data) == {'i', 'fn', 'fp', 't', 's', 'n', 'rn', 'sh', 'shn'}
    assert (data['t'], data['s'], data['n'], data['shn']) == (
        '20260301T1200', '200.50', number, '1')
    assert all(isinstance(value, str) for name, value in data.items() if name != 'n')
    assert len(data['fn']) == 16 and len(data['fp']) == 10 and data['i'][0] != '0'
    [entry] = shop.control('ledger')
    assert entry == {'task_id': task['id'], 'external_id': 'SO1-1', 'intent': intent,
                     'total': '200.50', 'fiscal_data': data}


@pytest.mark.parametrize('zone, written', [(1, '20260228T2330'), (2, '20260301T0030'),
                                           (11, '20260301T0930')])
def test_time_is_that_of_the_till(api, held, zone, written):
    api.control('clock', set='2026-03-01T00:30:00+03:00')
    task_id = held.add(timezone=zone)['id']
    held.control('step', 'POST')
    assert held.read(task_id)['fiscal_data']['t'] == written


def test_receipts_are_numbered_in_the_shift(api, held):
    api.control('clock', set='2026-04-01T12:00:00+03:00')
    for number in range(3):
        held.add(external_id=number)
        if number == 2:
            api.control('clock', advance=24 * 3600)
        held.control('step', 'POST')
    first, second, third = (entry['fiscal_data'] for entry in held.control('ledger'))
    assert [data['shn'] for data in (first, second, third)] == ['1', '2', '1']
    assert first['sh'] == second['sh'] and int(third['sh']) == int(first['sh']) + 1
    assert int(first['i']) + 2 == int(second['i']) + 1 == int(third['i'])


def test_receipt_can_be_read(api, shop):
    task = shop.final(shop.add()['id'])
    answer = api.http.get(task['receipt_url'], timeout=TIMEOUT)
    assert answer.status_code == 200
    data = task['fiscal_data']
    assert 'Занятие' in answer.text and 'ИТОГ 200.50' in answer.text
    assert 't={t}&s=200.50&fn={fn}&i={i}&fp={fp}&n=1'.format(**data) in answer.text
    assert api.http.get(task['receipt_url'][:-1], timeout=TIMEOUT).status_code == 404


def test_passive_queue_keeps_checks(shop):
    shop.control('settings', queue_state='passive')
    assert shop.call('GET', shop.queue).json()['state'] == 'passive'
    task_id = shop.add()['id']
    time.sleep(0.3)
    assert shop.read(task_id)['state'] == 'new' and shop.printed() == []
    assert 'passive' in shop.wrong_control('step')
    shop.control('settings', queue_state='active')
    assert shop.final(task_id)['state'] == 'done'
    assert shop.printed() == ['SO1-1']


def test_task_stays_new_until_it_is_released(held):
    task_id = held.add()['id']
    time.sleep(0.3)
    assert held.read(task_id)['state'] == 'new'
    held.control('settings', hold=False)
    assert held.final(task_id)['state'] == 'done'


def test_delay(shop):
    shop.control('settings', delay=30)
    task_id = shop.add()['id']
    time.sleep(0.2)
    assert shop.read(task_id)['state'] == 'new'
    shop.control('settings', delay=0)
    assert shop.final(task_id)['state'] == 'done'


def test_step_takes_one_task_or_all(held):
    first, second, third = (held.add(external_id=number)['id'] for number in range(3))
    assert [task['id'] for task in held.control('step', task_id=second)] == [second]
    assert held.printed() == [1]
    assert 'does not wait' in held.wrong_control('step', task_id=second)
    assert 'does not wait' in held.wrong_control('step', task_id=1)
    [task] = held.control('step', task_id=third, error='Нет бумаги')
    assert (task['state'], task['error_description']) == ('error', 'Нет бумаги')
    assert [task['id'] for task in held.control('step', 'POST')] == [first]
    assert held.control('step', 'POST') == []
    assert held.printed() == [1, 0]


def test_error_of_the_till(shop):
    text = 'Код маркировки не прошёл проверку'
    assert shop.control('till_errors', text=text, times=2) == [{'text': text, 'times': 2}]
    for number in range(2):
        task = shop.final(shop.add(external_id=number)['id'])
        assert (task['state'], task['error_description']) == ('error', text)
        assert task['fiscal_data'] is None and task['receipt_url'] is None
    assert shop.control('till_errors') == [] and shop.printed() == []
    assert shop.final(shop.add(external_id=2)['id'])['state'] == 'done'


def test_errors_of_the_till_can_be_forgotten(shop):
    shop.control('till_errors', text='Нет бумаги')
    assert shop.control('till_errors', 'DELETE') == []
    assert shop.final(shop.add()['id'])['state'] == 'done'


def test_foreign_inn_fails_at_the_till(shop):
    def task(number, inn):
        company = {**CHECK['company'], 'inn': inn}
        return shop.final(shop.add(external_id=number, company=company)['id'])

    assert task(1, '9900000017')['state'] == 'done'
    assert 'ИНН' in task(2, '990000000299')['error_description']
    shop.control('settings', inn='990000000299')
    assert task(3, '990000000299')['state'] == 'done'
    shop.control('settings', inn=None)
    assert task(4, '9900000017')['state'] == 'done'
    assert shop.printed() == [1, 3, 4]


def test_shapes_that_others_have_seen(held):
    held.control('settings', nested_task=True, pending_state='processing', receipt_url=False)
    created = held.add()
    assert list(created) == ['task'] and created['task']['state'] == 'new'
    task = held.read(created['task']['id'])
    assert task['state'] == 'processing' and 'receipt_url' not in task
    [task] = held.control('step', 'POST')
    assert task['state'] == 'done' and 'receipt_url' not in task


# === CALLBACKS === #


def test_result_is_told_once(shop, listener):
    task_id = shop.add(callback_url=listener.url)['id']
    headers, body = listener.next()
    assert headers['Content-Type'] == 'application/json'
    assert genuine(shop, listener.url, headers, body)
    assert json.loads(body) == shop.read(task_id)
    assert {'id': task_id, 'external_id': 'SO1-1', 'state': 'done'}.items() <= (
        json.loads(body).items())
    assert listener.silent_for(0.3)
    [callback] = shop.control('callbacks')
    assert (callback['url'], callback['result']) == (listener.url, 200)


def test_error_is_told(shop, listener):
    shop.control('till_errors', text='Нет бумаги')
    shop.add(callback_url=listener.url)
    headers, body = listener.next()
    assert genuine(shop, listener.url, headers, body)
    content = json.loads(body)
    assert (content['state'], content['error_description']) == ('error', 'Нет бумаги')
    assert 'Нет бумаги'.encode() in body


def test_nothing_is_told_before_the_end_or_without_an_address(held, listener):
    held.add(external_id=1, callback_url=listener.url)
    assert listener.silent_for(0.2)
    held.add(external_id=2)
    held.control('step', 'POST')
    assert json.loads(listener.next()[1])['external_id'] == 1
    assert listener.silent_for(0.2)


def test_refused_callback_is_not_repeated(shop, listener):
    shop.add(callback_url=f'{listener.url}&fail=1')
    listener.next()
    assert listener.silent_for(0.3)
    assert [callback['result'] for callback in shop.control('callbacks')] == [500]


def test_silent_address_does_no_harm(shop, listener):
    listener.stop()
    task_id = shop.add(callback_url=listener.url)['id']
    assert shop.final(task_id)['state'] == 'done'
    until = time.monotonic() + TIMEOUT
    while shop.control('callbacks')[0]['result'] is None and time.monotonic() < until:
        time.sleep(0.02)
    assert shop.control('callbacks')[0]['result'] == 'ConnectionError'


def test_lost_callback(shop, listener):
    shop.control('settings', callbacks='lost')
    shop.final(shop.add(callback_url=listener.url)['id'])
    assert listener.silent_for(0.3)
    [callback] = shop.control('callbacks')
    assert callback['result'] == 'lost'
    shop.control('callbacks', again=callback['id'])
    assert genuine(shop, listener.url, *listener.next())


def test_doubled_callback(shop, listener):
    shop.control('settings', callbacks='doubled')
    shop.add(callback_url=listener.url)
    first, second = listener.next(), listener.next()
    assert first[1] == second[1] and genuine(shop, listener.url, *second)
    assert listener.silent_for(0.2)
    assert shop.printed() == ['SO1-1']


@pytest.mark.parametrize('mode', ['forged', 'unsigned'])
def test_callback_that_must_not_be_believed(shop, listener, mode):
    shop.control('settings', callbacks=mode)
    shop.add(callback_url=listener.url)
    headers, body = listener.next()
    assert not genuine(shop, listener.url, headers, body)
    assert ('X-HMAC-Signature' in headers) == (mode == 'forged')
    assert listener.silent_for(0.2)


def test_late_callback(shop, listener):
    shop.control('settings', callbacks='late', callback_delay=0.5)
    shop.final(shop.add(callback_url=listener.url)['id'])
    assert listener.silent_for(0.2)
    assert genuine(shop, listener.url, *listener.next())


def test_callbacks_by_hand(shop, listener):
    content = {'external_id': 'SO1-1', 'state': 'done'}
    shop.control('callbacks', send=content, url=listener.url)
    headers, body = listener.next()
    assert genuine(shop, listener.url, headers, body) and json.loads(body) == content
    [callback] = shop.control('callbacks')
    shop.control('callbacks', again=callback['id'], copies=2)
    assert [listener.next()[1] for _copy in range(2)] == [body, body]
    shop.control('callbacks', forge=content, url=listener.url)
    headers, body = listener.next()
    assert not genuine(shop, listener.url, headers, body) and json.loads(body) == content


# === FAULTS === #


def fault(shop, kind, **values):
    """ Order a fault for new checks. """
    shop.api.control('faults', kind=kind, method='POST', path=f'^{API}/queues/[0-9]+/task$',
                     **values)


@pytest.mark.parametrize('kind, status, taken', [
    ('error_5xx', 502, 0), ('error_5xx_after', 504, 1), ('html_200', 200, 0),
    ('html_200_after', 200, 1),
])
def test_page_instead_of_an_answer(shop, kind, status, taken):
    fault(shop, kind)
    answer = shop.post(CHECK)
    assert answer.status_code == status
    assert answer.headers['Content-Type'].startswith('text/html')
    assert len(shop.control('tasks')) == taken
    again = shop.post(CHECK)
    assert again.json().get('code') == ('VLD11' if taken else None)
    shop.final(shop.control('tasks')[0]['id'])
    assert shop.printed() == ['SO1-1']


@pytest.mark.parametrize('kind, taken, values', [
    ('close_before', 0, {}), ('close_after', 1, {}), ('cut_body', 1, {}),
    ('timeout_before', 0, {'seconds': 0.3}), ('timeout_after', 1, {'seconds': 0.3}),
])
def test_no_answer(shop, kind, taken, values):
    fault(shop, kind, **values)
    with pytest.raises(requests.exceptions.RequestException):
        shop.post(CHECK)
    assert len(shop.control('tasks')) == taken
    if taken:
        # The shop never learns the number of the task, but the check is printed.
        shop.final(shop.control('tasks')[0]['id'])
        assert shop.printed() == ['SO1-1']


def test_slow_answer_is_still_right(shop):
    fault(shop, 'slow', seconds=0.4)
    started = time.monotonic()
    shop.add()
    assert time.monotonic() - started >= 0.4


@pytest.mark.parametrize('values, status, code', [
    ({}, 422, 'VLD00'), ({'status': 500, 'code': 'INT00', 'message': 'Сбой'}, 500, 'INT00'),
])
def test_refusal_on_command_has_the_form_of_komtet(shop, values, status, code):
    fault(shop, 'refuse', **values)
    answer = shop.post(CHECK)
    assert answer.status_code == status
    assert set(answer.json()) == {'title', 'code', 'description'}
    assert answer.json()['code'] == code
    assert shop.control('tasks') == []


def test_faults_of_reading(shop):
    task_id = shop.add()['id']
    shop.api.control('faults', kind='error_5xx', method='GET', path=f'^{API}/tasks/')
    assert shop.call('GET', f'tasks/{task_id}').status_code == 502
    assert shop.call('GET', shop.queue).status_code == 200
    assert shop.final(task_id)['state'] == 'done'


# === CONTROL === #


def test_journal_keeps_checks_and_no_keys(shop):
    shop.api.control('requests', 'DELETE')
    shop.add()
    [request] = shop.api.control('requests')
    assert (request['method'], request['path']) == ('POST', f'{API}/{shop.queue}/task')
    assert request['body'] == CHECK
    assert 'Signature' not in json.dumps(request)


@pytest.mark.parametrize('reset', ['reset', 'komtet/reset'])
def test_reset_forgets_everything_but_the_secret(api, shop, listener, reset):
    shop.control('settings', hold=True, callbacks='late', callback_delay=0.4)
    old = shop.add(external_id='old', callback_url=listener.url)['id']
    shop.control('step', 'POST')
    shop.add(callback_url=listener.url)
    shop.control('settings', hold=False, delay=0.2)
    shop.control('till_errors', text='Нет бумаги')
    answer = api.control(reset, 'POST')
    assert answer.get('komtet', answer) == shop.credentials
    for path in ('tasks', 'ledger', 'till_errors', 'callbacks'):
        assert shop.control(path) == []
    assert shop.control('settings') == SETTINGS
    assert shop.call('GET', f'tasks/{old}').status_code == 404
    assert listener.silent_for(0.6) and shop.printed() == []
    assert shop.add()['id'] > old


def test_reset_of_the_till_leaves_the_bank_alone(api, shop):
    operation_id = api.create()['operationId']
    shop.control('reset', 'POST')
    assert api.read(operation_id)['status'] == 'CREATED'


@pytest.mark.parametrize('path, values', [
    ('settings', {'nothing': 1}), ('settings', {'queue_state': 'closed'}),
    ('settings', {'callbacks': 'never'}), ('settings', {'hold': 1}),
    ('settings', {'delay': 'soon'}), ('settings', {'delay': -1}), ('settings', {'delay': True}),
    ('settings', {'callback_delay': None}), ('settings', {'pending_state': None}),
    ('settings', {'inn': 9900000017}), ('till_errors', {}), ('till_errors', {'text': ''}),
    ('till_errors', {'text': 'x', 'times': 0}), ('till_errors', {'text': 'x', 'often': 1}),
    ('step', {'error': 5}), ('callbacks', {'again': 0}), ('callbacks', {'send': {}}),
])
def test_wrong_calls_are_explained(shop, path, values):
    before = shop.control('settings')
    assert shop.wrong_control(path, **values)
    assert shop.control('settings') == before and shop.control('till_errors') == []
