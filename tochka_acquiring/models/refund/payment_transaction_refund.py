# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime
from zoneinfo import ZoneInfo

from odoo import _, api, fields, models
from odoo.exceptions import ConcurrencyError, ValidationError

from odoo.addons.tochka_acquiring import const, tuning


class PaymentTransaction(models.Model):
    """ What has gone back of a payment, and is on its way: Odoo's own ways to a refund lead to
    `tochka.refund`, the job that sends them begins here, and the bank's history is kept beside what
    a person has to decide by it.
    """

    _inherit = 'payment.transaction'

    tochka_refund_ids = fields.One2many(
        string="Refunds (Tochka Bank)", comodel_name='tochka.refund',
        inverse_name='source_transaction_id', readonly=True)
    # It stands in the row of the payment, so that of two clerks who ask at once the second one is
    # replayed by Odoo, whatever he has read before.
    tochka_refunded = fields.Monetary(
        string="Returned or on its way", compute='_compute_tochka_refunded', store=True,
        copy=False)

    # `type`, `amount` (roubles, as text), `time` (ISO with its offset, or None) and `order_id` of
    # each entry of `Order[]`, as last read.
    tochka_history = fields.Json(readonly=True, copy=False)
    tochka_history_text = fields.Text(
        string="History at the bank", compute='_compute_tochka_history_text',
        help="The movements of money of the operation, as the bank has listed them when it was last"
             " asked. Times are those of Moscow.")

    # === COMPUTE METHODS === #

    @api.depends('tochka_refund_ids.amount', 'tochka_refund_ids.state')
    def _compute_tochka_refunded(self):
        for transaction in self:
            transaction.tochka_refunded = sum(transaction.tochka_refund_ids.filtered(
                lambda refund: refund.state not in const.REFUND_CLOSED).mapped('amount'))

    def _compute_refunds_count(self):
        """ Override of `payment` to count what is on its way, too. """
        super()._compute_refunds_count()
        for transaction in self.filtered(lambda tx: tx.provider_code == 'tochka'):
            transaction.refunds_count = len(transaction.sudo().tochka_refund_ids)

    @api.depends('tochka_history')
    @api.depends_context('lang')
    def _compute_tochka_history_text(self):
        for transaction in self:
            transaction.tochka_history_text = '\n'.join(
                self._tochka_describe_entry(entry) for entry in transaction.tochka_history or [])

    def _tochka_describe_entry(self, entry):
        names = {
            'approval': _("paid"), 'authorized': _("held"), 'refund': _("returned"),
        }
        moment = entry['time'] and datetime.fromisoformat(entry['time']).astimezone(
            ZoneInfo(const.BANK_TIME_ZONE)).strftime('%d.%m.%Y %H:%M')
        return ' '.join(filter(None, [
            moment, f'{names.get(entry["type"], entry["type"])}:',
            _("%s roubles", entry['amount']), entry['order_id'] and f'({entry["order_id"]})',
        ]))

    # === ACTION METHODS === #

    def action_view_refunds(self):
        """ Override of `payment` to show what is on its way, too. """
        self.ensure_one()
        if self.provider_code != 'tochka':
            return super().action_view_refunds()
        return self.tochka_refund_ids._open_list()

    # === BUSINESS METHODS - REQUEST === #

    def _refund(self, amount_to_refund=None):
        """ Override of `payment`: the refund is an intent first, see `tochka.refund`.

        :return: No transaction: it is made when the bank has returned the money.
        :rtype: payment.transaction
        """
        if self.provider_code != 'tochka':
            return super()._refund(amount_to_refund=amount_to_refund)
        self.env['tochka.refund']._request(
            self, self.amount if amount_to_refund is None else amount_to_refund)
        return self.browse()

    def _send_refund_request(self):
        """ Override of `payment`: a child that somebody else has made waits, cancelled, until the
        bank has returned the money.
        """
        if self.provider_code != 'tochka':
            return super()._send_refund_request()
        self._set_canceled()
        self.env['tochka.refund']._request(
            self.source_transaction_id, -self.amount, self.invoice_ids[:1], transaction_id=self.id)

    # === BUSINESS METHODS - JOB === #

    @api.model
    def _cron_tochka_refund(self):
        """ Send the refunds that were asked for; look what became of those that were sent, and of
        those that are booked and not listed. """
        silent = self.env['tochka.connection']._silent()
        payments = self.search([
            ('tochka_refund_ids.next_at', '<=', fields.Datetime.now()),
            '!', ('tochka_merchant_id.connection_id', 'in', silent.ids),
        ], order='id', limit=tuning.JOB_BATCH)
        self.env['tochka.connection']._ask_each(
            'tochka_acquiring.cron_refund', payments,
            lambda payment: payment._tochka_work_on_refunds())

    def _tochka_work_on_refunds(self):
        """ Do what is next for the refunds of this payment, in a job. It commits.

        :return: 'silent' if the bank did not answer.
        :rtype: str|None
        """
        self.ensure_one()
        due = self.tochka_refund_ids.filtered_domain([
            ('next_at', '<=', fields.Datetime.now())]).sorted('id')
        # Planned first: a bank that hangs can't keep them at the head of the queue.
        due._plan()
        self.env['ir.cron']._commit_progress(0)
        # The history is read first: what others have returned is booked before anything is sent.
        outcome = self._tochka_refresh_in_job()
        if outcome != 'applied':
            due._tell_waiting()
            return outcome
        self.env['tochka.problem']._close(due, ['refund_waits'])
        self.env['ir.cron']._commit_progress(0)  # A new snapshot, which sees what was applied.
        self._tochka_lock()
        for refund in due.filtered(lambda refund: refund.state == 'by_hand'):
            self.env['tochka.problem']._open(refund, 'refund_unlisted')
        for refund in due.filtered(lambda refund: refund.state in const.REFUND_CLOSED):
            refund._free_money()
        with_bank = self.tochka_refund_ids.filtered(
            lambda refund: refund.state in const.REFUND_WITH_BANK)
        if with_bank:
            with_bank._judge_unlisted()
            return None
        refund = due.filtered(lambda refund: refund.state == 'requested')[:1]
        if not refund or not refund._begin_sending():
            return None
        # If the worker dies from here on, the next one finds `sending`, and reads the history.
        self.env['ir.cron']._commit_progress(0)
        self._tochka_lock(refund)
        if refund.state != 'sending':
            return None
        error = refund._send()
        if self._tochka_connection()._note_answer(error):
            return 'silent'
        self.env['ir.cron']._commit_progress(0)
        return self._tochka_refresh_in_job()

    # === BUSINESS METHODS - CHECKS === #

    def _tochka_lock(self, others=None):
        """ Lock the payment, with refunds of it, and see them as others have left them. Whoever
        changes refunds holds this lock.

        :raise ConcurrencyError: If somebody else is working on them.
        """
        self.ensure_one()
        for records in filter(None, (self, others)):
            if records.try_lock_for_update(allow_referencing=True) != records:
                raise ConcurrencyError(_("Somebody else is working on this payment."))
        self.env.invalidate_all()

    def _tochka_refused_refunds(self):
        """ Return what the bank has refused and nobody has given up. :rtype: tochka.refund """
        return self.tochka_refund_ids.filtered(
            lambda refund: refund.state == 'rejected').sorted('id')

    def _tochka_booked_refunds(self, amount):
        """ Return the refunds of so many roubles that have gone back. :rtype: tochka.refund """
        return self.tochka_refund_ids.filtered(
            lambda refund: refund.state in const.REFUND_BOOKED
            and not refund.currency_id.compare_amounts(refund.amount, amount))

    def _tochka_refundable(self):
        """ Return what can still be returned of this payment: refunds on their way count.

        :return: Roubles, as an ORM monetary value.
        :rtype: float
        """
        if self.state != 'done' or self.operation == 'refund':
            return 0.0
        return self.currency_id.round(self.amount - self.tochka_refunded)

    def _tochka_check_note(self, note, amount):
        """ :raise ValidationError: If a document is no credit note that so many roubles of this
                                    payment can pay.
        """
        if note and not (
            note.move_type == 'out_refund' and note.state == 'posted'
            and note.commercial_partner_id == self.payment_id.partner_id.commercial_partner_id
            and note.company_id.root_id == self.company_id.root_id
        ):
            raise ValidationError(_(
                "Choose a posted credit note of this payer, or none: %s is not one.",
                note.display_name))
        if note:
            note._tochka_check_left(amount)

    def _tochka_check_refundable(self, amount):
        """ :raise ValidationError: If so many roubles can't be returned. """
        if self.provider_code != 'tochka':
            raise ValidationError(_("This is no payment by Tochka Bank."))
        if not abs(amount) < const.MAX_AMOUNT:  # neither is "not a number"
            raise ValidationError(_("Check the amount to return."))
        left = self._tochka_refundable()
        if self.currency_id.compare_amounts(amount, 0) <= 0:
            raise ValidationError(_("The amount to return must be more than zero."))
        if self.currency_id.compare_amounts(amount, left) > 0:
            raise ValidationError(_(
                "%(amount)s roubles can't be returned: %(left)s are left of the payment"
                " %(reference)s, refunds on their way included.",
                amount=f'{amount:.2f}', left=f'{left:.2f}', reference=self.reference))

    # === BUSINESS METHODS - HISTORY === #

    def _tochka_write_history(self, operation):
        """ Keep what the bank lists of an operation.

        :param Operation operation: The operation as just read.
        """
        history = [{
            'type': order.type, 'amount': f'{order.amount:.2f}', 'order_id': order.order_id,
            'time': order.time and order.time.isoformat(),
        } for order in operation.orders]
        if history != (self.tochka_history or []):
            self.tochka_history = history
