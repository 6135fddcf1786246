# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.utils import sudo_of_accessible


class AccountMove(models.Model):
    """ A credit note whose money goes back to the payer; the refunds of an invoice. """

    _inherit = 'account.move'

    tochka_refund_ids = fields.One2many(
        string="Refunds of the credit note", comodel_name='tochka.refund',
        inverse_name='credit_note_id', readonly=True)
    tochka_can_refund = fields.Boolean(compute='_compute_tochka_refunds')
    tochka_refund_count = fields.Integer(compute='_compute_tochka_refunds')
    tochka_refund_info = fields.Text(
        string="State of refunds", compute='_compute_tochka_refunds',
        # It quotes the bank; customers read their invoices, too.
        groups='base.group_user')

    # === COMPUTE METHODS === #

    @api.depends('transaction_ids.tochka_refund_ids.state', 'tochka_refund_ids.state',
                 'amount_residual', 'state', 'reversed_entry_id')
    @api.depends_context('uid')
    def _compute_tochka_refunds(self):
        may_refund = self.env.user.has_group('tochka_acquiring.group_refund')
        for move in self:
            # Of what is stored: a form could name anybody's payments.
            stored = sudo_of_accessible(move._origin)
            refunds = stored and stored._tochka_refunds()
            move.tochka_refund_count = len(refunds)
            move.tochka_refund_info = refunds._describe() if refunds else False
            move.tochka_can_refund = bool(
                stored and may_refund and stored._tochka_note_left() > 0
                and stored._tochka_note_payments())

    # === ACTION METHODS === #

    def action_tochka_refunds(self):
        """ Open the refunds of the invoice or credit note.

        :return: The action that opens them.
        :rtype: dict
        """
        self.ensure_one()
        return sudo_of_accessible(self)._tochka_refunds()._open_list()

    # === BUSINESS METHODS - POSTING === #

    def _tochka_match_returned(self):
        """ Match this credit note with money of its invoice that was returned without one. Where it
        has cancelled the invoice as a whole, that money was the payment's own, which is free again.
        """
        self.ensure_one()
        refunds = (self.tochka_refund_ids | self._tochka_refunds_without_note()).sorted('id')
        for refund in refunds.transaction_id:
            self.with_user(SUPERUSER_ID)._tochka_settle_with_all(refund._tochka_open_lines())
        payments = self._tochka_credited_invoices()._tochka_payments(also_undone=True)
        for refund in payments.tochka_refund_ids.sorted('id').transaction_id:
            refund._tochka_match_return()
        payments._tochka_tell_money()

    # === BUSINESS METHODS === #

    def _tochka_credited_invoices(self):
        """ Return the invoices whose money these credit notes give back.

        One that was made from a sale order (less was delivered, say) names none: then it is about
        all invoices of its orders.

        :rtype: account.move
        """
        found = self.reversed_entry_id
        for note in self.filtered(
            lambda move: move.move_type == 'out_refund' and not move.reversed_entry_id
        ):
            found |= self.env['payment.transaction']._tochka_family(note)[0].filtered(
                lambda move: move.move_type == 'out_invoice' and move.state == 'posted'
            ).with_env(self.env)
        return found

    def _tochka_credit_notes(self):
        """ Return the posted credit notes that give back money of these invoices: the other way
        round.

        :rtype: account.move
        """
        family = self.env['payment.transaction']._tochka_family(self)[0]
        notes = self.sudo().reversal_move_ids | family.filtered(
            lambda move: not move.reversed_entry_id)
        return notes.filtered(
            lambda move: move.move_type == 'out_refund' and move.state == 'posted'
        ).with_env(self.env)

    def _tochka_payments(self, also_undone=False):
        """ Return the payments that were made for this invoice, and those that have paid it by the
        books: top-ups.

        :param bool also_undone: Whether advances count that have paid it and were taken back.
        :rtype: payment.transaction
        """
        advances = self.env['account.move'].search([('tochka_settled_move_id', 'in', self.ids)])
        if not also_undone:
            advances = advances._tochka_live_transfers()
        payments = self.reconciled_payment_ids | advances.tochka_advance_move_id.origin_payment_id
        return (self.transaction_ids | payments.payment_transaction_id).filtered(
            lambda tx: tx.provider_code == 'tochka' and tx.operation != 'refund')

    def _tochka_refunds_without_note(self):
        """ Return the refunds of the payments of this credit note's invoices that were asked for
        without a credit note, and were not refused or given up.
        """
        refunds = self._tochka_credited_invoices()._tochka_payments(
            ).tochka_refund_ids._without_note()
        return refunds.filtered(lambda refund: refund.state not in const.REFUND_CLOSED)

    def _tochka_refunds(self):
        """ Return the refunds of an invoice's payments, or those that pay a credit note. """
        return self.tochka_refund_ids | self.transaction_ids.tochka_refund_ids

    def _tochka_note_payments(self):
        """ Return the payments of which the money of this posted credit note can go back. """
        if self.move_type != 'out_refund' or self.state != 'posted':
            return self.transaction_ids.browse()
        return self._tochka_credited_invoices()._tochka_payments().filtered(
            lambda tx: tx._tochka_refundable() > 0)

    def _tochka_note_left(self):
        """ Return what is left of a credit note, refunds on their way included: its own, and those
        that were asked for without one and will be matched with it.

        :return: Roubles, as an ORM monetary value.
        """
        if self.move_type != 'out_refund' or self.state != 'posted':
            return 0.0
        refunds = self._tochka_refunds() | self._tochka_refunds_without_note()
        return max(self.amount_residual - sum(refunds._on_their_way().mapped('amount')), 0.0)

    def _tochka_check_left(self, amount):
        """ :raise ValidationError: If this credit note has less left than so many roubles. """
        left = self._tochka_note_left()
        if self.currency_id.compare_amounts(amount, left) > 0:
            raise ValidationError(_(
                "Only %s roubles are left of the credit note, refunds on their way included.",
                f'{left:.2f}'))

    def _tochka_shown_refunds(self):
        """ Return the refunds that the customer reads of: not those refused or given up. """
        return self._tochka_refunds().filtered(
            lambda refund: refund.state not in const.REFUND_CLOSED).sorted('id')
