# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.tochka_acquiring.utils import sudo_of_accessible


class TochkaRefundNote(models.TransientModel):
    """ Return the money of a credit note to the payer. """

    _name = 'tochka.refund.note'
    _inherit = 'tochka.wizard'
    _description = "Tochka Bank: return the money of a credit note"

    credit_note_id = fields.Many2one(
        string="Credit note", comodel_name='account.move', required=True, ondelete='cascade')
    currency_id = fields.Many2one(related='credit_note_id.currency_id')
    amount_note = fields.Monetary(
        string="Left of the credit note", compute='_compute_amounts')
    candidate_ids = fields.Many2many(
        comodel_name='payment.transaction', compute='_compute_amounts')
    transaction_id = fields.Many2one(
        string="To the payer of", comodel_name='payment.transaction', required=True,
        domain="[('id', 'in', candidate_ids)]", compute='_compute_transaction_id', store=True,
        precompute=True, readonly=False, ondelete='cascade')
    amount_left = fields.Monetary(string="Left of the payment", compute='_compute_amounts')
    amount = fields.Monetary(
        string="To be returned", required=True, compute='_compute_amount', store=True,
        precompute=True, readonly=False)
    is_sent = fields.Boolean(readonly=True)

    @api.depends('credit_note_id', 'transaction_id')
    def _compute_amounts(self):
        for wizard in self:
            note = sudo_of_accessible(wizard.credit_note_id._origin)
            payment = sudo_of_accessible(wizard.transaction_id._origin)
            wizard.amount_note = note._tochka_note_left()
            wizard.candidate_ids = note._tochka_note_payments()
            wizard.amount_left = payment._tochka_refundable() if payment else 0.0

    @api.depends('credit_note_id')
    def _compute_transaction_id(self):
        for wizard in self:
            note = sudo_of_accessible(wizard.credit_note_id._origin)
            wizard.transaction_id = note._tochka_note_payments()[:1]

    @api.depends('transaction_id')
    def _compute_amount(self):
        for wizard in self:
            wizard.amount = min(wizard.amount_left, wizard.amount_note)

    def action_refund(self):
        """ Let the bank return the money; the payment that goes out pays the credit note.

        However often this window is sent, it asks once, see `payment.refund.wizard`.

        :return: A notification.
        :rtype: dict
        :raise ValidationError: If it is more than the credit note has left.
        """
        self.ensure_one()
        note = sudo_of_accessible(self.credit_note_id)
        done = self.env['payment.transaction']._build_action_feedback_notification()
        if self.is_sent:
            return done
        self.is_sent = True
        # Two windows may choose two payments for one note.
        for payment in note._tochka_note_payments():
            payment._tochka_lock()
        if self.transaction_id not in note._tochka_note_payments():
            raise ValidationError(_("This payment has not paid the invoice of the credit note."))
        note._tochka_check_left(self.amount)
        self.env['tochka.refund']._request(self.transaction_id, self.amount, credit_note=note)
        return done
