""" Customers and accounts. """

from flask import Blueprint, current_app

from .access import respond, using
from .errors import BankError

blueprint = Blueprint('banking', __name__, url_prefix='/uapi/open-banking/v1.0')


@blueprint.get('/customers')
def customers():
    """ The companies and persons that the key gives access to. """
    client = using('ReadCustomerData')
    return respond({'Customer': current_app.config['BANK'].visible_customers(client)})


@blueprint.get('/customers/<customer_code>')
def customer(customer_code):
    """ One of them. """
    bank = current_app.config['BANK']
    client = using('ReadCustomerData')
    bank.check_customer(client, customer_code)
    return respond(next(
        c for c in bank.visible_customers(client) if c['customerCode'] == customer_code
    ))


def _accounts():
    bank = current_app.config['BANK']
    using('ReadAccountsBasic')
    client = using('ReadAccountsDetail')
    codes = [c['customerCode'] for c in bank.visible_customers(client)]
    return [a for a in bank.world['accounts'] if a['customerCode'] in codes]


@blueprint.get('/accounts')
def accounts():
    """ The accounts of all of them. """
    return respond({'Account': _accounts()})


@blueprint.get('/accounts/<path:account_id>')
def account(account_id):
    """ One account; its id holds a slash. """
    found = [a for a in _accounts() if a['accountId'] == account_id]
    if not found:
        raise BankError(404, 'Not found account')
    return respond(found[0])
