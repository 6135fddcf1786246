# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from dataclasses import replace
from decimal import Decimal

from odoo import _, models

from odoo.addons.tochka_fiscal import const, receipt, settlement


class PaymentTransaction(models.Model):
    """ How a line of an invoice or a sale order becomes an item of a receipt. The optional apps
    for sale and stock are met here.
    """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - ITEMS === #

    def _fiscal_items(self, document, pays_whole):
        """ Return what a document sells; the sum of the items is the total of the document, less
        what its credit notes took back.

        What the lines do not explain is one adjusting item: cash rounding, a tax that is rounded
        for the whole document or was changed by hand.

        :param account.move|sale.order document: An invoice or a sale order.
        :param bool pays_whole: Whether this payment pays all that it costs.
        :rtype: list[receipt.Item]
        :raise ReceiptError: If a line has no VAT for receipts.
        """
        day = self._fiscal_settled_on()
        is_delivered = self._fiscal_was_delivered(document, day)
        method = self._fiscal_fixed_method() or settlement.choose_method(
            True, is_delivered, pays_whole and not self._fiscal_is_part(document))
        return self._fiscal_items_of_lines(
            document, self._fiscal_sold_lines, method, day,
            document if is_delivered else None)

    def _fiscal_items_of_lines(
        self, document, pick, usual_method, day, delivery, parts=None,
    ):
        """ Return what lines of a document sell.

        :param account.move|sale.order document: The document.
        :param callable pick: Takes a document, and returns its lines that count; it is asked for
                              the credit notes as well.
        :param str usual_method: The fiscal method where the product category names none.
        :param date day: The day of the settlement.
        :param account.move|sale.order|None delivery: The document that was delivered, if it was:
                                                      the VAT is that of the day then.
        :param dict|None parts: How much of each line counts, `Fraction`; None: all of all.
        :rtype: list[receipt.Item]
        :raise ReceiptError: If a line has no VAT for receipts.
        """
        sign = self._fiscal_sign(document)
        items = []
        for line in pick(document):
            part = 1 if parts is None else parts.get(line, 0)
            total = round(part * sign * self._fiscal_kopecks(line.price_total))
            if not total:
                continue
            category = line.product_id.categ_id
            agent, supplier = category._fiscal_agency(self.company_id)
            override = self._fiscal_line_override(line)
            method = override or usual_method
            shipped_on = self._fiscal_line_shipped_on(line, delivery, day) if delivery else None
            items += self._fiscal_split_by_marks(line, receipt.Item(
                name=self._fiscal_line_name(line, document),
                quantity=self._fiscal_part_of(self._fiscal_quantity(line), part),
                total=total,
                vat=settlement.choose_vat(
                    self._fiscal_line_vat(line, shipped_on or day), method, day, shipped_on),
                method=method,
                subject=self._fiscal_line_subject(line),
                measure=int(line.product_uom_id.fiscal_measure or 0),
                agent=agent,
                supplier=supplier,
                # What is an advance whatever happens (a gift certificate) is not delivered by the
                # document that sells it.
                source='' if override in const.PREPAID_METHODS else (
                    f'{document._name},{document.id}'),
            ))
        rest = sign * (self._fiscal_kopecks(document.amount_total) - sum(
            self._fiscal_kopecks(line.price_total)
            for line in self._fiscal_document_lines(document)))
        if rest and parts is None:
            items.append(receipt.Item(
                name=document.display_name, quantity=Decimal(1), total=rest, vat='none',
                method=usual_method, subject='other', adjusts=True))
        for note in self._fiscal_credit_notes(document):
            items = self._fiscal_take_back(items, self._fiscal_items_of_lines(
                note, pick, usual_method, day, delivery))
        return items

    def _fiscal_line_name(self, line, document):
        """ Return what a line is called on a receipt: products in the language of the company,
        whatever language the customer's invoice is in; never something that can't be seen.

        :param account.move.line|sale.order.line line: The line.
        :param account.move|sale.order document: Its document.
        :rtype: str
        """
        name, product = line.name or '', line.product_id
        ours = product.with_context(lang=self._tochka_paper_lang())
        theirs = product.with_context(lang=document.partner_id.lang or self.env.lang)
        for field_name in ('display_name', 'description_sale'):
            if product and theirs[field_name] and ours[field_name]:
                name = name.replace(theirs[field_name], ours[field_name], 1)
        return next(
            text for text in (name, ours.display_name, document.display_name)
            if text and receipt.cut_name(text))

    @staticmethod
    def _fiscal_part_of(quantity, part):
        """ Return a part of a quantity, in as many decimals as receipts have. :rtype: Decimal """
        if part == 1:
            return quantity
        return (quantity * part.numerator / part.denominator).quantize(
            Decimal(10) ** -const.QUANTITY_DIGITS)

    def _fiscal_credit_notes(self, document):
        """ Return the credit notes of an invoice that have lowered what it owes by all they say.

        :rtype: account.move|sale.order
        """
        if document._name != 'account.move':
            return document.browse()
        partials = document.line_ids.matched_credit_ids
        return document._tochka_credit_notes().filtered(
            lambda note: self._fiscal_sign(note) > 0 and not note.currency_id.compare_amounts(
                note.amount_total, sum(partials.filtered(
                    lambda partial: partial.credit_move_id.move_id == note
                ).mapped('debit_amount_currency'))))

    def _fiscal_take_back(self, items, returned):
        """ Return what is still sold. What comes back at its price leaves its line; other money is
        taken off the line of its name, else off all.

        :param list[receipt.Item] items: What an invoice sells.
        :param list[receipt.Item] returned: What a credit note takes back.
        :rtype: list[receipt.Item]
        """
        items = list(items)
        for back in returned:
            for index in sorted(
                range(len(items)), key=lambda index: bool(items[index].mark) != bool(back.mark)
            ):
                item = items[index]
                if receipt.cut_name(item.name) != receipt.cut_name(back.name):
                    continue
                if not 0 < back.total <= item.total:
                    continue
                if back.mark and back.mark != item.mark:
                    continue
                # The same price, but for half a kopeck of each total.
                is_same_price = 2 * abs(
                    item.total * back.quantity - back.total * item.quantity
                ) <= item.quantity + back.quantity
                items[index] = replace(
                    item, total=item.total - back.total,
                    quantity=item.quantity - back.quantity if is_same_price else item.quantity)
                break
            else:
                items.append(replace(back, total=-back.total))
        return items

    def _fiscal_document_lines(self, document):
        """ Return the lines that sell something, or take something off.

        :rtype: account.move.line|sale.order.line
        """
        if document._name == 'sale.order':
            return document.order_line.filtered(lambda line: not line.display_type)
        # `invoice_line_ids` is a part of them, and would be read once more.
        return document.line_ids.filtered(lambda line: line.display_type == 'product')

    def _fiscal_sold_lines(self, document):
        """ Return the lines of a document without those by which gift cards pay; the bank's
        register knows no such payment, and takes them for a discount.

        :rtype: account.move.line|sale.order.line
        """
        lines = self._fiscal_document_lines(document)
        return lines if self._fiscal_is_by_bank() else lines.filtered(
            lambda line: not self._fiscal_is_card_line(line))

    def _fiscal_line_override(self, line):
        """ Return the fiscal method that a line has whatever happens: its category's, else that of
        a gift card, which is an advance. :rtype: str|bool """
        return line.product_id.categ_id._fiscal_override('fiscal_method') or (
            self._fiscal_sells_card(line) and not self._fiscal_is_by_bank() and 'advance')

    def _fiscal_is_prepaid_line(self, line):
        """ Return whether a line is a deposit, or takes one off. :rtype: bool """
        if line._name == 'sale.order.line':
            return line.is_downpayment
        return 'sale_line_ids' in line._fields and (
            line.is_downpayment or any(line.sale_line_ids.mapped('is_downpayment')))

    def _fiscal_quantity(self, line):
        """ Return how much a line sells. :rtype: Decimal """
        name = 'product_uom_qty' if line._name == 'sale.order.line' else 'quantity'
        return abs(Decimal(str(line[name])))

    # === BUSINESS METHODS - VAT, METHOD, SUBJECT === #

    def _fiscal_line_vat(self, line, day):
        """ Return the VAT of a line by its tax.

        :param account.move.line|sale.order.line line: The line.
        :param date day: The day of the delivery, else of the money.
        :rtype: str
        :raise ReceiptError: If it has several taxes, or one that means nothing in a receipt.
        """
        taxes = line.tax_ids
        if not taxes:
            return self.provider_id._fiscal_vat_on(day)
        if len(taxes) > 1:
            raise receipt.ReceiptError(_(
                "A line of a receipt has one VAT rate, and \"%(line)s\" has several taxes:"
                " %(taxes)s. Leave one of them, or a tax of the type Group that has its own VAT in"
                " receipts.",
                line=receipt.cut_name(line.name or ''), taxes=', '.join(taxes.mapped('name'))))
        vat = taxes._fiscal_vat_on(day)
        if not vat:
            raise receipt.ReceiptError(_(
                "The tax \"%s\" has no VAT in receipts. Open it in Invoicing, Configuration, Taxes,"
                " and choose one.", taxes.name))
        return vat

    def _fiscal_fixed_method(self):
        """ Return the fiscal method that the provider prescribes, if it does.

        :return: A name of `const.FISCAL_METHODS`, or an empty string.
        :rtype: str
        """
        method = self.provider_id.fiscal_method
        return method if method and method != 'auto' else ''

    def _fiscal_line_subject(self, line):
        """ Return the fiscal subject of a line. :rtype: str """
        product = line.product_id
        if not product:
            # "About an advance, a deposit, a prepayment": such a line names no goods. Source: FFD.
            is_deposit = self._fiscal_is_prepaid_line(line)
            # The bank's register knows no payments.
            return 'payment' if is_deposit and not self._fiscal_is_by_bank() else (
                self._fiscal_usual_subject())
        return product.categ_id._fiscal_override('fiscal_subject') or (
            'payment' if self._fiscal_sells_card(line) and not self._fiscal_is_by_bank()
            else 'service' if product.type == 'service' else 'goods')

    def _fiscal_usual_subject(self):
        """ Return the fiscal subject where no product tells it. :rtype: str """
        return self.provider_id.fiscal_subject or 'service'
