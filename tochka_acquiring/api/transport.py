# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" One HTTP exchange with the bank, and what became of it. """

import logging
import re
import time
import urllib.parse
from email.utils import parsedate_to_datetime

from . import errors, https
from .errors import _lt
from .operation import to_storable

_logger = logging.getLogger(__name__)

# What is told of a request that the bank surely has not, by the reason of the failure.
_NOT_SENT = {
    https.BAD_REQUEST: _lt("The bank can't be asked this: a value is not one for a request."),
    https.NO_TRUST: _lt(
        "The certificates for the encrypted connection can't be read: those that were uploaded, or"
        " the file that REQUESTS_CA_BUNDLE names on this server."),
    https.UNTRUSTED: _lt(
        "The certificate of the bank's host is not trusted. Since August 2026 the bank uses the"
        " Russian state certification authority: upload its root certificate (Russian Trusted Root"
        " CA, from gosuslugi.ru/crt) in the bank connection. Never switch the verification off."),
    https.WRONG_CERTIFICATE: _lt(
        "The certificate of the bank's host is issued for another name or is not valid today."
        " Check the address of the API and this server's clock; if both are right, somebody may be"
        " in between: do not go on, and ask the bank."),
    https.TIMEOUT: _lt("The bank did not take the connection in time."),
}
# The same for a request that the bank may have.
_MAYBE_SENT = {
    https.TLS: _lt("The encrypted connection to the bank broke."),
    https.TIMEOUT: _lt("The bank did not answer in time."),
    https.CONNECTION: _lt("The connection broke before the bank answered."),
}
# A header holds visible ASCII only.
_KEY = re.compile(r'[\x21-\x7e]+')
# What a message of the bank may quote of a request: shapes of secrets and personal data.
_SENSITIVE = re.compile(
    r'(?P<jwt>[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]+)'
    r'|(?P<email>[\w.+-]+@[\w-]+\.[\w.-]+)'
    r'|(?P<phone>(?<![\w-])\+?[78][\s(-]*\d{3}[\s)-]*\d{3}[\s-]?\d{2}[\s-]?\d{2}(?![\w-]))'
)


class Transport:
    """ Sends requests with the key, to one host, and sorts what comes back.

    :param str base_url: The address that paths are relative to.
    :param str|None token: The key; None where the request proves itself by its body.
    :param str|None ca_pem: Further certificate authorities, trusted for this host alone.
    :param tuple[float, float] timeout: Seconds to connect and to wait for the answer.
    :param tuple[str, ...] secrets: What else must never be quoted in an error.
    :param Deadline|None deadline: When all calls must have ended, whatever their time-outs are.
    """

    def __init__(self, base_url, token, *, timeout, ca_pem=None, secrets=(), deadline=None):
        self._deadline = deadline
        self._base_url = base_url
        self._token = token
        self._timeout = timeout
        self._ca_pem = ca_pem
        self._secrets = tuple(secret for secret in (token, *secrets) if secret)
        # Seconds that the bank's clock is ahead of ours, as of the last answer; None before it.
        self.clock_difference = None

    def request(self, method, path, *, params=None, json=None, data=None, customer_code=None,
                timeout=None):
        """ Send one request, once; see `https.send` for the exception that is made for reads.

        :param str method: The HTTP method.
        :param str path: The path, relative to the base address, or an address of the same host.
        :param dict|None params: The query.
        :param dict|None json: The body.
        :param dict|None data: The body as a form.
        :param str|None customer_code: The company on whose behalf the request is made. The bank
                                       asks for the header with OAuth 2.0.
        :param tuple[float, float]|None timeout: Another time-out than the usual one.
        :return: The answer's JSON.
        :rtype: dict
        :raise Rejected: If the bank said no.
        :raise Unauthorized: If the key, a permission or a code does not fit.
        :raise NotSent: If the request did not reach the bank.
        :raise OutcomeUnknown: If the bank may have done the work.
        """
        url = urllib.parse.urljoin(self._base_url, path)
        if _origin(url) != _origin(self._base_url):
            raise ValueError("The key is for the bank's host only.")
        if self._token is not None and not _KEY.fullmatch(self._token):
            raise errors.Unprepared(_lt(
                "The key holds characters that no key has: copy it anew from the internet bank."))
        headers = {'Accept': 'application/json'}
        if self._token is not None:
            headers['Authorization'] = f'Bearer {self._token}'
        if customer_code:
            headers['CustomerCode'] = customer_code
        timeout = self._cut_timeout(timeout or self._timeout)
        started = time.monotonic()
        outcome = 'no answer'
        try:
            response = https.send(
                method, url, headers=headers, params=params, json=json, data=data,
                timeout=timeout, ca_pem=self._ca_pem, credential=self._token,
            )
            outcome = f'HTTP {response.status_code}'
        except https.Failure as failure:
            outcome = failure.reason
            raise _explain(failure) from failure
        finally:
            _logger.info(
                "%s %s: %s in %.0f ms", method, urllib.parse.urlsplit(url).path, outcome,
                (time.monotonic() - started) * 1000,
            )
        self._compare_clocks(response)
        return self._read_response(response)

    def _cut_timeout(self, timeout):
        """ Return the time-out, cut to the time that is left. :raise NoTimeLeft: If none is. """
        return self._deadline.cut(timeout) if self._deadline else timeout

    def _compare_clocks(self, response):
        """ Remember how far the bank's clock is from ours; no date tells nothing. """
        try:
            told = parsedate_to_datetime(response.headers.get('Date'))
            self.clock_difference = round(told.timestamp() - time.time())
        except (TypeError, ValueError):
            self.clock_difference = None

    def _read_response(self, response):
        """ Return the JSON of a good answer, or raise what the bad one means. """
        try:
            body = response.json()
        except (ValueError, RecursionError):
            body = None
        status = response.status_code
        if 200 <= status < 300:
            if not isinstance(body, dict):
                raise errors.Unreadable(
                    _lt("The bank's answer is not the JSON it promises."), http_status=status,
                )
            return body
        envelope = self._read_envelope(body)
        message = envelope.pop('message') or _lt("The bank refused without a reason.")
        if status in (401, 403):
            raise errors.Unauthorized(message, http_status=status, **envelope)
        # 429 and redirects are documented nowhere; a redirect is not the bank's API speaking, and a
        # gateway answers 5xx whether or not the bank did the work. 501 is a wrong path.
        if status == 501 or 400 <= status < 500 and status not in (408, 429):
            raise errors.Rejected(message, http_status=status, **envelope)
        raise errors.OutcomeUnknown(message, http_status=status, **envelope)

    def _read_envelope(self, body):
        """ Return the parts of the bank's error envelope, cleaned of secrets. """
        body = body if isinstance(body, dict) else {}
        entries = [
            {
                'errorCode': self._clean(entry.get('errorCode')),
                'message': self._clean(entry.get('message')),
            }
            for entry in body.get('Errors') or () if isinstance(entry, dict)
        ]
        texts = [self._clean(body.get('message')), *(e['message'] for e in entries)]
        # The token service answers in the form of RFC 6749, section 5.2.
        oauth_code = self._clean(body.get('error')) or None
        texts += [self._clean(body.get('error_description')) or oauth_code]
        return {
            'message': '; '.join(dict.fromkeys(filter(None, texts))),
            'error_code': entries[0]['errorCode'] if entries else oauth_code,
            'audit_id': self._clean(body.get('id')) or None,
            'errors': entries,
        }

    def _clean(self, value):
        """ Return a text of the bank without the key and personal data that it may quote. """
        text = '' if value is None else to_storable(str(value)[:1000])
        for secret in self._secrets:
            text = text.replace(secret, '***')
        return _SENSITIVE.sub('***', text)


def _origin(url):
    parts = urllib.parse.urlsplit(url)
    return f'{parts.scheme}://{parts.netloc}'


def _explain(failure):
    """ Return what a request without an answer means. :rtype: NotSent|OutcomeUnknown """
    if failure.maybe_sent:
        return errors.OutcomeUnknown(
            _MAYBE_SENT.get(failure.reason) or _lt("The bank's answer can't be read."))
    message = _NOT_SENT.get(failure.reason) or _lt("The bank can't be reached.")
    if failure.reason in (https.UNTRUSTED, https.WRONG_CERTIFICATE):
        return errors.TlsError(message)
    if failure.reason in (https.BAD_REQUEST, https.NO_TRUST):
        return errors.Unprepared(message)
    return errors.NotSent(message)
