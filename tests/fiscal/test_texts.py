""" What a fiscal storage can't show is replaced, never dropped. """

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tochka_fiscal.registers.texts import to_cp866


@pytest.mark.parametrize(('text', 'shown'), [
    ('Занятия, ноябрь (8 шт.) № 5', 'Занятия, ноябрь (8 шт.) № 5'),
    ('Курс «Ёлка» — 100 ₽', 'Курс "Ёлка" - 100 руб.'),
    ('Чай “зелёный”, 20 € × 2…', 'Чай "зелёный", 20 EUR x 2...'),
    ('10\u00a0000 шт.', '10 000 шт.'),
    ('Café Żubrówka', 'Cafe Zubrowka'),
    ('½ кг ™', '1/2 кг TM'),
    ('Пицца 🍕 и 茶', 'Пицца ? и ?'),
    ('й и\u0306', 'й й'),
    ('семья 👨\u200d👩', 'семья ??'),
])
def test_relatives(text, shown):
    assert to_cp866(text, 128) == shown


def test_limit_holds_after_the_replacement():
    assert to_cp866('…' * 64, 128) == '.' * 128
    shown = to_cp866('₽' * 50, 128)
    assert (len(shown), shown[-3:]) == (128, '...')


@given(st.text(min_size=1, max_size=200))
def test_always_fits(text):
    shown = to_cp866(text, 128)
    assert len(shown) <= 128
    assert shown.encode('cp866').decode('cp866') == shown
