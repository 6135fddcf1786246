# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date, datetime, timedelta

from freezegun import freeze_time

from odoo.tests import tagged

from odoo.addons.tochka_fiscal.tests.common import BankRegisterCommon
from odoo.addons.tochka_fiscal.tests.test_closing import ClosingCommon
from odoo.addons.tochka_fiscal.tests.test_law_firms import LawCommon

CHANGE = date(2027, 1, 1)
BEFORE, AFTER = datetime(2026, 12, 30, 9), datetime(2027, 1, 2, 9)
# What holds in each month from December 2026 on: there and back, twice.
WALKS = {
    'first': ('none', 'vat5', 'none', 'vat5', 'none', 'vat22', 'none', 'vat22', 'none'),
    'second': ('vat5', 'vat7', 'vat5', 'vat7', 'vat5', 'none', 'vat22', 'none', 'vat5'),
}


def system(vat):
    return 'osn' if vat == 'vat22' else 'usn_income'


@tagged('post_install', '-at_install')
class TestWalk(LawCommon):
    """ The window is walked there and back, twice, in two companies that know nothing of each
    other.
    """

    def month(self, number):
        return date(2026 + (11 + number) // 12, (11 + number) % 12 + 1, 1)

    def test_there_and_back_twice_in_two_companies(self):
        steps, expected = [], {}
        for number in range(len(WALKS['first'])):
            day, following = self.month(number), self.month(number + 1)
            for firm, vats in WALKS.items():
                # Both by one name: the lines are told apart by who prints them.
                steps.append([f'{day:%Y-%m}-10', firm, 'sold', f'{firm} {number}', [['Work', 1]]])
                expected[f'{day:%Y-%m}', firm] = (vats[number], system(vats[number]))
                if following != self.month(len(vats)):
                    vat = vats[number + 1]
                    # Whoever presses twice has planned it once.
                    steps += [[f'{day:%Y-%m}-20', firm, 'change', f'{following}', system(vat), vat]
                              ] * (2 if number < 2 else 1)
        self.walk({
            'firms': {firm: {'taxation': system(vats[0]), 'vat': vats[0]}
                      for firm, vats in WALKS.items()},
            'steps': steps})
        self.assertEqual({
            (f'{day:%Y-%m}', firm): (receipt.lines[0].vat, receipt.taxation_system)
            for day, firm, receipt in self.told}, expected)
        for firm, vats in WALKS.items():
            periods = self.firms[firm].fiscal_period_ids.sorted('date_from')
            self.assertEqual(tuple(periods.mapped('vat')), vats)
            self.assertEqual(periods[1:].mapped('date_from'), [
                self.month(number) for number in range(1, len(vats))])


@tagged('post_install', '-at_install')
class TestLinkOverMidnight(ClosingCommon):
    """ A link of before that is paid after: the receipt is built when the money comes. """

    def pay_after(self, delivered_on):
        with freeze_time(BEFORE):
            invoice = self.create_invoice(1050.0, post=False)
            invoice.invoice_date = delivered_on
            invoice.action_post()
            transaction = self.create_linked_tx(invoice)
            self.assertFalse(transaction._fiscal_receipt())
        self.provider.sudo()._fiscal_plan(CHANGE, 'usn_income', 'vat5')
        with freeze_time(AFTER):
            return self.printed(self.pay(transaction)).line_ids.mapped(
                lambda line: (line.vat, line.fiscal_method))

    def test_delivered_before(self):
        self.assertEqual(self.pay_after(BEFORE.date()), [('none', 'full_payment')])

    def test_delivered_after(self):
        self.assertEqual(self.pay_after(AFTER.date()), [('vat5', 'full_payment')])

    def test_delivered_later(self):
        self.assertEqual(self.pay_after(date(2027, 3, 1)), [('vat105', 'full_prepayment')])


@tagged('post_install', '-at_install')
class TestLinkOfTheBankOverMidnight(BankRegisterCommon):
    """ A link of the bank's register has its receipt with it: a person is told where that is wrong.
    """

    def pay_after(self, delivered_on, *change):
        with freeze_time(BEFORE):
            self.settings.tochka_link_ttl = 7 * 24 * 60
            invoice = self.create_invoice(1050.0, post=False)
            invoice.invoice_date = delivered_on
            invoice.action_post()
            transaction = self.create_linked_tx(invoice)
            receipt = transaction._fiscal_receipt()
            built = receipt.line_ids.mapped('vat')
            self.assertEqual((receipt.state, built), ('waiting', ['none']))
            # Planned only now: the link can't be shortened any more.
            self.settings._fiscal_plan(CHANGE, *change)
        with freeze_time(AFTER):
            self.pay(transaction)
        self.assertEqual(receipt.state, 'delegated')
        self.assertEqual(receipt.line_ids.mapped('vat'), built, "The bank prints what it has")
        return self.env['tochka.problem'].sudo().search([
            ('code', '=', 'receipt_outdated'), ('res_id', '=', receipt.id)])

    def test_delivered_before(self):
        """ The receipt is right, by the day of the delivery. """
        self.assertFalse(self.pay_after(BEFORE.date(), 'usn_income', 'vat5'))

    def test_delivered_after(self):
        self.assertEqual(len(self.pay_after(AFTER.date(), 'usn_income', 'vat5')), 1)

    def test_delivered_later(self):
        self.assertEqual(len(self.pay_after(date(2027, 3, 1), 'usn_income', 'vat5')), 1)

    def test_another_taxation_system(self):
        """ The VAT of the delivery is right, the system of the money is not. """
        self.assertEqual(len(self.pay_after(BEFORE.date(), 'osn', 'vat22')), 1)

    def test_link_of_before_is_not_used_again(self):
        with freeze_time(BEFORE):
            self.settings.tochka_link_ttl = 7 * 24 * 60
            invoice = self.create_invoice(1050.0, post=False)
            invoice.invoice_date = BEFORE.date() + timedelta(days=60)
            invoice.action_post()
            transaction = self.create_linked_tx(invoice)
            self.assertTrue(transaction._tochka_is_link_open())
            self.settings._fiscal_plan(CHANGE, 'usn_income', 'vat5')
        with freeze_time(AFTER):
            self.assertFalse(transaction._tochka_is_link_open())
