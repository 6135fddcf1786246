# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" ATOL Online, protocols v4 (FFD 1.05) and v5 (FFD 1.2).

Sources: see `atol_const`. The description of v5 itself was not at hand: what of it was only read in
others' models is named in the guide.
"""

import json
import re
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from zoneinfo import ZoneInfo

from .. import const as fiscal_const
from ..receipt import _lt
from . import atol_const as const
from . import base, transport

# Tokens of this process, by address, login and password: the service wants a new one to be asked
# for only when the old one is refused. They are worth nothing after a day, and are kept nowhere.
_tokens = {}


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

    def __init__(self, url, login, password, group, inn, sender, ffd,
                 timeout=transport.TIMEOUT, now=None):
        self._version = const.VERSIONS[ffd]
        self._url = f'{transport.check_url(url)}/{self._version}'
        self._login = login
        self._password = password
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
        answer = self._call('POST', f'/{self._group}/{operation}', body)
        return base.Result(state='accepted', task=_read_uuid(answer))

    def status(self, key, task):
        """ See `base.Register.status`. The service does not search by the key. """
        answer = self._call('GET', f'/{self._group}/report/{task}')
        state = answer.get('status')
        if state == 'done':
            return base.Result(
                state='done', task=task, fiscal=_read_fiscal(answer),
                url=str((answer.get('payload') or {}).get('ofd_receipt_url') or ''))
        if state == 'fail':
            return base.Result(state='failed', task=task, message=_read_error(answer)[1])
        if state == 'wait':
            return base.Result(state='accepted', task=task)
        raise base.OutcomeUnknown(_lt("The register's answer names no state."))

    def check(self):
        """ See `base.Register.check`: only login and password can be tried without printing. """
        self._ask_for_token()
        return base.Health(prints=True, note=_lt(
            "Login and password are right. ATOL Online does not tell whether the tills print."))

    def parse_callback(self, body, headers, url):
        """ See `base.Register.parse_callback`. Nothing proves who has sent it. """
        try:
            key = json.loads(body)['external_id']
        except (ValueError, KeyError, TypeError) as error:
            raise base.InvalidCallback("The callback says nothing.") from error
        if not isinstance(key, str) or not key:
            raise base.InvalidCallback("The callback says nothing.")
        return key, None

    # === THE DOCUMENT === #

    def build(self, receipt, callback_url=''):
        """ Return the operation and what the service is sent.

        :param Receipt receipt: The receipt.
        :param str callback_url: Where the service may send the result.
        :rtype: tuple[str, dict]
        :raise Unsupported: If the service can't print it.
        """
        if len(receipt.lines) > const.MAX_ITEMS:
            raise base.Unsupported(_lt(
                "ATOL Online prints at most 100 lines on a receipt: print this one by hand."))
        name = 'correction' if receipt.correction else 'receipt'
        content = (
            self._build_correction_v4(receipt)
            if receipt.correction and self._version == 'v4' else self._build_receipt(receipt)
        )
        body = {
            'timestamp': self._now().strftime(const.TIMESTAMP),
            'external_id': receipt.key,
            name: content,
        }
        if callback_url:
            body['service'] = {'callback_url': callback_url}
        return self._operation(receipt), body

    def _operation(self, receipt):
        if not receipt.correction:
            return const.OPERATIONS[receipt.kind]
        operation = const.CORRECTIONS[self._version].get(receipt.kind)
        if not operation:
            raise base.Unsupported(_lt(
                "By FFD 1.05 a correction says only what no receipt was printed for. A wrong"
                " receipt is put right by its return and a new receipt."))
        return operation

    def _build_receipt(self, receipt):
        content = {
            'client': _build_client(receipt),
            'company': {
                **self._build_company(receipt),
                **({'email': self._sender} if self._sender else {}),
            },
            'items': [self._build_item(line, receipt.kind) for line in receipt.lines],
            'payments': _build_payments(receipt),
            'total': _roubles(receipt.total),
            'internet': receipt.internet,
        }
        if receipt.correction:
            content['correction_info'] = _build_correction_info(receipt.correction)
        if receipt.wrong_sign:
            content['additional_check_props'] = receipt.wrong_sign
        return content

    def _build_correction_v4(self, receipt):
        """ By FFD 1.05 a correction has sums and no lines. """
        sums = {}
        for line in receipt.lines:
            sums[line.vat] = sums.get(line.vat, 0) + line.total
        return {
            'company': self._build_company(receipt),
            'correction_info': _build_correction_info(receipt.correction),
            'payments': _build_payments(receipt),
            'vats': [
                {'type': vat, 'sum': _roubles(_share_of_vat(vat, total))}
                for vat, total in sums.items()
            ],
            'client': _build_client(receipt),
            'internet': receipt.internet,
        }

    def _build_company(self, receipt):
        return {
            'sno': receipt.taxation_system, 'inn': self._inn, 'payment_address': receipt.address,
        }

    def _build_item(self, line, kind):
        item = {
            'name': line.name,
            'price': _roubles(line.price),
            'quantity': base.number(line.quantity),
            'sum': _roubles(line.total),
            'payment_method': line.method,
            'vat': {'type': line.vat},
            **(self._build_kind_v4(line) if self._version == 'v4' else _build_kind_v5(line, kind)),
        }
        if line.agent:
            if not line.supplier:
                raise base.Unsupported(_lt(
                    "ATOL Online needs the supplier whose goods an agent sells."), line.name)
            item['agent_info'] = {'type': const.AGENTS[line.agent]}
        if line.supplier:
            item['supplier_info'] = {
                'inn': line.supplier.inn, 'name': line.supplier.name,
                **({'phones': list(line.supplier.phones)} if line.supplier.phones else {}),
            }
        return item

    @staticmethod
    def _build_kind_v4(line):
        if line.mark:
            raise base.Unsupported(_lt(
                "Marking codes are sent to ATOL Online by FFD 1.2 only."), line.name)
        measure = fiscal_const.MEASURES[line.measure][:const.MAX_MEASURE]
        return {
            'payment_object': const.FISCAL_SUBJECTS_V4[line.subject],
            **({'measurement_unit': measure} if measure else {}),
        }

    # === HELPERS === #

    def _call(self, method, path, body=None):
        """ Call with the token of this process; once more with a new one if it is refused. """
        key = (self._url, self._login, self._password)
        token = _tokens.get(key) or self._ask_for_token()
        status, answer = self._exchange(method, path, body, token)
        if _read_error(answer)[0] in const.BAD_TOKEN:
            status, answer = self._exchange(method, path, body, self._ask_for_token())
        _raise_refusal(status, answer)
        return answer

    def _ask_for_token(self):
        """ :raise Unauthorized: If login and password are not accepted. """
        key = (self._url, self._login, self._password)
        _tokens.pop(key, None)
        try:
            status, answer = self._exchange(
                'POST', '/getToken', {'login': self._login, 'pass': self._password})
        except base.OutcomeUnknown as error:
            # Whatever became of it, no receipt was sent.
            raise base.NotSent(error.message, error.code) from error
        number, text = _read_error(answer)
        token = answer.get('token')
        if number or status != 200 or not isinstance(token, str) or not token:
            raise base.Unauthorized(
                text or _lt("The register refused without a reason."),
                f'HTTP {status}' + (f', {number}' if number else ''))
        _tokens[key] = token
        return token

    def _exchange(self, method, path, body=None, token=''):
        headers = {
            'Accept': 'application/json',
            **({'Token': token} if token else {}),
            **({'Content-Type': 'application/json; charset=utf-8'} if body is not None else {}),
        }
        content = b'' if body is None else json.dumps(body, ensure_ascii=False).encode()
        response = transport.exchange(
            method, f'{self._url}{path}', headers, content, self._timeout)
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if not isinstance(answer, dict):
            raise base.OutcomeUnknown(
                _lt("The register's answer is not the JSON it promises."),
                f'HTTP {response.status_code}')
        return response.status_code, answer


def _raise_refusal(status, answer):
    """ :raise RegisterError: If the answer is an error. """
    number, text = _read_error(answer)
    if not number and status == 200 or number == const.NOT_READY:
        return
    if answer.get('status') in ('wait', 'done', 'fail') and status == 200:
        return  # The error belongs to the document's own state.
    message = text or _lt("The register refused without a reason.")
    code = ', '.join(filter(None, [f'HTTP {status}', str(number or '')]))
    if number == const.KNOWN_ALREADY:
        raise base.Duplicate(message, code, str(answer.get('uuid') or ''))
    if number in const.BAD_ACCESS or number in const.BAD_TOKEN or status == 401:
        raise base.Unauthorized(message, code)
    if number in const.REFUSED:
        raise base.Rejected(message, code)
    # What is not known to be a refusal may have been taken: the same number is sent again.
    raise base.OutcomeUnknown(message, code)


def _read_error(answer):
    """ Return the number and the text of an error; nothing when there is none. """
    error = answer.get('error')
    if not isinstance(error, dict):
        return 0, ''
    code = error.get('code')
    return code if isinstance(code, int) else 0, transport.scrub(error.get('text') or '')


def _read_uuid(answer):
    uuid = answer.get('uuid')
    if not isinstance(uuid, str) or not uuid:
        raise base.OutcomeUnknown(_lt("The register's answer names no number."))
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
            total=_kopecks(data['total']),
            shift=str(data.get('shift_number') or ''),
            number=str(data.get('fiscal_receipt_number') or ''),
            register=str(data.get('ecr_registration_number') or ''),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError) as error:
        raise base.OutcomeUnknown(
            _lt("The register's answer has no fiscal data.")) from error


def _build_client(receipt):
    return {'email': receipt.email} if receipt.email else {'phone': receipt.phone}


def _build_payments(receipt):
    return [
        {'type': const.PAYMENT_TYPES[name], 'sum': _roubles(amount)}
        for name, amount in receipt.payments.items()
    ]


def _build_correction_info(correction):
    return {
        'type': 'instruction' if correction.order else 'self',
        'base_date': correction.day.strftime(const.DATE),
        **({'base_number': correction.order} if correction.order else {}),
    }


def _build_kind_v5(line, kind):
    values = {
        'payment_object': fiscal_const.FISCAL_SUBJECTS[line.subject], 'measure': line.measure,
    }
    if line.mark:
        if line.quantity != 1:
            raise base.Unsupported(_lt(
                "A marking code belongs to one piece."), line.name)
        values |= {
            'payment_object': const.MARKED_GOODS if line.subject == 'goods'
            else values['payment_object'],
            # GS1 Data Matrix begins so; what does not is sent as it was scanned.
            'mark_code': {
                'gs1m' if re.match(r'01\d{14}21', line.mark) else 'unknown': line.mark},
            'mark_processing_mode': '0',
            'planned_status': const.PLANNED_STATUSES[kind],
        }
    return values


def _share_of_vat(vat, total):
    """ Return the tax in an amount that includes it. Kopecks.

    Of 0 % and "no VAT" the tags 1104 and 1105 hold the turnover itself. Source: FFD.
    """
    percent = fiscal_const.VAT_PERCENTS[vat]
    if not percent:
        return total
    return int((Decimal(total) * percent / (100 + percent)).quantize(Decimal(1), ROUND_HALF_UP))


def _roubles(kopecks):
    return base.number(Decimal(kopecks).scaleb(-2))


def _kopecks(roubles):
    kopecks = Decimal(str(roubles)).scaleb(2)
    if kopecks != kopecks.to_integral():
        raise ValueError("A sum has no parts of a kopeck.")
    return int(kopecks)
