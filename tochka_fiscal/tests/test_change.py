# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date, datetime

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.tochka_fiscal.tests.common import FiscalCommon
from odoo.addons.tochka_fiscal.tests.test_closing import ClosingCommon

CHANGE = date(2027, 1, 1)


@tagged('post_install', '-at_install')
class TestChange(ClosingCommon):
    """ The window that plans another VAT from a day. """

    def setUp(self):
        super().setUp()
        self.enterContext(freeze_time(datetime(2026, 12, 10, 9)))
        self.today = date(2026, 12, 10)

    def window(self):
        return Form(self.env['fiscal.change'].sudo().with_company(self.company))

    def problems(self, code):
        return self.env['tochka.problem'].sudo().search([
            ('code', '=', code), ('closed_at', '=', False)])

    def test_begins_with_what_holds(self):
        with self.window() as form:
            self.assertEqual(form.date_from, CHANGE)
            self.assertEqual((form.taxation_system, form.vat), ('usn_income', 'none'))
            self.assertEqual(form.provider_ids[:], self.provider)
            form.vat = 'vat5'

    def test_tells_what_it_touches_before_anything_changes(self):
        self.prepay(self.future_invoice(300.0, days=40))
        self.create_invoice(200.0)
        self.create_invoice(100.0, post=False)
        form = self.window()
        for text in ("1 prepayments of 300.00", "1 unpaid invoices", "1 draft invoices", "Till"):
            self.assertIn(text, form.touched)
        self.assertFalse(self.provider.sudo().fiscal_period_ids)

    def test_plans_and_leaves_what_is_to_do(self):
        invoice = self.create_invoice(200.0)
        tax = self.company_data['default_tax_sale'].with_env(self.env).sudo().copy({
            'name': "Без НДС", 'amount': 0})
        form = self.window()
        form.vat = 'vat5'
        form.tax_ids.add(tax)
        form.save().action_apply()
        self.assertEqual(self.provider.sudo()._fiscal_vat_on(CHANGE), 'vat5')
        self.assertEqual(self.provider.sudo()._fiscal_vat_on(self.today), 'none')
        self.assertEqual((tax._fiscal_vat_on(CHANGE), tax.fiscal_vat), ('vat5', 'none'))
        register = self.problems('change_register')
        self.assertEqual(register._record(), self.register)
        self.assertIn("5 %", register.advice)
        documents = self.problems('change_documents')
        self.assertIn("1 draft and unpaid", documents.advice)
        self.pay(self.create_linked_tx(invoice))
        self.env.ref('tochka_fiscal.cron_income').sudo().method_direct_trigger()
        self.env.invalidate_all()
        self.assertFalse(self.problems('change_documents'), "It is ticked off by itself")

    def test_no_day_of_the_past(self):
        form = self.window()
        form.date_from = date(2026, 12, 9)
        with self.assertRaisesRegex(UserError, "printed already"):
            form.save().action_apply()

    def test_only_the_administrator(self):
        user = self.env['res.users'].sudo().create({
            'name': "Accountant", 'login': 'accountant-change', 'company_id': self.company.id,
            'company_ids': [Command.set(self.company.ids)],
            'group_ids': [Command.set(self.env.ref('account.group_account_manager').ids)]})
        with self.assertRaises(AccessError):
            self.env['fiscal.change'].with_user(user).create({
                'company_id': self.company.id, 'taxation_system': 'osn', 'vat': 'vat22'})


@tagged('post_install', '-at_install')
class TestIncome(FiscalCommon):
    """ Who comes near the limit of the exemption from VAT is told, once for each mark. """

    def setUp(self):
        super().setUp()
        self.enterContext(freeze_time(datetime(2027, 6, 15, 9)))

    def sell(self, amount, day=date(2027, 3, 1), kind='out_invoice'):
        move = self.create_invoice(amount, post=False)
        if kind != 'out_invoice':
            move.move_type = kind
        move.invoice_date = day
        move.action_post()
        return move

    def watch(self):
        """ Return what is told: by code, which mark or day. """
        self.env.flush_all()
        self.env.ref('tochka_fiscal.cron_income').sudo().method_direct_trigger()
        self.env.invalidate_all()
        return {
            (problem.code, problem.subject): problem.params.get('mark') or problem.params['at']
            for problem in self.env['tochka.problem'].sudo().search([
                ('res_model', '=', 'res.company'), ('res_id', '=', self.company.id),
                ('closed_at', '=', False)])}

    def test_marks_of_both_limits(self):
        self.assertFalse(self.watch())
        self.sell(7_000_000)  # 15 million within 2027; 10 million decide about 2028
        self.assertEqual(self.watch(), {('vat_limit', '2028'): 70})
        self.sell(2_000_000)
        self.assertEqual(self.watch(), {('vat_limit', '2028'): 85})
        self.sell(1_600_000)
        self.assertEqual(self.watch(), {
            ('vat_limit', '2028'): 95, ('vat_limit', '2027'): 70,
            ('vat_due', '2028-01-01'): '2028-01-01'})

    def test_passed_within_the_year(self):
        self.sell(15_000_001)
        told = self.watch()
        self.assertEqual(told['vat_due', '2027-04-01'], '2027-04-01')
        self.provider.sudo()._fiscal_plan(date(2027, 6, 15), 'usn_income', 'vat5')
        self.assertFalse(self.watch(), "VAT is paid from today")

    def test_of_the_year_before(self):
        self.sell(15_000_001, date(2026, 5, 1))
        self.assertEqual(self.watch(), {('vat_due', '2027-01-01'): '2027-01-01'})

    def test_what_came_back_and_what_was_earned_elsewhere(self):
        invoice = self.sell(8_000_000)
        invoice._reverse_moves([{'invoice_date': date(2027, 4, 1)}], cancel=True)
        self.assertFalse(self.watch())
        self.company.sudo().write({
            'fiscal_other_income': 7_000_000, 'fiscal_other_income_year': 2027})
        self.assertEqual(self.watch(), {('vat_limit', '2028'): 70})
        self.company.sudo().fiscal_other_income_year = 2026
        self.assertFalse(self.watch())
        # A company is everybody's to read, its income is not.
        with self.assertRaises(AccessError):
            self.company.with_user(self.env.ref('base.public_user')).read(['fiscal_other_income'])

    def test_words(self):
        self.sell(7_300_000)
        self.watch()
        problem = self.env['tochka.problem'].sudo().search([('code', '=', 'vat_limit')])
        self.assertIn("70 %", problem.title)
        for text in ("7,300,000", "10,000,000", "estimate", "01.01.2028"):
            self.assertIn(text, problem.advice)

    def test_who_pays_vat_is_left_alone(self):
        self.sell(14_000_000)
        self.provider.sudo().write({'fiscal_taxation_system': 'osn', 'fiscal_vat': 'vat22'})
        self.assertFalse(self.watch())

    def test_closed_by_a_person_until_the_next_mark(self):
        self.sell(7_000_000)
        self.watch()
        self.env['tochka.problem'].sudo().search([
            ('code', '=', 'vat_limit')])._close_by_person("We know")
        self.sell(100_000)
        self.assertFalse(self.watch())
        self.sell(1_500_000)
        self.assertEqual(self.watch(), {('vat_limit', '2028'): 85})
