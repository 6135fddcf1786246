""" What is read out of a verified notification, and what of it may be logged. """

from decimal import Decimal

import pytest

from tochka_acquiring.api.webhook import Event

from .test_webhook import CLAIMS


def test_event():
    assert Event.from_claims(CLAIMS) == Event(
        webhook_type='acquiringInternetPayment', customer_code='301112223',
        operation_id='0b0e7a52-57ab-4a0c-93b3-0d3a4a5a9e11', status='APPROVED',
        payment_link_id='INV-2026-00007-0a1b2c', merchant_id='200000000054321',
        amount=Decimal('1234.50'), payment_type='sbp',
    )


@pytest.mark.parametrize('claims', [
    {}, {'amount': None}, {'amount': 'ten'}, {'amount': 'NaN'}, {'amount': []},
    {'webhookType': 'incomingPayment', 'SidePayer': {'amount': '5.00'}},
])
def test_an_event_that_says_little(claims):
    event = Event.from_claims(claims)
    assert event.amount is None
    assert event.webhook_type == claims.get('webhookType')


def test_repr_of_an_event_is_free_of_persons():
    assert 'Сов' not in repr(Event.from_claims(CLAIMS))
