# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import re

from odoo import api, fields, models

from odoo.addons.tochka_acquiring.utils import bank_day
from odoo.addons.tochka_fiscal.models.selections import VAT_SELECTION

# Per cent -> VAT of the receipt. What else a tax may mean is for the accountant to say.
GUESSED_VATS = {
    0.0: 'vat0', 5.0: 'vat5', 7.0: 'vat7', 10.0: 'vat10', 20.0: 'vat20', 22.0: 'vat22',
}

# A tax of 0 % with such a name is no rate of 0 %: the sale is outside of VAT, or exempt.
_WITHOUT_VAT = re.compile(
    r'без\s+(?:налога\s*\()?ндс|не\s+облагает|освобожд|\b(?:no|without|non)[\s-]+(?:vat|tax)|exempt',
    re.IGNORECASE)


class AccountTax(models.Model):
    """ Which VAT a line with this tax has in a receipt. """

    _inherit = 'account.tax'

    fiscal_vat = fields.Selection(
        string="VAT in receipts",
        help="Tag 1199 of a receipt's line with this tax. It is guessed from the rate, and of 0 %"
             " from the name: check it."
             " Money that comes before the goods gets the calculated rate by itself.",
        selection=VAT_SELECTION,
        # Not tracked: the installation would write a message to each tax.
        compute='_compute_fiscal_vat', store=True, readonly=False, copy=False)
    fiscal_vat_confirmed = fields.Boolean(
        string="VAT in receipts is checked",
        help="The accountant has chosen the VAT in receipts or agrees with it: it no longer follows"
             " the rate of the tax.",
        copy=False, tracking=True)

    fiscal_period_ids = fields.One2many(
        string="VAT in receipts by day", comodel_name='fiscal.period', inverse_name='tax_id',
        readonly=True)

    # === COMPUTE METHODS === #

    @api.depends('amount', 'amount_type', 'type_tax_use', 'name', 'invoice_label')
    def _compute_fiscal_vat(self):
        for tax in self:
            tax.fiscal_vat = (
                tax.fiscal_vat if tax.fiscal_vat_confirmed else tax._fiscal_guess_vat())

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `account` to keep what an accountant has chosen. """
        taxes = super().create(vals_list)
        for tax, vals in zip(taxes, vals_list, strict=True):
            tax._fiscal_keep_choice(vals)
        return taxes

    def write(self, vals):
        """ Override of `account` to keep what an accountant has chosen. """
        result = super().write(vals)
        self._fiscal_keep_choice(vals)
        if 'fiscal_vat' in vals:
            for tax in self.filtered('fiscal_period_ids'):
                tax.sudo().fiscal_period_ids._on(bank_day(fields.Datetime.now())).write(
                    {'vat': tax.fiscal_vat})
        return result

    # === BUSINESS METHODS === #

    def _fiscal_vat_on(self, day):
        """ Return the VAT that this tax means in receipts on a day.

        :param date day: The day of the delivery, else of the money, in Moscow.
        :return: A name of `const.VATS`, or False.
        :rtype: str|bool
        """
        self.ensure_one()
        periods = self.sudo().fiscal_period_ids
        return periods._on(day).vat if periods else self.fiscal_vat

    def _fiscal_plan_vat(self, day, vat):
        """ Let this tax mean another VAT in receipts from a day on. """
        self.ensure_one()
        return self.env['fiscal.period'].sudo()._plan(
            self, 'tax_id', day, {'vat': self.fiscal_vat or 'none'}, {'vat': vat})

    def _fiscal_take_period(self, period):
        """ Show what holds today. """
        if self.fiscal_vat != period.vat:
            self.write({'fiscal_vat': period.vat, 'fiscal_vat_confirmed': True})

    def _fiscal_guess_vat(self):
        """ Return the VAT that the rate means, if there is one.

        :return: A name of `const.VATS`, or False.
        :rtype: str|bool
        """
        self.ensure_one()
        if self.type_tax_use != 'sale' or self.amount_type != 'percent':
            return False
        if not self.amount:
            for code, _name in self.env['res.lang'].get_installed():
                tax = self.with_context(lang=code)
                if _WITHOUT_VAT.search(f'{tax.name} {tax.invoice_label or ""}'):
                    return 'none'
        return GUESSED_VATS.get(round(self.amount, 4), False)

    def _fiscal_keep_choice(self, vals):
        """ Note that a VAT was chosen by a person.

        A form sends guessed values as well, so that only what differs from the guess was chosen.

        :param dict vals: What was written.
        :return: None
        """
        if 'fiscal_vat' in vals and 'fiscal_vat_confirmed' not in vals:
            self.filtered(
                lambda tax: not tax.fiscal_vat_confirmed
                and (vals['fiscal_vat'] or False) != tax._fiscal_guess_vat()
            ).fiscal_vat_confirmed = True
