""" What OrangeData checks before it takes a document. """

import re
from decimal import Decimal

from .ffd import FFD_12, FFD_105, NEW_VAT_FROM, SALES
from .orangedata_protocol import OrangedataError
from .orangedata_shapes import MOST_MONEY, request_of
from .orangedata_words import (
    CASH,
    CORRECTION_PAYMENTS,
    COURIER_GROUPS,
    DEFAULT_GROUP,
    GROUPS,
    OUTDOOR,
    OUTDOOR_GROUPS,
    PAYMENTS,
    WITH_MARK,
)
from .shape import product, total

LONGEST_AGENT, LONGEST_SUPPLIER, LONGEST_ATTRIBUTE = 243, 239, 235
HEADER = 4  # bytes of tag and length before each value of a fiscal document

# Refusals of a shape, by the keyword of JSON Schema.
TEXTS = {
    'type': 'неверный тип значения', 'enum': 'недопустимое значение',
    'minLength': 'пустое или слишком короткое значение',
    'maxLength': 'превышена длина {limit}', 'pattern': 'неверный формат',
    'format': 'неверный формат', 'minimum': 'меньше минимума {limit}',
    'maximum': 'больше максимума {limit}', 'decimals': 'больше {limit} знаков после запятой',
    'minItems': 'пустой список', 'minProperties': 'пустой объект',
}


def problems(shape, content):
    """ Return what is wrong with the fields, in Russian, each with its place.

    :param shape: As `shape.validator` returns it.
    :rtype: list[str]
    """
    found = []
    for error in sorted(shape.iter_errors(content), key=lambda error: str(error.absolute_path)):
        place = [str(part) for part in error.absolute_path]
        if error.validator == 'required':
            # One error for each name, which only the message has.
            names = re.findall(r"\A'(\w+)' is a required", error.message)
            text = 'обязательное поле'
        elif error.validator == 'additionalProperties':
            names = sorted(set(error.instance) - set(error.schema['properties']))
            text = 'неизвестное поле'
        else:
            names, text = (), TEXTS[error.validator].format(limit=error.validator_value)
        found += [f'{".".join([*place, name])}: {text}' for name in names] if names else [
            f'{".".join(place) or "документ"}: {text}']
    return found


def version_of(content):
    """ Return `ffdVersion` of a document; left out it is 1.05. """
    document = content.get('content') if isinstance(content, dict) else None
    stated = document.get('ffdVersion', FFD_105) if isinstance(document, dict) else FFD_105
    return FFD_12 if stated == FFD_12 else FFD_105


def group_of(content):
    """ Return the group of a request that fits its shape. """
    return content.get('group') or DEFAULT_GROUP


def validate(kind, content, settings, now):
    """ Check a request.

    :param str kind: `documents`, `corrections`, `correction12` or `itemcode`.
    :param content: As `shape.read` returns it.
    :param dict settings: The variants.
    :param datetime now: The time of the service.
    :raise OrangedataError: With everything that is wrong.
    """
    version = FFD_12 if kind in ('correction12', 'itemcode') else version_of(content)
    wrong = problems(request_of(kind, version, settings), content)
    if not wrong:
        document, group = content['content'], group_of(content)
        wrong = [*_group(group, version, settings), *(f'content.{text}' for text in (
            *_place(document, group), *_cause(document), *_contact(kind, document),
            *(() if settings['vat20_in_sales'] else _old_vat(kind, document, now)),
            *_rules(kind, document, settings)))]
    if wrong:
        raise OrangedataError(*wrong)


def _rules(kind, document, settings):
    """ Return what is wrong with what only this kind of document has. """
    if kind == 'itemcode':
        return _marked({'quantity': 1, **document})
    return _correction_sums(document) if kind == 'corrections' else _receipt(document, settings)


def _group(group, version, settings):
    if group not in GROUPS:
        yield f'group: группа {group} не найдена'
    elif GROUPS[group][0] == FFD_12 != version:
        yield f'content.ffdVersion: в группе {group} только кассы ФФД 1.2'
    elif version == FFD_12 != GROUPS[group][0] and not settings['ffd12_in_plain_groups']:
        yield f'content.ffdVersion: в группе {group} нет касс ФФД 1.2'


def _place(document, group):
    for name in OUTDOOR:
        if name in document and group not in OUTDOOR_GROUPS:
            yield f'{name}: не допускается в группе {group}'
    if 'cashier' in document and group not in COURIER_GROUPS:
        yield f'cashier: не допускается в группе {group}'


def _cause(document):
    if document.get('correctionType') == 1 and 'causeDocumentNumber' not in document:
        yield 'causeDocumentNumber: обязательное поле'


def _contact(kind, document):
    if kind == 'corrections' and document.get('isInternetStore') and (
            'customerContact' not in document):
        yield 'customerContact: обязательное поле'


def _old_vat(kind, document, now):
    if document.get('useTax20') and kind == 'documents' and document['type'] in SALES and (
            now >= NEW_VAT_FROM):
        yield 'useTax20: не допускается в расчётах 2026 года'


# === THE LINES === #

def _receipt(document, settings):
    for index, line in enumerate(document['positions']):
        for text in (*_line(line), *_marked(line), *_agent(line)):
            yield f'positions.{index}.{text}'
    attribute = document.get('additionalUserAttribute')
    if attribute and len(attribute['name'] + attribute['value']) > LONGEST_ATTRIBUTE:
        yield f'additionalUserAttribute: превышена длина {LONGEST_ATTRIBUTE}'
    fields = {name: value for name, value in document.items() if name.startswith('payment')}
    if (fields or 'supplierPhoneNumbers' in document) and 'agentType' not in document:
        yield 'agentType: обязательное поле'
    yield from _sums(document, settings)


def _line(line):
    if product(line['price'], line['quantity']) > MOST_MONEY:
        yield f'price: стоимость больше максимума {MOST_MONEY}'
    if 'industryAttribute' in line and 'industryAttributes' in line:
        yield 'industryAttribute: вместе с industryAttributes не допускается'


def _marked(line):
    for name in ('plannedStatus', 'assignedStatus', 'fractionalQuantity'):
        if name in line and 'itemCode' not in line:
            yield f'{name}: только для маркированного товара'
    part = line.get('fractionalQuantity')
    if part and part['numerator'] >= part['denominator']:
        yield 'fractionalQuantity: числитель должен быть меньше знаменателя'
    if 'itemCode' in line:
        if 'plannedStatus' not in line:
            yield 'plannedStatus: обязательное поле'
        if line['quantity'] != 1 and not part and not line.get('quantityMeasurementUnit'):
            yield 'quantity: для маркированного товара должно быть 1'
    elif line.get('paymentSubjectType') in WITH_MARK:
        yield 'itemCode: обязательное поле'


def _agent(line):
    agent, supplier = line.get('agentInfo'), line.get('supplierInfo')
    if agent:
        if 'agentType' not in line:
            yield 'agentType: обязательное поле'
        if _size(agent) > LONGEST_AGENT:
            yield f'agentInfo: превышена длина {LONGEST_AGENT}'
    if supplier:
        room = LONGEST_SUPPLIER - sum(
            len(phone) + HEADER for phone in supplier.get('phoneNumbers', []))
        if len(supplier.get('name', '')) > room:
            yield f'supplierInfo.name: превышена длина {room}'


def _size(agent):
    """ Return the bytes of tag 1223. """
    values = [text for value in agent.values()
              for text in (value if isinstance(value, list) else [value])]
    return sum(len(text) + HEADER for text in values)


# === THE SUMS === #

def cost_of(document):
    """ Return the cost of the lines. """
    return sum((product(line['price'], line['quantity']) for line in document['positions']),
               Decimal())


def sold_and_paid(document):
    """ Return the cost of the lines (or `totalSum`) and the sum of the payments. """
    return Decimal(document.get('totalSum', cost_of(document))), total(
        document['checkClose']['payments'], 'amount')


def _sums(document, settings):
    cost, (sold, paid) = cost_of(document), sold_and_paid(document)
    entries = document['checkClose']['payments']
    cash = total([entry for entry in entries if entry['type'] == CASH], 'amount')
    if cost > MOST_MONEY or paid > MOST_MONEY:
        yield f'checkClose: сумма чека больше максимума {MOST_MONEY}'
    if int(sold) != int(cost) or sold > cost:
        yield f'totalSum: {sold} не соответствует сумме позиций {cost}'
    if paid < sold:
        yield f'checkClose.payments: сумма оплат {paid} меньше суммы чека {sold}'
    elif paid - cash > sold:
        yield f'checkClose.payments: сумма безналичных оплат больше суммы чека {sold}'
    if not settings['other_payment_types'] and any(
            entry['type'] not in PAYMENTS for entry in entries):
        yield 'checkClose.payments: неизвестный тип оплаты'


def _correction_sums(document):
    paid = sum((Decimal(document.get(name, 0)) for name in CORRECTION_PAYMENTS), Decimal())
    if paid != document['totalSum']:
        yield f'totalSum: {document["totalSum"]} не равна сумме оплат {paid}'
