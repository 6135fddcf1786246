# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.


def migrate(cr, _version):
    """ The sum of refunds is new: of old payments it is known from their refunds alone, and Odoo
    need not look at each of them. The view of refunds as transactions must not be read any more;
    Odoo deletes it in the end.
    """
    cr.execute("ALTER TABLE payment_transaction ADD COLUMN IF NOT EXISTS tochka_refunded numeric")
    cr.execute("""
        UPDATE ir_ui_view SET active = false
         WHERE id IN (SELECT res_id FROM ir_model_data WHERE module = 'tochka_acquiring'
                         AND model = 'ir.ui.view' AND name = 'payment_transaction_refund_form')
    """)
