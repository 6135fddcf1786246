# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models

from odoo.addons.tochka_acquiring.utils import bank_day, bank_moment
from odoo.addons.tochka_fiscal import const


class FiscalRegister(models.Model):
    """ Whether a register was told of a change. """

    _inherit = 'fiscal.register'

    def _prints_since(self, change):
        """ Return whether this register has printed by the new taxation and VAT: then its service
        takes them.

        :param dict change: `at`, `system` and `vat`, as the problem keeps them.
        :rtype: bool
        """
        self.ensure_one()
        day = fields.Date.to_date(change['at'])
        return bank_day(fields.Datetime.now()) >= day and bool(
            self.env['fiscal.receipt'].sudo().search_count([
                ('register_id', '=', self.id), ('state', '=', 'done'), ('kind', '=', 'income'),
                ('paid_at', '>=', bank_moment(day)), ('taxation_system', '=', change['system']),
                ('line_ids.vat', 'in', [
                    change['vat'], const.CALCULATED_VATS.get(change['vat'], change['vat'])]),
            ], limit=1))
