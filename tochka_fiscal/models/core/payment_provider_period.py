# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models

from odoo.addons.tochka_acquiring.utils import bank_day


class PaymentProvider(models.Model):
    """ Taxation system and VAT without a tax, by the day. """

    _inherit = 'payment.provider'

    fiscal_period_ids = fields.One2many(
        string="Taxation by day", comodel_name='fiscal.period', inverse_name='provider_id',
        readonly=True, copy=True)

    # === BUSINESS METHODS === #

    def _fiscal_correct_present_period(self):
        """ What is corrected in the form holds for the present period. """
        for provider in self.filtered('fiscal_period_ids'):
            provider.sudo().fiscal_period_ids._on(bank_day(fields.Datetime.now())).write(
                provider._fiscal_present())

    def _fiscal_present(self):
        """ Return what the form shows, as values of a period. :rtype: dict """
        self.ensure_one()
        return {'taxation_system': self.fiscal_taxation_system, 'vat': self.fiscal_vat}

    def _fiscal_taxation_on(self, day):
        """ Return the taxation system on a day.

        :param date day: The day of the settlement, in Moscow.
        :return: A name of `const.TAXATION_SYSTEMS`, or False where none was chosen.
        :rtype: str|bool
        """
        self.ensure_one()
        periods = self.sudo().fiscal_period_ids
        return periods._on(day).taxation_system if periods else self.fiscal_taxation_system

    def _fiscal_vat_on(self, day):
        """ Return the VAT of what is sold without a tax on a day.

        :param date day: The day of the delivery, else of the money, in Moscow.
        :return: A name of `const.VATS`.
        :rtype: str
        """
        self.ensure_one()
        periods = self.sudo().fiscal_period_ids
        return periods._on(day).vat if periods else self.fiscal_vat

    def _fiscal_plan(self, day, taxation_system, vat):
        """ Let another taxation system and VAT hold from a day on.

        :param date day: The first day, in Moscow.
        :param str taxation_system: A name of `const.TAXATION_SYSTEMS`.
        :param str vat: A name of `const.VATS`.
        :rtype: fiscal.period
        """
        self.ensure_one()
        return self.env['fiscal.period'].sudo()._plan(
            self, 'provider_id', day, self._fiscal_present(),
            {'taxation_system': taxation_system, 'vat': vat})

    def _fiscal_take_period(self, period):
        """ Show what holds today. """
        values = {'fiscal_taxation_system': period.taxation_system, 'fiscal_vat': period.vat}
        if any(self[name] != value for name, value in values.items()):
            self.write(values)

    def _fiscal_next_change(self):
        """ Return the first day on which something else holds than today, if one is planned.

        :rtype: date|bool
        """
        self.ensure_one()
        return self.sudo().fiscal_period_ids._after(bank_day(fields.Datetime.now())).date_from
