""" A private certification authority, as strict verifiers want it. """

import datetime
import ipaddress
import ssl
import tempfile
from dataclasses import dataclass

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

NOW = datetime.datetime.now(datetime.timezone.utc)
DAY = datetime.timedelta(days=1)
CA_USAGE = dict.fromkeys((
    'digital_signature', 'content_commitment', 'key_encipherment', 'data_encipherment',
    'key_agreement', 'encipher_only', 'decipher_only',
), False) | {'key_cert_sign': True, 'crl_sign': True}


@dataclass
class Issued:
    """ A certificate with its private key. """

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey

    @property
    def pem(self):
        """ The certificate as PEM text. """
        return self.certificate.public_bytes(serialization.Encoding.PEM).decode()

    @property
    def der(self):
        """ The certificate as DER. """
        return self.certificate.public_bytes(serialization.Encoding.DER)

    @property
    def fingerprint(self):
        """ SHA-256 in the form in which authorities publish it. """
        digest = self.certificate.fingerprint(hashes.SHA256())
        return ':'.join(f'{byte:02X}' for byte in digest)

    @property
    def key_pem(self):
        """ The private key as PEM text. """
        return self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ).decode()


def issue(name, issuer=None, *, ca=False, hosts=(), begins=NOW - DAY, ends=NOW + 365 * DAY):
    """ Issue a certificate.

    :param str name: The subject's common name.
    :param Issued|None issuer: The authority; None for a self-signed certificate.
    :param bool ca: Whether it is an authority.
    :param hosts: Names and addresses that it is for.
    :rtype: Issued
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    signer = issuer.key if issuer else key
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.certificate.subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(begins)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
    )
    if ca:
        builder = builder.add_extension(x509.KeyUsage(**CA_USAGE), critical=True)
    if hosts:
        builder = builder.add_extension(x509.SubjectAlternativeName([
            x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
            for host in hosts
        ]), critical=False)
    return Issued(builder.sign(signer, hashes.SHA256()), key)


def server_context(issued, *chain):
    """ Return the context of a server that shows a certificate and its chain. """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile('w', suffix='.pem') as file:
        file.write(issued.pem + ''.join(link.pem for link in chain) + issued.key_pem)
        file.flush()
        context.load_cert_chain(file.name)
    return context
