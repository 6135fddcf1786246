# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import _, api, fields, models
from odoo.tools import format_date

from odoo.addons.tochka_fiscal import const


class FiscalRegister(models.Model):
    """ A register that is reached with a certificate: it ends one day. """

    _inherit = 'fiscal.register'

    certificate_until = fields.Datetime(string="Certificate until", readonly=True, copy=False)
    certificate_ends_soon = fields.Boolean(compute='_compute_certificate_ends_soon')
    # At how many days before the end a person was warned last; 0: not yet.
    certificate_warned = fields.Integer(readonly=True, copy=False)

    # === COMPUTE METHODS === #

    @api.depends('certificate_until')
    def _compute_certificate_ends_soon(self):
        limit = fields.Datetime.now() + timedelta(days=max(const.CERTIFICATE_WARNING_DAYS))
        for register in self:
            register.certificate_ends_soon = bool(
                register.certificate_until and register.certificate_until < limit)

    # === CRUD METHODS === #

    def write(self, vals):
        """ Override to begin anew with a new certificate. """
        if 'certificate_until' in vals:
            vals = {**vals, 'certificate_warned': 0}
            self.activity_unlink(['mail.mail_activity_data_todo'])
        return super().write(vals)

    # === BUSINESS METHODS === #

    def _look(self):
        """ Override to look at the certificate as well. """
        self._warn_before_expiry()
        return super()._look()

    def _warn_before_expiry(self):
        """ Tell a person once at each of the days of warning, the last of several that are missed.
        """
        self.ensure_one()
        if not self.certificate_until:
            return
        left = self.certificate_until - fields.Datetime.now()
        due = [days for days in const.CERTIFICATE_WARNING_DAYS if left <= timedelta(days=days)]
        if not due or self.certificate_warned and self.certificate_warned <= min(due):
            return
        self.certificate_warned = min(due)
        day = format_date(self.env, self.certificate_until)
        self.activity_schedule(
            'mail.mail_activity_data_todo',
            summary=_("The certificate of the register %(register)s ends on %(day)s",
                      register=self.name, day=day),
            note=_("From then on no receipt is printed. Get a new certificate in the cabinet of the"
                   " service, and upload it in the form of the register."),
            user_id=self._responsible().id,
        )
