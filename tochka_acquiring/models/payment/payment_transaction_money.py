# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import SUPERUSER_ID, api, models
from odoo.exceptions import UserError

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)

# Problems of money: it pays nothing; it is in no books.
MONEY_CODES = ('overpaid', 'unbooked', 'refund_unbooked')


class PaymentTransaction(models.Model):
    """ Where the money of a payment goes, and what is told of the rest: no rouble is silent.

    What was taken is matched with the documents that it was meant for, or with open ones of the
    same order; it waits for an invoice that the order is still to get; or a person is asked.
    """

    _inherit = 'payment.transaction'

    # Who waits for a person: money that is matched with nothing, and money that is in no books.
    _tochka_unbooked_money_idx = models.Index(
        "(id) WHERE state = 'done' AND is_post_processed IS TRUE AND payment_id IS NULL")

    # === BUSINESS METHODS - WHERE IT GOES === #

    def _tochka_place_money(self, invoices=None):
        """ Match these payments with open documents, the earliest first.

        :param account.move|None invoices: Which invoices of their families; None: all.
        :return: None
        """
        payments = self.filtered(
            lambda tx: tx.provider_code == 'tochka' and tx.state == 'done'
            and tx.tochka_meant_for == 'document'
        ).sorted(lambda tx: tx._tochka_turn())
        for payment in payments:
            payment._tochka_settle_documents(invoices)

    def _tochka_place_family(self):
        """ Do so with this payment, and tell of what is left in its family. """
        self.ensure_one()
        self._tochka_place_money()
        self._tochka_tell_families()

    def _tochka_use_what_stays(self):
        """ A refund of this payment has ended: what it has held back and did not take pays what is
        open, as it would have done when it came.
        """
        self._tochka_place_family()
        self._tochka_settle_invoices()

    def _tochka_tell_families(self):
        """ Tell of the money of these payments, and of that of their families: what one takes of an
        order, another one doesn't wait for.
        """
        for payment in self.filtered('tochka_meant_for'):
            (payment | self._tochka_family_payments(payment._tochka_documents())
             )._tochka_tell_money()

    def _tochka_turn(self):
        """ Return the order in which payments take and pay. """
        return self.tochka_paid_at or self.create_date, self.id

    def _tochka_settle_documents(self, invoices=None):
        """ Match what is open of this payment with what is open of its family.

        What is on its way back to the payer is left alone, and with it the payment.

        :param account.move|None invoices: Which invoices; None: all.
        """
        self.ensure_one()
        lines = self._tochka_open_lines()
        if not lines or self._tochka_going_back():
            return
        # Whoever opens the page is no reason for other rights or other lock dates.
        family = self._tochka_family(self._tochka_documents())[0].with_user(SUPERUSER_ID)
        lines = lines.with_user(SUPERUSER_ID)
        due = family.filtered(
            lambda move: (invoices is None or move in invoices)
            and self._tochka_open_amount(move) > 0
            and move.commercial_partner_id == lines.partner_id.commercial_partner_id
            and move.company_id.root_id == lines.company_id.root_id
        ).sorted(lambda move: (
            move not in self.invoice_ids, move.invoice_date_due or move.invoice_date, move.id))
        try:
            with self.env.cr.savepoint():
                for move in due:
                    if len(lines) == 1:
                        move._tochka_grant_discount(lines)
                    move._tochka_settle_with_all(lines)
        except UserError as error:  # It stays as a credit, and is told of.
            _logger.info("Transaction %s can't be matched: %s", self.reference, error)

    # === BUSINESS METHODS - WHAT IS TOLD === #

    def _tochka_tell_money(self, also_deleted=False):
        """ Ask a person about what is left of these payments, or end the question.

        :param bool also_deleted: Whether one that has no payment is told of. Only the job knows
                                  that it is not just being booked.
        :return: None
        """
        for payment in self.filtered('tochka_meant_for'):
            if not payment.payment_id and not also_deleted:
                continue
            problems = {}
            code, amount, why = payment._tochka_find_untold()
            if code:
                problems[code] = {'amount': f'{amount:.2f}', 'why': why}
            gone = payment._tochka_is_booked() and -sum(
                payment._tochka_unbooked_refunds().mapped('amount'))
            if gone:
                problems['refund_unbooked'] = {'amount': f'{gone:.2f}'}
            payment._tochka_unflag(*(code for code in MONEY_CODES if code not in problems))
            for code, params in problems.items():
                payment._tochka_flag(code, **params)

    def _tochka_find_untold(self):
        """ Return what a person has to be asked about the money of this payment.

        :return: The code of a problem, or None; roubles; why the money has no document.
        :rtype: tuple[str|None, float, str]
        """
        self.ensure_one()
        nothing = None, 0.0, ''
        if self.state != 'done' or not self.is_post_processed or not self.tochka_meant_for:
            return nothing
        if not self._tochka_is_booked():
            # What went back and is in the books needs the money that came in them, too.
            left = self.amount + sum(self._tochka_unbooked_refunds().mapped('amount'))
            return ('unbooked', left, '') if self.currency_id.compare_amounts(left, 0) > 0 else (
                nothing)
        left = self._tochka_open_money()
        if self.currency_id.compare_amounts(left, 0) <= 0:
            return nothing
        if self.tochka_meant_for != 'document':
            return nothing  # A balance is there to be left, a till has books of its own.
        left -= self._tochka_going_back() + self._tochka_awaited()
        if self.currency_id.compare_amounts(left, 0) <= 0:
            return nothing
        return 'overpaid', left, self._tochka_why_left()

    def _tochka_unbooked_refunds(self):
        """ Return the refunds of this payment that have gone back and are in no books.

        :rtype: payment.transaction
        """
        return self.child_transaction_ids.filtered(
            lambda tx: tx.operation == 'refund' and tx.state == 'done' and tx.is_post_processed
            and not tx._tochka_is_booked())

    def _tochka_going_back(self):
        """ Return how much of this payment is on its way back, not for a credit note.

        :return: In the transaction's currency, as an ORM monetary value.
        :rtype: float
        """
        refunds = self.sudo().tochka_refund_ids._on_their_way()
        return sum(refunds._without_note().mapped('amount'))

    def _tochka_awaited(self):
        """ Return how much of this payment the invoices will take that its orders are still to get.

        Earlier payments of the orders come first. A quotation may never get one.

        :return: In the transaction's currency, as an ORM monetary value.
        :rtype: float
        """
        orders = self._tochka_orders()
        # A quotation may never get an invoice, what was cancelled gets none.
        orders = orders and orders.filtered(lambda order: order.state == 'sale')
        room = sum(self._tochka_not_invoiced(order) for order in orders or ())
        if not room:
            return 0.0
        earlier = orders.sudo().transaction_ids.filtered(
            lambda tx: tx.state == 'done' and tx.operation not in ('refund', 'validation')
            and tx._tochka_turn() < self._tochka_turn())
        return max(room - sum(tx._tochka_open_money() for tx in earlier), 0.0)

    def _tochka_why_left(self):
        """ Return why the money of this payment is left over.

        :return: 'deleted', 'draft', 'cancelled' or 'quotation' (the document); '' (paid already).
        :rtype: str
        """
        documents = self._tochka_documents()
        states = set(documents.mapped('state'))
        if not documents:
            return 'deleted'
        if documents._name == 'sale.order' and states & {'draft', 'sent'}:
            return 'quotation'
        for state, why in (('draft', 'draft'), ('cancel', 'cancelled')):
            if state in states:
                return why
        return ''

    # === BUSINESS METHODS - JOB === #

    @api.model
    def _cron_tochka_money(self):
        """ Tell of money that pays nothing, and end the question where it does by now.

        Not everything that people do is seen when they do it: an order is cancelled, a payment is
        deleted, a credit is matched by hand.
        """
        self.env['ir.cron']._tochka_walk(
            'tochka_acquiring.cron_money', self, [('id', 'in', self._tochka_find_to_review())],
            lambda tx: tx._tochka_tell_money(also_deleted=True))

    @api.model
    def _tochka_find_to_review(self):
        """ Return the payments whose money may be untold, or told of for too long.

        :return: The ids of transactions.
        :rtype: list[int]
        """
        mine = [
            ('state', '=', 'done'), ('is_post_processed', '=', True),
            ('tochka_meant_for', '!=', False),
        ]
        told = self.env['tochka.problem'].sudo().search([
            ('res_model', '=', self._name), ('closed_at', '=', False),
            ('code', 'in', MONEY_CODES),
        ])
        deleted = self.search([*mine, ('payment_id', '=', False)])
        refunds = self.search([
            ('state', '=', 'done'), ('is_post_processed', '=', True), ('payment_id', '=', False),
            ('operation', '=', 'refund'), ('provider_code', '=', 'tochka')])
        AccountPayment = self.env['account.payment'].sudo()
        of_transactions = [('payment_transaction_id', '!=', False)]
        not_booked = AccountPayment.search([
            *of_transactions, ('state', 'in', ('draft', 'canceled', 'rejected'))])
        not_matched = AccountPayment.search([
            *of_transactions, ('is_reconciled', 'not in', [True])])
        found = not_booked.payment_transaction_id | not_matched.payment_transaction_id.filtered(
            lambda tx: tx.tochka_meant_for == 'document')
        found |= not_booked.payment_transaction_id.source_transaction_id
        found |= refunds.source_transaction_id
        return sorted({
            *told.mapped('res_id'), *deleted.ids, *found.filtered_domain(mine).ids})
