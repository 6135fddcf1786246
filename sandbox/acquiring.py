""" The acquiring service: shops, operations, refunds, the registry. """

from datetime import date
from decimal import Decimal

from flask import Blueprint, current_app, request

from .access import body_data, paged, query, respond, using
from .bank import MOSCOW, STATUSES, YEKATERINBURG, iso
from .errors import BankError
from .history import told
from .receipt import check_sum, find_wrong, read_receipt
from .schema import check_payment, read_amount

blueprint = Blueprint('acquiring', __name__, url_prefix='/uapi/acquiring/v1.0')

FINISHED = ('APPROVED', 'REFUNDED', 'REFUNDED_PARTIALLY', 'WAIT_FULL_PAYMENT')


def bank():
    """ Return the bank of this application. """
    return current_app.config['BANK']


def number(amount):
    """ Write an amount: a JSON number, or quoted where the variant says so. """
    if bank().variants['amounts_as_strings']:
        return f'{amount:.2f}'
    return float(amount) if amount % 1 else int(amount)


def describe_receipt(operation):
    """ Give the receipt back as it was sent, with prices in the form of all amounts.

    Whether it was printed is not told: the bank has no field for that.
    """
    if not operation.receipt:
        return {}
    return {**operation.receipt, 'Items': [
        {**item, 'amount': number(read_amount(item['amount'], 'amount'))}
        for item in operation.receipt['Items']
    ]}


def link_of(operation):
    """ Return the payment link. """
    return f'{bank().base_url}/order/?uuid={operation.operation_id}'


def without_empty(values):
    """ The bank leaves out what it does not have. """
    return {name: value for name, value in values.items() if value not in (None, '', [])}


@blueprint.get('/retailers')
def retailers():
    """ The shops of a customer. """
    client = using('ReadAcquiringData')
    code = query('customerCode')
    bank().check_customer(client, code)
    return respond({'Retailer': bank().world['retailers'].get(code, [])})


@blueprint.post('/payments')
def create():
    """ Create an operation without a receipt. """
    return _create(with_receipt=False)


@blueprint.post('/payments_with_receipt')
def create_with_receipt():
    """ Create an operation whose receipt the bank's partner prints. """
    return _create(with_receipt=True)


def _create(with_receipt):
    client = using('MakeAcquiringOperation')
    data = body_data()
    check_payment(data, find_wrong(data) if with_receipt else ())
    amount = read_amount(data['amount'], 'amount')
    receipt = read_receipt(data) if with_receipt else None
    if receipt and bank().variants['receipt_sum_checked']:
        check_sum(receipt['Items'], amount)
    operation = bank().create(client, data, amount, receipt)
    answer = {
        'purpose': data['purpose'],
        'status': operation.status,
        'amount': number(operation.amount),
        'operationId': operation.operation_id,
        'paymentLink': link_of(operation),
        'consumerId': data.get('consumerId'),
        'merchantId': data.get('merchantId'),
        'preAuthorization': data.get('preAuthorization'),
        'ttl': data.get('ttl'),
        'paymentLinkId': operation.payment_link_id,
        'paymentMode': operation.modes,
    }
    if with_receipt:
        answer |= {
            'customerCode': data['customerCode'],
            'redirectUrl': data.get('redirectUrl'),
            'failRedirectUrl': data.get('failRedirectUrl'),
            **describe_receipt(operation),
        }
    return respond(without_empty(answer))


def describe(operation):
    """ Describe an operation as reading and listing do. """
    sent = operation.request
    status, entries = told(operation, bank().now(), bank().variants)
    return {
        **without_empty({
            'paymentType': operation.payment_type,
            'paymentId': operation.payment_id,
            'transactionId': operation.transaction_id,
            'paymentMode': operation.modes,
            'redirectUrl': sent.get('redirectUrl'),
            'failRedirectUrl': sent.get('failRedirectUrl'),
            'purpose': sent['purpose'],
            'merchantId': operation.merchant_id,
            'consumerId': sent.get('consumerId'),
            'preAuthorization': sent.get('preAuthorization'),
            'paidAt': operation.paid_at and iso(operation.paid_at, MOSCOW),
            'paymentLinkId': operation.payment_link_id,
        }),
        **describe_receipt(operation),
        'customerCode': sent['customerCode'],
        # The bank mixes offsets within one answer.
        'createdAt': iso(operation.created_at, YEKATERINBURG),
        'amount': number(operation.amount),
        'status': status,
        'operationId': operation.operation_id,
        'paymentLink': link_of(operation),
        'Order': [
            without_empty({**entry, 'amount': number(entry['amount']),
                           'time': iso(entry['time'], MOSCOW)})
            for entry in entries
        ],
    }


@blueprint.get('/payments/<operation_id>')
def read(operation_id):
    """ Read an operation: an array with one entry. """
    operation = bank().get_for(using('ReadAcquiringData'), operation_id)
    return respond({'Operation': [describe(operation)]})


@blueprint.get('/payments')
def list_operations():
    """ List operations by the day of their creation. """
    client = using('ReadAcquiringData')
    code = query('customerCode')
    bank().check_customer(client, code)
    operations = bank().list(code)
    for name, keep in (
        ('fromDate', lambda day, limit: day >= limit), ('toDate', lambda day, limit: day <= limit),
    ):
        if request.args.get(name):
            limit = _read_date(name)
            operations = [
                o for o in operations if keep(o.created_at.astimezone(MOSCOW).date(), limit)
            ]
    status = request.args.get('status')
    if status:
        if status not in STATUSES:
            raise BankError(400, f'status: must be one of {", ".join(STATUSES)}')
        operations = [o for o in operations if o.status == status]
    return paged('Operation', operations, describe)


def _read_date(name):
    try:
        return date.fromisoformat(request.args.get(name, ''))
    except ValueError as error:
        raise BankError(400, f'{name}: invalid date format') from error


@blueprint.post('/payments/<operation_id>/capture')
def capture(operation_id):
    """ Take the held money. """
    bank().get_for(using('MakeAcquiringOperation'), operation_id)
    bank().capture(operation_id)
    return respond({'result': True})


@blueprint.post('/payments/<operation_id>/refund')
def refund(operation_id):
    """ Return money, whole or in part. """
    bank().get_for(using('MakeAcquiringOperation'), operation_id)
    amount = read_amount(body_data().get('amount'), 'amount')
    order_id = bank().refund(operation_id, amount)
    return respond({
        'isRefund': True,
        'operationId': operation_id,
        'amount': number(amount),
        'date': bank().now().astimezone(MOSCOW).date().isoformat(),
        'orderId': order_id,
    })


@blueprint.get('/registry')
def registry():
    """ What was settled on a day; today's card operations are still in processing. """
    client = using('ReadAcquiringData')
    code, merchant_id = query('customerCode'), query('merchantId')
    bank().check_customer(client, code)
    day = _read_date('date')
    today = bank().now().astimezone(MOSCOW).date()
    blocks = {}
    for operation in reversed(bank().list(code)):
        if (
            operation.merchant_id != merchant_id
            or operation.status not in FINISHED
            or not operation.paid_at
            or operation.paid_at.astimezone(MOSCOW).date() != day
            or (operation.payment_type == 'card' and day == today)
            or request.args.get('paymentId', operation.payment_id) != operation.payment_id
        ):
            continue
        block = blocks.setdefault(operation.payment_type, [])
        rate = Decimal('0.007') if operation.payment_type == 'sbp' else Decimal('0.025')
        commission = (operation.amount * rate).quantize(Decimal('0.01'))
        block.append({
            'purpose': operation.request['purpose'],
            'status': operation.status,
            'amount': number(operation.amount),
            'operationId': operation.operation_id,
            'paymentLink': link_of(operation),
            'time': iso(operation.paid_at, MOSCOW),
            'number': str(len(block) + 1),
            'commission': number(commission),
            'enrollmentAmount': number(operation.amount - commission),
        })
    return respond({'Registry': [
        {
            'paymentType': kind,
            'totalAmount': number(sum(Decimal(str(p['amount'])) for p in payments)),
            'payments': payments,
        }
        for kind, payments in blocks.items()
    ]})
