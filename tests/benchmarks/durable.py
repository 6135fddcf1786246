""" PostgreSQL with durability: on one that may lose everything, times of commits mean nothing. """

import contextlib
import fcntl
import os

from tools import database
from tools.console import Trouble
from tools.postgres import USER_VARIABLES, Server


class DurableServer(Server):
    """ PostgreSQL as a shop runs it: what is committed is on the disk. """

    name, socket = 'benchmarks-18', 'benchmarks-socket'
    settings = (
        'fsync=on', 'synchronous_commit=on', 'full_page_writes=on', 'shared_buffers=256MB',
        'max_wal_size=2GB', 'max_connections=200', 'listen_addresses=',
    )


@contextlib.contextmanager
def running():
    """ Have the durable server running, with the environment variables that lead to it. Only one
    run of the benchmarks at a time: two would measure each other.

    :raise Trouble: If another run is at it.
    """
    server = DurableServer()
    with open(server.folder / 'benchmarks.lock', 'w') as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Trouble("Other benchmarks are running on this machine.") from None
        before = dict(os.environ)
        for variable in USER_VARIABLES:
            os.environ.pop(variable, None)
        server.start()
        os.environ.update(PGHOST=str(server.socket_folder), PGUSER='odoo', PGPORT='5432')
        try:
            yield
        finally:
            server.stop()
            os.environ.clear()
            os.environ.update(before)


def version():
    """ Return the name and the version of the running server. """
    connection = database.connect()
    try:
        with connection.cursor() as cursor:
            cursor.execute('SHOW server_version')
            return f'PostgreSQL {cursor.fetchone()[0]}'
    finally:
        connection.close()
