# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import _, fields, models
from odoo.exceptions import ConcurrencyError, ValidationError

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.api.text import payment_link_id
from odoo.addons.tochka_acquiring.utils import utc_naive

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class PaymentTransaction(models.Model):
    """ How a transaction gets its operation and payment link at the bank. """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - PAYMENT LINK === #

    def _tochka_is_link_open(self):
        """ Return whether the payer can be sent to the link once more.

        :rtype: bool
        """
        self.ensure_one()
        return bool(
            self.state == 'draft'
            and self.tochka_payment_link
            and self.tochka_status in const.OPERATION_STATUS_MAPPING['draft']
            and self.tochka_link_expires_at
            and self.tochka_link_expires_at
            > fields.Datetime.now() + timedelta(minutes=const.LINK_REUSE_MARGIN)
        )

    def _tochka_offer_link(self):
        """ Return the link if the payer may be sent there once more, for a page to show.

        :return: The link, or an empty string.
        :rtype: str
        """
        self.ensure_one()
        if not self._tochka_is_link_open():
            return ''
        try:
            self._tochka_check_allowed()
        except (ValidationError, ConcurrencyError):
            return ''
        return self.tochka_payment_link

    def _tochka_check_siblings(self):
        """ Ask the bank for the other open operations of the document, its order and the order's
        invoices before one more is created.

        The payer may have paid by SBP on the phone and come back to pay by card.

        :raise ConcurrencyError: If one of them turns out to be paid: the replayed request then sees
                                 it and is refused, or pays the rest.
        :raise ValidationError: If it is not known whether one of them is paid.
        """
        self.ensure_one()
        siblings = self._tochka_siblings()
        siblings._tochka_check_number_of_links()
        for sibling in siblings:
            sibling._tochka_check_unpaid()

    def _tochka_check_unpaid(self):
        """ Ask the bank whether money was taken by this operation; in doubt nobody pays again.

        What the bank says decides, not what became of the transaction: that may be locked by the
        very job that books it.

        :raise ConcurrencyError: If money was taken, and a replayed request will see it.
        :raise ValidationError: If it is not known.
        """
        self.ensure_one()
        try:
            operation = self._tochka_read_operation(quick=True)
        except errors.TochkaError as error:
            if isinstance(error, errors.Rejected) and error.is_not_found and (
                error.http_status == 424 or error.errors  # else it is a gateway's 404
            ):
                return
            _logger.info("No second link beside transaction %s: %s", self.reference, error)
            if isinstance(error, errors.Unauthorized | errors.TlsError):
                self.provider_id.tochka_connection_id._report_problem(error)
            raise ValidationError(_(
                "The bank can't be reached at the moment. Please try again in a few minutes; no"
                " money was taken.")) from error
        outcome = self._tochka_apply_in_own_cursor(operation)
        if not operation.may_be_paid:
            return
        if operation.is_paid and outcome in ('applied', 'busy'):
            raise ConcurrencyError(_("Another payment of this document has just arrived."))
        raise ValidationError(_(
            "An earlier payment of this document is being checked. Please wait for a few minutes or"
            " contact us before you pay again."))

    def _tochka_ensure_payment_link(self):
        """ Return the address that the payer is sent to, creating the operation when needed.

        :return: The bank's page; the status page when the transaction needs no payment any more; an
                 empty string when the bank refused (the transaction is then in state `error`).
        :rtype: str
        :raise ValidationError: If what the browser asks for is not allowed.
        """
        self.ensure_one()
        if self.state != 'draft':
            return '/payment/status' if self.state != 'error' else ''
        # An open link, too, is handed out again only while document and provider allow it.
        self._tochka_check_allowed()
        if self._tochka_is_link_open():
            return self.tochka_payment_link
        if self.tochka_operation_id:
            # A second operation would make the transaction forget the first, which may be paid yet.
            raise ValidationError(_("The payment link has expired. Please reload the page."))
        self._tochka_check_siblings()
        try:
            self._tochka_create_operation()
        except errors.TochkaError as error:
            self._tochka_set_request_error(error)
            return ''
        return self.tochka_payment_link

    def _tochka_create_operation(self):
        """ Create the operation at the bank and keep its ids.

        The order number makes a repeat harmless: the bank refuses the same number for ever. Hence
        an unknown outcome is cleared up by repeating the *same* number, and a refused number is
        looked up. It is ours only if amount, shop and time fit; if not (a database restored from a
        copy), the next number is tried.

        :return: None
        :raise TochkaError: If the bank refused or stayed silent.
        """
        merchant = self.provider_id.tochka_merchant_id
        client = merchant.connection_id._client()
        for attempt in range(1, const.MAX_LINK_ATTEMPTS + 1):
            link_id = payment_link_id(self.reference, self._tochka_database_uuid(), attempt)
            requested_at = fields.Datetime.now()
            operation = self._tochka_request_operation(client, link_id)
            if operation:
                break
            _logger.warning(
                "The order number %s of transaction %s is already used at the bank by a payment"
                " that does not fit it; trying the next one.", link_id, self.reference,
            )
        else:
            raise errors.Rejected(
                _("All order numbers for this payment are already used at the bank."))
        ttl = timedelta(minutes=self._tochka_link_minutes())
        self.write({
            'tochka_operation_id': operation.operation_id,
            'provider_reference': operation.operation_id,
            'tochka_payment_link_id': link_id,
            'tochka_merchant_id': merchant.id,
            'tochka_journal_id': self.provider_id.journal_id.id,
            'tochka_article_id': self.provider_id.tochka_article_id.id,
            'tochka_payment_link': operation.payment_link,
            # An operation that an earlier request has created is older than this one.
            'tochka_link_expires_at': ttl + (
                utc_naive(getattr(operation, 'created_at', None)) or requested_at
            ),
            'tochka_status': operation.status,
            'tochka_error': False,
        })
        self._tochka_schedule_poll()

    def _tochka_request_operation(self, client, link_id):
        """ Create the operation with this order number, or find the one we have created with it.

        :param TochkaClient client: The bank's client.
        :param str link_id: The order number.
        :return: The operation, or None when the number belongs to another payment.
        :rtype: CreatedPayment|Operation|None
        :raise TochkaError: If the bank refused or stayed silent.
        """
        try:
            return self._tochka_post_operation(client, link_id)
        except errors.OutcomeUnknown as error:
            _logger.info(
                "The bank's answer on transaction %s is not known (%s); repeating the same order"
                " number %s.", self.reference, error, link_id,
            )
        except errors.Rejected as error:
            return self._tochka_find_own_operation(client, link_id, error)
        try:
            return self._tochka_post_operation(client, link_id)
        except errors.Rejected as error:
            return self._tochka_find_own_operation(client, link_id, error)

    def _tochka_post_operation(self, client, link_id):
        """ Send the request that creates the operation.

        :rtype: CreatedPayment
        :raise TochkaError: If the bank refused or stayed silent.
        """
        return client.create_payment(
            payment_link_id=link_id, **self._tochka_operation_values())

    def _tochka_find_own_operation(self, client, link_id, refusal):
        """ Find the operation that an earlier request of ours has created with this number.

        The number is looked up whatever the bank's words are: they have changed before, and an
        operation that Odoo doesn't know of may be paid.

        :param Rejected refusal: What the bank said to the number.
        :return: The operation if amount, receipt, shop, status and time fit; None when the number
                 belongs to another payment.
        :rtype: Operation|None
        :raise TochkaError: The refusal, if the number is not used; if the bank stayed silent.
        """
        if not refusal.may_be_duplicate:
            raise refusal
        merchant = self.provider_id.tochka_merchant_id
        today = fields.Date.today()
        for operation in client.list_payments(
            merchant.legal_entity_id.customer_code,
            today - timedelta(days=1),
            today + timedelta(days=1),
        ):
            if operation.payment_link_id != link_id:
                continue
            age = operation.created_at and (
                fields.Datetime.now() - utc_naive(operation.created_at)
            )
            if (
                operation.amount == self._tochka_amount()
                and self._tochka_has_same_receipt(operation)
                and operation.merchant_id in (None, merchant.merchant_id)
                and operation.payment_modes in (
                    (), (const.PAYMENT_MODES[self.payment_method_code],))
                and operation.status in const.OPERATION_STATUS_MAPPING['draft']
                and age is not None
                and abs(age) < timedelta(minutes=const.ADOPTION_WINDOW)
                and not self.search_count(
                    [('tochka_operation_id', '=', operation.operation_id)], limit=1
                )
            ):
                return operation
            return None
        if not refusal.is_duplicate:
            raise refusal
        return None  # used before these days

    def _tochka_has_same_receipt(self, operation):
        """ Return whether an operation prints what this transaction would ask for.

        Hook for `tochka_fiscal`; without it nothing is ever asked for.

        :param Operation operation: An operation of the bank's list.
        :rtype: bool
        """
        return operation.receipt is None

    # === BUSINESS METHODS - REFUSALS === #

    def _tochka_set_request_error(self, error):
        """ Tell the customer kindly and the accountant exactly that no link could be made.

        :param TochkaError error: What happened.
        """
        self.ensure_one()
        _logger.warning("No payment link for transaction %s: %s", self.reference, error)
        if isinstance(error, errors.Unauthorized | errors.TlsError):
            self.provider_id.tochka_connection_id._report_problem(error)
        self.env['tochka.problem']._for_reader(self)._tochka_note_request_error(error)
        if isinstance(error, errors.Rejected) and not isinstance(error, errors.Unauthorized):
            message = _("The bank does not take this payment. Please choose another way to pay or"
                        " contact us; no money was taken.")
        else:
            message = _("The bank can't be reached at the moment. Please try again in a few"
                        " minutes; no money was taken.")
        self._set_error(message)

    def _tochka_note_request_error(self, error):
        """ Tell the accountant exactly what has happened.

        :param TochkaError error: What happened.
        """
        self.tochka_error = self.provider_id.tochka_connection_id._explain(error)
        self._tochka_log_for_accountants(_(
            "The bank did not create a payment link for %(reference)s: %(error)s",
            reference=self.reference, error=self.tochka_error))

    def _tochka_log_for_accountants(self, message):
        """ Write an internal note on the documents; customers can't see it in the portal.

        :param str message: The note.
        """
        self.ensure_one()
        for document in (self.source_transaction_id or self)._tochka_documents():
            document.sudo()._message_log(body=message)
