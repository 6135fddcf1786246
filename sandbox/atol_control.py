""" The control of ATOL Online: what a test needs and the service has not. """

import json
import secrets

from flask import Blueprint, jsonify, request

from .atol import atol
from .atol_protocol import till_error
from .control import body, wrong_call
from .lies import add_lies
from .shape import plain

blueprint = Blueprint('atol_control', __name__, url_prefix='/_control/atol')

for kind in (KeyError, TypeError, ValueError):
    blueprint.register_error_handler(kind, wrong_call)


@blueprint.post('/reset')
def reset():
    """ Begin anew with this register alone. """
    atol().reset()
    return jsonify(atol().credentials())


@blueprint.post('/passwords')
def passwords():
    """ New passwords; the old ones and all tokens are refused from now on. """
    for account in atol().accounts.values():
        account.password = secrets.token_urlsafe(12)
    atol().revoke_tokens()
    return jsonify(atol().credentials())


@blueprint.route('/tokens', methods=['GET', 'POST'])
def tokens():
    """ How many tokens there are; `expire` (error 11) or `revoke` (error 10) all of them. """
    values = body()
    if values.get('expire'):
        atol().expire_tokens()
    if values.get('revoke'):
        atol().revoke_tokens()
    return jsonify({'count': len(atol().tokens)})


@blueprint.route('/settings', methods=['GET', 'POST'])
def settings():
    """ Read or change the settings. """
    atol().change(body())
    return jsonify(atol().settings)


@blueprint.post('/step')
def step():
    """ Let the till work now: `uuid` (else all that wait), `code` and `text` (fail instead). """
    values = body()
    error = _error(values) if 'code' in values or 'text' in values else None
    return jsonify([atol().report(document) for document in atol().step(values.get('uuid'), error)])


@blueprint.route('/till_errors', methods=['GET', 'POST', 'DELETE'])
def till_errors():
    """ Read, add or forget errors of the next documents: `code`, `text`, `type`, `times`. """
    with atol().lock:
        if request.method == 'POST':
            atol().order_error(_error(body()), body().get('times', 1))
        elif request.method == 'DELETE':
            atol().till_errors.clear()
        return jsonify(atol().till_errors)


def _error(values):
    """ Return the till's error. :raise ValueError: If it is senseless. """
    code, text, kind = values.get('code', 165), values.get('text'), values.get('type')
    if type(code) is not int or not isinstance(text, str | None) or kind not in (
            None, 'system', 'driver', 'timeout', 'agent', 'unknown'):
        raise ValueError('code must be a whole number, text a text, type one of the types')
    return till_error(code, text, kind)


@blueprint.get('/documents')
def documents():
    """ All documents with what was sent, oldest first. """
    with atol().lock:
        return jsonify([
            {**atol().report(document), 'operation': document.request['operation'],
             'version': document.request['version'],
             'request': plain(document.request['content'])}
            for document in atol().documents.values()
        ])


@blueprint.get('/ledger')
def ledger():
    """ The fiscal documents that were printed, oldest first, in tags of the format. """
    with atol().lock:
        return jsonify(atol().ledger)


@blueprint.route('/callbacks', methods=['GET', 'POST'])
def callbacks():
    """ Read callbacks, or act: `again` (an id; with `copies`), `send` (content, to `url`). """
    values, sender = body(), atol().callbacks
    if 'again' in values:
        sender.again(values['again'], values.get('copies', 1))
    if 'send' in values:
        sender.send(values['url'], json.dumps(values['send'], ensure_ascii=False))
    return jsonify([callback.describe() for callback in sender.sent])


add_lies(blueprint, atol)
