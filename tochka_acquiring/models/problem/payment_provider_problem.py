# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models


class PaymentProvider(models.Model):
    """ Who is asked when something needs a person. """

    _inherit = 'payment.provider'

    tochka_responsible_id = fields.Many2one(
        string="Responsible", comodel_name='res.users', copy=False,
        domain="[('share', '=', False), ('company_ids', 'in', company_id)]",
        help="Who is asked when something about online payments needs a person. If it is empty, the"
             " company's first accountant is.")

    # === BUSINESS METHODS === #

    def _tochka_responsible(self):
        """ Return who is asked about the payments of this provider.

        :rtype: res.users
        """
        self.ensure_one()
        chosen = self.tochka_responsible_id
        return chosen if chosen.active else self.company_id._tochka_accountant()
