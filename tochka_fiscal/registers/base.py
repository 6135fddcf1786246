# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" What every register is asked and answers, free of Odoo.

A register takes a `receipt.Receipt` and gives a `Result`, or raises what became of the call. The
difference that a doubled receipt depends on is whether the register may have taken it.
"""

import json
import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import NamedTuple, Protocol

from .. import const

_KEY = re.compile(r'[\x21-\x7e]{1,100}')
_DIGITS = re.compile(r'\d{1,20}', re.ASCII)
_SHOWN = re.compile(r'[\x21-\x7e]{0,32}')

# === WHAT BECOMES OF A CALL === #

class RegisterError(Exception):
    """ The call did not bring what was asked for.

    :param str message: What happened, in the register's own words where it has said something.
    :param str code: The register's code of the error.
    :param bool alone: Whether it is about this receipt alone: the register has answered, and what
                       it has said is no reason to keep the other receipts waiting.
    """

    def __init__(self, message, code='', alone=False):
        super().__init__(f'{message} ({code})' if code else message)
        self.message = message
        self.code = code
        self.alone = alone


class Unsupported(RegisterError):
    """ The register can't print such a receipt at all: surely not taken. """


class Rejected(RegisterError):
    """ The register said no: surely not taken. """


class Duplicate(Rejected):
    """ The register has a receipt with this key already: it was taken at an earlier try.

    :param str task: The register's own number of it, where the refusal names it.
    """

    def __init__(self, message, code='', task=''):
        super().__init__(message, code)
        self.task = task


class Unauthorized(RegisterError):
    """ The register does not accept the credentials: surely not taken. """


class NotSent(RegisterError):
    """ The request did not reach the register: surely not taken. """


class Busy(NotSent):
    """ The register has no room now, and says when to come again: surely not taken.

    :param int seconds: After how long.
    """

    def __init__(self, message, code='', seconds=0):
        super().__init__(message, code)
        self.seconds = seconds


class NotFound(RegisterError):
    """ The register has nothing under this key: it was not taken, and may be sent again. """


class OutcomeUnknown(RegisterError):
    """ The answer is missing, or (`alone`) senseless: maybe taken. """


class InvalidCallback(RegisterError):
    """ A callback that the register has not signed, or that says nothing. """


# === WHAT A REGISTER ANSWERS === #

class PrintedLine(NamedTuple):
    """ What a register repeats of a line. """

    price: int  # kopecks
    quantity: Decimal
    vat: str  # a name of `const.VATS`
    method: str  # a name of `const.FISCAL_METHODS`


@dataclass(frozen=True, kw_only=True)
class FiscalData:
    """ What proves a receipt. Source: FFD, tags 1041, 1040, 1077, 1038, 1012, 1037, 1020, 1054.

    :raise ValueError: If a number is none that a till can have.
    """

    storage: str  # number of the fiscal storage, FN
    document: str  # number of the fiscal document, FD
    sign: str  # fiscal sign, FP
    moment: datetime  # by the register's own clock, without a zone
    total: int  # kopecks
    kind: int = 0  # 1 income, 2 return of income; 0 where the register does not repeat it
    shift: str = ''
    number: str = ''  # within the shift
    register: str = ''  # registration number of the register
    # What not every register repeats: None where it does not.
    lines: tuple[PrintedLine, ...] | None = None
    payments: dict[str, int] | None = None  # kopecks by the names of `const.PAYMENT_TYPES`
    taxation_system: str | None = None  # a name of `const.TAXATION_SYSTEMS`

    def __post_init__(self):
        proof, more = (self.storage, self.document, self.sign), (
            self.shift, self.number, self.register)
        if not all(map(_DIGITS.fullmatch, proof)) or not all(map(_SHOWN.fullmatch, more)):
            raise ValueError("The numbers of a till are short, and digits.")
        if not 0 <= self.kind <= 4:
            raise ValueError("Tag 1054 is from 1 to 4.")

    @property
    def qr(self):
        """ The text of the QR code, tag 1196. :rtype: str """
        roubles, kopecks = divmod(self.total, 100)
        return (
            f't={self.moment:%Y%m%dT%H%M}&s={roubles}.{kopecks:02}&fn={self.storage}'
            f'&i={self.document.lstrip("0") or "0"}&fp={self.sign}&n={self.kind}'
        )


@dataclass(frozen=True, kw_only=True)
class Result:
    """ How far a receipt has come.

    :param str state: `accepted` (it will be printed), `done` or `failed` (it surely was not and
                      will not be printed).
    :param FiscalData|None fiscal: The proof of what is done; None where the register does not give
                                   it: then it stands in its cabinet only.
    :param str task: The register's own number of it.
    :param str url: A page on which the buyer sees the receipt.
    :param str message: Why it failed.
    :param str code: What of it, as with errors: a number, a name.
    :param bool again: Whether a failed one may be sent under a new key without asking a person:
                       nothing is wrong with the receipt itself.
    """

    state: str
    task: str = ''
    fiscal: FiscalData | None = None
    url: str = ''
    message: str = ''
    code: str = ''
    again: bool = False


@dataclass(frozen=True, kw_only=True)
class Health:
    """ What a register says of itself.

    :param bool|None prints: Whether it prints now, what it is sent; None where it does not tell.
    :param str note: What else a person should know, in the reader's language or the register's own
                     words.
    """

    prints: bool | None
    note: str = ''


class Register(Protocol):
    """ What each register offers.

    :cvar bool asks_by_key: Whether `status` finds a receipt by its key alone. Where it does not, a
                            receipt whose number was lost waits for a callback, and then for a
                            person.
    :cvar bool names_duplicates: Whether the refusal of a repeated key names the number under which
                                 it was taken, so that a repeat is a way to ask.
    """

    asks_by_key = False
    names_duplicates = False

    def register(self, receipt, callback_url=''):
        """ Let a receipt be printed. A repeat with the same key never prints a second one.

        :param Receipt receipt: The receipt.
        :param str callback_url: Where the register may send the result.
        :rtype: Result
        :raise Duplicate: If it was taken at an earlier try.
        :raise RegisterError: What else became of the call.
        """

    def status(self, key, task):
        """ Ask how far a receipt has come.

        :param str key: The receipt's key.
        :param str task: The register's own number of it; empty if it was lost.
        :rtype: Result
        :raise NotFound: If it can be asked for by its key, and is not there.
        :raise RegisterError: What became of the call.
        """

    def check(self):
        """ Try the credentials, and ask whether the register prints now. Nothing is printed.

        :rtype: Health
        :raise RegisterError: What became of the call.
        """

    def parse_callback(self, body, headers, url):
        """ Read a result that was sent to our door.

        :param bytes body: The request's body.
        :param Mapping headers: The request's headers; names in any case.
        :param str url: The address as the register was given it.
        :return: The receipt's key, and the result; None when nothing proves that the register has
                 sent it: then the register is asked.
        :rtype: tuple[str, Result|None]
        :raise InvalidCallback: If the register has not sent it, or it says nothing.
        """


# === WHAT WAS PRINTED === #

def differences(fiscal, *, kind, total, lines=None, payments=None, taxation_system=None):
    """ Compare what a register has printed with what it was asked for, as far as it tells.

    :param FiscalData fiscal: What it tells.
    :param str kind: A name of `const.KINDS`.
    :param int total: Kopecks.
    :param lines: The lines (`receipt.Line`); None or empty: not known.
    :param dict|None payments: Kopecks by the names of `const.PAYMENT_TYPES`.
    :param str|None taxation_system: A name of `const.TAXATION_SYSTEMS`.
    :return: What differs: `total`, `kind`, `lines`, `payments`, `taxation_system`.
    :rtype: list[str]
    """
    asked = {
        'total': total, 'kind': const.KINDS[kind], 'payments': payments or None,
        'taxation_system': taxation_system or None,
        'lines': sorted(
            PrintedLine(line.price, line.quantity, line.vat, line.method) for line in lines
        ) if lines else None,
    }
    told = {
        'total': fiscal.total, 'kind': fiscal.kind or None, 'payments': fiscal.payments,
        'taxation_system': fiscal.taxation_system,
        'lines': None if fiscal.lines is None else sorted(fiscal.lines),
    }
    return [name for name, value in told.items()
            if value is not None and asked[name] is not None and value != asked[name]]


# === VALUES === #

def read_callback_key(body, name):
    """ Return the key that a callback in JSON names.

    :param bytes body: The body.
    :param str name: Under which name it stands there.
    :rtype: str
    :raise InvalidCallback: If it names none.
    """
    try:
        key = json.loads(body)[name]
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise InvalidCallback("The callback says nothing.") from error
    return check_callback_key(key)


def check_callback_key(key):
    """ Return a key that a callback names, if it can be one.

    :param key: What stands there.
    :rtype: str
    :raise InvalidCallback: If no receipt can have it: keys are written by us, in visible ASCII.
    """
    if not isinstance(key, str) or not _KEY.fullmatch(key):
        raise InvalidCallback("The callback says nothing.")
    return key
