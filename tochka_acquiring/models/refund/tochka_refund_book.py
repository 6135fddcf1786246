# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_amount

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.utils import bank_day, utc_naive


class TochkaRefund(models.Model):
    """ Money that has gone back becomes a refund transaction of Odoo, which brings it into the
    books: because the bank's history lists it, or because a person says so.
    """

    _inherit = 'tochka.refund'

    def _confirm(self, order):
        """ The bank's history lists this refund, as this `Order`. """
        was_booked = self.state == 'by_hand'
        self._move('done', order_id=order.order_id, is_missing=False)
        if was_booked:
            self.transaction_id.provider_reference = order.order_id
        else:
            self._book(utc_naive(order.time) or fields.Datetime.now())

    def _book(self, returned_at):
        """ Make Odoo's transaction of this refund, done at a moment in UTC without zone. """
        self.returned_at = returned_at
        values = self._transaction_values()
        if self.transaction_id:
            # An earlier version has made it with the intent, and the upgrade has cancelled it.
            self.transaction_id.write(values)
        else:
            self.transaction_id = self.source_transaction_id._create_child_transaction(
                self.amount, is_refund=True, **values)
        self.transaction_id._set_done(extra_allowed_states=('cancel',))
        self.env['ir.cron']._tochka_wake('payment.cron_post_process_payment_tx')

    def _transaction_values(self):
        """ Return what is this refund's in the values of Odoo's transaction. :rtype: dict """
        transactions = self.env['payment.transaction'].sudo()
        taken = transactions.search_count([
            ('reference', '=', self.name), ('id', '!=', self.transaction_id.id)], limit=1)
        return {
            # A payer may have chosen the same meanwhile.
            'reference': transactions._compute_reference(
                self.source_transaction_id.provider_code, prefix=self.name,
            ) if taken else self.name,
            'provider_reference': self.order_id,
            'tochka_paid_at': self.returned_at,
            'invoice_ids': [Command.set(self.credit_note_id.ids)],
        }

    def _returned_on(self):
        """ Return the bank's day of this refund. :rtype: date """
        return bank_day(self.returned_at or self.create_date)

    # === BUSINESS METHODS - RECORDED BY HAND === #

    @api.model
    def _record(self, payment, amount, returned_at, credit_note, is_another=False):
        """ Book a return that a person has made in the internet bank.

        A refund of the same amount that the bank has refused is this one; the bank's history then
        finds it, and no second one is made.

        :param payment.transaction payment: The payment, as superuser.
        :param float amount: Roubles.
        :param datetime returned_at: In UTC without zone.
        :param account.move credit_note: What it pays, if anything.
        :param bool is_another: Whether it is one more besides those of this amount in the books.
        :rtype: tochka.refund
        :raise UserError: If it may be in the books already: the sweep may have found it.
        """
        self._check_right()
        payment._tochka_lock()
        payment._tochka_check_refundable(amount)
        payment._tochka_check_note(credit_note, amount)
        known = payment._tochka_booked_refunds(amount)
        if known and not is_another:
            raise UserError(_(
                "A return of this amount is in the books already: %s. If you have made one more,"
                " tick it.", ', '.join(known.mapped('name'))))
        refund = payment._tochka_refused_refunds().filtered(
            lambda one: not one.currency_id.compare_amounts(one.amount, amount)
        )[:1] or self._create_for(payment, amount, state='by_hand')
        if credit_note:
            refund.credit_note_id = credit_note
        refund._move('by_hand', next_at=fields.Datetime.add(
            fields.Datetime.now(), days=const.RECORDED_REFUND_DAYS))
        refund._book(returned_at)
        reader = self.env['tochka.problem']._for_reader(refund)
        payment._tochka_log_for_accountants(reader.env._(
            "%(user)s has recorded a return of %(amount)s: %(refund)s.",
            user=self.env.user.name, refund=refund.name,
            amount=format_amount(reader.env, amount, payment.currency_id)))
        refund.transaction_id._post_process()
        return refund
