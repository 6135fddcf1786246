# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.exceptions import ValidationError
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.common import TochkaCommon
from odoo.addons.tochka_fiscal import const

YES = {
    'fiscalization': 'bank', 'fiscal_taxation_system': 'usn_income',
    'fiscal_method': 'full_payment', 'fiscal_subject': 'service',
}


# Not offered: a credit is given without money.
CREDITS = {'partial_payment', 'credit'}


@tagged('post_install', '-at_install')
class TestFiscalSettings(TochkaCommon):
    """ The guide's fields: fiscalization, taxation system, VAT rate, method and subject. """

    def setUp(self):
        super().setUp()
        self.settings = self.provider.sudo()

    def connect_register(self, name='businessRu'):
        self.merchant.sudo().cashbox = name

    def test_off_by_default(self):
        self.assertRecordValues(self.settings, [{
            'fiscalization': 'no', 'fiscal_vat': 'none', 'fiscal_taxation_system': False,
            'fiscal_method': 'auto',
        }])

    def test_yes_without_a_register_is_refused_with_the_guides_words(self):
        with self.assertRaisesRegex(ValidationError, 'must be "No".*no online register connected'):
            self.settings.write(YES)
        self.connect_register()
        self.settings.write(YES)
        self.assertEqual(self.settings.fiscalization, 'bank')
        self.assertFalse(self.settings.tochka_warning)

    def test_two_receipts_are_refused(self):
        self.settings.write({**YES, 'fiscalization': 'other'})
        self.settings.fiscalization = 'no'
        self.connect_register()
        with self.assertRaisesRegex(ValidationError, "Two receipts.*businessRu"):
            self.settings.write({**YES, 'fiscalization': 'other'})

    def test_register_that_comes_or_goes_later_warns_and_payments_go_on(self):
        self.connect_register()
        self.settings.write(YES)
        self.merchant.sudo().cashbox = False
        self.settings.invalidate_recordset()
        self.assertIn('must be "No"', self.settings.tochka_warning)
        self.assertFalse(self.settings._tochka_find_obstacle())
        self.connection.sudo()._update_problems()
        problem = self.connection.problem_ids.filtered(lambda p: p.code == 'warning')
        self.assertIn('must be "No"', problem.advice)
        self.connect_register()
        self.settings.write({'fiscalization': 'no'})
        self.assertIn("check who prints the receipts", self.settings.tochka_warning)

    def test_what_the_banks_register_does_not_take(self):
        self.connect_register()
        for name, value, text in (
            ('fiscal_vat', 'vat20', "20 %"), ('fiscal_vat', 'vat120', "20/120"),
            ('fiscal_method', 'advance', "Advance"), ('fiscal_subject', 'payment', "Payment"),
        ):
            with self.subTest(value), self.assertRaisesRegex(ValidationError, text), \
                    self.cr.savepoint():
                self.settings.write({**YES, name: value})
        self.settings.write({**YES, 'fiscal_vat': 'vat22'})
        self.settings.write({**YES, 'fiscal_method': 'auto'})

    def test_own_register_takes_more(self):
        self.settings.write({**YES, 'fiscalization': 'other', 'fiscal_method': 'advance',
                             'fiscal_subject': 'payment', 'fiscal_vat': 'vat120'})

    def test_all_of_it_is_needed(self):
        self.connect_register()
        for name in ('fiscal_taxation_system', 'fiscal_method', 'fiscal_subject'):
            with self.subTest(name), self.assertRaisesRegex(ValidationError, "Fill in"), \
                    self.cr.savepoint():
                self.settings.write({**YES, name: False})

    def test_fields_serve_every_provider(self):
        other = self.env['payment.provider'].sudo().create({
            'name': "Wire", 'code': 'none', 'company_id': self.company.id})
        other.write({**YES, 'fiscalization': 'other'})
        with self.assertRaisesRegex(ValidationError, "payments by Tochka Bank only"):
            other.fiscalization = 'bank'

    def test_every_choice_has_its_tag(self):
        for name, table in (
            ('fiscal_taxation_system', const.TAXATION_SYSTEMS), ('fiscal_vat', const.VATS),
            ('fiscal_method', const.FISCAL_METHODS), ('fiscal_subject', const.FISCAL_SUBJECTS),
        ):
            choices = {key for key, _label in self.settings._fields[name].selection}
            # Nobody pays for what was sold on credit: no payment's receipt says so.
            offered = set(table) - CREDITS
            self.assertEqual(choices - {'auto'}, offered, name)
            self.assertEqual(len(set(table.values())), len(table), name)
        self.assertEqual(self.settings._fields['fiscal_method'].selection[0][0], 'auto')
        for model, name, table in (
            ('account.tax', 'fiscal_vat', const.VATS),
            ('product.category', 'fiscal_method', const.FISCAL_METHODS),
            ('product.category', 'fiscal_subject', const.FISCAL_SUBJECTS),
            ('uom.uom', 'fiscal_measure', {str(value) for value in const.MEASURES}),
        ):
            choices = {key for key, _label in self.env[model]._fields[name].selection}
            self.assertEqual(choices, set(table) - CREDITS, name)

    def test_categories_that_the_banks_register_can_not_print_are_named(self):
        self.connect_register()
        self.settings.write(YES)
        self.assertFalse(self.settings.tochka_warning)
        category = self.env['product.category'].create({
            'name': "Gift cards", 'fiscal_subject': 'payment'})
        self.settings.invalidate_recordset()
        self.assertIn("Gift cards", self.settings.tochka_warning)
        category.fiscal_subject = 'goods'
        self.settings.invalidate_recordset()
        self.assertFalse(self.settings.tochka_warning)
