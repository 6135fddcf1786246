# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.money_common import MoneyCommon
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon

# Not `is_internal`: a note is hidden from customers by its subtype already.
SAME = ('model', 'res_id', 'body', 'author_id', 'subtype_id', 'message_type',
        'notified_partner_ids')


@tagged('post_install', '-at_install')
class TestNotes(MoneyCommon, RefundCommon):
    """ What the chatter of documents tells of payments: what Odoo would write, only faster. """

    def written(self, transaction, message, user=None):
        """ Return the notes that a message on a payment leaves. :rtype: list """
        last = self.env['mail.message'].search([], order='id desc', limit=1).id
        transaction.with_user(user or self.env.user).sudo()._log_message_on_linked_documents(
            message)
        return sorted(
            str([note[name] for name in SAME])
            for note in self.env['mail.message'].search([('id', '>', last)]))

    def by_odoo(self, transaction, message, user=None):
        """ Return the notes that Odoo itself leaves: of a payment that isn't ours. """
        with patch.object(type(transaction), 'provider_code', 'none'):
            return self.written(transaction, message, user)

    def assert_same(self, transaction, count, user=None):
        message = "Paid <b>& done</b>"
        ours = self.written(transaction, message, user)
        self.assertEqual(len(ours), count)
        self.assertEqual(ours, self.by_odoo(transaction, message, user))

    def test_invoices(self):
        invoices = self.create_invoice(100.0) | self.create_invoice(200.0)
        transaction = self.create_linked_tx(
            invoices[0], amount=300.0, invoice_ids=[Command.set(invoices.ids)])
        self.assert_same(transaction, 2)

    def test_order_and_its_invoice(self):
        order = self.create_order()
        transaction = self.link(order)
        self.assert_same(transaction, 1)
        transaction.invoice_ids = self.make_invoice(order)
        self.assert_same(transaction, 2)

    def test_refund(self):
        payment = self.paid(1000.0)
        payment._post_process()
        self.ask_refund(payment, 400.0)
        self.work()
        self.sweep()
        child = payment.child_transaction_ids
        self.assertEqual(child.state, 'done')
        self.assert_same(child, 2)  # the invoice and its payment

    def test_refund_of_an_order(self):
        payment = self.pay(self.link(self.create_order()))
        payment._post_process()
        self.ask_refund(payment, 400.0)
        self.work()
        self.sweep()
        self.assert_same(payment.child_transaction_ids, 2)  # the order and the payment

    def test_payer(self):
        """ Who pays is the author, unless a job or a clerk works. """
        transaction = self.create_linked_tx(self.create_invoice(100.0))
        self.assert_same(transaction, 1, self.env.ref('base.public_user'))
        self.assert_same(transaction, 1, self.env.ref('base.user_root'))
        self.assert_same(
            transaction.with_context(payment_backend_action=True), 1,
            self.env.ref('base.user_admin'))

    def test_followers_are_not_told(self):
        """ A note is no letter: who follows the invoice gets none. """
        invoice = self.create_invoice(100.0)
        invoice.message_subscribe(self.payer.ids)
        transaction = self.create_linked_tx(invoice)
        self.assert_same(transaction, 1)
