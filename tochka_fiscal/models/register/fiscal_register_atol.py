# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, fields, models

from odoo.addons.tochka_fiscal import tuning
from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.registers.atol import Atol


class FiscalRegister(models.Model):
    """ ATOL Online: a group of tills. """

    _inherit = 'fiscal.register'

    atol_login = fields.Char(
        string="Login of the integration", groups='base.group_system',
        help="Stands in the file of settings for integrators, which the cabinet of ATOL Online"
             " offers for each shop.")
    atol_password = fields.Char(
        string="Password of the integration", groups='base.group_system', copy=False,
        help="Stands beside the login. Whoever has it can print receipts in your name.")
    atol_group = fields.Char(
        string="Code of the group of tills", groups='base.group_system',
        help="It belongs to one format of fiscal data: choose the same below.")
    atol_inn = fields.Char(
        string="INN", groups='base.group_system',
        default=lambda self: self.env.company.vat,
        help="To which the tills are registered.")
    atol_sender = fields.Char(
        string="E-mail of the sender", groups='base.group_system',
        default=lambda self: self.env.company.email,
        help="Tag 1117: stands on the receipt as the sender's.")

    def _atol_client(self):
        if not all((self.atol_login, self.atol_password, self.atol_group, self.atol_inn,
                    self.atol_sender)):
            raise base.Unauthorized(_(
                "Fill in login, password, code of the group, INN and e-mail of the sender of the"
                " register %s.", self.name))
        return Atol(
            self.url, self.atol_login, self.atol_password, self.atol_group, self.atol_inn,
            self.atol_sender, self.ffd, tuning.REGISTER_TIMEOUT)
