# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import re
from unittest.mock import patch

from odoo.tools import html2plaintext
from odoo.tools.translate import CodeTranslations

MARK = 'Ы'
WORDS = re.compile(r'[A-Za-z]{2,} [a-z]{2,} [a-z]{2,}')


class Marked(dict):
    """ A catalogue that translates everything: what is left without the mark never asked it. """

    def get(self, source, default=None):
        return f'{MARK}{source}'


class LanguageMixin:
    """ Nobody but OdooBot knows English here. """

    # The fields in which jobs keep what was wrong.
    TEXTS = (
        ('payment.transaction', 'tochka_error'), ('payment.transaction', 'state_message'),
        ('tochka.webhook.event', 'problem'), ('tochka.connection', 'webhook_problem'),
    )

    def speak_russian(self):
        """ From now on all people are Russian, and all texts of the code are translated. """
        self.env['res.lang'].sudo()._activate_lang('ru_RU')
        self.env['res.users'].sudo().with_context(active_test=False).search([
            ('id', '!=', self.env.ref('base.user_root').id)]).lang = 'ru_RU'
        self.env.ref('base.user_root').sudo().lang = 'en_US'
        self.env['res.partner'].sudo().search([]).filtered('user_ids').lang = 'ru_RU'
        self.env.ref('base.user_root').sudo().partner_id.lang = 'en_US'
        real = CodeTranslations.get_python_translations
        self.startPatcher(patch.object(
            CodeTranslations, 'get_python_translations',
            lambda translations, module, lang: Marked() if lang == 'ru_RU'
            else real(translations, module, lang)))
        self.since = {
            model: self.env[model].sudo().with_context(active_test=False).search(
                [], order='id desc', limit=1).id
            for model in ('mail.message', 'mail.activity')}

    def written(self):
        """ Return what was stored or sent since then: where, and the text. """
        self.env.flush_all()
        self.env.invalidate_all()
        new = {model: self.env[model].sudo().with_context(active_test=False).search(
            [('id', '>', last)]) for model, last in self.since.items()}
        for message in new['mail.message']:
            yield f'message of {message.model}', html2plaintext(message.body or '')
            yield f'subject of {message.model}', message.subject
        for activity in new['mail.activity']:
            yield f'activity of {activity.res_model}', activity.summary
            yield f'note of {activity.res_model}', html2plaintext(activity.note or '')
            yield f'feedback of {activity.res_model}', activity.feedback
        for model, field in self.TEXTS:
            for record in self.env[model].sudo().search([(field, '!=', False)]):
                yield f'{model}.{field}', record[field]

    def assertNoEnglish(self, *theirs):
        """ Check all that was written; the words of the bank and of registers stay as they are. """
        seen = []
        for where, text in self.written():
            for words in theirs:
                text = (text or '').replace(words, '')
            if text:
                seen.append(where)
                self.assertFalse(
                    WORDS.search(text) and MARK not in text, f"{where} is English: {text}")
        return seen
