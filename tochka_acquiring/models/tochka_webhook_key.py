# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import json
from datetime import timedelta

from odoo import SUPERUSER_ID, api, fields, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors, webhook

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class KeyUnavailable(Exception):
    """ The bank's public key could not be obtained: the bank should send the webhook again. """


class TochkaWebhookKey(models.Model):
    """ The bank's public key, fetched from the bank and never taken from documentation.

    The bank publishes one key without an id and may change it at any time, so it is fetched again
    when a signature does not fit, and the previous key stays valid for what was signed by it.
    Source: developers.tochka.com, «Вебхуки», 2026-04.
    """

    _name = 'tochka.webhook.key'
    _description = "Tochka Bank: public key of webhooks"
    _rec_name = 'url'

    url = fields.Char(string="Address of the key", required=True, readonly=True)
    jwk = fields.Text(string="Key", readonly=True)
    previous_jwk = fields.Text(string="Previous key", readonly=True)
    requested_at = fields.Datetime(string="Last requested at", readonly=True)

    _url_uniq = models.Constraint('unique(url)', "A key is stored once for each address.")

    # === BUSINESS METHODS === #

    @api.model
    def _tochka_verify(self, body):
        """ Return the claims of a webhook whose signature is the bank's.

        :param bytes body: The request's body: a compact JWT.
        :return: The claims.
        :rtype: dict
        :raise MalformedWebhook: If the body is no JWT.
        :raise InvalidSignature: If no key of the bank fits.
        :raise KeyUnavailable: If no key could be obtained.
        """
        # The bank's first test event comes while the connection is only being made.
        connections = self.env['tochka.connection'].search([
            ('environment', '!=', 'bank_sandbox'),
            '|', ('state', 'in', ('connected', 'attention')),
            '&', ('state', '!=', 'disconnected'),
            '|', ('jwt_key', '!=', False), ('client_secret', '!=', False),
        ]).sorted(lambda connection: connection.state in ('connected', 'attention'))
        connection_by_url = {}
        for connection in connections:
            try:
                connection_by_url[connection._tochka_public_key_url()] = connection
            except errors.NotSent as error:
                # The others' notifications must not suffer from one that is set up wrongly.
                _logger.warning("Connection %s has no usable address: %s", connection.id, error)
        stored = self.search([('url', 'in', list(connection_by_url))])
        jwks = [json.loads(jwk) for key in stored for jwk in (key.jwk, key.previous_jwk) if jwk]
        claims = self._tochka_try_keys(body, jwks)
        if claims is None:
            fetched = [
                jwk for url, connection in connection_by_url.items()
                if (jwk := self._tochka_fetch(url, connection))
            ]
            claims = self._tochka_try_keys(body, fetched)
            jwks += fetched
        if claims is not None:
            return claims
        if not jwks:
            raise KeyUnavailable()
        raise webhook.InvalidSignature("No key of the bank fits the signature.")

    @api.model
    def _tochka_try_keys(self, body, jwks):
        """ Return the claims by the first key that fits, or None.

        :param bytes body: The request's body.
        :param list[dict] jwks: The keys to try.
        :rtype: dict|None
        :raise MalformedWebhook: If the body is no JWT.
        """
        if not jwks:
            webhook.check_shape(body)
        for jwk in jwks:
            try:
                return webhook.decode(body, jwk)
            except webhook.InvalidSignature:
                _logger.debug("A webhook does not fit one of the bank's keys")
        return None

    @api.model
    def _tochka_fetch(self, url, connection):
        """ Ask the bank for its key, at most once a minute, and keep it.

        Each forged webhook would otherwise make Odoo call the bank.

        :param str url: The address of the key.
        :param tochka.connection connection: A connection whose trusted certificates are used.
        :return: The key, or None when it was asked for just now or can't be had.
        :rtype: dict|None
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
            jwk = connection._tochka_client(quick=True).public_key()
        except errors.TochkaError as error:
            _logger.warning("The bank's public key can't be obtained: %s", error)
            return None
        with self.env.registry.cursor() as cr:
            key = self.with_env(self.env(cr=cr, user=SUPERUSER_ID)).browse(row[0])
            text = json.dumps(jwk, sort_keys=True)
            if key.jwk != text:
                key.write({'jwk': text, 'previous_jwk': key.jwk})
        return jwk
