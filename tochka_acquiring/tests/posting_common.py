# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import random
import re
from collections import Counter
from itertools import zip_longest

from odoo.fields import Command

from odoo.addons.tochka_acquiring.tests.balance_common import BalanceCommon

# What differs between two runs of the same work: numbers and moments, not what is booked.
NUMBERS = {
    'id', 'create_date', 'write_date', 'name', 'sequence_number', 'made_sequence_gap', 'move_name',
    'matching_number',  # the id of `full_reconcile_id`, which is compared
    # A note answers the last one before it; of a batch, "Paid" may stand before "posted".
    'parent_id', 'child_ids',
    'references', 'body_html',  # of e-mails: ids and tokens; their messages are compared
    'access_token', 'message_id', 'reply_to', 'tochka_notified_at', 'uuid', 'parent_path',
}
WATCHED = (
    'account.move', 'account.move.line', 'account.payment', 'account.partial.reconcile',
    'account.full.reconcile', 'account.analytic.line', 'mail.message', 'mail.mail',
    'mail.activity', 'mail.tracking.value', 'mail.followers', 'payment.transaction', 'sale.order',
    'sale.order.line', 'stock.picking', 'fiscal.receipt', 'mail.notification', 'ir.attachment',
    'tochka.problem',
)


class PostingCommon(BalanceCommon):
    """ A night's worth of payments that wait for the books, and a picture of what became of them.
    """

    # === WHAT HAPPENED WHILE ODOO WAS DOWN === #

    def paid_tx(self, invoice=None, **values):
        """ Return a payment that the bank has taken and the books don't know yet. """
        transaction = self.create_tx(invoice, **values)
        transaction._get_processing_values()
        self.assertEqual(transaction.state, 'draft', transaction.tochka_error)
        self.env.flush_all()
        self.bank.pay(transaction.tochka_operation_id)
        self.assertEqual(self.refresh(transaction), 'applied')
        return transaction

    def new_customer(self):
        return self.env['res.partner'].create({
            'name': "Customer", 'email': 'customer@example.com',
            'country_id': self.env.ref('base.ru').id,
        })

    def happen_invoice(self, dice):
        customer = self.new_customer()
        return self.paid_tx(
            self.create_invoice(dice.randint(100, 99999) / 100, partner=customer),
            partner_id=customer.id)

    def happen_part(self, dice):
        invoice = self.create_invoice(100.0, partner=self.new_customer())
        return self.paid_tx(invoice, amount=dice.randint(1, 9999) / 100)

    def happen_two_payments_of_one(self, dice):
        invoice = self.create_invoice(100.0, partner=self.new_customer())
        transactions = self.create_linked_tx(invoice)
        transactions += self.create_linked_tx(invoice, method=self.sbp)
        for transaction in transactions:
            self.bank.pay(transaction.tochka_operation_id)
            self.refresh(transaction)
        return transactions

    def happen_two_invoices(self, dice):
        customer = self.new_customer()
        invoices = self.create_invoice(10.1, partner=customer)
        return self.paid_tx(invoices + self.create_invoice(20.2, partner=customer))

    def happen_cancelled_invoice(self, dice):
        invoice = self.create_invoice(100.0, partner=self.new_customer())
        transaction = self.paid_tx(invoice)
        invoice.button_draft()
        invoice.button_cancel()
        return transaction

    def happen_paid_otherwise(self, dice):
        """ The accountant has entered another payment meanwhile. """
        invoice = self.create_invoice(100.0, partner=self.new_customer())
        transaction = self.paid_tx(invoice)
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids).create({})._create_payments()
        return transaction

    def happen_early(self, dice):
        term = self.env['account.payment.term'].create({
            'name': "10 % early", 'early_discount': True, 'discount_percentage': 10,
            'discount_days': 7, 'early_pay_discount_computation': 'mixed',
            'line_ids': [Command.create({'value': 'percent', 'value_amount': 100,
                                         'nb_days': 30})],
        })
        invoice = self.create_invoice(1000.0, partner=self.new_customer(), post=False)
        invoice.invoice_payment_term_id = term
        invoice.action_post()
        return self.paid_tx(invoice, amount=900.0)

    def happen_installments(self, dice):
        term = self.env['account.payment.term'].create({
            'name': "Two parts",
            'line_ids': [
                Command.create({'value': 'percent', 'value_amount': 50, 'nb_days': days})
                for days in (0, 30)
            ],
        })
        invoice = self.create_invoice(1000.0, partner=self.new_customer(), post=False)
        invoice.invoice_payment_term_id = term
        invoice.action_post()
        return self.paid_tx(invoice, amount=dice.choice((500.0, 700.0)))

    def happen_top_ups(self, dice):
        """ The first pays an invoice as far as it goes, the second what is left of it. """
        customer = self.new_customer()
        transactions = self.paid_tx(amount=70.0, partner_id=customer.id)
        transactions += self.paid_tx(amount=50.0, partner_id=customer.id)
        self.create_invoice(100.0, partner=customer)
        return transactions

    def happen_top_up_and_invoice(self, dice):
        customer = self.new_customer()
        other = self.create_invoice(40.0, partner=customer)
        transactions = self.paid_tx(amount=70.0, partner_id=customer.id)
        return transactions + self.paid_tx(other, partner_id=customer.id)

    def happen_branch(self, dice):
        invoice = self.create_invoice(
            100.0, partner=self.new_customer(), company=self.branch)
        return self.paid_tx(invoice, provider=self.branch_provider)

    def happen_refund(self, dice):
        transaction = self.happen_invoice(dice)
        self.bank.give_back(transaction.tochka_operation_id, transaction.amount)
        self.refresh(transaction)
        self.assertTrue(transaction.child_transaction_ids)
        return transaction + transaction.child_transaction_ids

    def happen_expiry(self, dice):
        transaction = self.create_linked_tx(
            self.create_invoice(100.0, partner=self.new_customer()))
        self.bank.change(transaction.tochka_operation_id, status='EXPIRED')
        self.refresh(transaction)
        return transaction

    def happen_order(self, dice):
        customer = self.new_customer()
        order = self.env['sale.order'].create({
            'partner_id': customer.id, 'require_payment': True,
            'currency_id': self.rub.id,
            'order_line': [Command.create({
                'product_id': self.product_a.id, 'product_uom_qty': 1, 'price_unit': 500.0,
                'tax_ids': [],
            })],
        })
        order.state = 'sent'
        return self.paid_tx(
            amount=dice.choice((500.0, 200.0)), partner_id=customer.id,
            sale_order_ids=[Command.set(order.ids)])

    def happenings(self):
        names = [name for name in dir(self) if name.startswith('happen_')]
        if 'sale.order' not in self.env:
            names.remove('happen_order')
        return names

    def set_up_night(self):
        """ Top-ups are advances and pay invoices; a branch has a provider of its own. """
        self.book_advances()
        self.company.tochka_topups_pay_invoices = True
        self.provider.sudo().tochka_notify_email = 'accountant@example.com'
        self.branch = self.create_branch()
        journal = self.env['account.journal'].with_company(self.branch).create({
            'name': "Branch bank", 'type': 'bank', 'code': 'BRB', 'company_id': self.branch.id,
        })
        provider = self.env.ref('tochka_acquiring.payment_provider_tochka').sudo().copy({
            'name': "Tochka of the branch", 'company_id': self.branch.id, 'state': 'disabled',
        })
        provider.write({
            'tochka_connection_id': self.connection.id, 'tochka_merchant_id': self.merchant.id,
            'journal_id': journal.id,
        })
        provider.write({'state': 'enabled', 'is_published': True})
        self.branch_provider = provider

    def night(self, seed, count):
        """ Return what waits for the books: each kind once, and more of a random choice. """
        dice = random.Random(seed)
        names = self.happenings()
        names += dice.choices(names, k=count)
        dice.shuffle(names)
        transactions = self.env['payment.transaction'].sudo()
        for name in names:
            transactions += getattr(self, name)(dice)
        self.env.flush_all()
        return transactions


class Picture:
    """ What work on payments has left behind, without the numbers that it was given. """

    def __init__(self, env):
        """ Remember what there is before the work. """
        self.env = env(su=True, context={**env.context, 'active_test': False})
        self.before = {
            name: self.env[name].search([], order='id desc', limit=1).id or 0
            for name in WATCHED if name in env
        }

    def take(self, transactions):
        """ Return what there is now.

        :param payment.transaction transactions: What was worked on.
        :return: Descriptions of records, with how often each occurs, by model.
        :rtype: dict[str, Counter]
        """
        self.env.flush_all()
        self.env.invalidate_all()
        seen = {
            name: self.env[name].search([('id', '>', last)])
            for name, last in self.before.items()
        }
        self.label_entries(seen['account.payment'], seen['account.move'])
        transactions = transactions.with_env(self.env)
        # These were there before, and may have changed.
        seen['payment.transaction'] = transactions
        seen['account.move'] |= transactions.company_id.env['account.move'].search(
            [('company_id', 'in', transactions.company_id.ids)])
        if 'sale.order' in self.env:
            seen['sale.order'] = transactions.sale_order_ids
            seen['sale.order.line'] = transactions.sale_order_ids.order_line
        return {name: Counter(map(self.describe, records)) for name, records in seen.items()}

    def label_entries(self, payments, moves):
        """ Name new entries after what they are for: their numbers depend on the order. """
        self.labels = {}
        for payment in payments:
            name = payment.payment_transaction_id.reference or payment.memo
            self.labels[payment] = f'payment of {name}'
            self.labels[payment.move_id] = f'entry of {name}'
        for move in moves.filtered('tochka_settled_move_id'):
            self.labels[move] = (
                f'transfer of {self.labels[move.tochka_advance_move_id]}'
                f' to {move.tochka_settled_move_id.id}')
        self.names = sorted(
            ((record.name, label) for record, label in self.labels.items()
             if record._name == 'account.move'),
            key=lambda pair: -len(pair[0]))

    def label(self, record):
        """ Return a name of a record that is the same after each run. """
        if record in self.labels:
            return self.labels[record]
        if record.id <= self.before.get(record._name, record.id):
            return f'{record._name},{record.id}'
        if record._name == 'account.move.line':
            return f'{self.label(record.move_id)}/{record.account_id.code}/{record.balance}'
        if record._name == 'account.partial.reconcile':
            return '~'.join(map(self.label, record.debit_move_id + record.credit_move_id))
        if record._name == 'account.full.reconcile':
            return '+'.join(sorted(map(self.label, record.reconciled_line_ids)))
        if record._name == 'mail.message':
            return self.text(record.body or record.subject or '')
        return f'new {record._name}'

    def text(self, value):
        """ Return a text without the numbers of new entries and without ids. """
        for name, label in self.names:
            value = value.replace(name, label)
        return re.sub(r'(data-oe-id="|res_id=|/)\d+', r'\1N', value)

    def describe(self, record):
        """ Return all that is stored of a record. """
        described = {}
        for name, field in sorted(record._fields.items()):
            if not field.store or name in NUMBERS or field.type in ('datetime', 'binary'):
                continue
            value = record[name]
            if field.relational:
                value = sorted(map(self.label, value))
            elif field.type == 'many2one_reference':
                model = record[field.model_field]
                value = value and model in self.env and self.label(self.env[model].browse(value))
            elif isinstance(value, str):
                value = self.text(str(value))
            described[name] = value
        return tuple(f'{name}={value}' for name, value in described.items())


def differences(first, second):
    """ Return what only one of two pictures shows, of like records what is different in them.

    :rtype: list[str]
    """
    lines = []
    for name in first:
        rests = [sorted((first[name] - second[name]).elements()),
                 sorted((second[name] - first[name]).elements())]
        for one, other in zip_longest(*rests, fillvalue=()):
            lines.append(f'{name}: {set(one) - set(other)} became {set(other) - set(one)}')
    return lines
