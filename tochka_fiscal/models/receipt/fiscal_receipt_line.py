# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from decimal import Decimal

from odoo import api, fields, models

from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.models.selections import (
    METHOD_SELECTION,
    SUBJECT_SELECTION,
    VAT_SELECTION,
)
from odoo.addons.tochka_fiscal.receipt import Line, Supplier


class FiscalReceiptLine(models.Model):
    """ A line of a receipt, as it is printed. """

    _name = 'fiscal.receipt.line'
    _description = "Line of a fiscal receipt"
    _order = 'receipt_id, id'

    receipt_id = fields.Many2one(
        string="Receipt", comodel_name='fiscal.receipt', required=True, readonly=True,
        ondelete='cascade', index=True)
    company_id = fields.Many2one(related='receipt_id.company_id', store=True, precompute=True)
    register_id = fields.Many2one(related='receipt_id.register_id', store=True, precompute=True)
    paid_at = fields.Datetime(related='receipt_id.paid_at', store=True, precompute=True)
    state = fields.Selection(related='receipt_id.state', store=True, precompute=True)
    currency_id = fields.Many2one(related='receipt_id.currency_id')
    name = fields.Char(string="Description", required=True, readonly=True)
    price = fields.Monetary(string="Price", required=True, readonly=True)
    quantity = fields.Float(
        string="Quantity", digits=(16, const.QUANTITY_DIGITS), required=True, readonly=True)
    total = fields.Monetary(string="Total", required=True, readonly=True)
    printed_total = fields.Monetary(
        string="Printed sum", compute='_compute_printed_total', store=True, precompute=True,
        help="A return is negative, what is not printed is nothing.")
    printed_on = fields.Date(related='receipt_id.printed_on', store=True, precompute=True)
    kind = fields.Selection(related='receipt_id.kind', store=True, precompute=True)
    vat = fields.Selection(string="VAT rate", selection=VAT_SELECTION, required=True, readonly=True)
    fiscal_method = fields.Selection(
        string="Fiscal method", selection=METHOD_SELECTION, required=True, readonly=True)
    fiscal_subject = fields.Selection(
        string="Fiscal subject", selection=SUBJECT_SELECTION, required=True, readonly=True)
    measure = fields.Integer(string="Measure (tag 2108)", readonly=True)
    agent = fields.Char(string="Agent", readonly=True)
    supplier = fields.Json(string="Supplier", readonly=True)
    mark = fields.Char(string="Marking code", readonly=True)
    origin_id = fields.Many2one(
        string="Line of the income", comodel_name='fiscal.receipt.line', readonly=True,
        ondelete='restrict', index='btree_not_null')
    return_line_ids = fields.One2many(
        string="What came back of it", comodel_name='fiscal.receipt.line',
        inverse_name='origin_id', readonly=True)
    # The document that was paid, `account.move,7`; empty for money without one.
    source = fields.Char(readonly=True)

    # Whether a piece was told of; the sums of a period.
    _mark_idx = models.Index('(mark) WHERE mark IS NOT NULL')
    _paid_at_idx = models.Index('(paid_at)')

    # === COMPUTE METHODS === #

    @api.depends('state', 'kind', 'total')
    def _compute_printed_total(self):
        for line in self:
            line.printed_total = const.PRINTED_SIGNS.get((line.state, line.kind), 0) * line.total

    # === BUSINESS METHODS === #

    def _values(self, line):
        """ Return the values of a neutral line.

        :param Line line: The line.
        :rtype: dict
        """
        return {
            'name': line.name,
            'price': line.price / 100,
            'quantity': float(line.quantity),
            'total': line.total / 100,
            'vat': line.vat,
            'fiscal_method': line.method,
            'fiscal_subject': line.subject,
            'measure': line.measure,
            'agent': line.agent,
            'supplier': line.supplier and {
                'name': line.supplier.name, 'inn': line.supplier.inn,
                'phones': list(line.supplier.phones),
            },
            'mark': line.mark,
            'source': line.source,
        }

    def _returned(self):
        """ Return what came back of this line, or is on its way. Kopecks. :rtype: int """
        self.ensure_one()
        return sum(to_kopecks(line.total) for line in self.return_line_ids
                   if line.receipt_id.state != 'void')

    def _is_left_over(self):
        """ Return whether this is money that was more than its documents owed. :rtype: bool """
        self.ensure_one()
        return bool(self.source) and (
            self.fiscal_method == 'advance' and self.fiscal_subject == 'payment')

    def _line(self):
        """ Return the neutral line, to the kopeck. :rtype: Line """
        self.ensure_one()
        quantity = Decimal(f'{self.quantity:.{const.QUANTITY_DIGITS}f}')
        return Line(
            name=self.name,
            price=to_kopecks(self.price),
            quantity=quantity.to_integral() if quantity == quantity.to_integral()
            else quantity.normalize(),
            total=to_kopecks(self.total),
            vat=self.vat,
            method=self.fiscal_method,
            subject=self.fiscal_subject,
            measure=self.measure,
            agent=self.agent or '',
            supplier=self.supplier and Supplier(
                name=self.supplier['name'], inn=self.supplier['inn'],
                phones=tuple(self.supplier['phones'])) or None,
            mark=self.mark or '',
            source=self.source or '',
        )


def to_kopecks(amount):
    """ Return the kopecks of a monetary value of the ORM, which has two decimals.

    :param float amount: Roubles.
    :rtype: int
    """
    return int(Decimal(f'{amount:.2f}').scaleb(2))
