# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import ConcurrencyError, UserError
from odoo.fields import Command
from odoo.tools import clean_context

from odoo.addons.tochka_acquiring.models.core.ir_default import BOOKING
from odoo.addons.tochka_acquiring.utils import told_by_code


class AccountMove(models.Model):
    """ An advance settles an invoice by a transfer: Dt account of advances, Ct receivable. Where
    more of an advance goes back than is left of it, a credit note takes the money by a transfer the
    other way round: Dt receivable, Ct account of advances.

    `_tochka_settle_with` makes all of them, `_tochka_undo_transfers` takes them back.
    """

    _inherit = 'account.move'

    tochka_advance_move_id = fields.Many2one(
        string="Advance", comodel_name='account.move', readonly=True, copy=False,
        ondelete='set null', index='btree_not_null',
        help="The entry of the money that this transfer has taken from the account of advances, or"
             " of the money that went back from it.")
    tochka_settled_move_id = fields.Many2one(
        string="Settled invoice", comodel_name='account.move', readonly=True, copy=False,
        ondelete='set null', index='btree_not_null',
        help="The invoice or credit note that this transfer of an advance has paid.")

    # === COMPUTE METHODS === #

    def _compute_payment_state(self):
        """ Override of `account`: an invoice that an advance has settled was paid.

        Odoo takes a credit note and an entry without a payment for a reversal.
        """
        super()._compute_payment_state()
        reversed_moves = self.filtered(lambda move: move.payment_state == 'reversed')
        if reversed_moves:
            self.env['account.move'].sudo().search([
                ('tochka_settled_move_id', 'in', reversed_moves.ids), ('state', '=', 'posted'),
            ])._tochka_live_transfers().tochka_settled_move_id.payment_state = 'paid'

    def _compute_payments_widget_to_reconcile_info(self):
        """ Override of `account` to list the customer's open advances as well, and nothing that is
        on its way back.
        """
        super()._compute_payments_widget_to_reconcile_info()
        for move in self:
            widget = move.invoice_outstanding_credits_debits_widget
            content = widget and [
                entry for entry in widget['content'] if not self._tochka_is_going_back(entry['id'])]
            if widget and len(content) < len(widget['content']):
                widget = {**widget, 'content': content} if content else False
                move.invoice_outstanding_credits_debits_widget = widget
                move.invoice_has_outstanding = bool(widget)
            advances = move._tochka_open_advances()
            if not advances:
                continue
            widget = move.invoice_outstanding_credits_debits_widget or {
                'outstanding': True,
                'content': [],
                'move_id': move.id,
                'title': _("Outstanding credits"),
            }
            move.invoice_outstanding_credits_debits_widget = {
                **widget,
                'content': widget['content'] + [{
                    'journal_name': _("%s (advance)", line.ref or line.move_id.name),
                    'amount': -line.amount_residual_currency,
                    'currency_id': line.currency_id.id,
                    'id': line.id,
                    'move_id': line.move_id.id,
                    'date': fields.Date.to_string(line.date),
                    'account_payment_id': line.payment_id.id,
                    'move_ref': line.ref or '',
                } for line in advances],
            }

    # === ACTION METHODS === #

    def js_assign_outstanding_line(self, line_id):
        """ Override of `account` to settle the invoice by a transfer when the line is an advance.
        A discount for early payment comes first; `sale` matches so, too, as it posts.

        What is on its way back is no choice. (Sales calls this when an invoice is posted.)

        :param int line_id: The journal item that was chosen in the invoice's widget.
        """
        self.ensure_one()
        if self._tochka_is_going_back(line_id):
            return False
        credit = self.env['account.move.line'].browse(line_id)
        advance = self._tochka_open_advances() & credit
        if not advance:
            self._tochka_grant_discount(credit)
            return super().js_assign_outstanding_line(line_id)
        return bool(self._tochka_settle_with(advance))

    # === BUSINESS METHODS - SETTLEMENT === #

    @api.model
    def _tochka_is_going_back(self, line_id):
        """ Return whether a journal item is money of a payment that is on its way back to the
        payer: all of it is left alone till it is known what stays.

        :param int line_id: The journal item.
        :rtype: bool
        """
        line = self.env['account.move.line'].sudo().browse(line_id)
        return any(
            payment._tochka_transaction()._tochka_going_back() for payment in line.payment_id)

    def _tochka_due_lines(self):
        """ Return what is still due for the invoice, or of a credit note to the customer, the
        earliest first.

        :rtype: account.move.line
        """
        self.ensure_one()
        return self.line_ids.filtered(
            lambda line: line.account_id.account_type == 'asset_receivable'
            and not line.reconciled and line.amount_residual_currency * self.direction_sign < 0
        ).sorted(lambda line: (line.date_maturity or line.date, line.id))

    def _tochka_open_advances(self):
        """ Return the open advances of the customer that can settle this invoice.

        :rtype: account.move.line
        """
        self.ensure_one()
        lines = self.env['account.move.line']
        if (
            self.state != 'posted'
            or self.move_type not in ('out_invoice', 'out_receipt')
            or self.payment_state not in ('not_paid', 'partial')
        ):
            return lines
        accounts = self.company_id._tochka_advance_accounts(self.commercial_partner_id)
        accounts -= self._tochka_due_lines().account_id.sudo()  # Odoo lists these by itself.
        return lines.search([
            ('account_id', 'in', accounts.ids),
            ('partner_id', '=', self.commercial_partner_id.id),
            ('company_id', 'child_of', self.company_id.root_id.ids),
            ('parent_state', '=', 'posted'),
            ('reconciled', '=', False),
            ('currency_id', '=', self.currency_id.id),
            ('amount_residual_currency', '<', 0),
        ], order='date, id').filtered(
            lambda line: not self._tochka_is_going_back(line.id)) if accounts else lines

    def _tochka_settle_with_all(self, lines):
        """ Do so with one open item after the other, on each account that something is due on.

        :param account.move.line lines: As `_tochka_settle_with` takes one.
        """
        for _account in self._tochka_due_lines().account_id:
            for line in lines.filtered(lambda line: not line.reconciled):
                self._tochka_settle_with(line)

    def _tochka_settle_with(self, money):
        """ Pay the invoice from an open credit of its customer, or a credit note by money that went
        back to the customer, as far as both go.

        Both are locked before they are looked at: whoever comes second is replayed by Odoo, and
        then sees what is left.

        :param account.move.line money: One open item of the customer, on the receivable account or
                                        on one of advances.
        :return: The document's items that took part; none when nothing was left on either side.
        :rtype: account.move.line
        :raise ConcurrencyError: If somebody else is working on the money or the document.
        """
        self.ensure_one()
        money.ensure_one()
        lines = money + self._tochka_due_lines()
        if lines.try_lock_for_update(allow_referencing=True) != lines:
            raise ConcurrencyError(_("Somebody else is settling this invoice or this payment."))
        lines.invalidate_recordset()

        due_lines = self._tochka_due_lines()
        # Odoo reconciles within one account; others stay due.
        due_lines = due_lines.filtered(lambda line: line.account_id == due_lines[:1].account_id)
        currency = money.currency_id
        if (
            money.reconciled
            or currency.compare_amounts(
                money.amount_residual_currency * self.direction_sign, 0) <= 0
            or any(line.currency_id != currency for line in due_lines)
        ):
            return self.env['account.move.line']
        if due_lines and money.account_id == due_lines.account_id:
            (money + due_lines).reconcile()
        elif due_lines:
            self._tochka_transfer(money, due_lines)
        return due_lines

    def _tochka_transfer(self, money, due_lines):
        """ Enter and match the transfer. See `_tochka_settle_with`, its only caller.

        It bears no analytics: the article was credited when the money came.

        :param account.move.line money: The open advance, or the return of one, locked.
        :param account.move.line due_lines: What is due, locked, on one account.
        :return: The posted transfer.
        :rtype: account.move
        """
        # Of a company and its branch, the branch: it may use the accounts of both.
        company = (
            self.company_id if money.company_id in self.company_id.sudo().parent_ids
            else money.company_id
        )
        journal = self._tochka_transfer_journal(company)
        if not journal:
            raise UserError(_(
                "%s has no journal of the type Miscellaneous to enter the transfer of an advance"
                " in.", company.name,
            ))
        currency = money.currency_id
        amount = min(
            abs(money.amount_residual_currency),
            abs(sum(due_lines.mapped('amount_residual_currency'))),
        )
        balance = money.company_currency_id.round(
            abs(money.amount_residual) * amount / abs(money.amount_residual_currency)
        )
        # Language-neutral: the same entry may be made by a payer's browser or by an accountant.
        label = f'{money.move_id.name} → {self.name}'

        def line_of(account, partner, sign):
            return Command.create({
                'name': label,
                'account_id': account.id,
                'partner_id': partner.id,
                'currency_id': currency.id,
                'amount_currency': sign * amount,
                'balance': sign * balance,
                'analytic_distribution': False,
            })

        # A default of the caller or of his window (say, the type of document) must not reach the
        # entry.
        plain = {**clean_context(self.env.context), 'tochka_booking': BOOKING}
        transfer = self.with_context(plain).with_company(company).create({
            'move_type': 'entry',
            'company_id': company.id,
            'journal_id': journal.id,
            'date': self._tochka_open_day(company, max(money.date, self.date)),
            'ref': label,
            'partner_id': money.partner_id.id,
            'currency_id': currency.id,
            'line_ids': [
                line_of(money.account_id, money.partner_id, -self.direction_sign),
                line_of(due_lines.account_id, due_lines[:1].partner_id, self.direction_sign),
            ],
        })
        # No user says by himself what has settled what.
        transfer.sudo().write({
            'tochka_advance_move_id': money.move_id.id, 'tochka_settled_move_id': self.id})
        transfer._post(soft=False)
        advance, receivable = transfer.line_ids.sorted(
            lambda line: line.amount_currency * self.direction_sign)
        (money + advance).reconcile()
        (receivable + due_lines).reconcile()
        return transfer

    @api.model
    def _tochka_transfer_journal(self, company):
        """ Return the journal of miscellaneous operations in which transfers are entered.

        :rtype: account.journal
        """
        special = company.currency_exchange_journal_id + company.tax_cash_basis_journal_id
        return self.env['account.journal'].search([
            *self.env['account.journal']._check_company_domain(company),
            ('type', '=', 'general'),
            ('id', 'not in', special.ids),
        ], limit=1)

    @api.model
    def _tochka_open_day(self, company, day):
        """ Return the day, or the first open one after it when the books are locked on it.

        :rtype: date
        """
        locks = company._get_violated_lock_dates(day, False, self.env['account.journal'])
        return locks[-1][0] + timedelta(days=1) if locks else day

    # === BUSINESS METHODS - TAKING BACK === #

    def _tochka_live_transfers(self):
        """ Return those of the entries that are transfers of advances in force.

        :rtype: account.move
        """
        undoing = told_by_code(self.env, 'tochka_undoing_transfers') or self.browse()
        return self.filtered(
            lambda move: move.tochka_settled_move_id
            # Odoo keeps the matches of an entry that is reset to draft.
            and move.state in ('draft', 'posted')
            and move not in undoing
            and 'posted' not in move.reversal_move_ids.mapped('state')
        )

    def _tochka_undo_transfers(self):
        """ Return the money of transfers to the account of advances.

        An entry of an open period is cancelled, one of a locked period is reversed on the first
        open day.

        :return: None
        """
        for transfer in self.with_context(tochka_undoing_transfers=self, tochka_booking=BOOKING):
            transfer.line_ids.remove_move_reconcile()
            open_day = self._tochka_open_day(transfer.company_id, transfer.date)
            if transfer.state == 'draft' or (
                open_day == transfer.date and not transfer.inalterable_hash
            ):
                transfer.button_cancel()
            else:
                transfer._reverse_moves(
                    [{'date': open_day, 'ref': f'{transfer.name}: {transfer.ref}'}], cancel=True
                )

    def _reverse_moves(self, default_values_list=None, cancel=False):
        """ Override of `account`: a transfer that a person reverses is undone by just that. """
        transfers = self.filtered('tochka_settled_move_id')
        if transfers:
            self = self.with_context(  # noqa: PLW0642
                tochka_undoing_transfers=transfers | (
                    told_by_code(self.env, 'tochka_undoing_transfers') or transfers)
            )
        return super()._reverse_moves(default_values_list, cancel)
