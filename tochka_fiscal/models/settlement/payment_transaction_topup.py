# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import models


class PaymentTransaction(models.Model):
    """ A top-up that pays delivered invoices at once: its receipt sells what they do, and only the
    rest is an advance.
    """

    _inherit = 'payment.transaction'

    def _fiscal_topup_shares(self):
        """ Return what this top-up will pay of which delivered invoices as soon as it is booked.

        It is worked out as `_tochka_settle_invoices` does it a moment later: what other top-ups
        have left, or have been promised for, goes first. When that turns out otherwise, a person
        is asked (`_ask_about_settled`).

        :return: Kopecks by the document, as lines have it; empty when it is no such top-up.
        :rtype: dict
        """
        self.ensure_one()
        company = self.company_id
        if (
            self.provider_code != 'tochka' or self.operation in ('refund', 'validation')
            or self.source_transaction_id or not self._tochka_pays_open_invoices(company)
            # What the bank's register prints was fixed with the link.
            or self._fiscal_fixed_method() or self._fiscal_is_by_bank()
        ):
            return {}
        partner = self._tochka_document_partner()
        companies = company._tochka_balance_companies()
        owed = {
            invoice: self._fiscal_kopecks(invoice.amount_residual)
            for invoice in partner._tochka_open_invoices(companies)
            if not invoice._tochka_is_being_paid()
        }
        # Two top-ups that are not booked yet must not sell the same.
        for promised in self._fiscal_promised_shares(partner):
            for invoice in owed:
                owed[invoice] -= min(
                    promised.get(f'{invoice._name},{invoice.id}', 0), owed[invoice])
        credits = [
            (credit.payment_id.payment_transaction_id.tochka_client_id,
             self._fiscal_kopecks(-credit.amount_residual_currency))
            for credit in partner._tochka_open_topups(companies)
        ]
        shares = {}
        for client, money in [
            *credits, (self.tochka_client_id, self._fiscal_kopecks(self.amount)),
        ]:
            shares = {}
            for invoice in sorted(
                owed, key=lambda invoice, client=client: not invoice._tochka_is_of_client(client)
            ):
                part = min(money, owed[invoice])
                money -= part
                owed[invoice] -= part
                if part:
                    shares[invoice] = part
        day = self._fiscal_settled_on()
        return {
            f'{invoice._name},{invoice.id}': part for invoice, part in shares.items()
            if self._fiscal_is_delivered(invoice, day)
        }

    def _fiscal_promised_shares(self, partner):
        """ Return what receipts of the customer's top-ups sell that are not booked yet.

        :param res.partner partner: The commercial partner.
        :rtype: list[dict]
        """
        return [receipt.shares for receipt in self.env['fiscal.receipt'].sudo().search([
            ('closing_changed', '=', True), ('state', '!=', 'void'),
            ('partner_id', 'child_of', partner.id),
            ('transaction_id', '!=', self.id), ('transaction_id.payment_id', '=', False),
        ]) if receipt.shares]
