""" Odoo and the sandbox as processes on the loopback interface. """

import json
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request

from ..console import Trouble
from ..layout import ROOT, cache_dir
from ..odoo_run import command, environment
from ..watched import Watched

START_SECONDS = 90


def free_port(preferred=0):
    """ Return the preferred port if it is free, else any free one. """
    for port in (preferred, 0):
        with socket.socket() as probe:
            # A port whose last connections are still being closed is free.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(('127.0.0.1', port))
                return probe.getsockname()[1]
            except OSError:
                continue
    raise Trouble('No free port on the loopback interface.')


def fetch_json(url):
    """ Return the JSON at an address of this machine. """
    with urllib.request.urlopen(url, timeout=10) as answer:
        return json.load(answer)


class Process:
    """ A process that serves by HTTP. It ends with all its children when it is stopped, and when
    this process ends in whatever way.

    :param list[str] words: The command.
    :param str url: An address that answers when it is ready.
    :param str log: The name of its log in the cache.
    :param options: Options of `subprocess.Popen`.
    :raise Trouble: If it does not get ready.
    """

    def __init__(self, words, url, log, **options):
        self.log = cache_dir() / log
        with open(self.log, 'ab') as output:
            self._watched = Watched(
                words, stdin=subprocess.DEVNULL, stdout=output, stderr=output, **options)
        try:
            self._wait_ready(url)
        except BaseException:
            self.stop()
            raise

    def _wait_ready(self, url):
        until = time.monotonic() + START_SECONDS
        while time.monotonic() < until:
            if self._watched.process.poll() is not None:
                raise Trouble(f'It stopped at once; see {self.log}')
            try:
                urllib.request.urlopen(url, timeout=5).close()
                return
            except urllib.error.HTTPError:
                return  # It answers.
            except OSError:
                time.sleep(0.2)
        raise Trouble(f'It does not answer; see {self.log}')

    def stop(self):
        """ Stop it; the hard way if it does not listen. """
        self._watched.stop()

    def kill(self):
        """ Kill it without warning. """
        self._watched.kill()

    def wait(self):
        """ Wait until it stops by itself. :return: Its exit code. """
        return self._watched.process.wait()


def start_sandbox(port=0, log='sandbox.log', **options):
    """ Start the bank in a box. :return: The process and its address. """
    port = free_port(port)
    url = f'http://127.0.0.1:{port}'
    words = [sys.executable, '-m', 'sandbox', '--port', str(port)]
    for name, value in options.items():
        words += [f'--{name.replace("_", "-")}', str(value)]
    return Process(words, f'{url}/_control/credentials', log, cwd=ROOT), url


def start_odoo(database, port=0, workers=0, log='odoo.log'):
    """ Start Odoo. :return: The process and its address. """
    port = free_port(port)
    url = f'http://127.0.0.1:{port}'
    words = command(
        'server', '-d', database, f'--db-filter=^{database}$', '--http-port', str(port),
        '--gevent-port', str(free_port()), '--workers', str(workers), '--max-cron-threads', '2',
    )
    return Process(words, f'{url}/web/health', log, env=environment()), url
