# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" OrangeData, API v2: the calls.

Sources: see `orangedata_const`. Who calls shows a certificate in TLS, and signs the exact bytes
that are sent by another key. What is sent is made in `orangedata_document`.
"""

import base64
import json
from datetime import datetime
from decimal import Decimal

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding

from .. import const as fiscal_const
from ..receipt import _lt, price_lines
from . import base, common, keys, orangedata_document, transport
from . import orangedata_const as const


class OrangeData(base.Register):
    """ One group of tills.

    :param str url: Where the service lies; `https://api.orangedata.ru:12003`.
    :param str client: The certificate that is shown, and its key: `keys.ClientCertificate.pem`.
    :param str sign_key: The key that signs, as `keys.read_sign_key` returns it.
    :param str inn: The INN to which the tills are registered.
    :param str group: The group of tills; `Main`.
    :param str key_name: The name of the signing key in the cabinet.
    :param str ffd: The version of the format that the group's tills speak, `1.05` or `1.2`.
    :param bool has_page: Whether buyers may see receipts on the service's site.
    :param str authority: PEM of an authority that has signed the service's certificate, where that
                          is none of the public ones.
    :param tuple timeout: Seconds to connect and to wait for the answer.
    """

    asks_by_key = True

    def __init__(self, url, client, sign_key, inn, group, key_name, ffd, has_page=False,
                 authority='', timeout=transport.TIMEOUT):
        self._url = f'{transport.check_url(url)}/api/v2'
        self._client, self._authority = client, authority
        self._sign_key = sign_key
        self._inn, self._group, self._key_name = inn, group, key_name
        self._ffd = ffd
        self._has_page = has_page
        self._timeout = timeout

    def __repr__(self):
        return f'{type(self).__name__}({self._url!r}, group={self._group!r})'

    # === THE PROTOCOL === #

    def register(self, receipt, callback_url=''):
        """ See `base.Register.register`. """
        path, body = self.build(receipt, callback_url)
        response = self._post(f'/{path}/', body)
        if response.status_code == 409:
            raise base.Duplicate(_lt("The register has this number already."), 'HTTP 409')
        if response.status_code != 201:
            _raise_refusal(response)
        return base.Result(state='accepted')

    def status(self, key, task):
        """ See `base.Register.status`. Receipts and corrections have their own addresses, and 400
        says that there is no such document.
        """
        for path in (const.RECEIPTS, const.CORRECTIONS[self._ffd]):
            response = self._get(f'/{path}/{self._inn}/status/{key}', own=(524,))
            if response.status_code != 400:
                return self._read_status(key, response)
        errors = _read_errors(response)
        if not errors:
            _raise_refusal(response)
        raise base.NotFound('; '.join(errors), 'HTTP 400')

    def check(self):
        """ See `base.Register.check`: signature, certificate and group are tried. """
        response = self._post('/check/', {
            'inn': self._inn, 'group': self._group, 'key': self._key_name})
        if response.status_code != 200:
            _raise_refusal(response)
        return base.Health(
            prints=None, note=_lt("Certificate, signing key and group are right."))

    def parse_callback(self, body, headers, url):
        """ See `base.Register.parse_callback`. Nothing proves who has sent it. """
        return base.read_callback_key(body, 'id'), None

    # === THE DOCUMENT === #

    def build(self, receipt, callback_url=''):
        """ Return where the service is sent a document, and what.

        :param Receipt receipt: The receipt.
        :param str callback_url: Where the service may send the result.
        :rtype: tuple[str, dict]
        :raise Unsupported: If the service can't print it.
        """
        path, content = orangedata_document.build(receipt, self._ffd)
        return path, {
            'id': receipt.key, 'inn': self._inn, 'group': self._group, 'key': self._key_name,
            'content': content,
            **({'callbackUrl': callback_url} if callback_url else {}),
        }

    def sign(self, content):
        """ Return the signature of the exact bytes that are sent: RSA, SHA-256, PKCS#1 v1.5.

        :param bytes content: The body.
        :return: Base64.
        :rtype: str
        """
        return base64.b64encode(keys.load(self._sign_key).sign(
            content, padding.PKCS1v15(), hashes.SHA256())).decode()

    # === HELPERS === #

    def _post(self, path, body):
        content = json.dumps(body, ensure_ascii=False).encode()
        return self._exchange('POST', path, {
            'Content-Type': 'application/json; charset=utf-8', 'X-Signature': self.sign(content),
        }, content, own=(503,))

    def _get(self, path, own=()):
        return self._exchange('GET', path, {}, own=own)

    def _exchange(self, method, path, headers, content=b'', own=()):
        response = transport.exchange(
            method, f'{self._url}{path}', {'Accept': 'application/json', **headers}, content,
            self._timeout, own=own, credential=self._inn, client_pem=self._client,
            ca_pem=self._authority)
        if response.status_code in own and not _is_own_word(response):
            raise base.OutcomeUnknown(
                _lt("The register is out of order."), f'HTTP {response.status_code}')
        return response

    def _read_status(self, key, response):
        if response.status_code == 202:
            return base.Result(state='accepted')
        if response.status_code == 524:
            # It has used up its number, and was not printed: 2.2 of the protocol.
            return base.Result(state='failed', again=True, message=_lt(
                "The register did not print it in time, and it expired there."))
        if response.status_code == 422:
            return base.Result(
                state='failed', message=_lt("The marking codes of these lines were not accepted"),
                code=_read_marks(response))
        if response.status_code != 200:
            _raise_refusal(response)
        answer = _read_json(response)
        if str(answer.get('id')) != key:
            raise base.OutcomeUnknown(
                _lt("The register tells of another receipt."), alone=True)
        return base.Result(
            state='done', fiscal=_read_fiscal(answer),
            url=const.RECEIPT_PAGE.format(inn=self._inn, key=key) if self._has_page else '')


def _is_own_word(response):
    """ Return whether a status that gateways use as well is the service's own: it sends nothing
    (524) or JSON (503), and gateways pages.
    """
    if response.status_code == 524:
        return not response.content.strip()
    return 'errors' in (common.read_json(response) or {})


def _raise_refusal(response):
    """ Raise what an answer means that is no success.

    :raise RegisterError: Always.
    """
    code = common.name_code(response.status_code)
    if response.status_code == 401 or (
        response.status_code == 400 and const.WRONG_CERTIFICATE in response.text.lower()
    ):
        raise base.Unauthorized(_lt(
            "OrangeData does not accept the client certificate: it belongs to another address of"
            " the service, or has expired."), code)
    errors = _read_errors(response)
    message = '; '.join(errors[:const.MAX_PROBLEMS]) or _lt(
        "The register refused without a reason.")
    if response.status_code == 503:
        seconds = response.headers.get('Retry-After', '')
        raise base.Busy(message, code, int(seconds) if seconds.isdecimal() else 0)
    if response.status_code == 400 and errors:
        if const.WRONG_SIGNATURE in message.lower():
            raise base.Unauthorized(message, code)
        raise base.Rejected(message, code)
    # What is not known to be a refusal may have been taken: the same number is sent again.
    raise base.OutcomeUnknown(message, code, alone=True)


def _read_json(response):
    """ Return the answer; names in small letters, because the protocol's own tables and samples do
    not agree on them.
    """
    try:
        answer = response.json(parse_float=Decimal)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise common.not_json(response)
    return {name.lower(): value for name, value in answer.items()}


def _read_errors(response):
    """ Return what the service says is wrong. :rtype: list[str] """
    try:
        errors = _read_json(response).get('errors')
    except base.OutcomeUnknown:
        return []
    return [transport.scrub(error) for error in errors if error] if isinstance(
        errors, list) else []


def _read_marks(response):
    """ Return the numbers of the lines whose marking code was not accepted. :rtype: str """
    try:
        return ', '.join(
            str(error['position'] + 1) for error in _read_json(response)['errors'])
    except (base.OutcomeUnknown, TypeError, KeyError):
        return ''


def _read_fiscal(answer):
    """ Return the proof of a printed receipt, with what the service repeats of it.

    :raise OutcomeUnknown: If the proof is not (wholly) there.
    """
    try:
        content = answer['content']
        lines = _read_lines(content)
        total = content.get('totalSum')
        return base.FiscalData(
            storage=str(answer['fsnumber']), document=str(answer['documentnumber']),
            sign=str(answer['fp']), moment=datetime.fromisoformat(
                # Seconds are enough, and its clock is the till's, whatever zone it names.
                answer['processedat'][:19]),
            total=common.read_kopecks(total) if total is not None else sum(
                price_lines(line.price, line.quantity) for line in lines),
            kind=int(content['type']),
            shift=str(answer.get('shiftnumber') or ''),
            number=str(answer.get('documentindex') or ''),
            register=str(answer.get('devicern') or ''),
            lines=lines, payments=_read_payments(content),
            taxation_system=_read_taxation_system(content))
    except (KeyError, TypeError, ValueError, AttributeError, ArithmeticError) as error:
        raise base.OutcomeUnknown(
            _lt("The register's answer lacks a part of the fiscal data."), alone=True) from error


def _read_lines(content):
    """ Return the lines that the service repeats; None of a correction by sums. """
    if 'positions' not in content:
        return None
    # The protocol's default of a method is 4, the full settlement.
    rates = {number: name for name, number in const.TAXES.items()
             if name not in (const.NEW_TAXES if content.get('useTax20') else const.OLD_TAXES)}
    methods = {number: name for name, number in fiscal_const.FISCAL_METHODS.items()}
    return tuple(
        base.PrintedLine(
            common.read_kopecks(line['price']), _read_quantity(line['quantity']),
            rates.get(line['tax'], ''), methods.get(line.get('paymentMethodType') or 4, ''))
        for line in content['positions'])


def _read_quantity(value):
    """ :raise ValueError: If nothing can be compared with it. """
    quantity = Decimal(value)
    if not quantity.is_finite():
        raise ValueError("A quantity is a number.")
    return quantity


def _read_payments(content):
    """ Return the payments that the service repeats, kopecks by our names; None without them. """
    kinds = {number: name for name, number in const.PAYMENT_TYPES.items()}
    sums = {}
    for one in (content.get('checkClose') or {}).get('payments') or ():
        kind = kinds.get(one['type'], '')
        sums[kind] = sums.get(kind, 0) + common.read_kopecks(one['amount'])
    return {kind: kopecks for kind, kopecks in sums.items() if kopecks} or None


def _read_taxation_system(content):
    """ Return our name, empty for one that we don't know; None where it is not told. """
    number = (content.get('checkClose') or {}).get('taxationSystem')
    if number is None:
        return None
    return {value: name for name, value in const.TAXATION_SYSTEMS.items()}.get(number, '')
