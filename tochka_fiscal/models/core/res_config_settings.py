# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models


class ResConfigSettings(models.TransientModel):
    _inherit = 'res.config.settings'

    fiscal_other_income = fields.Monetary(
        related='company_id.fiscal_other_income', readonly=False)
    fiscal_other_income_year = fields.Integer(
        related='company_id.fiscal_other_income_year', readonly=False)
