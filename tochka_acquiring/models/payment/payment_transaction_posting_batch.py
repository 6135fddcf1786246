# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime, timedelta

import psycopg2

from odoo import fields, models
from odoo.tools import split_every

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const, tuning
from odoo.addons.tochka_acquiring.models.core.account_payment import POSTING_TOGETHER

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)

# Where `_create_payment` comes from, when nobody else has something to say in it.
CREATE_PAYMENT_MODULES = ('account_payment', 'tochka_acquiring')
JOURNAL_ENTRY_MODULES = ('account', 'tochka_acquiring')


class PaymentTransaction(models.Model):
    """ Many payments get into the books together: the morning after an outage.

    What is made together is the payment itself (create, post, match), which takes nearly all the
    time. Everything else that Odoo and other add-ons do stays one by one, see `_post_process`.
    """

    _inherit = 'payment.transaction'

    tochka_posting_failed_at = fields.Datetime(
        string="Not booked at", readonly=True, copy=False,
        help="When the payment could not be brought into the books. Such a one comes last.")

    # === BUSINESS METHODS - JOB === #

    def _cron_post_process(self):
        """ Override of `payment` to post many payments of the bank together.

        Unlike Odoo's own loop, it keeps within the time of a job, and wakes itself when something
        is left.
        """
        transactions = self or self.search([
            ('is_post_processed', '=', False),
            # What can't be booked is tried again after a while, or it would keep the job busy.
            '|', ('tochka_posting_failed_at', '=', False),
            ('tochka_posting_failed_at', '<', fields.Datetime.now() - timedelta(
                minutes=tuning.POSTING_RETRY_MINUTES)),
            # As in Odoo; `_cron_tochka_monitor` takes over then.
            ('last_state_change', '>=', fields.Datetime.now() - timedelta(days=4)),
        ])
        tochka_transactions = transactions.filtered(lambda tx: tx.provider_code == 'tochka')
        tochka_transactions._tochka_post_batches()
        others = transactions - tochka_transactions
        if others:  # With none, Odoo would search by itself.
            super(PaymentTransaction, others.with_prefetch())._cron_post_process()

    def _tochka_post_batches(self):
        """ Post-process the transactions in batches, each with a commit of its own.

        A batch that fails is halved until what is wrong stands alone. That is tried again last, and
        never together with others.

        :return: None
        """
        batches = self._tochka_split()[::-1]  # a stack
        time_left = self.env['ir.cron']._tochka_time_left()
        while batches and time_left:
            batch = self.browse(batches.pop())
            try:
                batch._post_process()
                time_left = self.env['ir.cron']._tochka_time_left(len(batch))
                continue
            except psycopg2.OperationalError:
                self.env.cr.rollback()  # Somebody else works on it: half of it, or later.
            except Exception as error:
                self.env.cr.rollback()
                if len(batch) == 1:
                    _logger.exception(
                        "Transaction %s can't be booked: %s", batch.reference, error)
                    self.env['ir.cron']._tochka_guard(lambda one: one.write({
                        'tochka_posting_failed_at': fields.Datetime.now()}), batch)
            if len(batch) > 1:
                half = len(batch) // 2
                batches += [batch.ids[half:], batch.ids[:half]]
            time_left = self.env['ir.cron']._tochka_time_left()
        if batches:
            self.env['ir.cron']._tochka_go_on('payment.cron_post_process_payment_tx')

    def _tochka_split(self):
        """ Return the ids of the transactions in the order in which they are worked on.

        :return: Batches that can be posted together, then the others, those that failed last.
        :rtype: list[list[int]]
        """
        waiting = self.sorted(lambda tx: (tx.tochka_posting_failed_at or datetime.min, tx.id))
        batches = []
        while plain := waiting._tochka_pick_plain():
            batches += [list(ids) for ids in split_every(tuning.POSTING_BATCH, plain.ids)]
            waiting -= plain
        return batches + [[transaction_id] for transaction_id in waiting.ids]

    # === BUSINESS METHODS - TOGETHER === #

    def _tochka_pick_plain(self):
        """ Return those of the transactions whose payments can be made together.

        Of each customer only the first: what one payment has paid, the next one has to see.

        :return: At least two, or none.
        :rtype: payment.transaction
        """
        plain = self.browse()
        if len(self) < 2 or self._tochka_is_posting_extended():
            return plain
        self.invoice_ids.partner_id.commercial_partner_id.fetch(['name'])  # all at once
        customers = set()
        for transaction in self:
            partners = set(transaction.invoice_ids.commercial_partner_id.ids)
            partners.update(transaction._tochka_document_partner().ids)
            if partners.isdisjoint(customers) and transaction._tochka_is_plain():
                plain += transaction
            customers |= partners
        return plain if len(plain) > 1 else self.browse()

    def _tochka_is_posting_extended(self):
        """ Return whether another add-on has something to say when a payment is made.

        `_tochka_create_payments` would not ask it.

        :rtype: bool
        """
        return any(
            method in vars(base) and vars(base).get('_module') not in modules
            for model, method, modules in (
                (self, '_create_payment', CREATE_PAYMENT_MODULES),
                (self.env['account.payment'], '_generate_journal_entry', JOURNAL_ENTRY_MODULES),
            )
            for base in type(model).mro()
        )

    def _tochka_is_plain(self):
        """ Return whether this is money that came and pays posted invoices, or nothing.

        Money of an order is not: the order comes first, with its mails, deliveries and invoices.

        :rtype: bool
        """
        self.ensure_one()
        return (
            self.state == 'done'
            and self.operation not in ('refund', 'validation')
            and self.amount > 0
            and not self.payment_id
            and not self.tochka_posting_failed_at
            and not self.token_id
            and not self.source_transaction_id
            and not self.child_transaction_ids
            and not ('sale_order_ids' in self._fields and self.sale_order_ids)
            and not ('pos_order_id' in self._fields and self.pos_order_id)
            and all(
                invoice.state == 'posted' and not invoice.invoice_payment_term_id.early_discount
                for invoice in self.invoice_ids
            )
        )

    def _tochka_create_payments(self):
        """ Create, post and match the payments of these transactions, see `_tochka_pick_plain`.

        It does what `_create_payment` of `account_payment` does for one of them.

        :return: None
        """
        for company, transactions in self.grouped('company_id').items():
            payments = self.env['account.payment'].with_company(company).create([
                transaction.with_company(company)._tochka_payment_values()
                for transaction in transactions
            ])
            payments.with_context(tochka_posting=POSTING_TOGETHER).action_post()
            plan = []
            for transaction, payment in zip(transactions, payments, strict=True):
                transaction.payment_id = payment
                if transaction.invoice_ids:
                    lines = payment.move_id.line_ids + transaction.invoice_ids.line_ids
                    plan.append(lines.filtered(
                        lambda line, account=payment.destination_account_id:
                        line.account_id == account and not line.reconciled))
            if plan:
                payments.env['account.move.line']._reconcile_plan(plan)

    def _tochka_payment_values(self):
        """ Return the values of the payment, as `_create_payment` of `account_payment` has them.

        :return: Create values of `account.payment`.
        :rtype: dict
        """
        self.ensure_one()
        journal = self.provider_id.journal_id
        values = {
            'amount': self.amount,
            'payment_type': 'inbound',
            'currency_id': self.currency_id.id,
            'partner_type': 'customer',
            'journal_id': journal.id,
            'company_id': self.provider_id.company_id.id,
            'payment_method_line_id': journal.inbound_payment_method_line_ids.filtered(
                lambda line: line.payment_provider_id == self.provider_id).id,
            'payment_transaction_id': self.id,
            'memo': f'{self.reference} - {self.provider_reference or ""}',
            'invoice_ids': self.invoice_ids,
        }
        due_lines = self.invoice_ids.line_ids.filtered(
            lambda line: line.display_type == 'payment_term')
        if due_lines:
            values['destination_account_id'] = due_lines[0].account_id.id
        return values | self._tochka_booking_values()
