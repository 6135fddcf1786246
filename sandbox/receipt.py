""" The receipt that goes along with an operation: what the bank takes.

Names, limits and values are those of the bank's OpenAPI description, kept here once more because
the file may be absent. Where neither it nor the bank's pages tell what is allowed, the strict
reading holds: what passes here has the best chances there.
"""

import math
import re
from decimal import Decimal

from .errors import BankError
from .partner import line_sum, line_total
from .schema import TOO_MUCH, read_amount

TAX_SYSTEMS = ('osn', 'usn_income', 'usn_income_outcome', 'esn', 'patent')
# As sent. The bank still answers vat20 and vat120 for old operations, and takes them no more.
VAT_TYPES = ('none', 'vat0', 'vat5', 'vat7', 'vat10', 'vat22', 'vat105', 'vat107',
             'vat110', 'vat122')
# All but м3 end in a dot.
MEASURES = ('г.', 'кг.', 'т.', 'см.', 'дм.', 'м.', 'см2.', 'дм2.', 'м2.', 'мл.', 'л.', 'м3',
            'кВт.ч.', 'Гкал.', 'дн.', 'ч.', 'мин.', 'сек.', 'Кб.', 'Мб.', 'Гб.', 'Тб.', 'шт.')
CHOICES = {
    'vatType': VAT_TYPES,
    'paymentMethod': ('full_payment', 'full_prepayment'),
    'paymentObject': ('goods', 'service', 'work'),
    'measure': MEASURES,
}
CLIENT = ('email', 'name', 'phone')
SUPPLIER = ('phone', 'name', 'taxCode')
ITEM = ('name', 'amount', 'quantity', *CHOICES)
# The form `email` of JSON Schema: RFC 5321, so without letters outside of ASCII.
ATOM, LABEL = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+", '[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?'
EMAIL = re.compile(rf'(?=.{{3,254}}\Z)(?=[^@]{{1,64}}@){ATOM}(\.{ATOM})*@{LABEL}(\.{LABEL})+')
PHONE = re.compile(r'(?=.{11,15}\Z)\+?[0-9]+')
BAD_PHONE = 'must be 11 to 15 characters: digits, perhaps after a plus'
INN = re.compile(r'[0-9]{10,12}')


# === CHECKS === #

def find_wrong(data):
    """ Return what is wrong with the receipt of a request.

    :param dict data: `Data` of the body.
    :return: One entry for each wrong field.
    :rtype: list[str]
    """
    wrong = [*_check_client(data.get('Client')), *_check_supplier(data, 'Supplier')]
    # A null is no value of an enumeration either.
    if 'taxSystemCode' in data and data['taxSystemCode'] not in TAX_SYSTEMS:
        wrong.append('taxSystemCode: unknown value')
    items = data.get('Items')
    if not isinstance(items, list) or not items:
        return [*wrong, 'Items: field required']
    for index, item in enumerate(items):
        wrong += _check_item(item, f'Items.{index}')
    return wrong


def _check_client(client):
    if not isinstance(client, dict):
        yield 'Client: field required'
        return
    yield from _check_text(client, 'Client', 'email', EMAIL, 'is not a valid email address')
    if 'name' in client:
        yield from _check_text(client, 'Client', 'name')
    if 'phone' in client:
        # The description has a pattern for the phone of a supplier only. A till prints either.
        yield from _check_text(client, 'Client', 'phone', PHONE, BAD_PHONE)


def _check_supplier(owner, place):
    """ Check the supplier of a receipt or a line, if it has one. """
    if 'Supplier' not in owner:
        return
    supplier = owner['Supplier']
    if not isinstance(supplier, dict):
        yield f'{place}: value is not a valid dict'
        return
    yield from _check_text(supplier, place, 'phone', PHONE, BAD_PHONE)
    yield from _check_text(supplier, place, 'name')
    yield from _check_text(supplier, place, 'taxCode', INN, 'must be 10 to 12 digits')


def _check_text(owner, place, name, pattern=None, words=''):
    """ Check a text that must be there and not be empty. """
    value = owner.get(name)
    if not isinstance(value, str) or not value:
        yield f'{place}.{name}: field required'
    elif pattern and not pattern.fullmatch(value):
        yield f'{place}.{name}: {words}'


def _check_item(item, place):
    if not isinstance(item, dict):
        yield f'{place}: value is not a valid dict'
        return
    if not isinstance(item.get('name'), str) or not 1 <= len(item['name']) <= 256:
        yield f'{place}.name: must be a string of 1 to 256 characters'
    try:
        read_amount(item.get('amount'), f'{place}.amount')
    except BankError as error:
        yield from error.messages
    if not _is_quantity(item.get('quantity')):
        yield f'{place}.quantity: must be a number above 0 with at most six decimals'
    for name, allowed in CHOICES.items():
        if name in item and item[name] not in allowed:
            yield f'{place}.{name}: unknown value'
    yield from _check_supplier(item, f'{place}.Supplier')


def _is_quantity(value):
    """ A bare number: unlike an amount it is not quoted in the bank's examples.

    Its decimals are those of tag 1023 of a fiscal document, its upper limit is that of amounts.
    """
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    if isinstance(value, float) and not math.isfinite(value):
        return False
    quantity = Decimal(str(value))
    return 0 < quantity < TOO_MUCH and quantity.as_tuple().exponent >= -6


def check_sum(items, amount):
    """ Check that the lines come to the amount.

    Nobody tells whether the bank does so. The sum must be right however it is made: exactly, and
    line by line rounded to a kopeck as a till does it.

    :param list[dict] items: Valid lines.
    :param Decimal amount: The operation's.
    :raise BankError: If they don't.
    """
    exact = sum(map(line_total, items))
    rounded = sum(map(line_sum, items))
    for found in (exact, rounded):
        if found != amount:
            raise BankError(400, f'Items: their sum {found} is not the amount {amount}')


# === READING === #

def read_receipt(data):
    """ Return the receipt of a valid request, without the fields that the bank does not know.

    :param dict data: `Data` of the body.
    :rtype: dict
    """
    receipt = {
        'Client': _pick(data['Client'], CLIENT),
        'Items': [_pick(item, ITEM) | _read_supplier(item) for item in data['Items']],
        **_read_supplier(data),
    }
    if 'taxSystemCode' in data:
        receipt['taxSystemCode'] = data['taxSystemCode']
    return receipt


def _read_supplier(owner):
    return {'Supplier': _pick(owner['Supplier'], SUPPLIER)} if 'Supplier' in owner else {}


def _pick(values, names):
    return {name: values[name] for name in names if name in values}
