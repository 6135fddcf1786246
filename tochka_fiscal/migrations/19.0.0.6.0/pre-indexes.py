# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.addons.tochka_acquiring.indexes import drop_indexes


def migrate(cr, _version):
    """ Another index does the work of each of these, and every receipt had to write both. """
    drop_indexes(cr, ['fiscal_attempt__key_index', 'fiscal_receipt__closing_looked_at_index'])
