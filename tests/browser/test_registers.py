""" The administrator enters a register of each service; the accountant puts receipts right. """

import base64

import psycopg2

from tests.browser.steps import log_in, wait
from tests.browser.test_fiscal import wait_printed
from tests.services import SERVICES, OrangeData

PERSON = 'Иванова А. А., главный бухгалтер'


def open_register(administrator, stack, register_id):
    """ Open the form of a register. """
    page = administrator.page
    page.goto(f'{stack.odoo_url}/odoo/action-tochka_fiscal.action_fiscal_register/{register_id}')
    page.locator('.o_form_view button[name="action_check"]').wait_for()
    return page


def check(page, words):
    """ Press "check", and read what Odoo says. """
    page.locator('button[name="action_check"]').click()
    page.locator('.o_notification').first.wait_for()
    assert words in page.locator('.o_notification').first.inner_text()
    page.locator('.o_notification_close').first.click()


def test_each_service_is_entered_and_checked(stack, visit):
    administrator = log_in(visit, stack, 'admin', 'admin')
    for kind in ('atol', 'paykeeper'):
        service = SERVICES[kind](stack)
        page = open_register(administrator, stack, service.register_id)
        check(page, 'не сообщает')
        administrator.look_twice(stack, f'register_{kind}')
    page.goto(f'{stack.odoo_url}/odoo/action-tochka_fiscal.action_fiscal_register')
    page.locator('.o_list_view .o_data_row').nth(2).wait_for()
    administrator.look_twice(stack, 'registers')


def test_certificate_and_key_of_orangedata(stack, visit):
    """ As they come from the cabinet: a file with a passphrase, and XML. """
    given = stack.control('credentials?orangedata=1')['orangedata']
    found = stack.read('fiscal.register', [('kind', '=', 'orangedata')], ['id'])
    stack.call('fiscal.register', 'unlink', [one['id'] for one in found])
    register_id = stack.call('fiscal.register', 'create', {
        'name': OrangeData.name, 'kind': 'orangedata', 'url': given['url'],
        'address': stack.odoo_url, 'orangedata_inn': given['inn'],
        'orangedata_group': given['group'], 'orangedata_key_name': given['key'],
        'orangedata_authority': given['ca'],
    })
    administrator = log_in(visit, stack, 'admin', 'admin')
    page = open_register(administrator, stack, register_id)
    files = {
        'orangedata_certificate_file': ('client.p12', base64.b64decode(given['client_p12'])),
        'orangedata_sign_file': ('private_key.xml', given['sign_key_xml'].encode()),
    }
    for field, (name, content) in files.items():
        page.locator(f'[name="{field}"] input[type=file]').set_input_files({
            'name': name, 'mimeType': 'application/octet-stream', 'buffer': content})
    page.locator('[name="orangedata_passphrase"] input').fill('wrong')
    page.locator('.o_form_button_save').click()
    page.locator('.modal').wait_for()
    assert 'Пароль неверен' in page.locator('.modal').inner_text()
    page.locator('.modal button').filter(has_text='Остаться').or_(
        page.locator('.modal .modal-footer button')).first.click()
    page.locator('[name="orangedata_passphrase"] input').fill(given['client_key_password'])
    page.locator('.o_form_button_save').click()
    page.locator('[name="certificate_until"]').first.wait_for()
    check(page, 'Сертификат, ключ подписи и группа верны')
    [register] = stack.read('fiscal.register', [('id', '=', register_id)], [
        'state', 'certificate_until'])
    assert register['state'] == 'ready'
    assert register['certificate_until']
    administrator.look_twice(stack, 'register_orangedata')


def test_wrong_receipt_is_put_right(stack, visit):
    """ By FFD 1.05: a return and a new receipt. """
    [komtet] = stack.read('fiscal.register', [('kind', '=', 'komtet')], ['id', 'ffd'])
    stack.call('fiscal.register', 'write', [komtet['id']], {'ffd': '1.05'})
    try:
        invoice_id, url = stack.create_invoice(2345.6)
        visitor = visit(url).choose('card').press_pay().pay_at_the_bank('card')
        visitor.page.wait_for_url(f'**/my/invoices/{invoice_id}**')
        wrong = wait_printed(stack, invoice_id)
        accountant = log_in(visit, stack, 'accountant', 'demo')
        page = accountant.page
        page.goto(
            f'{stack.odoo_url}/odoo/action-tochka_fiscal.action_fiscal_receipt/{wrong["id"]}')
        page.locator('button[name="action_correct"]').click()
        page.locator('.modal [name="line_ids"] .o_data_row').first.wait_for()
        cell = page.locator('.modal .o_data_row td[name="name"]').first
        cell.click()
        name = page.locator('.modal .o_data_row td[name="name"] input, '
                            '.modal .o_data_row td[name="name"] textarea').first
        name.fill('Занятия, декабрь')
        accountant.look('correction')
        page.locator('.modal button[name="action_apply"]').click()
        page.locator('.o_list_view .o_data_row').nth(1).wait_for()
        corrected = wait(
            stack, 'fiscal.receipt',
            [('wrong_id', '=', wrong['id']), ('kind', '=', 'income')], ['id', 'state'],
            lambda record: record['state'] == 'done')
        page.goto(
            f'{stack.odoo_url}/odoo/action-tochka_fiscal.action_fiscal_receipt/{wrong["id"]}')
        page.locator('.o_form_view .o_notebook').wait_for()
        page.locator('.o_form_view', has_text='сторнирован').wait_for()
        accountant.look_twice(stack, 'corrected_receipt', login='accountant')
        [line] = stack.read('fiscal.receipt.line', [('receipt_id', '=', corrected['id'])], ['name'])
        assert line['name'] == 'Занятия, декабрь'
    finally:
        stack.call('fiscal.register', 'write', [komtet['id']], {'ffd': komtet['ffd']})


def corrections(stack):
    """ Return how many corrections the till was sent. """
    return [task['check']['intent'] for task in stack.control('komtet/tasks')].count(
        'sellCorrection')


def test_settlements_without_a_receipt(stack, visit):
    """ The till was broken yesterday: each settlement gets a correction. """
    [komtet] = stack.read('fiscal.register', [('kind', '=', 'komtet')], ['id'])
    stack.call('fiscal.register', 'write', [komtet['id']], {'komtet_person': PERSON})
    stack.control('faults', {
        'kind': 'refuse', 'method': 'POST', 'path': '^/komtet/api/.*/task$', 'times': 2,
        'contains': 'Занятия, вчера'})
    before = corrections(stack)
    invoices = []
    for amount in (1500.0, 700.0):
        invoice_id, url = stack.create_invoice(amount, invoice_line_ids=[[0, 0, {
            'name': 'Занятия, вчера', 'quantity': 1, 'price_unit': amount}]])
        invoices.append(invoice_id)
        visitor = visit(url).choose('card').press_pay().pay_at_the_bank('card')
        visitor.page.wait_for_url(f'**/my/invoices/{invoice_id}**')
        wait(stack, 'fiscal.receipt', [('invoice_ids', 'in', [invoice_id])], ['state'],
             lambda record: record['state'] == 'failed')
    with psycopg2.connect(dbname=stack.name) as database, database.cursor() as cursor:
        cursor.execute(
            "UPDATE fiscal_receipt SET paid_at = paid_at - interval '1 day'"
            " WHERE id IN (SELECT fiscal_receipt_id FROM fiscal_receipt_invoice_rel"
            " WHERE account_move_id = ANY(%s))", [invoices])
    database.close()
    accountant = log_in(visit, stack, 'accountant', 'demo')
    page = accountant.page
    page.goto(f'{stack.odoo_url}/odoo/action-tochka_fiscal.action_fiscal_missed')
    page.locator('.modal .o_data_row, .o_form_view .o_data_row').nth(1).wait_for()
    accountant.look('missed')
    assert 'неизвестна' not in page.locator('.modal').inner_text()
    page.locator('button[name="action_print"]').click()
    page.locator('.o_list_view .o_data_row').nth(1).wait_for()
    for invoice_id in invoices:
        wait(stack, 'fiscal.receipt', [('invoice_ids', 'in', [invoice_id])], ['state'],
             lambda record: record['state'] == 'done')
    assert corrections(stack) == before + 2
