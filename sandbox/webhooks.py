""" The registration of webhooks, and the public key that verifies them. """

import base64
import urllib.parse

from flask import Blueprint, current_app

from .access import json_body, respond, using
from .courier import post
from .errors import BankError

blueprint = Blueprint('webhooks', __name__, url_prefix='/uapi/webhook/v1.0')

TYPES = ('incomingPayment', 'outgoingPayment', 'incomingSbpPayment', 'incomingSbpB2BPayment',
         'acquiringInternetPayment')
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
    if client['client_id'] != client_id:
        raise BankError(403, 'Forbidden by consent')
    return bank.clients[client_id]


def _save(client_id, must_exist):
    client = _client(client_id)
    body = json_body()
    url, types = body.get('url'), body.get('webhooksList')
    try:
        parsed = urllib.parse.urlsplit(url if isinstance(url, str) else '')
        port = parsed.port
    except ValueError as error:
        raise BankError(400, f'url: {error}') from error
    if parsed.scheme not in ('http', 'https') or not parsed.hostname or len(url) > 2083:
        raise BankError(400, 'url: invalid or missing URL scheme')
    if not isinstance(types, list) or any(t not in TYPES for t in types):
        raise BankError(400, 'webhooksList: unknown type')
    if current_app.config['BANK'].variants['require_https'] and (
        parsed.scheme != 'https' or port not in (None, 443)
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
