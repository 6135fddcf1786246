""" The sandbox as a running server. """

import datetime
import ipaddress
import logging
import ssl
import tempfile
import threading
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID
from werkzeug.serving import WSGIRequestHandler, make_server

from .app import create_app


class QuietHandler(WSGIRequestHandler):
    """ No line for each request. """

    def log_request(self, *args, **kwargs):
        """ Log nothing. """


class RunningSandbox:
    """ A sandbox that serves in the background.

    :param int port: 0 for a free one.
    :param str host: The address to listen on.
    :param str|None tls_ca: Serve by https and write the private CA's certificate to this file.
    :param options: Options of `create_app`.
    """

    def __init__(self, port=0, host='127.0.0.1', tls_ca=None, **options):
        context = make_tls_context(host, tls_ca) if tls_ca else None
        self.app = create_app(**options)
        self._server = make_server(
            host, port, self.app, threaded=True, request_handler=QuietHandler, ssl_context=context
        )
        self._server.daemon_threads = True
        self.url = f'{"https" if context else "http"}://{host}:{self._server.server_port}'
        self.api_url = f'{self.url}/uapi/'
        self.bank = self.app.config['BANK']
        self.bank.base_url = self.url
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def stop(self):
        """ Stop serving and delivering. """
        self._server.shutdown()
        self._server.server_close()
        self.app.config['COURIER'].stop()

    def join(self):
        """ Wait until it stops. """
        self._thread.join()


def start(port=0, **options):
    """ Start a sandbox in the background. :rtype: RunningSandbox """
    logging.getLogger('werkzeug').setLevel(logging.ERROR)
    return RunningSandbox(port, **options)


def make_tls_context(host, ca_file):
    """ Make a private certification authority and a certificate for the host.

    :param str host: The host name or address.
    :param str ca_file: Where to write the authority's certificate.
    :rtype: ssl.SSLContext
    """
    now = datetime.datetime.now(datetime.timezone.utc)

    def build(subject, key, issuer, issuer_key, ca):
        # RFC 5280 asks for the identifiers and usages; Python 3.13 verifies them.
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject).issuer_name(issuer).public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=365))
            .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()),
                critical=False,
            )
            .add_extension(x509.KeyUsage(
                digital_signature=not ca, key_cert_sign=ca, crl_sign=ca, content_commitment=False,
                key_encipherment=False, data_encipherment=False, key_agreement=False,
                encipher_only=False, decipher_only=False,
            ), critical=True)
        )
        if not ca:
            try:
                name = x509.IPAddress(ipaddress.ip_address(host))
            except ValueError:
                name = x509.DNSName(host)
            builder = builder.add_extension(
                x509.SubjectAlternativeName([name]), critical=False
            ).add_extension(
                x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False
            )
        return builder.sign(issuer_key, hashes.SHA256())

    def named(text):
        return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

    ca_key, key = (ec.generate_private_key(ec.SECP256R1()) for _count in range(2))
    authority = build(named('Sandbox Root CA'), ca_key, named('Sandbox Root CA'), ca_key, True)
    certificate = build(named('Sandbox Bank'), key, named('Sandbox Root CA'), ca_key, False)
    Path(ca_file).write_bytes(authority.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.NamedTemporaryFile(suffix='.pem') as chain:
        chain.write(certificate.public_bytes(serialization.Encoding.PEM))
        chain.write(key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        ))
        chain.flush()
        context.load_cert_chain(chain.name)
    return context
