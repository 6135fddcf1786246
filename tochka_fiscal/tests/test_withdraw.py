# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.tochka_fiscal.tests.test_closing import ClosingCommon

CHANGE, LATER = date(2027, 1, 1), date(2027, 9, 1)
LAST_MINUTE = datetime(2026, 12, 31, 20, 59)  # 23:59 in Moscow
FIRST_MINUTE = datetime(2026, 12, 31, 21, 0)


@tagged('post_install', '-at_install')
class TestWithdraw(ClosingCommon):
    """ A planned change is given up before its day, by whoever may plan one, and never after. """

    def setUp(self):
        super().setUp()
        self.enterContext(freeze_time(datetime(2026, 12, 10, 9)))
        self.today = date(2026, 12, 10)
        self.tax = self.company_data['default_tax_sale'].with_env(self.env).sudo().copy({
            'name': "Без НДС", 'amount': 0})
        self.env['account.tax'].sudo().search([
            ('company_id', '=', self.company.id), ('type_tax_use', '=', 'sale'),
            ('fiscal_vat', '=', False)]).fiscal_vat = 'vat22'
        self.create_invoice(200.0)

    def plan(self, day=CHANGE, vat='vat5'):
        form = Form(self.env['fiscal.change'].sudo().with_company(self.company))
        form.date_from, form.vat = day, vat
        form.tax_ids.add(self.tax)
        form.save().action_apply()

    def planned(self, day=CHANGE):
        return self.provider.sudo().fiscal_period_ids.filtered(
            lambda period: period.date_from == day)

    def tasks(self):
        return {(problem.code, problem.params['at']) for problem in
                self.env['tochka.problem'].sudo().search([
                    ('code', '=like', 'change%'), ('closed_at', '=', False)])}

    def vats(self, day=CHANGE):
        self.env.invalidate_all()
        return self.provider.sudo()._fiscal_vat_on(day), self.tax._fiscal_vat_on(day)

    def test_nothing_is_left_of_it(self):
        self.plan()
        self.assertEqual(self.vats(), ('vat5', 'vat5'))
        self.assertEqual(self.tasks(), {
            ('change_register', '2027-01-01'), ('change_documents', '2027-01-01')})
        self.planned().sudo(False).with_user(self.env.ref('base.user_admin')).action_withdraw()
        self.assertEqual(self.vats(), ('none', 'none'))
        self.assertFalse(self.provider.sudo().fiscal_period_ids + self.tax.sudo().fiscal_period_ids)
        self.assertFalse(self.tasks())
        with freeze_time(datetime(2027, 1, 15, 9)):
            self.env.ref('tochka_fiscal.cron_period').sudo().method_direct_trigger()
            self.env.invalidate_all()
            self.assertEqual(self.provider.sudo().fiscal_vat, 'none')
        self.plan()
        self.assertEqual(self.vats(), ('vat5', 'vat5'))
        self.assertTrue(self.tasks(), "Planned again, it is to be done again")

    def test_other_changes_stay(self):
        self.plan()
        self.plan(LATER, 'vat7')
        self.planned().action_withdraw()
        self.assertEqual(self.vats(), ('none', 'none'))
        self.assertEqual(self.vats(LATER), ('vat7', 'vat7'))
        self.assertEqual(self.tasks(), {
            ('change_register', '2027-09-01'), ('change_documents', '2027-09-01')})

    def test_other_companies_stay(self):
        other = self.provider.sudo().copy({
            'company_id': self.create_other_company().id, 'fiscalization': 'no'})
        other._fiscal_plan(CHANGE, 'osn', 'vat22')
        self.plan()
        self.planned().action_withdraw()
        self.assertEqual(other._fiscal_vat_on(CHANGE), 'vat22')

    def test_until_the_last_minute(self):
        self.plan()
        with freeze_time(LAST_MINUTE):
            self.env.invalidate_all()
            self.assertTrue(self.planned().is_planned)
            self.planned().action_withdraw()
        self.assertEqual(self.vats(), ('none', 'none'))

    def test_not_from_its_day_on(self):
        self.plan()
        for moment in (FIRST_MINUTE, datetime(2027, 6, 1)):
            with self.subTest(moment), freeze_time(moment):
                self.env.invalidate_all()
                self.assertFalse(self.planned().is_planned)
                with self.assertRaisesRegex(UserError, "has come"):
                    self.planned().action_withdraw()
        self.assertEqual(self.vats(), ('vat5', 'vat5'))

    def test_what_held_before_is_not_withdrawn(self):
        self.plan()
        first = self.provider.sudo().fiscal_period_ids - self.planned()
        with self.assertRaisesRegex(UserError, "has come"):
            first.action_withdraw()

    def test_only_the_administrator(self):
        self.plan()
        user = self.env['res.users'].sudo().create({
            'name': "Accountant", 'login': 'accountant-withdraw', 'company_id': self.company.id,
            'company_ids': [Command.set(self.company.ids)],
            'group_ids': [Command.set(self.env.ref('account.group_account_manager').ids)]})
        for record in (self.provider, self.tax):
            # A tax is the accountant's to write, but the change is not only that of the tax.
            with self.assertRaises(AccessError):
                record.sudo().fiscal_period_ids.filtered('is_planned').with_user(
                    user).sudo(False).action_withdraw()
        self.assertEqual(self.vats(), ('vat5', 'vat5'))

    def test_withdrawn_by_two_at_once(self):
        self.plan()
        planned = self.planned()
        planned.action_withdraw()
        planned.action_withdraw()
        self.assertEqual(self.vats(), ('none', 'none'))
