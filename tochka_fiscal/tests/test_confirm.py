# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_fiscal.tests.common import FakeRegister, FiscalCommon

TEMPLATE = 'tochka_fiscal.mail_template_receipt'


@tagged('post_install', '-at_install')
class TestConfirm(FiscalCommon):
    """ One message to the buyer for each receipt, never two. """

    def mails(self, receipt):
        """ Return the messages about a receipt, without those that ask colleagues. """
        return self.env['mail.mail'].sudo().search([
            ('model', '=', 'fiscal.receipt'), ('res_id', '=', receipt.id),
            ('message_type', '=', 'email_outgoing'),
        ], order='id')

    # === WHAT IS SENT === #

    def test_message(self):
        self.company.email = 'school@example.com'
        receipt = self.print_invoice(1234.5)
        mail = self.mails(receipt)
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.state, 'outgoing', "It goes through the queue")
        self.assertEqual(mail.email_to, 'petrov@example.com')
        self.assertFalse(mail.recipient_ids or mail.email_cc, "It goes nowhere else")
        self.assertIn('school@example.com', mail.email_from)
        self.assertIn("1,234.50", mail.subject)
        for text in ("Thank you", self.company.name, "1,234.50", receipt.invoice_ids.name, "Income",
                     "25.11.2026 14:30", "9999078900005430", "1212", "1911055232",
                     'href="https://consumer.example.com/1"'):
            self.assertIn(text, mail.body_html)
        self.assertTrue(receipt.confirmed_at)

    def test_qr_code_is_attached(self):
        receipt = self.print_invoice()
        [attachment] = self.mails(receipt).attachment_ids
        self.assertEqual(attachment.name, 'receipt-1212.png')
        self.assertEqual(attachment.mimetype, 'image/png')
        self.assertEqual(attachment.raw, receipt._qr_png())
        [sent] = self.mails(receipt)._prepare_outgoing_list()
        self.assertEqual([name for name, _raw, _type in sent['attachments']], ['receipt-1212.png'])
        self.assertEqual(sent['email_to_normalized'], ['petrov@example.com'])

    def test_nothing_internal(self):
        receipt = self.print_invoice()
        body = self.mails(receipt).body_html
        for text in (receipt.attempt_ids.key, "Till", 'till-secret'):
            self.assertNotIn(text, body)

    def test_link_that_is_none_is_left_out(self):
        result = FakeRegister.result
        with patch.object(FakeRegister, 'result', lambda *args: replace(
                result(*args), url='javascript:alert(1)')):
            receipt = self.print_invoice()
        self.assertEqual(receipt.receipt_url, 'javascript:alert(1)')
        self.assertNotIn('javascript', self.mails(receipt).body_html)

    def test_language_of_the_buyer(self):
        self.env['res.lang']._activate_lang('ru_RU')
        self.payer.lang = 'ru_RU'
        template = self.env.ref(TEMPLATE).sudo()
        template.with_context(lang='ru_RU').subject = "Чек {{ object.document_number }}"
        self.assertEqual(self.mails(self.print_invoice()).subject, "Чек 1212")
        self.payer.lang = 'en_US'
        self.assertIn("receipt for", self.mails(self.print_invoice(200)).subject)

    def test_printed_late(self):
        receipt = self.pay_invoice()
        receipt.paid_at = fields.Datetime.now() - timedelta(days=3)
        self.till.till = 'failed'
        self.work()
        self.work()
        self.assertEqual(receipt.state, 'failed')
        self.assertFalse(self.mails(receipt), "There is no receipt yet")
        receipt.contact = 'other@example.com'
        receipt.action_retry()
        self.till.till = 'done'
        self.work()
        self.work()
        mail = self.mails(receipt)
        self.assertEqual(mail.mapped('email_to'), ['other@example.com'])
        paid = fields.Datetime.context_timestamp(
            receipt.with_context(tz='Europe/Moscow'), receipt.paid_at)
        self.assertIn(f'{paid.month}/{paid.day}/{paid:%y}', mail.body_html)

    def test_banks_register_sends_the_receipt(self):
        receipt = self.pay_invoice()
        self.put_state(receipt, 'delegated')
        receipt._confirm()
        mail = self.mails(receipt)
        self.assertIn("from the bank's register", mail.body_html.replace('&#39;', "'"))
        self.assertIn("Thank you", mail.body_html)
        for text in ("FN", "Printed", "QR"):
            self.assertNotIn(text, mail.body_html)
        self.assertFalse(mail.attachment_ids)

    def test_return_is_no_payment(self):
        receipt = self.pay_invoice()
        receipt.kind = 'income_return'
        self.work()
        self.work()
        body = self.mails(receipt).body_html
        self.assertIn("Return of income", body)
        self.assertNotIn("Thank you", body)

    # === HOW OFTEN === #

    def test_never_two(self):
        receipt = self.print_invoice()
        attempt = receipt.attempt_ids
        receipt._apply(attempt, self.till.result(self.till.printed[attempt.key]))
        self.env['fiscal.receipt'].sudo()._take_callback(
            self.register, attempt.key, self.till.result(self.till.printed[attempt.key]))
        receipt._confirm()
        self.work()
        self.assertEqual(len(self.mails(receipt)), 1)

    def test_rolled_back_state_leaves_none(self):
        receipt = self.pay_invoice()
        self.work()
        attempt = receipt.attempt_ids
        result = self.till.result(self.till.printed[attempt.key])
        with self.assertRaises(ZeroDivisionError), self.cr.savepoint():
            receipt._apply(attempt, result)
            raise ZeroDivisionError
        self.env.invalidate_all()
        self.assertFalse(self.mails(receipt) or receipt.confirmed_at)
        receipt._apply(attempt, result)
        self.assertEqual(len(self.mails(receipt)), 1)

    # === WHEN NOT === #

    def test_phone_gets_none(self):
        receipt = self.pay_invoice()
        receipt.contact = '+79031234567'
        self.work()
        self.work()
        self.assertEqual(receipt.state, 'done')
        self.assertFalse(self.mails(receipt) or receipt.confirmed_at)

    def test_switched_off(self):
        self.provider.sudo().fiscal_confirm = False
        receipt = self.print_invoice()
        self.assertFalse(self.mails(receipt) or receipt.confirmed_at)

    def test_wrong_sum_is_a_persons_to_explain(self):
        result = FakeRegister.result

        def other_sum(*args):
            answer = result(*args)
            return replace(answer, fiscal=replace(answer.fiscal, total=1))

        with patch.object(FakeRegister, 'result', other_sum):
            receipt = self.print_invoice()
        self.assertIn("otherwise", receipt.activity_ids.summary)
        self.assertFalse(self.mails(receipt) or receipt.confirmed_at)

    @mute_logger('odoo.addons.tochka_fiscal.models.receipt.fiscal_receipt_confirm',
                 'odoo.addons.mail.models.mail_render_mixin')
    def test_wrong_template_keeps_no_answer_out(self):
        self.env.ref(TEMPLATE).sudo().subject = "{{ object.nothing_like_this }}"
        receipt = self.print_invoice()
        self.assertEqual(receipt.document_number, '1212')
        self.assertFalse(self.mails(receipt))
        self.assertIn("could not be made", receipt.activity_ids.note)
        self.work()
        self.assertEqual(len(receipt.activity_ids), 1)

    def test_deleted_template_keeps_no_answer_out(self):
        self.env.ref(TEMPLATE).sudo().unlink()
        with mute_logger('odoo.addons.tochka_fiscal.models.receipt.fiscal_receipt_confirm'):
            receipt = self.print_invoice()
        self.assertIn("The e-mail", receipt.activity_ids.summary)
