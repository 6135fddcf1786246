""" Every refusal of the sandbox is one that the bank describes. """

import pytest

from tests.api.server import ScriptedServer, answer

from .openapi import needs_openapi

pytestmark = needs_openapi


def wrong_fields(bank, receiver):
    """ 400, with one entry for each wrong field. """
    body = {'Data': {'customerCode': bank.customer_code, 'amount': '0.00', 'purpose': 'ы' * 141,
                     'paymentMode': ['pigeon']}}
    answer = bank.call('POST', 'acquiring/v1.0/payments', body, expect=400, valid=False)
    assert len(answer['Errors']) == 3
    return answer


def no_body(bank, receiver):
    return bank.call('POST', 'acquiring/v1.0/payments', [], expect=400, valid=False)


def several_shops(bank, receiver):
    return bank.create(merchantId=None, expect=400)


def mode_of_another_shop(bank, receiver):
    shop = bank.control('world')['retailers'][bank.customer_code][1]
    assert shop['paymentModes'] == ['card']
    return bank.create(merchantId=shop['merchantId'], expect=400)


def wrong_date(bank, receiver):
    return bank.call('GET', 'acquiring/v1.0/payments', customerCode=bank.customer_code,
                     fromDate='yesterday', expect=400)


def wrong_page(bank, receiver):
    return bank.call('GET', 'acquiring/v1.0/payments', customerCode=bank.customer_code, page='one',
                     expect=400, valid=False)


def unreachable_webhook(bank, receiver):
    server = ScriptedServer([answer('', 500)])
    try:
        refusal = bank.subscribe(server.url, expect=400)
    finally:
        server.stop()
    bank.call('GET', f'webhook/v1.0/{bank.client_id}', expect=404)  # nothing was saved
    return refusal


def unknown_token(bank, receiver):
    return bank.call('GET', 'open-banking/v1.0/customers', token='unknown', expect=403)


def missing_permission(bank, receiver):
    token = bank.control('clients', {'client_id': 'poor', 'permissions': ['ReadCustomerData']})
    return bank.call('GET', 'acquiring/v1.0/retailers', customerCode=bank.customer_code,
                     token=token['token'], expect=403)


def foreign_customer(bank, receiver):
    return bank.create(customerCode='399999999', expect=403)


def foreign_shop(bank, receiver):
    return bank.create(merchantId='299999999999999', expect=403)


def foreign_webhook(bank, receiver):
    return bank.call('GET', 'webhook/v1.0/somebody-else', expect=403)


def no_webhook(bank, receiver):
    return bank.call('GET', f'webhook/v1.0/{bank.client_id}', expect=404)


def unknown_operation(bank, receiver):
    return bank.call('GET', 'acquiring/v1.0/payments/unknown', expect=424)


def used_number(bank, receiver):
    bank.create(paymentLinkId='INV-1')
    return bank.create(paymentLinkId='INV-1', expect=424)


def receipt_without_till(bank, receiver):
    return bank.create(receipt=True, expect=424)


def refund_of_nothing(bank, receiver):
    return bank.refund(bank.create()['operationId'], '1.00', expect=424)


def refund_of_too_much(bank, receiver):
    return bank.refund(bank.paid('card'), '1234.51', expect=424)


def capture_of_nothing(bank, receiver):
    operation_id = bank.paid('card')
    return bank.call('POST', f'acquiring/v1.0/payments/{operation_id}/capture', expect=424)


REFUSALS = {
    400: [wrong_fields, no_body, several_shops, mode_of_another_shop, wrong_date, wrong_page,
          unreachable_webhook],
    403: [unknown_token, missing_permission, foreign_customer, foreign_shop, foreign_webhook],
    404: [no_webhook],
    424: [unknown_operation, used_number, receipt_without_till, refund_of_nothing,
          refund_of_too_much, capture_of_nothing],
}


@pytest.mark.parametrize(('status', 'scenario'), [
    pytest.param(status, scenario, id=f'{status} {scenario.__name__}')
    for status, scenarios in REFUSALS.items() for scenario in scenarios
])
def test_refusals(bank, receiver, status, scenario):
    envelope = scenario(bank, receiver)
    assert envelope['code'] == str(status)
    assert envelope['Errors'] and envelope['id']
    assert status in [seen for _method, _template, seen in bank.seen]


def test_quoted_prices_of_a_receipt_come_back_as_numbers(bank):
    bank.create_with_receipt(
        amount='5.00', Items=[{'name': 'Занятие', 'amount': '5.00', 'quantity': 1}],
    )


@pytest.mark.parametrize(('method', 'path'), [
    ('GET', 'acquiring/v2.0/payments'), ('PATCH', 'acquiring/v1.0/payments'), ('GET', 'nothing'),
])
def test_what_does_not_exist_is_not_implemented(bank, method, path):
    # The file declares no 501, but one form for all errors.
    answer = bank.session.request(method, f'{bank.url}/uapi/{path}',
                                  headers={'Authorization': f'Bearer {bank.token}'})
    assert answer.status_code == 501
    assert bank.contract.named_errors('ErrorResponse', answer.json()) == []
