# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.utils import sudo_of_accessible

# What the context of `_generate_journal_entry` holds when many payments are posted together. It is
# an object, so that no caller from outside can say so.
POSTING_TOGETHER = object()


class AccountPayment(models.Model):
    _inherit = 'account.payment'

    tochka_advance_account_id = fields.Many2one(
        string="Booked as an advance on",
        help="The account of advances that this payment was booked on, because it paid no"
             " document. When an advance is returned to a customer, choose it as well: the return"
             " is then matched with the advance.",
        comodel_name='account.account',
        domain="[('reconcile', '=', True), ('account_type', '=', 'liability_current')]",
        check_company=True,
        ondelete='restrict',
        copy=False,
        index='btree_not_null',
    )

    tochka_refundable = fields.Monetary(compute='_compute_amount_available_for_refund')
    tochka_refund_info = fields.Text(
        string="State of refunds", compute='_compute_tochka_refund_info')

    # Money that is matched with nothing or in no books, for whoever looks whether it is told of.
    _tochka_lost_idx = models.Index(
        "(payment_transaction_id) WHERE payment_transaction_id IS NOT NULL"
        " AND state IN ('draft', 'canceled', 'rejected')")
    _tochka_open_idx = models.Index(
        '(payment_transaction_id) WHERE payment_transaction_id IS NOT NULL'
        ' AND is_reconciled IS NOT TRUE')
    # Odoo has none, and a balance is what its customer has paid.
    _tochka_partner_idx = models.Index('(partner_id)')

    # === COMPUTE METHODS === #

    @api.depends('tochka_advance_account_id')
    def _compute_destination_account_id(self):
        """ Override of `account` to keep an advance on the account of advances. """
        super()._compute_destination_account_id()
        for payment in self.filtered('tochka_advance_account_id'):
            payment.destination_account_id = payment.tochka_advance_account_id

    def _compute_stat_buttons_from_reconciliation(self):
        """ Override of `account` to find the invoices that were settled with an advance, and the
        credit notes whose money went back from one. """
        super()._compute_stat_buttons_from_reconciliation()
        for payment in self.filtered('move_id'):
            counterpart = payment._seek_for_lines()[1]
            matched = (counterpart.matched_debit_ids.debit_move_id
                       | counterpart.matched_credit_ids.credit_move_id)
            settled = matched.move_id.tochka_settled_move_id
            if settled:
                payment.reconciled_invoice_ids |= settled
                payment.reconciled_invoices_count = len(payment.reconciled_invoice_ids)

    def _compute_amount_available_for_refund(self):
        """ Override of `account_payment`: refunds on their way count, and who has no right to
        return money sees nothing to return.
        """
        super()._compute_amount_available_for_refund()
        may_refund = self.env.user.has_group('tochka_acquiring.group_refund')
        for payment in self:
            transaction = payment._tochka_transaction()
            payment.tochka_refundable = 0.0
            if transaction.provider_code == 'tochka':
                left = transaction._tochka_refundable() if may_refund or self.env.su else 0.0
                payment.amount_available_for_refund = payment.tochka_refundable = left

    def _compute_refunds_count(self):
        """ Override of `account_payment` to count refunds on their way and refused as well. """
        super()._compute_refunds_count()
        for payment in self:
            refunds = payment._tochka_transaction().tochka_refund_ids
            payment.refunds_count = len(refunds) or payment.refunds_count

    @api.depends('payment_transaction_id.tochka_refund_ids.state')
    def _compute_tochka_refund_info(self):
        for payment in self:
            payment.tochka_refund_info = (
                payment._tochka_transaction().tochka_refund_ids._describe())

    # === CONSTRAINT METHODS === #

    @api.constrains('tochka_advance_account_id')
    def _check_tochka_advance_account(self):
        for payment in self:
            account = payment.tochka_advance_account_id
            if account and not (
                account.reconcile and account.account_type in const.ADVANCE_ACCOUNT_TYPES
            ):
                raise ValidationError(_(
                    "%s is no account of advances: it must be a current liability or asset, or"
                    " receivable, that can be reconciled.", account.display_name))

    # === ACTION METHODS === #

    def action_view_refunds(self):
        """ Override of `account_payment` to show refunds on their way and refused as well. """
        self.ensure_one()
        refunds = sudo_of_accessible(self)._tochka_transaction().tochka_refund_ids
        return refunds._open_list() if refunds else super().action_view_refunds()

    def action_post(self):
        """ Override of `account` to match the advances that a person returns. """
        res = super().action_post()
        self._tochka_match_advances()
        return res

    def _tochka_match_advances(self):
        """ Match advances that a person has returned with what is open of the customer's.

        Which payment the bank has returned is known, see `_tochka_match_return`.
        """
        for payment in self.filtered(
            lambda p: p.tochka_advance_account_id and p.payment_type == 'outbound'
            and p.state in ('in_process', 'paid') and not p.payment_transaction_id
        ):
            returned = payment._seek_for_lines()[1].filtered(lambda line: not line.reconciled)
            advances = self.env['account.move.line'].search([
                ('account_id', '=', payment.tochka_advance_account_id.id),
                ('partner_id', '=', payment.partner_id.commercial_partner_id.id),
                ('company_id', '=', payment.company_id.id),
                ('currency_id', '=', payment.currency_id.id),
                ('parent_state', '=', 'posted'),
                ('reconciled', '=', False),
                ('amount_residual_currency', '<', 0),
            ], order='date, id')
            if returned and advances:
                (returned + advances).reconcile()

    # === BUSINESS METHODS === #

    def _tochka_transaction(self):
        """ Return the transaction whose money this payment books, by the word of both.

        :return: As superuser; none when only the payment says so.
        :rtype: payment.transaction
        """
        self.ensure_one()
        payment = self.sudo()
        return payment.payment_transaction_id.filtered(
            lambda transaction: transaction.payment_id == payment)

    def _generate_journal_entry(
        self, write_off_line_vals=None, force_balance=None, line_ids=None,
    ):
        """ Override of `account` to tie many payments to their entries at once.

        Odoo writes on each payment by itself, and each time looks for all that depends on it. That
        is half of the queries of a batch. Here what depends on the entries is looked for once; the
        state, which Odoo writes as well, is written for all of them by the caller, `write`.
        """
        if self.env.context.get('tochka_posting') is not POSTING_TOGETHER:
            return super()._generate_journal_entry(write_off_line_vals, force_balance, line_ids)
        payments = self.filtered(
            lambda payment: not payment.move_id and payment.outstanding_account_id)
        moves = self.env['account.move'].create(
            [payment._generate_move_vals() for payment in payments])
        self._fields['move_id'].create(list(zip(payments, moves.ids, strict=True)))
        payments.modified(['move_id'])
        payments._validate_fields(['move_id'])
        payments._check_company(['move_id'])
        return None

    def _seek_for_lines(self):
        """ Override of `account` to know the counterpart on the account of advances.

        Odoo takes a line on any other type of account than receivable and payable for a write-off.
        """
        liquidity, counterpart, write_off = super()._seek_for_lines()
        advance = write_off.filtered(
            lambda line: line.account_id == self.tochka_advance_account_id
        )
        if advance:
            counterpart += advance
            write_off -= advance
            if not liquidity and len(write_off) == 1:
                # As in Odoo: the outstanding account of the journal has been changed meanwhile.
                liquidity, write_off = write_off, liquidity
        return [liquidity, counterpart, write_off]

    def _prepare_move_line_default_vals(self, write_off_line_vals=None, force_balance=None):
        """ Override of `account` to put the provider's article on the counterpart line.

        The article belongs to the receivable line, or to that of the advance: the income lines of
        the invoice have their own analytic accounts, in other plans. A write-off (a discount for
        early payment) has it as well, so that the article shows the money that came.
        """
        lines = super()._prepare_move_line_default_vals(write_off_line_vals, force_balance)
        article = self.payment_transaction_id.sudo()._tochka_article()
        if article:
            for line in lines[1:]:
                line['analytic_distribution'] = {
                    **(line.get('analytic_distribution') or {}), str(article.id): 100,
                }
        return lines
