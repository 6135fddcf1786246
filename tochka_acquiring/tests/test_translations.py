# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import re
from collections import Counter

import polib

from odoo.exceptions import ValidationError
from odoo.tests import HttpCase, TransactionCase, tagged
from odoo.tools.misc import file_path
from odoo.tools.translate import TranslationModuleReader

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.common import TochkaCommon

MODULE = 'tochka_acquiring'
RUSSIAN = 'ru_RU'
# Brands and names of the bank's fields, which Russian writes in Latin letters.
LATIN = {
    "T-Pay", "accountant@example.com", "https://example.com/offer", "name@example.com",
    "Client_ID", "Client_secret", "Redirect URL", "https://odoo.example.com",
    "%(feature)s: %(names)s",
}
PLACEHOLDER = re.compile(r'%(?:\(\w+\))?[sdrif]|</?\w[^>]*>')


@tagged('post_install', '-at_install')
class TestTerms(TransactionCase):
    """ Nothing that a user reads is left in English. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.catalogue = polib.pofile(file_path(f'{MODULE}/i18n/ru.po'))
        cls.translations = {entry.msgid: entry.msgstr for entry in cls.catalogue}

    def test_every_term_of_today_is_translated(self):
        reader = TranslationModuleReader(self.env.cr, modules=[MODULE])
        # How an extended model is called depends on the add-ons that are installed beside this one,
        # and is translated by them.
        terms = {
            source for _module, _type, name, record, source, _value, _comments in reader
            if name != 'ir.model,name' or '.model_tochka_' in record
        }
        self.assertGreater(len(terms), 200, "Odoo finds the terms of Python, views and data")
        missing = sorted(term for term in terms if not self.translations.get(term))
        self.assertFalse(
            missing, "Export the terms anew (odoo i18n export) and translate these in i18n/ru.po.")

    def test_translations_are_russian(self):
        copied = sorted(
            source for source, translation in self.translations.items()
            if source not in LATIN and not re.search('[А-яЁё]', translation)
        )
        self.assertFalse(copied)

    def test_placeholders_and_tags_are_kept(self):
        for source, translation in self.translations.items():
            with self.subTest(source):
                self.assertEqual(
                    Counter(PLACEHOLDER.findall(translation)), Counter(PLACEHOLDER.findall(source)))

    def test_catalogue_follows_the_template(self):
        template = polib.pofile(file_path(f'{MODULE}/i18n/{MODULE}.pot'))
        self.assertEqual(
            {entry.msgid: sorted(entry.occurrences) for entry in self.catalogue},
            {entry.msgid: sorted(entry.occurrences) for entry in template},
        )
        self.assertFalse(any(entry.msgstr for entry in template))

    def test_headers_and_flags(self):
        self.assertEqual(self.catalogue.metadata['Language'], 'ru')
        self.assertTrue(self.catalogue.metadata['Plural-Forms'].startswith('nplurals=3; plural=('))
        self.assertFalse(self.catalogue.fuzzy_entries())
        self.assertEqual(len(self.translations), len(self.catalogue), "No term twice")


@tagged('post_install', '-at_install')
class TestRussian(TochkaCommon, HttpCase):
    """ What a Russian customer and a Russian accountant read. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        env = cls.env(su=True)
        cls.russian = env['res.lang']._activate_lang(RUSSIAN)
        env['ir.module.module']._load_module_terms([MODULE], [RUSSIAN], overwrite=True)
        if 'website' in env:
            env['website'].search([]).language_ids += cls.russian

    def test_declined_page(self):
        transaction = self.create_linked_tx()
        token = transaction._tochka_return_token()
        self.env.flush_all()
        response = self.url_open(
            f'/{self.russian.url_code}{const.DECLINED_ROUTE}'
            f'?reference={transaction.reference}&access_token={token}')
        self.assertEqual(response.status_code, 200)
        text = ' '.join(response.text.split())
        for words in (
            "Оплата не прошла", "Банк не списал деньги.", "Сумма", "Номер платежа",
            ">Попробовать ещё раз<", ">Выбрать другой способ оплаты<",
        ):
            self.assertIn(words, text)
        self.assertNotIn("Payment not completed", text)
        self.assertNotIn("did not take any money", text)

    def test_errors_of_the_provider(self):
        provider = self.provider.with_context(lang=RUSSIAN)
        with self.assertRaisesRegex(
            ValidationError, "Срок действия ссылки у провайдера «Tochka» должен быть от 10 до"
        ):
            provider.tochka_link_ttl = 0
        self.connection.environment = 'production'
        with self.assertRaisesRegex(ValidationError, "У банка нет тестового режима"):
            provider.state = 'test'

    def test_refused_payment(self):
        """ The customer reads kind words, the accountant the exact ones. """
        invoice = self.create_invoice()
        self.bank.fail('create_payment', errors.Rejected(
            "purpose: too long", http_status=400, audit_id='audit-77'))
        self.provider._tochka_responsible().lang = RUSSIAN
        transaction = self.create_tx(invoice).with_context(lang=RUSSIAN)
        values = transaction._get_processing_values()
        self.assertIn("Банк не принял этот платёж, деньги не списаны.", values['state_message'])
        note = invoice.message_ids.filtered(lambda message: 'audit-77' in (message.body or ''))
        self.assertIn("Банк не создал ссылку на оплату", note.body)

    def test_purpose_follows_the_payer(self):
        self.payer.lang = RUSSIAN
        invoice = self.create_invoice()
        self.create_linked_tx(invoice)
        purpose = self.bank.calls[-1][1]['purpose']
        self.assertEqual(purpose, f"Оплата: {invoice.name}")

    def test_names_in_forms_and_data(self):
        fields = self.provider.with_context(lang=RUSSIAN).fields_get(
            ['tochka_article_id', 'tochka_merchant_id'], ['string'])
        self.assertEqual(fields['tochka_article_id']['string'], "Статья")
        self.assertEqual(fields['tochka_merchant_id']['string'], "Торговая точка (ТСП)")
        for name, translation in (
            ('payment_method_mir', "Мир"),
            ('payment_method_sbp', "СБП (Система быстрых платежей)"),
            ('payment_method_dolyame', "Долями"),
            ('menu_tochka', "Точка Банк"),
            ('action_tochka_webhook_event', "Уведомления банка"),
        ):
            record = self.env.ref(f'{MODULE}.{name}').sudo().with_context(lang=RUSSIAN)
            self.assertEqual(record.name, translation)
