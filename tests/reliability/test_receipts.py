""" The register misbehaves and Odoo dies: each payment has one printed receipt, and no two. """

import contextlib
import random
import time
import xmlrpc.client
from collections import Counter

import pytest

from tools.demo.customer import Customer
from tools.demo.server import free_port, start_odoo

PAYMENTS = 12
WAIT_SECONDS = 180
# Both kinds of silence, in an order that is the same each time.
FAULTS = ['close_before', 'close_after', 'error_5xx', 'error_5xx_after', 'html_200_after',
          'cut_body', 'timeout_after']


@pytest.fixture
def faults(stack):
    """ The first tries of many receipts go wrong, before or after the register has taken them. """
    kinds = random.Random(54).choices(FAULTS, k=PAYMENTS)
    for kind in kinds:
        stack.control('faults', {
            'kind': kind, 'method': 'POST', 'path': '^/komtet/api/.*/task$', 'seconds': 3})
    yield
    stack.control('faults', method='DELETE')


def pay(stack, amount):
    """ Let a customer pay an invoice at the bank. :return: The transaction's reference. """
    invoice_id, url = stack.create_invoice(amount)
    operation_id = Customer(stack.odoo_url).open_bank_page(url)
    stack.control(f'pay/{operation_id}', {'method': 'card'})
    return invoice_id


def run_lanes(stack, jobs):
    """ Run the lanes now: Odoo's scheduler looks for planned ones once a minute only. """
    for job in jobs:
        with contextlib.suppress(xmlrpc.client.Fault):  # the scheduler has it at this moment
            stack.call('ir.cron', 'method_direct_trigger', [job])


def receipts_of(stack, invoices):
    """ Return the receipts of invoices. """
    return stack.read('fiscal.receipt', [('invoice_ids', 'in', invoices)], [
        'state', 'total', 'problem', 'invoice_ids', 'document_number'])


def test_one_printed_receipt_for_each_payment(stack, faults):
    before = {line['external_id'] for line in stack.control('komtet/ledger')}
    invoices = [pay(stack, 1000.0 + number) for number in range(PAYMENTS // 2)]
    # Some are being sent now, some have an answer that was lost.
    time.sleep(2)
    stack.odoo_process.kill()
    port = int(stack.odoo_url.rsplit(':', 1)[1])
    until = time.monotonic() + 30
    while free_port(port) != port and time.monotonic() < until:
        time.sleep(0.2)
    process, url = start_odoo(stack.name, port, workers=4, log='tochka_reliability.log')
    try:
        assert url == stack.odoo_url
        invoices += [pay(stack, 2000.0 + number) for number in range(PAYMENTS // 2)]
        until = time.monotonic() + WAIT_SECONDS
        jobs = [job['res_id'] for job in stack.read('ir.model.data', [
            ('module', '=', 'tochka_fiscal'), ('name', 'like', 'cron_lane_%')], ['res_id'])]
        receipts = []
        while time.monotonic() < until:
            receipts = receipts_of(stack, invoices)
            states = Counter(r['state'] for r in receipts)
            if states == {'done': PAYMENTS}:
                break
            if set(states) <= {'done', 'accepted'} and states.total() == PAYMENTS:
                # Both the answer and the callback came while Odoo was dead; there is no way to ask.
                for callback in stack.control('komtet/callbacks'):
                    if callback['result'] != 200:
                        stack.control('komtet/callbacks', {'again': callback['id']})
            run_lanes(stack, jobs)
            time.sleep(0.5)
        assert Counter(r['state'] for r in receipts) == {'done': PAYMENTS}, receipts
        assert sorted(r['invoice_ids'][0] for r in receipts) == sorted(invoices)
        printed = [line for line in stack.control('komtet/ledger')
                   if line['external_id'] not in before]
        assert len(printed) == PAYMENTS
        assert sorted(float(line['total']) for line in printed) == sorted(
            r['total'] for r in receipts)
        assert len({r['document_number'] for r in receipts}) == PAYMENTS
    finally:
        process.stop()
