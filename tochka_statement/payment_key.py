# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" A short key in the purpose of a payment, by which the money finds its document again.

A bank may cut a purpose at its end, change its case, break it into lines, write Cyrillic in Latin
letters or the other way round; a person may type a Cyrillic letter that looks like a Latin one. The
key consists of signs that none of this changes, and stands first.

It is a Reed-Solomon code: the payload gives a polynomial over the field of thirteen elements, and
each character is its value at another place. Two keys therefore differ in at least six of their
twelve characters. Up to five wrong characters are always noticed, and one of 371,293 senseless keys
passes. A key is never mended: money that goes to a wrong document is worse than a question.
"""

import re
import unicodedata

from . import const

_BASE = len(const.KEY_SYMBOLS)
_LENGTH = const.KEY_PAYLOAD + const.KEY_CHECKS
LIMIT = _BASE ** const.KEY_PAYLOAD
# What may be typed or printed for a sign of the key: Cyrillic twins, and the letter O for zero.
_TWINS = str.maketrans('КМТОO', 'KMT00')
# A plain code takes shifted keys and a row of zeros for keys: each place has a factor of its own,
# and each check an addend. Neither changes in how many characters two keys differ.
_FACTORS = (1, 5, 11, 2, 7, 4, 9)
_ADDENDS = (3, 8, 1, 10, 6)
# A line break, a space or a dash inside of the key changes nothing.
_GAP = r'[\s\-]{0,2}'
_KEY = re.compile(_GAP.join([*const.KEY_MARKER, *([f'[{const.KEY_SYMBOLS}]'] * _LENGTH)]))


def _divide(value, other):
    return value * pow(other, _BASE - 2, _BASE) % _BASE


def _weights():
    """ Return for each check character what each payload character adds to it.

    The payload are the values of a polynomial at 0, 1, 2 …; the checks are its values at the next
    places, by Lagrange's formula.
    """
    places = range(const.KEY_PAYLOAD)
    table = []
    for at in range(const.KEY_PAYLOAD, _LENGTH):
        row = []
        for place in places:
            above = below = 1
            for other in places:
                if other != place:
                    above = above * (at - other) % _BASE
                    below = below * (place - other) % _BASE
            row.append(_FACTORS[place] * _divide(above, below % _BASE) % _BASE)
        table.append(row)
    return table


_WEIGHTS = _weights()


def _checks(payload):
    return [
        (addend + sum(weight * value for weight, value in zip(row, payload, strict=True))) % _BASE
        for row, addend in zip(_WEIGHTS, _ADDENDS, strict=True)]


def make_key(number):
    """ Return the key of a document.

    :param int number: What tells the document from all others, 0 to `LIMIT` - 1.
    :return: Fourteen characters.
    :rtype: str
    :raise ValueError: If the number is none of these.
    """
    if isinstance(number, bool) or not isinstance(number, int) or not 0 <= number < LIMIT:
        raise ValueError(f'A key needs a whole number from 0 to {LIMIT - 1}.')
    payload = []
    for _place in range(const.KEY_PAYLOAD):
        number, value = divmod(number, _BASE)
        payload.insert(0, value)
    return const.KEY_MARKER + ''.join(
        const.KEY_SYMBOLS[value] for value in payload + _checks(payload))


def find_keys(text):
    """ Return the numbers of all keys in a purpose.

    :param str|None text: A purpose as the bank gives it.
    :return: The numbers, each once, in the order of the text. A damaged key is left out.
    :rtype: tuple[int, ...]
    """
    text = unicodedata.normalize('NFKC', text or '').upper().translate(_TWINS)
    found, start = [], 0
    while match := _KEY.search(text, start):
        number = _read(re.sub(r'[\s\-]', '', match.group()))
        if number is None:
            start = match.start() + 1
        else:
            start = match.end()
            if number not in found:
                found.append(number)
    return tuple(found)


def _read(key):
    """ Return the number of a key, or None if its check characters are wrong. """
    values = [const.KEY_SYMBOLS.index(sign) for sign in key[len(const.KEY_MARKER):]]
    payload = values[:const.KEY_PAYLOAD]
    if _checks(payload) != values[const.KEY_PAYLOAD:]:
        return None
    number = 0
    for value in payload:
        number = number * _BASE + value
    return number


def put_key(number, purpose, limit=const.PURPOSE_LENGTH):
    """ Return a purpose that begins with the key: whoever cuts it cuts its end.

    :param int number: See `make_key`.
    :param str purpose: What a person reads; cut to what is left.
    :param int limit: Characters, at least those of a key.
    :rtype: str
    :raise ValueError: If number or limit are not usable.
    """
    key = make_key(number)
    if limit < len(key):
        raise ValueError(f'A purpose with a key needs {len(key)} characters.')
    return f'{key} {" ".join((purpose or "").split())}'[:limit].rstrip()
