# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import ConcurrencyError, ValidationError
from odoo.tools import SQL

from odoo.addons.tochka_acquiring import const, tuning
from odoo.addons.tochka_acquiring.utils import is_local_route


class PaymentTransaction(models.Model):
    """ Whether a payment may begin: one at a time, by the link that is open, and
    allowed; and how many, since each payment that is begun asks the bank. """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - LOCK AND REUSE === #

    @api.model
    def _tochka_lock_documents(self, documents):
        """ Let one request at a time create links for these documents, until its commit.

        The lock is an advisory one: it does not stop accountants from working on the invoice while
        the bank is asked. Odoo replays the request that comes second, which then finds the link
        of the first. An order and its invoices share the lock of the order.

        :param documents: Invoices or sale orders.
        :raise ConcurrencyError: If another request holds the lock.
        """
        orders = self._tochka_family(documents)[1]
        for document in dict.fromkeys((*orders, *documents.sudo().sorted('id'))):
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
        documents = self.env[self._fields[field_name].comodel_name].browse(sorted(document_ids))
        self._tochka_lock_documents(documents)
        # The lock may be younger than what this request sees: replay it if somebody was faster.
        domain = self._tochka_family_domain(documents)
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

    def _tochka_siblings(self):
        """ Return the other operations by which the documents, or what belongs to them, may be
        paid: those that are open, and those whose end the bank has not told yet.

        :rtype: payment.transaction
        """
        self.ensure_one()
        return self._tochka_family_payments(self._tochka_documents()).filtered(
            lambda tx: tx != self and tx.provider_code == 'tochka' and tx.tochka_operation_id
            and (tx.state == 'pending' or tx.state == 'draft' and bool(tx.tochka_next_poll_at))
        ).sorted('id', reverse=True)

    # === BUSINESS METHODS - CHECKS === #

    def _tochka_check_allowed(self):
        """ Check again on the server all that a browser has sent, before the bank is asked.

        :raise ValidationError: With a sentence for the customer.
        """
        self.ensure_one()
        documents = self._tochka_documents()
        self._tochka_lock_documents(documents)
        self._tochka_check_way(documents)
        if self.currency_id.name not in const.SUPPORTED_CURRENCIES or any(
            document.currency_id != self.currency_id for document in documents
        ):
            raise ValidationError(_("Only payments in roubles are possible this way."))
        self._tochka_check_client()
        self._tochka_check_payer()
        self._tochka_check_amount()

    def _tochka_check_way(self, documents):
        """ Check provider, method, partner and where the payer is sent to.

        :param documents: Invoices or sale orders, or none.
        :raise ValidationError: With a sentence for the customer.
        """
        provider = self.provider_id
        allowed_companies = documents.company_id or provider.company_id
        compatible = self.env['payment.provider'].sudo().with_context(
            tochka_documents=documents
        )._get_compatible_providers(
            allowed_companies[:1].id, self.partner_id.id, self.amount,
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
            # The page offers no payment of it; a shop's cart may be paid as long as it is there.
            or any(document._name == 'sale.order' and document.is_expired
                   and not getattr(document, 'website_id', False) for document in documents)
        ):
            raise ValidationError(_(
                "This way to pay is not available for this document. Please reload the page and"
                " choose another one."))

    def _tochka_check_amount(self):
        """ Check the amount against what is due, or against the limit of a top-up.

        :raise ValidationError: With a sentence for the customer.
        """
        if self.currency_id.compare_amounts(self.amount, 0) <= 0:
            raise ValidationError(_("The amount to pay must be more than zero."))
        due = self._tochka_amount_due()
        if due is None:
            if self.tochka_meant_for == 'balance' and self._tochka_amount() > const.MAX_TOPUP:
                raise ValidationError(_(
                    "This amount is more than can be paid in at once. Please enter a smaller one."))
            return
        if any(document.state == 'cancel' for document in self._tochka_documents()):
            raise ValidationError(_("This document has been cancelled. Nothing needs to be paid."))
        if self.currency_id.compare_amounts(due, 0) <= 0:
            raise ValidationError(_(
                "There is nothing left to pay here: the document is paid or a payment of it is"
                " being processed. Please reload the page."
            ))
        if self.currency_id.compare_amounts(self.amount, due) > 0:
            raise ValidationError(_(
                "The amount is more than what is left to pay. Please reload the page."
            ))

    # === BUSINESS METHODS - HOW MANY === #

    @api.model
    def _tochka_check_limits(self, partner, create_values):
        """ Check that a payer does not begin too many payments without a document.

        Those of a document are limited with what is open for it, see
        `_tochka_check_number_of_links`.

        :param res.partner partner: Who pays.
        :param dict create_values: The documents, as create values with X2M commands.
        :raise ValidationError: With a sentence for the customer.
        """
        if any(create_values.get(name) for name in const.DOCUMENT_FIELDS):
            return
        begun = self.search_count([
            ('partner_id', '=', partner.id),
            *((name, '=', False) for name in const.DOCUMENT_FIELDS if name in self._fields),
            ('tochka_operation_id', '!=', False), ('state', '=', 'draft'),
            ('create_date', '>', fields.Datetime.now() - timedelta(days=1)),
        ], limit=tuning.LINKS_OF_PAYER)
        if begun >= tuning.LINKS_OF_PAYER:
            raise ValidationError(_(
                "Too many payments were begun here today and not finished. Please finish one of"
                " them, or come back tomorrow."))

    def _tochka_check_number_of_links(self):
        """ Keep one invoice from making any number of operations: each amount makes another one.

        Called on the siblings of a payment that is about to begin.

        :raise ValidationError: With a sentence for the customer.
        """
        now = fields.Datetime.now()
        living = self.filtered(
            lambda tx: tx.state == 'pending' or tx.tochka_link_expires_at > now)
        if len(living) >= tuning.MAX_OPEN_LINKS:
            raise ValidationError(_(
                "Too many payments of this document have been begun. Please finish one of them, or"
                " try again in an hour."))
