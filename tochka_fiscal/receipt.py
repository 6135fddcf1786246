# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" A receipt of Federal Law 54-FZ, free of Odoo and of any register.

Money is whole kopecks, quantities are `Decimal`. What a receipt says is decided here.
"""

import re
import unicodedata
from dataclasses import dataclass, field, replace
from datetime import date
from decimal import ROUND_CEILING, ROUND_HALF_UP, Decimal

from . import const


def _lt(text):
    """ Mark a text for translation. Odoo exports it; whoever shows the error translates it.

    :rtype: str
    """
    return text


class ReceiptError(ValueError):
    """ A receipt that must not be printed.

    :param str message: What is wrong.
    :param str code: The value that is.
    """

    def __init__(self, message, code=''):
        super().__init__(f'{message} ({code})' if code else message)
        self.message = message
        self.code = code


@dataclass(frozen=True, kw_only=True)
class Supplier:
    """ Whose goods an agent sells: tags 1171, 1225 and 1226. """

    name: str
    inn: str
    phones: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Item:
    """ What was sold: one line of an invoice or an order.

    :param str name: What it is.
    :param Decimal quantity: How much of it.
    :param int total: Kopecks, with tax, after the line's own discount. Negative: a discount or a
                      coupon, which lowers the other lines.
    :param str vat: A name of `const.VATS`.
    :param str method: A name of `const.FISCAL_METHODS`.
    :param str subject: A name of `const.FISCAL_SUBJECTS`.
    :param int measure: A value of `const.MEASURES`.
    :param bool adjusts: Whether it is no sale but a correction of the total, as cash rounding is.
    :param str agent: A name of `const.AGENTS`, when the goods are somebody else's.
    :param Supplier|None supplier: Whose goods they are.
    :param str mark: The marking code of one piece.
    :param str source: The document that sells it, for the books; it is not printed.
    """

    name: str
    quantity: Decimal
    total: int
    vat: str
    method: str
    subject: str
    measure: int = 0
    adjusts: bool = False
    agent: str = ''
    supplier: Supplier | None = None
    mark: str = ''
    source: str = ''


@dataclass(frozen=True, kw_only=True)
class Line:
    """ One line of a receipt (tag 1059): `total` is `price` x `quantity`, rounded half up. """

    name: str
    price: int
    quantity: Decimal
    total: int
    vat: str
    method: str
    subject: str
    measure: int = 0
    agent: str = ''
    supplier: Supplier | None = None
    mark: str = ''
    source: str = ''


@dataclass(frozen=True, kw_only=True)
class Correction:
    """ What makes a receipt a correction, by FFD 1.2 with lines and by FFD 1.05 with sums only.

    :param date day: Tag 1178, the day of the settlement that is put right.
    :param str order: Tag 1179, the number of the tax office's order; empty when nobody has ordered
                      it (tag 1173 is 0 then, and 1 otherwise).
    """

    day: date
    order: str = ''


@dataclass(frozen=True, kw_only=True)
class Receipt:
    """ A receipt as any register is given it.

    :param str key: The number under which it is printed once.
    :param str kind: A name of `const.KINDS`, tag 1054.
    :param str taxation_system: A name of `const.TAXATION_SYSTEMS`, tag 1055.
    :param lines: The lines.
    :param dict payments: Kopecks by the names of `const.PAYMENT_TYPES`.
    :param str email: Where the receipt goes, tag 1008; `phone` instead where there is none.
    :param str phone: In international form, `+79991234567`.
    :param str address: Tag 1187, the site on which it was paid.
    :param bool internet: Tag 1125.
    :param Correction|None correction: Makes it a correction.
    :param str wrong_sign: Tag 1192, the fiscal sign of the receipt that this one puts right.
    :raise ReceiptError: If the sums do not fit, a text is too long or the buyer can't be reached.
    """

    key: str
    kind: str
    taxation_system: str
    lines: tuple[Line, ...]
    payments: dict[str, int] = field(hash=False)
    email: str = field(default='', repr=False)
    phone: str = field(default='', repr=False)
    address: str
    internet: bool = True
    correction: Correction | None = None
    wrong_sign: str = ''

    def __post_init__(self):
        for problem in self._find_problems():
            raise ReceiptError(*problem)

    @property
    def total(self):
        """ Kopecks. """
        return sum(line.total for line in self.lines)

    def _find_problems(self):
        if not self.key:
            yield (_lt("A receipt needs a key."),)
        for name, known in (
            (self.kind, const.KINDS), (self.taxation_system, const.TAXATION_SYSTEMS),
            *((line.vat, const.VATS) for line in self.lines),
            *((line.method, const.FISCAL_METHODS) for line in self.lines),
            *((line.subject, const.FISCAL_SUBJECTS) for line in self.lines),
            *((name, const.PAYMENT_TYPES) for name in self.payments),
            *((line.measure, const.MEASURES) for line in self.lines),
            *((line.agent, const.AGENTS) for line in self.lines if line.agent),
        ):
            if name not in known:
                yield _lt("A value of the receipt is not one of the law's."), name
        if not self.lines:
            yield (_lt("A receipt needs a line."),)
        if not self.email and not self.phone:
            yield (_lt("The buyer's e-mail or phone is missing."),)
        if len(self.email) > const.MAX_CONTACT:
            yield (_lt("The buyer's e-mail is too long: a receipt has room for 64 characters."),)
        elif self.email and not is_email(self.email):
            yield (_lt("The buyer's e-mail is not one."),)
        if self.phone and not re.fullmatch(r'\+\d{10,15}', self.phone):
            yield (_lt("The buyer's phone is not in the international form, +79991234567."),)
        for line in self.lines:
            if not line.name or len(line.name) > const.MAX_NAME:
                yield (_lt("A line needs a name of at most 128 characters."),)
            if line.total <= 0 or line.price <= 0 or line.quantity <= 0:
                yield (_lt("A line costs nothing, or less."),)
            elif price_lines(line.price, line.quantity) != line.total:
                yield (_lt("A line's price times its quantity is not its total."),)
        if any(amount <= 0 for amount in self.payments.values()):
            yield (_lt("A payment is nothing, or less."),)
        if len(self.wrong_sign) > const.MAX_SIGN or self.correction and (
            len(self.correction.order) > const.MAX_ORDER
        ):
            yield (_lt("A number of the correction is too long."),)
        if sum(self.payments.values()) != self.total:
            yield (_lt("The payments are not the total of the lines."),)


# === TEXTS === #

# Letters and signs that look like nothing: fillers of Hangul, the blank of Braille.
_FILLERS = '\u115f\u1160\u2800\u3164\uffa0'


def cut_name(text, limit=const.MAX_NAME):
    """ Shorten the name of a line (tag 1030), never inside of a character.

    :param str text: The name; white space and control characters become single spaces.
    :param int limit: The most code points allowed.
    :return: Empty where nothing can be seen.
    :rtype: str
    """
    text = unicodedata.normalize('NFC', text)
    # Lone halves of a surrogate pair can't be sent at all.
    text = ''.join(
        c if c.isprintable() and c not in _FILLERS or c == '\u200d' else ' ' for c in text)
    text = ' '.join(text.split())
    if all(unicodedata.category(c)[0] in 'CMZ' for c in text):
        return ''
    if len(text) <= limit:
        return text
    end = limit - 1
    # What belongs to the character before it goes with it: accents, joiners, shades of emoji.
    while end > 0 and (_continues(text[end]) or text[end - 1] == '\u200d'):
        end -= 1
    return text[:end].rstrip(' ,;:-') + '…'


def name_with_quantity(name, quantity, measure=''):
    """ Say in the name what the quantity can't say, when a line is sold as one whole.

    :param str name: The name of a line.
    :param Decimal quantity: How much it is.
    :param str measure: Of what, as people write it.
    :return: The name, at most `const.MAX_NAME` characters long, quantity included.
    :rtype: str
    """
    suffix = f' ({" ".join(filter(None, [f"{quantity:f}", measure]))})'
    return cut_name(name, const.MAX_NAME - len(suffix)) + suffix


def _continues(character):
    return (
        unicodedata.category(character) in ('Mn', 'Me', 'Mc') or character == '\u200d'
        or '\U0001f3fb' <= character <= '\U0001f3ff'
    )


def is_email(text):
    """ Return whether a text has the form of one e-mail address, of at most 64 characters. """
    return len(text) <= const.MAX_CONTACT and bool(
        re.fullmatch(r'[^@\s<>,;"]+@[^@\s<>,;"]+\.[^@\s<>,;".]{2,}', text))


# === MONEY === #

def price_lines(price, quantity):
    """ Return what a quantity costs: kopecks, rounded half up.

    :param int price: Kopecks for one.
    :param Decimal quantity: How much.
    :rtype: int
    """
    return int((price * quantity).quantize(Decimal(1), ROUND_HALF_UP))


def allot(amount, weights):
    """ Share an amount out by weights, to the kopeck: the largest remainders get the odd kopecks.

    :param int amount: Kopecks, not negative.
    :param list[int] weights: Not negative, and not all zero.
    :return: As many shares, each within a kopeck of its exact one; their sum is the amount.
    :rtype: list[int]
    """
    whole = sum(weights)
    if amount < 0 or whole <= 0 or min(weights) < 0:
        raise ValueError("Only what is there can be shared out, among somebody.")
    shares = [amount * weight // whole for weight in weights]
    remainders = [amount * weight % whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda index: (-remainders[index], index))
    for index in order[:amount - sum(shares)]:
        shares[index] += 1
    return shares


def share_return(amount, left, named=()):
    """ Share a return out over what is left of lines, to the kopeck.

    :param int amount: Kopecks.
    :param list[int] left: What is left of each line, kopecks.
    :param list[tuple[list[int], int]] named: Lines that are known to come back: their places, the
                                             first is taken first, and kopecks. What no line is
                                             named for is shared out over all, in proportion.
    :return: As many shares, each at most what is left; their sum is the amount.
    :rtype: list[int]
    :raise ReceiptError: If more comes back than is left.
    """
    if not 0 < amount <= sum(left):
        raise ReceiptError(_lt("What is returned is nothing, or more than the receipts have left."))
    shares = [0] * len(left)
    rest = amount
    for places, wanted in named:
        for place in places:
            part = min(wanted, left[place] - shares[place], rest)
            shares[place] += part
            wanted -= part
            rest -= part
    if rest:
        still = [whole - share for whole, share in zip(left, shares, strict=True)]
        for place, share in enumerate(allot(rest, still)):
            shares[place] += share
    return shares


def return_line(line, share):
    """ Return the lines by which a part of a printed line comes back.

    A return repeats name, price, VAT and method of its income. A part that is no whole number of
    pieces is the same quantity at a lower price.

    :param Line line: The printed line.
    :param int share: Kopecks of it.
    :rtype: list[Line]
    """
    if share == line.total:
        return [line]
    # A part of a piece's price comes back, and not the piece: its marking code stays sold.
    line = replace(line, mark='')
    if line.quantity == line.quantity.to_integral() and share % line.price == 0:
        return [replace(line, quantity=Decimal(share // line.price), total=share)]
    return _split(Item(**{
        name: getattr(line, name) for name in (
            'name', 'quantity', 'vat', 'method', 'subject', 'measure', 'agent', 'supplier', 'mark',
            'source')
    }, total=share), share)


def build_lines(items, paid):
    """ Make the lines of a receipt from what was sold and what was paid for it.

    Discounts and rounding are spread over what was sold, discounts first over lines of the same VAT
    rate. When less was paid than it costs, each line gets its part. What costs nothing is left out.

    :param list[Item] items: What was sold.
    :param int paid: Kopecks.
    :return: The lines; their sum is what was paid. A line is split in two only where no price fits
             its quantity.
    :rtype: list[Line]
    :raise ReceiptError: If more was paid than the items cost, or nothing.
    """
    sold = _spread(items)
    total = sum(item.total for item in sold)
    if not 0 < paid <= total:
        raise ReceiptError(_lt("What was paid is nothing, or more than what was sold."))
    shares = allot(paid, [item.total for item in sold])
    return [
        line for item, share in zip(sold, shares, strict=True) if share
        for line in _split(item, share)
    ]


def _spread(items):
    """ Return the items that were sold, with discounts and rounding spread over them. """
    sold = [item for item in items if item.total > 0 and not item.adjusts]
    for item in items:
        if item.total < 0:
            same = [index for index, one in enumerate(sold)
                    if one.vat == item.vat and not item.adjusts]
            rest = -item.total
            for indexes in (same, range(len(sold))):
                totals = [sold[index].total for index in indexes]
                taken = min(rest, sum(totals))
                if taken:
                    rest -= taken
                    for index, share in zip(indexes, allot(taken, totals), strict=True):
                        sold[index] = replace(sold[index], total=sold[index].total - share)
            if rest:
                raise ReceiptError(_lt("The discounts are more than what was sold."))
        elif item.adjusts and item.total:
            if not any(one.total for one in sold):
                raise ReceiptError(_lt("Nothing was sold."))
            for index, share in enumerate(allot(item.total, [one.total for one in sold])):
                sold[index] = replace(sold[index], total=sold[index].total + share)
    return [item for item in sold if item.total]


def _split(item, total):
    """ Return the fewest lines of an item that cost a total: one, or two. """
    values = {
        'name': cut_name(item.name), 'vat': item.vat, 'method': item.method,
        'subject': item.subject, 'measure': item.measure, 'agent': item.agent,
        'supplier': item.supplier, 'mark': item.mark, 'source': item.source,
    }
    quantity = item.quantity.quantize(Decimal(10) ** -const.QUANTITY_DIGITS, ROUND_HALF_UP)
    if quantity == quantity.to_integral():
        quantity = quantity.to_integral()
    else:
        quantity = quantity.normalize()
    if quantity > 0:
        millionths = int(quantity.scaleb(const.QUANTITY_DIGITS))
        scale = 10 ** const.QUANTITY_DIGITS
        # If the nearest price does not round to the total, none does.
        price = (2 * total * scale + millionths) // (2 * millionths)
        if price > 0 and price_lines(price, quantity) == total:
            return [Line(price=price, quantity=quantity, total=total, **values)]
    if item.mark and quantity != 1:
        raise ReceiptError(_lt(
            "No price fits the quantity of a marked piece, and its code can't stand on two lines."))
    price = int(total // quantity) if quantity > 0 else 0
    if not price:
        # Less than a kopeck for each: the whole is one.
        if quantity > 0:
            values['name'] = name_with_quantity(item.name, quantity)
        return [Line(price=total, quantity=Decimal(1), total=total, **values)]
    if quantity == quantity.to_integral():
        dearer = total - price * int(quantity)
        parts = [(price, quantity - dearer), (price + 1, Decimal(dearer))]
    else:
        part = quantity - 1
        first = price_lines(price, part)
        if not first:  # So small a part still costs a kopeck.
            first = 1
            price = int((Decimal('0.5') / part).to_integral_value(ROUND_CEILING))
        parts = [(price, part), (total - first, Decimal(1))]
    return [
        Line(price=price, quantity=part, total=price_lines(price, part), **values)
        for price, part in parts
    ]
