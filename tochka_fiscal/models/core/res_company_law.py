# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date
from decimal import Decimal

from odoo import _, fields, models

from odoo.addons.tochka_acquiring.utils import bank_day
from odoo.addons.tochka_fiscal import law


class ResCompany(models.Model):
    """ What the law changes for a firm: each change of `law.NOTICES` is told once, on its day,
    where it concerns the firm.
    """

    _inherit = 'res.company'

    # === ACTION METHODS === #

    def action_fiscal_change(self):
        """ Open the window that plans another taxation from a day.

        :rtype: dict
        """
        self.ensure_one()
        return {
            **self.env['ir.actions.act_window']._for_xml_id('tochka_fiscal.action_fiscal_change'),
            'context': {'default_company_id': self.id},
        }

    def action_fiscal_taxes(self):
        """ Open the taxes of sales that mean 20 % in receipts.

        :rtype: dict
        """
        self.ensure_one()
        domain = [('company_id', 'child_of', self.id), ('type_tax_use', '=', 'sale'),
                  ('fiscal_vat', '=', 'vat20')]
        return {
            'type': 'ir.actions.act_window',
            'name': _("Taxes of 20 %"),
            'res_model': 'account.tax',
            'view_mode': 'list,form',
            'domain': domain,
        }

    # === BUSINESS METHODS === #

    def _fiscal_providers(self):
        """ Return the providers of the legal entity that have receipts.

        :rtype: payment.provider
        """
        self.ensure_one()
        return self.env['payment.provider'].sudo().search([
            ('company_id', 'child_of', self.root_id.id), ('fiscalization', '!=', 'no')])

    def _fiscal_firm(self, day):
        """ Return what the table of changes asks about this legal entity.

        :param date day: The day from which a change holds, or the present one if that is later.
        :rtype: law.Firm
        """
        self.ensure_one()
        providers = self._fiscal_providers()
        taxes = self.env['account.move.line'].sudo()._read_group([
            ('company_id', 'child_of', self.root_id.id), ('display_type', '=', 'product'),
            ('parent_state', '!=', 'cancel'), ('tax_ids', '!=', False),
            ('move_id.move_type', '=', 'out_invoice'),
            ('move_id.invoice_date', '>=', date(day.year, 1, 1)),
            ('move_id.invoice_date', '<=', date(day.year, 12, 31)),
        ], ['tax_ids'])
        return law.Firm(
            systems=frozenset(filter(None, (
                provider._fiscal_taxation_on(day) for provider in providers))),
            vats=frozenset(provider._fiscal_vat_on(day) for provider in providers),
            sold_vats=frozenset(filter(None, (tax._fiscal_vat_on(day) for [tax] in taxes if tax))),
            is_exempt=self._fiscal_is_exempt_on(day),
            takes_cards='card' in providers.filtered(
                lambda provider: provider.state == 'enabled').payment_method_ids.mapped('code'),
            income_before=sum(self._fiscal_income(day.year - 1), Decimal(0)),
        )

    def _fiscal_tell_law(self):
        """ Tell this legal entity what the law changes for it, each change once: what a person has
        closed, and what was over, is never told again. """
        self.ensure_one()
        problems = self.env['tochka.problem'].sudo()
        told = problems.search([
            ('res_model', '=', self._name), ('res_id', '=', self.id), ('code', '=', 'law')])
        today = bank_day(fields.Datetime.now())
        for notice in law.find_news(today, told.mapped('subject')):
            firm = self._fiscal_firm(max(today, notice.since))
            if firm.systems and notice.concerns(firm):
                problems._open(
                    self, 'law', notice.code, severity=notice.severity, company=self,
                    at=notice.since)
        for problem in told.filtered(lambda one: not one.closed_at):
            notice = law.find_notice(problem.subject)
            if not notice or not notice.concerns(
                self._fiscal_firm(max(today, notice.since))
            ):
                problem._end()
