""" Marking codes in every form that scanners type them. """

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fiscal.receipts import item
from tochka_fiscal.marks import GS, SHOWN, is_gs1, is_mark, read_marks, show_marks
from tochka_fiscal.receipt import ReceiptError, build_lines, return_line

CODE = f'0104600000000000215Qbag!{GS}93Zjqw'
SHORT = '00000046198488X?io+qCABm8'  # tobacco, without GS1


@pytest.mark.parametrize('written', [
    CODE, CODE.replace(GS, SHOWN), CODE.replace(GS, '<GS>'), CODE.replace(GS, '{gs}'),
    CODE.replace(GS, '[GS]'), CODE.replace(GS, r'\u001d'), CODE.replace(GS, r'\x1d'),
    CODE.replace(GS, r'\F'), CODE.replace(GS, 'è'), f']d2{CODE}', f'{GS}{CODE}',
    f'è{CODE}', f'  {CODE}\t', f'{SHOWN}{CODE.replace(GS, SHOWN)}\r\n',
])
def test_every_way_of_typing_it(written):
    assert read_marks(written) == [CODE]


def test_many_lines():
    text = f'\n{CODE}\r\n{SHORT}\n\n'
    assert read_marks(text) == [CODE, SHORT]
    assert read_marks(show_marks([CODE, SHORT])) == [CODE, SHORT]
    assert GS not in show_marks([CODE])


@pytest.mark.parametrize(('text', 'words'), [
    ('x' * 224, '223'), ('код', 'Latin'), ('01 04', 'spaces'), (f'{CODE}\n{CODE}', 'twice'),
    (f'{CODE}\n{CODE.replace(GS, SHOWN)}', 'twice'),
])
def test_what_is_no_code(text, words):
    with pytest.raises(ReceiptError, match=words):
        read_marks(text)


def test_empty():
    assert read_marks('') == read_marks(None) == read_marks('\n \n') == []


@given(st.lists(st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7e,
                                      exclude_characters='\\<{[]'), min_size=1, max_size=40),
                unique=True, max_size=5))
def test_nothing_is_lost(parts):
    codes = [f'{part}{GS}93x' for part in parts]
    assert read_marks(show_marks(codes)) == codes
    assert json.loads(json.dumps(codes)) == codes


@pytest.mark.parametrize(('text', 'expected'), [
    (CODE, True), (CODE.replace(GS, SHOWN), True), (SHORT, False), ('0000123', False), ('', False),
    (f'{CODE}\n{SHORT}', False), ('серия 1', False)])
def test_serial_numbers_that_are_codes(text, expected):
    assert is_mark(text) is expected


@pytest.mark.parametrize(('mark', 'expected'), [
    ('0104601234567890215abc', True), ('010460123456789021', True), ('AB-1', False),
    ('0104601234567890225abc', False), ('01046012345678902', False),
    (' 0104601234567890215abc', False),
])
def test_forms_of_marks(mark, expected):
    assert is_gs1(mark) is expected


def test_whole_piece_comes_back_with_its_code():
    [line] = build_lines([item(10001, mark=CODE, subject='goods')], 10001)
    assert return_line(line, 10001) == [line]


def test_part_of_a_price_brings_no_piece_back():
    [line] = build_lines([item(10001, mark=CODE, subject='goods')], 10001)
    [part] = return_line(line, 4000)
    assert (part.mark, part.total, part.quantity) == ('', 4000, Decimal(1))
