""" OrangeData: sums, limits, what is printed of a text, corrections. """

import json

import pytest
from orangedata_rules import NOW, check, paid, wrong
from orangedata_shop import LINES, correction, correction12, receipt, request_of

from sandbox.orangedata_meaning import meaning, printed, size
from sandbox.orangedata_till import LARGEST
from sandbox.shape import read

# === SUMS === #

@pytest.mark.parametrize('payments', [
    [(1, 200.5)], [(1, 1000)], [(2, 200.5)], [(1, 100), (2, 100.5)], [(2, 200), (1, 5)],
    [(14, 100), (15, 50), (16, 50.5)], [(3, 200.5)], [(2, 200.5), (2, 0)],
])
def test_payments_that_fit(payments):
    check(paid(*payments))


@pytest.mark.parametrize('payments', [
    [(2, 200.49)], [(2, 200.51)], [(1, 200.49)], [(2, 201), (1, 5)], [(14, 201)],
    [(1, 100), (2, 100)],
])
def test_payments_that_do_not(payments):
    assert 'content.checkClose.payments' in wrong(paid(*payments))


def test_payments_that_are_not_explained_may_be_refused():
    assert 'payments' in wrong(paid((3, 200.5)), other_payment_types=False)


@pytest.mark.parametrize('total, fits', [
    (200.5, True), (200, True), (200.51, False), (199.99, False), (201, False),
])
def test_total_may_be_rounded_down_to_the_rouble(total, fits):
    content = paid((2, total), totalSum=total)
    if fits:
        check(content)
    else:
        assert 'totalSum' in wrong(content)


def test_line_is_rounded_half_up():
    check(request_of(receipt(
        positions=[{**LINES[4], 'price': 0.01, 'quantity': 0.5}],
        checkClose={'taxationSystem': 1, 'payments': [{'type': 2, 'amount': 0.01}]})))


@pytest.mark.parametrize('price, quantity, count, fits', [
    (99999999.99, 1, 1, True), (50000000, 2, 1, False), (99999999.99, 1, 2, False),
    (0, 281474976.710655, 1, True), (0, 281474976.710656, 1, False), (0, 1, 1, True),
])
def test_limits(price, quantity, count, fits):
    content = request_of(receipt(
        positions=[{**LINES[4], 'price': price, 'quantity': quantity}] * count,
        checkClose={'taxationSystem': 1, 'payments': [
            {'type': 2, 'amount': min(price * quantity * count, 99999999.99)}]}))
    if fits:
        check(content)
    else:
        assert 'больше максимума' in wrong(content)


# === SIZE, CP866 === #

def test_document_is_limited(orangedata):
    close = {'taxationSystem': 1, 'payments': [{'type': 2, 'amount': 0}]}

    def long(count):
        return request_of(receipt(checkClose=close, positions=[
            {**LINES[4], 'text': 'Я' * 128, 'price': 0}] * count))

    # 4 bytes for each tag, 6 for each number, one for each letter.
    fits = next(count for count in range(250, 1, -1) if size(
        meaning('documents', read(json.dumps(long(count)).encode()), NOW)) <= LARGEST)
    assert 120 < fits < 250
    assert f'документ больше {LARGEST} байт' in orangedata.refused(long(fits + 1))
    assert orangedata.post(long(fits)).status == 201


@pytest.mark.parametrize('text, left', [
    ('Чай «Ёлка» — 5 ₽', 'Чай Ёлка  5 '), ('№ 5°', '№ 5°'), ('😀', ''), ('Café', 'Caf'),
])
def test_characters_that_a_till_lacks_are_dropped(text, left):
    assert printed(text) == left


# === CORRECTIONS === #

def test_corrections_are_taken(orangedata):
    assert orangedata.post(request_of(correction12(), id='1'), 'correction12').status == 201
    assert orangedata.post(request_of(correction(), id='2'), 'corrections').status == 201


@pytest.mark.parametrize('values, place', [
    ({'type': 2}, 'type'), ({'type': 4}, 'type'), ({'correctionType': 2}, 'correctionType'),
    ({'correctionType': 1}, 'causeDocumentNumber'), ({'totalSum': 200.51}, 'totalSum'),
    ({'eCashSum': None}, 'totalSum'), ({'cashSum': 1}, 'totalSum'),
    ({'causeDocumentDate': '2025-12-31'}, 'causeDocumentDate'),
    ({'causeDocumentDate': '2025-12-31T10:00:00'}, 'causeDocumentDate'),
    ({'causeDocumentDate': None}, 'causeDocumentDate'), ({'taxationSystem': None}, 'taxationS'),
    ({'causeDocumentNumber': 'x' * 33}, 'causeDocumentNumber'), ({'tax11Sum': 1}, 'tax11Sum'),
    ({'positions': [LINES[2]]}, 'positions'), ({'ffdVersion': 4}, 'ffdVersion'),
    ({'isInternetStore': True}, 'customerContact'), ({'vat1Sum': 1}, 'vat1Sum'),
    ({'automatNumber': '1'}, 'automatNumber'),
])
def test_wrong_correction_of_ffd_105(values, place):
    text = wrong(request_of(correction(**values), group='Main'), 'corrections')
    assert f'content.{place}' in text


@pytest.mark.parametrize('values', [
    {'correctionType': 1, 'causeDocumentNumber': '17'}, {'type': 3}, {'ffdVersion': None},
    {'cashSum': 100, 'eCashSum': 50.5, 'prepaymentSum': 20, 'postpaymentSum': 20,
     'otherPaymentTypeSum': 10}, {'isInternetStore': True, 'customerContact': 'a@b.ru'},
    {f'tax{number}Sum': 1 for number in range(1, 11)}, {'useTax20': True},
])
def test_correction_of_ffd_105_that_fits(values):
    check(request_of(correction(**values)), 'corrections')


@pytest.mark.parametrize('values, group, place', [
    ({'ffdVersion': 2}, 'Main_2', 'content.ffdVersion'), ({}, 'Main', 'content.ffdVersion'),
    ({'correctionType': None}, 'Main_2', 'content.correctionType'),
    ({'correctionType': 1}, 'Main_2', 'content.causeDocumentNumber'),
    ({'causeDocumentDate': 'x'}, 'Main_2', 'content.causeDocumentDate'),
    ({'agentType': 1}, 'Main_2', 'content.agentType'), ({'type': 5}, 'Main_2', 'content.type'),
    ({'positions': None}, 'Main_2', 'content.positions'),
    ({'checkClose': {'taxationSystem': 1, 'payments': [{'type': 2, 'amount': 1}]}}, 'Main_2',
     'content.checkClose.payments'),
])
def test_wrong_correction_of_ffd_12(values, group, place):
    assert place in wrong(request_of(correction12(**values), group=group), 'correction12')


@pytest.mark.parametrize('kind', [1, 2, 3, 4])
def test_correction_of_ffd_12_has_all_types(kind):
    check(request_of(correction12(type=kind, correctionType=1, causeDocumentNumber='17')),
          'correction12')


def test_correction_of_ffd_105_is_not_for_the_new_tills():
    text = wrong(request_of(correction(), group='Main_2'), 'corrections')
    assert 'content.ffdVersion' in text
