# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, models
from odoo.exceptions import AccessError, UserError

# What the bank's word and the paid document say of a payment.
FIXED = ('amount', 'currency_id', 'payment_type', 'partner_type', 'partner_id', 'company_id',
         'journal_id', 'date', 'destination_account_id')


class AccountPayment(models.Model):
    """ What nobody changes of a payment that books the bank's money, whatever his rights: the bank
    has taken or returned just that, and all that follows (refunds, balances, receipts) counts by
    it. A payment may be a draft again or cancelled, of which a person is told.
    """

    _inherit = 'account.payment'

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override of `account`, see `_tochka_check_linker`. """
        payments = super().create(vals_list)
        payments._tochka_check_linker()
        return payments

    def write(self, vals):
        """ Override of `account`, see `_tochka_check_linker` and `_tochka_check_fixed`. """
        is_linked = {'payment_transaction_id', 'tochka_advance_account_id'} & set(vals)
        if is_linked:
            self._tochka_check_linker()
        self._tochka_check_fixed(vals)
        res = super().write(vals)
        if is_linked:
            self._tochka_check_linker()
        return res

    def _tochka_check_linker(self):
        """ Which payment books the money of the bank, and on which account, is said by Odoo: the
        refunds of the payment, and what they show, follow from it. (Of other providers users may
        say so: by a saved card.)

        :raise AccessError: If a user says it by himself.
        """
        if not self.env.su and not self.env.user.has_group('base.group_system') and any(
            transaction.provider_code == 'tochka'
            for transaction in self.sudo().payment_transaction_id
        ):
            raise AccessError(_("Only the bank's word books an online payment."))

    def _tochka_check_fixed(self, vals):
        """ Check what is about to be written. (A form sends also what nobody has changed.)

        :param dict vals: As of `write`.
        :raise UserError: If it would change what is fixed.
        """
        names = [name for name in FIXED if name in vals]
        for payment in self if names else ():
            if payment._tochka_transaction().provider_code == 'tochka' and any(
                field.convert_to_record(field.convert_to_cache(vals[field.name], payment), payment)
                != payment[field.name]
                for field in (self._fields[name] for name in names)
            ):
                payment._tochka_refuse_change()

    def _tochka_check_entry(self):
        """ Check the entry that is posted for this payment: its lines are changed by themselves.

        The customer is credited with all that the bank has taken, or more by a discount; and no
        more has come than that, or less by a fee that an accountant has split off. (Of a refund the
        other way round.)

        :raise UserError: If it books something else.
        """
        transaction = self._tochka_transaction()
        if transaction.provider_code != 'tochka':
            return
        came, counterpart, _write_off = self._seek_for_lines()
        currency, sign = transaction.currency_id, 1 if transaction.amount > 0 else -1
        credited = -sign * sum(counterpart.mapped('amount_currency'))
        moved = sign * sum(came.mapped('amount_currency'))
        if (
            self.move_id.journal_id != self.journal_id
            or counterpart.account_id != self.destination_account_id
            or counterpart.partner_id.commercial_partner_id != self.partner_id.commercial_partner_id
            or currency.compare_amounts(credited, abs(transaction.amount)) < 0
            or currency.compare_amounts(moved, abs(transaction.amount)) > 0
        ):
            self._tochka_refuse_change()

    def _tochka_refuse_change(self):
        transaction = self._tochka_transaction()
        raise UserError(_(
            "The payment %(payment)s books what the bank has taken or returned (%(reference)s,"
            " %(amount)s): its amount, customer, day, cash box and account can't be changed. Post"
            " it as it was. If the money belongs elsewhere in the books, move it by a journal entry"
            " of its own; to return money to the payer, press Refund.",
            payment=self.name or self.memo, reference=transaction.reference,
            amount=transaction.currency_id.format(abs(transaction.amount))))
