""" The tables of the law: which method and which VAT a settlement has. """

from datetime import date

import pytest

from tochka_fiscal.settlement import choose_method, choose_vat

OLD, NEW = date(2025, 12, 31), date(2026, 1, 1)


@pytest.mark.parametrize(('has_document', 'is_delivered', 'pays_all', 'method'), [
    (False, False, False, 'advance'), (False, True, True, 'advance'),
    (True, False, True, 'full_prepayment'), (True, False, False, 'prepayment'),
    (True, True, True, 'full_payment'), (True, True, False, 'full_payment'),
])
def test_method(has_document, is_delivered, pays_all, method):
    assert choose_method(has_document, is_delivered, pays_all) == method


@pytest.mark.parametrize(('vat', 'method', 'settled_on', 'shipped_on', 'expected'), [
    # Settlements.
    ('vat22', 'full_payment', NEW, NEW, 'vat22'),
    ('vat20', 'full_payment', NEW, NEW, 'vat22'),
    ('vat22', 'full_payment', NEW, None, 'vat22'),
    ('vat20', 'full_payment', OLD, OLD, 'vat20'),
    ('vat22', 'full_payment', OLD, None, 'vat20'),
    # Shipped before 2026, paid later.
    ('vat20', 'full_payment', NEW, OLD, 'vat20'),
    ('vat22', 'full_payment', NEW, OLD, 'vat20'),
    # Prepayments, and their closing.
    ('vat20', 'full_prepayment', OLD, None, 'vat120'),
    ('vat22', 'full_prepayment', NEW, None, 'vat122'),
    ('vat20', 'prepayment', NEW, None, 'vat122'),
    ('vat20', 'full_payment', NEW, NEW, 'vat22'),
    # The others do not change, but for the calculated rate.
    *((vat, 'full_payment', day, None, vat) for vat in ('none', 'vat0', 'vat5', 'vat7', 'vat10')
      for day in (OLD, NEW)),
    ('vat5', 'advance', NEW, None, 'vat105'), ('vat7', 'prepayment', NEW, None, 'vat107'),
    ('vat10', 'full_prepayment', OLD, None, 'vat110'),
    ('none', 'advance', NEW, None, 'none'), ('vat0', 'full_prepayment', NEW, None, 'vat0'),
    # Chosen by an accountant on purpose.
    ('vat122', 'advance', NEW, None, 'vat122'), ('vat105', 'full_payment', NEW, None, 'vat105'),
])
def test_vat(vat, method, settled_on, shipped_on, expected):
    assert choose_vat(vat, method, settled_on, shipped_on) == expected
