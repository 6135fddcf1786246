# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _
from odoo.exceptions import ValidationError
from odoo.http import request

from odoo.addons.account_payment.controllers import portal as account_payment_portal
from odoo.addons.payment.controllers import portal as payment_portal
from odoo.addons.payment.controllers.post_processing import PaymentPostProcessing
from odoo.addons.tochka_acquiring import tuning

# What every page of Odoo sends when Pay is pressed.
_SENT = {
    'provider_id': int, 'payment_method_id': int | None, 'token_id': int | None, 'flow': str,
    'tokenization_requested': bool | None, 'landing_route': str,
}


class TochkaInvoicePortal(account_payment_portal.PortalAccount):
    """ Tells `_get_compatible_providers` for which documents a page offers ways to pay. """

    def _invoice_get_page_view_values(self, invoice, *args, **kwargs):
        """ Override of `account_payment`. """
        request.update_context(tochka_documents=invoice)
        return super()._invoice_get_page_view_values(invoice, *args, **kwargs)

    def _overdue_invoices_get_page_view_values(self, overdue_invoices, **kwargs):
        """ Override of `account_payment`. """
        request.update_context(tochka_documents=overdue_invoices)
        return super()._overdue_invoices_get_page_view_values(overdue_invoices, **kwargs)


class TochkaPaymentPortal(payment_portal.PaymentPortal):

    def _validate_transaction_kwargs(self, kwargs, additional_allowed_keys=()):
        """ Override of `payment` to let through what the payer ticks and types for Tochka Bank. """
        super()._validate_transaction_kwargs(kwargs, additional_allowed_keys=(
            *additional_allowed_keys, 'tochka_offer_accepted', 'tochka_payer_email',
        ))
        # Odoo's own code would raise somewhere behind: no page leaves these out.
        if not _SENT.keys() <= kwargs.keys() or any(
            not isinstance(kwargs[name], kinds) for name, kinds in _SENT.items()
        ):
            raise ValidationError(_(
                "Something of this payment is missing. Please reload the page."))
        if kwargs.get('amount'):
            self._tochka_check_number(kwargs['amount'])

    def _create_transaction(
        self, provider_id, payment_method_id, token_id, amount=None, currency_id=None,
        partner_id=None, flow=None, tokenization_requested=None, landing_route=None,
        is_validation=False, custom_create_values=None, tochka_offer_accepted=False,
        tochka_payer_email=None, **kwargs,
    ):
        """ Override of `payment` to send the payer to the link that is already open, and to keep
        what the payer has ticked and typed.

        :param bool tochka_offer_accepted: Whether the box of the public offer was ticked.
        :param str|None tochka_payer_email: The typed e-mail.
        :return: The transaction with the open link, else a new one.
        :rtype: payment.transaction
        """
        provider_sudo = request.env['payment.provider'].sudo().browse(provider_id)
        partner_sudo = request.env['res.partner'].sudo().browse(partner_id)
        is_tochka = provider_sudo.code == 'tochka' and flow == 'redirect' and not is_validation
        transaction_sudo = request.env['payment.transaction'].sudo()
        if is_tochka:
            self._tochka_check_number(amount)
        if is_tochka and custom_create_values:
            transaction_sudo = transaction_sudo._tochka_find_open_link(
                provider_sudo,
                request.env['payment.method'].sudo().browse(payment_method_id),
                amount,
                request.env['res.currency'].browse(currency_id),
                custom_create_values,
            )
        if transaction_sudo and transaction_sudo._tochka_fits_payer(
            partner_sudo, tochka_payer_email
        ):
            transaction_sudo.landing_route = landing_route
            transaction_sudo._tochka_hand_link_to(partner_sudo)
            PaymentPostProcessing.monitor_transaction(transaction_sudo)
        else:
            if is_tochka:
                transaction_sudo._tochka_check_limits(partner_sudo, custom_create_values or {})
            transaction_sudo = super()._create_transaction(
                provider_id, payment_method_id, token_id, amount, currency_id, partner_id, flow,
                tokenization_requested, landing_route, is_validation=is_validation,
                custom_create_values=custom_create_values, **kwargs,
            )
        if is_tochka:
            transaction_sudo._tochka_take_payer_input(
                partner_sudo, tochka_offer_accepted, tochka_payer_email)
        return transaction_sudo

    @staticmethod
    def _tochka_check_number(amount):
        """ Check that an amount is one: JSON knows NaN, Infinity, 1e308 and words as well.

        :raise ValidationError: If it is none, or more than anything costs.
        """
        if (
            isinstance(amount, bool) or not isinstance(amount, int | float)
            or not 0 < amount <= tuning.MAX_AMOUNT
        ):
            raise ValidationError(_("The amount is not a number. Please reload the page."))
