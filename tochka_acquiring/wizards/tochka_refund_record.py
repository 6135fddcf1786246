# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime, time
from zoneinfo import ZoneInfo

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.utils import bank_day, sudo_of_accessible, utc_naive


class TochkaRefundRecord(models.TransientModel):
    """ A return that a person has made in the internet bank, because Odoo could not. """

    _name = 'tochka.refund.record'
    _inherit = 'tochka.wizard'
    _description = "Tochka Bank: record a return"

    transaction_id = fields.Many2one(
        string="Payment", comodel_name='payment.transaction', required=True, ondelete='cascade')
    currency_id = fields.Many2one(related='transaction_id.currency_id')
    amount_left = fields.Monetary(string="Can be returned", compute='_compute_amount_left')
    amount = fields.Monetary(string="Returned", required=True)
    day = fields.Date(
        string="On", required=True, default=lambda self: bank_day(fields.Datetime.now()),
        help="The bank's day, as the internet bank shows it.")
    credit_note_id = fields.Many2one(
        string="Credit note", comodel_name='account.move', ondelete='cascade',
        domain="[('move_type', '=', 'out_refund'), ('state', '=', 'posted'),"
               " ('amount_residual', '>', 0), ('commercial_partner_id', '=', partner_id)]")
    # Whose credit notes are offered.
    partner_id = fields.Many2one(
        string="Payer", comodel_name='res.partner', compute='_compute_partner_id')
    known = fields.Char(string="In the books already", compute='_compute_known')
    is_another = fields.Boolean(string="I have made another return of the same amount")

    @api.depends('transaction_id')
    def _compute_amount_left(self):
        for wizard in self:
            wizard.amount_left = sudo_of_accessible(
                wizard.transaction_id._origin)._tochka_refundable()

    @api.depends('transaction_id')
    def _compute_partner_id(self):
        for wizard in self:
            payment = sudo_of_accessible(wizard.transaction_id._origin)
            wizard.partner_id = payment.payment_id.partner_id.commercial_partner_id

    @api.depends('transaction_id', 'amount')
    def _compute_known(self):
        for wizard in self:
            payment = sudo_of_accessible(wizard.transaction_id._origin)
            wizard.known = ', '.join(
                f'{refund.name} ({format_date(self.env, refund._returned_on())})'
                for refund in payment._tochka_booked_refunds(wizard.amount)) if payment else False

    @api.onchange('transaction_id')
    def _onchange_transaction(self):
        """ Offer what the bank has refused, else all that is left. """
        payment = sudo_of_accessible(self.transaction_id._origin)
        refused = payment._tochka_refused_refunds()[-1:]
        self.amount = refused.amount if refused else self.amount_left
        self.credit_note_id = refused.credit_note_id

    @api.onchange('credit_note_id')
    def _onchange_credit_note(self):
        """ Offer no more than is left of the credit note. """
        note = sudo_of_accessible(self.credit_note_id._origin)
        if note:
            self.amount = min(self.amount or self.amount_left, note._tochka_note_left())

    def action_record(self):
        """ Book the return; the nightly sweep finds it in the bank's history and books no second
        one.

        :return: The action that opens the refund.
        :rtype: dict
        :raise UserError: If the day is yet to come, or the return may be in the books already.
        """
        self.ensure_one()
        self.env['tochka.refund']._check_right()
        payment = sudo_of_accessible(self.transaction_id)
        if self.day > bank_day(fields.Datetime.now()):
            raise UserError(_("This day is yet to come."))
        noon = datetime.combine(self.day, time(12), ZoneInfo(const.BANK_TIME_ZONE))
        refund = self.env['tochka.refund']._record(
            payment, self.amount, utc_naive(noon), sudo_of_accessible(self.credit_note_id),
            self.is_another)
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'tochka.refund',
            'res_id': refund.id,
            'view_mode': 'form',
        }
