""" The online shop and the quotation: the same payment, other documents. """

import time

import pytest


@pytest.fixture(scope='module', autouse=True)
def no_pdf(stack):
    """ Odoo attaches a PDF to the confirmation, which needs wkhtmltopdf: not installed here. """
    templates = stack.read('mail.template', [('model', '=', 'sale.order')], ['id'])
    stack.call('mail.template', 'write', [t['id'] for t in templates],
               {'report_template_ids': [[6, 0, []]]})


def wait_for(condition):
    """ Wait until a condition holds. """
    until = time.monotonic() + 20
    while not condition() and time.monotonic() < until:
        time.sleep(0.3)
    assert condition()


def complete_address(stack):
    """ Give the demo's customer an address, so that the checkout asks for nothing. """
    [user] = stack.read('res.users', [('login', '=', 'customer')], ['partner_id'])
    [country] = stack.read('res.country', [('code', '=', 'RU')], ['id'])
    stack.call('res.partner', 'write', [user['partner_id'][0]], {
        'street': 'Цветочная улица, 1', 'city': 'Москва', 'zip': '101000',
        'country_id': country['id'], 'phone': '+7 900 000-00-00',
    })
    return user['partner_id'][0]


def create_product(stack, **values):
    """ Return a published product without taxes. """
    template_id = stack.call('product.template', 'create', {
        'name': 'Учебник', 'list_price': 990.0, 'type': 'service', 'taxes_id': [[6, 0, []]],
        'is_published': True, **values,
    })
    [template] = stack.read('product.template', [('id', '=', template_id)],
                            ['product_variant_id', 'website_url'])
    return template['product_variant_id'][0], template['website_url']


def paid_once(stack, order_id):
    """ Return whether an order is confirmed and paid by exactly one posted payment. """
    [order] = stack.read('sale.order', [('id', '=', order_id)],
                         ['state', 'transaction_ids', 'amount_total'])
    payments = stack.read('account.payment', [
        ('payment_transaction_id', 'in', order['transaction_ids'])], ['state', 'amount'])
    return (
        order['state'] == 'sale'
        and [payment['amount'] for payment in payments] == [order['amount_total']]
        and payments[0]['state'] in ('in_process', 'paid')
    )


def test_shop(stack, visit):
    complete_address(stack)
    _product_id, url = create_product(stack)
    visitor = visit(f'{stack.odoo_url}/web/login')
    page = visitor.page
    page.fill('input[name=login]', 'customer')
    page.fill('input[name=password]', 'demo')
    page.press('input[name=password]', 'Enter')
    page.wait_for_url('**/my**')
    page.goto(stack.odoo_url + url)
    page.locator('#add_to_cart').click()
    page.wait_for_load_state('networkidle')
    page.goto(f'{stack.odoo_url}/shop/checkout?try_skip_step=true')
    if '/shop/payment' not in page.url:
        page.goto(f'{stack.odoo_url}/shop/payment')
    visitor.choose('sbp')
    visitor.look('shop_payment')
    visitor.press_pay().pay_at_the_bank('sbp')
    page.wait_for_url('**/shop/confirmation**')
    [order] = stack.read('sale.order', [('website_id', '!=', False)], ['id'])
    wait_for(lambda: paid_once(stack, order['id']))


def test_quotation(stack, visit):
    partner_id = complete_address(stack)
    product_id, _url = create_product(stack, name='Курс', list_price=12000.0)
    order_id = stack.call('sale.order', 'create', {
        'partner_id': partner_id,
        'require_payment': True,
        'require_signature': False,
        'order_line': [[0, 0, {'product_id': product_id, 'product_uom_qty': 1}]],
    })
    stack.call('sale.order', 'write', [order_id], {'state': 'sent'})
    path = stack.call('sale.order', 'get_portal_url', [order_id])
    visitor = visit(stack.odoo_url + path)
    # The button moves while the page is laid out.
    visitor.page.wait_for_load_state('networkidle')
    visitor.page.locator('a[data-bs-target="#modalaccept"]').first.dispatch_event('click')
    visitor.page.locator('#modalaccept.show').wait_for()
    visitor.choose('card').press_pay().pay_at_the_bank('card')
    visitor.page.wait_for_url(f'**/my/orders/{order_id}**')
    wait_for(lambda: paid_once(stack, order_id))
