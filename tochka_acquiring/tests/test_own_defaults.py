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
