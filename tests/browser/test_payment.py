""" A customer pays a portal invoice, whatever goes wrong on the way. """


def test_by_card(stack, visit):
    invoice_id, url = stack.create_invoice()
    visitor = visit(url)
    visitor.look('portal_invoice')
    visitor.choose('card')
    visitor.look('portal_payment')
    visitor.press_pay()
    visitor.look('bank_page')
    visitor.pay_at_the_bank('card')
    visitor.page.wait_for_url(f'**/my/invoices/{invoice_id}**')
    visitor.look('portal_paid')
    stack.assert_paid_once(invoice_id)


def test_by_sbp_on_a_phone_in_english(stack, visit):
    invoice_id, url = stack.create_invoice(1234.56)
    visitor = visit(url, locale='en-US', phone=True)
    visitor.choose('sbp')
    visitor.look('portal_payment_phone')
    visitor.press_pay()
    assert visitor.page.locator('#qr').is_visible()
    visitor.look('bank_page_phone')
    visitor.pay_at_the_bank('sbp')
    visitor.page.wait_for_url(f'**/my/invoices/{invoice_id}**')
    stack.assert_paid_once(invoice_id)
    [transaction] = stack.transactions(invoice_id)
    assert transaction['payment_method_code'] == 'sbp'


def test_decline_then_try_again(stack, visit):
    invoice_id, url = stack.create_invoice()
    visitor = visit(url).choose('card').press_pay().pay_at_the_bank('card', 'decline')
    visitor.page.wait_for_url('**/payment/tochka/declined**')
    visitor.look('declined')
    assert stack.invoice(invoice_id)['payment_state'] == 'not_paid'
    visitor.page.locator('#o_tochka_try_again').click()
    visitor.page.wait_for_url('**/order/**')
    visitor.pay_at_the_bank('card')
    visitor.page.wait_for_url(f'**/my/invoices/{invoice_id}**')
    stack.assert_paid_once(invoice_id)
    assert len(stack.transactions(invoice_id)) == 1, "The open link was used again"


def test_decline_then_another_way(stack, visit):
    invoice_id, url = stack.create_invoice()
    visitor = visit(url).choose('card').press_pay().pay_at_the_bank('card', 'decline')
    visitor.page.locator('#o_tochka_other_way').click()
    visitor.page.wait_for_url(f'**/my/invoices/{invoice_id}**')
    visitor.choose('sbp').press_pay().pay_at_the_bank('sbp')
    visitor.page.wait_for_url(f'**/my/invoices/{invoice_id}**')
    stack.assert_paid_once(invoice_id)


def test_closed_tab_webhook_alone(stack, visit):
    invoice_id, url = stack.create_invoice()
    visitor = visit(url).choose('card').press_pay().pay_at_the_bank('card', 'pay-and-close')
    visitor.leave()
    stack.wait_paid(invoice_id)
    [transaction] = stack.transactions(invoice_id)
    [event] = stack.read('tochka.webhook.event', [
        ('operation_id', '=', transaction['tochka_operation_id'])], ['state'])
    assert event['state'] == 'done'


def test_lost_webhook_poll_alone(stack, visit):
    stack.control('webhooks', {'drop': True})
    invoice_id, url = stack.create_invoice()
    visitor = visit(url).choose('card').press_pay().pay_at_the_bank('card', 'pay-and-close')
    visitor.leave()
    assert stack.invoice(invoice_id)['payment_state'] == 'not_paid'
    [transaction] = stack.transactions(invoice_id)
    stack.plan_poll([transaction['id']], '2020-01-01 00:00:00')
    stack.run_job('cron_poll')
    stack.wait_paid(invoice_id)


def test_lost_webhook_and_poll_sweep_alone(stack, visit):
    stack.control('webhooks', {'drop': True})
    invoice_id, url = stack.create_invoice()
    visitor = visit(url).choose('card').press_pay().pay_at_the_bank('card', 'pay-and-close')
    visitor.leave()
    [transaction] = stack.transactions(invoice_id)
    stack.plan_poll([transaction['id']], None)
    stack.run_job('cron_sweep')
    stack.wait_paid(invoice_id)


def test_return_without_webhook(stack, visit):
    """ An Odoo that the bank can't reach: the status page asks by itself. """
    stack.control('webhooks', {'drop': True})
    invoice_id, url = stack.create_invoice()
    visitor = visit(url).choose('card').press_pay().pay_at_the_bank('card')
    visitor.page.wait_for_url(f'**/my/invoices/{invoice_id}**')
    stack.assert_paid_once(invoice_id)


def test_two_windows_end_at_the_same_link(stack, visit):
    invoice_id, url = stack.create_invoice()
    first = visit(url).choose('card').press_pay()
    second = visit(url).choose('card').press_pay()
    assert first.page.url == second.page.url
    first.pay_at_the_bank('card')
    first.page.wait_for_url(f'**/my/invoices/{invoice_id}**')
    second.pay_at_the_bank('card')
    assert second.page.locator('#message').is_visible(), "The bank takes it once"
    stack.assert_paid_once(invoice_id)
