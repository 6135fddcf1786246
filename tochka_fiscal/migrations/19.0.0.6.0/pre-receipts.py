# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.


def migrate(cr, _version):
    """ What is printed is summed up with its sign. In SQL: there may be a million receipts. """
    cr.execute("""
        ALTER TABLE fiscal_receipt ADD COLUMN IF NOT EXISTS printed_total numeric,
                                   ADD COLUMN IF NOT EXISTS printed_on date;
        UPDATE fiscal_receipt
           SET printed_total = CASE WHEN kind = 'income' AND state IN ('done', 'delegated')
                                    THEN total
                                    WHEN kind = 'income_return' AND state = 'done' THEN -total
                                    ELSE 0 END,
               printed_on = to_date(substring(printed_at FROM '^\\d\\d\\.\\d\\d\\.\\d{4}'),
                                    'DD.MM.YYYY');
        ALTER TABLE fiscal_receipt_line ADD COLUMN IF NOT EXISTS printed_total numeric,
                                        ADD COLUMN IF NOT EXISTS printed_on date,
                                        ADD COLUMN IF NOT EXISTS kind varchar;
        UPDATE fiscal_receipt_line line
           SET kind = receipt.kind,
               printed_on = receipt.printed_on,
               printed_total = CASE WHEN receipt.kind = 'income'
                                         AND receipt.state IN ('done', 'delegated')
                                    THEN line.total
                                    WHEN receipt.kind = 'income_return' AND receipt.state = 'done'
                                    THEN -line.total
                                    ELSE 0 END
          FROM fiscal_receipt receipt
         WHERE receipt.id = line.receipt_id
    """)
