# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import fields
from odoo.fields import Command

from odoo.addons.tochka_acquiring.tests.balance_common import BalanceCommon


class MoneyCommon(BalanceCommon):
    """ Sale orders and their invoices, links to pay them, and what is told of the money. """

    def setUp(self):
        super().setUp()
        if 'sale.order' not in self.env:
            self.skipTest("The sale app is not installed.")
        self.course = self.env['product.product'].create({
            'name': "Course", 'list_price': 1000.0, 'taxes_id': False, 'type': 'service',
            'invoice_policy': 'order',
        })

    def create_order(self, amount=1000.0, confirm=True, **values):
        order = self.env['sale.order'].create({
            'partner_id': self.payer.id, 'require_payment': True, 'require_signature': False,
            'order_line': [Command.create({
                'product_id': self.course.id, 'product_uom_qty': 1, 'price_unit': amount})],
            **values,
        })
        if confirm:
            order.action_confirm()
        else:
            order.action_quotation_sent()
        return order

    def link(self, documents, amount=None, **values):
        """ Return a payment of documents whose link is open. """
        if documents._name == 'account.move':
            return self.create_linked_tx(documents, amount=amount, **values)
        transaction = self.create_tx(
            amount=amount or sum(documents.mapped('amount_total')),
            sale_order_ids=[Command.set(documents.ids)], **values)
        transaction._get_processing_values()
        self.assertEqual(transaction.state, 'draft', transaction.tochka_error)
        self.env.flush_all()
        return transaction

    def make_invoice(self, order, post=True):
        invoice = order._create_invoices()
        if post:
            invoice.action_post()
        return invoice

    def deposit(self, order, amount):
        """ Return the posted invoice of a deposit. """
        wizard = self.env['sale.advance.payment.inv'].with_context(
            active_model='sale.order', active_ids=order.ids).create({
                'advance_payment_method': 'fixed', 'fixed_amount': amount})
        invoice = wizard._create_invoices(order)
        invoice.action_post()
        return invoice

    def due(self, documents):
        return self.env['payment.transaction']._tochka_due(documents)

    def told(self, transaction):
        """ Return the open problems of the money of a payment: why and how much, by code. """
        self.env.invalidate_all()
        return {
            problem.code: (problem.sudo().params['why'], float(problem.sudo().params['amount']))
            for problem in transaction.sudo().tochka_problem_ids
            if problem.code in ('overpaid', 'unbooked')
        }

    def assertSettled(self, *invoices):
        for invoice in invoices:
            self.assertEqual(invoice.amount_residual, 0.0)
            self.assertIn(invoice.payment_state, ('paid', 'in_payment'))

    def match_with_statement(self, payment):
        """ The money has come to the account, and the statement shows it. """
        liquidity = payment._seek_for_lines()[0]
        line = self.env['account.bank.statement.line'].sudo().create({
            'journal_id': payment.journal_id.id, 'date': payment.date, 'amount': payment.amount,
            'payment_ref': "Acquiring", 'partner_id': payment.partner_id.id,
        })
        suspense = line.move_id.line_ids.filtered(
            lambda item: item.account_id == line.journal_id.suspense_account_id)
        suspense.account_id = liquidity.account_id
        (suspense + liquidity).reconcile()
        self.assertEqual(payment.state, 'paid')

    def refund_at_the_bank(self, transaction, amount):
        """ Somebody returns money in the internet bank, and Odoo learns of it and books it. """
        self.bank.give_back(transaction.tochka_operation_id, amount)
        self.refresh(transaction)
        for refund in transaction.sudo().child_transaction_ids.filtered(
                lambda tx: not tx.payment_id):
            refund._post_process()
        self.env.invalidate_all()

    def today_minus(self, days):
        return fields.Date.subtract(self.today, days=days)
