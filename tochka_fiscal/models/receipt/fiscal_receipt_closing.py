# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime, timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const as acquiring_const
from odoo.addons.tochka_fiscal import const, tuning
from odoo.addons.tochka_fiscal.models.receipt.fiscal_receipt_line import to_kopecks
from odoo.addons.tochka_fiscal.receipt import ReceiptError, cut_name

_logger = get_payment_logger(__name__, acquiring_const.SENSITIVE_KEYS)


class FiscalReceipt(models.Model):
    """ The closing receipt: what was paid before is handed over (method 4, paid by tag 1215).

    One for each prepayment and document of delivery, and one more only when the document has taken
    more of the money meanwhile; all of them together never offset more than was prepaid.
    """

    _inherit = 'fiscal.receipt'

    prepayment_id = fields.Many2one(
        string="Closes the prepayment", comodel_name='fiscal.receipt', readonly=True,
        ondelete='restrict', index='btree_not_null')
    closing_ids = fields.One2many(
        string="Closing receipts", comodel_name='fiscal.receipt', inverse_name='prepayment_id',
        readonly=True)
    # The document of delivery, `account.move,7`.
    closed_document = fields.Char(readonly=True)
    closing_looked_at = fields.Datetime(readonly=True)
    prepaid_left = fields.Monetary(
        string="Prepayment not closed yet", compute='_compute_prepaid_left', store=True)

    # What is not closed yet, as the job looks at it.
    _prepaid_idx = models.Index('(closing_looked_at NULLS FIRST, id) WHERE prepaid_left > 0')

    # === COMPUTE METHODS === #

    @api.depends('kind', 'prepayment_id', 'closing_ids.total', 'closing_ids.state',
                 'closing_ids.is_replaced', 'line_ids.total', 'line_ids.fiscal_method',
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

    # === BUSINESS METHODS - JOB === #

    @api.model
    def _cron_fiscal_closing(self):
        """ Make the closing receipts that are due, where the provider wants it by itself. """
        prepayments = self._find_closable()
        cron = self.env['ir.cron']
        since = fields.Datetime.now() - timedelta(minutes=tuning.CLOSING_MINUTES)
        # Those that were not looked at lately come first, and are work that must not be left.
        is_due = [not one.closing_looked_at or one.closing_looked_at < since
                  for one in prepayments]
        count = 0
        for prepayment in prepayments:
            if cron._tochka_guard(lambda one: one._look_at(), prepayment) is None:
                # One that breaks comes last the next time, like all others.
                cron._tochka_guard(lambda one: one.write({
                    'closing_looked_at': fields.Datetime.now()}), prepayment)
            count += 1
            if not cron._tochka_time_left(1):
                break
        if any(is_due[count:]) or len(prepayments) == const.BATCH and is_due[-1]:
            cron._tochka_go_on('tochka_fiscal.cron_closing')

    def _look_at(self):
        """ Close what is due of one prepayment, and remember when.

        :return: The new closing receipts.
        :rtype: fiscal.receipt
        """
        self.closing_looked_at = fields.Datetime.now()
        return self._close()

    @api.model
    def _find_closable(self):
        """ Return the prepayments that the job looks at next, the longest unseen first: those that
        are not closed yet, and those whose closing receipts may still have to be taken back.

        These are two searches, because one with an OR reads all receipts that ever were.

        :rtype: fiscal.receipt
        """
        found = self.browse()
        for reason in (
            ('prepaid_left', '>', 0), ('closing_ids.state', 'in', const.REVOCABLE_STATES),
        ):
            found |= self.search([
                ('prepayment_id', '=', False), ('state', 'in', const.CLOSABLE_STATES),
                ('transaction_id.provider_id.fiscal_closing', '=', 'auto'), reason,
            ], order='closing_looked_at NULLS FIRST, id', limit=const.BATCH)
        return found.sorted(
            lambda one: (one.closing_looked_at or datetime.min, one.id))[:const.BATCH]

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
        deliveries = self.transaction_id._fiscal_deliveries()
        self._revoke_closings(deliveries)
        own = self.transaction_id._fiscal_own_documents()
        closings = self.browse()
        for document, amount in deliveries.items():
            source = f'{document._name},{document.id}'
            part = min(
                amount - self._closed(source),
                # What is an advance whatever happens is not delivered by its own document.
                self._prepaid_left(own if source in own else None),
            )
            if part > 0:
                part = min(part, self._most(document, source))
            if part > 0:
                closings |= self._create_closing(document, part)
        return closings

    def _most(self, document, source):
        """ Return how much a document still hands over that this money can close.

        :param account.move|sale.order document: What was delivered.
        :param str source: The document, as lines have it.
        :return: Kopecks; without a limit where the document has to be put right first.
        :rtype: int
        """
        try:
            items = self.transaction_id._fiscal_closing_items(document)
        except ReceiptError:
            return const.NO_LIMIT  # The receipt says what is wrong.
        # Lines of this receipt that were settled at once have taken their part already.
        settled = sum(
            to_kopecks(line.total) for line in self.line_ids
            if line.source == source and line.fiscal_method not in const.PREPAID_METHODS
            and line.name in {cut_name(item.name) for item in items})
        return max(sum(item.total for item in items) - settled - self._closed(source), 0)

    def _revoke_closings(self, deliveries):
        """ Take back closing receipts that were not sent yet, of money that has moved elsewhere.

        :param dict deliveries: Kopecks by document, by the books of now.
        """
        justified = {f'{document._name},{document.id}': amount
                     for document, amount in deliveries.items()}
        for closing in self.closing_ids.sorted('id', reverse=True):
            if (
                closing.state in const.REVOCABLE_STATES and not closing.attempt_ids
                and self._closed(closing.closed_document)
                > justified.get(closing.closed_document, 0)
            ):
                closing.write({'state': 'void', 'next_try_at': False, 'problem': False})
                closing._message_log(body=_(
                    "The money is no longer matched with this document: nothing is printed."))

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
        earlier = self.closing_ids.filtered(lambda closing: closing.closed_document == source)
        closing = self.create({
            **{name: self[name].id for name in (
                'transaction_id', 'partner_id', 'company_id', 'currency_id')},
            'name': f'{self.name} · {document.display_name}',
            # Unique: two jobs that see the same can't both make it.
            'settlement': f'{self.settlement}/{source}' + (
                f'#{len(earlier) + 1}' if earlier else ''),
            'prepayment_id': self.id,
            'closed_document': source,
            'invoice_ids': document.ids if document._name == 'account.move' else [],
            'register_id': register.id,
            'taxation_system': provider.fiscal_taxation_system or self.taxation_system,
            'contact': self.contact,
            'address': register.address,
            'paid_at': fields.Datetime.now(),
            'total': amount / 100,
            'payments': {'prepaid': amount},
            'next_try_at': fields.Datetime.now(),
        })
        closing._build_lines()
        self._trigger()
        return closing

    def _closed(self, source):
        """ Return how much of this prepayment was closed by a document. Kopecks. :rtype: int """
        return sum(to_kopecks(closing.total) for closing in self._closings()
                   if closing.closed_document == source)

    def _closings(self):
        """ Return the closing receipts that hold, or will. :rtype: fiscal.receipt """
        self.ensure_one()
        return self.closing_ids.filtered(
            lambda closing: closing.state != 'void' and not closing.is_replaced)

    def _prepaid_lines(self):
        """ Return the lines that are to be closed one day. :rtype: fiscal.receipt.line """
        self.ensure_one()
        if self.kind != 'income' or self.prepayment_id:
            return self.line_ids.browse()
        return self.line_ids.filtered(lambda line: line.fiscal_method in const.PREPAID_METHODS)

    def _prepaid_left(self, own=None):
        """ Return what is left of the prepayment: less what was closed, and what came back before
        it was.

        :param set|None own: Only what documents of the payment can close: lines that name one.
        :return: Kopecks, not negative.
        :rtype: int
        """
        def left(lines, closings):
            return sum(to_kopecks(line.total) - line._returned() for line in lines) - sum(
                to_kopecks(closing.total) for closing in closings)

        lines = self._prepaid_lines()
        closings = self._closings()
        rest = left(lines, closings)
        if own is not None:
            rest = min(rest, left(
                lines.filtered('source'),
                closings.filtered(lambda closing: closing.closed_document in own)))
        return max(rest, 0)
