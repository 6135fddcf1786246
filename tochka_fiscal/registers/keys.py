# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Certificates and keys as people are handed them. Free of Odoo.

Read are PEM (also with a passphrase, PKCS#1 and PKCS#8), PKCS#12 and the XML `RSAKeyValue` of .NET,
in which OrangeData hands out keys (github.com/orangedata-official/API, `files_for_test`). They are
kept as PEM without a passphrase, so that the passphrase itself need not be kept.
"""

import base64
import binascii
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from datetime import datetime, timezone
from functools import lru_cache

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_der_private_key,
    load_pem_private_key,
    pkcs12,
)
from cryptography.x509.oid import NameOID

from ..receipt import _lt

LEAST_BITS = 2048
MOST_BYTES = 64 * 1024
KEPT = 16  # Ours: how many keys a process keeps ready. A company has one.


class KeyProblem(ValueError):
    """ A file that is not what was asked for.

    :param str message: What is wrong and what to do.
    """

    def __init__(self, message):
        super().__init__(message)
        self.message = message


@dataclass(frozen=True, kw_only=True)
class ClientCertificate:
    """ Who we are in TLS. """

    pem: str = field(repr=False)  # the certificate, those that signed it, the key
    name: str
    until: datetime  # UTC


# === READING === #

def read_client(certificate, key=b'', passphrase=''):
    """ Read a client's certificate and its key.

    :param bytes certificate: A file with the certificate, or with both.
    :param bytes key: The file with the key, where the first has none.
    :param str passphrase: Opens the key.
    :rtype: ClientCertificate
    :raise KeyProblem: If they are not what they should be, or have expired.
    """
    _check_size(certificate, key)
    if b'-----BEGIN' in certificate:
        try:
            chain = x509.load_pem_x509_certificates(certificate)
        except ValueError as error:
            raise KeyProblem(_lt(
                "There is no certificate in the file. It begins with -----BEGIN CERTIFICATE-----,"
                " or is a file .p12 or .pfx.")) from error
        private = _read_pem_key(key or certificate, passphrase) if _has_pem_key(
            key or certificate) else None
        if key and not private:
            private = _read_der_key(key, passphrase)
    else:
        private, chain = _read_pkcs12(certificate, passphrase)
    if not private:
        raise KeyProblem(_lt("The key of the certificate is missing: choose its file as well."))
    own = next((one for one in chain if _public(one.public_key()) == _public(
        private.public_key())), None)
    if not own:
        raise KeyProblem(_lt("The certificate and the key do not belong together."))
    _check_validity(own)
    ordered = [own, *(one for one in chain if one != own)]
    return ClientCertificate(
        pem=''.join([*(one.public_bytes(Encoding.PEM).decode() for one in ordered),
                     _write(private)]),
        name=_read_name(own), until=own.not_valid_after_utc)


def read_sign_key(content, passphrase=''):
    """ Read the key that signs what is sent.

    :param bytes content: The file: PEM, or XML `RSAKeyValue`.
    :param str passphrase: Opens it.
    :return: PEM without a passphrase.
    :rtype: str
    :raise KeyProblem: If it is none, or too weak.
    """
    _check_size(content)
    if b'RSAKeyValue' in content:
        return _write(_read_xml_key(content))
    if _has_pem_key(content):
        return _write(_read_pem_key(content, passphrase))
    if b'-----BEGIN' in content:
        raise KeyProblem(_lt(
            "The file holds no private key. It begins with -----BEGIN PRIVATE KEY----- or"
            " -----BEGIN RSA PRIVATE KEY-----."))
    return _write(_read_der_key(content, passphrase))


def check_authority(pem):
    """ Check the certificate of an authority.

    :param str pem: PEM.
    :raise KeyProblem: If it is none.
    """
    try:
        x509.load_pem_x509_certificates(pem.encode())
    except ValueError as error:
        raise KeyProblem(_lt(
            "The authority is a certificate that begins with -----BEGIN CERTIFICATE-----."
        )) from error


@lru_cache(maxsize=KEPT)
def load(pem):
    """ Return the private key of what `read_sign_key` has returned. """
    return load_pem_private_key(pem.encode(), None)


def _check_size(*files):
    if not files[0]:
        raise KeyProblem(_lt("The file is empty."))
    if any(len(content) > MOST_BYTES for content in files):
        raise KeyProblem(_lt("The file is too large for a certificate or a key."))


def _has_pem_key(content):
    return b'PRIVATE KEY-----' in content


def _read_pem_key(content, passphrase):
    # A file with a certificate before the key is read from the key on.
    start = content.index(b'-----BEGIN', max(0, content.index(b'PRIVATE KEY-----') - 27))
    return _checked(_open(load_pem_private_key, content[start:], passphrase))


def _read_der_key(content, passphrase):
    return _checked(_open(load_der_private_key, content, passphrase))


def _open(load_key, content, passphrase):
    """ Load a key with its passphrase; one that was given for a key without is not needed. """
    try:
        return load_key(content, passphrase.encode() or None)
    except TypeError:
        if not passphrase:
            raise KeyProblem(_lt("The key has a passphrase: enter it.")) from None
        return load_key(content, None)
    except ValueError as error:
        if passphrase and b'ENCRYPTED' in content:
            raise KeyProblem(_lt("The passphrase is wrong.")) from error
        raise KeyProblem(_lt(
            "The file is no key that can be read: PEM, PKCS#12 (.p12, .pfx) and XML with"
            " RSAKeyValue are.")) from error


def _read_pkcs12(content, passphrase):
    try:
        private, own, others = pkcs12.load_key_and_certificates(
            content, passphrase.encode() or None)
    except ValueError as error:
        if content[:1] == b'\x30':  # ASN.1, as every PKCS#12 begins
            raise KeyProblem(_lt(
                "The passphrase is wrong, or the file is no PKCS#12 (.p12, .pfx).")) from error
        raise KeyProblem(_lt(
            "There is no certificate in the file. It begins with -----BEGIN CERTIFICATE-----, or"
            " is a file .p12 or .pfx.")) from error
    if not own:
        raise KeyProblem(_lt("There is no certificate in the file, or no key that belongs to it."))
    return _checked(private), [own, *others]


def _read_xml_key(content):
    try:
        root = ET.fromstring(content)
        numbers = {
            element.tag.rpartition('}')[2]: int.from_bytes(
                base64.b64decode(''.join((element.text or '').split()), validate=True), 'big')
            for element in root
        }
        public = rsa.RSAPublicNumbers(numbers['Exponent'], numbers['Modulus'])
        private = rsa.RSAPrivateNumbers(
            p=numbers['P'], q=numbers['Q'], d=numbers['D'], dmp1=numbers['DP'],
            dmq1=numbers['DQ'], iqmp=numbers['InverseQ'], public_numbers=public)
        return _checked(private.private_key())
    except KeyError as error:
        raise KeyProblem(_lt(
            "The XML holds no private key: RSAKeyValue with Modulus, Exponent, P, Q, DP, DQ,"
            " InverseQ and D is needed.")) from error
    except (ET.ParseError, binascii.Error, ValueError) as error:
        if isinstance(error, KeyProblem):
            raise
        raise KeyProblem(_lt("The XML can't be read, or its numbers are no key.")) from error


def _checked(key):
    """ Return a key that is strong enough. """
    if not isinstance(key, rsa.RSAPrivateKey):
        raise KeyProblem(_lt("The key must be one of RSA."))
    if key.key_size < LEAST_BITS:
        raise KeyProblem(_lt("The key must have 2048 bits at least."))
    return key


def _check_validity(certificate):
    now = datetime.now(timezone.utc)
    if certificate.not_valid_after_utc <= now:
        raise KeyProblem(_lt("The certificate has expired: get a new one in the cabinet."))
    if certificate.not_valid_before_utc > now:
        raise KeyProblem(_lt("The certificate is not valid yet."))


def _public(key):
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def _read_name(certificate):
    names = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return names[0].value if names else certificate.subject.rfc4514_string()


def _write(key):
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
