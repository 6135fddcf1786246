# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class PaymentProvider(models.Model):
    """ Which register prints the receipts of a provider's payments; whether Odoo confirms them. """

    _inherit = 'payment.provider'

    fiscal_register_id = fields.Many2one(
        string="Fiscal register", comodel_name='fiscal.register', ondelete='restrict',
        domain="[('company_id', 'parent_of', company_id)]", copy=False,
        help="The online register that prints the receipts. It must be of the company whose money"
             " it is.")
    fiscal_confirm = fields.Boolean(
        string="Send a confirmation with the receipt", default=True,
        help="When the receipt is printed, Odoo sends the buyer an e-mail with its data and its QR"
             " code. The register sends the receipt itself.")

    # === CONSTRAINT METHODS === #

    @api.constrains('fiscalization', 'fiscal_register_id', 'company_id')
    def _check_fiscal_register(self):
        for provider in self:
            register = provider.fiscal_register_id
            if register and register.company_id not in provider.company_id.parent_ids:
                raise ValidationError(_(
                    "The register %(register)s belongs to %(owner)s, and %(provider)s takes money"
                    " for %(company)s.", register=register.name, owner=register.company_id.name,
                    provider=provider.name, company=provider.company_id.name))

    # === BUSINESS METHODS === #

    def _tochka_find_warning(self):
        """ Override to say when nobody prints. """
        warning = super()._tochka_find_warning()
        return '\n'.join(filter(None, [warning, self._fiscal_find_register_warning()]))

    def _fiscal_find_register_warning(self):
        """ Return why receipts are not printed now, or an empty string.

        :rtype: str
        """
        self.ensure_one()
        if self.fiscalization != 'other':
            return ''
        register = self.fiscal_register_id
        if not register:
            return _("No fiscal register is chosen: Odoo prints no receipts of these payments.")
        if register.state in ('draft', 'attention'):
            return _(
                "The fiscal register %s is not checked or can't be used: receipts wait in Odoo.",
                register.name)
        return ''
