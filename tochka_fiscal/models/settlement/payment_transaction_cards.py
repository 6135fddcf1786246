# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import models

from odoo.addons.tochka_acquiring.utils import told_by_code


class PaymentTransaction(models.Model):
    """ Gift cards and eWallets of the optional loyalty app, which is met here.

    For Odoo the use of a card is a line that lowers the order. For a receipt it is money that was
    taken before: the goods are sold for all that they cost, and what the card pays stands in tag
    1215. Points of a loyalty program are no money: they stay a discount. Source: 54-FZ, 1.1 ("an
    offset of a prepayment"); FFD, tag 1215; letter of the Federal Tax Service ED-4-20/12717.
    """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS === #

    def _fiscal_has_cards(self):
        return 'sale_order_ids' in self._fields and (
            'reward_id' in self.env['sale.order.line']._fields)

    def _fiscal_is_card_line(self, line):
        """ Return whether a gift card pays by a line of a document. :rtype: bool """
        if not self._fiscal_has_cards() or line.price_total >= 0:
            return False
        sold = line if line._name == 'sale.order.line' else line.sale_line_ids
        return any(one.reward_id.program_id.is_payment_program for one in sold.sudo())

    def _fiscal_sells_card(self, line):
        """ Return whether a line sells a gift card, or tops an eWallet up. :rtype: bool """
        return bool(
            self._fiscal_has_cards() and line.product_id and line.price_total > 0
            and self.env['loyalty.rule'].sudo().search_count([
                ('program_id.program_type', 'in', ('gift_card', 'ewallet')),
                ('product_ids', 'in', line.product_id.ids)], limit=1))

    def _fiscal_card_amount(self, document):
        """ Return what gift cards pay of a document. Kopecks. :rtype: int """
        return -self._fiscal_sign(document) * sum(
            self._fiscal_kopecks(line.price_total)
            for line in self._fiscal_document_lines(document) if self._fiscal_is_card_line(line))

    def _fiscal_card_left(self, document):
        """ Return what gift cards pay of a document and no receipt has told of yet.

        :rtype: int
        """
        amount = self._fiscal_card_amount(document)
        if not amount:
            return 0
        is_order = document._name == 'sale.order'
        orders = document if is_order else document.line_ids.sale_line_ids.order_id
        invoices = document.invoice_ids if is_order else document
        building = told_by_code(self.env, 'fiscal_building')
        told = self.env['fiscal.receipt'].sudo().search([
            ('card_total', '>', 0), ('state', '!=', 'void'), ('is_replaced', '=', False),
            ('kind', '=', 'income'), ('id', 'not in', building.ids if building else []),
            ('line_ids.source', 'in', [
                f'{one._name},{one.id}' for records in (orders, invoices) for one in records]),
        ])
        return max(amount - sum(self._fiscal_kopecks(one.card_total) for one in told), 0)

    def _fiscal_cards_settle(self, document, share, due):
        """ Return what gift cards settle together with this payment: all of it, when this is the
        last money for a document that is delivered.

        :param account.move|sale.order document: The document.
        :param int share: Kopecks that this payment pays of it.
        :param int due: Kopecks that it owes.
        :rtype: int
        """
        if share < due or self._fiscal_is_by_bank() or not self._fiscal_was_delivered(
            document, self._fiscal_settled_on()
        ):
            return 0
        return self._fiscal_card_left(document)

    def _fiscal_card_advances(self, documents):
        """ Return the receipts of the payments by which the gift cards of documents were bought.

        :param account.move|sale.order documents: Where they are used.
        :return: As superuser, the oldest first.
        :rtype: fiscal.receipt
        """
        receipts = self.env['fiscal.receipt'].sudo()
        if not self._fiscal_has_cards():
            return receipts
        lines = documents.order_line if documents._name == 'sale.order' else (
            documents.line_ids.sale_line_ids)
        cards = lines.sudo().filtered(self._fiscal_is_card_line).coupon_id
        bought = cards.order_id.browse(self.env['loyalty.history'].sudo().search([
            ('card_id', 'in', cards.ids), ('order_model', '=', 'sale.order'), ('issued', '>', 0),
        ]).mapped('order_id')).exists() | cards.order_id
        payments = bought.transaction_ids | bought.invoice_ids.transaction_ids
        return receipts.search([
            ('transaction_id', 'in', payments.ids), ('prepaid_left', '>', 0)], order='id')

    def _fiscal_card_orders(self):
        """ Return the orders that cards pay alone which were bought by this payment: no money will
        ever come for them.

        :return: Kopecks by order.
        :rtype: dict
        """
        if not self._fiscal_has_cards():
            return {}
        bought = self.sale_order_ids | self.invoice_ids.line_ids.sale_line_ids.order_id
        if not bought:
            return {}
        history = self.env['loyalty.history'].sudo().search([
            ('order_model', '=', 'sale.order'), ('order_id', 'in', bought.ids), ('issued', '>', 0)])
        cards = history.card_id | self.env['loyalty.card'].sudo().search([
            ('order_id', 'in', bought.ids)])
        amounts = {}
        for line in self.env['sale.order.line'].sudo().search([
            ('coupon_id', 'in', cards.ids), ('order_id.state', '=', 'sale'),
            ('order_id.amount_total', '=', 0),
        ]).filtered(self._fiscal_is_card_line):
            amounts[line.order_id] = amounts.get(line.order_id, 0) - self._fiscal_kopecks(
                line.price_total)
        return amounts
