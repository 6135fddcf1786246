""" CPU time of a call over HTTPS, with an uploaded authority.

    bin/python -m tests.benchmarks.https_calls

The server is a process of its own, so that only the caller's time is measured. Rounds of all kinds
of calls alternate; what is printed is the median of the rounds.
"""

import multiprocessing
import os
import ssl
import statistics
import tempfile
import time

import certifi
import requests
import urllib3

import tests.conftest  # noqa: F401  the add-ons without Odoo
from tests.api.certificates import issue, server_context
from tests.api.server import OpenServer, keep_answering
from tochka_acquiring.api.transport import Transport
from tochka_fiscal.registers import transport

CALLS, ROUNDS = 25, 7
TIMEOUT = (5, 5)


def serve(pipe, identity):
    """ Serve until the pipe says stop. """
    server = OpenServer([keep_answering({'Data': {}})], server_context(identity))
    pipe.send(server.url)
    pipe.recv()
    server.stop()


def kinds(url, root, bundle):
    """ Return the kinds of calls: functions by what they are. """
    context = ssl.create_default_context(cafile=bundle)

    def kept_context():
        with urllib3.PoolManager(ssl_context=context, retries=False) as manager:
            manager.request('POST', url, json={}, timeout=5)

    def bank(method):
        # A transport of its own for each call, as the jobs do.
        Transport(url, 'key', ca_pem=root.pem, timeout=TIMEOUT).request(
            method, 'x', json={} if method == 'POST' else None)

    return {
        'plain requests': lambda: requests.post(url, json={}, verify=bundle, timeout=5),
        'urllib3 with one kept context': kept_context,
        'bank, a write': lambda: bank('POST'),
        'bank, a read': lambda: bank('GET'),
        'register, a write': lambda: transport.exchange(
            'POST', url, {}, b'{}', TIMEOUT, ca_pem=root.pem),
        'register, a read': lambda: transport.exchange(
            'GET', url, {}, timeout=TIMEOUT, ca_pem=root.pem, credential='shop'),
    }


def measure():
    """ Return milliseconds of CPU for each kind of call. :rtype: dict[str, float] """
    os.environ['NO_PROXY'] = '*'
    root = issue('Private Root CA', ca=True)
    ours, theirs = multiprocessing.Pipe()
    server = multiprocessing.Process(
        target=serve, args=(theirs, issue('bank', root, hosts=['127.0.0.1'])), daemon=True)
    server.start()
    times = {}
    with tempfile.NamedTemporaryFile('w', suffix='.pem') as bundle:
        with open(certifi.where(), encoding='utf-8') as file:
            bundle.write(file.read() + root.pem)
        bundle.flush()
        calls = kinds(ours.recv(), root, bundle.name)
        for call in calls.values():
            call()
        for _round in range(ROUNDS):
            for name, call in calls.items():
                began = time.process_time()
                for _count in range(CALLS):
                    call()
                spent = time.process_time() - began
                times.setdefault(name, []).append(spent / CALLS * 1000)
    ours.send('stop')
    server.join(10)
    return {name: statistics.median(spent) for name, spent in times.items()}


if __name__ == '__main__':
    for name, milliseconds in measure().items():
        print(f'{milliseconds:8.2f} ms  {name}')
