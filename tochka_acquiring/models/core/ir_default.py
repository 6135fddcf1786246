# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import SUPERUSER_ID, api, models

# What the context of our own work in the books holds. It is an object, so that no caller from
# outside can say so.
BOOKING = object()


class IrDefault(models.Model):
    _inherit = 'ir.default'

    @api.model
    def _get_model_defaults(self, model_name, condition=False):
        """ Override of `base`: records of money take no defaults that an employee has set for
        himself, the state "done" say. Superuser rights alone don't help: they keep the user.

        Nor does what is booked of a payment, whoever's browser or button has it booked. What
        people enter by hand does, whatever the model.
        """
        if (
            self.env.context.get('tochka_booking') is BOOKING
            or model_name == 'payment.transaction'
            or model_name.startswith(('tochka.', 'fiscal.'))
        ):
            # The company stays, and with it its own defaults.
            self = self.with_user(SUPERUSER_ID).with_company(self.env.company)  # noqa: PLW0642
        return super()._get_model_defaults(model_name, condition)
