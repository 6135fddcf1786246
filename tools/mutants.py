""" bin/python -m tools.mutants [--sample N] [--seed N] [--show] [FILE...]: would the tests notice?

Plain-Python parts of the add-ons are changed in one place at a time (`cosmic-ray` knows how), and
their tests run over each such mutant. A mutant that lives is a line that no test watches: write the
test, or put it into `EQUIVALENT` with the reason why nobody could notice. `bin/test --long` runs a
sample, and fails when fewer than 95 % of it are killed.
"""

import argparse
import ast
import builtins
import importlib
import itertools
import json
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path

import parso
import pytest
from cosmic_ray.mutating import mutate_code
from cosmic_ray.plugins import get_operator, operator_names

from .console import say
from .layout import ROOT
from .mutations import OPERATORS

SAMPLE, SEED = 300, 54  # how many, and which
LEAST = 0.95
SECONDS = 240  # a mutant that hangs is noticed, too
WORKERS = 2
RECORD = 'record.json'  # what the tests call
COPIED = ('tochka_acquiring', 'tochka_fiscal', 'tests', 'sandbox', 'tools', 'pyproject.toml')
# What the tests load of others.
PRELOADED = (
    'cryptography.x509', 'flask', 'hypothesis', 'hypothesis.strategies', 'jsonschema', 'jwt',
    'requests', 'werkzeug.serving')

FISCAL, BANK = 'tochka_fiscal', 'tochka_acquiring/api'
# File -> folder of its tests -> the tests that watch it, the fastest first.
WATCHED = {
    f'{FISCAL}/receipt.py': ('tests/fiscal', 'test_receipt_by_hand test_receipt'),
    f'{FISCAL}/settlement.py': ('tests/fiscal', 'test_settlement'),
    f'{FISCAL}/marks.py': ('tests/fiscal', 'test_marks'),
    **{f'{FISCAL}/registers/{name}.py': ('tests/fiscal', tests) for name, tests in {
        'atol': 'test_atol test_alone', 'atol_const': 'test_atol', 'atol_document': 'test_atol',
        'bank': 'test_bank',
        'base': 'test_printed test_callback_junk test_komtet test_orangedata test_alone',
        'common': 'test_common test_callback_junk test_komtet test_atol test_paykeeper test_alone',
        'keys': 'test_keys', 'komtet': 'test_komtet test_alone test_callback_junk',
        'komtet_const': 'test_komtet', 'komtet_document': 'test_komtet',
        'orangedata': 'test_orangedata test_alone',
        'orangedata_const': 'test_orangedata', 'orangedata_document': 'test_orangedata',
        'paykeeper': 'test_paykeeper test_alone test_callback_junk',
        'paykeeper_const': 'test_paykeeper', 'paykeeper_document': 'test_paykeeper',
        'texts': 'test_texts',
        'transport': 'test_scrub test_alone test_komtet',
    }.items()},
    **{f'{BANK}/{name}.py': ('tests/api', tests) for name, tests in {
        'client': (
            'test_client_calls test_client_golden test_client_faults test_operation'
            ' test_refund_answers test_hardening'),
        'deadline': 'test_deadline test_https', 'details': 'test_details',
        'errors': 'test_errors test_client_faults',
        'https': 'test_https test_https_breaks test_tls test_hardening',
        'jwt_key': 'test_jwt_key test_webhook', 'oauth': 'test_oauth',
        'operation': 'test_operation test_refund_answers test_client_golden test_text',
        'text': 'test_text',
        'tls': 'test_tls test_hardening', 'transport': (
            'test_transport test_client_golden test_client_faults test_oauth test_hardening'
            ' test_scrub test_errors'),
        'webhook': 'test_webhook test_webhook_event',
    }.items()},
}
# What nobody writes here.
LEFT_OUT = ('BinaryOperator_BitOr_', 'RemoveDecorator', 'Variable')
# Operators are changed to their opposites and neighbours only: the others say the same.
OPPOSITES = (
    'Add_Sub', 'Sub_Add', 'Mul_FloorDiv', 'FloorDiv_Mul', 'Div_Mul', 'Mod_Mul',
    'Eq_NotEq', 'NotEq_Eq', 'Lt_LtE', 'LtE_Lt', 'Gt_GtE', 'GtE_Gt', 'Lt_GtE', 'GtE_Lt', 'Gt_LtE',
    'LtE_Gt', 'Is_IsNot', 'IsNot_Is')

# What is changed, in any file -> why no test can notice.
ALWAYS_EQUIVALENT = {
    'safe="~"': "a tilde is never quoted",
    'strict=False': "both have one length, or nothing would have come so far",
    'quantize(Decimal( 0)': "only the exponent counts, which 0 and 1 share",
}
# File -> the changed line, as `--show` prints it -> why no test can notice.
EQUIVALENT = {
    f'{FISCAL}/receipt.py': {
        'if item.total < 1:': "a line of nothing takes nothing off the others",
    },
    f'{FISCAL}/registers/paykeeper.py': {
        'urllib.parse.parse_qsl(text, strict_parsing=False))': "what is no form names no key",
    },
}


def operators():
    """ Return the names of the changes that are made. :rtype: list[str] """
    return [*OPERATORS, *(
        name for name in sorted(operator_names())
        if not any(part in name for part in LEFT_OUT)
        and (not name.startswith(('core/ReplaceBinary', 'core/ReplaceComparison'))
             or name.partition('Operator_')[2] in OPPOSITES)
    )]


def _operator(name):
    return (OPERATORS.get(name) or get_operator(name))()


def find(path):
    """ Yield what can be changed in a file: name of the change, its number there.

    :param str path: The file, from the root of the project.
    """
    nodes = list(_walk(parso.parse((ROOT / path).read_text())))
    for name in operators():
        operator = _operator(name)
        for number in range(sum(
            1 for node in nodes for _place in operator.mutation_positions(node)
        )):
            yield name, number


def mutate(path, name, number):
    """ Return the text of a mutant, or None if the change is none.

    :param str path: The file.
    :param str name: The name of the change.
    :param int number: Its number in the file.
    """
    source = (ROOT / path).read_text()
    try:
        text = mutate_code(source, _operator(name), number)
    except AttributeError:
        return None  # cosmic-ray can't change an exception that is named by its module
    return text if text != source else None


def _walk(node):
    yield node
    for child in getattr(node, 'children', ()):
        yield from _walk(child)


def changed(path, text):
    """ Return the lines that a mutant changes, as a person reads them. :rtype: str """
    pairs = zip((ROOT / path).read_text().splitlines(), text.splitlines(), strict=False)
    return ' | '.join(new.strip() for old, new in pairs if old != new) or 'the end is another'


class Recorder:
    """ A plugin of pytest: which functions each test calls, and how long it takes.

    :param Path home: A copy of the project whose functions say that they are called: `telling`.
    """

    def __init__(self, home):
        self._record = home / RECORD
        self._tests, self._failed = {}, []
        self._called = builtins.CALLED = set()

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item):
        """ Watch one test. """
        self._called.clear()
        begun = time.monotonic()
        try:
            return (yield)
        finally:
            self._tests[item.nodeid] = [time.monotonic() - begun, sorted(self._called)]

    def pytest_runtest_logreport(self, report):
        """ Note what fails. """
        if report.failed:
            self._failed.append(report.nodeid)

    def pytest_sessionfinish(self):
        """ Leave what was seen to who has started it. """
        self._record.write_text(json.dumps([self._tests, self._failed]))


def telling(path, source):
    """ Return the text of a file whose functions say that they are called. """
    tree = ast.parse(source)
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef):
            node.body.insert(
                ast.get_docstring(node) is not None,
                ast.parse(f'CALLED.add({name_of(path, node)!r})').body[0])
    return ast.unparse(tree)


def name_of(path, function):
    """ Return how a function (of `ast`) is called here. """
    return f'{path}:{function.lineno}'


class Order:
    """ A plugin of pytest: the tests that are likely to notice a change come first.

    :param dict tests: What `Recorder` has seen of each test.
    :param str function: The name of the changed function; empty outside of functions.
    """

    def __init__(self, tests, function):
        self._tests, self._function = tests, function

    def pytest_collection_modifyitems(self, items):
        """ Sort them. """
        def rank(item):
            seconds, called = self._tests.get(item.nodeid, (0, ()))
            return bool(self._function) and self._function not in called, seconds

        items.sort(key=rank)


def function_of(path, text):
    """ Return the name of the function that a mutant changes; nothing outside of functions. """
    source = (ROOT / path).read_text()
    pairs = zip(source.splitlines(), text.splitlines(), strict=False)
    line = next((number for number, (old, new) in enumerate(pairs, 1) if old != new), 0)
    found = [node for node in ast.walk(ast.parse(source))
             if isinstance(node, ast.FunctionDef) and node.lineno <= line <= node.end_lineno]
    return name_of(path, max(found, key=lambda node: node.lineno)) if found else ''


class Farm:
    """ Copies of the project, in which mutants are tried side by side.

    The libraries are loaded once: each try is a child of this process, which has loaded nothing of
    the project but its tools.
    """

    def __init__(self, folder, workers):
        self._homes, self._running = [], {}  # process -> home, path, original, mutant, deadline
        self._tests = {}
        for name in PRELOADED:
            importlib.import_module(name)
        for number in range(workers):
            home = Path(folder) / str(number)
            home.mkdir()
            for name in COPIED:
                source = ROOT / name
                if source.is_dir():
                    shutil.copytree(source, home / name, ignore=shutil.ignore_patterns(
                        '__pycache__', 'static', 'i18n'))
                else:
                    shutil.copy(source, home / name)
            self._homes.append(home)

    def record(self, paths):
        """ Run the tests of files as they are. :return: What fails. :rtype: list[str] """
        home = self._homes[0]
        originals = {path: (home / path).read_text() for path in paths}
        for path, source in originals.items():
            (home / path).write_text(telling(path, source))
        process = os.fork()
        if not process:
            os._exit(_run_tests(home, tests_of(paths), Recorder(home)))
        os.waitpid(process, 0)
        for path, source in originals.items():
            self._write(home / path, source)
        self._tests, failed = json.loads((home / RECORD).read_text())
        return failed

    def try_all(self, mutants):
        """ Yield each mutant (path, name, number, text), and whether the tests notice it. """
        waiting = list(reversed(mutants))
        while waiting or self._running:
            while waiting and self._homes:
                self._start(waiting.pop())
            time.sleep(0.02)
            for process in list(self._running):
                home, path, original, mutant, deadline = self._running[process]
                ended, status = os.waitpid(process, os.WNOHANG)
                if not ended and time.monotonic() > deadline:
                    os.killpg(process, signal.SIGKILL)
                    ended, status = os.waitpid(process, 0)
                if ended:
                    del self._running[process]
                    self._write(home / path, original)
                    self._homes.append(home)
                    yield mutant, status != 0

    def _start(self, mutant):
        path, _name, _number, text = mutant
        home = self._homes.pop()
        original = (home / path).read_text()
        self._write(home / path, text)
        process = os.fork()
        if not process:
            os._exit(_run_tests(
                home, tests_of([path]), Order(self._tests, function_of(path, text)), '-x'))
        self._running[process] = home, path, original, mutant, time.monotonic() + SECONDS

    @staticmethod
    def _write(file, text):
        file.write_text(text)
        # One second and one size are the same file to Python.
        for kept in file.parent.glob(f'__pycache__/{file.stem}.*'):
            kept.unlink()


def tests_of(paths):
    """ Return the files of tests that watch files, each once. :rtype: list[str] """
    return list(dict.fromkeys(
        f'{folder}/{name}.py' for folder, names in map(WATCHED.get, paths)
        for name in names.split()))


def _run_tests(home, tests, plugin, *options):
    """ Run tests, in a child. :return: The exit code. """
    os.setsid()
    silence = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(silence, stream)
    os.chdir(home)
    os.environ.update({'TOCHKA_BASKETS': '100', 'CI': 'true'})
    sys.dont_write_bytecode = False
    sys.path[:] = [str(home), *(entry for entry in sys.path if Path(entry or '.') != ROOT)]
    return int(pytest.main([
        '-q', '-p', 'no:odoo', '-p', 'no:xdist', '-p', 'no:random_order', *options, *tests],
        plugins=[plugin]))


def main():
    """ Try a sample. :return: The exit code. """
    parser = argparse.ArgumentParser(prog='bin/python -m tools.mutants')
    parser.add_argument('files', nargs='*', default=list(WATCHED))
    parser.add_argument('--sample', type=int, default=SAMPLE)
    parser.add_argument('--seed', type=int, default=SEED)
    parser.add_argument('--workers', type=int, default=WORKERS)
    parser.add_argument('--show', action='store_true', help="each mutant as it is tried")
    wanted = parser.parse_args()
    mutants = [(path, *one) for path in wanted.files for one in find(path)]
    random.Random(wanted.seed).shuffle(mutants)
    made = ((*one, text) for one in mutants if (text := mutate(*one)))
    sample = list(itertools.islice(made, wanted.sample))
    say(f'{len(sample)} of {len(mutants)} mutants of {len(wanted.files)} files')
    begun, alive, equal = time.monotonic(), [], 0
    with tempfile.TemporaryDirectory() as folder:
        farm = Farm(folder, wanted.workers)
        failed = farm.record(sorted({path for path, *_rest in sample}))
        if failed:
            say(f'✗ these fail without any change: {", ".join(failed)}')
            return 1
        for (path, name, _number, text), killed in farm.try_all(sample):
            line = changed(path, text)
            if not killed and (line in EQUIVALENT.get(path, {}) or any(
                words in line for words in ALWAYS_EQUIVALENT
            )):
                equal += 1
            elif not killed:
                alive.append(f'{path}: {name}: {line}')
            if wanted.show or not killed:
                say(f'{"killed" if killed else "ALIVE"} {path}: {name}: {line}')
    counted = len(sample) - equal
    share = (counted - len(alive)) / counted if counted else 1
    say(f'{counted - len(alive)} of {counted} killed ({share:.1%}), {equal} are equivalent,'
        f' {time.monotonic() - begun:.0f} s')
    return 0 if share >= LEAST else 1


if __name__ == '__main__':
    sys.exit(main())
