""" The fields of OrangeData's documents, FFD 1.05 and FFD 1.2.

Source: orangedata-official/API, protocol 2.31.3, 2.1.1, 2.3, 2.7; patterns of contacts and the
fields of agents at check level: orangedata-official/node-orangedata. Where the service may be
lenient this is strict: unknown fields, empty texts and `null` are refused, but for the fields
that the protocol itself describes with `null`.
"""

import base64
import binascii
from datetime import datetime
from decimal import Decimal

from .ffd import FFD_12, FFD_105, MEASURES
from .orangedata_words import (
    AGENT,
    BARCODES,
    CORRECTION_PAYMENTS,
    MARKED,
    OUTDOOR,
    STATUSES,
    SUM_TAXES,
    TAXES,
    TAXES_2026,
)
from .shape import DAY, FLAG, INN, formats, integer, number, record, several, some, text, validator

MOST_MONEY = Decimal('99999999.99')
MOST_QUANTITY = Decimal('281474976.710655')
MONEY = number(2, maximum=MOST_MONEY)


@formats.checks('iso_moment', raises=ValueError)
def _is_iso_moment(value):
    return not isinstance(value, str) or (
        'T' in value and bool(datetime.fromisoformat(value.replace('Z', '+00:00'))))


@formats.checks('iso_midnight', raises=ValueError)
def _is_iso_midnight(value):
    return not isinstance(value, str) or (
        datetime.strptime(value, '%Y-%m-%dT00:00:00').strftime('%Y-%m-%dT00:00:00') == value)


@formats.checks('product_code', raises=(ValueError, binascii.Error))
def _is_product_code(value):
    return not isinstance(value, str) or (
        8 <= len(base64.b64decode(value, validate=True)) <= 32)


def between(least, most):
    """ A whole number. """
    return {'type': 'integer', 'minimum': least, 'maximum': most}


def or_null(shape):
    """ The same, or `null`. """
    kind = {**shape, 'type': [shape['type'], 'null']}
    return {**kind, 'enum': [*shape['enum'], None]} if 'enum' in shape else kind


CONTACT = text(64, pattern=r'\A(\+[0-9]+|[^@\s]+@[^@\s]+|none)\Z')
EMAIL = text(64, pattern=r'\A[^@\s]+@[^@\s]+\Z')
PHONES = several(text(19, pattern=r'\A\+[0-9]+\Z'))
INDUSTRY = record({
    'foivId': text(3), 'causeDocumentDate': DAY, 'causeDocumentNumber': text(32),
    'value': text(239),
})
AGENT_FIELDS = {
    **{name: PHONES for name in AGENT if name.endswith('Numbers')},
    'paymentAgentOperation': text(24), 'paymentOperatorName': text(64),
    'paymentOperatorAddress': text(243), 'paymentOperatorINN': INN,
}
AGENT_TYPE = between(1, 127)

# === WHAT IS SOLD === #

POSITION = {
    'text': text(128), 'quantity': number(6, minimum=Decimal('0.000001'), maximum=MOST_QUANTITY),
    'price': MONEY, 'tax': integer(*TAXES),
}
SUBJECTS = tuple(range(1, 28))
POSITION_MORE = {
    'taxSum': MONEY, 'paymentMethodType': or_null(integer(*range(1, 8))),
    'supplierInfo': some({'phoneNumbers': PHONES, 'name': text(239)}), 'supplierINN': INN,
    'agentType': AGENT_TYPE, 'agentInfo': some(AGENT_FIELDS), 'additionalAttribute': text(64),
    'manufacturerCountryCode': text(3, pattern=r'\A[0-9]+\Z'),
    'customsDeclarationNumber': text(32), 'excise': MONEY, 'unitTaxSum': MONEY,
}
EXACT_BARCODES = {'mi': 20, 'egais20': 23, 'egais30': 14}
BARCODE_SHAPES = {
    **{name: text(32) for name in BARCODES}, 'gs1': text(38),
    **{name: text(pattern=rf'\A[0-9]{{{length}}}\Z')
       for name, length in (('ean8', 8), ('ean13', 13), ('itf14', 14))},
    **{name: text(length, minLength=length) for name, length in EXACT_BARCODES.items()},
}
POSITION_105 = {
    **POSITION_MORE, 'paymentSubjectType': or_null(integer(*SUBJECTS)),
    'nomenclatureCode': text(format='product_code'), 'unitOfMeasurement': text(16),
}
POSITION_12 = {
    **POSITION_MORE, 'paymentSubjectType': or_null(integer(*SUBJECTS, *MARKED)),
    'itemCode': text(223), 'plannedStatus': integer(*STATUSES),
    'assignedStatus': integer(*STATUSES),
    'fractionalQuantity': record({'numerator': between(1, 10 ** 9),
                                  'denominator': between(1, 10 ** 9)}),
    'industryAttribute': INDUSTRY, 'industryAttributes': several(INDUSTRY),
    'barcodes': some(BARCODE_SHAPES), 'quantityMeasurementUnit': integer(*MEASURES),
}

# === THE DOCUMENT === #

CLOSE = record({
    'payments': several(record({'type': between(1, 16), 'amount': MONEY})),
    'taxationSystem': between(0, 5),
}, {
    'electronicPaymentsInfo': record({'payments': several(record({
        'amount': MONEY, 'type': between(0, 255), 'id': text(256),
    }, {'additionalInfo': text(256)}))}),
})
# Of every document. The three of machines and couriers stand in OUTDOOR.
COMMON = {
    **dict(zip(OUTDOOR, (text(20), text(243), text(243)), strict=True)),
    'cashier': text(64), 'cashierINN': text(pattern=r'\A[0-9]{12}\Z'), 'senderEmail': EMAIL,
    'isInternetStore': FLAG, 'useTax20': FLAG,
}
RECEIPT_MORE = {
    **COMMON,
    'additionalUserAttribute': record({'name': text(64), 'value': text(234)}),
    'additionalAttribute': text(16), 'totalSum': MONEY, 'timeZone': between(1, 11),
    **{f'vat{count}Sum': MONEY for count in SUM_TAXES},
}
RECEIPT_105 = {
    **RECEIPT_MORE, 'ffdVersion': integer(FFD_105), 'customer': text(243), 'customerINN': INN,
    'agentType': AGENT_TYPE, **AGENT_FIELDS, 'supplierPhoneNumbers': PHONES,
}
RECEIPT_12 = {
    **RECEIPT_MORE,
    'customerInfo': some({
        'name': text(239), 'inn': INN, 'birthDate': DAY,
        'citizenship': text(3, pattern=r'\A[0-9]+\Z'),
        'identityDocumentCode': text(pattern=r'\A[0-9]{2}\Z'),
        'identityDocumentData': text(64), 'address': text(239),
    }),
    'operationalAttribute': record({'date': text(format='iso_moment'), 'id': between(0, 255),
                                    'value': text(64)}),
    'industryAttribute': INDUSTRY,
}
ITEM_CODE = record({'itemCode': text(223), 'plannedStatus': integer(*STATUSES)}, {
    name: POSITION_12[name] for name in ('quantityMeasurementUnit', 'fractionalQuantity')
} | {'quantity': POSITION['quantity']})
CAUSE = {'correctionType': integer(0, 1), 'causeDocumentDate': text(format='iso_midnight')}
CAUSE_MORE = {'causeDocumentNumber': text(32)}


def content_of(kind, version, settings):
    """ Return the shape of `content`.

    :param str kind: `documents`, `corrections`, `correction12` or `itemcode`.
    :param int version: `ffdVersion`.
    :param dict settings: The variants.
    """
    if kind == 'itemcode':
        return ITEM_CODE
    if kind == 'corrections':
        return _known(record({
            **CAUSE, 'type': integer(1, 3), 'totalSum': MONEY, 'taxationSystem': between(0, 5),
        }, {
            **COMMON, **CAUSE_MORE, 'ffdVersion': integer(FFD_105), 'customerContact': CONTACT,
            **dict.fromkeys(CORRECTION_PAYMENTS, MONEY),
            **{f'tax{count}Sum': MONEY for count in SUM_TAXES},
        }), settings)
    new = version == FFD_12
    position = POSITION_12 if new else POSITION_105
    taxes = (*TAXES, *(TAXES_2026 if settings['tax_11_12'] else ()))
    required = {
        'type': between(1, 4), 'checkClose': CLOSE, 'customerContact': CONTACT,
        'positions': several(record({**POSITION, 'tax': integer(*taxes)}, position)),
    }
    if new:
        required['ffdVersion'] = integer(FFD_12)
    if kind == 'correction12':
        return _known(record({**required, **CAUSE}, {**RECEIPT_12, **CAUSE_MORE}), settings)
    return _known(record(required, RECEIPT_12 if new else RECEIPT_105), settings)


def _known(shape, settings):
    """ Return the shape as a service of before 2026 has it, where that is switched on. """
    if not settings['use_tax20_known']:
        shape['properties'].pop('useTax20')
    return shape


def request_of(kind, version, settings):
    """ Return the validator of a whole request. See `content_of`. """
    more = {'ignoreItemCodeCheck': FLAG} if kind in ('documents', 'correction12') else {}
    return validator(record({
        'id': text(64), 'inn': INN, 'key': text(32),
        'content': content_of(kind, version, settings),
    }, {
        **more, 'group': or_null(text(32)), 'callbackUrl': or_null(text(1024, format='address')),
        'callbackApiKey': or_null(text(3072)), 'meta': text(128),
    }))


CREDENTIALS = validator(record({'inn': INN, 'group': text(32), 'key': text(32)}))
