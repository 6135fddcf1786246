# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from ast import literal_eval
from datetime import timedelta

from odoo import fields
from odoo.tests import Form, tagged

from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.models.selections import ROLE_SELECTION
from odoo.addons.tochka_fiscal.tests.test_closing import ClosingCommon
from odoo.addons.tochka_fiscal.tests.test_correction import CorrectionCommon


@tagged('post_install', '-at_install')
class TestRole(ClosingCommon, CorrectionCommon):
    """ What a receipt is stands on it from the beginning. """

    def replace(self, receipt):
        """ Put a receipt right. :return: The reversal and the right one. """
        wizard = self.env['fiscal.correction'].browse(receipt.action_correct()['res_id'])
        wizard.line_ids[0].vat = 'vat22'
        return receipt.search(wizard.action_apply()['domain'], order='id')

    def closing(self):
        """ Return a closing receipt that was not sent yet. """
        prepayment = self.prepay(self.future_invoice(days=0))
        prepayment.line_ids.fiscal_method = 'full_prepayment'
        self.close(days=1)
        [closing] = prepayment.closing_ids
        self.assertEqual((closing.role, closing.kind), ('closing', 'income'))
        return closing

    def test_payment_and_return(self):
        payment = self.print_invoice()
        refund = payment.transaction_id._create_child_transaction(10.0, is_refund=True)
        refund._set_done()
        self.assertEqual((payment + payment.return_ids).mapped('role'), ['payment', 'return'])
        self.assertEqual(payment.return_ids._make_lines()[0][1], payment.line_ids)

    def test_the_right_one_stands_for_the_wrong_one(self):
        for wrong, role in ((self.print_invoice(), 'payment'), (self.closing(), 'closing')):
            with self.subTest(role):
                self.work_off()
                reversal, right = self.replace(wrong)
                self.assertEqual((wrong + reversal + right).mapped('role'),
                                 [role, 'reversal', 'right'])
                self.assertEqual(right._stands_for(), role)
                right.action_give_up_correction()
                self.assertEqual(wrong.role, role)

    def test_correction_stands_for_what_was_not_printed(self):
        closing, payment = self.closing(), self.pay_invoice()
        receipts = payment + closing
        receipts.write({
            'state': 'failed', 'next_try_at': False,
            'paid_at': fields.Datetime.now() - timedelta(days=1)})
        self.env['fiscal.missed'].create({'company_id': self.company.id}).action_print()
        self.assertEqual(receipts.mapped('role'), ['correction', 'correction'])
        self.assertEqual([one._stands_for() for one in receipts], ['payment', 'closing'])
        lines = [[line._line() for line in one.line_ids] for one in receipts]
        self.assertEqual([[line for line, _origin in one._make_lines()] for one in receipts], lines)
        for one in receipts:
            one.action_give_up_correction()
        self.assertEqual(receipts.mapped('role'), ['payment', 'closing'])

    def test_each_role_has_its_lines(self):
        """ A role is either fixed, or stands for one that the table has. """
        receipt = self.env['fiscal.receipt'].new({})
        for role in dict(ROLE_SELECTION):
            with self.subTest(role):
                receipt.role = role
                if role in const.FIXED_ROLES and role != 'right':
                    self.assertNotIn(role, const.LINES_BY_ROLE)
                else:
                    self.assertTrue(callable(
                        getattr(receipt, const.LINES_BY_ROLE[receipt._stands_for()])))

    def test_form_and_filters(self):
        payment = self.print_invoice()
        reversal, right = self.replace(payment)
        with Form(payment) as form:
            self.assertEqual(form.role, 'payment')
        view = payment.get_views([(False, 'search')])['views']['search']['arch']
        for name, found in (('corrections', reversal + right), ('closings', payment.browse())):
            domain = view.split(f'name="{name}"')[1].split('domain="')[1].split('"')[0]
            self.assertEqual(
                payment.search([*literal_eval(domain), ('id', '>=', payment.id)]), found[::-1])
        self.assertIn("{'group_by': 'role'}", view)
