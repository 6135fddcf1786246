# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, models
from odoo.exceptions import UserError


class IrModuleModule(models.Model):
    _inherit = 'ir.module.module'

    def button_uninstall(self):
        """ Override of `base` to keep receipts: with the add-on Odoo would delete their table.

        :raise UserError: If receipts were printed.
        """
        modules = self.sudo()
        names = (modules + modules.downstream_dependencies()).mapped('name')
        action = super().button_uninstall()  # who may
        if 'tochka_fiscal' in names:
            printed = self.env['fiscal.receipt'].sudo().with_context(
                active_test=False).search_count([('state', 'in', ('done', 'delegated'))])
            if printed:
                raise UserError(_(
                    "Fiscal receipts can't be uninstalled: %s printed receipts would be deleted,"
                    " and they prove settlements to the tax inspection. To stop printing, choose"
                    " \"No\" for fiscalization in the payment providers.", printed))
        return action
