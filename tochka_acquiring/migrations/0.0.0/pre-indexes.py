# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.addons.tochka_acquiring.indexes import build_indexes


def migrate(cr, _version):
    """ Each new version builds its indexes before its own transaction, and locks nobody out. """
    build_indexes(cr, 'tochka_acquiring')
