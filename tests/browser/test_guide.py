""" An administrator walks the guide: from the empty form to the paid invoice. """

import os
import re
import urllib.parse

import pytest

from tests import served

pytestmark = pytest.mark.usefixtures('bank_as_usual')


@pytest.fixture(scope='module')
def guide():
    """ Odoo with two companies and a branch, and a bank that is not connected. """
    with served.running(os.environ['TOCHKA_DATABASE'], 'tochka_guide', connect=False) as stack:
        [admin] = stack.read('res.users', [('login', '=', 'admin')], ['id'])
        stack.call('res.users', 'write', [admin['id']], {'email': 'owner@example.com'})
        stack.warm_up()
        yield stack


@pytest.fixture
def bank_as_usual(guide):
    """ Each test begins with a bank that behaves. """
    guide.control('faults', method='DELETE')


@pytest.fixture
def administrator(guide, visit):
    """ The owner of the company, logged in. """
    visitor = visit(f'{guide.odoo_url}/web/login')
    page = visitor.page
    page.fill('input[name=login]', 'admin')
    page.fill('input[name=password]', 'admin')
    page.press('input[name=password]', 'Enter')
    page.wait_for_url('**/odoo**')
    return visitor


def field(page, name):
    """ Return the input of a field of the form. """
    return page.locator(f'.o_form_view [name="{name}"] input').first


def choose(page, name, text):
    """ Choose a value of a selection. """
    field(page, name).click()
    page.locator('.o_select_menu_item, [role=option], [role=menuitem]').filter(
        has_text=text).first.click()


def save(page):
    """ Save the form, and wait until it is saved. """
    page.locator('.o_form_button_save').click()
    page.locator('.o_form_button_save').wait_for(state='hidden')


def button(page, name):
    """ Return a visible button of the form. """
    return page.locator(f'.o_form_view button[name="{name}"]:visible').first


def choose_key(page):
    """ Connect by a JWT key. """
    page.locator('.o_form_view [name="auth_method"] label').filter(has_text='JWT').click()


def open_tab(name):
    """ Return what opens a page of the form. """
    return lambda page: page.locator(f'.o_notebook a[name="{name}"]').click()


def open_provider(guide, page, company_id):
    """ Open the company's provider as from the list of payment providers. """
    [provider] = guide.read('payment.provider', [
        ('code', '=', 'tochka'), ('company_id', '=', company_id)], ['id'])
    page.goto(f'{guide.odoo_url}/odoo/payment-providers/{provider["id"]}')
    page.locator('.o_form_view').wait_for()
    return provider['id']


def mailed_link(guide):
    """ Return the link of the last confirmation e-mail. """
    [mail] = guide.read('mail.mail', [('subject', 'ilike', 'Точка Банк')], ['body_html'])[:1]
    return re.search(r'href="([^"]+oauth/start[^"]+)"', mail['body_html'])[1].replace('&amp;', '&')


def test_guide(guide, administrator, visit):
    page = administrator.page
    [company] = guide.read('res.company', [('vat', '=', '9900000017')], ['id'])

    # 1. Payment Providers -> Connect: the Redirect URL stands there to be copied.
    open_provider(guide, page, company['id'])
    administrator.look('guide_1_provider')
    button(page, 'action_tochka_connect').click()
    page.locator('.o_form_view [name="redirect_url"]').wait_for()
    redirect_url = page.locator('.o_form_view [name="redirect_url"]').inner_text().strip()
    assert redirect_url == f'{guide.odoo_url}/payment/tochka/oauth/return'
    # In the internet bank: the application is registered with this address alone.
    guide.control('apps', {
        'client_id': 'school', 'client_secret': 'secret-of-school', 'name': 'Школа в Odoo',
        'redirect_uris': [redirect_url],
    })
    # 2. Client_ID and Client_secret are pasted, and saved.
    choose(page, 'environment', 'Другой адрес')
    field(page, 'client_id').fill(' school ')
    field(page, 'client_secret').fill('secret-of-school')
    save(page)
    # 4. An e-mail is on its way; what comes later is hidden.
    page.locator('.o_form_view [name="setup_step"]').wait_for()
    assert not page.get_by_role('tab').filter(has_text='Торговые точки').count()
    administrator.look_twice(guide, 'confirmation')
    link = mailed_link(guide)
    page.goto(link)
    page.wait_for_url('**/connect/authorize**')
    asked = page.locator('input[name=permission]').evaluate_all('all => all.map(e => e.value)')
    assert set(asked) == {
        'MakeAcquiringOperation', 'ReadAcquiringData', 'ReadCustomerData', 'ManageWebhookData',
        'ReadAccountsBasic', 'ReadAccountsDetail', 'ReadSBPData', 'EditSBPData',
    }
    administrator.look('consent')
    page.locator('#allow').click()
    page.wait_for_url('**/odoo/tochka-connections/**')
    page.get_by_role('tab').filter(has_text='Торговые точки').wait_for()
    administrator.look_twice(guide, 'connected')
    [connection] = guide.read('tochka.connection', [], [
        'id', 'state', 'webhook_state', 'missing_permissions', 'setup_step'])
    assert (connection['state'], connection['webhook_state']) == ('connected', 'active')
    assert connection['setup_step'] == 'loaded' and not connection['missing_permissions']
    shops = guide.read('tochka.merchant', [], ['merchant_id', 'company_id'])
    assert len(shops) == 3

    # A used link says so, and offers a new one.
    page.goto(link)
    page.locator('#o_tochka_new_link').wait_for()
    administrator.look('guide_used_link')
    page.locator('#o_tochka_new_link').click()
    page.locator('#o_tochka_oauth .alert-success').wait_for()


def test_shops_to_the_paid_invoice(guide, administrator, visit):
    """ Two legal entities, three shops, two companies and a branch: each has its own till. """
    page = administrator.page
    [company] = guide.read('res.company', [('vat', '=', '9900000017')], ['id'])
    shops = {s['merchant_id']: s['id'] for s in guide.read('tochka.merchant', [], ['merchant_id'])}

    # 6. What comes after the consent: the shop, the cash box, the kind, the article, the texts.
    provider_id = open_provider(guide, page, company['id'])
    page.locator('.o_form_view [name="tochka_merchant_id"] input').fill('Школа')
    page.locator('.o-autocomplete--dropdown-item').filter(has_text='200000000012345').click()
    page.get_by_role('tab').filter(has_text='Точка Банк').click()
    page.locator('.o_form_view [name="tochka_article_id"] input').fill('Оплата обучения')
    page.locator('.o-autocomplete--dropdown-item').filter(has_text='Оплата обучения').first.click()
    page.locator('.o_form_view [name="tochka_client_info"] textarea').fill('Моментальная оплата')
    field(page, 'tochka_notify_email').fill('books@example.com')
    page.get_by_role('tab').filter(has_text='Конфигурация').click()
    page.locator('.o_form_view [name="journal_id"] input').fill('Расчётный счёт (эквайринг)')
    page.locator('.o-autocomplete--dropdown-item').filter(has_text='эквайринг').first.click()
    page.locator('.o_form_view [name="state"] label').filter(has_text='Включен').first.click()
    save(page)
    page.get_by_role('tab').filter(has_text='Точка Банк').click()
    button(page, 'action_tochka_details_school').click()
    page.locator('.o_form_view [name="tochka_details_template"]').wait_for()
    administrator.look_twice(guide, 'provider', open_tab('tochka'))
    administrator.look_twice(guide, 'fiscalization', open_tab('fiscal'))

    # The other legal entity and the branch: one connection, two more providers.
    [connection] = guide.read('tochka.connection', [('auth_method', '=', 'oauth')], ['id'])
    second, branch = guide.group['second'], guide.group['branch']
    everywhere = {'allowed_company_ids': [company['id'], second, branch]}
    guide.call('tochka.connection', 'write', [connection['id']],
               {'company_ids': [[4, second]]}, context=everywhere)
    [entity] = guide.read('tochka.legal.entity', [('customer_code', '=', '301234568')], ['id'])
    guide.call('tochka.legal.entity', 'write', [entity['id']], {'company_id': second},
               context=everywhere)
    [own] = guide.read('payment.provider', [
        ('code', '=', 'tochka'), ('company_id', '=', second)], ['id'])
    copy = guide.call('payment.provider', 'copy', [provider_id], {
        'company_id': branch, 'name': 'Точка Банк, Тверь'}, context=everywhere)
    copy = copy[0] if isinstance(copy, list) else copy
    tills = {}
    for owner, provider, shop in (
        (second, own['id'], '200000000022345'), (branch, copy, '200000000012346'),
    ):
        [till] = guide.read('account.journal', [
            ('company_id', '=', owner), ('type', '=', 'bank')], ['id'])
        tills[owner] = till['id']
        guide.call('payment.provider', 'write', [provider], {
            'tochka_connection_id': connection['id'], 'tochka_merchant_id': shops[shop],
            'journal_id': till['id'], 'company_id': owner,
        }, context=everywhere)
        guide.call('payment.provider', 'write', [provider], {
            'state': 'enabled', 'is_published': True}, context=everywhere)

    # The public offer, beside the Pay button.
    guide.call('res.company', 'write', [company['id']], {
        'tochka_offer_url': 'https://school.example.com/offer', 'tochka_offer_required': True})

    # Everybody's invoice is paid at the right shop, into the right till.
    for owner, shop in (
        (company['id'], '200000000012345'), (branch, '200000000012346'),
        (second, '200000000022345'),
    ):
        invoice_id, url = guide.create_invoice(
            5000.0, context={'allowed_company_ids': [owner]}, company_id=owner)
        payer = visit(url)
        payer.choose('card')
        if payer.page.locator('#o_tochka_offer').count():
            payer.look('offer')
            visit(url, locale='en-US').choose('card').look('en/offer')
            payer.page.locator('button[name="o_payment_submit_button"]:visible').click()
            payer.page.wait_for_timeout(500)
            assert '/order/' not in payer.page.url, "Not before the offer is accepted"
            payer.page.locator('#o_tochka_offer').check()
        payer.press_pay()
        payer.pay_at_the_bank('card')
        payer.page.wait_for_url('**/my/invoices/**')
        guide.wait_paid(invoice_id)
        [transaction] = guide.transactions(invoice_id)
        operation = next(o for o in guide.control('operations')
                         if o['operationId'] == transaction['tochka_operation_id'])
        assert operation['merchantId'] == shop
        [payment] = guide.read('account.payment', [('id', '=', transaction['payment_id'][0])], [
            'journal_id', 'company_id'])
        assert payment['company_id'][0] == owner
        if owner in tills:
            assert payment['journal_id'][0] == tills[owner]
        else:
            assert operation['purpose'] == 'Петров Пётр Петрович за обучение Петров Пётр Петрович'
            mails = guide.read('mail.mail', [('email_to', 'ilike', 'books@example.com')],
                               ['subject'])
            assert len(mails) == 1 and 'Петров' in mails[0]['subject']


def test_refused_consent(guide, administrator):
    page = administrator.page
    [connection] = guide.read('tochka.connection', [('auth_method', '=', 'oauth')], ['id'])
    page.goto(f'{guide.odoo_url}/odoo/tochka-connections/{connection["id"]}')
    page.locator('.o_form_view').wait_for()
    button(page, 'action_open_consent').click()
    page.wait_for_url('**/connect/authorize**')
    page.locator('#refuse').click()
    page.wait_for_url('**/payment/tochka/oauth/return**')
    page.locator('#o_tochka_oauth .alert-warning').wait_for()
    administrator.look('guide_refused')
    [connection] = guide.read('tochka.connection', [('auth_method', '=', 'oauth')], ['state'])
    assert connection['state'] == 'connected'
    # The same answer once more changes nothing.
    assert urllib.parse.urlsplit(page.url).path == '/payment/tochka/oauth/return'
    page.reload()
    page.locator('#o_tochka_oauth .alert-warning').wait_for()


def test_jwt_way(guide, administrator):
    """ The simple way for one shop: a key is pasted, and works at once. """
    page = administrator.page
    second = guide.group['second']
    page.context.add_cookies([{'name': 'cids', 'value': str(second), 'url': guide.odoo_url}])
    token = guide.control('clients', {
        'client_id': 'vasilek', 'customer_codes': ['301234568']})['token']
    page.goto(f'{guide.odoo_url}/odoo/tochka-connections/new')
    page.locator('.o_form_view [name="auth_method"]').wait_for()
    administrator.look_twice(guide, 'connection')
    administrator.look_twice(guide, 'jwt_key', choose_key)
    choose_key(page)
    choose(page, 'environment', 'Другой адрес')
    field(page, 'jwt_key').fill(f' {token}\n')
    save(page)
    button(page, 'action_connect').click()
    page.get_by_role('tab').filter(has_text='Торговые точки').wait_for()
    administrator.look_twice(guide, 'jwt_connected')
    [connection] = guide.read('tochka.connection', [('auth_method', '=', 'jwt')], [
        'id', 'state', 'webhook_state', 'unknown_permissions', 'company_ids'])
    assert (connection['state'], connection['webhook_state']) == ('connected', 'active')
    assert connection['company_ids'] == [second]
    assert 'MakeAcquiringOperation' in connection['unknown_permissions']
    [shop] = guide.read('tochka.merchant', [
        ('company_id', '=', second), ('connection_id', '=', connection['id'])], ['merchant_id'])
    assert shop['merchant_id'] == '200000000022345'
