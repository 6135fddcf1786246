# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" The register that is connected to the shop at the bank.

It is no service that could be asked: the receipt goes with the payment link
(`payments_with_receipt`), the bank's fiscal partner prints it when the payment comes, and no method
and no webhook ever tells of it. Source: the bank's OpenAPI description, v1.91.
"""

from decimal import Decimal

from .. import const
from ..receipt import _lt, name_with_quantity
from . import base, common

SHOWN_AS = {'full_prepayment': 'full_payment'}


def build(receipt):
    """ Return what the bank is sent with a link.

    :param Receipt receipt: The receipt.
    :return: `taxSystemCode`, `Client` and `Items`; prices in roubles, as text with two decimals.
    :rtype: dict
    :raise Unsupported: If the bank's register can't print it.
    """
    if receipt.kind != 'income' or set(receipt.payments) != {'cashless'}:
        raise base.Unsupported(_lt(
            "The bank's register prints nothing but receipts of online payments: print this one by"
            " hand."))
    if not receipt.email:
        raise base.Unsupported(_lt(
            "The bank's register sends receipts by e-mail only, and the payer's e-mail is not"
            " known."))
    email = _to_ascii(receipt.email)
    if receipt.taxation_system not in const.BANK_TAXATION_SYSTEMS:
        raise base.Unsupported(_lt("The bank's register does not know this taxation system."))
    return {
        'taxSystemCode': receipt.taxation_system,
        'Client': {'email': email},
        'Items': [_build_item(line) for line in receipt.lines],
    }


def _to_ascii(email):
    """ Return an e-mail as the bank takes it: the form is that of JSON Schema, ASCII only.

    :raise Unsupported: If the part before the @ has other letters.
    """
    name, domain = email.rsplit('@', 1)
    try:
        return f'{name.encode("ascii").decode()}@{domain.encode("idna").decode()}'
    except UnicodeError as error:
        raise base.Unsupported(_lt(
            "The bank's register takes e-mail addresses in Latin letters only.")) from error


def is_same(asked, described):
    """ Return whether an operation of the bank carries the receipt that is asked for.

    The bank shows a full prepayment as a full settlement. Source: live records of others, 2026-10.

    :param dict asked: What `build` has returned.
    :param dict|None described: The same as the bank describes it.
    :rtype: bool
    """
    try:
        shown = {**asked, 'Items': [
            {**item, 'paymentMethod': SHOWN_AS.get(item['paymentMethod'], item['paymentMethod'])}
            for item in asked['Items']]}
        return _fingerprint(described) in (_fingerprint(asked), _fingerprint(shown))
    except (KeyError, TypeError, ValueError, ArithmeticError, AttributeError):
        return False  # What can't be read is not ours.


def _fingerprint(values):
    return (
        values['taxSystemCode'], values['Client']['email'].lower(),
        [(item['name'], Decimal(str(item['amount'])), Decimal(str(item['quantity'])),
          item.get('vatType'), item.get('paymentMethod'), item.get('paymentObject'),
          sorted((item.get('Supplier') or {}).items()))
         for item in values['Items']],
    )


def _build_item(line):
    _check_line(line)
    measure = const.MEASURES[line.measure] or const.MEASURES[0]
    item = {
        'name': line.name,
        'amount': common.roubles_text(line.price),
        'quantity': common.number(line.quantity),
        'vatType': line.vat,
        'paymentMethod': line.method,
        'paymentObject': line.subject,
        'measure': measure,
    }
    if line.price * line.quantity != line.total:
        # Nobody documents how the product is rounded: one whole of exactly this price.
        item |= {
            'name': name_with_quantity(line.name, line.quantity, const.MEASURES[line.measure]),
            'amount': common.roubles_text(line.total),
            'quantity': 1,
            'measure': const.MEASURES[0],
        }
    if line.supplier:
        item['Supplier'] = {
            'phone': line.supplier.phones[0], 'name': line.supplier.name,
            'taxCode': line.supplier.inn,
        }
    return item


def _check_line(line):
    """ :raise Unsupported: If the bank's register can't print this line; its name is the code. """
    if line.method == 'prepayment':
        raise base.Unsupported(_lt(
            "The bank's register prints no partial prepayments: what is not delivered yet must be"
            " paid at once, or the register be another one."), line.name)
    if line.method not in const.BANK_FISCAL_METHODS:
        raise base.Unsupported(_lt(
            "The bank's register prints full settlements and full prepayments only."), line.name)
    if line.subject not in const.BANK_FISCAL_SUBJECTS:
        raise base.Unsupported(_lt(
            "The bank's register prints goods, services and work only: correct the fiscal subject"
            " of the product category or of the provider."), line.name)
    if line.vat not in const.BANK_VATS:
        raise base.Unsupported(_lt(
            "The bank's register no longer takes the VAT rate of 20 %: what was shipped before 2026"
            " needs another register, or a receipt by hand."), line.name)
    if line.mark:
        raise base.Unsupported(_lt(
            "The bank's register takes no marking codes."), line.name)
    if (line.agent or line.supplier) and not (line.supplier and line.supplier.phones):
        raise base.Unsupported(_lt(
            "The bank's register needs name, INN and phone of the supplier whose goods an agent"
            " sells."), line.name)
