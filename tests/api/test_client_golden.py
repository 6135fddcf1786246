""" Golden exchanges: what exactly is sent, and what becomes of the answer. """

import contextlib
import json
from datetime import date, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pytest
from freezegun import freeze_time

from tochka_acquiring import const
from tochka_acquiring.api.errors import OutcomeUnknown, Rejected
from tochka_acquiring.api.operation import Account, CreatedPayment, Customer, Order, Retailer

from .conftest import TOKEN
from .server import answer, refuse

GOLDEN = Path(__file__).parent / 'golden'
CLIENT_ID = '0123456789abcdef0123456789abcdef'
OPERATION_ID = '0b0e7a52-57ab-4a0c-93b3-0d3a4a5a9e11'


@pytest.fixture
def exchange(serve, make_client):
    """ Return a function that replays one golden exchange. """
    def replay(name, call):
        golden = json.loads((GOLDEN / f'{name}.json').read_text())
        server = serve(answer(golden['answer']))
        result = call(make_client(server))
        (received,) = server.requests
        expected = golden['request']
        assert (received.method, received.target) == (expected['method'], expected['target'])
        assert received.json == expected.get('body')
        assert received.headers['Authorization'] == f'Bearer {TOKEN}'
        assert received.headers['Accept'] == 'application/json'
        assert received.headers.get('Content-Type') == (
            'application/json' if 'body' in expected else None
        )
        assert received.headers['Host'] == f'127.0.0.1:{server.port}'
        return result

    return replay


def test_customers(exchange):
    business, personal = exchange('customers', lambda client: client.customers())
    assert business == Customer(
        customer_code='301112223', type='Business', inn='9900000017', kpp='990001001',
        name='Общество с ограниченной ответственностью «Сова»', short_name='ООО «Сова»',
        ogrn='1029900000001',
    )
    assert (personal.customer_code, personal.type) == ('301112224', 'Personal')
    assert (personal.inn, personal.kpp, personal.ogrn) == (None, None, None)


def test_retailers(exchange):
    school, books, closed, new = exchange(
        'retailers', lambda client: client.retailers('301112223')
    )
    assert school == Retailer(
        merchant_id='200000000054321', status='REG', is_active=True, name='Школа «Сова»',
        url='https://sova.example', mcc='8299', rate=Decimal('2.6'), cashbox='businessRu',
        payment_modes=('sbp', 'card', 'tinkoff', 'dolyame', 'digitalRuble'), terminal_id='20054321',
    )
    # The documentation prints the flag as a quoted word.
    assert (books.is_active, books.usable, books.rate) == (True, True, Decimal('2.75'))
    assert (books.cashbox, books.url) == (None, None)
    assert (closed.is_active, closed.usable) == (False, False)
    assert (new.merchant_id, new.usable, new.payment_modes) == (None, False, ())


def test_accounts(exchange):
    first, second = exchange('accounts', lambda client: client.accounts())
    assert first == Account(
        customer_code='301112223', number='40702810802000000008', bic='044525104', currency='RUB',
        status='Enabled',
    )
    assert (second.number, second.bic, second.currency) == ('40702810802000000009', None, None)


@pytest.mark.parametrize('entry', [{}, {'customerCode': '301112223'}, {'accountId': '1/2'}])
def test_account_that_can_not_be_read(serve, make_client, entry):
    server = serve(answer({'Data': {'Account': [entry]}}))
    with pytest.raises(OutcomeUnknown):
        make_client(server).accounts()


def test_active_shop_that_is_not_registered_is_not_usable():
    assert not Retailer.from_api({'status': 'FILE_SENT', 'isActive': True}).usable
    assert not Retailer.from_api({'isActive': True}).usable


def test_create_payment(exchange):
    created = exchange('create_payment', lambda client: client.create_payment(
        customer_code='301112223', amount=Decimal('1234.5'),
        purpose='Оплата по счёту INV/2026/00007', payment_modes=['sbp'],
        merchant_id='200000000054321', payment_link_id='INV-2026-00007-0a1b2c',
        redirect_url='https://shop.example/payment/tochka/return?a=1&b=2',
        fail_redirect_url='https://shop.example/payment/tochka/declined', ttl=60,
    ))
    assert created == CreatedPayment(
        operation_id=OPERATION_ID, amount=Decimal('1234.50'), status='CREATED',
        payment_link=f'https://pay.example/order/?uuid={OPERATION_ID}',
        payment_link_id='INV-2026-00007-0a1b2c', payment_modes=('sbp',),
    )


def test_what_is_not_given_is_not_sent(exchange):
    created = exchange('create_payment_least', lambda client: client.create_payment(
        customer_code='301112223', amount=Decimal('0.01'), purpose='Я',
        payment_modes=('card', 'dolyame'),
    ))
    # `status` has a default in the bank's description, so that it may be missing.
    assert (created.status, created.amount) == ('CREATED', Decimal('0.01'))
    assert created.payment_link_id is None


def test_get_payment(exchange):
    operation = exchange('get_payment', lambda client: client.get_payment(OPERATION_ID))
    assert operation.operation_id == OPERATION_ID
    assert operation.status == 'REFUNDED_PARTIALLY'
    assert operation.amount == Decimal('1234.50')
    assert (operation.customer_code, operation.merchant_id) == ('301112223', '200000000054321')
    assert operation.payment_link_id == 'INV-2026-00007-0a1b2c'
    assert (operation.payment_type, operation.payment_modes) == ('sbp', ('sbp',))
    assert operation.purpose == 'Оплата по счёту INV/2026/00007'
    assert operation.payment_id == 'A5123400000000000000A1B2C3D4E5F6'
    assert operation.transaction_id == '77ab1bb0-04f5-4a0e-8d86-9c1c9a1b2c3d'
    # The bank mixes offsets within one answer; moments stay what they are.
    assert operation.created_at == datetime(2026, 8, 31, 20, 30, tzinfo=timezone.utc)
    assert operation.paid_at == datetime(2026, 8, 31, 20, 40, 15, tzinfo=timezone.utc)
    assert operation.paid_at.utcoffset() == timedelta(hours=3)
    assert operation.orders[1] == Order(
        'o-2', 'refund', Decimal('0.10'), datetime(2026, 9, 1, 7, tzinfo=timezone.utc)
    )
    assert operation.orders[3].type == 'chargebackOfTomorrow'
    # As binary fractions 0.1 + 0.2 would not be 0.3.
    assert operation.refunded == Decimal('0.30')


@pytest.mark.parametrize('entries', [[], [{}, {}], {}, None])
def test_get_payment_needs_exactly_one_operation(serve, make_client, entries):
    server = serve(answer({'Data': {'Operation': entries}}))
    with pytest.raises(OutcomeUnknown):
        make_client(server).get_payment(OPERATION_ID)


def test_ids_cannot_break_out_of_the_path(serve, make_client):
    server = serve(refuse(424, 'Operation not found'))
    with pytest.raises(Rejected):
        make_client(server).get_payment('../../webhook/v1.0/x?y=1#z')
    assert server.requests[0].target == (
        '/uapi/acquiring/v1.0/payments/..%2F..%2Fwebhook%2Fv1.0%2Fx%3Fy%3D1%23z'
    )


# === LIST === #

def operation_entry(number, **values):
    return {
        'customerCode': '301112223', 'operationId': f'op-{number}', 'status': 'APPROVED',
        'amount': '1.00', 'createdAt': '2026-09-01T10:00:00+03:00', 'Order': [],
        'paymentLink': f'https://pay.example/{number}', **values,
    }


def page(entries, total):
    return answer({'Data': {'Operation': entries}, 'Links': {'self': 'https://bank.example/'},
                   'Meta': {'totalPages': total}})


def test_list_walks_all_pages(serve, make_client):
    server = serve(
        page([operation_entry(1), operation_entry(2)], 3),
        page([operation_entry(3), operation_entry(4)], 3),
        page([operation_entry(5, status='STATUS_OF_TOMORROW')], 3),
    )
    operations = list(make_client(server).list_payments(
        '301112223', date(2026, 8, 30), date(2026, 9, 1), status='APPROVED', per_page=2,
    ))
    assert [o.operation_id for o in operations] == ['op-1', 'op-2', 'op-3', 'op-4', 'op-5']
    assert operations[4].status == 'STATUS_OF_TOMORROW'
    assert [request.query for request in server.requests] == [
        {'customerCode': '301112223', 'fromDate': '2026-08-30', 'toDate': '2026-09-01',
         'status': 'APPROVED', 'perPage': '2', 'page': str(number)}
        for number in (1, 2, 3)
    ]


def test_list_whose_number_of_pages_is_a_text(serve, make_client):
    server = serve(page([operation_entry(1)], '2'), page([operation_entry(2)], ' 2 '))
    operations = make_client(server).list_payments('301112223', date(2026, 9, 1), date(2026, 9, 1))
    assert [operation.operation_id for operation in operations] == ['op-1', 'op-2']


def test_list_asks_for_thousand_a_page_and_every_status(serve, make_client):
    server = serve(page([], 0))
    operations = make_client(server).list_payments('301112223', date(2026, 9, 1), date(2026, 9, 1))
    assert list(operations) == []
    (received,) = server.requests
    assert received.query['perPage'] == '1000'
    assert 'status' not in received.query


def test_an_unreadable_operation_does_not_hide_the_others(serve, make_client, caplog):
    server = serve(page([
        operation_entry(1),
        operation_entry(2, amount='a lot'),
        'no operation at all',
        operation_entry(3),
    ], 1))
    operations = make_client(server).list_payments('301112223', date(2026, 9, 1), date(2026, 9, 1))
    assert [o.operation_id for o in operations] == ['op-1', 'op-3']
    errors = [record.getMessage() for record in caplog.records if record.levelname == 'ERROR']
    assert len(errors) == 2
    assert 'op-2' in errors[0]


def test_a_page_that_fails_for_good_is_no_end_of_the_list(serve, make_client):
    server = serve(page([operation_entry(1)], 2), refuse(500, 'Internal'))
    operations = make_client(server).list_payments('301112223', date(2026, 9, 1), date(2026, 9, 1))
    assert next(operations).operation_id == 'op-1'
    with pytest.raises(OutcomeUnknown):
        next(operations)


def test_a_page_is_asked_for_again(serve, make_client):
    first, second = page([operation_entry(1)], 2), page([operation_entry(2)], 2)
    server = serve(first, refuse(503, 'Busy'), second)
    operations = make_client(server).list_payments('301112223', date(2026, 9, 1), date(2026, 9, 1))
    assert [o.operation_id for o in operations] == ['op-1', 'op-2']
    assert [request.query['page'] for request in server.requests] == ['1', '2', '2']


# === WEBHOOKS === #

def test_get_webhook(exchange):
    webhook = exchange('webhook_read', lambda client: client.get_webhook(CLIENT_ID))
    assert webhook == {'webhooksList': ['acquiringInternetPayment'],
                       'url': 'https://shop.example/payment/tochka/webhook'}


def test_no_webhook_is_none(serve, make_client):
    server = serve(refuse(404, 'Object of Webhooks does not exists', code='HTTPNotFound'))
    assert make_client(server).get_webhook(CLIENT_ID) is None
    assert len(server.requests) == 1


@pytest.mark.parametrize(('replace', 'method'), [(True, 'POST'), (False, 'PUT')])
def test_set_webhook_creates_or_edits(serve, make_client, replace, method):
    server = serve(answer({'Data': {'webhooksList': [const.WEBHOOK_TYPE], 'url': 'https://a'}}))
    make_client(server).set_webhook(
        CLIENT_ID, 'https://shop.example/w', (const.WEBHOOK_TYPE,), replace=replace)
    (write,) = server.requests
    assert (write.method, write.target) == (method, f'/uapi/webhook/v1.0/{CLIENT_ID}')
    # No `Data` around it: the one exception of the bank's API.
    assert write.json == {'webhooksList': ['acquiringInternetPayment'],
                          'url': 'https://shop.example/w'}


@pytest.mark.parametrize('call', [
    lambda client: client.retailers('301112223'),
    lambda client: client.probe_sbp('301112223'),
    lambda client: client.get_payment(OPERATION_ID, '301112223'),
    lambda client: list(client.list_payments(
        '301112223', date(2026, 9, 1), date(2026, 9, 2))),
    lambda client: client.create_payment(
        customer_code='301112223', amount=Decimal('1'), purpose='x', payment_modes=['card']),
])
def test_the_company_is_named_in_the_header(serve, make_client, call):
    """ As the bank asks for it with OAuth 2.0. """
    server = serve(refuse(400, 'whatever'))
    with contextlib.suppress(Rejected):
        call(make_client(server))
    (received,) = server.requests
    assert received.headers['Customercode'] == '301112223'


def test_no_company_no_header(serve, make_client):
    server = serve(answer({'Data': {'Customer': []}}))
    make_client(server).customers()
    assert 'Customercode' not in server.requests[0].headers


@pytest.mark.parametrize(('date_header', 'difference'), [
    ('Wed, 25 Nov 2026 10:00:30 GMT', 30), ('Wed, 25 Nov 2026 09:00:00 GMT', -3600),
    ('yesterday', None),
])
def test_the_clocks_are_compared(serve, make_client, date_header, difference):
    server = serve(answer({'Data': {'Customer': []}}, headers={'Date': date_header}))
    client = make_client(server)
    assert client.clock_difference is None
    with freeze_time('2026-11-25 10:00:00', real_asyncio=False):
        client.customers()
    assert client.clock_difference == difference


def test_delete_webhook(exchange):
    deleted = exchange('webhook_delete', lambda client: client.delete_webhook(CLIENT_ID))
    assert deleted == {'result': True}


def test_send_test_webhook(exchange):
    sent = exchange('webhook_test', lambda client: client.send_test_webhook(
        CLIENT_ID, const.WEBHOOK_TYPE
    ))
    assert sent == {'result': True}


def test_public_key_is_read_from_the_host_of_the_api(serve, make_client):
    jwk = {'kty': 'RSA', 'e': 'AQAB', 'n': 'sXch'}
    server = serve(answer(jwk))
    assert make_client(server).public_key() == jwk
    assert server.requests[0].target == '/doc/openapi/static/keys/public'


@pytest.mark.parametrize('body', [
    {'keys': []}, {'kty': 'EC', 'n': 'x'}, {'kty': 'RSA'}, [], 'html',
])
def test_something_else_is_no_public_key(serve, make_client, body):
    with pytest.raises(OutcomeUnknown):
        make_client(serve(answer(body))).public_key()
