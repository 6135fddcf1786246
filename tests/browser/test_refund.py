""" The accountant returns money in each way that there is; the customer reads of it on a phone. """

import pytest

from tests.browser.steps import log_in, log_in_to_portal, run_job, switch_jobs, top_up, wait

CARD, SBP = '3–7 дней', 'сразу'


@pytest.fixture(autouse=True)
def held_jobs(stack):
    """ Refunds are sent and found when the test says so, so that a page can be read before.

    The customer's return from the bank books the payments.
    """
    jobs = [job['res_id'] for job in stack.read('ir.model.data', [
        ('module', '=', 'tochka_acquiring'),
        ('name', 'in', ('cron_refund', 'cron_refund_sweep', 'cron_sweep', 'cron_poll',
                        'cron_process_events', 'cron_process_events_2'))], ['res_id'])]
    switch_jobs(stack, jobs, False)
    yield
    switch_jobs(stack, jobs, True)


@pytest.fixture
def accountant(stack, visit):
    """ An accountant, logged in. """
    return log_in(visit, stack, 'accountant', 'demo')


# === STEPS === #

def pay(stack, visit, amount, method='card'):
    """ Let a customer pay an invoice, and the till print it. :return: id, link, transaction. """
    invoice_id, url = stack.create_invoice(amount)
    visitor = visit(url).choose(method).press_pay().pay_at_the_bank(method)
    visitor.page.wait_for_url(f'**/my/invoices/{invoice_id}**')
    stack.wait_paid(invoice_id)
    [transaction] = stack.transactions(invoice_id)
    wait_printed(stack, transaction)
    return invoice_id, url, transaction


def open_invoice(stack, page, invoice_id):
    page.goto(f'{stack.odoo_url}/odoo/action-account.action_move_out_invoice/{invoice_id}')
    page.locator('.o_form_view [name="invoice_line_ids"]').wait_for()


def open_payment(stack, page, transaction):
    page.goto(f'{stack.odoo_url}/odoo/action-account.action_account_payments/'
              f'{transaction["payment_id"][0]}')
    page.locator('.o_form_view').wait_for()


def press(page, name):
    """ Press a button of the form, or of the window over it. """
    page.locator(f'button[name="{name}"]:visible').last.click()


def open_window(page, name):
    """ Press a button of the form that opens a window. """
    page.locator(f'button.{name}:visible').last.click()


def text_of(locator):
    """ Return what is read there, with plain spaces. """
    return ' '.join(locator.inner_text().split())


def fill(page, name, value):
    """ Fill in a field of the window over the form. """
    field = page.locator(f'.modal [name="{name}"] input')
    field.fill(value)
    field.press('Tab')


def refund_payment(page, amount=None):
    """ Press "Refund" in the payment that is open, and once more in the window. """
    press(page, 'action_refund_wizard')
    page.locator('.modal [name="amount_to_refund"] input').wait_for()
    if amount:
        fill(page, 'amount_to_refund', amount)
    page.locator('.modal button[name="action_refund"]').click()
    page.locator('.modal').wait_for(state='detached')


def make_credit_note(page, price=None):
    """ Press "Credit Note" in the invoice that is open, and post it. """
    press(page, 'action_reverse')
    page.locator('.modal button[name="refund_moves"]').click()
    page.locator('.modal').wait_for(state='detached')
    page.locator('button[name="action_post"]:visible').wait_for()
    if price:
        cell = page.locator('[name="invoice_line_ids"] .o_data_row td[name="price_unit"]')
        cell.click()
        cell.locator('input').fill(price)
        cell.locator('input').press('Tab')
    press(page, 'action_post')
    page.locator('button[name="action_post"]:visible').wait_for(state='detached')


def read_on_phone(visit, url, *words, name=None):
    """ Read on a phone what goes back, in Russian; keep the English page as well. """
    visitor = visit(url, phone=True)
    told = visitor.page.locator('#tochka_refunds')
    told.wait_for()
    text = text_of(told)
    for word in words:
        assert word in text, text
    if name:
        visitor.look(name, whole=False)
        visit(url.replace('/my/', '/en/my/'), phone=True).look(f'en/{name}', whole=False)
    return visitor


# === WHAT BECAME OF IT === #

def wait_printed(stack, transaction):
    """ Wait until the receipt of a payment or refund is printed. :return: The receipt. """
    def is_done(receipt):
        if receipt['state'] == 'accepted':
            # While the row is being worked on a callback is told to come again, in a minute.
            for callback in stack.control('komtet/callbacks'):
                if callback['result'] == 503:
                    stack.control('komtet/callbacks', {'again': callback['id']})
        return receipt['state'] == 'done'

    return wait(stack, 'fiscal.receipt', [('transaction_id', '=', transaction['id'])], [
        'state', 'kind', 'total', 'document_number', 'attempt_ids', 'problem'], is_done)


def refund_done(stack, transaction, amount):
    """ Let the job send the refund; wait for the books. :return: The refund. """
    run_job(stack, 'cron_refund')
    return wait(
        stack, 'payment.transaction', [
            ('source_transaction_id', '=', transaction['id']), ('amount', '=', -amount)],
        ['state', 'payment_id', 'invoice_ids'],
        lambda refund: refund['state'] == 'done' and refund['payment_id'])


def check_books(stack, refund, amount, matched=True):
    """ The payment that went out is posted, and matched with what it returns. """
    [payment] = stack.read('account.payment', [('id', '=', refund['payment_id'][0])], [
        'payment_type', 'amount', 'state'])
    assert payment['payment_type'] == 'outbound' and payment['amount'] == amount
    assert payment['state'] in ('in_process', 'paid')
    lines = stack.read('account.move.line', [('payment_id', '=', payment['id'])], [
        'account_id', 'balance', 'reconciled'])
    codes = {a['id']: a['code'] for a in stack.read('account.account', [
        ('id', 'in', [line['account_id'][0] for line in lines])], ['code'])}
    lines = {codes[line['account_id'][0]]: (line['balance'], line['reconciled']) for line in lines}
    assert lines == {'57.03': (-amount, False), '62.01': (amount, matched)}


def check_receipt(stack, refund, amount):
    """ KOMTET Kassa has printed the receipt of the return, once. """
    receipt = wait_printed(stack, refund)
    assert (receipt['kind'], receipt['total']) == ('income_return', amount)
    [attempt] = stack.read('fiscal.attempt', [('id', 'in', receipt['attempt_ids'])], ['key'])
    [printed] = [line for line in stack.control('komtet/ledger')
                 if line['external_id'] == attempt['key']]
    assert (printed['intent'], float(printed['total'])) == ('sellReturn', amount)
    return receipt


def check_bank(stack, transaction, *amounts):
    """ The bank has returned these sums, and nothing else. """
    [operation] = [one for one in stack.control('operations')
                   if one['operationId'] == transaction['tochka_operation_id']]
    assert [float(order['amount']) for order in operation['Order']
            if order['type'] == 'refund'] == list(amounts)


# === TESTS === #

def test_whole_payment_by_its_button(stack, visit, accountant):
    """ The whole payment goes back by its button; its credit note takes it afterwards. """
    page = accountant.page
    invoice_id, url, transaction = pay(stack, visit, 2000.0)
    open_invoice(stack, page, invoice_id)
    press(page, 'open_payments')
    press(page, 'action_refund_wizard')
    hint = page.locator('.modal [name="tochka_invoice_hint"]')
    hint.wait_for()
    assert '2 000,00' in text_of(hint) and 'кредитную ноту' in text_of(hint)
    page.locator('.modal button[special="cancel"]').click()
    accountant.look_twice(
        stack, 'refund_wizard', lambda tab: press(tab, 'action_refund_wizard'), 'accountant')
    refund_payment(page)
    info = page.locator('.o_form_view [name="tochka_refund_info"]')
    info.wait_for()
    assert '2 000,00' in text_of(info) and 'в пути' in text_of(info)
    open_invoice(stack, page, invoice_id)
    assert 'в пути' in page.locator('.o_form_view [name="tochka_refund_info"]').inner_text()
    accountant.look_twice(stack, 'refund_invoice', login='accountant')
    read_on_phone(visit, url, '2 000,00', 'в пути', CARD, name='portal_refund_on_its_way')

    refund = refund_done(stack, transaction, 2000.0)
    check_books(stack, refund, 2000.0, matched=False)
    receipt = check_receipt(stack, refund, 2000.0)
    check_bank(stack, transaction, 2000.0)
    phone = read_on_phone(visit, url, '2 000,00', 'возвращен', CARD, name='portal_refund_done')
    assert receipt['document_number'] in phone.page.locator('#fiscal_receipts').inner_text()

    open_invoice(stack, page, invoice_id)
    make_credit_note(page)
    assert not page.locator('.o_tochka_refund_note').is_visible()
    [note] = stack.read('account.move', [('reversed_entry_id', '=', invoice_id)], [
        'payment_state', 'amount_residual'])
    assert (note['payment_state'], note['amount_residual']) == ('paid', 0.0)
    check_books(stack, refund, 2000.0)
    open_payment(stack, page, transaction)
    assert not page.locator('button[name="action_refund_wizard"]').is_visible()


def test_part_by_a_credit_note(stack, visit, accountant):
    """ "Return the money to the payer" of a credit note for a part of the invoice. """
    page = accountant.page
    invoice_id, url, transaction = pay(stack, visit, 3000.0, 'sbp')
    open_invoice(stack, page, invoice_id)
    make_credit_note(page, '1200,50')
    open_window(page, 'o_tochka_refund_note')
    amount = page.locator('.modal [name="amount"] input')
    amount.wait_for()
    assert amount.input_value().replace('\xa0', ' ').startswith('1 200,50')
    page.locator('.modal button[special="cancel"]').click()
    accountant.look_twice(
        stack, 'refund_credit_note', lambda tab: open_window(tab, 'o_tochka_refund_note'),
        'accountant')
    open_window(page, 'o_tochka_refund_note')
    page.locator('.modal button[name="action_refund"]').click()
    page.locator('.modal').wait_for(state='detached')
    page.locator('.o_form_view [name="tochka_refund_info"]').wait_for()
    [note] = stack.read('account.move', [('reversed_entry_id', '=', invoice_id)], ['id'])
    note_url = stack.odoo_url + stack.call('account.move', 'get_portal_url', [note['id']])
    for address in (url, note_url):
        phone = read_on_phone(visit, address, '1 200,50', 'в пути', SBP)
    assert not phone.page.locator('.o_account_payment_tx_status').count()

    refund = refund_done(stack, transaction, 1200.5)
    assert refund['invoice_ids'] == [note['id']]
    check_books(stack, refund, 1200.5)
    receipt = check_receipt(stack, refund, 1200.5)
    check_bank(stack, transaction, 1200.5)
    [note] = stack.read('account.move', [('id', '=', note['id'])], ['payment_state'])
    assert note['payment_state'] == 'paid'
    assert stack.invoice(invoice_id)['payment_state'] in ('paid', 'in_payment')
    page.reload()
    page.locator('button[name="action_tochka_refunds"]').wait_for()
    assert not page.locator('.o_tochka_refund_note').is_visible()
    phone = read_on_phone(visit, note_url, '1 200,50', 'возвращен', SBP)
    assert not phone.page.locator('.o_account_payment_tx_status').count()
    phone.look('portal_refund_credit_note')
    assert receipt['document_number'] in phone.page.locator('#fiscal_receipts').inner_text()


def test_part_of_a_top_up(stack, visit, accountant, family):
    """ A part of a top-up goes back without a credit note, and reduces the balance. """
    page = accountant.page
    # What earlier top-ups have left pays first; the invoice is that much larger.
    earlier = -sum(line['amount_residual'] for line in stack.read('account.move.line', [
        ('partner_id', '=', family[0]), ('parent_state', '=', 'posted'),
        ('account_id.account_type', 'in', ('asset_receivable', 'liability_current')),
        ('amount_residual', '<', 0), ('payment_id.payment_transaction_id', '!=', False),
    ], ['amount_residual']))
    invoice_id, _url = stack.create_invoice(300.0 + earlier)
    customer = top_up(stack, visit, '1000')
    assert stack.invoice(invoice_id)['payment_state'] in ('paid', 'in_payment')
    [transaction] = stack.call(
        'payment.transaction', 'search_read', [
            ('partner_id', '=', family[0]), ('invoice_ids', '=', False), ('amount', '=', 1000.0)],
        fields=['payment_id', 'tochka_operation_id'], order='id desc', limit=1)
    wait_printed(stack, transaction)

    def left():
        customer.page.goto(f'{stack.odoo_url}/my/balance')
        text = customer.page.locator('[name=left]').inner_text()
        return float(''.join(c for c in text if c.isdigit() or c == ',').replace(',', '.'))

    before = left()
    open_payment(stack, page, transaction)
    press(page, 'action_refund_wizard')
    warning = page.locator('.modal [name="tochka_topup_warning"]')
    warning.wait_for()
    assert '700,00' in text_of(warning) and '300,00' in text_of(warning)
    page.locator('.modal button[special="cancel"]').click()
    accountant.look_twice(
        stack, 'refund_topup', lambda tab: press(tab, 'action_refund_wizard'), 'accountant')
    press(page, 'action_refund_wizard')
    fill(page, 'amount_to_refund', '400')
    warning.wait_for(state='hidden')
    page.locator('.modal button[name="action_refund"]').click()
    page.locator('.modal').wait_for(state='detached')
    left()
    told = customer.page.locator('#tochka_refunds')
    assert '400,00' in told.inner_text() and 'в пути' in told.inner_text()
    assert SBP in told.inner_text()
    customer.look('portal_refund_balance')

    refund = refund_done(stack, transaction, 400.0)
    assert not refund['invoice_ids']
    check_books(stack, refund, 400.0)
    receipt = check_receipt(stack, refund, 400.0)
    check_bank(stack, transaction, 400.0)
    assert left() == before - 400.0
    assert 'возвращен' in customer.page.locator('#tochka_refunds').inner_text()
    customer = log_in_to_portal(visit, stack)
    customer.page.locator('a[href="/my/fiscal-receipts"]').click()
    customer.page.wait_for_url('**/my/fiscal-receipts')
    customer.page.locator('#wrap tbody a').first.click()
    assert receipt['document_number'] in customer.page.locator('#o_fiscal_receipt').inner_text()
    customer.look('portal_refund_receipt')


def test_by_hand_when_the_bank_refuses(stack, visit, accountant):
    """ The bank refuses a second part: a person returns it, records it, and it stays one. """
    page = accountant.page
    invoice_id, url, transaction = pay(stack, visit, 1000.0)
    open_payment(stack, page, transaction)
    refund_payment(page, '300')
    first = refund_done(stack, transaction, 300.0)
    stack.control('variants', {'second_refund': False})
    try:
        page.reload()
        refund_payment(page, '200')
        run_job(stack, 'cron_refund')
    finally:
        stack.control('variants', {'second_refund': True})
    second = wait(
        stack, 'tochka.refund', [
            ('source_transaction_id', '=', transaction['id']), ('amount', '=', 200.0)],
        ['state'], lambda refund: refund['state'] == 'rejected')
    check_bank(stack, transaction, 300.0)

    # What the accountant reads: in the list, in the refund, in the payment.
    page.goto(f'{stack.odoo_url}/odoo/action-tochka_acquiring.action_tochka_refund')
    page.locator('.o_data_row').first.wait_for()
    page.locator('.o_searchview_dropdown_toggler').click()
    page.locator('.o_filter_menu .o_menu_item').filter(has_text='Ждёт').click()
    page.keyboard.press('Escape')
    accountant.look_twice(stack, 'refunds', login='accountant')
    page.locator('.o_data_row').filter(has_text='200').locator('td[name="name"]').first.click()
    told = page.locator('.o_form_view .alert-warning:visible')
    told.first.wait_for()
    assert 'REFUNDED_PARTIALLY' in told.first.inner_text()
    assert 'интернет-банке' in told.first.inner_text()
    accountant.look_twice(stack, 'refund_refused', login='accountant')
    open_payment(stack, page, transaction)
    assert 'REFUNDED_PARTIALLY' in page.locator(
        '.o_form_view [name="tochka_refund_info"]').inner_text()
    text = read_on_phone(visit, url, '300,00').page.locator('#tochka_refunds').inner_text()
    assert '200' not in text, "A refusal is no business of the customer's"

    # In the internet bank, and then in Odoo.
    stack.control(f'refund/{transaction["tochka_operation_id"]}', {'amount': '200.00'})
    accountant.look_twice(
        stack, 'refund_record', lambda tab: open_window(tab, 'o_tochka_refund_record'),
        'accountant')
    open_window(page, 'o_tochka_refund_record')
    amount = page.locator('.modal [name="amount"] input')
    amount.wait_for()
    assert amount.input_value().startswith('200,00')
    page.locator('.modal button[name="action_record"]').click()
    page.locator('.modal').wait_for(state='detached')
    wait(stack, 'tochka.refund', [('id', '=', second['id'])], ['state'],
         lambda refund: refund['state'] == 'by_hand')
    recorded = wait(
        stack, 'payment.transaction', [
            ('source_transaction_id', '=', transaction['id']), ('amount', '=', -200.0)],
        ['payment_id'], lambda refund: refund['payment_id'])
    check_receipt(stack, recorded, 200.0)
    read_on_phone(visit, url, '200,00', 'возвращен')

    # In the night the sweep finds it, and books no second one.
    run_job(stack, 'cron_refund_sweep')
    wait(stack, 'tochka.refund', [('id', '=', second['id'])], ['state'],
         lambda refund: refund['state'] == 'done')
    run_job(stack, 'cron_refund_sweep')
    refunds = stack.read('tochka.refund', [
        ('source_transaction_id', '=', transaction['id'])], ['transaction_id', 'order_id'])
    assert len({refund['order_id'] for refund in refunds}) == len(refunds) == 2
    payments = stack.read('account.payment', [
        ('payment_transaction_id', 'in', [one['transaction_id'][0] for one in refunds])],
        ['amount'])
    assert sorted(payment['amount'] for payment in payments) == [200.0, 300.0]
    check_bank(stack, transaction, 300.0, 200.0)
    for refund, amount in ((first, 300.0), (recorded, 200.0)):
        check_books(stack, refund, amount, matched=False)
        check_receipt(stack, refund, amount)
    open_invoice(stack, page, invoice_id)
    assert '2' in page.locator('button[name="action_tochka_refunds"]').inner_text()
    assert not page.locator('.o_form_view [name="tochka_refund_info"]').is_visible()
