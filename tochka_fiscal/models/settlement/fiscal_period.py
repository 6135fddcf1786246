# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError

from odoo.addons.tochka_acquiring.utils import bank_day
from odoo.addons.tochka_fiscal.models.selections import TAXATION_SELECTION, VAT_SELECTION

# Before all that is sold here.
BEGINNING = date(2000, 1, 1)


class FiscalPeriod(models.Model):
    """ What the law has it from a day on: the taxation system of a provider and its VAT without a
    tax, or the VAT that a tax means in receipts.

    Who has never changed has no rows: what is set holds for every day. With the first change comes
    a row for what held until then, so that a receipt asks for its day, whenever it is made.
    """

    _name = 'fiscal.period'
    _description = "Taxation from a day on"
    _order = 'date_from desc, id desc'
    _rec_name = 'date_from'

    provider_id = fields.Many2one(
        string="Provider", comodel_name='payment.provider', ondelete='cascade', index=True)
    tax_id = fields.Many2one(
        string="Tax", comodel_name='account.tax', ondelete='cascade', index=True)
    company_id = fields.Many2one(
        string="Company", comodel_name='res.company', compute='_compute_company_id', store=True,
        precompute=True)
    date_from = fields.Date(
        string="From", required=True, default=BEGINNING,
        help="The first day, in Moscow.")
    taxation_system = fields.Selection(string="Taxation system", selection=TAXATION_SELECTION)
    vat = fields.Selection(string="VAT in receipts", selection=VAT_SELECTION, required=True)
    is_planned = fields.Boolean(string="Not begun yet", compute='_compute_is_planned')

    _of_one = models.Constraint(
        'check((provider_id IS NULL) != (tax_id IS NULL))',
        "A period is that of a provider or of a tax.")
    _provider_day_uniq = models.Constraint(
        'unique(provider_id, date_from)', "A provider has one period from a day on.")
    _tax_day_uniq = models.Constraint(
        'unique(tax_id, date_from)', "A tax has one period from a day on.")

    # === COMPUTE METHODS === #

    @api.depends('provider_id.company_id', 'tax_id.company_id')
    def _compute_company_id(self):
        for period in self:
            period.company_id = (period.provider_id or period.tax_id).company_id

    @api.depends('date_from')
    @api.depends_context('lang')
    def _compute_display_name(self):
        for period in self:
            period.display_name = period._describe_day()

    @api.depends('date_from')
    def _compute_is_planned(self):
        today = bank_day(fields.Datetime.now())
        for period in self:
            period.is_planned = bool(period.date_from) and period.date_from > today

    def _describe_day(self):
        """ Return the day as people read it. :rtype: str """
        if not self.date_from or self.date_from == BEGINNING:
            return _("from the beginning")
        return _("from %s", f'{self.date_from:%d.%m.%Y}')

    # === CONSTRAINT METHODS === #

    @api.constrains('provider_id', 'taxation_system')
    def _check_taxation_system(self):
        for period in self:
            if period.provider_id and not period.taxation_system:
                raise ValidationError(_("Choose the taxation system that holds from this day."))

    # === ACTION METHODS === #

    def action_withdraw(self):
        """ Give up the change that is planned for this day, in all providers and taxes of the legal
        entity, with what it has left to do.

        :raise AccessError: If the user may not plan one.
        :raise UserError: If the day has come: receipts of it may be printed.
        """
        self.check_access('read')
        for period in self.exists():
            change = period.sudo()._of_same_change()
            change.provider_id.sudo(False).check_access('write')
            change.tax_id.sudo(False).check_access('write')
            change._withdraw()

    # === BUSINESS METHODS === #

    def _of_same_change(self):
        """ Return all that is planned for the day of this period in its legal entity.

        :rtype: fiscal.period
        """
        self.ensure_one()
        return self.search([
            ('date_from', '=', self.date_from),
            ('company_id', 'child_of', self.company_id.root_id.id)])

    def _withdraw(self):
        """ Forget what is planned for one day. Who then has nothing but what held from the
        beginning has no periods again.

        :raise UserError: If the day has come.
        """
        if not all(period.is_planned for period in self):
            raise UserError(_(
                "This day has come, and receipts of it may be printed: plan another change from"
                " today or a later day instead."))
        [day], entity = set(self.mapped('date_from')), self.company_id.root_id
        records = (self.provider_id, self.tax_id)
        self.unlink()
        for one in (record for of_kind in records for record in of_kind):
            one.invalidate_recordset(['fiscal_period_ids'])
            if one.fiscal_period_ids.mapped('date_from') == [BEGINNING]:
                one.fiscal_period_ids.unlink()
        entity._fiscal_give_up_tasks(day)

    @api.model
    def _plan(self, record, field, day, present, values):
        """ Let something else hold for a provider or a tax from a day on.

        :param payment.provider|account.tax record: What changes.
        :param str field: `provider_id` or `tax_id`.
        :param date day: The first day, in Moscow.
        :param dict present: What has held until now, if nothing was ever planned.
        :param dict values: What holds from the day on.
        :return: The period.
        :rtype: fiscal.period
        """
        known = record.fiscal_period_ids
        if not known:
            known = self.create({**present, field: record.id, 'date_from': BEGINNING})
        planned = known.filtered(lambda period: period.date_from == day)
        if planned:
            planned.write(values)
        else:
            planned = self.create({**values, field: record.id, 'date_from': day})
        record.invalidate_recordset(['fiscal_period_ids'])
        planned._take_over()
        return planned

    def _take_over(self):
        """ Show what holds today in the provider or the tax itself. """
        self.ensure_one()
        record = self.provider_id or self.tax_id
        if record.fiscal_period_ids._on(bank_day(fields.Datetime.now())) == self:
            record._fiscal_take_period(self)

    @api.model
    def _cron_fiscal_period(self):
        """ Show from its day on what holds from then. Receipts ask for their day themselves. """
        self.env['ir.cron']._tochka_walk(
            'tochka_fiscal.cron_period', self,
            [('date_from', '<=', bank_day(fields.Datetime.now()))],
            lambda period: period._take_over())

    def _on(self, day):
        """ Return the one of these periods that holds on a day.

        :param date day: The day, in Moscow.
        :rtype: fiscal.period
        """
        return self.filtered(lambda period: period.date_from <= day).sorted('date_from')[-1:]

    def _after(self, day):
        """ Return the first of these periods that begins after a day. :rtype: fiscal.period """
        return self.filtered(lambda period: period.date_from > day).sorted('date_from')[:1]
