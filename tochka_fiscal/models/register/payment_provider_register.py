# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.tochka_fiscal import const, tuning


class PaymentProvider(models.Model):
    """ Which register prints the receipts of a provider's payments; whether Odoo confirms them. """

    _inherit = 'payment.provider'

    fiscal_register_id = fields.Many2one(
        string="Fiscal register", comodel_name='fiscal.register', ondelete='restrict',
        domain="[('company_id', 'parent_of', company_id), ('kind', '!=', 'bank')]", copy=False,
        help="The online register that prints the receipts. It must be of the company whose money"
             " it is.")
    fiscal_confirm = fields.Boolean(
        string="Send a confirmation with the receipt", default=True,
        help="When the receipt is printed, Odoo sends the buyer an e-mail with its data and its QR"
             " code. The register sends the receipt itself.")

    fiscal_closing = fields.Selection(
        string="Closing receipts",
        help="What was paid before it was delivered gets a second receipt at the delivery: full"
             " settlement, paid by the prepayment (tag 1215). The invoice's date and the stock tell"
             " what is delivered.",
        selection=[
            ('auto', "By themselves, when it is delivered"),
            ('manual', "By a button on the receipt"),
        ],
        required=True, default='auto')

    # === CONSTRAINT METHODS === #

    @api.constrains('fiscalization', 'fiscal_register_id', 'company_id')
    def _check_fiscal_register(self):
        for provider in self:
            register = provider.fiscal_register_id
            if register.kind == 'bank':
                raise ValidationError(_(
                    "The bank's register is chosen by the fiscalization \"Yes, by the bank's online"
                    " register\"."))
            if register and register.company_id not in provider.company_id.parent_ids:
                raise ValidationError(_(
                    "The register %(register)s belongs to %(owner)s, and %(provider)s takes money"
                    " for %(company)s.", register=register.name, owner=register.company_id.name,
                    provider=provider.name, company=provider.company_id.name))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `payment` to have the bank's register ready before the first payer, and
        to keep what is corrected in the form with the present period. """
        providers = super().create(vals_list)
        providers._fiscal_prepare_bank_registers()
        return providers

    def write(self, vals):
        """ Override of `payment` to have the bank's register ready before the first payer. """
        result = super().write(vals)
        if {'fiscalization', 'tochka_merchant_id'} & set(vals):
            self._fiscal_prepare_bank_registers()
        if {'fiscal_taxation_system', 'fiscal_vat'} & set(vals):
            self._fiscal_correct_present_period()
        return result

    # === BUSINESS METHODS === #

    def _fiscal_prepare_bank_registers(self):
        for provider in self.filtered(lambda p: p.fiscalization == 'bank' and p.tochka_merchant_id):
            provider._fiscal_bank_register()

    def _fiscal_bank_register(self):
        """ Return the register that is connected to the provider's shop at the bank.

        :rtype: fiscal.register
        """
        self.ensure_one()
        merchant = self.tochka_merchant_id.sudo()
        registers = self.env['fiscal.register'].sudo().with_context(active_test=False)
        return registers.search([('merchant_id', '=', merchant.id)]) or registers.create({
            'name': f'{merchant.cashbox or ""} {merchant.name}'.strip(),
            'kind': 'bank',
            'merchant_id': merchant.id,
            'company_id': (merchant.company_id or self.company_id).id,
            'address': merchant.url or self.company_id.website or self.get_base_url(),
            'state': 'ready',
        })

    def _fiscal_find_register_warning(self):
        """ Return why receipts are not printed now, or an empty string.

        :rtype: str
        """
        self.ensure_one()
        if self.fiscalization == 'bank':
            return self._fiscal_find_bank_warning()
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

    def _fiscal_find_bank_warning(self):
        """ Return what is sold that the bank's register can't print, or an empty string.

        :rtype: str
        """
        categories = self.env['product.category'].sudo().search([
            '|',
            ('fiscal_method', 'not in', [False, *const.BANK_FISCAL_METHODS]),
            ('fiscal_subject', 'not in', [False, *const.BANK_FISCAL_SUBJECTS]),
        ], limit=tuning.NAMED_IN_WARNINGS)
        if not categories:
            return ''
        return _(
            "The bank's register prints goods, services and work, paid in full or prepaid in full."
            " Payments of products of these categories are refused: %s. Correct their fiscal method"
            " and subject, or choose another register.", ', '.join(categories.mapped('name')))
