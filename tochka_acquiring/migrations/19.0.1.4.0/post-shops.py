# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import re

from odoo import SUPERUSER_ID, api
from odoo.tools import sql


def migrate(cr, _version):
    if sql.table_exists(cr, 'tochka_details_tag'):  # the first versions had none
        write_tags_into_templates(cr)
    keep_the_order_of_shops(cr)


def write_tags_into_templates(cr):
    """ Own tags are gone: a template names fields itself, `{payer.ref|no contract}`. """
    cr.execute("""
        SELECT tag.name, tag.source, field.name, COALESCE(tag.text, '')
          FROM tochka_details_tag tag
     LEFT JOIN ir_model_fields field ON field.id = tag.field_id
    """)
    tags = {}
    for name, source, field, text in cr.fetchall():
        text = text.replace('{', '(').replace('}', ')')
        tags[name] = text if source == 'text' else '{%s.%s%s}' % (
            source, field, text and f'|{text}')
    cr.execute("""
        SELECT id, tochka_details_template FROM payment_provider
         WHERE tochka_details_template LIKE '%{%'
    """)
    for provider, template in cr.fetchall():
        written = re.sub(
            r'\{([^{}]*)\}', lambda tag: tags.get(tag[1].strip(), tag[0]), template)
        if written != template:
            cr.execute("UPDATE payment_provider SET tochka_details_template = %s WHERE id = %s",
                       (written, provider))


def keep_the_order_of_shops(cr):
    """ The first shop that fits takes a document; until now the one with more rules did, and that
    with journals before that with analytic accounts.
    """
    providers = api.Environment(cr, SUPERUSER_ID, {})['payment.provider'].search(
        [('code', '=', 'tochka')])
    for _company, shops in providers.filtered(lambda p: p._tochka_has_rules()).grouped(
            'company_id').items():
        ordered = shops.sorted(lambda p: (
            -bool(p.tochka_journal_ids) - bool(p.tochka_analytic_ids),
            not p.tochka_journal_ids))
        if ordered.ids == shops.ids:
            continue
        first = min(shops.mapped('sequence'))
        for place, shop in enumerate(ordered):
            cr.execute("UPDATE payment_provider SET sequence = %s WHERE id = %s",
                       (first + place, shop.id))
