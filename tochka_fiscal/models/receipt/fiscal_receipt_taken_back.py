# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, fields, models

from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.models.receipt.fiscal_receipt_line import to_kopecks


class FiscalReceipt(models.Model):
    """ A delivery that is taken back after a receipt has told of it.

    closing receipt, not sent ──the books justify it no more──► void
    closing receipt, printed ──its document is taken back, or another delivery needs the money──►
    a return of it, paid by the same tag: the prepayment is open again, and the next is closed
    """

    _inherit = 'fiscal.receipt'

    # === BUSINESS METHODS === #

    def _revoke_closings(self, deliveries):
        """ Take back closing receipts that were not sent yet, of money that has moved elsewhere.

        :param dict deliveries: (document, kopecks) by source, by the books of now.
        """
        for closing in self.closing_ids.sorted('id', reverse=True):
            if (
                closing.state in const.REVOCABLE_STATES and not closing.attempt_ids
                and self._surplus(closing.closed_document, deliveries) > 0
            ):
                closing.write({'state': 'void', 'next_try_at': False, 'problem': False})
                closing._message_log(body=_(
                    "The money is no longer matched with this document: nothing is printed."))

    def _surplus(self, source, deliveries):
        """ Return how much more was closed by a document than the books justify.

        :param str source: The document, as lines have it.
        :param dict deliveries: (document, kopecks) by source, by the books of now.
        :return: Kopecks.
        :rtype: int
        """
        justified = sum(
            deliveries[one][1] for one in {source, *(
                f'account.move,{invoice_id}'
                for order in self._orders_of([source]) for invoice_id in order.invoice_ids.ids)}
            if one in deliveries)
        return self._closed(source) - justified

    def _reverse_closings(self, deliveries):
        """ Return printed closing receipts of what was not delivered after all.

        A document that is cancelled or reversed delivers nothing. Where a person has only taken the
        money off a delivery (to match it anew, maybe), nothing is printed before another delivery
        needs that money.

        :param dict deliveries: (document, kopecks) by source, by the books of now.
        """
        needed = sum(max(part, 0) for part in self._closable(deliveries).values())
        left = self._prepaid_left()
        for closing in self._closings().filtered(lambda one: one.state == 'done').sorted('id'):
            source = closing.closed_document
            if self._surplus(source, deliveries) <= 0 or closing.correction_ids:
                continue  # Or a person has given the return up.
            if needed <= left and not self.transaction_id._fiscal_is_taken_back(source):
                continue
            if any(line._returned() for line in closing.line_ids):
                # Money of it went back: what is left of it can't be told by repeating it.
                closing._ask('closing_taken_back', total=f'{closing.total:.2f}')
                continue
            closing._reverse_closing()
            left = self._prepaid_left()

    def _ask_about_settled(self, deliveries):
        """ Ask a person when this receipt itself has settled a document, and the books say that the
        money has paid another delivery: that one has no receipt.

        :param dict deliveries: (document, kopecks) by source, by the books of now.
        """
        if not self.transaction_id.payment_id:
            self.closing_changed = bool(self.shares)
            return
        due = self._closable(deliveries)
        needed = sum(max(part, 0) for part in due.values())
        is_unmatched = self._is_unmatched(deliveries)
        # Until it is known what its money pays instead, it is looked at.
        self.closing_changed = is_unmatched or any(
            self._surplus(source, deliveries) > 0
            for source in set(self._closings().mapped('closed_document')))
        if is_unmatched and needed > self._prepaid_left():
            self._ask('receipt_settled_elsewhere', documents=sorted(
                document.display_name for source, (document, _amount) in deliveries.items()
                if due[source] > 0))
        else:
            self.env['tochka.problem']._close(self, ['receipt_settled_elsewhere'])

    def _is_unmatched(self, deliveries):
        """ Return whether this receipt has settled more of an invoice than the books say, and the
        money did not go back.

        :param dict deliveries: (document, kopecks) by source, by the books of now.
        :rtype: bool
        """
        return any(
            sum(to_kopecks(line.total) - line._returned() for line in self._settled_lines()
                if source in line.source.split()) > deliveries.get(source, (None, 0))[1]
            for source in self._settled_sources() if source.startswith('account.move,'))

    def _reverse_closing(self):
        """ Create the return of this closing receipt: it says the same, and its prepayment is open
        again.

        :rtype: fiscal.receipt
        """
        self.ensure_one()
        self.is_replaced = True
        reversal = self.create({
            **{name: self[name].id for name in (
                'partner_id', 'company_id', 'currency_id', 'register_id', 'transaction_id')},
            **{name: self[name] for name in (
                'taxation_system', 'contact', 'address', 'total', 'payments')},
            'invoice_ids': self.invoice_ids.ids,
            'name': _("%s, reversal", self.name), 'role': 'reversal',
            'kind': 'income_return', 'wrong_id': self.id,
            'paid_at': fields.Datetime.now(), 'next_try_at': fields.Datetime.now(),
        })
        reversal._write_lines(
            [(line._line(), self.env['fiscal.receipt.line']) for line in self.line_ids])
        self._message_log(body=_(
            "What this receipt says was not delivered after all: a return of it is printed."))
        if reversal.register_id.kind == 'bank':
            reversal._fail(_(
                "The bank's register prints nothing but receipts of online payments. Print this"
                " return by hand in its cabinet, and enter its numbers here: \"What became of"
                " it?\""))
        self._trigger()
        return reversal
