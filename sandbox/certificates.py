""" Private certification authorities for the sandbox's own servers and clients. """

import datetime
import ipaddress
import ssl
import tempfile

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID


class Authority:
    """ A certification authority that lives as long as the process.

    :param str name: Its common name.
    """

    def __init__(self, name):
        self._name = _named(name)
        self._key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._sign(self._name, self._key.public_key(), ca=True)

    @property
    def pem(self):
        """ Its certificate. :rtype: bytes """
        return self.certificate.public_bytes(serialization.Encoding.PEM)

    def issue(self, name, public_key, host=None):
        """ Sign a certificate.

        :param str name: The common name.
        :param public_key: The key that is certified.
        :param str|None host: Of a server: its name or address; None: of a client.
        :rtype: x509.Certificate
        """
        return self._sign(_named(name), public_key, host=host)

    def _sign(self, subject, public_key, ca=False, host=None):
        now = datetime.datetime.now(datetime.timezone.utc)
        # RFC 5280 asks for the identifiers and usages; Python 3.13 verifies them.
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject).issuer_name(self._name).public_key(public_key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=365))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(public_key), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()),
                critical=False,
            )
            .add_extension(x509.KeyUsage(
                digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, content_commitment=False,
                key_encipherment=False, data_encipherment=False, key_agreement=False,
                encipher_only=False, decipher_only=False,
            ), critical=True)
        )
        if host:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_host(host)]), critical=False)
        if not ca:
            usage = ExtendedKeyUsageOID.SERVER_AUTH if host else ExtendedKeyUsageOID.CLIENT_AUTH
            builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        return builder.sign(self._key, hashes.SHA256())


def server_context(authority, name, host):
    """ Return a context with a new key and a certificate for a server.

    :param Authority authority: Who signs it.
    :param str name: The common name.
    :param str host: The host name or address.
    :rtype: ssl.SSLContext
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    show_certificate(context, authority, name, host)
    return context


def show_certificate(context, authority, name, host):
    """ Let a server show a new certificate from the next handshake on. Parameters as above. """
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = authority.issue(name, key.public_key(), host)
    with tempfile.NamedTemporaryFile(suffix='.pem') as chain:
        chain.write(certificate.public_bytes(serialization.Encoding.PEM))
        chain.write(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ))
        chain.flush()
        context.load_cert_chain(chain.name)


def _named(text):
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _host(host):
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
