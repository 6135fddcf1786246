# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class PaymentTransaction(models.Model):
    """ The message to the accountant at each payment received. """

    _inherit = 'payment.transaction'

    tochka_notified_at = fields.Datetime(string="E-mail about it at", readonly=True, copy=False)

    # === BUSINESS METHODS === #

    def _tochka_notify_payment(self):
        """ Queue one message about the payment, once.

        It is called under the lock of the post-processing, and the mark is committed together with
        the message and the payment: never two, and none when everything was rolled back.
        """
        self.ensure_one()
        provider = self.provider_id.sudo()
        if (
            self.tochka_notified_at or not self.payment_id or not provider.tochka_notify_email
            or self.operation == 'refund'
        ):
            return
        self.tochka_notified_at = fields.Datetime.now()
        try:
            with self.env.cr.savepoint():
                self.env.ref('tochka_acquiring.mail_template_payment').sudo().send_mail(
                    self.id, force_send=False)
        except Exception as error:
            # A template is the users' to change; a mistake in it must not keep money unbooked.
            _logger.exception("No message about transaction %s", self.reference)
            self._tochka_flag('no_email', error=type(error).__name__)
