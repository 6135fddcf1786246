# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import fields, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.api.errors import _lt

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class TochkaRefund(models.Model):
    """ How a committed refund gets to the bank, once. """

    _inherit = 'tochka.refund'

    def _plan(self):
        """ Set when the job looks at these refunds again, at growing delays that never end; what is
        booked and not listed, every day.
        """
        for refund in self:
            delays = const.REFUND_RETRY_SECONDS
            if refund.state in const.REFUND_BOOKED:
                delays = (const.UNLISTED_REFUND_SECONDS,)
            seconds = delays[min(refund.tries, len(delays) - 1)]
            refund.write({
                'tries': refund.tries + 1,
                'next_at': fields.Datetime.now() + timedelta(seconds=seconds),
            })

    def _tell_waiting(self):
        """ Ask a person about what can't be sent, nor looked up, since a day: the bank can't be
        asked, or its answer does not fit. """
        since = fields.Datetime.now() - timedelta(hours=const.REFUND_OVERDUE_HOURS)
        for refund in self.filtered(lambda one: one.state in const.REFUND_IN_WORK):
            if refund.create_date <= since:
                self.env['tochka.problem']._open(refund, 'refund_waits')

    def _begin_sending(self):
        """ Decide whether this refund may be sent now, and say so in the database.

        :return: Whether it is `sending` now.
        :rtype: bool
        """
        payment = self.source_transaction_id
        siblings = payment.tochka_refund_ids - self
        if siblings.filtered(lambda refund: refund.state in const.REFUND_WITH_BANK):
            return False  # Its turn comes when the other one is known.
        returned = siblings.filtered(lambda refund: refund.state in const.REFUND_BOOKED)
        left = payment.amount - sum(returned.mapped('amount'))
        if self.currency_id.compare_amounts(self.amount, left) > 0:
            self._reject(errors.Rejected(_lt(
                "The bank has returned a part of this payment meanwhile, and less than this refund"
                " is left.")))
            return False
        if payment.tochka_status == 'ON-REFUND':
            return False
        if payment.tochka_status not in const.REFUNDABLE_STATUSES:
            self._reject(errors.Rejected(
                _lt("The bank returns nothing of a payment in its present status."),
                error_code=payment.tochka_status))
            return False
        self._move('sending', sent_at=fields.Datetime.now())
        return True

    def _send(self):
        """ Ask the bank to return the money, under the lock of the payment.

        :return: What has gone wrong, if anything.
        :rtype: TochkaError|None
        """
        payment = self.source_transaction_id
        merchant = payment._tochka_merchant()
        try:
            merchant.connection_id._client().refund_payment(
                payment.tochka_operation_id, self._roubles(),
                merchant.legal_entity_id.customer_code)
        except (errors.Unauthorized, errors.NotSent) as error:
            if isinstance(error, errors.Unauthorized):
                merchant.connection_id._report_problem(error)
            # It surely did not arrive, and is sent later.
            self._move('requested', error)
            return error
        except errors.Rejected as error:
            self._reject(error)
            return error
        except errors.OutcomeUnknown as error:
            _logger.warning("Refund %s: the answer is not known: %s", self.name, error)
            self._move('unknown', error)
            return error
        self._move('sent', taken_at=fields.Datetime.now())
        return None

    def _judge_unlisted(self):
        """ Decide about a refund that is with the bank and that the history does not list (yet).

        Nothing is sent again by itself: nobody documents that the bank would refuse a second
        refund of the same money, nor how soon its history lists one.
        """
        payment = self.source_transaction_id
        if self.state == 'sending':  # Its worker has died over it.
            self._move('unknown')
        if self.state == 'sent' or payment.tochka_status == 'ON-REFUND':
            patience = timedelta(hours=const.REFUND_OVERDUE_HOURS)
        else:
            patience = timedelta(minutes=const.REFUND_SETTLE_MINUTES)
        if fields.Datetime.now() - self.sent_at < patience:
            return
        if self.state == 'sent':
            self._move('unknown')
        self.env['tochka.problem']._open(self, 'refund_unknown', taken_at=self.taken_at)

    def _reject(self, error):
        """ The bank says no: say how to return the money by hand. """
        self._move('rejected', error)
        self.env['tochka.problem']._open(self, 'refund_rejected', error=error)
