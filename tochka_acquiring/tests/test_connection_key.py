# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import base64
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from cryptography.hazmat.primitives.serialization import Encoding

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.tests.connection_common import (
    CLIENT_ID,
    ConnectionCommon,
    fingerprint,
    make_certificate,
    make_key,
    pem,
    private_pem,
)


@tagged('post_install', '-at_install')
class TestConnectionKey(ConnectionCommon):
    """ What a pasted key tells of itself. """

    def test_client_id_and_end_are_read(self):
        end = datetime(2027, 3, 1, 12, 30, 59, tzinfo=timezone.utc)
        connection = self.create_draft(jwt_key=make_key(expires_at=end))
        self.assertEqual(connection.client_id, CLIENT_ID)
        self.assertEqual(connection.key_expires_at, end.replace(tzinfo=None))

    def test_line_breaks_of_copying_are_removed(self):
        key = make_key()
        connection = self.create_draft(jwt_key=f' {key[:40]}\r\n{key[40:80]}\n {key[80:]}\n')
        self.assertEqual(connection.jwt_key, key)

    def test_key_that_tells_nothing(self):
        connection = self.create_draft(jwt_key=make_key(client_id=None))
        self.assertFalse(connection.client_id or connection.key_expires_at)
        connection.client_id = 'typed-by-hand'
        self.assertEqual(connection.client_id, 'typed-by-hand')

    def test_client_id_given_with_the_key_is_kept(self):
        self.assertEqual(self.create_draft(client_id='typed').client_id, 'typed')

    def test_new_key_brings_its_own_client_id_and_end(self):
        end = datetime(2027, 3, 1, tzinfo=timezone.utc)
        connection = self.create_draft(jwt_key=make_key(expires_at=end))
        connection.jwt_key = make_key(client_id='another')
        self.assertEqual((connection.client_id, connection.key_expires_at), ('another', False))

    def test_what_is_no_key(self):
        connection = self.create_draft()
        key = connection.jwt_key
        for wrong in ('0123456789abcdef', 'a.b.c', key.rpartition('.')[0], f'{key}.x', 'ключ'):
            with self.subTest(wrong):
                with self.assertRaisesRegex(ValidationError, "not a JWT key") as caught, \
                        self.cr.savepoint():
                    connection.jwt_key = wrong
                self.assertNotIn(wrong, str(caught.exception))
        connection.invalidate_recordset()
        self.assertEqual(connection.jwt_key, key)

    def test_bank_sandbox_and_its_token_belong_together(self):
        sandbox = self.create_draft(
            environment='bank_sandbox', jwt_key=const.BANK_SANDBOX_TOKEN)
        self.assertFalse(sandbox.client_id)
        with self.assertRaisesRegex(ValidationError, "not a JWT key"):
            sandbox.environment = 'production'
        with self.assertRaisesRegex(ValidationError, "only the key sandbox.jwt.token"):
            self.create_draft(environment='bank_sandbox')

    def test_copy_takes_no_secret(self):
        certificate, _key = make_certificate("Test Root")
        connection = self.create_connected(ca_file=self.encode(pem(certificate)))
        copy = connection.copy()
        self.assertRecordValues(copy, [{
            'jwt_key': False, 'client_id': False, 'key_expires_at': False, 'state': 'draft',
            'ca_file': False, 'ca_pem': False, 'checked_at': False,
        }])
        self.assertFalse(copy.legal_entity_ids or copy.merchant_ids)


@tagged('post_install', '-at_install')
class TestConnectionCertificate(ConnectionCommon):
    """ The certificate authorities that are trusted for the bank's host. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root, cls.root_key = make_certificate("Test Root", days=400)
        cls.sub, cls.sub_key = make_certificate("Test Sub", (cls.root, cls.root_key), days=200)

    def upload(self, content):
        return self.create_draft(ca_file=self.encode(content), ca_filename='root.crt')

    def assertTrusts(self, connection, *certificates):
        self.assertEqual(connection.ca_pem, ''.join(pem(c).decode() for c in certificates))
        for certificate in certificates:
            self.assertIn(fingerprint(certificate), connection.ca_summary)
            self.assertIn(certificate.subject.rfc4514_string(), connection.ca_summary)

    def test_forms_of_one_file(self):
        content = pem(self.root)
        for name, form in {
            'PEM': content,
            'CRLF': content.replace(b'\n', b'\r\n'),
            'CRLF, no final newline': content.strip().replace(b'\n', b'\r\n'),
            'DER': self.root.public_bytes(Encoding.DER),
            'text around': b'Russian Trusted Root CA\n\n' + content + b'\nthe end',
        }.items():
            with self.subTest(name):
                connection = self.upload(form)
                self.assertTrusts(connection, self.root)
                self.assertFalse(connection.ca_is_published)
                self.assertIn("NOT among those published", connection.ca_summary)
                self.assertEqual(
                    connection.ca_expires_at, self.root.not_valid_after_utc.replace(tzinfo=None))

    def test_two_in_one_file(self):
        connection = self.upload(pem(self.root).strip() + b'\r\n' + pem(self.sub))
        self.assertTrusts(connection, self.root, self.sub)
        self.assertEqual(
            connection.ca_expires_at, self.sub.not_valid_after_utc.replace(tzinfo=None),
            "The first that ends counts")

    def test_published_fingerprint(self):
        with patch.dict(const.PUBLISHED_CA_FINGERPRINTS, {fingerprint(self.root): "The Root"}):
            one = self.upload(pem(self.root))
            both = self.upload(pem(self.root) + pem(self.sub))
        self.assertTrue(one.ca_is_published)
        self.assertIn("is the published one of The Root", one.ca_summary)
        self.assertFalse(both.ca_is_published, "One of two is not enough")

    def test_published_fingerprints_have_the_shape_of_ours(self):
        for value in const.PUBLISHED_CA_FINGERPRINTS:
            self.assertRegex(value, r'^([0-9A-F]{2}:){31}[0-9A-F]{2}$')

    def test_what_is_no_authority(self):
        leaf, leaf_key = make_certificate("enter.example.com", (self.sub, self.sub_key),
                                          is_ca=False)
        for content, text in (
            (pem(leaf), "not the certificate of a certification authority"),
            (pem(self.root) + pem(leaf), "not the certificate of a certification authority"),
            (pem(leaf) + private_pem(leaf_key), "private key"),
            (b'<!DOCTYPE html><html><body>gosuslugi.ru</body></html>', "looks like a web page"),
            (b'\x00\x01 something else', "holds no certificate"),
            (pem(self.root)[:300], "holds no certificate"),
        ):
            with self.subTest(text), self.assertRaisesRegex(ValidationError, text) as caught:
                self.upload(content)
            secret = private_pem(leaf_key).decode().splitlines()[1]
            self.assertNotIn(secret, str(caught.exception))

    def test_wrong_file_leaves_the_right_one(self):
        connection = self.upload(pem(self.root))
        with self.assertRaises(ValidationError), self.cr.savepoint():
            connection.ca_file = self.encode(b'<html>')
        connection.invalidate_recordset()
        self.assertTrusts(connection, self.root)

    def test_file_is_replaced_and_taken_away(self):
        connection = self.upload(pem(self.root))
        connection.ca_file = self.encode(pem(self.sub))
        self.assertTrusts(connection, self.sub)
        connection.ca_file = False
        self.assertRecordValues(connection, [{
            'ca_pem': False, 'ca_summary': False, 'ca_is_published': False,
            'ca_expires_at': False,
        }])

    def test_file_is_kept_as_uploaded(self):
        connection = self.upload(pem(self.root))
        self.env.flush_all()
        connection.invalidate_recordset()
        self.assertEqual(
            base64.b64decode(connection.with_context(bin_size=False).ca_file), pem(self.root))

    def test_other_changes_leave_the_certificates(self):
        connection = self.upload(pem(self.root))
        connection.write({'name': "Renamed"})
        self.assertTrusts(connection, self.root)
        self.assertGreater(connection.ca_expires_at, datetime.now() + timedelta(days=300))
