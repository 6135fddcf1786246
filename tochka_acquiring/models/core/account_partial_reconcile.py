# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import models


class AccountPartialReconcile(models.Model):
    _inherit = 'account.partial.reconcile'

    def unlink(self):
        """ Override of `account` to return an advance when its settlement is undone.

        However a match is undone (the invoice's widget, a cancelled payment or invoice, an edited
        amount), it ends here. A transfer that stayed would leave the money as a credit on the
        receivable account, or an invoice paid by a cancelled payment.
        """
        moves = (self.debit_move_id + self.credit_move_id).move_id
        transfers = moves._tochka_live_transfers()
        payments = moves.origin_payment_id.sudo().payment_transaction_id
        res = super().unlink()
        transfers.exists()._tochka_undo_transfers()
        payments._tochka_tell_families()
        return res
