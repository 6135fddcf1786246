""" The control of PayKeeper: what a test needs and the service has not. """

import json
import secrets
from urllib.parse import urlencode

from flask import Blueprint, jsonify, request

from .control import body, wrong_call
from .lies import add_lies
from .paykeeper import paykeeper
from .paykeeper_check import read_cart
from .paykeeper_protocol import PaykeeperError
from .shape import plain

blueprint = Blueprint('paykeeper_control', __name__, url_prefix='/_control/paykeeper')

for kind in (KeyError, TypeError, ValueError, PaykeeperError):
    blueprint.register_error_handler(kind, wrong_call)


@blueprint.post('/reset')
def reset():
    """ Begin anew with this register alone. """
    paykeeper().reset()
    return jsonify(paykeeper().credentials())


@blueprint.post('/password')
def password():
    """ A new password; the old one is refused from now on. """
    paykeeper().password = secrets.token_urlsafe(12)
    return jsonify(paykeeper().credentials())


@blueprint.post('/revoke_token')
def revoke_token():
    """ The token is wrong from now on, until somebody reads a new one. """
    paykeeper().revoke_token()
    return jsonify({})


@blueprint.route('/settings', methods=['GET', 'POST'])
def settings():
    """ Read or change the settings. """
    paykeeper().change(body())
    return jsonify(paykeeper().settings)


@blueprint.route('/payments', methods=['GET', 'POST'])
def payments():
    """ Read payments, or let a customer pay: `cart`, `contact`, `orderid`, `receipt` (true). """
    if request.method == 'POST':
        values = body()
        payment = paykeeper().add_payment(
            read_cart(json.dumps(values['cart'])), values['contact'], values.get('orderid', ''),
            values.get('receipt', True))
        return jsonify(_payment(payment))
    with paykeeper().lock:
        return jsonify([_payment(payment) for payment in paykeeper().payments.values()])


def _payment(payment):
    return {'id': payment.id, 'pay_amount': f'{payment.amount:.2f}', 'orderid': payment.order,
            'contact': payment.contact, 'cart': plain(payment.cart)}


@blueprint.post('/step')
def step():
    """ Let the till work now: `receipt_id` (else all that wait), `error` (fail instead). """
    values = body()
    error = values.get('error')
    if not isinstance(error, str | None):
        raise ValueError('error must be a text')
    return jsonify([paykeeper().describe(document)
                    for document in paykeeper().step(values.get('receipt_id'), error)])


@blueprint.route('/till_errors', methods=['GET', 'POST', 'DELETE'])
def till_errors():
    """ Read, add or forget errors of the next receipts: `text`, `times`. """
    with paykeeper().lock:
        if request.method == 'POST':
            text = body()['text']
            if not isinstance(text, str) or not text:
                raise ValueError('text must be a text')
            paykeeper().order_error(text, body().get('times', 1))
        elif request.method == 'DELETE':
            paykeeper().till_errors.clear()
        return jsonify(paykeeper().till_errors)


@blueprint.get('/receipts')
def receipts():
    """ All receipts, oldest first. """
    with paykeeper().lock:
        return jsonify([paykeeper().describe(document)
                        for document in paykeeper().documents.values()])


@blueprint.get('/ledger')
def ledger():
    """ The fiscal documents that were printed, oldest first, in tags of the format. """
    with paykeeper().lock:
        return jsonify(paykeeper().ledger)


@blueprint.route('/callbacks', methods=['GET', 'POST'])
def callbacks():
    """ Read callbacks, or act: `again` (an id; with `copies`), `send` (fields, to `url`). """
    values, sender = body(), paykeeper().callbacks
    if 'again' in values:
        sender.again(values['again'], values.get('copies', 1))
    if 'send' in values:
        sender.send(values['url'], urlencode(values['send']))
    return jsonify([callback.describe() for callback in sender.sent])


add_lies(blueprint, paykeeper)
