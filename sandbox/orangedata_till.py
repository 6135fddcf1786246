""" The state of OrangeData: groups of tills, documents, what was printed. """

import copy
import json
from collections import defaultdict
from decimal import Decimal

from . import till
from .orangedata_check import group_of, sold_and_paid
from .orangedata_meaning import meaning, size
from .orangedata_protocol import WRONG_SIGNATURE, OrangedataError
from .orangedata_shapes import content_of
from .orangedata_words import COMPANY, GROUPS, INN, KEY
from .shape import plain
from .till import REGISTRATION, WAITING, Document, Till

LARGEST = 32768  # bytes of a document of the fiscal storage
MARKS, EXPIRED = 422, 524

# What can be switched by the control API, and how it begins. See README.md.
SETTINGS = {
    **till.SETTINGS,
    'queue_timeout': 30.0 * 24 * 3600,
    'delay': 0.05,
    'pace': 0.02,  # seconds between two documents of a till; the service's: 1
    'queue_limit': None,  # how many may wait; None: any number
    'retry_after': 10,
    'marks_fail': False,
    'certificate': 'accepted',
    # What the protocol leaves open.
    'tax_11_12': False,  # whether `tax` takes them
    'use_tax20_known': True,
    'vat20_in_sales': True,  # also in 2026
    'ffd12_in_plain_groups': False,
    'other_payment_types': True,  # 3 to 13
    'content_with_nulls': False,  # whether the status has every field of the content
    'website_names': 'samples',  # ofdWebsite, ofdinn, or as the protocol's `tables` spell them
}


class Orangedata(Till):
    """ All state behind one lock.

    :param Bank bank: Whose clock it shares.
    """

    settings_at_start = SETTINGS
    choices = {**Till.choices, 'certificate': ('accepted', 'refused', 'page'),
               'website_names': ('samples', 'tables')}
    optional = ('queue_limit',)

    def __init__(self, bank):
        self.gate = self.keys = None  # the gate makes the keys when it is opened
        super().__init__(bank, 'application/json; charset=utf-8')

    def reset(self):
        """ Begin anew: no documents, nothing printed. Keys and certificates stay. """
        with self.lock:
            self._busy_until = defaultdict(float)  # by storage
            super().reset()

    def change(self, values):
        """ Change settings. :raise ValueError: If one is unknown or senseless. """
        with self.lock:
            self._busy_until.clear()
            super().change(values)

    def _check_setting(self, name, value):
        whole = name in ('queue_limit', 'retry_after') and value is not None
        if whole or name == 'retry_after':
            if type(value) is not int or not 0 <= value < 10 ** 6:
                raise ValueError(f'{name} must be a whole number, not below 0')
        else:
            super()._check_setting(name, value)

    def credentials(self):
        """ What an accountant would get from the cabinet; opens the register's port. """
        url = self.gate.open()
        return {'url': url, 'inn': INN, 'group': 'Main_2', 'groups': list(GROUPS), 'key': KEY,
                **self.keys.credentials()}

    # === WHO ASKS === #

    def authenticate(self, content, raw, signature):
        """ Check who has signed a body.

        :param content: The body as it was read.
        :param bytes raw: The body as it came.
        :param str signature: The header.
        :raise OrangedataError: If the key is unknown or has not signed it.
        """
        if not isinstance(content, dict):
            raise OrangedataError('документ: неверный тип значения')
        if content.get('inn') != INN:
            raise OrangedataError('inn: организация не найдена')
        if content.get('key') != KEY:
            raise OrangedataError('key: ключ не найден')
        if not self.keys.signed(raw, signature):
            raise OrangedataError(WRONG_SIGNATURE)

    # === DOCUMENTS === #

    def register(self, kind, content):
        """ Take a valid request into the queue.

        :return: What it became, or None if the id was used before in the organisation.
        :rtype: Document|None
        :raise OrangedataError: If it does not go into a fiscal storage.
        :raise OverflowError: If the queue is full.
        """
        with self.lock:
            self.expire()
            if content['id'] in self.documents:
                return None
            said = meaning(kind, content, self.bank.now())
            if size(said) > LARGEST:
                raise OrangedataError(f'content: документ больше {LARGEST} байт')
            limit = self.settings['queue_limit']
            if limit is not None and len(self.waiting()) >= limit:
                raise OverflowError('the queue is full')
            return self.take(Document(
                content['id'], content['id'], GROUPS[group_of(content)][1], said,
                {'kind': kind, 'content': content}, self.bank.now()))

    def find(self, kind, inn, number):
        """ Return a document. :raise OrangedataError: If it is not there. """
        with self.lock:
            self.expire()
            if inn != INN:
                raise OrangedataError('Организация не найдена')
            document = self.documents.get(number)
            if not document or document.request['kind'] != kind:
                raise OrangedataError('Документ не найден')
            return document

    def describe(self, document):
        """ Describe a printed document as OrangeData does, in the status and the callback. """
        data, request = document.fiscal_data, document.request['content']
        if document.request['kind'] == 'itemcode':
            return {'id': document.key, 'content': self._content(document),
                    'checkResult': data,
                    'callbackUrl': request.get('callbackUrl'), 'meta': request.get('meta')}
        site, inn = {'samples': ('ofdWebsite', 'ofdinn'),
                     'tables': ('odfWebsite', 'odfINN')}[self.settings['website_names']]
        return {
            'id': document.key, 'deviceSN': f'0049{document.storage[-6:]}',
            'deviceRN': REGISTRATION, 'fsNumber': document.storage, 'ofdName': 'ОФД песочницы',
            site: 'https://ofd.example.com', inn: '9900000024', 'fnsWebsite': 'www.nalog.gov.ru',
            'companyINN': INN, 'companyName': COMPANY, 'documentNumber': data['1040'],
            'shiftNumber': data['1038'], 'documentIndex': data['1042'],
            'processedAt': data['1012'], 'content': self._content(document),
            'change': self._change(document), 'fp': data['1077'],
            'callbackUrl': request.get('callbackUrl'), 'meta': request.get('meta'),
        }

    def _content(self, document):
        request = document.request
        content = plain(request['content']['content'])
        if not self.settings['content_with_nulls']:
            return content
        return _filled(content_of(request['kind'], document.meaning['1209'], self.settings),
                       content)

    def _change(self, document):
        """ Return the change in roubles; a correction of FFD 1.05 gives none. """
        content = document.request['content']['content']
        if 'positions' not in content:
            return 0
        sold, paid = sold_and_paid(content)
        return float(paid - sold)

    # === THE TILL === #

    def pause(self, document):
        """ Return the seconds until its till takes a document: one after another. """
        now = self.bank.timers.now()
        due = max(now + self.settings['delay'],
                  self._busy_until[document.storage] + self.settings['pace'])
        self._busy_until[document.storage] = due
        return due - now

    def refusal(self, document):
        """ Return the errors of marks where they are not accepted, or None. """
        content = document.request['content']
        if not self.settings['marks_fail'] or content.get('ignoreItemCodeCheck'):
            return None
        marked = [(index, line) for index, line in enumerate(content['content'].get(
            'positions', [])) if 'itemCode' in line]
        return mark_errors(marked) if marked else None

    def _print(self, document):
        """ Print; of a mark that is only checked the result is all there is. """
        if document.request['kind'] == 'itemcode':
            return check_result(not self.settings['marks_fail'])
        return super()._print(document)

    def finished(self, document):
        """ Post the status to the address of the document; nothing is told of what expired. """
        url = document.request['content'].get('callbackUrl')
        status, told = self.status(document)
        if url and told is not None:
            self.callbacks.announce(url, json.dumps(told, ensure_ascii=False), self.settings)

    def status(self, document):
        """ Return the HTTP status and the content of the answer about a document. """
        if document.state == WAITING:
            return 202, None
        if document.error:
            return document.error['status'], document.error['content']
        return 200, self.describe(document)

    def falsify(self, document, kind):
        """ Change what is printed and told of a document: the status repeats its content. """
        super().falsify(document, kind)
        content = copy.deepcopy(document.request['content'])
        if kind == 'sum':
            content['content']['positions'][0]['price'] += 1
        else:
            content['content']['type'] = document.meaning['1054']
        document.request = {**document.request, 'content': content}

    def false_error(self):
        """ Return an error of the till that is told of what it has printed: of marks. """
        return mark_errors([(0, {})])

    def expired_error(self):
        """ Return the error of a document that has waited too long. """
        return failure(EXPIRED)


def failure(status, content=None):
    """ Return the end of a document that was not printed. """
    return {'status': status, 'content': content}


def mark_errors(lines):
    """ Return the error of marks that the authority does not accept.

    :param lines: Pairs of the line's number, from 0, and the line.
    """
    return failure(MARKS, {'errors': [
        {'position': index, 'itemCode': line.get('itemCode'), 'checkResult': check_result(False)}
        for index, line in lines]})


def check_result(good):
    """ Return how a mark was checked; `checkResult` is tag 2106, whose bits 0 to 3 are all set
    where the mark is good.
    """
    return {'fsCheckStatus': 1, 'fsCheckStatusCause': 0, 'fsItemCodeType': 1,
            'checkResult': 0b1111 if good else 0b0101, 'oismCheckResultCode': 0 if good else 1,
            'oismResponse': None}


def _filled(shape, value):
    """ Return a content with `null` for each field that was left out. """
    if isinstance(value, list):
        return [_filled(shape['items'], entry) for entry in value]
    if isinstance(value, dict):
        return {name: _filled(inner, value[name]) if name in value else None
                for name, inner in shape['properties'].items()}
    return float(value) if isinstance(value, int | Decimal) and shape.get(
        'type') == 'number' else value
