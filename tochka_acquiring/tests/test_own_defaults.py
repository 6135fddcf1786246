# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon


@tagged('post_install', '-at_install')
class TestOwnDefaults(RefundCommon):
    """ Each employee may set defaults of any field for himself: they decide nothing of money. """

    def setUp(self):
        super().setUp()
        self.employee = self.env['res.users'].sudo().create({
            'name': "Employee", 'login': 'own_defaults', 'email': 'employee@example.com',
            'company_id': self.company.id, 'company_ids': [Command.set(self.company.ids)],
            'group_ids': [Command.set(self.env.ref('base.group_user').ids)],
        })

    def prefer(self, model, name, value):
        self.env['ir.default'].with_user(self.employee).set(model, name, value, user_id=True)

    def test_nobody_says_that_he_has_paid(self):
        self.prefer('payment.transaction', 'state', 'done')
        invoice = self.create_invoice(1000.0, partner=self.employee.partner_id)
        # As the portal creates it.
        transaction = self.env['payment.transaction'].with_user(self.employee).sudo().create({
            'provider_id': self.provider.id, 'payment_method_id': self.card.id,
            'amount': 1000.0, 'currency_id': self.rub.id, 'operation': 'online_redirect',
            'partner_id': self.employee.partner_id.id, 'landing_route': '/my/invoices',
            'reference': 'own-defaults', 'invoice_ids': [Command.set(invoice.ids)],
        })
        self.assertEqual(transaction.state, 'draft')
        transaction._get_processing_values()
        self.assertTrue(transaction.tochka_operation_id)
        transaction._post_process()
        self.assertEqual(invoice.amount_residual, 1000.0)

    def test_nor_how_a_refund_or_a_problem_begins(self):
        self.prefer('tochka.refund', 'order_id', 'made up')
        self.prefer('tochka.problem', 'closed_at', '2026-01-01 00:00:00')
        payment = self.paid()
        employees = self.env(user=self.employee)
        refund = employees['tochka.refund']._create_for(
            payment.with_env(employees).sudo(), 10.0, state='requested')
        self.assertFalse(refund.order_id)
        problem = employees['tochka.problem']._open(refund, 'refund_waits')
        self.assertFalse(problem.closed_at)

    def as_employee(self, transaction):
        return transaction.with_env(self.env(user=self.employee)).sudo()

    def prefer_in_the_books(self):
        """ All that an employee may prefer for what accountants make by hand. """
        other = self.journal.copy({'code': 'BNK8', 'name': "Another bank"})
        self.employee.group_ids += self.env.ref('account.group_account_invoice')
        self.prefer('account.payment', 'state', 'paid')
        self.prefer('account.payment', 'memo', "Mine")
        self.prefer('account.payment', 'is_sent', True)
        self.prefer('account.payment', 'journal_id', other.id)
        self.prefer('account.move', 'ref', "Mine")
        self.prefer('account.move', 'tochka_client_id', self.masha.id)
        self.prefer('account.move.line', 'name', "Mine")
        self.prefer('account.move', 'narration', "Mine")

    def assertPlain(self, *moves):
        for move in moves:
            self.assertFalse(move.tochka_client_id)
            self.assertFalse(move.narration)
            self.assertNotEqual(move.ref, "Mine")
            self.assertNotIn("Mine", move.line_ids.mapped('name'))

    def test_nor_how_money_is_booked(self):
        usual = self.paid(1000.0).payment_id
        self.prefer_in_the_books()
        transactions = self.env['payment.transaction'].sudo()
        for count in (1, 2):  # by itself, together
            waiting = transactions.browse()
            for _number in range(count):
                partner = self.payer.copy()
                invoice = self.create_invoice(1000.0, partner=partner)
                waiting += self.create_linked_tx(invoice, partner_id=partner.id)
            for one in waiting:
                self.bank.pay(one.tochka_operation_id)
                self.refresh(one)
            self.as_employee(waiting)._post_process()
            for payment in waiting.payment_id:
                self.assertEqual(payment.journal_id, self.journal)
                self.assertEqual((payment.state, payment.is_sent), (usual.state, False))
                self.assertNotEqual(payment.memo, "Mine")
                self.assertPlain(payment.move_id)

    def test_nor_a_refund_nor_a_transfer(self):
        self.book_advances()
        self.company.tochka_topups_pay_invoices = True
        self.prefer_in_the_books()
        invoice = self.create_due(700.0)
        topup = self.create_linked_tx(invoice, invoice_ids=[Command.clear()], amount=1000.0)
        topup.tochka_meant_for = 'balance'
        self.bank.pay(topup.tochka_operation_id)
        self.refresh(topup)
        self.as_employee(topup)._post_process()
        self.assertEqual(invoice.amount_residual, 0.0)
        self.bank.give_back(topup.tochka_operation_id, '1000.00')
        self.refresh(topup)
        child = topup.tochka_refund_ids.transaction_id
        self.as_employee(child)._post_process()
        note = self.credit(invoice)
        transfers = self.env['account.move'].sudo().search([
            ('tochka_settled_move_id', 'in', (invoice + note).ids)])
        self.assertEqual(len(transfers), 2)
        self.assertPlain(topup.payment_id.move_id, child.payment_id.move_id, *transfers)

    def test_accountants_keep_their_defaults(self):
        self.employee.group_ids += self.env.ref('account.group_account_invoice')
        self.prefer('account.move', 'narration', "Mine")
        move = self.env['account.move'].with_user(self.employee).create({
            'move_type': 'out_invoice', 'partner_id': self.payer.id})
        self.assertIn("Mine", move.narration)
