# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models


class FiscalOffset(models.Model):
    """ What a receipt has paid by an advance that another one has taken: that of a gift card. """

    _name = 'fiscal.offset'
    _description = "Fiscal receipt: advance that was used"

    receipt_id = fields.Many2one(
        string="Receipt", comodel_name='fiscal.receipt', required=True, readonly=True,
        ondelete='cascade', index=True)
    prepayment_id = fields.Many2one(
        string="Receipt of the advance", comodel_name='fiscal.receipt', required=True,
        readonly=True, ondelete='restrict', index=True)
    company_id = fields.Many2one(related='receipt_id.company_id', store=True, precompute=True)
    currency_id = fields.Many2one(related='receipt_id.currency_id')
    total = fields.Monetary(string="Used", required=True, readonly=True)
