# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" ATOL Online, protocols v4 (FFD 1.05) and v5 (FFD 1.2): the calls.

Sources: see `atol_const`. What is sent is made in `atol_document`.
"""

import json
from datetime import datetime
from zoneinfo import ZoneInfo

from ..receipt import _lt
from . import atol_const as const
from . import atol_document, base, common, transport

_tokens = common.Tokens()  # by address, login and password


class Atol(base.Register):
    """ One group of tills.

    :param str url: Where the service lies, without the version; `https://online.atol.ru/possystem`.
    :param str login: The login of the integration.
    :param str password: Its password.
    :param str group: The code of the group of tills.
    :param str inn: The INN to which the tills are registered.
    :param str sender: The e-mail from which the buyer gets the receipt, tag 1117.
    :param str ffd: The format of the tills, `1.05` or `1.2`.
    :param tuple timeout: Seconds to connect and to wait for the answer.
    :param callable now: Returns the moment that goes along as `timestamp`.
    :raise ValueError: If the address may not be given secrets.
    """

    names_duplicates = True

    def __init__(self, url, login, password, group, inn, sender, ffd,
                 timeout=transport.TIMEOUT, now=None):
        self._version = const.VERSIONS[ffd]
        self._url = f'{transport.check_url(url)}/{self._version}'
        self._login = login
        self._password = password
        self._owner = self._url, login, password
        self._group = group
        self._inn = inn
        self._sender = sender
        self._timeout = timeout
        self._now = now or (lambda: datetime.now(ZoneInfo(const.TIME_ZONE)))

    def __repr__(self):
        return f'{type(self).__name__}({self._url!r}, group={self._group!r})'

    # === THE PROTOCOL === #

    def register(self, receipt, callback_url=''):
        """ See `base.Register.register`. """
        operation, body = self.build(receipt, callback_url)
        status, answer = self._call('POST', f'/{self._group}/{operation}', body)
        _raise_refusal(status, answer)
        return base.Result(state='accepted', task=_read_uuid(answer))

    def status(self, key, task):
        """ See `base.Register.status`. The service does not search by the key. """
        status, answer = self._call('GET', f'/{self._group}/report/{task}')
        state = answer.get('status')
        told = state == 'done' and status == 200 or state == 'fail' and _is_of_document(answer)
        if not told:
            _raise_refusal(status, answer)
        if key and answer.get('external_id') not in (None, key):
            raise base.OutcomeUnknown(
                _lt("The register tells of another receipt."), alone=True)
        if state == 'done':
            return base.Result(
                state='done', task=task, fiscal=_read_fiscal(answer),
                url=common.read_url(answer['payload'].get('ofd_receipt_url')))
        if state == 'fail':
            return base.Result(
                state='failed', task=task,
                message=_read_error(answer)[1] or _lt("The till refused without a reason."))
        if state == 'wait' or _read_error(answer)[0] == const.NOT_READY:
            return base.Result(state='accepted', task=task)
        raise base.OutcomeUnknown(_lt("The register's answer names no state."), alone=True)

    def check(self):
        """ See `base.Register.check`: only login and password can be tried without printing. """
        self._ask_for_token()
        return base.Health(prints=None, note=_lt("Login and password are right."))

    def parse_callback(self, body, headers, url):
        """ See `base.Register.parse_callback`. Nothing proves who has sent it. """
        return base.read_callback_key(body, 'external_id'), None

    # === THE DOCUMENT === #

    def build(self, receipt, callback_url=''):
        """ Return the operation and what the service is sent.

        :param Receipt receipt: The receipt.
        :param str callback_url: Where the service may send the result.
        :rtype: tuple[str, dict]
        :raise Unsupported: If the service can't print it.
        """
        operation, name, content = atol_document.build(
            receipt, self._version, self._inn, self._sender)
        body = {
            'timestamp': self._now().strftime(const.TIMESTAMP),
            'external_id': receipt.key,
            name: content,
        }
        if callback_url:
            body['service'] = {'callback_url': callback_url}
        return operation, body

    # === HELPERS === #

    def _call(self, method, path, body=None):
        """ Call with the token of this process; once more with a new one if it is refused.

        :return: HTTP status and answer.
        :rtype: tuple[int, dict]
        """
        token = _tokens.get(*self._owner) or self._ask_for_token()
        status, answer = self._exchange(method, path, body, token)
        # A till has errors of the same numbers: those are no word on the token.
        if _read_error(answer)[0] in const.BAD_TOKEN and not _is_of_document(answer):
            status, answer = self._exchange(method, path, body, self._ask_for_token())
        return status, answer

    def _ask_for_token(self):
        """ Return a new token, and keep it.

        :raise Unauthorized: If login and password are not accepted.
        :raise NotSent: If the service is out of order.
        """
        _tokens.drop(*self._owner)
        try:
            status, answer = self._exchange(
                'POST', '/getToken', {'login': self._login, 'pass': self._password})
        except (base.OutcomeUnknown, base.Rejected) as error:
            # Whatever became of it, no receipt was sent.
            raise base.NotSent(error.message, error.code) from error
        number, text = _read_error(answer)
        message = text or _lt("The register refused without a reason.")
        code = common.name_code(status, number)
        if number in const.BAD_CREDENTIALS or status in (401, 403):
            raise base.Unauthorized(message, code)
        token = answer.get('token')
        if number or status != 200 or not isinstance(token, str) or not token:
            raise base.NotSent(message, code)
        return _tokens.keep(token, *self._owner)

    def _exchange(self, method, path, body=None, token=''):
        headers = {
            'Accept': 'application/json',
            **({'Token': token} if token else {}),
            **({'Content-Type': 'application/json; charset=utf-8'} if body is not None else {}),
        }
        content = b'' if body is None else json.dumps(body, ensure_ascii=False).encode()
        response = transport.exchange(
            method, f'{self._url}{path}', headers, content, self._timeout, own=(500,),
            credential=token)
        answer = common.read_json(response)
        if answer is None:
            raise common.not_json(response)
        return response.status_code, answer


def _raise_refusal(status, answer):
    """ Read an answer that is about the request, not about what became of a document.

    :raise RegisterError: If it is an error.
    """
    number, text = _read_error(answer)
    if status == 200 and (not answer.get('error') or number == const.NOT_READY):
        return
    message = text or _lt("The register refused without a reason.")
    code = common.name_code(status, number)
    if number == const.KNOWN_ALREADY:
        uuid = answer.get('uuid')
        raise base.Duplicate(message, code, common.read_number(uuid))
    if number in const.BAD_ACCESS or number in const.BAD_TOKEN or status == 401:
        raise base.Unauthorized(message, code)
    if number in const.REFUSED:
        raise base.Rejected(message, code)
    # What is not known to be a refusal may have been taken: the same number is sent again.
    raise base.OutcomeUnknown(message, code, alone=True)


def _is_of_document(answer):
    """ Return whether an error is what became of the document, and not of the request.

    Tills count their errors by the same numbers as the service: 11 is a token that has expired, and
    a command that a till does not know.
    """
    error = answer.get('error')
    if not isinstance(error, dict):
        return not error
    return (
        error.get('type') in const.DOCUMENT_ERRORS
        or _read_error(answer)[0] not in const.SERVICE_ERRORS
    )


def _read_error(answer):
    """ Return the number and the text of an error; nothing when there is none. """
    error = answer.get('error')
    if not isinstance(error, dict):
        return 0, ''
    code = error.get('code')
    return code if isinstance(code, int) else 0, transport.scrub(error.get('text') or '')


def _read_uuid(answer):
    uuid = answer.get('uuid')
    if not isinstance(uuid, str) or not common.read_number(uuid):
        raise base.OutcomeUnknown(_lt("The register's answer names no number."), alone=True)
    return uuid


def _read_fiscal(answer):
    """ Return the proof of a printed receipt.

    :raise OutcomeUnknown: If it is not (wholly) there.
    """
    try:
        data = answer['payload']
        return base.FiscalData(
            storage=str(data['fn_number']), document=str(data['fiscal_document_number']),
            sign=str(data['fiscal_document_attribute']),
            moment=datetime.strptime(data['receipt_datetime'], const.TIMESTAMP),
            total=common.read_kopecks(data['total']),
            shift=str(data.get('shift_number') or ''),
            number=str(data.get('fiscal_receipt_number') or ''),
            register=str(data.get('ecr_registration_number') or ''),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise base.OutcomeUnknown(
            _lt("The register's answer has no fiscal data."), alone=True) from error
