# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime
from unittest.mock import patch

from odoo.exceptions import AccessError, ValidationError
from odoo.tests import tagged

from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.registers import atol, base
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon

SETTINGS = {
    'name': "ATOL", 'kind': 'atol', 'atol_login': ' school ', 'atol_password': 'pass word',
    'atol_group': 'school_ru_1', 'atol_inn': '7736207543', 'atol_sender': 'office@example.com',
    'address': 'https://school.example.com',
}


@tagged('post_install', '-at_install')
class TestAtolRegister(FiscalCommon):
    """ ATOL Online as a register of a company. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.atol = cls.env['fiscal.register'].sudo().create({
            **SETTINGS, 'company_id': cls.company.id})

    def client_of(self, register):
        """ The fake register of the other tests stands in the way. """
        return register._atol_client()

    def test_client(self):
        self.assertEqual(self.atol.url, const.REGISTER_URLS['atol'])
        self.assertEqual((self.atol.atol_login, self.atol.atol_password), ('school', 'password'))
        client = self.client_of(self.atol)
        self.assertIsInstance(client, atol.Atol)
        self.assertIn('/possystem/v5', repr(client))
        self.atol.ffd = '1.05'
        self.assertIn('/possystem/v4', repr(self.client_of(self.atol)))

    def test_missing_credentials(self):
        for name in ('atol_login', 'atol_password', 'atol_group', 'atol_inn', 'atol_sender'):
            register = self.atol.copy({'atol_password': 'x'})
            register[name] = False
            with self.assertRaises(base.Unauthorized):
                self.client_of(register)

    def test_address(self):
        with self.assertRaises(ValidationError):
            self.atol.url = 'http://online.atol.ru/possystem'

    def test_accountant_reads_no_secret(self):
        accountant = self.env['res.users'].sudo().create({
            'name': "Accountant", 'login': 'accountant-of-atol',
            'group_ids': [(6, 0, [self.env.ref('account.group_account_invoice').id])],
        })
        register = self.atol.with_user(accountant)
        self.assertEqual(register.name, "ATOL")
        for name in ('atol_login', 'atol_password', 'atol_group'):
            with self.assertRaises(AccessError):
                register.read([name])

    def test_pace(self):
        self.assertEqual(self.atol._pace(), 1)

    def test_proof_without_a_kind(self):
        """ The report does not say whether it was a return: the receipt does. """
        receipt = self.pay_invoice()
        self.work()
        fiscal = base.FiscalData(
            storage='9999078900005430', document='7', sign='1', total=100000,
            moment=datetime(2026, 11, 26, 12, 0))
        with patch.object(self.till, 'status', lambda key, task: base.Result(
                state='done', task=task, fiscal=fiscal)):
            self.work()
        self.assertEqual(
            receipt.qr, 't=20261126T1200&s=1000.00&fn=9999078900005430&i=7&fp=1&n=1')
