# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" PayKeeper, JSON API: receipts of money that was taken elsewhere (request 8.11).

Sources: see `paykeeper_const`. What is sent is made in `paykeeper_document`.
"""

import base64
import json
import urllib.parse
from datetime import datetime

from ..receipt import _lt
from . import base, common, paykeeper_document, transport
from . import paykeeper_const as const

# It makes a token, so it is no mere read that may go out once more.
_TOKEN = '/info/settings/token/'
_tokens = common.Tokens()  # by address and user


class PayKeeper(base.Register):
    """ The server of a merchant.

    :param str url: Where it lies; `https://school.server.paykeeper.ru`.
    :param str user: The user of the cabinet.
    :param str password: The password.
    :param str taxation_system: What the cabinet is set to, a name of `const.TAXATION_SYSTEMS`: the
                                receipt can't say another.
    :param str return_type: The word for a return of income, as PayKeeper names it; empty: unknown.
    :param tuple timeout: Seconds to connect and to wait for the answer.
    """

    # A repeated `receipt_key` brings the number of the receipt that it has ordered.
    names_duplicates = True

    def __init__(self, url, user, password, taxation_system, return_type='',
                 timeout=transport.TIMEOUT):
        self._url = transport.check_url(url)
        self._user, self._password = user, password
        self._taxation_system = taxation_system
        self._return_type = return_type
        self._timeout = timeout

    def __repr__(self):
        return f'{type(self).__name__}({self._url!r})'

    # === THE PROTOCOL === #

    def register(self, receipt, callback_url=''):
        """ See `base.Register.register`. Where results are sent is set in the cabinet. """
        form = self.build(receipt)
        answer = self._change('/change/receipt/print/', form)
        number = common.read_number(answer.get('receipt_id'))
        if not number:
            raise base.OutcomeUnknown(
                _lt("The register's answer names no number."), alone=True)
        return base.Result(state='accepted', task=number)

    def status(self, key, task):
        """ See `base.Register.status`. The service is asked by its own number. """
        query = urllib.parse.urlencode({'id': task})
        answer = self._read(self._exchange('GET', f'/info/receipts/byid/?{query}'))
        if key and answer.get('receipt_key') not in (None, '', key):
            raise base.OutcomeUnknown(
                _lt("The register tells of another receipt."), alone=True)
        word = str(answer.get('status') or '').lower()
        if not word:
            raise base.OutcomeUnknown(
                _lt("The register's answer names no state."), alone=True)
        if word in const.PRINTED:
            return base.Result(
                state='done', task=task, fiscal=self._read_fiscal(answer),
                url=self._page(answer, task))
        if word in const.FAILED:
            return base.Result(state='failed', task=task, message=transport.scrub(
                answer.get('error') or answer.get('msg') or '')
                or _lt("The till refused without a reason."))
        return base.Result(state='accepted', task=task)

    def check(self):
        """ See `base.Register.check`: only user and password can be tried without printing. """
        self._ask_for_token()
        return base.Health(prints=None, note=_lt("User and password are right."))

    def parse_callback(self, body, headers, url):
        """ See `base.Register.parse_callback`. It exists (8.13), and its form was not at hand:
        nothing of it is believed but that there is something to ask about.
        """
        try:
            text = body.decode()
            content = json.loads(text) if text.lstrip()[:1] in ('{', '[') else dict(
                urllib.parse.parse_qsl(text, strict_parsing=True))
            key = _unwrap(content)['receipt_key']
        except (ValueError, KeyError, TypeError, RecursionError) as error:
            raise base.InvalidCallback("The callback says nothing.") from error
        return base.check_callback_key(key), None

    # === THE RECEIPT === #

    def build(self, receipt):
        """ Return the form that the service is sent, without the token.

        :param Receipt receipt: The receipt.
        :rtype: dict[str, str]
        :raise Unsupported: If the service can't print it, or is not known to.
        """
        return paykeeper_document.build(receipt, self._taxation_system, self._return_type)

    # === HELPERS === #

    def _change(self, path, form):
        """ Call what changes something, with the token of this process; once more with a new one
        if it is refused.
        """
        token = _tokens.get(self._url, self._user) or self._ask_for_token()
        for last in (False, True):
            response = self._exchange('POST', path, form | {'token': token})
            if not _is_wrong_token(response):
                return self._read(response)
            if not last:
                token = self._ask_for_token()
        raise base.NotSent(_lt("The service does not accept the token that it has just given."))

    def _ask_for_token(self):
        """ Return a new token, and keep it.

        :raise Unauthorized: If user and password are not accepted.
        :raise NotSent: If the service is out of order.
        """
        _tokens.drop(self._url, self._user)
        try:
            token = self._read(self._exchange('GET', _TOKEN)).get('token')
        except (base.OutcomeUnknown, base.Rejected) as error:
            # Whatever became of it, no receipt was sent.
            raise base.NotSent(error.message, error.code) from error
        if not isinstance(token, str) or not token:
            raise base.NotSent(_lt("The service has given no token."))
        return _tokens.keep(token, self._url, self._user)

    def _exchange(self, method, path, form=None):
        credentials = base64.b64encode(f'{self._user}:{self._password}'.encode()).decode()
        headers = {'Authorization': f'Basic {credentials}', 'Accept': 'application/json'}
        content = b''
        if form is not None:
            headers['Content-Type'] = 'application/x-www-form-urlencoded'
            content = urllib.parse.urlencode(form).encode()
        response = transport.exchange(
            method, f'{self._url}{path}', headers, content, self._timeout,
            credential=credentials if path != _TOKEN else None)
        code = common.name_code(response.status_code)
        if response.status_code == 401 or response.status_code == 403 and path == _TOKEN:
            raise base.Unauthorized(_lt("PayKeeper does not accept user and password."), code)
        if response.status_code == 403:
            # The user is known: something stands before the service that does not let this pass.
            raise base.NotSent(_lt("PayKeeper does not let this request pass."), code, alone=True)
        return response

    def _read(self, response):
        """ Return the answer, whether it stands alone or in a list of one.

        :raise Rejected: If it is a refusal, which comes with HTTP 200 as well.
        :raise OutcomeUnknown: If it is none of the service's.
        """
        code = common.name_code(response.status_code)
        answer = _unwrap(_read_any(response))
        if not isinstance(answer, dict) or not answer:
            raise common.not_json(response)
        if answer.get('result') == 'fail':
            raise base.Rejected(
                transport.scrub(answer.get('msg') or '')
                or _lt("The register refused without a reason."), code)
        if response.status_code != 200:
            raise base.OutcomeUnknown(_lt("The register is out of order."), code, alone=True)
        return answer

    def _read_fiscal(self, answer):
        """ Return the proof of a printed receipt, or None where it can't be read.

        :rtype: FiscalData|None
        """
        nested = answer.get('fiscal_data')
        values = answer | nested if isinstance(nested, dict) else answer
        found = {name: _find(values, words) for name, words in const.PROOF.items()}
        moment = _read_moment(_find(values, const.MOMENTS))
        payments = _read_payments(answer)
        kinds = {self._return_type: 2, '': 0, const.INCOME: 1}
        if not (found['storage'] and found['document'] and found['sign'] and moment and payments):
            return None
        try:
            return base.FiscalData(
                moment=moment, total=sum(payments.values()), payments=payments,
                kind=kinds.get(answer.get('type'), 0), **found)
        except ValueError:
            return None

    def _page(self, answer, task):
        """ Return the page on which the buyer sees the receipt, where the answer names its key. """
        key = answer.get('fop_receipt_key')
        if not isinstance(key, str) or not key:
            return ''
        query = urllib.parse.urlencode({'rc_id': task})
        return f'{self._url}/receipt/{urllib.parse.quote(key, safe="")}/?{query}'


def _is_wrong_token(response):
    """ Return whether the token was refused, as JSON or as a bare text. """
    if response.status_code != 200:
        return False
    answer = _unwrap(_read_any(response))
    if isinstance(answer, dict):
        answer = answer.get('msg') if answer.get('result') == 'fail' else ''
    return isinstance(answer, str) and answer.lower().startswith(const.WRONG_TOKEN)


def _read_any(response):
    """ Return an answer as JSON, or its text where it is none. """
    try:
        return response.json()
    except (ValueError, RecursionError):
        return response.content.decode(errors='replace')


def _unwrap(content):
    """ Return what stands alone in a list, or what is no such list. """
    return content[0] if isinstance(content, list) and len(content) == 1 else content


def _find(values, words):
    return next((str(values[word]) for word in words if values.get(word) not in (None, '')), '')


def _read_moment(text):
    for form in const.MOMENT_FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def _read_payments(answer):
    """ Return kopecks by our names of kinds of payment, or None where a sum can't be read. """
    try:
        payments = {kind: common.read_kopecks(answer[name]) for kind, name in const.SUMS.items()
                    if answer.get(name) not in (None, '')}
    except ValueError:
        return None
    return {kind: kopecks for kind, kopecks in payments.items() if kopecks}
