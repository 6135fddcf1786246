""" The application: the services put together, faults around them, errors in the bank's form. """

import collections

from flask import Flask, jsonify, request

from . import (
    acquiring,
    atol,
    atol_control,
    atol_protocol,
    banking,
    control,
    komtet,
    komtet_control,
    oauth,
    orangedata,
    orangedata_control,
    orangedata_protocol,
    page,
    paykeeper,
    paykeeper_control,
    paykeeper_protocol,
    sbp,
    webhooks,
)
from .atol_till import Atol
from .bank import Bank
from .courier import Courier
from .errors import BankError, envelope
from .faults import Faults, apply_after, apply_before, readable_body
from .komtet_protocol import PREFIX
from .komtet_till import Kassa
from .orangedata_till import Orangedata
from .paykeeper_till import Paykeeper
from .schema import Schema
from .webhooks import public_jwk

JOURNAL_SIZE = 5000


def create_app(base_url='http://127.0.0.1', openapi=None, webhook_interval=10.0):
    """ Create the sandbox.

    :param str base_url: Where it is reached, for payment links.
    :param str|None openapi: The bank's OpenAPI file.
    :param float webhook_interval: Seconds between attempts to deliver a webhook.
    :rtype: Flask
    """
    app = Flask(__name__)
    app.json.ensure_ascii = False
    app.json.sort_keys = False
    app.url_map.strict_slashes = False
    bank = Bank(base_url)
    app.config.update(
        BANK=bank,
        COURIER=Courier(bank, webhook_interval),
        KOMTET=Kassa(bank),
        ATOL=Atol(bank),
        PAYKEEPER=Paykeeper(bank),
        ORANGEDATA=Orangedata(bank),
        FAULTS=Faults(),
        SCHEMA=Schema(openapi),
        JOURNAL=collections.deque(maxlen=JOURNAL_SIZE),
    )
    for module in (acquiring, banking, oauth, sbp, webhooks, page, control, komtet,
                   komtet_control, atol, atol_control, paykeeper, paykeeper_control,
                   orangedata, orangedata_control):
        app.register_blueprint(module.blueprint)
    app.register_blueprint(oauth.connect)
    app.register_blueprint(komtet.receipts)
    app.register_blueprint(atol.receipts)
    app.register_blueprint(paykeeper.receipts)

    @app.get('/doc/openapi/static/keys/public')
    def public_key():
        return jsonify(public_jwk(bank.webhook_key))

    @app.errorhandler(BankError)
    def refuse(error):
        return envelope(error.status, error.messages)

    @app.errorhandler(404)
    @app.errorhandler(405)
    def not_implemented(error):
        # The bank answers 501 to a path or method that does not exist.
        if request.path.startswith('/uapi/'):
            return envelope(501, ['Not Implemented'])
        return error

    @app.before_request
    def before():
        if not is_api():
            return None
        app.config['JOURNAL'].append({
            'method': request.method,
            'path': request.path,
            **journal_content(),
        })
        request.fault = app.config['FAULTS'].take(
            request.method, request.path, readable_body)
        return apply_before(app.config['FAULTS'], request.fault) if request.fault else None

    @app.after_request
    def after(response):
        rule = getattr(request, 'fault', None)
        return apply_after(app.config['FAULTS'], rule, response) if rule else response

    return app


def is_api():
    """ Whether the request is for the bank or a register, not for the page or the control. """
    return request.path.startswith(
        ('/uapi/', '/doc/', '/connect/', PREFIX, atol_protocol.PREFIX,
         orangedata_protocol.PREFIX, *paykeeper_protocol.PREFIXES))


def journal_content():
    """ Return what the journal keeps of a request: nothing that is secret. """
    if request.path.startswith('/connect/'):
        return {'query': {}, 'body': {'grant_type': request.form.get('grant_type')}}
    if request.path.startswith(atol_protocol.PREFIX):
        return atol_protocol.journal_content()
    if request.path.startswith(paykeeper_protocol.PREFIXES):
        return paykeeper_protocol.journal_content()
    if request.path.startswith(orangedata_protocol.PREFIX):
        return orangedata_protocol.journal_content()
    return {'query': request.args.to_dict(), 'body': request.get_json(silent=True)}
