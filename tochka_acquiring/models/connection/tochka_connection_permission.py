# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class TochkaConnection(models.Model):
    """ What the bank allows: asked for by the chosen features, and compared with what was given.

    A consent lists its permissions. The rights of a JWT key can't be listed anywhere, so harmless
    reads try them; what only a write could show stays unknown.
    """

    _inherit = 'tochka.connection'

    use_accounts = fields.Boolean(
        string="Bank accounts", default=True,
        help="Read the numbers of your accounts, to map them to journals. Odoo reads no statements"
             " and moves no money.")
    use_sbp = fields.Boolean(
        string="Faster Payments System (SBP)", default=True,
        help="The permission «Work with the Faster Payments System», which the bank's guide names"
             " for payments by QR code.")
    # {name of the permission: 'granted' or 'missing'}; what is not in it is unknown.
    permission_states = fields.Json(readonly=True, copy=False)
    missing_permissions = fields.Text(
        string="Missing permissions", compute='_compute_missing_permissions')
    unknown_permissions = fields.Text(
        string="Could not be checked", compute='_compute_missing_permissions')

    # === COMPUTE METHODS === #

    @api.depends('permission_states', 'use_accounts', 'use_sbp', 'notification_mode')
    @api.depends_context('lang')
    def _compute_missing_permissions(self):
        for connection in self:
            texts = {'missing': [], 'unknown': []}
            for feature in connection._features() if connection.permission_states else ():
                for state, lines in texts.items():
                    names = [name for name in const.FEATURE_PERMISSIONS[feature]
                             if connection._permission_state(name) == state]
                    if names:
                        lines.append(_(
                            "%(feature)s: %(names)s",
                            feature=connection._feature_name(feature),
                            names=', '.join(names),
                        ))
            connection.missing_permissions = '\n'.join(texts['missing'])
            connection.unknown_permissions = '\n'.join(texts['unknown'])

    # === BUSINESS METHODS === #

    def _features(self):
        """ Return the features that this connection is used for.

        :rtype: list[str]
        """
        self.ensure_one()
        return [
            'payments',
            *(['notifications'] if self.notification_mode == 'webhook' else []),
            *(['accounts'] if self.use_accounts else []),
            *(['sbp'] if self.use_sbp else []),
        ]

    def _feature_name(self, feature):
        """ Return what is switched off without the permissions of a feature.

        :param str feature: A key of `FEATURE_PERMISSIONS`.
        :rtype: str
        """
        return {
            'payments': _("Taking payments"),
            'notifications': _("Notifications of payments"),
            'accounts': _("Bank accounts"),
            'sbp': _("Faster Payments System (SBP)"),
        }.get(feature, feature)

    def _needed_permissions(self):
        """ Return exactly the permissions that the chosen features need.

        :rtype: tuple[str, ...]
        """
        return tuple(
            name for feature in self._features()
            for name in const.FEATURE_PERMISSIONS[feature]
        )

    def _permission_state(self, name):
        """ Return what is known of a permission.

        :param str name: The bank's name of the permission.
        :return: 'granted', 'missing' or 'unknown'.
        :rtype: str
        """
        self.ensure_one()
        return (self.permission_states or {}).get(name, 'unknown')

    def _refresh_permissions(self):
        """ Ask the bank what is allowed, after the data were read.

        :raise Unauthorized: If the consent was taken back.
        """
        self.ensure_one()
        try:
            if self.auth_method == 'oauth':
                states = self._read_consent()
            else:
                states = {**(self.permission_states or {}), **self._probe_permissions()}
        except errors.Unauthorized:
            raise
        except errors.TochkaError as error:
            # Known before, or unknown; payments do not hang on it.
            _logger.warning("Permissions of connection %s stay as they were: %s", self.id, error)
            return
        if states != self.permission_states:
            self.permission_states = states

    def _note_permissions(self, feature, state):
        """ Keep what a request has shown of the rights that no list tells (JWT key).

        :param str feature: A key of `FEATURE_PERMISSIONS`.
        :param str state: 'granted' or 'missing'.
        """
        self.ensure_one()
        states = dict.fromkeys(const.FEATURE_PERMISSIONS[feature], state)
        known = self.permission_states or {}
        if self.auth_method == 'jwt' and {**known, **states} != known:
            self.permission_states = {**known, **states}

    def _read_consent(self):
        """ Return the state of each permission, as the consent lists them.

        :rtype: dict[str, str]
        :raise Unauthorized: If there is no consent (any more).
        :raise TochkaError: If the bank refused or stayed silent.
        """
        token = self._token()
        if not token:
            raise errors.Unauthorized(_("The consent has not been given yet."))
        consent = self._client().consent(token.consent_id)
        if consent.status and consent.status != const.CONSENT_GIVEN:
            raise errors.Unauthorized(_(
                "The consent is not valid at the bank any more (%s).", consent.status))
        token._note_consent_end(consent.expires_at)
        return {
            name: 'granted' if name in consent.permissions else 'missing'
            for names in const.FEATURE_PERMISSIONS.values() for name in names
        }

    def _probe_permissions(self):
        """ Return the state of the permissions that a harmless read can show.

        Those of accounts and notifications show when these are read anyway.

        :rtype: dict[str, str]
        """
        client = self._client()
        customer_code = self.legal_entity_ids[:1].customer_code
        # The companies and their shops have just been read.
        states = {'ReadCustomerData': 'granted', 'ReadAcquiringData': 'granted'}
        probes = []
        if self.use_sbp and customer_code:
            probes.append((('ReadSBPData',), lambda: client.probe_sbp(customer_code)))
        for names, probe in probes:
            try:
                probe()
            except errors.Unauthorized as error:
                _logger.info("Connection %s lacks %s: %s", self.id, ', '.join(names), error)
                states.update(dict.fromkeys(names, 'missing'))
            except errors.TochkaError as error:
                _logger.info("Connection %s, %s unknown: %s", self.id, ', '.join(names), error)
            else:
                states.update(dict.fromkeys(names, 'granted'))
        return states
