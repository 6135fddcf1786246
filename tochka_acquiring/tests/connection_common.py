# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import base64
import json
import secrets
import ssl
import tempfile
import threading
from datetime import datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from pathlib import Path

import jwt
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from odoo.fields import Command

from odoo.addons.tochka_acquiring.models.connection.tochka_connection import TochkaConnection
from odoo.addons.tochka_acquiring.tests.common import TochkaCommon

CLIENT_ID = '0123456789abcdef0123456789abcdef'


def make_key(client_id=CLIENT_ID, expires_at=None):
    """ Return a key in the shape of the bank's. Its signature is worth nothing. """
    claims = {'iss': client_id, 'sub': 'test', 'exp': expires_at and expires_at.timestamp()}
    return jwt.encode(
        {name: value for name, value in claims.items() if value is not None},
        secrets.token_hex(32), algorithm='HS256',
    )


def make_certificate(name, issuer=None, days=3650, is_ca=True, not_after=None):
    """ Make a certificate, signed by an issuer or by itself.

    :param str name: The common name.
    :param tuple|None issuer: The certificate and the private key that sign.
    :return: The certificate and its private key.
    """
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer[0].subject if issuer else subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(not_after or now + timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address('127.0.0.1'))]), critical=False,
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(
                (issuer[1] if issuer else key).public_key()), critical=False,
        )
        .sign(issuer[1] if issuer else key, hashes.SHA256())
    )
    return certificate, key


def pem(certificate):
    """ Return a certificate as PEM. :rtype: bytes """
    return certificate.public_bytes(serialization.Encoding.PEM)


def private_pem(key):
    """ Return a private key as PEM. :rtype: bytes """
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption(),
    )


def fingerprint(certificate):
    """ Return the fingerprint as the state CA prints it. """
    return certificate.fingerprint(hashes.SHA256()).hex(':').upper()


class BankServer:
    """ A few canned answers over real HTTP(S), for what a double of the client can't show.

    `answers` maps `'GET path'` (without the query) to a tuple of status, content type and body.

    :param tuple|None identity: The certificate and the private key to serve HTTPS with.
    """

    def __init__(self, identity=None):
        self.answers = {}
        self.requests = []
        bank = self

        class Handler(BaseHTTPRequestHandler):

            def _answer(self):
                body = self.rfile.read(int(self.headers.get('Content-Length') or 0))
                path = self.path.partition('?')[0].removeprefix('/uapi/')
                bank.requests.append((self.command, path, dict(self.headers), body))
                status, content_type, content = bank.answers.get(
                    f'{self.command} {path}', (404, 'application/json', b'{}')
                )
                self.send_response(status)
                self.send_header('Content-Type', content_type)
                self.send_header('Content-Length', str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = do_PUT = _answer

            def log_message(self, *args):
                """ Override to keep the tests' output quiet. """

        self._server = ThreadingHTTPServer(('127.0.0.1', 0), Handler)
        scheme = 'http'
        if identity:
            scheme = 'https'
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / 'identity.pem'
                path.write_bytes(pem(identity[0]) + private_pem(identity[1]))
                context.load_cert_chain(path)
            # The handshake happens in the handler's thread, where a refusal harms nobody else.
            self._server.socket = context.wrap_socket(
                self._server.socket, server_side=True, do_handshake_on_connect=False,
            )
        self._server.handle_error = lambda *args: None  # The refused handshakes are the tests'.
        self.url = f'{scheme}://127.0.0.1:{self._server.server_port}/uapi/'
        self._thread = threading.Thread(
            target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()

    def stop(self):
        """ Stop listening. """
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, request, data, status=200):
        """ Answer a request with the bank's envelope around data. """
        self.answers[request] = (
            status, 'application/json; charset=utf-8',
            json.dumps({'Data': data, 'Links': {}, 'Meta': {}}).encode(),
        )

    def refuse(self, request, status, message, audit_id='audit-7'):
        """ Answer a request with the bank's error envelope. """
        self.answers[request] = (status, 'application/json', json.dumps({
            'code': str(status), 'id': audit_id, 'message': 'Something went wrong',
            'Errors': [{'errorCode': 'HTTPForbidden', 'message': message, 'url': ''}],
        }).encode())


class ConnectionCommon(TochkaCommon):
    """ New connections, before and after they have met the bank. """

    # What the double of the client replaces during the tests.
    real_client = staticmethod(TochkaConnection._client)

    def create_draft(self, **values):
        """ Return a connection with a key that was not checked yet. """
        return self.env['tochka.connection'].create({
            'name': "New", 'environment': 'custom', 'jwt_key': make_key(),
            'company_ids': [Command.set(self.company.ids)], **values,
        })

    def create_connected(self, **values):
        """ Return a connection that the bank has answered. """
        connection = self.create_draft(**values)
        self.assertNotified(connection.action_connect(), 'success')
        return connection

    def create_company(self, name, inn):
        """ Return a further company, of which the user is. """
        company = self.env['res.company'].sudo().create({
            'name': name, 'currency_id': self.rub.id, 'country_id': self.env.ref('base.ru').id,
            'vat': inn,
        })
        self.env.user.sudo().company_ids = [Command.link(company.id)]
        return company.sudo(False)

    def assertNotified(self, action, kind, *texts):
        """ Check that an action shows a notification with these texts. """
        self.assertEqual(action['tag'], 'display_notification')
        self.assertEqual(action['params']['type'], kind, action['params']['message'])
        for text in texts:
            self.assertIn(text, action['params']['message'])

    @staticmethod
    def encode(content):
        """ Return a file as a browser uploads it. """
        return base64.b64encode(content).decode()
