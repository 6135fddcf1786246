""" What PayKeeper's request 8.11 and its cart must look like.

The fields are those that docs.paykeeper.ru and the programs of others show; limits that are not
there are those of the fiscal data format. Unknown fields, `null` and empty texts are refused.
"""

import base64
import binascii
import json
import re
from datetime import datetime
from decimal import Decimal

from .ffd import NEW_VAT_FROM, OLD_VAT, SALES, VAT
from .paykeeper_protocol import PaykeeperError
from .paykeeper_words import CODED, CORRECTION_TYPES, MEASURES, METHODS, OBJECTS, SUMS
from .shape import Number, number, problems, product, read, record, several, text, validator, words

MONEY = number(2, maximum=10 ** 10)
PIECES = {'type': 'integer', 'minimum': 1}
CART = validator(several(record({
    'name': text(128), 'price': MONEY, 'sum': MONEY, 'tax': words(VAT),
    'quantity': number(6, exclusiveMinimum=0, maximum=99999999),
}, {
    'item_type': words(OBJECTS), 'payment_type': words(METHODS),
    'item_id': text(type=['string', 'integer']), 'item_code': text(223), 'item_code_b64': text(),
    'items_in_package': PIECES, 'items_sold_from_package': PIECES,
    'measure': {'enum': list(MEASURES)}, 'item_country': text(),
    'customs_declaration': text(32), 'excise': MONEY,
})))
FIELDS = {'payment_id', 'type', 'is_post_sale', 'is_correction', 'refund_id', 'contact', *SUMS,
          'cart', 'receipt_key', 'receipt_properties', 'token'}
CORRECTION_FIELDS = {'correction_type', 'correction_date', 'correction_number'}
NUMBERS = ('price', 'quantity', 'sum', 'excise')
EMAIL = re.compile(r'\A[^@\s]+@[^@\s]+\.[^@\s]+\Z')
PHONE = re.compile(r'\A\+?[0-9]{5,18}\Z')
AMOUNT = re.compile(r'\A[0-9]{1,10}(\.[0-9]{1,2})?\Z')


# === THE FORM === #

def check_fields(form, corrections):
    """ :raise PaykeeperError: If a field is unknown, or comes twice. """
    known = FIELDS | (CORRECTION_FIELDS if corrections else set())
    wrong = [name for name, values in form.lists() if name not in known or len(values) > 1]
    if wrong:
        raise PaykeeperError(f'Лишние поля: {", ".join(wrong)}')


def flag(form, name):
    """ Read a flag; left out means no. :raise PaykeeperError: If it is neither yes nor no. """
    value = form.get(name, 'false')
    if value not in ('true', 'false'):
        raise PaykeeperError(f'{name}: true или false')
    return value == 'true'


def sums(form):
    """ Read the sums by names, in roubles; none at all is an empty one.

    :rtype: dict[str, Decimal]
    :raise PaykeeperError: If one is no amount.
    """
    given = {name: form[name] for name in SUMS if name in form}
    wrong = [name for name, value in given.items() if not AMOUNT.match(value)]
    if wrong:
        raise PaykeeperError(f'Неверная сумма: {", ".join(wrong)}')
    return {name: Decimal(value) for name, value in given.items()}


def check_contact(contact):
    """ :raise PaykeeperError: If it is neither an e-mail nor a phone. """
    if len(contact) > 64 or not (EMAIL.match(contact) or PHONE.match(contact)):
        raise PaykeeperError('contact: нужен e-mail или телефон')


def properties(form):
    """ Return `receipt_properties`; what may be in it was not readable.

    :raise PaykeeperError: If it is no object of JSON.
    """
    if 'receipt_properties' not in form:
        return None
    content = _json(form['receipt_properties'], 'receipt_properties')
    if not isinstance(content, dict):
        raise PaykeeperError('receipt_properties: нужен объект JSON')
    return content


def correction(form):
    """ Return the reason of a correction by tags; the names of the fields are ours.

    :raise PaykeeperError: If it is incomplete.
    """
    kind, day = form.get('correction_type'), form.get('correction_date', '')
    try:
        datetime.strptime(day, '%d.%m.%Y')
    except ValueError as error:
        raise PaykeeperError('correction_date: нужна дата ДД.ММ.ГГГГ') from error
    if kind not in CORRECTION_TYPES or kind == 'instruction' and not form.get('correction_number'):
        raise PaykeeperError('correction_type: self, или instruction и correction_number')
    return {'1173': CORRECTION_TYPES[kind], '1178': day,
            **({'1179': form['correction_number']} if form.get('correction_number') else {})}


# === THE CART === #

def read_cart(raw):
    """ Read and check a cart.

    :param str raw: A list as JSON; numbers may be quoted.
    :rtype: list[dict]
    :raise PaykeeperError: With everything that is wrong.
    """
    cart = _json(raw, 'cart')
    for item in cart if isinstance(cart, list) else ():
        for name in NUMBERS if isinstance(item, dict) else ():
            if isinstance(item.get(name), str):
                item[name] = _number(item[name])
    wrong = problems(CART, cart, 'cart') or [
        f'{index}.{text}' for index, item in enumerate(cart) for text in _contradictions(item)]
    if wrong:
        raise PaykeeperError(f'Неверная корзина: {"; ".join(wrong)}')
    return cart


def check_vat(cart, kind, now):
    """ :raise PaykeeperError: If there are rates of 20 % in a sale of 2026. """
    if kind in SALES and now >= NEW_VAT_FROM and any(item['tax'] in OLD_VAT for item in cart):
        raise PaykeeperError('Неверная корзина: ставка 20 % не для расчётов 2026 года')


def _json(raw, name):
    try:
        return read(raw.encode())
    except ValueError as error:
        raise PaykeeperError(f'{name}: неверный JSON ({error})') from error


def _number(written):
    return Number(written) if re.match(r'\A[0-9]{1,20}(\.[0-9]{1,20})?\Z', written) else written


def _contradictions(item):
    cost, code = product(item['price'], item['quantity']), item.get('item_code_b64')
    if item['sum'] != cost:
        yield f'sum: {item["sum"]} is not price × quantity {cost}'
    if 'item_code' in item and code:
        yield 'item_code: not together with item_code_b64'
    if code and not _is_base64(code):
        yield 'item_code_b64: is not base64'
    coded = 'item_code' in item or code
    if item.get('item_type') in CODED and not coded:
        yield f'item_code: is required by {item["item_type"]}'
    if coded and item['quantity'] != 1:
        yield 'quantity: is 1 where there is a code'
    package, sold = item.get('items_in_package'), item.get('items_sold_from_package')
    whole = package is None and sold is None
    if not whole and not (coded and package and sold and sold <= package):
        yield 'items_in_package: needs a code and items_sold_from_package that are in it'


def _is_base64(code):
    try:
        return bool(base64.b64decode(code, validate=True))
    except binascii.Error:
        return False


def cart_text(cart):
    """ Write a cart as JSON again. """
    return json.dumps(cart, default=float, ensure_ascii=False)
