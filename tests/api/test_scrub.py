""" No secret and no person appears in a log record, an error or the repr of a result.

Every method runs against a bank that answers badly and quotes what it was sent.
"""

import logging
import traceback
from datetime import date
from decimal import Decimal

import pytest

from tochka_acquiring.api.client import TochkaClient
from tochka_acquiring.api.errors import TochkaError

from .certificates import issue, server_context
from .conftest import TOKEN
from .server import answer, close, closed_port, half_status_line, refuse, reset, silence

EMAIL = 'sovina.sova@example.com'
PHONE = '+79990001122'
PHONE_SPACED = '8 (999) 000-11-22'
PAYER = 'Совина Сова Совишна'
CARD = '220000******0001'
OTHER_JWT = 'eyJ0eXAiOiJKV1QifQ.eyJzdWIiOiJzb21lYm9keSBlbHNlIn0.b3RoZXItc2lnbmF0dXJl'
SECRETS = {
    'token': TOKEN, 'signature of the token': TOKEN.rpartition('.')[2], 'another JWT': OTHER_JWT,
    'e-mail': EMAIL, 'phone': PHONE, 'phone with spaces': PHONE_SPACED, 'payer': PAYER,
    'card': CARD,
}

CALLS = {
    'customers': lambda client: client.customers(),
    'retailers': lambda client: client.retailers('301112223'),
    'consent': lambda client: client.consent('consent-1'),
    'accounts': lambda client: client.accounts(),
    'probe_sbp': lambda client: client.probe_sbp('301112223'),
    'create_payment': lambda client: client.create_payment(
        customer_code='301112223', amount=Decimal('10.00'), purpose=f'Оплата, {PAYER}, {PHONE}',
        payment_modes=['card'], merchant_id='200000000054321', payment_link_id='INV-1-0a1b2c',
        redirect_url=f'https://shop.example/return?access_token={OTHER_JWT}',
        fail_redirect_url='https://shop.example/declined', ttl=60,
        receipt={'Client': {'email': EMAIL}, 'Items': [{'name': PAYER}]},
    ),
    'refund_payment': lambda client: client.refund_payment('op-1', Decimal('10.00')),
    'get_payment': lambda client: client.get_payment('op-1'),
    'list_payments': lambda client: list(
        client.list_payments('301112223', date(2026, 9, 1), date(2026, 9, 2))
    ),
    'list_page': lambda client: client.list_page(
        '301112223', date(2026, 9, 1), date(2026, 9, 2), page=2),
    'get_webhook': lambda client: client.get_webhook('c-1'),
    'set_webhook': lambda client: client.set_webhook(
        'c-1', f'https://shop.example/hook?access_token={OTHER_JWT}', ['acquiringInternetPayment']
    ),
    'delete_webhook': lambda client: client.delete_webhook('c-1'),
    'send_test_webhook': lambda client: client.send_test_webhook('c-1', 'acquiringInternetPayment'),
    'public_key': lambda client: client.public_key(),
}

QUOTES = (
    f'Token {TOKEN} is unknown', f'Authorization: Bearer {TOKEN}', f'{OTHER_JWT} expired',
    f'Client.email {EMAIL} is wrong', f'phone {PHONE} is wrong', f'phone {PHONE_SPACED} is wrong',
)
PERSON = {'name': PAYER, 'email': EMAIL, 'phone': PHONE}


def operation(**values):
    return {
        'operationId': 'op-1', 'status': 'APPROVED', 'amount': '10.00', 'customerCode': '301112223',
        'paymentLink': 'https://pay.example/', 'createdAt': '2026-09-01T10:00:00+03:00',
        'Order': [],
        'purpose': f'Оплата, {PAYER}, {PHONE}', 'Client': PERSON, 'payerName': PAYER,
        'CofToken': {'maskedPan': CARD}, **values,
    }


ANSWERS = {
    # A good answer to some of the methods, and a senseless one to the others.
    'operations': answer({
        'Data': {'Operation': [operation()], 'Customer': [
            {'customerCode': '301112224', 'customerType': 'Personal', 'fullName': PAYER,
             'shortName': PAYER, 'email': EMAIL, 'phone': PHONE},
        ], 'Retailer': [{'status': 'REG', 'isActive': True, 'email': EMAIL, 'phone': PHONE}],
            'operationId': 'op-1', 'paymentLink': 'https://pay.example/', 'amount': '10.00',
            'purpose': PAYER, 'Client': PERSON},
        'Meta': {'totalPages': 1}, 'kty': 'RSA', 'n': 'sXch',
    }),
    'operations that can not be read': answer({
        'Data': {'Operation': [operation(amount=PHONE), operation(status={'of': PERSON}),
                               {'Client': PERSON}],
                 'Customer': [PERSON], 'Retailer': [PAYER], 'amount': EMAIL,
                 'paymentLink': PERSON, 'operationId': 'op-1'},
        'Meta': {'totalPages': 1},
    }),
    'validation error': refuse(400, *QUOTES),
    'forbidden': refuse(403, *QUOTES),
    'business error': refuse(424, *QUOTES, code=TOKEN, audit_id=TOKEN),
    'not found': refuse(404, *QUOTES),
    'server error': refuse(500, *QUOTES),
    'other fields': answer({
        'code': '400', 'id': 'a-1', 'message': QUOTES[0],
        'Errors': [{'errorCode': EMAIL, 'message': QUOTES[2], 'Client': PERSON}],
        'request': {'token': TOKEN, 'Client': PERSON},
    }, 400),
    'HTML': answer(f'<html>{" ".join(QUOTES)} {PAYER}</html>', 502, 'text/html'),
    'HTML with 200': answer(f'<html>{" ".join(QUOTES)} {PAYER}</html>', 200, 'text/html'),
    'no JSON': answer(f'{{"Data": "{TOKEN} {PAYER} {EMAIL}'),
    'redirect': answer('', 302, headers={'Location': f'https://x.example/?token={TOKEN}'}),
    'cut': answer({'Data': {'Client': PERSON, 'token': TOKEN}}, cut=3),
    'headers of no HTTP': half_status_line,
    'closed': close,
    'reset': reset,
    'silence': silence,
    'broken compression': answer(TOKEN, headers={'Content-Encoding': 'gzip'}),
}


@pytest.fixture
def traces(caplog):
    """ Return a function that runs a call and returns all that it leaves behind, as one text. """
    caplog.set_level(logging.DEBUG)
    formatter = logging.Formatter('%(name)s %(levelname)s %(message)s')

    def run(call, client):
        caplog.clear()
        left = [repr(client), str(client), f'{client!a}']
        try:
            result = call(client)
            # A plain dictionary is what the bank has sent: nobody may log it.
            left += [] if isinstance(result, dict) else [repr(result)]
        except TochkaError as error:
            left += [str(error), repr(error), repr(error.args), repr(vars(error))]
            left += traceback.format_exception(error)
            # What a careless caller would log.
            logging.getLogger('careless').warning("Failed: %s", error, exc_info=error)
            cause = error
            while cause := cause.__cause__ or cause.__context__:
                left += [str(cause), repr(cause), repr(vars(cause))]
        for record in caplog.records:
            left += [formatter.format(record), repr(record.args)]
        assert caplog.records
        return '\n'.join(left)

    return run


def check(text):
    assert [name for name, secret in SECRETS.items() if secret in text] == []


def test_every_method_is_called():
    public = {name for name, value in vars(TochkaClient).items()
              if callable(value) and not name.startswith('_')}
    assert public == set(CALLS)


@pytest.mark.parametrize('call', CALLS.values(), ids=CALLS)
@pytest.mark.parametrize('step', ANSWERS.values(), ids=ANSWERS)
def test_answers(serve, make_client, traces, step, call):
    check(traces(call, make_client(serve(step), timeout=(1, 0.1))))


@pytest.mark.parametrize('call', CALLS.values(), ids=CALLS)
def test_nobody_listens(make_client, traces, call):
    check(traces(call, make_client(f'http://127.0.0.1:{closed_port()}/')))


@pytest.mark.parametrize('call', CALLS.values(), ids=CALLS)
def test_untrusted_certificate(serve, make_client, traces, call):
    server = serve(answer({}), tls=server_context(issue('bank', hosts=['127.0.0.1'])))
    check(traces(call, make_client(server)))


def test_the_test_itself_would_notice(serve, make_client, traces):
    """ The traces hold what is not secret, and the secrets were really in the answers. """
    server = serve(refuse(400, 'purpose is wrong', *QUOTES))
    text = traces(CALLS['create_payment'], make_client(server))
    assert 'purpose is wrong' in text and 'HTTP 400' in text
    assert 'POST /uapi/acquiring/v1.0/payments_with_receipt' in text
    assert text.count('***') >= 6
    assert PAYER in server.requests[0].json['Data']['purpose']
    assert TOKEN in server.requests[0].headers['Authorization']
    for secret in SECRETS.values():
        with pytest.raises(AssertionError):
            check(f'x {secret} x')


def test_harmless_numbers_survive(serve, make_client):
    """ What support and accountants need is not taken for a phone. """
    harmless = (
        'Operation 0b0e7a52-57ab-4a0c-93b3-0d3a4a5a9e11 not found, merchant 200000000054321,'
        ' customer 301112223, INN 9900000017, account 40702810401234567890'
    )
    client = make_client(serve(refuse(424, harmless)))
    with pytest.raises(TochkaError) as caught:
        client.customers()
    assert harmless in str(caught.value)
