# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" KOMTET Kassa, shop API v2: the calls.

Sources: see `komtet_const`. What is sent is made in `komtet_document`.
"""

import hashlib
import hmac
import json
import re
from datetime import datetime

from ..receipt import _lt
from . import base, common, komtet_document, transport

_API = '/api/shop/v2'
_QUEUES = '/queues/'


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
        return _read_task(self._request('POST', f'{_QUEUES}{self._queue}/task', body))

    def status(self, key, task):
        """ See `base.Register.status`. The service does not search by the key. """
        answer = self._request('GET', f'/tasks/{task}')
        told = answer.get('external_id')
        if key and told is not None and str(told) != key:
            raise base.OutcomeUnknown(
                _lt("The register tells of another receipt."), alone=True)
        return _read_task(answer)

    def check(self):
        """ See `base.Register.check`. The queue is `active` or `passive`. """
        return base.Health(
            prints=self._request('GET', f'{_QUEUES}{self._queue}').get('state') == 'active')

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
                str(answer['external_id'])), _read_task(answer)
        except (ValueError, KeyError, TypeError, RecursionError, base.OutcomeUnknown) as error:
            raise base.InvalidCallback("The callback says nothing.") from error

    # === THE RECEIPT === #

    def build(self, receipt, callback_url=''):
        """ Return what the service is sent.

        :param Receipt receipt: The receipt.
        :param str callback_url: Where to send the result.
        :rtype: dict
        :raise Unsupported: If the service can't print it.
        """
        check = komtet_document.build(receipt, self._ffd, self._person)
        if callback_url:
            check['callback_url'] = callback_url
        return check

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
            method, url, headers, body, self._timeout, own=(500,), credential=self._shop)
        answer = common.read_json(response)
        if response.status_code != 200:  # No other one is a success.
            _raise_refusal(response.status_code, answer or {}, path)
        if answer is None:
            raise common.not_json(response)
        return answer


def _raise_refusal(status, answer, path):
    """ Raise what an answer means that is no success.

    :raise RegisterError: Always.
    """
    number = str(answer.get('code') or '')
    text = '; '.join(dict.fromkeys(
        transport.scrub(answer[name]) for name in ('title', 'description') if answer.get(name)))
    message = text or _lt("The register refused without a reason.")
    code = common.name_code(status, number)
    # A queue that does not exist is a setting to be corrected, as a wrong secret is.
    if status in (401, 403) or status == 404 and path.startswith(_QUEUES):
        raise base.Unauthorized(message, code)
    # The older form of the same refusal is a text. Source: the PHP client's request 46.
    if 'VLD11' in number or re.search(r'external_id.*уже существует', text):
        raise base.Duplicate(message, code)
    if 400 <= status < 500 and status != 404:
        raise base.Rejected(message, code)
    # Broken over this one, or it knows nothing of the task that it has named itself.
    raise base.OutcomeUnknown(message, code, alone=True)


def _read_task(answer):
    """ Return the result that a task or a callback tells of.

    `done` and `error` are final, every other word means that it waits.
    """
    task = answer.get('task') if isinstance(answer.get('task'), dict) else answer
    state = task.get('state')
    number = common.read_number(task.get('id'))
    if not isinstance(state, str):
        raise base.OutcomeUnknown(
            _lt("The register's answer names no state."), alone=True)
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
        url=common.read_url(task.get('receipt_url')))


def _read_fiscal(data):
    """ Return the proof, or None when it is not (wholly) there. """
    if not isinstance(data, dict):
        return None
    try:
        return base.FiscalData(
            storage=str(data['fn']), document=str(data['i']), sign=str(data['fp']),
            moment=datetime.strptime(str(data['t'])[:13], '%Y%m%dT%H%M'),
            total=common.read_kopecks(data['s']),
            kind=int(data['n']),
            shift=str(data.get('sh') or ''), number=str(data.get('shn') or ''),
            register=str(data.get('rn') or ''),
        )
    except (KeyError, TypeError, ValueError, ArithmeticError):
        return None
