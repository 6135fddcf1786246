""" A real browser on the real pages. """

import os
from pathlib import Path

import pytest
from playwright.sync_api import sync_playwright

from tests import served

# Without these Chromium calls its maker's servers at each start.
CHROMIUM_OPTIONS = (
    '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run',
    '--disable-background-networking', '--disable-component-update', '--disable-sync',
)
SCREENSHOTS = os.environ.get('TOCHKA_SCREENSHOTS')


@pytest.fixture(scope='session')
def stack():
    """ Odoo and its bank, running. """
    with served.running(os.environ['TOCHKA_DATABASE'], 'tochka_browser') as stack:
        [connection] = stack.read('tochka.connection', [], ['id'])
        stack.call('tochka.connection', 'action_register_webhook', [connection['id']])
        [connection] = stack.read('tochka.connection', [], ['webhook_state'])
        assert connection['webhook_state'] == 'active'
        stack.warm_up()
        yield stack


@pytest.fixture(scope='session')
def chromium():
    """ The browser. """
    path = os.environ.get('CHROMIUM')
    if not path:
        pytest.skip("No Chromium is installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=CHROMIUM_OPTIONS)
        yield browser
        browser.close()


@pytest.fixture(autouse=True)
def bank_as_usual(stack):
    """ Each test begins with a bank that behaves. """
    stack.control('faults', method='DELETE')
    stack.control('webhooks', {'drop': False, 'pause': False})


@pytest.fixture
def family(stack):
    """ The demo's customer with a child and no open invoices; ids of both. """
    [user] = stack.read('res.users', [('login', '=', 'customer')], ['partner_id'])
    parent = user['partner_id'][0]
    invoices = stack.read('account.move', [
        ('partner_id', '=', parent), ('move_type', '=', 'out_invoice'),
        ('payment_state', '=', 'not_paid'), ('state', '=', 'posted'),
    ], ['id'])
    for invoice in invoices:
        stack.call('account.move', 'button_draft', [invoice['id']])
        stack.call('account.move', 'button_cancel', [invoice['id']])
    children = stack.read('res.partner', [('parent_id', '=', parent)], ['id'])
    child = children[0]['id'] if children else stack.call('res.partner', 'create', {
        'name': 'Петров Ваня', 'parent_id': parent, 'type': 'contact'})
    return parent, child


class Visitor:
    """ A person in front of a private window. """

    def __init__(self, page):
        self.page = page

    def look(self, name, whole=True):
        """ Keep a screenshot where they are asked for: of the whole page, or of what is seen. """
        if SCREENSHOTS:
            if '/odoo' in self.page.url:
                self.page.wait_for_timeout(1200)  # The backend never stops talking.
            else:
                self.page.wait_for_load_state('networkidle')
            self.page.screenshot(path=Path(SCREENSHOTS) / f'{name}.png', full_page=whole)

    def look_twice(self, stack, name, prepare=lambda page: None, login='admin'):
        """ Keep a page of the backend in English and in Russian, where screenshots are asked for.

        :param stack: The running Odoo.
        :param str name: The name of the picture; the English one goes to `en/`.
        :param prepare: What to do with the page before.
        :param str login: Who is logged in.
        """
        if not SCREENSHOTS:
            return
        [user] = stack.read('res.users', [('login', '=', login)], ['id', 'lang'])
        try:
            for folder, lang in (('en/', 'en_US'), ('', user['lang'])):
                stack.call('res.users', 'write', [user['id']], {'lang': lang})
                # In a tab of its own; Odoo saves a form that is left with changes.
                tab = Visitor(self.page.context.new_page())
                tab.page.goto(self.page.url)
                tab.page.locator('.o_form_view, .o_list_view').first.wait_for()
                prepare(tab.page)
                tab.look(folder + name)
                if tab.page.locator('.o_form_button_cancel').is_visible():
                    tab.page.locator('.o_form_button_cancel').click()
                tab.leave()
        finally:
            stack.call('res.users', 'write', [user['id']], {'lang': user['lang']})

    def choose(self, method):
        """ Choose a way to pay on the portal, and press the button. """
        page = self.page
        radio = page.locator(
            f'input[name="o_payment_radio"][data-payment-method-code="{method}"]')
        opener = page.locator(
            '#o_sale_portal_paynow, a[href="#modal_pay"], a[data-bs-target="#pay_with"]')
        if opener.count() and not radio.is_visible():
            opener.first.click()
        radio.wait_for()
        # The label lies over the button; a person clicks the label.
        page.locator(f'label[for="{radio.get_attribute("id")}"]').first.click()
        assert radio.is_checked()
        return self

    def press_pay(self):
        """ Press the button, and arrive at the bank. """
        button = self.page.locator('button[name="o_payment_submit_button"]:visible')
        button.click()
        self.page.wait_for_url('**/order/**')
        return self

    def pay_at_the_bank(self, mode, button='pay'):
        """ Act on the bank's page. """
        self.page.locator(f'#method-{mode}').check()
        self.page.locator(f'#{button}').click()
        return self

    def leave(self):
        """ Go away for good. Closing the tab has no time limit, and may wait for its page. """
        self.page.goto('about:blank')


@pytest.fixture
def visit(chromium):
    """ Open private windows; close them in the end. """
    contexts = []

    def open_window(url, locale='ru-RU', phone=False):
        context = chromium.new_context(
            locale=locale,
            viewport={'width': 390, 'height': 844} if phone else {'width': 1280, 'height': 900},
            is_mobile=phone,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(30000)
        page.goto(url)
        return Visitor(page)

    yield open_window
    for context in contexts:
        context.close()
