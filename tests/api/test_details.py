""" One line from a template with tags. """

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tochka_acquiring.api.details import find_tags, render

VALUES = {'payer': 'Сидорова Анна', 'client': 'Петя {payer}', 'empty': ''}


@pytest.mark.parametrize(('template', 'tags'), [
    ('', []), ('Оплата', []), ('{payer} за {client}', ['payer', 'client']),
    ('{ payer }', ['payer']), ('{заказчик}', ['заказчик']), ('{}', ['']),
    ('{payer.__class__}', ['payer.__class__']), ('{ payer.ref | none }', ['payer.ref']),
    ('{|x}', ['']),
])
def test_tags_are_found(template, tags):
    assert find_tags(template) == tags


@pytest.mark.parametrize('template', ['{payer', 'payer}', '{{payer}}', '{payer}}', '}{'])
def test_brace_without_a_partner(template):
    with pytest.raises(ValueError, match='no partner'):
        find_tags(template)


@pytest.mark.parametrize(('template', 'text'), [
    ('{payer} за обучение {client}', 'Сидорова Анна за обучение Петя {payer}'),
    ('Оплата  {empty}  по счёту', 'Оплата по счёту'),
    ('Оплата {unknown}, срочно', 'Оплата, срочно'),
    ('{empty}', ''), ('{empty}, {empty}', ''), ('а\tб\nв', 'а б в'), ('{ payer }', 'Сидорова Анна'),
    ('по {empty|разовой оплате}', 'по разовой оплате'), ('{payer|x}', 'Сидорова Анна'),
    ('{empty|a|b}', 'a|b'),
])
def test_values_take_the_place_of_tags(template, text):
    assert render(template, VALUES) == text


@given(st.text(max_size=200), st.text(max_size=200))
def test_a_value_is_never_evaluated(before, value):
    """ Whatever stands in a name, the line holds it as it is, and in one line. """
    text = render('{a}', {'a': value, 'payer': 'SECRET'})
    assert 'SECRET' not in text or 'SECRET' in value
    assert all(character.isprintable() for character in text)
