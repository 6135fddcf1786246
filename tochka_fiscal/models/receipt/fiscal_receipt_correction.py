# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import UserError

from odoo.addons.tochka_acquiring.utils import bank_day
from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.receipt import Correction


class FiscalReceipt(models.Model):
    """ Receipts that put something right. Source: FFD, tags 1173, 1178, 1179 and 1192.

    A wrong receipt is reversed, and the right one is printed after that: by FFD 1.2 both are
    corrections, by FFD 1.05 a return and a receipt. The right one takes over the settlement, so
    that returns and closing receipts follow it. What no receipt was printed for is said by a
    correction alone.
    """

    _inherit = 'fiscal.receipt'

    wrong_id = fields.Many2one(
        string="Puts right", comodel_name='fiscal.receipt', readonly=True, ondelete='restrict',
        index='btree_not_null')
    correction_ids = fields.One2many(
        string="Put right by", comodel_name='fiscal.receipt', inverse_name='wrong_id',
        readonly=True)
    # The receipt that must be printed before this one.
    after_id = fields.Many2one(
        string="Follows", comodel_name='fiscal.receipt', readonly=True, ondelete='restrict')
    is_replaced = fields.Boolean(
        string="Replaced", readonly=True,
        help="Another receipt was made for the same settlement, because this one was wrong.")
    correction_day = fields.Date(
        string="Day of the settlement (tag 1178)", readonly=True,
        help="Makes the receipt a correction.")
    correction_order = fields.Char(
        string="Order of the tax office (tag 1179)", readonly=True, size=const.MAX_ORDER,
        help="Empty: corrected of one's own accord.")

    # What waits for a receipt that was just printed, however many others wait for the register.
    _after_idx = models.Index('(after_id) WHERE after_id IS NOT NULL')

    # === ACTION METHODS === #

    def action_correct(self):
        """ Put a printed receipt right.

        :return: The action that opens the wizard.
        :rtype: dict
        :raise UserError: If it can't be put right here.
        """
        self.ensure_one()
        self.check_access('write')
        self.env['fiscal.correction'].check_access('create')
        self.sudo()._check_correctable()
        wizard = self.env['fiscal.correction'].create({
            'receipt_id': self.id, 'taxation_system': self.taxation_system})
        wizard._take_lines([line._line() for line in self.line_ids])
        return {
            'type': 'ir.actions.act_window', 'name': _("Put the receipt right"),
            'res_model': 'fiscal.correction', 'res_id': wizard.id, 'view_mode': 'form',
            'target': 'new',
        }

    def action_give_up_correction(self):
        """ Give up a correction that nothing was printed of. What no receipt was printed for is an
        ordinary receipt again.

        :raise UserError: If something was, or may have been.
        """
        self.ensure_one()
        self.check_access('write')
        receipt, wrong = self.sudo(), self.sudo().wrong_id
        if receipt.role == 'correction' and receipt._is_surely_unprinted():
            receipt.write({
                'role': receipt._stands_for(), 'correction_day': False, 'correction_order': False})
            receipt._message_log(body=_("%s has given up the correction.", self.env.user.name))
            return
        open_ones = wrong.correction_ids.filtered(lambda one: one.state != 'void').sorted('id')
        if not open_ones or any(not one._is_surely_unprinted() for one in open_ones):
            raise UserError(_(
                "A part of the correction was printed, or may have been: it can't be given up."))
        open_ones.write({'state': 'void', 'next_try_at': False, 'problem': False})
        self.env.flush_all()
        wrong.is_replaced = False
        wrong._message_log(body=_("%s has given up the correction.", self.env.user.name))

    # === BUSINESS METHODS === #

    @api.model
    def _is_surely_unprinted(self):
        """ Return whether this receipt waits, and was neither printed nor maybe taken: under the
        lock of its row.

        :rtype: bool
        """
        self.ensure_one()
        return self._lock() and self.state in ('queued', 'failed') and all(
            attempt.outcome == 'failed' or not attempt.outcome and not attempt.maybe_taken
            for attempt in self.attempt_ids)

    def _fiscal_settled_on(self):
        """ Return the day of the settlement in Moscow. :rtype: date """
        self.ensure_one()
        return bank_day(self.paid_at)

    def _check_correctable(self):
        """ :raise UserError: If this receipt can't be put right here. """
        self.ensure_one()
        if self.register_id.kind == 'bank':
            raise UserError(_(
                "The bank's register prints nothing but receipts of online payments: put this one"
                " right in the cabinet of the register."))
        if self.state != 'done' or self.is_replaced or self.role == 'test':
            raise UserError(_("Only a printed receipt that was not replaced yet is put right."))
        if self.role in ('return', 'reversal') or any(
            one.state != 'void' for one in
            self.return_ids | self.line_ids.return_line_ids.receipt_id | self._closings()
        ):
            raise UserError(_(
                "A return or a closing receipt is tied to this one: put them right in the cabinet"
                " of the register, with the help of its support."))
        if not self.fiscal_sign:
            raise UserError(_(
                "The fiscal sign of the wrong receipt stands on the right one. Enter the numbers"
                " of this receipt first: \"What became of it?\""))

    def _replace(self, values, lines, order):
        """ Reverse this receipt and print the right one after that.

        :param dict values: What the right one says otherwise: `taxation_system`, `total`,
                            `payments`.
        :param list[Line] lines: The lines of the right one.
        :param str order: The number of the tax office's order; empty for one's own accord.
        :return: The reversal and the right one.
        :rtype: fiscal.receipt
        :raise UserError: If somebody else is at it, or was.
        :raise ReceiptError: If the right one is none.
        """
        self.ensure_one()
        # Two clerks at once would reverse it twice.
        if not self._lock():
            raise UserError(_("The receipt is being worked on. Try again in a moment."))
        self._check_correctable()
        self.is_replaced = True
        self.env.flush_all()
        is_correction = self.register_id.ffd == '1.2'
        common = {
            **{name: self[name].id for name in (
                'partner_id', 'company_id', 'currency_id', 'register_id', 'transaction_id')},
            **{name: self[name] for name in (
                'taxation_system', 'contact', 'address', 'paid_at', 'basis', 'total', 'payments',
                'card_total')},
            'invoice_ids': self.invoice_ids.ids,
            'wrong_id': self.id,
            'correction_day': is_correction and self._fiscal_settled_on(),
            'correction_order': is_correction and order,
            'next_try_at': fields.Datetime.now(),
        }
        reversal = self.create({
            **common, 'name': _("%s, reversal", self.name), 'role': 'reversal',
            'kind': 'income_return',
        })
        reversal._write_lines(
            [(line._line(), self.env['fiscal.receipt.line']) for line in self.line_ids])
        right = self.create({
            **common, **values, 'name': self.name, 'role': 'right', 'after_id': reversal.id,
            'prepayment_id': self.prepayment_id.id, 'closed_document': self.closed_document,
            'closing_number': self.closing_number,
        })
        self.used_ids.receipt_id = right
        right._write_lines([(line, self.env['fiscal.receipt.line']) for line in lines])
        self._message_log(body=_(
            "%(user)s puts it right: it is reversed, and a new receipt is printed.",
            user=self.env.user.name))
        self._trigger()
        return reversal | right

    def _make_correction(self, order):
        """ Print this receipt, which surely was not, as a correction.

        :param str order: The number of the tax office's order; empty for one's own accord.
        """
        self.ensure_one()
        self._note_correction(order)
        self.write({
            'state': 'queued', 'next_try_at': fields.Datetime.now(), 'tries': 0, 'problem': False})
        if not self.line_ids:
            self._build_lines()

    def _note_correction(self, order):
        """ Make this receipt a correction, as `_make_correction`; it is sent when it would be. """
        self.write({
            'role': 'correction', 'correction_order': order,
            'correction_day': self._fiscal_settled_on()})

    def _follow_right_income(self):
        """ Return what the right receipt says: the income was put right while this return was made.
        """
        self.ensure_one()
        income = self.transaction_id.source_transaction_id._fiscal_receipt()
        self.write({
            'income_id': income.id, 'register_id': income.register_id.id,
            'taxation_system': income.taxation_system,
        })
        self._build_lines()

    def _correction(self):
        """ Return what makes this receipt a correction. :rtype: Correction|None """
        self.ensure_one()
        return self.correction_day and Correction(
            day=self.correction_day, order=self.correction_order or '') or None
