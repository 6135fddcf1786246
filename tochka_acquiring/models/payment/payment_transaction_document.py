# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.tools import SQL

from odoo.addons.tochka_acquiring.utils import sudo_of_accessible

# States of a payment whose entry counts.
BOOKED = ('in_process', 'paid')
# Providers whose open payments are promises to pay, as in Odoo.
PROMISES = ('none', 'custom')


class PaymentTransaction(models.Model):
    """ What a transaction pays for, what belongs to that, and what is due.

    The optional apps (sales, the tills of the point of sale) are met here, and nowhere else.
    """

    _inherit = 'payment.transaction'

    # Kept from the beginning: the money of a document that is deleted is no top-up.
    tochka_meant_for = fields.Selection(
        string="Meant for",
        selection=[
            ('document', "Invoices or sale orders"),
            ('balance', "The customer's balance"),
            ('till', "An order of the point of sale"),
        ],
        readonly=True, copy=False)

    tochka_customer_id = fields.Many2one(
        string="Customer of the document", comodel_name='res.partner', readonly=True, copy=False,
        ondelete='set null')

    tochka_paid_for = fields.Char(
        string="For", compute='_compute_tochka_paid_for',
        help="The documents that the payment was made for, or whose balance was topped up.")

    tochka_amount_taken = fields.Monetary(
        string="Taken", compute='_compute_tochka_amount_taken',
        help="The amount, if the bank has taken it: nothing of a link that nobody has paid.")

    # === COMPUTE METHODS === #

    @api.depends('amount', 'state')
    def _compute_tochka_amount_taken(self):
        for transaction in self:
            is_taken = transaction.state == 'done'
            transaction.tochka_amount_taken = transaction.amount if is_taken else 0.0

    def _field_to_sql(self, alias, field_expr, query=None):
        """ Override of `base`: what was taken is summed in groups as well, without a column for it
        in the table of all payments.
        """
        if field_expr != 'tochka_amount_taken':
            return super()._field_to_sql(alias, field_expr, query)
        return SQL(
            "CASE WHEN %s = 'done' THEN %s ELSE 0.0 END",
            self._field_to_sql(alias, 'state', query), self._field_to_sql(alias, 'amount', query))

    @api.depends('reference', 'invoice_ids.name', 'tochka_client_id', 'partner_id')
    @api.depends_context('lang')
    def _compute_tochka_paid_for(self):
        for transaction in self:
            # Of what is stored: a form could name anybody's documents and payers.
            stored = sudo_of_accessible(transaction._origin)
            documents = stored and stored._tochka_documents()
            if documents:
                transaction.tochka_paid_for = ', '.join(documents.mapped('display_name'))
            elif stored.provider_code == 'tochka' and not stored.source_transaction_id:
                client = stored.tochka_client_id or stored.partner_id
                transaction.tochka_paid_for = _("Top-up of the balance: %s", client.name or '-')
            else:
                transaction.tochka_paid_for = stored.reference

    # === BUSINESS METHODS - DOCUMENTS === #

    def _tochka_remember_purpose(self):
        """ Keep what these new payments are meant for, and whose documents they pay. """
        for transaction in self:
            if transaction.provider_code == 'tochka' and transaction.operation != 'refund':
                transaction.tochka_meant_for = (
                    'document' if transaction._tochka_documents()
                    else 'till' if 'pos_order_id' in self._fields and transaction.pos_order_id
                    else 'balance'
                )
                transaction.tochka_customer_id = transaction._tochka_document_partner()

    def _tochka_orders(self):
        """ Return the sale orders that are paid; none without the sale app.

        :rtype: sale.order|tuple
        """
        return self.sale_order_ids if 'sale_order_ids' in self._fields else ()

    def _tochka_documents(self):
        """ Return the documents that the transaction pays: its invoices, else its sale orders.

        :return: Invoices or sale orders; no invoice when there is no document, or none any more.
        :rtype: account.move|sale.order
        """
        self.ensure_one()
        return self.invoice_ids or self._tochka_orders() or self.env['account.move']

    def _tochka_document_partner(self):
        """ Return the partner on whom the payment is booked: that of the document, also when there
        is none any more.

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
        partner = partners[:1] or self.tochka_customer_id or self.partner_id
        return partner.commercial_partner_id

    @api.model
    def _tochka_family(self, documents):
        """ Return what belongs together: the documents, their sale orders, all invoices of these.

        :param documents: Invoices or sale orders.
        :return: As superuser: the invoices (account.move), the orders (sale.order, or nothing).
        :rtype: tuple
        """
        documents = documents.sudo()
        if documents._name == 'sale.order':
            return documents.invoice_ids, documents
        if 'sale_order_ids' not in self._fields:
            return documents, ()
        orders = documents.line_ids.sale_line_ids.order_id
        return documents | orders.invoice_ids, orders

    @api.model
    def _tochka_family_payments(self, documents):
        """ Return the payments, in whatever state, that were begun for documents or their family.

        :param documents: Invoices or sale orders.
        :rtype: payment.transaction
        """
        invoices, orders = self._tochka_family(documents)
        found = self.sudo().browse().union(*(one.transaction_ids for one in (*invoices, *orders)))
        return found.filtered(lambda tx: tx.operation not in ('refund', 'validation'))

    @api.model
    def _tochka_family_domain(self, documents):
        """ Return the domain of the same payments, and of the refunds that pay credit notes.

        :param documents: Invoices or sale orders.
        :rtype: list
        """
        invoices, orders = self._tochka_family(documents)
        domain = [('invoice_ids', 'in', invoices.ids)]
        return ['|', *domain, ('sale_order_ids', 'in', orders.ids)] if orders else domain

    # === BUSINESS METHODS - MONEY === #

    def _tochka_is_booked(self):
        """ Return whether the money of this payment is in the books: nobody has deleted or
        cancelled its payment, or reversed its entry.

        :rtype: bool
        """
        return self.payment_id.state in BOOKED and (
            'posted' not in self.payment_id.move_id.reversal_move_ids.mapped('state'))

    def _tochka_open_lines(self):
        """ Return the items of this payment that are matched with nothing yet.

        :rtype: account.move.line
        """
        if not self._tochka_is_booked() or self.payment_id.move_id.state != 'posted':
            return self.env['account.move.line']
        return self.payment_id._seek_for_lines()[1].filtered(lambda line: not line.reconciled)

    def _tochka_open_money(self):
        """ Return what is left of money that was taken: neither matched nor returned.

        Odoo keeps the matches of an entry that is a draft again.

        :return: In the transaction's currency, as an ORM monetary value.
        :rtype: float
        """
        self.ensure_one()
        if self.payment_id.move_id:
            lines = self.payment_id._seek_for_lines()[1]
            return -sum(lines.mapped('amount_residual_currency'))
        return self._tochka_kept_money()

    def _tochka_kept_money(self):
        """ Return what was taken and not returned.

        :return: In the transaction's currency, as an ORM monetary value.
        :rtype: float
        """
        return self.amount - self._tochka_returned_money()

    def _tochka_returned_money(self):
        """ Return what went back of those of these payments that the bank has taken.

        :return: In the currency of the transactions, as an ORM monetary value.
        :rtype: float
        """
        payments = self.filtered(lambda tx: tx.provider_code == 'tochka')
        returned = payments.child_transaction_ids.filtered(
            lambda tx: tx.operation == 'refund' and tx.state == 'done')
        return -sum(returned.mapped('amount'))

    def _tochka_waiting_money(self):
        """ Return what pays nothing yet, or is on its way.

        :return: In the transaction's currency, as an ORM monetary value.
        :rtype: float
        """
        self.ensure_one()
        if self.state == 'done':
            return self._tochka_open_money()
        if self.state in ('pending', 'authorized') and self.provider_code not in PROMISES:
            return self.amount
        return 0.0

    # === BUSINESS METHODS - WHAT IS DUE === #

    def _tochka_amount_due(self):
        """ Return what may still be paid for the documents.

        :return: Roubles, as an ORM monetary value; None when the payment is for none.
        :rtype: float|None
        """
        if self.tochka_meant_for in ('balance', 'till'):
            return None
        documents = self._tochka_documents()
        if documents._name == 'account.move':
            documents = documents.filtered(lambda invoice: invoice._has_to_be_paid())
        return self._tochka_due(documents)

    @api.model
    def _tochka_due(self, documents):
        """ Return what is due on documents: whoever asks, asks here.

        It is what they and their family are open for by the books, less all money for them that
        the books have not matched yet: of the order, of its other invoices, on its way.

        :param documents: Invoices or sale orders of one currency.
        :return: In the currency of the documents, as an ORM monetary value.
        :rtype: float
        """
        if not documents:
            return 0.0
        documents = documents.sudo()
        invoices, orders = self._tochka_family(documents)
        waiting = {
            payment: payment._tochka_waiting_money()
            for payment in self._tochka_family_payments(documents)
        }
        is_order = documents._name == 'sale.order'
        due = (
            sum(self._tochka_open_for(invoice, orders if is_order else ()) for invoice in invoices)
            + sum(self._tochka_not_invoiced(order) for order in orders)
            - sum(waiting.values())
        )
        if is_order:
            own = sum(documents.mapped('amount_total'))
        else:
            own = sum(self._tochka_open_amount(invoice) for invoice in documents) - sum(
                waiting.get(payment, 0.0) for payment in documents.transaction_ids)
        return max(documents.currency_id[:1].round(min(due, own)), 0.0)

    @api.model
    def _tochka_open_amount(self, invoice):
        """ Return what is open of an invoice. :rtype: float """
        is_open = invoice.move_type == 'out_invoice' and invoice.state == 'posted'
        return invoice.amount_residual if is_open else 0.0

    @api.model
    def _tochka_not_invoiced(self, order):
        """ Return what of a sale order is still to be invoiced, in its currency.

        An invoice that is a draft again keeps the money that is matched with it. Of an order that
        is invoiced as a whole nothing comes any more, whatever its invoices ask for: less, after a
        discount or cash rounding.

        :param sale.order order: The order.
        :rtype: float
        """
        if order.state == 'cancel' or (
            order.invoice_status == 'invoiced' and 'draft' not in order.invoice_ids.mapped('state')
        ):
            return 0.0
        invoiced = 0.0
        for move in order.invoice_ids.filtered(lambda move: move.currency_id == order.currency_id):
            amount = self._tochka_part_of_order(move, order)
            if move.state == 'draft' and move.amount_total:
                amount *= 1 - move.amount_residual / move.amount_total
            elif move.state != 'posted':
                continue
            invoiced += amount if move.move_type == 'out_invoice' else -amount
        return max(order.currency_id.round(order.amount_total - invoiced), 0.0)

    @api.model
    def _tochka_part_of_order(self, invoice, order):
        """ Return how much of an invoice, or of a credit note, is about one of its sale orders: all
        but the lines of others.

        :return: In the currency of the invoice, as an ORM monetary value.
        :rtype: float
        """
        others = invoice.invoice_line_ids.filtered(
            lambda line: line.sale_line_ids and order not in line.sale_line_ids.order_id)
        return invoice.amount_total - sum(others.mapped('price_total'))

    @api.model
    def _tochka_open_for(self, invoice, orders):
        """ Return what is open of an invoice; of one that bills other sale orders as well, what is
        for these: their own payments have paid their part.

        :return: In the currency of the invoice, as an ORM monetary value.
        :rtype: float
        """
        open_amount = self._tochka_open_amount(invoice)
        if not open_amount or not orders or not invoice.line_ids.sale_line_ids.order_id - orders:
            return open_amount
        part = sum(self._tochka_part_of_order(invoice, order) for order in orders
                   if order in invoice.line_ids.sale_line_ids.order_id)
        paid = orders.transaction_ids.payment_id.move_id.line_ids.matched_debit_ids.filtered(
            lambda partial: partial.debit_move_id.move_id == invoice)
        return min(open_amount, max(part - sum(paid.mapped('debit_amount_currency')), 0.0))
