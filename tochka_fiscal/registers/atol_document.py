# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" What ATOL Online is sent: receipts and corrections of the protocols v4 and v5.

Sources: see `atol_const`. The description of v5 itself was not at hand: what of it was only read in
others' models is named in the guide.
"""

from base64 import b64encode

from .. import const as fiscal_const
from ..marks import is_gs1
from ..receipt import _lt
from ..settlement import share_of_vat
from . import atol_const as const
from . import base, common


def build(receipt, version, inn, sender):
    """ Return the operation, and the document under its name.

    :param Receipt receipt: The receipt.
    :param str version: `v4` or `v5`.
    :param str inn: The INN to which the tills are registered.
    :param str sender: The e-mail from which the buyer gets the receipt, tag 1117.
    :return: Operation, name of the document, document.
    :rtype: tuple[str, str, dict]
    :raise Unsupported: If the service can't print it.
    """
    if not receipt.correction:
        return (
            const.OPERATIONS[receipt.kind], 'receipt',
            _build_receipt(receipt, version, inn, sender))
    operation = const.CORRECTIONS[version].get(receipt.kind)
    if not operation or version == 'v4' and receipt.wrong_sign:
        raise base.Unsupported(_lt(
            "By FFD 1.05 a correction says only what no receipt was printed for. A wrong"
            " receipt is put right by its return and a new receipt."))
    if version == 'v4':
        return operation, 'correction', _build_correction_v4(receipt, inn)
    return operation, 'correction', {
        **_build_receipt(receipt, version, inn, sender),
        'correction_info': _build_correction_info(receipt.correction, receipt.correction.order),
    }


def _build_receipt(receipt, version, inn, sender):
    if len(receipt.lines) > const.MAX_ITEMS:
        raise base.Unsupported(_lt(
            "ATOL Online prints at most 100 lines on a receipt: print this one by hand."))
    return {
        'client': _build_client(receipt),
        'company': {**_build_company(receipt, inn), 'email': sender},
        'items': [_build_item(line, version, receipt.kind) for line in receipt.lines],
        'payments': _build_payments(receipt),
        'total': common.roubles(receipt.total),
        'internet': receipt.internet,
        **({'additional_check_props': receipt.wrong_sign} if receipt.wrong_sign else {}),
    }


def _build_correction_v4(receipt, inn):
    """ By FFD 1.05 a correction has sums and no lines. Of one's own accord it has a number, too
    (schema 5.23, the sample of the service): the one under which it stands here.
    """
    number = receipt.correction.order or receipt.key[-fiscal_const.MAX_ORDER:].strip('-')
    sums = {}
    for line in receipt.lines:
        sums[line.vat] = sums.get(line.vat, 0) + line.total
    if len(sums) > const.MAX_RATES:
        raise base.Unsupported(_lt(
            "ATOL Online prints at most 6 VAT rates on a correction: print this one by hand."))
    return {
        'company': _build_company(receipt, inn),
        'correction_info': _build_correction_info(receipt.correction, number),
        'payments': _build_payments(receipt),
        'vats': [
            {'type': vat, 'sum': common.roubles(share_of_vat(vat, total))}
            for vat, total in sums.items()
        ],
        'client': _build_client(receipt),
        'internet': receipt.internet,
    }


# === PARTS === #

def _build_client(receipt):
    return {'email': receipt.email} if receipt.email else {'phone': receipt.phone}


def _build_company(receipt, inn):
    return {'sno': receipt.taxation_system, 'inn': inn, 'payment_address': receipt.address}


def _build_payments(receipt):
    return [
        {'type': const.PAYMENT_TYPES[name], 'sum': common.roubles(amount)}
        for name, amount in receipt.payments.items()
    ]


def _build_correction_info(correction, number):
    return {
        'type': 'instruction' if correction.order else 'self',
        'base_date': correction.day.strftime(const.DATE),
        **({'base_number': number} if number else {}),
    }


def _build_item(line, version, kind):
    item = {
        'name': line.name,
        'price': common.roubles(line.price),
        'quantity': common.number(line.quantity),
        'sum': common.roubles(line.total),
        'payment_method': line.method,
        'vat': {'type': line.vat},
        **(_build_goods_v4(line) if version == 'v4' else _build_goods_v5(line, kind)),
    }
    if line.agent:
        if not line.supplier:
            raise base.Unsupported(_lt(
                "ATOL Online needs the supplier whose goods an agent sells."), line.name)
        item['agent_info'] = {'type': const.AGENTS[line.agent]}
    if line.supplier:
        item['supplier_info'] = {
            'inn': line.supplier.inn, 'name': line.supplier.name,
            **({'phones': list(line.supplier.phones)} if line.supplier.phones else {}),
        }
    return item


def _build_goods_v4(line):
    if line.mark:
        raise base.Unsupported(_lt(
            "Marking codes are sent to ATOL Online by FFD 1.2 only."), line.name)
    measure = fiscal_const.MEASURES[line.measure][:const.MAX_MEASURE]
    return {
        'payment_object': const.FISCAL_SUBJECTS_V4[line.subject],
        **({'measurement_unit': measure} if measure else {}),
    }


def _build_goods_v5(line, kind):
    common.check_mark(line)
    values = {
        'payment_object': common.subject_of(
            line, fiscal_const.FISCAL_SUBJECTS, fiscal_const.MARKED_GOODS),
        'measure': line.measure,
    }
    if line.mark:
        values |= {
            'mark_code': _build_mark(line),
            'mark_processing_mode': '0',
            'planned_status': fiscal_const.PLANNED_STATUSES[kind],
        }
    return values


def _build_mark(line):
    """ GS1 Data Matrix goes in Base64: it may hold characters that can't be printed. """
    if is_gs1(line.mark):
        name, code, limit = 'gs1m', b64encode(line.mark.encode()).decode(), const.MAX_GS1_MARK
    else:
        name, code, limit = 'unknown', line.mark, const.MAX_MARK
    if len(code) > limit:
        raise base.Unsupported(_lt("The marking code is too long for ATOL Online."), line.name)
    return {name: code}
