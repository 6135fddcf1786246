# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from dataclasses import replace
from decimal import Decimal

from odoo.tests import tagged

from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon


@tagged('post_install', '-at_install')
class TestMismatch(FiscalCommon):
    """ A till that prints something else than it was asked for is found out. """

    def print_as(self, **values):
        """ Return a receipt that the till has printed otherwise. """
        result = type(self.till).result

        def other(receipt, task=''):
            answer = result(self.till, receipt, task)
            return replace(answer, fiscal=replace(answer.fiscal, **values))

        self.till.result = other
        return self.print_invoice()

    def assertAsked(self, receipt, *words):
        problem = self.env['tochka.problem'].sudo().search([
            ('res_model', '=', 'fiscal.receipt'), ('res_id', '=', receipt.id),
            ('code', '=', 'receipt_mismatch'), ('closed_at', '=', False)])
        self.assertEqual(len(problem), 1)
        self.assertEqual(receipt.state, 'done')
        self.assertFalse(receipt.confirmed_at, "The buyer is not told of what may be wrong")
        for word in words:
            self.assertIn(word, receipt.activity_ids.note)

    def lines(self, **values):
        return (base.PrintedLine(**{
            'price': 100000, 'quantity': Decimal(1), 'vat': 'none', 'method': 'full_payment',
            **values}),)

    def test_as_asked(self):
        receipt = self.print_as(
            lines=self.lines(), payments={'cashless': 100000}, taxation_system='usn_income')
        self.assertFalse(receipt.problem or receipt.activity_ids)
        self.assertTrue(receipt.confirmed_at)

    def test_other_sum(self):
        self.assertAsked(self.print_as(total=100), "1.00", "1,000.00")

    def test_sale_for_a_return(self):
        self.assertAsked(self.print_as(kind=2), "the kind")

    def test_other_lines(self):
        self.assertAsked(self.print_as(lines=self.lines(vat='vat22')), "the lines")

    def test_other_payments(self):
        self.assertAsked(self.print_as(payments={'cash': 100000}), "kinds of payment")

    def test_other_taxation_system(self):
        self.assertAsked(self.print_as(taxation_system='osn'), "taxation system")

    def test_one_document_for_two_receipts(self):
        first = self.print_as(document='7')
        self.assertFalse(first.activity_ids)
        second = self.print_invoice()
        self.assertAsked(second, first.name)
