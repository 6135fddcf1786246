# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, models


class TochkaProblem(models.Model):
    """ What can be wrong with receipts and registers. """

    _inherit = 'tochka.problem'

    def _texts_unprinted(self, params):
        return (
            _("The bank prints no receipt of this payment."),
            _("The link of this payment was made before the bank's register was chosen, so that"
              " the bank prints no receipt. Print one by hand."), False,
        )
