# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.tochka_acquiring import const as acquiring_const
from odoo.addons.tochka_acquiring.utils import bank_day
from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.models.receipt.fiscal_receipt_line import to_kopecks
from odoo.addons.tochka_fiscal.receipt import ReceiptError, cut_name

_NO_LIMIT = 10 ** 12  # kopecks


class FiscalReceipt(models.Model):
    """ The closing receipt: what was paid before is handed over (method 4, paid by tag 1215).

    One for each prepayment and document of delivery, and one more only when more was delivered or
    the document has taken more of the money meanwhile; all of them together never offset more than
    was prepaid. Which prepayments are looked at is said by `fiscal_receipt_closing_due`; what
    becomes of a delivery that is taken back, by `fiscal_receipt_taken_back`.
    """

    _inherit = 'fiscal.receipt'

    prepayment_id = fields.Many2one(
        string="Closes the prepayment", comodel_name='fiscal.receipt', readonly=True,
        ondelete='restrict', index='btree_not_null')
    closing_ids = fields.One2many(
        string="Closing receipts", comodel_name='fiscal.receipt', inverse_name='prepayment_id',
        readonly=True)
    # The document of delivery, `account.move,7`.
    closed_document = fields.Char(readonly=True, index='btree_not_null')
    closing_number = fields.Integer(readonly=True)  # of those of one prepayment and document
    prepaid_left = fields.Monetary(
        string="Prepayment not closed yet", compute='_compute_prepaid_left', store=True,
        precompute=True)

    # === COMPUTE METHODS === #

    @api.depends('role', 'prepayment_id', 'is_replaced', 'closing_ids.total', 'closing_ids.state',
                 'closing_ids.is_replaced', 'closing_ids.card_total', 'offset_ids.total',
                 'offset_ids.receipt_id.state', 'offset_ids.receipt_id.is_replaced',
                 'line_ids.total', 'line_ids.fiscal_method',
                 'line_ids.return_line_ids.total', 'line_ids.return_line_ids.receipt_id.state')
    def _compute_prepaid_left(self):
        for receipt in self:
            receipt.prepaid_left = receipt._prepaid_left() / 100

    # === ACTION METHODS === #

    def action_close(self):
        """ Print the closing receipts of what was delivered of prepayments.

        :return: The action that opens them.
        :rtype: dict
        :raise UserError: If nothing was.
        """
        self.check_access('write')
        closings = self.browse()
        for prepayment in self.sudo():
            closings |= prepayment._close()
        if not closings:
            raise UserError(_(
                "Nothing of this prepayment can be closed now: what was paid is not delivered yet,"
                " or the payment is not matched with an invoice. Closing receipts are made when the"
                " goods are handed over or the service is done."))
        return {
            'type': 'ir.actions.act_window',
            'name': _("Closing receipts"),
            'res_model': 'fiscal.receipt',
            'view_mode': 'list,form',
            'domain': [('id', 'in', closings.ids)],
        }

    # === BUSINESS METHODS === #

    def _close(self):
        """ Create the closing receipts of one prepayment for all that was delivered meanwhile, and
        take back those that were not sent and that the books no longer justify.

        :return: The new ones.
        :rtype: fiscal.receipt
        """
        self.ensure_one()
        # Two at once would both see the same rest.
        if not self._lock() or self.state not in const.CLOSABLE_STATES:
            return self.browse()
        deliveries = {f'{document._name},{document.id}': (document, amount) for document, amount in
                      self.transaction_id._fiscal_deliveries().items()}
        self._revoke_closings(deliveries)
        self._reverse_closings(deliveries)
        self._ask_about_settled(deliveries)
        own = self.transaction_id._fiscal_own_documents()
        # What is on its way back is not handed over, as far as anybody knows.
        going_back = to_kopecks(sum(self.transaction_id.tochka_refund_ids.filtered(
            lambda refund: refund.state in acquiring_const.REFUND_IN_WORK).mapped('amount')))
        closings = self.browse()
        for source, part in self._closable(deliveries).items():
            # What is an advance whatever happens is not delivered by its own document; what was
            # more than its documents owed, only by one that the books have matched it with.
            part = min(part, self._prepaid_left(
                own if source in own else None, source.startswith('account.move,')) - going_back)
            if part > 0:
                part = min(part, self._most(deliveries[source][0], source))
            if part > 0:
                closings |= self._create_closing(deliveries[source][0], part)
        return closings

    def _closable(self, deliveries):
        """ Return what documents have taken of this money and no receipt has settled yet.

        :param dict deliveries: (document, kopecks) by source, by the books of now.
        :return: Kopecks by source; less than nothing where more was settled.
        :rtype: dict
        """
        due = {source: amount - self._settled(source)
               for source, (_document, amount) in deliveries.items()}
        # What an order has settled is part of the invoices that it got later.
        sources = {*self._closings().mapped('closed_document'), *self._settled_sources()}
        for order in self._orders_of(sources - set(deliveries)):
            settled = self._settled(f'{order._name},{order.id}')
            for invoice in order.invoice_ids.sorted(lambda move: (move.invoice_date, move.id)):
                source = f'{invoice._name},{invoice.id}'
                taken = min(settled, max(due.get(source, 0), 0))
                settled -= taken
                if taken:
                    due[source] -= taken
        return due

    def _orders_of(self, sources):
        """ Return the sale orders among documents, as lines have them. :rtype: list[sale.order] """
        return [
            order for source in sorted(sources) if source.startswith('sale.order,')
            for order in self.env['sale.order'].browse(int(source.split(',')[1])).exists()]

    def _settled_lines(self):
        """ Return the lines of this receipt that have settled something at once.

        :rtype: fiscal.receipt.line
        """
        return self.line_ids.filtered(
            lambda line: line.source and line.fiscal_method not in const.PREPAID_METHODS)

    def _settled_sources(self):
        """ Return the documents that this receipt itself has settled. :rtype: set[str] """
        return {source for line in self._settled_lines() for source in line.source.split()}

    def _settled(self, source):
        """ Return how much of a document is settled by this receipt or by its closing receipts.

        :rtype: int
        """
        return self._closed(source) + sum(
            to_kopecks(line.total) for line in self._settled_lines()
            if source in line.source.split())

    def _told(self, document):
        """ Return the lines of closing receipts, of whatever prepayment, that tell of what this
        document hands over; those of its order, if all of the order is in this one.

        :param account.move|sale.order document: What was delivered.
        :rtype: fiscal.receipt.line
        """
        sources = [f'{document._name},{document.id}']
        if document._name == 'account.move' and 'sale_line_ids' in document.line_ids._fields:
            sources += [
                f'sale.order,{order.id}' for order in document.line_ids.sale_line_ids.order_id
                if self.transaction_id._fiscal_final_invoices(order) == document]
        return self.search([
            ('closed_document', 'in', sources), ('state', '!=', 'void'),
            ('is_replaced', '=', False), ('id', 'not in', self.ids),  # The one that is being built.
        ]).line_ids

    def _closed_record(self):
        """ Return the document of delivery that this receipt closes.

        :rtype: account.move|sale.order
        """
        model, record_id = self.closed_document.split(',')
        return self.env[model].browse(int(record_id)).exists()

    def _closing_lines(self):
        """ Return the lines of what is handed over, as `_make_lines`. """
        document = self._closed_record()
        nothing = self.env['fiscal.receipt.line']
        return [(line, nothing) for line in self.transaction_id._fiscal_closing_lines(
            document, to_kopecks(self.total), self._told(document), self._fiscal_settled_on())]

    def _most(self, document, source):
        """ Return how much a document still hands over that this money can close.

        :param account.move|sale.order document: What was delivered.
        :param str source: The document, as lines have it.
        :return: Kopecks; without a limit where the document has to be put right first.
        :rtype: int
        """
        try:
            items = self.transaction_id._fiscal_closing_items(document, self._told(document))
        except ReceiptError:
            return _NO_LIMIT  # The receipt says what is wrong.
        # Lines of this receipt that were settled at once have taken their part already.
        settled = sum(
            to_kopecks(line.total) for line in self._settled_lines()
            if source in line.source.split()
            and line.name in {cut_name(item.name) for item in items})
        return max(sum(item.total for item in items) - settled, 0)

    def _create_closing(self, document, amount):
        """ Create the closing receipt for one document of delivery.

        :param account.move|sale.order document: What was delivered.
        :param int amount: Kopecks of the prepayment, at most what is left.
        :rtype: fiscal.receipt
        """
        provider = self.transaction_id.provider_id
        register = provider.fiscal_register_id if (
            provider.fiscalization == 'other' and provider.fiscal_register_id) else self.register_id
        source = f'{document._name},{document.id}'
        cards = self._cards_of(document, amount)
        earlier = self.closing_ids.filtered(lambda closing: closing.closed_document == source)
        closing = self.create({
            **{name: self[name].id for name in (
                'transaction_id', 'partner_id', 'company_id', 'currency_id')},
            'name': f'{self.name} · {document.display_name}',
            'role': 'closing',
            'prepayment_id': self.id,
            'closed_document': source,
            # Unique: two jobs that see the same can't both make it.
            'closing_number': len(earlier) + 1,
            'invoice_ids': document.ids if document._name == 'account.move' else [],
            'register_id': register.id,
            'taxation_system': provider._fiscal_taxation_on(self.transaction_id._fiscal_closing_day(
                document, bank_day(fields.Datetime.now()))) or self.taxation_system,
            'contact': self.contact,
            'address': register.address,
            'paid_at': fields.Datetime.now(),
            'total': (amount + cards) / 100,
            'card_total': cards / 100,
            'payments': {'prepaid': amount + cards},
            'next_try_at': fields.Datetime.now(),
        })
        closing._use_advances(cards, document)
        closing._build_lines()
        self._trigger()
        return closing

    def _closed(self, source):
        """ Return how much of this prepayment was closed by a document. Kopecks. :rtype: int """
        return sum(closing._money() for closing in self._closings()
                   if closing.closed_document == source)

    def _closings(self):
        """ Return the closing receipts that hold, or will. :rtype: fiscal.receipt """
        self.ensure_one()
        return self.closing_ids.filtered(
            lambda closing: closing.state != 'void' and not closing.is_replaced)

    def _prepaid_lines(self):
        """ Return the lines that are to be closed one day. :rtype: fiscal.receipt.line """
        self.ensure_one()
        # The right receipt is closed, and not the one that it has replaced.
        if self._stands_for() != 'payment' or self.is_replaced:
            return self.line_ids.browse()
        return self.line_ids.filtered(lambda line: line.fiscal_method in const.PREPAID_METHODS)

    def _prepaid_left(self, own=None, is_matched=True):
        """ Return what is left of the prepayment: less what was closed, and what came back before
        it was.

        :param set|None own: Only what documents of the payment can close: lines that name one.
        :param bool is_matched: Whether the books say that the money has paid these.
        :return: Kopecks, not negative.
        :rtype: int
        """
        def left(lines, closings):
            return sum(to_kopecks(line.total) - line._returned() for line in lines) - sum(
                closing._money() for closing in closings)

        lines = self._prepaid_lines()
        closings = self._closings()
        rest = left(lines, closings) - self._used()
        if own is not None:
            rest = min(rest, left(
                lines.filtered(
                    lambda line: line.source and (is_matched or not line._is_left_over())),
                closings.filtered(lambda closing: closing.closed_document in own)))
        return max(rest, 0)
