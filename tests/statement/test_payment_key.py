""" The key in a purpose: whatever a bank does to it, it is found, and nothing else is. """

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.statement.ground import LONG, seeded
from tochka_statement import const
from tochka_statement.payment_key import LIMIT, find_keys, make_key, put_key

NUMBERS = st.integers(0, LIMIT - 1)
TO_CYRILLIC = str.maketrans('TKMtkm', 'ТКМткм')


def test_the_signs_are_safe():
    """ Each is its own transliteration and has a twin in the other alphabet. """
    letters = set(const.KEY_MARKER + const.KEY_SYMBOLS) - set('0123456789')
    assert letters <= set('AEKMT')
    assert len(const.KEY_SYMBOLS) == 13  # the check needs a prime


@given(NUMBERS)
def test_a_key_is_found(number):
    key = make_key(number)
    assert len(key) == 14
    assert find_keys(key) == (number,)


@given(NUMBERS, NUMBERS)
def test_keys_differ_in_six_characters(one, other):
    pairs = zip(make_key(one), make_key(other), strict=True)
    assert one == other or sum(a != b for a, b in pairs) >= 6


def test_neighbours_differ_in_six_characters():
    keys = [make_key(number) for number in range(400)]
    for one, other in itertools.combinations(keys, 2):
        assert sum(a != b for a, b in zip(one, other, strict=True)) >= 6


@given(NUMBERS, st.data())
def test_up_to_five_wrong_characters_are_noticed(number, data):
    key = list(make_key(number))
    places = data.draw(st.lists(st.integers(2, 13), min_size=1, max_size=5, unique=True))
    for place in places:
        key[place] = data.draw(st.sampled_from(const.KEY_SYMBOLS.replace(key[place], '')))
    assert find_keys(''.join(key)) == ()


@given(NUMBERS, st.integers(2, 12))
def test_two_turned_characters_are_noticed(number, place):
    key = make_key(number)
    turned = key[:place] + key[place + 1] + key[place] + key[place + 2:]
    assert find_keys(turned) == ((number,) if turned == key else ())


MUTATIONS = {
    'lower': str.lower,
    'cyrillic': lambda text: text.translate(TO_CYRILLIC),
    'mixed': lambda text: ''.join(
        sign.translate(TO_CYRILLIC) if place % 2 else sign for place, sign in enumerate(text)),
    'groups': lambda text: ' '.join([text[:6], text[6:10], text[10:]]),
    'dashes': lambda text: '-'.join([text[:6], text[6:10], text[10:]]),
    'a line break': lambda text: f'{text[:9]}\r\n{text[9:]}',
    'the letter O': lambda text: text.replace('0', 'О'),
    'wide': lambda text: ''.join(chr(ord(sign) + 0xFEE0) for sign in text),
    'glued': lambda text: f'платеж{text}Оплата',
    'glued to digits': lambda text: f'0012{text}2026',
    'after a tail of the marker': lambda text: f'ТТК {text}',
    'within brackets': lambda text: f'({text})',
}


@pytest.mark.parametrize('mutate', MUTATIONS.values(), ids=MUTATIONS)
def test_a_key_survives(mutate):
    source = seeded('survives')
    for _round in range(20000 if LONG else 500):
        number = source.randrange(LIMIT)
        assert find_keys(f'Оплата {mutate(make_key(number))} без НДС') == (number,)


@given(NUMBERS, st.integers(14, 210))
def test_a_cut_purpose_keeps_the_key(number, limit):
    purpose = put_key(number, 'Оплата по счёту INV/2026/00007\nот 05.11.2026 ' * 9)
    assert len(purpose) <= 210
    assert find_keys(purpose[:limit]) == (number,)


@given(NUMBERS, st.integers(0, 13))
def test_a_cut_key_is_none(number, length):
    assert find_keys('Оплата ' + make_key(number)[:length]) == ()


def test_several_keys_stand_in_order_and_once():
    assert find_keys(' '.join(map(make_key, (7, 3, 7)))) == (7, 3)


@given(st.text(alphabet=const.KEY_SYMBOLS + 'ткмТКМ -/', max_size=210))
def test_what_is_found_is_written(text):
    """ A number is found only where its key stands, whole. """
    plain = text.upper().translate(str.maketrans('ТКМ', 'TKM')).replace(' ', '').replace('-', '')
    for number in find_keys(text):
        assert make_key(number) in plain


def test_a_shifted_key_is_none_more_often_than_by_chance():
    source = seeded('shifted')
    rounds = 50000 if LONG else 5000
    for build in (lambda key: f'TKTK{key[2:-2]}', lambda key: f'TKT{key[2:-1]}',
                  lambda key: f'TK{key[3:]}0', lambda key: f'TK{key[4:]}17'):
        found = sum(bool(find_keys(build(make_key(source.randrange(LIMIT)))))
                    for _round in range(rounds))
        assert found <= 3


@pytest.mark.parametrize('sign', const.KEY_SYMBOLS)
def test_a_row_of_one_sign_is_no_key(sign):
    assert find_keys('TK' + sign * 12) == ()


def test_nothing_is_found_where_nothing_is():
    """ Purposes full of numbers, with the marker before each of them. """
    source = seeded('nothing')
    found = rounds = 0
    for _round in range(200000 if LONG else 20000):
        digits = ''.join(source.choices('0123456789', k=source.randrange(9, 21)))
        found += len(find_keys(f'ТК {digits} от 05.11.2026, ИНН 7707083893, л/с {digits[::-1]}'))
        rounds += 1
    # One of 371,293 is expected to pass; it must then be a key that is in use, too.
    assert found <= 1 + 4 * rounds / 371293


@pytest.mark.parametrize('text', [None, '', 'TK', 'Оплата', 'TK' * 200, 'ткттктт ' * 30])
def test_texts_without_a_key(text):
    assert find_keys(text) == ()


@pytest.mark.parametrize('number', [-1, LIMIT, None, '7', 7.0, True])
def test_no_number(number):
    with pytest.raises(ValueError, match='whole number'):
        make_key(number)


def test_no_room():
    with pytest.raises(ValueError, match='14'):
        put_key(7, 'x', limit=13)
    assert put_key(7, None) == make_key(7)
