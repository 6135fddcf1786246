# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import UserError, ValidationError


class PaymentTransaction(models.Model):
    """ Money without a document: for whom, on which account, and what it pays. """

    _inherit = 'payment.transaction'

    tochka_client_id = fields.Many2one(
        string="Client (who is taught or served)",
        help="For whom the balance was topped up. The open invoices of this person are paid first.",
        comodel_name='res.partner',
        readonly=True,
        copy=False,
        ondelete='restrict',
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('tochka_client_id', 'partner_id')
    def _check_tochka_client(self):
        for transaction in self.filtered('tochka_client_id'):
            transaction._tochka_check_client()

    def _tochka_check_client(self):
        """ Check that the named client belongs to the payer's family.

        :raise ValidationError: With a sentence for the customer.
        """
        self.ensure_one()
        if not self.tochka_client_id:
            return
        family = self._tochka_document_partner().sudo()._tochka_family()
        if self.tochka_client_id not in family:
            raise ValidationError(_(
                "You can only top up the balance for yourself and your own contacts. Please reload"
                " the page and choose again."
            ))

    # === BUSINESS METHODS === #

    def _tochka_advance_account(self):
        """ Return the account of advances that the payment is booked on, if any.

        Money that goes back leaves the account on which it came, unless it pays a credit note.

        :rtype: account.account
        """
        self.ensure_one()
        if self.source_transaction_id and not self.invoice_ids:
            return self.source_transaction_id.payment_id.tochka_advance_account_id
        if self.provider_id.tochka_payment_kind != 'advance' or self.tochka_meant_for != 'balance':
            return self.env['account.account']
        return self.provider_id.tochka_advance_account_id

    def _tochka_pays_open_invoices(self, company):
        """ Return whether this money pays the customer's open invoices as soon as it is booked.

        :param res.company company: In which it is booked.
        :rtype: bool
        """
        self.ensure_one()
        return company.tochka_topups_pay_invoices and self.tochka_meant_for == 'balance'

    def _tochka_settle_invoices(self):
        """ Pay the customer's open invoices from top-ups, if the company wants that.

        The oldest money first: what earlier top-ups have left is on the balance that the payer has
        seen. Of the invoices first those of the named client, then the oldest. Whatever is left
        stays as the customer's credit. An obstacle keeps the payment in the books and asks a
        person.

        :return: None
        """
        self.ensure_one()
        # Whoever opens the page is no reason for other rights or other lock dates.
        payment = self.payment_id.with_user(SUPERUSER_ID)
        if (
            not payment
            or payment.payment_type != 'inbound'
            or not self._tochka_pays_open_invoices(payment.company_id)
        ):
            return
        companies = payment.company_id._tochka_balance_companies()
        invoices = payment.partner_id._tochka_open_invoices(companies).filtered(
            lambda invoice: not invoice._tochka_is_being_paid())
        try:
            with self.env.cr.savepoint():
                for credit in payment.partner_id._tochka_open_topups(companies):
                    client = credit.payment_id.payment_transaction_id.tochka_client_id
                    for invoice in invoices.sorted(
                        lambda invoice, client=client: not invoice._tochka_is_of_client(client)
                    ):
                        if credit.reconciled:
                            break
                        invoice._tochka_settle_with(credit)
        except UserError as error:
            self._tochka_flag('topup_unsettled', error=error)
