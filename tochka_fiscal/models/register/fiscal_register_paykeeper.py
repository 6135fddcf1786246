# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, fields, models

from odoo.addons.tochka_fiscal import tuning
from odoo.addons.tochka_fiscal.models.selections import TAXATION_SELECTION
from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.registers.paykeeper import PayKeeper


class FiscalRegister(models.Model):
    """ PayKeeper: the server of a merchant. What nobody documents is off until a person says that
    PayKeeper has confirmed it.
    """

    _inherit = 'fiscal.register'

    paykeeper_user = fields.Char(
        string="User of the cabinet", groups='base.group_system',
        help="Better one of its own for Odoo: the cabinet lets you add users.")
    paykeeper_password = fields.Char(
        string="Password", groups='base.group_system', copy=False,
        help="Whoever has it can print receipts in your name.")
    paykeeper_taxation_system = fields.Selection(
        string="Taxation system in the cabinet", selection=TAXATION_SELECTION,
        help="PayKeeper prints the one that its cabinet is set to. Receipts of another are not"
             " sent.")
    paykeeper_repeats = fields.Boolean(
        string="A repeated receipt_key prints nothing",
        help="Ask PayKeeper: is the request 8.11 with the same receipt_key printed once, and"
             " answered with the same receipt_id? Until it is sure, a receipt whose answer was lost"
             " is not sent again: a person looks into the cabinet.")
    paykeeper_return_type = fields.Char(
        string="Word for a return",
        help="Ask PayKeeper: what stands in \"type\" of the request 8.11 for the return of a"
             " receipt without a payment? Until it is entered, returns are printed in the cabinet.")

    def _paykeeper_client(self):
        if not all((self.url, self.paykeeper_user, self.paykeeper_password,
                    self.paykeeper_taxation_system)):
            raise base.Unauthorized(_(
                "Fill in address, user, password and taxation system of the register %s.",
                self.name))
        return PayKeeper(
            self.url, self.paykeeper_user, self.paykeeper_password, self.paykeeper_taxation_system,
            self.paykeeper_return_type or '', tuning.REGISTER_TIMEOUT)
