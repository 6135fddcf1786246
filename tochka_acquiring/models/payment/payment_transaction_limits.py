# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.tochka_acquiring import const, tuning


class PaymentTransaction(models.Model):
    """ How much whoever has a link may begin: each payment that is begun asks the bank. """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS === #

    @api.model
    def _tochka_check_limits(self, partner, create_values):
        """ Check that a payer does not begin too many payments without a document.

        Those of a document are limited with what is open for it, see
        `_tochka_check_number_of_links`.

        :param res.partner partner: Who pays.
        :param dict create_values: The documents, as create values with X2M commands.
        :raise ValidationError: With a sentence for the customer.
        """
        if any(create_values.get(name) for name in const.DOCUMENT_FIELDS):
            return
        begun = self.search_count([
            ('partner_id', '=', partner.id),
            *((name, '=', False) for name in const.DOCUMENT_FIELDS if name in self._fields),
            ('tochka_operation_id', '!=', False), ('state', '=', 'draft'),
            ('create_date', '>', fields.Datetime.now() - timedelta(days=1)),
        ], limit=tuning.LINKS_OF_PAYER)
        if begun >= tuning.LINKS_OF_PAYER:
            raise ValidationError(_(
                "Too many payments were begun here today and not finished. Please finish one of"
                " them, or come back tomorrow."))
