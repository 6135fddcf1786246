# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.registers import base

_logger = get_payment_logger(__name__)


class FiscalRegister(models.Model):
    """ What a person sees of a register at one look, and the look that Odoo takes by itself. """

    _inherit = 'fiscal.register'

    waiting_count = fields.Integer(
        string="Receipts that wait", compute='_compute_receipts',
        help="Not printed yet, and nothing is wrong with them.")
    failed_count = fields.Integer(string="Receipts not printed", compute='_compute_receipts')
    last_receipt_id = fields.Many2one(
        string="Last receipt", comodel_name='fiscal.receipt', compute='_compute_receipts')
    last_printed_at = fields.Char(
        string="Last printed at", compute='_compute_receipts',
        help="By the register's own clock.")

    # === COMPUTE METHODS === #

    @api.depends_context('uid')
    def _compute_receipts(self):
        receipts = self.env['fiscal.receipt']
        counts = {
            (register.id, state): count
            for register, state, count in receipts._read_group(
                [('register_id', 'in', self.ids), ('state', 'in', const.UNPRINTED_STATES)],
                ['register_id', 'state'], ['__count'])
        }
        for register in self:
            register.waiting_count = sum(
                counts.get((register.id, state), 0) for state in const.WAITING_STATES)
            register.failed_count = counts.get((register.id, 'failed'), 0)
            register.last_receipt_id = receipts.search(
                [('register_id', '=', register.id), ('state', '=', 'done')],
                order='id desc', limit=1)
            register.last_printed_at = register.last_receipt_id.printed_at

    # === ACTION METHODS === #

    def action_check(self):
        """ Try the credentials, and ask whether the register prints now. Nothing is printed.

        :return: A notification for the administrator.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('write')
        if self.kind == 'bank':
            return self._notify_bank()
        try:
            health = self._look()
        except base.RegisterError as error:
            self._report_problem(error)
            return self._notify('danger', self.env['fiscal.receipt']._explain(error))
        note = health.note and self.env._(health.note)
        if health.prints is None:
            return self._notify('success', '\n'.join(filter(None, [note, _(
                "The service does not tell whether the tills print now: a test receipt shows it.")
            ])))
        if health.prints:
            return self._notify('success', '\n'.join(filter(None, [
                _("The register is reached and prints."), note])))
        return self._notify('warning', '\n'.join(filter(None, [
            _("The register is reached, but it does not print now. Receipts wait there until it"
              " does."), note])))

    def _notify_bank(self):
        """ Say what the bank tells of its register: whether one is connected, and nothing more. """
        cashbox = self.merchant_id.sudo().cashbox
        if not cashbox:
            return self._notify('danger', _(
                "The bank has no online register connected to the shop %s.",
                self.merchant_id.sudo().display_name))
        return self._notify('success', _(
            "The register %s is connected at the bank. The bank does not tell whether it prints:"
            " look into its cabinet.", cashbox))

    def _notify(self, kind, message):
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': kind, 'message': message, 'sticky': kind != 'success',
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    def action_open_waiting(self):
        """ Open the receipts that wait. :rtype: dict """
        return self._open_receipts(const.WAITING_STATES, _("Receipts that wait"))

    def action_open_failed(self):
        """ Open the receipts that were not printed. :rtype: dict """
        return self._open_receipts(['failed'], _("Receipts not printed"))

    def _open_receipts(self, states, name):
        self.ensure_one()
        return {
            'type': 'ir.actions.act_window', 'name': name, 'res_model': 'fiscal.receipt',
            'view_mode': 'list,form',
            'domain': [('register_id', '=', self.id), ('state', 'in', states)],
        }

    # === BUSINESS METHODS - JOB === #

    @api.model
    def _cron_fiscal_check(self):
        """ Look once a day whether each register can be used. Nothing is printed. """
        self.env['ir.cron']._tochka_walk('tochka_fiscal.cron_check', self, [
            ('kind', '!=', 'bank'), ('state', '!=', 'draft'),
        ], lambda register: register._check_in_job())

    def _check_in_job(self):
        """ Look whether the register can be used, and keep what keeps it from being so. """
        self.ensure_one()
        try:
            self._look()
        except base.Unauthorized as error:
            self._report_problem(error)
        except base.RegisterError as error:
            # Out of reach for now is no person's business yet: receipts wait, and those that wait
            # for an hour are asked about. The next good answer ends it.
            self.env['tochka.problem']._open(self, 'register_silent', error=error)
            self._note_answer(error)

    def _look(self):
        """ Ask the register how it is, and keep what it says.

        :rtype: base.Health
        :raise RegisterError: If it can't be used.
        """
        self.ensure_one()
        self._look_at_certificate()
        health = self._client().check()
        self.write({
            'state': 'passive' if health.prints is False else 'ready',
            'checked_at': fields.Datetime.now(),
            'silent_since': False, 'silent_until': False, 'silences': 0,
        })
        self.env['tochka.problem']._close(self, const.REGISTER_TROUBLES)
        if health.prints is not False:
            self.env['fiscal.receipt'].sudo()._wake(self)
        return health
