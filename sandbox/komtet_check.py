""" What a check of KOMTET's shop API v2 must look like.

As strict as KOMTET's SDKs and its till agent let one conclude: unknown fields, `null` and empty
texts are refused, so that a typing mistake shows here and not in a printed receipt.
"""

from decimal import ROUND_HALF_UP, Decimal

from . import shape
from .komtet_protocol import invalid
from .shape import DAY, FLAG, INN, KOPECK, integer, problems, record, several, text

# Operation types of a fiscal document (tag 1054).
INTENTS = {'sell': 1, 'sellReturn': 2, 'buy': 3, 'buyReturn': 4}
CORRECTIONS = {f'{intent}Correction': number for intent, number in INTENTS.items()}
TAX_SYSTEMS = (0, 1, 2, 4, 5)
VAT_RATES = ('no', '0', '5', '7', '10', '20', '22', '105', '107', '110', '120', '122')
PAYMENT_TYPES = ('card', 'cash', 'prepayment', 'credit', 'counter_provisioning')
PAYMENT_METHODS = ('pre_payment_full', 'pre_payment_part', 'advance', 'full_payment',
                   'credit_part', 'credit_pay', 'credit')
PAYMENT_OBJECTS = (
    'product', 'product_practical', 'work', 'service', 'gambling_bet', 'gambling_win',
    'lottery_bet', 'lottery_win', 'rid', 'payment', 'commission', 'composite', 'pay', 'other',
    'property_right', 'non_operating', 'insurance', 'sales_tax', 'resort_fee', 'deposit',
    'consumption', 'sole_proprietor_cpi_contributins', 'cpi_contributins',
    'sole_proprietor_cmi_contributins', 'cmi_contributins', 'csi_contributins',
    'casino_payment', 'payment_of_the_money', 'atnm', 'atm', 'tnm', 'tm',
)
MEASURES = (0, 10, 11, 12, 20, 21, 22, 30, 31, 32, 40, 41, 42, 50, 51, 70, 71, 72, 73,
            80, 81, 82, 83, 255)
MARK_TYPES = ('unknown', 'ean8', 'ean13', 'itf14', 'gs10', 'gs1m', 'short', 'fur', 'egais20',
              'egais30')
AGENT_TYPES = ('bank_payment_agent', 'bank_payment_subagent', 'payment_agent',
               'payment_subagent', 'solicitor', 'commissionaire', 'agent')


# === SCHEMA === #

def number(decimals, **limits):
    """ A number, not quoted. Its upper limit is ours: KOMTET names none. """
    return shape.number(decimals, **{'exclusiveMaximum': 10 ** 10, **limits})


ID = text(type=['string', 'integer'])
PHONE = text(pattern=r'\A\+?[0-9]{7,15}\Z')
SECTORAL = several(record({
    'federal_id': text(), 'date': DAY, 'number': text(), 'value': text(),
}))
PERSON = record({'name': text(64)}, {'inn': INN})
CLIENT = record({}, {
    'email': text(64, pattern=r'\A[^@\s]+@[^@\s]+\.[^@\s]+\Z'), 'phone': PHONE,
    'name': text(256), 'inn': INN, 'birthdate': DAY, 'citizenship': text(),
    'document_code': text(), 'document_data': text(), 'address': text(),
})
# Blocks of an agent must be complete: the till reads their fields without defaults.
AGENT = record({'type': {'enum': list(AGENT_TYPES)}}, {
    'paying_agent': record({'operation': text(24), 'phones': several(PHONE)}),
    'receive_payments_operator': record({'phones': several(PHONE)}),
    'money_transfer_operator': record({
        'name': text(), 'phones': several(PHONE), 'address': text(), 'inn': INN,
    }),
})
POSITION = record({
    'name': text(128), 'price': number(2), 'quantity': number(6, exclusiveMinimum=0),
    'total': number(2), 'vat': {'enum': list(VAT_RATES)}, 'measure': integer(*MEASURES),
    'payment_method': {'enum': list(PAYMENT_METHODS)},
    'payment_object': {'enum': list(PAYMENT_OBJECTS)},
}, {
    'id': ID, 'user_data': text(64), 'excise': number(2),
    'country_code': text(), 'declaration_number': text(32),
    'mark_code': {**record({}, {kind: text() for kind in MARK_TYPES}),
                  'minProperties': 1, 'maxProperties': 1},
    'mark_quantity': record({'numerator': {'type': 'integer', 'minimum': 1},
                             'denominator': {'type': 'integer', 'minimum': 1}}),
    'planned_status': integer(1, 2, 3, 4, 5, 6, 255), 'wholesale': FLAG,
    'sectoral_item_props': SECTORAL, 'agent_info': AGENT,
    'supplier_info': record({'name': text(), 'phones': several(PHONE), 'inn': INN}),
})
REQUIRED = {
    'external_id': ID, 'intent': text(), 'print': FLAG,
    'company': record({'payment_address': text(256), 'sno': integer(*TAX_SYSTEMS)},
                      {'inn': INN, 'place_address': text(256)}),
    'payments': several(record({
        'sum': number(2, exclusiveMinimum=0), 'type': {'enum': list(PAYMENT_TYPES)},
    })),
    'positions': several(POSITION),
}
OPTIONAL = {
    'client': CLIENT, 'cashier': PERSON, 'sectoral_check_props': SECTORAL, 'internet': FLAG,
    'operating_check_props': record({'name': text(), 'value': text(),
                                     'timestamp': text(format='moment')}),
    'callback_url': text(format='address'), 'timezone': integer(*range(1, 12)),
    'additional_check_props': text(16),
}
CHECK = record({**REQUIRED, 'intent': {'enum': list(INTENTS)}}, {
    **OPTIONAL,
    'additional_user_props': record({'name': text(64), 'value': text(256)}),
    'cashless_payments': several(record({
        'sum': number(2, exclusiveMinimum=0), 'method': ID, 'id': ID,
    }, {'additional_info': text()})),
})
CORRECTION = record({
    **REQUIRED, 'intent': {'enum': list(CORRECTIONS)}, 'authorised_person': PERSON,
    'correction_info': record({'type': {'enum': ['self', 'instruction']}, 'base_date': DAY},
                              {'base_number': text()}),
}, OPTIONAL)

SHAPES = {'check': shape.validator(CHECK), 'correction': shape.validator(CORRECTION)}


# === READING === #

def read(raw):
    """ Read a body without losing a digit.

    :param bytes raw: JSON in UTF-8.
    :raise KomtetError: If it is no JSON.
    """
    try:
        return shape.read(raw)
    except ValueError as error:
        raise invalid(f'JSON: {error}') from error


def validate(check, discounts=False):
    """ Check one check.

    :param check: As `read` returns it.
    :param bool discounts: Whether a line's total may differ from price × quantity.
    :return: The total in roubles.
    :rtype: Decimal
    :raise KomtetError: With everything that is wrong.
    """
    intent = check.get('intent') if isinstance(check, dict) else None
    kind = SHAPES['correction' if isinstance(intent, str) and intent in CORRECTIONS else 'check']
    wrong = problems(kind, check, 'check') or list(_contradictions(check, discounts))
    if wrong:
        raise invalid('; '.join(wrong))
    return shape.total(check['positions'], 'total')


def _contradictions(check, discounts):
    """ Yield what is wrong although each field is right. """
    paid, sold = shape.total(check['payments'], 'sum'), shape.total(check['positions'], 'total')
    if paid != sold:
        yield f'payments: their sum {paid} is not the sum of the positions {sold}'
    client = check.get('client', {})
    if check.get('internet') and not ('email' in client or 'phone' in client):
        yield 'client: a check of the Internet needs an email or a phone'
    correction = check.get('correction_info', {})
    if correction.get('type') == 'instruction' and 'base_number' not in correction:
        yield "correction_info: 'base_number' is a required property of an instruction"
    for index, position in enumerate(check['positions']):
        if not discounts and product(position['price'], position) != position['total']:
            yield (f'positions.{index}.total: {position["total"]} is not price × quantity '
                   f'{product(position["price"], position)}')
        if position.get('wholesale') and not (
            'itf14' in position.get('mark_code', {}) and position['quantity'] > 1
            and 'sectoral_item_props' in position
        ):
            yield (f'positions.{index}.wholesale: needs an itf14 mark code, a quantity above 1 '
                   'and sectoral_item_props')


def product(price, position):
    """ Return a price times the quantity, rounded half up to a kopeck. """
    return shape.product(price, position['quantity'])


def discount_closes(position):
    """ Return whether the till can turn the difference to price × quantity into a discount.

    It lowers the price, and splits one unit off where kopecks are left: less than one unit can't
    be split (komtet-kassa-linux 6.5.0).
    """
    total, quantity = Decimal(position['total']), Decimal(position['quantity'])
    discount = product(position['price'], position) - total
    price = Decimal(position['price']) - (discount / quantity).quantize(KOPECK, ROUND_HALF_UP)
    return price >= 0 and (quantity > 1 or product(price, position) == total)
