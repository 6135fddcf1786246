""" The keys of a shop at OrangeData: a client certificate, and a key that signs documents.

Source: orangedata-official/API, protocol 2.31.3, 1.2.3–1.2.5; the forms of the keys are those of
its `files_for_test` (an encrypted PEM, a PFX, .NET XML).
"""

import base64
import binascii
import secrets

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)

from .certificates import Authority, server_context

BITS = 2048


def _rsa_key():
    return rsa.generate_private_key(public_exponent=65537, key_size=BITS)


class Keys:
    """ All keys of the register; making them takes a part of a second.

    :param str host: Where the register is served.
    """

    def __init__(self, host):
        server, self._clients = Authority('Sandbox Server CA'), Authority('Sandbox OrangeData CA')
        self.context = server_context(server, 'Sandbox OrangeData', host)
        self.context.verify_mode = self.context.verify_mode.CERT_REQUIRED
        self.context.load_verify_locations(cadata=self._clients.pem.decode())
        self._client_key, self._password = _rsa_key(), secrets.token_urlsafe(9)
        self._certificate = self._clients.issue('romashka', self._client_key.public_key())
        self._ca = server.pem
        self.renew()

    def renew(self):
        """ Register another key for signing; the old one is wrong from now on. """
        self._sign_key = _rsa_key()

    def signed(self, raw, signature):
        """ Return whether a text is signed: RSA, SHA-256, PKCS#1 v1.5, in base64.

        :param bytes raw: The exact body.
        :param str signature: The header.
        """
        try:
            self._sign_key.public_key().verify(
                base64.b64decode(signature, validate=True), raw, padding.PKCS1v15(),
                hashes.SHA256())
        except (InvalidSignature, binascii.Error, ValueError):
            return False
        return True

    def credentials(self):
        """ Return what the shop gets from the cabinet. :rtype: dict """
        encryption = BestAvailableEncryption(self._password.encode())
        return {
            'client_cert': self._certificate.public_bytes(Encoding.PEM).decode(),
            'client_key': self._client_key.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, encryption).decode(),
            'client_key_password': self._password,
            'client_p12': base64.b64encode(pkcs12.serialize_key_and_certificates(
                b'romashka', self._client_key, self._certificate, None, encryption)).decode(),
            'sign_key': self._sign_key.private_bytes(
                Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            'sign_key_xml': key_xml(self._sign_key),
            'ca': self._ca.decode(),
        }


def key_xml(key):
    """ Write a private key of RSA as .NET does (`RSAKeyValue`; RFC 4051 and Microsoft's
    `RSA.ToXmlString`): big-endian, the halves padded to half of the modulus.
    """
    numbers, whole = key.private_numbers(), key.key_size // 8
    public = numbers.public_numbers

    def written(name, value, length=None):
        length = length or (value.bit_length() + 7) // 8
        return f'<{name}>{base64.b64encode(value.to_bytes(length, "big")).decode()}</{name}>'

    return ''.join((
        '<RSAKeyValue>', written('Modulus', public.n, whole), written('Exponent', public.e),
        *(written(name, value, whole // 2) for name, value in (
            ('P', numbers.p), ('Q', numbers.q), ('DP', numbers.dmp1), ('DQ', numbers.dmq1),
            ('InverseQ', numbers.iqmp))),
        written('D', numbers.d, whole), '</RSAKeyValue>'))
