# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from freezegun import freeze_time

from odoo import fields
from odoo.fields import Command

from odoo.addons.tochka_acquiring.tests.balance_common import BalanceCommon


class RefundCommon(BalanceCommon):
    """ Paid invoices and top-ups whose money goes back. """

    def paid(self, amount=1000.0, **values):
        """ Return the payment of an invoice. """
        return self.pay(self.create_linked_tx(self.create_invoice(amount), **values))

    def ask_refund(self, transaction, amount=None):
        """ Ask for a refund as a clerk does. :return: The refund. """
        before = transaction.tochka_refund_ids
        transaction.with_user(self.env.user).action_refund(amount_to_refund=amount)
        return transaction.tochka_refund_ids - before

    def work(self, minutes=0):
        """ Run the job, whatever the refunds wait for, some minutes later; book what is done. """
        self.env.flush_all()
        self.env['tochka.refund'].sudo().search([
            ('next_at', '!=', False)]).next_at = fields.Datetime.now()
        with freeze_time(fields.Datetime.now() + timedelta(minutes=minutes)):
            self.run_job('cron_refund')
        self.book()

    def sweep(self):
        self.run_job('cron_refund_sweep')
        self.book()

    def book(self):
        """ Bring what is done into the books, as the job does. """
        self.env['payment.transaction'].sudo().search([
            ('state', '=', 'done'), ('is_post_processed', '=', False)])._post_process()
        self.env.invalidate_all()

    def credit(self, invoice, amount=None):
        """ Return the posted credit note of an invoice, of all or of an amount of it. """
        wizard = self.env['account.move.reversal'].with_context(
            active_model='account.move', active_ids=invoice.ids,
        ).create({'journal_id': invoice.journal_id.id})
        note = self.env['account.move'].browse(wizard.refund_moves()['res_id'])
        if amount:
            note.invoice_line_ids = [Command.update(
                note.invoice_line_ids[0].id, {'price_unit': amount, 'quantity': 1})]
        note.action_post()
        return note

    def bank_refunds(self, transaction):
        """ Return the amounts of the refunds in the bank's history. """
        return [order.amount for order
                in self.bank.operations[transaction.tochka_operation_id].refunds]

    def children(self, transaction):
        """ Return the refunds of a payment that are transactions of Odoo. """
        return transaction.child_transaction_ids.filtered(lambda tx: tx.operation == 'refund')

    def problems(self, record):
        """ Return the codes of the open problems of a record. """
        return self.env['tochka.problem'].sudo().search([
            ('res_model', '=', record._name), ('res_id', 'in', record.ids),
            ('closed_at', '=', False)]).mapped('code')
