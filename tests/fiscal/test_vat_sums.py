""" The tax in a sum that contains it: kopecks, rounded half up, never less than nothing.

By hand, Tax Code, article 164, paragraph 4: the calculated rate is the rate over 100 and the rate,
5/105, 7/107, 10/110, 20/120 and 22/122.
"""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tochka_fiscal import const
from tochka_fiscal.receipt import Item, build_lines
from tochka_fiscal.settlement import share_of_vat

CALCULATED = {
    'vat5': Fraction(5, 105), 'vat7': Fraction(7, 107), 'vat10': Fraction(10, 110),
    'vat20': Fraction(20, 120), 'vat22': Fraction(22, 122),
}
RATES = {**CALCULATED, **{const.CALCULATED_VATS[vat]: part for vat, part in CALCULATED.items()}}
WITHOUT = ('none', 'vat0')

rates = st.sampled_from(sorted(RATES))
kopecks = st.integers(0, 10 ** 12)


@pytest.mark.parametrize(('vat', 'total', 'tax'), [
    ('vat5', 105_00, 5_00), ('vat105', 105_00, 5_00), ('vat7', 107_00, 7_00),
    ('vat107', 12200_00, 798_13), ('vat10', 110_00, 10_00), ('vat110', 100_00, 9_09),
    ('vat20', 120_00, 20_00), ('vat120', 100_00, 16_67), ('vat22', 122_00, 22_00),
    ('vat122', 100_00, 18_03), ('vat22', 0, 0), ('vat5', 1, 0), ('vat22', 2, 0), ('vat22', 3, 1),
    # Half a kopeck goes up: 3 x 20/120 = 0.5, 9: 1.5, 15: 2.5; 105 x 10/110 = 9.545.
    ('vat20', 3, 1), ('vat20', 9, 2), ('vat20', 15, 3), ('vat10', 105, 10),
])
def test_by_hand(vat, total, tax):
    assert share_of_vat(vat, total) == tax


def test_each_rate_of_the_law_is_here():
    assert set(RATES) | set(WITHOUT) == set(const.VATS)


@given(rates, kopecks)
def test_nearest_kopeck_and_half_of_one_goes_up(vat, total):
    tax, exact = share_of_vat(vat, total), RATES[vat] * total
    assert isinstance(tax, int)
    assert -Fraction(1, 2) <= exact - tax < Fraction(1, 2)
    assert 0 <= tax <= total


@given(rates, kopecks, kopecks)
def test_more_money_has_no_less_tax(vat, total, more):
    assert share_of_vat(vat, total) <= share_of_vat(vat, total + more)


@given(st.sampled_from(sorted(CALCULATED)), kopecks)
def test_calculated_rate_is_that_of_the_rate(vat, total):
    """ What was prepaid and is delivered has the same tax, if the rate is the same. """
    assert share_of_vat(vat, total) == share_of_vat(const.CALCULATED_VATS[vat], total)


@given(st.sampled_from(WITHOUT), kopecks)
def test_without_a_rate_the_turnover_is_told(vat, total):
    assert share_of_vat(vat, total) == total


@given(rates, st.lists(kopecks, min_size=1, max_size=40))
def test_tax_of_lines_and_of_their_sum(vat, totals):
    """ They differ by less than half a kopeck for each line and for the sum. """
    of_lines = sum(share_of_vat(vat, total) for total in totals)
    assert abs(of_lines - share_of_vat(vat, sum(totals))) <= (len(totals) + 1) / 2


@given(rates, st.integers(0, 10 ** 9), st.integers(1, 10 ** 9))
def test_a_price_with_tax_and_its_parts(vat, base, percent_base):
    """ Base and tax are the price, whatever the rounding. """
    total = base + percent_base
    tax = share_of_vat(vat, total)
    assert tax + (total - tax) == total
    # The tax on the base without tax is the same but for the rounding of both.
    assert abs(Fraction(const.VAT_PERCENTS[vat], 100) * (total - tax) - tax) <= 1


@given(
    st.lists(st.tuples(st.integers(1, 10 ** 7), st.integers(1, 20), rates), min_size=1, max_size=8),
    st.fractions(Fraction(1, 100), 1))
def test_lines_of_a_receipt(sold, part):
    """ However a part payment is shared out, no rate gets more tax than it has as a whole. """
    items = [
        Item(name=f'Line {number}', quantity=Decimal(quantity), total=total, vat=vat,
             method='full_payment', subject='goods')
        for number, (total, quantity, vat) in enumerate(sold)]
    whole = sum(item.total for item in items)
    paid = max(int(whole * part), 1)
    lines = build_lines(items, paid)
    assert sum(line.total for line in lines) == paid
    for vat in {item.vat for item in items}:
        of_rate = sum(line.total for line in lines if line.vat == vat)
        all_of_rate = sum(item.total for item in items if item.vat == vat)
        assert 0 <= share_of_vat(vat, of_rate) <= share_of_vat(vat, all_of_rate)
    assert {line.vat for line in lines} <= {item.vat for item in items}
