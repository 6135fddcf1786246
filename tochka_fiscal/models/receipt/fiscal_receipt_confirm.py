# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from base64 import b64encode

import psycopg2

from odoo import fields, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const as acquiring_const
from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.receipt import is_email

_logger = get_payment_logger(__name__, acquiring_const.SENSITIVE_KEYS)


class FiscalReceipt(models.Model):
    """ The message to the buyer about the receipt: Odoo itself confirms no payment of an invoice.
    """

    _inherit = 'fiscal.receipt'

    confirmed_at = fields.Datetime(string="E-mail to the buyer at", readonly=True, copy=False)

    # === BUSINESS METHODS === #

    def _confirm(self):
        """ Queue one message to the buyer, once, if the contact is an e-mail.

        It is called under the lock of the receipt, and the mark is committed together with the
        message and the state: never two, and none when everything was rolled back.
        """
        self.ensure_one()
        provider = self.transaction_id.provider_id
        # Of a test nobody has paid; and who gets the right receipt was told of the payment before.
        if (
            self.role in const.FIXED_ROLES or self.confirmed_at
            or provider and not provider.fiscal_confirm
            or not is_email((self.contact or '').strip())
        ):
            return
        self.confirmed_at = fields.Datetime.now()
        try:
            with self.env.cr.savepoint():
                self.env.ref('tochka_fiscal.mail_template_receipt').sudo().send_mail(
                    self.id, force_send=False)
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            # A template is the users' to change; a mistake in it must not keep the register's
            # answer out.
            _logger.exception("No message about receipt %s", self.name)
            self._ask('receipt_email', error=type(error).__name__)

    def _process_attachments_for_template_post(self, mail_template):
        """ Override of `mail` to attach the QR code: mail programs keep pictures out of the text.

        :param mail.template mail_template: The template that is sent.
        :return: Values by receipt.
        :rtype: dict
        """
        result = super()._process_attachments_for_template_post(mail_template)
        if mail_template == self.env.ref('tochka_fiscal.mail_template_receipt', False):
            for receipt in self.filtered('qr'):
                result.setdefault(receipt.id, {}).setdefault('attachments', []).append((
                    f'receipt-{receipt.document_number}.png', b64encode(receipt._qr_png())))
        return result
