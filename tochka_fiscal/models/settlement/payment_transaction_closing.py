# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models

from odoo.addons.tochka_acquiring.utils import bank_day
from odoo.addons.tochka_fiscal import const, receipt

INVOICES = ('out_invoice', 'out_receipt')


class PaymentTransaction(models.Model):
    """ Which delivered documents a prepayment has paid, by the books, and what the closing receipt
    says.
    """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - WHAT THE MONEY HAS PAID === #

    def _fiscal_deliveries(self):
        """ Return the documents by which what this money has paid is delivered.

        ==========================  ====================================================
        The books say it has paid   Delivered by
        ==========================  ====================================================
        an invoice                  the invoice itself, by as much
        an invoice of a deposit     the invoices that take the deposit off, by as much
        nothing yet, for an order   the order, while it has no invoice
        a gift card                 the orders that it pays alone
        ==========================  ====================================================

        A money that is not booked yet has paid nothing, and a document of which nothing is handed
        over yet delivers nothing.

        :return: Kopecks by document, the documents of the payment itself first.
        :rtype: dict
        """
        self.ensure_one()
        deliveries = {}
        if not self.payment_id:
            return deliveries
        for invoice, amount in self._fiscal_settled_invoices().items():
            parts = self._fiscal_follow_deposit(invoice) if invoice._is_downpayment() else (
                [(invoice, amount)])
            for document, part in parts:
                taken = min(part, amount)
                amount -= taken
                deliveries[document] = deliveries.get(document, 0) + taken
        orders = self.sale_order_ids if 'sale_order_ids' in self._fields else ()
        for order in orders:
            if order.state == 'sale' and not self._fiscal_final_invoices(order):
                deliveries[order] = self._fiscal_kopecks(order.amount_total)
        deliveries |= self._fiscal_card_orders()
        own = self._fiscal_own_documents()
        today = bank_day(fields.Datetime.now())
        return {
            document: amount
            for document, amount in sorted(
                deliveries.items(), key=lambda pair: f'{pair[0]._name},{pair[0].id}' not in own)
            if amount > 0 and self._fiscal_handed_over(document, today)
        }

    def _fiscal_own_documents(self):
        """ Return the documents that this payment was made for, and the invoices of its orders.

        :return: As `source` of the lines has them.
        :rtype: set[str]
        """
        own = self.invoice_ids
        orders = self.env['account.move'].browse()
        if 'sale_order_ids' in self._fields:
            orders = self.sale_order_ids | self.invoice_ids.line_ids.sale_line_ids.order_id
            own |= orders.invoice_ids
        return {f'{record._name},{record.id}' for records in (own, orders) for record in records}

    def _fiscal_settled_invoices(self):
        """ Return what this money has paid of which invoice, by the books.

        :return: Kopecks by invoice, the earliest first.
        :rtype: dict
        """
        settled = {}
        if not self.payment_id.move_id:
            return settled
        counterpart = self.payment_id._seek_for_lines()[1]
        for partial in counterpart.matched_debit_ids.sorted('id'):
            move = partial.debit_move_id.move_id
            invoice = move.tochka_settled_move_id or move  # an advance pays by a transfer
            if invoice.move_type in INVOICES and invoice.state == 'posted':
                settled[invoice] = settled.get(invoice, 0) + self._fiscal_kopecks(
                    partial.credit_amount_currency)
        return settled

    def _fiscal_follow_deposit(self, deposit):
        """ Return the invoices that take a deposit off, less what their credit notes give back.

        One that takes off more than it hands over is a credit note for Odoo.

        :param account.move deposit: The invoice of the deposit.
        :return: (invoice, kopecks): at most so much of the deposit is delivered by it.
        :rtype: list[tuple]
        """
        taken_off = deposit.invoice_line_ids.sale_line_ids.filtered('is_downpayment')
        found = []
        for invoice in self._fiscal_final_invoices(deposit.line_ids.sale_line_ids.order_id):
            found.append((invoice, -sum(
                sign * self._fiscal_kopecks(line.price_total)
                for sign, move in (
                    (self._fiscal_sign(invoice), invoice),
                    *((-1, note) for note in self._fiscal_credit_notes(invoice)))
                for line in move.invoice_line_ids if line.sale_line_ids & taken_off)))
        return found

    def _fiscal_final_invoices(self, orders):
        """ Return the posted invoices of sale orders that hand something over, and that were not
        taken back as a whole.

        :rtype: account.move
        """
        return orders.invoice_ids.filtered(
            lambda move: move.state == 'posted' and not move._is_downpayment()
            and (move.move_type in INVOICES or self._fiscal_sign(move) < 0)
            and not self._fiscal_is_reversed(move)
        ).sorted(lambda move: (move.invoice_date, move.id))

    def _fiscal_is_reversed(self, document):
        """ Return whether a credit note has taken all of an invoice back. :rtype: bool """
        return any(
            not document.currency_id.compare_amounts(note.amount_total, document.amount_total)
            for note in self._fiscal_credit_notes(document))

    def _fiscal_is_taken_back(self, source):
        """ Return whether a document delivers nothing any more, and will not by itself.

        One that is a draft again is being worked on.

        :param str source: The document, as lines have it.
        :rtype: bool
        """
        model, record_id = source.split(',')
        document = self.env[model].browse(int(record_id)).exists()
        return not document or document.state == 'cancel' or (
            document.state == 'posted' and self._fiscal_is_reversed(document))

    def _fiscal_sign(self, document):
        """ Return -1 for an invoice that Odoo has turned into a credit note, because it takes off a
        deposit that is more than what it hands over; 1 for all others.

        :rtype: int
        """
        is_turned = (
            document._name == 'account.move' and document.move_type == 'out_refund'
            and not document.reversed_entry_id
            and 'sale_line_ids' in document.invoice_line_ids._fields
            and any(document.invoice_line_ids.sale_line_ids.mapped('is_downpayment'))
        )
        return -1 if is_turned else 1

    # === BUSINESS METHODS - WHAT THE RECEIPT SAYS === #

    def _fiscal_handed_lines(self, document):
        """ Return the lines of a document, or of its credit note, that money in advance was for.

        A deposit that is taken off is what the receipt is paid with; it is no discount. What a
        product category prescribes a fiscal method for was settled as that says.

        :rtype: account.move.line|sale.order.line
        """
        return self._fiscal_document_lines(document).filtered(
            lambda line: not self._fiscal_is_prepaid_line(line)
            and not self._fiscal_is_card_line(line) and not self._fiscal_line_override(line))

    def _fiscal_closing_items(self, document, told, day=None):
        """ Return what a document has handed over and no closing receipt has told of yet.

        :param account.move|sale.order document: What is delivered.
        :param fiscal.receipt.line told: The lines of those that have.
        :param date|None day: The day of the receipt, which counts where the delivery has none;
                              today by default.
        :rtype: list[receipt.Item]
        :raise ReceiptError: With what an accountant has to put right first.
        """
        self.ensure_one()
        today = bank_day(fields.Datetime.now())
        parts = self._fiscal_handed_over(document, today)
        is_whole = all(part == 1 for part in parts.values())
        items = self._fiscal_items_of_lines(
            document, self._fiscal_handed_lines, const.CLOSING_METHOD, day or today,
            document, None if is_whole else parts)
        # A piece that was told of stands among the items without its code.
        return self._fiscal_take_back(items, [
            receipt.Item(**{
                name: getattr(line, name) for name in (
                    'name', 'quantity', 'total', 'vat', 'method', 'subject', 'measure')})
            for line in (one._line() for one in told)])

    def _fiscal_closing_day(self, document, day):
        """ Return the day of the delivery that a closing receipt tells of: the last one, where the
        lines have several.

        :param account.move|sale.order document: What is delivered.
        :param date day: The day of the receipt, which counts where the delivery has none.
        :rtype: date
        """
        lines = self._fiscal_handed_lines(document).filtered(lambda line: line.price_total > 0)
        return max((
            self._fiscal_line_shipped_on(line, document, day) or day for line in lines),
            default=day)

    def _fiscal_closing_lines(self, document, amount, told, day):
        """ Return the lines of a closing receipt: what is handed over, settled in full.

        :param account.move|sale.order document: What is delivered.
        :param int amount: Kopecks of the prepayment.
        :param fiscal.receipt.line told: As of `_fiscal_closing_items`.
        :param date day: As of `_fiscal_closing_items`.
        :rtype: list[receipt.Line]
        :raise ReceiptError: With what an accountant has to put right first.
        """
        return receipt.build_lines(self._fiscal_closing_items(document, told, day), amount)
