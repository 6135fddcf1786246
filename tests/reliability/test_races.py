""" Everybody learns of a payment at the same moment, and workers die: one payment in the books. """

from concurrent.futures import ThreadPoolExecutor

import requests

from tools.demo.customer import Customer

INVOICES = 4
REPEATS = 3


def operation_of(stack, operation_id):
    """ Return an operation as the bank knows it. """
    return next(o for o in stack.control('operations') if o['operationId'] == operation_id)


def test_return_webhook_and_jobs_at_once(stack):
    """ For each invoice: returning browsers, repeated notifications and the poll, all together. """
    stack.control('webhooks', {'pause': True})
    invoices = []
    for _count in range(INVOICES):
        invoice_id, url = stack.create_invoice()
        operation_id = Customer(stack.odoo_url).open_bank_page(url)
        stack.control(f'pay/{operation_id}', {'method': 'card'})
        invoices.append((invoice_id, operation_of(stack, operation_id)))
    for delivery in stack.control('webhooks'):
        if not delivery['done']:
            stack.control('webhooks', {'again': delivery['id'], 'copies': REPEATS})
    transactions = [t['id'] for i, _op in invoices for t in stack.transactions(i)]
    stack.plan_poll(transactions, '2020-01-01 00:00:00')

    def come_back(operation):
        return requests.get(operation['redirectUrl'], timeout=60).status_code

    with ThreadPoolExecutor(12) as pool:
        returns = [pool.submit(come_back, operation)
                   for _invoice, operation in invoices for _count in range(REPEATS)]
        stack.control('webhooks', {'pause': False, 'parallel': True})
        assert [future.result() for future in returns] == [200] * len(returns)
    stack.run_job('cron_poll')
    stack.run_job('cron_sweep')
    for invoice_id, _operation in invoices:
        stack.wait_paid(invoice_id)
    assert not stack.read('tochka.webhook.event', [('state', '=', 'orphan')], ['id'])


def test_two_windows_press_pay_at_once(stack):
    """ One operation for the document, amount and method, whoever is first. """
    for _round in range(3):
        invoice_id, url = stack.create_invoice()
        with ThreadPoolExecutor(3) as pool:
            operations = set(pool.map(
                lambda _n, link=url: Customer(stack.odoo_url).open_bank_page(link), range(3)))
        assert len(operations) == 1
        assert len(stack.transactions(invoice_id)) == 1


def test_lost_answer_makes_no_second_operation(stack):
    """ The bank creates the operation, and the answer never arrives. """
    for kind in ('close_after', 'cut_body', 'html_200_after', 'error_5xx_after'):
        stack.control('faults', {'kind': kind, 'method': 'POST', 'path': '/payments$'})
        before = len(stack.control('operations'))
        _invoice_id, url = stack.create_invoice()
        operation_id = Customer(stack.odoo_url).open_bank_page(url)
        assert len(stack.control('operations')) == before + 1, kind
        assert operation_of(stack, operation_id)['status'] == 'CREATED'


def test_killed_while_people_pay(stack):
    """ Odoo dies without warning; what was paid meanwhile is in the books after the start. """
    stack.control('webhooks', {'drop': True})
    invoices = []
    for _count in range(INVOICES):
        invoice_id, url = stack.create_invoice()
        invoices.append((invoice_id, Customer(stack.odoo_url).open_bank_page(url)))
    stack.kill_odoo()
    for _invoice_id, operation_id in invoices:
        stack.control(f'pay/{operation_id}', {'method': 'card'})
    stack.control('webhooks', {'drop': False})
    stack.start_odoo()
    stack.run_job('cron_sweep')
    for invoice_id, _operation_id in invoices:
        stack.wait_paid(invoice_id)
