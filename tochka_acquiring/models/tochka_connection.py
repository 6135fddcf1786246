# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import base64

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import plaintext2html, urls

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors, tls
from odoo.addons.tochka_acquiring.api.client import TochkaClient, check_base_url, public_key_url
from odoo.addons.tochka_acquiring.api.jwt_key import read_key
from odoo.addons.tochka_acquiring.utils import utc_naive

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class TochkaConnection(models.Model):
    """ One key of the bank: credentials, trust and health, however many shops use it. """

    _name = 'tochka.connection'
    _description = "Tochka Bank: connection"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'name, id'

    name = fields.Char(string="Name", required=True, default=lambda self: _("Tochka Bank"))
    active = fields.Boolean(default=True)
    company_ids = fields.Many2many(
        string="Companies", comodel_name='res.company', required=True,
        default=lambda self: self.env.company,
        help="The companies that may use this connection.")
    environment = fields.Selection(
        string="Environment",
        selection=[
            ('production', "Production"),
            ('bank_sandbox', "The bank's sandbox (only to check a connection)"),
            ('custom', "Other address (system parameter)"),
        ],
        required=True, default='production')
    jwt_key = fields.Char(
        string="JWT key", groups='base.group_system', copy=False,
        help="Made in the internet bank. Whoever has it can take payments in your name.")
    client_id = fields.Char(
        string="Client ID", groups='base.group_system', copy=False,
        help="Read from the key. It is needed to register notifications.")
    key_expires_at = fields.Datetime(string="Key expires at", readonly=True, copy=False)

    #  draft ──key checked──► connected ◄──the bank answers again── attention
    #                          │   └──the bank refuses the key, the certificate...──►──┘
    #                          └──disconnect──► disconnected ──new key checked──► connected
    # (the consent of OAuth comes between draft and connected when it is used)
    state = fields.Selection(
        string="State",
        selection=[
            ('draft', "Not connected"),
            ('connected', "Connected"),
            ('attention', "Needs attention"),
            ('disconnected', "Disconnected"),
        ],
        required=True, readonly=True, default='draft', copy=False, tracking=True)
    problem = fields.Text(string="Last problem", readonly=True, copy=False)
    checked_at = fields.Datetime(string="Last checked at", readonly=True, copy=False)

    ca_file = fields.Binary(
        string="Certificate file (CA)", attachment=False, copy=False,
        help="Certificates of the Russian state certification authority, trusted for the bank's"
             " host alone.")
    ca_filename = fields.Char(copy=False)
    ca_pem = fields.Text(string="Trusted certificates", readonly=True, copy=False)
    ca_summary = fields.Text(string="Trusted for the bank's host", readonly=True, copy=False)
    ca_is_published = fields.Boolean(
        string="Matches the published fingerprints", readonly=True, copy=False)
    ca_expires_at = fields.Datetime(string="Certificates expire at", readonly=True, copy=False)

    webhook_url = fields.Char(
        string="Address for notifications", compute='_compute_webhook_url',
        help="Where the bank sends its notifications: https on port 443, open to the internet.")
    webhook_state = fields.Selection(
        string="Notifications",
        selection=[
            ('unknown', "Not checked"),
            ('none', "Not registered"),
            ('other', "Registered for another address"),
            ('active', "Registered"),
        ],
        required=True, readonly=True, default='unknown', copy=False)

    legal_entity_ids = fields.One2many(
        string="Legal entities", comodel_name='tochka.legal.entity', inverse_name='connection_id')
    merchant_ids = fields.One2many(
        string="Shops", comodel_name='tochka.merchant', inverse_name='connection_id')
    provider_ids = fields.One2many(
        string="Providers", comodel_name='payment.provider', inverse_name='tochka_connection_id')

    # === COMPUTE METHODS === #

    def _compute_webhook_url(self):
        base_url = self.env['ir.config_parameter'].sudo().get_param('web.base.url')
        self.webhook_url = urls.urljoin(base_url, const.WEBHOOK_ROUTE)

    # === CONSTRAINT METHODS === #

    @api.constrains('company_ids')
    def _check_companies(self):
        for connection in self:
            if not connection.company_ids:
                raise ValidationError(_("Choose at least one company that may use the connection."))
            for provider in connection.sudo().provider_ids:
                served = connection.company_ids & provider.company_id.parent_ids
                if provider.state != 'disabled' and not served:
                    raise ValidationError(_(
                        "The provider %(provider)s of %(company)s uses this connection. Disable it"
                        " before you take the company away.",
                        provider=provider.name, company=provider.company_id.name,
                    ))

    @api.constrains('environment', 'jwt_key')
    def _check_jwt_key(self):
        for connection in self:
            key = connection.sudo().jwt_key
            if not key:
                continue
            if connection.environment == 'bank_sandbox':
                if key != const.BANK_SANDBOX_TOKEN:
                    raise ValidationError(_(
                        "The bank's sandbox takes only the key %s.", const.BANK_SANDBOX_TOKEN
                    ))
                continue
            try:
                read_key(key)
            except ValueError as error:
                raise ValidationError(self.env._(str(error))) from error

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([self._tochka_complete_values(vals) for vals in vals_list])

    def write(self, vals):
        if vals.get('jwt_key') or 'ca_file' in vals:
            vals = self._tochka_complete_values(vals)
        return super().write(vals)

    @api.model
    def _tochka_complete_values(self, vals):
        """ Add what a pasted key and an uploaded certificate file tell of themselves.

        :param dict vals: The values to create or write.
        :return: The completed values.
        :rtype: dict
        :raise ValidationError: If the file holds no certificate authority.
        """
        vals = dict(vals)
        if vals.get('jwt_key'):
            vals['jwt_key'] = ''.join(vals['jwt_key'].split())
            try:
                client_id, expires_at = read_key(vals['jwt_key'])
            except ValueError:
                client_id, expires_at = None, None  # The constraint says what is wrong.
            vals.setdefault('client_id', client_id)
            vals['key_expires_at'] = utc_naive(expires_at)
        if vals.get('ca_file'):
            try:
                certificates = tls.parse_ca(base64.b64decode(vals['ca_file']))
            except ValueError as error:
                raise ValidationError(self.env._(str(error))) from error
            vals.update({
                'ca_pem': tls.to_pem(certificates),
                'ca_summary': '\n\n'.join(
                    self._tochka_describe_certificate(certificate) for certificate in certificates
                ),
                'ca_is_published': all(c.published_name for c in certificates),
                'ca_expires_at': utc_naive(min(c.not_after for c in certificates)),
            })
        elif 'ca_file' in vals:
            vals.update({
                'ca_pem': False, 'ca_summary': False, 'ca_is_published': False,
                'ca_expires_at': False,
            })
        return vals

    @api.model
    def _tochka_describe_certificate(self, certificate):
        """ Return what an administrator compares with the published certificate. """
        return '\n'.join([
            certificate.subject,
            f'SHA-256 {certificate.fingerprint}',
            _("Valid until %s", certificate.not_after.date().isoformat()),
            _("The fingerprint is the published one of %s.", certificate.published_name)
            if certificate.published_name
            else _("This fingerprint is NOT among those published at gosuslugi.ru/crt as this"
                   " module knows them: compare it there before you trust it."),
        ])

    # === ACTION METHODS === #

    def action_connect(self):
        """ Check the key by reading companies and shops, and take them over.

        A failure is shown and kept in the form instead of being raised, which would undo it.

        :return: A notification for the administrator.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('write')
        try:
            summary = self._tochka_load_data()
        except errors.TochkaError as error:
            self._tochka_report_problem(error)
            return self._tochka_notify('danger', self.problem)
        self._tochka_refresh_webhook_state()
        return self._tochka_notify('success', summary)

    def action_disconnect(self):
        """ Forget the key and switch off all that needs it. """
        self.ensure_one()
        self.check_access('write')
        self._tochka_delete_webhook()
        self.with_context(active_test=False).provider_ids.write({
            'state': 'disabled', 'is_published': False,
        })
        self.write({
            'jwt_key': False,
            'client_id': False,
            'key_expires_at': False,
            'state': 'disconnected',
            'problem': False,
            'webhook_state': 'unknown',
        })

    def _tochka_notify(self, kind, message):
        return {
            'type': 'ir.actions.client',
            'tag': 'display_notification',
            'params': {
                'type': kind,
                'message': message,
                'sticky': kind != 'success',
                'next': {'type': 'ir.actions.client', 'tag': 'soft_reload'},
            },
        }

    # === BUSINESS METHODS - CLIENT === #

    def _tochka_base_url(self):
        """ Return the address of the API for the environment.

        :rtype: str
        :raise NotSent: If the system parameter is missing or not usable.
        """
        self.ensure_one()
        if self.environment == 'production':
            return const.PRODUCTION_URL
        if self.environment == 'bank_sandbox':
            return const.BANK_SANDBOX_URL
        base_url = self.env['ir.config_parameter'].sudo().get_param(const.BASE_URL_PARAMETER)
        if not base_url:
            raise errors.NotSent(_(
                "Set the system parameter %s to the address of the API first.",
                const.BASE_URL_PARAMETER,
            ))
        try:
            return check_base_url(base_url)
        except ValueError as error:
            raise errors.NotSent(self.env._(str(error))) from error

    def _tochka_public_key_url(self):
        """ Return the address of the bank's public key of webhooks. """
        return public_key_url(self._tochka_base_url())

    def _tochka_client(self, quick=False):
        """ Return the client of the bank's API with this connection's key.

        :param bool quick: Whether a person waits: a silent bank is given up soon.
        :rtype: TochkaClient
        :raise Unauthorized: If there is no key.
        """
        self.ensure_one()
        connection = self.sudo()
        if not connection.jwt_key:
            raise errors.Unauthorized(_("The connection %s has no key.", connection.name))
        options = {'timeout': const.QUICK_TIMEOUT, 'read_delays': ()} if quick else {}
        return TochkaClient(
            self._tochka_base_url(), connection.jwt_key, ca_pem=connection.ca_pem or None, **options
        )

    # === BUSINESS METHODS - HEALTH === #

    def _tochka_responsible(self):
        """ Return the user who is asked to look at problems. """
        self.ensure_one()
        creator = self.create_uid
        return creator if creator.active and creator._is_internal() else self.env.ref(
            'base.user_admin'
        )

    @api.model
    def _tochka_explain(self, error):
        """ Return what happened in the reader's language, with status, code and audit id.

        :param TochkaError error: What happened. The bank's own messages stay as they are.
        :rtype: str
        """
        return error.describe(self.env._(error.message))

    def _tochka_report_problem(self, error):
        """ Keep what went wrong, and ask a person once until it is well again.

        :param TochkaError error: What happened.
        """
        self.ensure_one()
        connection = self.sudo()
        problem = self._tochka_explain(error)
        if isinstance(error, errors.Unauthorized):
            problem = _(
                "%s\nThe bank does not accept the key, a permission or the customer code. A key"
                " that was issued anew replaces the old one at once: paste the new key here.",
                problem,
            )
        if connection.problem != problem:
            connection.problem = problem
        if connection.state == 'connected':
            connection.state = 'attention'
            connection.activity_schedule(
                'tochka_acquiring.mail_activity_connection',
                summary=_("Tochka Bank: the connection needs attention"),
                note=plaintext2html(problem),
                user_id=connection._tochka_responsible().id,
            )

    def _tochka_clear_problem(self):
        """ The bank answers as it should: close what was open. """
        self.ensure_one()
        connection = self.sudo()
        if connection.state != 'connected' or connection.problem:
            connection.write({'state': 'connected', 'problem': False})
            connection.activity_unlink(['tochka_acquiring.mail_activity_connection'])
