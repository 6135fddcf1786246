# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.


def migrate(cr, _version):
    """ The sum of refunds is new: of old payments it is known from their refunds alone, and Odoo
    need not look at each of them.
    """
    cr.execute("ALTER TABLE payment_transaction ADD COLUMN IF NOT EXISTS tochka_refunded numeric")
