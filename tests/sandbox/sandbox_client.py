""" A client of the sandbox's API that trusts nothing, and somebody who receives webhooks. """

import queue
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import jwt
import requests

TIMEOUT = 20
SHOP = '200000000012345'
CARD_SHOP = '200000000012346'
COMPANY, SECOND_COMPANY, PERSON = '301234567', '301234568', '301234569'
TILL_SHOP = '200000000022345'  # the second company's, with a cash register
WITH_RECEIPT = 'acquiring/v1.0/payments_with_receipt'


class Api:
    """ The bank's API as a program sees it: nothing but HTTP.

    :param str url: Where the sandbox is reached.
    """

    def __init__(self, url):
        self.url = url
        self.http = requests.Session()
        self.http.trust_env = False
        self.client_id = 'sandbox-client'
        self.token = ''

    def control(self, path, verb=None, /, **body):
        """ Call the control API. :return: What it answers. """
        answer = self.http.request(
            verb or ('POST' if body else 'GET'), f'{self.url}/_control/{path}',
            json=body or None, timeout=TIMEOUT,
        )
        assert answer.status_code == 200, answer.text
        return answer.json()

    def pass_time(self, seconds=3600):
        """ Let the time of delays and intervals pass, with all that is to happen till then. """
        self.control('timers', still=True, advance=seconds)

    def call(self, method, path, body=None, token=None, **options):
        """ Call the API. :rtype: requests.Response """
        return self.http.request(
            method, f'{self.url}/uapi/{path}', json=body,
            headers={'Authorization': f'Bearer {self.token if token is None else token}'},
            **{'timeout': TIMEOUT, **options},
        )

    def data(self, method, path, body=None, **options):
        """ Call the API and return `Data` of the success. """
        answer = self.call(method, path, body, **options)
        assert answer.status_code == 200, answer.text
        return answer.json()['Data']

    def refused(self, status, method, path, body=None, **options):
        """ Call the API and return the messages of the refusal. """
        answer = self.call(method, path, body, **options)
        assert answer.status_code == status, answer.text
        envelope = answer.json()
        assert set(envelope) == {'code', 'id', 'message', 'Errors'}
        assert envelope['code'] == str(status)
        assert envelope['Errors']
        for error in envelope['Errors']:
            assert set(error) == {'errorCode', 'message', 'url'}
        return [error['message'] for error in envelope['Errors']]

    def request_data(self, **values):
        """ Return `Data` of a request that creates an operation. None leaves a field out. """
        data = {
            'customerCode': COMPANY, 'merchantId': SHOP, 'amount': '1234.50',
            'purpose': 'Счёт 17', 'paymentMode': ['card', 'sbp'], **values,
        }
        return {name: value for name, value in data.items() if value is not None}

    def create(self, **values):
        """ Create an operation. :return: `Data` of the answer. """
        return self.data('POST', 'acquiring/v1.0/payments', {'Data': self.request_data(**values)})

    def create_refused(self, status, **values):
        """ Create an operation in vain. :return: The messages. """
        return self.refused(
            status, 'POST', 'acquiring/v1.0/payments', {'Data': self.request_data(**values)},
        )

    def receipt_data(self, **values):
        """ Return `Data` of a request with the least receipt. None leaves a field out. """
        return self.request_data(**{
            'customerCode': SECOND_COMPANY, 'merchantId': TILL_SHOP, 'amount': '300.00',
            'Client': {'email': 'buyer@example.com'},
            'Items': [{'name': 'Занятие', 'amount': '150.00', 'quantity': 2}], **values,
        })

    def create_with_receipt(self, **values):
        """ Create an operation with a receipt. :return: `Data` of the answer. """
        return self.data('POST', WITH_RECEIPT, {'Data': self.receipt_data(**values)})

    def receipt_refused(self, status, **values):
        """ Create an operation with a receipt in vain. :return: The messages. """
        return self.refused(status, 'POST', WITH_RECEIPT, {'Data': self.receipt_data(**values)})

    def receipts(self, operation_id=''):
        """ Return what the bank's partner has printed. """
        return self.control('receipts' + (operation_id and f'?operation={operation_id}'))

    def read(self, operation_id):
        """ Read an operation. """
        [operation] = self.data('GET', f'acquiring/v1.0/payments/{operation_id}')['Operation']
        return operation

    def paid(self, method='card', **values):
        """ Create an operation and pay it. :return: Its id. """
        operation_id = self.create(**values)['operationId']
        self.control(f'pay/{operation_id}', method=method)
        return operation_id

    def pay_by_form(self, operation_id, method='card', outcome='pay'):
        """ Pay on the bank's page. :return: The answer, redirects not followed. """
        return self.http.post(
            f'{self.url}/order/pay', allow_redirects=False, timeout=TIMEOUT,
            data={'uuid': operation_id, 'method': method, 'outcome': outcome},
        )


class Receiver:
    """ Somebody's webhook address: keeps what comes, answers what it was told to.

    :param Api api: Whose time passes.
    :param bool busy: Whether it does not answer before it is let go.
    """

    def __init__(self, api, busy=False):
        self.api = api
        self._answering = threading.Event()
        if not busy:
            self.let_go()
        self.received = queue.Queue()
        self.statuses = queue.Queue()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers['Content-Length'])).decode()
                receiver.received.put((self.headers['Content-Type'], body))
                try:
                    status = receiver.statuses.get_nowait()
                except queue.Empty:
                    status = 200
                receiver._answering.wait(TIMEOUT)
                self.send_response(status)
                self.send_header('Content-Length', '0')
                self.end_headers()

            def log_message(self, *_args):
                """ Log nothing. """

        self._server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        self.url = f'http://127.0.0.1:{self._server.server_port}/hook'
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def let_go(self):
        """ Answer what has come and what comes. """
        self._answering.set()

    def answer(self, *statuses):
        """ Answer the next requests with these, later ones with 200. """
        for status in statuses:
            self.statuses.put(status)

    def next(self):
        """ Wait for a webhook. :return: Its content type and body. """
        return self.received.get(timeout=TIMEOUT)

    def next_claims(self):
        """ Wait for a webhook. :return: Its content; the signature is not checked. """
        return jwt.decode(self.next()[1], options={'verify_signature': False})

    def nothing_in(self, seconds=3600):
        """ Return whether nothing more has come when that time of the sandbox has passed. """
        self.api.pass_time(seconds)
        return self.received.empty()

    def stop(self):
        """ Stop listening. """
        self.let_go()
        self._server.shutdown()
        self._server.server_close()
