# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" PayKeeper, JSON API: receipts of money that was taken elsewhere (request 8.11).

Sources: see `paykeeper_const`. Much of it nobody documents: what money or law depends on is refused
until a person has asked PayKeeper and switched it on.
"""

import base64
import json
import urllib.parse
from datetime import datetime
from decimal import Decimal, InvalidOperation

from ..receipt import _lt
from . import base, transport
from . import paykeeper_const as const

# It makes a token, so it is no mere read that may go out once more.
_TOKEN = '/info/settings/token/'
# Security tokens of this process, by address and user: one is good for about a day.
_tokens = {}


class PayKeeper(base.Register):
    """ The server of a merchant.

    :param str url: Where it lies; `https://school.server.paykeeper.ru`.
    :param str user: The user of the cabinet.
    :param str password: The password.
    :param str taxation_system: What the cabinet is set to, a name of `const.TAXATION_SYSTEMS`: the
                                receipt can't say another.
    :param str return_type: The word for a return of income, as PayKeeper names it; empty: unknown.
    :param bool has_measures: Whether the cabinet takes measures by their numbers, tag 2108.
    :param tuple timeout: Seconds to connect and to wait for the answer.
    """

    # A repeated `receipt_key` brings the number of the receipt that it has ordered.
    names_duplicates = True

    def __init__(self, url, user, password, taxation_system, return_type='', has_measures=False,
                 timeout=transport.TIMEOUT):
        self._url = transport.check_url(url)
        self._user, self._password = user, password
        self._taxation_system = taxation_system
        self._return_type = return_type
        self._has_measures = has_measures
        self._timeout = timeout

    def __repr__(self):
        return f'{type(self).__name__}({self._url!r})'

    # === THE PROTOCOL === #

    def register(self, receipt, callback_url=''):
        """ See `base.Register.register`. Where results are sent is set in the cabinet. """
        form = self.build(receipt)
        answer = self._change('/change/receipt/print/', form)
        number = answer.get('receipt_id')
        if isinstance(number, bool) or not isinstance(number, int | str) or not str(number):
            raise base.OutcomeUnknown(_lt("The register's answer names no number."))
        return base.Result(state='accepted', task=str(number))

    def status(self, key, task):
        """ See `base.Register.status`. The service is asked by its own number. """
        query = urllib.parse.urlencode({'id': task})
        answer = self._read(self._exchange('GET', f'/info/receipts/byid/?{query}'))
        if key and answer.get('receipt_key') not in (None, '', key):
            raise base.OutcomeUnknown(_lt("The register tells of another receipt."))
        word = str(answer.get('status') or '').lower()
        if not word:
            raise base.OutcomeUnknown(_lt("The register's answer names no state."))
        if word in const.PRINTED:
            return base.Result(
                state='done', task=task, fiscal=_read_fiscal(answer), url=self._page(answer, task))
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
        """ See `base.Register.parse_callback`. Nothing proves who has sent it, and nobody documents
        its form.
        """
        try:
            text = body.decode()
            content = json.loads(text) if text.lstrip().startswith('{') else dict(
                urllib.parse.parse_qsl(text, strict_parsing=True))
            key = content['receipt_key']
        except (ValueError, KeyError, RecursionError) as error:
            raise base.InvalidCallback("The callback says nothing.") from error
        return base.check_callback_key(key), None

    # === THE RECEIPT === #

    def build(self, receipt):
        """ Return the form that the service is sent, without the token.

        :param Receipt receipt: The receipt.
        :rtype: dict[str, str]
        :raise Unsupported: If the service can't print it, or is not known to.
        """
        if receipt.correction or receipt.wrong_sign:
            raise base.Unsupported(_lt(
                "How PayKeeper is sent corrections is not known: print this one in its cabinet."))
        if receipt.kind == 'income':
            kind = const.INCOME
        elif self._return_type:
            kind = self._return_type
        else:
            raise base.Unsupported(_lt(
                "How PayKeeper is sent the return of a receipt of its own is not known. Ask"
                " PayKeeper for the word in \"type\" of the request 8.11, and enter it in the"
                " form of the register; or print the return in its cabinet."))
        if receipt.taxation_system != self._taxation_system:
            raise base.Unsupported(_lt(
                "PayKeeper prints the taxation system that its cabinet is set to, and the register"
                " names another one than this receipt."))
        return {
            'payment_id': '',
            'type': kind,
            # What was prepaid is settled now.
            'is_post_sale': 'true' if 'prepaid' in receipt.payments else 'false',
            'is_correction': 'false',
            'refund_id': '',
            'contact': receipt.email or receipt.phone,
            **{name: _roubles(receipt.payments.get(kind, 0)) for kind, name in const.SUMS.items()},
            'cart': json.dumps(
                [self._build_item(line) for line in receipt.lines], ensure_ascii=False),
            'receipt_key': receipt.key,
        }

    def _build_item(self, line):
        if line.agent or line.supplier:
            raise base.Unsupported(_lt(
                "How PayKeeper is sent agents and suppliers is not known."), line.name)
        item = {
            'name': line.name,
            'price': base.number(Decimal(line.price).scaleb(-2)),
            'quantity': base.number(line.quantity),
            'sum': base.number(Decimal(line.total).scaleb(-2)),
            'tax': line.vat,
            'item_type': const.FISCAL_SUBJECTS[line.subject],
            'payment_type': const.FISCAL_METHODS[line.method],
        }
        if line.measure:
            if not self._has_measures:
                raise base.Unsupported(_lt(
                    "What PayKeeper calls measures other than pieces is not known. Ask whether"
                    " \"measure\" takes the numbers of tag 2108, and switch them on in the form"
                    " of the register."), line.name)
            item['measure'] = line.measure
        if line.mark:
            if line.quantity != 1:
                raise base.Unsupported(_lt("A marking code belongs to one piece."), line.name)
            item['item_code_b64'] = base64.b64encode(line.mark.encode()).decode()
            if line.subject == 'goods':
                item['item_type'] = const.MARKED_GOODS
        return item

    # === HELPERS === #

    def _change(self, path, form):
        """ Call what changes something, with the token of this process; once more with a new one
        if it is refused.
        """
        token = _tokens.get((self._url, self._user)) or self._ask_for_token()
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
        _tokens.pop((self._url, self._user), None)
        try:
            token = self._read(self._exchange('GET', _TOKEN)).get('token')
        except (base.OutcomeUnknown, base.Rejected) as error:
            # Whatever became of it, no receipt was sent.
            raise base.NotSent(error.message, error.code) from error
        if not isinstance(token, str) or not token:
            raise base.NotSent(_lt("The service has given no token."))
        _tokens[self._url, self._user] = token
        return token

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
        if response.status_code in (401, 403):
            raise base.Unauthorized(
                _lt("PayKeeper does not accept user and password."),
                f'HTTP {response.status_code}')
        return response

    def _read(self, response):
        """ Return the answer, whether it stands alone or in a list of one.

        :raise Rejected: If it is a refusal, which comes with HTTP 200 as well.
        :raise OutcomeUnknown: If it is none of the service's.
        """
        code = f'HTTP {response.status_code}'
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if isinstance(answer, list) and len(answer) == 1:
            [answer] = answer
        if not isinstance(answer, dict) or not answer:
            raise base.OutcomeUnknown(
                _lt("The register's answer is not the JSON it promises."), code)
        if answer.get('result') == 'fail':
            raise base.Rejected(
                transport.scrub(answer.get('msg') or '')
                or _lt("The register refused without a reason."), code)
        if response.status_code != 200:
            raise base.OutcomeUnknown(_lt("The register is out of order."), code)
        return answer

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
    try:
        answer = response.json()
    except ValueError:
        answer = response.content.decode(errors='replace')
    if isinstance(answer, list) and len(answer) == 1:
        [answer] = answer
    if isinstance(answer, dict):
        answer = answer.get('msg') if answer.get('result') == 'fail' else ''
    return isinstance(answer, str) and answer.lower().startswith(const.WRONG_TOKEN)


def _read_fiscal(answer):
    """ Return the proof of a printed receipt, or None where it can't be read.

    :rtype: FiscalData|None
    """
    nested = answer.get('fiscal_data')
    values = answer | nested if isinstance(nested, dict) else answer
    found = {name: _find(values, words) for name, words in const.PROOF.items()}
    moment = _read_moment(_find(values, const.MOMENTS))
    total = _read_total(answer)
    if not (found['storage'] and found['document'] and found['sign'] and moment and total):
        return None
    return base.FiscalData(moment=moment, total=total, **found)


def _find(values, words):
    return next((str(values[word]) for word in words if values.get(word) not in (None, '')), '')


def _read_moment(text):
    for form in const.MOMENT_FORMATS:
        try:
            return datetime.strptime(text, form)
        except ValueError:
            continue
    return None


def _read_total(answer):
    """ Return the kopecks of all kinds of payment, or None where a sum can't be read. """
    try:
        kopecks = sum(
            Decimal(str(answer[name])) * 100 for name in const.SUMS.values()
            if answer.get(name) not in (None, ''))
    except InvalidOperation:
        return None
    return int(kopecks) if kopecks == int(kopecks) else None


def _roubles(kopecks):
    return f'{Decimal(kopecks).scaleb(-2):.2f}'
