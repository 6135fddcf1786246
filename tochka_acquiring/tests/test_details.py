# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.exceptions import ValidationError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring.tests.common import TochkaCommon


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestDetails(TochkaCommon):
    """ Receipt details: what the payment is for. """

    def template(self, text):
        self.provider.sudo().write({
            'tochka_details_mode': 'template', 'tochka_details_template': text})

    def purpose(self, invoice=None, **values):
        transaction = self.create_tx(invoice or self.create_invoice(500), **values)
        transaction._get_processing_values()
        return self.bank.calls[-1][1]['purpose']

    def test_document_by_default(self):
        invoice = self.create_invoice(500)
        self.assertEqual(self.purpose(invoice), f"Оплата: {invoice.name}")

    def test_purpose_is_russian_whoever_pays(self):
        """ It stands in the statement of a Russian company. """
        self.env['res.lang']._activate_lang('de_DE')
        self.payer.lang = 'de_DE'
        invoice = self.create_invoice(500)
        self.assertEqual(self.purpose(invoice, partner_lang='de_DE'), f"Оплата: {invoice.name}")

    def test_school(self):
        self.provider.sudo().action_tochka_details_school()
        child = self.env['res.partner'].create({'name': "Petrov Vanya", 'parent_id': self.payer.id})
        invoice = self.create_invoice(500)
        self.assertEqual(self.purpose(invoice), "Petrov за обучение Petrov", "Without a client")
        invoice = self.create_invoice(600)
        invoice.tochka_client_id = child
        self.assertEqual(self.purpose(invoice), "Petrov за обучение Petrov Vanya")

    def test_neutral(self):
        self.provider.sudo().action_tochka_details_neutral()
        invoice = self.create_invoice(500)
        self.assertEqual(self.purpose(invoice), f"Оплата по {invoice.name}")

    def test_every_client_of_several_invoices_is_named(self):
        self.template('{payer} за обучение {client}')
        invoices = self.create_invoice(500) + self.create_invoice(600) + self.create_invoice(700)
        names = ("Masha", "Petya", "Masha")
        for invoice, name in zip(invoices, names, strict=True):
            invoice.tochka_client_id = self.env['res.partner'].search(
                [('name', '=', name), ('parent_id', '=', self.payer.id)]
            ) or self.env['res.partner'].create({'name': name, 'parent_id': self.payer.id})
        self.assertEqual(self.purpose(invoices), "Petrov за обучение Masha, Petya")

    def test_spaces_around_a_tag_are_not_its_name(self):
        self.payer.ref = 'A-7'
        self.template('{ payer.ref } { payer.ref | none }')
        self.assertEqual(self.purpose(), "A-7 A-7")

    def test_built_in_tags_in_both_languages(self):
        self.template('{payer}|{заказчик}|{amount}|{сумма}|{company}|{организация}')
        self.assertEqual(
            self.purpose(), f"Petrov|Petrov|500.00|500.00|{self.company.name}|{self.company.name}")

    def test_top_up_names_its_client(self):
        self.template('{client}')
        child = self.env['res.partner'].create({'name': "Vanya", 'parent_id': self.payer.id})
        transaction = self.create_tx(tochka_client_id=child.id)
        transaction._get_processing_values()
        self.assertEqual(self.bank.calls[-1][1]['purpose'], "Vanya")

    def test_cut_to_what_the_bank_takes(self):
        self.payer.name = "Very long name " * 20
        self.template('{payer} за обучение {client}')
        self.assertLessEqual(len(self.purpose()), 140)

    def test_nothing_left_falls_back_to_the_document(self):
        self.template('{payer.ref}')
        invoice = self.create_invoice(500)
        self.assertEqual(self.purpose(invoice), f"Оплата: {invoice.name}")

    def test_fields(self):
        self.payer.write({'ref': 'D-17', 'lang': 'en_US'})
        self.template('{payer.ref|no contract}, Tver, {заказчик.lang},'
                      ' {document.invoice_payment_term_id|none}, {document.amount_total}')
        self.assertRegex(self.purpose(), r"^D-17, Tver, English \(US\), none, 500\.00\s")
        self.payer.ref = False
        self.assertIn("no contract, Tver", self.purpose())

    def test_field_of_a_document_of_another_kind(self):
        """ A top-up has no document, and so no day of it. """
        self.template('{payer} {document.invoice_date}')
        transaction = self.create_tx()
        transaction._get_processing_values()
        self.assertEqual(self.bank.calls[-1][1]['purpose'], "Petrov")

    def test_wrong_tag_is_refused_with_the_right_ones(self):
        with self.assertRaisesRegex(
                ValidationError, r"\{wrong\}.*\{payer\}.*\{клиент\}.*\{payer\.ref\}"):
            self.template('{wrong}')
        for template in ('{payer', '', '   '):
            with self.subTest(template), self.assertRaises(ValidationError):
                self.template(template)

    def test_only_harmless_fields(self):
        for tag in (
            'payer.signup_type', 'payer.bank_ids', 'payer.image_1920', 'payer.comment',
            'payer.', 'payer.unknown', 'payer.parent_id.name', 'payer.__class__', '.name',
            'company.name', 'document.access_token', 'client.access_token',
        ):
            with self.subTest(tag), self.assertRaisesRegex(ValidationError, "There is no tag"):
                self.template(f'{{{tag}}}')

    def test_template_that_is_being_typed(self):
        provider = self.env['payment.provider'].new({'tochka_details_template': '{payer'})
        self.assertTrue(provider.tochka_details_tags)

    def test_example(self):
        self.template('{заказчик} за обучение {client}')
        self.assertEqual(self.provider.sudo().tochka_details_example,
                         "Sidorova Anna Ivanovna за обучение Sidorov Petya")


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestNotify(TochkaCommon):
    """ One message for each payment received, never two. """

    def setUp(self):
        super().setUp()
        self.provider.sudo().tochka_notify_email = 'books@example.com, owner@example.com'
        self.company.email = 'school@example.com'

    def mails(self):
        return self.env['mail.mail'].sudo().search(
            [('email_to', 'ilike', 'books@example.com')], order='id')

    def test_message(self):
        invoice = self.create_invoice(1234.5)
        transaction = self.pay(self.create_linked_tx(invoice))
        mail = self.mails()
        self.assertFalse(self.said_of(transaction))
        self.assertEqual(len(mail), 1)
        self.assertEqual(mail.state, 'outgoing', "It goes through the queue")
        self.assertIn("Petrov", mail.subject)
        for text in ("Petrov", "1,234.50", invoice.name, "School", self.company.name, "Card",
                     f'res_id={transaction.payment_id.id}'):
            self.assertIn(text, mail.body_html)
        self.assertIn('school@example.com', mail.email_from)
        self.assertIn('owner@example.com', mail.email_to)
        self.assertFalse(mail.recipient_ids, "The payer gets no such message")
        self.assertTrue(transaction.tochka_notified_at)

    def test_never_two(self):
        transaction = self.pay(self.create_linked_tx(self.create_invoice(100)))
        transaction._post_process()
        transaction.sudo().is_post_processed = False  # as Odoo's job may see it
        transaction._post_process()
        self.refresh(transaction)
        self.run_job('cron_monitor')
        self.assertEqual(len(self.mails()), 1)

    def test_rolled_back_booking_leaves_none(self):
        transaction = self.create_linked_tx(self.create_invoice(100))
        self.bank.pay(transaction.tochka_operation_id)
        self.refresh(transaction)
        with self.assertRaises(ZeroDivisionError), self.cr.savepoint():
            transaction._post_process()
            raise ZeroDivisionError
        self.env.invalidate_all()
        self.assertFalse(self.mails() or transaction.tochka_notified_at)
        transaction._post_process()
        self.assertEqual(len(self.mails()), 1)

    def test_wrong_template_keeps_no_money_unbooked(self):
        template = self.env.ref('tochka_acquiring.mail_template_payment')
        template.sudo().subject = "{{ object.nothing_like_this }}"
        with mute_logger('odoo.addons.tochka_acquiring.models.payment.payment_transaction_posting',
                         'odoo.addons.mail.models.mail_render_mixin'):
            transaction = self.pay(self.create_linked_tx(self.create_invoice(100)))
        self.assertTrue(transaction.payment_id)
        self.assertFalse(self.mails())
        self.assertIn("could not be made", self.said_of(transaction))

    def test_language_of_the_company(self):
        self.env['res.lang']._activate_lang('ru_RU')
        self.company.partner_id.lang = 'ru_RU'
        template = self.env.ref('tochka_acquiring.mail_template_payment').sudo()
        template.with_context(lang='ru_RU').subject = "Оплата {{ object.partner_name }}"
        self.pay(self.create_linked_tx(self.create_invoice(100)))
        self.assertEqual(self.mails().subject, "Оплата Petrov")

    def test_nobody_to_tell(self):
        self.provider.sudo().tochka_notify_email = False
        transaction = self.pay(self.create_linked_tx(self.create_invoice(100)))
        self.assertFalse(self.mails() or transaction.tochka_notified_at)

    def test_address_is_checked(self):
        for text in ('nobody', 'a@example.com;b@example.com', 'a@example.com, b'):
            with self.subTest(text), self.assertRaisesRegex(ValidationError, "not an e-mail"):
                self.provider.sudo().tochka_notify_email = text
