# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime

from odoo import _, fields, models
from odoo.exceptions import UserError

from odoo.addons.tochka_fiscal import const, tuning
from odoo.addons.tochka_fiscal.models.receipt.fiscal_receipt_line import to_kopecks
from odoo.addons.tochka_fiscal.registers import base


class FiscalResolve(models.TransientModel):
    """ A person tells what became of a receipt: the register took it and is silent about it, or it
    was printed by hand because the register could not.
    """

    _name = 'fiscal.resolve'
    _inherit = 'tochka.wizard'
    _description = "What became of a fiscal receipt"

    receipt_id = fields.Many2one(
        string="Receipt", comodel_name='fiscal.receipt', required=True, ondelete='cascade')
    receipt_state = fields.Selection(related='receipt_id.state')
    key = fields.Char(string="Number at the register", compute='_compute_key')
    fate = fields.Selection(
        string="In the cabinet of the service",
        selection=[
            ('printed', "the receipt is there, printed"),
            ('not_printed', "there is no such receipt, or it was not printed"),
        ],
        required=True)
    storage_number = fields.Char(string="Fiscal storage (FN)")
    document_number = fields.Char(string="Fiscal document (FD)")
    fiscal_sign = fields.Char(string="Fiscal sign (FP)")
    moment = fields.Char(string="Date and time", help="As it stands on it: 25.11.2026 14:30")
    reason = fields.Text(
        string="How do you know?", help="It is kept with the receipt, for the tax inspection.")

    def _compute_key(self):
        for wizard in self:
            wizard.key = wizard.receipt_id.attempt_ids[:1].key

    def action_apply(self):
        """ Take the person's word.

        :raise UserError: If something is missing, or the register knows better.
        """
        self.ensure_one()
        self.receipt_id.check_access('write')
        receipt = self.receipt_id.sudo()
        attempt = receipt.attempt_ids[:1]
        if not receipt._lock():
            raise UserError(_("The receipt is being worked on. Try again in a moment."))
        if receipt.state in ('failed', 'delegated') or (
            # Printed at another till, while this register is out of order.
            receipt.state == 'queued' and self.fate == 'printed' and receipt._is_surely_unprinted()
        ):
            self._take_printed_by_hand(receipt)
            return
        if receipt.state == 'done' and not receipt.document_number:
            self._take_numbers(receipt)
            return
        # A register that could tell is believed before a person is, while it is not overdue.
        is_open = receipt.state in ('accepted', 'unknown') or (
            receipt.state == 'queued' and receipt.is_overdue and not attempt.outcome
            and attempt.maybe_taken)
        if not is_open or attempt.task and not receipt.is_overdue:
            raise UserError(_("The register itself tells what becomes of this receipt."))
        if self.fate == 'not_printed':
            if not (self.reason or '').strip():
                raise UserError(_("Write how you know that it was not printed."))
            if self._is_told_by_register(receipt, attempt):
                return
            attempt.write({
                'outcome': 'failed', 'problem': self.reason,
                # A person may be wrong: the till prints what it has in its memory.
                'watched_until': fields.Datetime.add(
                    fields.Datetime.now(), days=tuning.WATCHED_DAYS)})
            receipt.write({
                'state': 'queued', 'problem': False, 'tries': 0,
                'next_try_at': fields.Datetime.now(),
            })
            receipt._message_log(body=_(
                "%(user)s: it was not printed under %(key)s; it is printed as new. %(reason)s",
                user=self.env.user.name, key=attempt.key, reason=self.reason))
            receipt._trigger()
            return
        receipt._message_log(body=_(
            "%(user)s: it was printed under %(key)s.", user=self.env.user.name, key=attempt.key))
        receipt._apply(attempt, base.Result(state='done', fiscal=self._data()))

    def _is_told_by_register(self, receipt, attempt):
        """ Ask the register once more before a person is believed.

        :param fiscal.receipt receipt: The receipt, locked.
        :param fiscal.attempt attempt: Its attempt.
        :return: Whether it tells what became of the receipt; then that is written.
        :rtype: bool
        :raise UserError: If it is still going to print it.
        """
        try:
            result = attempt._ask()
        except base.RegisterError:
            return False  # It does not know, or can't be asked.
        if result.state == 'accepted':
            raise UserError(_(
                "The register still has this receipt, and is going to print it: printed as new, it"
                " would be printed twice. Delete it in the cabinet of the service first, or wait"
                " until the till works again."))
        receipt._apply(attempt, result)
        return True

    def _take_numbers(self, receipt):
        """ Keep the proof of a receipt whose register has printed it and does not give the numbers.

        :param fiscal.receipt receipt: The receipt, locked.
        """
        if self.fate != 'printed':
            raise UserError(_("The register has said that it is printed."))
        receipt.write(receipt._proof(self._data()))
        receipt._message_log(body=_("%s has entered its numbers.", self.env.user.name))
        receipt._confirm()

    def _take_printed_by_hand(self, receipt):
        """ Keep the proof of a receipt that a person has printed in a cabinet or at a till.

        :param fiscal.receipt receipt: The receipt, locked and surely not printed by its register.
        """
        if self.fate != 'printed':
            raise UserError(_(
                "Print it by hand and enter its numbers, or press \"Try again\" where it is"
                " offered."))
        fiscal = self._data()
        attempt = self.env['fiscal.attempt'].sudo().create({
            'receipt_id': receipt.id,
            'register_id': receipt.register_id.id,
            'key': f'by-hand-{receipt.id}-{len(receipt.attempt_ids) + 1}',
            'reason': self.reason,
        })
        receipt.invalidate_recordset(['attempt_ids'])
        receipt._message_log(body=_(
            "%(user)s: it was printed by hand. %(reason)s",
            user=self.env.user.name, reason=self.reason or ''))
        receipt._apply(attempt, base.Result(state='done', fiscal=fiscal))

    def _data(self):
        """ Return the proof that the person has typed. :rtype: base.FiscalData """
        try:
            moment = datetime.strptime((self.moment or '').strip(), '%d.%m.%Y %H:%M')
        except ValueError as error:
            raise UserError(_("Write date and time as they stand on it: 25.11.2026 14:30")) from (
                error)
        numbers = {}
        for name in ('storage_number', 'document_number', 'fiscal_sign'):
            numbers[name] = ''.join((self[name] or '').split())
            if not numbers[name].isdecimal():
                raise UserError(_(
                    "%s is a number, as it stands on the receipt.",
                    self._fields[name]._description_string(self.env)))
        known = self.env['fiscal.receipt'].sudo().search([
            ('storage_number', '=', numbers['storage_number']),
            ('document_number', '=', numbers['document_number']),
            ('id', '!=', self.receipt_id.id),
        ], limit=1)
        if known:
            raise UserError(_(
                "These numbers are those of the receipt %s: a printed receipt proves one"
                " settlement.", known.name))
        return base.FiscalData(
            storage=numbers['storage_number'], document=numbers['document_number'],
            sign=numbers['fiscal_sign'], moment=moment, kind=const.KINDS[self.receipt_id.kind],
            total=to_kopecks(self.receipt_id.total))
