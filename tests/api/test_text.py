""" The purpose and the order number keep within the bank's limits and say what they must. """

import re
import uuid

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from tochka_acquiring import const
from tochka_acquiring.api.text import belongs_to_database, cut_purpose, payment_link_id

DATABASE = 'd5fa9a6e-2f0c-11f1-8f3a-0242ac120002'
REFERENCES = st.text(min_size=1, max_size=120) | st.from_regex(
    r'[A-Z]{1,4}/20[0-9]{2}/[0-9]{5}(-[0-9]{1,2})?', fullmatch=True
)
UUIDS = st.uuids().map(str)
# Characters that come and go in words, between words, or must never arrive.
SENTENCES = st.lists(
    st.text(st.characters(codec='utf-8'), min_size=1, max_size=30), min_size=1, max_size=40,
).map(' '.join)


# === PURPOSE === #

@given(SENTENCES, st.integers(min_value=5, max_value=140))
def test_a_purpose_is_cut_between_words(text, limit):
    words = [word for word in re.split(r'\s+', ''.join(
        character if character.isprintable() else ' ' for character in text
    )) if word]
    assume(words)
    purpose = cut_purpose(text, limit)
    whole = ' '.join(words)
    assert 0 < len(purpose) <= limit
    assert purpose.isprintable() and '  ' not in purpose and purpose == purpose.strip()
    if len(whole) <= limit:
        assert purpose == whole
        return
    assert purpose.endswith('…')
    kept = purpose[:-1]
    assert whole.startswith(kept)
    # What follows is the end of a word, or punctuation that was left out before it.
    rest = whole[len(kept):].lstrip(' ,;:-')
    left_out = whole[len(kept):len(whole) - len(rest)]
    if ' ' in whole[:limit - 1]:
        assert left_out.startswith((' ', ',', ';', ':', '-')) or not rest
    else:
        assert len(words[0]) >= limit - 1 and words[0].startswith(kept)


@pytest.mark.parametrize(('text', 'purpose'), [
    ('Оплата по счёту INV/2026/00007', 'Оплата по счёту INV/2026/00007'),
    ('  Оплата\tпо\r\n счёту \x00№ 7\u200b ', 'Оплата по счёту № 7'),
    ('а' * 140, 'а' * 140),
    ('а' * 141, 'а' * 139 + '…'),
    ('б ' + 'а' * 139, 'б…'),
    ('а' * 138 + ' бб', 'а' * 138 + '…'),
    ('а' * 139 + ' бб', 'а' * 139 + '…'),
    ('а' * 138 + ', б в', 'а' * 138 + '…'),
])
def test_purposes(text, purpose):
    assert cut_purpose(text) == purpose
    assert len(purpose) <= const.MAX_PURPOSE


@pytest.mark.parametrize('text', ['', '   ', '\n\t', '\x00\x01'])
def test_a_payment_without_a_purpose(text):
    with pytest.raises(ValueError):
        cut_purpose(text)


# === ORDER NUMBER === #

@given(REFERENCES, UUIDS, st.integers(min_value=1, max_value=9999))
@example('Счёт/2026/00001', DATABASE, 1)
@example('/', DATABASE, 1)
@example('-' * 60, DATABASE, 9999)
def test_an_order_number_fits_and_names_its_database(reference, database, attempt):
    link_id = payment_link_id(reference, database, attempt)
    assert re.fullmatch(r'[A-Za-z0-9_-]{1,45}', link_id)
    assert link_id == payment_link_id(reference, database, attempt)
    assert belongs_to_database(link_id, database)
    assert not belongs_to_database(link_id, str(uuid.UUID(int=uuid.UUID(database).int ^ 1)))


@given(REFERENCES, REFERENCES, st.integers(1, 99), st.integers(1, 99))
@example('INV/2026/00001', 'INV-2026-00001', 1, 1)
@example('INV 1', 'INV/1', 1, 1)
@example('Счёт 1', 'Счет 1', 1, 1)
@example('a' * 60 + '1', 'a' * 60 + '2', 1, 1)
@example('INV-1', 'INV-1-2', 2, 1)
@example('INV-1', 'INV-1', 1, 2)
@example('inv-1', 'INV-1', 1, 1)
def test_different_attempts_have_different_numbers(first, second, attempt, other):
    assume((first, attempt) != (second, other))
    assert payment_link_id(first, DATABASE, attempt) != payment_link_id(second, DATABASE, other)


@given(REFERENCES.filter(lambda reference: re.search(r'\w', reference, re.ASCII)))
def test_a_number_cannot_be_written_by_hand(reference):
    """ A reference that looks like the number of another one gets a number of its own. """
    link_id = payment_link_id(reference, DATABASE)
    body = link_id[:link_id.rindex('-')]
    for forged in (link_id, body):
        if forged != reference:
            assert payment_link_id(forged, DATABASE) != link_id


@given(REFERENCES, UUIDS, UUIDS)
def test_databases_do_not_share_numbers(reference, first, second):
    assume(first != second)
    assert payment_link_id(reference, first) != payment_link_id(reference, second)


def test_a_plain_reference_stays_readable():
    link_id = payment_link_id('S00042-1', DATABASE)
    assert re.fullmatch(r'S00042-1-[0-9a-f]{6}', link_id)
    assert payment_link_id('S00042-1', DATABASE, 2) == f'{link_id}-2'
    assert payment_link_id('INV/2026/00001', DATABASE).startswith('INV-2026-00001-')


@pytest.mark.parametrize('link_id', [None, '', '1042', 'order-7', 'S00042-1'])
def test_numbers_of_others(link_id):
    assert not belongs_to_database(link_id, DATABASE)
