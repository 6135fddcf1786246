""" A parent tops the balance up on a phone; the open invoices are paid from it. """

from tests.browser.steps import top_up

PARENT = 'Петров Пётр Петрович'


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
