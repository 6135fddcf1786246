""" What the bank refuses as malformed: with its OpenAPI file, and by the sandbox's own checks. """

import json

import pytest
from sandbox_client import COMPANY

PAYMENTS = 'acquiring/v1.0/payments'


@pytest.mark.parametrize('field, value', [
    ('customerCode', None), ('customerCode', '12345678'), ('customerCode', '1234567890'),
    ('customerCode', 301234567),
    ('amount', None), ('amount', 0), ('amount', -5), ('amount', '0.00'), ('amount', '-5.00'),
    ('amount', 'one'), ('amount', '1,50'), ('amount', '1.005'), ('amount', '1e3'), ('amount', True),
    ('purpose', None), ('purpose', ''), ('purpose', 'п' * 141), ('purpose', 17),
    ('paymentMode', None), ('paymentMode', []), ('paymentMode', ['cash']), ('paymentMode', 'card'),
    ('paymentMode', ['card', 'digitalRuble']),
    ('merchantId', '20000000001234'), ('merchantId', '2000000000123456'),
    ('ttl', 0), ('ttl', -1), ('ttl', 44641), ('ttl', 1.5), ('ttl', True),
    ('paymentLinkId', ''), ('paymentLinkId', 'x' * 46), ('paymentLinkId', 17),
    ('redirectUrl', ''), ('redirectUrl', 'https://shop.example.com/' + 'a' * 2083),
])
def test_wrong_field_is_named(api, schema, field, value):
    data = {**api.request_data(), field: value}
    if value is None:
        del data[field]
    messages = api.refused(400, 'POST', PAYMENTS, {'Data': data})
    assert any(field in message for message in messages), messages
    assert api.control('operations') == []


def test_quoted_integer_is_refused(api, with_openapi):
    assert any('ttl' in message for message in api.create_refused(400, ttl='60'))


def test_quoted_integer_is_refused_by_the_own_checks(api, without_openapi):
    assert any('ttl' in message for message in api.create_refused(400, ttl='60'))


@pytest.mark.parametrize('field, value', [
    ('purpose', 'п'), ('purpose', 'п' * 140), ('ttl', 1), ('ttl', 44640),
    ('paymentLinkId', 'x'), ('paymentLinkId', 'x' * 45), ('paymentMode', ['card']),
    ('amount', 0.01), ('amount', '0.1'), ('redirectUrl', 'https://shop.example.com/?a=1&b=2'),
    ('redirectUrl', 'http://127.0.0.1:8069/payment/return'),
])
def test_limits_themselves_are_allowed(api, schema, field, value):
    api.create(**{field: value})


def test_unknown_fields_are_ignored(api, schema):
    assert 'terminalId' not in api.create(terminalId='20012345')


def test_one_entry_for_each_wrong_field(api, schema):
    messages = api.create_refused(400, amount=0, purpose='', ttl=0)
    assert len(messages) == 3
    assert [sum(name in m for m in messages) for name in ('amount', 'purpose', 'ttl')] == [1, 1, 1]


@pytest.mark.parametrize('body', [None, [], 'text', {}, {'Data': None}, {'Data': []}])
def test_body_without_data(api, schema, body):
    api.refused(400, 'POST', PAYMENTS, body)


def test_body_without_the_wrapper(api, schema):
    api.refused(400, 'POST', PAYMENTS, api.request_data())


@pytest.mark.parametrize('content, kind', [
    (b'{"Data":', 'application/json'),
    (b'\xff\xfe', 'application/json'),
    (b'customerCode=301234567', 'application/x-www-form-urlencoded'),
    (b'', 'application/json'),
])
def test_body_that_is_no_json(api, schema, content, kind):
    answer = api.http.post(
        f'{api.url}/uapi/{PAYMENTS}', data=content, timeout=20,
        headers={'Authorization': f'Bearer {api.token}', 'Content-Type': kind},
    )
    assert answer.status_code == 400
    assert answer.json()['message'] == 'Validation Error'


@pytest.mark.parametrize('amount', ['NaN', 'Infinity', '-Infinity'])
def test_amount_that_json_allows_by_mistake(api, schema, amount):
    body = json.dumps({'Data': api.request_data(amount='AMOUNT')}).replace('"AMOUNT"', amount)
    answer = api.http.post(
        f'{api.url}/uapi/{PAYMENTS}', data=body, timeout=20,
        headers={'Authorization': f'Bearer {api.token}', 'Content-Type': 'application/json'},
    )
    assert answer.status_code == 400
    assert api.control('operations') == []


def test_parts_of_a_kopeck_are_refused_as_a_number_too(api, schema):
    api.create_refused(400, amount=1.005)


def test_list_without_a_company_is_a_validation_error(api):
    [message] = api.refused(400, 'GET', PAYMENTS)
    assert 'customerCode' in message


def test_wrong_company_comes_after_wrong_fields(api, schema):
    data = api.request_data(customerCode='999999999', amount=0)
    api.refused(400, 'POST', PAYMENTS, {'Data': data})
    assert COMPANY != data['customerCode']
    api.refused(403, 'POST', PAYMENTS, {'Data': {**data, 'amount': 1}})
