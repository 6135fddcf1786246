# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from dataclasses import replace

import psycopg2

from odoo import _, fields, models
from odoo.tools import email_normalize

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const as acquiring_const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.utils import bank_moment, told_by_code
from odoo.addons.tochka_fiscal.receipt import ReceiptError
from odoo.addons.tochka_fiscal.registers import bank, base

_logger = get_payment_logger(__name__, acquiring_const.SENSITIVE_KEYS)


class PaymentTransaction(models.Model):
    """ A payment link with a receipt of the bank's register in it. """

    _inherit = 'payment.transaction'

    fiscal_link_register_id = fields.Many2one(
        string="Register when the link was made", comodel_name='fiscal.register', readonly=True,
        copy=False, ondelete='restrict',
        help="It prints the receipt although the bank's register was chosen meanwhile: that one"
             " prints for links only that were made for it.")

    # === BUSINESS METHODS - WHO PRINTS === #

    def _fiscal_receipt(self):
        """ Return the receipt of this money, if there is one yet.

        It is asked for many times while a link or a receipt is made, so Odoo's cache answers.

        :rtype: fiscal.receipt
        """
        return self.sudo().fiscal_receipt_ids.filtered(lambda receipt: receipt._is_of_money())

    def _fiscal_basis(self):
        """ Return which documents the receipt was made for, and whether they were delivered then.

        :return: Whether each was delivered, by the document as lines have it.
        :rtype: dict
        """
        if told_by_code(self.env, 'fiscal_without_basis'):
            return {}
        return self._fiscal_receipt().basis or {}

    def _fiscal_find_basis(self):
        """ Return on what the receipt is built, as it is now: a receipt that is built again later
        says the same.

        :return: Create values of the receipt.
        :rtype: dict
        """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                shares = self._fiscal_topup_shares()
                if shares:
                    return {
                        'basis': dict.fromkeys(shares, True), 'shares': shares,
                        'invoice_ids': [int(source.split(',')[1]) for source in shares],
                        # Whether the books agree is looked at when they know of it.
                        'closing_changed': True,
                    }
                day = self._fiscal_settled_on()
                return {'basis': {
                    f'{document._name},{document.id}': self._fiscal_is_delivered(document, day)
                    for document in self._fiscal_documents()
                }}
        except psycopg2.OperationalError:
            raise
        except Exception:
            # Whatever is wrong with a document must not keep its money out of the books.
            _logger.exception("The documents of %s can't be looked at", self.reference)
            return {'basis': {}}

    def _fiscal_register(self):
        """ Return the register that prints the receipt of this payment, if any.

        A receipt that exists stays where it is, whatever is chosen for the provider meanwhile.

        :rtype: fiscal.register
        """
        self.ensure_one()
        provider = self.provider_id.sudo()
        receipt = self._fiscal_receipt()
        if receipt:
            return receipt.register_id
        if provider.fiscalization == 'other':
            return provider.fiscal_register_id
        if provider.fiscalization != 'bank':
            return self.env['fiscal.register'].sudo()
        if self.tochka_operation_id:
            return self.fiscal_link_register_id.sudo()
        return provider._fiscal_bank_register()

    def _fiscal_is_by_bank(self):
        """ Return whether the bank's register prints the receipt. :rtype: bool """
        return self._fiscal_register().kind == 'bank'

    # === BUSINESS METHODS - THE LINK === #

    def _tochka_create_operation(self):
        """ Override of `tochka_acquiring` to fix what is printed together with the link.

        The bank's limits are met here, before the payer is sent away.
        """
        provider = self.provider_id.sudo()
        if provider.fiscalization == 'other':
            self.fiscal_link_register_id = provider.fiscal_register_id
        if provider.fiscalization != 'bank':
            return super()._tochka_create_operation()
        receipts = self.env['fiscal.receipt'].sudo()
        # A refused link leaves no receipt behind.
        with self.env.cr.savepoint():
            try:
                receipts._create_waiting(self.sudo())
            except (ReceiptError, base.Unsupported) as error:
                raise errors.Rejected(receipts._explain(error)) from error
            return super()._tochka_create_operation()

    def _tochka_operation_values(self):
        """ Override of `tochka_acquiring` to send the receipt. """
        values = super()._tochka_operation_values()
        receipt = self._fiscal_receipt()
        if receipt:
            values['receipt'] = receipt._bank_request()
        return values

    def _tochka_link_minutes(self):
        """ Override of `tochka_acquiring`: the receipt in a link is fixed, and is a wrong one from
        the day on which the firm's taxation changes. """
        minutes = super()._tochka_link_minutes()
        provider = self.provider_id.sudo()
        change = provider.fiscalization == 'bank' and provider._fiscal_next_change()
        if not change:
            return minutes
        left = (bank_moment(change) - fields.Datetime.now()).total_seconds() // 60
        if left < acquiring_const.SHORTEST_LINK_TTL:
            raise errors.Rejected(_(
                "Payments by the bank's register begin again after midnight, Moscow time."))
        return min(minutes, int(left))

    def _tochka_has_same_receipt(self, operation):
        """ Override of `tochka_acquiring`: who adopts an operation adopts its receipt. """
        receipt = self._fiscal_receipt()
        if not receipt:
            return super()._tochka_has_same_receipt(operation)
        return bank.is_same(receipt._bank_request(), operation.receipt)

    # === BUSINESS METHODS - A LINK IS USED AGAIN === #

    def _tochka_is_link_open(self):
        """ Override of `tochka_acquiring`: a link is good while its receipt would be the same. """
        return super()._tochka_is_link_open() and self._fiscal_is_link_right()

    def _fiscal_is_link_right(self):
        """ Return whether the open link prints what a new one would print.

        :rtype: bool
        """
        provider = self.provider_id.sudo()
        receipt = self._fiscal_receipt()
        if (provider.fiscalization == 'bank') != bool(receipt):
            return False
        if not receipt:
            return True
        if receipt.register_id != provider._fiscal_bank_register() or (
            receipt.taxation_system != provider._fiscal_taxation_on(self._fiscal_settled_on())
        ):
            return False
        # The state of now, not that of when the link was made.
        return self.with_context(fiscal_without_basis=receipt)._fiscal_says_the_same(receipt)

    def _fiscal_says_the_same(self, receipt):
        """ Return whether a receipt that was built with a link would say the same now.

        :param fiscal.receipt receipt: The receipt.
        :rtype: bool
        """
        self.ensure_one()
        try:
            lines = [self._fiscal_lines(), [line._line() for line in receipt.line_ids]]
        except ReceiptError:
            return False
        if self.provider_id.sudo().tochka_details_mode == 'template':
            # The template's text may hold the day on which it is read.
            lines = [[replace(line, name='') for line in one] for one in lines]
        return lines[0] == lines[1]

    def _tochka_fits_payer(self, partner, email):
        """ Override of `tochka_acquiring`: the receipt goes to whom the link was made for. """
        receipt = self._fiscal_receipt()
        if receipt:
            contact = (
                partner._tochka_email()
                or (isinstance(email, str) and email_normalize(email))
                or self._tochka_document_partner()._tochka_email()
            )
            if receipt.contact != contact:
                return False
        return super()._tochka_fits_payer(partner, email)

    # === BUSINESS METHODS - THE MONEY === #

    def _set_canceled(self, state_message=None, extra_allowed_states=()):
        """ Override of `payment`: with its link the receipt is dead. """
        transactions = super()._set_canceled(
            state_message=state_message, extra_allowed_states=extra_allowed_states)
        for transaction in transactions:
            transaction._fiscal_receipt()._void()
        return transactions

    def _set_error(self, state_message, extra_allowed_states=()):
        """ Override of `payment`: what failed gets no receipt. """
        transactions = super()._set_error(
            state_message, extra_allowed_states=extra_allowed_states)
        for transaction in transactions:
            transaction._fiscal_receipt()._void()
        return transactions

    def _fiscal_flag_unprinted(self):
        """ Ask a person when the bank's register is chosen and this link was made without it. """
        self.ensure_one()
        if (
            self.provider_code == 'tochka' and self.provider_id.fiscalization == 'bank'
            and self.operation not in ('refund', 'validation')
        ):
            self._tochka_flag('unprinted')
