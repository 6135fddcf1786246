""" The registration of a company in the Faster Payments System, to be read. """

from flask import Blueprint, current_app

from .access import respond, using
from .errors import BankError

blueprint = Blueprint('sbp', __name__, url_prefix='/uapi/sbp/v1.0')


@blueprint.get('/customer/<customer_code>/<bank_code>')
def customer(customer_code, bank_code):
    """ Whether the company is in the system. """
    bank = current_app.config['BANK']
    bank.check_customer(using('ReadSBPData'), customer_code)
    found = bank.world['sbp'].get(customer_code)
    if not found or bank_code != found['bankCode']:
        raise BankError(404, 'Customer is not registered in SBP')
    return respond(found)
