# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date
from typing import NamedTuple

from odoo import _, fields, models


class PayersDay(NamedTuple):
    """ What the context holds of the day on which a payer has paid. It is an object, so that no
    caller from outside can say so.
    """

    day: date


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
        """ Return whether other money for this very invoice is on its way or not matched yet.

        :rtype: bool
        """
        self.ensure_one()
        due = self.env['payment.transaction']._tochka_due(self)
        return self.currency_id.compare_amounts(due, self.amount_residual) < 0

    def _has_to_be_paid(self):
        """ Override of `account_payment`: money for it or its order may be there already. """
        return super()._has_to_be_paid() and not self.currency_id.is_zero(
            self.env['payment.transaction']._tochka_due(self))

    def _get_online_payment_error(self):
        """ Override of `account_payment` to have a word for that, too. """
        return super()._get_online_payment_error() or _(
            "There is nothing left to pay here: the document is paid or a payment of it is"
            " being processed. Please reload the page.")

    def _is_eligible_for_early_payment_discount(self, currency, reference_date):
        """ Override of `account`: the day on which the payer has paid decides, not the one on which
        Odoo hears of it.
        """
        payers = self.env.context.get('tochka_payers_day')
        if isinstance(payers, PayersDay):
            reference_date = payers.day
        return super()._is_eligible_for_early_payment_discount(currency, reference_date)

    def _post(self, soft=True):
        """ Override of `account`: a credit note takes what has gone back before it was made, and
        leaves more of the order to be invoiced; money that waits for an invoice of its order pays
        it. The entry of a payment of the bank is what the bank says; that it is reversed is told.
        """
        posted = super()._post(soft)
        for payment in posted.sudo().origin_payment_id:
            payment._tochka_check_entry()
        reversed_payments = posted.sudo().reversed_entry_id.origin_payment_id
        for transaction in reversed_payments.payment_transaction_id:
            (transaction.source_transaction_id or transaction)._tochka_tell_families()
        for note in posted.filtered(lambda move: move.move_type == 'out_refund'):
            note.sudo()._tochka_match_returned()
        for move in posted.filtered(lambda move: move.move_type in ('out_invoice', 'out_refund')):
            payments = self.env['payment.transaction'].sudo()._tochka_family_payments(move)
            payments._tochka_place_money(move)
            payments._tochka_tell_money()
        return posted
