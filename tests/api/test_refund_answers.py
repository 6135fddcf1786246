""" What the bank may answer to a refund, and what of it is believed. """

from decimal import Decimal

import pytest

from tochka_acquiring.api.errors import OutcomeUnknown
from tochka_acquiring.api.operation import AcceptedRefund

from .server import answer

OPERATION_ID = '0b0e7a52-57ab-4a0c-93b3-0d3a4a5a9e11'
TAKEN = {'isRefund': True, 'operationId': OPERATION_ID, 'amount': '10.00', 'orderId': 'o-1'}


def refund(serve, make_client, **changes):
    """ Return 10 roubles; the answer differs in so far. """
    data = {name: value for name, value in {**TAKEN, **changes}.items() if value is not None}
    server = serve(answer({'Data': data}))
    try:
        return make_client(server).refund_payment(OPERATION_ID, Decimal('10.00'))
    finally:
        [request] = server.requests
        assert request.json == {'Data': {'amount': '10.00'}}


@pytest.mark.parametrize('changes', [
    {'isRefund': None}, {'isRefund': False}, {'isRefund': 'true'}, {'isRefund': 1},
    {'amount': '10.01'}, {'amount': '9.99'}, {'amount': None}, {'amount': 'ten'}, {'amount': 1000},
])
def test_an_answer_that_does_not_say_that_it_was_taken(serve, make_client, changes):
    """ It may have been done: nobody sends it again. """
    with pytest.raises(OutcomeUnknown):
        refund(serve, make_client, **changes)


@pytest.mark.parametrize('changes', [
    {}, {'amount': 10}, {'amount': 10.0}, {'orderId': None}, {'operationId': None},
    # The bank's own sandbox answers with another operation than it was asked about.
    {'operationId': 'beeac8a4-6047-3f38-9f4b-4b6b4e7c1b0e'},
])
def test_an_answer_that_says_so(serve, make_client, changes):
    told = {**TAKEN, **changes}
    assert refund(serve, make_client, **changes) == AcceptedRefund(
        operation_id=told['operationId'], amount=Decimal('10.00'), order_id=told['orderId'])
