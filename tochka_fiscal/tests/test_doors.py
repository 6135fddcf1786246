# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import HttpCase, tagged

from odoo.addons.tochka_acquiring.tests.doors_common import DoorsCommon, dumps, st
from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.registers.komtet import Komtet
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon

# Where the key of a receipt stands in what the service sends.
KEYS = {'komtet': 'external_id', 'atol': 'external_id', 'orangedata': 'id',
        'paykeeper': 'receipt_key'}
# What the results say besides, in the words of all services.
NAMES = (
    'external_id', 'id', 'receipt_key', 'state', 'status', 'error_description', 'error', 'uuid',
    'fiscal_data', 'fiscalData', 'payload', 'total', 'i', 'fn', 't', 'n', 'fp', 's', 'url',
)


@tagged('post_install', '-at_install')
class TestFiscalDoors(DoorsCommon, FiscalCommon, HttpCase):
    """ Every door of the add-on answers whatever comes, and never by an error of the server. """

    addon = 'tochka_fiscal'

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.users'].sudo().with_context(no_reset_password=True).create({
            'name': "Payer", 'login': 'door_payer', 'password': 'door_payer',
            'partner_id': cls.payer.id, 'company_id': cls.company.id,
            'company_ids': [Command.set(cls.company.ids)],
            'group_ids': [Command.set(cls.env.ref('base.group_portal').ids)]})

    def test_doors(self):
        self.authenticate('door_payer', 'door_payer')
        self.knock_at_all()

    # === ADDRESSES === #

    def knock_fiscal_callback(self):
        """ The real clients of all services read what comes, signed where they sign. """
        receipt = self.pay_invoice()
        self.work()
        key = receipt.attempt_ids.key
        # The fake till of the other tests stands in the way.
        Register = type(self.env['fiscal.register'])
        self.startPatcher(patch.object(
            Register, '_client', lambda register: getattr(register, f'_{register.kind}_client')()))
        registers = {
            'komtet': self.register,
            'atol': self.create_register('atol', atol_login='a', atol_password='b',
                                         atol_group='c', atol_inn='9900000017',
                                         atol_sender='a@example.com'),
            'paykeeper': self.create_register(
                'paykeeper', url='https://school.server.paykeeper.ru', paykeeper_user='a',
                paykeeper_password='b', paykeeper_taxation_system='usn_income'),
            # Not filled in; nor is the bank's any service.
            'orangedata': self.create_register('orangedata'),
        }
        known = {kind for kind, _name in self.register._fields['kind'].selection}
        self.assertEqual(set(registers), known - {'bank'}, "A new service knocks here, too")
        for kind, register in registers.items():
            self.env['fiscal.attempt'].sudo().search([('key', '=', key)]).register_id = register
            url = const.CALLBACK_ROUTE.format(register=register.id)
            self.knock_otherwise(url)
            self.fuzz(self.bodies(), lambda body, url=url, register=register: self.post(
                url, register, body[0], body[1]), 20)
            self.fuzz(
                st.dictionaries(st.sampled_from(NAMES), self.values(), max_size=4),
                lambda content, url=url, register=register, kind=kind: self.post(
                    url, register, dumps({**content, KEYS[kind]: key})), 40)
            self.fuzz(
                st.dictionaries(st.sampled_from(NAMES), self.values(), max_size=4),
                lambda content, url=url, register=register: self.post(
                    url, register, dumps(content)), 20)
        for number in (0, 2 ** 31, 2 ** 63, 10 ** 30):
            self.post(const.CALLBACK_ROUTE.format(register=number), self.register, b'{}')

    def create_register(self, kind, **values):
        return self.env['fiscal.register'].sudo().create({
            'name': kind, 'kind': kind, 'company_id': self.company.id,
            'address': 'https://school.example.com', 'public_url': 'https://odoo.example.com',
            **values})

    def post(self, url, register, body, kind='application/json'):
        """ Send a result, signed as KOMTET Kassa signs. """
        signer = Komtet('https://kassa.example.com', 'shop', register.secret or 'x', '1')
        return self.knock(url, 'POST', data=body, headers={
            'Content-Type': kind,
            'X-HMAC-Signature': signer.sign('POST', register.callback_url, body)})

    # === THE PORTAL === #
    # A path that is no number is no door of ours: Odoo answers it by its own page.

    def knock_fiscal_my_receipts(self):
        self.pay_invoice()
        self.knock_page(const.PORTAL_ROUTE, 'page', 'x', examples=10)
        for page in ('0', '-1', '2', str(2 ** 63), str(10 ** 30), 'x', '1e9'):
            self.knock(f'{const.PORTAL_ROUTE}/page/{page}')

    def knock_fiscal_my_receipt(self):
        receipt = self.pay_invoice()
        self.knock_page(f'{const.PORTAL_ROUTE}/{receipt.id}', 'x', examples=10)
        for number in ('0', '-1', str(2 ** 31), str(2 ** 63), str(10 ** 30), 'x'):
            self.knock(f'{const.PORTAL_ROUTE}/{number}')
