# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import fields
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon
from odoo.addons.tochka_fiscal.tests.test_stuck import StuckCommon


@tagged('post_install', '-at_install')
class TestTwice(StuckCommon):
    """ No receipt is printed by two registers, or twice by one. """

    def accepted(self):
        """ The till has no paper: the service has the receipt and will print it. """
        receipt = self.pay_invoice()
        self.till.till = 'waiting'
        self.work()
        self.overdue(receipt)
        self.assertEqual(receipt.state, 'accepted')
        return receipt

    def test_person_is_not_believed_while_the_register_has_it(self):
        receipt = self.accepted()
        with self.assertRaisesRegex(UserError, "still has this receipt"):
            self.resolve(receipt, fate='not_printed', reason="There is nothing")
        self.assertEqual(receipt.state, 'accepted')

    def test_register_knows_better(self):
        receipt = self.accepted()
        self.till.till = 'done'
        self.resolve(receipt, fate='not_printed', reason="There is nothing")
        self.assertEqual(receipt.state, 'done')
        self.assertEqual(len(receipt.attempt_ids), 1)

    def closed_by_a_person(self):
        receipt = self.accepted()
        self.till.fail(base.OutcomeUnknown("Silence"))
        self.resolve(receipt, fate='not_printed', reason="The till was stolen")
        old = receipt.attempt_ids
        self.assertTrue(old.watched_until)
        self.work()
        self.assertEqual(len(receipt.attempt_ids), 2)
        return receipt, old

    def watch(self):
        self.env.flush_all()
        self.env.ref('tochka_fiscal.cron_watch').sudo().method_direct_trigger()
        self.env.invalidate_all()

    def test_what_a_person_has_closed_is_asked_about(self):
        receipt, old = self.closed_by_a_person()
        self.watch()
        self.assertTrue(old.watched_until)
        self.assertFalse(receipt.problem_ids)
        self.till.till = 'done'
        self.watch()
        self.assertIn('receipt_doubled', receipt.problem_ids.mapped('code'))
        self.assertFalse(old.watched_until)

    def test_watch_ends(self):
        _receipt, old = self.closed_by_a_person()
        old.watched_until = fields.Datetime.now() - timedelta(days=1)
        self.watch()
        self.assertFalse(old.watched_until)

    def test_register_that_was_not_printing_is_believed(self):
        receipt, old = self.closed_by_a_person()
        self.till.till = 'failed'
        self.watch()
        self.assertFalse(old.watched_until)
        self.assertNotIn('receipt_doubled', receipt.problem_ids.mapped('code'))

    def test_register_keeps_its_account_while_an_answer_is_awaited(self):
        receipt = self.accepted()
        changes = [
            {'kind': 'atol'}, {'queue': '7'}, {'shop': '19'},
            {'url': 'https://kassa.example.com'},
        ]
        for values in changes:
            with self.subTest(values), self.assertRaises(UserError) as caught:
                self.register.write(values)
            self.assertIn(receipt.name, str(caught.exception))
        self.register.write({'secret': 'changed', 'name': "Renamed", 'tills': 2})
        self.till.till = 'done'
        self.work()
        self.register.write({'queue': '7'})
        self.assertEqual(receipt.attempt_ids.account, 'komtet https://kassa.komtet.ru 18 143')

    def test_every_service_names_its_account(self):
        kinds = set(dict(self.env['fiscal.register']._fields['kind'].selection))
        self.assertEqual(set(const.REGISTER_ACCOUNTS), kinds)
        for names in const.REGISTER_ACCOUNTS.values():
            self.assertLessEqual(set(names), set(self.env['fiscal.register']._fields))

    def test_restored_backup_makes_other_keys(self):
        receipt = self.pay_invoice()
        with self.env.cr.savepoint() as savepoint:
            first = receipt._open_attempt().key
            savepoint.rollback()
        receipt.invalidate_recordset()
        self.assertNotEqual(receipt._open_attempt().key, first)


@tagged('post_install', '-at_install')
class TestPlayMoney(FiscalCommon):
    """ Of money that is only played no receipt is printed. """

    def test_provider_in_test_mode(self):
        provider = self.env['payment.provider'].sudo().create({
            'name': "Wire", 'code': 'none', 'company_id': self.company.id, 'state': 'test',
            'payment_method_ids': [Command.set(self.card.ids)],
        })
        provider.write({
            'fiscalization': 'other', 'fiscal_taxation_system': 'usn_income',
            'fiscal_register_id': self.register.id})
        self.assertIn("test mode", provider.fiscal_warning)
        for state, receipts in (('test', 0), ('enabled', 1)):
            provider.state = state
            with self.subTest(state):
                transaction = self.create_tx(
                    self.create_invoice(100.0), provider=provider, reference=f'wire-{state}')
                transaction._set_done()
                self.assertEqual(len(transaction.fiscal_receipt_ids), receipts)


@tagged('post_install', '-at_install')
class TestUninstall(FiscalCommon):

    def test_printed_receipts_are_kept(self):
        module = self.env['ir.module.module'].sudo().with_user(
            self.env.ref('base.user_admin')).search([('name', '=', 'tochka_fiscal')])
        self.print_invoice()
        for modules in (module, module.search([('name', '=', 'tochka_acquiring')])):
            with self.assertRaises(UserError) as caught:
                modules.button_uninstall()
            self.assertIn("can't be uninstalled", str(caught.exception))
        self.assertEqual(module.state, 'installed')
