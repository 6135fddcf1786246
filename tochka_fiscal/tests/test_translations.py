# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import polib

from odoo.tests import TransactionCase, tagged
from odoo.tools.misc import file_path
from odoo.tools.translate import TranslationModuleReader


@tagged('post_install', '-at_install')
class TestFiscalTerms(TransactionCase):
    """ Nothing that a user reads is left in English. """

    def test_every_term_of_today_is_translated(self):
        translations = {
            entry.msgid: entry.msgstr
            for entry in polib.pofile(file_path('tochka_fiscal/i18n/ru.po'))
        }
        reader = TranslationModuleReader(self.env.cr, modules=['tochka_fiscal'])
        terms = {source for _module, _type, _name, _id, source, _value, _comments in reader}
        self.assertGreater(len(terms), 30)
        self.assertFalse(sorted(term for term in terms if not translations.get(term)))
