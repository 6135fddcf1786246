""" From which day VAT is due by the income, and who is told when. """

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tochka_fiscal import const, law

MILLION = Decimal(1_000_000)


@pytest.mark.parametrize(('year', 'limit'), [
    (2024, 60), (2025, 60), (2026, 20), (2027, 15), (2028, 10), (2031, 10),
])
def test_limits(year, limit):
    assert law.exempt_income(year) == limit * MILLION


@pytest.mark.parametrize(('year', 'before', 'months', 'day'), [
    # The year before decides by the limit of this one: 15 million were free in 2026.
    (2026, 20, [], None),
    (2026, '20.01', [], date(2026, 1, 1)),
    (2027, 15, [], None),
    (2027, '15.01', [], date(2027, 1, 1)),
    (2028, '10.01', [], date(2028, 1, 1)),
    # Within the year it is the first of the next month.
    (2027, 0, [5, 5, 5], None),
    (2027, 0, [5, 5, '5.01'], date(2027, 4, 1)),
    (2027, 0, [15, '0.01', 3], date(2027, 3, 1)),
    (2027, 0, [0] * 11 + ['15.01'], date(2028, 1, 1)),
    # What was taken back counts less.
    (2027, 0, [14, -3, 3], None),
])
def test_from_which_day(year, before, months, day):
    assert law.vat_due_from(
        year, [Decimal(str(one)) * MILLION for one in months], Decimal(before) * MILLION) == day


@pytest.mark.parametrize(('income', 'mark'), [
    ('0', 0), ('6.99', 0), ('7', 70), ('8.5', 85), ('9.49', 85), ('9.5', 95), ('12', 95),
])
def test_marks(income, mark):
    assert law.share_told(Decimal(income) * MILLION, 10_000_000) == mark


@pytest.mark.parametrize(('day', 'income', 'whole'), [
    (date(2027, 12, 31), 10, 10), (date(2027, 1, 1), 1, 365), (date(2028, 1, 1), 1, 366),
    (date(2026, 7, 2), 183, 365),
])
def test_forecast(day, income, whole):
    assert law.forecast(Decimal(income), day) == whole


def test_systems_are_those_of_receipts():
    assert set(law.EXEMPTIBLE_SYSTEMS) < set(const.TAXATION_SYSTEMS)


@given(st.lists(st.integers(0, 10**8), max_size=12), st.integers(0, 10**8), st.integers(2025, 2032))
def test_more_income_is_never_exempt_longer(months, before, year):
    months = [Decimal(one) for one in months]
    day = law.vat_due_from(year, months, Decimal(before)) or date.max
    more = law.vat_due_from(year, [one + 1 for one in months], Decimal(before) + 1) or date.max
    assert more <= day
