# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from dataclasses import replace
from unittest.mock import patch

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.tests import tagged

from odoo.addons.tochka_fiscal.registers import base, paykeeper
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon

NUMBERS = {
    'storage_number': '9999078900005430', 'document_number': '1212', 'fiscal_sign': '1911055232',
    'moment': '26.11.2026 12:00',
}


@tagged('post_install', '-at_install')
class TestPayKeeperRegister(FiscalCommon):
    """ PayKeeper as a register of a company. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.keeper = cls.env['fiscal.register'].sudo().create({
            'name': "PayKeeper", 'kind': 'paykeeper', 'company_id': cls.company.id,
            'url': 'https://school.server.paykeeper.ru', 'paykeeper_user': ' odoo ',
            'paykeeper_password': 'pass word', 'paykeeper_taxation_system': 'usn_income',
            'address': 'https://school.example.com', 'state': 'ready',
        })
        cls.provider.sudo().fiscal_register_id = cls.keeper

    def client_of(self, register):
        """ The fake register of the other tests stands in the way. """
        return register._paykeeper_client()

    def print_silently(self):
        """ Return a receipt whose register has printed it and gives no numbers. """
        receipt = self.pay_invoice()
        self.work()
        with patch.object(self.till, 'status', lambda key, task: base.Result(
                state='done', task=task, url='https://school.server.paykeeper.ru/receipt/1/')):
            self.work()
        return receipt

    def resolve(self, receipt, **values):
        return self.env['fiscal.resolve'].sudo().create({
            'receipt_id': receipt.id, **values}).action_apply()

    def test_client(self):
        self.assertIsInstance(self.client_of(self.keeper), paykeeper.PayKeeper)
        self.assertEqual(self.keeper.paykeeper_user, 'odoo')
        self.assertEqual(self.keeper.paykeeper_password, 'pass word')

    def test_address_is_needed(self):
        with self.assertRaises(ValidationError):
            self.keeper.copy({'url': False, 'paykeeper_password': 'x'})

    def test_missing_credentials(self):
        for name in ('paykeeper_user', 'paykeeper_password', 'paykeeper_taxation_system'):
            register = self.keeper.copy({'paykeeper_password': 'x'})
            register[name] = False
            with self.assertRaises(base.Unauthorized):
                self.client_of(register)

    def test_accountant_reads_no_secret(self):
        accountant = self.env['res.users'].sudo().create({
            'name': "Accountant", 'login': 'accountant-of-keeper',
            'group_ids': [(6, 0, [self.env.ref('account.group_account_invoice').id])],
        })
        for name in ('paykeeper_user', 'paykeeper_password'):
            with self.assertRaises(AccessError):
                self.keeper.with_user(accountant).read([name])

    # === WHAT IS NOT CONFIRMED === #

    def test_lost_answer_is_not_repeated_until_that_is_confirmed(self):
        receipt = self.pay_invoice()
        self.till.fail(base.OutcomeUnknown("lost"), before=False)
        for _run in range(3):
            self.work()
        self.assertEqual((receipt.state, len(self.keys())), ('accepted', 1))
        self.assertIn("not known whether", receipt.activity_ids.summary)

    def test_lost_answer_is_repeated_once_it_is(self):
        self.keeper.paykeeper_repeats = True
        receipt = self.pay_invoice()
        self.till.fail(base.OutcomeUnknown("lost"), before=False)
        self.work()
        with patch.object(self.till, 'register', lambda one, url='': base.Result(
                state='accepted', task='1')):
            self.work()
        self.work()
        self.assertEqual((receipt.state, len(self.till.printed)), ('done', 1))

    def test_confirmation_that_is_taken_back(self):
        """ An answer was lost, the repetition did not leave, and then nobody may repeat any more.
        """
        self.keeper.paykeeper_repeats = True
        receipt = self.pay_invoice()
        self.till.fail(base.OutcomeUnknown("lost"), before=False)
        self.work()
        self.till.fail(base.NotSent("down"))
        self.work()
        self.assertEqual(receipt.state, 'queued')
        self.keeper.paykeeper_repeats = False
        sent = len(self.keys())
        self.work()
        self.assertEqual((receipt.state, len(self.keys())), ('accepted', sent))

    def test_settings_reach_the_client(self):
        register = self.client_of(self.keeper)
        receipt = self.pay_invoice()
        neutral = receipt._neutral('k')
        register.build(neutral)
        back = replace(neutral, kind='income_return')
        with self.assertRaises(base.Unsupported):
            register.build(back)
        self.keeper.paykeeper_return_type = 'refund'
        self.assertEqual(self.client_of(self.keeper).build(back)['type'], 'refund')

    # === PRINTED WITHOUT NUMBERS === #

    def test_printed_without_numbers(self):
        receipt = self.print_silently()
        self.assertEqual(receipt.state, 'done')
        self.assertFalse(receipt.qr or receipt.document_number or receipt.problem)
        self.assertFalse(receipt.activity_ids or receipt.confirmed_at)
        self.assertIn("does not give its numbers", ' '.join(receipt.message_ids.mapped('body')))
        self.assertEqual(receipt.attempt_ids.outcome, 'done')
        page = self.env['ir.qweb']._render(
            'tochka_fiscal.portal_receipt_proof', {'receipt': receipt})
        self.assertIn('/receipt/1/', page)
        self.assertNotIn('FD', page)

    def test_person_enters_the_numbers(self):
        receipt = self.print_silently()
        self.resolve(receipt, fate='printed', **NUMBERS)
        self.assertEqual(
            receipt.qr,
            't=20261126T1200&s=1000.00&fn=9999078900005430&i=1212&fp=1911055232&n=1')
        self.assertTrue(receipt.confirmed_at)
        with self.assertRaises(UserError):
            self.resolve(receipt, fate='printed', **{**NUMBERS, 'document_number': '1213'})
        self.assertEqual(receipt.document_number, '1212')

    def test_nobody_unprints_it(self):
        receipt = self.print_silently()
        with self.assertRaises(UserError):
            self.resolve(receipt, fate='not_printed', reason="I say so")
        self.assertEqual(receipt.state, 'done')

    def test_silent_register_is_overruled_when_overdue(self):
        receipt = self.pay_invoice()
        self.work()
        with self.assertRaises(UserError):
            self.resolve(receipt, fate='printed', **NUMBERS)
        receipt.paid_at = '2026-01-01 00:00:00'
        self.resolve(receipt, fate='printed', **NUMBERS)
        self.assertEqual((receipt.state, receipt.document_number), ('done', '1212'))

    def test_check_claims_nothing(self):
        self.till.prints = None
        self.assertIn("does not tell", self.keeper.action_check()['params']['message'])
        self.assertEqual(self.keeper.state, 'ready')
