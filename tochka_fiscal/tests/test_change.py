# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.tochka_fiscal import law
from odoo.addons.tochka_fiscal.tests.common import BankRegisterCommon, FiscalCommon
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

    def test_tells_of_orders_taxes_and_categories(self):
        if 'sale.order' not in self.env:
            self.skipTest("Orders need the app for sales")
        product = self.env['product.product'].sudo().create({
            'name': "Course", 'type': 'service', 'taxes_id': False,
            'categ_id': self.env['product.category'].sudo().create({'name': "Courses"}).id})
        self.env['sale.order'].sudo().create({
            'partner_id': self.payer.id, 'company_id': self.company.id, 'order_line': [
                Command.create({'product_id': product.id, 'tax_ids': []})]})
        self.company_data['default_tax_sale'].sudo().copy({'name': "Odd 13 %", 'amount': 13})
        touched = self.window().touched
        for text in ("1 quotations and orders", "Odd 13 %", "Courses"):
            self.assertIn(text, touched)

    def test_tasks_are_ticked_off_by_themselves(self):
        tax = self.company_data['default_tax_sale'].sudo().copy({'name': "Odd 13 %", 'amount': 13})
        form = self.window()
        form.vat = 'vat5'
        form.save().action_apply()
        self.assertIn("Odd 13 %", self.problems('change_taxes').advice)
        self.env['account.tax'].sudo().search([
            ('company_id', '=', self.company.id), ('type_tax_use', '=', 'sale'),
            ('fiscal_vat', '=', False)]).fiscal_vat = 'none'
        self.assertEqual(tax.fiscal_vat, 'none')
        self.tick_off(date(2026, 12, 11))
        self.assertFalse(self.problems('change_taxes'))

    def tick_off(self, day):
        with freeze_time(datetime(day.year, day.month, day.day, 9)):
            self.env.flush_all()
            self.env.ref('tochka_fiscal.cron_income').sudo().method_direct_trigger()
            self.env.invalidate_all()

    def test_register_is_ticked_off_by_its_first_receipt(self):
        form = self.window()
        form.vat = 'vat5'
        form.save().action_apply()
        self.prepay(self.create_invoice(100.0))
        self.tick_off(date(2026, 12, 31))
        self.assertTrue(self.problems('change_register'), "That was a receipt of before")
        with freeze_time(datetime(2027, 1, 2, 9)):
            invoice = self.create_invoice(105.0, post=False)
            invoice.invoice_date = date(2027, 1, 2)
            invoice.action_post()
            self.assertEqual(self.prepay(invoice).line_ids.vat, 'vat5')
        self.tick_off(date(2027, 1, 3))
        self.assertFalse(self.problems('change_register'))

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
class TestChangeOfTheBank(BankRegisterCommon):
    """ Links of the bank's register that live longer than what they print. """

    def test_links_are_told_before_and_ticked_off_when_they_end(self):
        problems = self.env['tochka.problem'].sudo()
        with freeze_time(datetime(2026, 12, 30, 9)):
            self.settings.tochka_link_ttl = 7 * 24 * 60
            transaction = self.create_linked_tx(self.create_invoice(100.0))
            form = Form(self.env['fiscal.change'].sudo().with_company(self.company))
            for text in ("1 payment links", self.register.name):
                self.assertIn(text, form.touched)
            form.vat = 'vat5'
            form.save().action_apply()
            problem = problems.search([('code', '=', 'change_links')])
            self.assertIn(transaction.reference, problem.advice)
            self.assertEqual(
                problems.search([('code', '=', 'change_register')])._record(), self.register)
        for day, is_open in ((date(2027, 1, 2), True), (date(2027, 1, 7), False)):
            with freeze_time(datetime(day.year, day.month, day.day, 9)):
                self.company.sudo()._fiscal_tick_off()
            self.assertEqual(not problem.closed_at, is_open)


class IncomeCommon(FiscalCommon):
    """ A firm without VAT in June 2027. """

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


@tagged('post_install', '-at_install')
class TestIncome(IncomeCommon):
    """ Who comes near the limit of the exemption from VAT is told, once for each mark. """

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

    def test_limits_of_reduced_rates(self):
        provider = self.provider.sudo()
        provider.fiscal_vat = 'vat5'
        self.sell(190_000_000)
        self.assertEqual(self.watch(), {})
        self.sell(1_000_000)  # 191 of 272.5
        self.assertEqual(self.watch(), {('rate_limit', 'vat5 2027'): 70})
        self.sell(68_000_000)
        self.assertEqual(self.watch(), {('rate_limit', 'vat5 2027'): 95})
        problem = self.env['tochka.problem'].sudo().search([('code', '=', 'rate_limit')])
        self.assertIn("95 % of the limit of VAT at 5 %", problem.title)
        for text in ("259,000,000", "272,500,000", "paragraph 8", "coefficient of 2026", "7 %"):
            self.assertIn(text, problem.advice)
        provider.fiscal_vat = 'vat7'
        self.assertEqual(self.watch(), {}, "259 of 490.5")
        self.sell(100_000_000)
        self.assertEqual(self.watch(), {('rate_limit', 'vat7 2027'): 70})

    def test_closed_by_a_person_until_the_next_mark(self):
        self.sell(7_000_000)
        self.watch()
        self.env['tochka.problem'].sudo().search([
            ('code', '=', 'vat_limit')])._close_by_person("We know")
        self.sell(100_000)
        self.assertFalse(self.watch())
        self.sell(1_500_000)
        self.assertEqual(self.watch(), {('vat_limit', '2028'): 85})


@tagged('post_install', '-at_install')
class TestNews(FiscalCommon):
    """ What the law changes is told once, on its day, to whom it concerns. """

    def told(self):
        """ Return what was ever told: code -> when it was closed. """
        return {problem.subject: bool(problem.closed_at)
                for problem in self.env['tochka.problem'].sudo().search([
                    ('code', '=', 'law'), ('res_model', '=', 'res.company'),
                    ('res_id', '=', self.company.id)])}

    def tell(self, day):
        with freeze_time(datetime(day.year, day.month, day.day, 9)):
            self.company.sudo()._fiscal_tell_law()
            self.env.flush_all()
        return set(self.told())

    def test_each_on_its_day(self):
        """ Around each day of the table, and on the first of each month between. """
        days = {date(year, month, 1) for year in range(2026, 2030) for month in range(1, 13)}
        for notice in law.NOTICES:
            days |= {notice.told_from + timedelta(days=shift) for shift in (-1, 0, 1)}
        found = {}
        for day in sorted(day for day in days if date(2026, 1, 1) <= day < date(2030, 1, 1)):
            for code in self.tell(day) - set(found):
                found[code] = day
            self.assertEqual(
                len(found), self.env['tochka.problem'].sudo().search_count(
                    [('code', '=', 'law'), ('res_id', '=', self.company.id)]), day)
        self.assertEqual(found, {
            'limit_2026': date(2026, 1, 1), 'card_commission': date(2026, 1, 1),
            'limit_2027': date(2026, 12, 1), 'limit_2028': date(2027, 12, 1)})

    def test_never_again_after_it_was_closed(self):
        self.tell(date(2026, 12, 1))
        problems = self.env['tochka.problem'].sudo().search([('code', '=', 'law')])
        problems._close_by_person("We know")
        for day in (date(2026, 12, 2), date(2027, 1, 1), date(2027, 3, 31)):
            self.tell(day)
        self.assertEqual(self.told(), {'limit_2027': True, 'card_commission': True})
        # Not even when it was over and comes back.
        problems.over_at = datetime(2027, 1, 1)
        self.tell(date(2027, 3, 31))
        self.assertEqual(len(problems.search([('code', '=', 'law')])), 2)

    def test_ends_by_itself_when_a_change_is_planned(self):
        self.tell(date(2026, 12, 1))
        self.assertFalse(self.told()['limit_2027'])
        self.provider.sudo()._fiscal_plan(CHANGE, 'usn_income', 'vat5')
        self.tell(date(2026, 12, 2))
        self.assertTrue(self.told()['limit_2027'])
        # And what the new rate brings is told.
        self.assertFalse(self.told()['rates_2027'])

    def test_who_sells_at_20(self):
        tax = self.company_data['default_tax_sale'].with_env(self.env).sudo().copy({
            'name': "VAT 20 %", 'amount': 20})
        invoice = self.create_invoice(120.0, post=False)
        invoice.write({'invoice_date': date(2026, 2, 1)})
        invoice.invoice_line_ids.tax_ids = tax
        self.assertIn('vat22', self.tell(date(2026, 2, 1)))
        problem = self.env['tochka.problem'].sudo().search([('subject', '=', 'vat22')])
        self.assertIn(tax, tax.search(problem.with_user(self.env.user).action_mend()['domain']))
        for text in ("425-FZ", "11/29/2026", "tax of 22 %"):
            self.assertIn(text, problem.advice)

    def test_big_firm(self):
        with freeze_time(datetime(2026, 6, 1)):
            move = self.create_invoice(30_000_001.0, post=False)
            move.invoice_date = date(2026, 6, 1)
            move.action_post()
        self.assertNotIn('digital_2027', self.tell(date(2027, 7, 31)))
        self.assertIn('digital_2027', self.tell(date(2027, 8, 1)))

    def test_silent_where_nobody_prints(self):
        self.provider.sudo().fiscalization = 'no'
        self.assertFalse(self.tell(date(2026, 12, 1)))

    def test_the_job_tells(self):
        with freeze_time(datetime(2026, 12, 1, 9)):
            self.env.ref('tochka_fiscal.cron_income').sudo().method_direct_trigger()
        self.assertIn('limit_2027', self.told())

    def test_each_has_words_and_only_the_administrator_the_button(self):
        problems = self.env['tochka.problem'].sudo()
        for notice in law.NOTICES:
            with self.subTest(notice.code):
                problem = problems._open(
                    self.company, 'law', notice.code, company=self.company, at=notice.since)
                self.assertIn("looked up on", problem.advice)
                self.assertIn(str(notice.since.year), problem.title)
        problem = problems.search([('subject', '=', 'limit_2027')])
        self.assertEqual(
            problem.with_user(self.env.ref('base.user_admin')).action_mend()['res_model'],
            'fiscal.change')
        user = self.env['res.users'].sudo().create({
            'name': "Accountant", 'login': 'accountant-news', 'company_id': self.company.id,
            'company_ids': [Command.set(self.company.ids)],
            'group_ids': [Command.set(self.env.ref('account.group_account_manager').ids)]})
        self.assertFalse(problem.with_user(user).action_name)
