# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import json
import random
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command
from odoo.tests import Form, tagged

from odoo.addons.tochka_fiscal.settlement import share_of_vat
from odoo.addons.tochka_fiscal.tests.test_closing import ClosingCommon, run_closing

LAW = Path(__file__).parent / 'law'
YEARS = range(2025, 2030)
PRINT_TRIES = 4  # A receipt is sent, then asked about.
# What a tax of the files is: its name, its rate.
TAXES = {
    '10': ("VAT 10 %", 10), '20': ("VAT 20 %", 20), '22': ("VAT 22 %", 22), 'no': ("No VAT", 0)}


def roubles(kopecks):
    return f'{kopecks / 100:.2f}'


def describe(receipt):
    """ Return a receipt that a register was given as a sentence, by the words of `const`. """
    lines = []
    for line in receipt.lines:
        vat = line.vat if line.vat in ('none', 'vat0') else (
            f'{line.vat} {roubles(share_of_vat(line.vat, line.total))}')
        of = f' of {line.supplier.name}' if line.supplier else ''
        lines.append(
            f'{line.name} {line.quantity.normalize():f} x {roubles(line.price)} {vat}'
            f' {line.method}{of}')
    payments = ' + '.join(f'{kind} {roubles(paid)}' for kind, paid in receipt.payments.items())
    return f'{receipt.kind} {receipt.taxation_system}: {", ".join(lines)} = {payments}'


class LawCommon(ClosingCommon):
    """ What firms do over five years, step by step, and what their registers print.

    A file of `tests/law` has `firms`, `steps` and the receipts of each of its `months`, worked out
    by hand. A step is a day, whose it is (by default the first firm's), and what is done:

    * `sell` a name, lines `[name, price with VAT, tax, whose goods]`, the day of the delivery;
    * `pay` an invoice, an amount; `sold`: both on the same day;
    * `return` what an invoice or a top-up was paid by, an amount;
    * `top_up` a name, an amount; `settle` a new invoice by a top-up;
    * `change` from a day: taxation system, VAT, taxes that mean the same;
    * `deliver`: nothing but the job that closes prepayments, which runs after each step.
    """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        # What stands in the chatter is for other tests.
        cls.env = cls.env(context={**cls.env.context, 'tracking_disable': True})

    def setUp(self):
        super().setUp()
        self.firms, self.taxes, self.suppliers = {}, {}, {}
        self.invoices, self.payments = {}, {}
        self.told = []  # (day, firm, receipt as the register was given it)

    # === THE FIRMS === #

    def found(self, name, taxation, vat):
        """ Let a firm be there before 2025. The first one is that of the tests. """
        if not self.firms:
            provider, register = self.provider.sudo(), self.register
        else:
            company = self.create_other_company()
            connection, merchant = self.create_connection(
                company, customer_code='300000002', merchant_id='200000000002')
            register = self.register.copy({
                'name': name, 'company_id': company.id, 'address': f'https://{name}.example.com',
                'shop': '19', 'secret': 'other-secret', 'state': 'ready'})
            register.state = 'ready'
            journal = self.env['account.journal'].sudo().search([
                ('company_id', '=', company.id), ('type', '=', 'bank')], limit=1)
            provider = self.create_provider(
                company_id=company.id, tochka_connection_id=connection.id,
                tochka_merchant_id=merchant.id, journal_id=journal.id, tochka_article_id=False,
                fiscalization='other', fiscal_register_id=register.id,
                fiscal_taxation_system=taxation).sudo()
        provider.write({'fiscal_taxation_system': taxation, 'fiscal_vat': vat})
        self.firms[name] = provider

    def tax(self, firm, key):
        if key is None:
            return self.env['account.tax']
        known = self.taxes.setdefault(firm, {})
        if key not in known:
            name, rate = TAXES[key]
            known[key] = self.company_data['default_tax_sale'].with_env(self.env).sudo().copy({
                'name': name, 'amount': rate, 'price_include_override': 'tax_included'})
        return known[key]

    def category(self, supplier):
        if supplier not in self.suppliers:
            self.suppliers[supplier] = self.env['product.category'].sudo().create({
                'name': supplier, 'fiscal_agent': 'commissionaire',
                'fiscal_supplier_id': self.env['res.partner'].create({
                    'name': supplier, 'vat': '7736207543', 'phone': '8 (495) 123-45-67',
                    'country_id': self.env.ref('base.ru').id}).id})
        return self.suppliers[supplier]

    # === THE STEPS === #

    def do_sell(self, firm, name, lines, delivered_on=None):
        provider = self.firms[firm]
        company = provider.company_id.with_env(self.env)
        commands = []
        for label, price, tax, supplier in ((*line, None, None)[:4] for line in lines):
            product = supplier and self.env['product.product'].create({
                'name': label, 'categ_id': self.category(supplier).id, 'taxes_id': False})
            commands.append(Command.create({
                'name': label, 'quantity': 1, 'price_unit': price,
                'product_id': product and product.id,
                'tax_ids': [Command.set(self.tax(firm, tax).ids)]}))
        invoice = self.create_invoice(
            1, post=False, company=company, invoice_line_ids=commands,
            invoice_date=date.fromisoformat(delivered_on) if delivered_on else self.today)
        invoice.action_post()
        self.invoices[name] = invoice

    def do_pay(self, firm, name, amount=None):
        self.payments[name] = self.pay(self.create_linked_tx(
            self.invoices[name], amount=amount, provider=self.firms[firm]))

    def do_sold(self, firm, name, lines):
        self.do_sell(firm, name, lines)
        self.do_pay(firm, name)

    def do_top_up(self, firm, name, amount):
        self.payments[name] = self.top_up(float(amount), provider=self.firms[firm])

    def do_settle(self, firm, name, lines, topup):
        self.do_sell(firm, name, lines)
        if self.invoices[name].amount_residual:
            self.invoices[name]._tochka_settle_with(
                self.payments[topup].payment_id._seek_for_lines()[1])

    def do_return(self, _firm, name, amount=None):
        # Who has the right to this is for other tests.
        transaction = self.payments[name].with_user(self.env.user)
        transaction.action_refund(amount_to_refund=amount)
        self.env.flush_all()
        self.env['tochka.refund'].sudo().search([
            ('next_at', '!=', False)]).next_at = fields.Datetime.now()
        self.run_job('cron_refund')

    def do_change(self, firm, day, taxation, vat, taxes=()):
        company = self.firms[firm].company_id
        form = Form(self.env['fiscal.change'].sudo().with_context(
            allowed_company_ids=[company.id]).with_company(company))
        form.date_from, form.taxation_system, form.vat = day, taxation, vat
        for tax in taxes:
            form.tax_ids.add(self.tax(firm, tax))
        form.save().action_apply()

    def do_deliver(self, _firm):
        """ Only the job. """

    def walk(self, story):
        """ Do what a file says. :return: The receipts of each month, by `describe`. """
        for name, values in story['firms'].items():
            self.found(name, **values)
        first = next(iter(self.firms))
        # Freezing looks through all modules of Odoo each time, moving the clock does not.
        with freeze_time('2025-01-01 09:00:00') as clock:
            for number, (day, *words) in enumerate(story['steps'], 1):
                firm = words.pop(0) if words[0] in self.firms else first
                clock.move_to(f'{day} 09:00:00')
                self.today = date.fromisoformat(day)
                getattr(self, f'do_{words[0]}')(firm, *words[1:])
                # Where nothing was ever prepaid the job is asked in the end alone.
                if number == len(story['steps']) or self.env['fiscal.receipt'].sudo().search_count(
                    ['|', ('prepaid_left', '>', 0), ('role', '=', 'closing')], limit=1
                ):
                    run_closing(self.env, 1, 0)
                self.print_all()
        months = {}
        for day, firm, receipt in self.told:
            whose = '' if firm == first else f'{firm} '
            months.setdefault(f'{day:%Y-%m}', []).append(f'{day:%d} {whose}{describe(receipt)}')
        return months

    def print_all(self):
        """ Let the registers print what waits. """
        known = len(self.till.printed)
        receipts = self.env['fiscal.receipt'].sudo()
        for _time in range(PRINT_TRIES):
            self.env.flush_all()
            if not receipts.search_count([('next_try_at', '!=', False)], limit=1):
                break
            self.work()
        problems = self.env['fiscal.receipt'].sudo().search([
            ('state', 'not in', ('done', 'void'))]).mapped(lambda one: (one.state, one.problem))
        self.assertFalse(problems)
        hosts = {provider.fiscal_register_id.address: name
                 for name, provider in self.firms.items()}
        for receipt in sorted(
            list(self.till.printed.values())[known:], key=lambda one: hosts[one.address] != (
                next(iter(self.firms)))
        ):
            self.told.append((self.today, hosts[receipt.address], receipt))


@tagged('post_install', '-at_install')
class TestFirms(LawCommon):
    """ Ten firms from 2025 to 2029: each test is the file of its name. """

    def test_files(self):
        """ Each file adds up, says why, reaches from 2025 to 2029, and is some test's. """
        for path in sorted(LAW.iterdir()):
            with self.subTest(path.name):
                story = json.loads(path.read_text(encoding='utf-8'))
                self.assertTrue(story['why'])
                self.assertTrue(hasattr(self, f'test_{path.stem}'))
                years = {int(month[:4]) for month in story['months']}
                self.assertEqual({min(years), max(years)}, {YEARS[0], YEARS[-1]})
                for receipts in story['months'].values():
                    for receipt in receipts:
                        self.assertAddsUp(receipt)

    def assertAddsUp(self, text):
        """ Whoever works one out by hand may slip: the lines are what was paid. """
        lines, paid = text.split(': ', 1)[1].split(' = ')
        total = sum(Decimal(part.split()[0]) for part in lines.split(' 1 x ')[1:])
        self.assertEqual(total, Decimal(paid.split()[1]), text)

    def assertStory(self, name):
        story = json.loads((LAW / f'{name}.json').read_text(encoding='utf-8'))
        found = self.walk(story)
        self.maxDiff = None
        self.assertEqual(found, story['months'], story['why'])

    def test_school_below(self):
        self.assertStory('school_below')

    def test_school_above(self):
        self.assertStory('school_above')

    def test_shop_at_22(self):
        self.assertStory('shop_at_22')

    def test_patent(self):
        self.assertStory('patent')

    def test_agent(self):
        self.assertStory('agent')

    def test_two_companies(self):
        self.assertStory('two_companies')

    def test_usn_5_to_7(self):
        self.assertStory('usn_5_to_7')

    def test_usn_to_general(self):
        self.assertStory('usn_to_general')

    def test_back_below(self):
        self.assertStory('back_below')

    def test_prepayments(self):
        self.assertStory('prepayments')


# Rate -> what money before the delivery has. By hand, of what this firm may have.
BEFOREHAND = {'none': 'none', 'vat5': 'vat105', 'vat7': 'vat107', 'vat22': 'vat122'}
SEEDS = (1, 2, 3)


@tagged('post_install', '-at_install')
class TestAnyHistory(LawCommon):
    """ No receipt carries a VAT that the firm did not have on the day that counts: that of the
    delivery, of money before it that of the money; what comes back has that of its receipt.
    """

    def history(self, seed):
        """ Return steps of three years, the rates of the firm by day, and when what is delivered.
        """
        chance = random.Random(seed)  # noqa: S311 - a story, no secret
        day, rates = date(2026, 10, 1), {date(2000, 1, 1): 'none'}
        steps, deliveries, unpaid, paid = [], {}, [], []
        for number in range(14):
            day += timedelta(days=chance.randint(1, 80))
            kind = chance.choice(('change', 'before', 'after', 'sold', 'return', 'pay'))
            name = f'Work {number}'
            if kind == 'change':
                since = (day.replace(day=28) + timedelta(days=4)).replace(day=1)
                rates[since] = chance.choice([
                    rate for rate in BEFOREHAND if rate != rates[max(rates)]])
                steps.append([f'{day}', 'change', f'{since}', 'usn_income', rates[since]])
                day = since - timedelta(days=1)
            elif kind == 'return' and paid:
                steps.append([f'{day}', 'return', paid.pop()])
            elif kind == 'pay' and unpaid:
                steps.append([f'{day}', 'pay', unpaid.pop()])
            else:
                deliveries[name] = day + timedelta(days=chance.choice((10, 70, 150)) if (
                    kind == 'before') else 0)
                steps.append([f'{day}', 'sell', name, [[name, 1070]], f'{deliveries[name]}'])
                if kind == 'after':
                    unpaid.append(name)
                else:
                    steps.append([f'{day}', 'pay', name])
                    paid.append(name)
        last = max([day, *deliveries.values()]) + timedelta(days=1)
        return [*steps, [f'{last}', 'deliver']], rates, deliveries

    def test_vat_of_the_day_that_counts(self):
        for seed in SEEDS:
            with self.subTest(seed=seed), self.env.cr.savepoint() as savepoint:
                self.firms, self.told = {}, []
                self.invoices, self.payments = {}, {}
                steps, rates, deliveries = self.history(seed)
                self.walk({'firms': {'firm': {'taxation': 'usn_income', 'vat': 'none'}},
                           'steps': steps})
                self.check_vats(rates, deliveries)
                savepoint.rollback()
                self.env.invalidate_all()

    def check_vats(self, rates, deliveries):
        def on(day):
            return rates[max(since for since in rates if since <= day)]

        said = {}
        self.assertTrue(self.told)
        for day, _firm, receipt in self.told:
            for line in receipt.lines:
                key = line.name, line.method
                if receipt.kind == 'income_return':
                    self.assertEqual(line.vat, said[key])
                    continue
                said[key] = line.vat
                if line.method == 'full_payment':
                    self.assertEqual(line.vat, on(deliveries[line.name]), (day, line))
                else:
                    self.assertLess(day, deliveries[line.name])
                    self.assertEqual(line.vat, BEFOREHAND[on(day)], (day, line))
