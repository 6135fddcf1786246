""" What TLS costs: the bank's transport and the registers', in a process of their own. """

import cProfile
import json
import os
import pstats
import ssl
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tools.console import Trouble
from tools.layout import ROOT

from .table import Row

TITLE = 'A call over HTTPS'
ROWS = {
    'kept': Row('A call to the bank, with a CA of its own', 'ms of CPU', 'one kept context',
                at_most=1.5),
    'plain': Row('A call to the bank, with a CA of its own', 'ms of CPU', 'plain `requests`',
                 at_most=0.5),
    'register': Row('A call to a register', 'ms of CPU', 'one kept context', at_most=1.5),
}


def measure(bench):
    """ Return the figures. """
    found = json.loads(_run(bench.size(40, 5)))
    bench.note('The CPU time of the calling thread, its middle. The server has a certificate of a'
               ' private CA; the registers find it among the public ones.')
    return {'kept': (found['kept'], found['bank']), 'plain': (found['plain'], found['bank']),
            'register': (found['kept'], found['register'])}


def profile(bench):
    """ Return where a call to the bank spends its time. """
    return _run(bench.size(40, 5), 'profile')


def _run(*words):
    done = subprocess.run(
        [sys.executable, '-m', 'tests.benchmarks.tls', *map(str, words)],
        capture_output=True, text=True, cwd=ROOT,
    )
    if done.returncode:
        raise Trouble(done.stderr[-3000:])
    return done.stdout


# === IN A PROCESS OF ITS OWN === #

def _serve():
    """ Start a server with a certificate of a CA that only this process trusts.

    :return: The server and the CA as PEM.
    """
    from tests.api.certificates import issue, server_context
    from tests.api.server import ScriptedServer, answer
    ca = issue('Benchmark CA', ca=True)
    shown = issue('127.0.0.1', ca, hosts=['127.0.0.1'])
    return ScriptedServer([answer({'Data': {}})], tls=server_context(shown)), ca.pem


def main(rounds, what='times'):
    """ Print what each kind of call takes, in ms of CPU of the calling thread; or a profile. """
    import certifi
    server, ca_pem = _serve()
    with tempfile.TemporaryDirectory() as folder:
        # The registers trust public authorities only. So the CA is made one of them here, before
        # anybody has asked where those are.
        bundle = Path(folder) / 'public.pem'
        bundle.write_text(Path(certifi.where()).read_text() + ca_pem)
        certifi.where = lambda: str(bundle)
        os.environ.update(SSL_CERT_FILE=str(bundle), REQUESTS_CA_BUNDLE=str(bundle))
        calls = _calls(server.url, ca_pem, str(bundle))
        if what == 'profile':
            calls['bank']()
            with cProfile.Profile() as profile:
                for _round in range(rounds):
                    calls['bank']()
            pstats.Stats(profile).strip_dirs().sort_stats('tottime').print_stats(15)
        else:
            print(json.dumps(_compare(calls, rounds)))
    server.stop()


def _calls(url, ca_pem, bundle):
    """ Return the kinds of calls, by their names. """
    import requests

    import tests.conftest  # noqa: F401 (lets the plain parts be imported without Odoo)
    from tochka_acquiring.api.transport import Transport
    from tochka_fiscal.registers.transport import exchange

    context = ssl.create_default_context(cafile=bundle)

    class Kept(requests.adapters.HTTPAdapter):
        """ One context for all calls, and no authorities read for a single one. """

        def init_poolmanager(self, *arguments, **options):
            return super().init_poolmanager(*arguments, ssl_context=context, **options)

        def cert_verify(self, connection, *_arguments):
            connection.cert_reqs = 'CERT_REQUIRED'

    def kept():
        with requests.Session() as session:
            session.trust_env = False
            session.mount('https://', Kept())
            session.get(f'{url}x', timeout=20)

    def plain():
        requests.get(f'{url}x', timeout=20, verify=bundle)

    return {
        'kept': kept,
        'plain': plain,
        'bank': lambda: Transport(url, 'key', ca_pem=ca_pem).request('GET', 'x'),
        'register': lambda: exchange('GET', f'{url}x', {}),
    }


def _compare(calls, rounds):
    """ Return the middle of what each call takes, in ms; they take turns. """
    took = {name: [] for name in calls}
    for number in range(rounds + 1):
        for name, call in calls.items():
            start = time.thread_time()
            call()
            if number:  # The first ones load what is kept.
                took[name].append((time.thread_time() - start) * 1000)
    return {name: statistics.median(values) for name, values in took.items()}


if __name__ == '__main__':
    main(int(sys.argv[1]), *sys.argv[2:])
