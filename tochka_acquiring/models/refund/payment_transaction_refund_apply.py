# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, fields, models

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.utils import utc_naive


class PaymentTransaction(models.Model):
    """ The bank's history of an operation becomes refunds here, and nowhere else.

    It does not matter who began a refund: Odoo, the internet bank, or a person who has recorded
    one by hand.
    """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - THE ONLY WRITER === #

    def _tochka_apply_refunds(self, operation):
        """ Bring the refunds of this payment in line with the history, under its lock.

        :param Operation operation: The operation as just read.
        """
        self.ensure_one()
        listed = dict(operation.refunds)
        refunds = self._tochka_refunds()
        booked = refunds.filtered('tochka_order_id')
        known = set(booked.mapped('tochka_order_id'))
        left = self._tochka_amount() - sum(refund._tochka_amount() for refund in booked)
        for order_id, order in listed.items():
            # While one that is booked is missing, a new one may be the same under another name.
            if order_id in known or known - listed.keys():
                continue
            if order.amount > left:
                self._tochka_flag('refund_too_much', amount=order.amount, left=left)
                return
            refund = self._tochka_match_refund(refunds, order) or (
                self._tochka_create_bank_refund(order))
            refund._tochka_confirm_refund(order_id, order)
            refunds |= refund
            left -= order.amount
        if operation.status in ('REFUNDED', 'REFUNDED_PARTIALLY') and not listed:
            self._tochka_flag('refund_unnamed', status=operation.status)
        for refund in refunds.filtered('tochka_order_id'):
            if refund.tochka_order_id not in listed:
                self._tochka_flag(
                    'refund_vanished', subject=str(refund.id), refund=refund.reference)
                return
        booked = sum(refund._tochka_amount() for refund in refunds.filtered('tochka_order_id'))
        if operation.refunded != booked:
            self._tochka_flag('refund_sum', listed=operation.refunded, booked=booked)

    def _tochka_match_refund(self, refunds, order):
        """ Return the refund of ours that an entry of the history is.

        The one that is with the bank first, then one that was recorded by hand, then one that was
        given up as refused: the bank may have done it after all, or a person in the internet bank.

        :param payment.transaction refunds: The refunds of this payment.
        :param Order order: The entry.
        :rtype: payment.transaction
        """
        for states in (const.REFUND_WITH_BANK, ('by_hand',), ('rejected',), ('requested',)):
            for refund in refunds.sorted('id'):
                if (
                    refund.tochka_refund_state in states
                    and not refund.tochka_order_id
                    and refund._tochka_amount() == order.amount
                ):
                    return refund
        return self.browse()

    def _tochka_create_bank_refund(self, order):
        """ Create the refund that was begun in the internet bank.

        :param Order order: The entry of the history.
        :rtype: payment.transaction
        """
        refund = self._create_child_transaction(float(order.amount), is_refund=True)
        self._tochka_log_for_accountants(_(
            "%(amount)s roubles of the payment %(reference)s were returned in the internet bank:"
            " %(refund)s.", amount=order.amount, reference=self.reference, refund=refund.reference))
        return refund

    def _tochka_confirm_refund(self, order_id, order):
        """ The bank has returned this money.

        :param str order_id: The key of the entry of the history.
        :param Order order: The entry.
        """
        self.ensure_one()
        was_by_hand = self.tochka_refund_state == 'by_hand'
        values = {
            'tochka_order_id': order_id,
            'provider_reference': order_id,
            'tochka_refund_state': 'done',
            'tochka_refund_next_at': False,
            'tochka_error': False,
        }
        if not was_by_hand:
            values['tochka_paid_at'] = utc_naive(order.time) or fields.Datetime.now()
        self.write(values)
        if self.state != 'done':
            self._set_done(extra_allowed_states=('cancel',))
            self.env.ref('payment.cron_post_process_payment_tx')._trigger()
