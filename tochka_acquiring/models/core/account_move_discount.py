# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import models
from odoo.fields import Command
from odoo.tools import clean_context

from odoo.addons.tochka_acquiring.models.core.account_move import PayersDay


class AccountMove(models.Model):
    """ A discount for early payment of an invoice that was a draft when the money came.

    Odoo writes it off with the payment, when that is made.
    """

    _inherit = 'account.move'

    def _tochka_grant_discount(self, credit):
        """ Write off the discount of this invoice, if an open payment that was made for it came
        early enough and is just as much as is then due.

        It comes before any matching: Odoo knows no discount on what was paid in part.

        :param account.move.line credit: One open item of the customer.
        :return: The posted entry of the discount, matched with the invoice; none without one, or
                 without a journal to enter it in.
        :rtype: account.move
        """
        self.ensure_one()
        payment = credit.payment_id
        transaction = payment._tochka_transaction() if payment else self.transaction_ids.browse()
        if transaction.provider_code != 'tochka' or self not in transaction.invoice_ids:
            return self.browse()
        early = self.with_context(tochka_payers_day=PayersDay(transaction._tochka_paid_on()))
        values = early._get_invoice_next_payment_values()
        journal = self._tochka_transfer_journal(self.company_id)
        if not journal or values.get('installment_state') != 'epd' or (
            self.currency_id.compare_amounts(
                -credit.amount_residual_currency, values['amount_due'])
        ):
            return self.browse()
        due_line = values['epd_line']
        parts = self._get_invoice_counterpart_amls_for_early_payment_discount([{
            'aml': due_line,
            'amount_currency': -due_line.amount_residual_currency,
            'balance': -due_line.balance,
        }], values['epd_discount_amount'])
        lines = [line for part in parts.values() for line in part]
        discount = self._tochka_enter_discount(journal, due_line, credit, lines)
        (due_line + discount.line_ids.filtered(
            lambda line: line.account_id == due_line.account_id)).reconcile()
        return discount

    def _tochka_enter_discount(self, journal, due_line, credit, lines):
        """ Enter a discount: Dt what Odoo writes it off on, Ct receivable.

        :param account.journal journal: Where it is entered.
        :param account.move.line due_line: What is due of the invoice.
        :param account.move.line credit: The item of the payment.
        :param list[dict] lines: Values of the items of the discount.
        :return: The posted entry.
        :rtype: account.move
        """
        label = f'{credit.move_id.name} → {self.name}'
        receivable = {
            'account_id': due_line.account_id.id,
            'amount_currency': -sum(line['amount_currency'] for line in lines),
            'balance': -sum(line['balance'] for line in lines),
        }
        # A default of the caller's window must not reach the entry.
        discount = self.with_context(clean_context(self.env.context)).create({
            'move_type': 'entry',
            'company_id': self.company_id.id,
            'journal_id': journal.id,
            'date': self._tochka_open_day(self.company_id, max(credit.date, self.date)),
            'ref': label,
            'partner_id': due_line.partner_id.id,
            'currency_id': due_line.currency_id.id,
            'line_ids': [Command.create({
                'name': label, **line,
                'partner_id': due_line.partner_id.id,
                'currency_id': due_line.currency_id.id,
            }) for line in (*lines, receivable)],
        })
        discount._post(soft=False)
        return discount
