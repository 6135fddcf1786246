# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.safeguards_common import SafeguardsCommon
from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon


@tagged('post_install', '-at_install')
class TestFiscalSafeguards(SafeguardsCommon, FiscalCommon):

    addon = 'tochka_fiscal'

    SECRETS = {
        'fiscal.register': {
            'url', 'shop', 'secret', 'queue',
            'atol_login', 'atol_password', 'atol_group', 'atol_inn', 'atol_sender',
            'orangedata_inn', 'orangedata_group', 'orangedata_key_name', 'orangedata_authority',
            'orangedata_client', 'orangedata_sign_key',
            'paykeeper_user', 'paykeeper_password',
        },
    }
    HARMLESS = {'url', 'atol_group', 'atol_inn', 'atol_sender', 'orangedata_inn',
                'orangedata_group', 'orangedata_authority'}
    UNIQUE = {
        'fiscal_attempt_key_uniq': 'key',
        'fiscal_period_provider_day_uniq': 'provider_id, date_from',
        'fiscal_period_tax_day_uniq': 'tax_id, date_from',
        'fiscal_register_merchant_uniq': 'merchant_id',
    }

    def test_secrets(self):
        self.check_secrets()
        fields = self.env['fiscal.register']._fields
        for name in ('secret', 'atol_password', 'orangedata_client', 'orangedata_sign_key',
                     'paykeeper_password'):
            self.assertFalse(fields[name].copy, name)

    def test_texts(self):
        self.check_texts()

    def test_unique(self):
        self.check_unique()

    def test_neutralize(self):
        """ A copy prints nothing: no credentials, no service that could be asked, no plan. """
        receipt = self.pay_invoice()
        kinds = [kind for kind, _name in self.register._fields['kind'].selection]
        registers = self.register | self.env['fiscal.register'].sudo().create([{
            'name': kind, 'kind': kind, 'company_id': self.company.id,
            'address': 'https://school.example.com', 'state': 'ready',
            'url': 'https://kassa.example.com', 'paykeeper_taxation_system': 'osn'}
            for kind in kinds])
        self.check_neutralized({'fiscal.register': registers})
        self.assertEqual(set(registers.mapped('state')), {'draft'})
        self.assertFalse(receipt.next_try_at)
        for register in registers.filtered(lambda one: one.kind != 'bank'):
            with self.subTest(register.kind), self.assertRaises(base.Unauthorized):
                getattr(register, f'_{register.kind}_client')()
        self.env.ref('tochka_fiscal.cron_lane_0').sudo().method_direct_trigger()
        self.assertFalse(self.till.calls)
