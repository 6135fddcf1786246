""" The accountant finds the receipt of a payment, printed by the till. """

import time

WAIT_SECONDS = 90


def wait_printed(stack, invoice_id):
    """ Wait until the receipt of an invoice is printed. """
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        receipts = stack.read('fiscal.receipt', [('invoice_ids', 'in', [invoice_id])], [
            'state', 'qr', 'problem', 'document_number'])
        if receipts and receipts[0]['state'] in ('done', 'failed'):
            break
        time.sleep(0.5)
    [receipt] = receipts
    assert receipt['state'] == 'done', receipt
    return receipt


def test_receipt_of_a_paid_invoice(stack, visit):
    invoice_id, url = stack.create_invoice(1234.56)
    visitor = visit(url).choose('card').press_pay().pay_at_the_bank('card')
    visitor.page.wait_for_url(f'**/my/invoices/{invoice_id}**')
    receipt = wait_printed(stack, invoice_id)
    accountant = visit(f'{stack.odoo_url}/web/login')
    page = accountant.page
    page.fill('input[name=login]', 'accountant')
    page.fill('input[name=password]', 'demo')
    page.press('input[name=password]', 'Enter')
    page.wait_for_url('**/odoo**')
    page.goto(f'{stack.odoo_url}/odoo/action-tochka_fiscal.action_fiscal_receipt')
    page.locator('.o_list_view .o_data_row').first.wait_for()
    accountant.look('fiscal_receipts')
    page.goto(f'{stack.odoo_url}/odoo/action-account.action_move_out_invoice/{invoice_id}')
    page.locator('button[name="action_fiscal_receipts"]').click()
    page.locator('.o_form_view [name="qr"]').wait_for()
    assert receipt['qr'] in page.locator('.o_form_view [name="qr"]').inner_text()
    assert receipt['document_number'] in page.locator('.o_form_view').inner_text()
    accountant.look_twice(stack, 'fiscal_receipt')


def test_register_and_settings(stack, visit):
    administrator = visit(f'{stack.odoo_url}/web/login')
    page = administrator.page
    page.fill('input[name=login]', 'admin')
    page.fill('input[name=password]', 'admin')
    page.press('input[name=password]', 'Enter')
    page.wait_for_url('**/odoo**')
    [register] = stack.read('fiscal.register', [], ['id'])
    page.goto(f'{stack.odoo_url}/odoo/action-tochka_fiscal.action_fiscal_register/{register["id"]}')
    page.locator('button[name="action_check"]').click()
    page.locator('.o_notification').first.wait_for()
    assert 'пробивает чеки' in page.locator('.o_notification').first.inner_text()
    administrator.look_twice(stack, 'fiscal_register')
    [provider] = stack.read('payment.provider', [
        ('code', '=', 'tochka'), ('state', '=', 'enabled')], ['id'])
    page.goto(f'{stack.odoo_url}/odoo/payment-providers/{provider["id"]}')
    page.locator('.o_notebook a[name="fiscal"]').click()
    page.locator('.o_form_view [name="fiscal_register_id"]').wait_for()
    administrator.look('fiscal_provider')
