# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields
from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_fiscal.tests.common import FiscalCommon


@tagged('post_install', '-at_install')
class TestSums(FiscalCommon):
    """ What an accountant compares with the operator of fiscal data. """

    def test_printed_total(self):
        receipt = self.print_invoice(1000.0)
        refund = receipt.transaction_id.with_user(self.env.user)
        refund.action_refund(amount_to_refund=300.0)
        self.env.flush_all()
        self.env['tochka.refund'].sudo().search([]).next_at = fields.Datetime.now()
        self.run_job('cron_refund')
        waiting = self.pay_invoice(70.0)
        back = receipt.return_ids
        both = receipt | back | waiting
        self.assertEqual(both.mapped('printed_total'), [1000.0, 0.0, 0.0])
        self.work()
        self.work()
        self.assertEqual(both.mapped('printed_total'), [1000.0, -300.0, 70.0])
        self.assertEqual(
            both.line_ids.mapped('printed_total'), both.mapped('printed_total'))
        self.assertEqual(set(both.mapped('printed_on')), {fields.Date.to_date('2026-11-25')})
        [(total,)] = receipt._read_group(
            [('id', 'in', both.ids)], [], ['printed_total:sum'])
        self.assertEqual(total, 770.0)

    def test_what_the_bank_prints(self):
        receipt = self.pay_invoice(100.0)
        for kind, total in (('income', 100.0), ('income_return', 0.0)):
            receipt.write({'state': 'delegated', 'kind': kind})
            self.assertEqual(receipt.printed_total, total)

    def test_clerk_puts_nothing_right(self):
        receipt = self.print_invoice()
        clerk = self.env['res.users'].sudo().create({
            'name': "Clerk", 'login': 'clerk-stuck', 'company_id': self.company.id,
            'company_ids': [Command.set(self.company.ids)],
            'group_ids': [Command.set(self.env.ref('account.group_account_invoice').ids)]})
        with self.assertRaises(AccessError):
            receipt.sudo(False).with_user(clerk).action_correct()

    def test_other_sum_is_warned_of(self):
        receipt = self.print_invoice(1000.0)
        action = receipt.with_user(self.env.user).action_correct()
        wizard = self.env['fiscal.correction'].browse(action['res_id'])
        self.assertFalse(wizard.is_other_sum)
        wizard.line_ids.price = 1.0
        self.assertTrue(wizard.is_other_sum)

    def test_enabled_provider_without_receipts(self):
        provider = self.provider.sudo()
        provider.write({'fiscalization': 'no', 'fiscal_register_id': False})
        self.assertIn("Nobody prints receipts", provider.fiscal_warning)
        provider.fiscal_no_receipts = True
        self.assertFalse(provider.fiscal_warning)

    def test_picture_of_the_code(self):
        self.assertTrue(self.print_invoice().qr_picture)
        self.assertFalse(self.pay_invoice(5.0).qr_picture)
