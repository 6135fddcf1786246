# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import SUPERUSER_ID, fields, models

from odoo.addons.tochka_fiscal.receipt import is_email


class PaymentTransaction(models.Model):
    """ A settlement: its receipt is created together with the state `done`. """

    _inherit = 'payment.transaction'

    fiscal_receipt_ids = fields.One2many(
        string="Fiscal receipts", comodel_name='fiscal.receipt', inverse_name='transaction_id',
        readonly=True)

    # === BUSINESS METHODS === #

    def _set_done(self, *, state_message=None, extra_allowed_states=()):
        """ Override of `payment` to create the receipt in the same database transaction. """
        transactions = super()._set_done(
            state_message=state_message, extra_allowed_states=extra_allowed_states)
        for transaction in transactions.with_user(SUPERUSER_ID):
            if transaction.operation == 'refund':
                receipts = self.env['fiscal.receipt'].with_user(SUPERUSER_ID)
                returned = receipts._create_return(transaction)
                returned._release()
                if not returned and transaction.source_transaction_id._fiscal_is_subject():
                    transaction._tochka_flag('return_without_receipt')
                continue
            receipt = transaction._fiscal_receipt()
            if receipt:
                receipt._delegate()
            elif transaction._fiscal_needs_receipt():
                self.env['fiscal.receipt'].with_user(SUPERUSER_ID)._create_income(transaction)
            else:
                transaction._fiscal_flag_unprinted()
        return transactions

    def _fiscal_needs_receipt(self):
        """ Return whether Odoo has to let a receipt be printed for this money.

        :rtype: bool
        """
        self.ensure_one()
        # Of money that is only played with no receipt is printed: each would be reported as a sale.
        return self.is_live and self._fiscal_register().kind not in (False, 'bank') and (
            self._fiscal_is_subject())

    def _fiscal_is_subject(self):
        """ Return whether this money needs a receipt from whoever prints those of its provider.

        :rtype: bool
        """
        self.ensure_one()
        return (
            self.provider_id.sudo().fiscalization != 'no'
            and self.operation not in ('refund', 'validation')
            and self.amount > 0
            # A till of its own prints what is sold in the shop.
            and not ('pos_order_id' in self._fields and self.pos_order_id)
            # Legal persons who transfer money between accounts get none. Source: 54-FZ, 2.9.
            and not (self.provider_code == 'custom'
                     and self._fiscal_buyer().commercial_partner_id.is_company)
        )

    def _fiscal_buyer(self):
        """ Return whom the document names, else who has paid. :rtype: res.partner """
        self.ensure_one()
        return self._tochka_payer()

    def _fiscal_contact(self):
        """ Return where the receipt goes: an e-mail, else a phone in the international form.

        :return: Empty when neither is known; none is ever invented.
        :rtype: str
        """
        self.ensure_one()
        email = self._tochka_payer_email()
        if email and is_email(email):
            return email
        buyer = self._fiscal_buyer()
        for partner in (buyer, buyer.commercial_partner_id):
            phone = partner._fiscal_phone(self.company_id)
            if phone:
                return phone
        return email or ''  # What is wrong with it is said by the receipt.

    def _fiscal_paid_at(self):
        """ Return when the money came, as far as it is known. :rtype: datetime """
        self.ensure_one()
        booked_at = self.last_state_change if self.state == 'done' else False
        return self.tochka_paid_at or booked_at or fields.Datetime.now()
