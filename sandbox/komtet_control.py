""" The control of the cash register service: what a test needs and KOMTET has not. """

import secrets

from flask import Blueprint, jsonify, request

from .control import body, wrong_call
from .komtet import kassa
from .komtet_callbacks import FOREIGN_SECRET
from .lies import add_lies
from .shape import plain

blueprint = Blueprint('komtet_control', __name__, url_prefix='/_control/komtet')

for kind in (KeyError, TypeError, ValueError):
    blueprint.register_error_handler(kind, wrong_call)


@blueprint.post('/reset')
def reset():
    """ Begin anew with the cash register alone. """
    kassa().reset()
    return jsonify(kassa().credentials())


@blueprint.post('/secret')
def secret():
    """ Issue a new secret; the old one is refused from now on. """
    kassa().secret = secrets.token_hex(16)
    return jsonify(kassa().credentials())


@blueprint.route('/settings', methods=['GET', 'POST'])
def settings():
    """ Read or change the settings. """
    kassa().change(body())
    return jsonify(kassa().settings)


@blueprint.post('/step')
def step():
    """ Let the till work now: `task_id` (else all that wait), `error` (instead of printing). """
    values = body()
    tasks = kassa().step(values.get('task_id'), values.get('error'))
    return jsonify([kassa().describe(task) for task in tasks])


@blueprint.route('/till_errors', methods=['GET', 'POST', 'DELETE'])
def till_errors():
    """ Read, add or forget errors of the next checks: `text`, `times`. """
    with kassa().lock:
        if request.method == 'POST':
            kassa().order_error(**body())
        elif request.method == 'DELETE':
            kassa().till_errors.clear()
        return jsonify(kassa().till_errors)


@blueprint.get('/tasks')
def tasks():
    """ All tasks with their checks, oldest first. """
    with kassa().lock:
        return jsonify([
            {**kassa().describe(task), 'check': plain(task.check)}
            for task in kassa().tasks.values()
        ])


@blueprint.get('/ledger')
def ledger():
    """ The fiscal documents that were printed, oldest first. """
    with kassa().lock:
        return jsonify(kassa().ledger)


@blueprint.route('/callbacks', methods=['GET', 'POST'])
def callbacks():
    """ Read callbacks, or act: `again` (an id; with `copies`), `send` (content signed by the
    shop's secret, sent to `url`), `forge` (the same by a foreign secret).
    """
    values, sender = body(), kassa().callbacks
    if 'again' in values:
        callback = {callback.id: callback for callback in sender.sent}[values['again']]
        for _copy in range(values.get('copies', 1)):
            sender.again(callback)
    if 'send' in values:
        sender.send(values['url'], values['send'])
    if 'forge' in values:
        sender.send(values['url'], values['forge'], FOREIGN_SECRET)
    return jsonify([callback.describe() for callback in sender.sent])


add_lies(blueprint, kassa)
