# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.tools import format_amount

from odoo.addons.tochka_acquiring.utils import sudo_of_accessible


class PaymentRefundWizard(models.TransientModel):
    """ What becomes of the books, before the money goes back. """

    _name = 'payment.refund.wizard'
    _inherit = ['payment.refund.wizard', 'tochka.wizard']

    tochka_topup_warning = fields.Char(
        string="Warning about the balance", compute='_compute_tochka_messages')
    tochka_invoice_hint = fields.Char(
        string="Hint about the invoice", compute='_compute_tochka_messages')
    tochka_is_sent = fields.Boolean(readonly=True)

    # === COMPUTE METHODS === #

    @api.depends('payment_id', 'amount_to_refund')
    def _compute_tochka_messages(self):
        """ Say what of the money has paid invoices: the payer will owe it again. """
        for wizard in self:
            wizard.tochka_topup_warning = wizard.tochka_invoice_hint = False
            transaction = sudo_of_accessible(
                wizard.payment_id._origin).payment_transaction_id
            if transaction.provider_code != 'tochka':
                continue
            free = transaction._tochka_free_amount()
            if wizard.currency_id.compare_amounts(wizard.amount_to_refund, free) <= 0:
                continue
            invoices = ', '.join(transaction._tochka_paid_invoices().mapped('name')) or (
                _("other documents"))
            owed = format_amount(self.env, wizard.amount_to_refund - free, wizard.currency_id)
            if transaction._tochka_documents():
                wizard.tochka_invoice_hint = _(
                    "%(invoices)s stays paid, and after this refund the customer owes %(owed)s"
                    " in the books, until you make its credit note. Or make the credit note"
                    " first, and press \"Return the money to the payer\" there.",
                    invoices=invoices, owed=owed)
            else:
                wizard.tochka_topup_warning = _(
                    "Only %(free)s of this top-up are left on the customer's balance; the"
                    " rest has paid %(invoices)s. After this refund the customer owes %(owed)s"
                    " in the books. Return less, or make the credit note of the invoice"
                    " first.",
                    free=format_amount(self.env, free, wizard.currency_id),
                    invoices=invoices, owed=owed)

    def _compute_has_pending_refund(self):
        """ Override of `account_payment`: a refund by the bank is no transaction yet. """
        super()._compute_has_pending_refund()
        for wizard in self:
            if wizard.transaction_id.sudo().tochka_refund_ids._on_their_way():
                wizard.has_pending_refund = True

    # === ACTION METHODS === #

    def action_refund(self):
        """ Override of `account_payment` to ask once, however often this window is sent.

        Programs send a request again whose answer was lost, and two refunds of a part are allowed.
        """
        self.ensure_one()
        if self.transaction_id.sudo().provider_code != 'tochka':
            return super().action_refund()
        if not self.tochka_is_sent:
            self.tochka_is_sent = True
            self.env['tochka.refund']._request(
                self.transaction_id, self.amount_to_refund, **self._tochka_refund_values())
        return self.env['payment.transaction']._build_action_feedback_notification()

    def _tochka_refund_values(self):
        """ Return what else is kept with the refund, for other add-ons. :rtype: dict """
        return {}
