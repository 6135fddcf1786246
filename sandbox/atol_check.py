""" What ATOL Online checks before it takes a document, and what only its till refuses. """

import re
from decimal import Decimal

from .atol_protocol import AtolError, till_error
from .atol_shapes import SHAPES
from .atol_words import ONLY_V5, OPERATIONS, PAYMENTS, WITH_MARK
from .ffd import NEW_VAT_FROM, OLD_VAT, SALES
from .shape import KOPECK, problems, product, total

MOST_MONEY = Decimal(10 ** 10)
ROUNDING = Decimal('0.99')  # of the total of v4, downwards
OLD_MOST_MONEY, OLD_MOST_QUANTITY = Decimal('42949672.95'), Decimal('99999.999')
RATES = {'vat20': 20, 'vat120': 20, 'vat10': 10, 'vat110': 10, 'vat5': 5, 'vat105': 5,
         'vat7': 7, 'vat107': 7, 'vat22': 22, 'vat122': 22}
# The protocol gives this mask for addresses of callbacks; another address is not called.
ADDRESS = re.compile(
    r'\Ahttps?://[0-9a-zA-Zа-яА-Я]([-.\w]*[0-9a-zA-Zа-яА-Я])*(:[0-9]*)?/?'
    r'''[a-zA-Z0-9а-яА-Я\-.?,'/\\+&=%$#_]*\Z''')


def operation_of(version, name):
    """ Return tag 1054 and whether it is a correction. :raise AtolError: If it is unknown. """
    known = {**OPERATIONS, **(ONLY_V5 if version == 'v5' else {})}
    if name not in known:
        raise AtolError(31, name)
    return known[name]


def validate(version, operation, content, settings, now):
    """ Check a request.

    :param str version: `v4` or `v5`.
    :param str operation: For instance `sell`.
    :param content: As `shape.read` returns it.
    :param dict settings: The variants.
    :param datetime now: The time of the service.
    :raise AtolError: With everything that is wrong.
    """
    kind, correction = operation_of(version, operation)
    wrong = problems(SHAPES[version, correction], content, 'request')
    if not wrong:
        name = 'correction' if correction else 'receipt'
        document = content[name]
        wrong = [f'{name}.{text}' for text in (
            *_people(document, correction), *_old_vat(document, kind, correction, settings, now),
            *_lines(version, document, settings), *_correction(version, document, settings),
            *(_sums(version, document) if settings['sums_checked'] == 'request' else ()),
        )]
    if wrong:
        raise AtolError(32, '; '.join(wrong))


def _people(document, correction):
    client = document.get('client', {})
    needed = not correction or 'items' in document or document.get('internet')
    if needed and not ('email' in client or 'phone' in client):
        yield 'client: needs an email or a phone'
    for place, entry in (('', document), *((f'items.{index}.', line) for index, line in
                                           enumerate(document.get('items', [])))):
        if 'agent_info' in entry and 'supplier_info' not in entry:
            yield f'{place}supplier_info: is required with agent_info'


def _old_vat(document, kind, correction, settings, now):
    if settings['vat20_in_sales'] or correction or kind not in SALES or now < NEW_VAT_FROM:
        return
    for index, line in enumerate(document['items']):
        if line['vat']['type'] in OLD_VAT:
            yield f'items.{index}.vat.type: {line["vat"]["type"]} is not for settlements of 2026'


def _lines(version, document, settings):
    for index, line in enumerate(document.get('items', [])):
        cost, place = product(line['price'], line['quantity']), f'items.{index}'
        if cost > MOST_MONEY:
            yield f'{place}: price × quantity is above {MOST_MONEY}'
        if line['sum'] != cost and (version == 'v5' or settings['v4_sum_checked']):
            yield f'{place}.sum: {line["sum"]} is not price × quantity {cost}'
        if version == 'v5':
            yield from _marked(place, line)
            if settings['v5_old_limits']:
                yield from _old_limits(place, line)


def _marked(place, line):
    wholesale = line.get('wholesale')
    if 'mark_code' in line and line['quantity'] != 1 and not wholesale:
        yield f'{place}.quantity: is 1 where there is a mark_code'
    for name in ('mark_processing_mode', 'planned_status', 'mark_quantity'):
        if name in line and 'mark_code' not in line:
            yield f'{place}.{name}: needs a mark_code'
    if line['payment_object'] in WITH_MARK and 'mark_code' not in line:
        yield f'{place}.mark_code: is required by payment_object {line["payment_object"]}'
    part = line.get('mark_quantity')
    if part and part['numerator'] >= part['denominator']:
        yield f'{place}.mark_quantity: the numerator must be below the denominator'
    values = [entry['value'] for entry in line.get('sectoral_item_props', [])]
    if wholesale and not (line['quantity'] > 1 and any('crpt=mrk' in value for value in values)):
        yield f'{place}.wholesale: needs a quantity above 1 and a sectoral value with crpt=mrk'


def _old_limits(place, line):
    for name, most in (('price', OLD_MOST_MONEY), ('sum', OLD_MOST_MONEY),
                       ('quantity', OLD_MOST_QUANTITY)):
        if line[name] > most:
            yield f'{place}.{name}: {line[name]} is above {most}'
    if Decimal(line['quantity']) % Decimal('0.001'):
        yield f'{place}.quantity: {line["quantity"]} has more than 3 decimals'


def _correction(version, document, settings):
    info = document.get('correction_info')
    if info and 'base_number' not in info and (
        info['type'] == 'instruction' or version == 'v4' and settings['base_number'] == 'always'
    ):
        yield "correction_info: 'base_number' is a required property"


def _sums(version, document):
    if 'items' not in document:
        return
    sold, paid = total(document['items'], 'sum'), total(document['payments'], 'sum')
    least = sold - (ROUNDING if version == 'v4' else 0)
    if not least <= document['total'] <= sold:
        yield f'total: {document["total"]} is not the sum of the items {sold}'
    if paid != document['total']:
        yield f'payments: their sum {paid} is not the total {document["total"]}'


# === THE TILL === #

def till_refusal(version, document, inn):
    """ Return the error of the till about a document that was taken, or None.

    :param dict document: The receipt or correction.
    :param str|None inn: The till's; None: not compared.
    """
    if inn and document['company']['inn'] != inn:
        return till_error(2009)
    if document['company'].get('sno') == 'envd':
        return till_error(143)
    if any(payment['type'] not in PAYMENTS for payment in document['payments']):
        return till_error(60)
    if 'items' not in document:
        return None
    return _till_sums(version, document) or (
        None if _taxes_fit(document) else till_error(128))


def _till_sums(version, document):
    sums = list(_sums(version, document))
    if not sums:
        return None
    paid = total(document['payments'], 'sum')
    cash = total([entry for entry in document['payments'] if entry['type'] == 0], 'sum')
    if paid - cash > document['total']:
        return till_error(52)
    return till_error(66 if paid < document['total'] else 227)


def _taxes_fit(document):
    """ Return whether each sum of VAT is the share that its rate has in the cost. """
    costs, allowed = {}, KOPECK * len(document['items'])
    for line in document['items']:
        rate = line['vat']['type']
        costs[rate] = costs.get(rate, Decimal()) + line['sum']
        if 'vats' not in document and 'sum' in line['vat'] and not _fits(
                rate, line['sum'], line['vat']['sum'], KOPECK):
            return False
    return all(_fits(entry['type'], costs.get(entry['type'], Decimal()), entry['sum'], allowed)
               for entry in document.get('vats', []))


def _fits(name, cost, tax, allowed):
    rate = RATES.get(name)
    return rate is None or abs(Decimal(cost) * rate / (100 + rate) - tax) <= allowed
