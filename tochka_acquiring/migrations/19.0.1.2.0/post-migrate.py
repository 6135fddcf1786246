# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.


def migrate(cr, _version):
    """ The add-on's own ways to pay can be returned from Odoo now. """
    cr.execute("""
        UPDATE payment_method
           SET support_refund = 'partial'
          FROM ir_model_data data
         WHERE data.module = 'tochka_acquiring'
           AND data.model = 'payment.method'
           AND data.res_id = payment_method.id
    """)
