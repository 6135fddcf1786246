""" The accountant and the customer find the receipt of a payment, printed by the till. """

import time
from io import BytesIO

import zxingcpp
from PIL import Image

from tests.browser.steps import wait

WAIT_SECONDS = 90
QR_SECONDS = 20
PICTURE = '.o_form_view [name="qr_picture"] img'


def wait_printed(stack, invoice_id):
    """ Wait until the receipt of an invoice is printed. """
    until = time.monotonic() + WAIT_SECONDS
    while time.monotonic() < until:
        receipts = stack.read('fiscal.receipt', [('invoice_ids', 'in', [invoice_id])], [
            'state', 'qr', 'problem', 'document_number', 'receipt_url', 'transaction_id'])
        if receipts and receipts[0]['state'] in ('done', 'failed'):
            break
        time.sleep(0.5)
    [receipt] = receipts
    assert receipt['state'] == 'done', receipt
    return receipt


def read_qr(element):
    """ Return what a camera reads from a picture as it stands on the screen. """
    until = time.monotonic() + QR_SECONDS
    while True:
        # While the page is still being laid out there may be nothing to read.
        picture = Image.open(BytesIO(element.screenshot())).convert('L')
        codes = zxingcpp.read_barcodes(picture)
        if codes or time.monotonic() > until:
            break
        time.sleep(0.5)
    [code] = codes
    return code.text


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
    page.locator(PICTURE).wait_for()
    assert read_qr(page.locator(PICTURE)) == receipt['qr']
    assert receipt['document_number'] in page.locator('.o_form_view').inner_text()
    accountant.look_twice(stack, 'fiscal_receipt')
    [transaction] = stack.transactions(invoice_id)
    page.goto(f'{stack.odoo_url}/odoo/account.payment/{transaction["payment_id"][0]}')
    page.locator('button[name="action_fiscal_receipts"]').click()
    page.locator(PICTURE).wait_for()
    page.goto(f'{stack.odoo_url}/odoo/payment.transaction/{transaction["id"]}')
    rows = page.locator('[name="fiscal_receipt_ids"] .o_data_row')
    rows.first.wait_for()
    assert receipt['document_number'] in rows.first.inner_text()
    accountant.look_twice(stack, 'fiscal_transaction', lambda tab: tab.locator(
        '[name="fiscal_receipt_ids"]').scroll_into_view_if_needed())


def test_customer_finds_the_receipt(stack, visit):
    """ On the invoice's page by its link, in the list after logging in, and in the mail. """
    invoice_id, url = stack.create_invoice(1234.56)
    visitor = visit(url).choose('card').press_pay().pay_at_the_bank('card')
    visitor.page.wait_for_url(f'**/my/invoices/{invoice_id}**')
    receipt = wait_printed(stack, invoice_id)
    path = url.removeprefix(stack.odoo_url)
    for phone in (False, True):
        size = 'phone' if phone else 'desktop'
        for folder, address in (('', path), ('en/', f'/en{path}')):
            visitor = visit(stack.odoo_url + address, phone=phone)
            block = visitor.page.locator('#fiscal_receipts')
            assert read_qr(block.locator('img')) == receipt['qr']
            assert receipt['document_number'] in block.inner_text()
            assert block.locator('a').get_attribute('href') == receipt['receipt_url']
            visitor.look(f'{folder}portal_invoice_receipt_{size}')

        visitor = visit(f'{stack.odoo_url}/web/login?redirect=/my', phone=phone)
        page = visitor.page
        page.fill('input[name=login]', 'customer')
        page.fill('input[name=password]', 'demo')
        page.press('input[name=password]', 'Enter')
        page.wait_for_url('**/my**')
        card = page.locator('a[href="/my/fiscal-receipts"]')
        card.wait_for()
        page.wait_for_load_state('networkidle')  # The cards move each other as they appear.
        visitor.look(f'portal_home_{size}')
        card.click()
        page.wait_for_url('**/my/fiscal-receipts')
        visitor.look(f'portal_receipts_{size}')
        # Others may have been printed since, or later by the bank's clock.
        page.locator(f'#wrap tbody a[href^="/my/fiscal-receipts/{receipt["id"]}"]').first.click()
        page.wait_for_url('**/my/fiscal-receipts/*')
        assert read_qr(page.locator('#o_fiscal_receipt img')) == receipt['qr']
        assert '1' in page.locator('#o_fiscal_receipt tbody').inner_text()
        visitor.look(f'portal_receipt_{size}')
        addresses = {'receipt': page.url, 'receipts': f'{stack.odoo_url}/my/fiscal-receipts'}
        for name, address in addresses.items():
            page.goto(address.replace('/my/', '/en/my/'))
            assert 'Your fiscal receipts' in page.locator('#wrapwrap').inner_text()
            visitor.look(f'en/portal_{name}_{size}')

    [mail] = stack.read('mail.mail', [
        ('model', '=', 'fiscal.receipt'), ('res_id', '=', receipt['id']),
        ('message_type', '=', 'email_outgoing'),
    ], ['subject', 'body_html', 'attachment_ids'])
    assert 'чек на 1' in mail['subject']
    assert 'Спасибо за оплату' in mail['body_html']
    assert receipt['document_number'] in mail['body_html']
    assert len(mail['attachment_ids']) == 1
    visitor.page.set_content(mail['body_html'])
    visitor.look('receipt_mail')


def test_register_and_settings(stack, visit):
    administrator = visit(f'{stack.odoo_url}/web/login')
    page = administrator.page
    page.fill('input[name=login]', 'admin')
    page.fill('input[name=password]', 'admin')
    page.press('input[name=password]', 'Enter')
    page.wait_for_url('**/odoo**')
    [register] = stack.read('fiscal.register', [('kind', '=', 'komtet')], ['id'])
    page.goto(f'{stack.odoo_url}/odoo/action-tochka_fiscal.action_fiscal_register/{register["id"]}')
    page.locator('button[name="action_check"]').click()
    page.locator('.o_notification').first.wait_for()
    assert 'пробивает чеки' in page.locator('.o_notification').first.inner_text()
    administrator.look_twice(stack, 'register_komtet')
    page.get_by_role('button', name='Пробить пробный чек').click()
    page.locator('.modal [name="taxation_system"] select, .modal [name="taxation_system"] input'
                 ).first.wait_for()
    page.locator('.modal [name="contact"] input').fill('till@example.com')
    administrator.look('fiscal_test')
    page.locator('.modal button[name="action_print"]').click()
    page.locator('.o_list_view .o_data_row').nth(1).wait_for()
    wait(stack, 'fiscal.receipt', [('role', '=', 'test'), ('kind', '=', 'income')], ['state'],
         lambda record: record['state'] == 'done')
    page.goto(f'{stack.odoo_url}/odoo/action-tochka_fiscal.action_fiscal_register')
    page.locator('.o_list_view .o_data_row').first.wait_for()
    administrator.look_twice(stack, 'fiscal_registers')
    [provider] = stack.read('payment.provider', [
        ('code', '=', 'tochka'), ('state', '=', 'enabled')], ['id'])
    page.goto(f'{stack.odoo_url}/odoo/payment-providers/{provider["id"]}')
    page.locator('.o_notebook a[name="fiscal"]').click()
    page.locator('.o_form_view [name="fiscal_register_id"]').wait_for()
    administrator.look('fiscal_provider')
