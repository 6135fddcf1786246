# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Files of certificates: trust for the bank's host.

Since the end of August 2026 the bank's API host shows a chain of the Russian state CA, which the
usual trust stores do not contain. An administrator adds that CA for this host alone (`https`);
verification is never switched off.
"""

import re
from dataclasses import dataclass
from datetime import datetime

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization

from .. import const
from .errors import _lt

_PEM = re.compile(rb'-----BEGIN CERTIFICATE-----.+?-----END CERTIFICATE-----', re.DOTALL)


@dataclass(frozen=True)
class CaCertificate:
    """ A certificate authority that an administrator wants to trust for the bank's host. """

    subject: str
    fingerprint: str
    not_before: datetime
    not_after: datetime
    pem: str

    @property
    def published_name(self):
        """ The name under which the Russian state CA publishes it, or None if it does not. """
        return const.PUBLISHED_CA_FINGERPRINTS.get(self.fingerprint)


def parse_ca(content):
    """ Read the certificates of a CA file.

    The published files have CRLF line ends and no final newline; several certificates in one file
    and DER are read as well.

    :param bytes content: The file.
    :return: The certificates, in the file's order.
    :rtype: list[CaCertificate]
    :raise ValueError: If the file is something else, saying what to do.
    """
    if b'PRIVATE KEY' in content:
        raise ValueError(_lt("This file holds a private key. Upload the certificate of the"
                             " certification authority only, and keep the key secret."))
    try:
        blocks = _PEM.findall(content)
        if blocks:
            certificates = [
                x509.load_pem_x509_certificate(block.replace(b'\r\n', b'\n') + b'\n')
                for block in blocks
            ]
        else:
            certificates = [x509.load_der_x509_certificate(content)]
    except ValueError as error:
        message = (
            _lt("This file holds no certificate. It looks like a web page: the download was"
                " redirected.")
            if content.lstrip()[:1] == b'<' else _lt("This file holds no certificate.")
        )
        raise ValueError(message) from error
    return [_read_ca(certificate) for certificate in certificates]


def _read_ca(certificate):
    subject = certificate.subject.rfc4514_string()
    try:
        constraints = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    except x509.ExtensionNotFound:
        constraints = None
    if constraints is None or not constraints.ca:
        raise ValueError(_lt("This is not the certificate of a certification authority. Upload the"
                             " root certificate, not the bank's own."))
    return CaCertificate(
        subject=subject,
        fingerprint=certificate.fingerprint(hashes.SHA256()).hex(':').upper(),
        not_before=certificate.not_valid_before_utc,
        not_after=certificate.not_valid_after_utc,
        pem=certificate.public_bytes(serialization.Encoding.PEM).decode(),
    )


def to_pem(certificates):
    """ Return certificates as one PEM text. :rtype: str """
    return ''.join(certificate.pem for certificate in certificates)
