""" What the bank tells of the movements of an operation's money, `Order[]`. It documents neither
when a refund appears there, nor that it stays, nor whose name it bears.
"""

from datetime import timedelta
from decimal import Decimal


def told(operation, now, variants):
    """ Return what a reading or a list tells now.

    :param Operation operation: The operation.
    :param datetime now: The bank's time.
    :param dict variants: How the bank behaves.
    :return: The status and the entries.
    :rtype: tuple[str, list[dict]]
    """
    until = now - timedelta(
        seconds=variants['refund_listed_seconds'] + variants['reads_behind_seconds'])
    entries = [dict(entry) for entry in operation.orders
               if entry['type'] != 'refund' or entry['time'] <= until]
    status = operation.status
    if len(entries) < len(operation.orders) and status in ('REFUNDED', 'REFUNDED_PARTIALLY'):
        status = settled_status(operation, entries)
    for entry in [entry for entry in entries if entry['type'] == 'refund']:
        if variants['refund_ids'] == 'none':
            entry['orderId'] = None
        elif variants['refund_ids'] == 'one':
            entry['orderId'] = operation.operation_id
        if variants['refunds_doubled']:
            entries.append(dict(entry))
    return status, entries


def settled_status(operation, entries):
    """ Return the status of a paid operation by what was returned of it. :rtype: str """
    amount = returned(entries)
    if not amount:
        return 'APPROVED'
    return 'REFUNDED' if amount >= operation.amount else 'REFUNDED_PARTIALLY'


def returned(entries):
    """ Return the sum of the refunds. :rtype: Decimal """
    return sum((entry['amount'] for entry in entries if entry['type'] == 'refund'), Decimal())
