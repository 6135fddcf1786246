# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models

from odoo.addons.tochka_fiscal.models.receipt.fiscal_receipt_line import to_kopecks
from odoo.addons.tochka_fiscal.receipt import ReceiptError


class FiscalReceipt(models.Model):
    """ Gift cards and eWallets: an advance when they are sold, a payment by tag 1215 when they are
    used.
    """

    _inherit = 'fiscal.receipt'

    card_total = fields.Monetary(string="Paid by gift cards", readonly=True)
    used_ids = fields.One2many(
        string="Advances that were used", comodel_name='fiscal.offset', inverse_name='receipt_id',
        readonly=True)
    offset_ids = fields.One2many(
        string="Used by", comodel_name='fiscal.offset', inverse_name='prepayment_id',
        readonly=True)

    # === BUSINESS METHODS === #

    def _note_cards(self, lines):
        """ Note what gift cards pay of a receipt: what its lines are more than its money.

        :param list[Line] lines: The lines of a payment's receipt.
        """
        self.ensure_one()
        paid = to_kopecks(self.transaction_id.amount)
        cards = max(sum(line.total for line in lines) - paid, 0)
        if cards == to_kopecks(self.card_total):
            return
        self.write({
            'total': (paid + cards) / 100, 'card_total': cards / 100,
            'payments': {'cashless': paid, **({'prepaid': cards} if cards else {})},
        })
        self._use_advances(cards, self.transaction_id._fiscal_documents())

    def _use_advances(self, amount, documents):
        """ Note of which advances the gift cards of documents come, as far as it is known.

        :param int amount: Kopecks.
        :param account.move|sale.order documents: Where they are used.
        """
        self.ensure_one()
        self.used_ids.unlink()
        for advance in self.transaction_id._fiscal_card_advances(documents):
            part = min(amount, advance._prepaid_left())
            if part > 0:
                self.used_ids.create({
                    'receipt_id': self.id, 'prepayment_id': advance.id, 'total': part / 100})
                amount -= part

    def _used(self):
        """ Return what other receipts have used of this advance. Kopecks. :rtype: int """
        self.ensure_one()
        return sum(
            to_kopecks(offset.total) for offset in self.offset_ids
            if offset.receipt_id.state != 'void' and not offset.receipt_id.is_replaced)

    def _money(self):
        """ Return what a receipt is paid with besides gift cards. Kopecks. :rtype: int """
        self.ensure_one()
        return to_kopecks(self.total) - to_kopecks(self.card_total)

    def _cards_of(self, document, amount):
        """ Return what gift cards pay of a document, if a closing receipt tells of it: the one
        after which all is handed over.

        :param account.move|sale.order document: What was delivered.
        :param int amount: Kopecks of the prepayment that it closes.
        :rtype: int
        """
        transaction = self.transaction_id
        cards = transaction._fiscal_card_left(document)
        if not cards or document in transaction._fiscal_card_orders():
            return 0
        try:
            items = transaction._fiscal_closing_items(document, self._told(document))
        except ReceiptError:
            return 0
        rest = sum(item.total for item in items) - amount
        return cards if rest == cards else 0
