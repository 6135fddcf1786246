# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import time
import urllib.parse

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import urls

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class TochkaConnection(models.Model):
    """ The registration of the address that the bank sends its notifications to.

    The bank keeps one address for a client id, and it may be another system's. So it is read before
    it is written, taken when it is free, and never taken away without a person's word.
    """

    _inherit = 'tochka.connection'

    notification_mode = fields.Selection(
        string="How payments become known",
        selection=[
            ('webhook', "The bank notifies Odoo (within seconds), and Odoo asks the bank as well"),
            ('poll', "Odoo asks the bank (within minutes)"),
        ],
        required=True, default='webhook')
    public_url = fields.Char(
        string="Public address of this Odoo", copy=False,
        default=lambda self: self._web_base_url(),
        help="The address at which the bank and your browser reach this Odoo, for instance"
             " https://odoo.example.com. Odoo rewrites its own idea of it at each login of an"
             " administrator, so that it is kept here as you have confirmed it.")
    webhook_url = fields.Char(
        string="Address for notifications", compute='_compute_webhook_url',
        help="Where the bank sends its notifications: https on port 443, open to the internet.")
    #  unknown ──read──► none ──registered──► active ──changed at the bank──► other
    #                     └──another address was there before──► other ──taken over by a person──►
    webhook_state = fields.Selection(
        string="Notifications",
        selection=[
            ('unknown', "Not checked"),
            ('none', "Not registered"),
            ('other', "Registered for another address"),
            ('active', "Registered"),
        ],
        required=True, readonly=True, default='unknown', copy=False)
    webhook_foreign_url = fields.Char(
        string="The other address", readonly=True, copy=False, groups='base.group_system',
        help="Another system, or an earlier address of this one, gets the bank's notifications.")
    webhook_problem = fields.Text(
        string="Why it is not registered", readonly=True, copy=False,
        # It may name the address of another system.
        groups='base.group_system')
    last_event_at = fields.Datetime(
        string="Last notification at", compute='_compute_last_event_at', compute_sudo=True)

    # === COMPUTE METHODS === #

    @api.model
    def _web_base_url(self):
        return self.env['ir.config_parameter'].sudo().get_param('web.base.url')

    def _public_url(self):
        """ Return the confirmed address of this Odoo, else the one that Odoo believes in.

        :rtype: str
        """
        self.ensure_one()
        return self.public_url or self._web_base_url()

    @api.depends('public_url')
    def _compute_webhook_url(self):
        for connection in self:
            connection.webhook_url = urls.urljoin(
                connection._public_url(), const.WEBHOOK_ROUTE)

    def _compute_last_event_at(self):
        for connection in self:
            connection.last_event_at = self.env['tochka.webhook.event'].search(
                [('connection_id', 'in', connection._origin.ids), ('source', '=', 'webhook')],
                order='received_at desc, id desc', limit=1).received_at

    # === CONSTRAINT METHODS === #

    @api.constrains('public_url')
    def _check_public_url(self):
        for connection in self.filtered('public_url'):
            url = urllib.parse.urlsplit(connection.public_url)
            if url.scheme not in ('http', 'https') or not url.hostname or url.path.strip('/'):
                raise ValidationError(_(
                    "The public address must look like https://odoo.example.com, without a path."))

    # === ACTION METHODS === #

    def action_register_webhook(self):
        """ Register this Odoo for the bank's notifications, if the bank has no other address.

        :return: A notification for the administrator.
        :rtype: dict
        """
        return self._register_and_tell(take_over=False)

    def action_take_webhook(self):
        """ Register this Odoo in place of the address that the bank has now.

        :return: A notification for the administrator.
        :rtype: dict
        """
        return self._register_and_tell(take_over=True)

    def _register_and_tell(self, take_over):
        self.ensure_one()
        self.check_access('write')
        self.notification_mode = 'webhook'
        self._refresh_webhook_state()
        problem = self._register_webhook(take_over)
        self._update_problems()
        if self.webhook_state == 'active':
            return self._notify('success', _("The bank will notify Odoo of each payment."))
        return self._notify('warning', _(
            "%s\nPayments are booked all the same: Odoo asks the bank by itself.", problem))

    def action_test_webhook(self):
        """ Let the bank send a test event, and show that it has arrived.

        Odoo must answer it from another worker.

        :return: A notification for the administrator.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('write')
        before = self._count_test_events()
        try:
            self._client().send_test_webhook(self.sudo().client_id, const.WEBHOOK_TYPE)
        except errors.TochkaError as error:
            return self._notify('danger', _(
                "The test notification did not get through: %s", self._explain(error),
            ))
        until = time.monotonic() + const.TEST_EVENT_SECONDS
        while True:
            if self._count_test_events() > before:
                return self._notify('success', _(
                    "The bank's test notification has arrived, and its signature is right."))
            if time.monotonic() > until:
                break
            time.sleep(const.TEST_EVENT_PAUSE)
        return self._notify('warning', _(
            "The bank says that it has sent the test notification, but it has not arrived here."
            " Check that %s is open to the internet and leads to this database.", self.webhook_url,
        ))

    # === BUSINESS METHODS === #

    def _count_test_events(self):
        """ Return how many foreign notifications have come, as others have committed them.

        The bank's test events carry a foreign customer (source: HOOKS), so that only their digest
        is kept, and a repeat of the same one counts up.
        """
        with self.env.registry.cursor() as cr:
            [[count, repeats]] = self.env(cr=cr)['tochka.webhook.event'].sudo()._read_group(
                [('state', '=', 'ignored')], aggregates=['__count', 'repeat_count:sum'])
            return count + (repeats or 0)

    def _check_webhook(self):
        """ Compare with the bank what is registered, and register this Odoo where nothing is. """
        self.ensure_one()
        self._refresh_webhook_state()
        if self.notification_mode == 'webhook' and self.webhook_state == 'none':
            self._register_webhook()

    def _register_webhook(self, take_over=False):
        """ Register this Odoo, after the registration was read.

        The bank posts a test event at once, which another worker answers.

        :param bool take_over: Whether a person wants to replace another address.
        :return: Why it was not registered, or an empty string.
        :rtype: str
        """
        self.ensure_one()
        problem = self._find_webhook_obstacle()
        if not problem:
            own = self.webhook_foreign_url == self.webhook_url  # only the types have changed
            if self.webhook_state == 'unknown':
                problem = _("The bank does not tell which address is registered.")
            elif self.webhook_state == 'other' and not (take_over or own):
                problem = _(
                    "The bank sends the notifications of this Client_ID to %s. If that is not an"
                    " address of yours that is still in use, take them over.",
                    self.webhook_foreign_url,
                )
            elif self.webhook_state != 'active':
                problem = self._send_registration()
        self.webhook_problem = problem
        return problem

    def _send_registration(self):
        """ Ask the bank to register this Odoo.

        :return: The bank's refusal, or an empty string.
        :rtype: str
        """
        try:
            self._client().set_webhook(
                self.sudo().client_id, self.webhook_url, [const.WEBHOOK_TYPE],
                replace=self.webhook_state == 'other',
            )
        except errors.TochkaError as error:
            _logger.warning("Webhook of connection %s: %s", self.id, error)
            self._refresh_webhook_state()
            return _(
                "The bank did not register the address: %s", self._explain(error))
        self._refresh_webhook_state()
        return ''

    def _delete_webhook(self):
        """ Delete the registration before the key is forgotten, if it is this Odoo's.

        A bank that can't be reached keeps it: its notifications are then refused.
        """
        self.ensure_one()
        if self.webhook_state != 'active' or self._is_copy():
            return
        # Another system may have registered itself since it was last read.
        self._refresh_webhook_state(quick=True)
        if self.webhook_state != 'active':
            return
        try:
            self._client(quick=True).delete_webhook(self.sudo().client_id)
        except errors.TochkaError as error:
            _logger.warning("Webhook of connection %s stays registered: %s", self.id, error)

    def _find_webhook_obstacle(self):
        """ Return why the bank can't be given this Odoo's address, or an empty string.

        Source: HOOKS (https, port 443 only).

        :rtype: str
        """
        if not self.sudo().client_id:
            return _("The client ID is missing: copy it from the internet bank, where it stands"
                     " beside the key.")
        if self._is_copy():
            return _("This database is a copy of the one in which the bank was connected: the"
                     " notifications stay there.")
        url = urllib.parse.urlsplit(self.webhook_url)
        if self.environment != 'custom' and (url.scheme != 'https' or url.port not in (None, 443)):
            return _(
                "The bank notifies only https addresses on port 443, and this Odoo calls itself"
                " %s.", self.webhook_url,
            )
        return ''

    def _refresh_webhook_state(self, quick=False):
        """ Ask the bank which address is registered. A silent bank leaves it unknown.

        :param bool quick: Whether a person waits.
        """
        self.ensure_one()
        client_id = self.sudo().client_id
        values = {'webhook_state': 'unknown', 'webhook_foreign_url': False}
        if client_id and self.environment != 'bank_sandbox':
            try:
                webhook = self._client(quick=quick).get_webhook(client_id)
            except errors.TochkaError as error:
                _logger.info("Webhook of connection %s can't be read: %s", self.id, error)
                if isinstance(error, errors.Unauthorized):
                    self._note_permissions('notifications', 'missing')
            else:
                self._note_permissions('notifications', 'granted')
                values['webhook_state'] = self._compare_webhook(webhook)
                if values['webhook_state'] == 'other':
                    values['webhook_foreign_url'] = str(webhook.get('url') or '?')
        if values['webhook_state'] == 'active':
            values['webhook_problem'] = False
        self.write(values)

    def _compare_webhook(self, webhook):
        """ Return the state for what the bank has registered.

        :param dict|None webhook: The registration.
        :rtype: str
        """
        if not webhook:
            return 'none'
        if (
            webhook.get('url') == self.webhook_url
            and const.WEBHOOK_TYPE in (webhook.get('webhooksList') or ())
        ):
            return 'active'
        return 'other'
