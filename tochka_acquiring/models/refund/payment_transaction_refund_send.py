# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import _, api, fields, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const, tuning
from odoo.addons.tochka_acquiring.api import errors

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class PaymentTransaction(models.Model):
    """ How a committed refund gets to the bank, once. """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - JOB === #

    @api.model
    def _cron_tochka_refund(self):
        """ Send the refunds that were asked for, and look what became of those that were sent. """
        silent = self.env['tochka.connection']._silent()
        refunds = self.search([
            ('operation', '=', 'refund'),
            ('tochka_refund_state', 'in', const.REFUND_IN_WORK),
            ('tochka_refund_next_at', '<=', fields.Datetime.now()),
            '!', ('source_transaction_id.tochka_merchant_id.connection_id', 'in', silent.ids),
        ], order='tochka_refund_next_at, id', limit=tuning.JOB_BATCH)
        self.env['tochka.connection']._ask_each(
            'tochka_acquiring.cron_refund', refunds,
            lambda refund: refund._tochka_work_on_refund())

    def _tochka_work_on_refund(self):
        """ Do what is next for this refund, in a job. It commits.

        :return: 'silent' if the bank did not answer.
        :rtype: str|None
        """
        self.ensure_one()
        # Planned first: a bank that hangs can't keep this refund at the head of the queue.
        self._tochka_plan_refund()
        self.env['ir.cron']._commit_progress(0)
        payment = self.source_transaction_id.with_prefetch()
        # The history is read first: what others have returned is booked before anything is sent.
        outcome = payment._tochka_refresh_in_job()
        if outcome != 'applied':
            return outcome
        self.env['ir.cron']._commit_progress(0)  # A new snapshot, which sees what was applied.
        self._tochka_lock_refund()
        if self.tochka_refund_state in const.REFUND_WITH_BANK:
            self._tochka_judge_unlisted()
        elif self.tochka_refund_state == 'requested' and self._tochka_open_intent():
            # If the worker dies from here on, the next one finds `sending`, and reads the history.
            self.env['ir.cron']._commit_progress(0)
            self._tochka_lock_refund()
            if self.tochka_refund_state == 'sending':
                error = self._tochka_send_refund()
                if payment._tochka_connection()._note_answer(error):
                    return 'silent'
                self.env['ir.cron']._commit_progress(0)
                return payment._tochka_refresh_in_job()
        return None

    def _tochka_open_intent(self):
        """ Decide whether this refund may be sent now, and say so in the database.

        :return: Whether it is `sending` now.
        :rtype: bool
        """
        payment = self.source_transaction_id
        siblings = payment._tochka_refunds() - self
        if siblings.filtered(lambda tx: tx.tochka_refund_state in const.REFUND_WITH_BANK):
            return False  # Its turn comes when the other one is known.
        done = sum(tx.amount for tx in siblings if tx.tochka_order_id)
        if self.currency_id.compare_amounts(-self.amount, payment.amount + done) > 0:
            self._tochka_reject_refund(_(
                "The bank has returned a part of this payment meanwhile, and less than this refund"
                " is left."))
            return False
        if payment.tochka_status == 'ON-REFUND':
            return False
        if payment.tochka_status not in const.REFUNDABLE_STATUSES:
            self._tochka_reject_refund(_(
                "The bank returns nothing of a payment in the status %s.", payment.tochka_status))
            return False
        self.write({
            'tochka_refund_state': 'sending', 'tochka_refund_sent_at': fields.Datetime.now()})
        self._set_pending()
        return True

    def _tochka_send_refund(self):
        """ Ask the bank to return the money, under the lock of the payment.

        :return: What has gone wrong, if anything.
        :rtype: TochkaError|None
        """
        payment = self.source_transaction_id
        merchant = payment._tochka_merchant()
        try:
            merchant.connection_id._client().refund_payment(
                payment.tochka_operation_id, self._tochka_amount(),
                merchant.legal_entity_id.customer_code)
        except errors.Unauthorized as error:
            merchant.connection_id._report_problem(error)
            self._tochka_take_back_intent(error)
            return error
        except errors.NotSent as error:
            self._tochka_take_back_intent(error)
            return error
        except errors.Rejected as error:
            self._tochka_reject_refund(merchant.connection_id._explain(error))
            return error
        except errors.OutcomeUnknown as error:
            _logger.warning("Refund %s: the answer is not known: %s", self.reference, error)
            self.write({
                'tochka_refund_state': 'unknown',
                'tochka_error': merchant.connection_id._explain(error),
            })
            return error
        self.write({'tochka_refund_state': 'sent', 'tochka_error': False})
        return None

    def _tochka_take_back_intent(self, error):
        """ The request surely did not arrive: send it later.

        :param TochkaError error: What happened.
        """
        self.write({
            'tochka_refund_state': 'requested',
            'tochka_error': self._tochka_connection()._explain(error)})

    # === BUSINESS METHODS - WHAT THE HISTORY DOES NOT LIST === #

    def _tochka_judge_unlisted(self):
        """ Decide about a refund that was sent and that the history does not list (yet). """
        payment = self.source_transaction_id
        age = fields.Datetime.now() - self.tochka_refund_sent_at
        if (
            payment.tochka_status == 'ON-REFUND'
            or age < timedelta(minutes=const.REFUND_SETTLE_MINUTES)
        ):
            return
        if self.tochka_refund_state == 'sent':
            if age > timedelta(hours=const.REFUND_OVERDUE_HOURS):
                payment._tochka_flag(
                    'refund_overdue', subject=str(self.id), refund=self.reference,
                    amount=f'{-self.amount:.2f}')
            return
        done = sum(tx.amount for tx in payment._tochka_refunds() if tx.tochka_order_id)
        if not self.currency_id.compare_amounts(-self.amount, payment.amount + done):
            # Of the whole rest a second one would be refused, so that it may be sent again.
            self._tochka_request_refund()
            return
        if self.tochka_refund_state != 'unknown':
            self.tochka_refund_state = 'unknown'
        payment._tochka_flag(
            'refund_unknown', subject=str(self.id), refund=self.reference,
            amount=f'{-self.amount:.2f}')

    def _tochka_reject_refund(self, reason):
        """ The bank says no: say how to return the money by hand.

        :param str reason: The exact reason.
        """
        self.ensure_one()
        payment = self.source_transaction_id
        self.write({
            'tochka_refund_state': 'rejected', 'tochka_refund_next_at': False,
            'tochka_error': reason,
        })
        self._set_error(_("The bank did not return the money: %s", reason))
        payment._tochka_flag(
            'refund_rejected', subject=str(self.id), amount=f'{-self.amount:.2f}',
            refund=self.reference, error=reason, operation=payment.tochka_operation_id)
