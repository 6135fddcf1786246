# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" KOMTET Kassa, shop API v2.

Source: the service's official clients komtet_kassa_sdk 8.1.0 (PyPI) and komtet-kassa-php-sdk 11.1.0
(GitHub), both of 2026-04.
"""

import hashlib
import hmac
import json
import re
from datetime import datetime
from decimal import Decimal

from ..receipt import _lt
from . import base, transport
from . import komtet_const as const

_API = '/api/shop/v2'


class Komtet(base.Register):
    """ One queue of one shop: the tills that share the work.

    :param str url: Where the service lies; `https://kassa.komtet.ru`.
    :param str shop: The shop's number.
    :param str secret: The shop's secret.
    :param str queue: The number of the queue.
    :param str ffd: The format that the tills speak, `1.05` or `1.2`.
    :param str person: Who makes corrections; needed for them only.
    :param tuple timeout: Seconds to connect and to wait for the answer.
    :raise ValueError: If the address may not be given secrets.
    """

    def __init__(self, url, shop, secret, queue, ffd='1.2', person='',
                 timeout=transport.TIMEOUT):
        self._url = transport.check_url(url)
        self._shop = shop
        self._secret = secret
        self._queue = queue
        self._ffd, self._person = ffd, person
        self._timeout = timeout

    def __repr__(self):
        return f'{type(self).__name__}({self._url!r}, queue={self._queue!r})'

    # === THE PROTOCOL === #

    def register(self, receipt, callback_url=''):
        """ See `base.Register.register`. """
        body = json.dumps(self.build(receipt, callback_url), ensure_ascii=False).encode()
        return self._read_task(self._request('POST', f'/queues/{self._queue}/task', body))

    def status(self, key, task):
        """ See `base.Register.status`. The service does not search by the key. """
        return self._read_task(self._request('GET', f'/tasks/{int(task)}'))

    def check(self):
        """ See `base.Register.check`. The queue is `active` or `passive`. """
        return base.Health(
            prints=self._request('GET', f'/queues/{self._queue}').get('state') == 'active')

    def parse_callback(self, body, headers, url):
        """ See `base.Register.parse_callback`. The address is the one that the service was given:
        behind a proxy the request's own is another.
        """
        signature = headers.get('X-HMAC-Signature') or ''
        # As bytes: a text beyond ASCII is an error to it.
        if not hmac.compare_digest(
            self.sign('POST', url, body).encode(), signature.lower().encode(errors='replace')
        ):
            raise base.InvalidCallback("The signature is not that of the register.")
        try:
            answer = json.loads(body)
            return base.check_callback_key(
                str(answer['external_id'])), self._read_task(answer)
        except (ValueError, KeyError, TypeError, RecursionError, base.OutcomeUnknown) as error:
            raise base.InvalidCallback("The callback says nothing.") from error

    # === THE RECEIPT === #

    def build(self, receipt, callback_url=''):
        """ Return what the service is sent. Keys without a value are left out: it refuses `null`.

        :param Receipt receipt: The receipt.
        :param str callback_url: Where to send the result.
        :rtype: dict
        :raise Unsupported: If the service can't print it.
        """
        client = {'email': receipt.email} if receipt.email else {'phone': receipt.phone}
        check = {
            'external_id': receipt.key,
            'print': False,
            'intent': const.INTENTS[receipt.kind],
            'client': client,
            'company': {
                'payment_address': receipt.address,
                'sno': const.TAXATION_SYSTEMS[receipt.taxation_system],
            },
            'payments': [
                {'sum': _roubles(amount), 'type': const.PAYMENT_TYPES[name]}
                for name, amount in receipt.payments.items()
            ],
            'positions': [self._build_position(line, receipt.kind) for line in receipt.lines],
            'internet': receipt.internet,
        }
        if receipt.correction:
            check |= self._build_correction(receipt)
        elif receipt.wrong_sign:
            check['additional_check_props'] = receipt.wrong_sign
        if callback_url:
            check['callback_url'] = callback_url
        return check

    def _build_correction(self, receipt):
        """ Return what a correction has besides. Nobody names a field for tag 1192 in it. """
        if self._ffd != '1.2':
            raise base.Unsupported(_lt(
                "Corrections are sent to KOMTET Kassa by FFD 1.2 only: print this one in its"
                " cabinet."))
        if receipt.wrong_sign:
            raise base.Unsupported(_lt(
                "KOMTET Kassa has no field for the fiscal sign of the wrong receipt in a"
                " correction: put it right in its cabinet."))
        if not self._person:
            raise base.Unsupported(_lt(
                "Enter in the form of the register who makes corrections, and try again."))
        correction = receipt.correction
        return {
            'intent': const.CORRECTIONS[receipt.kind],
            'correction_info': {
                'type': 'instruction' if correction.order else 'self',
                'base_date': f'{correction.day:%d.%m.%Y}',
                **({'base_number': correction.order} if correction.order else {}),
            },
            'authorised_person': {'name': self._person},
        }

    @staticmethod
    def _build_position(line, kind):
        method = const.FISCAL_METHODS.get(line.method)
        if not method:
            # The clients of the service and its till disagree on which word is which.
            raise base.Unsupported(_lt(
                "KOMTET Kassa is not sent sales on credit: its own words for them contradict each"
                " other. Print this receipt by hand."))
        position = {
            'name': line.name,
            'price': _roubles(line.price),
            'quantity': base.number(line.quantity),
            'total': _roubles(line.total),
            'vat': const.VATS[line.vat],
            'measure': line.measure,
            'payment_method': method,
            'payment_object': const.FISCAL_SUBJECTS[line.subject],
        }
        if line.mark:
            form = 'gs1m' if re.match(r'01\d{14}21', line.mark) else 'unknown'
            position |= {
                'mark_code': {form: line.mark},
                'planned_status': const.PLANNED_STATUSES[kind],
            }
            if line.subject == 'goods':
                position['payment_object'] = const.MARKED_GOODS
        if line.agent:
            position['agent_info'] = {'type': line.agent}
        if line.supplier:
            position['supplier_info'] = {
                'name': line.supplier.name, 'inn': line.supplier.inn,
                **({'phones': list(line.supplier.phones)} if line.supplier.phones else {}),
            }
        return position

    # === HELPERS === #

    def sign(self, method, url, body=b''):
        """ Return the signature of a request: HMAC-MD5 over method, whole address and exact bytes.

        :param str method: The method.
        :param str url: The address.
        :param bytes body: The body.
        :rtype: str
        """
        return hmac.new(
            self._secret.encode(), method.encode() + url.encode() + body, hashlib.md5).hexdigest()

    def _request(self, method, path, body=b''):
        url = f'{self._url}{_API}{path}'
        headers = {
            'Authorization': self._shop,
            'X-HMAC-Signature': self.sign(method, url, body),
            'Accept': 'application/json',
            **({'Content-Type': 'application/json'} if body else {}),
        }
        response = transport.exchange(
            method, url, headers, body, self._timeout, credential=self._shop)
        try:
            answer = response.json()
        except ValueError:
            answer = None
        if response.status_code == 200:  # No other one is a success.
            if not isinstance(answer, dict):
                raise base.OutcomeUnknown(_lt("The register's answer is not the JSON it promises."))
            return answer
        self._raise_refusal(response.status_code, answer)

    @staticmethod
    def _raise_refusal(status, answer):
        answer = answer if isinstance(answer, dict) else {}
        code = str(answer.get('code') or '')
        text = '; '.join(dict.fromkeys(
            transport.scrub(answer[name]) for name in ('title', 'description') if answer.get(name)))
        message = text or _lt("The register refused without a reason.")
        code = ', '.join(filter(None, [f'HTTP {status}', code]))
        # A queue that does not exist is a setting to be corrected, as a wrong secret is.
        if status in (401, 403, 404):
            raise base.Unauthorized(message, code)
        # The older form of the same refusal is a text. Source: the PHP client's request 46.
        if 'VLD11' in code or re.search(r'external_id.*уже существует', text):
            raise base.Duplicate(message, code)
        if 400 <= status < 500:
            raise base.Rejected(message, code)
        raise base.OutcomeUnknown(message, code)

    @staticmethod
    def _read_task(answer):
        """ Return the result that a task or a callback tells of.

        `done` and `error` are final, every other word means that it waits.
        """
        task = answer.get('task') if isinstance(answer.get('task'), dict) else answer
        state = task.get('state')
        number = '' if task.get('id') is None else str(task['id'])
        if not isinstance(state, str):
            raise base.OutcomeUnknown(_lt("The register's answer names no state."))
        if state == 'error':
            return base.Result(
                state='failed', task=number,
                message=transport.scrub(
                    task.get('error_description')
                    or _lt("The till refused without a reason.")))
        if state != 'done':
            return base.Result(state='accepted', task=number)
        fiscal = _read_fiscal(task.get('fiscal_data'))
        # A callback may name the state alone: then the task is asked for the proof.
        return base.Result(
            state='done' if fiscal else 'accepted', task=number, fiscal=fiscal,
            url=str(task.get('receipt_url') or ''))


def _read_fiscal(data):
    """ Return the proof, or None when it is not (wholly) there. """
    if not isinstance(data, dict):
        return None
    try:
        return base.FiscalData(
            storage=str(data['fn']), document=str(data['i']), sign=str(data['fp']),
            moment=datetime.strptime(str(data['t'])[:13], '%Y%m%dT%H%M'),
            total=_kopecks(data['s']),
            kind=int(data['n']),
            shift=str(data.get('sh') or ''), number=str(data.get('shn') or ''),
            register=str(data.get('rn') or ''),
        )
    except (KeyError, ValueError, ArithmeticError):
        return None


def _kopecks(roubles):
    kopecks = Decimal(str(roubles)).scaleb(2)
    if kopecks != kopecks.to_integral():
        raise ValueError("A sum has no parts of a kopeck.")
    return int(kopecks)


def _roubles(kopecks):
    # The service takes no strings.
    return base.number(Decimal(kopecks).scaleb(-2))
