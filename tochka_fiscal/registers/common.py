# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" What the registers have in common: amounts, marking codes, answers, tokens. """

import re
from decimal import Decimal

from ..receipt import _lt
from .base import OutcomeUnknown, Unsupported

MOST_KOPECKS = 10 ** 15  # Ours: beyond it a float is no exact amount.

# === WHAT IS SENT === #

def number(value):
    """ Return a number that JSON writes exactly as the decimal reads.

    Up to 15 digits a float is written back as the very decimal that it was made of.

    :param Decimal value: A number of at most 15 digits.
    :rtype: int|float
    """
    return int(value) if value == value.to_integral() else float(value)


def roubles(kopecks):
    """ Return kopecks as the roubles that JSON writes exactly. :rtype: int|float """
    return number(Decimal(kopecks).scaleb(-2))


def roubles_text(kopecks):
    """ Return kopecks as roubles with two decimals. :rtype: str """
    return f'{Decimal(kopecks).scaleb(-2):.2f}'


def read_kopecks(value):
    """ Return the kopecks of an amount in roubles, as a register writes it.

    :rtype: int
    :raise ValueError: If it is none, or has parts of a kopeck.
    """
    try:
        kopecks = Decimal(str(value)).scaleb(2)
        if abs(kopecks) < MOST_KOPECKS and kopecks == kopecks.to_integral():
            return int(kopecks)
    except ArithmeticError as error:
        raise ValueError("An amount is a number.") from error
    raise ValueError("An amount has no parts of a kopeck, and an end.")


def subject_of(line, words, marked):
    """ Return the word for the subject of a line: goods with a marking code have their own (33).

    :param Line line: The line.
    :param dict words: The register's word by our name.
    :param marked: Its word for goods with a marking code.
    """
    return marked if line.mark and line.subject == 'goods' else words[line.subject]


def check_mark(line):
    """ :raise Unsupported: If a line has a marking code and is neither one piece nor measured. """
    if line.mark and line.quantity != 1 and not line.measure:
        raise Unsupported(_lt("A marking code belongs to one piece."), line.name)


# === ANSWERS === #

def read_number(value):
    """ Return the number that a register has given to a receipt, or nothing if it is none.

    :rtype: str
    """
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ''
    return text if re.fullmatch(r'[\w-]{1,128}', text, re.ASCII) else ''


def read_url(value):
    """ Return the address of a page that a register names, or nothing if it is none.

    :rtype: str
    """
    return value if isinstance(value, str) and re.fullmatch(
        r'https?://[\x21-\x7e]{1,1000}', value) else ''


def name_code(status, number=''):
    """ Return how an error is named: the HTTP status, and the register's own number of it. """
    return ', '.join(filter(None, [f'HTTP {status}', str(number or '')]))


def read_json(response):
    """ Return an answer of the register, which is an object of JSON.

    :rtype: dict|None
    """
    try:
        answer = response.json()
    except (ValueError, RecursionError):
        return None
    return answer if isinstance(answer, dict) else None


def not_json(response):
    """ Return what an answer means that is none. :rtype: OutcomeUnknown """
    return OutcomeUnknown(
        _lt("The register's answer is not the JSON it promises."),
        name_code(response.status_code), alone=True)


class Tokens:
    """ The tokens of this process, by who they were given to. They are kept nowhere else: they are
    worth nothing after a day. A new one is asked for when the old one is refused.
    """

    def __init__(self):
        self._kept = {}

    def get(self, *owner):
        """ Return the token, if there is one. :rtype: str|None """
        return self._kept.get(owner)

    def keep(self, token, *owner):
        """ Keep a token. :return: It. :rtype: str """
        self._kept[owner] = token
        return token

    def drop(self, *owner):
        """ Forget a token. """
        self._kept.pop(owner, None)

    def clear(self):
        """ Forget all. """
        self._kept.clear()
