# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import json
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models
from odoo.tools import ormcache

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors, webhook
from odoo.addons.tochka_acquiring.utils import this_minute

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class KeyUnavailable(Exception):
    """ The bank's public key could not be obtained: the bank should send the webhook again. """


class TochkaWebhookKey(models.Model):
    """ The bank's public key, fetched from the bank and never taken from documentation.

    The bank publishes one key without an id and may change it at any time, so it is fetched again
    when a signature does not fit, and the previous key stays valid a while for what was signed by
    it.
    Source: developers.tochka.com, «Вебхуки», 2026-04.
    """

    _name = 'tochka.webhook.key'
    _description = "Tochka Bank: public key of webhooks"
    _rec_name = 'url'

    url = fields.Char(string="Address of the key", required=True, readonly=True)
    jwk = fields.Text(string="Key", readonly=True)
    previous_jwk = fields.Text(string="Previous key", readonly=True)
    changed_at = fields.Datetime(string="Changed at", readonly=True)
    requested_at = fields.Datetime(string="Last requested at", readonly=True)

    _url_uniq = models.Constraint('unique(url)', "A key is stored once for each address.")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache('stable')
        return super().create(vals_list)

    def write(self, vals):
        self.env.registry.clear_cache('stable')
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache('stable')
        return super().unlink()

    # === BUSINESS METHODS === #

    @api.model
    def _verify(self, body):
        """ Return the claims of a webhook whose signature is the bank's.

        :param bytes body: The request's body: a compact JWT.
        :return: The claims.
        :rtype: dict
        :raise MalformedWebhook: If the body is no JWT.
        :raise InvalidSignature: If no key of the bank fits.
        :raise KeyUnavailable: If no key could be obtained.
        """
        known = self._known_keys(this_minute())
        claims = self._try_keys(body, known)
        if claims is not None:
            return claims
        # A key may have come that this worker does not know yet.
        sources = self._key_sources()
        stored = self._stored_keys(sources)
        claims = self._try_keys(body, [jwk for jwk in stored if jwk not in known])
        if claims is not None:
            self.env.registry.clear_cache('stable')
            return claims
        fetched = [
            jwk for url, connection in sources.items()
            if (jwk := self._fetch(url, connection))
        ]
        claims = self._try_keys(body, fetched)
        if claims is not None:
            return claims
        if not stored and not fetched:
            raise KeyUnavailable()
        raise webhook.InvalidSignature("No key of the bank fits the signature.")

    @api.model
    @ormcache('minute', cache='stable')
    def _known_keys(self, minute):
        """ Return the stored keys of all connections that notifications may come for.

        Kept in each worker. Whatever changes them clears the cache in all workers: a key here, a
        connection (`KEY_FIELDS` there), the parameter of the address. Whoever does not hear of it
        (its teller was killed) reads them anew in the next minute.

        :param int minute: See `this_minute`.
        :return: The keys as JSON.
        :rtype: tuple[str, ...]
        """
        return self._stored_keys(self._key_sources())

    @api.model
    def _key_sources(self):
        """ Return the addresses of keys, each with a connection that has it.

        :rtype: dict[str, tochka.connection]
        """
        # The bank's first test event comes while the connection is only being made.
        connections = self.env['tochka.connection'].search([
            ('environment', '!=', 'bank_sandbox'),
            '|', ('state', 'in', ('connected', 'attention')),
            '&', ('state', '!=', 'disconnected'),
            '|', ('jwt_key', '!=', False), ('client_secret', '!=', False),
        ]).sorted(lambda connection: connection.state in ('connected', 'attention'))
        sources = {}
        for connection in connections:
            try:
                sources[connection._public_key_url()] = connection
            except errors.NotSent as error:
                # The others' notifications must not suffer from one that is set up wrongly.
                _logger.warning("Connection %s has no usable address: %s", connection.id, error)
        return sources

    @api.model
    def _stored_keys(self, sources):
        """ Return the keys that are stored for some addresses, with the previous ones.

        :param dict sources: By address.
        :return: The keys as JSON.
        :rtype: tuple[str, ...]
        """
        stored = self.search([('url', 'in', list(sources))])
        before = fields.Datetime.now() - timedelta(hours=const.PREVIOUS_KEY_HOURS)
        return tuple(
            jwk for key in stored
            for jwk in (key.jwk, key.changed_at and key.changed_at > before and key.previous_jwk)
            if jwk)

    @api.model
    def _try_keys(self, body, jwks):
        """ Return the claims by the first key that fits, or None.

        :param bytes body: The request's body.
        :param Iterable[str] jwks: The keys to try, as JSON.
        :rtype: dict|None
        :raise MalformedWebhook: If the body is no JWT.
        """
        if not jwks:
            webhook.check_shape(body)
        for jwk in jwks:
            try:
                return webhook.decode(body, json.loads(jwk))
            except webhook.InvalidSignature:
                _logger.debug("A webhook does not fit one of the bank's keys")
        return None

    @api.model
    def _fetch(self, url, connection):
        """ Ask the bank for its key, at most once a minute, and keep it.

        Each forged webhook would otherwise make Odoo call the bank.

        :param str url: The address of the key.
        :param tochka.connection connection: A connection whose trusted certificates are used.
        :return: The key as JSON, or None when it was asked for just now or can't be had.
        :rtype: str|None
        """
        now = fields.Datetime.now()
        with self.env.registry.cursor() as cr:
            cr.execute(
                """
                INSERT INTO tochka_webhook_key (url, requested_at, create_date, write_date)
                     VALUES (%(url)s, %(now)s, %(now)s, %(now)s)
                ON CONFLICT (url) DO UPDATE SET requested_at = %(now)s
                      WHERE tochka_webhook_key.requested_at IS NULL
                         OR tochka_webhook_key.requested_at <= %(before)s
                  RETURNING id
                """,
                {
                    'url': url,
                    'now': now,
                    'before': now - timedelta(seconds=const.KEY_REQUEST_SECONDS),
                },
            )
            row = cr.fetchone()
        if not row:
            return None
        try:
            jwk = connection._client(quick=True).public_key()
        except errors.TochkaError as error:
            _logger.warning("The bank's public key can't be obtained: %s", error)
            return None
        text = json.dumps(jwk, sort_keys=True)
        with self.env.registry.cursor() as cr:
            key = self.with_env(self.env(cr=cr, user=SUPERUSER_ID)).browse(row[0])
            changed = key.jwk != text
            if changed:
                key.write({'jwk': text, 'previous_jwk': key.jwk, 'changed_at': now})
        if changed:
            # Now: the other workers would not hear of it from a request that ends as refused.
            self.env.registry.clear_cache('stable')
            self.env.registry.signal_changes()
        return text
