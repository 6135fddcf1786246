# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import base64
from datetime import datetime, timedelta, timezone
from unittest.mock import patch

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    pkcs12,
)
from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import AccessError, ValidationError
from odoo.tests import Form, tagged

from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.registers import base, orangedata
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon

KEY = rsa.generate_private_key(65537, 2048)


def certificate(days=365):
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "7736207543")])
    now = datetime.now(timezone.utc)
    return (
        x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(KEY.public_key())
        .serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=days)).sign(KEY, hashes.SHA256()))


def pem(passphrase=''):
    lock = BestAvailableEncryption(passphrase.encode()) if passphrase else NoEncryption()
    return KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock)


def upload(content):
    return base64.b64encode(content).decode()


@tagged('post_install', '-at_install')
class TestOrangeDataRegister(FiscalCommon):
    """ OrangeData as a register of a company. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.orange = cls.env['fiscal.register'].sudo().create({
            'name': "OrangeData", 'kind': 'orangedata', 'company_id': cls.company.id,
            'orangedata_inn': ' 7736207543', 'orangedata_group': 'Main_2',
            'orangedata_key_name': '7736207543_17', 'address': 'https://school.example.com',
            'orangedata_certificate_file': upload(
                certificate().public_bytes(Encoding.PEM)),
            'orangedata_key_file': upload(pem('1234')), 'orangedata_passphrase': '1234',
            'orangedata_sign_file': upload(pem()),
        })
        cls.orange.state = 'ready'

    def client_of(self, register):
        """ The fake register of the other tests stands in the way. """
        return register._orangedata_client()

    def test_client(self):
        self.assertEqual(self.orange.url, const.REGISTER_URLS['orangedata'])
        self.assertEqual(self.orange.orangedata_inn, '7736207543')
        client = self.client_of(self.orange)
        self.assertIsInstance(client, orangedata.OrangeData)
        self.assertTrue(client.sign(b'x'))
        self.assertEqual(self.orange.certificate_name, "7736207543")
        self.assertTrue(self.orange.has_certificate and self.orange.has_sign_key)
        self.assertEqual(self.orange._pace(), 1)

    def test_passphrases_and_files_are_not_kept(self):
        self.env.flush_all()
        self.env.invalidate_all()
        for name in ('orangedata_certificate_file', 'orangedata_key_file',
                     'orangedata_passphrase', 'orangedata_sign_file'):
            self.assertFalse(self.orange[name], name)
        self.env.cr.execute('SELECT to_jsonb(r)::text FROM fiscal_register r WHERE id = %s', [
            self.orange.id])
        self.assertNotIn('"1234"', self.env.cr.fetchone()[0])

    def test_pkcs12_and_new_certificate(self):
        before = self.orange.orangedata_client
        content = pkcs12.serialize_key_and_certificates(
            b'shop', KEY, certificate(20), None, BestAvailableEncryption(b'secret'))
        self.orange.write({
            'orangedata_certificate_file': upload(content), 'orangedata_passphrase': 'secret'})
        self.assertNotEqual(self.orange.orangedata_client, before)
        self.assertTrue(self.orange.certificate_ends_soon)

    def test_other_changes_keep_the_keys(self):
        before = self.orange.orangedata_client, self.orange.orangedata_sign_key
        self.orange.write({'name': "Renamed", 'orangedata_certificate_file': False})
        self.assertEqual((self.orange.orangedata_client, self.orange.orangedata_sign_key), before)

    def test_wrong_files(self):
        for values in (
            {'orangedata_certificate_file': upload(certificate().public_bytes(Encoding.PEM))},
            {'orangedata_sign_file': upload(b'hello')},
            {'orangedata_sign_file': upload(pem('1234')), 'orangedata_sign_passphrase': '4321'},
            {'orangedata_authority': 'hello'},
        ):
            before = self.orange.orangedata_client, self.orange.orangedata_sign_key
            with self.assertRaises(ValidationError), self.env.cr.savepoint():
                self.orange.write(values)
                self.env.flush_all()
            self.env.invalidate_all()
            self.assertEqual(
                (self.orange.orangedata_client, self.orange.orangedata_sign_key), before)

    def test_missing_credentials(self):
        for name in ('orangedata_inn', 'orangedata_group', 'orangedata_key_name',
                     'orangedata_client', 'orangedata_sign_key'):
            kept = self.orange[name]
            self.orange[name] = False
            with self.assertRaises(base.Unauthorized):
                self.client_of(self.orange)
            self.orange[name] = kept

    def test_form(self):
        with Form(self.env['fiscal.register'].with_user(self.env.ref('base.user_admin'))) as form:
            form.name = "From the form"
            form.kind = 'orangedata'
            form.orangedata_certificate_file = upload(
                certificate().public_bytes(Encoding.PEM) + pem())
            form.orangedata_sign_file = upload(pem())
            form.orangedata_key_name = '17'
            form.orangedata_inn = '7736207543'
        self.assertTrue(self.client_of(form.record.sudo()))

    def test_accountant_reads_no_secret(self):
        accountant = self.env['res.users'].sudo().create({
            'name': "Accountant", 'login': 'accountant-of-orange',
            'group_ids': [(6, 0, [self.env.ref('account.group_account_invoice').id])],
        })
        register = self.orange.with_user(accountant)
        self.assertTrue(register.certificate_until)
        for name in ('orangedata_client', 'orangedata_sign_key', 'orangedata_group'):
            with self.assertRaises(AccessError):
                register.read([name])

    # === THE END OF THE CERTIFICATE === #

    def look(self, days):
        """ Let the daily job run so many days before the end. """
        with freeze_time(self.orange.certificate_until - timedelta(days=days, hours=-1)):
            self.env.ref('tochka_fiscal.cron_check').sudo().method_direct_trigger()

    def warnings(self):
        return self.orange.problem_ids.filtered(
            lambda problem: problem.code == 'register_certificate')

    def test_warned_in_time_and_once_more(self):
        for days, severity in ((40, None), (30, '2_warning'), (8, '2_warning'), (7, '1_danger'),
                               (1, '1_danger')):
            self.look(days)
            problem = self.warnings()
            self.assertEqual(problem.severity or None, severity, days)
            self.assertLessEqual(len(self.orange.activity_ids), 1)
            if days == 8:
                problem.activity_id.action_feedback()
        self.assertTrue(self.warnings().activity_id.active, "Asked once more")
        self.assertEqual(
            self.warnings().activity_id.date_deadline, self.orange.certificate_until.date())
        self.assertFalse(self.till.printed)

    def test_new_certificate_ends_the_warnings(self):
        self.look(7)
        self.assertTrue(self.warnings())
        self.orange.write({'orangedata_certificate_file': upload(
            certificate(500).public_bytes(Encoding.PEM) + pem())})
        self.assertFalse(self.warnings())
        self.look(40)
        self.assertFalse(self.warnings())

    def test_expired_certificate_holds_the_receipts(self):
        self.provider.sudo().fiscal_register_id = self.orange
        receipt = self.pay_invoice()
        self.orange.certificate_until = fields.Datetime.now() - timedelta(seconds=1)
        with patch.object(type(self.orange), '_client',
                          lambda register: register.sudo()._orangedata_client()):
            self.work()
        self.assertEqual((receipt.state, self.orange.state), ('queued', 'attention'))
        self.assertIn("has expired", self.orange.problem_ids.filtered(
            lambda problem: problem.code == 'register_refused').advice)
        self.work()
        self.assertEqual(receipt.state, 'accepted')

    # === THE QUEUE === #

    def test_marks_that_are_not_accepted(self):
        receipt = self.pay_invoice()
        self.work()
        with patch.object(self.till, 'status', lambda key, task: base.Result(
                state='failed', message="Marking codes were not accepted", code='1, 3')):
            self.work()
        self.assertEqual(receipt.state, 'failed')
        self.assertIn("(1, 3)", receipt.problem)
