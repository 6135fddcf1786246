# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" One exchange with a register over HTTP, and what may be told of it. Free of Odoo. """

import re
import urllib.parse

import requests

from ..receipt import _lt
from .base import NotSent, OutcomeUnknown

TIMEOUT = (5, 30)  # seconds to connect, and to wait for the answer
# An e-mail address; a phone, however it is written.
_PERSONAL = re.compile(r'[^\s@<>"\':;,]+@[^\s@<>"\':;,]+|\+?\d[\d\s()-]{8,}\d')
_LOOPBACK = ('localhost', '127.0.0.1', '::1')


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


def exchange(method, url, headers, body=b'', timeout=TIMEOUT, own=(), adapter=None):
    """ Send one request, once, and return what came back with a status.

    :param str method: The method.
    :param str url: The address.
    :param dict headers: The headers.
    :param bytes body: The exact bytes to send.
    :param tuple timeout: Seconds to connect and to wait for the answer.
    :param tuple own: Statuses that are the register's own word, although a gateway uses them too.
    :param requests.adapters.BaseAdapter|None adapter: How to connect, where a certificate is shown.
    :rtype: requests.Response
    :raise NotSent: If the request surely did not arrive.
    :raise OutcomeUnknown: If it may have.
    """
    try:
        with requests.Session() as session:
            if adapter:
                session.mount('https://', adapter)
            response = session.request(
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
    if response.status_code in own:
        return response
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
