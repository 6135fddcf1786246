# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import psycopg2

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const as acquiring_const
from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.models.fiscal_receipt_line import to_kopecks

_logger = get_payment_logger(__name__, acquiring_const.SENSITIVE_KEYS)


class FiscalReceipt(models.Model):
    """ The closing receipt: what was paid before is handed over (method 4, paid by tag 1215).

    One for each prepayment and document of delivery; all of them together never offset more than
    was prepaid.
    """

    _inherit = 'fiscal.receipt'

    prepayment_id = fields.Many2one(
        string="Closes the prepayment", comodel_name='fiscal.receipt', readonly=True,
        ondelete='restrict', index='btree_not_null')
    closing_ids = fields.One2many(
        string="Closing receipts", comodel_name='fiscal.receipt', inverse_name='prepayment_id',
        readonly=True)
    # The document of the prepaid lines that are closed, as `source` of the lines has it.
    closed_source = fields.Char(readonly=True)
    prepaid_left = fields.Monetary(
        string="Prepayment not closed yet", compute='_compute_prepaid_left', store=True)

    # === COMPUTE METHODS === #

    @api.depends('kind', 'prepayment_id', 'closing_ids.total', 'line_ids.total',
                 'line_ids.fiscal_method', 'line_ids.return_line_ids.total',
                 'line_ids.return_line_ids.receipt_id.state')
    def _compute_prepaid_left(self):
        for receipt in self:
            receipt.prepaid_left = sum(receipt._fiscal_prepaid_by_source().values()) / 100

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
            closings |= prepayment._fiscal_close()
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
        prepayments = self.search([
            ('prepaid_left', '>', 0), ('state', 'in', const.CLOSABLE_STATES),
            ('transaction_id.provider_id.fiscal_closing', '=', 'auto'),
        ], order='id')
        for index, prepayment in enumerate(prepayments):
            try:
                prepayment._fiscal_close()
                time_left = self.env['ir.cron']._commit_progress(
                    1, remaining=len(prepayments) - index - 1)
            except psycopg2.OperationalError:
                self.env.cr.rollback()
                continue
            except Exception:
                _logger.exception("The prepayment %s can't be closed", prepayment.id)
                self.env.cr.rollback()
                continue
            if not time_left:
                break

    # === BUSINESS METHODS === #

    def _fiscal_close(self):
        """ Create the closing receipts of one prepayment for all that was delivered meanwhile.

        :return: The new ones.
        :rtype: fiscal.receipt
        """
        self.ensure_one()
        # Two at once would both see the same rest.
        if not self._fiscal_lock() or self.state not in const.CLOSABLE_STATES:
            return self.browse()
        closings = self.browse()
        for document, source, amount in self.transaction_id._fiscal_closable(self):
            closings |= self._fiscal_create_closing(document, source, amount)
        return closings

    def _fiscal_create_closing(self, document, source, amount):
        """ Create the closing receipt for one document of delivery.

        :param account.move|sale.order document: What was delivered.
        :param str source: The document of the prepaid lines.
        :param int amount: Kopecks of the prepayment, at most what is left.
        :rtype: fiscal.receipt
        """
        provider = self.transaction_id.provider_id
        register = provider.fiscal_register_id if (
            provider.fiscalization == 'other' and provider.fiscal_register_id) else self.register_id
        closing = self.create({
            **{name: self[name].id for name in (
                'transaction_id', 'partner_id', 'company_id', 'currency_id')},
            'name': f'{self.name} · {document.display_name}',
            'settlement': self._fiscal_closing_settlement(document),
            'prepayment_id': self.id,
            'closed_source': source,
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
        closing._fiscal_build_lines()
        self._fiscal_trigger()
        return closing

    def _fiscal_closing_settlement(self, document):
        return f'{self.settlement}/{document._name},{document.id}'

    def _fiscal_is_closed(self, document):
        """ Return whether this prepayment has a closing receipt for a document. :rtype: bool """
        return self._fiscal_closing_settlement(document) in self.closing_ids.mapped('settlement')

    def _fiscal_prepaid_lines(self):
        """ Return the lines that are to be closed one day. :rtype: fiscal.receipt.line """
        self.ensure_one()
        if self.kind != 'income' or self.prepayment_id:
            return self.line_ids.browse()
        return self.line_ids.filtered(lambda line: line.fiscal_method in const.PREPAID_METHODS)

    def _fiscal_prepaid_by_source(self):
        """ Return what is left of the prepayment, by the document of its lines: less what was
        closed, and what came back before it was.

        :return: Kopecks by source.
        :rtype: dict
        """
        left = {}
        for line in self._fiscal_prepaid_lines():
            source = line.source or ''
            left[source] = (
                left.get(source, 0) + to_kopecks(line.total) - line._fiscal_returned())
        for closing in self.closing_ids:
            source = closing.closed_source or ''
            left[source] = left.get(source, 0) - to_kopecks(closing.total)
        return left
