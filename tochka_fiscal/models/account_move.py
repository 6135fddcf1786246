# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, fields, models


class AccountMove(models.Model):
    _inherit = 'account.move'

    fiscal_receipt_ids = fields.Many2many(
        string="Fiscal receipts", comodel_name='fiscal.receipt',
        relation='fiscal_receipt_invoice_rel', column1='account_move_id',
        column2='fiscal_receipt_id', readonly=True, copy=False)
    fiscal_receipt_count = fields.Integer(compute='_compute_fiscal_receipt_count')

    # === COMPUTE METHODS === #

    def _compute_fiscal_receipt_count(self):
        for move in self:
            move.fiscal_receipt_count = len(move.sudo().fiscal_receipt_ids)

    # === ACTION METHODS === #

    def action_fiscal_receipts(self):
        """ Open the receipts of the invoice.

        :return: The action that opens them.
        :rtype: dict
        """
        self.ensure_one()
        receipts = self.fiscal_receipt_ids
        action = {
            'type': 'ir.actions.act_window',
            'name': _("Fiscal receipts"),
            'res_model': 'fiscal.receipt',
            'view_mode': 'list,form',
            'domain': [('id', 'in', receipts.ids)],
        }
        if len(receipts) == 1:
            action.update(view_mode='form', res_id=receipts.id, views=[(False, 'form')])
        return action
