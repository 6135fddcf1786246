# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import re
from pathlib import Path

from odoo.exceptions import AccessError, ValidationError
from odoo.fields import Command
from odoo.modules import get_module_path
from odoo.tests import Form, tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestRights(RefundCommon):
    """ What whoever has an account in Odoo can reach by calling methods, whatever views show. """

    def setUp(self):
        super().setUp()
        self.other_company = self.env['res.company'].sudo().create({
            'name': "Other", 'currency_id': self.rub.id})
        self.clerk = self.create_user('clerk', self.company, 'account.group_account_invoice')
        self.stranger = self.create_user(
            'stranger', self.other_company, 'account.group_account_manager',
            'tochka_acquiring.group_refund')

    def create_user(self, login, company, *groups):
        return self.env['res.users'].sudo().create({
            'name': login, 'login': login, 'company_id': company.id,
            'company_ids': [Command.set(company.ids)],
            'group_ids': [Command.set([self.env.ref(group).id for group in groups])],
        })

    def as_stranger(self, records):
        return records.sudo(False).with_user(self.stranger).with_context(
            allowed_company_ids=self.other_company.ids)

    # === A CLERK WITHOUT THE RIGHT TO RETURN MONEY === #

    def test_clerk_makes_no_refund_of_another_transaction(self):
        """ Core lets whoever makes invoices write transactions; a job would send the money. """
        payment = self.paid(1000.0)
        linked = self.create_linked_tx(self.create_invoice(500.0))
        refund = {
            'operation': 'refund', 'source_transaction_id': payment.id, 'amount': -500.0,
        }
        demo = self.env['payment.provider'].sudo().create({
            'name': "Demo", 'code': 'none', 'company_id': self.company.id})
        values = {
            'provider_id': demo.id, 'payment_method_id': self.card.id, 'amount': 1.0,
            'currency_id': self.rub.id, 'partner_id': self.payer.id,
        }
        Transaction = self.env['payment.transaction'].with_user(self.clerk)
        attempts = {
            'write an open one': lambda: linked.with_user(self.clerk).write(refund),
            'write the amount': lambda: linked.with_user(self.clerk).write({'amount': 1.0}),
            'write the state': lambda: linked.with_user(self.clerk).write({'state': 'done'}),
            'create': lambda: Transaction.create(
                {**values, **refund, 'reference': 'created', 'provider_id': self.provider.id}),
            'create by another provider': lambda: Transaction.create(
                {**values, **refund, 'reference': 'other'}),
            'turn one of another provider': lambda: Transaction.create(
                {**values, 'reference': 'turned'}).write(
                    {'provider_id': self.provider.id, 'state': 'done'}),
            'turn one into a refund': lambda: Transaction.create(
                {**values, 'reference': 'refund'}).write(refund),
        }
        for name, attempt in attempts.items():
            with self.subTest(name), self.assertRaises(AccessError), self.env.cr.savepoint():
                attempt()
        self.work()
        self.assertFalse(self.bank.count('refund_payment'))

    @mute_logger('odoo.models')
    def test_clerk_moves_no_payment(self):
        """ Which payment is whose is written by Odoo; views alone show it as readonly. """
        payment = self.paid(1000.0)
        other, draft = self.create_invoice(500.0), self.create_invoice(500.0, post=False)
        booked = payment.payment_id
        own = self.env['account.payment'].create({
            'amount': 5.0, 'payment_type': 'inbound', 'partner_id': self.payer.id,
            'journal_id': self.journal.id})
        Move = self.env['account.move'].with_user(self.clerk)
        Payment = self.env['account.payment'].with_user(self.clerk)
        attempts = {
            'link': lambda: other.with_user(self.clerk).write(
                {'transaction_ids': [Command.link(payment.id)]}),
            'set': lambda: draft.with_user(self.clerk).write(
                {'transaction_ids': [Command.set(payment.ids)]}),
            'take away': lambda: payment.invoice_ids.with_user(self.clerk).write(
                {'transaction_ids': [Command.clear()]}),
            'create with it': lambda: Move.create(
                {'move_type': 'out_invoice', 'transaction_ids': [Command.link(payment.id)]}),
            'create by default': lambda: Move.with_context(
                default_transaction_ids=payment.ids).create({'move_type': 'out_invoice'}),
            'settled': lambda: other.with_user(self.clerk).write(
                {'tochka_settled_move_id': payment.invoice_ids.id}),
            'advance': lambda: other.with_user(self.clerk).write(
                {'tochka_advance_move_id': booked.move_id.id}),
            'payment': lambda: own.with_user(self.clerk).write(
                {'payment_transaction_id': payment.id}),
            'payment taken away': lambda: booked.with_user(self.clerk).write(
                {'payment_transaction_id': False}),
            'create a payment': lambda: Payment.create({
                'amount': 5.0, 'payment_type': 'inbound', 'partner_id': self.payer.id,
                'journal_id': self.journal.id, 'payment_transaction_id': payment.id}),
        }
        if 'sale.order' in self.env:
            seller = self.create_user(
                'seller', self.company, 'account.group_account_invoice',
                'sales_team.group_sale_salesman_all_leads')
            order = self.env['sale.order'].with_user(seller).create({'partner_id': self.payer.id})
            attempts |= {
                'order': lambda: order.write({'transaction_ids': [Command.link(payment.id)]}),
                'create an order': lambda: order.create({
                    'partner_id': self.payer.id, 'transaction_ids': [Command.link(payment.id)]}),
            }
        for name, attempt in attempts.items():
            with self.subTest(name), self.assertRaises(AccessError), self.env.cr.savepoint():
                attempt()
        self.assertEqual(payment.invoice_ids.transaction_ids, payment)
        self.assertEqual(booked.payment_transaction_id, payment)

    def test_seller_invoices_a_paid_order(self):
        """ Odoo itself hands an order's payments to its invoice. """
        if 'sale.order' not in self.env:
            self.skipTest("Sales is not installed")
        seller = self.create_user(
            'seller', self.company, 'account.group_account_invoice',
            'sales_team.group_sale_salesman_all_leads')
        product = self.env['product.product'].sudo().create({
            'name': "Lessons", 'type': 'service', 'invoice_policy': 'order', 'list_price': 1000.0,
            'taxes_id': False})
        order = self.env['sale.order'].with_user(seller).create({
            'partner_id': self.payer.id, 'currency_id': self.rub.id,
            'order_line': [Command.create({'product_id': product.id, 'price_unit': 1000.0})]})
        order.action_confirm()
        payment = self.create_tx(amount=1000.0, sale_order_ids=[Command.set(order.ids)])
        payment._set_pending()
        self.assertEqual(order._create_invoices().transaction_ids, payment)

    def test_advance_is_on_an_account_of_advances(self):
        """ The list of accounts in the form is no protection. """
        booked = self.paid(1000.0).payment_id
        by_hand = self.env['account.payment'].with_user(self.clerk).create({
            'payment_type': 'outbound', 'partner_type': 'customer', 'amount': 10.0,
            'partner_id': self.payer.id, 'journal_id': self.journal.id})
        income = self.company_data['default_account_revenue']
        with self.assertRaisesRegex(ValidationError, "no account of advances"):
            by_hand.tochka_advance_account_id = income
        # What the bank has booked stays where it is.
        for account in (income, self.env['account.account']):
            with self.assertRaisesRegex(AccessError, "bank's word"):
                booked.with_user(self.clerk).tochka_advance_account_id = account

    def test_only_the_server_writes_refunds(self):
        """ Whatever group a user is in, also an administrator, and by whatever record. """
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 100.0)
        note = self.credit(payment.invoice_ids, 400.0)
        values = {'name': 'R', 'source_transaction_id': payment.id, 'amount': 500.0,
                  'state': 'requested', 'next_at': '2026-01-01 00:00:00'}
        administrator = self.create_user(
            'administrator', self.company, 'base.group_system', 'account.group_account_manager',
            'tochka_acquiring.group_refund')
        for user in (self.clerk, administrator):
            mine = refund.with_user(user).sudo(False)
            attempts = {
                'create': lambda mine=mine: mine.create(values),
                'write': lambda mine=mine: mine.write({'state': 'done'}),
                'write the amount': lambda mine=mine: mine.write({'amount': 900.0}),
                'unlink': lambda mine=mine: mine.unlink(),
                'copy': lambda mine=mine: mine.copy({'name': 'R'}),
                'by the credit note': lambda user=user: note.with_user(user).write(
                    {'tochka_refund_ids': [Command.create(values)]}),
                'by the payment': lambda user=user: payment.with_user(user).sudo(False).write(
                    {'tochka_refund_ids': [Command.create(values)]}),
                'load': lambda mine=mine: self.load(
                    mine, ['name', 'source_transaction_id/.id', 'amount', 'state'],
                    ['R', str(payment.id), '500', 'requested']),
            }
            for name, attempt in attempts.items():
                with self.subTest(name, user=user.login), self.env.cr.savepoint():
                    with self.assertRaises(AccessError):
                        attempt()
        self.assertEqual(payment.tochka_refund_ids, refund)
        self.assertRecordValues(refund, [{'state': 'requested', 'amount': 100.0}])

    def load(self, records, names, row):
        """ Import a row; what the import says is raised. """
        messages = records.load(names, [row])['messages']
        if messages:
            raise AccessError(messages[0]['message'])

    def test_who_reads_refunds(self):
        refund = self.ask_refund(self.paid(1000.0), 100.0).with_user(self.clerk).sudo(False)
        self.assertTrue(refund.read(['name', 'amount', 'state', 'error', 'history', 'partner_id']))
        self.assertEqual(refund.search([]), refund)
        portal = self.create_user('portal', self.company, 'base.group_portal')
        for user in (portal, self.stranger):
            theirs = self.as_stranger(refund) if user == self.stranger else refund.with_user(user)
            with self.assertRaises(AccessError):
                theirs.read(['name'])
        self.assertFalse(self.as_stranger(refund).search([]))

    def test_customer_reads_no_words_of_the_bank(self):
        """ He reads his invoice over the network, too. """
        invoice = self.create_invoice(1000.0)
        self.ask_refund(self.pay(self.create_linked_tx(invoice)), 100.0)
        portal = self.create_user('portal', self.company, 'base.group_portal')
        portal.partner_id = invoice.partner_id
        self.assertTrue(invoice.tochka_refund_info)
        theirs = invoice.with_user(portal).sudo(False)
        self.assertTrue(theirs.read(['name']))
        with self.assertRaises(AccessError):
            theirs.read(['tochka_refund_info'])

    def test_chatter_of_a_refund(self):
        """ Who reads a refund may write a note; nobody else may. """
        refund = self.ask_refund(self.paid(1000.0), 100.0)
        refund.with_user(self.clerk).sudo(False).message_post(body="I have called the bank")
        with self.assertRaises(AccessError):
            self.as_stranger(refund).sudo(False).message_post(body="Mine")

    def test_link_tells_a_stranger_nothing(self):
        """ What is due is summed up as superuser: of a document that the caller may read. """
        invoice = self.create_invoice(100.0)
        Wizard = self.as_stranger(self.env['payment.link.wizard'])
        for context in (
            {'default_res_model': 'account.move', 'default_res_id': invoice.id},
            {'active_model': 'account.move', 'active_id': invoice.id},
        ):
            with self.subTest(context), self.assertRaises(AccessError):
                Wizard.with_context(**context).default_get(['res_model', 'res_id', 'amount_max'])

    # === THE CALLER'S CONTEXT === #

    def test_context_is_believed_where_code_has_filled_it(self):
        """ Whoever calls over the network fills the context with whatever JSON can say. """
        readers = {}
        for addon in ('tochka_acquiring', 'tochka_fiscal'):
            root = Path(get_module_path(addon) or '')
            for path in root.rglob('*.py') if root.name else ():
                found = re.findall(
                    r"context(?:\.get\(|\[)\s*'((?:tochka|fiscal)_\w+)'", path.read_text())
                if found and 'tests' not in path.parts:
                    readers[path.name] = set(found)
        # The others look themselves whether it is a recordset, or our own object.
        self.assertEqual(readers, {
            # Whoever makes a connection chooses the provider's anyway.
            'tochka_connection.py': {'tochka_provider_id'},
            'account_move.py': {'tochka_payers_day'},
            'account_payment.py': {'tochka_posting'},
            'ir_default.py': {'tochka_booking'},
            'payment_transaction_return.py': {'fiscal_refund_wizard'},
        })

    def test_context_chooses_no_shop_and_undoes_nothing(self):
        invoice = self.create_invoice(100.0)
        provider = self.env['payment.provider'].sudo().with_context(
            tochka_documents=['account.move', invoice.ids])
        self.assertFalse(provider._tochka_documents_of({}))
        self.assertEqual(
            provider.with_context(tochka_documents=invoice)._tochka_documents_of({}), invoice)
        moves = invoice.sudo()
        moves.tochka_settled_move_id = invoice
        self.assertTrue(moves.with_context(
            tochka_undoing_transfers=invoice.ids)._tochka_live_transfers())

    def test_no_defaults_of_the_caller(self):
        """ A refund that is made as superuser is not born done. """
        payment = self.paid(1000.0)
        payment.with_user(self.env.user).with_context(
            default_state='done', default_order_id='1', default_is_missing=True,
        ).action_refund(amount_to_refund=100.0)
        self.assertRecordValues(payment.tochka_refund_ids, [
            {'state': 'requested', 'order_id': False, 'is_missing': False}])

    def test_context_names_neither_payment_nor_note(self):
        payment, victim = self.paid(1000.0), self.paid(700.0)
        note = self.credit(victim.invoice_ids)
        for context in (
            {'tochka_refund_values': {'source_transaction_id': victim.id, 'amount': -700.0}},
            {'tochka_refund_note': note.id}, {'tochka_refund_note': note.ids},
            {'tochka_refund_note': {'ids': note.ids}},
            {'default_credit_note_id': note.id},
            {'default_source_transaction_id': victim.id, 'default_state': 'sent'},
            {'fiscal_refund_wizard': victim.id, 'fiscal_picked': {'1': 1}},
        ):
            with self.subTest(context):
                before = payment.tochka_refund_ids
                payment.with_user(self.env.user).with_context(**context).action_refund(
                    amount_to_refund=100.0)
                refund = payment.tochka_refund_ids - before
                self.assertEqual((refund.source_transaction_id, refund.amount), (payment, 100.0))
                self.assertFalse(refund.credit_note_id)
        self.assertFalse(victim.tochka_refund_ids)

    def test_note_of_the_wizard_is_the_refunds(self):
        payment = self.paid(1000.0)
        note = self.credit(payment.invoice_ids)
        self.env['tochka.refund.note'].create({'credit_note_id': note.id}).action_refund()
        self.assertEqual(payment.tochka_refund_ids.credit_note_id, note)

    # === A MANAGER OF ANOTHER COMPANY === #

    def test_payment_that_names_another_companys_shows_nothing(self):
        """ From before such links were refused, or by an administrator. """
        payment = self.paid(1000.0)
        self.ask_refund(payment, 100.0)
        own = self.env['account.payment'].create({
            'amount': 5.0, 'payment_type': 'inbound', 'partner_id': self.payer.id,
            'journal_id': self.journal.id})
        own.sudo().payment_transaction_id = payment
        self.assertFalse(own.refunds_count or own.tochka_refund_info)
        self.assertFalse(own.tochka_refundable)

    @mute_logger('odoo.addons.base.models.ir_rule')
    def test_manager_of_another_company(self):
        payment = self.paid(1000.0)
        note = self.credit(payment.invoice_ids, 400.0)
        refund = self.ask_refund(payment, 100.0)
        strangers = self.as_stranger(refund)
        Record = self.as_stranger(self.env['tochka.refund.record'])
        Note = self.as_stranger(self.env['tochka.refund.note'])
        fields_of = {'transaction_id': payment.id, 'amount': 5.0}
        attempts = {
            'record': lambda: Record.create(fields_of).action_record(),
            'record, form': lambda: Record.onchange(
                fields_of, [], {'transaction_id': {}, 'amount': {}, 'amount_left': {},
                                'partner_id': {'fields': {'display_name': {}}}, 'known': {}}),
            'record, read': lambda: Record.create(fields_of).read(['partner_id', 'amount_left']),
            'note': lambda: Note.create({
                'credit_note_id': note.id, 'transaction_id': payment.id, 'amount': 5.0,
            }).action_refund(),
            'note, form': lambda: Note.onchange(
                {'credit_note_id': note.id}, [],
                {'credit_note_id': {}, 'transaction_id': {}, 'amount_note': {}, 'amount': {}}),
            'refund': lambda: self.as_stranger(payment).action_refund(amount_to_refund=5.0),
            'refresh': lambda: self.as_stranger(payment).action_tochka_refresh(),
            'again': lambda: strangers.action_send_again(),
            'give up': lambda: strangers.action_give_up(),
            'read': lambda: strangers.read(['amount', 'partner_id']),
            'write': lambda: strangers.write({'state': 'done'}),
            'create': lambda: strangers.create({
                'name': 'R', 'source_transaction_id': payment.id, 'amount': 5.0,
                'state': 'requested'}),
            'refunds of the payment': lambda: self.as_stranger(
                payment.payment_id).action_view_refunds(),
            'refunds of the invoice': lambda: self.as_stranger(
                payment.invoice_ids).action_tochka_refunds(),
            'wizard': lambda: self.as_stranger(self.env['payment.refund.wizard']).with_context(
                active_id=payment.payment_id.id).create({'amount_to_refund': 5.0}).action_refund(),
        }
        calls = len(self.bank.calls)
        for name, attempt in attempts.items():
            with self.subTest(name), self.assertRaises(AccessError), self.env.cr.savepoint():
                attempt()
        self.assertEqual(payment.tochka_refund_ids, refund)
        self.assertEqual((refund.state, refund.amount), ('requested', 100.0))
        self.assertEqual(len(self.bank.calls), calls, "The bank was not asked")

    def test_accountant_of_the_company_uses_the_same_forms(self):
        payment = self.paid(1000.0)
        accountant = self.create_user(
            'accountant', self.company, 'account.group_account_invoice',
            'tochka_acquiring.group_refund')
        with Form(self.env['tochka.refund.record'].with_user(accountant).with_context(
            default_transaction_id=payment.id)) as form:
            form.amount = 100.0
        form.record.action_record()
        self.assertEqual(payment.tochka_refund_ids.amount, 100.0)
