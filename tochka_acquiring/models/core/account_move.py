# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models


class AccountMove(models.Model):
    _inherit = 'account.move'

    tochka_client_id = fields.Many2one(
        string="Client (who is taught or served)",
        help="The person whom the invoice is about, when it is not the customer: for instance the"
             " child of a parent who pays. A balance top-up that names this person pays this"
             " invoice first.",
        comodel_name='res.partner',
        check_company=True,
        index='btree_not_null',
    )

    # What a customer owes, among all that is paid.
    _tochka_open_idx = models.Index(
        "(commercial_partner_id) WHERE move_type = 'out_invoice' AND state = 'posted'"
        " AND payment_state IN ('not_paid', 'partial')")

    # === BUSINESS METHODS === #

    def _tochka_is_of_client(self, client):
        """ Return whether the invoice is about this person.

        :param res.partner client: A person; nobody's are no invoices.
        :rtype: bool
        """
        self.ensure_one()
        return bool(client) and client in self.partner_id + self.tochka_client_id

    def _tochka_is_being_paid(self):
        """ Return whether money for this very invoice is on its way or not booked yet.

        :rtype: bool
        """
        self.ensure_one()
        return any(
            tx.state == 'done' and not tx.payment_id and tx.operation != 'refund'
            or tx.state in ('pending', 'authorized') and tx.provider_code not in ('none', 'custom')
            for tx in self.sudo().transaction_ids
        )
