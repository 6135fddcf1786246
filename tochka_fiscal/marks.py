# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Marking codes ("Честный знак") as scanners and people write them. Free of Odoo.

A code is kept as GS1 DataMatrix has it, with the separator GS (0x1D) between its parts, which
scanners type in several ways and browsers may lose. Source: GS1 General Specifications, 7.8; FFD
1.2, tag 2000.
"""

import re

from .receipt import ReceiptError, _lt

GS = '\x1d'
SHOWN = '␝'  # how people see GS, and how it survives every form and file
MAX_LENGTH = 223  # Source: OrangeData protocol 2.31.3, `itemCode`; ATOL Online allows more.
# FNC1 at the beginning, as scanners report it: it says "GS1 DataMatrix" and is no part of the code.
_BEGINNING = re.compile(r'\A(?:\]d2|\]C1|\xe8|␝|\x1d)')
_SEPARATORS = re.compile(r'\\u001d|\\x1d|\\F|<GS>|\{GS\}|\[GS\]|␝|\xe8', re.IGNORECASE)


def read_marks(text):
    """ Return the codes of a text, one a line.

    :param str text: What was scanned or pasted.
    :return: The codes, with GS as one character.
    :rtype: list[str]
    :raise ReceiptError: If a line is no code, or a code stands there twice.
    """
    codes = []
    for line in (text or '').replace('\r', '\n').split('\n'):
        # `strip` and `splitlines` would take GS for white space.
        code = _SEPARATORS.sub(GS, _BEGINNING.sub('', line.strip(' \t')))
        if not code:
            continue
        if len(code) > MAX_LENGTH or not re.fullmatch(r'[\x21-\x7e\x1d]+', code):
            raise ReceiptError(_lt(
                "A marking code has at most 223 characters: Latin letters, digits and signs,"
                " without spaces. Scan it with the keyboard set to English."),
                show_mark(code)[:40])
        if code in codes:
            raise ReceiptError(_lt("A marking code stands there twice."), show_mark(code)[:40])
        codes.append(code)
    return codes


def show_mark(code):
    """ Return a code as people see it, and as it survives forms and files. :rtype: str """
    return code.replace(GS, SHOWN)


def show_marks(codes):
    """ Return codes as text, one a line. :rtype: str """
    return '\n'.join(map(show_mark, codes))


def is_gs1(code):
    """ Return whether a code is of GS1: 01, 14 digits of the article, 21, the serial. """
    return bool(re.match(r'01\d{14}21', code))


def is_mark(text):
    """ Return whether a text is a marking code by GS1: goods (01) and a serial number (21).

    :param str text: A serial number, in any form of GS.
    :rtype: bool
    """
    try:
        codes = read_marks(text)
    except ReceiptError:
        return False
    return len(codes) == 1 and is_gs1(codes[0])
