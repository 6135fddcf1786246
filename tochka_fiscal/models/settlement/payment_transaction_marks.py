# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import math
from dataclasses import replace
from decimal import Decimal

from odoo import _, models

from odoo.addons.tochka_acquiring.utils import told_by_code
from odoo.addons.tochka_fiscal import const, receipt


class PaymentTransaction(models.Model):
    """ Marking codes on receipts: a line for each piece, at its full settlement, once. """

    _inherit = 'payment.transaction'

    def _fiscal_split_by_marks(self, line, item):
        """ Return an item for each piece of marked goods that is handed over. What is sold by
        weight or volume is one piece with as much of it. Source: FFD 1.2, tags 1023, 2108 and 2000.

        Money that comes before names no code: the piece is told of when it is handed over. Source:
        FFD 1.2, tag 2000.

        :param account.move.line|sale.order.line line: The line.
        :param receipt.Item item: What it sells.
        :return: The items; their sum is that of the whole.
        :rtype: list[receipt.Item]
        :raise ReceiptError: If a code is missing.
        """
        if item.method in const.PREPAID_METHODS or not (
            line.product_id.categ_id._fiscal_override('fiscal_marked')
        ):
            return [item]
        codes = self._fiscal_codes_of(line)
        if line._name == 'account.move.line' and line.move_type == 'out_refund' and not codes:
            return [item]  # Money comes back, and no piece.
        if item.measure and len(codes) == 1:
            is_told = bool(self._fiscal_told_codes(codes, item.source))
            return [item if is_told else replace(item, mark=codes[0])]
        if codes and (item.measure or item.quantity != item.quantity.to_integral()):
            raise receipt.ReceiptError(_(
                "%s: Odoo prints marked goods by whole pieces, and by weight or volume one piece a"
                " line. Print this receipt in the cabinet of the register, and enter its numbers"
                " here: \"What became of it?\"", item.name))
        if len(codes) != item.quantity:
            raise receipt.ReceiptError(_(
                "%(line)s: %(pieces)s marked pieces and %(codes)s marking codes. Enter the codes on"
                " the line of the invoice, and try again.",
                line=item.name, pieces=f'{item.quantity.normalize():f}', codes=len(codes)))
        told = self._fiscal_told_codes(codes, item.source)
        shares = receipt.allot(item.total, [1] * len(codes))
        return [
            replace(item, quantity=Decimal(1), total=share, mark='' if code in told else code)
            for code, share in zip(codes, shares, strict=True)
        ]

    def _fiscal_codes_of(self, line):
        """ Return the codes of a line's pieces: those that were entered, else those of the lots.

        :rtype: list[str]
        """
        if line._name == 'account.move.line':
            codes = line._fiscal_mark_codes()
            # Which pieces come back is said on the credit note, and by nothing else.
            return codes if codes or line.move_type == 'out_refund' else (
                line._fiscal_lot_marks()[:math.ceil(line.quantity)])
        return self.env['account.move.line']._fiscal_delivered_marks(line)

    def _fiscal_told_codes(self, codes, source):
        """ Return the codes that another receipt of the document names: a piece that is paid in
        parts is told of once.

        :param list[str] codes: The codes.
        :param str source: The document.
        :rtype: set[str]
        """
        building = told_by_code(self.env, 'fiscal_building')
        return set(self.env['fiscal.receipt.line'].sudo().search([
            ('mark', 'in', codes), ('source', '=', source), ('receipt_id.kind', '=', 'income'),
            ('receipt_id.state', '!=', 'void'), ('receipt_id.is_replaced', '=', False),
            ('receipt_id', 'not in', building.ids if building else []),
        ]).mapped('mark'))
