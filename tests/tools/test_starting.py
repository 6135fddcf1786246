""" The starters run on any supported Python with nothing installed, and say what is wrong. """

import ast
import os
import re
import subprocess
import sys

import pytest

from tools import chromium, postgres, virtualenv
from tools.console import Trouble
from tools.layout import ROOT

# What runs before the virtual environment exists.
FIRST = ('bootstrap', 'console', 'debian', 'layout', 'odoo_source', 'virtualenv', '__init__')
PIN = re.compile(r'([A-Za-z0-9._-]+)(\[[^]]*\])?==\S+')


def start(*words, **extra):
    """ Run a starter as a user would. """
    environment = {**os.environ, **extra, 'PYTHON': sys.executable}
    return subprocess.run(
        [ROOT / 'bin' / words[0], *words[1:]], env=environment, capture_output=True, text=True,
        stdin=subprocess.DEVNULL, timeout=60,
    )


# === THE FIRST STEPS === #

@pytest.mark.parametrize('name', FIRST)
def test_the_bootstrap_needs_the_standard_library_only(name):
    source = (ROOT / 'tools' / f'{name}.py').read_text()
    for node in ast.walk(ast.parse(source, feature_version=(3, 10))):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        if isinstance(node, ast.ImportFrom):
            if node.level:
                assert node.module in FIRST, node.module
            else:
                names = [node.module]
        for imported in names:
            assert imported.split('.')[0] in sys.stdlib_module_names, imported


@pytest.mark.parametrize('command', ['demo', 'odoo', 'python', 'test'])
def test_trouble_is_a_sentence_and_not_a_traceback(command, tmp_path):
    done = start(command, ODOO_PATH=str(tmp_path), XDG_CACHE_HOME=str(tmp_path))
    assert done.returncode == 1
    assert done.stderr == f'✗ ODOO_PATH={tmp_path} holds no Odoo: no odoo/release.py there.\n'
    assert done.stdout == ''


def test_an_unknown_command_is_refused():
    done = subprocess.run(
        [sys.executable, '-m', 'tools.bootstrap', 'tests'], cwd=ROOT, capture_output=True,
        text=True, timeout=60,
    )
    assert (done.returncode, done.stderr) == (1, 'unknown command tests\n')


# === PYTHON === #

def test_the_running_python_is_preferred():
    assert sys.version_info[:2] in virtualenv.SUPPORTED
    assert virtualenv.find_python()[0] == sys.executable


def test_the_newest_supported_python_is_taken_otherwise(tmp_path, monkeypatch):
    for name, version in (('python3.9', '3.9.1'), ('python3.11', '3.11.2'),
                          ('python3.12', '3.12.3'), ('python3.14', '3.14.0')):
        (tmp_path / name).write_text(f'#!/bin/sh\necho {version}\n')
        (tmp_path / name).chmod(0o755)
    monkeypatch.setattr(virtualenv.sys, 'version_info', (3, 14, 0))
    monkeypatch.setenv('PATH', str(tmp_path))
    assert virtualenv.find_python() == (str(tmp_path / 'python3.12'), '3.12.3')


def test_a_machine_without_a_supported_python_is_told_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(virtualenv.sys, 'version_info', (3, 14, 0))
    monkeypatch.setenv('PATH', str(tmp_path))
    with pytest.raises(Trouble, match=r'3\.10 to 3\.13; install one'):
        virtualenv.find_python()


def test_an_environment_without_its_mark_is_made_again(tmp_path, monkeypatch):
    made = []

    def prepare(target, python):
        made.append(target)
        target.mkdir(exist_ok=True)
        if len(made) > 1:
            (target / 'complete').touch()

    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setattr(virtualenv, '_prepare', prepare)
    assert {virtualenv.find_virtualenv() for _start in range(3)} == {made[0] / 'bin' / 'python'}
    assert made == [made[0]] * 2


def test_a_changed_lock_file_is_a_new_environment(tmp_path, monkeypatch):
    lock = tmp_path / 'requirements.lock'
    lock.write_text('one')
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    monkeypatch.setattr(virtualenv, 'LOCK', lock)
    monkeypatch.setattr(virtualenv, '_prepare', lambda target, python: None)
    before = virtualenv.find_virtualenv()
    lock.write_text('two')
    assert virtualenv.find_virtualenv() != before


# === THE LOCK FILE === #

def test_every_requirement_is_pinned_with_its_hashes():
    entries = re.split(r'\n(?=\S)', virtualenv.LOCK.read_text())
    pins = {}
    for entry in entries:
        match = PIN.match(entry)
        if match:
            name = re.sub(r'[-_.]+', '-', match[1]).lower()
            assert '--hash=sha256:' in entry, name
            pins[name] = entry
        else:
            assert not entry.strip() or entry.startswith('#'), entry[:60]
    wanted = {
        re.sub(r'[-_.]+', '-', re.split(r'[\[<>=;\s]', line)[0]).lower()
        for line in (ROOT / 'requirements.in').read_text().splitlines()
        if line.strip() and not line.startswith('#')
    }
    assert wanted <= set(pins), wanted - set(pins)


def test_no_package_host_is_written_down():
    for name in ('requirements.lock', 'requirements.in', 'setup.py', 'pyproject.toml'):
        text = (ROOT / name).read_text()
        assert not re.search(r'--(extra-)?index-url|--find-links|--trusted-host', text), name
    assert '://' not in virtualenv.LOCK.read_text()


# === POSTGRESQL AND THE BROWSER === #

@pytest.mark.parametrize('name', ['PGHOST', 'PGPORT', 'PGUSER', 'PGSERVICE'])
def test_the_users_postgresql_is_taken_as_it_is(monkeypatch, name):
    for variable in postgres.USER_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setenv(name, 'mine')
    monkeypatch.setattr(postgres, 'Server', None)
    before = dict(os.environ)
    with postgres.running():
        assert dict(os.environ) == before


def test_the_users_browser_is_taken(monkeypatch):
    monkeypatch.setenv('CHROMIUM', '/opt/browser')
    assert chromium.find_chromium() == '/opt/browser'


def test_an_installed_browser_is_found(tmp_path, monkeypatch):
    (tmp_path / 'google-chrome').write_text('#!/bin/sh\n')
    (tmp_path / 'google-chrome').chmod(0o755)
    monkeypatch.delenv('CHROMIUM', raising=False)
    monkeypatch.setenv('PATH', str(tmp_path))
    assert chromium.find_chromium() == str(tmp_path / 'google-chrome')


def test_without_a_browser_the_user_is_told_what_to_do(tmp_path, monkeypatch):
    monkeypatch.delenv('CHROMIUM', raising=False)
    monkeypatch.setenv('PATH', str(tmp_path))
    monkeypatch.setattr(chromium.os, 'geteuid', lambda: 1000)
    with pytest.raises(Trouble, match='apt install chromium'):
        chromium.find_chromium()
