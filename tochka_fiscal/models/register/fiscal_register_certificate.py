# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.tochka_fiscal import tuning


class FiscalRegister(models.Model):
    """ A register that is reached with a certificate: it ends one day. """

    _inherit = 'fiscal.register'

    certificate_until = fields.Datetime(string="Certificate until", readonly=True, copy=False)
    certificate_ends_soon = fields.Boolean(compute='_compute_certificate_ends_soon')

    # === COMPUTE METHODS === #

    @api.depends('certificate_until')
    def _compute_certificate_ends_soon(self):
        limit = fields.Datetime.now() + timedelta(days=max(tuning.CERTIFICATE_WARNING_DAYS))
        for register in self:
            register.certificate_ends_soon = bool(
                register.certificate_until and register.certificate_until < limit)

    # === BUSINESS METHODS === #

    def _look_at_certificate(self):
        """ Ask a person in time for a new certificate, and once more when it is high time. """
        self.ensure_one()
        problems = self.env['tochka.problem']
        left = self.certificate_until and self.certificate_until - fields.Datetime.now()
        due = [days for days in tuning.CERTIFICATE_WARNING_DAYS
               if left and left <= timedelta(days=days)]
        if due:
            is_urgent = min(due) < max(tuning.CERTIFICATE_WARNING_DAYS)
            problems._open(
                self, 'register_certificate', severity='1_danger' if is_urgent else '2_warning',
                at=self.certificate_until)
        else:
            problems._close(self, ['register_certificate'])
