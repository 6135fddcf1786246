# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import models


class AccountPartialReconcile(models.Model):
    _inherit = 'account.partial.reconcile'

    def unlink(self):
        """ Override of `account` to look at what an invoice has closed when its money goes. """
        moves = self.debit_move_id.move_id
        moves |= moves.tochka_settled_move_id
        res = super().unlink()
        self.env['fiscal.receipt']._note_change(moves.exists())
        return res
