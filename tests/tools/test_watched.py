""" What a command has started ends with it, however it ends. """

import os
import shutil
import signal
import subprocess
import sys

import psutil
import pytest

from tests.served import wait_until
from tools import postgres, watched
from tools.console import Trouble
from tools.demo.server import Process, free_port
from tools.layout import ROOT

# A server with a child of its own, as Odoo has; it writes down who they are.
SERVER = '''
import http.server, os, signal, subprocess, sys
{before}
child = subprocess.Popen([sys.executable, '-c', {before!r} + '\\nimport signal; signal.pause()'])
server = http.server.HTTPServer(('127.0.0.1', {port}), http.server.SimpleHTTPRequestHandler)
print(os.getpid(), child.pid, file=open({pids!r}, 'w'), flush=True)
server.serve_forever()
'''
DEAF = 'import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN)'
# A command in the way of the demo: it starts, says so, and waits.
STARTER = '''
import signal
from tools.demo.server import Process
from tools.watched import signals_stop
with signals_stop():
    try:
        process = Process({words!r}, {url!r}, 'test.log')
        print('ready', flush=True)
        signal.pause()
    finally:
        if {tidy}:
            process.stop()
'''


def alive(pid):
    """ Whether a process runs; one that is dead and not waited for does not. """
    try:
        return psutil.Process(pid).status() not in (psutil.STATUS_ZOMBIE, psutil.STATUS_DEAD)
    except psutil.NoSuchProcess:  # also one that ends while it is looked at
        return False


@pytest.fixture
def server(tmp_path, monkeypatch):
    """ A small server that has a child: how to start it, and who runs. """
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    return Server(tmp_path / 'pids')


class Server:
    """ The words that start it; its address; a client of neither. """

    def __init__(self, path):
        self._path = path
        self.url = f'http://127.0.0.1:{free_port()}/'

    def words(self, port=None, before=''):
        """ Return the words. :param int port: Another one than that of its address. """
        port = port or self.url.rpartition(':')[2].strip('/')
        return [sys.executable, '-c', SERVER.format(
            before=before, pids=str(self._path), port=port)]

    def pids(self):
        """ Wait until the server and its child run. :return: Who they are. """
        wait_until(lambda: self._path.exists() and self._path.read_text().endswith('\n'),
                   "the server's child")
        return [int(pid) for pid in self._path.read_text().split()]


def all_gone(pids):
    """ Wait until none of the processes is there. """
    wait_until(lambda: not any(alive(pid) for pid in pids), f'the end of {pids}', 60)


def started(code, ignoring=False, **options):
    """ Start a command as a user does. :param bool ignoring: Whether INT is ignored before. """
    environment = {**os.environ, 'PYTHONPATH': str(ROOT)}
    before = signal.signal(signal.SIGINT, signal.SIG_IGN) if ignoring else None
    try:
        return subprocess.Popen([sys.executable, '-c', code], env=environment, cwd=ROOT,
                                stdout=subprocess.PIPE, text=True, **options)
    finally:
        if ignoring:
            signal.signal(signal.SIGINT, before)


# === THE STARTER ENDS === #

@pytest.mark.parametrize(('number', 'ignoring', 'tidy'), [
    (signal.SIGTERM, False, True),
    (signal.SIGINT, True, True),  # as under nohup
    (signal.SIGTERM, True, True),
    (signal.SIGKILL, False, False),
    (signal.SIGTERM, False, False),  # it has no time to stop anything
])
def test_everything_ends_with_the_starter(server, number, ignoring, tidy):
    starter = started(STARTER.format(words=server.words(), url=server.url, tidy=tidy), ignoring)
    assert starter.stdout.readline() == 'ready\n'
    pids = server.pids()
    assert all(map(alive, pids))
    starter.send_signal(number)
    starter.wait(60)
    starter.stdout.close()
    all_gone(pids)


@pytest.mark.parametrize('number', [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_everything_ends_with_an_interrupted_start(server, number):
    words = server.words(free_port())  # It never answers where it is waited for.
    starter = started(STARTER.format(words=words, url=server.url, tidy=True))
    pids = server.pids()
    starter.send_signal(number)
    starter.wait(60)
    assert starter.stdout.read() == ''
    starter.stdout.close()
    all_gone(pids)


def test_a_command_that_is_run_ends_with_the_starter(server):
    starter = started(f'from tools import watched; watched.run({server.words()!r})')
    pids = server.pids()
    starter.kill()
    starter.wait(60)
    starter.stdout.close()
    all_gone(pids)


# === THE STARTER STAYS === #

@pytest.mark.parametrize('way', ['stop', 'kill'])
def test_stopped_with_its_children(server, way):
    process = Process(server.words(), server.url, 'test.log')
    pids = server.pids()
    getattr(process, way)()
    assert not any(map(alive, pids))
    process.stop()  # Once more does no harm.


def test_its_children_end_when_it_has_died(server):
    process = Process(server.words(), server.url, 'test.log')
    leader, child = server.pids()
    os.kill(leader, signal.SIGKILL)
    assert process.wait() == 128 + signal.SIGKILL
    assert not alive(child)
    process.stop()


def test_what_does_not_listen_is_killed(server):
    deaf = watched.Watched(server.words(before=DEAF), seconds=0.1)
    pids = server.pids()
    deaf.stop()
    assert not any(map(alive, pids))


def test_one_that_does_not_start_is_told_of(server):
    with pytest.raises(Trouble, match='stopped at once; see .*test.log'):
        Process([sys.executable, '-c', 'raise SystemExit(3)'], server.url, 'test.log')
    with pytest.raises(Trouble, match='stopped at once'):
        Process(['/no/such/program'], server.url, 'test.log')


def test_a_run_gives_what_the_command_has_said():
    code = 'import sys; print(input()); print("wrong", file=sys.stderr); sys.exit(3)'
    done = watched.run([sys.executable, '-c', code], input='текст\n')
    assert (done.returncode, done.stdout, done.stderr) == (3, 'текст\n', 'wrong\n')
    assert watched.run([sys.executable, '-c', 'pass']).returncode == 0


def test_signals_are_given_back():
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    with pytest.raises(KeyboardInterrupt), watched.signals_stop():
        os.kill(os.getpid(), signal.SIGTERM)
        signal.pause()
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


# === POSTGRESQL === #

USER = '''
import sys
from tools import postgres
with postgres.running():
    print('ready', flush=True)
    sys.stdin.read()
'''


def test_postgresql_ends_with_the_last_who_uses_it(tmp_path, monkeypatch):
    monkeypatch.setenv('XDG_CACHE_HOME', str(tmp_path))
    for variable in postgres.USER_VARIABLES:
        monkeypatch.delenv(variable, raising=False)
    folder = postgres.Server().folder
    try:
        users = [started(USER, stdin=subprocess.PIPE) for _user in range(2)]
        for user in users:
            assert user.stdout.readline() == 'ready\n'
        [server] = [int(path.read_text().splitlines()[0])
                    for path in folder.glob('data-*/postmaster.pid')]
        users[0].communicate('')  # It ends by itself, and must leave the server to the other.
        assert users[0].returncode == 0 and alive(server)
        users[1].kill()
        users[1].communicate()
        all_gone([server])
    finally:
        shutil.rmtree(folder)
