# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" Old payments by the thousand: copies of one that was really paid, printed and booked. """

from odoo.tools import SQL

# What grows with each payment. Nothing that is done every minute, or waited for, may read it all.
TABLES = (
    'payment_transaction', 'tochka_webhook_event', 'fiscal_receipt', 'fiscal_receipt_line',
    'fiscal_attempt', 'account_payment', 'account_move', 'account_move_line', 'tochka_refund',
)
PAYMENTS_OF_A_CUSTOMER = 20
# The payments lie between a year and a week back; `i` counts them, the oldest first.
_MOMENT = "(now() AT TIME ZONE 'UTC' - interval '1 year' + i * interval '358 days' / {rows})"


def add_old_rows(env, receipt, rows):
    """ Add old payments, each with its invoice, entry, notification, receipt and its line.

    Of ten payments one was begun and never paid, one has expired, and one is a refund. Each
    customer has paid twenty times, one after the other.

    :param env: The environment of a superuser.
    :param fiscal.receipt receipt: The printed receipt of a payment that is in the books. Copied.
    :param int rows: How many.
    :return: None
    """
    env.flush_all()
    transaction = receipt.transaction_id
    payment = transaction.payment_id
    customers = rows // PAYMENTS_OF_A_CUSTOMER
    tables = ('res_partner', *TABLES)
    # Ids without a gap behind those that exist, so that each row knows the others of its payment.
    first = {}
    for table in tables:
        [[first[table]]] = env.execute_query(SQL(
            "SELECT COALESCE(MAX(id), 0) FROM %s", SQL.identifier(table)))
    moment = _MOMENT.format(rows=rows)
    own = {table: f'{start} + i' for table, start in first.items()}
    partner = f"{first['res_partner']} + 1 + (i - 1) / {PAYMENTS_OF_A_CUSTOMER}"
    entry = f"{first['account_move']} + {rows} + i"
    dates = {'create_date': moment, 'write_date': moment}

    def copy(table, record_id, values, count=rows, shift=0):
        columns = [name for [name] in env.execute_query(SQL(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_schema = current_schema AND table_name = %s AND is_generated = 'NEVER'",
            table))]
        values = {'id': f'{first[table] + shift} + i', **values}
        env.cr.execute(SQL(
            "INSERT INTO %(table)s (%(names)s) SELECT %(values)s"
            "  FROM %(table)s source, generate_series(1, %(count)s) i WHERE source.id = %(id)s",
            table=SQL.identifier(table), count=count, id=record_id,
            names=SQL(', ').join(map(SQL.identifier, columns)),
            values=SQL(', ').join(
                SQL(values[name].replace('%', '%%')) if name in values
                else SQL.identifier('source', name) for name in columns)))

    copy('res_partner', receipt.partner_id.id, {
        'commercial_partner_id': own['res_partner'], 'name': "'Customer ' || i",
        'complete_name': "'Customer ' || i", 'email': "'customer' || i || '@example.com'",
        'email_normalized': "'customer' || i || '@example.com'",
    }, count=customers)
    copy('account_move', transaction.invoice_ids.id, {
        **dates, 'name': "'OLD/' || i", 'partner_id': partner, 'commercial_partner_id': partner,
        'partner_shipping_id': partner, 'invoice_date': f'{moment}::date',
        'date': f'{moment}::date', 'invoice_date_due': f'{moment}::date',
        'sequence_number': 'i', 'sequence_prefix': "'OLD/'", 'access_token': 'NULL',
        'payment_reference': "'OLD/' || i",
    })
    copy('account_move', payment.move_id.id, {
        **dates, 'name': "'OLDPAY/' || i", 'partner_id': partner, 'commercial_partner_id': partner,
        'date': f'{moment}::date', 'origin_payment_id': 'NULL',
        'sequence_number': 'i', 'sequence_prefix': "'OLDPAY/'",
    }, shift=rows)
    copy('payment_transaction', transaction.id, {
        **dates, 'reference': "'OLD/' || i", 'partner_id': partner,
        'last_state_change': moment, 'tochka_read_at': moment, 'tochka_paid_at': moment,
        'tochka_link_expires_at': moment, 'tochka_next_poll_at': 'NULL',
        'tochka_operation_id': "'old-' || i", 'tochka_payment_link_id': "'old-' || i",
        'state': "CASE i % 10 WHEN 0 THEN 'draft' WHEN 1 THEN 'cancel' ELSE 'done' END",
        'is_post_processed': "i % 10 <> 0",
        'operation': "CASE i % 10 WHEN 2 THEN 'refund' ELSE source.operation END",
        'source_transaction_id':
            f"CASE i % 10 WHEN 2 THEN {first['payment_transaction']} + i - 1 END",
        'payment_id': 'NULL',
    })
    env.cr.execute(SQL(
        """
        INSERT INTO tochka_refund (
                    name, source_transaction_id, company_id, amount, state, order_id,
                    returned_at, transaction_id, create_date, write_date)
             SELECT reference, source_transaction_id, company_id, amount, 'done', 'old',
                    create_date, id, create_date, create_date
               FROM payment_transaction WHERE operation = 'refund' AND reference LIKE 'OLD/%%'
        """))
    copy('account_payment', payment.id, {
        **dates, 'name': "'OLDPAY/' || i", 'partner_id': partner, 'date': f'{moment}::date',
        'move_id': entry, 'payment_transaction_id': own['payment_transaction'],
    })
    env.cr.execute(
        "UPDATE payment_transaction tx SET payment_id = payment.id FROM account_payment payment"
        " WHERE payment.payment_transaction_id = tx.id AND tx.payment_id IS NULL"
        "   AND tx.state = 'done'")
    due = transaction.invoice_ids.line_ids.filtered(
        lambda line: line.account_id.account_type == 'asset_receivable')
    paid = payment.move_id.line_ids.filtered(
        lambda line: line.account_id.account_type == 'asset_receivable')
    for line, move, shift in (
        (due, own['account_move'], 0), (paid, entry, rows),
    ):
        copy('account_move_line', line.id, {
            **dates, 'move_id': move, 'partner_id': partner, 'date': f'{moment}::date',
            'move_name': "'OLD/' || i", 'full_reconcile_id': 'NULL', 'matching_number': 'NULL',
            'payment_id': own['account_payment'] if line == paid else 'NULL',
            'fiscal_marks': 'NULL' if line == paid else (
                "CASE i % 5 WHEN 0 THEN '0104600000000001215' || i END"),
        }, shift=shift)
    copy('fiscal_receipt', receipt.id, {
        **dates, 'name': "'OLD/' || i", 'partner_id': partner, 'paid_at': moment,
        'transaction_id': own['payment_transaction'],
        'document_number': 'i::text', 'next_try_at': 'NULL', 'closing_looked_at': 'NULL',
    })
    copy('fiscal_receipt_line', receipt.line_ids[:1].id, {
        **dates, 'receipt_id': own['fiscal_receipt'], 'paid_at': moment, 'state': "'done'",
        'source': f"'account.move,' || {own['account_move']}",
        'mark': "CASE i % 10 WHEN 3 THEN '0104600000000001215' || i END",
    })
    copy('fiscal_attempt', receipt.attempt_ids[:1].id, {
        **dates, 'receipt_id': own['fiscal_receipt'], 'key': "'old-' || i",
    })
    event = env['tochka.webhook.event'].sudo().create({
        'digest': 'old', 'source': 'webhook', 'state': 'done',
        'received_at': transaction.create_date,
        'operation_id': 'old', 'transaction_id': transaction.id,
        'company_id': transaction.company_id.id,
        'connection_id': transaction.provider_id.tochka_connection_id.id,
    })
    env.flush_all()
    first['tochka_webhook_event'] = event.id
    copy('tochka_webhook_event', event.id, {
        **dates, 'digest': "'old-' || i", 'received_at': moment, 'operation_id': "'old-' || i",
        'transaction_id': own['payment_transaction'],
    })
    for relation, column, other, column_start, other_start in (
        ('account_invoice_transaction_rel', 'invoice_id', 'transaction_id',
         'account_move', 'payment_transaction'),
        ('fiscal_receipt_invoice_rel', 'account_move_id', 'fiscal_receipt_id',
         'account_move', 'fiscal_receipt'),
    ):
        env.cr.execute(SQL(
            "INSERT INTO %s (%s, %s) SELECT %s + i, %s + i FROM generate_series(1, %s) i",
            SQL.identifier(relation), SQL.identifier(column), SQL.identifier(other),
            first[column_start], first[other_start], rows))
    for table in tables:
        env.cr.execute(SQL(
            "SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT MAX(id) FROM %s))",
            table, SQL.identifier(table)))
    env.invalidate_all()
