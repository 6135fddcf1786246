# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import models


class AccountPayment(models.Model):
    _inherit = 'account.payment'

    def _prepare_move_line_default_vals(self, write_off_line_vals=None, force_balance=None):
        """ Override of `account` to put the provider's article on the counterpart line.

        The article belongs to the receivable line: the income lines of the invoice have their own
        analytic accounts, in other plans.
        """
        lines = super()._prepare_move_line_default_vals(write_off_line_vals, force_balance)
        provider = self.payment_transaction_id.provider_id.sudo()
        if provider.code == 'tochka' and provider.tochka_article_id:
            lines[1]['analytic_distribution'] = {str(provider.tochka_article_id.id): 100}
        return lines
