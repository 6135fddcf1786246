# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import base64

import requests

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import tls
from odoo.addons.tochka_acquiring.utils import utc_naive

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)

_CA_BYTES = 64 * 1024


class TochkaConnection(models.Model):
    """ Which certificates are trusted for the bank's host, besides the usual ones. """

    _inherit = 'tochka.connection'

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

    # === ACTION METHODS === #

    def action_fetch_ca(self):
        """ Fetch the root certificate of the Russian state certification authority.

        It is taken only if its fingerprint is the one that the authority publishes, so that it does
        not matter who delivers the file.

        :return: A notification for the administrator.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('write')
        try:
            with requests.get(const.ROOT_CA_URL, timeout=const.QUICK_TIMEOUT, stream=True,
                              allow_redirects=False) as response:
                response.raise_for_status()
                content = response.raw.read(_CA_BYTES, decode_content=True)
            certificates = tls.parse_ca(content)
        except (requests.exceptions.RequestException, ValueError) as error:
            _logger.warning("The root certificate can't be fetched: %s", type(error).__name__)
            return self._notify('danger', _(
                "The root certificate could not be fetched from %s. Download it on your computer"
                " from gosuslugi.ru/crt (Russian Trusted Root CA) and upload it here.",
                const.ROOT_CA_URL,
            ))
        if not all(certificate.published_name for certificate in certificates):
            return self._notify('danger', _(
                "What %(url)s sends is NOT the published certificate (SHA-256 %(fingerprint)s)."
                " Nothing was changed. Somebody may be in between: tell your system administrator.",
                url=const.ROOT_CA_URL, fingerprint=certificates[0].fingerprint,
            ))
        self.write({
            'ca_file': base64.b64encode(content),
            'ca_filename': const.ROOT_CA_URL.rpartition('/')[2],
        })
        return self._notify('success', _(
            "The root certificate was fetched and its fingerprint is the published one. It is"
            " trusted for the bank's host alone."
        ))

    # === BUSINESS METHODS === #

    @api.model
    def _complete_authorities(self, vals):
        """ Add what an uploaded certificate file tells of itself.

        :param dict vals: The values to create or write.
        :return: The completed values.
        :rtype: dict
        :raise ValidationError: If the file holds no certificate authority.
        """
        vals = dict(vals)
        if vals.get('ca_file'):
            try:
                certificates = tls.parse_ca(base64.b64decode(vals['ca_file']))
            except ValueError as error:
                raise ValidationError(self.env._(str(error))) from error
            vals.update({
                'ca_pem': tls.to_pem(certificates),
                'ca_summary': '\n\n'.join(
                    self._describe_certificate(certificate) for certificate in certificates
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
    def _describe_certificate(self, certificate):
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
