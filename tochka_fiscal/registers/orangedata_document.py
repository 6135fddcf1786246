# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" What OrangeData is sent: receipts and corrections by FFD 1.05 and 1.2.

Sources: see `orangedata_const`. A line has no sum of its own: it is price x quantity, rounded, as
`receipt.Line` keeps it.
"""

from .. import const as fiscal_const
from ..receipt import _lt
from ..settlement import share_of_vat
from . import base, common
from . import orangedata_const as const
from .texts import to_cp866


def build(receipt, ffd):
    """ Return where a document goes, and the document.

    :param Receipt receipt: The receipt.
    :param str ffd: `1.05` or `1.2`.
    :return: The last part of the path, and `content`.
    :rtype: tuple[str, dict]
    :raise Unsupported: If the service can't print it.
    """
    if not receipt.correction:
        path, content = const.RECEIPTS, _build_receipt(receipt, ffd)
    else:
        path = const.CORRECTIONS[ffd]
        if ffd == '1.05':
            content = _build_correction_105(receipt)
        else:
            content = {**_build_receipt(receipt, ffd), **_build_cause(receipt.correction)}
    if _has_old_vat(receipt):
        content['useTax20'] = True
    return path, content


def _build_receipt(receipt, ffd):
    lines = [_build_line(line, ffd, receipt.kind) for line in receipt.lines]
    _check_size(lines)
    if max(receipt.total, *(line.price for line in receipt.lines)) > const.MAX_SUM:
        raise base.Unsupported(_lt(
            "OrangeData prints at most 99 999 999.99 roubles: print this receipt by hand."))
    return {
        'ffdVersion': const.VERSIONS[ffd],
        'type': fiscal_const.KINDS[receipt.kind],
        'customerContact': receipt.email or receipt.phone,
        'positions': lines,
        'checkClose': {
            'payments': [
                {'type': const.PAYMENT_TYPES[name], 'amount': common.roubles(amount)}
                for name, amount in receipt.payments.items()
            ],
            'taxationSystem': const.TAXATION_SYSTEMS[receipt.taxation_system],
        },
        'isInternetStore': receipt.internet,
        **({'additionalAttribute': receipt.wrong_sign} if receipt.wrong_sign else {}),
    }


def _build_cause(correction):
    return {
        'correctionType': 1 if correction.order else 0,
        'causeDocumentDate': f'{correction.day:%Y-%m-%d}T00:00:00',
        **({'causeDocumentNumber': correction.order} if correction.order else {}),
    }


def _build_correction_105(receipt):
    """ By FFD 1.05 a correction has sums and no lines. """
    if receipt.kind != 'income' or receipt.wrong_sign:
        raise base.Unsupported(_lt(
            "By FFD 1.05 a correction says only what no receipt was printed for. A wrong"
            " receipt is put right by its return and a new receipt."))
    totals = {}
    for line in receipt.lines:
        totals[line.vat] = totals.get(line.vat, 0) + line.total
    return {
        'ffdVersion': const.VERSIONS['1.05'],
        'type': fiscal_const.KINDS[receipt.kind],
        **_build_cause(receipt.correction),
        'totalSum': common.roubles(receipt.total),
        **{const.CORRECTION_SUMS[name]: common.roubles(amount)
           for name, amount in receipt.payments.items()},
        **{f'tax{const.SUM_OF_TAX[const.TAXES[vat]]}Sum': common.roubles(share_of_vat(vat, total))
           for vat, total in totals.items()},
        'taxationSystem': const.TAXATION_SYSTEMS[receipt.taxation_system],
        'customerContact': receipt.email or receipt.phone,
        'isInternetStore': receipt.internet,
    }


# === LINES === #

def _build_line(line, ffd, kind):
    values = {
        'text': to_cp866(line.name, const.MAX_NAME),
        'quantity': common.number(line.quantity),
        'price': common.roubles(line.price),
        'tax': const.TAXES[line.vat],
        'paymentMethodType': fiscal_const.FISCAL_METHODS[line.method],
        'paymentSubjectType': common.subject_of(
            line, fiscal_const.FISCAL_SUBJECTS, fiscal_const.MARKED_GOODS),
    }
    if ffd == '1.2':
        values['quantityMeasurementUnit'] = line.measure
    elif fiscal_const.MEASURES[line.measure]:
        values['unitOfMeasurement'] = fiscal_const.MEASURES[line.measure][:const.MAX_MEASURE]
    if line.agent:
        if not line.supplier:
            raise base.Unsupported(_lt(
                "OrangeData needs the supplier whose goods an agent sells."), line.name)
        values['agentType'] = fiscal_const.AGENTS[line.agent]
    if line.supplier:
        values |= _build_supplier(line.supplier)
    if line.mark:
        values |= _build_mark(line, ffd, kind)
    return values


def _build_supplier(supplier):
    room = const.MAX_SUPPLIER - sum(
        len(phone) + const.VALUE_BYTES for phone in supplier.phones)
    return {
        'supplierInfo': {
            'name': to_cp866(supplier.name, room),
            **({'phoneNumbers': list(supplier.phones)} if supplier.phones else {}),
        },
        'supplierINN': supplier.inn,
    }


def _build_mark(line, ffd, kind):
    if ffd != '1.2':
        raise base.Unsupported(_lt(
            "Marking codes are sent to OrangeData by FFD 1.2 only."), line.name)
    common.check_mark(line)
    if len(line.mark) > const.MAX_MARK:
        raise base.Unsupported(_lt("The marking code is too long for OrangeData."), line.name)
    return {
        'itemCode': line.mark,
        'plannedStatus': fiscal_const.PLANNED_STATUSES[kind],
    }


def _has_old_vat(receipt):
    """ Return whether 20 % is meant by the numbers that now mean 22 %.

    :raise Unsupported: If both are: one word stands for the whole document.
    """
    rates = {line.vat for line in receipt.lines}
    if rates & const.OLD_TAXES and rates & const.NEW_TAXES:
        raise base.Unsupported(_lt(
            "OrangeData can't print VAT of 20 % and of 22 % on one receipt."))
    return bool(rates & const.OLD_TAXES)


def _check_size(lines):
    """ Count what the storage is given. :raise Unsupported: If it is too much. """
    size = sum(
        const.VALUE_BYTES + const.LINE_NUMBERS * const.NUMBER_BYTES + _size_of_texts(line)
        for line in lines)
    if size > const.MAX_BYTES:
        raise base.Unsupported(_lt(
            "OrangeData prints about 250 lines on a receipt, and this one has too many: print it"
            " by hand."))


def _size_of_texts(value):
    if isinstance(value, dict):
        return sum(map(_size_of_texts, value.values()))
    if isinstance(value, list):
        return sum(map(_size_of_texts, value))
    return const.VALUE_BYTES + len(value) if isinstance(value, str) else 0
