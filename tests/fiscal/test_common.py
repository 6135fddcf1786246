""" What the registers have in common. """

from decimal import Decimal

import pytest

from tests.fiscal.receipts import item, receipt
from tochka_fiscal.registers import base, common


@pytest.mark.parametrize(('kopecks', 'roubles'), [(1, 0.01), (100, 1), (123456, 1234.56)])
def test_roubles(kopecks, roubles):
    assert common.roubles(kopecks) == roubles
    assert common.read_kopecks(roubles) == kopecks
    assert common.read_kopecks(f'{roubles}') == kopecks


@pytest.mark.parametrize(('kopecks', 'text'), [
    (0, '0.00'), (1, '0.01'), (100, '1.00'), (100050, '1000.50')])
def test_roubles_as_text(kopecks, text):
    assert common.roubles_text(kopecks) == text


def test_whole_numbers_are_written_without_a_point():
    assert [str(common.number(Decimal(text))) for text in ('2.00', '2.5')] == ['2', '2.5']


def test_largest_amount():
    assert common.read_kopecks('9999999999999.99') == 10 ** 15 - 1
    assert common.read_kopecks('-9999999999999.99') == 1 - 10 ** 15


@pytest.mark.parametrize('value', [
    '10000000000000', '-10000000000000',
    'x', None, '', '1.005', 0.001, 'NaN', 'Infinity', [], {}, '1,5'])
def test_what_is_no_amount(value):
    with pytest.raises(ValueError):
        common.read_kopecks(value)


def test_marked_goods_are_a_subject_of_their_own():
    words = {'goods': 1, 'service': 4}
    for values, word in (
        ({'subject': 'goods'}, 1), ({'subject': 'goods', 'mark': 'x'}, 33),
        ({'subject': 'service', 'mark': 'x'}, 4), ({'subject': 'service'}, 4),
    ):
        [line] = receipt(item(100, **values)).lines
        assert common.subject_of(line, words, 33) == word
        common.check_mark(line)


def test_mark_of_several():
    [line] = receipt(item(1000, '2', mark='x')).lines
    with pytest.raises(base.Unsupported, match='one piece'):
        common.check_mark(line)
    [line] = receipt(item(1000, '2')).lines
    common.check_mark(line)


@pytest.mark.parametrize(('number', 'code'), [
    ('', 'HTTP 400'), (0, 'HTTP 400'), (7, 'HTTP 400, 7'), ('VLD11', 'HTTP 400, VLD11')])
def test_code_of_an_error(number, code):
    assert common.name_code(400, number) == code
    assert common.name_code(400) == 'HTTP 400'


def test_tokens():
    tokens = common.Tokens()
    assert tokens.get('a', 'b') is None
    assert tokens.keep('secret', 'a', 'b') == 'secret'
    assert tokens.get('a', 'b') == 'secret' and tokens.get('a', 'c') is None
    tokens.drop('a', 'c')
    tokens.drop('a', 'b')
    assert tokens.get('a', 'b') is None
    tokens.keep('secret', 'a')
    tokens.clear()
    assert tokens.get('a') is None
