# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" The details («Детали») of a payment: one line from a template with tags in braces.

A tag is a name in braces, `{payer}`, or a name and what stands there when it has no value,
`{payer.ref|no contract}`. Nothing else is ever evaluated: a value that holds braces is put in as it
is.
"""

import re

from .errors import _lt

_TAG = re.compile(r'\{([^{}]*)\}')


def find_tags(template):
    """ Return the names of the tags in a template, in their order.

    :param str template: The template.
    :rtype: list[str]
    :raise ValueError: If a brace has no partner, saying what to do.
    """
    if re.search(r'[{}]', _TAG.sub('', template)):
        raise ValueError(_lt("A brace has no partner: write each tag as {name}."))
    return [tag.partition('|')[0].strip() for tag in _TAG.findall(template)]


def render(template, values):
    """ Put values in place of the tags.

    :param str template: The template.
    :param dict[str, str] values: The values by the names of the tags; what is missing or empty, and
                                  has no other text, leaves nothing behind, not even double spaces.
    :return: The text in one line; empty when nothing is left.
    :rtype: str
    """
    def value(match):
        name, _bar, otherwise = match[1].partition('|')
        return str(values.get(name.strip()) or otherwise)

    text = _TAG.sub(value, template)
    text = ''.join(c if c.isprintable() else ' ' for c in text)
    return re.sub(r'\s+([,.;:!?»)])', r'\1', ' '.join(text.split())).strip(' ,;:-')
