# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import urllib.parse

from odoo import _, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class TochkaConnection(models.Model):
    """ The registration of the address that the bank sends its notifications to. """

    _inherit = 'tochka.connection'

    # === ACTION METHODS === #

    def action_register_webhook(self):
        """ Register this Odoo for the bank's notifications.

        The bank posts a test event at once, which Odoo must answer from another worker; with a
        single worker the registration fails, and payments work by asking the bank instead.

        :return: A notification for the administrator.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('write')
        obstacle = self._tochka_find_webhook_obstacle()
        if obstacle:
            return self._tochka_notify('warning', obstacle)
        try:
            self._tochka_client().set_webhook(
                self.sudo().client_id, self.webhook_url, [const.WEBHOOK_TYPE]
            )
        except errors.TochkaError as error:
            _logger.warning("Webhook of connection %s: %s", self.id, error)
            self._tochka_refresh_webhook_state()
            return self._tochka_notify('danger', _(
                "The bank did not register the address: %s\nPayments are booked all the same: Odoo"
                " asks the bank by itself.", self._tochka_explain(error),
            ))
        self._tochka_refresh_webhook_state()
        return self._tochka_notify('success', _("The bank will notify Odoo of each payment."))

    def action_test_webhook(self):
        """ Let the bank send a test event, which Odoo must answer from another worker.

        :return: A notification for the administrator.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('write')
        try:
            self._tochka_client().send_test_webhook(self.sudo().client_id, const.WEBHOOK_TYPE)
        except errors.TochkaError as error:
            return self._tochka_notify('danger', _(
                "The test notification did not get through: %s", self._tochka_explain(error),
            ))
        return self._tochka_notify('success', _("The test notification got through."))

    # === BUSINESS METHODS === #

    def _tochka_delete_webhook(self):
        """ Delete the registration before the key is forgotten, if it is this Odoo's.

        A bank that can't be reached keeps it: its notifications are then refused.
        """
        self.ensure_one()
        if self.webhook_state != 'active':
            return
        try:
            self._tochka_client(quick=True).delete_webhook(self.sudo().client_id)
        except errors.TochkaError as error:
            _logger.warning("Webhook of connection %s stays registered: %s", self.id, error)

    def _tochka_find_webhook_obstacle(self):
        """ Return why the bank can't be given this Odoo's address, or an empty string.

        Source: HOOKS (https, port 443 only).

        :rtype: str
        """
        if not self.sudo().client_id:
            return _("The client ID is missing: copy it from the internet bank, where it stands"
                     " beside the key.")
        url = urllib.parse.urlsplit(self.webhook_url)
        if self.environment != 'custom' and (url.scheme != 'https' or url.port not in (None, 443)):
            return _(
                "The bank notifies only https addresses on port 443, and this Odoo calls itself %s."
                " Payments are booked all the same: Odoo asks the bank by itself.",
                self.webhook_url,
            )
        return ''

    def _tochka_refresh_webhook_state(self):
        """ Ask the bank which address is registered. A silent bank leaves it unknown. """
        self.ensure_one()
        client_id = self.sudo().client_id
        if not client_id or self.environment == 'bank_sandbox':
            self.webhook_state = 'unknown'
            return
        try:
            webhook = self._tochka_client().get_webhook(client_id)
        except errors.TochkaError as error:
            _logger.info("Webhook of connection %s can't be read: %s", self.id, error)
            self.webhook_state = 'unknown'
            return
        if not webhook:
            self.webhook_state = 'none'
        elif (
            webhook.get('url') == self.webhook_url
            and const.WEBHOOK_TYPE in (webhook.get('webhooksList') or ())
        ):
            self.webhook_state = 'active'
        else:
            self.webhook_state = 'other'
