# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.addons.tochka_acquiring.indexes import drop_indexes


def migrate(cr, _version):
    """ Another index does the work of each of these, and every payment had to write both. """
    drop_indexes(cr, [
        'payment_transaction__tochka_operation_id_index',
        'payment_transaction__tochka_payment_link_id_index',
        'tochka_webhook_event__connection_id_index',
    ])
