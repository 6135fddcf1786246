""" The control of OrangeData: what a test needs and the service has not. """

import json

from flask import Blueprint, jsonify, request

from .control import body, wrong_call
from .lies import add_lies
from .orangedata import orangedata
from .orangedata_till import EXPIRED, MARKS, failure, mark_errors
from .shape import plain

blueprint = Blueprint('orangedata_control', __name__, url_prefix='/_control/orangedata')

for kind in (KeyError, TypeError, ValueError):
    blueprint.register_error_handler(kind, wrong_call)


@blueprint.post('/reset')
def reset():
    """ Begin anew with this register alone. """
    orangedata().reset()
    return jsonify({})


@blueprint.post('/sign_key')
def sign_key():
    """ Register another key for signing; the old one is wrong from now on. """
    orangedata().credentials()
    orangedata().keys.renew()
    return jsonify(orangedata().credentials())


@blueprint.route('/settings', methods=['GET', 'POST'])
def settings():
    """ Read or change the settings. """
    orangedata().change(body())
    return jsonify(orangedata().settings)


@blueprint.post('/step')
def step():
    """ Let the tills work now: `id` (else all that wait), `status` (fail instead). """
    values = body()
    error = _error(values) if 'status' in values else None
    return jsonify(_told(orangedata().step(values.get('id'), error)))


@blueprint.post('/expire')
def expire():
    """ Let a document (`id`), or all that wait, expire: 524, and the id stays used. """
    return jsonify(_told(orangedata().step(body().get('id'), failure(EXPIRED))))


@blueprint.route('/till_errors', methods=['GET', 'POST', 'DELETE'])
def till_errors():
    """ Read, add or forget ends of the next documents: `status` (524, 422), `times`. """
    with orangedata().lock:
        if request.method == 'POST':
            orangedata().order_error(_error(body()), body().get('times', 1))
        elif request.method == 'DELETE':
            orangedata().till_errors.clear()
        return jsonify(orangedata().till_errors)


def _error(values):
    """ Return the end of a document. :raise ValueError: If it is none of the service's. """
    status = values.get('status', EXPIRED)
    if status not in (MARKS, EXPIRED):
        raise ValueError(f'status must be {MARKS} or {EXPIRED}')
    return mark_errors([(0, {})]) if status == MARKS else failure(EXPIRED)


@blueprint.get('/documents')
def documents():
    """ All documents with what was sent, oldest first. """
    with orangedata().lock:
        return jsonify(_told(orangedata().documents.values()))


def _told(documents):
    told = []
    for document in documents:
        status, content = orangedata().status(document)
        told.append({'id': document.key, 'kind': document.request['kind'], 'status': status,
                     'answer': content, 'request': plain(document.request['content'])})
    return told


@blueprint.get('/ledger')
def ledger():
    """ The fiscal documents that were printed, oldest first, in tags of the format. """
    with orangedata().lock:
        return jsonify(orangedata().ledger)


@blueprint.route('/callbacks', methods=['GET', 'POST'])
def callbacks():
    """ Read callbacks, or act: `again` (an id; with `copies`), `send` (content, to `url`). """
    values, sender = body(), orangedata().callbacks
    if 'again' in values:
        sender.again(values['again'], values.get('copies', 1))
    if 'send' in values:
        sender.send(values['url'], json.dumps(values['send'], ensure_ascii=False))
    return jsonify([callback.describe() for callback in sender.sent])


add_lies(blueprint, orangedata)
