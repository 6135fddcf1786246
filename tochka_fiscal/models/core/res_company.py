# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date
from decimal import Decimal

from odoo import api, fields, models

from odoo.addons.tochka_acquiring.const import SUPPORTED_CURRENCIES
from odoo.addons.tochka_acquiring.utils import bank_day
from odoo.addons.tochka_fiscal import const, law

# Mark that the income has reached -> severity of the problem.
SEVERITIES = {70: '3_info', 85: '2_warning', 95: '1_danger'}


class ResCompany(models.Model):
    """ How near the income of a firm without VAT is to the limit of the law. An estimate: sales by
    the books less what came back, and what a person adds.
    """

    _inherit = 'res.company'

    fiscal_other_income = fields.Monetary(
        string="Income elsewhere",
        # Everybody may read a company.
        groups='account.group_account_readonly,account.group_account_invoice,base.group_system',
        help="What the firm has earned this year and these books do not know: it counts for the"
             " limit of the exemption from VAT.")
    fiscal_other_income_year = fields.Integer(
        string="Year of the income elsewhere",
        groups='account.group_account_readonly,account.group_account_invoice,base.group_system')

    # === BUSINESS METHODS === #

    def _fiscal_income(self, year):
        """ Return the income of a legal entity, with its branches, by the books.

        :param int year: The year.
        :return: Of each month, January first, roubles without VAT; what was added by hand counts as
                 of January.
        :rtype: list[Decimal]
        """
        self.ensure_one()
        entity = self.sudo().root_id
        months = [Decimal(0)] * 12
        if entity.fiscal_other_income_year == year:
            months[0] += Decimal(f'{entity.fiscal_other_income:.2f}')
        for month, amount in self.env['account.move'].sudo()._read_group([
            ('company_id', 'child_of', entity.id), ('state', '=', 'posted'),
            ('move_type', 'in', ('out_invoice', 'out_refund', 'out_receipt')),
            ('invoice_date', '>=', date(year, 1, 1)), ('invoice_date', '<=', date(year, 12, 31)),
        ], ['invoice_date:month'], ['amount_untaxed_signed:sum']):
            months[month.month - 1] += Decimal(f'{amount:.2f}')
        return months

    def _fiscal_is_exempt_on(self, day):
        """ Return whether the firm sells without VAT on a day because its income is small, as its
        providers say.

        :param date day: The day.
        :rtype: bool
        """
        self.ensure_one()
        return any(
            provider._fiscal_taxation_on(day) in law.EXEMPTIBLE_SYSTEMS
            and provider._fiscal_vat_on(day) == 'none' for provider in self._fiscal_providers())

    def _fiscal_reduced_vats_on(self, day):
        """ Return at which reduced rates the firm sells on a day, as its providers say.

        :param date day: The day.
        :rtype: set[str]
        """
        self.ensure_one()
        return {
            provider._fiscal_vat_on(day) for provider in self._fiscal_providers()
            if provider._fiscal_taxation_on(day) in law.EXEMPTIBLE_SYSTEMS
        } & set(const.REDUCED_LIMITS[max(const.REDUCED_LIMITS)])

    def _fiscal_due_days(self, day):
        """ Return from which days VAT is due by the income, though nothing is planned.

        :param date day: The present day.
        :rtype: list[date]
        """
        self.ensure_one()
        months = self._fiscal_income(day.year)
        found = {
            law.vat_due_from(day.year, months[:day.month], sum(self._fiscal_income(day.year - 1))),
            # What this year has brought decides about the next.
            law.vat_due_from(day.year + 1, [], sum(months)),
        }
        return sorted(one for one in found if one and self._fiscal_is_exempt_on(max(one, day)))

    # === BUSINESS METHODS - JOB === #

    @api.model
    def _cron_fiscal_income(self):
        """ Tell who comes near the limits of the exemption from VAT, from when it is due, and what
        else the law changes; tick off what was left to do and is done. """
        self.env['ir.cron']._tochka_walk(
            'tochka_fiscal.cron_income', self,
            [('parent_id', '=', False), ('currency_id.name', 'in', list(SUPPORTED_CURRENCIES))],
            lambda company: company._fiscal_watch_law())

    def _fiscal_watch_law(self):
        """ Tell this legal entity what the law has for it. """
        self.ensure_one()
        self._fiscal_tick_off()
        self._fiscal_watch_income()
        self._fiscal_tell_law()

    def _fiscal_watch_income(self):
        """ Open and close what there is to tell about the income of this legal entity. """
        self.ensure_one()
        problems = self.env['tochka.problem']
        today = bank_day(fields.Datetime.now())
        is_watched = self._fiscal_is_exempt_on(today)
        due = [str(day) for day in self._fiscal_due_days(today)] if is_watched else []
        for day in due:
            problems._open(self, 'vat_due', day, severity='1_danger', company=self, at=day)
        near, income = {}, sum(self._fiscal_income(today.year))
        if is_watched:
            near = {
                str(year): law.share_told(income, law.exempt_income(year))
                for year in (today.year, today.year + 1)}
        for year, mark in near.items():
            self._fiscal_tell_mark('vat_limit', year, mark, year=int(year))
        rates = {
            f'{vat} {today.year}': (vat, law.share_told(income, law.reduced_limit(vat, today.year)))
            for vat in self._fiscal_reduced_vats_on(today)}
        for subject, (vat, mark) in rates.items():
            self._fiscal_tell_mark('rate_limit', subject, mark, year=today.year, vat=vat)
        standing = {
            'vat_due': set(due), 'vat_limit': {year for year, mark in near.items() if mark},
            'rate_limit': {subject for subject, (_vat, mark) in rates.items() if mark}}
        for problem in problems.sudo().search([
            *problems._about(self), ('code', 'in', list(standing))]):
            if problem.subject not in standing[problem.code]:
                problem._end()

    def _fiscal_tell_mark(self, code, subject, mark, **params):
        """ Tell that the income has reached a mark of a limit: each mark once a year, though what
        comes back may let the income fall and rise again.

        :param str code: The problem.
        :param str subject: The limit.
        :param int mark: Hundredths of it; 0: nothing is told.
        :param params: What its texts need.
        """
        self.ensure_one()
        problems, this_year = self.env['tochka.problem'], bank_day(fields.Datetime.now()).year
        known = problems.sudo().search([
            ('res_model', '=', self._name), ('res_id', '=', self.id), ('code', '=', code),
            ('subject', '=', subject),
        ]).filtered(lambda problem: problem.params.get('told_in') == this_year)
        told = max((problem.params['mark'] for problem in known), default=0)
        if mark > told or (mark and not all(known.mapped('over_at'))):
            mark = max(mark, told)
            problems._open(self, code, subject, severity=SEVERITIES[mark], company=self, mark=mark,
                           told_in=this_year, **params)
