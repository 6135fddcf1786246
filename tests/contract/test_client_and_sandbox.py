""" The client and the sandbox, written apart, understand each other. """

import base64
import json
import urllib.parse
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest

from sandbox.server import start
from tests.fiscal.receipts import all_receipts
from tests.served import wait_until
from tochka_acquiring import const
from tochka_acquiring.api import client as client_module
from tochka_acquiring.api.client import TochkaClient
from tochka_acquiring.api.errors import NotSent, OutcomeUnknown, Rejected, TlsError, Unauthorized
from tochka_acquiring.api.jwt_key import read_key
from tochka_acquiring.api.webhook import Event, InvalidSignature, decode
from tochka_fiscal.registers import bank as bank_register
from tochka_fiscal.registers.base import Unsupported

TODAY = datetime.now(timezone(timedelta(hours=3))).date()
DAY = timedelta(days=1)


def printable(receipt):
    """ Return whether the bank's register can print a receipt. """
    try:
        bank_register.build(receipt)
    except Unsupported:
        return False
    return True


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(client_module, 'READ_RETRY_DELAYS', (0.01, 0.02))


@pytest.fixture
def client(bank):
    """ A client with the key that the sandbox has issued. """
    return TochkaClient(f'{bank.url}/uapi/', bank.token, timeout=(2, 2))


@pytest.fixture
def create(bank, client):
    """ Return a function that creates an operation. """
    def create(number='INV-1', **values):
        return client.create_payment(**{
            'customer_code': bank.customer_code, 'merchant_id': bank.merchant_id,
            'amount': Decimal('1234.50'), 'purpose': 'Оплата по счёту', 'payment_modes': ['sbp'],
            'payment_link_id': number, 'redirect_url': 'https://shop.example/return',
            'fail_redirect_url': 'https://shop.example/declined', 'ttl': 60, **values,
        })

    return create


def test_the_key_names_the_client(bank):
    assert read_key(bank.token) == (bank.client_id, None)


def test_connection(bank, client):
    businesses = [c for c in client.customers() if c.type == 'Business']
    assert bank.customer_code in [c.customer_code for c in businesses]
    shops = client.retailers(bank.customer_code)
    assert all(shop.usable and shop.rate > 0 for shop in shops)
    shop = next(shop for shop in shops if shop.merchant_id == bank.merchant_id)
    assert set(shop.payment_modes) == set(const.PAYMENT_METHOD_CODES)


def test_a_payment_from_link_to_refund(bank, client, create):
    created = create()
    assert (created.status, created.amount) == ('CREATED', Decimal('1234.50'))
    operation = client.get_payment(created.operation_id)
    assert operation.status == 'CREATED'
    assert operation.payment_link == created.payment_link
    assert (operation.paid_at, operation.payment_type, operation.orders) == (None, None, ())
    bank.control(f'pay/{created.operation_id}', {'method': 'sbp'})
    paid = client.get_payment(created.operation_id)
    assert (paid.status, paid.payment_type, paid.amount) == ('APPROVED', 'sbp', created.amount)
    assert (paid.payment_link_id, paid.merchant_id) == ('INV-1', bank.merchant_id)
    assert abs(paid.paid_at - datetime.now(timezone.utc)) < timedelta(minutes=1)
    assert paid.created_at.utcoffset() != paid.paid_at.utcoffset()
    bank.control(f'refund/{created.operation_id}', {'amount': '0.10'})
    bank.control(f'refund/{created.operation_id}', {'amount': '0.20'})
    refunded = client.get_payment(created.operation_id)
    assert (refunded.status, refunded.refunded) == ('REFUNDED_PARTIALLY', Decimal('0.30'))


def test_the_link_is_a_page_on_which_the_payer_pays(bank, client, create):
    created = create(payment_modes=['card', 'sbp'])
    page = bank.session.get(created.payment_link)
    assert page.status_code == 200 and 'Оплата по счёту' in page.text
    number = dict(urllib.parse.parse_qsl(urllib.parse.urlsplit(created.payment_link).query))['uuid']
    for outcome, status, target in (
        ('decline', 'CREATED', 'declined'), ('pay', 'APPROVED', 'return'),
    ):
        answer = bank.session.post(
            f'{bank.url}/order/pay', data={'uuid': number, 'method': 'card', 'outcome': outcome},
            allow_redirects=False,
        )
        assert (answer.status_code, answer.headers['Location']) == (
            303, f'https://shop.example/{target}'
        )
        assert client.get_payment(created.operation_id).status == status


@pytest.mark.parametrize('as_strings', [False, True])
@pytest.mark.parametrize('amount', ['0.01', '0.10', '1', '9.99', '1234.50', '99999999.99'])
def test_amounts_come_back_to_the_kopeck(bank, client, create, amount, as_strings):
    bank.control('variants', {'amounts_as_strings': as_strings})
    created = create(amount=Decimal(amount))
    assert created.amount == client.get_payment(created.operation_id).amount == Decimal(amount)


def test_the_list_finds_all(bank, client, create):
    created = [create(f'INV-{number}').operation_id for number in range(7)]
    bank.control(f'pay/{created[3]}', {'method': 'sbp'})
    listed = list(client.list_payments(bank.customer_code, TODAY, TODAY + DAY, per_page=3))
    assert sorted(o.operation_id for o in listed) == sorted(created)
    paid = client.list_payments(bank.customer_code, TODAY, TODAY + DAY, status='APPROVED')
    assert [o.operation_id for o in paid] == [created[3]]
    assert list(client.list_payments(bank.customer_code, TODAY - 3 * DAY, TODAY - 2 * DAY)) == []


def test_expiry(bank, client, create):
    created = create(ttl=1)
    bank.control('clock', {'advance': 61})
    assert client.get_payment(created.operation_id).status == 'EXPIRED'


# === LOST ANSWERS === #

@pytest.mark.parametrize(('kind', 'done'), [
    ('close_before', False), ('close_after', True), ('timeout_before', False),
    ('timeout_after', True), ('error_5xx', False), ('error_5xx_after', True), ('html_200', False),
    ('html_200_after', True), ('cut_body', True),
])
def test_repeating_the_order_number_clears_up_a_lost_answer(bank, client, create, kind, done):
    client._transport._timeout = (2, 0.3)
    bank.control('faults', {'kind': kind, 'method': 'POST', 'seconds': 0.6})
    with pytest.raises(OutcomeUnknown):
        create('INV-7')
    client._transport._timeout = (20, 20)
    # The client may have given up before its call came.
    wait_until(lambda: not bank.control('faults')[0]['times'], "the call that goes wrong")
    wait_until(lambda: len(bank.control('operations')) == done, "the bank's work")
    try:
        operation_id = create('INV-7').operation_id
        repeated = False
    except Rejected as error:
        assert error.is_duplicate and not error.is_not_found
        repeated = True
        (operation_id,) = [
            o.operation_id for o in client.list_payments(bank.customer_code, TODAY, TODAY + DAY)
            if o.payment_link_id == 'INV-7'
        ]
    assert repeated == done
    assert [o['operationId'] for o in bank.control('operations')] == [operation_id]


def test_a_read_gets_through_a_bad_minute(bank, client, create):
    operation_id = create().operation_id
    bank.control('faults', {'kind': 'error_5xx', 'method': 'GET'})
    bank.control('faults', {'kind': 'close_before', 'method': 'GET'})
    assert client.get_payment(operation_id).status == 'CREATED'


# === REFUSALS === #

def test_refusals(bank, client, create):
    with pytest.raises(Rejected) as caught:
        client.get_payment('unknown')
    assert caught.value.is_not_found and not caught.value.is_duplicate
    with pytest.raises(Rejected) as caught:
        create(merchant_id=None)
    assert caught.value.http_status == 400 and 'merchantId' in str(caught.value)
    assert caught.value.audit_id in str(caught.value)
    for values in ({'customer_code': '399999999'}, {'merchant_id': '299999999999999'}):
        with pytest.raises(Unauthorized, match='Forbidden by consent'):
            create(**values)
    with pytest.raises(Unauthorized):
        TochkaClient(f'{bank.url}/uapi/', 'unknown').customers()
    with pytest.raises(Rejected) as caught:
        TochkaClient(f'{bank.url}/uapi/v9/', bank.token).customers()
    assert caught.value.http_status == 501


# === WEBHOOKS === #

def wait_for(receiver, count):
    wait_until(lambda: len(receiver.requests) >= count, f"{count} webhooks")
    assert len(receiver.requests) == count
    return receiver.requests[-1]


def test_registration(bank, client, receiver):
    assert client.get_webhook(bank.client_id) is None
    for number in (1, 2):  # creates, then edits
        url = f'{receiver.url}{number}'
        client.set_webhook(bank.client_id, url, [const.WEBHOOK_TYPE], replace=number == 2)
        assert client.get_webhook(bank.client_id) == {'url': url,
                                                      'webhooksList': [const.WEBHOOK_TYPE]}
    client.send_test_webhook(bank.client_id, const.WEBHOOK_TYPE)
    assert len(receiver.requests) == 3
    client.delete_webhook(bank.client_id)
    assert client.get_webhook(bank.client_id) is None


def test_an_address_that_does_not_answer_is_not_registered(bank, client):
    with pytest.raises(Rejected):
        client.set_webhook(bank.client_id, 'http://127.0.0.1:9/hook', [const.WEBHOOK_TYPE])
    assert client.get_webhook(bank.client_id) is None


@pytest.mark.parametrize('method', ['card', 'sbp', 'tinkoff', 'dolyame'])
def test_a_notification_can_be_read(bank, client, create, receiver, method):
    client.set_webhook(bank.client_id, receiver.url, [const.WEBHOOK_TYPE])
    created = create(payment_modes=[method])
    bank.control(f'pay/{created.operation_id}', {'method': method})
    received = wait_for(receiver, 2)
    assert (received.method, received.headers['Content-Type']) == ('POST', 'text/plain')
    header = received.body.partition(b'.')[0] + b'=='
    assert json.loads(base64.urlsafe_b64decode(header)) == {'alg': 'RS256', 'typ': 'JWT'}
    claims = decode(received.body, client.public_key())
    assert Event.from_claims(claims) == Event(
        webhook_type=const.WEBHOOK_TYPE, customer_code=bank.customer_code, payment_type=method,
        operation_id=created.operation_id, payment_link_id='INV-1', status='APPROVED',
        merchant_id=bank.merchant_id, amount=Decimal('1234.50'),
    )
    assert isinstance(claims['amount'], str)
    assert ('payerName' in claims) == (method == 'sbp')
    assert not {'exp', 'iat', 'iss', 'aud', 'jti'} & claims.keys()


def test_the_test_event_is_signed_by_the_bank_for_somebody_else(bank, client, receiver):
    client.set_webhook(bank.client_id, receiver.url, [const.WEBHOOK_TYPE])
    claims = decode(receiver.requests[0].body, client.public_key())
    event = Event.from_claims(claims)
    assert (event.webhook_type, event.status) == (const.WEBHOOK_TYPE, 'APPROVED')
    assert event.customer_code != bank.customer_code


def test_a_forgery_is_refused_and_a_new_key_is_found(bank, client, receiver):
    old = client.public_key()
    bank.control('webhooks', {'forge': {'status': 'APPROVED'}, 'url': receiver.url})
    forged = wait_for(receiver, 1).body
    with pytest.raises(InvalidSignature):
        decode(forged, old)
    bank.control('webhooks', {'rotate': True, 'send': {'status': 'APPROVED'}, 'url': receiver.url})
    body = wait_for(receiver, 2).body
    with pytest.raises(InvalidSignature):
        decode(body, old)
    assert decode(body, client.public_key()) == {'status': 'APPROVED'}


# === TLS === #

def test_sandbox_by_https(tmp_path):
    ca_file = tmp_path / 'ca.pem'
    sandbox = start(tls_ca=str(ca_file))
    try:
        with pytest.raises(TlsError) as caught:
            TochkaClient(sandbox.api_url, 'x').customers()
        assert isinstance(caught.value, NotSent)
        with pytest.raises(Unauthorized):
            TochkaClient(sandbox.api_url, 'x', ca_pem=ca_file.read_text()).customers()
    finally:
        sandbox.stop()


def test_a_refund_of_ours(bank, client, create):
    created = create()
    bank.control(f'pay/{created.operation_id}', {'method': 'sbp'})
    accepted = client.refund_payment(created.operation_id, Decimal('0.10'), bank.customer_code)
    assert (accepted.operation_id, accepted.amount) == (created.operation_id, Decimal('0.10'))
    with pytest.raises(Rejected):
        client.refund_payment(created.operation_id, Decimal('1234.41'), bank.customer_code)
    operation = client.get_payment(created.operation_id)
    [refund] = operation.refunds
    assert (refund.amount, operation.status) == (Decimal('0.10'), 'REFUNDED_PARTIALLY')
    listed = list(client.list_payments(
        bank.customer_code, TODAY, TODAY + DAY, status='REFUNDED_PARTIALLY'))
    assert [[one.order_id for one in o.refunds] for o in listed] == [[refund.order_id]]


@pytest.mark.parametrize('name', [
    name for name, neutral in all_receipts().items() if printable(neutral)])
def test_every_receipt_that_the_register_can_print(bank, client, name):
    """ What the client sends is what the partner prints, to the kopeck. """
    receipt = all_receipts()[name]
    world = bank.control('world')
    for retailer in world['retailers'][bank.customer_code]:
        retailer['cashbox'] = 'businessRu'
    bank.control('world', world, method='PUT')
    body = bank_register.build(receipt)
    created = client.create_payment(
        customer_code=bank.customer_code, merchant_id=bank.merchant_id,
        amount=Decimal(receipt.total).scaleb(-2), purpose='Оплата', payment_modes=['sbp'],
        payment_link_id=f'INV-{abs(hash(name))}', receipt=body)
    for operation in (client.get_payment(created.operation_id),
                      *client.list_payments(bank.customer_code, TODAY, TODAY + DAY)):
        assert bank_register.is_same(body, operation.receipt)
    assert bank.control('receipts') == []
    bank.control(f'pay/{created.operation_id}', {'method': 'sbp'})
    [printed] = bank.control('receipts')
    assert Decimal(printed['total']) == Decimal(receipt.total).scaleb(-2)
    assert (printed['email'], printed['tax_system']) == (receipt.email, receipt.taxation_system)
    assert [(i['vatType'], i['paymentMethod'], i['paymentObject']) for i in printed['items']] == [
        (line.vat, line.method, line.subject) for line in receipt.lines]
