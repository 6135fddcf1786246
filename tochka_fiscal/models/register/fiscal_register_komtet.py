# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, fields, models

from odoo.addons.tochka_fiscal import tuning
from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.registers.komtet import Komtet


class FiscalRegister(models.Model):
    """ KOMTET Kassa: a queue of a shop. """

    _inherit = 'fiscal.register'

    shop = fields.Char(
        string="Shop ID", groups='base.group_system',
        help="Stands in the cabinet of KOMTET Kassa: Shops, your shop, Settings.")
    secret = fields.Char(
        string="Secret key", groups='base.group_system', copy=False,
        help="Stands beside the shop ID. Whoever has it can print receipts in your name.")
    queue = fields.Char(
        string="Queue ID", groups='base.group_system',
        help="The queue of the shop to which your till is connected.")

    komtet_person = fields.Char(
        string="Who makes corrections", size=64,
        help="Name and post of who is in charge: correction receipts name the person.")

    def _komtet_client(self):
        if not (self.shop and self.secret and self.queue):
            raise base.Unauthorized(_(
                "Fill in shop ID, secret key and queue ID of the register %s.", self.name))
        return Komtet(
            self.url, self.shop, self.secret, self.queue, self.ffd, self.komtet_person or '',
            tuning.REGISTER_TIMEOUT)
