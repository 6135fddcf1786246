""" An administrator tries the connection: a test client, a real small payment, its refund. """

from tests.browser.steps import log_in, wait


def test_payment_and_refund(stack, visit):
    [provider] = stack.read('payment.provider', [
        ('code', '=', 'tochka'), ('state', '=', 'enabled')], ['id'])
    administrator = log_in(visit, stack, 'admin', 'admin')
    page = administrator.page
    page.goto(f'{stack.odoo_url}/odoo/payment-providers/{provider["id"]}')
    page.locator('.o_notebook a[name="tochka"]').click()

    def press(name):
        page.locator(f'button[name="{name}"]:visible').last.click()

    def shown(name):
        page.locator(f'.modal button[name="{name}"]:visible').wait_for()

    press('action_tochka_try')
    shown('action_create_client')
    press('action_create_client')
    shown('action_refresh')
    administrator.look('try_ready')
    link = page.locator('.modal [name="payment_url"]').inner_text().strip()
    assert link.startswith(f'{stack.odoo_url}/payment/pay')
    [partner] = stack.read('payment.provider', [('id', '=', provider['id'])], [
        'tochka_test_partner_id'])
    partner_id = partner['tochka_test_partner_id'][0]
    client = visit(link).choose('card').press_pay().pay_at_the_bank('card')
    client.page.wait_for_url(f'{stack.odoo_url}/**')
    paid = wait(stack, 'payment.transaction', [('partner_id', '=', partner_id)],
                ['payment_id', 'tochka_operation_id'], lambda tx: tx['payment_id'])

    press('action_refresh')
    shown('action_refund')
    administrator.look('try_paid')
    press('action_refund')
    shown('action_refresh')
    wait(stack, 'payment.transaction', [('source_transaction_id', '=', paid['id'])],
         ['payment_id'], lambda refund: refund['payment_id'])
    press('action_refresh')
    shown('action_finish')
    administrator.look('try_returned')
    press('action_finish')
    page.locator('.modal').wait_for(state='detached')

    [operation] = [one for one in stack.control('operations')
                   if one['operationId'] == paid['tochka_operation_id']]
    assert operation['status'] == 'REFUNDED'
    lines = stack.read('account.move.line', [
        ('partner_id', '=', partner_id), ('account_id.account_type', '=', 'asset_receivable')],
        ['balance', 'reconciled'])
    assert sorted((line['balance'], line['reconciled']) for line in lines) == [
        (-10.0, True), (10.0, True)]
