""" Reading operations and money: exact, lenient to what is new, strict about what matters. """

import re
from dataclasses import FrozenInstanceError, replace
from datetime import datetime, timedelta, timezone
from decimal import Decimal

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from tochka_acquiring import const
from tochka_acquiring.api.client import to_wire
from tochka_acquiring.api.errors import OutcomeUnknown, Unreadable
from tochka_acquiring.api.operation import (
    AcceptedRefund,
    Account,
    CreatedPayment,
    Customer,
    Operation,
    Order,
    Retailer,
    to_amount,
    to_moment,
    to_past_moment,
)

KOPECKS = st.integers(min_value=1, max_value=10 ** 13)
LEAST = {'operationId': 'op-1', 'status': 'CREATED', 'amount': 1, 'Order': []}
JUNK = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


# === AMOUNTS === #

@given(KOPECKS)
def test_amounts_survive_the_wire(kopecks):
    amount = Decimal(kopecks) / 100
    wire = to_wire(amount)
    whole, dot, fraction = wire.partition('.')
    assert dot and len(fraction) == 2 and whole.isascii() and whole.isdigit()
    assert int(whole + fraction) == kopecks
    assert to_amount(wire) == amount


@given(st.integers(min_value=0, max_value=10 ** 12))
def test_amounts_survive_as_json_numbers(kopecks):
    # A JSON number becomes a binary fraction on the way; the kopecks must not.
    assert to_amount(kopecks / 100) * 100 == kopecks


@pytest.mark.parametrize(('sent', 'amount'), [
    (1234, '1234.00'), (1234.5, '1234.50'), ('1234.00', '1234.00'), ('0.33', '0.33'), (0.1, '0.10'),
    ('5', '5.00'), (' 5.10 ', '5.10'), ('1.500', '1.50'), (0, '0.00'), (1e3, '1000.00'),
])
def test_amounts_of_the_bank(sent, amount):
    assert str(to_amount(sent)) == amount


@pytest.mark.parametrize('sent', [
    None, '', ' ', 'ten', '1,50', '1 000', '10.001', 0.001, 'NaN', 'Infinity', '-Infinity', 'sNaN',
    float('nan'), float('inf'), True, False, [], {}, [1], '1.5 ₽', '0x10', '1e30', 10 ** 40,
])
def test_what_is_no_amount(sent):
    with pytest.raises(ValueError):
        to_amount(sent)


@pytest.mark.parametrize('amount', ['0', '0.00', '-0.01', '0.001', '10.005', 'NaN'])
def test_amounts_that_are_never_sent(amount):
    with pytest.raises(ValueError):
        to_wire(Decimal(amount))


@pytest.mark.parametrize(('amount', 'wire'), [
    ('1', '1.00'), ('0.01', '0.01'), ('1E+3', '1000.00'), ('99999999.99', '99999999.99'),
    ('1.500', '1.50'),
])
def test_amounts_on_the_wire(amount, wire):
    assert to_wire(Decimal(amount)) == wire


# === MOMENTS === #

@pytest.mark.parametrize(('sent', 'hour', 'offset'), [
    ('2026-09-01T10:00:00+03:00', 7, 3), ('2026-09-01T10:00:00+05:00', 5, 5),
    ('2026-09-01T10:00:00Z', 10, 0), ('2026-09-01T10:00:00+00:00', 10, 0),
    ('2026-09-01T10:00:00', 7, 3), ('2026-09-01T10:00:00.000+03:00', 7, 3),
])
def test_moments(sent, hour, offset):
    moment = to_moment(sent)
    assert moment == datetime(2026, 9, 1, hour, tzinfo=timezone.utc)
    assert moment.utcoffset() == timedelta(hours=offset)


@pytest.mark.parametrize('sent', [
    None, '', 'yesterday', 5, [], {}, '2026-13-01T00:00:00', '1970-01-01T00:00:00Z',
    '0001-01-01T00:00:00+05:00', '0001-01-01T00:00:00',
])
def test_what_is_no_moment(sent):
    assert to_moment(sent) is None


def test_what_has_happened_is_not_in_the_future():
    now = datetime.now(timezone.utc)
    assert to_past_moment((now + timedelta(hours=3)).isoformat()) is not None, "clocks differ"
    assert to_past_moment((now + timedelta(days=400)).isoformat()) is None
    with freeze_time('2026-09-01T10:00:00', real_asyncio=False):
        assert to_past_moment('2026-09-02T10:00:00Z') is not None, "a day of the clocks"
        assert to_past_moment('2026-09-02T10:00:01Z') is None
    operation = Operation.from_api({
        **LEAST, 'paidAt': (now + timedelta(days=400)).isoformat(),
        'Order': [{'type': 'approval', 'amount': 1, 'time': '9999-12-31T23:59:59-05:00'}],
    })
    assert operation.paid_at is None and operation.orders[0].time is None


# === TEXTS === #

@pytest.mark.parametrize('text', ['\x00', 'a\x00b', '\ud800', 'a\udfff'])
def test_what_no_database_keeps(text):
    operation = Operation.from_api({
        **LEAST, 'operationId': text + '1', 'status': text, 'purpose': text, 'merchantId': [text],
        'Order': [{'orderId': text, 'type': 'refund', 'amount': 1}],
    })
    for value in (operation.operation_id, operation.status, operation.purpose,
                  operation.orders[0].order_id):
        assert value.replace('1', '') == re.sub('[^ab]', '\ufffd', text)


# === OPERATIONS === #

def test_the_least_an_operation_must_say():
    operation = Operation.from_api(LEAST)
    assert (operation.operation_id, operation.status) == ('op-1', 'CREATED')
    assert operation.amount == Decimal('1.00')
    assert operation.refunded == Decimal('0.00')
    assert operation.paid_at is None and operation.merchant_id is None
    assert operation.orders == () and operation.payment_modes == ()


@pytest.mark.parametrize('changed', [
    {'operationId': None}, {'operationId': ''}, {'operationId': 5}, {'status': None},
    {'status': []}, {'amount': None}, {'amount': 'ten'}, {'amount': '1.001'},
    {'amount': float('nan')},
    {'Order': {'type': 'refund'}}, {'Order': 5}, {'Order': 'text'},
])
def test_an_operation_whose_money_or_identity_cannot_be_read(changed):
    with pytest.raises(OutcomeUnknown):
        Operation.from_api({**LEAST, **changed})


@pytest.mark.parametrize('name', sorted(LEAST.keys() - {'Order'}))
def test_an_operation_without_a_needed_field(name):
    with pytest.raises(OutcomeUnknown, match=name):
        Operation.from_api({key: value for key, value in LEAST.items() if key != name})


@pytest.mark.parametrize('entry', [None, [], 'text', 5])
def test_what_is_no_operation(entry):
    with pytest.raises(OutcomeUnknown):
        Operation.from_api(entry)


def test_unknown_values_are_kept_and_unknown_fields_ignored():
    operation = Operation.from_api({
        **LEAST, 'status': 'PAID_BY_PIGEON', 'paymentType': 'digitalRuble', 'Pigeon': {'name': 'x'},
        'paymentMode': ['pigeon'], 'Order': [{'type': 'flight', 'amount': '7', 'wing': 'left'}],
    })
    assert operation.status == 'PAID_BY_PIGEON'
    assert operation.payment_type == 'digitalRuble'
    assert operation.payment_modes == ('pigeon',)
    assert (operation.orders[0].type, operation.orders[0].order_id) == ('flight', None)
    assert operation.refunded == 0


@pytest.mark.parametrize('entry', [
    'text', {}, None, 5, [], {'type': 'refund', 'amount': 'ten'}, {'type': None, 'amount': 1},
    {'type': 'refund', 'amount': -1}, {'amount': 1}, {'type': 'refund', 'amount': True},
])
def test_an_entry_that_cannot_be_read_hides_no_other(entry):
    operation = Operation.from_api({**LEAST, 'Order': [
        {'orderId': 'a', 'type': 'approval', 'amount': '5.00'}, entry,
        {'orderId': 'b', 'type': 'refund', 'amount': '2.00'},
    ]})
    assert operation.unread == 1
    assert [order.order_id for order in operation.orders] == ['a', 'b']


@pytest.mark.parametrize('amount', [0, '0.00', 0.0])
def test_an_entry_of_nothing_moves_nothing(amount):
    operation = Operation.from_api({**LEAST, 'Order': [
        {'orderId': 'a', 'type': 'refund', 'amount': amount}, {'amount': amount},
        {'orderId': 'b', 'type': 'refund', 'amount': '0.01'},
    ]})
    assert [order.order_id for order in operation.orders] == ['b'] and operation.unread == 0
    assert operation.refunds == list(operation.orders)


def refunds_of(*entries):
    operation = Operation.from_api({**LEAST, 'Order': [
        {'type': 'refund', 'orderId': order_id, 'amount': amount, 'time': time}
        for order_id, amount, time in entries
    ]})
    return [(order.order_id, order.amount) for order in operation.refunds]


def test_refunds_are_counted():
    """ Whatever their ids are, and in whatever order they come. """
    morning, noon = '2026-11-01T08:00:00+03:00', '2026-11-01T12:00:00+03:00'
    for entries in (
        [('x', 100, morning), ('x', 250, noon)], [('x', 250, noon), ('x', 100, morning)],
        [('x', 100, morning), ('y', 100, morning)], [(None, 100, morning), (None, 100, morning)],
        [(None, 300, None)], [('b', 200, None), (None, 300, None)],
    ):
        assert refunds_of(*entries) == [entry[:2] for entry in entries]


def test_a_refund_that_is_listed_twice_is_one():
    morning, noon = '2026-11-01T08:00:00+03:00', '2026-11-01T12:00:00+03:00'
    for first, second in ((morning, morning), (morning, noon), (None, noon)):
        assert refunds_of(('x', 100, first), ('x', 100, second)) == [('x', 100)]


@given(st.lists(st.integers(min_value=1, max_value=10 ** 9), max_size=20))
def test_refunds_add_up_exactly(refunds):
    operation = Operation.from_api({**LEAST, 'Order': [
        {'orderId': 'a', 'type': 'approval', 'amount': '5.00'},
        *({'orderId': str(i), 'type': 'refund', 'amount': kopecks / 100}
          for i, kopecks in enumerate(refunds)),
    ]})
    assert operation.refunded * 100 == sum(refunds)


@given(st.dictionaries(st.sampled_from([
    'operationId', 'status', 'amount', 'Order', 'paymentMode', 'createdAt', 'paidAt', 'purpose',
    'merchantId', 'paymentLinkId', 'paymentType',
]), JUNK))
def test_junk_is_an_operation_or_an_unknown_outcome(junk):
    for parser in (Operation.from_api, CreatedPayment.from_api):
        try:
            parsed = parser({**LEAST, 'paymentLink': 'https://a.example', **junk})
        except OutcomeUnknown:
            continue
        assert isinstance(parsed.amount, Decimal) and parsed.amount.is_finite()
        assert isinstance(parsed.status, str) and parsed.operation_id


@pytest.mark.parametrize('result', [
    Order('o-1', 'refund', Decimal('1.00'), None), Operation.from_api(LEAST),
    CreatedPayment('op-1', 'https://pay.example', Decimal('1.00'), 'CREATED'),
    Customer('301112223', 'Business'), Retailer('1', 'REG', True), Account('301112223', '1'),
    AcceptedRefund('op-1', Decimal('1.00')),
], ids=lambda result: type(result).__name__)
def test_results_cannot_be_changed(result):
    for name, value in vars(result).items():
        with pytest.raises(FrozenInstanceError):
            setattr(result, name, value)


def test_what_is_not_said_is_nothing():
    operation = Operation('op-1', 'CREATED', Decimal('1.00'))
    assert operation == Operation.from_api(LEAST)
    assert (operation.unread, operation.asked_at, operation.receipt) == (0, None, None)
    assert CreatedPayment.from_api({
        'operationId': 'op-1', 'paymentLink': 'https://pay.example', 'amount': 1,
    }) == CreatedPayment('op-1', 'https://pay.example', Decimal('1.00'), 'CREATED')
    assert Customer.from_api({'customerCode': '301112223'}) == Customer('301112223', '')
    assert Retailer.from_api({}) == Retailer(None, '', is_active=False)
    assert Account.from_api({'customerCode': '301112223', 'accountId': '1'}) == Account(
        '301112223', '1')
    assert AcceptedRefund.from_api({'isRefund': True, 'amount': 1}) == AcceptedRefund(
        None, Decimal('1.00'))


def test_who_pays_stands_in_no_repr():
    said = 'said of a person'
    operation = Operation.from_api({
        **LEAST, 'purpose': said, 'Client': {'email': said}, 'Items': [{'name': said}]})
    customer = Customer.from_api({
        'customerCode': '301112223', 'fullName': said, 'shortName': said, 'taxCode': said})
    assert operation.purpose == customer.name == customer.short_name == customer.inn == said
    assert said not in f'{operation} {customer}'


def test_when_the_bank_was_asked_makes_no_other_operation():
    moment = datetime(2026, 9, 1, tzinfo=timezone.utc)
    operation = Operation.from_api(LEAST, moment)
    assert operation.asked_at == moment
    assert operation == Operation.from_api(LEAST)
    assert operation != replace(operation, status='APPROVED')


def test_receipt_of_an_operation():
    receipt = {'Client': {'email': 'sova@example.com'}, 'Items': [{'name': 'Занятие'}],
               'taxSystemCode': 'osn'}
    assert Operation.from_api({**LEAST, **receipt}).receipt == receipt
    assert Operation.from_api({**LEAST, 'Items': receipt['Items']}).receipt == {
        'Client': None, 'Items': receipt['Items'], 'taxSystemCode': None}
    # A payer alone, as the bank repeats it of any payment, is none.
    assert Operation.from_api({**LEAST, 'Client': receipt['Client'], 'Items': []}).receipt is None


@pytest.mark.parametrize(('sent', 'rate'), [
    (2.6, '2.6'), ('2.75', '2.75'), (0, '0'), (100, '100'), (100.01, None), (-0.1, None),
    (None, None), ('', None), ('NaN', None), ('sNaN', None), ('Infinity', None), ([], None),
])
def test_rate_of_a_shop(sent, rate):
    assert Retailer.from_api({'rate': sent}).rate == (rate and Decimal(rate))


@pytest.mark.parametrize(('sent', 'modes'), [
    ('sbp', ('sbp',)), (['sbp', 'card'], ('sbp', 'card')), ([], ()), ('', ('',)), (None, ()),
    ([1], ('1',)),
])
def test_payment_modes(sent, modes):
    assert Operation.from_api({**LEAST, 'paymentMode': sent}).payment_modes == modes


@pytest.mark.parametrize(('parser', 'words'), [
    (Operation, 'an operation'), (CreatedPayment, 'a new operation'), (AcceptedRefund, 'a refund'),
])
def test_why_an_answer_is_worth_nothing(parser, words):
    with pytest.raises(OutcomeUnknown, match=f'described {words} that can not be') as caught:
        parser.from_api({})
    assert isinstance(caught.value, Unreadable)


# === TABLES === #

def test_each_status_has_one_meaning():
    statuses = [s for group in const.OPERATION_STATUS_MAPPING.values() for s in group]
    assert len(statuses) == len(set(statuses))
    assert set(statuses) == set(const.STATES_OF_STATUS)
    assert set(const.REFUND_STATUSES) <= set(const.OPERATION_STATUS_MAPPING['done'])
    for state, group in const.OPERATION_STATUS_MAPPING.items():
        for status in group:
            assert state in const.STATES_OF_STATUS[status]


def test_modes_map_there_and_back():
    assert len(const.PAYMENT_METHOD_CODES) == len(const.PAYMENT_MODES)
    for code, mode in const.PAYMENT_MODES.items():
        assert const.PAYMENT_METHOD_CODES[mode] == code
        assert code in const.DEFAULT_PAYMENT_METHOD_CODES


@pytest.mark.parametrize(('status', 'is_paid', 'may_be_paid'), [
    ('CREATED', False, False), ('EXPIRED', False, False), ('APPROVED', True, True),
    ('WAIT_FULL_PAYMENT', True, True), ('AUTHORIZED', True, True), ('ON-REFUND', True, True),
    ('REFUNDED', True, True), ('REFUNDED_PARTIALLY', True, True),
    ('NEW_WORD', False, True),
])
def test_money_by_the_status(status, is_paid, may_be_paid):
    operation = Operation(operation_id='a', status=status, amount=Decimal('1.00'))
    assert (operation.is_paid, operation.may_be_paid) == (is_paid, may_be_paid)


@pytest.mark.parametrize(('kind', 'lists'), [
    ('approval', True), ('authorized', True), ('refund', False)])
def test_money_by_the_history(kind, lists):
    operation = Operation.from_api({'operationId': 'a', 'status': 'CREATED', 'amount': 1, 'Order': [
        {'type': kind, 'amount': 1}]})
    assert operation.lists_money is operation.may_be_paid is lists


def test_moment_before_the_bank():
    assert to_moment('2015-01-01T00:00:00Z') and not to_moment('2014-12-31T23:59:59Z')
