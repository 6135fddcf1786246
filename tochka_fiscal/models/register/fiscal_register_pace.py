# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import fields, models

from odoo.addons.tochka_fiscal import const, tuning
from odoo.addons.tochka_fiscal.registers import base


class FiscalRegister(models.Model):
    """ How often a register is called, and how seldom while that is in vain. """

    _inherit = 'fiscal.register'

    tills = fields.Integer(
        string="Tills", required=True, default=1,
        help="How many tills share the work of this queue or group. Receipts are sent so fast that"
             " these can print them.")
    # A register that does not answer, or refuses the credentials, is called by one receipt at a
    # time, at growing delays.
    silent_since = fields.Datetime(string="Can't be used since", readonly=True, copy=False)
    silent_until = fields.Datetime(readonly=True, copy=False)
    silences = fields.Integer(readonly=True, copy=False)

    _tills_positive = models.Constraint('check(tills > 0)', "A register has a till at least.")

    # === BUSINESS METHODS === #

    def _pace(self):
        """ Return how many seconds must lie between two calls. :rtype: float """
        self.ensure_one()
        return const.PACES.get(self.kind, 0) / self.tills

    def _note_answer(self, error):
        """ Remember whether the register can be used.

        It is written apart from the receipt, so that it can never undo what the register has said.

        :param RegisterError|None error: Why it can't.
        :return: Whether this changes which of its receipts are next.
        :rtype: bool
        """
        self.ensure_one()
        if not error and not self.silent_since and self.state != 'attention':
            return False
        if not self.try_lock_for_update(allow_referencing=True):
            return True  # Somebody else notes the same.
        self.invalidate_recordset(['silent_since', 'silent_until', 'silences', 'state'])
        if error:
            self._leave_alone(error)
        elif self.silent_since or self.state == 'attention':
            self.write({'silent_since': False, 'silent_until': False, 'silences': 0})
            if self.state == 'attention':
                self.state = 'ready'
            self.env['tochka.problem']._close(self, const.REGISTER_TROUBLES)
            # One that was often in vain may itself be what the register can't stomach.
            self.env['fiscal.receipt']._wake(self, [('tries', '<=', tuning.WAKE_TRIES)])
        return True

    def _leave_alone(self, error):
        """ Plan when the register is called again.

        :param RegisterError error: Why it can't be used; `Busy` says itself for how long.
        """
        delays = tuning.RETRY_SECONDS
        if isinstance(error, base.Busy) and error.seconds:
            seconds = min(error.seconds, tuning.MAX_BUSY_SECONDS)
        else:
            seconds = delays[min(self.silences, len(delays) - 1)]
        now = fields.Datetime.now()
        self.write({
            'silent_since': self.silent_since or now,
            'silent_until': now + timedelta(seconds=seconds),
            'silences': self.silences + 1,
        })
