""" The state of KOMTET Kassa: one shop, its queue with one till, the tasks, what was printed. """

import itertools
import json
import secrets
import threading
import zlib
from dataclasses import dataclass, field
from datetime import timedelta, timezone
from decimal import Decimal

from .komtet_callbacks import MODES, Callbacks
from .komtet_check import CORRECTIONS, INTENTS, discount_closes
from .komtet_protocol import KomtetError
from .lies import Lies
from .timers import Timer

SHOP_ID, QUEUE_ID = '10001', 2001
STORAGE, REGISTRATION = '9999078900001234', '0000000001012345'  # fn and rn, invented
OTHER_KINDS = {1: 2, 2: 1, 3: 4, 4: 3}
MOSCOW = 2  # as KOMTET numbers time zones

# What can be switched by the control API, and how it begins. See README.md.
SETTINGS = {
    'queue_state': 'active',  # a passive queue takes checks and keeps them
    'hold': False,  # tasks stay new until a step
    'delay': 0.3,  # seconds until the till takes a task
    'pending_state': 'new',  # how a task that waits is shown
    'callbacks': 'once',
    'callback_delay': 5.0,  # seconds, of late callbacks
    'discounts': False,  # total may differ from price × quantity
    'nested_task': False,  # the answer to a new check is nested under `task`
    'receipt_url': True,  # or it is left out
    'inn': '9900000017',  # the till's; None: not compared with the check's
}
CHOICES = {'queue_state': ('active', 'passive'), 'callbacks': MODES}


@dataclass
class Task:
    """ One check in the queue. Amounts in roubles. """

    id: int
    check: dict
    total: Decimal
    state: str = 'new'
    error_description: str | None = None
    fiscal_data: dict | None = None
    due: Timer | None = field(default=None, repr=False)

    @property
    def external_id(self):
        """ The shop's own id, as it was sent. """
        return self.check['external_id']


class Kassa:
    """ All state behind one lock.

    :param Bank bank: Whose clock and address it shares.
    """

    def __init__(self, bank):
        self.bank = bank
        self.lock = threading.RLock()
        self.secret = secrets.token_hex(16)
        self.callbacks = Callbacks(self)
        self.lies = Lies()
        # Numbers go on after a reset: what is still on its way can't be taken for something new.
        self._task_ids, self._documents = itertools.count(50001), itertools.count(1)
        self.shift = 0
        self.tasks = {}
        self.reset()

    def reset(self):
        """ Begin anew: no tasks, nothing printed. The secret stays. """
        with self.lock:
            for task in self.tasks.values():
                if task.due:
                    task.due.cancel()
            self.settings = dict(SETTINGS)
            self.tasks = {}
            self.ledger = []
            self.shift_day, self.shift_receipts = None, 0
            self.till_errors = []
            self.callbacks.clear()
            self.lies.clear()

    def credentials(self):
        """ What an accountant would copy from the cabinet, and where the service is. """
        return {'url': f'{self.bank.base_url}/komtet', 'shop_id': SHOP_ID, 'secret': self.secret,
                'queue_id': QUEUE_ID}

    def change(self, values):
        """ Change settings. :raise ValueError: If one is unknown or senseless. """
        for name, value in values.items():
            if name not in SETTINGS:
                raise ValueError(f'unknown setting: {name}')
            if name in CHOICES and value not in CHOICES[name]:
                raise ValueError(f'{name} must be one of {", ".join(CHOICES[name])}')
            kinds = {bool: bool, float: (int, float), str: str}[type(SETTINGS[name])]
            if not isinstance(value, kinds) and not (name == 'inn' and value is None):
                raise ValueError(f'{name}: {value!r} is no such value')
            if name.endswith('delay') and (isinstance(value, bool) or not 0 <= value < 10 ** 6):
                raise ValueError(f'{name} must be a number of seconds')
        with self.lock:
            self.settings.update(values)
            # Whatever was kept may go on now.
            self._plan([task for task in self.tasks.values() if task.state == 'new'])

    # === THE QUEUE === #

    def describe_queue(self):
        """ Describe the queue as KOMTET does. """
        return {'id': QUEUE_ID, 'name': 'Касса ООО «Ромашка»',
                'state': self.settings['queue_state']}

    def take(self, checks):
        """ Take checks into the queue, all or none.

        :param list[tuple[dict, Decimal]] checks: Valid checks with their totals.
        :rtype: list[Task]
        :raise KomtetError: If an external id was used before, even by a check that failed.
        """
        with self.lock:
            used = {str(task.external_id) for task in self.tasks.values()}
            for check, _total in checks:
                external_id = str(check['external_id'])
                if external_id in used:
                    raise KomtetError(422, 'VLD11', (
                        f'Чек с внешним идентификатором {external_id} уже существует. '
                        'Измените идентификатор или прекратите отправку чека'))
                used.add(external_id)
            tasks = [Task(next(self._task_ids), check, total) for check, total in checks]
            self.tasks.update({task.id: task for task in tasks})
            self._plan(tasks)
            return tasks

    def describe_new(self, task):
        """ Describe a task as the answer to its check does. """
        created = {'id': task.id, 'external_id': task.external_id, 'print_queue_id': QUEUE_ID,
                   'state': 'new'}
        return {'task': created} if self.settings['nested_task'] else created

    def describe(self, task):
        """ Describe a task as KOMTET does. """
        with self.lock:
            described = {
                'id': task.id, 'external_id': task.external_id,
                'state': self.settings['pending_state'] if task.state == 'new' else task.state,
                'error_description': task.error_description, 'fiscal_data': task.fiscal_data,
            }
            if self.settings['receipt_url']:
                data = task.fiscal_data
                described['receipt_url'] = data and (
                    f'{self.bank.base_url}/komtet/receipt/{data["fn"]}/{data["i"]}/{data["fp"]}')
            return described

    # === THE TILL === #

    def _plan(self, tasks):
        """ Let the till take these tasks after the delay. """
        for task in tasks:
            if task.due:
                task.due.cancel()
            task.due = self.bank.timers.after(self.settings['delay'], self._work, task)

    def _work(self, task):
        with self.lock:
            if self.settings['queue_state'] == 'active' and not self.settings['hold']:
                self._finish(task)

    def step(self, task_id=None, error=None):
        """ Let the till work at once, also where tasks are held.

        :param int|None task_id: This task only; else all that wait.
        :param str|None error: End in this error instead of printing.
        :rtype: list[Task]
        :raise ValueError: If the queue is passive, or the task does not wait.
        """
        if not isinstance(error, str | None):
            raise ValueError('error must be a text')
        with self.lock:
            if self.settings['queue_state'] != 'active':
                raise ValueError('the queue is passive')
            waiting = [task for task in self.tasks.values() if task.state == 'new']
            if task_id is not None:
                waiting = [task for task in waiting if task.id == task_id]
                if not waiting:
                    raise ValueError(f'task {task_id} does not wait')
            for task in waiting:
                self._finish(task, error)
            return waiting

    def _finish(self, task, error=None):
        """ Print a check or fail; never twice, and nothing from before a reset. """
        if self.tasks.get(task.id) is not task or task.state != 'new':
            return
        task.error_description = error or self._till_error() or self._refusal(task.check)
        if task.error_description:
            task.state = 'error'
        else:
            self._print_somehow(task, self.lies.take())
        self._tell(task)

    def _tell(self, task):
        if 'callback_url' in task.check:
            self.callbacks.announce(task.check['callback_url'], self.describe(task))

    def _print_somehow(self, task, lie):
        """ Print, and tell it or something else: see `lies`. """
        printed = self._print(task, lie)
        if lie == 'twice':
            self._print(task)
        if lie in ('error', 'timeout', 'recovers'):
            task.state = 'error'
            task.error_description = 'Касса не ответила' if lie == 'timeout' else 'Сбой кассы'
            if lie == 'recovers':
                self.bank.timers.after(self.settings['delay'], self._recover, task, printed)
        else:
            task.fiscal_data, task.state = printed, 'done'

    def _recover(self, task, printed):
        with self.lock:
            if self.tasks.get(task.id) is task:
                task.error_description, task.fiscal_data, task.state = None, printed, 'done'
                self._tell(task)

    def order_error(self, text, times=1):
        """ Let the next checks end in an error of the till. :raise ValueError: If senseless. """
        if not isinstance(text, str) or not text or type(times) is not int or times < 1:
            raise ValueError('text must be a text, times a whole number above 0')
        with self.lock:
            self.till_errors.append({'text': text, 'times': times})

    def _till_error(self):
        """ Return the next error that was ordered, or None. """
        if not self.till_errors:
            return None
        rule = self.till_errors[0]
        rule['times'] -= 1
        if rule['times'] < 1:
            self.till_errors.pop(0)
        return rule['text']

    def _refusal(self, check):
        """ Return why the till does not print a check, or None. """
        inn = check['company'].get('inn')
        if self.settings['inn'] and inn and inn != self.settings['inn']:
            return f'ИНН чека {inn} не совпадает с ИНН ККТ {self.settings["inn"]}'
        if self.settings['discounts'] and not all(map(discount_closes, check['positions'])):
            return 'Сумма позиции не сходится с ценой и количеством'
        return None

    def _print(self, task, lie=''):
        check = task.check
        total = task.total + 1 if lie == 'sum' else task.total
        kind = {**INTENTS, **CORRECTIONS}[check['intent']]
        zone = timezone(timedelta(hours=check.get('timezone', MOSCOW) + 1))
        now = self.bank.now().astimezone(zone)
        if now.date() != self.shift_day:
            self.shift, self.shift_day, self.shift_receipts = self.shift + 1, now.date(), 0
        self.shift_receipts += 1
        data = {
            'i': str(next(self._documents)), 'fn': STORAGE, 'fp': '',
            't': now.strftime('%Y%m%dT%H%M'), 's': f'{total:.2f}',
            'n': OTHER_KINDS[kind] if lie == 'kind' else kind, 'rn': REGISTRATION,
            'sh': str(self.shift), 'shn': str(self.shift_receipts),
        }
        data['fp'] = f'{zlib.crc32(json.dumps(data).encode()):010d}'
        self.ledger.append({
            'task_id': task.id, 'external_id': task.external_id, 'intent': check['intent'],
            'total': data['s'], 'fiscal_data': data,
        })
        return data
