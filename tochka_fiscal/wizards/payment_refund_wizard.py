# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from collections import Counter

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.fields import Command

from odoo.addons.tochka_acquiring import const as acquiring_const
from odoo.addons.tochka_acquiring.utils import sudo_of_accessible
from odoo.addons.tochka_fiscal.models.receipt.fiscal_receipt_line import to_kopecks


class PaymentRefundWizard(models.TransientModel):
    """ A partial refund names its lines, for the receipt of the return. """

    _inherit = 'payment.refund.wizard'

    fiscal_line_ids = fields.One2many(
        string="What comes back", comodel_name='fiscal.refund.line', inverse_name='wizard_id',
        compute='_compute_fiscal_line_ids', store=True, readonly=False)

    # === COMPUTE METHODS === #

    @api.depends('payment_id')
    def _compute_fiscal_line_ids(self):
        for wizard in self:
            wizard.fiscal_line_ids = [Command.clear(), *(
                Command.create({
                    'line_id': line.id, 'name': line.name, 'left': kopecks / 100, 'amount': 0.0})
                for line, kopecks in wizard._fiscal_left()
            )]

    # === ONCHANGE METHODS === #

    @api.onchange('fiscal_line_ids')
    def _onchange_fiscal_line_ids(self):
        picked = sum(self.fiscal_line_ids.mapped('amount'))
        if picked:
            self.amount_to_refund = picked

    # === ACTION METHODS === #

    def action_refund(self):
        """ Override of `account_payment` to keep which lines come back. """
        return super(
            PaymentRefundWizard, self.with_context(fiscal_refund_wizard=self)).action_refund()

    # === BUSINESS METHODS === #

    def _tochka_refund_values(self):
        """ Override of `tochka_acquiring` to keep which lines come back. """
        return {**super()._tochka_refund_values(), 'fiscal_picked': self._fiscal_picked()}

    def _fiscal_picked(self):
        """ Return which lines come back.

        :return: Kopecks by line of the printed receipt; False when nobody has picked any.
        :rtype: dict|bool
        :raise ValidationError: If the lines are not what is refunded.
        """
        self.ensure_one()
        picked = self.fiscal_line_ids.filtered('amount')
        if not picked:
            return False
        left, kopecks = dict(self._fiscal_left()), Counter()
        for line in picked:
            most = left.get(line.line_id.sudo(), 0)
            kopecks[str(line.line_id.id)] += to_kopecks(line.amount)
            if line.amount < 0 or not 0 < kopecks[str(line.line_id.id)] <= most:
                raise ValidationError(_(
                    "Of \"%(name)s\" at most %(left)s roubles can come back.",
                    name=line.name, left=f'{most / 100:.2f}'))
        if kopecks.total() != to_kopecks(self.amount_to_refund):
            raise ValidationError(_(
                "The lines that come back are %(lines)s roubles, and the refund is %(refund)s.",
                lines=f'{sum(picked.mapped("amount")):.2f}', refund=f'{self.amount_to_refund:.2f}'))
        return dict(kopecks)

    def _fiscal_left(self):
        """ Return what is left of the printed lines of the payment, whatever the window says.

        :return: (fiscal.receipt.line as superuser, kopecks).
        :rtype: list[tuple]
        """
        self.ensure_one()
        payment = sudo_of_accessible(self.payment_id._origin).payment_transaction_id
        income = payment and payment._fiscal_receipt()
        if not income or not income.line_ids:
            return []
        going_back = Counter()
        for refund in payment.tochka_refund_ids:
            if refund.state in acquiring_const.REFUND_IN_WORK:
                going_back.update(refund.fiscal_picked or {})
        prepaid, settled = income._left_to_return(income.browse())
        return [(line, rest) for line, kopecks in prepaid + settled
                if (rest := kopecks - going_back[str(line.id)]) > 0]


class FiscalRefundLine(models.TransientModel):
    """ How much of a printed line comes back. """

    _name = 'fiscal.refund.line'
    _inherit = 'tochka.wizard'
    _description = "What comes back of a fiscal receipt"

    wizard_id = fields.Many2one(
        comodel_name='payment.refund.wizard', required=True, ondelete='cascade')
    currency_id = fields.Many2one(related='wizard_id.currency_id')
    line_id = fields.Many2one(
        comodel_name='fiscal.receipt.line', required=True, ondelete='cascade')
    name = fields.Char(string="Description", readonly=True)
    left = fields.Monetary(string="Left", readonly=True)
    amount = fields.Monetary(string="Comes back")
