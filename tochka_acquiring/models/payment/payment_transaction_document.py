# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, models
from odoo.exceptions import ConcurrencyError, ValidationError
from odoo.tools import SQL

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.utils import is_local_route


class PaymentTransaction(models.Model):
    """ What a transaction pays for. The optional sale app is met here. """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - DOCUMENTS === #

    def _tochka_orders(self):
        """ Return the sale orders that are paid; empty without the sale app.

        :rtype: sale.order|None
        """
        return self.sale_order_ids if 'sale_order_ids' in self._fields else None

    def _tochka_documents(self):
        """ Return the documents that the transaction pays: its invoices, else its sale orders.

        :return: Invoices or sale orders; no invoice when the payment has no document (a top-up).
        :rtype: account.move|sale.order
        """
        self.ensure_one()
        return self.invoice_ids or self._tochka_orders() or self.env['account.move']

    def _tochka_document_partner(self):
        """ Return the partner on whom the payment is booked: that of the document.

        The portal puts the partner of whoever is logged in on the transaction, for instance an
        accountant who opens a customer's link.

        :rtype: res.partner
        """
        documents = self._tochka_documents()
        partners = (
            documents.partner_invoice_id
            if documents._name == 'sale.order'
            else documents.partner_id
        )
        return (partners[:1] or self.partner_id).commercial_partner_id

    def _tochka_amount_due(self):
        """ Return what may still be paid for the documents, or None when there are none.

        :return: The sum in roubles, as an ORM monetary value.
        :rtype: float|None
        """
        documents = self._tochka_documents()
        if not documents:
            return None
        if documents._name == 'sale.order':
            return sum(self._tochka_order_due(order) for order in documents)
        residual = sum(
            invoice.amount_residual for invoice in documents if invoice._has_to_be_paid()
        )
        # The bank has this money already; only the books do not know it yet.
        not_booked = documents.transaction_ids.filtered(
            lambda tx: tx.state == 'done' and not tx.payment_id and tx.operation != 'refund'
        )
        return residual - sum(not_booked.mapped('amount'))

    @api.model
    def _tochka_order_due(self, order):
        """ Return what may still be paid for a sale order, in its currency.

        Odoo counts the order's own transactions; its invoices may be paid by other means.

        :param sale.order order: The order.
        :rtype: float
        """
        invoices = order.invoice_ids.filtered(
            lambda move: move.state == 'posted' and move.currency_id == order.currency_id)
        invoiced = sum(
            move.amount_total if move.move_type == 'out_invoice' else -move.amount_total
            for move in invoices)
        open_invoices = sum(
            move.amount_residual for move in invoices if move.move_type == 'out_invoice')
        return min(
            order.amount_total - order.amount_paid,
            max(order.amount_total - invoiced, 0.0) + open_invoices,
        )

    # === BUSINESS METHODS - LOCK AND REUSE === #

    @api.model
    def _tochka_lock_documents(self, documents):
        """ Let one request at a time create links for these documents, until its commit.

        The lock is an advisory one: it does not stop accountants from working on the invoice while
        the bank is asked. Odoo replays the request that comes second, which then finds the link
        of the first.

        :param documents: Invoices or sale orders.
        :raise ConcurrencyError: If another request holds the lock.
        """
        for document in documents.sorted('id'):
            self.env.cr.execute(SQL(
                "SELECT pg_try_advisory_xact_lock(hashtext(%s), %s)",
                f'tochka_acquiring.{document._name}', document.id,
            ))
            if not self.env.cr.fetchone()[0]:
                raise ConcurrencyError(_("Another window is preparing a payment of this document."))

    @api.model
    def _tochka_find_open_link(self, provider, payment_method, amount, currency, create_values):
        """ Return the transaction whose link is still open for the same document, amount, method.

        One operation can be paid once: a second window, a closed tab or a retry after a decline
        that go to the same link can't pay twice.

        :param payment.provider provider: The chosen provider.
        :param payment.method payment_method: The chosen method.
        :param float amount: The amount to pay, in roubles.
        :param res.currency currency: The currency.
        :param dict create_values: The documents, as create values with X2M commands.
        :return: The transaction, locked against other requests, or none.
        :rtype: payment.transaction
        """
        field_name = next((f for f in const.DOCUMENT_FIELDS if create_values.get(f)), None)
        if not field_name:
            return self.browse()
        document_ids = set(self._fields[field_name].convert_to_cache(
            create_values[field_name], self
        ))
        self._tochka_lock_documents(
            self.env[self._fields[field_name].comodel_name].browse(sorted(document_ids))
        )
        # The lock may be younger than what this request sees: replay it if somebody was faster.
        domain = [(field_name, 'in', list(document_ids))]
        with self.env.registry.cursor() as cr:
            newest = self.with_env(self.env(cr=cr)).search(domain, order='id desc', limit=1).id
        if newest != self.search(domain, order='id desc', limit=1).id:
            raise ConcurrencyError(_("Another window has just begun a payment of this document."))
        transactions = self.search([
            ('provider_id', '=', provider.id),
            ('payment_method_id', '=', payment_method.id),
            ('currency_id', '=', currency.id),
            ('state', '=', 'draft'),
            ('tochka_payment_link', '!=', False),
            ('tochka_merchant_id', '=', provider.tochka_merchant_id.id),
            (field_name, 'in', list(document_ids)),
        ], order='id desc')
        return transactions.filtered(
            lambda tx: set(tx[field_name].ids) == document_ids
            and not currency.compare_amounts(tx.amount, amount)
            and tx._tochka_is_link_open()
        )[:1]

    # === BUSINESS METHODS - CHECKS === #

    def _tochka_check_allowed(self):
        """ Check again on the server all that a browser has sent, before the bank is asked.

        :raise ValidationError: With a sentence for the customer.
        """
        self.ensure_one()
        provider = self.provider_id
        documents = self._tochka_documents()
        self._tochka_lock_documents(documents)

        unavailable = _("This way to pay is not available for this document. Please reload the page"
                        " and choose another one.")
        allowed_companies = documents.company_id or provider.company_id
        compatible = self.env['payment.provider'].sudo().with_context(
            tochka_documents=documents
        )._get_compatible_providers(
            (documents.company_id or provider.company_id)[:1].id, self.partner_id.id, self.amount,
            currency_id=self.currency_id.id,
        )
        booked_on = self._tochka_document_partner()
        if (
            provider not in compatible
            or provider._tochka_find_obstacle()
            # A payment of a partner of another company could never be posted.
            or (booked_on.company_id and booked_on.company_id not in provider.company_id.parent_ids)
            or any(provider.company_id not in c.sudo().parent_ids for c in allowed_companies)
            or self.payment_method_id not in provider.payment_method_ids
            or not is_local_route(self.landing_route)
            or self.payment_method_code not in provider._tochka_payment_method_codes()
        ):
            raise ValidationError(unavailable)
        if self.currency_id.name not in const.SUPPORTED_CURRENCIES or any(
            document.currency_id != self.currency_id for document in documents
        ):
            raise ValidationError(_("Only payments in roubles are possible this way."))
        if self.currency_id.compare_amounts(self.amount, 0) <= 0:
            raise ValidationError(_("The amount to pay must be more than zero."))
        self._tochka_check_client()
        self._tochka_check_payer()

        amount_due = self._tochka_amount_due()
        if amount_due is None:
            return
        if any(document.state == 'cancel' for document in documents):
            raise ValidationError(_("This document has been cancelled. Nothing needs to be paid."))
        if self.currency_id.compare_amounts(amount_due, 0) <= 0:
            raise ValidationError(_(
                "There is nothing left to pay here: the document is paid or a payment of it is"
                " being processed. Please reload the page."
            ))
        if self.currency_id.compare_amounts(self.amount, amount_due) > 0:
            raise ValidationError(_(
                "The amount is more than what is left to pay. Please reload the page."
            ))
