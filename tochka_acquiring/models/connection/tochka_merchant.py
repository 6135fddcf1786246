# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models

from odoo.addons.tochka_acquiring import const


class TochkaMerchant(models.Model):
    """ A shop of an acquiring contract. The bank's word for it is retailer. """

    _name = 'tochka.merchant'
    _description = "Tochka Bank: shop (merchant)"
    _order = 'name, id'

    legal_entity_id = fields.Many2one(
        string="Legal entity", comodel_name='tochka.legal.entity', required=True, readonly=True,
        ondelete='cascade', index=True)
    connection_id = fields.Many2one(
        related='legal_entity_id.connection_id', store=True, index=True)
    company_id = fields.Many2one(related='legal_entity_id.company_id', store=True, index=True)
    merchant_id = fields.Char(string="Merchant ID", required=True, readonly=True)
    name = fields.Char(string="Shop", required=True, readonly=True)
    url = fields.Char(string="Site", readonly=True)
    mcc = fields.Char(string="MCC", readonly=True, help="Category of trade.")
    rate = fields.Float(
        string="Commission, %", readonly=True, digits=(6, 3),
        help="The bank's commission for cards, for information only.")
    bank_status = fields.Char(string="Status at the bank", readonly=True)
    is_usable = fields.Boolean(
        string="Takes payments", readonly=True,
        help="The bank has registered the shop and it is active.")
    payment_modes = fields.Char(
        string="Ways to pay", readonly=True, help="What the bank allows for this shop.")
    cashbox = fields.Char(
        string="Online register", readonly=True,
        help="The online register connected at the bank; empty when there is none.")
    active = fields.Boolean(default=True, readonly=True)

    _merchant_id_uniq = models.Constraint(
        'unique(legal_entity_id, merchant_id)', "A shop appears once in a legal entity.",
    )

    # === COMPUTE METHODS === #

    @api.depends('name', 'merchant_id')
    def _compute_display_name(self):
        for merchant in self:
            merchant.display_name = f'{merchant.name} ({merchant.merchant_id})'

    # === BUSINESS METHODS === #

    def _tochka_payment_method_codes(self):
        """ Return the codes of Odoo's payment methods that the bank allows for the shop.

        Modes that Odoo does not know (the bank adds some without notice) are left out.

        :rtype: set[str]
        """
        modes = (self.payment_modes or '').split(',')
        return {
            const.PAYMENT_METHOD_CODES[mode] for mode in modes if mode in const.PAYMENT_METHOD_CODES
        }
