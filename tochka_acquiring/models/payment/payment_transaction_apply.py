# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import functools
from datetime import datetime, timezone

import psycopg2

from odoo import SUPERUSER_ID, _, fields, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.utils import utc_naive

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class PaymentTransaction(models.Model):
    """ The bank's word becomes the transaction's state here, and nowhere else.

    The return route, the webhook inbox, the poll and the sweep all read the operation from the
    bank first, without any lock, and end in `_tochka_apply_operation`.
    """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - READING === #

    def _tochka_refresh(self, quick=False):
        """ Read the operation from the bank and apply it, in a cursor of its own.

        No lock is held while the bank answers, and the fresh cursor sees what others have
        committed meanwhile. It never raises because of a lock, a replay or a silent bank: then the
        poll comes back to the transaction.

        :param bool quick: Whether a person waits for the answer.
        :return: What `_tochka_apply_operation` returns, or 'unknown' (the bank did not answer).
        :rtype: str
        """
        self.ensure_one()
        try:
            operation = self._tochka_read_operation(quick)
        except errors.TochkaError as error:
            _logger.info("The bank did not tell about transaction %s: %s", self.reference, error)
            return 'unknown'
        if not operation:
            return 'unknown'
        return self._tochka_apply_in_own_cursor(operation)

    def _tochka_refresh_in_job(self):
        """ Do the same in a job: a bank that is silent is given up soon, and that is remembered.

        :return: As `_tochka_refresh`, or 'silent'.
        :rtype: str
        """
        self.ensure_one()
        connection = self._tochka_connection()
        try:
            # One that is merely slow gets the usual time when it is tried again.
            operation = self._tochka_read_operation(quick=not connection.sudo().silences)
        except errors.TochkaError as error:
            _logger.info("The bank did not tell about transaction %s: %s", self.reference, error)
            return 'silent' if connection._note_answer(error) else 'unknown'
        if not operation:
            return 'unknown'
        connection._note_answer()
        return self._tochka_apply_in_own_cursor(operation)

    def _tochka_merchant(self):
        """ Return the shop at which the payment was or will be made. :rtype: tochka.merchant """
        payment = self.source_transaction_id or self
        return payment.tochka_merchant_id or payment.provider_id.tochka_merchant_id

    def _tochka_connection(self):
        """ Return the connection by which the bank is asked. :rtype: tochka.connection """
        return self._tochka_merchant().connection_id

    def _tochka_read_operation(self, quick=False):
        """ Ask the bank for the operation of this transaction.

        :param bool quick: Whether a person waits for the answer.
        :return: The operation; None when no operation was ever created for the transaction.
        :rtype: Operation|None
        :raise TochkaError: If the bank refused or stayed silent.
        """
        self.ensure_one()
        reader = self._tochka_reader(quick)
        return reader and reader()

    def _tochka_reader(self, quick=False):
        """ Return what asks the bank for the operation, without any use of the database.

        :param bool quick: Whether a silent bank is given up soon.
        :return: A function without arguments that returns the operation or raises `TochkaError`;
                 None when no operation was ever created for the transaction.
        :rtype: callable|None
        :raise TochkaError: If there is no access to the bank.
        """
        self.ensure_one()
        if not self.tochka_operation_id:
            return None
        merchant = self._tochka_merchant()
        client = merchant.connection_id._client(quick=quick)
        return functools.partial(
            client.get_payment, self.tochka_operation_id, merchant.legal_entity_id.customer_code)

    def _tochka_refresh_for_payer(self, may_wait=True):
        """ Ask the bank because a payer waits; not again within seconds, since whoever has the
        address may load it without end, nor when nothing can follow. A bank that was just silent is
        left alone for longer: people who wait must not occupy all workers.

        :param bool may_wait: Whether to ask a bank of which the jobs know that it is silent, and
                              which may let one wait.
        :return: As of `_tochka_refresh`; 'applied' where the last answer is new enough.
        :rtype: str
        """
        self.ensure_one()
        if self.state not in ('draft', 'pending') or self._tochka_is_recent(
            self.tochka_read_at, const.STATUS_PAGE_SECONDS
        ):
            return 'applied'
        connection = self._tochka_connection()
        if self._tochka_is_recent(self.tochka_unanswered_at, const.SILENT_BANK_SECONDS) or (
            not may_wait and connection in connection._silent()
        ):
            return 'unknown'
        outcome = self._tochka_refresh(quick=True)
        if outcome == 'unknown':
            self._tochka_note_unanswered()
        return outcome

    def _tochka_is_recent(self, moment, seconds):
        """ Return whether a moment is less than so many seconds ago; one that is yet to come tells
        that the clock was set back since. :rtype: bool """
        age = moment and (fields.Datetime.now() - moment).total_seconds()
        return bool(moment) and -1 < age < seconds

    def _tochka_note_unanswered(self):
        """ Remember, in a cursor of its own, that the bank has just not answered. """
        try:
            with self.env.registry.cursor() as cr:
                transaction = self.with_env(self.env(cr=cr, user=SUPERUSER_ID))
                if transaction.try_lock_for_update(allow_referencing=True):
                    transaction.tochka_unanswered_at = fields.Datetime.now()
        except psycopg2.OperationalError as error:
            _logger.info("Transaction %s is being changed by another process: %s",
                         self.reference, type(error).__name__)

    def _tochka_apply_in_own_cursor(self, operation):
        """ Apply an operation in a fresh cursor and commit it.

        :param Operation operation: The operation as just read.
        :return: What `_tochka_apply_operation` returns.
        :rtype: str
        """
        self.ensure_one()
        try:
            with self.env.registry.cursor() as cr:
                # Notes and texts must not depend on who happens to open the page: a webhook and a
                # returning customer are the public user.
                transaction = self.with_env(self.env(cr=cr, user=SUPERUSER_ID))
                transaction = self.env['tochka.problem']._for_reader(transaction)
                return transaction._tochka_apply_operation(operation)
        except psycopg2.OperationalError as error:
            _logger.info("Transaction %s is being changed by another process: %s",
                         self.reference, type(error).__name__)
            return 'busy'

    # === BUSINESS METHODS - THE ONLY WRITER === #

    def _tochka_apply_operation(self, operation):
        """ Bring the transaction in line with what the bank says of its operation.

        The operation must have been read from the bank's API; nothing is ever applied from a
        webhook's body or from a browser.

        :param Operation operation: The operation as just read.
        :return: 'applied'; 'partly' (a part of the history can't be read: what it doesn't list may
                 have happened); 'stale' (a later answer is applied already); 'busy' (the row is
                 locked by another process); 'misfit' (the operation does not fit; the transaction
                 is flagged and otherwise unchanged).
        :rtype: str
        """
        self.ensure_one()
        if not self.try_lock_for_update(allow_referencing=True):
            return 'busy'
        # The lock is only granted on the row version that this cursor sees; older caches are not.
        self.invalidate_recordset()

        now = utc_naive(datetime.now(timezone.utc), exact=True)
        asked_at = utc_naive(operation.asked_at, exact=True) or now
        # A last answer from the future tells that the clock was set back since, and nothing else.
        # And money that was taken stays taken, whatever was said later.
        is_old = bool(self.tochka_read_at) and asked_at < self.tochka_read_at <= now
        if is_old and (self.state == 'done' or not operation.may_be_paid):
            return 'stale'
        misfit = self._tochka_find_misfit(operation)
        if misfit:
            code, params = misfit
            self._tochka_flag(code, **params)
            return 'misfit'

        target = next(
            (state for state, statuses in const.OPERATION_STATUS_MAPPING.items()
             if operation.status in statuses),
            None,
        )
        self._tochka_write_operation(operation)
        self._tochka_write_history(operation)
        self.tochka_read_at = asked_at
        gone = self._tochka_gone(operation, target)
        if target == 'done':
            gone += self._tochka_apply_payment(operation)
        elif target == 'pending':
            self._tochka_apply_pending(operation)
        elif target == 'cancel':
            self._tochka_apply_expiry(operation)
        elif target is None:
            self._tochka_apply_unknown(operation)
        if target is not None:
            self._tochka_end_poll()
        self._tochka_unflag(*gone)
        if operation.unread:
            self._tochka_flag('unreadable_history', operation=operation.operation_id)
            return 'partly'
        return 'applied'

    def _tochka_find_misfit(self, operation):
        """ Return why this operation can't be that of the transaction.

        :param Operation operation: The operation as just read.
        :return: The code of a problem and its parameters; None if it fits.
        :rtype: tuple[str, dict]|None
        """
        if operation.operation_id != self.tochka_operation_id:
            return 'misfit_operation', {
                'got': operation.operation_id, 'expected': self.tochka_operation_id}
        if operation.payment_link_id and operation.payment_link_id != self.tochka_payment_link_id:
            return 'misfit_order', {
                'operation': operation.operation_id, 'got': operation.payment_link_id,
                'expected': self.tochka_payment_link_id}
        merchant_id = self.tochka_merchant_id.merchant_id
        if operation.merchant_id and operation.merchant_id != merchant_id:
            return 'misfit_shop', {
                'operation': operation.operation_id, 'got': operation.merchant_id,
                'expected': merchant_id}
        amount = self._tochka_amount()
        if operation.amount != amount:
            return 'misfit_amount', {
                'operation': operation.operation_id, 'got': operation.amount, 'expected': amount}
        return None

    def _tochka_gone(self, operation, target):
        """ Return the problems that this answer of the bank ends: it fits, and can be read.

        :param Operation operation: The operation as just read.
        :param str|None target: The state that it means.
        :return: Codes of problems.
        :rtype: list[str]
        """
        gone = ['misfit_operation', 'misfit_order', 'misfit_shop', 'misfit_amount']
        if operation.status != 'AUTHORIZED':
            gone.append('held')
        if target is not None:
            gone.append('unknown_status')
        if target == 'done' or not operation.lists_money:
            gone.append('expired_with_money')
        if not operation.unread:
            gone.append('unreadable_history')
        return gone

    def _tochka_write_operation(self, operation):
        """ Keep what the bank tells of the operation besides the state. """
        values = {
            'tochka_status': operation.status,
            'tochka_payment_type': operation.payment_type or self.tochka_payment_type,
            'tochka_paid_at': utc_naive(operation.paid_at) or self.tochka_paid_at,
        }
        used_code = const.PAYMENT_METHOD_CODES.get(operation.payment_type)
        if used_code and used_code != self.payment_method_code:
            method = self.env['payment.method'].with_context(active_test=False).search(
                [('code', '=', used_code), ('is_primary', '=', True)], limit=1
            )
            if method:
                values['payment_method_id'] = method.id
        self.write({
            name: value for name, value in values.items()
            if self._fields[name].convert_to_write(self[name], self) != value
        })

    def _tochka_apply_payment(self, operation):
        """ The money was taken: the transaction is done, whatever happened to it before.

        :return: Codes of problems with refunds that there are no more.
        :rtype: list[str]
        """
        if not self.tochka_paid_at:
            approvals = [order.time for order in operation.orders
                         if order.type == 'approval' and order.time]
            self.tochka_paid_at = utc_naive(min(approvals)) if approvals else fields.Datetime.now()
        self.tochka_next_poll_at = False  # written together with the state
        previous_state = self.state
        if previous_state != 'done':
            self._set_done(extra_allowed_states=('cancel',))
            self.env['ir.cron']._tochka_wake('payment.cron_post_process_payment_tx')
        if previous_state in ('cancel', 'error'):
            self._tochka_flag('late', state=previous_state)
        return self._tochka_apply_refunds(operation)

    def _tochka_apply_pending(self, operation):
        """ Money is on its way or held: nobody should pay again, and nothing is booked yet. """
        if self.state == 'draft':
            self._set_pending()
        if operation.status == 'AUTHORIZED':
            self._tochka_flag('held')

    def _tochka_apply_unknown(self, operation):
        """ The bank adds statuses without notice: what we don't know changes nothing, the bank is
        asked on, and a person is told when there is money in it. """
        _logger.warning(
            "Transaction %s: unknown status %r at the bank; left as it is.",
            self.reference, operation.status,
        )
        if operation.lists_money and self.state != 'done':
            self._tochka_flag('unknown_status', status=operation.status)

    def _tochka_apply_expiry(self, operation):
        """ The link is dead: cancel, unless money was taken by it. """
        if operation.lists_money:
            self._tochka_flag('expired_with_money')
            return
        if self.state in ('draft', 'pending'):
            self._set_canceled(state_message=_("The payment link has expired."))
