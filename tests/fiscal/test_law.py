""" From which day VAT is due by the income, and who is told when. """

from datetime import date, timedelta
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


@pytest.mark.parametrize(('year', 'five', 'seven'), [
    (2024, 250, 450), (2025, 250, 450), (2026, '272.5', '490.5'), (2027, '272.5', '490.5'),
])
def test_limits_of_reduced_rates(year, five, seven):
    assert law.reduced_limit('vat5', year) == Decimal(five) * MILLION
    assert law.reduced_limit('vat7', year) == Decimal(seven) * MILLION


@pytest.mark.parametrize(('year', 'coefficient'), [(2025, '1'), (2026, '1.090')])
def test_limits_are_those_of_the_code_times_the_coefficient(year, coefficient):
    assert const.REDUCED_LIMITS[year] == {
        'vat5': 250 * MILLION * Decimal(coefficient), 'vat7': 450 * MILLION * Decimal(coefficient)}


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


# === WHAT THE LAW CHANGES ===

# Code -> the day on which it is told, of who is there since 2026-01-01. By hand, from the law.
TOLD_ON = {
    'limit_2026': date(2026, 1, 1), 'vat22': date(2026, 1, 1),
    'card_commission': date(2026, 1, 1), 'digital_2026': date(2026, 8, 1),
    'limit_2027': date(2026, 12, 1), 'rates_2027': date(2026, 12, 1),
    'digital_2027': date(2027, 8, 1), 'limit_2028': date(2027, 12, 1),
    'digital_2028': date(2028, 8, 1),
}
EVERYTHING = law.Firm(
    systems=frozenset({'usn_income'}), vats=frozenset({'none', 'vat5'}),
    sold_vats=frozenset({'vat20'}), is_exempt=True, takes_cards=True,
    income_before=Decimal(500_000_000))


def walk(firm):
    """ Return on which days of 2026 to 2029 a firm is told what. """
    told, day = {}, date(2026, 1, 1)
    while day.year < 2030:
        for notice in law.find_news(day, told):
            if notice.concerns(firm):
                assert notice.code not in told
                told[notice.code] = day
        day += timedelta(days=1)
    return told


def test_each_change_is_told_on_its_day():
    assert walk(EVERYTHING) == TOLD_ON
    assert set(TOLD_ON) == {notice.code for notice in law.NOTICES}


@pytest.mark.parametrize(('firm', 'codes'), [
    (law.Firm(systems=frozenset({'osn'}), vats=frozenset({'vat22'}), sold_vats=frozenset({'vat22'}),
              income_before=Decimal(20_000_000)), set()),
    (law.Firm(is_exempt=True), {'limit_2026', 'limit_2027', 'limit_2028'}),
    (law.Firm(vats=frozenset({'vat7'})), {'rates_2027'}),
    (law.Firm(sold_vats=frozenset({'vat20', 'vat22'})), {'vat22'}),
    (law.Firm(takes_cards=True), {'card_commission'}),
    (law.Firm(income_before=Decimal('20000000.01')), {'digital_2028'}),
    (law.Firm(income_before=Decimal(30_000_001)), {'digital_2027', 'digital_2028'}),
    (law.Firm(income_before=Decimal(120_000_001)), {
        'digital_2026', 'digital_2027', 'digital_2028'}),
])
def test_only_who_is_concerned(firm, codes):
    assert set(walk(firm)) == codes


@pytest.mark.parametrize('notice', law.NOTICES, ids=lambda notice: notice.code)
def test_entries(notice):
    assert notice.source
    assert notice.told_from <= notice.since <= notice.told_until
    assert date(2026, 11, 29) <= notice.checked
    assert law.find_notice(notice.code) is notice
