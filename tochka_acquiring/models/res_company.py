# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.tochka_acquiring import const


class ResCompany(models.Model):
    _inherit = 'res.company'

    tochka_inbox_days = fields.Integer(
        string="Keep the content of bank notifications for",
        help="After this many days the content of the bank's notifications, which may name payers"
             " and their phones, is deleted.",
        default=const.INBOX_DAYS,
    )

    @api.constrains('tochka_inbox_days')
    def _check_tochka_inbox_days(self):
        if any(company.tochka_inbox_days < 1 for company in self):
            raise ValidationError(_("Bank notifications must be kept for at least one day."))
