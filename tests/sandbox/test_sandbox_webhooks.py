""" Webhooks: registration, content, signature, repeats, and what a test can do to them. """

import jwt
import pytest
from sandbox_client import COMPANY, SECOND_COMPANY, SHOP, Receiver

HOOK = 'webhook/v1.0/sandbox-client'
ACQUIRING = 'acquiringInternetPayment'


def public_jwk(api):
    """ Return the bank's published key. """
    answer = api.http.get(f'{api.url}/doc/openapi/static/keys/public', timeout=20)
    assert answer.status_code == 200
    return answer.json()


def verified(api, body):
    """ Return the content of a webhook whose signature is right. """
    return jwt.decode(body, jwt.PyJWK(public_jwk(api), 'RS256').key, algorithms=['RS256'])


# === REGISTRATION === #


def test_public_key_is_a_bare_jwk_of_3072_bits(api):
    jwk = public_jwk(api)
    assert set(jwk) == {'kty', 'e', 'n'} and (jwk['kty'], jwk['e']) == ('RSA', 'AQAB')
    assert jwt.PyJWK(jwk, 'RS256').key.key_size == 3072


def test_registration_is_read_changed_and_deleted(api, receiver):
    assert api.refused(404, 'GET', HOOK) == ['Object of Webhooks does not exists']
    api.refused(404, 'POST', HOOK, {'url': receiver.url, 'webhooksList': [ACQUIRING]})
    api.refused(404, 'DELETE', HOOK)
    saved = {'url': receiver.url, 'webhooksList': [ACQUIRING, 'incomingPayment']}
    for method in ('PUT', 'POST'):
        answer = api.data(method, HOOK, saved)
        assert (answer['url'], answer['webhooksList']) == (receiver.url, saved['webhooksList'])
    assert api.data('GET', HOOK)['webhooksList'] == saved['webhooksList']
    assert api.data('DELETE', HOOK) == {'result': True}
    api.refused(404, 'GET', HOOK)


def test_one_signed_test_event_of_a_foreign_customer_for_each_type(api, receiver):
    types = ['incomingPayment', 'outgoingPayment', 'incomingSbpPayment',
             'incomingSbpB2BPayment', ACQUIRING]
    api.data('PUT', HOOK, {'url': receiver.url, 'webhooksList': types})
    events = [verified(api, receiver.next()[1]) for _type in types]
    assert [event['webhookType'] for event in events] == types
    assert COMPANY not in {event['customerCode'] for event in events}
    # It looks like a real payment; nobody may post it.
    assert (events[-1]['status'], events[-1]['amount']) == ('APPROVED', '0.33')


@pytest.mark.parametrize('status', [201, 204, 302, 400, 403, 500])
def test_nothing_is_saved_unless_every_test_event_gets_200(api, receiver, status):
    receiver.answer(200, status)
    [message] = api.refused(400, 'PUT', HOOK, {
        'url': receiver.url, 'webhooksList': [ACQUIRING, 'incomingPayment'],
    })
    assert str(status) in message
    api.refused(404, 'GET', HOOK)


def test_failed_change_keeps_the_old_registration(api, subscribed):
    other = Receiver(api)
    try:
        other.answer(500)
        api.refused(400, 'POST', HOOK, {'url': other.url, 'webhooksList': [ACQUIRING]})
    finally:
        other.stop()
    assert api.data('GET', HOOK)['url'] == subscribed.url


def test_silent_address_is_not_saved(api):
    gone = Receiver(api)
    gone.stop()
    api.refused(400, 'PUT', HOOK, {'url': gone.url, 'webhooksList': [ACQUIRING]})
    api.refused(404, 'GET', HOOK)


@pytest.mark.parametrize('body', [
    {}, {'url': 'ftp://shop.example.com', 'webhooksList': [ACQUIRING]},
    {'url': 'shop.example.com', 'webhooksList': [ACQUIRING]},
    {'url': 'https://shop.example.com/' + 'a' * 2083, 'webhooksList': [ACQUIRING]},
    {'url': 'https://[shop/hook', 'webhooksList': [ACQUIRING]},
    {'url': 'https://shop.example.com:99999/hook', 'webhooksList': [ACQUIRING]},
    {'url': 'http://127.0.0.1:9/hook', 'webhooksList': ['invoiceStatusChanged']},
    {'url': 'http://127.0.0.1:9/hook', 'webhooksList': ACQUIRING},
    {'url': 'http://127.0.0.1:9/hook'},
    {'Data': {'url': 'http://127.0.0.1:9/hook', 'webhooksList': [ACQUIRING]}},
])
@pytest.mark.parametrize('schema', ['with_openapi', 'without_openapi'])
def test_senseless_registration(api, request, schema, body):
    request.getfixturevalue(schema)
    api.refused(400, 'PUT', HOOK, body)


def test_variant_takes_only_https_on_443(api, receiver):
    api.control('variants', require_https=True)
    for url in (receiver.url, 'https://shop.example.com:8443/hook'):
        [message] = api.refused(400, 'PUT', HOOK, {'url': url, 'webhooksList': [ACQUIRING]})
        assert '443' in message
    assert receiver.nothing_in()


def test_registration_belongs_to_the_client_of_the_key(api, receiver):
    token = api.control('clients', client_id='other')['token']
    body = {'url': receiver.url, 'webhooksList': [ACQUIRING]}
    for path in (HOOK, 'webhook/v1.0/unknown'):
        assert api.refused(403, 'PUT', path, body, token=token) == ['Forbidden by consent']
    api.data('PUT', 'webhook/v1.0/other', body, token=token)


def test_reissued_key_loses_its_registration(api, subscribed):
    api.token = api.control('clients', client_id=api.client_id)['token']
    api.refused(404, 'GET', HOOK)


def test_test_event_on_demand(api, subscribed):
    assert api.data('POST', f'{HOOK}/test_send', {'webhookType': ACQUIRING}) == {'result': True}
    assert verified(api, subscribed.next()[1])['webhookType'] == ACQUIRING
    subscribed.answer(500)
    api.refused(424, 'POST', f'{HOOK}/test_send', {'webhookType': ACQUIRING})
    api.refused(400, 'POST', f'{HOOK}/test_send', {'webhookType': 'nothing'})
    api.data('DELETE', HOOK)
    api.refused(404, 'POST', f'{HOOK}/test_send', {'webhookType': ACQUIRING})


# === CONTENT === #


def test_webhook_is_a_bare_signed_text(api, subscribed):
    operation_id = api.paid()
    content_type, body = subscribed.next()
    assert content_type == 'text/plain'
    assert body.count('.') == 2 and not body.startswith('"')
    assert jwt.get_unverified_header(body) == {'typ': 'JWT', 'alg': 'RS256'}
    claims = verified(api, body)
    assert not {'iss', 'aud', 'exp', 'iat', 'jti'} & set(claims)
    assert claims['operationId'] == operation_id


@pytest.mark.parametrize('method, extra', [
    ('card', {'consumerId'}), ('tinkoff', {'consumerId'}), ('dolyame', set()),
    ('sbp', {'transactionId', 'qrcId', 'payerName'}),
])
def test_content_by_the_way_that_was_paid(api, subscribed, method, extra):
    operation_id = api.paid(
        method, paymentMode=[method], paymentLinkId='INV-5', amount='1000.10',
    )
    claims = subscribed.next_claims()
    common = {
        'customerCode': COMPANY, 'amount': '1000.10', 'paymentType': method,
        'operationId': operation_id, 'purpose': 'Счёт 17', 'webhookType': ACQUIRING,
        'merchantId': SHOP, 'status': 'APPROVED', 'paymentLinkId': 'INV-5',
    }
    assert {name: claims[name] for name in common} == common
    assert set(claims) - set(common) == extra
    if method == 'sbp':
        assert claims['transactionId'] == api.read(operation_id)['transactionId']


def test_hold_and_capture_are_told_one_by_one(api, subscribed):
    operation_id = api.paid(preAuthorization=True)
    assert subscribed.next_claims()['status'] == 'AUTHORIZED'
    api.data('POST', f'acquiring/v1.0/payments/{operation_id}/capture')
    assert subscribed.next_claims()['status'] == 'APPROVED'


def test_only_success_is_told(api, subscribed):
    operation_id = api.create(ttl=1)['operationId']
    api.pay_by_form(operation_id, outcome='decline')
    api.control('clock', advance=120)
    assert api.read(operation_id)['status'] == 'EXPIRED'
    api.control('variants', wait_full_payment=True)
    api.paid('dolyame', paymentMode=['dolyame'])
    assert subscribed.nothing_in()
    refunded = api.paid()
    assert subscribed.next_claims()['operationId'] == refunded
    api.data('POST', f'acquiring/v1.0/payments/{refunded}/refund', {'Data': {'amount': 1}})
    assert subscribed.nothing_in()


def test_only_subscribers_of_the_type_and_the_company_are_told(api, receiver):
    api.data('PUT', HOOK, {'url': receiver.url, 'webhooksList': ['incomingPayment']})
    receiver.next()
    token = api.control('clients', client_id='second', customer_codes=[SECOND_COMPANY])['token']
    second = Receiver(api)
    try:
        api.data('PUT', 'webhook/v1.0/second', {
            'url': second.url, 'webhooksList': [ACQUIRING],
        }, token=token)
        second.next()
        api.paid()
        paid = api.paid(customerCode=SECOND_COMPANY, merchantId=None)
        assert second.next_claims()['operationId'] == paid
        assert second.nothing_in() and receiver.nothing_in()
    finally:
        second.stop()


# === DELIVERY === #


def test_anything_but_200_is_repeated_with_the_same_body(api, subscribed):
    subscribed.answer(500, 201, 302, 403)
    api.paid()
    api.pass_time(40)
    bodies = {subscribed.received.get_nowait()[1] for _attempt in range(5)}
    assert len(bodies) == 1
    assert subscribed.nothing_in()
    [delivery] = api.control('webhooks')
    assert delivery['attempts'] == [500, 201, 302, 403, 200] and delivery['done'] is True


def test_bank_gives_up_after_thirty_attempts(api, subscribed):
    subscribed.answer(*[500] * 31)
    api.paid()
    api.pass_time(29 * 10)
    assert subscribed.received.qsize() == 30
    api.pass_time()
    assert subscribed.received.qsize() == 30
    [delivery] = api.control('webhooks')
    assert delivery['attempts'] == [500] * 30 and delivery['done'] is True


def test_attempts_wait_for_the_interval(api, subscribed):
    api.control('webhooks', interval=30)
    subscribed.answer(500)
    api.paid()
    subscribed.next()
    assert subscribed.nothing_in(29)
    [delivery] = api.control('webhooks')
    assert delivery['attempts'] == [500] and delivery['done'] is False
    api.pass_time(1)
    [delivery] = api.control('webhooks')
    assert delivery['attempts'] == [500, 200] and delivery['done'] is True


def test_pause_and_release(api, subscribed):
    api.control('webhooks', pause=True)
    operation_id = api.paid()
    assert subscribed.nothing_in()
    api.control('webhooks', pause=False)
    assert subscribed.next_claims()['operationId'] == operation_id


def test_lost_webhook(api, subscribed):
    api.control('webhooks', drop=True)
    api.paid()
    assert subscribed.nothing_in()
    api.control('webhooks', drop=False)
    operation_id = api.paid()
    assert subscribed.next_claims()['operationId'] == operation_id


def test_again_and_doubled(api, subscribed):
    api.paid()
    _type, body = subscribed.next()
    [delivery] = api.control('webhooks')
    api.control('webhooks', again=delivery['id'], copies=2)
    assert [subscribed.next()[1] for _copy in range(2)] == [body, body]


def test_reordered(api, subscribed):
    api.control('webhooks', pause=True)
    first, second = api.paid(), api.paid()
    api.control('webhooks', reorder=True)
    api.control('webhooks', pause=False)
    assert [subscribed.next_claims()['operationId'] for _hook in range(2)] == [second, first]


def test_all_at_once_on_demand(api):
    slow = Receiver(api, busy=True)
    try:
        api.control('webhooks', parallel=True)
        for number in range(4):
            api.control('webhooks', send={'operationId': str(number)}, url=slow.url)
        # None has an answer yet.
        assert {slow.next_claims()['operationId'] for _hook in range(4)} == set('0123')
    finally:
        slow.stop()


def test_one_after_another_otherwise(api, receiver):
    slow = Receiver(api, busy=True)
    try:
        for number in range(2):
            api.control('webhooks', send={'operationId': str(number)}, url=slow.url)
        api.control('webhooks', send={'operationId': 'last'}, url=receiver.url)
        assert slow.next_claims()['operationId'] == '0'
        # What was sent last has arrived elsewhere; the second still waits for the first.
        assert receiver.next_claims()['operationId'] == 'last' and slow.received.empty()
        first, second = api.control('webhooks')[:2]
        assert first['attempts'] == second['attempts'] == []
        slow.let_go()
        assert slow.next_claims()['operationId'] == '1'
    finally:
        slow.stop()


def test_forged_by_a_foreign_key(api, receiver):
    api.control('webhooks', forge={'operationId': 'x', 'status': 'APPROVED'}, url=receiver.url)
    _type, body = receiver.next()
    with pytest.raises(jwt.InvalidSignatureError):
        verified(api, body)


def test_sent_by_hand_with_the_right_key(api, receiver):
    api.control('webhooks', send={'operationId': 'x', 'amount': '0.01'}, url=receiver.url)
    assert verified(api, receiver.next()[1]) == {'operationId': 'x', 'amount': '0.01'}


def test_rotated_key(api, subscribed):
    api.paid()
    _type, old = subscribed.next()
    before = public_jwk(api)
    api.control('webhooks', rotate=True)
    assert public_jwk(api)['n'] != before['n']
    with pytest.raises(jwt.InvalidSignatureError):
        verified(api, old)
    api.paid()
    verified(api, subscribed.next()[1])


def test_slow_address_does_not_hold_up_the_others(api, subscribed):
    slow = Receiver(api, busy=True)
    try:
        api.control('webhooks', send={'operationId': 'slow'}, url=slow.url)
        slow.next()
        operation_id = api.paid()
        assert subscribed.next_claims()['operationId'] == operation_id
    finally:
        slow.stop()
