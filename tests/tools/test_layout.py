""" The cache: where it is, and that half-done work is never taken for finished work. """

import multiprocessing
import re
import time

import pytest

from tools.layout import ROOT, cache_dir, digest, exclusive, fresh_folder
from tools.odoo_run import ADDONS


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    """ An empty cache. """
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path / 'cache'))
    return tmp_path / 'cache' / 'tochka-odoo'


def test_the_cache_follows_the_users_setting(cache):
    assert cache_dir() == cache and cache.is_dir()
    assert cache_dir() == cache


@pytest.mark.parametrize('value', [None, ''])
def test_the_cache_is_at_home_otherwise(tmp_path, monkeypatch, value):
    monkeypatch.setenv('HOME', str(tmp_path / 'home'))
    if value is None:
        monkeypatch.delenv('XDG_CACHE_HOME')
    else:
        monkeypatch.setenv('XDG_CACHE_HOME', value)
    assert cache_dir() == tmp_path / 'home' / '.cache' / 'tochka-odoo'


def test_a_digest_is_of_contents_in_order(tmp_path):
    path = tmp_path / 'file'
    path.write_text('текст')
    assert digest(path) == digest('текст') == digest('текст'.encode())
    assert len({digest('ab'), digest('a', 'b'), digest('b', 'a'), digest(''), digest()}) == 5
    before = digest(path)
    path.write_text('текст.')
    assert digest(path) != before
    assert digest('a').isalnum() and len(digest('a')) == 12


# === FOLDERS === #

def test_a_folder_appears_when_it_is_complete(tmp_path):
    target = tmp_path / 'target'
    with fresh_folder(target) as folder:
        (folder / 'file').write_text('new')
        assert not target.exists()
    assert (target / 'file').read_text() == 'new'
    assert list(tmp_path.glob('*partial*')) == []


@pytest.mark.parametrize('stop', [RuntimeError, KeyboardInterrupt, SystemExit])
def test_an_interrupted_folder_leaves_nothing(tmp_path, stop):
    target = tmp_path / 'target'
    with pytest.raises(stop):
        with fresh_folder(target) as folder:
            (folder / 'file').touch()
            raise stop
    assert list(tmp_path.iterdir()) == []


def test_a_failed_renewal_keeps_the_old_folder(tmp_path):
    target = tmp_path / 'target'
    target.mkdir()
    (target / 'old').touch()
    with pytest.raises(RuntimeError):
        with fresh_folder(target):
            raise RuntimeError
    assert (target / 'old').exists()
    with fresh_folder(target) as folder:
        (folder / 'new').touch()
    assert [path.name for path in target.iterdir()] == ['new']


def test_what_a_killed_process_left_is_thrown_away(tmp_path):
    (tmp_path / 'target.partial').mkdir()
    (tmp_path / 'target.partial' / 'rest').touch()
    with fresh_folder(tmp_path / 'target') as folder:
        assert list(folder.iterdir()) == []


# === ONE AT A TIME === #

def _hold(entered, seconds, journal):
    with exclusive('thing'):
        entered.set()
        journal.append(('in', time.monotonic()))
        time.sleep(seconds)
        journal.append(('out', time.monotonic()))


def test_two_starts_prepare_one_after_the_other():
    context = multiprocessing.get_context('fork')
    with context.Manager() as manager:
        journal = manager.list()
        entered = context.Event()
        first = context.Process(target=_hold, args=(entered, 0.3, journal))
        first.start()
        assert entered.wait(10)
        second = context.Process(target=_hold, args=(context.Event(), 0, journal))
        second.start()
        for process in (first, second):
            process.join(10)
            assert process.exitcode == 0
        assert [word for word, _time in journal] == ['in', 'out', 'in', 'out']


def test_a_lock_is_free_again_after_an_error():
    with pytest.raises(RuntimeError):
        with exclusive('thing'):
            raise RuntimeError
    with exclusive('thing'), exclusive('another thing'):
        assert (cache_dir() / 'thing.lock').exists()


@pytest.mark.parametrize('addon', ADDONS)
def test_odoos_own_runner_sees_every_test(addon):
    """ It runs what the package imports, and says nothing of the rest. """
    folder = ROOT / addon / 'tests'
    imported = re.findall(r'^ *from \. import (test_\w+)$', (folder / '__init__.py').read_text(),
                          re.MULTILINE)
    assert sorted(imported) == sorted(path.stem for path in folder.glob('test_*.py'))


@pytest.mark.parametrize('addon', ADDONS)
def test_loggers_that_tests_name_exist(addon):
    """ A logger is named after its module: who moves one would mute nothing. """
    gone = {
        (path.name, name) for path in (ROOT / addon / 'tests').glob('*.py')
        for name in re.findall(
            r"(?:Logs|logger)\(\s*'(odoo\.addons\.tochka_\w+(?:\.\w+)*)'", path.read_text())
        if not any((ROOT / name.removeprefix('odoo.addons.').replace('.', '/')).parent.glob(
            f'{name.rpartition(".")[2]}*'))
    }
    assert not gone
