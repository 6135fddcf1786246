# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import fields
from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring.tests.rights_common import ROLES, RightsCommon
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon

BOOKS = 'clerk accountant admin'


@tagged('post_install', '-at_install')
class TestFiscalRights(RightsCommon, FiscalCommon):
    """ Who may do what with receipts and registers, whatever views show. """

    addon = 'tochka_fiscal'

    METHODS = {
        'fiscal.register.action_check': 'admin',
        # They open lists, which show to each what is his to see.
        'fiscal.register.action_open_waiting': ' '.join(ROLES),
        'fiscal.register.action_open_failed': ' '.join(ROLES),
        'res.company.action_fiscal_change': ' '.join(ROLES),
        'res.company.action_fiscal_taxes': ' '.join(ROLES),
        # Core says who may, by an error that is none of rights.
        'ir.module.module.button_uninstall': ' '.join(ROLES),
        'fiscal.receipt.action_retry': BOOKS,
        'fiscal.receipt.action_resolve': BOOKS,
        'fiscal.receipt.action_close': BOOKS,
        'fiscal.receipt.action_correct': 'accountant admin',
        'fiscal.receipt.action_give_up_correction': BOOKS,
        'account.move.action_fiscal_receipts': BOOKS,
        'account.payment.action_fiscal_receipts': BOOKS,
        # These are windows of the administrator, in this test.
        'fiscal.change.action_apply': 'admin',
        'fiscal.period.action_withdraw': 'admin',
        'fiscal.correction.action_take_documents': 'admin',
        'fiscal.correction.action_apply': 'admin',
        'fiscal.missed.action_print': 'admin',
        'fiscal.resolve.action_apply': 'admin',
        'fiscal.test.action_print': 'admin',
        'payment.refund.wizard.action_refund': 'admin',
    }
    RIGHTS = {
        'fiscal.register': {'clerk': 'r', 'accountant': 'r', 'foreign': 'c', 'admin': 'crud'},
        'fiscal.receipt': {'clerk': 'ru', 'accountant': 'ru', 'admin': 'ru'},
        'fiscal.receipt.line': {'clerk': 'r', 'accountant': 'r', 'admin': 'r'},
        'fiscal.attempt': {'clerk': 'r', 'accountant': 'r', 'admin': 'r'},
        'fiscal.offset': {'clerk': 'r', 'accountant': 'r', 'admin': 'r'},
        'fiscal.period': {'clerk': 'r', 'accountant': 'r', 'admin': 'r'},
        **{model: {'clerk': 'c', 'accountant': 'c', 'stranger': 'c', 'admin': 'crud'} for model in (
            'fiscal.resolve', 'fiscal.refund.line', 'fiscal.missed')},
        **{model: {'accountant': 'c', 'stranger': 'c', 'admin': 'crud'} for model in (
            'fiscal.correction', 'fiscal.correction.line')},
        'fiscal.test': {'foreign': 'c', 'admin': 'crud'},
        'fiscal.change': {'foreign': 'c', 'admin': 'crud'},
    }
    FIELDS = {
        **{model: {'*': 'admin'} for model in (
            'fiscal.register', 'fiscal.resolve', 'fiscal.refund.line', 'fiscal.correction',
            'fiscal.correction.line', 'fiscal.missed', 'fiscal.test', 'fiscal.change',
            'payment.provider', 'account.move', 'payment.refund.wizard')},
        # Its receipts are the register's.
        'payment.transaction': {'*': 'admin', 'fiscal_receipt_ids': ''},
        **{model: {} for model in (
            'fiscal.receipt.line', 'fiscal.attempt', 'fiscal.offset', 'fiscal.period',
            'tochka.refund')},
        # What was sent stays as it was sent, for everybody.
        'fiscal.receipt': {'contact': BOOKS},
        # What is sold, and at which rates, is said by whoever enters goods and invoices.
        'account.move.line': {'*': BOOKS},
        'account.tax': {'*': 'accountant admin', 'fiscal_period_ids': 'admin'},
        'product.category': {'*': 'foreign admin'},
        **{model: {'*': 'foreign admin'} for model in ('res.company', 'res.config.settings')},
        'uom.uom': {'*': 'foreign admin'},
    }

    def setUp(self):
        super().setUp()
        self.users['admin'] = self.env.user
        self.env.user.sudo().group_ids |= self.env.ref('account.group_account_manager')

    def test_methods(self):
        self.check_methods()

    def test_models(self):
        self.check_rights()

    def test_fields(self):
        self.check_fields()

    def test_windows(self):
        self.check_windows()

    # === WHAT THE TABLES DON'T SAY === #

    def test_lines_that_come_back_are_those_of_the_payment(self):
        """ What is left of a line is known to Odoo, not to the window; nor is another's line. """
        other = self.print_invoice(700.0)
        payment = self.print_invoice(1000.0).transaction_id.payment_id
        Wizard = self.env['payment.refund.wizard'].with_context(active_id=payment.id)
        for line in (other.line_ids, payment.payment_transaction_id.fiscal_receipt_ids.line_ids):
            wizard = Wizard.create({'amount_to_refund': 1000.0})
            wizard.fiscal_line_ids = [Command.clear(), Command.create({
                'line_id': line.id, 'name': "x", 'left': 9000.0, 'amount': 1000.0})]
            with self.subTest(line.receipt_id.name):
                if line.receipt_id == other:
                    with self.assertRaises(UserError), self.env.cr.savepoint():
                        wizard.action_refund()
                else:
                    wizard.action_refund()
                    self.assertTrue(payment.payment_transaction_id.tochka_refund_ids)

    def test_correction_names_documents_of_its_payment(self):
        receipt = self.print_invoice(1000.0)
        other = self.create_invoice(500.0)
        action = receipt.action_correct()
        wizard = self.env['fiscal.correction'].browse(action['res_id'])
        source = wizard.line_ids.source
        wizard.line_ids.write({'price': 900.0, 'source': f'account.move,{other.id}'})
        self.assertEqual(wizard.line_ids.source, source, "No form lets a person enter it")
        wizard.line_ids.sudo().source = f'account.move,{other.id}'
        with self.assertRaisesRegex(UserError, "has not paid"):
            wizard.action_apply()

    def test_no_defaults_of_the_caller(self):
        """ A correction that is made as superuser is not born printed. """
        receipt = self.print_invoice(1000.0)
        wizard = self.env['fiscal.correction'].browse(receipt.action_correct()['res_id'])
        wizard.line_ids.price = 900.0
        made = self.env['fiscal.receipt'].browse(wizard.with_context(
            default_state='done', default_fiscal_sign='1', default_document_number='1',
        ).action_apply()['domain'][0][2])
        self.assertEqual(set(made.mapped('state')), {'queued'})
        self.assertFalse(any(made.mapped('fiscal_sign')))

    @mute_logger('odoo.addons.base.models.ir_rule')
    def test_documents_show_receipts_of_their_own(self):
        """ The invoice's page in the portal shows what the invoice names: nobody names others'. """
        receipt = self.print_invoice(1000.0)
        invoice = self.create_invoice(10.0)
        with self.assertRaises(AccessError):
            self.as_role('clerk', invoice).write(
                {'fiscal_receipt_ids': [Command.set(receipt.ids)]})

    # === RECORDS === #

    def make_fiscal_register(self):
        return self.register.sudo(False)

    def make_fiscal_receipt(self):
        receipt = self.pay_invoice(1000.0)
        self.put_state(receipt, 'failed')
        return receipt.sudo(False)

    def make_fiscal_receipt_line(self):
        return self.record('fiscal.receipt').line_ids

    def make_fiscal_attempt(self):
        return self.env['fiscal.attempt'].sudo().create({
            'receipt_id': self.record('fiscal.receipt').id, 'register_id': self.register.id,
            'key': 'key'})

    def make_fiscal_offset(self):
        receipt = self.record('fiscal.receipt')
        return self.env['fiscal.offset'].sudo().create({
            'receipt_id': receipt.id, 'prepayment_id': receipt.id, 'total': 1.0})

    def make_fiscal_period(self):
        return self.provider.sudo()._fiscal_plan(
            fields.Date.today() + timedelta(days=40), 'usn_income', 'none').sudo(False)

    def make_fiscal_resolve(self):
        return self.env['fiscal.resolve'].create({
            'receipt_id': self.record('fiscal.receipt').id, 'fate': 'printed'})

    def make_fiscal_correction(self):
        wizard = self.env['fiscal.correction'].create({
            'receipt_id': self.record('fiscal.receipt').id, 'taxation_system': 'osn'})
        wizard._take_lines([line._line() for line in wizard.receipt_id.line_ids])
        return wizard

    def make_fiscal_correction_line(self):
        return self.record('fiscal.correction').sudo().line_ids.sudo(False)

    def make_fiscal_change(self):
        return self.env['fiscal.change'].create({
            'company_id': self.company.id, 'taxation_system': 'usn_income', 'vat': 'vat5'})

    def make_fiscal_missed(self):
        return self.env['fiscal.missed'].create({'company_id': self.company.id})

    def make_fiscal_test(self):
        return self.env['fiscal.test'].create({
            'register_id': self.register.id, 'taxation_system': 'osn', 'contact': 'a@example.com'})

    def make_fiscal_refund_line(self):
        return self.env['fiscal.refund.line'].create({
            'wizard_id': self.record('payment.refund.wizard').id,
            'line_id': self.record('fiscal.receipt.line').id, 'amount': 1.0})

    def make_payment_refund_wizard(self):
        return self.env['payment.refund.wizard'].with_context(
            active_id=self.record('account.payment').id).create({'amount_to_refund': 1.0})

    def make_tochka_refund(self):
        payment = self.record('payment.transaction')
        payment.with_user(self.env.user).action_refund(amount_to_refund=1.0)
        return payment.tochka_refund_ids

    def make_payment_transaction(self):
        return self.record('fiscal.receipt').transaction_id

    def make_payment_provider(self):
        return self.provider

    def make_account_payment(self):
        return self.record('payment.transaction').payment_id

    def make_account_move(self):
        return self.record('fiscal.receipt').invoice_ids

    def make_account_move_line(self):
        return self.create_invoice(10.0, post=False).invoice_line_ids

    def make_account_tax(self):
        return self.env['account.tax'].search([('company_id', '=', self.company.id)], limit=1)

    def make_product_category(self):
        return self.env['product.category'].create({'name': "Lessons"})

    def make_ir_module_module(self):
        self.print_invoice(5.0)
        return self.env['ir.module.module'].sudo().search([('name', '=', 'tochka_fiscal')])

    def make_res_company(self):
        return self.company

    def make_res_config_settings(self):
        return self.env['res.config.settings'].sudo().create({})

    def make_uom_uom(self):
        return self.env.ref('uom.product_uom_unit')
