# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models


class TochkaRefund(models.Model):
    """ A refund by the bank keeps which lines come back until it is a transaction. """

    _inherit = 'tochka.refund'

    fiscal_picked = fields.Json(readonly=True, copy=False)

    def _transaction_values(self):
        """ Override of `tochka_acquiring` to hand over which lines come back. """
        values = super()._transaction_values()
        if self.fiscal_picked:
            values['fiscal_picked'] = self.fiscal_picked
        return values
