""" KOMTET Kassa, shop API v2: a queue for checks, and the receipts that were printed.

Written from KOMTET's own SDKs (komtet_kassa_sdk 8.1.0, PHP SDK 11.1.0); its documentation of the
API was not readable. See README.md for what had to be guessed.
"""

import hmac

from flask import Blueprint, Response, abort, current_app, jsonify, request

from .komtet_check import read, validate
from .komtet_protocol import PREFIX, KomtetError, invalid, refusal, sign
from .komtet_till import QUEUE_ID, SHOP_ID

blueprint = Blueprint('komtet', __name__, url_prefix=f'{PREFIX}shop/v2')
receipts = Blueprint('komtet_receipts', __name__, url_prefix='/komtet/receipt')

KINDS = {1: 'Приход', 2: 'Возврат прихода', 3: 'Расход', 4: 'Возврат расхода'}


def kassa():
    """ Return the cash register service of this application. """
    return current_app.config['KOMTET']


@blueprint.errorhandler(KomtetError)
def refuse(error):
    """ Answer in KOMTET's form. """
    return refusal(error.status, error.code, error.description)


# === WHO ASKS === #

@blueprint.before_request
def authenticate():
    """ :raise KomtetError: Unless the shop signed exactly this request. """
    expected = sign(kassa().secret, request.method, asked_url(), request.get_data())
    shop_id = request.headers.get('Authorization', '')
    signature = request.headers.get('X-HMAC-Signature', '')
    known = hmac.compare_digest(shop_id.encode(), SHOP_ID.encode())
    if not hmac.compare_digest(signature.encode(), expected.encode()) or not known:
        raise KomtetError(403, 'AUT00', 'Неверный идентификатор магазина или подпись запроса')


def asked_url():
    """ Return the absolute address as the client wrote it, before anything was decoded. """
    path = request.environ['REQUEST_URI'].encode('latin-1').decode(errors='replace')
    return f'{request.scheme}://{request.headers.get("Host", "")}{path}'


# === THE QUEUE === #

def check_queue(queue_id):
    """ Only the shop's own queue is there. """
    if queue_id != QUEUE_ID:
        abort(404)


def body():
    """ Return the JSON of the request. :raise KomtetError: If it is none. """
    if request.mimetype != 'application/json':
        raise invalid('Content-Type: must be application/json')
    return read(request.get_data())


def take(checks):
    """ Validate checks and put them into the queue, all or none. """
    discounts = kassa().settings['discounts']
    return kassa().take([(check, validate(check, discounts)) for check in checks])


@blueprint.get('/queues/<int:queue_id>', strict_slashes=True)
def queue(queue_id):
    """ Whether the queue is active. """
    check_queue(queue_id)
    return jsonify(kassa().describe_queue())


@blueprint.post('/queues/<int:queue_id>/task', strict_slashes=True)
def add_task(queue_id):
    """ Put a check or a correction into the queue. """
    check_queue(queue_id)
    [task] = take([body()])
    return jsonify(kassa().describe_new(task))


@blueprint.post('/queues/<int:queue_id>/multi-tasks', strict_slashes=True)
def add_tasks(queue_id):
    """ Put several checks into the queue. """
    check_queue(queue_id)
    checks = body()
    if not isinstance(checks, list) or not checks:
        raise invalid('checks: must be a list that is not empty')
    return jsonify({str(task.external_id): kassa().describe_new(task) for task in take(checks)})


@blueprint.get('/tasks/<int:task_id>', strict_slashes=True)
def read_task(task_id):
    """ What became of a check. """
    task = kassa().tasks.get(task_id)
    if not task:
        abort(404)
    return jsonify(kassa().describe(task))


# === THE RECEIPT === #

@receipts.get('/<storage>/<document>/<sign_of_document>')
def receipt(storage, document, sign_of_document):
    """ The electronic receipt, as a text. """
    wanted = {'fn': storage, 'i': document, 'fp': sign_of_document}
    entry = next((e for e in kassa().ledger if wanted.items() <= e['fiscal_data'].items()), None)
    if not entry:
        abort(404)
    data, check = entry['fiscal_data'], kassa().tasks[entry['task_id']].check
    lines = [
        'КАССОВЫЙ ЧЕК (песочница, не имеет силы)', KINDS[data['n']],
        *(f'{position["name"]}: {position["price"]} × {position["quantity"]} = '
          f'{position["total"]}, НДС {position["vat"]}' for position in check['positions']),
        f'ИТОГ {data["s"]}',
        *(f'{payment["type"]}: {payment["sum"]}' for payment in check['payments']),
        f'Место расчётов: {check["company"]["payment_address"]}',
        f'Смена {data["sh"]}, чек {data["shn"]}, РН ККТ {data["rn"]}',
        't={t}&s={s}&fn={fn}&i={i}&fp={fp}&n={n}'.format(**data),
    ]
    return Response('\n'.join(lines) + '\n', content_type='text/plain; charset=utf-8')
