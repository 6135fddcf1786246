""" Keys and permissions; customers, accounts and shops. """

import jwt
import pytest
from sandbox_client import CARD_SHOP, COMPANY, PERSON, SECOND_COMPANY, SHOP


def inn_is_valid(inn):
    """ Check the control digits of an INN (Federal Tax Service, order MMV-7-6/435). """
    digits = [int(digit) for digit in inn]
    weights = [3, 7, 2, 4, 10, 3, 5, 9, 4, 6, 8]

    def control(size):
        return sum(w * d for w, d in zip(weights[-size:], digits, strict=False)) % 11 % 10

    if len(digits) == 10:
        return control(9) == digits[9]
    return control(10) == digits[10] and control(11) == digits[11]


def test_credentials_are_a_signed_key_that_names_its_client(api):
    credentials = api.control('credentials')
    assert jwt.get_unverified_header(credentials['token'])['alg'] == 'RS256'
    claims = jwt.decode(credentials['token'], options={'verify_signature': False})
    assert claims['iss'] == credentials['client_id'] == 'sandbox-client'
    assert credentials['customer_code'] == COMPANY
    assert credentials['merchant_id'] == SHOP


def test_key_of_webhooks_is_not_the_key_of_tokens(api):
    jwk = api.http.get(f'{api.url}/doc/openapi/static/keys/public', timeout=20).json()
    with pytest.raises(jwt.InvalidSignatureError):
        jwt.decode(api.token, jwt.PyJWK(jwk, 'RS256').key, algorithms=['RS256'])


@pytest.mark.parametrize('token', ['', 'unknown'])
def test_unknown_key_is_forbidden(api, token):
    assert api.refused(403, 'GET', 'open-banking/v1.0/customers', token=token) == ['Invalid token']


def test_only_bearer_keys_are_taken(api):
    answer = api.http.get(
        f'{api.url}/uapi/open-banking/v1.0/customers', timeout=20,
        headers={'Authorization': f'Basic {api.token}'},
    )
    assert answer.status_code == 403


@pytest.mark.parametrize('permission, method, path', [
    ('ReadCustomerData', 'GET', 'open-banking/v1.0/customers'),
    ('ReadAccountsBasic', 'GET', 'open-banking/v1.0/accounts'),
    ('ReadAccountsDetail', 'GET', 'open-banking/v1.0/accounts'),
    ('ReadAcquiringData', 'GET', f'acquiring/v1.0/retailers?customerCode={COMPANY}'),
    ('ReadAcquiringData', 'GET', f'acquiring/v1.0/payments?customerCode={COMPANY}'),
    ('MakeAcquiringOperation', 'POST', 'acquiring/v1.0/payments'),
    ('ManageWebhookData', 'GET', 'webhook/v1.0/poor'),
])
def test_each_call_needs_its_permission(api, permission, method, path):
    every = ['ReadCustomerData', 'ReadAccountsBasic', 'ReadAccountsDetail', 'ReadAcquiringData',
             'MakeAcquiringOperation', 'ManageWebhookData']
    token = api.control(
        'clients', client_id='poor', permissions=[p for p in every if p != permission],
    )['token']
    assert api.refused(403, method, path, {}, token=token) == ['Missing permission']


def test_deleted_key_is_forbidden(api):
    token = api.control('clients', client_id='leaver')['token']
    api.data('GET', 'open-banking/v1.0/customers', token=token)
    api.control('clients/leaver', 'DELETE')
    api.refused(403, 'GET', 'open-banking/v1.0/customers', token=token)


def test_reissued_key_replaces_the_old_one(api):
    old = api.token
    api.token = api.control('clients', client_id=api.client_id)['token']
    assert api.token != old
    api.data('GET', 'open-banking/v1.0/customers')
    api.refused(403, 'GET', 'open-banking/v1.0/customers', token=old)


def test_customers_are_companies_and_a_person(api):
    customers = api.data('GET', 'open-banking/v1.0/customers')['Customer']
    assert {c['customerCode']: c['customerType'] for c in customers} == {
        COMPANY: 'Business', SECOND_COMPANY: 'Business', PERSON: 'Personal',
    }
    numbers = [c['taxCode'] for c in customers if c['customerType'] == 'Business']
    assert len(numbers) == 2 and all(inn_is_valid(number) for number in numbers)
    one = api.data('GET', f'open-banking/v1.0/customers/{COMPANY}')
    assert one['customerCode'] == COMPANY and one['fullName']


def test_key_sees_only_its_customers(api):
    token = api.control('clients', client_id='one', customer_codes=[SECOND_COMPANY])['token']
    [customer] = api.data('GET', 'open-banking/v1.0/customers', token=token)['Customer']
    assert customer['customerCode'] == SECOND_COMPANY
    [account] = api.data('GET', 'open-banking/v1.0/accounts', token=token)['Account']
    assert account['customerCode'] == SECOND_COMPANY
    for path in (f'open-banking/v1.0/customers/{COMPANY}',
                 f'acquiring/v1.0/retailers?customerCode={COMPANY}'):
        assert api.refused(403, 'GET', path, token=token) == ['Forbidden by consent']


def test_accounts_are_in_roubles_and_found_by_an_id_with_a_slash(api):
    account, _second = api.data('GET', 'open-banking/v1.0/accounts')['Account']
    assert (account['currency'], account['status']) == ('RUB', 'Enabled')
    number, bic = account['accountId'].split('/')
    assert (len(number), bic) == (20, '044525104')
    for written in (account['accountId'], account['accountId'].replace('/', '%2F')):
        assert api.data('GET', f'open-banking/v1.0/accounts/{written}') == account
    api.refused(404, 'GET', 'open-banking/v1.0/accounts/40702810400000000000/044525104')


def test_shops_tell_what_they_take(api):
    shops = api.data('GET', f'acquiring/v1.0/retailers?customerCode={COMPANY}')['Retailer']
    assert {s['merchantId']: s['paymentModes'] for s in shops} == {
        SHOP: ['sbp', 'card', 'tinkoff', 'dolyame'], CARD_SHOP: ['card'],
    }
    assert all(s['status'] == 'REG' and s['isActive'] is True for s in shops)
    [second] = api.data(
        'GET', f'acquiring/v1.0/retailers?customerCode={SECOND_COMPANY}')['Retailer']
    assert second['cashbox'] == 'businessRu'
    assert api.data('GET', f'acquiring/v1.0/retailers?customerCode={PERSON}')['Retailer'] == []


def test_shops_of_an_unknown_customer_are_forbidden(api):
    assert api.refused(403, 'GET', 'acquiring/v1.0/retailers?customerCode=000000000') == [
        'Forbidden by consent'
    ]
    assert api.refused(400, 'GET', 'acquiring/v1.0/retailers') == ['customerCode: field required']


def test_world_can_be_changed(api):
    world = api.control('world')
    world['retailers'][COMPANY][0] |= {'isActive': False, 'paymentModes': ['sbp'], 'cashbox': 'x'}
    api.control('world', 'PUT', retailers=world['retailers'])
    shop = api.data('GET', f'acquiring/v1.0/retailers?customerCode={COMPANY}')['Retailer'][0]
    assert (shop['isActive'], shop['paymentModes'], shop['cashbox']) == (False, ['sbp'], 'x')
    assert api.create_refused(403) == ['Forbidden by consent']


@pytest.mark.parametrize('method, path', [
    ('GET', 'acquiring/v1.0/nothing'),
    ('GET', 'acquiring/v2.0/payments'),
    ('DELETE', 'acquiring/v1.0/payments'),
    ('PATCH', 'webhook/v1.0/sandbox-client'),
    ('GET', ''),
])
def test_what_does_not_exist_is_not_implemented(api, method, path):
    assert api.refused(501, method, path) == ['Not Implemented']


def test_audit_ids_differ(api):
    ids = {api.call('GET', 'nothing').json()['id'] for _count in range(3)}
    assert len(ids) == 3 and all(0 < len(audit_id) <= 40 for audit_id in ids)
