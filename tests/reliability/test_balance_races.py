""" Several accountants use one advance at the same moment: its money is used once. """

import time
import xmlrpc.client
from concurrent.futures import ThreadPoolExecutor

from tests.served import Stack

INVOICES = 6
ADVANCE, AMOUNT = 2500.0, 1000.0


def create_advance(stack):
    """ Return the journal item of a new advance of the demo's customer. """
    [provider] = stack.read('payment.provider', [
        ('code', '=', 'tochka'), ('state', '!=', 'disabled')
    ], ['company_id', 'journal_id'])
    company_id = provider['company_id'][0]
    [account] = stack.read('account.account', [('name', '=', 'Авансы полученные')], ['id'])
    if not stack.read('account.journal', [
        ('type', '=', 'general'), ('company_id', '=', company_id)
    ], ['id']):
        stack.call('account.journal', 'create', {
            'name': 'Прочие операции', 'code': 'MISC', 'type': 'general', 'company_id': company_id,
        })
    stack.call('payment.provider', 'write', [provider['id']], {
        'tochka_payment_kind': 'advance', 'tochka_advance_account_id': account['id'],
    })
    [customer] = stack.read('res.users', [('login', '=', 'customer')], ['partner_id'])
    payment_id = stack.call('account.payment', 'create', {
        'payment_type': 'inbound', 'partner_type': 'customer', 'amount': ADVANCE,
        'partner_id': customer['partner_id'][0], 'journal_id': provider['journal_id'][0],
        'date': time.strftime('%Y-%m-%d'), 'destination_account_id': account['id'],
        'tochka_advance_account_id': account['id'],
    })
    try:
        stack.call('account.payment', 'action_post', [payment_id])
    except xmlrpc.client.Fault as fault:
        assert 'cannot marshal None' in fault.faultString
    [line] = stack.read('account.move.line', [
        ('payment_id', '=', payment_id), ('account_id', '=', account['id'])], ['id'])
    return line['id']


def test_one_advance_for_many_invoices_at_once(stack):
    """ Each worker transfers what the others have left, and no kopeck twice. """
    line_id = create_advance(stack)
    invoice_ids = [stack.create_invoice(AMOUNT)[0] for _number in range(INVOICES)]

    def assign(invoice_id):
        accountant = Stack(stack.odoo_url, stack.sandbox_url, stack.name)
        try:
            return accountant.call('account.move', 'js_assign_outstanding_line', [invoice_id],
                                   line_id)
        except xmlrpc.client.Fault as fault:
            return fault.faultString

    with ThreadPoolExecutor(INVOICES) as pool:
        answers = list(pool.map(assign, invoice_ids))
    transfers = stack.read('account.move', [('tochka_settled_move_id', 'in', invoice_ids)],
                           ['amount_total', 'state'])
    assert {transfer['state'] for transfer in transfers} == {'posted'}, answers
    assert sum(transfer['amount_total'] for transfer in transfers) == ADVANCE, answers
    residuals = [stack.invoice(invoice_id)['amount_residual'] for invoice_id in invoice_ids]
    assert sum(residuals) == INVOICES * AMOUNT - ADVANCE
    [line] = stack.read('account.move.line', [('id', '=', line_id)], ['amount_residual'])
    assert line['amount_residual'] == 0.0
    assert [answer for answer in answers if answer is True], answers
