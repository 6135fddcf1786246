# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.addons.tochka_acquiring.indexes import build_indexes

# 19.0.1.3.0: another index does the work of each of these, and every payment had to write both.
OBSOLETE = (
    'payment_transaction__tochka_operation_id_index',
    'payment_transaction__tochka_payment_link_id_index',
    'tochka_webhook_event__connection_id_index',
)


def migrate(cr, _version):
    """ Build the indexes of any new version before all else, so that nobody is locked out. """
    build_indexes(cr, 'tochka_acquiring', OBSOLETE)
