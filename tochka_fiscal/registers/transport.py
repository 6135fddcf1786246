# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" One exchange with a register over HTTP, and what may be told of it. Free of Odoo. """

import importlib
import re
import urllib.parse

from ..receipt import _lt
from .base import NotSent, OutcomeUnknown, Rejected
from .common import name_code

# The bank's gate knows how to send over TLS. It is plain Python, too, and is found beside this
# add-on: as `odoo.addons.tochka_acquiring` by Odoo, as `tochka_acquiring` without it.
https = importlib.import_module(
    f'{__package__.removesuffix("tochka_fiscal.registers")}tochka_acquiring.api.https')

TIMEOUT = (5, 30)  # seconds to connect, and to wait for the answer
# An e-mail address; a phone in the international form, with separators, and as mere digits. Other
# numbers stay: those of documents, storages and companies are what a refusal is about.
_PERSONAL = re.compile(r"""
    [^\s@<>"':;,]+@[^\s@<>"':;,]+
    | \+\d[\d\s()-]{8,16}\d
    | (?<!\d)(?:[78][\s(-]*)?\(?\d{3}(?:\)\s*|[\s-]+)\d{3}[\s-]*\d{2}[\s-]*\d{2}(?!\d)
    | (?<!\d)(?:[78]\d{10}|9\d{9})(?!\d)
""", re.VERBOSE)
_INN = re.compile(r'(?:инн|inn)\D{0,20}\Z', re.IGNORECASE)
# The request itself is refused before anybody reads it: too large, or of no known kind.
_UNREADABLE = (413, 414, 415, 431)
_LOOPBACK = ('localhost', '127.0.0.1', '::1')


def scrub(text):
    """ Return a register's words without the buyer's e-mail and phone, which they may quote.

    What is said to be an INN is left: a phone may have as many digits.

    :param str text: What the register has said.
    :rtype: str
    """
    # What a database can't keep, a register may still send: halves of characters, and NUL.
    text = str(text)[:1000].encode(errors='replace').decode().replace('\0', '')
    return _PERSONAL.sub(
        lambda found: found[0] if found[0].isdigit() and _INN.search(text[:found.start()])
        else '***', text)


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


def exchange(method, url, headers, body=b'', timeout=TIMEOUT, own=(), *, credential=None,
             client_pem=None, ca_pem=None):
    """ Send one request, and return what came back with a status.

    It is sent once; a read goes out once more if the connection of an earlier one has broken.

    :param str method: The method.
    :param str url: The address.
    :param dict headers: The headers.
    :param bytes body: The exact bytes to send.
    :param tuple timeout: Seconds to connect and to wait for the answer.
    :param tuple own: Statuses that are the register's own word, although a gateway uses them too.
    :param str|None credential: Who asks: only their own reads share a connection.
    :param str|None client_pem: The certificate that is shown: `keys.ClientCertificate.pem`.
    :param str|None ca_pem: PEM of an authority that is trusted besides the usual ones.
    :rtype: requests.Response
    :raise NotSent: If the request surely did not arrive.
    :raise Rejected: If it was refused before anybody read it.
    :raise OutcomeUnknown: If it may have arrived. What broke over this very request (500) says
                           nothing about others.
    """
    try:
        response = https.send(
            method, url, headers=headers, data=body or None, timeout=timeout, ca_pem=ca_pem,
            client_pem=client_pem, credential=credential)
    except https.Failure as failure:
        raise _explain(failure) from failure
    status = response.status_code
    if status in own:
        return response
    if status in _UNREADABLE:
        raise Rejected(_lt("The register does not take requests of this size or kind."),
                       name_code(status))
    if status == 500:
        raise OutcomeUnknown(_lt("The register has broken over this request."),
                             name_code(status), alone=True)
    # A gateway answers 5xx whether or not the register did the work; a redirect is not its word.
    if status > 500 or 300 <= status < 400 or status in (408, 425, 429):
        raise OutcomeUnknown(_lt("The register is out of order."), name_code(status))
    return response


def _explain(failure):
    """ Return what a request without an answer means. :rtype: NotSent|OutcomeUnknown """
    if failure.maybe_sent and failure.reason == https.TLS:
        # A certificate of ours that is refused shows only after the handshake (TLS 1.3).
        return OutcomeUnknown(_lt("The encrypted connection to the register broke. If it does so"
                                  " each time, check the certificate that we show."))
    if failure.maybe_sent:
        return OutcomeUnknown(_lt("The register's answer was lost."))
    if failure.reason in (https.CONNECTION, https.TIMEOUT):
        return NotSent(_lt("The register can't be reached."))
    return NotSent(_lt("The register can't be reached safely."))
