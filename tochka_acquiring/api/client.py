# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" The bank's API over HTTP. Source of paths, fields and limits: API. """

import ipaddress
import logging
import random
import re
import time
import urllib.parse
from datetime import datetime, timezone
from decimal import InvalidOperation

from .. import const
from . import errors
from .errors import _lt
from .oauth import Consent
from .operation import (
    AcceptedRefund,
    Account,
    CreatedPayment,
    Customer,
    Operation,
    Retailer,
)
from .transport import Transport

_logger = logging.getLogger(__name__)

# Reads are repeated, writes never. Seconds before the second and the third attempt.
READ_RETRY_DELAYS = (0.3, 1.0)
# One that has taken longer than this (seconds) is not repeated: the bank hangs.
READ_RETRY_LIMIT = 2
# Seconds to connect and to wait for the answer. A write that is given up may have been done.
READ_TIMEOUT = (5, 15)
WRITE_TIMEOUT = (5, 30)


class TochkaClient:
    """ One key of one customer of the bank.

    :param str base_url: For instance `https://enter.tochka.com/uapi/`. Plain http is allowed on the
                         loopback interface only: the key would travel readable.
    :param str token: The JWT key or an access token.
    :param str|None ca_pem: Further certificate authorities, trusted for this host alone.
    :param tuple[float, float]|None timeout: Seconds to connect and to wait for the answer; else
                                             `READ_TIMEOUT` and `WRITE_TIMEOUT`.
    :param tuple[float, ...]|None read_delays: Seconds before each repeat of a read, empty to ask
                                               once; else `READ_RETRY_DELAYS`.
    :param Deadline|None deadline: When all calls must have ended, whatever their time-outs are.
    :raise ValueError: If the address is not usable.
    """

    def __init__(self, base_url, token, *, ca_pem=None, timeout=None,
                 read_delays=None, deadline=None):
        self.base_url = check_base_url(base_url)
        self._read_delays = READ_RETRY_DELAYS if read_delays is None else read_delays
        self._write_timeout = timeout or WRITE_TIMEOUT
        self._transport = Transport(
            self.base_url, token, ca_pem=ca_pem, timeout=timeout or READ_TIMEOUT, deadline=deadline)

    def __repr__(self):
        return f'{type(self).__name__}({self.base_url!r})'

    @property
    def clock_difference(self):
        """ Seconds that the bank's clock is ahead, as of the last answer; None before it. """
        return self._transport.clock_difference

    # === CONSENTS === #

    def consent(self, consent_id):
        """ Read a consent: what the owner has allowed the application to do.

        :param str consent_id: The consent.
        :rtype: Consent
        :raise TochkaError: If the bank refused or stayed silent.
        """
        path = f'consent/v1.0/consents/{urllib.parse.quote(consent_id, safe="")}'
        return Consent.from_answer(self._data(self._read(path)))

    # === CUSTOMERS AND SHOPS === #

    def customers(self):
        """ Return the companies and persons that the key gives access to.

        :rtype: list[Customer]
        :raise TochkaError: If the bank refused or stayed silent.
        """
        data = self._read('open-banking/v1.0/customers')
        return self._parse_list(data, 'Customer', Customer)

    def retailers(self, customer_code):
        """ Return the shops of a company.

        :param str customer_code: The company.
        :rtype: list[Retailer]
        :raise TochkaError: If the bank refused or stayed silent.
        """
        data = self._read(
            'acquiring/v1.0/retailers', {'customerCode': customer_code}, customer_code)
        return self._parse_list(data, 'Retailer', Retailer)

    def accounts(self):
        """ Return the accounts of all companies that the key gives access to.

        :rtype: list[Account]
        :raise Unauthorized: If the key has no right to read them.
        :raise TochkaError: If the bank refused or stayed silent.
        """
        return self._parse_list(self._read('open-banking/v1.0/accounts'), 'Account', Account)

    def probe_sbp(self, customer_code):
        """ Read the registration in the Faster Payments System only to see whether it is allowed.

        A company that is not registered there is refused in another way than a missing right.

        :param str customer_code: The company.
        :raise Unauthorized: If it is not.
        :raise TochkaError: If the bank stayed silent.
        """
        code = urllib.parse.quote(customer_code, safe='')
        try:
            self._read(f'sbp/v1.0/customer/{code}/{const.BANK_BIC}', customer_code=customer_code)
        except errors.Rejected as error:
            _logger.info("No registration in the Faster Payments System: %s", error)

    # === OPERATIONS === #

    def create_payment(
        self, *, customer_code, amount, purpose, payment_modes, merchant_id=None,
        payment_link_id=None, redirect_url=None, fail_redirect_url=None, ttl=None, receipt=None,
    ):
        """ Create an operation with its payment link.

        The order number makes a repeat harmless: the bank refuses it with `is_duplicate`.
        With a receipt the bank's fiscal partner prints it when the payment comes.

        :param str customer_code: The company.
        :param Decimal amount: Roubles, above zero, at most two decimals.
        :param str purpose: 1 to 140 characters, shown to the payer.
        :param list[str] payment_modes: `card`, `sbp`, `tinkoff`, `dolyame`.
        :param str|None merchant_id: The shop; needed when the company has several.
        :param str|None payment_link_id: The order number, at most 45 characters, unique for ever.
        :param str|None redirect_url: Where the payer goes after success.
        :param str|None fail_redirect_url: Where the payer goes after a decline.
        :param int|None ttl: Minutes that the link lives, 1 to 44640; the bank's default is a week.
        :param dict|None receipt: `Client`, `Items` and `taxSystemCode` as the bank takes them.
        :rtype: CreatedPayment
        :raise TochkaError: If the bank refused or stayed silent.
        """
        values = {
            'customerCode': customer_code,
            'amount': to_wire(amount),
            'purpose': purpose,
            'paymentMode': list(payment_modes),
            'merchantId': merchant_id,
            'paymentLinkId': payment_link_id,
            'redirectUrl': redirect_url,
            'failRedirectUrl': fail_redirect_url,
            'ttl': ttl,
            **(receipt or {}),
        }
        data = self._write(
            'POST', f'acquiring/v1.0/payments{"_with_receipt" if receipt else ""}',
            json={'Data': {name: value for name, value in values.items() if value is not None}},
            customer_code=customer_code,
        )
        return CreatedPayment.from_api(self._data(data))

    def get_payment(self, operation_id, customer_code=None):
        """ Read an operation.

        :param str operation_id: The operation.
        :param str|None customer_code: The company.
        :rtype: Operation
        :raise TochkaError: If the bank refused or stayed silent.
        """
        path = f'acquiring/v1.0/payments/{urllib.parse.quote(operation_id, safe="")}'
        asked_at = datetime.now(timezone.utc)
        operations = self._data(
            self._read(path, customer_code=customer_code)
        ).get('Operation')
        if not isinstance(operations, list) or len(operations) != 1:
            raise errors.Unreadable(
                _lt("The bank did not return the one operation asked for."))
        operation = Operation.from_api(operations[0], asked_at)
        if operation.operation_id != operation_id:
            raise errors.Unreadable(
                _lt("The bank returned another operation than asked for."))
        return operation

    def list_payments(self, customer_code, from_date, to_date, *, status=None, per_page=1000):
        """ List the operations created in a period, page by page.

        An operation that can't be read is left out and logged: it must not hide the others.

        :param str customer_code: The company.
        :param date from_date: The first day.
        :param date to_date: The last day.
        :param str|None status: Only operations in this status.
        :param int per_page: Operations a page; 1000 is the bank's default.
        :rtype: Iterator[Operation]
        :raise TochkaError: If the bank refused or stayed silent.
        """
        page, is_last = 1, False
        while not is_last:
            operations, is_last = self.list_page(
                customer_code, from_date, to_date, status=status, page=page, per_page=per_page)
            yield from operations
            page += 1

    def list_page(
        self, customer_code, from_date, to_date, *, status=None, page=1, per_page=1000,
    ):
        """ Return one page of that list.

        :param int page: Which one; the first is 1. The others as in `list_payments`.
        :return: The operations, and whether no page follows.
        :rtype: tuple[list[Operation], bool]
        :raise TochkaError: If the bank refused or stayed silent.
        """
        params = {
            'customerCode': customer_code,
            'fromDate': from_date.isoformat(),
            'toDate': to_date.isoformat(),
            'page': page,
            'perPage': per_page,
        }
        if status:
            params['status'] = status
        asked_at = datetime.now(timezone.utc)
        answer = self._read('acquiring/v1.0/payments', params, customer_code)
        entries = self._data(answer).get('Operation')
        if not isinstance(entries, list):
            raise errors.Unreadable(
                _lt("The bank did not return a list of operations."))
        operations = []
        for entry in entries:
            try:
                operations.append(Operation.from_api(entry, asked_at))
            except errors.OutcomeUnknown as error:
                _logger.error(
                    "Operation %s in the bank's list can't be read: %s",
                    entry.get('operationId') if isinstance(entry, dict) else '?', error,
                )
        meta = answer.get('Meta')
        total = _to_count(meta.get('totalPages')) if isinstance(meta, dict) else None
        if total is None:
            if len(entries) >= per_page:
                raise errors.Unreadable(
                    _lt("The bank's list does not tell where it ends."))
            total = page
        return operations, page >= total

    def refund_payment(self, operation_id, amount, customer_code=None):
        """ Return money to the payer, once for each call: the bank knows no key of repetition.

        :param str operation_id: The operation.
        :param Decimal amount: Roubles, at most what is left of the payment.
        :param str|None customer_code: The company.
        :rtype: AcceptedRefund
        :raise TochkaError: If the bank refused or stayed silent.
        """
        path = f'acquiring/v1.0/payments/{urllib.parse.quote(operation_id, safe="")}/refund'
        answer = self._write(
            'POST', path, json={'Data': {'amount': to_wire(amount)}}, customer_code=customer_code)
        accepted = AcceptedRefund.from_api(self._data(answer))
        # `operationId` may be another one than the payment's: the bank's own sandbox answers so.
        if accepted.amount != amount:
            raise errors.Unreadable(_lt("The bank answered with another refund."))
        return accepted

    # === WEBHOOKS === #
    # Bodies of these requests carry no `Data` wrapper; their answers do. Source: API, HOOKS.

    def get_webhook(self, client_id):
        """ Return the registered address and its types, or None when there is none.

        :param str client_id: The application that the key belongs to.
        :rtype: dict|None
        :raise TochkaError: If the bank refused or stayed silent.
        """
        try:
            return self._data(self._read(self._webhook_path(client_id)))
        except errors.Rejected as error:
            if error.is_not_found:
                return None
            raise

    def set_webhook(self, client_id, url, types, *, replace=False):
        """ Register the address.

        The bank posts one test event for each type and registers nothing unless all get 200. It
        keeps one address for a client id, perhaps another system's: read it before.

        :param str client_id: The application that the key belongs to.
        :param str url: The address: https on port 443.
        :param list[str] types: The types of webhooks.
        :param bool replace: Whether to change the registration that exists.
        :rtype: dict
        :raise TochkaError: If the bank refused or stayed silent.
        """
        return self._data(self._write(
            'POST' if replace else 'PUT', self._webhook_path(client_id),
            json={'webhooksList': list(types), 'url': url},
        ))

    def delete_webhook(self, client_id):
        """ Delete the registration. :raise TochkaError: If the bank refused or stayed silent. """
        return self._data(self._write('DELETE', self._webhook_path(client_id)))

    def send_test_webhook(self, client_id, webhook_type):
        """ Ask the bank to send a test event.

        :raise TochkaError: If the bank refused or stayed silent.
        """
        return self._data(self._write(
            'POST', self._webhook_path(client_id) + '/test_send',
            json={'webhookType': webhook_type},
        ))

    def public_key(self):
        """ Return the bank's public key of webhooks: a plain JWK, no set. Source: HOOKS.

        :rtype: dict
        :raise TochkaError: If the bank refused or stayed silent.
        """
        jwk = self._read(public_key_url(self.base_url))
        if jwk.get('kty') != 'RSA' or not jwk.get('n'):
            raise errors.Unreadable(_lt("The bank did not return an RSA public key."))
        return jwk

    # === HELPERS === #

    def _read(self, path, params=None, customer_code=None):
        """ Send a read, and repeat it while it fails at once. """
        options = {'params': params, 'customer_code': customer_code}
        for delay in self._read_delays:
            started = time.monotonic()
            try:
                return self._transport.request('GET', path, **options)
            except (errors.TlsError, errors.NoTimeLeft):
                raise
            except (errors.NotSent, errors.OutcomeUnknown) as error:
                if time.monotonic() - started > READ_RETRY_LIMIT:
                    raise
                _logger.info("Repeating the read of %s: %s", path, error)
                time.sleep(delay * random.uniform(0.8, 1.2))
        return self._transport.request('GET', path, **options)

    def _write(self, method, path, *, json=None, customer_code=None):
        """ Send a write, once. """
        return self._transport.request(
            method, path, json=json, customer_code=customer_code, timeout=self._write_timeout)

    @staticmethod
    def _data(answer):
        data = answer.get('Data')
        if not isinstance(data, dict):
            raise errors.Unreadable(_lt("The bank's answer has no Data."))
        return data

    def _parse_list(self, answer, name, parser):
        entries = self._data(answer).get(name)
        if not isinstance(entries, list):
            raise errors.Unreadable(_lt("The bank's answer has no list."))
        try:
            return [parser.from_api(entry) for entry in entries]
        except (ValueError, AttributeError) as error:
            _logger.warning("The bank's list %s can't be read: %s", name, error)
            raise errors.Unreadable(_lt("The bank's list can't be read.")) from error

    @staticmethod
    def _webhook_path(client_id):
        return f'webhook/v1.0/{urllib.parse.quote(client_id, safe="")}'


def to_wire(amount):
    """ Write an amount as the bank takes it.

    :param Decimal amount: Roubles, above zero, at most two decimals.
    :return: For instance `'1234.50'`.
    :rtype: str
    :raise ValueError: If it is no such amount.
    """
    try:
        rounded = amount.quantize(const.KOPECK)
    except InvalidOperation as error:
        raise ValueError("This is no amount in roubles.") from error
    if rounded != amount or rounded <= 0:
        raise ValueError("The amount must be above zero and have at most two decimals.")
    return f'{rounded:f}'


def _to_count(value):
    """ Return a number of pages, whether sent as a number or as text; None if it is none. """
    if isinstance(value, bool) or not re.fullmatch('[0-9]{1,9}', str(value).strip(), re.ASCII):
        return None
    return int(value)


def check_base_url(base_url):
    """ Return a base address with a final slash.

    :param str base_url: The address of the API.
    :rtype: str
    :raise ValueError: If it is no address, or would send the key readable over a network.
    """
    url = urllib.parse.urlsplit(base_url or '')
    try:
        usable = url.scheme in ('http', 'https') and url.hostname and url.port != 0
    except ValueError:  # a port beyond 65535
        usable = False
    if not usable or url.username or url.password or url.query or url.fragment:
        # Not quoted: it may hold a password.
        raise ValueError(_lt("This is not an address of the bank's API: it must look like"
                             " https://enter.tochka.com/uapi/"))
    if url.scheme == 'http' and not _is_loopback(url.hostname):
        raise ValueError(_lt("The address of the bank's API must begin with https://."))
    return base_url.rstrip('/') + '/'


def public_key_url(base_url):
    """ Return the address of the public key: on the host of the API.

    :param str base_url: The address of the API.
    :rtype: str
    """
    return urllib.parse.urljoin(base_url, const.PUBLIC_KEY_PATH)


def _is_loopback(host):
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == 'localhost'
