# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import urls

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.api.oauth import OAuthApplication
from odoo.addons.tochka_acquiring.utils import bank_deadline

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class TochkaConnection(models.Model):
    """ The consent of the company's owner, and the access that follows from it. """

    _inherit = 'tochka.connection'

    redirect_url = fields.Char(
        string="Redirect URL", compute='_compute_redirect_url',
        help="Copy it into the field Redirect URL when you register the application in the internet"
             " bank.")
    setup_step = fields.Selection(
        string="Where you stand",
        selection=[
            ('new', "Not saved"),
            ('saved', "1. Saved"),
            ('sent', "2. E-mail sent"),
            ('granted', "3. Consent given"),
            ('loaded', "4. Data loaded"),
        ],
        compute='_compute_setup_step', compute_sudo=True)
    consent_given_at = fields.Datetime(
        string="Consent given at", compute='_compute_setup_step', compute_sudo=True)
    access_expires_at = fields.Datetime(
        string="Access renewed until", compute='_compute_setup_step', compute_sudo=True,
        help="Odoo renews it by itself, long before.")
    consent_expires_at = fields.Datetime(
        string="Consent valid until", compute='_compute_setup_step', compute_sudo=True,
        help="Without renewals the consent ends on this day. Each renewal moves it 30 days ahead.")
    authorization_problem = fields.Text(compute='_compute_setup_step', compute_sudo=True)

    # === COMPUTE METHODS === #

    @api.depends('public_url')
    def _compute_redirect_url(self):
        for connection in self:
            connection.redirect_url = urls.urljoin(
                connection._public_url(), const.OAUTH_RETURN_ROUTE)

    @api.depends('state', 'client_secret', 'jwt_key', 'checked_at')
    def _compute_setup_step(self):
        for connection in self:
            token = connection._token()
            last = self.env['tochka.authorization'].search(
                [('connection_id', '=', connection._origin.id)], limit=1)
            connection.consent_given_at = token.granted_at
            connection.access_expires_at = token.access_expires_at
            connection.consent_expires_at = min(filter(None, [
                token.consent_expires_at, token.refresh_expires_at]), default=False)
            connection.authorization_problem = (
                last.problem if last.state in ('refused', 'failed') else False)
            if connection.state in ('connected', 'attention'):
                step = 'loaded'
            elif token:
                step = 'granted'
            elif last:
                step = 'sent'
            elif connection.client_secret or connection.jwt_key:
                step = 'saved'
            else:
                step = 'new'
            connection.setup_step = step

    # === ACTION METHODS === #

    def action_send_confirmation(self):
        """ Send the current user a link to the bank's consent page.

        :return: A notification for the administrator.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('write')
        if not self._send_confirmation():
            return self._notify('warning', _(
                "You have no e-mail address: add it in your preferences, or open the bank's page"
                " from here."
            ))
        return self._notify('success', _(
            "An e-mail with a link to the bank's page is on its way to %s.", self.env.user.email))

    def action_open_consent(self):
        """ Go to the bank's consent page at once.

        :return: The action that opens the bank's page.
        :rtype: dict
        :raise UserError: If the bank refused or stayed silent.
        """
        self.ensure_one()
        self.check_access('write')
        authorization = self.env['tochka.authorization'].sudo().create({
            'connection_id': self.id, 'user_id': self.env.user.id,
        })
        try:
            url = authorization._open()
        except errors.TochkaError as error:
            raise UserError(_(
                "The bank's page can't be opened: %s", self._explain(error))) from error
        return {'type': 'ir.actions.act_url', 'url': url, 'target': 'self'}

    # === BUSINESS METHODS - CONSENT === #

    def _begin_consent(self):
        """ A Client_secret was saved: send the confirmation e-mail to who has saved it. """
        self.ensure_one()
        connection = self.sudo()
        if connection.auth_method != 'oauth' or not (
            connection.client_id and connection.client_secret
        ):
            return
        if connection.state in ('draft', 'disconnected'):
            connection.state = 'waiting'
        self._send_confirmation()

    def _send_confirmation(self):
        """ Send the confirmation e-mail.

        :return: Whether there is an address to send it to.
        :rtype: bool
        """
        self.ensure_one()
        if not self.env.user.email:
            return False
        self.env['tochka.authorization'].sudo()._send_link(self.sudo())
        return True

    def _application(self, quick=False):
        """ Return the application's side of OAuth.

        :param bool quick: Whether a person waits.
        :rtype: OAuthApplication
        :raise Unauthorized: If Client_ID or Client_secret is missing.
        :raise NotSent: If the address of the API is not usable.
        """
        self.ensure_one()
        connection = self.sudo()
        if not connection.client_id or not connection.client_secret:
            raise errors.Unauthorized(_("Client_ID and Client_secret are not filled in."))
        options = {'timeout': const.CONSENT_TIMEOUT} if quick else {}
        return OAuthApplication(
            self._base_url(), connection.client_id, connection.client_secret,
            ca_pem=connection.ca_pem or None, deadline=bank_deadline(), **options,
        )

    def _take_consent(self):
        """ Read what the consent has opened, in a cursor of its own.

        The request that brought the consent must not be replayed because of it.
        """
        self.ensure_one()
        try:
            with self.env.registry.cursor() as cr:
                connection = self.with_env(self.env(cr=cr))
                try:
                    connection._check()
                except errors.TochkaError as error:
                    _logger.warning("Connection %s after the consent: %s", self.id, error)
                    connection._report_problem(error)
                    connection._update_problems()
        except Exception:
            # The consent is given and kept; the job reads the data as soon as it can.
            _logger.exception("The data of connection %s can't be taken over now", self.id)
            self._check_soon()
        self.invalidate_recordset()

    def _forget_consent(self):
        """ Forget the tokens and the open requests for consent. """
        self.ensure_one()
        for model in ('tochka.token', 'tochka.authorization'):
            self.env[model].sudo().search([('connection_id', '=', self.id)]).unlink()

    # === BUSINESS METHODS - TOKENS === #

    def _token(self):
        """ Return the connection's row of tokens, as this cursor sees it. """
        return self.env['tochka.token'].sudo().search([('connection_id', '=', self._origin.id)])

    def _access_token(self, quick=False):
        """ Return a living access token; empty when no consent was given.

        :param bool quick: Whether a person waits.
        :rtype: str
        :raise Unauthorized: If the consent has to be given anew.
        :raise NotSent: If the access has ended and can't be renewed right now.
        """
        self.ensure_one()
        return self.env['tochka.token'].sudo()._get_access(self, quick=quick)

    def _ask_for_consent(self, error):
        """ Ask a person at once to give the consent anew; the access works on to its end.

        The connection's own row is left alone: whoever needed the access may have it locked.

        :param TochkaError error: The bank's refusal.
        """
        self.ensure_one()
        self.env['tochka.problem']._open(
            self, 'renewal', severity='1_danger', error=error, lost=False,
            until=self._token().access_expires_at)

    @api.model
    def _cron_tochka_renew_access(self):
        """ Renew each access long before it ends, and look after the connections' health. """
        self.env['ir.cron']._tochka_walk('tochka_acquiring.cron_renew_access', self, [
            ('state', 'in', ('waiting', 'connected', 'attention')),
        ], lambda connection: connection._renew_in_job())

    def _renew_in_job(self):
        """ Renew the access if it is due, and look after the health. It commits. """
        self.ensure_one()
        try:
            if self.auth_method == 'oauth' and self not in self._silent():
                self.env['tochka.token'].sudo()._get_access(self, early=True, quick=True)
        except errors.TochkaError as error:
            _logger.warning("Connection %s: %s", self.id, error)
            self._note_answer(error)
            self._report_problem(error)
        self._update_problems()
