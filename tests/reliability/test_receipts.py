""" The register misbehaves and Odoo dies: each payment has one printed receipt, and no two. """

import random
from collections import Counter

import pytest

from tests.reliability.shop import SENDING_RECEIPT, Shop
from tools.demo.customer import Customer

PAYMENTS = 12
PATIENCE = 10  # `tuning.REGISTER_TIMEOUT` of `tochka_fiscal`: a silence is longer
# Both kinds of silence, in an order that is the same each time.
FAULTS = ['close_before', 'close_after', 'error_5xx', 'error_5xx_after', 'html_200_after',
          'cut_body', 'timeout_after']


@pytest.fixture
def faults(stack):
    """ The first tries of many receipts go wrong, before or after the register has taken them. """
    # The first one lasts: Odoo is killed meanwhile.
    kinds = ['slow', *random.Random(54).choices(FAULTS, k=PAYMENTS)]
    for kind in kinds:
        stack.control('faults', {
            'kind': kind, 'method': 'POST', 'path': '^/komtet/api/.*/task$',
            'seconds': PATIENCE + 1})
    yield
    stack.control('faults', method='DELETE')


def pay(stack, amount):
    """ Let a customer pay an invoice at the bank. :return: The invoice's id. """
    invoice_id, url = stack.create_invoice(amount)
    operation_id = Customer(stack.odoo_url).open_bank_page(url)
    stack.control(f'pay/{operation_id}', {'method': 'card'})
    return invoice_id


class CustomersShop(Shop):
    """ A shop whose customers pay at the bank, and whose scheduler prints. """

    def __init__(self, stack):
        super().__init__(stack)
        self.invoices = []

    def receipts(self):
        """ Return the receipts of what was paid. """
        return self.stack.read('fiscal.receipt', [('invoice_ids', 'in', self.invoices)], [
            'state', 'total', 'problem', 'invoice_ids', 'document_number', 'transaction_id'])

    def states(self):
        """ Return how many receipts are in which state. """
        return Counter(receipt['state'] for receipt in self.receipts())

    def help(self, states):
        """ Let the hours pass that a register is left alone for, and the scheduler look again. """
        self.help_receipts([receipt['transaction_id'][0] for receipt in self.receipts()])
        for lane in self.lanes:
            self.insist(lane)
        if states.total() == PAYMENTS and set(states) <= {'done', 'accepted'}:
            # Both the answer and the callback came while Odoo was dead; there is no way to ask.
            self.send_callbacks()

    def describe(self):
        """ Return what is not printed yet. """
        return self.receipts()


def test_one_printed_receipt_for_each_payment(stack, faults):
    before = {line['external_id'] for line in stack.control('komtet/ledger')}
    shop = CustomersShop(stack)
    try:
        shop.invoices += [pay(stack, 1000.0 + number) for number in range(PAYMENTS // 2)]
        # One is being sent now; others have an answer that was lost.
        shop.kill(SENDING_RECEIPT)
        shop.assert_kills_counted()
        shop.invoices += [pay(stack, 2000.0 + number) for number in range(PAYMENTS // 2)]
        shop.wait(lambda states: states == {'done': PAYMENTS})
        receipts = shop.receipts()
        assert sorted(r['invoice_ids'][0] for r in receipts) == sorted(shop.invoices)
        printed = [line for line in stack.control('komtet/ledger')
                   if line['external_id'] not in before]
        assert len(printed) == PAYMENTS
        assert sorted(float(line['total']) for line in printed) == sorted(
            r['total'] for r in receipts)
        assert len({r['document_number'] for r in receipts}) == PAYMENTS
        shop.assert_faults_happened(0.5)
    finally:
        shop.close()
