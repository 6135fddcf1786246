# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from fractions import Fraction

from odoo import models

from odoo.addons.tochka_acquiring.utils import bank_day
from odoo.addons.tochka_fiscal.models.settlement.payment_transaction_closing import INVOICES


class PaymentTransaction(models.Model):
    """ Whether a document is delivered, when, and how much of it. The stock app is met here. """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - DELIVERED OR NOT === #

    def _fiscal_was_delivered(self, document, day):
        """ Return whether a document was delivered when its money came.

        :param account.move|sale.order document: The document.
        :param date day: The day of the money.
        :rtype: bool
        """
        basis = self._fiscal_basis()
        source = f'{document._name},{document.id}'
        return basis[source] if source in basis else self._fiscal_is_delivered(document, day)

    def _fiscal_is_delivered(self, document, day):
        """ Return whether goods are handed over, or services done and due, on a day.

        An invoice says so by its date, unless the stock app knows better. An order says so when all
        of its quantities are delivered.

        :param account.move|sale.order document: The document.
        :param date day: The day.
        :rtype: bool
        """
        lines = self._fiscal_document_lines(document)
        if document._name == 'sale.order':
            # What is taken off, fees for delivery and deposits are never delivered themselves.
            lines = lines.filtered(
                lambda line: line.price_total > 0 and not line.is_downpayment
                and not line._is_delivery())
            return document.state == 'sale' and bool(lines) and all(
                line.product_uom_id.compare(line.qty_delivered, line.product_uom_qty) >= 0
                for line in lines)
        if not self._fiscal_is_due(document, day):
            return False
        if 'sale_line_ids' not in lines._fields:
            return True
        stocked = lines.filtered(lambda line: line.price_total > 0).sale_line_ids.filtered(
            lambda line: line.qty_delivered_method == 'stock_move')
        return all(
            line.product_uom_id.compare(line.qty_delivered, line.qty_invoiced) >= 0
            for line in stocked)

    def _fiscal_is_due(self, invoice, day):
        """ Return whether an invoice hands over, as far as its state and dates tell. :rtype: bool
        """
        days = [one for one in (invoice.invoice_date, invoice.delivery_date) if one]
        return invoice.state == 'posted' and bool(days) and max(days) <= day and (
            not invoice._is_downpayment())

    # === BUSINESS METHODS - WHEN === #

    def _fiscal_line_shipped_on(self, line, document, day):
        """ Return the day on which a line of a delivered document was delivered, where that is
        known, in Moscow.

        ===========================================  ============================================
        What                                         Its day
        ===========================================  ============================================
        an invoice whose delivery date a person      that date
        has written
        goods of the stock app                       that of the transfer that completes the line
        any other line of an invoice                 its delivery date, else its own date
        a line of an order that a person marks as    the day on which that was written
        delivered
        any other line of an order                   that of the first transfer of the order
        ===========================================  ============================================

        Odoo gives an invoice the day of the *first* transfer, and by the clock of Greenwich.

        :param account.move.line|sale.order.line line: The line; that of a credit note as well.
        :param account.move|sale.order document: The delivered document.
        :param date day: The day of the settlement.
        :rtype: date|None
        """
        is_invoice = document._name == 'account.move'
        if is_invoice and self._fiscal_has_own_delivery_date(document):
            return document.delivery_date
        moment = self._fiscal_transfer_moment(line, document)
        if moment:
            return bank_day(moment)
        if is_invoice:
            return document.delivery_date or document.invoice_date
        if line.qty_delivered_method == 'manual' and line.qty_delivered and line.write_date:
            # Whatever was written to it later, it was delivered by then.
            return min(bank_day(line.write_date), day)
        moment = 'effective_date' in document._fields and document.effective_date
        return bank_day(moment) if moment else None

    def _fiscal_has_own_delivery_date(self, invoice):
        """ Return whether the delivery date of an invoice is none that Odoo has taken from a
        transfer. :rtype: bool """
        orders = 'sale_line_ids' in invoice.line_ids._fields and (
            invoice.line_ids.sale_line_ids.order_id)
        if not invoice.delivery_date or not orders or 'effective_date' not in orders._fields:
            return False
        # Odoo itself does not reckon with the time zone.
        return invoice.delivery_date not in [
            moment.date() for moment in orders.mapped('effective_date') if moment]

    def _fiscal_transfer_moment(self, line, document):
        """ Return when the stock app has handed over the last piece of a line; what earlier
        invoices of the order name went out first.

        :return: In UTC; None where no transfer has handed over anything of it.
        :rtype: datetime|None
        """
        if document._name == 'account.move':
            sold = 'sale_line_ids' in line._fields and line.sale_line_ids.filtered(
                lambda one: one.qty_delivered_method == 'stock_move')
        else:
            sold = line.filtered(lambda one: one.qty_delivered_method == 'stock_move')
        if not sold or 'move_ids' not in sold._fields:
            return None
        until = sum(sold.mapped('product_uom_qty'))
        if line._name == 'account.move.line' and line.move_id == document:
            until = self._fiscal_invoiced_earlier(document, sold) + line.quantity
        moment, handed_over = None, 0
        for move in sold.sudo().move_ids.filtered(
            lambda move: move.state == 'done' and move.location_dest_usage == 'customer'
        ).sorted(lambda move: (move.date, move.id)):
            unit = move.sale_line_id.product_uom_id
            if moment and unit.compare(handed_over, until) >= 0:
                break
            moment = move.date
            handed_over += move.product_uom._compute_quantity(
                move.quantity, unit, rounding_method='HALF-UP')
        return moment

    def _fiscal_is_part(self, document):
        """ Return whether a document asks for a part of an order: an invoice of a deposit does.

        :rtype: bool
        """
        if document._name != 'account.move' or not document._is_downpayment():
            return False
        orders = document.line_ids.sale_line_ids.order_id
        return self._fiscal_kopecks(document.amount_total) < sum(
            self._fiscal_kopecks(order.amount_total) for order in orders)

    # === BUSINESS METHODS - WHAT IS HANDED OVER === #

    def _fiscal_handed_over(self, document, day):
        """ Return how much of each line of a document is handed over on a day.

        What is never delivered itself (discounts, fees, rounding of the order) goes with the rest.
        An invoice with a credit note, and marked pieces of an invoice, go as a whole: which ones
        are gone is not known.

        :param account.move|sale.order document: The document.
        :param date day: The day.
        :return: `Fraction` by line; empty when nothing is.
        :rtype: dict
        """
        lines = self._fiscal_handed_lines(document)
        if self._fiscal_is_delivered(document, day):
            return dict.fromkeys(lines, Fraction(1))
        if document._name == 'sale.order':
            if document.state != 'sale':
                return {}
            parts = {
                line: self._fiscal_ratio(line.qty_delivered, line.product_uom_qty)
                for line in lines if line.price_total > 0 and not line._is_delivery()}
        elif (
            'sale_line_ids' not in lines._fields or self._fiscal_credit_notes(document)
            or self._fiscal_sign(document) < 0 or not self._fiscal_is_due(document, day)
        ):
            return {}
        else:
            parts = {line: self._fiscal_invoiced_ratio(document, line)
                     for line in lines if line.price_total > 0}
        sold = sum(self._fiscal_kopecks(line.price_total) for line in parts)
        if not any(parts.values()) or not sold:
            return {}
        whole = sum(part * self._fiscal_kopecks(line.price_total)
                    for line, part in parts.items()) / sold
        return {line: parts.get(line, whole) for line in lines}

    @staticmethod
    def _fiscal_ratio(delivered, quantity):
        """ Return a part of a quantity, between none and all. :rtype: Fraction """
        if quantity <= 0:
            return Fraction(1)
        part = Fraction(str(delivered)) / Fraction(str(quantity))
        return min(max(part, Fraction(0)), Fraction(1))

    def _fiscal_invoiced_ratio(self, invoice, line):
        """ Return how much of an invoice's line the stock has delivered; what earlier invoices of
        the order name went out first.

        :param account.move invoice: The invoice.
        :param account.move.line line: Its line.
        :rtype: Fraction
        """
        stocked = line.sale_line_ids.filtered(
            lambda one: one.qty_delivered_method == 'stock_move')
        if not stocked:
            return Fraction(1)
        part = self._fiscal_ratio(
            sum(stocked.mapped('qty_delivered')) - self._fiscal_invoiced_earlier(invoice, stocked),
            line.quantity)
        is_marked = line.product_id.categ_id._fiscal_override('fiscal_marked')
        return Fraction(int(part)) if is_marked else part

    @staticmethod
    def _fiscal_invoiced_earlier(invoice, sold):
        """ Return how much of lines of an order earlier invoices name, less what was credited.

        :rtype: float
        """
        return sum(
            other.quantity if other.move_type in INVOICES else -other.quantity
            for other in sold.invoice_lines
            if other.parent_state == 'posted' and (other.move_id.invoice_date, other.move_id.id)
            < (invoice.invoice_date, invoice.id))
