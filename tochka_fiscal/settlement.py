# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Which fiscal method (tag 1214) and which VAT (tag 1199) a settlement has, as plain tables. """

from decimal import ROUND_HALF_UP, Decimal

from . import const


def choose_method(has_document, is_delivered, pays_all):
    """ Return the fiscal method of money that came.

    ================  ============  ==============  ==================
    Document          Delivered     Pays the whole  Method
    ================  ============  ==============  ==================
    none (a top-up)   –             –               3 advance
    order or invoice  no            yes             1 full prepayment
    order or invoice  no            no              2 prepayment
    order or invoice  yes           yes             4 full settlement
    order or invoice  yes           no              4 full settlement
    ================  ============  ==============  ==================

    A part of what was delivered is settled in full by the money that came for it: the lines are
    those of the part. Sales on credit (5 to 7) are printed when goods are handed over unpaid, which
    no payment tells; an accountant chooses them on purpose. Source: FFD, tag 1214.

    :param bool has_document: Whether it is known what is paid for.
    :param bool is_delivered: Whether goods are handed over, or the service is done and due.
    :param bool pays_all: Whether nothing is left to be paid.
    :return: A name of `const.FISCAL_METHODS`.
    :rtype: str
    """
    if not has_document:
        return 'advance'
    if is_delivered:
        return 'full_payment'
    return 'full_prepayment' if pays_all else 'prepayment'


def choose_vat(vat, method, settled_on, shipped_on=None):
    """ Return the VAT of a line, as the law of the day of settlement or shipment has it.

    The rate of 22 % holds from 2026-01-01. What was shipped before keeps 20 % whenever it is paid,
    and money of before 2026 has 20/120; goods that are handed over later are settled at 22 %. What
    is returned repeats the VAT of its own receipt and never comes here. Money that comes before the
    goods has the calculated rate. Sources: Federal Law 425-FZ of 2025-11-28; letter of the Federal
    Tax Service AB-4-20/11248@ of 2025-12-15; `const.CALCULATED_VATS`.

    :param str vat: A name of `const.VATS`: what the document says.
    :param str method: The fiscal method of the line.
    :param date settled_on: The day of the money, or of the closing receipt.
    :param date|None shipped_on: The day when goods were handed over or the service was done.
    :return: A name of `const.VATS`.
    :rtype: str
    """
    if vat in ('vat20', 'vat22'):
        day = shipped_on or settled_on
        vat = 'vat20' if day < const.VAT22_SINCE else 'vat22'
    if method in const.PREPAID_METHODS:
        vat = const.CALCULATED_VATS.get(vat, vat)
    return vat


def share_of_vat(vat, total):
    """ Return the tax in an amount that includes it.

    Of 0 % and "no VAT" the tags 1104 and 1105 hold the turnover itself. Source: FFD.

    :param str vat: A name of `const.VATS`.
    :param int total: Kopecks.
    :return: Kopecks, rounded half up.
    :rtype: int
    """
    percent = const.VAT_PERCENTS[vat]
    if not percent:
        return total
    return int((Decimal(total) * percent / (100 + percent)).quantize(Decimal(1), ROUND_HALF_UP))
