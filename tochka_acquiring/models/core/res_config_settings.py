# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    tochka_inbox_days = fields.Integer(related='company_id.tochka_inbox_days', readonly=False)
    tochka_topups_pay_invoices = fields.Boolean(
        related='company_id.tochka_topups_pay_invoices', readonly=False
    )
    tochka_offer_url = fields.Char(related='company_id.tochka_offer_url', readonly=False)
    tochka_offer_required = fields.Boolean(
        related='company_id.tochka_offer_required', readonly=False)
