# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, fields, models

from odoo.addons.tochka_acquiring.utils import bank_day
from odoo.addons.tochka_fiscal import const, law


class TochkaProblem(models.Model):
    """ What the law changes for the firm. """

    _inherit = 'tochka.problem'

    def _texts_vat_limit(self, params):
        company, year = self._record_as('res.company').sudo(), params.get('year')
        today = bank_day(fields.Datetime.now())
        income = sum(company._fiscal_income(today.year)) if company else 0
        limit = law.exempt_income(year or today.year)
        when = _(
            "Whoever passes the limit within %(year)s pays VAT from the first day of the next"
            " month.", year=year,
        ) if year == today.year else _(
            "Whoever has earned more than that in %(before)s pays VAT from 01.01.%(year)s.",
            before=today.year, year=year)
        return (
            _("The income has reached %s %% of the limit of the exemption from VAT.",
              params.get('mark')),
            _("Since January these books show %(income)s roubles of sales without VAT, less what"
              " came back; if it goes on so, it will be %(forecast)s by the end of the year. The"
              " limit is %(limit)s. %(when)s This is an estimate: income by the rules of the"
              " simplified system counts, and what was earned elsewhere can be added in the"
              " settings of Invoicing.",
              income=self._amount(f'{income:.2f}'),
              forecast=self._amount(f'{law.forecast(income, today):.2f}'),
              limit=self._amount(f'{limit:.2f}'), when=when), False,
        )

    def _texts_rate_limit(self, params):
        company, vat = self._record_as('res.company').sudo(), params.get('vat', 'vat5')
        today = bank_day(fields.Datetime.now())
        year = params.get('year') or today.year
        income = sum(company._fiscal_income(year)) if company else 0
        then = _(
            "whoever passes it pays 7 % from the first day of the next month",
        ) if vat == 'vat5' else _(
            "whoever passes it has lost the simplified system from the first day of that month, and"
            " pays 22 %")
        return (
            _("The income has reached %(mark)s %% of the limit of VAT at %(rate)s %%.",
              mark=params.get('mark'), rate=const.VAT_PERCENTS[vat]),
            _("Since January these books show %(income)s roubles of sales without VAT, less what"
              " came back. The limit is %(limit)s (%(source)s, with the coefficient of %(known)s);"
              " %(then)s. This is an estimate: income by the rules of the simplified system counts,"
              " and what was earned elsewhere can be added in the settings of Invoicing.",
              income=self._amount(f'{income:.2f}'),
              limit=self._amount(f'{law.reduced_limit(vat, year):.2f}'),
              source=_("Tax Code, article 164, paragraph 8"),
              known=min(year, max(const.REDUCED_LIMITS)), then=then),
            self._fiscal_change_button(),
        )

    def _texts_vat_due(self, params):
        return (
            _("By the income of the firm VAT is due from %s.", self._day(params.get('at'))),
            _("The limit of the exemption is passed, by these books, and receipts would still say"
              " \"No VAT\" then. Ask whoever keeps the taxes which rate you choose, and plan it in"
              " each payment provider, page Fiscalization: \"Change from a day\"."),
            self._fiscal_change_button(),
        )
