# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import urllib.parse

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import AccessError
from odoo.tools import clean_context

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api.operation import Operation
from odoo.addons.tochka_acquiring.utils import sudo_of_accessible

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class PaymentTransaction(models.Model):
    """ The thin side of a payment by Tochka: fields, and the overrides that `payment` calls.

    The work is done in `_document` (what is paid, what belongs to it, what is due), `_allowed` (the
    checks), `_details` (who pays, and what for), `_request` (what the bank is told), `_link`
    (create or find the bank's operation), `_apply` (the only writer of states), `_posting` and
    `_posting_batch` (the books), `_money` (where the money goes, and what is told of the rest),
    `_topup` (money without a document) and `_jobs`. What goes back is in the room `refund`.
    """

    _inherit = 'payment.transaction'

    # How the bank's operation moves the transaction. The bank has no status "declined": a declined
    # attempt leaves the operation CREATED, and the payer may try again by the same link.
    # Source: developers.tochka.com, «Платёжные ссылки», statuses, 2026-04.
    #
    #   (no operation) ──create──► CREATED ──pay──► APPROVED ──► ON-REFUND, REFUNDED(_PARTIALLY)
    #      draft / error            draft             done         done (what was paid was paid)
    #                                 │  └──► WAIT_FULL_PAYMENT, AUTHORIZED: pending
    #                                 └─ttl─► EXPIRED: cancel ──paid after all──► done, flagged
    tochka_operation_id = fields.Char(
        string="Bank operation", readonly=True, copy=False)
    tochka_payment_link_id = fields.Char(
        string="Order number at the bank", readonly=True, copy=False)
    tochka_merchant_id = fields.Many2one(
        string="Shop (merchant)", comodel_name='tochka.merchant', readonly=True, copy=False,
        ondelete='restrict', help="The shop on whose behalf the link was made.")
    tochka_journal_id = fields.Many2one(
        string="Cash box of the link", comodel_name='account.journal', readonly=True, copy=False,
        ondelete='set null', help="The provider's journal when the link was made.")
    tochka_article_id = fields.Many2one(
        string="Article of the link", comodel_name='account.analytic.account', readonly=True,
        copy=False, ondelete='set null', help="The provider's article when the link was made.")
    tochka_payment_link = fields.Char(string="Payment link", readonly=True, copy=False)
    tochka_link_expires_at = fields.Datetime(
        string="Link expires at", readonly=True, copy=False)
    tochka_status = fields.Char(string="Status at the bank", readonly=True, copy=False)
    tochka_payment_type = fields.Char(
        string="Paid by", readonly=True, copy=False, help="The way to pay that was really used.")
    tochka_paid_at = fields.Datetime(string="Paid at", readonly=True, copy=False)
    tochka_error = fields.Text(
        string="The bank's answer", readonly=True, copy=False,
        help="The exact error of the last request, with the audit id that the bank's support asks"
             " for.")
    tochka_poll_count = fields.Integer(readonly=True, copy=False)
    tochka_next_poll_at = fields.Datetime(
        string="Next status request at", readonly=True, copy=False, index='btree_not_null')
    tochka_read_at = fields.Datetime(
        string="Last status request at", readonly=True, copy=False)
    tochka_unanswered_at = fields.Datetime(
        string="The bank did not answer at", readonly=True, copy=False)

    # Whoever looks for these reads none of the old ones. The first is what Odoo's own job looks for
    # after each payment; payments that were begun and left stay in it for ever, but not in the
    # second, which is the monitor's.
    _tochka_unprocessed_idx = models.Index(
        '(last_state_change) WHERE is_post_processed IS NOT TRUE')
    _tochka_unbooked_idx = models.Index(
        "(last_state_change) WHERE is_post_processed IS NOT TRUE AND state = 'done'")
    # Those of some days, those of a customer.
    _tochka_done_idx = models.Index("(last_state_change) WHERE state = 'done'")
    _tochka_partner_idx = models.Index('(partner_id, id)')
    _tochka_read_idx = models.Index(
        '(tochka_merchant_id, tochka_read_at) WHERE tochka_read_at IS NOT NULL')
    _tochka_operation_uniq = models.Constraint(
        'unique(tochka_operation_id)',
        "A bank operation can belong to one transaction only.",
    )
    _tochka_payment_link_uniq = models.Constraint(
        'unique(tochka_payment_link_id)',
        "An order number at the bank can belong to one transaction only.",
    )

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `payment`, see `_tochka_check_writer` and `_tochka_remember_purpose`. """
        # What is created as superuser takes no defaults from whoever calls, nor those that each
        # employee may set for himself (`ir.default`).
        plain = self.with_context(clean_context(self.env.context))
        transactions = super(PaymentTransaction, plain).create(vals_list).with_env(self.env)
        transactions._tochka_check_writer()
        transactions._tochka_remember_purpose()
        return transactions

    def write(self, vals):
        """ Override of `payment`, see `_tochka_check_writer`. """
        self._tochka_check_writer()
        res = super().write(vals)
        self._tochka_check_writer()
        return res

    def _tochka_check_writer(self):
        """ Payments and refunds of the bank are written by Odoo, on the bank's word or after a
        check of rights; Odoo lets whoever makes invoices write any transaction.

        :raise AccessError: If a user writes by himself.
        """
        if not self.env.su and not self.env.user.has_group('base.group_system') and any(
            'tochka' in (transaction.provider_code, transaction.source_transaction_id.provider_code)
            for transaction in self.sudo()
        ):
            raise AccessError(_("Only the bank's word changes an online payment."))

    # === ACTION METHODS === #

    def action_tochka_refresh(self):
        """ Ask the bank for the status of the operation now. """
        self.ensure_one()
        outcome = sudo_of_accessible(self)._tochka_refresh()
        messages = {
            'applied': _("The bank's answer was taken over."),
            'partly': _("A part of the bank's answer can't be read; see the warning."),
            'stale': _("A newer answer of the bank was taken over already."),
            'busy': _("Another process is working on this transaction. Try again in a moment."),
            'unknown': _("The bank did not answer. Odoo will ask again by itself."),
            'misfit': _("The bank's answer does not fit this transaction; see the warning."),
        }
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': 'success' if outcome == 'applied' else 'warning',
                'message': messages[outcome],
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    # === BUSINESS METHODS - PRE-PROCESSING === #

    def _get_specific_rendering_values(self, processing_values):
        """ Override of `payment` to create the bank's operation and return its page.

        Note: self.ensure_one() from `_get_processing_values`

        :param dict processing_values: The generic and specific processing values.
        :return: `api_url` and `url_params`, a list of (name, value): a GET form drops the query
                 string of its action.
        :rtype: dict
        """
        if self.provider_code != 'tochka':
            return super()._get_specific_rendering_values(processing_values)

        link = self._tochka_ensure_payment_link()
        url = urllib.parse.urlsplit(link)
        return {
            'api_url': urllib.parse.urlunsplit(url._replace(query='')),
            'url_params': urllib.parse.parse_qsl(url.query, keep_blank_values=True),
        }

    # === BUSINESS METHODS - PROCESSING === #

    @api.model
    def _extract_reference(self, provider_code, payment_data):
        """ Override of `payment` to find the reference by the bank's operation. """
        if provider_code != 'tochka':
            return super()._extract_reference(provider_code, payment_data)
        operation_id = payment_data.get('operationId')
        return operation_id and self.search(
            [('tochka_operation_id', '=', operation_id)], limit=1
        ).reference

    def _extract_amount_data(self, payment_data):
        """ Override of `payment` to opt out: `_tochka_apply_operation` compares exact amounts.

        Odoo's own check marks the transaction as failed at the first wrong amount and lets the
        same wrong amount pass at the second.
        """
        if self.provider_code != 'tochka':
            return super()._extract_amount_data(payment_data)
        return None

    def _log_message_on_linked_documents(self, message):
        """ Override of `account_payment` and `sale` to write the note without looking for those to
        be notified: of an internal note there are none, and the search is half of what the bank's
        word on a payment takes.

        Note: self.ensure_one()

        :param str message: The message to be logged.
        """
        self.ensure_one()
        if self.provider_code != 'tochka':
            return super()._log_message_on_linked_documents(message)
        by_hand = self.env.uid == SUPERUSER_ID or self.env.context.get('payment_backend_action')
        author = self.env.user.partner_id if by_hand else self.partner_id
        for documents in self._tochka_noted_documents():
            if documents:
                documents._message_log_batch(
                    dict.fromkeys(documents.ids, message), author_id=author.id)
        return None

    def _tochka_noted_documents(self):
        """ Return the documents whose chatter tells what becomes of this payment.

        :return: Of each model those that Odoo would write to.
        :rtype: list[models.Model]
        """
        source = self.source_transaction_id
        return [
            source.invoice_ids | self._get_invoices_to_notify(),
            source.payment_id,
            self._tochka_orders() or source._tochka_orders(),
        ]

    def _apply_updates(self, payment_data):
        """ Override of `payment` to go through the only writer.

        :param dict payment_data: An operation as the bank's API returns it.
        """
        if self.provider_code != 'tochka':
            return super()._apply_updates(payment_data)
        self._tochka_apply_operation(Operation.from_api(payment_data))
