""" Every good answer of the sandbox is one that the bank describes. """

import re
from decimal import Decimal

import pytest

from .openapi import needs_openapi

pytestmark = needs_openapi

PAYMENT = '/acquiring/v1.0/payments/{operationId}'
HOOK = '/webhook/v1.0/{client_id}'


def customers(bank, receiver):
    kinds = [c['customerType'] for c in bank.call(
        'GET', 'open-banking/v1.0/customers'
    )['Data']['Customer']]
    assert {'Business', 'Personal'} == set(kinds)


def customer(bank, receiver):
    answer = bank.call('GET', f'open-banking/v1.0/customers/{bank.customer_code}')
    assert answer['Data']['customerCode'] == bank.customer_code


def accounts(bank, receiver):
    assert bank.call('GET', 'open-banking/v1.0/accounts')['Data']['Account']


def account(bank, receiver):
    (first, *_others) = bank.call('GET', 'open-banking/v1.0/accounts')['Data']['Account']
    account_id = first['accountId'].replace('/', '%2F')
    assert bank.call('GET', f'open-banking/v1.0/accounts/{account_id}')['Data'] == first


def retailers(bank, receiver):
    for code in bank.control('world')['retailers']:
        bank.call('GET', 'acquiring/v1.0/retailers', customerCode=code)


def create(bank, receiver):
    full = bank.create(saveCard=True, consumerId='c-1', preAuthorization=True)
    assert (full['status'], full['ttl']) == ('CREATED', 60)
    assert Decimal(str(full['amount'])) == Decimal('1234.5')
    least = bank.create(paymentLinkId=None, ttl=None, redirectUrl=None, failRedirectUrl=None)
    assert least['paymentLinkId']  # the bank's own number


def create_with_receipt(bank, receiver):
    created = bank.create_with_receipt()
    assert created['Client']['email'] == 'payer@example.com'
    assert len(created['Items']) == 2
    bank.read(created['operationId'])


def read(bank, receiver):
    """ Every status, every way to pay. """
    created = bank.create()['operationId']
    assert bank.read(created)['status'] == 'CREATED'
    for method in ('card', 'sbp', 'tinkoff', 'dolyame'):
        operation = bank.read(bank.paid(method))
        assert (operation['status'], operation['paymentType']) == ('APPROVED', method)
        assert [order['type'] for order in operation['Order']] == ['approval']
    held = bank.read(bank.paid('card', preAuthorization=True))
    assert (held['status'], held['Order'][0]['type']) == ('AUTHORIZED', 'authorized')
    bank.control('variants', {'wait_full_payment': True})
    assert bank.read(bank.paid('dolyame'))['status'] == 'WAIT_FULL_PAYMENT'
    bank.control('clock', {'advance': 61 * 60})
    assert bank.read(created)['status'] == 'EXPIRED'


def list_operations(bank, receiver):
    for number in range(5):
        bank.create() if number % 2 else bank.paid('sbp')
    pages = [
        bank.call('GET', 'acquiring/v1.0/payments', customerCode=bank.customer_code, page=number,
                  perPage=2) for number in (1, 2, 3)
    ]
    assert [len(page['Data']['Operation']) for page in pages] == [2, 2, 1]
    assert {page['Meta']['totalPages'] for page in pages} == {3}
    for status in ('CREATED', 'APPROVED', 'EXPIRED'):
        found = bank.call('GET', 'acquiring/v1.0/payments', customerCode=bank.customer_code,
                          status=status, fromDate='2020-01-01', toDate='2099-01-01')
        assert {o['status'] for o in found['Data']['Operation']} <= {status}


def capture(bank, receiver):
    operation_id = bank.paid('card', preAuthorization=True)
    captured = bank.call('POST', f'acquiring/v1.0/payments/{operation_id}/capture')
    assert captured['Data']['result'] is True
    assert bank.read(operation_id)['status'] == 'APPROVED'


def refund(bank, receiver):
    operation_id = bank.paid('sbp')
    assert bank.refund(operation_id, '0.50')['Data']['isRefund'] is True
    operation = bank.read(operation_id)
    assert operation['status'] == 'REFUNDED_PARTIALLY'
    assert operation['Order'][1]['type'] == 'refund'
    assert Decimal(str(operation['Order'][1]['amount'])) == Decimal('0.5')
    bank.control('variants', {'on_refund_seconds': 60})
    bank.refund(operation_id, '1234.00')
    assert bank.read(operation_id)['status'] == 'ON-REFUND'
    bank.control('clock', {'advance': 61})
    assert bank.read(operation_id)['status'] == 'REFUNDED'


def registry(bank, receiver):
    for method in ('card', 'sbp', 'tinkoff', 'dolyame'):
        operation_id = bank.paid(method)
    day = bank.read(operation_id)['paidAt'][:10]
    bank.control('clock', {'advance': 24 * 60 * 60})
    blocks = bank.call('GET', 'acquiring/v1.0/registry', customerCode=bank.customer_code,
                       merchantId=bank.merchant_id, date=day)['Data']['Registry']
    assert {block['paymentType'] for block in blocks} == {'card', 'sbp', 'tinkoff', 'dolyame'}


def webhook_create(bank, receiver):
    assert bank.subscribe(receiver.url)['Data']['url'] == receiver.url


def webhook_edit(bank, receiver):
    bank.subscribe(receiver.url)
    everything = ('incomingPayment', 'outgoingPayment', 'incomingSbpPayment',
                  'incomingSbpB2BPayment', 'acquiringInternetPayment')
    edited = bank.subscribe(receiver.url, 'POST', everything)
    assert edited['Data']['webhooksList'] == list(everything)


def webhook_read(bank, receiver):
    bank.subscribe(receiver.url)
    assert bank.call('GET', f'webhook/v1.0/{bank.client_id}')['Data']['url'] == receiver.url


def webhook_delete(bank, receiver):
    bank.subscribe(receiver.url)
    assert bank.call('DELETE', f'webhook/v1.0/{bank.client_id}')['Data']['result'] is True


def webhook_test(bank, receiver):
    bank.subscribe(receiver.url)
    sent = bank.call('POST', f'webhook/v1.0/{bank.client_id}/test_send',
                     {'webhookType': 'acquiringInternetPayment'})
    assert sent['Data']['result'] is True
    assert len(receiver.requests) == 2


def application_token(bank):
    """ Return the client token of the sandbox's application. """
    answer = bank.session.post(f'{bank.url}/connect/token', data={
        **bank.control('credentials')['app'], 'grant_type': 'client_credentials', 'scope': 'x'})
    return answer.json()['access_token']


def consent_create(bank, receiver):
    """ Every permission may be asked for; the consent may have an end. """
    token = application_token(bank)
    permissions = bank.contract.schema('ExternalConsentTypeEnum')['enum']
    for end in ({}, {'expirationDateTime': '2099-01-01T00:00:00+03:00'}):
        [consent] = bank.call('POST', 'consent/v1.0/consents', {
            'Data': {'permissions': permissions, **end}}, token=token)['Data']['Consent']
        assert (consent['status'], consent['permissions']) == ('AwaitingAuthorisation', permissions)


def consent_list(bank, receiver):
    consent_create(bank, receiver)
    answer = bank.call('GET', 'consent/v1.0/consents', token=application_token(bank))
    assert len(answer['Data']['Consent']) == 2


def consent_read(bank, receiver):
    consent_create(bank, receiver)
    for consent in bank.control('consents'):
        answer = bank.call('GET', f'consent/v1.0/consents/{consent["consentId"]}',
                           token=application_token(bank))
        assert answer['Data'] == consent


def consent_children(bank, receiver):
    consent_create(bank, receiver)
    consent_id = bank.control('consents')[0]['consentId']
    answer = bank.call('GET', f'consent/v1.0/consents/{consent_id}/child',
                       token=application_token(bank))
    assert answer['Data']['Consent'] == []


def sbp_customer(bank, receiver):
    answer = bank.call('GET', f'sbp/v1.0/customer/{bank.customer_code}/044525104')
    assert answer['Data']['status'] == 'Active'


# Everything that the sandbox serves.
GOOD = {
    ('POST', '/consent/v1.0/consents'): consent_create,
    ('GET', '/consent/v1.0/consents'): consent_list,
    ('GET', '/consent/v1.0/consents/{consentId}'): consent_read,
    ('GET', '/consent/v1.0/consents/{consentId}/child'): consent_children,
    ('GET', '/sbp/v1.0/customer/{customerCode}/{bankCode}'): sbp_customer,
    ('GET', '/open-banking/v1.0/customers'): customers,
    ('GET', '/open-banking/v1.0/customers/{customerCode}'): customer,
    ('GET', '/open-banking/v1.0/accounts'): accounts,
    ('GET', '/open-banking/v1.0/accounts/{accountId}'): account,
    ('GET', '/acquiring/v1.0/retailers'): retailers,
    ('POST', '/acquiring/v1.0/payments'): create,
    ('POST', '/acquiring/v1.0/payments_with_receipt'): create_with_receipt,
    ('GET', '/acquiring/v1.0/payments'): list_operations,
    ('GET', PAYMENT): read,
    ('POST', f'{PAYMENT}/capture'): capture,
    ('POST', f'{PAYMENT}/refund'): refund,
    ('GET', '/acquiring/v1.0/registry'): registry,
    ('PUT', HOOK): webhook_create,
    ('POST', HOOK): webhook_edit,
    ('GET', HOOK): webhook_read,
    ('DELETE', HOOK): webhook_delete,
    ('POST', f'{HOOK}/test_send'): webhook_test,
}


def test_no_operation_of_the_sandbox_is_missing(running):
    served = {
        (method, re.sub(r'<(?:\w+:)?\w+>', '{}', rule.rule.removeprefix('/uapi')))
        for rule in running.app.url_map.iter_rules() if rule.rule.startswith('/uapi/')
        for method in rule.methods - {'HEAD', 'OPTIONS'}
    }
    assert served == {(method, re.sub(r'\{\w+\}', '{}', path)) for method, path in GOOD}


@pytest.mark.parametrize(('operation', 'scenario'), GOOD.items(),
                         ids=[f'{method} {path}' for method, path in GOOD])
@pytest.mark.parametrize('quoted', [False, True], ids=['numbers', 'quoted amounts'])
def test_good_answers(bank, receiver, operation, scenario, quoted):
    if quoted:
        bank.quoted = True
        bank.control('variants', {'amounts_as_strings': True})
    scenario(bank, receiver)
    assert (*operation, 200) in bank.seen
