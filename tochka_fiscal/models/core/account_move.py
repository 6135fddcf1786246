# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models


class AccountMove(models.Model):
    _inherit = 'account.move'

    fiscal_receipt_ids = fields.Many2many(
        string="Fiscal receipts", comodel_name='fiscal.receipt',
        relation='fiscal_receipt_invoice_rel', column1='account_move_id',
        column2='fiscal_receipt_id', readonly=True, copy=False)
    fiscal_receipt_count = fields.Integer(compute='_compute_fiscal_receipt_count')

    # === COMPUTE METHODS === #

    def _compute_fiscal_receipt_count(self):
        for move in self:
            move.fiscal_receipt_count = len(move.sudo().fiscal_receipt_ids)

    # === CRUD METHODS === #

    def _post(self, soft=True):
        """ Override to take the codes of marked goods, and to sell no piece twice. """
        for move in self.filtered(lambda one: one.move_type == 'out_invoice'):
            move.invoice_line_ids._fiscal_fill_marks()
            move.invoice_line_ids._fiscal_check_sold_once()
        posted = super()._post(soft)
        posted._fiscal_ask_about_marks()
        invoices = posted.filtered(lambda one: one.is_sale_document(include_receipts=True))
        if invoices:
            self.env['fiscal.receipt']._note_change(
                invoices | invoices.sudo()._tochka_credited_invoices())
            # What was paid before may be delivered now.
            self.env['ir.cron']._tochka_wake('tochka_fiscal.cron_closing')
        return posted

    def _fiscal_ask_about_marks(self):
        """ Say at posting, and not when somebody has paid, what Odoo can't print. """
        for move in self.filtered(lambda one: one.move_type == 'out_invoice'):
            marked = move.invoice_line_ids.filtered('fiscal_is_marked')
            lines = marked._fiscal_unprintable_marks()
            if lines and self.env['payment.provider'].sudo().search_count([
                ('company_id', 'parent_of', move.company_id.id), ('fiscalization', '!=', 'no'),
            ], limit=1):
                self.env['tochka.problem']._open(
                    move, 'marked_by_hand',
                    lines=[line.name or line.product_id.display_name for line in lines])
            elif marked:
                self.env['tochka.problem']._close(move, ['marked_by_hand'])

    def write(self, vals):
        """ Override to look at what an invoice has closed when it is taken back. """
        res = super().write(vals)
        if vals.get('state') in ('draft', 'cancel'):
            self.env['fiscal.receipt']._note_change(self)
        return res

    @api.ondelete(at_uninstall=False)
    def _fiscal_note_deleted(self):
        self.env['fiscal.receipt']._note_change(self)

    # === ACTION METHODS === #

    def action_fiscal_receipts(self):
        """ Open the receipts of the invoice.

        :return: The action that opens them.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('read')
        return self.fiscal_receipt_ids._open()

    # === BUSINESS METHODS === #

    def _fiscal_portal_receipts(self):
        """ Return the receipts for the invoice's page in the portal, whoever may open that.

        :rtype: fiscal.receipt
        """
        self.ensure_one()
        return self.sudo().fiscal_receipt_ids.filtered(
            lambda receipt: receipt._is_shown())
