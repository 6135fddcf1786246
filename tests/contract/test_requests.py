""" Every request that the client can send is one that the bank describes. """

import contextlib
from datetime import date
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.api.server import ScriptedServer, answer, refuse
from tests.fiscal.receipts import all_receipts
from tochka_acquiring import const
from tochka_acquiring.api.client import TochkaClient
from tochka_acquiring.api.errors import TochkaError
from tochka_acquiring.api.text import cut_purpose, payment_link_id
from tochka_fiscal.registers import bank
from tochka_fiscal.registers.base import Unsupported

from .openapi import STRICT, needs_openapi

pytestmark = needs_openapi

CLIENT_ID = '0123456789abcdef0123456789abcdef'
OPERATION_ID = '0b0e7a52-57ab-4a0c-93b3-0d3a4a5a9e11'
PAYMENT = {
    'customer_code': '301112223', 'amount': Decimal('1234.50'), 'purpose': 'Оплата по счёту',
    'payment_modes': list(const.PAYMENT_MODES.values()), 'merchant_id': '200000000054321',
    'payment_link_id': 'INV-2026-00007-0a1b2c', 'ttl': const.DEFAULT_LINK_TTL,
    'redirect_url': f'https://shop.example{const.RETURN_ROUTE}?a=1&b=%D1%8B',
    'fail_redirect_url': f'https://shop.example{const.DECLINED_ROUTE}',
}


def bodies():
    """ Return each receipt that the bank's register can print, as it is sent. """
    found = []
    for neutral in all_receipts().values():
        with contextlib.suppress(Unsupported):
            found.append(bank.build(neutral))
    assert len(found) > 20
    return found


NEEDED = ('customer_code', 'amount', 'purpose', 'payment_modes')
WEBHOOK = answer({'Data': {'webhooksList': [], 'url': 'https://shop.example/w'}})

# Method of the client -> calls, each with the bank's answers and the operations that it uses.
LIST, CREATE = ('GET', '/acquiring/v1.0/payments'), ('POST', '/acquiring/v1.0/payments')
CREATE_WITH_RECEIPT = ('POST', '/acquiring/v1.0/payments_with_receipt')
HOOK = '/webhook/v1.0/{client_id}'
CALLS = {
    'customers': [(lambda c: c.customers(), [], [('GET', '/open-banking/v1.0/customers')])],
    'retailers': [
        (lambda c: c.retailers('301112223'), [], [('GET', '/acquiring/v1.0/retailers')]),
    ],
    'consent': [(lambda c: c.consent('8bfb9f3d'), [],
                 [('GET', '/consent/v1.0/consents/{consentId}')])],
    'accounts': [(lambda c: c.accounts(), [],
                        [('GET', '/open-banking/v1.0/accounts')])],
    'probe_sbp': [(lambda c: c.probe_sbp('301112223'), [],
                   [('GET', '/sbp/v1.0/customer/{customerCode}/{bankCode}')])],
    'create_payment': [
        (lambda c: c.create_payment(**PAYMENT), [], [CREATE]),
        (lambda c: c.create_payment(**{name: PAYMENT[name] for name in NEEDED}), [], [CREATE]),
        *((lambda c, receipt=receipt: c.create_payment(**PAYMENT, receipt=receipt), [],
           [CREATE_WITH_RECEIPT]) for receipt in bodies()),
    ],
    'refund_payment': [
        (lambda c: c.refund_payment(OPERATION_ID, Decimal('0.01'), '301112223'), [],
         [('POST', '/acquiring/v1.0/payments/{operationId}/refund')]),
    ],
    'get_payment': [
        (lambda c: c.get_payment(OPERATION_ID), [],
         [('GET', '/acquiring/v1.0/payments/{operationId}')]),
    ],
    'list_payments': [
        (lambda c: list(c.list_payments('301112223', date(2026, 9, 1), date(2026, 9, 30))),
         [answer({'Data': {'Operation': []}, 'Meta': {'totalPages': 2}})], [LIST, LIST]),
        *((lambda c, status=status: list(c.list_payments(
            '301112223', date(2026, 9, 1), date(2026, 9, 1), status=status, per_page=50,
        )), [answer({'Data': {'Operation': []}, 'Meta': {'totalPages': 1}})], [LIST])
          for status in const.STATES_OF_STATUS),
    ],
    'list_page': [
        (lambda c: c.list_page('301112223', date(2026, 9, 1), date(2026, 9, 30), page=2),
         [answer({'Data': {'Operation': []}, 'Meta': {'totalPages': 2}})], [LIST]),
    ],
    'get_webhook': [(lambda c: c.get_webhook(CLIENT_ID), [WEBHOOK], [('GET', HOOK)])],
    'set_webhook': [
        (lambda c: c.set_webhook(CLIENT_ID, 'https://shop.example/w', [const.WEBHOOK_TYPE]),
         [], [('PUT', HOOK)]),
        (lambda c: c.set_webhook(
            CLIENT_ID, 'https://shop.example/w', [const.WEBHOOK_TYPE], replace=True),
         [], [('POST', HOOK)]),
    ],
    'delete_webhook': [(lambda c: c.delete_webhook(CLIENT_ID), [], [('DELETE', HOOK)])],
    'send_test_webhook': [
        (lambda c: c.send_test_webhook(CLIENT_ID, const.WEBHOOK_TYPE), [],
         [('POST', f'{HOOK}/test_send')]),
    ],
}
# The key of webhooks lies beside the API, described on the bank's page «Вебхуки» alone.
BESIDE_THE_API = {'public_key'}


def test_no_method_is_missing():
    public = {name for name, value in vars(TochkaClient).items()
              if callable(value) and not name.startswith('_')}
    assert public == CALLS.keys() | BESIDE_THE_API


@pytest.fixture
def send():
    """ Return a function that makes a call and returns the requests that came of it. """
    def capture(call, steps):
        # Where the answer does not matter it is a refusal, which ends the call.
        server = ScriptedServer(steps or [refuse(400, 'Refused')])
        try:
            with contextlib.suppress(TochkaError):
                call(TochkaClient(server.url, 'key'))
        finally:
            server.stop()
        return server.requests

    return capture


@pytest.mark.parametrize(('call', 'steps', 'operations'), [
    pytest.param(*case, id=f'{name}-{number}')
    for name, cases in CALLS.items() for number, case in enumerate(cases)
])
def test_the_bank_describes_the_request(contract, send, call, steps, operations):
    requests = send(call, steps)
    assert [(r.method, contract.find(r.method, r.target)[0]) for r in requests] == operations
    for request in requests:
        assert contract.request_errors(request.method, request.target, request.json) == []
        assert request.headers.get('Content-Type') in (None, 'application/json')


def test_quoting_the_amount_is_all_that_differs_from_the_letter(contract, send):
    (request,) = send(lambda c: c.create_payment(**PAYMENT), [])
    assert contract.request_errors(request.method, request.target, request.json, STRICT) == [
        "body.Data.amount: '1234.50' is not of type 'number'",
    ]
    # ... and is how the file itself writes an amount.
    model = contract.schema('AcquiringCreatePaymentOperationRequestModel')
    assert model['properties']['amount']['examples'] == ['1234.00']


class Recorder:
    """ Takes the place of the network. """

    def __init__(self):
        self.bodies = []

    def request(self, method, path, *, json=None, **_options):
        self.bodies.append(json)
        return {'Data': {'operationId': 'op-1', 'paymentLink': 'https://pay.example/', 'amount': 1}}


@settings(deadline=None, suppress_health_check=list(HealthCheck), database=None)
@given(
    kopecks=st.integers(1, 10 ** 11),
    purpose=st.text(min_size=1, max_size=400).filter(
        lambda text: any(c.isprintable() and not c.isspace() for c in text)
    ),
    reference=st.text(min_size=1, max_size=100),
    attempt=st.integers(1, 99),
    modes=st.sets(st.sampled_from(sorted(const.PAYMENT_MODES.values())), min_size=1),
    ttl=st.integers(const.MIN_LINK_TTL, const.MAX_LINK_TTL),
)
def test_whatever_is_paid_fits(contract, kopecks, purpose, reference, attempt, modes, ttl):
    client = TochkaClient('https://bank.example/uapi/', 'key')
    client._transport = Recorder()
    client.create_payment(**{
        **PAYMENT, 'amount': Decimal(kopecks) / 100, 'purpose': cut_purpose(purpose), 'ttl': ttl,
        'payment_modes': sorted(modes),
        'payment_link_id': payment_link_id(reference, 'database-uuid', attempt),
    })
    (body,) = client._transport.bodies
    assert contract.request_errors('POST', '/uapi/acquiring/v1.0/payments', body) == []


# === TABLES === #

def test_tables_hold_the_values_of_the_bank(contract):
    schema = contract.schema
    assert set(const.PAYMENT_MODES.values()) == set(schema('AcquiringPaymentMode')['enum'])
    assert set(const.STATES_OF_STATUS) == set(schema('AcquiringPaymentStatus')['enum'])
    assert const.USABLE_RETAILER_STATUS in schema('AcquiringRetailerStatus')['enum']
    assert const.WEBHOOK_TYPE in schema('WebhookTypeEnum')['enum']
    assert {const.PRODUCTION_URL, const.BANK_SANDBOX_URL} == {
        server['url'] for server in contract.document['servers']
    }


def test_limits_are_those_of_the_bank(contract):
    fields = contract.schema('AcquiringCreatePaymentOperationRequestModel')['properties']
    assert const.MAX_PURPOSE == fields['purpose']['maxLength']
    assert const.MAX_PAYMENT_LINK_ID == fields['paymentLinkId']['maxLength']
    assert (const.MIN_LINK_TTL, const.MAX_LINK_TTL) == (
        fields['ttl']['minimum'], fields['ttl']['maximum']
    )


# === THE JUDGE HIMSELF === #

@pytest.mark.parametrize(('target', 'change', 'text'), [
    ('payments', {'amount': '0.00'}, 'amount'),
    ('payments', {'amount': '1234.5'}, 'amount'),
    ('payments', {'amount': 'ten'}, 'amount'),
    ('payments', {'amount': None}, 'amount'),
    ('payments', {'purpose': ''}, 'purpose'),
    ('payments', {'purpose': 'ы' * 141}, 'purpose'),
    ('payments', {'paymentMode': []}, 'paymentMode'),
    ('payments', {'paymentMode': ['pigeon']}, 'paymentMode'),
    ('payments', {'ttl': 0}, 'ttl'),
    ('payments', {'ttl': '60'}, 'ttl'),
    ('payments', {'merchantId': '1'}, 'merchantId'),
    ('payments', {'paymentLinkId': 'a' * 46}, 'paymentLinkId'),
    ('payments', {'redirectUrl': 'no address'}, 'redirectUrl'),
    ('payments', {'redirectURL': 'https://shop.example'}, 'redirectURL'),
    ('payments?page=1', {}, 'query: page'),
])
def test_the_judge_notices_a_wrong_body(contract, target, change, text):
    good = {'customerCode': '301112223', 'amount': '1.00', 'purpose': 'Я', 'paymentMode': ['sbp']}
    wrong = contract.request_errors(
        'POST', f'/uapi/acquiring/v1.0/{target}', {'Data': {**good, **change}}
    )
    assert len(wrong) == 1 and text in wrong[0]


@pytest.mark.parametrize(('query', 'text'), [
    ('', 'customerCode is required'),
    ('customerCode=1&page=one', 'page'),
    ('customerCode=1&status=LOST', 'status'),
    ('customerCode=1&merchantId=1', 'merchantId is not declared'),
])
def test_the_judge_notices_a_wrong_query(contract, query, text):
    (wrong,) = contract.request_errors('GET', f'/uapi/acquiring/v1.0/payments?{query}')
    assert text in wrong


@pytest.mark.parametrize(('method', 'target'), [
    ('GET', '/uapi/acquiring/v2.0/payments'), ('PATCH', '/uapi/acquiring/v1.0/payments'),
    ('GET', '/uapi/acquiring/v1.0/payments/'), ('GET', '/acquiring/v1.0/payments'),
])
def test_the_judge_notices_an_operation_that_does_not_exist(contract, method, target):
    with pytest.raises(AssertionError):
        contract.request_errors(method, target)


def test_the_judge_notices_a_body_too_much_or_too_little(contract):
    assert contract.request_errors('POST', '/uapi/acquiring/v1.0/payments') == ['body: missing']
    assert contract.request_errors('DELETE', '/uapi/webhook/v1.0/c', {}) == [
        'body: none is declared'
    ]
