""" PayKeeper's JSON API: the token, receipts (section 8), settlement receipts (2.13).

Written from what docs.paykeeper.ru shows and from programs that use it; much had to be guessed:
see README.md.
"""

from datetime import date

from flask import Blueprint, Response, abort, current_app, request

from . import paykeeper_check as check
from .ffd import MOSCOW, qr
from .paykeeper_protocol import ROOT, WRONG_TOKEN, PaykeeperError, answer, refusal
from .paykeeper_till import Order
from .paykeeper_words import SUMS

blueprint = Blueprint('paykeeper', __name__, url_prefix=ROOT)
receipts = Blueprint('paykeeper_receipts', __name__, url_prefix=f'{ROOT}/receipt')


def paykeeper():
    """ Return the register of this application. """
    return current_app.config['PAYKEEPER']


def told(content):
    """ Return an answer. """
    return answer(content, paykeeper().settings['json_as_html'])


@blueprint.errorhandler(PaykeeperError)
def refuse(error):
    """ Answer in PayKeeper's form, with HTTP 200. """
    if str(error) == WRONG_TOKEN and paykeeper().settings['token_answer'] == 'text':
        return Response(WRONG_TOKEN, mimetype='text/html')
    return refusal(str(error), paykeeper().settings['json_as_html'])


# === WHO ASKS === #

@blueprint.before_request
def authenticate():
    """ 401 for a wrong user; for what changes something a form and its token are needed. """
    who = request.authorization
    if not who or who.type != 'basic' or not paykeeper().knows(who.username, who.password):
        return Response('Unauthorized', 401, {'WWW-Authenticate': 'Basic realm="PayKeeper"'})
    if request.method == 'POST':
        if request.mimetype != 'application/x-www-form-urlencoded':
            raise PaykeeperError('Нужна форма application/x-www-form-urlencoded')
        paykeeper().check_token(request.form.get('token', ''))
    paykeeper().expire()
    return None


@blueprint.get('/info/settings/token/')
def token():
    """ The token for calls that change something. """
    return told({'token': paykeeper().read_token()})


# === PRINTING === #

@blueprint.post('/change/receipt/print/')
def print_receipt():
    """ 8.11: print a receipt of a payment, or one of its own. """
    register, form = paykeeper(), request.form
    with register.lock:
        check.check_fields(form, register.settings['corrections'])
        if form.get('refund_id'):
            raise PaykeeperError('Возврат не найден')
        order = Order(
            kind=register.kind_of(form.get('type')), cart=[], sums=check.sums(form),
            contact=form.get('contact', ''), key=form.get('receipt_key') or None,
            type=form['type'], post_sale=check.flag(form, 'is_post_sale'),
            properties=check.properties(form),
            payment=register.payment(form['payment_id']) if form.get('payment_id') else None,
        )
        if check.flag(form, 'is_correction'):
            if not register.settings['corrections']:
                raise PaykeeperError('Чек коррекции не поддерживается')
            order.correction = check.correction(form)
        if order.payment and not order.contact:
            order.contact = order.payment.contact
        if register.settings['contact_checked']:
            check.check_contact(order.contact)
        if 'cart' in form or not order.payment:
            order.cart = check.read_cart(form.get('cart', ''))
        else:
            order.cart = order.payment.cart
        if order.payment and not order.sums:
            order.sums = {'sum_cashless': order.payment.amount}
        return told({'receipt_id': register.number(register.order(order))})


@blueprint.post('/change/payment/post-sale-receipt/')
def post_sale_receipt():
    """ 2.13: print the settlement receipt of a payment from its cart. """
    register = paykeeper()
    if not set(request.form) <= {'id', 'token'}:
        raise PaykeeperError('Лишние поля')
    with register.lock:
        document = register.settle(register.payment(request.form.get('id', '')))
    content = {'result': 'success', 'receipt_id': register.number(document)}
    return told([content] if register.settings['post_sale_in_list'] else content)


# === READING === #

@blueprint.get('/info/receipts/byid/')
def by_id():
    """ 8.4: one receipt. """
    document = paykeeper().documents.get(request.args.get('id', ''))
    if not document:
        raise PaykeeperError('Чек не найден')
    content = paykeeper().describe(document)
    return told([content] if paykeeper().settings['byid_in_list'] else content)


@blueprint.get('/info/receipts/bypaymentid/')
def by_payment():
    """ 8.3: the receipts of a payment. """
    name = paykeeper().settings['payment_id_parameter']
    names = ('payment_id', 'id') if name == 'both' else (name,)
    number = next((request.args[name] for name in names if name in request.args), None)
    if not number:
        raise PaykeeperError('Не указан платёж')
    return told(_described(lambda document: document.meaning['payment_id'] == number))


@blueprint.get('/info/receipts/bydate/')
def by_date():
    """ 8.1: the receipts of a period, by kinds of payment and statuses. """
    return told([paykeeper().describe(document) for document in _of_period()])


@blueprint.get('/info/receipts/bydatecount/')
def count_by_date():
    """ 8.2: how many receipts of a period have each kind of payment. """
    documents = _of_period()
    return told([{'sum_type': name, 'count': sum(
        document.request['sums'][name] > 0 for document in documents)} for name in SUMS])


@blueprint.get('/info/receipts/search/')
def search():
    """ 8.5: receipts by fiscal attributes: `fn`, `fnd`, `fpd` (guessed). """
    tags = {'fn': '1041', 'fnd': '1040', 'fpd': '1077'}
    wanted = {tags[name]: value for name, value in request.args.items() if name in tags}
    if not wanted:
        raise PaykeeperError('Не указаны фискальные признаки')
    return told(_described(lambda document: document.fiscal_data and all(
        str(document.fiscal_data[tag]) == value for tag, value in wanted.items())))


def _described(wanted):
    with paykeeper().lock:
        return [paykeeper().describe(document) for document in paykeeper().documents.values()
                if wanted(document)]


def _of_period():
    """ Return the documents that `start`, `end`, `sum_type[]`, `status[]` ask for. """
    try:
        start, end = (date.fromisoformat(request.args.get(name, '')) for name in ('start', 'end'))
    except ValueError as error:
        raise PaykeeperError('start, end: нужны даты ГГГГ-ММ-ДД') from error
    types, statuses = _several('sum_type'), _several('status')
    if not set(types) <= set(SUMS):
        raise PaykeeperError('Неверный sum_type')
    register = paykeeper()
    with register.lock:
        return [
            document for document in register.documents.values()
            if start <= document.taken_at.astimezone(MOSCOW).date() <= end
            and (not types or any(document.request['sums'][name] for name in types))
            and (not statuses or register.describe(document)['status'] in statuses)
        ]


def _several(name):
    """ Return the values of a parameter that PHP writes as `name[]` or `name[0]`. """
    return [value for key, value in request.args.items(multi=True) if key.startswith(f'{name}[')]


# === THE RECEIPT === #

@receipts.get('/<page>/')
def receipt(page):
    """ The buyer's page of a receipt, as a text. """
    document = paykeeper().documents.get(request.args.get('rc_id', ''))
    if not document or document.request['page'] != page or not document.fiscal_data:
        abort(404)
    said = document.meaning
    lines = ['КАССОВЫЙ ЧЕК (песочница, не имеет силы)',
             *(f'{line["1030"]}: {line["1079"]} × {line["1023"]} = {line["1043"]}'
               for line in said['lines']), f'ИТОГ {said["1020"]}',
             qr(document.fiscal_data, said['1054'])]
    return Response('\n'.join(lines) + '\n', content_type='text/plain; charset=utf-8')
