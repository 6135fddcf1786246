# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import hashlib
import secrets
import urllib.parse
from datetime import timedelta

import psycopg2

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import consteq, urls

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class TochkaAuthorization(models.Model):
    """ One way of one administrator to the bank's consent page and back.

    Both secrets, that of the e-mailed link and the `state` of OAuth, are kept as digests, work once
    and are bound to the administrator, the connection and a time.
    """

    _name = 'tochka.authorization'
    _description = "Tochka Bank: request for consent"
    _order = 'id desc'
    _rec_name = 'connection_id'

    connection_id = fields.Many2one(
        string="Bank connection", comodel_name='tochka.connection', required=True, readonly=True,
        ondelete='cascade', index=True)
    user_id = fields.Many2one(
        string="Administrator", comodel_name='res.users', required=True, readonly=True,
        ondelete='cascade')
    link_hash = fields.Char(readonly=True, copy=False, index='btree_not_null')
    link_expires_at = fields.Datetime(string="Link expires at", readonly=True)
    state_hash = fields.Char(readonly=True, copy=False, index='btree_not_null')
    state_expires_at = fields.Datetime(string="Waiting for the bank until", readonly=True)
    redirect_uri = fields.Char(string="Redirect URL", readonly=True)
    consent_id = fields.Char(string="Consent", readonly=True)
    problem = fields.Text(string="Problem", readonly=True)

    #  sent ──link opened──► opened ──the bank sends a code──► returned ──tokens──► granted
    #   │                      ├──the bank sends a refusal──► refused  └──no tokens──► failed
    #   └──a newer link──►     └──(its time is over: it stays opened and is good for nothing)
    #      replaced
    state = fields.Selection(
        string="State",
        selection=[
            ('sent', "E-mail sent"),
            ('replaced', "Replaced by a newer link"),
            ('opened', "Opened"),
            ('returned', "Came back from the bank"),
            ('granted', "Consent given"),
            ('refused', "Consent refused"),
            ('failed', "Failed"),
        ],
        required=True, readonly=True, default='sent', index=True)

    # === BUSINESS METHODS - THE E-MAILED LINK === #

    @api.model
    def _send_link(self, connection):
        """ Send the current user a link to the bank's consent page, and end the earlier ones.

        :param tochka.connection connection: The connection.
        :return: The request for consent.
        :rtype: tochka.authorization
        """
        user = self.env.user
        self.search([
            ('connection_id', '=', connection.id), ('state', '=', 'sent')
        ]).state = 'replaced'
        secret = secrets.token_urlsafe(32)
        authorization = self.create({
            'connection_id': connection.id,
            'user_id': user.id,
            'link_hash': digest(secret),
            'link_expires_at': fields.Datetime.now() + timedelta(hours=const.LINK_HOURS),
        })
        link = urls.urljoin(
            connection._public_url(),
            f'{const.OAUTH_START_ROUTE}?{urllib.parse.urlencode({"token": secret})}',
        )
        self.env.ref('tochka_acquiring.mail_template_consent').with_context(
            tochka_link=link
        ).send_mail(authorization.id, force_send=False)
        # The administrator waits for it.
        self.env.ref('mail.ir_cron_mail_scheduler_action')._trigger()
        return authorization

    @api.model
    def _find_by_link(self, secret):
        """ Return the request that an e-mailed link belongs to.

        :param str secret: The secret of the link.
        :rtype: tochka.authorization
        """
        return self._find('link_hash', secret)

    @api.model
    def _find_by_state(self, state):
        """ Return the request that a `state` belongs to.

        :param str state: The state that the bank has sent back.
        :rtype: tochka.authorization
        """
        return self._find('state_hash', state)

    @api.model
    def _find(self, field_name, secret):
        if not secret:
            return self.browse()
        hashed = digest(secret)
        found = self.search([(field_name, '=', hashed)], limit=1)
        return found if found and consteq(found[field_name], hashed) else self.browse()

    def _find_link_obstacle(self):
        """ Return why the e-mailed link can't be used by the current user, or an empty string.

        :rtype: str
        """
        self.ensure_one()
        if self.user_id != self.env.user:
            return self.env._("This link was sent to another administrator.")
        if self.state != 'sent':
            return self.env._("This link was already used or replaced by a newer one.")
        if self.link_expires_at < fields.Datetime.now():
            return self.env._("This link has expired.")
        return ''

    # === BUSINESS METHODS - TO THE BANK AND BACK === #

    def _open(self):
        """ Create the consent and the one-time state, and return the bank's page.

        A repeat of a request that was rolled back leaves an unused consent at the bank, which
        allows nothing.

        :return: The address of the bank's page.
        :rtype: str
        :raise TochkaError: If the bank refused or stayed silent; the link can then be tried again.
        """
        self.ensure_one()
        connection = self.connection_id
        application = connection._application(quick=True)
        consent_id = application.create_consent(connection._needed_permissions())
        state = secrets.token_urlsafe(32)
        self.write({
            'state': 'opened',
            'state_hash': digest(state),
            'state_expires_at': fields.Datetime.now() + timedelta(minutes=const.STATE_MINUTES),
            'redirect_uri': connection.redirect_url,
            'consent_id': consent_id,
        })
        return application.authorize_url(consent_id, state, self.redirect_uri)

    def _find_state_obstacle(self):
        """ Return why what came back can't be taken, or an empty string.

        :rtype: str
        """
        self.ensure_one()
        if self.user_id != self.env.user:
            return self.env._("Another administrator began this request for consent.")
        if self.state != 'opened':
            return self.env._("This answer of the bank was already used.")
        if self.state_expires_at < fields.Datetime.now():
            return self.env._("This request for consent has expired.")
        return ''

    def _finish(self, code, refusal=''):
        """ Take the bank's answer: exchange the code for tokens, once.

        Each step is committed in a cursor of its own: a code works once, and a replayed request
        must neither use it again nor lose what it has brought.

        :param str code: The code.
        :param str refusal: The error that the bank has sent instead of a code.
        :return: Why the consent is not given, or an empty string.
        :rtype: str
        """
        self.ensure_one()
        if not self._step('opened', {'state': 'returned'}):
            return self.env._("This answer of the bank was already used.")
        if refusal or not code:
            problem = self.env._(
                "The consent was refused on the bank's page (%s). Nothing was changed.",
                (refusal or 'no code')[:60],
            )
            self._step('returned', {'state': 'refused', 'problem': problem})
            return problem
        connection = self.connection_id
        try:
            tokens = connection._application(quick=True).exchange_code(
                code, self.redirect_uri)
        except errors.TochkaError as error:
            _logger.warning("No tokens for connection %s: %s", connection.id, error)
            problem = self.env._(
                "The bank gave no access: %s\nThe bank's confirmation lives five minutes and works"
                " once. Open the bank's page again.", connection._explain(error),
            )
            self._step('returned', {'state': 'failed', 'problem': problem})
            return problem
        # The code is spent: who renews the earlier tokens meanwhile must not make us lose these.
        for _attempt in range(const.KEEP_ATTEMPTS):
            if self._step('returned', {'state': 'granted', 'problem': False}, tokens):
                return ''
        problem = self.env._(
            "The bank gave access, and Odoo could not keep it. Open the bank's page again.")
        self._step('returned', {'state': 'failed', 'problem': problem})
        return problem

    def _step(self, expected, values, tokens=None):
        """ Go one step further in a cursor of its own, if nobody else has.

        :param str expected: The state before the step.
        :param dict values: The values to write.
        :param Tokens|None tokens: What the bank has given.
        :return: Whether the step was made.
        :rtype: bool
        """
        try:
            with self.env.registry.cursor() as cr:
                fresh = self.with_env(self.env(cr=cr, user=SUPERUSER_ID))
                if not fresh.try_lock_for_update() or fresh.state != expected:
                    return False
                fresh.write(values)
                if tokens:
                    fresh._keep_tokens(tokens)
        except (psycopg2.OperationalError, psycopg2.IntegrityError) as error:
            _logger.info("Somebody else takes this answer: %s", type(error).__name__)
            return False
        self.invalidate_recordset()
        return True

    def _keep_tokens(self, tokens):
        """ Keep the tokens in place of those of an earlier consent. """
        self.ensure_one()
        store = self.env['tochka.token']
        values = {
            **store._values(tokens),
            'consent_id': self.consent_id,
            'consent_expires_at': False,
            'granted_at': fields.Datetime.now(),
        }
        token = store.search([('connection_id', '=', self.connection_id.id)])
        if token:
            token.write(values)
        else:
            store.create({**values, 'connection_id': self.connection_id.id})

    @api.autovacuum
    def _gc_authorizations(self):
        """ Forget old requests: they are good for nothing. """
        self.search([
            ('create_date', '<', fields.Datetime.now() - timedelta(days=const.AUTHORIZATION_DAYS)),
        ]).unlink()


def digest(secret):
    """ Return what is kept of a secret. :rtype: str """
    return hashlib.sha256(secret.encode()).hexdigest()
