""" The fields of ATOL Online's documents, v4 (FFD 1.05) and v5 (FFD 1.2).

v4: description of the protocol, version 5.23, as in github.com/ai-iskuzhin/AtolOnlineNet. v5: only
models of others could be read (github.com/ili/atol-online, github.com/skodnik/atol-online). Where
the service is lenient this is strict: unknown fields, `null` and empty texts are refused.
"""

from .atol_words import (
    AGENTS,
    CORRECTION_TYPES,
    METHODS,
    OBJECT_NUMBERS,
    OBJECTS,
    PAYMENT_TYPES,
    TAX_SYSTEMS,
)
from .ffd import MEASURES, VAT
from .shape import DAY, FLAG, INN, integer, number, record, several, some, text, validator, words

MOST_ITEMS, MOST_PAYMENTS, MOST_VATS = 100, 10, 6
MONEY = number(2, maximum=10 ** 10)
EMAIL = text(64, pattern=r'\A[^@\s]+@[^@\s]+\Z')
PHONE_V4 = text(64, pattern=r'\A\+?[0-9]{5,18}\Z')
PHONE = text(19, pattern=r'\A\+[0-9]{5,18}\Z')
PHONES = several(text(pattern=r'\A([0-9]{5,17}|\+[0-9]{5,18})\Z'))
SECTORAL = several(record({
    'federal_id': text(pattern=r'\A[0-9]{3}\Z'), 'date': DAY, 'number': text(32),
    'value': text(256),
}))
VAT_TYPE = words(VAT)
AGENT = record({'type': words(AGENTS)}, {
    'paying_agent': some({'operation': text(24), 'phones': PHONES}),
    'receive_payments_operator': some({'phones': PHONES}),
    'money_transfer_operator': some({
        'phones': PHONES, 'name': text(64), 'address': text(256), 'inn': INN}),
})
SUPPLIER = record({'inn': INN}, {'phones': PHONES, 'name': text(256)})
SUPPLIER_OF_RECEIPT = some({'phones': PHONES, 'name': text(256), 'inn': INN})

# === WHAT IS SOLD === #

LINE = {
    'name': text(128), 'price': MONEY,
    'quantity': number(6, minimum=0.000001, maximum=99999999), 'sum': MONEY,
    'vat': record({'type': VAT_TYPE}, {'sum': MONEY}),
}
LINE_MORE = {
    'agent_info': AGENT, 'supplier_info': SUPPLIER, 'user_data': text(64), 'excise': MONEY,
    'country_code': text(3, pattern=r'\A[0-9]+\Z'), 'declaration_number': text(32),
}
# A code of GS1 may hold characters that can't be printed.
BASE64 = text(200, pattern=r'\A([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?\Z')
MARK_CODE = {**some({
    'unknown': text(32), 'ean8': text(pattern=r'\A[0-9]{8}\Z'),
    'ean13': text(pattern=r'\A[0-9]{13}\Z'), 'itf14': text(pattern=r'\A[0-9]{14}\Z'),
    'gs10': text(38), 'gs1m': BASE64, 'short': text(38),
    'fur': text(pattern=r'\A\S{2}-[0-9]{6}-\S{10}\Z'), 'egais20': text(23, minLength=23),
    'egais30': text(14, minLength=14),
}), 'maxProperties': 1}
# Bytes in hex, or a code of GS1 Data Matrix as it was scanned.
NOMENCLATURE = text(150, pattern=(
    r'\A([0-9a-fA-F]{2}( [0-9a-fA-F]{2}){0,31}|01[0-9]{14}21\S{13,132}|[0-9]{14}\S{15}|[0-9]{13})\Z'
))
LINE_V4 = record(LINE, {
    **LINE_MORE, 'measurement_unit': text(16), 'payment_method': words(METHODS),
    'payment_object': words(OBJECTS), 'nomenclature_code': NOMENCLATURE,
})
LINE_V5 = record({
    **LINE, 'payment_method': words(METHODS), 'payment_object': integer(*OBJECT_NUMBERS),
    'measure': integer(*MEASURES),
}, {
    **LINE_MORE, 'mark_code': MARK_CODE, 'mark_processing_mode': words(['0']),
    'planned_status': integer(1, 2, 3, 4, 5, 6, 255), 'wholesale': FLAG,
    'mark_quantity': record({'numerator': {'type': 'integer', 'minimum': 1},
                             'denominator': {'type': 'integer', 'minimum': 1}}),
    'sectoral_item_props': SECTORAL,
})

# === THE DOCUMENT === #

COMPANY = {'inn': INN, 'payment_address': text(256)}
COMPANY_MORE = {'sno': words(TAX_SYSTEMS), 'location': text(256)}
SELLER = record({**COMPANY, 'email': EMAIL}, COMPANY_MORE)
PAYMENTS = several(record({'type': integer(*PAYMENT_TYPES), 'sum': MONEY}), MOST_PAYMENTS)
VATS = several(record({'type': VAT_TYPE, 'sum': MONEY}), MOST_VATS)
CORRECTION_INFO = record({'type': words(CORRECTION_TYPES), 'base_date': DAY},
                         {'base_number': text(32)})
MORE = {'cashier': text(64), 'device_number': text(20), 'internet': FLAG}
RECEIPT_MORE = {
    **MORE, 'vats': VATS, 'additional_check_props': text(16),
    'additional_user_props': record({'name': text(64), 'value': text(256)}),
    'cashless_payments': several(record({
        'sum': MONEY, 'method': {'type': 'integer', 'minimum': 0, 'maximum': 255},
        'id': text(256),
    }, {'additional_info': text(256)})),
}
RECEIPT_V4 = record({
    'client': some({'email': EMAIL, 'phone': PHONE_V4, 'name': text(256), 'inn': INN}),
    'company': SELLER, 'items': several(LINE_V4, MOST_ITEMS), 'payments': PAYMENTS,
    'total': MONEY,
}, {**RECEIPT_MORE, 'agent_info': AGENT, 'supplier_info': SUPPLIER_OF_RECEIPT})
CORRECTION_V4 = record({
    'company': record(COMPANY, COMPANY_MORE), 'correction_info': CORRECTION_INFO,
    'payments': PAYMENTS, 'vats': VATS,
}, {**MORE, 'client': some({'email': EMAIL, 'phone': PHONE})})
RECEIPT_V5 = record({
    'client': some({
        'email': EMAIL, 'phone': PHONE, 'name': text(256), 'inn': INN, 'birthdate': DAY,
        'citizenship': text(3, pattern=r'\A[0-9]+\Z'),
        'document_code': text(2, pattern=r'\A[0-9]+\Z'), 'document_data': text(64),
        'address': text(256),
    }),
    'company': SELLER, 'items': several(LINE_V5, MOST_ITEMS), 'payments': PAYMENTS,
    'total': MONEY,
}, {
    **RECEIPT_MORE, 'cashier_inn': INN, 'sectoral_check_props': SECTORAL,
    'operating_check_props': record({'name': words(['0']), 'value': text(64),
                                     'timestamp': text(format='moment')}),
})
CORRECTION_V5 = record({
    **{name: RECEIPT_V5['properties'][name] for name in RECEIPT_V5['required']},
    'correction_info': CORRECTION_INFO,
}, {name: shape for name, shape in RECEIPT_V5['properties'].items()
    if name not in RECEIPT_V5['required']})


def request_of(name, shape, optional=None):
    """ Return the shape of a whole request. """
    return validator(record({
        'timestamp': text(format='moment'), 'external_id': text(128), name: shape,
    }, {
        'service': some({'callback_url': text(256)}),
        'source_id': {'type': 'integer', 'minimum': 0, 'maximum': 9}, **(optional or {}),
    }))


# By version and whether it is a correction.
SHAPES = {
    ('v4', False): request_of('receipt', RECEIPT_V4),
    ('v4', True): request_of('correction', CORRECTION_V4),
    ('v5', False): request_of('receipt', RECEIPT_V5, {'ism_optional': FLAG}),
    ('v5', True): request_of('correction', CORRECTION_V5, {'ism_optional': FLAG}),
}
