# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from decimal import ROUND_HALF_UP, Decimal

from odoo import _, fields, models

from odoo.addons.tochka_acquiring.const import SUPPORTED_CURRENCIES
from odoo.addons.tochka_acquiring.models.core.account_move import PayersDay
from odoo.addons.tochka_acquiring.utils import bank_day, in_russian
from odoo.addons.tochka_fiscal import const, receipt, settlement
from odoo.addons.tochka_fiscal.receipt import _lt


class PaymentTransaction(models.Model):
    """ What a payment pays for, as the lines of its receipt. Of any provider. """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - LINES === #

    def _fiscal_lines(self):
        """ Return the lines of the receipt of this payment.

        They are made when the money comes, before the payment is booked: the residuals of the
        invoices still contain it. A receipt that is built again later has the same shares. Each
        document gets its part of the money by what it still owes; what nobody owes is an advance.

        :return: The lines; their sum is exactly the amount of the transaction, and what gift cards
                 pay.
        :rtype: list[receipt.Line]
        :raise ReceiptError: With what an accountant has to put right first.
        """
        self.ensure_one()
        transaction = self.sudo()
        documents = transaction._fiscal_documents()
        for record in (transaction, *documents):
            if record.currency_id.name not in SUPPORTED_CURRENCIES:
                raise receipt.ReceiptError(_(
                    "Receipts are in roubles, and %(document)s is in %(currency)s.",
                    document=record.display_name, currency=record.currency_id.name))
        paid = transaction._fiscal_kopecks(transaction.amount)
        if paid <= 0:
            raise receipt.ReceiptError(_(
                "The payment %s brings no money: what goes back repeats the lines of its own"
                " receipt.", transaction.reference))
        if not documents:
            return [transaction._fiscal_line_without_document(paid)]

        owed = transaction._fiscal_owed(documents)
        settled = min(paid, sum(owed))
        if settled:
            shares = receipt.allot(settled, owed)
            worth = receipt.allot(
                min(paid + transaction._fiscal_early_discount(documents, paid), sum(owed)), owed)
        else:
            shares = worth = [0] * len(owed)
        lines = []
        for document, due, share, value in zip(documents, owed, shares, worth, strict=True):
            if share:
                items = transaction._fiscal_items(
                    document, transaction._fiscal_pays_whole(document, value, due))
                # What gift cards pay is told with the last money: more lines than money then.
                cards = transaction._fiscal_cards_settle(document, share, due)
                lines += receipt.build_lines(items, share + cards)
        is_topup = not transaction._tochka_documents()
        if not is_topup:  # Its text says what was topped up, and not what is sold.
            lines = transaction._fiscal_apply_template(lines)
        if paid > settled:
            name = is_topup and transaction._tochka_details() or ''
            lines.append(transaction._fiscal_line_of_money(
                name, paid - settled, 'advance',
                # It may pay another document of the same order, which closes it then.
                '' if is_topup else ' '.join(f'{one._name},{one.id}' for one in documents)))
        return lines

    def _fiscal_line_without_document(self, paid):
        """ Return the line of a payment that has no document, a top-up for instance.

        :param int paid: Kopecks.
        :rtype: receipt.Line
        """
        method = self._fiscal_fixed_method() or settlement.choose_method(False, False, True)
        return self._fiscal_line_of_money(self._tochka_details(), paid, method)

    def _fiscal_line_of_money(self, name, amount, method, source=''):
        """ Return a line that says nothing but that money came.

        :param str name: The text; by default that it is an advance, in Russian.
        :param int amount: Kopecks.
        :param str method: A name of `const.FISCAL_METHODS`.
        :param str source: The documents that it was meant for, if any.
        :rtype: receipt.Line
        """
        subject = 'payment'
        if self._fiscal_is_by_bank():
            # It knows no advances and no payments: a top-up is the full prepayment of a service.
            method = 'full_prepayment' if method in const.PREPAID_METHODS else method
            subject = 'service'
        day = self._fiscal_settled_on()
        vat = settlement.choose_vat(self.provider_id._fiscal_vat_on(day), method, day)
        return receipt.Line(
            name=receipt.cut_name(name) or in_russian('tochka_fiscal', _lt("Advance payment")),
            price=amount, quantity=Decimal(1), total=amount, vat=vat, method=method,
            subject=subject, source=source)

    def _fiscal_apply_template(self, lines):
        """ Return one line with the text of the provider's template, if there is one and it may be.

        One line has one VAT, one fiscal method and one owner of the goods, and its documents close
        all of it or nothing: lines that differ in that stay as they are.

        :param list[receipt.Line] lines: The lines of the documents.
        :rtype: list[receipt.Line]
        """
        text = self._tochka_details()
        if not receipt.cut_name(text) or len({
            (line.vat, line.method, line.agent, line.supplier, line.mark, bool(line.source))
            for line in lines
        }) != 1:
            return lines
        subjects = {line.subject for line in lines}
        total = sum(line.total for line in lines)
        return [receipt.Line(
            name=receipt.cut_name(text), price=total, quantity=Decimal(1), total=total,
            vat=lines[0].vat, method=lines[0].method, agent=lines[0].agent,
            supplier=lines[0].supplier, mark=lines[0].mark,
            subject=subjects.pop() if len(subjects) == 1 else self._fiscal_usual_subject(),
            # A line of several documents is closed by each of them.
            source=' '.join(dict.fromkeys(line.source for line in lines)),
        )]

    # === BUSINESS METHODS - WHAT IS OWED === #

    def _fiscal_documents(self):
        """ Return the documents that are paid; a part of a captured payment has its source's.

        Odoo invoices an order by itself when its money has come: what was paid stays the order.

        :rtype: account.move|sale.order
        """
        basis = [source.split(',') for source in self._fiscal_basis()]
        if basis:
            documents = self.env[basis[0][0]].browse(int(record_id) for _m, record_id in basis)
            present = self._tochka_documents()
            is_present = documents._name == present._name and documents <= present
            return documents if is_present else documents.exists()
        source = self.source_transaction_id
        return self._tochka_documents() or (source or self)._tochka_documents()

    def _fiscal_owed(self, documents):
        """ Return what each document still owes, as if this payment had not come.

        Drafts, cancelled invoices and credit notes owe nothing.

        :param documents: Invoices or sale orders.
        :return: Kopecks, as many as documents.
        :rtype: list[int]
        """
        known = self._fiscal_receipt().shares
        if known:
            return [known.get(f'{document._name},{document.id}', 0) for document in documents]
        earlier = self._fiscal_earlier_payments(documents)
        if documents._name == 'sale.order':
            return [self._fiscal_order_owes(order, earlier) for order in documents]
        owed = [
            self._fiscal_invoice_owes(invoice)
            if invoice.state == 'posted' and invoice.move_type in ('out_invoice', 'out_receipt')
            else 0
            for invoice in documents
        ]
        for payment in earlier.filtered(lambda tx: not tx.payment_id):
            # The books do not know this money yet, and its receipt has these lines already.
            parts = [amount if invoice in payment.invoice_ids else 0
                     for invoice, amount in zip(documents, owed, strict=True)]
            taken = min(self._fiscal_kopecks(payment.amount), sum(parts))
            if taken:
                shares = receipt.allot(taken, parts)
                owed = [amount - share for amount, share in zip(owed, shares, strict=True)]
        return owed

    def _fiscal_pays_whole(self, document, value, due):
        """ Return whether this payment alone pays all that a document costs: only then is money
        that comes before the goods a prepayment of 100 %, and the last of several parts is none.

        :param account.move|sale.order document: The document.
        :param int value: Kopecks that this payment is worth for it.
        :param int due: Kopecks that it owes.
        :rtype: bool
        """
        if self._fiscal_is_by_bank():
            # It knows no parts: the nearest for whoever pays what is left.
            return value >= due
        sign = self._fiscal_sign(document)
        notes = self._fiscal_credit_notes(document)
        return value >= sign * self._fiscal_kopecks(document.amount_total) - sum(
            self._fiscal_kopecks(note.amount_total) for note in notes
        ) - sum(
            sign * self._fiscal_kopecks(line.price_total)
            for line in self._fiscal_document_lines(document)
            # Invoices of deposits are parts anyway.
            if line.price_total < 0 and (
                self._fiscal_is_prepaid_line(line) or self._fiscal_is_card_line(line)))

    def _fiscal_invoice_owes(self, invoice):
        """ Return what an invoice owes; once this payment is booked, with what it and those that
        came later have paid of it.

        :param account.move invoice: The invoice.
        :return: Kopecks.
        :rtype: int
        """
        later = invoice.transaction_ids - self._fiscal_earlier_payments(invoice)
        partials = (self | later).payment_id.move_id.line_ids.matched_debit_ids.filtered(
            lambda partial: partial.debit_move_id.move_id == invoice)
        return self._fiscal_kopecks(
            invoice.amount_residual + sum(partials.mapped('debit_amount_currency')))

    def _fiscal_early_discount(self, documents, paid):
        """ Return what needs not be paid because this payment comes early, as `account_payment`
        writes it off; once it is booked, what was written off.

        :param documents: Invoices or sale orders.
        :param int paid: Kopecks.
        :return: Kopecks, not negative.
        :rtype: int
        """
        if documents._name != 'account.move':
            return 0
        if self.payment_id:
            settled = self.payment_id.move_id.line_ids.matched_debit_ids.filtered(
                lambda partial: partial.debit_move_id.move_id in documents)
            return max(
                self._fiscal_kopecks(sum(settled.mapped('debit_amount_currency'))) - paid, 0)
        # The day on which the payer has paid decides, as in the books.
        for invoice in documents.filtered(lambda move: move.state == 'posted').with_context(
            tochka_payers_day=PayersDay(self._fiscal_settled_on())
        ):
            due = invoice._get_invoice_next_payment_values()
            if due.get('installment_state') == 'epd' and not self.currency_id.compare_amounts(
                self.amount, due['amount_due']
            ):
                return self._fiscal_kopecks(due['epd_discount_amount_currency'])
        return 0

    def _fiscal_order_owes(self, order, earlier):
        """ Return what a sale order still owes: the less of what its online payments and what its
        invoices leave.

        :param sale.order order: The order.
        :param payment.transaction earlier: The payments of the order before this one.
        :return: Kopecks, not negative.
        :rtype: int
        """
        total = self._fiscal_kopecks(order.amount_total)
        online = sum(self._fiscal_kopecks(self._fiscal_kept(payment))
                     for payment in earlier if order in payment.sale_order_ids)
        invoiced = still_open = 0
        for invoice in order.invoice_ids.filtered(lambda move: move.state == 'posted'):
            amount = self._fiscal_kopecks(self._tochka_part_of_order(invoice, order))
            if invoice.move_type == 'out_invoice':
                invoiced += amount
                still_open += min(self._fiscal_invoice_owes(invoice), amount)
            else:
                invoiced -= amount
        return max(min(total - online, max(total - invoiced, 0) + still_open), 0)

    def _fiscal_earlier_payments(self, documents):
        """ Return the payments of documents whose money came before this one's.

        :rtype: payment.transaction
        """
        return (documents.transaction_ids - self - self.source_transaction_id).filtered(
            lambda tx: tx.operation not in ('refund', 'validation') and self._fiscal_follows(tx)
        ).sorted(lambda tx: tx._fiscal_turn())

    def _fiscal_turn(self):
        return self.last_state_change or fields.Datetime.now(), self.id

    def _fiscal_follows(self, other):
        """ Return whether this money came after other money had come or gone. :rtype: bool """
        return other.state == 'done' and (
            self.state != 'done' or other._fiscal_turn() < self._fiscal_turn())

    def _fiscal_kept(self, payment):
        """ Return what of an earlier payment had not gone back when this money came.

        :param payment.transaction payment: The earlier one.
        :return: As an ORM monetary value.
        :rtype: float
        """
        return payment.amount + sum(payment.child_transaction_ids.filtered(
            lambda tx: tx.operation == 'refund' and self._fiscal_follows(tx)).mapped('amount'))

    # === BUSINESS METHODS - HELPERS === #

    def _fiscal_kopecks(self, amount):
        """ Return an ORM amount in roubles as whole kopecks. :rtype: int """
        roubles = Decimal(str(self.currency_id.round(amount)))
        return int((roubles * 100).quantize(Decimal(1), ROUND_HALF_UP))

    def _fiscal_settled_on(self):
        """ Return the day of the settlement in Moscow. :rtype: date """
        return bank_day(self._fiscal_paid_at())
