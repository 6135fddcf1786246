# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.tochka_fiscal import tuning
from odoo.addons.tochka_fiscal.models.selections import TAXATION_SELECTION, VAT_SELECTION
from odoo.addons.tochka_fiscal.receipt import is_email


class FiscalTest(models.TransientModel):
    """ A person lets a register print a receipt and its return, to see that it works. """

    _name = 'fiscal.test'
    _inherit = 'tochka.wizard'
    _description = "Test of a fiscal register"

    register_id = fields.Many2one(
        string="Register", comodel_name='fiscal.register', required=True, ondelete='cascade')
    currency_id = fields.Many2one(related='register_id.company_id.currency_id')
    amount = fields.Monetary(string="Amount", required=True, default=1.0)
    taxation_system = fields.Selection(
        string="Taxation system", selection=TAXATION_SELECTION, required=True,
        compute='_compute_taxation_system', store=True, readonly=False, precompute=True)
    vat = fields.Selection(
        string="VAT rate", selection=VAT_SELECTION, required=True, default='none')
    contact = fields.Char(
        string="E-mail", required=True,
        default=lambda self: self.env.user.email or self.env.company.email,
        help="Both receipts are sent to it.")

    @api.depends('register_id')
    def _compute_taxation_system(self):
        for wizard in self:
            provider = self.env['payment.provider'].sudo().search([
                ('fiscal_register_id', '=', wizard.register_id.id)], limit=1)
            wizard.taxation_system = provider.fiscal_taxation_system

    def action_print(self):
        """ Queue the receipt and its return.

        :return: The action that shows them.
        :rtype: dict
        :raise UserError: If something is missing, or would cost more than a test may.
        """
        self.ensure_one()
        self.register_id.check_access('write')
        if not 0 < self.amount <= tuning.MAX_TEST_AMOUNT:
            raise UserError(_(
                "A test receipt is of at most %s roubles.", tuning.MAX_TEST_AMOUNT))
        if not is_email((self.contact or '').strip()):
            raise UserError(_("Write the e-mail address to which the receipts are sent."))
        if self.register_id.state not in ('ready', 'passive'):
            raise UserError(_("Check the register first."))
        return self.env['fiscal.receipt'].sudo()._create_test(
            self.register_id, self.amount, {
                'taxation_system': self.taxation_system, 'vat': self.vat,
                'contact': self.contact.strip(),
            }).with_env(self.env)._open()
