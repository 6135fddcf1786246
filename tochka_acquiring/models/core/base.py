# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, models
from odoo.exceptions import AccessError


class Base(models.AbstractModel):
    """ What views show as readonly is readonly for callers over the network, too; what sale orders
    call paid is what was kept.
    """

    _inherit = 'base'

    @api.model
    def _check_field_access(self, field, operation):
        """ Override of `base`: a stored field that our add-ons declare as readonly is written by
        the superuser, who writes on the bank's word or after a check of rights, and so are the
        links between documents and payments.

        Sales belongs to an app that we don't depend on, which is why this lies here.

        :raise AccessError: If a user writes such a field by himself.
        """
        super()._check_field_access(field, operation)
        if (
            operation == 'write' and field.readonly and field.store and not self.env.su
            and not self._transient and (
                any(name in ('tochka_acquiring', 'tochka_fiscal') for name in field._modules)
                # Of a payment, `account.payment` looks at which transaction it is.
                or field.comodel_name == 'payment.transaction' and self._name != 'account.payment')
            and not self.env.user.has_group('base.group_system')
        ):
            raise AccessError(_(
                "%s is written by Odoo alone.", field._description_string(self.env)))

    def _compute_field_value(self, field):
        """ Override of `base`: what a sale order calls paid is what is left of it after refunds.
        It decides whether a quotation is confirmed, what is still asked for, and which invoice is
        made by itself. Odoo counts what was taken.

        Sales belongs to an app that we don't depend on, as above.
        """
        super()._compute_field_value(field)
        if field.name == 'amount_paid' and self._name == 'sale.order':
            for order in self:
                order.amount_paid -= order.transaction_ids._tochka_returned_money()
