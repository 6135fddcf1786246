""" The arithmetic of the benchmarks' table. Nothing is measured here. """

import pytest

from tests.benchmarks import table
from tests.benchmarks.table import Row


@pytest.mark.parametrize(('row', 'figures', 'met'), [
    (Row('a', 's', 'core', at_most=0.2), (10, 2), True),
    (Row('a', 's', 'core', at_most=0.2), (10, 2.1), False),
    (Row('a', '1/s', 'mollie', at_least=1.5), (20, 30), True),
    (Row('a', '1/s', 'mollie', at_least=1.5), (20, 29), False),
    (Row('a', '1/s', 'mollie', at_least=1.5), (0, 29), None),
    (Row('a', '1/s', 'mollie', at_least=1.5), (20, None), None),
    (Row('a', 'calls', at_most=60), (None, 60), True),
    (Row('a', 'calls', at_most=60), (None, 61), False),
    (Row('a', 'calls', at_most=0), (None, 0), True),
    (Row('a', '1/s', 'one', at_least=0.8, at_most=1.2), (10, 13), False),
    (Row('a', '1/s', 'mollie'), (10, 1), None),
])
def test_goal(row, figures, met):
    assert row.is_met(*figures) is met


def test_cells():
    row = Row('Event to done', '1/s', 'mollie', at_least=1.5)
    assert row.cells((12.345, 24.69)) == (
        'Event to done, against mollie', '1/s', '12.3', '24.7', '2', '≥ 1.5', 'yes')
    assert row.cells((20, 10))[-1] == '**no**'
    calls = Row('Calls', 'calls', at_most=60)
    assert calls.cells((None, 1234)) == ('Calls', 'calls', '–', '1234', '–', '≤ 60', '**no**')


@pytest.mark.parametrize('figures', [None, (None, None), (3, None)])
def test_what_nobody_measured_says_so(figures):
    cells = Row('Calls', 'calls', at_most=60).cells(figures)
    assert cells[3:] == ('not measured', '–', '≤ 60', '–')


def test_render():
    rows = {'one': Row('a|b', 's', 'core', at_most=1), 'two': Row('c', 's')}
    assert table.render(rows, {'one': (2, 1)}).splitlines()[2:] == [
        '| a/b, against core | s | 2 | 1 | 0.5 | ≤ 1 | yes |',
        '| c | s | – | not measured | – | – | – |',
    ]


def test_falls_short():
    rows = {'one': Row('a', 's', 'core', at_most=1), 'two': Row('b', 's', at_most=1)}
    assert not table.falls_short(rows, {})
    assert not table.falls_short(rows, {'one': (2, 1)})
    assert table.falls_short(rows, {'one': (2, 1), 'two': (None, 2)})


@pytest.mark.parametrize(('figure', 'text'), [
    (None, '–'), (0, '0'), (0.00012, '1.2e-04'), (0.1234, '0.123'), (99.94, '99.9'),
    (1234.5, '1234'), (1234567, '1234567'),
])
def test_show(figure, text):
    assert table.show(figure) == text


def test_replace():
    document = table.replace('# Title\n', 'door', 'first')
    assert document == '# Title\n\n<!-- benchmarks: door -->\nfirst\n<!-- /benchmarks: door -->\n'
    document = table.replace(document + '\nafter\n', 'door', r'\1 second')
    assert 'first' not in document
    assert r'\1 second' in document
    assert document.endswith('\nafter\n')


def test_replace_refuses_broken_markers():
    begin = '<!-- benchmarks: door -->'
    with pytest.raises(ValueError, match='door'):
        table.replace(begin, 'door', 'x')
    with pytest.raises(ValueError, match='door'):
        table.replace(f'<!-- /benchmarks: door -->{begin}', 'door', 'x')
