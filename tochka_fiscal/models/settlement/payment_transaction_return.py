# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import SUPERUSER_ID, fields, models

from odoo.addons.tochka_fiscal.models.receipt.fiscal_receipt_line import to_kopecks


class PaymentTransaction(models.Model):
    """ A refund, of any provider, and its receipt. """

    _inherit = 'payment.transaction'

    # Kopecks by line of the printed receipt, as a person has picked them.
    fiscal_picked = fields.Json(readonly=True, copy=False)

    # === BUSINESS METHODS === #

    def _create_child_transaction(self, amount, is_refund=False, **custom_create_values):
        """ Override of `payment` to keep which lines come back.

        They come as a recordset: that the wizard has put it into the context, and not whoever calls
        over the network.
        """
        picked = self.env.context.get('fiscal_picked')
        if is_refund and isinstance(picked, models.BaseModel):
            custom_create_values['fiscal_picked'] = {
                str(line.line_id.id): to_kopecks(line.amount) for line in picked}
        return super()._create_child_transaction(
            amount, is_refund=is_refund, **custom_create_values)

    def _tochka_request_refund(self):
        """ Override of `tochka_acquiring` to have the receipt ready before the money goes. """
        super()._tochka_request_refund()
        receipts = self.env['fiscal.receipt'].with_user(SUPERUSER_ID)
        receipts._create_return(self.with_user(SUPERUSER_ID))._wait_again()

    def _set_error(self, state_message, extra_allowed_states=()):
        """ Override of `payment`: what was not returned gets no receipt. """
        transactions = super()._set_error(
            state_message, extra_allowed_states=extra_allowed_states)
        for transaction in transactions:
            transaction._fiscal_receipt()._void()
        return transactions
