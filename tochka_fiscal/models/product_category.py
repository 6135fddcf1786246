# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models

from odoo.addons.tochka_fiscal.models.selections import METHOD_SELECTION, SUBJECT_SELECTION


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
        selection=METHOD_SELECTION)

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
