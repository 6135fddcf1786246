# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime, timedelta, timezone

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged

from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.tests.test_correction import CorrectionCommon


@tagged('post_install', '-at_install')
class TestMissed(CorrectionCommon):
    """ Settlements of earlier days without a receipt. """

    def wizard(self, **values):
        return self.env['fiscal.missed'].create({'company_id': self.company.id, **values})

    def yesterday(self, receipt):
        receipt.paid_at = fields.Datetime.now() - timedelta(days=1)
        return receipt

    def unprinted(self):
        """ Return a receipt of yesterday that the register has refused. """
        receipt = self.yesterday(self.pay_invoice())
        self.till.fail(base.Rejected("No"))
        self.work()
        self.assertEqual(receipt.state, 'failed')
        return receipt

    def unfiscalized(self):
        """ Return a payment of yesterday that nobody has made a receipt for. """
        self.provider.sudo().fiscalization = 'no'
        transaction = self.pay(self.create_linked_tx(self.create_invoice(500.0)))
        self.provider.sudo().fiscalization = 'other'
        moment = fields.Datetime.now() - timedelta(days=1)
        transaction.sudo().write({'tochka_paid_at': moment, 'last_state_change': moment})
        return transaction

    def test_failed_day(self):
        failed, transaction = self.unprinted(), self.unfiscalized()
        wizard = self.wizard(order='17-2')
        self.assertEqual((wizard.receipt_ids, wizard.transaction_ids), (failed, transaction))
        self.assertEqual((wizard.count, wizard.total), (2, 1500))
        wizard.action_print()
        self.work_off()
        self.assertEqual(len(self.documents()), 2)
        for one in self.documents():
            self.assertEqual(one.correction.order, '17-2')
            self.assertEqual(one.correction.day, wizard._today() - timedelta(days=1))
            self.assertFalse(one.wrong_sign)
        self.assertEqual(failed.state, 'done')
        self.assertEqual(transaction._fiscal_receipt().state, 'done')
        self.assertFalse(self.wizard().count)

    def test_form_that_is_not_saved_yet(self):
        failed, transaction = self.unprinted(), self.unfiscalized()
        wizard = self.env['fiscal.missed'].new({'company_id': self.company.id})
        self.assertEqual(wizard.receipt_ids._origin, failed)
        self.assertEqual(wizard.transaction_ids._origin, transaction)
        self.assertFalse(wizard.unknown_ids)
        self.assertEqual((wizard.count, wizard.total), (2, 1500))

    def accountant(self, company):
        return self.env['res.users'].sudo().create({
            'name': "Accountant", 'login': f'accountant-{company.id}',
            'company_id': company.id, 'company_ids': [(6, 0, company.ids)],
            'group_ids': [(6, 0, [self.env.ref('account.group_account_invoice').id])],
        })

    def test_accountant(self):
        failed, transaction = self.unprinted(), self.unfiscalized()
        wizard = self.env['fiscal.missed'].with_user(self.accountant(self.company)).create({})
        self.assertEqual(wizard.transaction_ids.mapped('reference'), [transaction.reference])
        self.assertEqual(wizard.receipt_ids.mapped('name'), [failed.name])
        wizard.action_print()
        self.work_off()
        self.assertEqual(len(self.documents()), 2)

    def test_accountant_of_another_company(self):
        self.unprinted()
        self.unfiscalized()
        other = self.env['res.company'].sudo().create({
            'name': "Other", 'currency_id': self.company.currency_id.id})
        missed = self.env['fiscal.missed'].with_user(self.accountant(other)).with_context(
            allowed_company_ids=other.ids)
        self.assertFalse(missed.create({}).count)
        with self.assertRaises(AccessError):
            missed.create({'company_id': self.company.id}).action_print()

    def test_same_record_so_never_twice(self):
        failed = self.unprinted()
        self.wizard().action_print()
        self.assertTrue(failed.correction_day)
        self.assertEqual(len(failed.transaction_id.fiscal_receipt_ids), 1)
        with self.assertRaises(UserError):
            self.wizard().action_print()

    def test_given_up_it_is_an_ordinary_one_again(self):
        failed = self.unprinted()
        self.wizard(order='17-2').action_print()
        self.till.fail(base.Unsupported("No corrections here"))
        self.work()
        self.assertEqual(failed.state, 'failed')
        failed.action_give_up_correction()
        failed.action_retry()
        self.work_off()
        self.assertEqual(failed.state, 'done')
        self.assertFalse(self.documents()[-1].correction)

    def test_no_giving_up_of_what_may_be_printed(self):
        failed = self.unprinted()
        self.wizard().action_print()
        self.till.fail(base.OutcomeUnknown("lost"), before=False)
        self.work()
        with self.assertRaises(UserError):
            failed.action_give_up_correction()
        self.assertTrue(failed.correction_day)

    def test_return_stays_an_ordinary_one(self):
        income = self.print_invoice()
        refund = income.transaction_id._create_child_transaction(400.0, is_refund=True)
        back = self.env['fiscal.receipt'].sudo()._create_return(refund)
        self.put_state(back, 'failed')
        self.yesterday(back)
        self.assertFalse(self.wizard().count)

    def test_what_has_gone_back_of_it_gets_its_return(self):
        transaction = self.unfiscalized()
        self.bank.change(transaction.tochka_operation_id,
                         paid_at=transaction.tochka_paid_at.replace(tzinfo=timezone.utc))
        self.bank.give_back(transaction.tochka_operation_id, 200)
        self.refresh(transaction)
        refund = transaction.child_transaction_ids
        self.assertIn('return_without_receipt', refund.tochka_problem_ids.mapped('code'))
        self.wizard().action_print()
        self.work_off()
        self.assertRecordValues(refund._fiscal_receipt(), [{
            'kind': 'income_return', 'total': 200.0, 'state': 'done',
            'income_id': transaction._fiscal_receipt().id}])
        self.assertFalse(refund.tochka_problem_ids.filtered(lambda one: not one.closed_at))

    def test_unknown_fate_is_no_correction(self):
        unknown = self.yesterday(self.pay_invoice())
        self.till.fail(base.OutcomeUnknown("lost"), before=False)
        self.work()
        wizard = self.wizard()
        self.assertEqual(wizard.unknown_ids, unknown)
        self.assertFalse(wizard.receipt_ids)
        with self.assertRaises(UserError):
            wizard.action_print()

    def test_lost_answer_and_then_refused_connection(self):
        """ It is queued again, and may be printed all the same. """
        receipt = self.yesterday(self.pay_invoice())
        self.till.fail(base.OutcomeUnknown("lost"), before=False)
        self.work()
        self.till.fail(base.NotSent("down"))
        self.work()
        self.assertEqual(receipt.state, 'queued')
        self.assertEqual(self.wizard().unknown_ids, receipt)
        self.assertFalse(receipt._is_surely_unprinted())

    def test_today_is_no_correction(self):
        self.pay_invoice()
        self.assertFalse(self.wizard().count)
        with self.assertRaisesRegex(UserError, "ordinary receipt"):
            self.wizard(date_to=self.wizard()._today()).action_print()

    def test_days_are_those_of_moscow(self):
        receipt = self.unprinted()
        wizard = self.wizard(date_from='2026-03-02', date_to='2026-03-02')
        for moment, found in ((datetime(2026, 3, 1, 20, 59), False),
                              (datetime(2026, 3, 1, 21, 0), True),
                              (datetime(2026, 3, 2, 20, 59), True),
                              (datetime(2026, 3, 2, 21, 0), False)):
            receipt.paid_at = moment
            wizard.invalidate_recordset()
            self.assertEqual(bool(wizard.receipt_ids), found, moment)

    def test_who_may(self):
        reader = self.env['res.users'].sudo().create({
            'name': "Reader", 'login': 'reader-of-missed',
            'group_ids': [(6, 0, [self.env.ref('account.group_account_readonly').id])],
        })
        with self.assertRaises(AccessError):
            self.env['fiscal.missed'].with_user(reader).create({})
