# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import re

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.tochka_fiscal.models.selections import (
    AGENT_SELECTION,
    OFFERED_METHOD_SELECTION,
    SUBJECT_SELECTION,
)
from odoo.addons.tochka_fiscal.receipt import ReceiptError, Supplier


class ProductCategory(models.Model):
    """ What receipts say of the products of a category, where that is not the usual. """

    _inherit = 'product.category'

    fiscal_subject = fields.Selection(
        string="Fiscal subject",
        help="Tag 1212 of a receipt's line with a product of this category. Empty: as in the parent"
             " category, else goods or service as the product is.",
        selection=SUBJECT_SELECTION)
    fiscal_method = fields.Selection(
        string="Fiscal method",
        help="Tag 1214 of a receipt's line with a product of this category. Empty: as in the parent"
             " category, else as the payment provider says.",
        selection=OFFERED_METHOD_SELECTION)
    fiscal_agent = fields.Selection(
        string="Sold as an agent",
        help="Tag 1222 of a receipt's line: the goods are somebody else's. Empty: as in the parent"
             " category, else your own.",
        selection=AGENT_SELECTION)
    fiscal_supplier_id = fields.Many2one(
        string="Whose goods they are", comodel_name='res.partner', ondelete='restrict',
        help="The principal, tags 1225, 1226 and 1171: name, INN (tax ID) and phone of the contact"
             " go into the receipt.")

    fiscal_marked = fields.Boolean(
        string="Goods with marking codes",
        help="Each piece has a code of \"Chestny Znak\", which its receipt of full settlement"
             " names. A receipt without it is not printed: a person is asked. Holds for the"
             " categories below this one as well.")

    # === CONSTRAINT METHODS === #

    @api.constrains('fiscal_agent', 'fiscal_supplier_id')
    def _check_fiscal_supplier(self):
        for category in self:
            if category.fiscal_agent and not category.fiscal_supplier_id:
                raise ValidationError(_(
                    "Choose whose goods of the category %s you sell as an agent.", category.name))
            if category.fiscal_supplier_id:
                category._fiscal_check_inn()

    # === BUSINESS METHODS === #

    def _fiscal_override(self, name):
        """ Return what this category or the nearest one above it says.

        :param str name: The name of a field.
        :return: The value, or False when none says anything.
        :rtype: str|bool
        """
        category = self
        while category and not category[name]:
            category = category.parent_id
        return category[name]

    def _fiscal_agency(self, company):
        """ Return as whose agent products of this category are sold.

        :param res.company company: Who sells them.
        :return: A name of `const.AGENTS` and the supplier; empty for own goods.
        :rtype: tuple[str, Supplier|None]
        :raise ReceiptError: If the supplier's INN is gone.
        """
        category = self
        while category and not category.fiscal_agent:
            category = category.parent_id
        if not category:
            return '', None
        try:
            category._fiscal_check_inn()
        except ValidationError as error:
            raise ReceiptError(str(error)) from error
        supplier = category.fiscal_supplier_id.sudo()
        phone = supplier._fiscal_phone(company)
        return category.fiscal_agent, Supplier(
            name=supplier.name, inn=supplier.vat, phones=(phone,) if phone else ())

    def _fiscal_check_inn(self):
        """ :raise ValidationError: If the supplier has no INN. """
        supplier = self.fiscal_supplier_id.sudo()
        if not re.fullmatch(r'\d{10}|\d{12}', supplier.vat or ''):
            raise ValidationError(_(
                "Fill in the INN (tax ID) of %s, 10 or 12 digits: it goes into the receipts of what"
                " you sell as an agent.", supplier.name))
