# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" What PayKeeper is sent: receipts of money that was taken elsewhere.

Sources: see `paykeeper_const`. Much of it nobody documents: what money or law depends on is refused
until a person has asked PayKeeper and switched it on.
"""

import json
from base64 import b64encode

from ..receipt import _lt
from . import base, common
from . import paykeeper_const as const


def build(receipt, taxation_system, return_type):
    """ Return the form, without the token.

    :param Receipt receipt: The receipt.
    :param str taxation_system: What the cabinet is set to.
    :param str return_type: The word for a return; empty: unknown.
    :rtype: dict[str, str]
    :raise Unsupported: If the service can't print it, or is not known to.
    """
    if receipt.correction or receipt.wrong_sign:
        raise base.Unsupported(_lt(
            "How PayKeeper is sent corrections is not known: print this one in its cabinet."))
    if receipt.kind != 'income' and not return_type:
        raise base.Unsupported(_lt(
            "How PayKeeper is sent the return of a receipt of its own is not known. Ask"
            " PayKeeper for the word in \"type\" of the request 8.11, and enter it in the"
            " form of the register; or print the return in its cabinet."))
    if receipt.taxation_system != taxation_system:
        raise base.Unsupported(_lt(
            "PayKeeper prints the taxation system that its cabinet is set to, and the register"
            " names another one than this receipt."))
    return {
        'payment_id': '',
        'type': const.INCOME if receipt.kind == 'income' else return_type,
        # What was prepaid is settled now.
        'is_post_sale': 'true' if 'prepaid' in receipt.payments else 'false',
        'is_correction': 'false',
        'refund_id': '',
        'contact': receipt.email or receipt.phone,
        **{name: common.roubles_text(receipt.payments.get(kind, 0))
           for kind, name in const.SUMS.items()},
        'cart': json.dumps([_build_item(line) for line in receipt.lines], ensure_ascii=False),
        'receipt_key': receipt.key,
    }


def _build_item(line):
    if line.agent or line.supplier:
        raise base.Unsupported(_lt(
            "How PayKeeper is sent agents and suppliers is not known."), line.name)
    if line.measure and line.measure not in const.MEASURES:
        raise base.Unsupported(_lt(
            "PayKeeper knows pieces, grams, kilograms, metres and litres only: sell it by the"
            " piece, or print this receipt in its cabinet."), line.name)
    common.check_mark(line)
    return {
        'name': line.name,
        'price': common.roubles(line.price),
        'quantity': common.number(line.quantity),
        'sum': common.roubles(line.total),
        'tax': line.vat,
        'item_type': common.subject_of(line, const.FISCAL_SUBJECTS, const.MARKED_GOODS),
        'payment_type': const.FISCAL_METHODS[line.method],
        **({'measure': const.MEASURES[line.measure]} if line.measure else {}),
        **({'item_code_b64': b64encode(line.mark.encode()).decode()} if line.mark else {}),
    }
