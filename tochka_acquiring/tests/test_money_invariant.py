# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import os

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from odoo.exceptions import UserError
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.common import FakeBank
from odoo.addons.tochka_acquiring.tests.money_common import MoneyCommon

IS_LONG = bool(os.environ.get('TOCHKA_LONG'))
AMOUNTS = (1000.0, 700.0, 300.0, 33.33)
# Each with two numbers, which choose what it is about and how much.
COMMANDS = (
    'order', 'quotation', 'plain_invoice', 'deposit', 'invoice', 'invoice', 'note', 'link', 'link',
    'link_of_invoice', 'pay', 'pay', 'pay', 'pay_at_once', 'pay_at_once', 'refund', 'change_cart',
    'cancel_order', 'delete_order', 'draft_invoice', 'post_invoice', 'cancel_invoice', 'unmatch',
    'statement', 'pay_by_other_means', 'top_up', 'delete_payment',
)


@tagged('post_install', '-at_install')
class TestMoneyInvariant(MoneyCommon):
    """ Whatever happens, and in whatever order: all money that was taken pays a document, waits for
    the invoice of an order, or is told of; and what is due counts all of it.

    The sums are made from the entries here, not by the code that is tested.
    """

    @settings(
        max_examples=150 if IS_LONG else 8, deadline=None, database=None, print_blob=True,
        suppress_health_check=list(HealthCheck), derandomize=not IS_LONG)
    @given(st.lists(
        st.tuples(st.sampled_from(COMMANDS), st.integers(0, 7), st.integers(0, 7)),
        min_size=8, max_size=24))
    def test_random_histories(self, history):
        savepoint = self.env.cr.savepoint()
        try:
            self.begin()
            self.do_order(0, 0)
            for name, which, how_much in history:
                self.env.invalidate_all()
                getattr(self, f'do_{name}')(which, how_much)
                self.env.flush_all()
                self.check(f'after {name}')
        finally:
            savepoint.close(rollback=True)
            self.env.invalidate_all()

    def begin(self):
        self.bank = type(self).bank = FakeBank()
        self.orders = self.env['sale.order']
        self.invoices = self.env['account.move']
        self.links = self.env['payment.transaction'].sudo()

    def pick(self, records, which):
        records = records.exists()
        return records[which % len(records)] if records else records

    def payments(self):
        return self.links.filtered(lambda tx: tx.state == 'done')

    # === WHAT HAPPENS === #

    def do_order(self, which, how_much):
        self.orders |= self.create_order(AMOUNTS[how_much % 4])

    def do_quotation(self, which, how_much):
        self.orders |= self.create_order(AMOUNTS[how_much % 4], confirm=False)

    def do_plain_invoice(self, which, how_much):
        self.invoices |= self.create_invoice(AMOUNTS[how_much % 4])

    def do_deposit(self, which, how_much):
        order = self.pick(self.orders, which)
        if order.state == 'sale' and order.invoice_status == 'to invoice':
            self.invoices |= self.deposit(order, order.amount_total / (2 + how_much % 3))

    def do_invoice(self, which, how_much):
        order = self.pick(self.orders, which)
        if order.state == 'sale' and order.invoice_status == 'to invoice':
            invoice = order._create_invoices(final=True)
            self.invoices |= invoice
            if invoice.amount_total:
                invoice.action_post()

    def do_note(self, which, how_much):
        invoice = self.pick(self.invoices, which)
        if invoice.move_type == 'out_invoice' and invoice.state == 'posted':
            is_open = invoice.amount_residual == invoice.amount_total
            note = invoice._reverse_moves([{}], cancel=is_open)
            if note.state == 'draft':
                note.action_post()

    def do_link(self, which, how_much):
        order = self.pick(self.orders, which)
        if order:
            self.begin_payment(order, order.amount_total, how_much)

    def do_link_of_invoice(self, which, how_much):
        invoice = self.pick(self.invoices, which)
        if invoice:
            self.begin_payment(invoice, invoice.amount_residual, how_much)

    def begin_payment(self, document, amount, how_much):
        """ Return a payment of a document or of a part of it, if it is allowed. """
        amount = self.rub.round(amount / (1 + how_much // 4))
        due = self.due(document)
        try:
            with self.env.cr.savepoint():
                method = self.sbp if how_much % 2 else self.card
                transaction = self.link(document, amount=amount or 1.0, method=method)
        except UserError:
            return self.links.browse()
        self.assertLessEqual(transaction.amount, due, "More than is due can't be begun")
        self.links |= transaction
        return transaction

    def do_pay(self, which, how_much):
        link = self.pick(self.links.filtered(lambda tx: tx.state == 'draft'), which)
        if link:
            self.pay(link)

    def do_pay_at_once(self, which, how_much):
        """ Who pays what is due, and nothing happens meanwhile, has paid nothing in vain. """
        document = self.pick(self.invoices if how_much % 2 else self.orders, which)
        if not document or document._name == 'sale.order' and document.state != 'sale':
            return
        transaction = self.begin_payment(document, self.due(document), how_much)
        if transaction and not self.told_of(document):
            self.pay(transaction)
            self.assertFalse(self.told(transaction))

    def told_of(self, document):
        """ Return whether a person is asked already about money of the same family. """
        return any(
            self.told(payment) for payment in
            self.env['payment.transaction']._tochka_family_payments(document))

    def do_refund(self, which, how_much):
        payment = self.pick(self.payments(), which)
        left = payment and payment._tochka_refundable()
        if left:
            self.refund_at_the_bank(payment, self.rub.round(left / (1 + how_much % 2)))
            self.review()

    def do_change_cart(self, which, how_much):
        order = self.pick(self.orders, which)
        if order.state in ('draft', 'sent'):
            order.order_line[:1].price_unit = AMOUNTS[how_much % 4]

    def do_cancel_order(self, which, how_much):
        order = self.pick(self.orders, which)
        if order and not order.invoice_ids:
            order._action_cancel()
            self.review()

    def do_delete_order(self, which, how_much):
        order = self.pick(self.orders, which)
        if order.state in ('draft', 'cancel') and not order.invoice_ids:
            self.orders -= order
            order.unlink()
            self.review()

    def do_draft_invoice(self, which, how_much):
        invoice = self.pick(self.invoices, which)
        if invoice.state == 'posted':
            invoice.button_draft()
            self.review()

    def do_post_invoice(self, which, how_much):
        invoice = self.pick(self.invoices, which)
        if invoice.state == 'draft' and invoice.amount_total:
            invoice.action_post()

    def do_cancel_invoice(self, which, how_much):
        invoice = self.pick(self.invoices, which)
        if invoice.state == 'draft':
            invoice.button_cancel()
            self.review()

    def do_unmatch(self, which, how_much):
        payment = self.pick(self.payments(), which)
        if payment.payment_id:
            payment.payment_id._seek_for_lines()[1].remove_move_reconcile()

    def do_statement(self, which, how_much):
        payment = self.pick(self.payments(), which).payment_id
        if payment.state == 'in_process':
            self.match_with_statement(payment)

    def do_pay_by_other_means(self, which, how_much):
        invoice = self.pick(self.invoices, which)
        if invoice.state == 'posted' and invoice.amount_residual and (
                invoice.move_type == 'out_invoice'):
            self.env['account.payment.register'].with_context(
                active_model='account.move', active_ids=invoice.ids).create({})._create_payments()
            self.review()

    def do_top_up(self, which, how_much):
        self.links |= self.top_up(AMOUNTS[how_much % 4])

    def do_delete_payment(self, which, how_much):
        payment = self.pick(self.payments(), which).payment_id
        if payment.state == 'in_process' and not payment.is_matched:
            payment.action_draft()
            if how_much % 2:
                payment.unlink()
            self.review()

    def review(self):
        """ Do what the job does in the night, after deeds that nobody sees at once. """
        self.env.flush_all()
        transactions = self.env['payment.transaction'].sudo()
        transactions.browse(transactions._tochka_find_to_review())._tochka_tell_money(
            also_deleted=True)

    # === WHAT HOLDS === #

    def kept_money(self, transaction):
        """ Return what was taken and not returned. """
        return transaction.amount + sum(transaction.child_transaction_ids.filtered(
            lambda tx: tx.state == 'done').mapped('amount'))

    def open_money(self, transaction):
        """ Return what of the money is matched with nothing, by the entries. """
        payment = transaction.payment_id
        if not payment:
            return self.kept_money(transaction)
        self.env.cr.execute(
            """ SELECT COALESCE(SUM(line.credit), 0) - (
                       SELECT COALESCE(SUM(part.amount), 0) FROM account_partial_reconcile part
                        WHERE part.credit_move_id IN (
                              SELECT id FROM account_move_line WHERE move_id = %(move)s))
                  FROM account_move_line line
                 WHERE line.move_id = %(move)s AND line.credit > 0
            """, {'move': payment.move_id.id})
        return float(self.env.cr.fetchone()[0])

    def room(self, order):
        """ Return what of a confirmed order has no invoice yet. """
        if order.state != 'sale':
            return 0.0
        return max(order.amount_total - sum(
            move.amount_total_signed for move in order.invoice_ids if move.state == 'posted'
        ) - sum(
            move.amount_total_signed - move.amount_residual_signed for move in order.invoice_ids
            if move.state == 'draft'), 0.0)

    def check(self, when):
        self.env.invalidate_all()
        transactions = self.payments()
        left = {tx: self.open_money(tx) for tx in transactions}
        told = {tx: sum(amount for _why, amount in self.told(tx).values()) for tx in transactions}
        for tx in transactions:
            context = f'{when}: {tx.reference}, {left[tx]} open, {told[tx]} told of'
            self.assertGreaterEqual(left[tx], -0.001, context)
            if tx.payment_id.state not in ('in_process', 'paid'):
                self.assertAlmostEqual(told[tx], max(self.kept_money(tx), 0.0), 2, context)
                continue
            self.assertLessEqual(told[tx], left[tx] + 0.001, context)
            if tx.tochka_meant_for == 'document' and not tx.sale_order_ids:
                self.assertAlmostEqual(told[tx], left[tx], 2, context)
            elif tx.tochka_meant_for == 'balance':
                self.assertFalse(told[tx], context)
        for order in self.orders.exists():
            money = [tx for tx in transactions if order in tx.sale_order_ids]
            booked = [tx for tx in money if tx.payment_id.state in ('in_process', 'paid')]
            waits = sum(left[tx] - told[tx] for tx in booked)
            lost = sum(left[tx] for tx in money if tx not in booked)
            expected = min(max(self.room(order) - lost, 0.0), sum(left[tx] for tx in booked))
            # Lost money of a later payment leaves the room to the earlier ones.
            self.assertLessEqual(
                waits, min(self.room(order), sum(left[tx] for tx in booked)) + 0.001,
                f'{when}: {order.name}')
            self.assertGreaterEqual(waits, expected - 0.001, f'{when}: {order.name}')
            self.check_due(order, left, when)
        for invoice in self.invoices.exists():
            due = self.due(invoice)
            is_open = invoice.state == 'posted' and invoice.move_type == 'out_invoice'
            self.assertLessEqual(due, invoice.amount_residual if is_open else 0.0, when)

    def check_due(self, order, left, when):
        """ What is due and what is there add up to what the order is worth. """
        invoices = order.invoice_ids.filtered(
            lambda move: move.state == 'posted' and move.move_type == 'out_invoice')
        room = 0.0 if order.state == 'cancel' else (
            self.room(order) if order.state == 'sale' else order.amount_total)
        claims = sum(invoices.mapped('amount_residual')) + room
        family = order.transaction_ids | order.invoice_ids.transaction_ids
        money = sum(amount for tx, amount in left.items() if tx in family)
        self.assertAlmostEqual(
            self.due(order), min(max(claims - money, 0.0), order.amount_total), 2,
            f'{when}: {order.name}')
