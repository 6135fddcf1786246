# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.api.client import TochkaClient, check_base_url, public_key_url
from odoo.addons.tochka_acquiring.api.jwt_key import read_key
from odoo.addons.tochka_acquiring.utils import bank_deadline, utc_naive

# What decides which keys of the bank are known at the door of the notifications.
KEY_FIELDS = {'active', 'environment', 'state', 'jwt_key', 'client_secret'}


class TochkaConnection(models.Model):
    """ One application or one key of the bank, however many legal entities and shops use it.

    Its other files: `_oauth` (consent and tokens), `_permission` (what the bank allows), `_trust`
    (certificates), `_webhook` (notifications), `_data` (what is taken over from the bank) and
    `_health` (what is wrong and how it is mended).
    """

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
    auth_method = fields.Selection(
        string="How to connect",
        selection=[
            ('oauth', "By an application (Client_ID and Client_secret)"),
            ('jwt', "By a JWT key"),
        ],
        required=True, default='oauth',
        help="An application serves several legal entities and asks for your consent on the bank's"
             " page. A JWT key is pasted and works at once: the simple way for one shop.")
    client_secret = fields.Char(
        string="Client_secret", groups='base.group_system', copy=False,
        help="Stands in the application's page of the internet bank, and is shown there once.")
    jwt_key = fields.Char(
        string="JWT key", groups='base.group_system', copy=False,
        help="Made in the internet bank. Whoever has it can take payments in your name.")
    client_id = fields.Char(
        string="Client_ID", groups='base.group_system', copy=False,
        help="Stands in the application's page of the internet bank. With a JWT key it is read from"
             " the key; it is needed to register notifications.")
    key_expires_at = fields.Datetime(string="Key expires at", readonly=True, copy=False)
    key_set_at = fields.Datetime(string="Credentials entered at", readonly=True, copy=False)
    # A copy of the database carries the identity of the original here, and has another one itself.
    database_identity = fields.Char(readonly=True, copy=False)

    #  draft ──Client_secret saved──► waiting ──consent given, data read──► connected
    #    └──────key checked───────────────────────────────────────────────►──┘ │  ▲
    #                                                                          │  │
    #     the bank refuses the key, the consent, the certificate...  attention ◄──┘ answers again
    #  connected, attention, waiting ──disconnect──► disconnected ──new credentials──► as from draft
    state = fields.Selection(
        string="State",
        selection=[
            ('draft', "Not connected"),
            ('waiting', "Waiting for consent"),
            ('connected', "Connected"),
            ('attention', "Needs attention"),
            ('disconnected', "Disconnected"),
        ],
        required=True, readonly=True, default='draft', copy=False, tracking=True)
    checked_at = fields.Datetime(string="Last checked at", readonly=True, copy=False)

    legal_entity_ids = fields.One2many(
        string="Legal entities", comodel_name='tochka.legal.entity', inverse_name='connection_id')
    merchant_ids = fields.One2many(
        string="Shops", comodel_name='tochka.merchant', inverse_name='connection_id')
    account_ids = fields.One2many(
        string="Accounts", comodel_name='tochka.account', inverse_name='connection_id')
    provider_ids = fields.One2many(
        string="Providers", comodel_name='payment.provider', inverse_name='tochka_connection_id')

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

    @api.constrains('environment', 'jwt_key', 'auth_method')
    def _check_jwt_key(self):
        for connection in self:
            key = connection.sudo().jwt_key
            if connection.auth_method == 'oauth':
                if connection.environment == 'bank_sandbox':
                    raise ValidationError(_("The bank's sandbox knows no applications. Choose to"
                                            " connect by a JWT key."))
                continue
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
        self.env.registry.clear_cache('stable')
        connections = super().create([self._complete_values(vals) for vals in vals_list])
        # Whoever comes from a provider wants to connect it.
        provider = self.env['payment.provider'].browse(self.env.context.get('tochka_provider_id'))
        if provider and len(connections) == 1 and not provider.tochka_connection_id:
            provider.tochka_connection_id = connections
        for connection in connections:
            connection._begin_consent()
        return connections

    def write(self, vals):
        if KEY_FIELDS & vals.keys():
            self.env.registry.clear_cache('stable')
        res = super().write(self._complete_values(vals))
        if vals.get('jwt_key'):
            # The bank's test event is looked at by another worker, which must know the connection.
            self.filtered(lambda c: c.state == 'disconnected').state = 'draft'
        if vals.get('client_id') or vals.get('client_secret'):
            self.env['tochka.token'].sudo().search(
                [('connection_id', 'in', self.ids), ('renewal', '=', 'refused')]).renewal = 'lost'
        if vals.get('client_secret'):
            for connection in self:
                connection._begin_consent()
        if 'company_ids' in vals:
            # Whoever takes his own company away can't read the rest any more.
            for entity in self.sudo().with_context(active_test=False).legal_entity_ids:
                if entity.company_id not in entity.connection_id.company_ids:
                    entity.company_id = False
        return res

    def unlink(self):
        self.env.registry.clear_cache('stable')  # its legal entities go with it, in the database
        return super().unlink()

    @api.model
    def _complete_values(self, vals):
        """ Add what pasted credentials tell of themselves.

        :param dict vals: The values to create or write.
        :return: The completed values.
        :rtype: dict
        """
        vals = dict(vals)
        for name in ('client_id', 'client_secret'):
            if vals.get(name):
                vals[name] = ''.join(vals[name].split())
        if vals.get('jwt_key'):
            vals['jwt_key'] = ''.join(vals['jwt_key'].split())
            try:
                client_id, expires_at = read_key(vals['jwt_key'])
            except ValueError:
                client_id, expires_at = None, None  # The constraint says what is wrong.
            vals.setdefault('auth_method', 'jwt')
            vals['client_id'] = vals.get('client_id') or client_id
            vals['key_expires_at'] = utc_naive(expires_at)
        if vals.get('jwt_key') or vals.get('client_secret'):
            vals['key_set_at'] = fields.Datetime.now()
            vals['database_identity'] = self._database_identity()
        return self._complete_authorities(vals)

    # === ACTION METHODS === #

    def action_connect(self):
        """ Check the credentials by reading companies and shops, and take them over.

        A failure is shown and kept in the form instead of being raised, which would undo it.

        :return: A notification for the administrator.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('write')
        try:
            summary = self._check()
        except errors.TochkaError as error:
            self._report_problem(error)
            self._update_problems()
            return self._notify('danger', self._trouble().advice)
        return self._notify('success', summary)

    def _check(self):
        """ Bring all that is known of the bank up to date: data, rights, notifications, health.

        :return: What was found, for the administrator.
        :rtype: str
        :raise TochkaError: If the bank refused or stayed silent.
        """
        self.ensure_one()
        summary = self._load_data()
        self._refresh_permissions()
        self._check_webhook()
        self._update_problems()
        return summary

    def action_disconnect(self):
        """ Forget the credentials and switch off all that needs them. """
        self.ensure_one()
        self.check_access('write')
        self._delete_webhook()
        self.with_context(active_test=False).provider_ids.write({
            'state': 'disabled', 'is_published': False,
        })
        self._forget_consent()
        self.write({
            'jwt_key': False,
            'client_id': False,
            'client_secret': False,
            'key_expires_at': False,
            'key_set_at': False,
            'state': 'disconnected',
            'webhook_state': 'unknown',
            'webhook_foreign_url': False,
            'permission_states': False,
        })
        self.env['tochka.problem']._close(self)
        self._update_problems()

    def _notify(self, kind, message):
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

    def _base_url(self):
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

    def _public_key_url(self):
        """ Return the address of the bank's public key of webhooks. """
        return public_key_url(self._base_url())

    def _client(self, quick=False):
        """ Return the client of the bank's API with this connection's key or access token.

        All calls of one request of a browser share one deadline, see `bank_deadline`.

        :param bool quick: Whether a silent bank is given up soon.
        :rtype: TochkaClient
        :raise Unauthorized: If there is no key or no consent.
        :raise NotSent: If the access could not be renewed now.
        """
        self.ensure_one()
        connection = self.sudo()
        if connection.auth_method == 'oauth':
            token = connection._access_token(quick)
        else:
            token = connection.jwt_key
        if not token:
            raise errors.Unauthorized(_("The connection %s has no key.", connection.name))
        options = {'timeout': const.QUICK_TIMEOUT, 'read_delays': ()} if quick else {}
        return TochkaClient(
            self._base_url(), token, ca_pem=connection.ca_pem or None,
            deadline=bank_deadline(), **options
        )

    @api.model
    def _database_identity(self):
        """ Return what tells this database from its copies: Odoo gives a duplicate another uuid,
        and one that PostgreSQL has copied has another name.
        """
        uuid = self.env['ir.config_parameter'].sudo().get_param('database.uuid')
        return f'{uuid}/{self.env.cr.dbname}'

    def _is_copy(self):
        """ Return whether this database is a copy of the one in which the bank was connected.

        :rtype: bool
        """
        self.ensure_one()
        identity = self.sudo().database_identity
        return bool(identity) and identity != self._database_identity()
