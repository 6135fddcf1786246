# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import fields, models

from odoo.addons.tochka_acquiring.utils import bank_day


class PaymentTransaction(models.Model):
    """ How a payment that the bank has taken gets into the books. """

    _inherit = 'payment.transaction'

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
        waiting.invalidate_recordset(['is_post_processed', 'state', 'payment_id'])
        waiting._tochka_pick_plain()._tochka_create_payments()
        for transaction in waiting:
            transaction = self.env['tochka.problem']._for_reader(transaction)
            if transaction.is_post_processed and transaction.state == 'done':
                continue
            source = transaction.source_transaction_id
            if source.state == 'done' and not source.payment_id:
                source._post_process()  # What is returned was received first.
            super(PaymentTransaction, transaction)._post_process()
            if transaction.tochka_posting_failed_at:
                transaction.tochka_posting_failed_at = False
            if transaction.state == 'done' and not transaction.payment_id:
                # Odoo takes any child for a part of a capture, which is booked instead. A payment
                # that was returned before Odoo heard of it has one, too.
                transaction.with_company(transaction.company_id)._create_payment()
            if transaction.operation == 'refund':
                transaction._tochka_match_return()
            elif transaction.state == 'done':
                transaction._tochka_flag_overpayment()
                transaction._tochka_notify_payment()
                transaction._tochka_settle_invoices()

    def _create_payment(self, **extra_create_values):
        """ Override of `account_payment` to book on the right partner, account and day. """
        if self.provider_code != 'tochka':
            return super()._create_payment(**extra_create_values)
        return super()._create_payment(**(self._tochka_booking_values() | extra_create_values))

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
        advance_account = self._tochka_advance_account()
        if advance_account:
            values['destination_account_id'] = advance_account.id
            values['tochka_advance_account_id'] = advance_account.id
        return values

    def _tochka_booking_day(self):
        """ Return the day on which the payment is booked.

        It is the bank's day (Moscow), or the first open day when that one is locked.

        :rtype: date
        """
        self.ensure_one()
        paid_on = bank_day(self.tochka_paid_at or fields.Datetime.now())
        locks = self.provider_id.company_id._get_violated_lock_dates(
            paid_on, False, self.provider_id.journal_id
        )
        if not locks:
            return paid_on
        booked_on = locks[-1][0] + timedelta(days=1)
        self._tochka_flag('locked_day', paid=paid_on, booked=booked_on)
        return booked_on

    def _tochka_match_return(self):
        """ Match the money that went back with what it reduces, see `_tochka_free_lines`. A credit
        note that it was returned for is matched by Odoo itself.
        """
        self.ensure_one()
        returned = self.payment_id
        if not returned or self.state != 'done':
            return
        for free in self.source_transaction_id._tochka_free_lines():
            lines = (free + returned._seek_for_lines()[1]).filtered(
                lambda line: not line.reconciled
                and line.account_id == returned.destination_account_id)
            if len(lines.move_id) > 1:
                lines.reconcile()

    def _tochka_free_lines(self):
        """ Return what is open of this payment and can go back without the payer owing anything.

        :return: What is left of the payment itself (a top-up's credit, a second payment), then the
                 open credit notes of the invoices that it has paid.
        :rtype: list[account.move.line]
        """
        self.ensure_one()
        paid = self.payment_id
        account = paid.destination_account_id
        own = paid._seek_for_lines()[1] if paid else self.env['account.move.line']
        # The money of a credit note that is on its way for itself pays that one.
        notes = self._tochka_paid_invoices().reversal_move_ids.filtered(
            lambda move: move.move_type == 'out_refund' and move.state == 'posted'
            and not move._tochka_refund_transactions().filtered(
                lambda tx: not tx.payment_id and tx.state not in ('cancel', 'error')))
        return [
            lines.filtered(
                lambda line: line.account_id == account and not line.reconciled
                and line.currency_id == self.currency_id)
            for lines in (own, notes.line_ids)
        ]

    def _tochka_free_amount(self):
        """ Return how much of this payment can go back without the payer owing anything: refunds on
        their way count.

        :return: Roubles, as an ORM monetary value.
        :rtype: float
        """
        self.ensure_one()
        open_amount = -sum(
            sum(lines.mapped('amount_residual_currency')) for lines in self._tochka_free_lines())
        waiting = self._tochka_refunds_on_their_way().filtered(lambda tx: not tx.invoice_ids)
        return max(self.currency_id.round(open_amount + sum(waiting.mapped('amount'))), 0.0)

    def _tochka_paid_invoices(self):
        """ Return the invoices that this payment was made for, and those that it has paid.

        :rtype: account.move
        """
        self.ensure_one()
        return (self.invoice_ids | self.payment_id.reconciled_invoice_ids).filtered(
            lambda move: move.move_type == 'out_invoice')

    def _tochka_flag_overpayment(self):
        """ Ask a person what to do with money that no document is waiting for. """
        self.ensure_one()
        documents = self._tochka_documents()
        if not documents or not self.payment_id:
            return
        if documents._name == 'sale.order' and any(
            order.invoice_status != 'invoiced' or order.invoice_ids.filtered('amount_residual')
            for order in documents
        ):
            return  # The invoice that is still to come takes it.
        open_lines = self.payment_id.move_id.line_ids.filtered(
            lambda line: line.account_id == self.payment_id.destination_account_id
            and not line.reconciled
        )
        credit = -sum(open_lines.mapped('amount_residual'))
        if self.currency_id.compare_amounts(credit, 0) > 0:
            self._tochka_flag('overpaid', amount=f'{credit:.2f}')
