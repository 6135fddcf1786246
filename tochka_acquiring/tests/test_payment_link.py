# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime, timedelta, timezone
from decimal import Decimal
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import ConcurrencyError, ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.common import CUSTOMER_CODE, MERCHANT_ID, TochkaCommon


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestPaymentLink(TochkaCommon):
    """ How a transaction gets its operation at the bank. """

    def sent(self, index=-1):
        return [values for name, values in self.bank.calls if name == 'create_payment'][index]

    def test_request(self):
        invoice = self.create_invoice(1111.11)
        transaction = self.create_linked_tx(invoice, method=self.sbp)
        sent = self.sent()
        self.assertEqual(sent['amount'], Decimal('1111.11'))
        self.assertEqual(sent['customer_code'], CUSTOMER_CODE)
        self.assertEqual(sent['merchant_id'], MERCHANT_ID)
        self.assertEqual(sent['payment_modes'], ['sbp'], "The chosen method alone")
        self.assertEqual(sent['ttl'], 60)
        self.assertIn(invoice.name, sent['purpose'])
        self.assertIn('/payment/tochka/return?', sent['redirect_url'])
        self.assertIn('failed=1', sent['fail_redirect_url'])
        self.assertLessEqual(len(sent['payment_link_id']), 45)
        self.assertEqual(transaction.tochka_operation_id, transaction.provider_reference)
        self.assertTrue(transaction.tochka_next_poll_at)

    def test_every_method_has_its_mode(self):
        for code, mode in (('card', 'card'), ('sbp', 'sbp'), ('tpay', 'tinkoff'),
                           ('dolyame', 'dolyame')):
            method = self.env['payment.method'].search([('code', '=', code)], limit=1)
            self.create_linked_tx(method=method)
            self.assertEqual(self.sent()['payment_modes'], [mode])

    def test_long_names_are_cut(self):
        invoices = self.env['account.move']
        for _count in range(20):
            invoices += self.create_invoice(10.0)
        self.create_linked_tx(invoices)
        self.assertLessEqual(len(self.sent()['purpose']), 140)
        self.assertLessEqual(len(self.sent()['payment_link_id']), 45)

    def test_redirect_form_keeps_the_query(self):
        transaction = self.create_linked_tx()
        html = transaction._get_processing_values()['redirect_form_html']
        self.assertIn('name="uuid"', html)
        self.assertIn(transaction.tochka_operation_id, html)
        self.assertEqual(self.bank.count('create_payment'), 1, "A second rendering reuses the link")

    def test_refusal_is_kind_to_the_customer_and_exact_for_the_accountant(self):
        invoice = self.create_invoice()
        self.bank.fail('create_payment', errors.Rejected(
            "purpose: too long", http_status=400, audit_id='audit-77'))
        transaction = self.create_tx(invoice)
        values = transaction._get_processing_values()
        self.assertEqual(values['state'], 'error')
        self.assertNotIn('purpose', values['state_message'])
        self.assertNotIn('audit', values['state_message'])
        self.assertIn('audit-77', transaction.tochka_error)
        note = invoice.message_ids.filtered(lambda m: 'audit-77' in (m.body or ''))
        self.assertTrue(note)
        self.assertTrue(note.is_internal or note.subtype_id.internal, "Not shown in the portal")
        self.assertTrue(invoice._has_to_be_paid(), "The customer can try again")

    def test_bad_key_is_reported_once(self):
        self.bank.fail('create_payment', *[
            errors.Unauthorized("Forbidden by consent", http_status=403) for _time in range(3)])
        for _time in range(3):
            self.create_tx(self.create_invoice())._get_processing_values()
        self.assertEqual(self.connection.state, 'attention')
        self.assertIn("Forbidden by consent", self.trouble_of(self.connection))
        self.assertEqual(len(self.connection.activity_ids), 1)

    def test_lost_answer_repeats_the_same_number(self):
        """ The bank did the work, the answer was lost: one operation, found by its number. """
        self.bank.fail('create_payment', (errors.OutcomeUnknown("cut"), True))
        transaction = self.create_tx(self.create_invoice())
        transaction._get_processing_values()
        self.assertEqual(transaction.state, 'draft')
        self.assertEqual(len(self.bank.operations), 1)
        self.assertEqual(self.sent(0)['payment_link_id'], self.sent(1)['payment_link_id'])
        self.assertEqual([transaction.tochka_operation_id], list(self.bank.operations))

    def test_lost_request_is_repeated(self):
        self.bank.fail('create_payment', errors.OutcomeUnknown("silence"))
        transaction = self.create_tx(self.create_invoice())
        transaction._get_processing_values()
        self.assertEqual(transaction.state, 'draft')
        self.assertEqual(len(self.bank.operations), 1)

    def test_silent_bank_sends_nobody_anywhere(self):
        self.bank.fail('create_payment', errors.OutcomeUnknown("1"), errors.OutcomeUnknown("2"))
        transaction = self.create_tx(self.create_invoice())
        values = transaction._get_processing_values()
        self.assertEqual(values['state'], 'error')
        self.assertFalse(transaction.tochka_payment_link)

    def test_replayed_request_finds_its_operation(self):
        """ Odoo replays a request whose database transaction failed after the bank's work. """
        invoice = self.create_invoice()
        with self.env.cr.savepoint() as savepoint:
            self.create_linked_tx(invoice)
            savepoint.rollback()
        self.env.invalidate_all()
        transaction = self.create_linked_tx(invoice)
        self.assertEqual(len(self.bank.operations), 1)
        self.assertEqual([transaction.tochka_operation_id], list(self.bank.operations))

    def test_used_number_is_looked_up_whatever_the_words_are(self):
        """ The words of the refusal have changed before. """
        for words in ("Что-то пошло не так", "Something going wrong", ""):
            with self.subTest(words):
                invoice = self.create_invoice()
                self.bank.fail(
                    'create_payment', (errors.OutcomeUnknown("cut"), True),
                    errors.Rejected(words, http_status=424))
                transaction = self.create_tx(invoice)
                transaction._get_processing_values()
                self.assertEqual(transaction.state, 'draft')
                self.assertIn(transaction.tochka_operation_id, self.bank.operations)
        self.assertEqual(len(self.bank.operations), 3)

    def test_refusal_for_another_reason_stays_one(self):
        self.bank.fail('create_payment', errors.Rejected(
            "Cashbox is not connected", http_status=424, audit_id='audit-9'))
        transaction = self.create_tx(self.create_invoice())
        transaction._get_processing_values()
        self.assertEqual(transaction.state, 'error')
        self.assertIn('audit-9', transaction.tochka_error)
        self.assertFalse(self.bank.operations)

    def test_foreign_duplicate_gets_the_next_number(self):
        """ A restored database counts its references anew; the bank remembers the old ones. """
        misfits = (
            {'amount': Decimal('1.00')},
            {'merchant_id': '200000000099999'},
            {'status': 'APPROVED'},
            {'payment_modes': ('sbp',)},
            {'created_at': datetime.now(timezone.utc) - timedelta(days=1)},
        )
        for values in misfits:
            with self.subTest(values):
                invoice = self.create_invoice()
                with self.env.cr.savepoint() as savepoint:
                    old = self.create_linked_tx(invoice).tochka_operation_id
                    savepoint.rollback()
                self.env.invalidate_all()
                self.bank.change(old, **values)
                transaction = self.create_linked_tx(invoice)
                self.assertNotEqual(transaction.tochka_operation_id, old)
                self.assertTrue(transaction.tochka_payment_link_id.endswith('-2'))

    # === REUSE === #

    def find_open(self, invoice, method=None, amount=None):
        return self.env['payment.transaction'].sudo()._tochka_find_open_link(
            self.provider, method or self.card,
            amount or sum(invoice.mapped('amount_residual')), self.rub,
            {'invoice_ids': [Command.set(invoice.ids)]},
        )

    def test_open_link_is_reused_for_the_same_document_amount_and_method(self):
        invoice = self.create_invoice()
        transaction = self.create_linked_tx(invoice)
        self.assertEqual(self.find_open(invoice), transaction)
        self.assertFalse(self.find_open(invoice, method=self.sbp))
        self.assertFalse(self.find_open(invoice, amount=50.0))
        self.assertFalse(self.find_open(self.create_invoice()))
        self.assertFalse(self.find_open(invoice + self.create_invoice()))

    def test_expired_link_is_not_reused(self):
        invoice = self.create_invoice()
        transaction = self.create_linked_tx(invoice)
        transaction.tochka_link_expires_at = fields.Datetime.now() + timedelta(minutes=1)
        self.assertFalse(self.find_open(invoice))
        again = self.create_linked_tx(invoice)
        self.assertNotEqual(again.tochka_payment_link_id, transaction.tochka_payment_link_id)

    def test_expired_transaction_gets_no_second_operation(self):
        """ The first operation may be paid yet, and would have no transaction. """
        transaction = self.create_linked_tx()
        operation_id = transaction.tochka_operation_id
        transaction.tochka_link_expires_at = fields.Datetime.now() - timedelta(minutes=1)
        with self.assertRaisesRegex(ValidationError, "expired"):
            transaction._get_processing_values()
        self.assertEqual(transaction.tochka_operation_id, operation_id)
        self.assertEqual(self.bank.count('create_payment'), 1)

    def test_paid_link_is_not_reused(self):
        invoice = self.create_invoice()
        transaction = self.create_linked_tx(invoice)
        self.bank.pay(transaction.tochka_operation_id)
        self.refresh(transaction)
        self.assertFalse(self.find_open(invoice))

    def test_open_link_is_checked_again(self):
        """ The accountant entered a part of the money by hand while the link was open. """
        invoice = self.create_invoice(100.0)
        transaction = self.create_linked_tx(invoice)
        self.env['account.payment.register'].with_context(
            active_model='account.move', active_ids=invoice.ids,
        ).create({'amount': 40.0})._create_payments()
        self.assertEqual(invoice.amount_residual, 60.0)
        with self.assertRaisesRegex(ValidationError, "more than what is left"):
            transaction._get_processing_values()

    def test_second_window_waits_for_the_first(self):
        invoice = self.create_invoice()
        with self.registry_cursor_elsewhere() as other:
            other.execute("SELECT pg_advisory_xact_lock(hashtext(%s), %s)",
                          ['tochka_acquiring.account.move', invoice.id])
            with self.assertRaises(ConcurrencyError):
                self.find_open(invoice)

    def registry_cursor_elsewhere(self):
        """ Return a true second connection. """
        from odoo.sql_db import db_connect
        return db_connect(self.env.cr.dbname).cursor()

    # === WHAT A BROWSER SENDS === #

    def assert_refused(self, transaction, text):
        with self.assertRaisesRegex(ValidationError, text):
            transaction._get_processing_values()
        self.assertFalse(self.bank.count('create_payment'), "The bank was not asked")

    def test_more_than_due(self):
        invoice = self.create_invoice(100.0)
        self.assert_refused(self.create_tx(invoice, amount=100.01), "more than what is left")

    def test_negative_or_zero(self):
        self.assert_refused(self.create_tx(amount=-5.0), "more than zero")

    def test_paid_invoice(self):
        invoice = self.create_invoice(100.0)
        self.pay(self.create_linked_tx(invoice))
        self.bank.calls.clear()
        self.assert_refused(self.create_tx(invoice, amount=100.0), "nothing left")

    def test_invoice_with_a_pending_payment(self):
        invoice = self.create_invoice(100.0)
        first = self.create_linked_tx(invoice)
        first._set_pending()
        self.bank.calls.clear()
        self.assert_refused(self.create_tx(invoice), "nothing left")

    def test_paid_but_not_yet_booked(self):
        """ The money is at the bank, and posting fails for some reason. """
        invoice = self.create_invoice(100.0)
        first = self.create_linked_tx(invoice)
        self.bank.pay(first.tochka_operation_id)
        self.refresh(first)
        self.assertFalse(first.payment_id)
        self.bank.calls.clear()
        self.assert_refused(self.create_tx(invoice), "nothing left")

    def test_other_way_when_the_first_was_paid_meanwhile(self):
        """ Paid by SBP on the phone; the payer comes back and chooses the card. """
        invoice = self.create_invoice(100.0)
        first = self.create_linked_tx(invoice, method=self.sbp)
        self.bank.pay(first.tochka_operation_id, 'sbp')
        second = self.create_tx(invoice)
        self.env.flush_all()
        with self.assertRaises(ConcurrencyError):
            second._get_processing_values()  # Odoo replays it, and it is refused.
        self.assertEqual(self.bank.count('create_payment'), 1)

    def test_other_way_while_the_first_is_being_booked(self):
        """ The job that books the first holds its row: the bank's word decides. """
        invoice = self.create_invoice(100.0)
        first = self.create_linked_tx(invoice, method=self.sbp)
        second = self.create_tx(invoice)
        for status in ('APPROVED', 'WAIT_FULL_PAYMENT'):
            with self.subTest(status), patch.object(
                type(first), '_tochka_apply_in_own_cursor', lambda *_args: 'busy'
            ), self.assertRaises(ConcurrencyError):
                self.bank.pay(first.tochka_operation_id, 'sbp', status=status)
                second._get_processing_values()
        self.assertEqual(self.bank.count('create_payment'), 1)

    def test_other_way_while_the_bank_does_not_tell(self):
        invoice = self.create_invoice(100.0)
        first = self.create_linked_tx(invoice, method=self.sbp)
        second = self.create_tx(invoice)
        for error in (errors.OutcomeUnknown("silence"), errors.NotSent("no way"),
                      errors.Unauthorized("no right", http_status=403),
                      errors.Rejected("something", http_status=424),
                      errors.Rejected("Not Found", http_status=404)):  # of a gateway
            with self.subTest(error=error):
                self.bank.fail('get_payment', error)
                with self.assertRaisesRegex(ValidationError, "can't be reached"):
                    second._get_processing_values()
        self.bank.pay(first.tochka_operation_id, 'sbp', status='PAID_BY_PIGEON')
        with self.assertRaisesRegex(ValidationError, "being checked"):
            second._get_processing_values()
        self.assertEqual(self.bank.count('create_payment'), 1)
        self.bank.operations.pop(first.tochka_operation_id)  # The bank has never heard of it.
        second._get_processing_values()
        self.assertEqual(self.bank.count('create_payment'), 2)

    def test_partner_of_another_company(self):
        """ A payment of such a partner could never be posted. """
        other = self.env['res.company'].sudo().create({
            'name': "Other", 'currency_id': self.rub.id})
        stranger = self.env['res.partner'].sudo().create({
            'name': "Stranger", 'company_id': other.id})
        self.assert_refused(
            self.create_tx(amount=50.0, partner_id=stranger.id), "not available")

    def test_link_of_the_former_shop_is_not_reused(self):
        invoice = self.create_invoice()
        self.create_linked_tx(invoice)
        self.provider.tochka_merchant_id = self.merchant.copy({
            'merchant_id': '200000000012346',
            'legal_entity_id': self.merchant.legal_entity_id.id,
        })
        self.assertFalse(self.find_open(invoice))

    def test_cancelled_invoice(self):
        invoice = self.create_invoice(100.0)
        transaction = self.create_tx(invoice)
        invoice.button_draft()
        invoice.button_cancel()
        self.assert_refused(transaction, "cancelled")

    def test_provider_of_another_company(self):
        invoice = self.create_invoice()
        transaction = self.create_tx(invoice)
        other = self.env['res.company'].sudo().create({
            'name': "Other", 'currency_id': self.rub.id})
        self.env.flush_all()
        # Enabled in its own company; what an attacker sends is its id with our invoice.
        self.env.cr.execute(
            "UPDATE payment_provider SET company_id = %s WHERE id = %s",
            [other.id, self.provider.id])
        self.env.invalidate_all()
        with patch.object(type(self.provider), '_tochka_find_obstacle', lambda provider: ''):
            self.assert_refused(transaction.sudo(), "not available")

    def test_unpublished_or_disabled_provider(self):
        invoice = self.create_invoice()
        public = self.env.ref('base.public_user')
        self.provider.is_published = False
        self.assert_refused(self.create_tx(invoice).with_user(public).sudo(), "not available")
        self.provider.state = 'disabled'
        self.assert_refused(self.create_tx(invoice), "not available")

    def test_method_that_the_shop_does_not_have(self):
        self.merchant.payment_modes = 'card'
        self.assert_refused(self.create_tx(self.create_invoice(), method=self.sbp), "not available")

    def test_another_currency(self):
        invoice = self.create_invoice()
        invoice.button_draft()
        invoice.currency_id = self.currency_usd
        invoice.action_post()
        self.assert_refused(self.create_tx(invoice), "roubles")

    def test_above_the_providers_maximum(self):
        self.provider.maximum_amount = 10.0
        self.assert_refused(self.create_tx(self.create_invoice(10.01)), "not available")
