# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import importlib

from odoo.addons.tochka_acquiring.indexes import build_indexes

# 19.0.0.6.0: another index does the work of each of these, and every receipt had to write both.
OBSOLETE = ('fiscal_attempt__key_index', 'fiscal_receipt__closing_looked_at_index')


def migrate(cr, _version):
    """ Build the indexes of any new version before all else, so that nobody is locked out. """
    # Odoo loads the add-on's own classes after this.
    importlib.import_module('odoo.addons.tochka_fiscal')
    build_indexes(cr, 'tochka_fiscal', OBSOLETE)
