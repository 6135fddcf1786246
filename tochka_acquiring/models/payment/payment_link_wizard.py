# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import api, models


class PaymentLinkWizard(models.TransientModel):
    _inherit = 'payment.link.wizard'

    @api.model
    def default_get(self, fields):
        """ Override of `payment` to ask for what is due on an invoice or a sale order. """
        values = super().default_get(fields)
        if values.get('res_model') in ('account.move', 'sale.order') and values.get('res_id'):
            document = self.env[values['res_model']].browse(values['res_id'])
            document.check_access('read')  # What is due is summed up as superuser.
            due = self.env['payment.transaction']._tochka_due(document)
            values |= {'amount': min(values.get('amount') or 0.0, due), 'amount_max': due}
        return values

    # === COMPUTE METHODS === #

    @api.depends('res_model', 'res_id')
    def _compute_company_id(self):
        """ Override of `payment` to name the company whose balance a contact tops up.

        A contact is mostly shared by all companies; a link without a company would be paid to that
        of whoever opens it.
        """
        super()._compute_company_id()
        for wizard in self.filtered(lambda w: w.res_model == 'res.partner'):
            company = wizard.company_id or self.env.company
            wizard.company_id = company._tochka_balance_company()

    # === BUSINESS METHODS === #

    def _prepare_query_params(self, related_document):
        """ Override of `payment` to mark the link as a top-up of the contact's balance. """
        params = super()._prepare_query_params(related_document)
        if self.res_model == 'res.partner':
            params['tochka_topup'] = 1
        return params
