# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.tochka_acquiring.utils import bank_day
from odoo.addons.tochka_fiscal import const, tuning


class FiscalMissed(models.TransientModel):
    """ Settlements of earlier days that have no printed receipt, and their corrections. """

    _name = 'fiscal.missed'
    _inherit = 'tochka.wizard'
    _description = "Settlements without a receipt"

    company_id = fields.Many2one(
        string="Company", comodel_name='res.company', required=True,
        default=lambda self: self.env.company,
        domain=lambda self: [('id', 'in', self.env.companies.ids)])
    date_from = fields.Date(
        string="From", required=True,
        default=lambda self: self._today() - timedelta(days=tuning.MISSED_DAYS))
    date_to = fields.Date(
        string="To", required=True, default=lambda self: self._today() - timedelta(days=1),
        help="Yesterday at the latest: what was paid today gets an ordinary receipt.")
    order = fields.Char(
        string="Order of the tax office", size=const.MAX_ORDER,
        help="Its number, if the tax office has ordered the correction. Empty: of your own accord.")
    currency_id = fields.Many2one(related='company_id.currency_id')
    transaction_ids = fields.Many2many(
        string="Payments without a receipt", comodel_name='payment.transaction',
        compute='_compute_missed')
    receipt_ids = fields.Many2many(
        string="Receipts that were not printed", comodel_name='fiscal.receipt',
        compute='_compute_missed')
    unknown_ids = fields.Many2many(
        string="Receipts of unknown fate", comodel_name='fiscal.receipt',
        compute='_compute_missed')
    count = fields.Integer(compute='_compute_missed')
    total = fields.Monetary(string="Sum", compute='_compute_missed')

    # === COMPUTE METHODS === #

    @api.depends('company_id', 'date_from', 'date_to')
    def _compute_missed(self):
        for wizard in self:
            unprinted = wizard._find_unprinted()
            surely = unprinted.filtered(
                lambda receipt: receipt.state in ('queued', 'failed')
                and not receipt.attempt_ids[:1].filtered(
                    lambda attempt: not attempt.outcome and attempt.maybe_taken))
            transactions = wizard._find_transactions()
            # A form that is not saved yet has copies in its fields: they are not compared.
            wizard.receipt_ids = surely
            wizard.unknown_ids = unprinted - surely
            wizard.transaction_ids = transactions
            wizard.count = len(surely) + len(transactions)
            wizard.total = sum(surely.mapped('total')) + sum(transactions.mapped('amount'))

    # === ACTION METHODS === #

    def action_print(self):
        """ Print corrections for all of them.

        :return: The action that opens them.
        :rtype: dict
        :raise UserError: If there is nothing to print.
        """
        self.ensure_one()
        self.env['fiscal.receipt'].check_access('write')
        if self.date_to >= self._today():
            raise UserError(_(
                "What was paid today gets an ordinary receipt: choose yesterday or an earlier day."
            ))
        order = (self.order or '').strip()
        made = self.env['fiscal.receipt'].sudo()
        for receipt in self.receipt_ids.sudo():
            # A job or a colleague may have been faster.
            if receipt._is_surely_unprinted() and receipt.role != 'correction':
                receipt._take_present_register()
                receipt._make_correction(order)
                made |= receipt
        for transaction in self.transaction_ids.sudo():
            if not transaction._fiscal_receipt():
                receipt = made._create_income(transaction)
                receipt._note_correction(order)
                made |= receipt
                made |= self._return(transaction)
        if not made:
            raise UserError(_("No settlement of these days lacks a receipt."))
        made._trigger()
        return {
            'type': 'ir.actions.act_window', 'name': _("Corrections"),
            'res_model': 'fiscal.receipt', 'view_mode': 'list,form',
            'domain': [('id', 'in', made.ids)],
        }

    # === BUSINESS METHODS === #

    @api.model
    def _return(self, transaction):
        """ Print the returns of what has gone back of a payment while it had no receipt.

        :param payment.transaction transaction: The payment, as superuser.
        :rtype: fiscal.receipt
        """
        receipts = self.env['fiscal.receipt'].sudo()
        for refund in transaction.child_transaction_ids.filtered(
            lambda tx: tx.operation == 'refund' and tx.state == 'done'
        ):
            returned = receipts._create_return(refund)
            returned._release()
            refund._tochka_unflag('return_without_receipt')
            receipts |= returned
        return receipts

    @api.model
    def _today(self):
        return bank_day(fields.Datetime.now())

    def _find_unprinted(self):
        """ Return the receipts of these days that are not printed. :rtype: fiscal.receipt """
        self.ensure_one()
        return self.env['fiscal.receipt'].search([
            ('company_id', 'child_of', self.company_id.id),
            # A return is printed late as an ordinary one, by the register of its income.
            ('role', 'in', ('payment', 'closing')),
            ('state', 'in', const.UNPRINTED_STATES), ('register_id.kind', '!=', 'bank'),
            *self._around('paid_at'),
        ]).filtered(lambda receipt: self._is_within(receipt.paid_at))

    def _find_transactions(self):
        """ Return the payments of these days without any receipt. :rtype: payment.transaction """
        self.ensure_one()
        return self.env['payment.transaction'].sudo().search([
            ('company_id', 'child_of', self.company_id.id),
            ('company_id', 'in', self.env.companies.ids), ('state', '=', 'done'),
            ('fiscal_receipt_ids', '=', False),
            ('operation', 'not in', ('refund', 'validation')),
            ('provider_id.fiscalization', '=', 'other'),
            # Some are learned of days after they were paid: none before.
            ('last_state_change', '>=', self.date_from - timedelta(days=1)),
        ]).filtered(lambda transaction: transaction._fiscal_needs_receipt()
                    and self._is_within(transaction._fiscal_paid_at()))

    def _around(self, name):
        """ Return a domain that surely holds the moments of the days in Moscow. """
        return [(name, '>=', self.date_from - timedelta(days=1)),
                (name, '<', self.date_to + timedelta(days=2))]

    def _is_within(self, moment):
        return self.date_from <= bank_day(moment) <= self.date_to
