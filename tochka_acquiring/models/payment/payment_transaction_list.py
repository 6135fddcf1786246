# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models


class PaymentTransaction(models.Model):
    """ How a payment stands in a list. """

    _inherit = 'payment.transaction'

    tochka_paid_for = fields.Char(
        string="For", compute='_compute_tochka_paid_for',
        help="The documents that the payment was made for, or whose balance was topped up.")

    @api.depends('reference', 'invoice_ids.name', 'tochka_client_id', 'partner_id')
    @api.depends_context('lang')
    def _compute_tochka_paid_for(self):
        for transaction in self:
            documents = transaction.sudo()._tochka_documents()
            if documents:
                transaction.tochka_paid_for = ', '.join(documents.mapped('display_name'))
            elif transaction.provider_code == 'tochka' and not transaction.source_transaction_id:
                client = transaction.sudo().tochka_client_id or transaction.sudo().partner_id
                transaction.tochka_paid_for = _("Top-up of the balance: %s", client.name or '-')
            else:
                transaction.tochka_paid_for = transaction.reference
