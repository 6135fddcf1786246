# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, models

from odoo.addons.tochka_fiscal import law


class TochkaProblem(models.Model):
    """ The words of `law.NOTICES`: what the law changes for the firm. `_law_<code>` returns what is
    new, what it means, and the method of a button (or False).
    """

    _inherit = 'tochka.problem'

    def _fiscal_change_button(self):
        """ Return the button that plans a change, for who may press it. :rtype: str|bool """
        return self.env.user.has_group('base.group_system') and 'action_fiscal_change'

    def _texts_law(self, params):
        notice = law.find_notice(self.subject)
        if not notice:
            return _("The law has changed."), '', False  # of another version
        kind, _underline, year = self.subject.rpartition('_')
        words = getattr(self, f'_law_{kind if year.isdigit() and kind else self.subject}')
        title, advice, action = words(notice)
        return title, _(
            "%(advice)s\nSource: %(source)s; looked up on %(day)s. Close this when you know.",
            advice=advice, source=self.env._(notice.source),
            day=self._day(str(notice.checked))), action

    def _law_limit(self, notice):
        limit = law.exempt_income(notice.since.year)
        return (
            _("The limit of the exemption from VAT is %(limit)s roubles from %(day)s.",
              limit=self._amount(f'{limit:.2f}'), day=self._day(str(notice.since))),
            _("It counts for the income of the year before and for that of the year itself. Whoever"
              " has earned more in the year before pays VAT from that day; whoever passes it later,"
              " from the first day of the next month. Odoo watches the income by the books, and"
              " tells you when it comes near."), self._fiscal_change_button(),
        )

    def _law_vat22(self, notice):
        return (
            _("VAT is 22 %% since %s, and invoices of this year say 20 %%.",
              self._day(str(notice.since))),
            _("Receipts of what is delivered since then say 22 % by themselves. Prices and entries"
              " follow the tax of the invoice: take a tax of 22 % in products and in open invoices."
              " 20 % stays for what was shipped before, and for its returns."),
            'action_fiscal_taxes',
        )

    def _law_card_commission(self, notice):
        return (
            _("The bank's commission for cards carries VAT of 22 %% since %s.",
              self._day(str(notice.since))),
            _("That of the Faster Payments System stays without VAT. Look how the bank shows it in"
              " its documents, and whether you may deduct it."), False,
        )

    def _law_rates(self, notice):
        return (
            _("The limits of VAT at 5 and 7 %% are others from %s.", self._day(str(notice.since))),
            _("In 2026 they were 272.5 and 490.5 million roubles of income; each year multiplies"
              " them by a coefficient, which this version does not know yet. Look it up, and plan"
              " another rate if yours changes."), self._fiscal_change_button(),
        )

    def _law_digital(self, notice):
        return (
            _("You may have to take digital roubles from %s.", self._day(str(notice.since))),
            _("By these books the firm has earned enough in the year before. Whether the duty is"
              " yours depends on the bank as well: ask Tochka Bank. A refund of such a payment has"
              " to be made in the internet bank."), False,
        )
