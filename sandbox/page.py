""" The bank's payment page, in a browser or by plain form posts. """

import segno
from flask import Blueprint, current_app, redirect, render_template, request, url_for

from .errors import BankError

blueprint = Blueprint('page', __name__)

METHODS = {
    'card': 'Банковская карта',
    'sbp': 'СБП',
    'tinkoff': 'T-Pay',
    'dolyame': 'Долями',
}


def bank():
    """ Return the bank of this application. """
    return current_app.config['BANK']


@blueprint.get('/order/')
def order():
    """ Show the operation and the ways to pay it. """
    try:
        operation = bank().open_page(request.args.get('uuid', ''))
    except BankError:
        return render_template('page.html', title='Ссылка не найдена', operation=None), 404
    qr = segno.make(f'https://qr.nspk.ru/{operation.operation_id.replace("-", "").upper()}')
    return render_template(
        'page.html',
        title='Оплата',
        operation=operation,
        methods=[(mode, METHODS[mode]) for mode in operation.modes],
        qr=qr.svg_data_uri(scale=4, border=1),
        declined='declined' in request.args,
        open=operation.status == 'CREATED' or (
            operation.status == 'EXPIRED' and bank().variants['late_pay']
        ),
    )


@blueprint.post('/order/pay')
def pay():
    """ The payer acts: fields `uuid`, `method`, `outcome` (pay, decline, pay_and_close). """
    operation_id = request.form.get('uuid', '')
    outcome = request.form.get('outcome', 'pay')
    try:
        operation = bank().pay(
            operation_id, request.form.get('method', ''),
            'pay' if outcome == 'pay_and_close' else outcome,
        )
    except BankError as error:
        return render_template(
            'page.html', title='Оплата не прошла', operation=None, message=error.messages[0]
        ), 400
    if outcome == 'pay_and_close':
        return render_template('page.html', title='Оплачено', operation=operation, open=False)
    if outcome == 'decline':
        target = operation.request.get('failRedirectUrl') or url_for(
            'page.order', uuid=operation_id, declined=1
        )
    else:
        target = operation.request.get('redirectUrl') or url_for('page.order', uuid=operation_id)
    return redirect(target, 303)
