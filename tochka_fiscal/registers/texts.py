# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Texts as a fiscal storage keeps them: in the code page CP866. Free of Odoo.

Source: OrangeData protocol 2.31.3 of 2025-09-10, 1.2.6: what the code page lacks would be dropped.
"""

import unicodedata

# What has a relative that everybody reads as the same.
RELATIVES = str.maketrans({
    **dict.fromkeys('«»“”„‟″❝❞', '"'), **dict.fromkeys('‘’‚‛′ʼ`´', "'"),
    **dict.fromkeys('‐‑‒–—―−⁃', '-'), '…': '...', '₽': 'руб.', '€': 'EUR', '£': 'GBP', '¥': 'JPY',
    '×': 'x', '÷': '/', '⁄': '/', '•': '·', '‹': '<', '›': '>', '±': '+/-', '≈': '~',
    '©': '(c)', '®': '(R)', '§': 'п.', '¬': '-', '\u00a0': ' ', '\u202f': ' ', '\u2009': ' ',
})
NOTHING = ('Mn', 'Me', 'Cf')  # accents, joiners: what is left of a character without them stands
UNKNOWN = '?'


def to_cp866(text, limit):
    """ Return a text that CP866 can show: what it lacks is replaced by a relative, never dropped.

    :param str text: The text.
    :param int limit: The most characters.
    :rtype: str
    """
    text = ''.join(map(_show, unicodedata.normalize('NFC', text).translate(RELATIVES)))
    text = ' '.join(text.split())
    if len(text) <= limit:
        return text
    return f'{text[:limit - 3].rstrip(" ,;:-")}...'


def _show(character):
    """ Return a character, its relative, or a sign that something stood there. """
    if _is_shown(character):
        return character
    if unicodedata.category(character) in NOTHING:
        return ''
    relative = ''.join(
        part for part in unicodedata.normalize('NFKD', character).translate(RELATIVES)
        if _is_shown(part))
    return relative or UNKNOWN


def _is_shown(character):
    try:
        character.encode('cp866')
    except UnicodeEncodeError:
        return False
    return True
