# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models

from odoo.addons.tochka_acquiring.utils import bank_day
from odoo.addons.tochka_fiscal import const, receipt

INVOICES = ('out_invoice', 'out_receipt')


class PaymentTransaction(models.Model):
    """ Which delivered documents a prepayment has paid, and what the closing receipt says. """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - WHAT CAN BE CLOSED === #

    def _fiscal_closable(self, prepayment):
        """ Return the documents that were delivered since this money came, with its part of them.

        :param fiscal.receipt prepayment: The receipt of the money.
        :return: (document, source, kopecks): the source is that of the prepaid lines. Never more
                 than is left of them.
        :rtype: list[tuple]
        """
        self.ensure_one()
        today = bank_day(fields.Datetime.now())
        closable = []
        for source, left in prepayment._fiscal_prepaid_by_source().items():
            for document, most in self._fiscal_deliveries(prepayment, source):
                part = min(left, most)
                if part > 0 and not prepayment._fiscal_is_closed(document) and (
                    self._fiscal_is_delivered(document, today)
                ):
                    closable.append((document, source, part))
                    left -= part
        return closable

    def _fiscal_deliveries(self, prepayment, source):
        """ Return the documents by which prepaid lines are delivered.

        ================  ==============================================================
        Prepaid           Delivered by
        ================  ==============================================================
        an invoice        the invoice itself
        a deposit         the invoices that take the deposit off, each by as much
        a sale order      the order's invoices, by what the money has paid of each; the
                          order itself where none is made
        nothing (top-up)  each invoice that the money has paid, by as much
        ================  ==============================================================

        :param fiscal.receipt prepayment: The receipt of the money.
        :param str source: The document of the prepaid lines.
        :return: (document, kopecks): at most so much of the money belongs to it.
        :rtype: list[tuple]
        """
        settled = self._fiscal_settled_invoices()
        left = prepayment._fiscal_prepaid_by_source()[source]
        # What has lines of its own in this receipt was not paid by the rest of the money.
        own = set(prepayment.line_ids.mapped('source'))
        others = [(invoice, amount) for invoice, amount in settled.items()
                  if f'{invoice._name},{invoice.id}' not in own]
        if not source:
            return others
        model, record_id = source.split(',')
        document = self.env[model].browse(int(record_id)).exists() if model in self.env else None
        if not document:
            return others
        if model == 'sale.order':
            invoices = self._fiscal_final_invoices(document)
            return [
                (invoice, settled.get(invoice, 0) if self.payment_id else left)
                for invoice in invoices
            ] or [(document, left)]
        if not document._is_downpayment():
            # An invoice may have been replaced by another one, which has got the money.
            return [(document, settled.get(document, 0) if self.payment_id else left), *others]
        deposits = document.invoice_line_ids.sale_line_ids.filtered('is_downpayment')
        return [
            (invoice, -sum(
                self._fiscal_kopecks(line.price_total) for line in invoice.invoice_line_ids
                if line.sale_line_ids & deposits and line.price_total < 0))
            for invoice in self._fiscal_final_invoices(
                document.line_ids.sale_line_ids.order_id)
        ]

    def _fiscal_final_invoices(self, orders):
        """ Return the posted invoices of sale orders that hand something over.

        :rtype: account.move
        """
        return orders.invoice_ids.filtered(
            lambda move: move.state == 'posted' and move.move_type in INVOICES
            and not move._is_downpayment()).sorted(lambda move: (move.invoice_date, move.id))

    def _fiscal_settled_invoices(self):
        """ Return what this money has paid of which invoice, by the books.

        :return: Kopecks by invoice, the earliest first.
        :rtype: dict
        """
        payment = self.payment_id
        settled = {}
        if not payment.move_id:
            return settled
        counterpart = payment._seek_for_lines()[1]
        for partial in counterpart.matched_debit_ids.sorted('id'):
            move = partial.debit_move_id.move_id
            invoice = move.tochka_settled_move_id or move  # an advance pays by a transfer
            if invoice.move_type in INVOICES and invoice.state == 'posted':
                settled[invoice] = settled.get(invoice, 0) + self._fiscal_kopecks(
                    partial.credit_amount_currency)
        return settled

    # === BUSINESS METHODS - WHAT IT SAYS === #

    def _fiscal_closing_lines(self, document, amount):
        """ Return the lines of a closing receipt: what is handed over, settled in full.

        A deposit that the document takes off is what the receipt is paid with; it is no discount.

        :param account.move|sale.order document: What is delivered.
        :param int amount: Kopecks of the prepayment.
        :rtype: list[receipt.Line]
        :raise ReceiptError: With what an accountant has to put right first.
        """
        self.ensure_one()
        lines = self._fiscal_document_lines(document)
        if document._name == 'sale.order':
            lines = lines.filtered(lambda line: not line.is_downpayment)
        elif 'sale_line_ids' in lines._fields:
            lines = lines.filtered(
                lambda line: not any(line.sale_line_ids.mapped('is_downpayment')))
        items = self._fiscal_items_of_lines(
            document, lines, const.CLOSING_METHOD, bank_day(fields.Datetime.now()),
            self._fiscal_shipped_on(document), only_usual=True)
        return self._fiscal_apply_template(receipt.build_lines(items, amount))
