# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import math
from collections import defaultdict

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Domain
from odoo.tools import SQL

from odoo.addons.tochka_fiscal.marks import is_mark, read_marks, show_mark, show_marks
from odoo.addons.tochka_fiscal.receipt import ReceiptError


class AccountMoveLine(models.Model):
    """ Marking codes of what a line sells: entered, or those of the lots that were delivered. """

    _inherit = 'account.move.line'

    fiscal_marks = fields.Text(
        string="Marking codes", copy=False,
        help="Codes of the pieces, one a line, scanned or pasted. Receipts tell the marking system"
             " (\"Chestny Znak\") that these pieces are sold, or come back.")
    fiscal_is_marked = fields.Boolean(compute='_compute_fiscal_is_marked')

    # By each code: the text holds one a line.
    _fiscal_marks_idx = models.Index(
        "USING gin (string_to_array(fiscal_marks, E'\\n')) WHERE fiscal_marks IS NOT NULL")

    # === COMPUTE METHODS === #

    @api.depends('product_id.categ_id')
    def _compute_fiscal_is_marked(self):
        for line in self:
            line.fiscal_is_marked = bool(
                line.product_id.categ_id._fiscal_override('fiscal_marked'))

    # === CONSTRAINT METHODS === #

    @api.constrains('fiscal_marks', 'quantity')
    def _check_fiscal_marks(self):
        for line in self.filtered('fiscal_marks'):
            codes = line._fiscal_mark_codes()
            if len(codes) > math.ceil(line.quantity):
                raise ValidationError(_(
                    "%(line)s has %(codes)s marking codes and %(pieces)s pieces: a code belongs to"
                    " one piece.", line=line.name, codes=len(codes), pieces=line.quantity))
            if line.parent_state == 'posted' and line.move_type == 'out_invoice':
                line._fiscal_check_sold_once()

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override to keep codes in the form that survives. """
        return super().create([self._fiscal_show_marks(vals) for vals in vals_list])

    def write(self, vals):
        """ Override to keep codes in the form that survives. """
        return super().write(self._fiscal_show_marks(vals))

    @api.model
    def _fiscal_show_marks(self, vals):
        if not vals.get('fiscal_marks'):
            return vals
        try:
            return {**vals, 'fiscal_marks': show_marks(read_marks(vals['fiscal_marks']))}
        except ReceiptError as error:
            raise ValidationError(self.env['fiscal.receipt']._explain(error)) from error

    # === BUSINESS METHODS === #

    def _fiscal_mark_codes(self):
        """ Return the codes that were entered. :rtype: list[str] """
        self.ensure_one()
        return read_marks(self.fiscal_marks or '')

    def _fiscal_unprintable_marks(self):
        """ Return the lines of marked goods that no receipt of Odoo's can name: parts of a pack,
        and several pieces by weight or volume. :rtype: account.move.line """
        return self.filtered(
            lambda line: line.fiscal_is_marked and line.quantity and (
                len(line._fiscal_mark_codes()) > 1
                if int(line.product_uom_id.fiscal_measure or 0) else line.quantity % 1))

    def _fiscal_fill_marks(self):
        """ Take the codes of the pieces that were delivered, where none are entered. """
        for line in self.filtered(lambda one: one.fiscal_is_marked and not one.fiscal_marks):
            codes = line._fiscal_lot_marks()
            if codes:
                line.fiscal_marks = show_marks(codes[:math.ceil(line.quantity)])

    def _fiscal_lot_marks(self):
        """ Return the codes of the lots that the stock app has delivered for this line, and that no
        other invoice of the same order has.

        The name or the internal reference of a lot is the code.

        :rtype: list[str]
        """
        self.ensure_one()
        if 'sale_line_ids' not in self._fields:
            return []
        order_lines = self.sale_line_ids.sudo()
        others = order_lines.invoice_lines.filtered(
            lambda line: line.move_type == 'out_invoice' and line.parent_state != 'cancel') - self
        taken = {code for line in others for code in line._fiscal_mark_codes()}
        return [code for code in self._fiscal_delivered_marks(order_lines) if code not in taken]

    @api.model
    def _fiscal_delivered_marks(self, order_lines):
        """ Return the codes of the lots that are with the customer.

        :param sale.order.line order_lines: The lines that were delivered.
        :rtype: list[str]
        """
        if 'move_ids' not in order_lines._fields:
            return []
        codes = []
        moves = order_lines.sudo().move_ids.filtered(lambda move: move.state == 'done')
        for move in moves.sorted('id'):
            goes_out = move.location_dest_id.usage == 'customer'
            for lot in move.move_line_ids.sorted('id').lot_id:
                code = next((read_marks(name)[0] for name in (lot.name, lot.ref or '')
                             if is_mark(name)), '')
                if goes_out and code and code not in codes:
                    codes.append(code)
                elif not goes_out and code in codes:
                    codes.remove(code)
        return codes

    def _fiscal_check_sold_once(self):
        """ :raise UserError: If a piece of these lines is sold by another posted invoice. """
        for company, lines in self.filtered('fiscal_marks').grouped('company_id').items():
            alike = defaultdict(self.sudo().browse)
            codes = {code for line in lines for code in line._fiscal_mark_codes()}
            for one in self._fiscal_find_marked(company, codes):
                for code in one._fiscal_mark_codes():
                    alike[code] |= one
            for line in lines:
                for code in line._fiscal_mark_codes():
                    sold = alike[code].filtered(lambda one: one.move_type == 'out_invoice') - line
                    back = alike[code].filtered(lambda one: one.move_type == 'out_refund')
                    if len(sold) > len(back):
                        raise UserError(_(
                            "The piece with the marking code %(code)s is sold by %(invoice)s"
                            " already.",
                            code=show_mark(code)[:40], invoice=sold[-1:].move_id.name))

    @api.model
    def _fiscal_find_marked(self, company, codes):
        """ Return the posted lines that have one of these codes, by the index of codes.

        :param res.company company: Whose lines.
        :param set[str] codes: The codes.
        :return: As superuser.
        :rtype: account.move.line
        """
        shown = [show_mark(code) for code in codes]
        has_one = Domain.custom(to_sql=lambda model, alias, query: SQL(
            "string_to_array(%s, E'\\n') && %s::text[]",
            model._field_to_sql(alias, 'fiscal_marks', query), shown))
        return self.sudo().search(has_one & Domain([
            ('fiscal_marks', '!=', False), ('company_id', '=', company.id),
            ('parent_state', '=', 'posted'),
        ]))
