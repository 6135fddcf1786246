# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.


def migrate(cr, _version):
    """ What a receipt is stands in a column. Most are payments: no row of theirs is written. """
    cr.execute("ALTER TABLE fiscal_receipt ADD COLUMN role varchar NOT NULL DEFAULT 'payment'")
    cr.execute("""
        UPDATE fiscal_receipt
           SET role = CASE WHEN is_test THEN 'test'
                           WHEN wrong_id IS NOT NULL
                           THEN CASE kind WHEN 'income' THEN 'right' ELSE 'reversal' END
                           WHEN kind = 'income_return' THEN 'return'
                           WHEN correction_day IS NOT NULL THEN 'correction'
                           ELSE 'closing' END
         WHERE is_test OR kind = 'income_return' OR wrong_id IS NOT NULL
            OR correction_day IS NOT NULL OR prepayment_id IS NOT NULL
    """)
    cr.execute("ALTER TABLE fiscal_receipt ALTER COLUMN role DROP DEFAULT, DROP COLUMN is_test")
