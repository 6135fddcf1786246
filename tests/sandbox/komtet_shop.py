""" KOMTET Kassa: a shop that signs for itself, its checks, its address for callbacks.

The signature is computed here once more, on purpose: the client of these tests shares no code with
the sandbox.
"""

import copy
import hashlib
import hmac
import json
import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TIMEOUT = 20
API = '/komtet/api/shop/v2'
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
        """ Read a task when the till has had all its time. """
        self.api.pass_time()
        task = self.read(task_id)
        assert task['state'] in ('done', 'error')
        return task

    def printed(self):
        """ Return what was printed: the external ids. """
        return [entry['external_id'] for entry in self.control('ledger')]


class Listener:
    """ The shop's address for callbacks: keeps headers and bodies.

    :param Api api: Whose time passes.
    """

    def __init__(self, api):
        self.api = api
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

    def nothing_in(self, seconds=3600):
        """ Return whether nothing more has come when that time of the sandbox has passed. """
        self.api.pass_time(seconds)
        return self.received.empty()

    def stop(self):
        """ Stop listening. """
        self._server.shutdown()
        self._server.server_close()


def genuine(shop, url, headers, body):
    """ Return whether a callback is signed by the shop's secret. """
    expected = hmac.new(shop.credentials['secret'].encode(), b'POST' + url.encode() + body,
                        hashlib.md5).hexdigest()
    return headers['X-HMAC-Signature'] == expected
