""" What a receipt of PayKeeper says, in tags of the fiscal data format. """

import base64

from . import ffd
from .paykeeper_words import MEASURES, METHODS, OBJECTS, SUMS
from .shape import total


def meaning(kind, cart, sums, contact, settings, more):
    """ Translate a valid receipt.

    :param int kind: Tag 1054.
    :param list cart: As `paykeeper_check.read_cart` returns it.
    :param dict sums: Roubles by PayKeeper's names.
    :param str contact: E-mail or phone.
    :param dict settings: What the cabinet says of the till.
    :param dict more: `correction`, and what only PayKeeper has.
    :return: See `ffd`.
    :rtype: dict
    """
    return {
        'document': 'correction' if more.get('correction') else 'receipt',
        '1209': ffd.FFD_12 if settings['ffd'] == '1.2' else ffd.FFD_105,
        '1054': kind, '1055': settings['tax_system'], '1018': settings['inn'],
        '1187': settings['payment_address'], '1008': contact,
        '1020': ffd.money(total(cart, 'sum')),
        'lines': [_line(item, settings['default_payment_type']) for item in cart],
        'payments': ffd.payments((SUMS[name], value) for name, value in sums.items()),
        'correction': None, **more,
    }


def _line(item, default):
    package = item.get('items_in_package')
    return {
        '1030': item['name'], '1079': ffd.money(item['price']),
        '1023': ffd.plain_number(item['quantity']), '1043': ffd.money(item['sum']),
        '1199': ffd.VAT[item['tax']], '1212': OBJECTS[item.get('item_type', 'goods')],
        '1214': METHODS[item.get('payment_type', default)],
        **ffd.given(
            t2108=MEASURES[item['measure']] if 'measure' in item else None,
            t2000=_code(item), t1291=package and f'{item["items_sold_from_package"]}/{package}',
            t1229=ffd.money(item['excise']) if 'excise' in item else None,
            t1230=item.get('item_country'), t1231=item.get('customs_declaration'),
        ),
    }


def _code(item):
    if 'item_code_b64' in item:
        return base64.b64decode(item['item_code_b64']).decode(errors='replace')
    return item.get('item_code')
