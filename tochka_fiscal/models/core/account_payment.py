# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models

from odoo.addons.tochka_acquiring.utils import sudo_of_accessible


class AccountPayment(models.Model):
    _inherit = 'account.payment'

    fiscal_receipt_count = fields.Integer(compute='_compute_fiscal_receipt_count')

    # === COMPUTE METHODS === #

    def _compute_fiscal_receipt_count(self):
        for payment in self:
            payment.fiscal_receipt_count = len(
                payment._tochka_transaction().fiscal_receipt_ids)

    # === ACTION METHODS === #

    def action_fiscal_receipts(self):
        """ Open the receipts of the payment.

        :return: The action that opens them.
        :rtype: dict
        """
        self.ensure_one()
        receipts = sudo_of_accessible(self)._tochka_transaction().fiscal_receipt_ids
        return receipts.sudo(False)._open()
