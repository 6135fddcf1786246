# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import date, datetime, timedelta
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import Form, tagged

from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon
from odoo.addons.tochka_fiscal.tests.test_closing import ClosingCommon


class CorrectionCommon(FiscalCommon):
    """ Receipts, and what becomes of them later. """

    def setUp(self):
        super().setUp()
        # Each document has a sign of its own.
        result = self.till.result
        self.till.result = lambda receipt, task='': self.with_sign(result(receipt, task), receipt)

    def with_sign(self, result, receipt):
        if not result.fiscal:
            return result
        number = list(self.till.printed).index(receipt.key) + 1
        return base.Result(state='done', task=result.task, fiscal=base.FiscalData(
            storage='9999078900005430', document=str(number), sign=str(1000 + number),
            moment=datetime(2026, 11, 25, 14, 30), total=receipt.total,
            kind=1 if receipt.kind == 'income' else 2))

    def documents(self):
        """ Return what the register has printed. """
        return list(self.till.printed.values())

    def work_off(self):
        for _run in range(6):
            self.work()


@tagged('post_install', '-at_install')
class TestWrongReceipt(CorrectionCommon):
    """ A wrong receipt is reversed, and the right one takes its place. """

    def setUp(self):
        super().setUp()
        self.receipt = self.print_invoice()
        self.receipt.paid_at = datetime(2026, 3, 1, 21, 30)  # the 2nd in Moscow

    def correct(self, receipt=None, order='', **values):
        """ Let the accountant change the first line. :return: The reversal and the right one. """
        receipt = receipt or self.receipt
        wizard = self.env['fiscal.correction'].browse(receipt.action_correct()['res_id'])
        wizard.order = order
        wizard.line_ids[0].write(values or {'vat': 'vat22'})
        action = wizard.action_apply()
        return self.env['fiscal.receipt'].sudo().search(action['domain'], order='id')

    def test_by_ffd_12(self):
        reversal, right = self.correct(order=' 17-2 ')
        self.assertTrue(self.receipt.is_replaced)
        self.work_off()
        self.assertEqual((reversal.state, right.state), ('done', 'done'))
        wrong, back, good = self.documents()
        self.assertEqual((back.kind, back.lines, back.payments),
                         ('income_return', wrong.lines, wrong.payments))
        self.assertEqual((good.kind, good.total, good.lines[0].vat), ('income', 100000, 'vat22'))
        for one in (back, good):
            self.assertEqual(one.correction.day, date(2026, 3, 2))
            self.assertEqual((one.correction.order, one.wrong_sign), ('17-2', '1001'))
        self.assertFalse((reversal + right).filtered('confirmed_at'))

    def test_by_ffd_105(self):
        self.register.ffd = '1.05'
        self.correct(order='17-2')
        self.work_off()
        _wrong, back, good = self.documents()
        self.assertEqual((back.kind, good.kind), ('income_return', 'income'))
        self.assertFalse(back.correction or good.correction)
        self.assertEqual({back.wrong_sign, good.wrong_sign}, {'1001'})

    def test_the_right_one_waits_for_the_reversal(self):
        reversal, right = self.correct()
        self.till.fail(base.Rejected("No"))
        self.work()
        self.assertEqual((reversal.state, right.state), ('failed', 'queued'))
        for _run in range(3):
            self.work()
        self.assertEqual(len(self.documents()), 1)
        self.assertIn("not reversed yet", right.problem)
        reversal.action_retry()
        self.work_off()
        self.assertEqual([one.kind for one in self.documents()],
                         ['income', 'income_return', 'income'])

    def test_the_right_one_goes_as_soon_as_the_reversal_is_printed(self):
        _reversal, right = self.correct()
        right.next_try_at = fields.Datetime.now() + timedelta(hours=1)
        self.env.flush_all()
        for _run in range(4):
            for lane in (0, 1):
                self.env.ref(f'tochka_fiscal.cron_lane_{lane}').sudo().method_direct_trigger()
            self.env['fiscal.receipt'].sudo().search(
                [('state', '=', 'accepted')]).next_try_at = fields.Datetime.now()
            self.env.flush_all()
        self.assertEqual(right.state, 'done')

    def test_lost_answers_print_each_once(self):
        reversal, right = self.correct()
        self.till.names_duplicates = True
        self.till.fail(base.OutcomeUnknown("lost"), before=False)
        self.work()
        self.till.fail(base.Duplicate("It exists", '33', task='2'))
        self.work_off()
        self.assertEqual((reversal.state, right.state), ('done', 'done'))
        self.assertEqual(len(self.documents()), 3)

    def test_settlement_goes_over(self):
        _reversal, right = self.correct()
        self.assertEqual(right.transaction_id._fiscal_receipt(), right)
        # Nothing makes one more receipt of the same money.
        right.transaction_id._set_done()
        self.assertEqual(len(right.transaction_id.fiscal_receipt_ids), 3)

    def test_return_follows_the_right_one(self):
        _reversal, right = self.correct(fiscal_subject='goods')
        self.work_off()
        transaction = right.transaction_id
        refund = transaction._create_child_transaction(400.0, is_refund=True)
        receipt = self.env['fiscal.receipt'].sudo()._create_return(refund)
        self.assertEqual(receipt.income_id, right)
        self.assertEqual(receipt.line_ids.mapped('fiscal_subject'), ['goods'])

    def test_return_that_was_made_at_the_same_moment(self):
        """ It was made for the wrong receipt, before anybody could see that it is replaced. """
        transaction = self.receipt.transaction_id
        refund = transaction._create_child_transaction(400.0, is_refund=True)
        back = self.env['fiscal.receipt'].sudo()._create_return(refund)
        back.state = 'void'  # not there yet for who corrects
        _reversal, right = self.correct(fiscal_subject='goods')
        self.work_off()
        back.write({'state': 'queued', 'next_try_at': fields.Datetime.now()})
        self.work_off()
        self.assertEqual((back.income_id, back.state), (right, 'done'))
        self.assertEqual(back.line_ids.mapped('fiscal_subject'), ['goods'])
        self.assertEqual(back.line_ids.origin_id, right.line_ids)
        self.assertEqual(self.documents()[-1].total, 40000)

    def test_closing_follows_the_right_one(self):
        receipt = self.print_invoice()
        wizard = self.env['fiscal.correction'].browse(receipt.action_correct()['res_id'])
        wizard.line_ids.write({'fiscal_method': 'full_prepayment', 'vat': 'vat122'})
        wizard.action_apply()
        self.work_off()
        right = receipt.transaction_id._fiscal_receipt()
        self.assertEqual((receipt.prepaid_left, right.prepaid_left), (0, 1000))

    def test_wrong_prepayment_is_not_closed(self):
        receipt = self.print_invoice()
        receipt.line_ids.fiscal_method = 'full_prepayment'
        self.env.flush_all()
        self.assertEqual(receipt.prepaid_left, 1000)
        self.correct(receipt, fiscal_method='full_payment')
        self.env.flush_all()
        self.assertEqual(receipt.prepaid_left, 0)

    def test_other_sum(self):
        _reversal, right = self.correct(price=900.5)
        self.assertEqual((right.total, right.payments), (900.5, {'cashless': 90050}))

    def test_other_sum_of_several_payments(self):
        self.receipt.payments = {'prepaid': 40000, 'cashless': 60000}
        with self.assertRaises(UserError):
            self.correct(price=900.5)
        _reversal, right = self.correct(vat='vat10')
        self.assertEqual(right.payments, {'prepaid': 40000, 'cashless': 60000})

    def test_nothing_changed(self):
        with self.assertRaisesRegex(UserError, "change it first"):
            self.correct(vat=self.receipt.line_ids.vat)
        self.assertFalse(self.receipt.is_replaced)

    def test_impossible_lines_leave_nothing_behind(self):
        with self.assertRaises(UserError), self.env.cr.savepoint():
            self.correct(price=0)
        self.env.invalidate_all()
        self.assertFalse(self.receipt.is_replaced or self.receipt.correction_ids)

    def test_lines_of_the_documents(self):
        invoice = self.receipt.invoice_ids
        wizard = self.env['fiscal.correction'].browse(self.receipt.action_correct()['res_id'])
        wizard.line_ids[0].vat = 'vat22'
        invoice.invoice_line_ids.name = "Another name"
        wizard.action_take_documents()
        self.assertEqual(wizard.line_ids.mapped('name'), ["Another name"])
        self.assertEqual(wizard.line_ids.vat, self.receipt.line_ids.vat)

    def test_form(self):
        wizard = self.env['fiscal.correction'].browse(self.receipt.action_correct()['res_id'])
        with Form(wizard) as form, form.line_ids.edit(0) as line:
            line.price = 250
            line.quantity = 3
        self.assertEqual(wizard.total, 750)

    def test_once_at_a_time(self):
        wizards = [self.env['fiscal.correction'].browse(self.receipt.action_correct()['res_id'])
                   for _clerk in range(2)]
        for wizard in wizards:
            wizard.line_ids.vat = 'vat22'
        wizards[0].action_apply()
        with self.assertRaises(UserError):
            wizards[1].action_apply()
        self.assertEqual(len(self.receipt.correction_ids), 2)
        with patch.object(type(self.receipt), '_lock', lambda receipt: False):
            with self.assertRaisesRegex(UserError, "being worked on"):
                self.receipt._replace({}, [], '')

    def test_right_one_that_was_wrong_too(self):
        _reversal, right = self.correct()
        self.work_off()
        _back, better = self.correct(right, vat='vat10')
        self.work_off()
        self.assertEqual(better.state, 'done')
        self.assertEqual(self.documents()[-1].wrong_sign, '1003')
        self.assertEqual(better.transaction_id._fiscal_receipt(), better)
        with self.assertRaises(UserError):
            self.correct(right)

    def test_what_is_not_put_right_here(self):
        returned = self.print_invoice()
        refund = returned.transaction_id._create_child_transaction(400.0, is_refund=True)
        receipt = self.env['fiscal.receipt'].sudo()._create_return(refund)
        silent = self.print_invoice()
        silent.fiscal_sign = False
        unprinted = self.pay_invoice()
        for one, words in ((returned, "return"), (receipt, "printed"), (unprinted, "printed"),
                           (silent, "numbers")):
            with self.subTest(words), self.assertRaisesRegex(UserError, words):
                one.action_correct()

    def test_giving_up(self):
        reversal, right = self.correct()
        right.action_give_up_correction()
        self.assertEqual((reversal.state, right.state), ('void', 'void'))
        self.assertFalse(self.receipt.is_replaced)
        self.assertEqual(self.receipt.transaction_id._fiscal_receipt(), self.receipt)
        self.work_off()
        self.assertEqual(len(self.documents()), 1)
        self.correct()
        self.work_off()
        self.assertEqual(len(self.documents()), 3)

    def test_no_giving_up_of_what_may_be_printed(self):
        reversal, right = self.correct()
        self.till.fail(base.OutcomeUnknown("lost"), before=False)
        self.work()
        with self.assertRaises(UserError):
            right.action_give_up_correction()
        self.assertTrue(self.receipt.is_replaced)
        self.assertNotEqual(reversal.state, 'void')

    def test_who_may(self):
        reader = self.env['res.users'].sudo().create({
            'name': "Reader", 'login': 'reader-of-receipts',
            'group_ids': [(6, 0, [self.env.ref('account.group_account_readonly').id])],
        })
        with self.assertRaises(AccessError):
            self.receipt.with_user(reader).action_correct()


@tagged('post_install', '-at_install')
class TestWrongClosing(CorrectionCommon, ClosingCommon):
    """ A closing receipt is put right, and the prepayment is closed once all the same. """

    def setUp(self):
        super().setUp()
        self.invoice = self.future_invoice(1000.0)
        self.prepayment = self.prepay(self.invoice)
        self.close(days=11)
        self.closing = self.prepayment.closing_ids
        self.work_off()
        self.assertEqual(self.closing.state, 'done')

    def wizard(self):
        return self.env['fiscal.correction'].browse(self.closing.action_correct()['res_id'])

    def test_closed_once(self):
        wizard = self.wizard()
        wizard.line_ids.vat = 'vat22'
        wizard.action_apply()
        self.assertClosings(
            self.prepayment, (self.invoice, 1000.0), (self.invoice, 1000.0), left=0.0)
        self.close(times=3, days=12)
        self.work_off()
        wrong, right = self.prepayment.closing_ids.sorted('id')
        self.assertEqual((wrong.is_replaced, right.state), (True, 'done'))
        _income, closing, back, good = self.documents()
        self.assertEqual((back.kind, back.payments, back.lines),
                         ('income_return', {'prepaid': 100000}, closing.lines))
        self.assertEqual((good.kind, good.payments, good.lines[0].vat),
                         ('income', {'prepaid': 100000}, 'vat22'))

    def test_its_total_stays(self):
        wizard = self.wizard()
        wizard.line_ids.price = 900
        with self.assertRaisesRegex(UserError, "must stay 1000.00"):
            wizard.action_apply()

    def test_lines_of_the_document(self):
        wizard = self.wizard()
        wizard.line_ids.write({'name': "Wrong", 'vat': 'vat10'})
        wizard.action_take_documents()
        self.assertEqual(
            (wizard.line_ids.name, wizard.line_ids.vat, wizard.total),
            (self.closing.line_ids.name, self.closing.line_ids.vat, 1000))

    def test_closed_prepayment_is_not_put_right(self):
        with self.assertRaisesRegex(UserError, "closing receipt"):
            self.prepayment.action_correct()
