""" Who sends webhooks: the bank, and the services of Odoo's own providers. """

import hashlib
import hmac
import http.client
import json
import queue
import statistics
import threading
import time
import urllib.parse
import urllib.request
import uuid

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa

from sandbox.webhooks import public_jwk

SENDERS = 4
TEXT, JSON, FORM = 'text/plain', 'application/json', 'application/x-www-form-urlencoded'


def post_json(url, params):
    """ Call a JSON route of Odoo, as its pages do.

    :param str url: The address.
    :param dict params: The parameters.
    :return: The answer, with its `result` or its `error`.
    :rtype: dict
    """
    request = urllib.request.Request(
        url, json.dumps({'jsonrpc': '2.0', 'params': params}).encode(), {'Content-Type': JSON})
    with urllib.request.urlopen(request, timeout=120) as answer:
        return json.load(answer)


class Bank:
    """ Signs notifications as the bank does, with a key of its own that Odoo is told. """

    def __init__(self):
        self._key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
        self.jwk = json.dumps(public_jwk(self._key), sort_keys=True)

    def event(self, values):
        """ Return the request that tells of a paid transaction. """
        claims = {
            'customerCode': values['customer'], 'amount': values['amount'], 'paymentType': 'card',
            'operationId': values['operation'], 'purpose': 'Занятия',
            'webhookType': 'acquiringInternetPayment', 'merchantId': values['merchant'],
            'status': 'APPROVED', 'paymentLinkId': values['link'], 'consumerId': str(uuid.uuid4()),
        }
        body = jwt.encode(claims, self._key, algorithm='RS256', headers={'typ': 'JWT'})
        return '/payment/tochka/webhook', {'Content-Type': TEXT}, body.encode()


def empty_event(_values):
    """ Return a request that nothing is done for. """
    return '/tochka_benchmark/empty', {'Content-Type': TEXT}, b'x' * 900


def mollie_event(values):
    """ Return the request that tells of a paid transaction. """
    body = urllib.parse.urlencode({'id': values['operation']})
    return (f"/payment/mollie/webhook?ref={values['reference']}", {'Content-Type': FORM},
            body.encode())


def xendit_event(values):
    """ Return the request that tells of a paid transaction. """
    body = {'id': values['operation'], 'external_id': values['reference'], 'status': 'PAID',
            'amount': float(values['amount']), 'currency': 'RUB', 'payment_method': 'CREDIT_CARD'}
    return ('/payment/xendit/webhook', {'Content-Type': JSON, 'x-callback-token': 'benchmark'},
            json.dumps(body).encode())


def stripe_event(values):
    """ Return the request that tells of a paid transaction. """
    intent = {'id': values['operation'], 'description': values['reference'],
              'status': 'succeeded', 'amount': round(float(values['amount']) * 100),
              'currency': 'rub', 'payment_method': 'pm_1'}
    body = json.dumps({'type': 'payment_intent.succeeded', 'data': {'object': intent}})
    now = int(time.time())
    sign = hmac.new(b'whsec_benchmark', f'{now}.{body}'.encode(), hashlib.sha256).hexdigest()
    return ('/payment/stripe/webhook',
            {'Content-Type': JSON, 'Stripe-Signature': f't={now},v1={sign}'}, body.encode())


def send(urls, requests):
    """ Send requests, four at a time.

    :param list[str] urls: Where the hosts are reached; they take turns.
    :param list[tuple] requests: Path, headers and body of each.
    :return: The seconds that each took, and all together.
    :rtype: tuple[list[float], float]
    :raise RuntimeError: If an answer is not 200.
    """
    hosts = [urllib.parse.urlsplit(url).netloc for url in urls]
    waiting, took, errors = queue.SimpleQueue(), [], []
    for number, request in enumerate(requests):
        waiting.put((hosts[number % len(hosts)], *request))

    def work():
        while not errors:
            try:
                host, path, headers, body = waiting.get_nowait()
            except queue.Empty:
                return
            start = time.perf_counter()
            connection = http.client.HTTPConnection(host, timeout=60)
            try:
                connection.request('POST', path, body, headers)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    errors.append(f'{path}: {answer.status}')
            except OSError as error:
                errors.append(f'{path}: {error}')
            finally:
                connection.close()
            took.append(time.perf_counter() - start)

    threads = [threading.Thread(target=work) for _sender in range(SENDERS)]
    start = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if errors:
        raise RuntimeError(errors[0])
    return took, time.perf_counter() - start


def percentile(figures, share):
    """ Return the figure that so great a share does not exceed. """
    return statistics.quantiles(figures, n=1000, method='inclusive')[round(share * 1000) - 1]
