# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models


class PaymentTransaction(models.Model):
    """ A refund of any provider, and which lines come back. """

    _inherit = 'payment.transaction'

    # Kopecks by line of the printed receipt, as a person has picked them.
    fiscal_picked = fields.Json(readonly=True, copy=False)

    # === BUSINESS METHODS === #

    def _fiscal_returned_notes(self):
        """ Return the credit notes that this refund pays: those that it was asked for, else the
        open ones of what was paid, when they are just as much: the books match them.

        :rtype: account.move
        """
        self.ensure_one()
        notes = self.invoice_ids.filtered(lambda move: move.move_type == 'out_refund')
        if notes:
            return notes
        own, of_notes = self.source_transaction_id._tochka_returnable_lines()
        open_amount = -sum(of_notes.mapped('amount_residual_currency'))
        is_all = not own and not self.currency_id.compare_amounts(open_amount, -self.amount)
        return of_notes.move_id if is_all else notes

    def _create_child_transaction(self, amount, is_refund=False, **custom_create_values):
        """ Override of `payment` to keep which lines come back.

        The window comes as a record: that it has put itself into the context, and not whoever calls
        over the network.
        """
        wizard = self.env.context.get('fiscal_refund_wizard')
        if is_refund and isinstance(wizard, models.BaseModel):
            custom_create_values['fiscal_picked'] = wizard._fiscal_picked()
        return super()._create_child_transaction(
            amount, is_refund=is_refund, **custom_create_values)
