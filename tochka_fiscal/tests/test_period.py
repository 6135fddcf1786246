# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_fiscal.tests.common import BankRegisterCommon
from odoo.addons.tochka_fiscal.tests.test_closing import ClosingCommon

CHANGE = date(2027, 1, 1)
BEFORE = datetime(2026, 12, 20, 12)  # UTC
AFTER = datetime(2027, 1, 15, 12)


class PeriodCommon(ClosingCommon):
    """ A school on the simplified system that pays VAT from 2027-01-01. """

    def setUp(self):
        super().setUp()
        self.plan('usn_income', 'vat5')

    def plan(self, taxation_system, vat, day=CHANGE):
        self.provider.sudo()._fiscal_plan(day, taxation_system, vat)

    def at(self, moment):
        self.enterContext(freeze_time(moment))
        self.today = moment.date()

    def sell(self, day, amount=1050.0, tax=None):
        invoice = self.create_invoice(amount, post=False)
        invoice.invoice_date = day
        if tax:
            invoice.invoice_line_ids.tax_ids = tax
        invoice.action_post()
        return invoice

    def money(self, invoice):
        """ Return the printed receipt of a payment that comes now. """
        return self.printed(self.pay(self.create_linked_tx(invoice)))

    def assertSays(self, receipt, *lines, system='usn_income'):
        self.assertEqual(
            [(line.vat, line.fiscal_method) for line in receipt.line_ids], list(lines))
        self.assertEqual(receipt.taxation_system, system)


@tagged('post_install', '-at_install')
class TestCases(PeriodCommon):
    """ Which day counts. An advance of before is not taxed, the delivery after it is; what was
    delivered before is not, whenever it is paid; what is returned repeats its receipt.
    """

    def test_paid_and_delivered_before(self):
        with freeze_time(BEFORE):
            self.assertSays(self.money(self.sell(BEFORE.date())), ('none', 'full_payment'))

    def test_paid_and_delivered_after(self):
        with freeze_time(AFTER):
            self.assertSays(self.money(self.sell(AFTER.date())), ('vat5', 'full_payment'))

    def test_prepaid_before_and_delivered_after(self):
        with freeze_time(BEFORE):
            invoice = self.sell(AFTER.date())
            prepayment = self.money(invoice)
            self.assertSays(prepayment, ('none', 'full_prepayment'))
        with freeze_time(AFTER + timedelta(hours=1)):
            self.close()
            self.assertSays(prepayment.closing_ids, ('vat5', 'full_payment'))

    def test_prepaid_after_has_the_calculated_rate(self):
        with freeze_time(AFTER):
            invoice = self.sell(date(2027, 2, 1))
            self.assertSays(self.money(invoice), ('vat105', 'full_prepayment'))

    def test_shipped_before_and_paid_after(self):
        with freeze_time(BEFORE):
            invoice = self.sell(BEFORE.date())
        with freeze_time(AFTER):
            self.assertSays(self.money(invoice), ('none', 'full_payment'))

    def test_prepaid_before_and_returned_after(self):
        with freeze_time(BEFORE):
            prepayment = self.money(self.sell(date(2027, 3, 1)))
        with freeze_time(AFTER):
            prepayment.transaction_id.with_user(self.env.user).action_refund()
            self.env.flush_all()
            self.env['tochka.refund'].sudo().search([]).next_at = fields.Datetime.now()
            self.run_job('cron_refund')
            self.assertSays(prepayment.return_ids, ('none', 'full_prepayment'))

    def test_balance(self):
        for moment, vat in ((BEFORE, 'none'), (AFTER, 'vat105')):
            with self.subTest(vat), freeze_time(moment):
                self.assertSays(self.printed(self.top_up(500.0)), (vat, 'advance'))

    def test_midnight_in_moscow(self):
        for moment, vat in (
            (datetime(2026, 12, 31, 20, 59), 'none'), (datetime(2026, 12, 31, 21, 1), 'vat5'),
        ):
            with self.subTest(vat), freeze_time(moment):
                day = date(2026, 12, 31) if vat == 'none' else CHANGE
                self.assertSays(self.money(self.sell(day)), (vat, 'full_payment'))

    def test_rate_that_rises_within_the_year(self):
        self.plan('usn_income', 'vat7', date(2027, 9, 1))
        for day, vat in ((date(2027, 8, 31), 'vat5'), (date(2027, 9, 1), 'vat7')):
            with self.subTest(vat), freeze_time(datetime(day.year, day.month, day.day, 12)):
                self.assertSays(self.money(self.sell(day)), (vat, 'full_payment'))

    def test_general_system(self):
        self.plan('osn', 'vat22')
        with freeze_time(BEFORE):
            self.assertSays(self.money(self.sell(BEFORE.date())), ('none', 'full_payment'))
        with freeze_time(AFTER):
            self.assertSays(
                self.money(self.sell(AFTER.date())), ('vat22', 'full_payment'), system='osn')

    def test_tax_of_the_line(self):
        tax = self.company_data['default_tax_sale'].with_env(self.env).sudo().copy({
            'name': "Без НДС", 'amount': 0})
        self.assertEqual(tax.fiscal_vat, 'none')
        tax._fiscal_plan_vat(CHANGE, 'vat5')
        for moment, vat in ((BEFORE, 'none'), (AFTER, 'vat5')):
            with self.subTest(vat), freeze_time(moment):
                self.assertSays(
                    self.money(self.sell(moment.date(), tax=tax)), (vat, 'full_payment'))

    def test_receipt_that_is_sent_late_keeps_its_day(self):
        with freeze_time(BEFORE):
            receipt = self.pay(self.create_linked_tx(
                self.sell(BEFORE.date())))._fiscal_receipt()
            self.put_state(receipt, 'failed')
        with freeze_time(AFTER):
            receipt.with_user(self.env.user).action_retry()
            self.assertSays(receipt, ('none', 'full_payment'))


@tagged('post_install', '-at_install')
class TestPresent(PeriodCommon):
    """ What the form shows, and what a person writes there. """

    def show(self):
        self.env.flush_all()
        self.env.ref('tochka_fiscal.cron_period').sudo().method_direct_trigger()
        self.env.invalidate_all()
        return self.provider.sudo().fiscal_vat

    def test_form_shows_what_holds(self):
        for moment, vat in ((BEFORE, 'none'), (AFTER, 'vat5')):
            with self.subTest(vat), freeze_time(moment):
                self.assertEqual(self.show(), vat)

    def test_what_is_written_holds_for_the_present_period(self):
        provider = self.provider.sudo()
        with freeze_time(BEFORE):
            provider.fiscal_vat = 'vat10'
        periods = provider.fiscal_period_ids
        self.assertEqual(periods._on(BEFORE.date()).vat, 'vat10')
        self.assertEqual(periods._on(AFTER.date()).vat, 'vat5')

    def test_copy_of_a_shop_has_the_same_days(self):
        copy = self.provider.sudo().copy()
        self.assertEqual(copy._fiscal_vat_on(BEFORE.date()), 'none')
        self.assertEqual(copy._fiscal_vat_on(AFTER.date()), 'vat5')

    def test_planned_twice_is_planned_once(self):
        self.plan('usn_income', 'vat7')
        self.assertEqual(self.provider.sudo()._fiscal_vat_on(CHANGE), 'vat7')
        self.assertEqual(len(self.provider.sudo().fiscal_period_ids), 2)

    def test_a_period_is_complete(self):
        with self.assertRaises(ValidationError), mute_logger('odoo.sql_db'):
            self.plan(False, 'vat5', date(2028, 1, 1))


@tagged('post_install', '-at_install')
class TestLinkOfTheBank(BankRegisterCommon):
    """ What the bank's register prints is fixed with the link. """

    def test_link_ends_at_midnight_of_the_change(self):
        self.provider.sudo()._fiscal_plan(CHANGE, 'usn_income', 'vat5')
        self.provider.sudo().tochka_link_ttl = 600
        for moment, minutes in (
            (datetime(2026, 12, 30, 12), 600),
            (datetime(2026, 12, 31, 20, 0), 60),
            (datetime(2026, 12, 31, 21, 1), 600),
        ):
            with self.subTest(moment), freeze_time(moment):
                invoice = self.create_invoice(100.0)
                transaction = self.create_tx(invoice)
                transaction._get_processing_values()
                self.assertEqual(self.bank.calls[-1][1]['ttl'], minutes)
                self.assertEqual(
                    transaction.tochka_link_expires_at, moment + timedelta(minutes=minutes))

    def test_no_link_in_the_last_minutes(self):
        self.provider.sudo()._fiscal_plan(CHANGE, 'usn_income', 'vat5')
        with freeze_time(datetime(2026, 12, 31, 20, 55)):
            transaction = self.create_tx(self.create_invoice(100.0))
            transaction._get_processing_values()
        self.assertEqual(transaction.state, 'error')
        self.assertEqual(self.bank.count('create_payment'), 0)
