""" The state of ATOL Online: two groups of tills, tokens, documents, what was printed. """

import hmac
import json
import math
import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta

from . import till
from .atol_check import ADDRESS, till_refusal
from .atol_meaning import meaning
from .atol_protocol import AtolError, stamp, till_error
from .ffd import qr
from .till import PRINTED, WAITING, Document, Till

TOKEN_LIFE = timedelta(hours=24)
REPORTS_FOR = timedelta(days=32)
# The fiscal storages, invented.
STORAGES = {'v4': '9999078900004004', 'v5': '9999078900005005'}
PAYMENT_ADDRESS = 'https://romashka.example.com'
TAX_SYSTEM = 'usn_income'  # of a document that names none

# What can be switched by the control API, and how it begins. See README.md.
SETTINGS = {
    **till.SETTINGS,
    'inn': '9900000017',  # the tills'; None: not compared with the document's
    'blocked': False,  # error 14
    'token_length': 1000,  # as long as the protocol allows
    'same_token': False,  # getToken answers with the token that lives
    'token_checks_version': True,  # getToken of the other version: 21
    'sums_checked': 'request',  # or by the till
    'v4_sum_checked': True,  # sum of a line is price × quantity in v4 too
    'v5_old_limits': False,  # 42 949 672.95 roubles, 99 999.999 pieces
    'base_number': 'always',  # of a correction of v4, or only of an instruction
    'vat20_in_sales': True,  # also in 2026
    'failed_id_reusable': False,  # external_id of a document that has failed
    'wait_as_error': True,  # a document that waits: error 34, or only the status
    'report_limit': False,  # one report in a second for each group
    'receipt_url': True,
}


@dataclass
class Account:
    """ A login, its group of tills, and the version of the protocol that they speak. """

    version: str
    login: str
    password: str
    group: str
    reported_at: float = -math.inf


class Atol(Till):
    """ All state behind one lock.

    :param Bank bank: Whose clock and address it shares.
    """

    settings_at_start = SETTINGS
    choices = {**Till.choices, 'sums_checked': ('request', 'till'),
               'base_number': ('always', 'instruction')}
    optional = ('inn',)

    def __init__(self, bank):
        self.accounts = {
            version: Account(version, f'romashka-{version}', secrets.token_urlsafe(12),
                             f'romashka_{version}')
            for version in STORAGES
        }
        self.tokens = {}  # token -> account, end of its life
        super().__init__(bank, 'application/json; charset=utf-8')

    def reset(self):
        """ Begin anew: no documents, nothing printed, no tokens. Passwords stay. """
        with self.lock:
            super().reset()
            self.tokens = {}
            for account in self.accounts.values():
                account.reported_at = -math.inf

    def _check_setting(self, name, value):
        super()._check_setting(name, value)
        if name == 'token_length' and not 16 <= value <= 1000:
            raise ValueError('token_length must be from 16 to 1000')

    def credentials(self):
        """ What an accountant would copy from the cabinet, and where the service is. """
        return {version: {
            'url': f'{self.bank.base_url}/atol/possystem/{version}', 'login': account.login,
            'password': account.password, 'group_code': account.group,
            'inn': SETTINGS['inn'], 'payment_address': PAYMENT_ADDRESS,
        } for version, account in self.accounts.items()}

    # === TOKENS === #

    def issue(self, version, login, password):
        """ Issue a token. :raise AtolError: If the login is wrong, or of the other version. """
        account = next((account for account in self.accounts.values() if hmac.compare_digest(
            f'{account.login}\n{account.password}'.encode(), f'{login}\n{password}'.encode())),
            None)
        if not account:
            raise AtolError(12)
        if self.settings['blocked']:
            raise AtolError(14)
        if account.version != version and self.settings['token_checks_version']:
            raise AtolError(21)
        with self.lock:
            now = self.bank.now()
            for token, (owner, end) in self.tokens.items():
                if owner is account and end > now and self.settings['same_token']:
                    return token
            length = self.settings['token_length']
            token = secrets.token_urlsafe(length)[:length]
            self.tokens[token] = account, now + TOKEN_LIFE
            return token

    def account_of(self, token):
        """ Return the account of a token. :raise AtolError: If it is wrong or has expired. """
        with self.lock:
            if token not in self.tokens:
                raise AtolError(10)
            account, end = self.tokens[token]
            if end <= self.bank.now():
                raise AtolError(11)
        if self.settings['blocked']:
            raise AtolError(14)
        return account

    def expire_tokens(self):
        """ End the life of all tokens now: error 11. """
        with self.lock:
            self.tokens = {token: (account, self.bank.now())
                           for token, (account, _end) in self.tokens.items()}

    def revoke_tokens(self):
        """ Forget all tokens: error 10. """
        with self.lock:
            self.tokens = {}

    # === DOCUMENTS === #

    def register(self, account, operation, content):
        """ Take a valid request into the queue.

        :rtype: Document
        :raise AtolError: If the external id was used before in the group.
        """
        key = content['external_id']
        with self.lock:
            for document in self.documents.values():
                if (document.storage, document.key) == (STORAGES[account.version], key) and not (
                    document.error and self.settings['failed_id_reusable']
                ):
                    raise AtolError(33, f'{key}, {account.group}', document.id)
            return self.take(Document(
                str(uuid.uuid4()), key, STORAGES[account.version],
                {**meaning(account.version, operation, content, TAX_SYSTEM),
                 'operation': operation, 'group_code': account.group},
                {'version': account.version, 'operation': operation, 'content': content},
                self.bank.now(),
            ))

    def find(self, account, number):
        """ Return a document of a group. :raise AtolError: If it is not there, or too old. """
        with self.lock:
            self.expire()
            document = self.documents.get(number)
            if not document or document.storage != STORAGES[account.version] or (
                    self.bank.now() - document.taken_at > REPORTS_FOR):
                raise AtolError(30, number)
            return document

    def too_often(self, account):
        """ Return whether a report was asked for less than a second ago, where that counts. """
        now = self.bank.timers.now()
        with self.lock:
            if not self.settings['report_limit']:
                return False
            often = now - account.reported_at < 1
            if not often:
                account.reported_at = now
            return often

    def report(self, document):
        """ Describe a document as ATOL Online does, in the report and in the callback. """
        address = _address(document)
        fits = bool(ADDRESS.match(address))
        return {
            'uuid': document.id, 'error': document.error,
            'status': {WAITING: 'wait', PRINTED: 'done'}.get(document.state, 'fail'),
            'payload': document.fiscal_data and self._payload(document),
            'timestamp': stamp(self.bank.now()), 'group_code': document.meaning['group_code'],
            'daemon_code': 'sandbox-1', 'device_code': f'KKT-{document.storage[-4:]}',
            'warnings': None if fits or not address else {
                'callback_url': 'callback_url не соответствует маске'},
            'external_id': document.key, 'callback_url': address,
        }

    def _payload(self, document):
        data = document.fiscal_data
        day, clock = data['1012'].split('T')
        payload = {
            'total': float(data['1020']), 'fns_site': 'www.nalog.gov.ru',
            'fn_number': data['1041'], 'shift_number': data['1038'],
            'receipt_datetime': f'{".".join(reversed(day.split("-")))} {clock}',
            'fiscal_receipt_number': data['1042'], 'fiscal_document_number': data['1040'],
            'ecr_registration_number': data['1037'],
            'fiscal_document_attribute': int(data['1077']), 'ofd_inn': '9900000024',
        }
        if self.settings['receipt_url']:
            payload['ofd_receipt_url'] = (
                f'{self.bank.base_url}/atol/receipt?{qr(data, document.meaning["1054"])}')
        return payload

    # === THE TILL === #

    def refusal(self, document):
        """ Return the till's error, or None. """
        request = document.request
        content = request['content']
        return till_refusal(request['version'], content.get('receipt', content.get('correction')),
                            self.settings['inn'])

    def finished(self, document):
        """ Post the report to the address of the document. """
        address = _address(document)
        if ADDRESS.match(address):
            self.callbacks.announce(
                address, json.dumps(self.report(document), ensure_ascii=False), self.settings)

    def false_error(self):
        """ Return an error of the till that is told of what it has printed. """
        return till_error(165)

    def expired_error(self):
        """ Return the error of a document that has waited too long. """
        return till_error(-1)


def _address(document):
    return document.request['content'].get('service', {}).get('callback_url', '')
