# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.tools.sql import column_exists


def migrate(cr, _version):
    """ A refund was a transaction with a state of its own beside Odoo's; now it is an intent, and
    the transaction is made when the money has gone back.

    Transactions of refunds that the bank does not list stay, cancelled, with reference, credit note
    and receipt: the one of a refund that is listed later becomes done.
    """
    if not column_exists(cr, 'payment_transaction', 'tochka_refund_state'):
        return  # Before 19.0.1.2.0 nothing was returned by Odoo.
    cr.execute("""
        INSERT INTO tochka_refund (
                    name, source_transaction_id, company_id, amount, credit_note_id, state,
                    next_at, tries, sent_at, failure, order_id, returned_at, transaction_id,
                    create_uid, create_date, write_uid, write_date)
             SELECT tx.reference, tx.source_transaction_id, source.company_id, -tx.amount, (
                        SELECT note.id
                          FROM account_invoice_transaction_rel rel
                          JOIN account_move note ON note.id = rel.invoice_id
                         WHERE rel.transaction_id = tx.id AND note.move_type = 'out_refund'
                         ORDER BY note.id LIMIT 1),
                    intent.state,
                    CASE WHEN intent.state IN ('requested', 'sending', 'sent', 'unknown')
                         THEN COALESCE(tx.tochka_refund_next_at, now() AT TIME ZONE 'UTC')
                         WHEN intent.state = 'by_hand'
                         THEN now() AT TIME ZONE 'UTC' + interval '1 day' END,
                    tx.tochka_refund_tries,
                    CASE WHEN intent.state IN ('sending', 'sent', 'unknown')
                         THEN COALESCE(tx.tochka_refund_sent_at, tx.last_state_change,
                                       tx.create_date)
                         ELSE tx.tochka_refund_sent_at END,
                    CASE WHEN tx.tochka_error IS NOT NULL
                          AND intent.state NOT IN ('done', 'by_hand')
                         THEN jsonb_build_object('text', tx.tochka_error) END,
                    -- An entry without an id was named after the operation.
                    CASE WHEN tx.tochka_order_id NOT LIKE source.tochka_operation_id || '#%'
                         THEN tx.tochka_order_id END,
                    CASE WHEN intent.state IN ('done', 'by_hand')
                         THEN COALESCE(tx.tochka_paid_at, tx.last_state_change) END,
                    tx.id, tx.create_uid, tx.create_date, tx.write_uid, tx.write_date
               FROM payment_transaction tx
               JOIN payment_transaction source ON source.id = tx.source_transaction_id
               JOIN payment_provider provider ON provider.id = tx.provider_id
         CROSS JOIN LATERAL (SELECT CASE
                        WHEN tx.state = 'cancel' THEN 'cancelled'
                        WHEN tx.tochka_refund_state IS NOT NULL THEN tx.tochka_refund_state
                        WHEN tx.state = 'done' THEN 'by_hand'
                        ELSE 'cancelled' END AS state) intent
              WHERE tx.operation = 'refund' AND provider.code = 'tochka' AND tx.amount < 0
           ORDER BY tx.id
    """)
    cr.execute("""
        UPDATE payment_transaction tx
           SET state = 'cancel', is_post_processed = true
          FROM tochka_refund refund
         WHERE refund.transaction_id = tx.id AND refund.state NOT IN ('done', 'by_hand')
    """)
    cr.execute("""
        UPDATE payment_transaction source
           SET tochka_refunded = sums.amount
          FROM (SELECT source_transaction_id AS id, sum(amount) AS amount FROM tochka_refund
                 WHERE state NOT IN ('rejected', 'cancelled') GROUP BY 1) sums
         WHERE sums.id = source.id
    """)
