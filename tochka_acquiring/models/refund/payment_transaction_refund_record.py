# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.fields import Command

from odoo.addons.tochka_acquiring import const


class PaymentTransaction(models.Model):
    """ What a person has returned in the internet bank, because Odoo could not. """

    _inherit = 'payment.transaction'

    # === ACTION METHODS === #

    def action_tochka_record_return(self):
        """ Record that a person has returned the money of this refund in the internet bank.

        :return: The action that opens the wizard.
        :rtype: dict
        """
        self.ensure_one()
        return self.source_transaction_id.payment_id.action_tochka_record_return()

    # === BUSINESS METHODS === #

    def _tochka_record_refund(self, amount, paid_at, credit_note, is_another=False):
        """ Book a return that a person has made in the internet bank.

        A refund of the same amount that the bank has refused is this one; the bank's history then
        finds it, and no second one is made.

        :param float amount: Roubles.
        :param datetime paid_at: The moment of the return, in UTC without zone.
        :param account.move credit_note: The credit note that it pays, if any.
        :param bool is_another: Whether it is one more besides those of this amount in the books.
        :return: The refund.
        :rtype: payment.transaction
        :raise UserError: If it may be in the books already: the sweep may have found it.
        """
        self.ensure_one()
        if not self.try_lock_for_update(allow_referencing=True):
            raise ConcurrencyError(_("Somebody else is working on this payment."))
        self.env.invalidate_all()
        self._tochka_check_refundable(amount)
        known = self._tochka_booked_refunds(amount)
        if known and not is_another:
            raise UserError(_(
                "A return of this amount is in the books already: %s. If you have made one more,"
                " tick it.", ', '.join(known.mapped('reference'))))
        refund = self._tochka_refunds().filtered(
            lambda tx: tx.tochka_refund_state == 'rejected' and tx.state == 'error'
            and not self.currency_id.compare_amounts(-tx.amount, amount)
        )[:1] or self._create_child_transaction(amount, is_refund=True)
        values = {
            'tochka_refund_state': 'by_hand', 'tochka_paid_at': paid_at, 'tochka_error': False,
        }
        if credit_note:
            values['invoice_ids'] = [Command.set(credit_note.ids)]
        refund.write(values)
        refund._set_done()
        self._tochka_log_for_accountants(_(
            "%(user)s has recorded a return of %(amount)s roubles: %(refund)s.",
            user=self.env.user.name, amount=f'{amount:.2f}', refund=refund.reference))
        refund._post_process()
        return refund

    def _tochka_booked_refunds(self, amount):
        """ Return the refunds of this payment of an amount that have gone back.

        :param float amount: Roubles.
        :rtype: payment.transaction
        """
        return self._tochka_refunds().filtered(
            lambda tx: tx.state == 'done'
            and not tx.currency_id.compare_amounts(-tx.amount, amount))

    @api.model
    def _tochka_ask_about_recorded_refunds(self):
        """ Ask a person about returns that were recorded by hand and that the bank does not list.
        """
        before = fields.Datetime.now() - timedelta(days=const.RECORDED_REFUND_DAYS)
        self.env['ir.cron']._tochka_walk('tochka_acquiring.cron_refund_sweep', self, [
            ('tochka_refund_state', '=', 'by_hand'), ('last_state_change', '<', before),
        ], lambda refund: refund._tochka_look_for_recorded())

    def _tochka_look_for_recorded(self):
        """ Ask the bank whether it lists a return that was recorded by hand, in a job. """
        self.ensure_one()
        payment = self.source_transaction_id.with_prefetch()
        if not payment._tochka_connection()._may_ask():
            return
        if payment._tochka_refresh_in_job() != 'applied':
            return
        self.env['ir.cron']._commit_progress(0)  # A new snapshot, with what was applied.
        self.env.invalidate_all()
        if self.tochka_refund_state == 'by_hand':
            payment._tochka_flag(
                'refund_unlisted', subject=str(self.id), refund=self.reference,
                amount=f'{-self.amount:.2f}')
