# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" What every register is asked and answers, free of Odoo.

A register takes a `receipt.Receipt` and gives a `Result`, or raises what became of the call. The
difference that a doubled receipt depends on is whether the register may have taken it.
"""

import re
import urllib.parse
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import requests

from ..receipt import _lt

TIMEOUT = (5, 30)  # seconds to connect, and to wait for the answer
# An e-mail address; a phone, however it is written.
_PERSONAL = re.compile(r'[^\s@<>"\':;,]+@[^\s@<>"\':;,]+|\+?\d[\d\s()-]{8,}\d')
_LOOPBACK = ('localhost', '127.0.0.1', '::1')


# === WHAT BECOMES OF A CALL === #

class RegisterError(Exception):
    """ The call did not bring what was asked for.

    :param str message: What happened, in the register's own words where it has said something.
    :param str code: The register's code of the error.
    """

    def __init__(self, message, code=''):
        super().__init__(f'{message} ({code})' if code else message)
        self.message = message
        self.code = code


class Unsupported(RegisterError):
    """ The register can't print such a receipt at all: surely not taken. """


class Rejected(RegisterError):
    """ The register said no: surely not taken. """


class Duplicate(Rejected):
    """ The register has a receipt with this key already: it was taken at an earlier try. """


class Unauthorized(RegisterError):
    """ The register does not accept the credentials: surely not taken. """


class NotSent(RegisterError):
    """ The request did not reach the register: surely not taken. """


class OutcomeUnknown(RegisterError):
    """ The answer is missing or senseless: maybe taken. """


class InvalidCallback(RegisterError):
    """ A callback that the register has not signed, or that says nothing. """


# === WHAT A REGISTER ANSWERS === #

@dataclass(frozen=True, kw_only=True)
class FiscalData:
    """ What proves a receipt. Source: FFD, tags 1041, 1040, 1077, 1038, 1012, 1037, 1020, 1054. """

    storage: str  # number of the fiscal storage, FN
    document: str  # number of the fiscal document, FD
    sign: str  # fiscal sign, FP
    moment: datetime  # by the register's own clock, without a zone
    total: int  # kopecks
    kind: int  # 1 income, 2 return of income
    shift: str = ''
    number: str = ''  # within the shift
    register: str = ''  # registration number of the register

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

    :param str state: `accepted` (it will be printed), `done` (with `fiscal`) or `failed` (it surely
                      was not and will not be printed).
    :param str task: The register's own number of it.
    :param str url: A page on which the buyer sees the receipt.
    :param str message: Why it failed.
    """

    state: str
    task: str = ''
    fiscal: FiscalData | None = None
    url: str = ''
    message: str = ''


class Register(Protocol):
    """ What each register offers. """

    def register(self, receipt, callback_url=''):
        """ Let a receipt be printed. A repeat with the same key never prints a second one.

        :param Receipt receipt: The receipt.
        :param str callback_url: Where the register may send the result.
        :rtype: Result
        :raise Duplicate: If it was taken at an earlier try.
        :raise RegisterError: What else became of the call.
        """

    def status(self, task):
        """ Ask how far a receipt has come.

        :param str task: The register's own number of it.
        :rtype: Result
        :raise RegisterError: What became of the call.
        """

    def check(self):
        """ Try the credentials, and ask whether the register prints now.

        :return: Whether it prints now.
        :rtype: bool
        :raise RegisterError: What became of the call.
        """

    def parse_callback(self, body, signature, url):
        """ Read a result that was sent by the register itself.

        :param bytes body: The request's body.
        :param str signature: The signature that came with it.
        :param str url: The address as the register was given it.
        :return: The receipt's key and the result.
        :rtype: tuple[str, Result]
        :raise InvalidCallback: If the register has not signed it, or it says nothing.
        """


# === VALUES === #

def number(value):
    """ Return a number that JSON writes exactly as the decimal reads.

    Up to 15 digits a float is written back as the very decimal that it was made of.

    :param Decimal value: A number of at most 15 digits.
    :rtype: int|float
    """
    return int(value) if value == value.to_integral() else float(value)


# === ONE EXCHANGE === #

def scrub(text):
    """ Return a register's words without the buyer's e-mail and phone, which they may quote.

    :param str text: What the register has said.
    :rtype: str
    """
    return _PERSONAL.sub('***', str(text)[:1000])


def check_url(url):
    """ Return the address of a register that may be given secrets.

    :param str url: https, or http on the loopback interface only.
    :rtype: str
    :raise ValueError: If it is neither.
    """
    parts = urllib.parse.urlsplit(url.strip())
    if parts.scheme != 'https' and not (parts.scheme == 'http' and parts.hostname in _LOOPBACK):
        raise ValueError("The address of the register must begin with https://")
    if not parts.hostname or parts.query or parts.fragment or parts.username:
        raise ValueError("The address of the register must look like https://kassa.example.com")
    return url.strip().rstrip('/')


def exchange(method, url, headers, body=b'', timeout=TIMEOUT):
    """ Send one request, once, and return what came back with a status.

    :param str method: The method.
    :param str url: The address.
    :param dict headers: The headers.
    :param bytes body: The exact bytes to send.
    :param tuple timeout: Seconds to connect and to wait for the answer.
    :rtype: requests.Response
    :raise NotSent: If the request surely did not arrive.
    :raise OutcomeUnknown: If it may have.
    """
    try:
        response = requests.request(
            method, url, headers=headers, data=body or None, timeout=timeout,
            allow_redirects=False,
        )
    except (requests.exceptions.SSLError, requests.exceptions.ConnectTimeout) as error:
        raise NotSent(_lt("The register can't be reached safely.")) from _without_request(error)
    except requests.exceptions.ConnectionError as error:
        if _never_connected(error):
            raise NotSent(_lt("The register can't be reached.")) from _without_request(error)
        raise OutcomeUnknown(_lt("The register's answer was lost.")) from _without_request(error)
    except requests.exceptions.RequestException as error:
        raise OutcomeUnknown(_lt("The register's answer was lost.")) from _without_request(error)
    # A gateway answers 5xx whether or not the register did the work; a redirect is not its word.
    if response.status_code >= 500 or 300 <= response.status_code < 400 or (
        response.status_code in (408, 425, 429)
    ):
        raise OutcomeUnknown(_lt("The register is out of order."), f'HTTP {response.status_code}')
    return response


def _never_connected(error):
    """ Whether a connection error happened before the request could be sent. """
    reason, depth = error, 0
    while reason is not None and depth < 10:
        if type(reason).__name__ in ('NewConnectionError', 'NameResolutionError',
                                     'ConnectTimeoutError'):
            return True
        reason = getattr(reason, 'reason', None) or next(
            (arg for arg in getattr(reason, 'args', ()) if isinstance(arg, BaseException)), None)
        depth += 1
    return False


def _without_request(error):
    """ Detach the request, which names the buyer, from a chained exception. """
    error.request = None
    error.response = None
    return error
