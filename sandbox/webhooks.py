""" Webhooks: their registration, and their delivery until somebody answers 200. """

import base64
import itertools
import threading
import time
import urllib.parse
import uuid

import jwt
import requests
from flask import Blueprint, current_app

from .access import json_body, respond, using
from .errors import BankError

blueprint = Blueprint('webhooks', __name__, url_prefix='/uapi/webhook/v1.0')

TYPES = ('incomingPayment', 'outgoingPayment', 'incomingSbpPayment', 'incomingSbpB2BPayment',
         'acquiringInternetPayment')
MAX_ATTEMPTS = 30
# Signed by the real key and not the subscriber's own, as the bank's tests are.
SAMPLES = {
    'acquiringInternetPayment': {
        'customerCode': '300000092', 'amount': '0.33', 'paymentType': 'card',
        'operationId': '7ef9f0a5-0d7a-4f2a-9c7b-0e9cc0f4bf11', 'purpose': 'Проверка',
        'webhookType': 'acquiringInternetPayment', 'merchantId': '200000000000001',
        'consumerId': 'fedac807-078d-45ac-a43b-5c01c57edbf8', 'status': 'APPROVED',
        'paymentLinkId': '1',
    },
    'incomingPayment': {
        'SidePayer': {'bankCode': '044525104', 'name': 'ООО «Пример»', 'amount': '0.33',
                      'currency': 'RUB', 'inn': '0000000000'},
        'SideRecipient': {'bankCode': '044525104', 'name': 'ООО «Пример»', 'amount': '0.33',
                          'currency': 'RUB', 'inn': '0000000000'},
        'purpose': 'Проверка', 'documentNumber': '1', 'paymentId': '1', 'date': '2024-01-10',
        'webhookType': 'incomingPayment', 'customerCode': '300000092',
    },
}


class Delivery:
    """ One webhook on its way to one address. """

    _ids = itertools.count(1)

    def __init__(self, client_id, url, body, claims):
        self.id = next(self._ids)
        self.client_id = client_id
        self.url = url
        self.body = body
        self.claims = claims
        self.attempts = []
        self.next_at = time.monotonic()
        self.done = False

    def describe(self):
        """ Describe it for the control API. """
        return {
            'id': self.id, 'client_id': self.client_id, 'url': self.url, 'body': self.body,
            'claims': self.claims, 'attempts': self.attempts, 'done': self.done,
        }


class Courier:
    """ Delivers webhooks in the background, in order or not.

    :param Bank bank: Whose webhooks they are.
    :param float interval: Seconds between attempts; the bank's are 10.
    """

    def __init__(self, bank, interval=10.0):
        self.bank = bank
        self.interval = interval
        self.deliveries = []
        self.paused = False
        self.dropping = False
        self._wake = threading.Condition()
        self._stopped = False
        bank.listeners.append(self.announce)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def stop(self):
        """ Stop delivering. """
        with self._wake:
            self._stopped = True
            self._wake.notify_all()
        self._thread.join(timeout=10)

    def sign(self, claims, key=None):
        """ Make the body of a webhook.

        :param dict claims: The content.
        :param key: Another private key, for forgeries.
        :rtype: str
        """
        return jwt.encode(claims, key or self.bank.webhook_key, algorithm='RS256',
                          headers={'typ': 'JWT'})

    def announce(self, operation):
        """ Tell all subscribers of a successful payment; nothing else is ever told. """
        if operation.status not in ('APPROVED', 'AUTHORIZED') or self.dropping:
            return
        for client_id, client in self.bank.clients.items():
            webhook = client['webhook']
            codes = client['customer_codes']
            if (
                webhook
                and 'acquiringInternetPayment' in webhook['webhooksList']
                and (codes is None or operation.request['customerCode'] in codes)
            ):
                claims = payment_claims(operation)
                self.send(client_id, webhook['url'], claims)

    def send(self, client_id, url, claims, body=None):
        """ Queue a webhook. """
        delivery = Delivery(client_id, url, body or self.sign(claims), claims)
        with self._wake:
            self.deliveries.append(delivery)
            self._wake.notify_all()
        return delivery

    def again(self, delivery, copies=1):
        """ Queue the same body again. """
        for _count in range(copies):
            self.send(delivery.client_id, delivery.url, delivery.claims, delivery.body)

    def pause(self, paused):
        """ Hold or release all deliveries. """
        with self._wake:
            self.paused = paused
            self._wake.notify_all()

    def reorder(self):
        """ Turn the waiting deliveries round. """
        with self._wake:
            waiting = [d for d in self.deliveries if not d.done]
            self.deliveries = [d for d in self.deliveries if d.done] + waiting[::-1]

    def clear(self):
        """ Forget everything. """
        with self._wake:
            self.deliveries = []
            self.paused = self.dropping = False

    def _run(self):
        while True:
            with self._wake:
                if self._stopped:
                    return
                now = time.monotonic()
                waiting = [d for d in self.deliveries if not d.done]
                due = [] if self.paused else [d for d in waiting if d.next_at <= now]
                if not due:
                    next_at = min((d.next_at for d in waiting), default=now + 60)
                    self._wake.wait(None if self.paused else max(0.01, next_at - now))
                    continue
            for delivery in due:
                self._attempt(delivery)

    def _attempt(self, delivery):
        delivery.attempts.append(post(delivery.url, delivery.body))
        delivery.done = delivery.attempts[-1] == 200 or len(delivery.attempts) >= MAX_ATTEMPTS
        delivery.next_at = time.monotonic() + self.interval


def post(url, body, timeout=20):
    """ Post a webhook once. :return: The status, or the name of what went wrong. """
    try:
        return requests.post(
            url, data=body.encode(), headers={'Content-Type': 'text/plain'}, timeout=timeout,
            allow_redirects=False,
        ).status_code
    except requests.RequestException as error:
        return type(error).__name__


def payment_claims(operation):
    """ Return the content of a payment's webhook; it differs by the way that was paid. """
    claims = {
        'customerCode': operation.request['customerCode'],
        'amount': f'{operation.amount:.2f}',
        'paymentType': operation.payment_type,
        'operationId': operation.operation_id,
        'purpose': operation.request['purpose'],
        'webhookType': 'acquiringInternetPayment',
        'merchantId': operation.merchant_id,
        'status': operation.status,
        'paymentLinkId': operation.payment_link_id,
    }
    if operation.payment_type in ('card', 'tinkoff'):
        claims['consumerId'] = operation.request.get('consumerId') or str(uuid.uuid4())
    elif operation.payment_type == 'sbp':
        claims |= {
            'transactionId': operation.transaction_id,
            'qrcId': 'AD10006M8KH234M65G2VZ8L9Q1R4XK77',
            'payerName': 'Василий Васильевич В.',
        }
    return claims


def public_jwk(key):
    """ Return a public key as the bank publishes it: no kid, no alg, no use. """
    numbers = key.public_key().public_numbers()

    def encode(value):
        raw = value.to_bytes((value.bit_length() + 7) // 8, 'big')
        return base64.urlsafe_b64encode(raw).rstrip(b'=').decode()

    return {'kty': 'RSA', 'e': encode(numbers.e), 'n': encode(numbers.n)}


# === REGISTRATION === #


def _client(client_id):
    client = using('ManageWebhookData')
    bank = current_app.config['BANK']
    if bank.clients.get(client_id) is not client:
        raise BankError(403, 'Forbidden by consent')
    return client


def _save(client_id, must_exist):
    client = _client(client_id)
    body = json_body()
    url, types = body.get('url'), body.get('webhooksList')
    parsed = urllib.parse.urlsplit(url if isinstance(url, str) else '')
    if parsed.scheme not in ('http', 'https') or not parsed.hostname or len(url) > 2083:
        raise BankError(400, 'url: invalid or missing URL scheme')
    if not isinstance(types, list) or any(t not in TYPES for t in types):
        raise BankError(400, 'webhooksList: unknown type')
    if current_app.config['BANK'].variants['require_https'] and (
        parsed.scheme != 'https' or parsed.port not in (None, 443)
    ):
        raise BankError(400, 'url: only https on port 443 is allowed')
    if must_exist and not client['webhook']:
        raise BankError(404, 'Object of Webhooks does not exists')
    courier = current_app.config['COURIER']
    for kind in types:
        claims = SAMPLES.get(kind, {**SAMPLES['incomingPayment'], 'webhookType': kind})
        status = post(url, courier.sign(claims))
        if status != 200:
            raise BankError(400, f'url: the test event {kind} was answered with {status}')
    client['webhook'] = {'webhooksList': types, 'url': url}
    return respond(client['webhook'])


@blueprint.put('/<client_id>')
def create(client_id):
    """ Register an address. """
    return _save(client_id, must_exist=False)


@blueprint.post('/<client_id>')
def edit(client_id):
    """ Change the address or the types. """
    return _save(client_id, must_exist=True)


@blueprint.get('/<client_id>')
def read(client_id):
    """ Read the registration. """
    client = _client(client_id)
    if not client['webhook']:
        raise BankError(404, 'Object of Webhooks does not exists')
    return respond(client['webhook'])


@blueprint.delete('/<client_id>')
def delete(client_id):
    """ Delete the registration. """
    client = _client(client_id)
    if not client['webhook']:
        raise BankError(404, 'Object of Webhooks does not exists')
    client['webhook'] = None
    return respond({'result': True})


@blueprint.post('/<client_id>/test_send')
def test_send(client_id):
    """ Send a test event. """
    client = _client(client_id)
    kind = json_body().get('webhookType')
    if not client['webhook']:
        raise BankError(404, 'Object of Webhooks does not exists')
    if kind not in TYPES:
        raise BankError(400, 'webhookType: unknown type')
    claims = SAMPLES.get(kind, {**SAMPLES['incomingPayment'], 'webhookType': kind})
    courier = current_app.config['COURIER']
    status = post(client['webhook']['url'], courier.sign(claims))
    if status != 200:
        raise BankError(424, f'The test event was answered with {status}')
    return respond({'result': True})
