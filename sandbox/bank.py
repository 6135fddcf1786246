""" The state of the bank: who its customers are, what was paid, and what time it is. """

import copy
import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal

from cryptography.hazmat.primitives.asymmetric import rsa

from .consents import Consents
from .errors import BankError
from .history import returned, settled_status, told
from .partner import Partner
from .timers import Timers
from .world import ALL_PERMISSIONS, VARIANTS, WORLD

MOSCOW = timezone(timedelta(hours=3))
YEKATERINBURG = timezone(timedelta(hours=5))
MODES = ('sbp', 'card', 'tinkoff', 'dolyame')
STATUSES = ('CREATED', 'APPROVED', 'ON-REFUND', 'REFUNDED', 'EXPIRED', 'REFUNDED_PARTIALLY',
            'AUTHORIZED', 'WAIT_FULL_PAYMENT')
OUTCOMES = ('pay', 'decline')
DEFAULT_TTL = 10080  # minutes
PAGE_LIFE = timedelta(hours=1)


def iso(moment, zone=MOSCOW):
    """ Write a moment as the bank does. """
    return moment.astimezone(zone).isoformat(timespec='seconds')


@dataclass
class Operation:
    """ One payment link and what was paid by it. Amounts in roubles. """

    request: dict
    amount: Decimal
    created_at: datetime
    expires_at: datetime
    operation_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    status: str = 'CREATED'
    receipt: dict | None = None
    payment_link_id: str = ''
    merchant_id: str = ''
    modes: list = field(default_factory=list)
    payment_type: str = ''
    payment_id: str = ''
    transaction_id: str = ''
    paid_at: datetime | None = None
    opened_at: datetime | None = None
    on_refund_until: datetime | None = None
    orders: list = field(default_factory=list)
    declines: int = 0


class Bank:
    """ All state behind one lock; every public method is one step of the bank.

    :param str base_url: Where the sandbox is reached, for payment links.
    """

    def __init__(self, base_url='http://127.0.0.1'):
        self.base_url = base_url
        self.lock = threading.RLock()
        self.token_key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
        self.webhook_key = rsa.generate_private_key(public_exponent=65537, key_size=3072)
        self.listeners = []
        self.timers = Timers()
        self.reset()

    def reset(self):
        """ Begin anew: the default world, no operations, real time. """
        with self.lock:
            self.world = copy.deepcopy(WORLD)
            self.variants = dict(VARIANTS)
            self.operations = {}
            self.used_link_ids = set()
            self.partner = Partner()
            self.sequence = 1000
            self.clock_offset = timedelta()
            self.clock_frozen = None
            self.timers.stand_still(False)
            self.clients = {}
            self.add_client('sandbox-client')
            self.oauth = Consents(self)

    # === TIME === #

    def now(self):
        """ Return the bank's time. """
        return (self.clock_frozen or datetime.now(timezone.utc)) + self.clock_offset

    # === KEYS === #

    def add_client(self, client_id, permissions=ALL_PERMISSIONS, customer_codes=None):
        """ Issue a JWT key.

        :return: The key.
        :rtype: str
        """
        import jwt
        token = jwt.encode(
            {'iss': client_id, 'sub': 'sandbox', 'jti': str(uuid.uuid4())}, self.token_key,
            algorithm='RS256',
        )
        with self.lock:
            self.clients[client_id] = {
                'client_id': client_id,
                'token': token,
                'permissions': list(permissions),
                'customer_codes': customer_codes,
                'webhook': None,
            }
        return token

    def find_client(self, token):
        """ Return the client id of a key, or None. """
        with self.lock:
            return next((i for i, c in self.clients.items() if c['token'] == token), None)

    def visible_customers(self, client):
        """ Return the customers that a key gives access to. """
        codes = client['customer_codes']
        return [c for c in self.world['customers'] if codes is None or c['customerCode'] in codes]

    def check_customer(self, client, customer_code):
        """ :raise BankError: If the key gives no access to the customer. """
        if customer_code not in [c['customerCode'] for c in self.visible_customers(client)]:
            raise BankError(403, 'Forbidden by consent')

    # === OPERATIONS === #

    def create(self, client, request, amount, receipt=None):
        """ Create an operation.

        :param dict|None receipt: What the partner shall print when it is paid.
        :raise BankError: If the bank refuses.
        """
        with self.lock:
            self.check_customer(client, request['customerCode'])
            retailer = self._choose_retailer(request)
            modes = list(request['paymentMode'])
            refused = [mode for mode in modes if mode not in retailer['paymentModes']]
            if refused and self.variants['disabled_mode_refused']:
                raise BankError(400, f'paymentMode: {", ".join(refused)} is not available')
            modes = [mode for mode in modes if mode not in refused]
            if not modes:
                raise BankError(400, 'paymentMode: no available payment mode')
            if receipt and not retailer.get('cashbox'):
                # A partner's till is a precondition. The refusal without one is not documented;
                # 424 is what the bank gives to whatever its business forbids.
                raise BankError(424, 'Cashbox is not connected')
            link_id = request.get('paymentLinkId')
            while link_id is None or (
                'paymentLinkId' not in request
                and (request['customerCode'], link_id) in self.used_link_ids
            ):
                self.sequence += 1
                link_id = str(self.sequence)
            if (request['customerCode'], link_id) in self.used_link_ids:
                # Recorded at the live bank in October 2026.
                raise BankError(424, f'Ошибка валидации: заказ с номером {link_id} существует')
            self.used_link_ids.add((request['customerCode'], link_id))
            now = self.now()
            operation = Operation(
                request=copy.deepcopy(request),
                amount=amount,
                created_at=now,
                expires_at=now + timedelta(minutes=request.get('ttl') or DEFAULT_TTL),
                receipt=copy.deepcopy(receipt),
                payment_link_id=link_id,
                merchant_id=retailer['merchantId'],
                modes=modes,
            )
            self.operations[operation.operation_id] = operation
            return operation

    def _choose_retailer(self, request):
        retailers = [
            r for r in self.world['retailers'].get(request['customerCode'], ())
            if r['status'] == 'REG' and r['isActive']
        ]
        merchant_id = request.get('merchantId')
        if merchant_id:
            retailers = [r for r in retailers if r['merchantId'] == merchant_id]
            if not retailers:
                raise BankError(403, 'Forbidden by consent')
        if not retailers:
            raise BankError(424, 'Internet acquiring is not connected')
        if len(retailers) > 1:
            raise BankError(400, 'merchantId: field required, there are several retailers')
        return retailers[0]

    def get(self, operation_id):
        """ Return an operation, brought up to date. :raise BankError: If it is unknown. """
        with self.lock:
            operation = self.operations.get(operation_id)
            if not operation:
                raise BankError(424, f'Operation {operation_id} not found')
            self._age(operation)
            return operation

    def get_for(self, client, operation_id):
        """ Return an operation that the key may see. """
        operation = self.get(operation_id)
        self.check_customer(client, operation.request['customerCode'])
        return operation

    def list(self, customer_code):
        """ Return the operations of a customer, newest first. """
        operations = [o for o in self.all() if o.request['customerCode'] == customer_code]
        return sorted(operations, key=lambda o: o.created_at, reverse=True)

    def all(self):
        """ Return the operations of all customers, oldest first, brought up to date. """
        with self.lock:
            operations = list(self.operations.values())
            for operation in operations:
                self._age(operation)
            return operations

    def _age(self, operation):
        late = timedelta(seconds=self.variants['expired_late_seconds'])
        if operation.status == 'CREATED' and self.now() >= operation.expires_at + late:
            operation.status = 'EXPIRED'
        if operation.on_refund_until and self.now() >= operation.on_refund_until:
            operation.on_refund_until = None
            if self.variants['refund_undone']:
                operation.orders.remove(
                    [order for order in operation.orders if order['type'] == 'refund'][-1])
            operation.status = settled_status(operation, operation.orders)

    # === PAYING === #

    def open_page(self, operation_id):
        """ The payer opens the link: from now on he has an hour, until he opens it again. """
        with self.lock:
            operation = self.get(operation_id)
            operation.opened_at = self.now()
            return operation

    def pay(self, operation_id, method, outcome='pay', paid_at=None):
        """ The payer acts on the page.

        :param str method: A payment mode.
        :param str outcome: `pay` or `decline`.
        :raise BankError: If the link does not take this payment.
        """
        if outcome not in OUTCOMES:
            raise BankError(400, f'outcome: must be one of {", ".join(OUTCOMES)}')
        with self.lock:
            operation = self.get(operation_id)
            late = self.variants['late_pay'] and operation.status == 'EXPIRED'
            if operation.status != 'CREATED' and not late:
                raise BankError(424, f'Operation is {operation.status}')
            if self.now() >= operation.expires_at and not self.variants['late_pay']:
                raise BankError(424, 'The link has expired')
            if operation.opened_at and self.now() >= operation.opened_at + PAGE_LIFE and not late:
                raise BankError(424, 'The page has expired, open the link again')
            if method not in operation.modes:
                raise BankError(400, f'{method} is not available')
            if outcome == 'decline':
                operation.declines += 1  # the operation stays CREATED
                return operation
            operation.paid_at = paid_at or self.now()
            operation.payment_type = method
            operation.payment_id = f'A{uuid.uuid4().hex[:31].upper()}'
            if method == 'sbp':
                operation.transaction_id = str(uuid.uuid4())
            # SBP ignores preAuthorization.
            if operation.request.get('preAuthorization') and method == 'card':
                operation.status = 'AUTHORIZED'
                self._add_order(operation, 'authorized', operation.amount)
            elif method == 'dolyame' and self.variants['wait_full_payment']:
                operation.status = 'WAIT_FULL_PAYMENT'
            else:
                self._approve(operation)
            self._tell(operation)
            return operation

    def finish_instalments(self, operation_id):
        """ The last instalment has come: WAIT_FULL_PAYMENT becomes APPROVED. """
        with self.lock:
            operation = self.get(operation_id)
            if operation.status != 'WAIT_FULL_PAYMENT':
                raise BankError(424, f'Operation is {operation.status}')
            self._approve(operation)
            self._tell(operation)
            return operation

    def capture(self, operation_id):
        """ Take the whole held amount. :raise BankError: If nothing is held. """
        with self.lock:
            operation = self.get(operation_id)
            if operation.status != 'AUTHORIZED':
                raise BankError(424, f'Capture is impossible in status {operation.status}')
            self._approve(operation)
            self._tell(operation)
            return operation

    def _approve(self, operation):
        """ The whole money has come: the partner prints the receipt. """
        operation.status = 'APPROVED'
        self._add_order(operation, 'approval', operation.amount)
        self.partner.print(operation, self.now())

    def refund(self, operation_id, amount):
        """ Return money. There is no idempotency: each call is one more refund.

        :return: The `orderId` to answer with.
        :rtype: str
        :raise BankError: If the bank refuses.
        """
        with self.lock:
            operation = self.get(operation_id)
            allowed = ['APPROVED']
            if self.variants['second_refund']:
                allowed.append('REFUNDED_PARTIALLY')
            status, entries = operation.status, operation.orders
            if self.variants['refund_counts_when_listed']:
                status, entries = told(operation, self.now(), self.variants)
            if status not in allowed:
                raise BankError(424, f'Refund is impossible in status {status}')
            if amount > operation.amount - returned(entries):
                raise BankError(424, 'Refund amount is more than the rest of the payment')
            order_id = self._add_order(operation, 'refund', amount)
            seconds = self.variants['on_refund_seconds']
            if seconds:
                operation.status = 'ON-REFUND'
                operation.on_refund_until = self.now() + timedelta(seconds=seconds)
            else:
                operation.status = settled_status(operation, operation.orders)
            return str(uuid.uuid4()) if self.variants['refund_order_id_differs'] else order_id

    def receipts(self, operation_id=None):
        """ Return the receipts that the partner has printed, oldest first. """
        with self.lock:
            return [
                dict(receipt) for receipt in self.partner.printed
                if operation_id in (None, receipt['operation_id'])
            ]

    def _add_order(self, operation, kind, amount):
        order_id = str(uuid.uuid4())
        operation.orders.append(
            {'orderId': order_id, 'type': kind, 'amount': amount, 'time': self.now()}
        )
        return order_id

    def _tell(self, operation):
        for listener in self.listeners:
            listener(operation)
