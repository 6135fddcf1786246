# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError, ValidationError
from odoo.fields import Command
from odoo.tools import format_amount

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.utils import bank_day, sudo_of_accessible


class PaymentTransaction(models.Model):
    """ A refund as an intent: who wants how much back, before the bank is asked.

    The bank knows no key of repetition for refunds, so that nothing is sent that was not committed
    first, and at most one refund of an operation is with the bank. `_refund_send` sends it,
    `_refund_apply` books what the bank's history lists, whoever began it.
    """

    _inherit = 'payment.transaction'

    #  requested ──the job──► sending ──taken──► sent ──the history lists it──► done
    #    ▲  ▲                 │  │ │                                             ▲
    #    │  └──surely not────◄┘  │ └──no answer──► unknown ──the history lists it┘
    #    │                       │                    ├──not listed, whole rest──► requested
    #    │                       │                    └──not listed, a part──► a person decides
    #    └──a person── rejected ◄┘ (the bank says no: a person returns it in the internet bank)
    #  by_hand: a person has recorded it, the history is to confirm it ──► done
    tochka_refund_state = fields.Selection(
        string="Refund",
        selection=[
            ('requested', "Waiting to be sent"),
            ('sending', "Being sent"),
            ('unknown', "Answer lost, asked again"),
            ('sent', "Taken by the bank"),
            ('done', "Returned"),
            ('by_hand', "Recorded by hand"),
            ('rejected', "Refused"),
        ],
        readonly=True, copy=False, index='btree_not_null')
    tochka_order_id = fields.Char(
        string="Refund at the bank", readonly=True, copy=False,
        help="The entry of the operation's history.")
    tochka_refund_next_at = fields.Datetime(
        string="Next look at the refund", readonly=True, copy=False, index='btree_not_null')
    tochka_refund_tries = fields.Integer(readonly=True, copy=False)
    tochka_refund_sent_at = fields.Datetime(string="Sent at", readonly=True, copy=False)
    # Each new refund counts it up: who has not seen the last one is replayed by Odoo.
    tochka_refund_serial = fields.Integer(readonly=True, copy=False)

    # The list of refunds, in its order.
    _tochka_refund_idx = models.Index("(id) WHERE operation = 'refund'")
    _tochka_refund_order_uniq = models.UniqueIndex(
        '(source_transaction_id, tochka_order_id) WHERE tochka_order_id IS NOT NULL',
        "A refund of the bank is booked once.",
    )
    _tochka_refund_in_flight = models.UniqueIndex(
        "(source_transaction_id) WHERE tochka_refund_state IN ('sending', 'sent', 'unknown')",
        "One refund of a payment at a time is with the bank.",
    )

    # === ACTION METHODS === #

    def action_tochka_refund_again(self):
        """ Send a refund again that the bank has refused, or has surely not done.

        :raise UserError: If it is not known to be undone.
        """
        for refund in self._tochka_refunds_to_decide():
            if refund.tochka_refund_state not in ('rejected', 'unknown'):
                raise UserError(_("The refund %s is on its way already.", refund.reference))
            refund.source_transaction_id._tochka_check_refundable(
                abs(refund.amount), leave_out=refund)
            refund._tochka_log_for_accountants(_(
                "%(user)s: the refund %(refund)s is sent again.",
                user=self.env.user.name, refund=refund.reference))
            if refund.state == 'error':
                refund._update_state(('error',), 'draft', False)
            refund._tochka_request_refund()

    def action_tochka_refund_cancel(self):
        """ Give up a refund that was not sent, or that the bank has surely not done.

        :raise UserError: If the bank may be at it.
        """
        for refund in self._tochka_refunds_to_decide():
            if refund.tochka_refund_state not in ('requested', 'rejected', 'unknown'):
                raise UserError(_("The refund %s can't be stopped any more.", refund.reference))
            refund.write({'tochka_refund_state': 'rejected', 'tochka_refund_next_at': False})
            refund._set_canceled(
                state_message=_("Given up by %s.", self.env.user.name),
                extra_allowed_states=('error',))

    def _tochka_open_refunds(self):
        """ Return the action that opens these refunds. :rtype: dict """
        action = self.env['ir.actions.act_window']._for_xml_id(
            'tochka_acquiring.action_tochka_refund')
        return {**action, 'context': {}, 'domain': [('id', 'in', self.ids)]}

    def _tochka_refunds_to_decide(self):
        """ Return these refunds for a person's decision, locked.

        :rtype: payment.transaction
        :raise ConcurrencyError: If somebody else is working on one.
        """
        self._tochka_check_refund_right()
        refunds = sudo_of_accessible(self)
        for refund in refunds:
            refund._tochka_lock_refund()
        return refunds

    # === BUSINESS METHODS - REQUEST === #

    def _refund(self, amount_to_refund=None):
        """ Override of `payment` to check rights and amounts under the lock of the payment. """
        if self.provider_code != 'tochka':
            return super()._refund(amount_to_refund=amount_to_refund)
        self._tochka_check_refund_right()
        if not self.try_lock_for_update(allow_referencing=True):
            raise ConcurrencyError(_("Somebody else is working on this payment."))
        self.env.invalidate_all()
        self._tochka_check_refundable(amount_to_refund or self.amount)
        return super()._refund(amount_to_refund=amount_to_refund)

    def _send_refund_request(self):
        """ Override of `payment` to leave the sending to a job, after the commit. """
        if self.provider_code != 'tochka':
            return super()._send_refund_request()
        self._tochka_request_refund()

    def _create_child_transaction(self, amount, is_refund=False, **custom_create_values):
        """ Override of `payment` to link a refund with its credit note.

        The note comes as a recordset: that the wizard has put it into the context, and not whoever
        calls over the network.
        """
        if is_refund and self.provider_code == 'tochka':
            self.tochka_refund_serial += 1
            note = self.env.context.get('tochka_refund_note')
            if isinstance(note, models.BaseModel):
                custom_create_values['invoice_ids'] = [Command.set(note.ids)]
        return super()._create_child_transaction(
            amount, is_refund=is_refund, **custom_create_values)

    def _tochka_request_refund(self):
        """ Let the job send this refund as soon as it is committed. """
        self.ensure_one()
        self.write({
            'tochka_refund_state': 'requested',
            'tochka_refund_next_at': fields.Datetime.now(),
            'tochka_refund_tries': 0,
            'tochka_error': False,
        })
        self.env.ref('tochka_acquiring.cron_refund').sudo()._trigger()

    # === BUSINESS METHODS - CHECKS === #

    @api.model
    def _tochka_check_refund_right(self):
        """ :raise AccessError: If the user may not return money. """
        if self.env.uid != SUPERUSER_ID and not self.env.user.has_group(
            'tochka_acquiring.group_refund'
        ):
            raise AccessError(_(
                "You have no right to return money to payers. An administrator can give it to you"
                " in your user's settings."))

    def _tochka_refunds(self):
        """ Return the refunds of this payment. :rtype: payment.transaction """
        self.ensure_one()
        return self.child_transaction_ids.filtered(lambda tx: tx.operation == 'refund')

    def _tochka_refunds_on_their_way(self):
        """ Return the refunds of this payment that may still take its money.

        :rtype: payment.transaction
        """
        return self._tochka_refunds().filtered(
            lambda tx: tx.state in ('draft', 'pending') or tx.state == 'done' and not tx.payment_id)

    def _tochka_describe_refunds(self):
        """ Say what people should know of these refunds: what is on its way, what was refused.

        :return: A sentence for each, in lines of their own; empty when all are done or given up.
        :rtype: str
        """
        sentences = []
        for refund in self.sorted('id'):
            amount = format_amount(self.env, -refund.amount, refund.currency_id)
            if refund.tochka_refund_state == 'rejected' and refund.state == 'error':
                sentences.append(_(
                    "The bank did not return %(amount)s: %(reason)s. Press Refunds to see what to"
                    " do.",
                    amount=amount, reason=refund.tochka_error))
            elif refund.tochka_refund_state == 'unknown' and refund.state != 'cancel':
                sentences.append(_(
                    "%s: it is not known yet whether the bank has returned the money.", amount))
            elif refund.tochka_refund_state in const.REFUND_IN_WORK and refund.state != 'cancel':
                sentences.append(_("%s are on their way back to the payer.", amount))
        return '\n'.join(sentences)

    def _tochka_refundable(self, leave_out=None):
        """ Return what can still be returned of this payment: refunds on their way count.

        :param payment.transaction leave_out: A refund that does not count.
        :return: Roubles, as an ORM monetary value.
        :rtype: float
        """
        self.ensure_one()
        if self.state != 'done' or self.operation == 'refund':
            return 0.0
        counting = self._tochka_refunds().filtered(
            lambda tx: tx.state not in ('cancel', 'error') and tx != leave_out)
        return self.currency_id.round(self.amount + sum(counting.mapped('amount')))

    def _tochka_check_refundable(self, amount, leave_out=None):
        """ Check that an amount can be returned.

        :param float amount: Roubles.
        :param payment.transaction leave_out: A refund that does not count.
        :raise ValidationError: If it can't.
        """
        self.ensure_one()
        left = self._tochka_refundable(leave_out)
        if self.currency_id.compare_amounts(amount, 0) <= 0:
            raise ValidationError(_("The amount to return must be more than zero."))
        if self.currency_id.compare_amounts(amount, left) > 0:
            raise ValidationError(_(
                "%(amount)s roubles can't be returned: %(left)s are left of the payment"
                " %(reference)s, refunds on their way included.",
                amount=f'{amount:.2f}', left=f'{left:.2f}', reference=self.reference))

    def _tochka_booked_on(self):
        """ Return the bank's day of this refund. :rtype: date """
        self.ensure_one()
        return bank_day(self.tochka_paid_at or self.create_date)

    # === BUSINESS METHODS - LOCK AND PLAN === #

    def _tochka_lock_refund(self):
        """ Lock the payment and this refund, and see them as others have left them.

        All that changes refunds holds the lock of their payment.

        :raise ConcurrencyError: If somebody else is working on them.
        """
        self.ensure_one()
        both = self.source_transaction_id + self
        if both.try_lock_for_update(allow_referencing=True) != both:
            raise ConcurrencyError(_("Somebody else is working on this refund."))
        self.env.invalidate_all()

    def _tochka_plan_refund(self):
        """ Set when the job looks at this refund again, at growing delays that never end. """
        self.ensure_one()
        delays = const.REFUND_RETRY_SECONDS
        seconds = delays[min(self.tochka_refund_tries, len(delays) - 1)]
        self.write({
            'tochka_refund_tries': self.tochka_refund_tries + 1,
            'tochka_refund_next_at': fields.Datetime.now() + timedelta(seconds=seconds),
        })
