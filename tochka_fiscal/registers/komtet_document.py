# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" What KOMTET Kassa is sent: receipts and corrections.

Sources: see `komtet_const`. Keys without a value are left out: the service refuses `null`.
"""

from .. import const as fiscal_const
from ..marks import is_gs1
from ..receipt import _lt
from . import base, common
from . import komtet_const as const


def build(receipt, ffd, person):
    """ Return the check, but for the address of the result.

    :param Receipt receipt: The receipt.
    :param str ffd: The format that the tills speak, `1.05` or `1.2`.
    :param str person: Who makes corrections; needed for them only.
    :rtype: dict
    :raise Unsupported: If the service can't print it.
    """
    return {
        'external_id': receipt.key,
        'print': False,
        'intent': const.INTENTS[receipt.kind],
        'client': {'email': receipt.email} if receipt.email else {'phone': receipt.phone},
        'company': {
            'payment_address': receipt.address,
            'sno': const.TAXATION_SYSTEMS[receipt.taxation_system],
        },
        'payments': [
            {'sum': common.roubles(amount), 'type': const.PAYMENT_TYPES[name]}
            for name, amount in receipt.payments.items()
        ],
        'positions': [_build_position(line, receipt.kind) for line in receipt.lines],
        'internet': receipt.internet,
        **({'additional_check_props': receipt.wrong_sign} if receipt.wrong_sign else {}),
        **(_build_correction(receipt, ffd, person) if receipt.correction else {}),
    }


def _build_correction(receipt, ffd, person):
    """ Return what a correction has otherwise, or besides. """
    if ffd != '1.2':
        raise base.Unsupported(_lt(
            "Corrections are sent to KOMTET Kassa by FFD 1.2 only: print this one in its"
            " cabinet."))
    if not person:
        raise base.Unsupported(_lt(
            "Enter in the form of the register who makes corrections, and try again."))
    correction = receipt.correction
    return {
        'intent': const.CORRECTIONS[receipt.kind],
        'correction_info': {
            'type': 'instruction' if correction.order else 'self',
            'base_date': f'{correction.day:%d.%m.%Y}',
            **({'base_number': correction.order} if correction.order else {}),
        },
        'authorised_person': {'name': person},
    }


def _build_position(line, kind):
    method = const.FISCAL_METHODS.get(line.method)
    if not method:
        # The clients of the service and its till disagree on which word is which.
        raise base.Unsupported(_lt(
            "KOMTET Kassa is not sent sales on credit: its own words for them contradict each"
            " other. Print this receipt by hand."))
    common.check_mark(line)
    position = {
        'name': line.name,
        'price': common.roubles(line.price),
        'quantity': common.number(line.quantity),
        'total': common.roubles(line.total),
        'vat': const.VATS[line.vat],
        'measure': line.measure,
        'payment_method': method,
        'payment_object': common.subject_of(line, const.FISCAL_SUBJECTS, const.MARKED_GOODS),
    }
    if line.mark:
        position |= {
            'mark_code': {'gs1m' if is_gs1(line.mark) else 'unknown': line.mark},
            'planned_status': fiscal_const.PLANNED_STATUSES[kind],
        }
    if line.agent:
        position['agent_info'] = {'type': line.agent}
    if line.supplier:
        position['supplier_info'] = {
            'name': line.supplier.name, 'inn': line.supplier.inn,
            **({'phones': list(line.supplier.phones)} if line.supplier.phones else {}),
        }
    return position
