# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import importlib

from odoo.addons.tochka_acquiring.indexes import build_indexes


def migrate(cr, _version):
    """ Each new version builds its indexes before its own transaction, and locks nobody out. """
    # Odoo loads the add-on's own classes after this.
    importlib.import_module('odoo.addons.tochka_fiscal')
    build_indexes(cr, 'tochka_fiscal')
