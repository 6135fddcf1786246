""" The bank's partner, whose till prints the receipts of operations.

A receipt is printed when the money has come, not when it is held: the bank's pages say no more
than that the partner issues it. They are silent about a receipt of return, so that a refund prints
nothing here: its request has no lines either, from which one of a part could be made. Neither a
method nor a webhook tells of receipts: they can be read by the control alone.
"""

from decimal import ROUND_HALF_UP, Decimal

KOPECK = Decimal('0.01')


def line_total(item):
    """ Return price × quantity of a line, with all decimals. :rtype: Decimal """
    return Decimal(str(item['amount'])) * Decimal(str(item['quantity']))


def line_sum(item):
    """ Return what a line comes to at a till: rounded to a kopeck. :rtype: Decimal """
    return line_total(item).quantize(KOPECK, ROUND_HALF_UP)


class Partner:
    """ The receipts that were printed. The lock of the bank is held around every call. """

    def __init__(self):
        self.printed = []

    def print(self, operation, moment):
        """ Print the receipt of an operation, if it has one.

        :param Operation operation: What was paid.
        :param datetime moment: The bank's time.
        """
        receipt = operation.receipt
        if not receipt:
            return
        client = receipt['Client']
        self.printed.append({
            'operation_id': operation.operation_id,
            'payment_link_id': operation.payment_link_id,
            'merchant_id': operation.merchant_id,
            'moment': moment,
            'email': client['email'],
            'name': client.get('name'),
            'phone': client.get('phone'),
            'tax_system': receipt.get('taxSystemCode'),
            'items': [self._describe(item, receipt) for item in receipt['Items']],
            'total': f'{sum(map(line_sum, receipt["Items"])):.2f}',
        })

    def _describe(self, item, receipt):
        """ Return a line with what the bank documents for fields that were left out.

        Pieces, and the supplier of the receipt. VAT and the like have no documented default.
        """
        supplier = item.get('Supplier') or receipt.get('Supplier')
        return {
            'measure': 'шт.', **item, 'amount': f'{Decimal(str(item["amount"])):.2f}',
            'sum': f'{line_sum(item):.2f}', **({'Supplier': supplier} if supplier else {}),
        }
