""" bin/test sorts what it is asked for, counts what all runs did, and hides no failure. """

import functools
import re
import subprocess
import types

import pytest

from tools import test_command, test_runs
from tools.layout import ROOT
from tools.test_command import groups, workers
from tools.test_runs import Totals

RESULT = '2026-01-01 00:00:00,000 1 INFO db odoo.tests.result: {} failed, {} error(s) of {} tests\n'


# === SORTING === #

@pytest.mark.parametrize(('path', 'kind'), [
    ('tests/api', 'plain'),
    ('tests/api/test_errors.py', 'plain'),
    ('tests/api/test_errors.py::test_name', 'plain'),
    ('tests/tools', 'plain'),
    ('tests/browser', 'served'),
    ('tests/browser/test_payment.py::test_name', 'served'),
    ('tests/reliability', 'served'),
    ('tochka_acquiring', 'addons'),
    ('tochka_acquiring/tests/test_connection.py::TestConnection', 'addons'),
])
def test_a_path_is_sorted_by_how_it_is_tested(monkeypatch, path, kind):
    monkeypatch.chdir(ROOT)
    for given in (path, f'./{path}', str(ROOT / path)):
        chosen = groups([given])
        assert chosen.pop(kind) == [given]
        assert not any(chosen.values())


def test_nothing_asked_for_is_everything_that_exists(monkeypatch):
    monkeypatch.chdir(ROOT)
    chosen = groups([])
    assert 'tests/tools' in chosen['plain']
    assert 'tochka_acquiring/tests' in chosen['addons']
    for path in sum(chosen.values(), []):
        assert (ROOT / path).exists()
    # Each folder of tests is in one of the lists, or it would never run.
    folders = {f'tests/{path.parent.name}' for path in (ROOT / 'tests').glob('*/test_*.py')}
    assert folders <= {*test_command.PLAIN, *test_command.SERVED}


@pytest.mark.parametrize(('paths', 'options', 'spread'), [
    (['tests/api'], [], True),
    (['tests/api', 'tests/fiscal/test_keys.py'], ['-k', 'key'], True),
    (['tests/api/test_errors.py'], [], False),
    (['tests/api'], ['-n4'], False),
    (['tests/api'], ['-x'], False),
])
def test_folders_are_spread_over_workers(monkeypatch, paths, options, spread):
    monkeypatch.chdir(ROOT)
    assert bool(workers(paths, options)) is spread


def test_the_tag_of_a_database_without_apps_is_used_by_both_addons():
    for addon in test_command.ADDONS:
        files = (ROOT / addon / 'tests').glob('test_*.py')
        assert any(f"'{test_command.WITHOUT_APPS}'" in path.read_text() for path in files), addon


@pytest.mark.parametrize(('words', 'ci', 'expected'), [
    ([], True, ['pytest tests/reliability', 'pytest tests/browser', 'pytest tests/upgrade', 'core',
                'reference False', 'stock']),
    (['--long'], True, ['pytest tests/reliability', 'pytest tests/browser',
                        'pytest tests/upgrade', 'core',
                        'reference True', 'stock']),
    ([], False, ['pytest tests/reliability', 'pytest tests/browser', 'pytest tests/upgrade',
                 'stock']),
    (['--odoo-core'], False, ['core']),
    (['--odoo-reference'], False, ['reference True']),
])
def test_the_plan(totals, monkeypatch, words, ci, expected):
    monkeypatch.chdir(ROOT)
    done = []
    monkeypatch.setattr(test_command, 'served_environment', lambda in_ci: {})
    monkeypatch.setattr(totals, 'pytest', lambda words, **extra: done.append('pytest ' + words[0]))
    monkeypatch.setattr(test_command, 'run_core', lambda totals: done.append('core'))
    monkeypatch.setattr(
        test_command, 'run_reference', lambda totals, long: done.append(f'reference {long}'))
    monkeypatch.setattr(
        test_command, 'run_stock', lambda totals, paths, options: done.append('stock'))
    for run in test_command.plan(totals, groups([]), [], set(words), True, ci):
        run()
    assert done == expected


# === COUNTING: PYTEST === #

TESTS = '''
import pytest
def test_good(): pass
def test_also_good(): pass
def test_bad(): assert False
def test_skipped(): pytest.skip("why")
@pytest.fixture
def broken(): raise ValueError
def test_error(broken): pass
'''


@pytest.fixture
def totals(monkeypatch):
    """ Totals whose runs of Odoo print what a test gives them. """
    monkeypatch.setattr(test_runs, 'environment', lambda **extra: extra)
    monkeypatch.setattr(test_runs, 'command', lambda *arguments: list(arguments))
    return Totals()


def test_runs_of_pytest_are_added_up(tmp_path, totals):
    path = tmp_path / 'test_some.py'
    path.write_text(TESTS)
    totals.pytest([str(path)])
    assert (totals.passed, totals.failed, totals.skipped) == (2, 2, 1)
    assert len(totals.broken) == 1
    totals.pytest([str(path), '-k', 'good'])
    assert (totals.passed, totals.failed, totals.skipped) == (4, 2, 1)
    assert len(totals.broken) == 1


@pytest.mark.parametrize('text', ['import missing_module_of_nobody\n', 'def broken(:\n'])
def test_a_file_that_cannot_be_read_is_a_failure(tmp_path, totals, text):
    (tmp_path / 'test_broken.py').write_text(text)
    totals.pytest([str(tmp_path)])
    assert totals.failed and totals.broken


def test_a_name_that_selects_nothing_is_no_failure(tmp_path, totals):
    # One of several runs may hold no test of that name.
    (tmp_path / 'test_some.py').write_text(TESTS)
    totals.pytest([str(tmp_path), '-k', 'no_such_name'])
    assert (totals.passed, totals.failed, totals.broken) == (0, 0, [])


def test_a_folder_without_tests_is_a_failure(tmp_path, totals):
    totals.pytest([str(tmp_path)])
    assert totals.failed == 1 and 'no test' in totals.broken[0]


def test_reasons_of_skips_are_told(tmp_path, totals):
    path = tmp_path / 'test_some.py'
    path.write_text(TESTS)
    totals.pytest([str(path)])
    assert dict(totals.reasons) == {'why': 1}


def test_runs_side_by_side_are_added_up_and_tell_what_failed(tmp_path, totals, capfd):
    for name in ('one', 'two', 'three'):
        (tmp_path / f'test_{name}.py').write_text(
            TESTS.replace('test_bad', f'test_bad_{name}'))
    totals.together([
        functools.partial(totals.pytest, [str(tmp_path / f'test_{name}.py')])
        for name in ('one', 'two', 'three')])
    assert (totals.passed, totals.failed, totals.skipped) == (6, 6, 3)
    assert len(totals.broken) == 3
    # What one of them prints is not mixed with what the others do.
    told = [{name for name in ('one', 'two', 'three') if f'test_bad_{name}' in part}
            for part in capfd.readouterr().out.split('· pytest')[1:]]
    assert sorted(map(sorted, told)) == [['one'], ['three'], ['two']]


def test_a_run_that_does_not_end_is_ended(tmp_path, totals, monkeypatch):
    (tmp_path / 'test_long.py').write_text('import time\ndef test_long(): time.sleep(60)\n')
    monkeypatch.setattr(test_runs, 'RUN_SECONDS', 3)
    totals.pytest([str(tmp_path)])
    assert totals.failed == 1 and 'no end' in totals.broken[0]


# === COUNTING: ODOO'S OWN RUNNER === #

def line(level, text):
    """ Return a line as Odoo logs it. """
    return f'2026-01-01 00:00:00,000 1 {level} db odoo.addons.payment.tests: {text}\n'


@pytest.fixture
def odoo_prints(monkeypatch):
    """ Return a function that sets what Odoo logs. """
    def set_log(log):
        monkeypatch.setattr(
            test_runs.subprocess, 'run',
            lambda *words, **options: types.SimpleNamespace(stderr=log, stdout='', returncode=0),
        )
    return set_log


def test_a_good_run_of_odoo(totals, odoo_prints):
    odoo_prints(line('INFO', 'Starting TestA.test_b ...') + RESULT.format(0, 0, 12))
    totals.odoo('db', '/payment')
    assert (totals.passed, totals.failed, totals.skipped, totals.broken) == (12, 0, 0, [])


def test_a_failure_in_odoo_counts(totals, odoo_prints, capsys):
    odoo_prints(line('ERROR', 'FAIL: TestA.test_b\nTraceback ...')
                + line('ERROR', 'ERROR: TestA.test_c\nTraceback ...') + RESULT.format(1, 1, 12))
    totals.odoo('db', '/payment')
    assert (totals.passed, totals.failed) == (10, 2)
    assert totals.broken
    assert 'FAILED TestA.test_b' in capsys.readouterr().out


def test_a_failure_without_the_addon_as_well_is_told_apart(totals, odoo_prints):
    odoo_prints(line('ERROR', 'FAIL: TestA.test_b\nTraceback ...') + RESULT.format(1, 0, 12))
    totals.odoo('db', '/payment', known=['TestA.test_b', 'TestOther.test_x'])
    assert (totals.passed, totals.failed, totals.skipped, totals.broken) == (11, 0, 1, [])


@pytest.mark.parametrize('text', [
    'Could not load an attachment',
    'ERROR: setUpClass (odoo.addons.payment.tests.test_a.TestA)\nTraceback ...',
    'FAIL: Subtest TestA.test_b (amount=1)\nTraceback ...',
])
def test_an_error_in_odoos_log_is_a_failure(totals, odoo_prints, text):
    odoo_prints(line('ERROR', text) + RESULT.format(0, 0, 12))
    totals.odoo('db', '/payment')
    assert totals.failed and totals.broken


def test_a_tag_that_selects_nothing_is_a_failure(totals, odoo_prints):
    odoo_prints(RESULT.format(0, 0, 0))
    totals.odoo('db', '/payment')
    assert totals.failed and totals.broken


def test_an_odoo_that_dies_is_a_failure(totals, odoo_prints):
    odoo_prints(line('CRITICAL', 'Failed to initialize database'))
    totals.odoo('db', '/payment')
    assert totals.failed and totals.broken


# === WHAT CI MUST NOT GO WITHOUT === #

def test_nothing_is_lacking_here(monkeypatch):
    assert not test_command.lacking()


def test_a_renamed_folder_is_lacking(monkeypatch):
    monkeypatch.setattr(test_command, 'SERVED', ('tests/no_such_folder',))
    assert 'tests/no_such_folder' in test_command.lacking()[0]


def test_the_banks_file_is_lacking_where_its_folder_is(tmp_path, monkeypatch):
    checkout = tmp_path / 'checkout'
    for name in ('PLAIN', 'SERVED', 'ADDONS'):
        monkeypatch.setattr(test_command, name, ())
    monkeypatch.setattr(test_command, 'ROOT', checkout)
    monkeypatch.delenv('TOCHKA_OPENAPI', raising=False)
    assert not test_command.lacking(), "The project lives without it"
    (tmp_path / 'shared' / 'tochka').mkdir(parents=True)
    assert 'openapi.json' in test_command.lacking()[0]
    (tmp_path / 'shared' / 'tochka' / 'openapi.json').write_text('{}')
    assert not test_command.lacking()
    monkeypatch.setenv('TOCHKA_OPENAPI', str(tmp_path / 'elsewhere.json'))
    assert 'elsewhere' in test_command.lacking()[0]


@pytest.mark.parametrize('in_ci', [True, False])
def test_what_is_lacking_fails_in_ci_alone(tmp_path, monkeypatch, capfd, in_ci):
    monkeypatch.setenv('CI', 'true' if in_ci else '')
    monkeypatch.setattr(test_command, 'lacking', lambda: ["something"])
    monkeypatch.setattr(test_command, 'groups', lambda paths: dict.fromkeys(
        ('plain', 'addons', 'served'), []))
    monkeypatch.setattr(test_command.sys, 'argv', ['bin/test'])
    assert test_command.main() == in_ci
    assert ('✗ something' in capfd.readouterr().out) == in_ci


# === THE WHOLE COMMAND === #

def test_a_part_runs_without_a_database_and_ends_with_one_line(tmp_path, monkeypatch, capfd):
    path = tmp_path / 'test_some.py'
    path.write_text(TESTS)
    monkeypatch.setattr(test_command.postgres, 'running', None)
    for words, code, last in (
        ([str(path)], 1, '2 passed, 2 failed, 1 skipped'),
        ([str(path), '-k', 'good'], 0, '2 passed, 0 failed, 0 skipped'),
    ):
        monkeypatch.setattr(test_command.sys, 'argv', ['bin/test', *words])
        assert test_command.main() == code
        assert capfd.readouterr().out.splitlines()[-1] == last


def test_a_random_order_is_the_same_for_the_same_seed(tmp_path, monkeypatch, capfd):
    path = tmp_path / 'test_many.py'
    path.write_text('import pytest\n'
                    '@pytest.mark.parametrize("number", range(40))\n'
                    'def test_many(number): print(f"NUMBER {number}")\n')
    orders = []
    for word in ('--shuffle=1', '--shuffle=1', '--shuffle=2'):
        monkeypatch.setattr(test_command.sys, 'argv', ['bin/test', str(path), word, '-s'])
        assert test_command.main() == 0
        orders.append(re.findall(r'NUMBER (\d+)', capfd.readouterr().out))
    assert orders[0] == orders[1] != orders[2] and len(set(orders[0])) == 40
    monkeypatch.setattr(test_command.sys, 'argv', ['bin/test', str(path), '--shuffle', '-s'])
    assert test_command.main() == 0
    said = capfd.readouterr()
    seed = re.search(r'the same once more: --shuffle=(\d+)', said.err)[1]
    assert sorted(map(int, re.findall(r'NUMBER (\d+)', said.out))) == list(range(40))
    assert test_command.take_shuffle(['-x', f'--shuffle={seed}'])[-1].endswith(f'={seed}')


def test_pytest_is_run_from_the_checkout(totals, monkeypatch):
    calls = []
    monkeypatch.setattr(test_runs.subprocess, 'run', lambda words, **options: (
        calls.append((words, options)) or subprocess.CompletedProcess(words, 0)))
    totals.pytest(['tests/api'], TOCHKA_DATABASE='name')
    [(words, options)] = calls
    assert options['cwd'] == ROOT and words[-1] == 'tests/api'
    assert options['env']['TOCHKA_DATABASE'] == 'name'
