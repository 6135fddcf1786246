# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, fields, models
from odoo.exceptions import UserError


class TochkaProblemClose(models.TransientModel):
    """ A person says why problems need nobody any more. """

    _name = 'tochka.problem.close'
    _description = "Close problems of online payments"

    problem_ids = fields.Many2many(
        string="Problems", comodel_name='tochka.problem', readonly=True)
    reason = fields.Text(
        string="Why?", help="What was done, for whoever looks at it later.")

    def action_apply(self):
        """ Close the problems that the user may see.

        :raise UserError: If no reason is given.
        """
        self.ensure_one()
        if not (self.reason or '').strip():
            raise UserError(_("Write why nothing needs to be done any more."))
        self.problem_ids._close_by_person(self.reason.strip())
