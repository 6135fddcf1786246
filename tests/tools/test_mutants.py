""" The mutants: each plain part is watched, and what is changed is one place of a file. """

import ast
import builtins
from types import SimpleNamespace

import pytest

from tools import mutants
from tools.layout import ROOT


def test_every_plain_part_is_watched():
    parts = [
        *(ROOT / 'tochka_acquiring' / 'api').glob('*.py'),
        *(ROOT / 'tochka_fiscal' / 'registers').glob('*.py'),
        *(ROOT / 'tochka_fiscal' / name for name in ('receipt.py', 'settlement.py', 'marks.py')),
    ]
    names = {str(path.relative_to(ROOT)) for path in parts if path.name != '__init__.py'}
    assert set(mutants.WATCHED) == names


def test_the_tests_are_there():
    for folder, names in mutants.WATCHED.values():
        assert names
        for name in names.split():
            assert (ROOT / folder / f'{name}.py').exists(), name


@pytest.fixture
def small(tmp_path, monkeypatch):
    """ A file of three lines. """
    monkeypatch.setattr(mutants, 'ROOT', tmp_path)
    (tmp_path / 'small.py').write_text(
        'def f(a):\n    try:\n        return a < 5 and not a\n    except KeyError:\n        pass\n')
    return 'small.py'


def test_mutants(small):
    found = [(name, number, mutants.mutate(small, name, number))
             for name, number in mutants.find(small)]
    lines = {mutants.changed(small, text) for _name, _number, text in found}
    assert {'return a <= 5 and not a', 'return a >= 5 and not a', 'return a < 6 and not a',
            'return a < 4 and not a', 'return a < 5 or not a', 'return a < 5 and  a',
            'except CosmicRayTestingException:'} <= lines
    for _name, _number, text in found:
        ast.parse(text)


def test_nothing_that_is_no_change(small):
    assert not {name for name, _number in mutants.find(small)
                if '_Is' in name or name.endswith('Lt_Eq')}


def test_what_is_equal_is_there():
    """ A reason that speaks of a line that is gone excuses another one some day. """
    for path, lines in mutants.EQUIVALENT.items():
        made = {mutants.changed(path, text) for name, number in mutants.find(path)
                if (text := mutants.mutate(path, name, number))}
        assert set(lines) <= made, path
        assert all(lines.values())


def made_of(text, name, path):
    """ Return what a change makes of one file. """
    (path / 'small.py').write_text(text)
    return [mutants.changed('small.py', mutants.mutate('small.py', name, number))
            for found, number in mutants.find('small.py') if found == name]


def test_membership(small, tmp_path):
    assert made_of('a = b in c\nd = e not  in f\n', 'own/ReplaceMembership', tmp_path) == [
        'a = b not in c', 'd = e in f']
    assert made_of('for a in b:\n    pass\n', 'own/ReplaceMembership', tmp_path) == []


@pytest.mark.parametrize(('text', 'changed'), [
    ("a = 'x'\n", ["a = 'x~'"]), ("a = ''\n", ["a = '~'"]), ('a = rb"""x"""\n', ['a = rb"""x~"""']),
    ("a = {'x': b['y']}\n", ["a = {'x~': b['y']}", "a = {'x': b['y~']}"]),
    ("a = b('x' 'y')\n", ["a = b('x~' 'y')", "a = b('x' 'y~')"]),
    # What people read.
    ('""" A file. """\n', []), ("raise ValueError('x')\n", []), ("_lt('x' 'y')\n", []),
    ("raise A(_lt('x'), 'y')\n", []), ("_logger.info('x', a)\n", []),
    ("a = b(_lt('x'), 'y')\n", ["a = b(_lt('x'), 'y~')"]),
])
def test_texts(small, tmp_path, text, changed):
    assert made_of(text, 'own/ReplaceText', tmp_path) == changed


def test_the_changed_function(tmp_path, monkeypatch):
    """ The tests that call it come first. """
    monkeypatch.setattr(mutants, 'ROOT', tmp_path)
    source = 'A = 1\n\n\n@b\ndef f():\n    def g():\n        return 2\n    return 3\n'
    (tmp_path / 'small.py').write_text(source)
    assert [mutants.function_of('small.py', source.replace(*change)) for change in (
        ('1', '5'), ('2', '5'), ('3', '5'))] == ['', 'small.py:6', 'small.py:5']
    items = [SimpleNamespace(nodeid=name) for name in ('new', 'slow', 'other', 'quick')]
    mutants.Order({'slow': [2, ['small.py:5']], 'quick': [1, ['small.py:5']], 'other': [0, []]},
                  'small.py:5').pytest_collection_modifyitems(items)
    assert [item.nodeid for item in items] == ['quick', 'slow', 'new', 'other']


def test_functions_tell_that_they_are_called(monkeypatch):
    monkeypatch.setattr(builtins, 'CALLED', set(), raising=False)
    names = {}
    exec(mutants.telling('small.py', (
        'A = 1\n\ndef f():\n    """ Docs. """\n    return A\n\ndef g():\n    return 2\n')), names)
    assert (names['f'](), names['f'].__doc__) == (1, ' Docs. ')
    assert builtins.CALLED == {'small.py:3'}
