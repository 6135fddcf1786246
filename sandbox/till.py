""" A till behind an online register: documents wait, and are printed once or fail. """

import itertools
import json
import threading
import zlib
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from .callbacks import MODES, Callbacks
from .ffd import MOSCOW
from .lies import Lies
from .timers import Timer

WAITING, PRINTED, FAILED = 'waiting', 'printed', 'failed'
OTHER_KINDS = {1: 2, 2: 1, 3: 4, 4: 3}  # tag 1054
REGISTRATION = '0000000001012345'  # invented, as the numbers of storages are

# What every till has. See README.md.
SETTINGS = {
    'hold': False,  # documents wait for a step
    'delay': 0.3,  # seconds until the till takes a document
    'callbacks': 'once',
    'callback_delay': 5.0,  # seconds, of late callbacks
    'queue_timeout': 300.0,  # seconds until a document that waits fails; 0: never
}


@dataclass
class Document:
    """ One document in the queue.

    :param str id: The register's number.
    :param str|None key: The shop's own.
    :param str storage: The number of the fiscal storage.
    :param dict meaning: What it says: see `ffd`.
    """

    id: str
    key: str | None
    storage: str
    meaning: dict
    request: dict
    taken_at: datetime
    state: str = WAITING
    error: object = None
    fiscal_data: dict | None = None
    due: Timer | None = field(default=None, repr=False)


class Till:
    """ A queue, a till, a ledger, behind one lock; the registers say how they fail and tell.

    :param Bank bank: Whose clock and address it shares.
    :param str content_type: Of the callbacks.
    """

    settings_at_start = SETTINGS
    choices = {'callbacks': MODES}
    optional = ()  # settings that may be None

    def __init__(self, bank, content_type):
        self.bank = bank
        self.lock = threading.RLock()
        self.callbacks = Callbacks(bank.timers, self.lock, content_type)
        self.lies = Lies()
        # Numbers go on after a reset: what is still on its way can't be taken for something new.
        self._numbers, self.shift = itertools.count(1), 0
        self.documents = {}
        self.reset()

    def reset(self):
        """ Begin anew: no documents, nothing printed. """
        with self.lock:
            for document in self.documents.values():
                if document.due:
                    document.due.cancel()
            self.settings = dict(self.settings_at_start)
            self.documents, self.ledger, self.till_errors = {}, [], []
            self._shift_day, self._shift_receipts = None, 0
            self.callbacks.clear()
            self.lies.clear()

    def change(self, values):
        """ Change settings. :raise ValueError: If one is unknown or senseless. """
        for name, value in values.items():
            if name not in self.settings_at_start:
                raise ValueError(f'unknown setting: {name}')
            self._check_setting(name, value)
        with self.lock:
            self.settings.update(values)
            self.plan(self.waiting())  # whatever was kept may go on now

    def _check_setting(self, name, value):
        if name in self.choices and value not in self.choices[name]:
            raise ValueError(f'{name} must be one of {", ".join(self.choices[name])}')
        if value is None and name in self.optional:
            return
        kind = type(self.settings_at_start[name])
        if kind is float:
            if type(value) not in (int, float) or not 0 <= value < 10 ** 9:
                raise ValueError(f'{name} must be a number of seconds')
        elif type(value) is not kind:
            raise ValueError(f'{name}: {value!r} is no such value')

    # === WHAT A REGISTER ADDS === #

    def pause(self, document):
        """ Return the seconds until the till takes a document. """
        return self.settings['delay']

    def refusal(self, document):
        """ Return why the till does not print a document, or None. """

    def finished(self, document):
        """ The document is printed or has failed: tell the shop. """

    def expired_error(self):
        """ Return the error of a document that has waited too long. """
        raise NotImplementedError

    def false_error(self):
        """ Return an error of the till that is told of what it has printed. """
        raise NotImplementedError

    def falsify(self, document, kind):
        """ Change what is printed and told of a document: `sum` or `kind`. """
        said = document.meaning
        if kind == 'sum':
            document.meaning = {**said, '1020': f'{Decimal(said["1020"]) + 1:.2f}'}
        else:
            document.meaning = {**said, '1054': OTHER_KINDS[said['1054']]}

    # === THE QUEUE === #

    def waiting(self):
        """ Return the documents that wait, oldest first. """
        return [document for document in self.documents.values() if document.state == WAITING]

    def take(self, document):
        """ Put a document into the queue. :rtype: Document """
        with self.lock:
            self.documents[document.id] = document
            self.plan([document])
            return document

    def plan(self, documents):
        """ Let the till take these documents after the delay. """
        for document in documents:
            if document.due:
                document.due.cancel()
            document.due = self.bank.timers.after(self.pause(document), self._work, document)

    def _work(self, document):
        with self.lock:
            self.expire()
            if not self.settings['hold']:
                self.finish(document)

    def expire(self):
        """ Let fail what has waited too long by the bank's clock. """
        limit = self.settings['queue_timeout']
        with self.lock:
            for document in self.waiting() if limit else []:
                if (self.bank.now() - document.taken_at).total_seconds() > limit:
                    self.finish(document, self.expired_error())

    # === THE TILL === #

    def step(self, number=None, error=None):
        """ Let the till work at once, also where documents are held.

        :param number: This document only; else all that wait.
        :param error: End in this error instead of printing.
        :rtype: list[Document]
        :raise ValueError: If the document does not wait.
        """
        with self.lock:
            self.expire()
            documents = self.waiting()
            if number is not None:
                documents = [document for document in documents if document.id == str(number)]
                if not documents:
                    raise ValueError(f'document {number} does not wait')
            for document in documents:
                self.finish(document, error)
            return documents

    def order_error(self, error, times=1):
        """ Let the next documents end in an error. :raise ValueError: If senseless. """
        if type(times) is not int or times < 1:
            raise ValueError('times must be a whole number above 0')
        with self.lock:
            self.till_errors.append({'error': error, 'times': times})

    def _ordered_error(self):
        if not self.till_errors:
            return None
        rule = self.till_errors[0]
        rule['times'] -= 1
        if rule['times'] < 1:
            self.till_errors.pop(0)
        return rule['error']

    def finish(self, document, error=None):
        """ Print or fail; never twice, and nothing from before a reset. """
        if self.documents.get(document.id) is not document or document.state != WAITING:
            return
        document.error = error or self._ordered_error() or self.refusal(document)
        if document.error:
            document.state = FAILED
        else:
            self._print_somehow(document, self.lies.take())
        self.finished(document)

    def _print_somehow(self, document, lie):
        """ Print, and tell it or something else: see `lies`. """
        if lie in ('sum', 'kind'):
            self.falsify(document, lie)
        printed = self._print(document)
        if lie == 'twice':
            self._print(document)
        if lie in ('error', 'timeout', 'recovers'):
            document.error = self.expired_error() if lie == 'timeout' else self.false_error()
            document.state = FAILED
            if lie == 'recovers':
                self.bank.timers.after(self.settings['delay'], self._recover, document, printed)
        else:
            document.fiscal_data, document.state = printed, PRINTED

    def _recover(self, document, printed):
        with self.lock:
            if self.documents.get(document.id) is document:
                document.error, document.fiscal_data, document.state = None, printed, PRINTED
                self.finished(document)

    def _print(self, document):
        now = self.bank.now().astimezone(MOSCOW)
        if now.date() != self._shift_day:
            self.shift, self._shift_day, self._shift_receipts = self.shift + 1, now.date(), 0
        self._shift_receipts += 1
        data = {
            '1012': now.strftime('%Y-%m-%dT%H:%M:%S'), '1020': document.meaning['1020'],
            '1037': REGISTRATION, '1038': self.shift, '1040': next(self._numbers),
            '1041': document.storage, '1042': self._shift_receipts,
        }
        data['1077'] = f'{zlib.crc32(json.dumps(data).encode()):010d}'
        self.ledger.append({'id': document.id, 'key': document.key, **document.meaning,
                            'fiscal_data': data})
        return data
