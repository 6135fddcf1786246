""" The administrator plans another VAT from a day, and sees what is left to do. """

import psycopg2

from tests.browser.steps import log_in

WINDOW = '.modal .o_form_view'
# The VAT as the administrator of the demo reads it, the page's language.
RATE = '5 %'
PHONE, DESKTOP = {'width': 390, 'height': 844}, {'width': 1280, 'height': 900}


def open_window(stack, page):
    """ Open the window by the button of the provider. """
    [provider] = stack.read('payment.provider', [
        ('code', '=', 'tochka'), ('state', '=', 'enabled')], ['id'])
    page.goto(f'{stack.odoo_url}/odoo/payment-providers/{provider["id"]}')
    page.locator('.o_notebook a[name="fiscal"]').click()
    page.get_by_role('button', name='Изменить со дня').or_(
        page.get_by_role('button', name='Change from a day')).click()
    page.locator(f'{WINDOW} [name="touched"]').wait_for()
    return provider['id']


def test_change_is_planned(stack, visit):
    stack.create_invoice(4200.0)
    periods = stack.read('fiscal.period', [], ['id'])
    [admin] = stack.read('res.users', [('login', '=', 'admin')], ['id', 'lang'])
    for folder, lang in (('en/', 'en_US'), ('', admin['lang'])):
        stack.call('res.users', 'write', [admin['id']], {'lang': lang})
        administrator = log_in(visit, stack, 'admin', 'admin')
        page = administrator.page
        open_window(stack, page)
        administrator.look(f'{folder}fiscal_change', whole=False)
        # On a phone the robot's first chat would lie over the form of the provider.
        page.set_viewport_size(PHONE)
        administrator.look(f'{folder}fiscal_change_phone', whole=False)
        page.set_viewport_size(DESKTOP)
    # It has told before anything was changed.
    words = page.locator(f'{WINDOW} [name="touched"]').inner_text()
    assert 'KOMTET' in words or 'КОМТЕТ' in words or 'Касса' in words, words
    assert stack.read('fiscal.period', [], ['id']) == periods
    page.locator(f'{WINDOW} [name="vat"] input').click()
    page.locator('.o_select_menu_item', has_text=RATE).first.click()
    page.locator('.modal button[name="action_apply"]').click()
    page.locator('.modal').wait_for(state='detached')
    planned = stack.read('fiscal.period', [('vat', '=', 'vat5')], ['date_from', 'provider_id'])
    try:
        assert planned
        assert all(period['date_from'].endswith('-01') for period in planned)
        open_tasks = stack.read('tochka.problem', [
            ('code', 'in', ['change_register', 'change_documents']), ('closed_at', '=', False)],
            ['code'])
        assert {task['code'] for task in open_tasks} == {'change_register', 'change_documents'}
        page.reload()
        page.locator('.o_notebook a[name="fiscal"]').click()
        page.locator('[name="fiscal_period_ids"] .o_data_row').nth(1).wait_for()
        administrator.look('fiscal_periods')
        # What is left to do stands in the list of problems.
        accountant = log_in(visit, stack, 'admin', 'admin')
        accountant.page.goto(
            f'{stack.odoo_url}/odoo/action-tochka_acquiring.action_tochka_problem')
        accountant.page.locator('.o_list_view .o_data_row').first.wait_for()
        accountant.look_twice(stack, 'fiscal_change_tasks')
    finally:
        with psycopg2.connect(dbname=stack.name) as database, database.cursor() as cursor:
            cursor.execute("DELETE FROM fiscal_period WHERE NOT id = ANY(%s)", [
                [period['id'] for period in periods]])
        database.close()
