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
    def _tochka_check_limits(self, partner, amount, create_values):
        """ Check that not too much is begun, and no top-up above the limit.

        It is called under the lock of the document, where there is one.

        :param res.partner partner: Who pays.
        :param float amount: Roubles.
        :param dict create_values: The documents, as create values with X2M commands.
        :raise ValidationError: With a sentence for the customer.
        """
        field_name = next((f for f in const.DOCUMENT_FIELDS if create_values.get(f)), None)
        if field_name:
            most = tuning.LINKS_OF_DOCUMENT
            whose = [(field_name, 'in', list(self._fields[field_name].convert_to_cache(
                create_values[field_name], self)))]
        else:
            most = tuning.LINKS_OF_PAYER
            whose = [('partner_id', '=', partner.id), *(
                (name, '=', False) for name in const.DOCUMENT_FIELDS if name in self._fields)]
            if amount > const.MAX_TOPUP:
                raise ValidationError(_(
                    "This amount is more than can be paid in at once. Please enter a smaller one."))
        begun = self.search_count([
            *whose, ('tochka_operation_id', '!=', False), ('state', '=', 'draft'),
            ('create_date', '>', fields.Datetime.now() - timedelta(days=1)),
        ], limit=most)
        if begun >= most:
            raise ValidationError(_(
                "Too many payments were begun here today and not finished. Please finish one of"
                " them, or come back tomorrow."))
