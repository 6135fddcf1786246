# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from decimal import Decimal

import psycopg2

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon

SEND_LOGGER = 'odoo.addons.tochka_acquiring.models.refund.tochka_refund_send'


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestRefund(RefundCommon):
    """ From Odoo to the bank and into the books. """

    def test_nothing_is_not_all(self):
        payment = self.paid(1000.0)
        with self.assertRaisesRegex(ValidationError, "more than zero"):
            self.ask_refund(payment, 0.0)
        self.assertFalse(payment.tochka_refund_ids)

    def test_whole_refund(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment)
        self.assertRecordValues(refund, [{
            'state': 'requested', 'amount': 1000.0, 'name': f'R-{payment.reference}',
            'company_id': self.company.id, 'transaction_id': False, 'payment_id': False,
            'create_uid': self.env.user.id}])
        self.assertFalse(self.children(payment), "Odoo's transaction is of money that has gone")
        self.assertEqual(self.bank.count('refund_payment'), 0, "Nothing is sent before the commit")
        self.work()
        self.assertEqual(self.bank_refunds(payment), [Decimal('1000.00')])
        self.assertEqual(refund.state, 'done')
        self.assertTrue(refund.order_id)
        self.assertRecordValues(self.children(payment), [{
            'id': refund.transaction_id.id, 'state': 'done', 'amount': -1000.0,
            'reference': refund.name, 'provider_reference': refund.order_id,
            'tochka_paid_at': refund.returned_at}])
        outgoing = refund.payment_id
        self.assertRecordValues(outgoing, [{
            'payment_type': 'outbound', 'amount': 1000.0, 'journal_id': self.journal.id,
            'partner_id': self.payer.id, 'date': self.today,
        }])
        article = {str(self.article.id): 100}
        receivable = payment.payment_id.destination_account_id
        self.assertRecordValues(outgoing.move_id.line_ids.sorted('balance'), [
            {'account_id': outgoing.outstanding_account_id.id, 'balance': -1000.0,
             'analytic_distribution': False},
            {'account_id': receivable.id, 'balance': 1000.0, 'analytic_distribution': article},
        ])
        self.assertEqual(payment.payment_id.amount_available_for_refund, 0.0)

    def test_odoo_shows_what_is_on_its_way(self):
        """ Odoo's own buttons and windows. """
        payment = self.paid(1000.0)
        Wizard = self.env['payment.refund.wizard'].with_context(active_id=payment.payment_id.id)
        wizard = Wizard.create({'amount_to_refund': 300.0})
        self.assertEqual((wizard.support_refund, wizard.has_pending_refund), ('partial', False))
        self.assertEqual(
            wizard.action_refund(), payment._build_action_feedback_notification())
        refund = payment.tochka_refund_ids
        self.assertEqual(refund.amount, 300.0)
        for record in (payment, payment.payment_id):
            self.assertEqual(record.refunds_count, 1)
            action = record.action_view_refunds()
            self.assertEqual(
                (action['res_model'], action['domain']),
                ('tochka.refund', [('id', 'in', refund.ids)]))
        self.assertEqual(payment.payment_id.amount_available_for_refund, 700.0)
        self.assertTrue(Wizard.create({}).has_pending_refund)
        self.work()
        self.assertFalse(Wizard.create({}).has_pending_refund)
        self.assertEqual(payment.payment_id.refunds_count, 1)
        self.assertEqual(payment.payment_id.amount_available_for_refund, 700.0)

    def test_refund_of_another_provider_is_odoos(self):
        other = self.env['payment.provider'].sudo().create({
            'name': "Demo", 'code': 'none', 'company_id': self.company.id, 'state': 'test'})
        payment = self.create_tx(provider=other, amount=10.0)
        payment._set_done()
        self.assertEqual(payment._refund(4.0), payment.child_transaction_ids)
        self.assertFalse(payment.tochka_refund_ids)
        self.assertEqual(payment.refunds_count, 1)

    def test_child_that_somebody_else_has_made(self):
        """ Another add-on calls the parts of Odoo's `_refund` by itself. """
        payment = self.paid(1000.0)
        child = payment._create_child_transaction(300.0, is_refund=True)
        child._send_refund_request()
        refund = payment.tochka_refund_ids
        self.assertEqual((refund.state, refund.amount, child.state), ('requested', 300.0, 'cancel'))
        self.work()
        self.assertEqual((refund.state, child.state), ('done', 'done'))
        self.assertEqual(self.children(payment), child)

    def test_window_that_is_sent_twice(self):
        payment = self.paid(1000.0)
        wizard = self.env['payment.refund.wizard'].with_context(
            active_id=payment.payment_id.id).create({'amount_to_refund': 300.0})
        answers = [wizard.action_refund() for _time in range(2)]
        self.assertEqual(len(payment.tochka_refund_ids), 1)
        self.assertEqual(answers[0], answers[1])

    def test_several_partial_refunds(self):
        payment = self.paid(1000.0)
        for amount in (300.0, 200.0, 500.0):
            self.ask_refund(payment, amount)
        self.assertEqual(len(set(payment.tochka_refund_ids.mapped('name'))), 3)
        for _turn in range(4):
            self.work()
        self.assertEqual(
            self.bank_refunds(payment), [Decimal('300.00'), Decimal('200.00'), Decimal('500.00')])
        self.assertEqual(set(payment.tochka_refund_ids.mapped('state')), {'done'})
        self.assertEqual(len(self.children(payment)), 3)
        self.assertEqual(payment._tochka_refundable(), 0.0)

    def test_one_after_the_other(self):
        payment = self.paid(1000.0)
        first, second = self.ask_refund(payment, 300.0), self.ask_refund(payment, 200.0)
        self.bank.fail('refund_payment', errors.OutcomeUnknown("lost"))
        with mute_logger(SEND_LOGGER):
            self.work()
        self.assertEqual((first.state, second.state), ('unknown', 'requested'))
        self.work()
        self.assertEqual(self.bank.count('refund_payment'), 1)
        with mute_logger('odoo.sql_db'), self.assertRaises(psycopg2.IntegrityError):
            with self.env.cr.savepoint():
                second.sudo().state = 'sending'
                second.flush_recordset()

    def test_more_than_was_paid(self):
        payment = self.paid(1000.0)
        self.ask_refund(payment, 600.0)
        for amount in (400.01, 1000.0, 0.001, -5.0):
            with self.subTest(amount), self.assertRaises(ValidationError):
                self.ask_refund(payment, amount)
        self.ask_refund(payment, 400.0)
        self.assertEqual(payment._tochka_refundable(), 0.0)

    def test_own_right(self):
        payment = self.paid(1000.0)
        self.assertTrue(self.env.user.has_group('tochka_acquiring.group_refund'))
        clerk = self.env['res.users'].create({
            'name': "Clerk", 'login': 'clerk', 'company_id': self.company.id,
            'company_ids': [Command.set(self.company.ids)],
            'group_ids': [Command.set(self.env.ref('account.group_account_invoice').ids)],
        })
        with self.assertRaises(AccessError):
            payment.with_user(clerk).action_refund()
        self.assertEqual(
            payment.payment_id.with_user(clerk).amount_available_for_refund, 0.0)
        refund = self.ask_refund(payment)
        for method in ('action_give_up', 'action_send_again'):
            with self.assertRaises(AccessError):
                getattr(refund.with_user(clerk), method)()
        clerk.group_ids += self.env.ref('tochka_acquiring.group_refund')
        refund.with_user(clerk).action_give_up()
        self.assertEqual(refund.state, 'cancelled')
        payment.with_user(clerk).action_refund()

    def test_given_up_before_it_was_sent(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment)
        refund.with_user(self.env.user).action_give_up()
        self.work()
        self.assertEqual(self.bank.count('refund_payment'), 0)
        self.assertEqual((refund.state, payment._tochka_refundable()), ('cancelled', 1000.0))
        self.assertTrue(any("Given up by" in message.body for message in refund.message_ids))

    def test_what_people_may_decide(self):
        """ Nothing that the bank may be at is given up, or sent again. """
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0).with_user(self.env.user)
        long_ago = '2026-01-01 00:00:00'
        for state, again, give_up in (
            ('requested', False, True), ('sending', False, False), ('sent', False, False),
            ('unknown', True, True), ('rejected', True, True), ('by_hand', False, False),
            ('done', False, False), ('cancelled', False, False),
        ):
            for method, allowed, becomes in (
                ('action_send_again', again, 'requested'), ('action_give_up', give_up, 'cancelled'),
            ):
                refund.sudo().write({'state': state, 'sent_at': long_ago})
                with self.subTest(state=state, method=method):
                    if allowed:
                        getattr(refund, method)()
                        self.assertEqual(refund.state, becomes)
                        continue
                    with self.assertRaises(UserError):
                        getattr(refund, method)()
                    self.assertEqual(refund.state, state)

    def test_nobody_decides_while_the_bank_may_yet_list_it(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0)
        self.bank.fail('refund_payment', errors.OutcomeUnknown("lost"))
        with mute_logger(SEND_LOGGER):
            self.work()
        for method in ('action_send_again', 'action_give_up'):
            with self.assertRaisesRegex(UserError, "may still list"):
                getattr(refund.with_user(self.env.user), method)()
