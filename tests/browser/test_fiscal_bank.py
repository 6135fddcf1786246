""" The bank's own register: the receipt goes with the link, and a refund has one as well. """

import pytest

from tests.browser.steps import log_in, run_job, wait


@pytest.fixture
def bank_register(stack):
    """ A register is connected to the shop at the bank, and chosen for the provider. """
    world = stack.control('world')
    [connection] = stack.read('tochka.connection', [], ['id'])
    [provider] = stack.read('payment.provider', [
        ('code', '=', 'tochka'), ('state', '=', 'enabled')], ['id', 'fiscalization'])

    def connect(cashbox):
        for retailers in world['retailers'].values():
            for retailer in retailers:
                retailer['cashbox'] = cashbox
        stack.control('world', world, method='PUT')
        stack.call('tochka.connection', 'action_connect', [connection['id']])

    stack.call('payment.provider', 'write', [provider['id']], {'fiscalization': 'no'})
    connect('businessRu')
    stack.call('payment.provider', 'write', [provider['id']], {'fiscalization': 'bank'})
    yield provider['id']
    stack.call('payment.provider', 'write', [provider['id']], {'fiscalization': 'no'})
    connect(None)
    stack.call('payment.provider', 'write', [provider['id']], {'fiscalization': 'other'})


def test_receipt_goes_with_the_link_and_a_refund_by_a_person(stack, visit, bank_register):
    administrator = log_in(visit, stack, 'admin', 'admin')
    page = administrator.page
    page.goto(f'{stack.odoo_url}/odoo/payment-providers/{bank_register}')
    page.locator('.o_notebook a[name="fiscal"]').click()
    page.locator('.o_form_view [name="fiscal_closing"]').wait_for()
    administrator.look_twice(
        stack, 'fiscal_bank', lambda tab: tab.locator('.o_notebook a[name="fiscal"]').click())

    printed = len(stack.control('receipts'))
    invoice_id, url = stack.create_invoice(1500.0)
    visitor = visit(url).choose('card').press_pay().pay_at_the_bank('card')
    visitor.page.wait_for_url(f'**/my/invoices/{invoice_id}**')
    stack.wait_paid(invoice_id)
    [receipt] = stack.control('receipts')[printed:]
    assert (receipt['total'], receipt['tax_system']) == ('1500.00', 'osn')
    kept = wait(stack, 'fiscal.receipt', [('invoice_ids', 'in', [invoice_id])], ['state'],
                lambda record: record['state'] == 'delegated')
    page.goto(f'{stack.odoo_url}/odoo/action-tochka_fiscal.action_fiscal_receipt/{kept["id"]}')
    page.locator('.alert-info:visible').first.wait_for()
    administrator.look_twice(stack, 'fiscal_bank_receipt')

    # The accountant returns a part by the button of the payment.
    [transaction] = stack.transactions(invoice_id)
    page.goto(f'{stack.odoo_url}/odoo/action-account.action_account_payments/'
              f'{transaction["payment_id"][0]}')
    page.locator('button[name="action_refund_wizard"]').click()
    amount = page.locator('.modal [name="amount_to_refund"] input')
    amount.fill('500')
    amount.press('Tab')
    administrator.look('refund_wizard')
    page.locator('.modal button[name="action_refund"]').click()
    page.locator('.modal').wait_for(state='detached')
    run_job(stack, 'cron_refund')
    refund = wait(
        stack, 'payment.transaction', [('source_transaction_id', '=', transaction['id'])],
        ['state', 'amount', 'payment_id'], lambda record: record['state'] == 'done')
    assert refund['amount'] == -500.0
    [returned] = stack.read('fiscal.receipt', [('transaction_id', '=', refund['id'])], [
        'state', 'kind', 'total'])
    assert (returned['state'], returned['kind'], returned['total']) == (
        'delegated', 'income_return', 500.0)
    page.goto(f'{stack.odoo_url}/odoo/action-tochka_acquiring.action_tochka_refund')
    page.locator('.o_list_view .o_data_row').first.wait_for()
    administrator.look('refunds')

    # The customer reads it on a phone.
    customer = visit(url, phone=True)
    told = customer.page.locator('#tochka_refunds')
    told.wait_for()
    assert '500' in told.inner_text() and 'возвращены' in told.inner_text()
    customer.look('portal_refund_phone')
    visit(url).look('portal_refund')
