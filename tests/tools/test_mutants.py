""" The mutants: each plain part is watched, and what is changed is one place of a file. """

import ast

import pytest

from tools import mutants
from tools.layout import ROOT

# Tables and words: a wrong one is found by the golden files, not by numbers that are changed.
TABLES = {
    'tochka_fiscal/registers/atol_const.py', 'tochka_fiscal/registers/komtet_const.py',
    'tochka_fiscal/registers/paykeeper_const.py',
}


def test_every_plain_part_is_watched():
    parts = [
        *(ROOT / 'tochka_acquiring' / 'api').glob('*.py'),
        *(ROOT / 'tochka_fiscal' / 'registers').glob('*.py'),
        *(ROOT / 'tochka_fiscal' / name for name in ('receipt.py', 'settlement.py', 'marks.py')),
    ]
    names = {str(path.relative_to(ROOT)) for path in parts if path.name != '__init__.py'}
    assert set(mutants.WATCHED) == names - TABLES


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
