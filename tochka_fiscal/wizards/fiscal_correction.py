# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from dataclasses import replace
from decimal import Decimal

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command

from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.models.receipt.fiscal_receipt_line import to_kopecks
from odoo.addons.tochka_fiscal.models.selections import (
    OFFERED_METHOD_SELECTION,
    SUBJECT_SELECTION,
    TAXATION_SELECTION,
    VAT_SELECTION,
)
from odoo.addons.tochka_fiscal.receipt import ReceiptError, price_lines


class FiscalCorrection(models.TransientModel):
    """ What the right receipt says in the place of a wrong one. """

    _name = 'fiscal.correction'
    _inherit = 'tochka.wizard'
    _description = "Correction of a fiscal receipt"

    receipt_id = fields.Many2one(
        string="Wrong receipt", comodel_name='fiscal.receipt', required=True, readonly=True,
        ondelete='cascade')
    ffd = fields.Selection(related='receipt_id.register_id.ffd')
    currency_id = fields.Many2one(related='receipt_id.currency_id')
    printed_total = fields.Monetary(string="Printed", related='receipt_id.total')
    taxation_system = fields.Selection(
        string="Taxation system", selection=TAXATION_SELECTION, required=True)
    order = fields.Char(
        string="Order of the tax office", size=const.MAX_ORDER,
        help="Its number, if the tax office has ordered the correction. Empty: of your own accord.")
    line_ids = fields.One2many(
        string="Lines of the right receipt", comodel_name='fiscal.correction.line',
        inverse_name='wizard_id')
    total = fields.Monetary(string="Right total", compute='_compute_total')
    money = fields.Monetary(
        string="Settled", compute='_compute_total',
        help="What was paid, or closed by this receipt.")
    is_other_sum = fields.Boolean(compute='_compute_total')

    # === COMPUTE METHODS === #

    @api.depends('line_ids.total', 'receipt_id')
    def _compute_total(self):
        for wizard in self:
            receipt = wizard.receipt_id.sudo()
            wizard.total = sum(wizard.line_ids.mapped('total'))
            # A closing receipt settles a part of the payment: what it has closed.
            wizard.money = receipt.total if receipt._stands_for() == 'closing' else (
                receipt.transaction_id.amount + receipt.card_total)
            wizard.is_other_sum = to_kopecks(wizard.total) != to_kopecks(wizard.money)

    # === ACTION METHODS === #

    def action_take_documents(self):
        """ Build the lines anew from the documents, as they and the settings are now.

        :return: The action that shows the wizard again.
        :rtype: dict
        """
        self.ensure_one()
        self.receipt_id.check_access('read')
        receipt = self.receipt_id.sudo()
        provider = receipt.transaction_id.provider_id
        if not provider:
            raise UserError(_("No payment is behind this receipt."))
        try:
            lines = [line for line, _origin in receipt._make_lines()]
        except ReceiptError as error:
            raise UserError(self.env['fiscal.receipt']._explain(error)) from error
        self.taxation_system = receipt._taxation_of_its_day() or self.taxation_system
        self._take_lines(lines)
        return self._reopen()

    def action_apply(self):
        """ Reverse the wrong receipt, and print the right one.

        :return: The action that opens both.
        :rtype: dict
        :raise UserError: If the right one is none, or says what the wrong one does.
        """
        self.ensure_one()
        self.receipt_id.check_access('write')
        wrong = self.receipt_id.sudo()
        self._check_sources(wrong)
        lines = [line._line() for line in self.line_ids]
        total = sum(line.total for line in lines)
        if self.taxation_system == wrong.taxation_system and lines == [
            line._line() for line in wrong.line_ids
        ]:
            raise UserError(_("The right receipt says what the wrong one does: change it first."))
        try:
            made = wrong._replace({
                'taxation_system': self.taxation_system,
                'total': total / 100,
                'payments': self._payments(wrong, total),
            }, lines, (self.order or '').strip())
        except ReceiptError as error:
            raise UserError(self.env['fiscal.receipt']._explain(error)) from error
        return {
            'type': 'ir.actions.act_window', 'name': _("Correction"),
            'res_model': 'fiscal.receipt', 'view_mode': 'list,form',
            'domain': [('id', 'in', made.ids)],
        }

    # === BUSINESS METHODS === #

    def _take_lines(self, lines):
        """ Begin with these lines.

        :param list[Line] lines: The lines.
        """
        values = self.env['fiscal.receipt.line']._values
        kept = self.env['fiscal.correction.line']._fields
        offered = dict(OFFERED_METHOD_SELECTION)
        # What no form lets a person enter is the server's.
        self.sudo().line_ids = [Command.clear(), *(
            Command.create({
                **{name: value for name, value in values(line).items() if name in kept},
                # A credit that was printed for money was wrong.
                'fiscal_method': line.method if line.method in offered else 'full_payment',
            }) for line in lines)]

    def _check_sources(self, wrong):
        """ Check that the lines name documents of this payment, which no form lets a person enter.

        :param fiscal.receipt wrong: The wrong receipt, as superuser.
        :raise UserError: If one names another.
        """
        def sources(lines):  # a line may name several
            return {source for line in lines for source in (line.source or '').split()}

        known = sources(wrong.line_ids) | {
            f'{document._name},{document.id}'
            for document in wrong.transaction_id._fiscal_documents()}
        if wrong.closed_document:
            known.add(wrong.closed_document)
        if not sources(self.line_ids) <= known:
            raise UserError(_("A line names a document that this payment has not paid."))

    def _payments(self, wrong, total):
        """ Return how the right receipt is paid: as the wrong one was.

        :return: Kopecks by the names of `const.PAYMENT_TYPES`.
        :rtype: dict
        :raise UserError: If the total changes and it was paid in several ways, or by a prepayment.
        """
        payments = dict(wrong.payments)
        if sum(payments.values()) == total:
            return payments
        if len(payments) > 1 or wrong._stands_for() == 'closing':
            raise UserError(_(
                "The receipt was paid in several ways, or by a prepayment: its total must stay %s"
                " roubles.", f'{wrong.total:.2f}'))
        return dict.fromkeys(payments, total)

    def _reopen(self):
        return {
            'type': 'ir.actions.act_window', 'name': _("Put the receipt right"),
            'res_model': self._name, 'res_id': self.id, 'view_mode': 'form', 'target': 'new',
        }


# What a line has of its document.
HIDDEN = {'measure', 'agent', 'supplier', 'mark', 'source'}


class FiscalCorrectionLine(models.TransientModel):
    """ A line of the right receipt. """

    _name = 'fiscal.correction.line'
    _inherit = 'tochka.wizard'
    _description = "Line of a corrected fiscal receipt"

    wizard_id = fields.Many2one(
        comodel_name='fiscal.correction', required=True, ondelete='cascade')
    currency_id = fields.Many2one(related='wizard_id.currency_id')
    name = fields.Char(string="Description", required=True, size=const.MAX_NAME)
    quantity = fields.Float(
        string="Quantity", digits=(16, const.QUANTITY_DIGITS), required=True, default=1)
    price = fields.Monetary(string="Price", required=True)
    total = fields.Monetary(string="Total", compute='_compute_total')
    vat = fields.Selection(
        string="VAT rate", selection=VAT_SELECTION, required=True, default='none')
    fiscal_method = fields.Selection(
        string="Fiscal method", selection=OFFERED_METHOD_SELECTION, required=True,
        default='full_payment')
    fiscal_subject = fields.Selection(
        string="Fiscal subject", selection=SUBJECT_SELECTION, required=True, default='service')
    measure = fields.Integer()
    agent = fields.Char()
    supplier = fields.Json()
    mark = fields.Char()
    source = fields.Char()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._without_hidden(vals) for vals in vals_list])

    def write(self, vals):
        return super().write(self._without_hidden(vals))

    @api.model
    def _without_hidden(self, vals):
        """ Return values without what no form lets a person enter: it comes of documents. """
        return vals if self.env.su else {
            name: value for name, value in vals.items() if name not in HIDDEN}

    # === COMPUTE METHODS === #

    @api.depends('quantity', 'price')
    def _compute_total(self):
        for line in self:
            line.total = price_lines(to_kopecks(line.price), Decimal(
                f'{line.quantity:.{const.QUANTITY_DIGITS}f}')) / 100

    def _line(self):
        """ Return the neutral line. :rtype: Line """
        self.ensure_one()
        values = self.env['fiscal.receipt.line'].new({
            name: self[name] for name in self.env['fiscal.receipt.line']._fields
            if name in self._fields and name not in ('id', 'currency_id', 'display_name')
        })
        line = values._line()
        return replace(line, total=price_lines(line.price, line.quantity))
