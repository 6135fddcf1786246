""" The state of a merchant's PayKeeper: token, payments, receipts, what was printed. """

import hmac
import itertools
import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from urllib.parse import urlencode

from . import till
from .ffd import INCOME, INCOME_RETURN, MOSCOW, OUTCOME, OUTCOME_RETURN
from .paykeeper_check import cart_text, check_vat
from .paykeeper_meaning import meaning
from .paykeeper_protocol import ROOT, WRONG_TOKEN, PaykeeperError
from .paykeeper_words import SUMS, TAX_SYSTEMS
from .shape import total
from .till import FAILED, PRINTED, WAITING, Document, Till

USER, STORAGE = 'admin', '9999078900007007'

# What can be switched by the control API, and how it begins. See README.md.
SETTINGS = {
    **till.SETTINGS,
    'queue_timeout': 0.0,
    # What the merchant has in the cabinet.
    'inn': '9900000017', 'payment_address': 'https://romashka.example.com', 'tax_system': 2,
    'ffd': '1.2', 'callback_url': '',
    # What PayKeeper's documentation leaves open.
    'token_seconds': 86400.0,
    'token_answer': 'json',  # the answer to a wrong token: JSON, or the bare text
    'json_as_html': False,
    'ids_as_texts': True,
    'byid_in_list': True,
    'post_sale_in_list': False,
    'payment_id_parameter': 'both',  # of info/receipts/bypaymentid
    'receipt_key_idempotent': True,
    'failed_key_reusable': False,
    'contact_checked': True,
    'return_type': '', 'outcome_type': '', 'outcome_return_type': '',
    'corrections': False,
    'post_sale_turns_cashless': 'never',  # into the offset of a prepayment
    'post_sale_twice': 'refused',
    'default_payment_type': 'full',  # before server 2.6.0 it was `prepay`
    'vat20_in_sales': True,
    'waiting_status': 'created', 'success_status': 'success', 'failed_status': 'failed',
    'fiscal_data': 'flat',
    'fiscal_names': 'short',
}
CHOICES = {
    'tax_system': TAX_SYSTEMS, 'ffd': ('1.05', '1.2'), 'token_answer': ('json', 'text'),
    'payment_id_parameter': ('both', 'payment_id', 'id'),
    'post_sale_turns_cashless': ('never', 'payment', 'always'),
    'post_sale_twice': ('refused', 'same', 'printed'),
    'default_payment_type': ('full', 'prepay'), 'fiscal_data': ('flat', 'nested', 'absent'),
    'fiscal_names': ('short', 'long'),
}
# `short`: a live record of others, 2026-05; `long`: as at ATOL Online, in case.
FISCAL_NAMES = {
    'short': {'1041': 'fn', '1040': 'fnd', '1077': 'fpd', '1037': 'rnkkt', '1038': 'shift_number',
              '1042': 'receipt_number'},
    'long': {'1041': 'fn_number', '1040': 'fiscal_document_number',
             '1077': 'fiscal_document_attribute', '1037': 'ecr_registration_number',
             '1038': 'shift_number', '1042': 'receipt_number'},
}


@dataclass
class Payment:
    """ A payment that PayKeeper has taken, with the cart that was sold. """

    id: str
    amount: Decimal
    contact: str
    cart: list
    order: str


@dataclass
class Order:
    """ What shall be printed: checked, and not yet in the queue. Sums in roubles. """

    kind: int
    cart: list
    sums: dict
    contact: str
    payment: Payment | None = None
    post_sale: bool = False
    key: str | None = None
    type: str = 'sale'
    correction: dict | None = None
    properties: dict | None = None


class Paykeeper(Till):
    """ All state behind one lock.

    :param Bank bank: Whose clock and address it shares.
    """

    settings_at_start = SETTINGS
    choices = {**Till.choices, **CHOICES}

    def __init__(self, bank):
        self.password = secrets.token_urlsafe(12)
        self._receipt_ids, self._payment_ids = itertools.count(7001), itertools.count(901)
        super().__init__(bank, 'application/x-www-form-urlencoded')

    def reset(self):
        """ Begin anew: no payments, nothing printed, no token. The password stays. """
        with self.lock:
            super().reset()
            self.token, self._token_until = '', datetime.min.replace(tzinfo=MOSCOW)
            self.payments = {}

    def credentials(self):
        """ What an accountant would copy from the cabinet, and where the server is. """
        return {'url': f'{self.bank.base_url}{ROOT}', 'user': USER, 'password': self.password,
                'inn': SETTINGS['inn']}

    def knows(self, user, password):
        """ Return whether somebody is the user of the cabinet. """
        return hmac.compare_digest(f'{user}\n{password}'.encode(),
                                   f'{USER}\n{self.password}'.encode())

    # === THE TOKEN === #

    def read_token(self):
        """ Return the token; a stale one is replaced. """
        with self.lock:
            now = self.bank.now()
            if not self.token or now >= self._token_until:
                self.token = secrets.token_hex(16)
                self._token_until = now + timedelta(seconds=self.settings['token_seconds'])
            return self.token

    def revoke_token(self):
        """ Make the token wrong. """
        with self.lock:
            self.token = ''

    def check_token(self, token):
        """ :raise PaykeeperError: If the token is wrong or stale. """
        with self.lock:
            if not self.token or self.bank.now() >= self._token_until or (
                    not hmac.compare_digest(token.encode(), self.token.encode())):
                raise PaykeeperError(WRONG_TOKEN)

    # === PAYMENTS === #

    def add_payment(self, cart, contact, order='', receipt=True):
        """ A customer has paid.

        :param bool receipt: Whether the receipt of the payment is printed.
        :rtype: Payment
        """
        with self.lock:
            number = str(next(self._payment_ids))
            payment = Payment(number, total(cart, 'sum'), contact, cart, order)
            self.payments[payment.id] = payment
            if receipt:
                self.order(Order(INCOME, cart, {'sum_cashless': payment.amount}, contact, payment))
            return payment

    def payment(self, number):
        """ Return a payment. :raise PaykeeperError: If it is not there. """
        if number not in self.payments:
            raise PaykeeperError('Платёж не найден')
        return self.payments[number]

    def kind_of(self, word):
        """ Return tag 1054 of a `type`. :raise PaykeeperError: If the word is unknown. """
        known = {'sale': INCOME, self.settings['return_type']: INCOME_RETURN,
                 self.settings['outcome_type']: OUTCOME,
                 self.settings['outcome_return_type']: OUTCOME_RETURN}
        if not word or word not in known:
            raise PaykeeperError('Неверный тип чека')
        return known[word]

    # === RECEIPTS === #

    def settle(self, payment):
        """ Order the settlement receipt of a payment from its cart. :rtype: Document """
        cart = [{**item, 'payment_type': 'full'} for item in payment.cart]
        return self.order(Order(INCOME, cart, {'sum_advance': payment.amount}, payment.contact,
                                payment, post_sale=True))

    def order(self, order):
        """ Put a receipt into the queue.

        :param Order order: What to print.
        :return: It, or the one that the same key has ordered before.
        :rtype: Document
        :raise PaykeeperError: If the sums do not agree, or it must not be printed again.
        """
        with self.lock:
            before = self._before(order)
            if before:
                return before
            sold, paid = total(order.cart, 'sum'), sum(order.sums.values(), Decimal())
            if sold != paid:
                raise PaykeeperError(f'Сумма корзины {sold} не равна сумме оплат {paid}')
            if not self.settings['vat20_in_sales'] and not order.correction:
                check_vat(order.cart, order.kind, self.bank.now())
            sums = self._turned(order)
            payment_id = order.payment.id if order.payment else ''
            more = {'type': order.type, 'post_sale': order.post_sale, 'payment_id': payment_id,
                    'correction': order.correction}
            if order.properties is not None:
                more['receipt_properties'] = order.properties
            return self.take(Document(
                str(next(self._receipt_ids)), order.key, STORAGE,
                meaning(order.kind, order.cart, sums, order.contact, self.settings, more),
                {'cart': order.cart, 'sums': sums, 'page': str(uuid.uuid4())}, self.bank.now()))

    def _before(self, order):
        """ Return the receipt that is printed already and stands for this one, or None. """
        for document in self.documents.values():
            lost = document.state == FAILED and self.settings['failed_key_reusable']
            if order.key and document.key == order.key and not lost and (
                    self.settings['receipt_key_idempotent']):
                return document
        twice = self.settings['post_sale_twice']
        for document in self.documents.values() if order.payment and order.post_sale else ():
            settled = document.meaning['post_sale'] and document.state != FAILED
            if settled and document.meaning['payment_id'] == order.payment.id:
                if twice == 'refused':
                    raise PaykeeperError('Чек окончательного расчёта уже сформирован')
                if twice == 'same':
                    return document
        return None

    def _turned(self, order):
        """ Return the sums as they are printed. """
        turns = self.settings['post_sale_turns_cashless']
        sums = {**dict.fromkeys(SUMS, Decimal()), **order.sums}
        if order.post_sale and (turns == 'always' or turns == 'payment' and order.payment):
            sums['sum_advance'] += sums['sum_cashless']
            sums['sum_cashless'] = Decimal()
        return sums

    def describe(self, document):
        """ Describe a receipt; most names are guessed. """
        said = document.meaning
        status = {WAITING: 'waiting', PRINTED: 'success', FAILED: 'failed'}[document.state]
        return {
            'id': self.number(document), 'payment_id': said['payment_id'], 'refund_id': '',
            'type': said['type'], 'is_post_sale': said['post_sale'],
            'is_correction': said['correction'] is not None, 'contact': said['1008'],
            **{name: f'{value:.2f}' for name, value in document.request['sums'].items()},
            'cart': cart_text(document.request['cart']), 'receipt_key': document.key or '',
            'fop_receipt_key': document.request['page'],
            'status': self.settings[f'{status}_status'], 'error': document.error or '',
            'created_datetime': document.taken_at.astimezone(MOSCOW).strftime('%Y-%m-%d %H:%M:%S'),
            **self._fiscal(document),
        }

    def number(self, document):
        """ Return the receipt's number as it is answered. """
        return document.id if self.settings['ids_as_texts'] else int(document.id)

    def _fiscal(self, document):
        if not document.fiscal_data or self.settings['fiscal_data'] == 'absent':
            return {}
        names = FISCAL_NAMES[self.settings['fiscal_names']]
        data = {name: str(document.fiscal_data[tag]) for tag, name in names.items()}
        if self.settings['fiscal_names'] == 'short':
            data['ts'] = document.fiscal_data['1012'][:16].replace('-', '').replace(':', '')
        else:
            data['receipt_datetime'] = document.fiscal_data['1012'].replace('T', ' ')
        return {'fiscal_data': data} if self.settings['fiscal_data'] == 'nested' else data

    # === THE TILL === #

    def finished(self, document):
        """ Tell the merchant, where an address is set in the cabinet. """
        if self.settings['callback_url']:
            content = self.describe(document)
            told = {name: content[name] for name in (
                'id', 'payment_id', 'receipt_key', 'status', 'fop_receipt_key')}
            self.callbacks.announce(self.settings['callback_url'], urlencode(
                {**told, **self._fiscal(document)}), self.settings)

    def falsify(self, document, kind):
        """ Change what is printed and told of a document: `sum` or `kind`. """
        super().falsify(document, kind)
        sums = document.request['sums']
        if kind == 'sum':
            paid = next(name for name, value in sums.items() if value)
            document.request['sums'] = {**sums, paid: sums[paid] + 1}
        else:
            words = {INCOME: 'sale', INCOME_RETURN: self.settings['return_type']}
            document.meaning['type'] = words[document.meaning['1054']]

    def false_error(self):
        """ Return an error of the till that is told of what it has printed. """
        return 'Сбой кассы'

    def expired_error(self):
        """ Return the error of a receipt that has waited too long. """
        return 'Касса не ответила вовремя'
