# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

import psycopg2

from odoo import SUPERUSER_ID, fields, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.models.core.account_move import PayersDay
from odoo.addons.tochka_acquiring.models.core.ir_default import BOOKING
from odoo.addons.tochka_acquiring.utils import bank_day

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class PaymentTransaction(models.Model):
    """ How a payment that the bank has taken gets into the books, and is told of. """

    _inherit = 'payment.transaction'

    tochka_notified_at = fields.Datetime(string="E-mail about it at", readonly=True, copy=False)

    # === BUSINESS METHODS - POST-PROCESSING === #

    def _post_process(self):
        """ Override of `payment` to post-process each transaction once.

        Odoo's job gathers its list before it works through it, so that it may meet a transaction
        that a customer's browser has had post-processed in the meantime; all that other add-ons do
        there (mails, orders, invoices) would happen again.

        Of many, the payments are made together first; Odoo then leaves this step out.
        """
        tochka_transactions = self.filtered(lambda tx: tx.provider_code == 'tochka')
        super(PaymentTransaction, self - tochka_transactions)._post_process()
        waiting = tochka_transactions.try_lock_for_update(allow_referencing=True)
        waiting = waiting.with_context(tochka_booking=BOOKING)
        waiting.invalidate_recordset(['is_post_processed', 'state', 'payment_id'])
        waiting._tochka_pick_plain()._tochka_create_payments()
        for transaction in waiting:
            transaction = self.env['tochka.problem']._for_reader(transaction)
            if transaction.is_post_processed and transaction.state == 'done':
                continue
            source = transaction.source_transaction_id
            if source.state == 'done' and not source.payment_id:
                source._post_process()  # What is returned was received first.
            invoices = transaction._tochka_put_drafts_aside()
            super(PaymentTransaction, transaction)._post_process()
            if invoices - transaction.invoice_ids:
                transaction.invoice_ids |= invoices
            if transaction.tochka_posting_failed_at:
                transaction.tochka_posting_failed_at = False
                transaction._tochka_unflag('unbookable')
            if transaction.state == 'done' and not transaction.payment_id:
                # Odoo takes any child for a part of a capture, which is booked instead. A payment
                # that was returned before Odoo heard of it has one, too.
                transaction.with_company(transaction.company_id)._create_payment()
            if transaction.operation == 'refund':
                transaction._tochka_match_return()
                transaction.source_transaction_id._tochka_use_what_stays()
            elif transaction.state == 'done':
                transaction._tochka_place_family()
                transaction._tochka_notify_payment()
                transaction._tochka_settle_invoices()

    def _create_payment(self, **extra_create_values):
        """ Override of `account_payment` to book on the right partner, account and day. """
        if self.provider_code != 'tochka':
            return super()._create_payment(**extra_create_values)
        # A discount for early payment is that of the day on which the payer has paid.
        booked = self.with_context(tochka_payers_day=PayersDay(self._tochka_paid_on()))
        return super(PaymentTransaction, booked)._create_payment(
            **(self._tochka_booking_values() | extra_create_values))

    def _tochka_put_drafts_aside(self):
        """ Take the drafts from the invoices of this payment, which Odoo would post unasked.

        Somebody is working on them. What Odoo makes of the orders while it books is no draft of
        anybody. Nor does a refund leave the account of its payment for a credit note that is
        cancelled.

        :return: All invoices of the payment, to be put back.
        :rtype: account.move
        """
        self.ensure_one()
        invoices = self.invoice_ids
        states = ('draft', 'cancel') if self.operation == 'refund' else ('draft',)
        if any(invoice.state in states for invoice in invoices):
            self.invoice_ids = invoices.filtered(lambda invoice: invoice.state not in states)
        return invoices

    def _tochka_booking_values(self):
        """ Return what is ours in the values of the payment: partner, account and day.

        :return: Create values of `account.payment`.
        :rtype: dict
        """
        self.ensure_one()
        values = {
            'partner_id': self._tochka_document_partner().id,
            'date': self._tochka_booking_day(),
        }
        paid = self.source_transaction_id.payment_id
        if self.operation == 'refund' and paid:
            # Money goes back from where it came to.
            line = paid.payment_method_line_id
            if line.journal_id != paid.journal_id:  # The provider has another cash box now.
                line = paid.journal_id._get_available_payment_method_lines('outbound')[:1]
            values |= {
                'partner_id': paid.partner_id.id,
                'destination_account_id': paid.destination_account_id.id,
                'journal_id': paid.journal_id.id,
                'company_id': paid.company_id.id,
                'payment_method_line_id': line.id,
            }
        else:
            values |= self._tochka_journal_values()
        advance_account = self._tochka_advance_account()
        if advance_account:
            values['destination_account_id'] = advance_account.id
            values['tochka_advance_account_id'] = advance_account.id
        return values

    def _tochka_journal_values(self):
        """ Return the cash box of the link, where the provider has another one now.

        :return: Create values of `account.payment`.
        :rtype: dict
        """
        provider, journal = self.provider_id, self.tochka_journal_id
        line = journal._get_available_payment_method_lines('inbound')[:1]
        if journal == provider.journal_id or not line:
            return {}
        own_line = provider.journal_id.inbound_payment_method_line_ids.filtered(
            lambda line: line.payment_provider_id == provider)
        return {
            'journal_id': journal.id,
            'payment_method_line_id': line.id,
            'outstanding_account_id': own_line.payment_account_id.id or line.payment_account_id.id,
        }

    def _tochka_paid_on(self):
        """ Return the bank's day (Moscow) of the payment. :rtype: date """
        return bank_day(self.tochka_paid_at or fields.Datetime.now())

    def _tochka_article(self):
        """ Return the article of the payment: that of the link, in its old cash box as well.

        :rtype: account.analytic.account
        """
        payment = self.source_transaction_id or self
        provider = payment.provider_id
        if provider.code != 'tochka':
            return self.env['account.analytic.account']
        made_with = payment if payment.tochka_journal_id else provider
        return made_with.tochka_article_id

    def _tochka_booking_day(self):
        """ Return the day on which the payment is booked.

        It is the bank's day (Moscow), or the first open day when that one is locked.

        :rtype: date
        """
        self.ensure_one()
        paid_on = self._tochka_paid_on()
        locks = self.provider_id.company_id._get_violated_lock_dates(
            paid_on, False, self.tochka_journal_id or self.provider_id.journal_id
        )
        if not locks:
            return paid_on
        booked_on = locks[-1][0] + timedelta(days=1)
        self._tochka_flag('locked_day', paid=paid_on, booked=booked_on)
        return booked_on

    def _tochka_match_return(self):
        """ Match the money that went back with what it reduces, see `_tochka_returnable_lines`. A
        credit note that it was returned for is matched by Odoo itself.
        """
        self.ensure_one()
        returned = self._tochka_open_lines()
        if not returned or self.state != 'done':
            return
        own, notes = self.source_transaction_id._tochka_returnable_lines()
        lines = returned + own.filtered(lambda line: line.account_id == returned.account_id)
        if len(lines.move_id) > 1:
            lines.reconcile()
        for note in notes.move_id.sorted('id'):
            note.with_user(SUPERUSER_ID)._tochka_settle_with_all(returned)

    def _tochka_returnable_lines(self):
        """ Return what is open of this payment and can go back without the payer owing anything.

        :return: What is left of the payment itself (a top-up's credit, a second payment), then the
                 open credit notes of the invoices that it has paid, also where it is an advance,
                 which lies on another account.
        :rtype: list[account.move.line]
        """
        self.ensure_one()
        paid = self.payment_id
        own = paid._seek_for_lines()[1] if paid else self.env['account.move.line']
        # The money of a credit note that is on its way for itself pays that one.
        notes = self._tochka_paid_invoices()._tochka_credit_notes().filtered(
            lambda move: not move.tochka_refund_ids._on_their_way())
        due = notes.browse().line_ids.union(*(note._tochka_due_lines() for note in notes))
        return [
            lines.filtered(
                lambda line: not line.reconciled and line.currency_id == self.currency_id)
            for lines in (own, due)
        ]

    def _tochka_free_amount(self):
        """ Return how much of this payment can go back without the payer owing anything: refunds on
        their way count.

        :return: Roubles, as an ORM monetary value.
        :rtype: float
        """
        self.ensure_one()
        open_amount = -sum(
            sum(lines.mapped('amount_residual_currency'))
            for lines in self._tochka_returnable_lines())
        waiting = self.tochka_refund_ids._on_their_way()._without_note()
        return max(self.currency_id.round(open_amount - sum(waiting.mapped('amount'))), 0.0)

    def _tochka_paid_invoices(self):
        """ Return the invoices that this payment was made for, and those that it has paid.

        :rtype: account.move
        """
        self.ensure_one()
        return (self.invoice_ids | self.payment_id.reconciled_invoice_ids).filtered(
            lambda move: move.move_type == 'out_invoice')

    # === BUSINESS METHODS - MESSAGE === #

    def _tochka_notify_payment(self):
        """ Queue one message about the payment, once.

        It is called under the lock of the post-processing, and the mark is committed together with
        the message and the payment: never two, and none when everything was rolled back.
        """
        self.ensure_one()
        provider = self.provider_id.sudo()
        if (
            self.tochka_notified_at or not self.payment_id or not provider.tochka_notify_email
            or self.operation == 'refund'
        ):
            return
        self.tochka_notified_at = fields.Datetime.now()
        try:
            with self.env.cr.savepoint():
                self.env.ref('tochka_acquiring.mail_template_payment').sudo().send_mail(
                    self.id, force_send=False)
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            # A template is the users' to change; a mistake in it must not keep money unbooked.
            _logger.exception("No message about transaction %s", self.reference)
            self._tochka_flag('no_email', error=type(error).__name__)
