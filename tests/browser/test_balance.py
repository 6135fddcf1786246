""" A parent tops the balance up on a phone; the open invoices are paid from it. """

import pytest

PARENT = 'Петров Пётр Петрович'


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


def top_up(stack, visit, amount, client='', phone=True):
    """ Log in as the customer, and pay into the balance. """
    visitor = visit(f'{stack.odoo_url}/web/login?redirect=/my', phone=phone)
    page = visitor.page
    page.fill('input[name=login]', 'customer')
    page.fill('input[name=password]', 'demo')
    page.press('input[name=password]', 'Enter')
    page.wait_for_url('**/my**')
    # The cards appear one by one when their numbers have come, and move each other.
    page.wait_for_load_state('networkidle')
    page.locator('a[href="/my/balance"]').click()
    page.locator('#o_tochka_balance').wait_for()
    visitor.look('balance' if phone else 'balance_desktop')
    if not phone:
        page.goto(f'{stack.odoo_url}/en/my/balance')
        visitor.look('en/balance')
        page.goto(f'{stack.odoo_url}/my/balance')
    if client:
        page.locator('select[name=client_id]').select_option(label=client)
    page.locator('input[name=amount]').fill(amount)
    page.locator('button[type=submit].btn-primary').first.click()
    page.wait_for_url('**/my/balance/pay**')
    visitor.choose('sbp')
    visitor.look(f'topup_{"phone" if phone else "desktop"}')
    visitor.press_pay()
    visitor.pay_at_the_bank('sbp')
    page.wait_for_url('**/my/balance')
    return visitor


def entries(stack, payment_ids):
    """ Return the journal items of payments: account code, partner, balance, article. """
    lines = stack.read('account.move.line', [('payment_id', 'in', payment_ids)], [
        'account_id', 'partner_id', 'balance', 'analytic_distribution'])
    codes = {a['id']: a['code'] for a in stack.read('account.account', [
        ('id', 'in', [line['account_id'][0] for line in lines])], ['code'])}
    return sorted((codes[line['account_id'][0]], line['partner_id'][1], line['balance'],
                   bool(line['analytic_distribution'])) for line in lines)


def last_top_up(stack):
    """ Return the transaction of the last top-up. """
    return stack.read('payment.transaction', [('invoice_ids', '=', False), ('state', '=', 'done')],
                      ['payment_id', 'amount', 'tochka_client_id'])[0]


def test_top_up_pays_the_open_invoices(stack, visit, family):
    """ Receivable: the child's invoice first, then the oldest; the rest is the credit. """
    _parent, child = family
    old, _url = stack.create_invoice(1000.0)
    own, _url = stack.create_invoice(700.0, tochka_client_id=child)
    visitor = top_up(stack, visit, '2000', client='Петров Ваня')
    assert stack.invoice(own)['payment_state'] in ('paid', 'in_payment')
    assert stack.invoice(old)['payment_state'] in ('paid', 'in_payment')
    assert '300,00' in visitor.page.locator('[name=left]').inner_text()
    assert '0,00' in visitor.page.locator('[name=due]').inner_text()
    visitor.look('balance_after_phone')
    transaction = last_top_up(stack)
    assert transaction['tochka_client_id'][0] == child
    assert entries(stack, [transaction['payment_id'][0]]) == [
        ('57.03', PARENT, 2000.0, False), ('62.01', PARENT, -2000.0, True),
    ]


def test_advance_is_moved_when_an_invoice_is_settled(stack, visit, family):
    """ Advances received: 62.02 takes the money, and the invoice takes it from there. """
    [provider] = stack.read('payment.provider', [
        ('code', '=', 'tochka'), ('state', '=', 'enabled')], ['id'])
    [account] = stack.read('account.account', [('code', '=', '62.02')], ['id'])
    stack.call('payment.provider', 'write', [provider['id']], {
        'tochka_payment_kind': 'advance', 'tochka_advance_account_id': account['id']})
    try:
        # What an earlier top-up has left goes first; the invoice is that much larger.
        left = -sum(line['amount_residual'] for line in stack.read('account.move.line', [
            ('partner_id', '=', family[0]), ('account_id.account_type', '=', 'asset_receivable'),
            ('parent_state', '=', 'posted'), ('amount_residual', '<', 0),
        ], ['amount_residual']))
        invoice, _url = stack.create_invoice(400.0 + left)
        top_up(stack, visit, '500.50', phone=False)
        assert stack.invoice(invoice)['payment_state'] in ('paid', 'in_payment')
        transaction = last_top_up(stack)
        assert entries(stack, [transaction['payment_id'][0]]) == [
            ('57.03', PARENT, 500.5, False), ('62.02', PARENT, -500.5, True),
        ]
        [transfer] = stack.read('account.move', [('tochka_settled_move_id', '=', invoice)], ['id'])
        lines = stack.read('account.move.line', [('move_id', '=', transfer['id'])], [
            'account_id', 'balance', 'analytic_distribution', 'reconciled'])
        assert sorted((line['balance'], bool(line['analytic_distribution'])) for line in lines) == [
            (-400.0, False), (400.0, False)]
        assert {line['account_id'][1] for line in lines} == {
            'Расчёты с покупателями', 'Авансы полученные'}
    finally:
        stack.call('payment.provider', 'write', [provider['id']], {
            'tochka_payment_kind': 'receivable'})
