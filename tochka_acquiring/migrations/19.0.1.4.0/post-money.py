# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.tools import SQL, sql


def migrate(cr, _version):
    """ Tell what payments were meant for, from the documents that are still there. """
    links = [
        SQL("EXISTS (SELECT FROM %s rel WHERE rel.transaction_id = tx.id)", SQL.identifier(table))
        for table in ('account_invoice_transaction_rel', 'sale_order_transaction_rel')
        if sql.table_exists(cr, table)
    ]
    till = SQL("tx.pos_order_id IS NOT NULL") if sql.column_exists(
        cr, 'payment_transaction', 'pos_order_id') else SQL("FALSE")
    cr.execute(SQL(
        """
        UPDATE payment_transaction tx
           SET tochka_meant_for = CASE WHEN %s THEN 'document' WHEN %s THEN 'till'
                                       ELSE 'balance' END
          FROM payment_provider provider
         WHERE provider.id = tx.provider_id
           AND provider.code = 'tochka'
           AND tx.operation IS DISTINCT FROM 'refund'
           AND tx.tochka_meant_for IS NULL
        """,
        SQL(" OR ").join(links), till,
    ))
