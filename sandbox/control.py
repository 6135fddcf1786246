""" The control API of the sandbox: what a test needs and no bank has. """

from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric import rsa
from flask import Blueprint, current_app, jsonify, request

from .acquiring import describe, link_of
from .bank import OUTCOMES, iso
from .errors import BankError
from .oauth import describe as describe_consent
from .schema import read_amount

blueprint = Blueprint('control', __name__, url_prefix='/_control')

MOMENTS = {'created_at', 'expires_at', 'paid_at'}
TAMPERABLE = (
    'amount', 'status', 'merchant_id', 'payment_type', 'payment_id', 'payment_link_id',
    'transaction_id', 'orders', *MOMENTS,
)


def bank():
    """ Return the bank of this application. """
    return current_app.config['BANK']


def courier():
    """ Return the courier of this application. """
    return current_app.config['COURIER']


def body():
    """ Return the JSON body, or an empty object. """
    return request.get_json(silent=True) or {}


def moment(text):
    """ Read a moment. :raise ValueError: If it is none, or leaves its offset out. """
    value = datetime.fromisoformat(text)
    if value.tzinfo is None:
        raise ValueError(f'{text} needs an offset, for instance +03:00')
    return value


def amount(values):
    """ Read `amount` in roubles. :raise ValueError: If it is no amount above zero. """
    try:
        return read_amount(values['amount'], 'amount')
    except BankError as error:
        raise ValueError(error.messages[0]) from error


@blueprint.errorhandler(KeyError)
@blueprint.errorhandler(TypeError)
@blueprint.errorhandler(ValueError)
def wrong_call(error):
    """ A wrong call of the control API. """
    return jsonify({'error': f'{type(error).__name__}: {error}'}), 400


@blueprint.post('/reset')
def reset():
    """ Begin anew. """
    bank().reset()
    courier().clear()
    current_app.config['KOMTET'].reset()
    current_app.config['ATOL'].reset()
    current_app.config['PAYKEEPER'].reset()
    current_app.config['ORANGEDATA'].reset()
    current_app.config['FAULTS'].clear()
    current_app.config['JOURNAL'].clear()
    return credentials()


@blueprint.get('/credentials')
def credentials():
    """ What an accountant would copy from the internet bank. """
    client_id = request.args.get('client_id', 'sandbox-client')
    customer = bank().world['customers'][0]['customerCode']
    app = 'sandbox-app'
    return jsonify({
        'app': {'client_id': app, 'client_secret': bank().oauth.apps[app]['secret']},
        'client_id': client_id,
        'token': bank().clients[client_id]['token'],
        'customer_code': customer,
        'merchant_id': bank().world['retailers'][customer][0]['merchantId'],
        'komtet': current_app.config['KOMTET'].credentials(),
        'atol': current_app.config['ATOL'].credentials(),
        'paykeeper': current_app.config['PAYKEEPER'].credentials(),
        **({'orangedata': current_app.config['ORANGEDATA'].credentials()}
           if 'orangedata' in request.args else {}),  # its keys take a part of a second
    })


@blueprint.route('/world', methods=['GET', 'PUT'])
def world():
    """ Read or replace customers, accounts and retailers (whole keys of the world). """
    if request.method == 'PUT':
        with bank().lock:
            bank().world.update(body())
    return jsonify(bank().world)


@blueprint.post('/clients')
def clients():
    """ Issue or re-issue a key: `client_id`, `permissions`, `customer_codes`. """
    values = body()
    return jsonify({'token': bank().add_client(**values)})


@blueprint.delete('/clients/<client_id>')
def delete_client(client_id):
    """ Delete a key: calls with it give 403. """
    del bank().clients[client_id]
    return jsonify({})


@blueprint.post('/apps')
def apps():
    """ Register an application: `client_id`, `client_secret`, `redirect_uris`, `name`. """
    values = body()
    return jsonify({
        'client_id': values['client_id'], 'client_secret': bank().oauth.add_app(**values),
    })


@blueprint.get('/consents')
def consents():
    """ The consents of all applications. """
    return jsonify([describe_consent(consent) for consent in bank().oauth.consents.values()])


@blueprint.post('/revoke/<consent_id>')
def revoke(consent_id):
    """ The person takes the consent back in the internet bank. """
    bank().oauth.revoke(consent_id)
    return jsonify(describe_consent(bank().oauth.consents[consent_id]))


@blueprint.post('/clock')
def clock():
    """ `set` an ISO moment, `advance` by seconds, or `release` to real time. """
    values = body()
    with bank().lock:
        if values.get('release'):
            bank().clock_frozen, bank().clock_offset = None, timedelta()
        if 'set' in values:
            bank().clock_frozen = moment(values['set'])
            bank().clock_offset = timedelta()
        bank().clock_offset += timedelta(seconds=values.get('advance', 0))
    return jsonify({'now': bank().now().isoformat()})


@blueprint.post('/timers')
def timers():
    """ The time of delays and intervals: `still` stops it or lets it run, `advance` moves it by
    seconds, and answers when all that fell due has been done.
    """
    values = body()
    if 'still' in values:
        bank().timers.stand_still(values['still'])
    if 'advance' in values:
        bank().timers.advance(values['advance'])
    return jsonify({'now': bank().timers.now()})


@blueprint.route('/faults', methods=['GET', 'POST', 'DELETE'])
def faults():
    """ Read, add or forget faults. """
    if request.method == 'POST':
        current_app.config['FAULTS'].add(body())
    elif request.method == 'DELETE':
        current_app.config['FAULTS'].clear()
    return jsonify(current_app.config['FAULTS'].rules)


@blueprint.route('/variants', methods=['GET', 'POST'])
def variants():
    """ Read or switch what the bank does not document. """
    values = body()
    unknown = set(values) - set(bank().variants)
    if unknown:
        raise ValueError(f'unknown variants: {", ".join(sorted(unknown))}')
    bank().variants.update(values)
    return jsonify(bank().variants)


@blueprint.post('/pay/<operation_id>')
def pay(operation_id):
    """ Pay without a browser: `method`, `outcome`, `paid_at`. """
    values = body()
    paid_at, outcome = values.get('paid_at'), values.get('outcome', 'pay')
    if outcome not in OUTCOMES:
        raise ValueError(f'outcome must be one of {", ".join(OUTCOMES)}')
    operation = bank().pay(
        operation_id, values['method'], outcome, moment(paid_at) if paid_at else None,
    )
    return jsonify(describe(operation))


@blueprint.post('/finish_instalments/<operation_id>')
def finish_instalments(operation_id):
    """ The last instalment has come. """
    return jsonify(describe(bank().finish_instalments(operation_id)))


@blueprint.post('/refund/<operation_id>')
def refund(operation_id):
    """ A refund made in the internet bank: `amount`. """
    bank().refund(operation_id, amount(body()))
    return jsonify(describe(bank().get(operation_id)))


@blueprint.post('/tamper/<operation_id>')
def tamper(operation_id):
    """ Change fields of an operation behind everybody's back. """
    values = body()
    unknown = set(values) - set(TAMPERABLE)
    if unknown:
        raise ValueError(f'unknown fields: {", ".join(sorted(unknown))}')
    if 'amount' in values:
        values['amount'] = amount(values)
    for name in MOMENTS & set(values):
        values[name] = moment(values[name])
    if 'orders' in values:
        values['orders'] = [
            {'orderId': entry.get('orderId'), 'type': entry['type'], 'amount': amount(entry),
             'time': moment(entry['time'])} for entry in values['orders']]
    with bank().lock:
        operation = bank().get(operation_id)
        for name, value in values.items():
            setattr(operation, name, value)
    return jsonify(describe(operation))


@blueprint.get('/operations')
def operations():
    """ All operations of all customers. """
    return jsonify([
        {**describe(operation), 'declines': operation.declines, 'link': link_of(operation)}
        for operation in bank().all()
    ])


@blueprint.get('/receipts')
def receipts():
    """ The receipts that the bank's partner has printed, oldest first; of one `operation`. """
    return jsonify([
        {**receipt, 'moment': iso(receipt['moment'])}
        for receipt in bank().receipts(request.args.get('operation'))
    ])


@blueprint.route('/requests', methods=['GET', 'DELETE'])
def requests_journal():
    """ The requests that the API has received; keys are left out. """
    if request.method == 'DELETE':
        current_app.config['JOURNAL'].clear()
    return jsonify(list(current_app.config['JOURNAL']))


@blueprint.route('/webhooks', methods=['GET', 'POST'])
def webhooks():
    """ Read deliveries, or act: `pause`, `drop`, `reorder`, `interval`, `parallel`, `again` (an
    id; with `copies`), `rotate` (a new key), `send` (claims signed by the bank's key, sent to
    `url`), `forge` (the same by a foreign key).
    """
    values = body()
    if 'pause' in values:
        courier().pause(values['pause'])
    if 'drop' in values:
        courier().dropping = values['drop']
    if 'interval' in values:
        courier().interval = values['interval']
    if 'parallel' in values:
        courier().parallel = values['parallel']
    if values.get('reorder'):
        courier().reorder()
    if 'again' in values:
        deliveries = {delivery.id: delivery for delivery in courier().deliveries}
        courier().again(deliveries[values['again']], values.get('copies', 1))
    if values.get('rotate'):
        bank().webhook_key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
    if 'forge' in values:
        foreign = rsa.generate_private_key(public_exponent=65537, key_size=3072)
        courier().send('forged', values['url'], values['forge'],
                       courier().sign(values['forge'], foreign))
    if 'send' in values:
        courier().send('sandbox', values['url'], values['send'])
    return jsonify([delivery.describe() for delivery in courier().deliveries])
