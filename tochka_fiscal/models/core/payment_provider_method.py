# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models


class PaymentProvider(models.Model):
    """ The fiscal method that follows from what is paid. """

    _inherit = 'payment.provider'

    fiscal_method = fields.Selection(
        help="Tag 1214 of the receipt: how the payment relates to what is sold. As the document"
             " tells: money without a document is an advance, money for what is not delivered yet a"
             " prepayment, all other money a full settlement. A product category may say otherwise"
             " for its products.",
        selection_add=[('auto', "As the document tells"), ('full_prepayment',)],
        default='auto')
