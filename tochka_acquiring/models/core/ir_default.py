# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import SUPERUSER_ID, api, models


class IrDefault(models.Model):
    _inherit = 'ir.default'

    @api.model
    def _get_model_defaults(self, model_name, condition=False):
        """ Override of `base`: records of money take no defaults that an employee has set for
        himself, the state "done" say. Superuser rights alone don't help: they keep the user.
        """
        if model_name == 'payment.transaction' or model_name.startswith(('tochka.', 'fiscal.')):
            self = self.with_user(SUPERUSER_ID)  # noqa: PLW0642
        return super()._get_model_defaults(model_name, condition)
