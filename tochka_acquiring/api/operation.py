# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" What the bank answers, read leniently: unknown fields and values are no error, but an answer
whose money or identity can't be read is worth nothing.
"""

import re
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from decimal import Decimal, InvalidOperation
from zoneinfo import ZoneInfo

from .. import const
from .errors import Unreadable

# What a JSON number or a quoted decimal can look like; Decimal itself reads far more.
_AMOUNT = re.compile(r'[0-9]+(\.[0-9]+)?([eE][+-]?[0-9]+)?')
# The bank began in 2015; a moment from before is a zero or a slip.
_EPOCH = datetime(2015, 1, 1, tzinfo=timezone.utc)
# PostgreSQL keeps neither NUL nor half a pair of UTF-16.
_UNSTORABLE = re.compile('[\x00\ud800-\udfff]')


def to_amount(value):
    """ Read an amount of the bank.

    :param str|int|float|Decimal value: Roubles; the bank sends numbers and quoted decimals.
    :return: Roubles with two decimals.
    :rtype: Decimal
    :raise ValueError: If it is no amount in roubles and kopecks.
    """
    # str() of a float is its shortest exact form: 0.1 reads as 0.1.
    text = str(value).strip()
    if not _AMOUNT.fullmatch(text):
        raise ValueError("no amount")
    try:
        amount = Decimal(text)
        rounded = amount.quantize(Decimal('0.01'))
    except InvalidOperation as error:
        raise ValueError("no amount") from error
    if rounded != amount:
        raise ValueError("no amount in roubles and kopecks")
    return rounded


def to_moment(value):
    """ Read a moment of the bank, which mixes offsets within one answer.

    :param str|None value: An ISO 8601 moment; without an offset it is the bank's time.
    :return: An aware moment, or None when there is none that can be read or believed.
    :rtype: datetime|None
    """
    try:
        moment = datetime.fromisoformat(str(value).replace('Z', '+00:00'))
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=ZoneInfo(const.BANK_TIME_ZONE))
        return moment if moment.astimezone(timezone.utc) >= _EPOCH else None
    except (OverflowError, ValueError):  # also a day that no zone can be counted from
        return None


def to_past_moment(value):
    """ Read the moment of something that has happened.

    :param str|None value: See `to_moment`.
    :return: An aware moment; None for one that is still to come, give or take a day of the clocks.
    :rtype: datetime|None
    """
    moment = to_moment(value)
    if moment and moment > datetime.now(timezone.utc) + timedelta(days=1):
        return None
    return moment


def to_storable(text):
    """ Return a text with a mark in place of each character that no database keeps.

    :param str text: Whatever came over the network.
    :rtype: str
    """
    return _UNSTORABLE.sub('\ufffd', text)


def required_text(data, name):
    """ Return a field that must be a non-empty string.

    :raise ValueError: If it is missing or empty.
    """
    value = data.get(name)
    if not isinstance(value, str) or not value:
        raise ValueError(f'{name} is missing')
    return to_storable(value)


def optional_text(data, name):
    """ Return a field as a string, or None when it is missing or empty. """
    value = data.get(name)
    return to_storable(str(value)) if value not in (None, '') else None


def to_modes(value):
    """ Return payment modes as a tuple, whether sent as a list or as one string.

    :raise ValueError: If it is neither.
    """
    if isinstance(value, str):
        value = [value]
    if not isinstance(value or [], (list, tuple)):
        raise ValueError("no list of payment modes")
    return tuple(str(mode) for mode in value or ())


@dataclass(frozen=True)
class Order:
    """ One movement of money in an operation: `approval`, `authorized` or `refund`. """

    order_id: str | None
    type: str
    amount: Decimal
    time: datetime | None


def read_history(entries):
    """ Read the movements of an operation; one that can't be read must not hide the others.

    :param list|None entries: `Order[]`.
    :return: The movements, and how many entries can't be read.
    :rtype: tuple[tuple[Order, ...], int]
    :raise ValueError: If it is no list.
    """
    if not isinstance(entries or [], list):
        raise ValueError("Order is no list")
    orders, unread = [], 0
    for entry in entries or ():
        try:
            amount = to_amount(entry.get('amount'))
            if not amount:
                continue  # It moves nothing, and is no refund that could be booked.
            orders.append(Order(
                order_id=optional_text(entry, 'orderId'),
                type=required_text(entry, 'type'),
                amount=amount,
                time=to_past_moment(entry.get('time')),
            ))
        except (ValueError, AttributeError):
            unread += 1
    return tuple(orders), unread


@dataclass(frozen=True)
class Operation:
    """ An operation as reading and listing return it. Amounts in roubles. Source: API. """

    operation_id: str
    status: str
    amount: Decimal
    payment_link: str | None = None
    customer_code: str | None = None
    merchant_id: str | None = None
    payment_link_id: str | None = None
    payment_type: str | None = None
    payment_modes: tuple = ()
    purpose: str | None = field(default=None, repr=False)
    created_at: datetime | None = None
    paid_at: datetime | None = None
    payment_id: str | None = None
    transaction_id: str | None = None
    orders: tuple = ()
    # How many entries of the history can't be read. What it doesn't list may be among them.
    unread: int = 0
    # When the bank was asked.
    asked_at: datetime | None = field(default=None, compare=False)
    # `Client`, `Items` and `taxSystemCode` as the bank writes them; None without a receipt.
    receipt: dict | None = field(default=None, repr=False)

    @classmethod
    def from_api(cls, data, asked_at=None):
        """ Read an operation.

        :param dict data: One entry of `Data.Operation`.
        :param datetime|None asked_at: When the bank was asked, aware. An older answer must not
                                       undo a newer one.
        :rtype: Operation
        :raise Unreadable: If identity, status or money can't be read.
        """
        try:
            orders, unread = read_history(data.get('Order'))
            return cls(
                operation_id=required_text(data, 'operationId'),
                status=required_text(data, 'status'),
                amount=to_amount(data.get('amount')),
                payment_link=optional_text(data, 'paymentLink'),
                customer_code=optional_text(data, 'customerCode'),
                merchant_id=optional_text(data, 'merchantId'),
                payment_link_id=optional_text(data, 'paymentLinkId'),
                payment_type=optional_text(data, 'paymentType'),
                payment_modes=to_modes(data.get('paymentMode')),
                purpose=optional_text(data, 'purpose'),
                created_at=to_moment(data.get('createdAt')),
                paid_at=to_past_moment(data.get('paidAt')),
                payment_id=optional_text(data, 'paymentId'),
                transaction_id=optional_text(data, 'transactionId'),
                orders=orders,
                unread=unread,
                asked_at=asked_at,
                receipt={
                    name: data.get(name) for name in ('Client', 'Items', 'taxSystemCode')
                } if data.get('Items') else None,
            )
        except (ValueError, AttributeError) as error:
            raise Unreadable(
                f'The bank described an operation that can not be read: {error}'
            ) from error

    @property
    def is_paid(self):
        """ Whether the bank says that money was taken, or is on its way. """
        return self.status in (
            *const.OPERATION_STATUS_MAPPING['done'], *const.OPERATION_STATUS_MAPPING['pending'])

    @property
    def lists_money(self):
        """ Whether the history lists money that was taken or held. """
        return any(order.type in ('approval', 'authorized') for order in self.orders)

    @property
    def may_be_paid(self):
        """ Whether money may have been taken: also for a status that is not known. """
        return self.lists_money or bool(self.unread) or self.status not in (
            *const.OPERATION_STATUS_MAPPING['draft'], *const.OPERATION_STATUS_MAPPING['cancel'])

    @property
    def refunds(self):
        """ The refunds of the history, each once.

        Nowhere is it said that the bank's id is unique: two refunds may carry one. Entries of one
        id and one amount are one refund, listed twice: whatever time they show, money that is
        taken for two would be booked, and told the tax office of, twice.

        :rtype: list[Order]
        """
        found, known = [], set()
        for order in self.orders:
            if order.type == 'refund' and order.amount > 0 and (
                order.order_id, order.amount) not in known:
                found.append(order)
                if order.order_id:
                    known.add((order.order_id, order.amount))
        return found

    @property
    def refunded(self):
        """ The sum of the refunds, in roubles. `Order` is the only history of refunds.

        :rtype: Decimal
        """
        return sum((o.amount for o in self.orders if o.type == 'refund'), Decimal('0.00'))


@dataclass(frozen=True)
class CreatedPayment:
    """ The answer to creating an operation. Amount in roubles. Source: API. """

    operation_id: str
    payment_link: str
    amount: Decimal
    status: str
    payment_link_id: str | None = None
    payment_modes: tuple = ()

    @classmethod
    def from_api(cls, data):
        """ Read the answer.

        :param dict data: `Data`.
        :rtype: CreatedPayment
        :raise Unreadable: If identity, link or money can't be read.
        """
        try:
            return cls(
                operation_id=required_text(data, 'operationId'),
                payment_link=required_text(data, 'paymentLink'),
                amount=to_amount(data.get('amount')),
                status=optional_text(data, 'status') or 'CREATED',
                payment_link_id=optional_text(data, 'paymentLinkId'),
                payment_modes=to_modes(data.get('paymentMode')),
            )
        except ValueError as error:
            raise Unreadable(
                f'The bank described a new operation that can not be read: {error}'
            ) from error


@dataclass(frozen=True)
class Customer:
    """ A company (Business) or a person (Personal) that the key gives access to. Source: API. """

    customer_code: str
    type: str
    name: str | None = field(default=None, repr=False)
    short_name: str | None = field(default=None, repr=False)
    inn: str | None = field(default=None, repr=False)
    kpp: str | None = None
    ogrn: str | None = None

    @classmethod
    def from_api(cls, data):
        """ Read one entry of `Data.Customer`. :raise ValueError: If it has no code. """
        return cls(
            customer_code=required_text(data, 'customerCode'),
            type=optional_text(data, 'customerType') or '',
            name=optional_text(data, 'fullName'),
            short_name=optional_text(data, 'shortName'),
            inn=optional_text(data, 'taxCode'),
            kpp=optional_text(data, 'kpp'),
            ogrn=optional_text(data, 'customerOgrn'),
        )


@dataclass(frozen=True)
class Retailer:
    """ A shop of the acquiring contract; `rate` is the card commission in %. Source: API. """

    merchant_id: str | None
    status: str
    is_active: bool
    name: str | None = None
    url: str | None = None
    mcc: str | None = None
    rate: Decimal | None = None
    payment_modes: tuple = ()
    cashbox: str | None = None
    terminal_id: str | None = None

    @classmethod
    def from_api(cls, data):
        """ Read one entry of `Data.Retailer`. """
        try:
            rate = Decimal(str(data.get('rate')))
            rate = rate if 0 <= rate <= 100 else None
        except InvalidOperation:  # also of a comparison: "NaN" is a Decimal
            rate = None
        return cls(
            merchant_id=optional_text(data, 'merchantId'),
            status=optional_text(data, 'status') or '',
            # LINKS prints it as a quoted "true".
            is_active=str(data.get('isActive')).lower() == 'true',
            name=optional_text(data, 'name'),
            url=optional_text(data, 'url'),
            mcc=optional_text(data, 'mcc'),
            rate=rate,
            payment_modes=to_modes(data.get('paymentModes')),
            cashbox=optional_text(data, 'cashbox'),
            terminal_id=optional_text(data, 'terminalId'),
        )

    @property
    def usable(self):
        """ Whether the shop takes payments now. Source: LINKS. """
        return self.status == const.USABLE_RETAILER_STATUS and self.is_active


@dataclass(frozen=True)
class Account:
    """ An account of a company at the bank. Source: API. """

    customer_code: str
    number: str
    bic: str | None = None
    currency: str | None = None
    status: str | None = None

    @classmethod
    def from_api(cls, data):
        """ Read one entry of `Data.Account`, whose id is `number/BIC`.

        :raise ValueError: If it has no number or no company.
        """
        number, _slash, bic = required_text(data, 'accountId').partition('/')
        return cls(
            customer_code=required_text(data, 'customerCode'),
            number=number,
            bic=bic or None,
            currency=optional_text(data, 'currency'),
            status=optional_text(data, 'status'),
        )


@dataclass(frozen=True)
class AcceptedRefund:
    """ The answer to a request for a refund. Amount in roubles. Source: API.

    Whether `order_id` is the one that the history shows later is documented nowhere.
    """

    operation_id: str | None
    amount: Decimal
    order_id: str | None = None

    @classmethod
    def from_api(cls, data):
        """ Read the answer.

        :param dict data: `Data`.
        :rtype: AcceptedRefund
        :raise Unreadable: If it does not say that the refund was taken.
        """
        try:
            if data.get('isRefund') is not True:
                raise ValueError("isRefund is not true")
            return cls(
                operation_id=optional_text(data, 'operationId'),
                amount=to_amount(data.get('amount')),
                order_id=optional_text(data, 'orderId'),
            )
        except ValueError as error:
            raise Unreadable(
                f'The bank described a refund that can not be read: {error}'
            ) from error
