# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.


def migrate(cr, _version):
    """ What a receipt settles is said by its links; only the number of a closing receipt was not:
    `payment.transaction,7/account.move,5#2`, maybe with `#wrong-12` behind.
    """
    cr.execute(r"""
        ALTER TABLE fiscal_receipt ADD COLUMN closing_number integer;
        UPDATE fiscal_receipt
           SET closing_number = COALESCE(substring(settlement FROM '#(\d+)'), '1')::integer
         WHERE prepayment_id IS NOT NULL;
        ALTER TABLE fiscal_receipt DROP COLUMN settlement;
    """)
