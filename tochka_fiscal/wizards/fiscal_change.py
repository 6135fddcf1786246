# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date, timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.tochka_acquiring.utils import bank_day
from odoo.addons.tochka_fiscal import tuning
from odoo.addons.tochka_fiscal.models.selections import TAXATION_SELECTION, VAT_SELECTION

# What is chosen as the VAT of what is sold; money in advance has its calculated rate by itself.
RATES = ('none', 'vat0', 'vat5', 'vat7', 'vat10', 'vat22')


class FiscalChange(models.TransientModel):
    """ Another taxation system or VAT from a day on: what it touches, then the periods. """

    _name = 'fiscal.change'
    _inherit = 'tochka.wizard'
    _description = "Change of taxation from a day"

    company_id = fields.Many2one(
        string="Company", comodel_name='res.company', required=True,
        default=lambda self: self.env.company,
        domain=lambda self: [('id', 'in', self.env.companies.ids)])
    date_from = fields.Date(
        string="From", required=True, default=lambda self: self._next_first(),
        help="The first day, in Moscow.")
    taxation_system = fields.Selection(
        string="Taxation system", selection=TAXATION_SELECTION, required=True)
    vat = fields.Selection(
        string="VAT of what is sold without a tax",
        selection=[pair for pair in VAT_SELECTION if pair[0] in RATES], required=True)
    provider_ids = fields.Many2many(
        string="Providers", comodel_name='payment.provider', compute='_compute_provider_ids',
        store=True, readonly=False,
        domain="[('company_id', 'child_of', company_id), ('fiscalization', '!=', 'no')]")
    tax_ids = fields.Many2many(
        string="Taxes that mean the same from then on", comodel_name='account.tax',
        domain="[('company_id', 'parent_of', company_id), ('type_tax_use', '=', 'sale')]",
        help="For instance a tax \"No VAT\" that stands in your invoices. Others keep their"
             " meaning.")
    touched = fields.Text(string="What it touches", compute='_compute_touched')

    # === COMPUTE METHODS === #

    @api.model
    def _next_first(self):
        """ Return the first day of the next month. :rtype: date """
        today = bank_day(fields.Datetime.now())
        return (today.replace(day=28) + timedelta(days=4)).replace(day=1)

    @api.depends('company_id')
    def _compute_provider_ids(self):
        for wizard in self:
            wizard.provider_ids = [Command.set(self.env['payment.provider'].search([
                ('company_id', 'child_of', wizard.company_id.id),
                ('fiscalization', '!=', 'no')]).ids)]

    @api.depends('company_id', 'date_from', 'provider_ids')
    def _compute_touched(self):
        for wizard in self:
            wizard.touched = '\n'.join(f'• {text}' for text in wizard._find_touched()) or _(
                "Nothing that is open.")

    @api.onchange('provider_ids')
    def _onchange_provider_ids(self):
        """ Begin with what holds on the day as things stand. """
        provider = self.provider_ids[:1]
        if provider and not self.taxation_system:
            day = self.date_from or self._next_first()
            self.taxation_system = provider._fiscal_taxation_on(day)
            self.vat = provider._fiscal_vat_on(day)

    # === ACTION METHODS === #

    def action_apply(self):
        """ Plan the change, and leave what a person has to do.

        :return: The action that closes the window.
        :rtype: dict
        :raise UserError: If the day is over, or nothing is chosen.
        """
        self.ensure_one()
        self.provider_ids.check_access('write')
        self.tax_ids.check_access('write')
        if not self.provider_ids:
            raise UserError(_("No payment provider of this company has receipts."))
        if self.date_from < bank_day(fields.Datetime.now()):
            raise UserError(_(
                "Receipts of the past are printed already: choose today or a later day. What was"
                " printed wrongly is put right receipt by receipt."))
        for provider in self.provider_ids:
            provider._fiscal_plan(self.date_from, self.taxation_system, self.vat)
        for tax in self.tax_ids:
            tax._fiscal_plan_vat(self.date_from, self.vat)
        self._leave_tasks()
        return {'type': 'ir.actions.act_window_close'}

    # === BUSINESS METHODS === #

    def _find_touched(self):
        """ Return what is open and says what holds until now, in sentences. :rtype: list[str] """
        self.ensure_one()
        company = self.company_id.sudo()
        day = self.date_from or date.max
        found = []
        prepayments = self.env['fiscal.receipt'].sudo().search([
            ('company_id', 'child_of', company.id), ('prepaid_left', '>', 0),
            ('state', 'in', ('done', 'delegated'))])
        if prepayments:
            found.append(_(
                "%(count)s prepayments of %(total)s roubles: what is delivered from then on is"
                " closed by the new rate.", count=len(prepayments),
                total=f"{sum(prepayments.mapped('prepaid_left')):.2f}"))
        invoices = company._fiscal_documents_without_vat()
        for records, text in (
            (invoices.filtered(lambda move: move.state == 'posted'),
             _("%s unpaid invoices without VAT: their prices may have to change.")),
            (invoices.filtered(lambda move: move.state == 'draft'),
             _("%s draft invoices without VAT.")),
            (company._fiscal_orders_without_vat(),
             _("%s quotations and orders without VAT that are not invoiced.")),
            (company._fiscal_links_beyond(day),
             _("%s payment links that are open longer: what they print is fixed at the bank, and"
               " the bank can't end them. What is paid by them after all has to be put right.")),
        ):
            if records:
                found.append(text % len(records))
        taxes = company._fiscal_taxes_without_vat()
        if taxes:
            found.append(_(
                "Taxes without a VAT in receipts: %s. What they stand in can't be printed.",
                ', '.join(taxes[:tuning.NAMED_IN_WARNINGS].mapped('name'))))
        categories = company._fiscal_categories_without_tax()
        if categories:
            found.append(_(
                "Products without a tax, of the categories %s: they take the VAT that is chosen"
                " here, and their prices then contain it.", ', '.join(categories.mapped('name'))))
        for register in self._registers():
            found.append(_(
                "Register %s: its taxation system and VAT must be changed in the cabinet of the"
                " service, too.", register.name))
        return found

    def _registers(self):
        """ Return the registers that print for the chosen providers; that of the bank is set in the
        internet bank. :rtype: fiscal.register """
        registers = self.env['fiscal.register'].sudo()
        for provider in self.provider_ids.sudo():
            if provider.fiscalization == 'other':
                registers |= provider.fiscal_register_id
            elif provider.fiscalization == 'bank' and provider.tochka_merchant_id:
                # It is there since the choice of the bank's register.
                registers |= registers.search([
                    ('merchant_id', '=', provider.tochka_merchant_id.id)])
        return registers

    def _leave_tasks(self):
        """ Leave what a person has to do as problems, ticked off by themselves where Odoo sees it.
        """
        problems = self.env['tochka.problem']
        for register in self._registers():
            problems._open(
                register, 'change_register', str(self.date_from), severity='3_info',
                at=self.date_from, system=self.taxation_system, vat=self.vat)
        if self.vat != 'none':
            self.company_id.sudo().root_id._fiscal_leave_tasks(self.date_from)
