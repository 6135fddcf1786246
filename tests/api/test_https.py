""" Trust and connections that are kept: quick, and never somebody else's.

What is counted are lists of authorities that are read and connections that are made, not times.
"""

import multiprocessing
import socket
import ssl
import subprocess
import threading

import pytest

from tochka_acquiring import tuning
from tochka_acquiring.api import https
from tochka_acquiring.api.errors import NotSent, OutcomeUnknown, TlsError
from tochka_acquiring.api.transport import Transport
from tochka_fiscal.registers import base, transport

from .certificates import issue, server_context
from .server import OpenServer, answer, close, keep_answering, reset, silence, tls_then

HOST = '127.0.0.1'
EMPTY = {'Data': {}}
TIMEOUT = (2, 2)


@pytest.fixture(autouse=True)
def clean(monkeypatch):
    """ Begin as a process that has kept nothing yet, on a server with nothing set. """
    for name in ('REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'):
        monkeypatch.delenv(name, raising=False)
    https._make_context.cache_clear()
    https._kept.__init__()


@pytest.fixture(scope='module')
def root():
    """ The authority that signs the servers' certificates. """
    return issue('Private Root CA', ca=True)


@pytest.fixture(scope='module')
def stranger():
    """ Another authority. """
    return issue('Another Root CA', ca=True)


@pytest.fixture(scope='module')
def bank_context(root):
    return server_context(issue('bank', root, hosts=[HOST]))


@pytest.fixture
def open_server(bank_context):
    """ Return a function that starts a server with scripts. """
    servers = []

    def start(*scripts, tls=bank_context):
        servers.append(OpenServer(list(scripts), tls))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def loads(monkeypatch):
    """ What is read into contexts, in order. """
    seen = []
    for name in ('load_verify_locations', 'load_default_certs', 'load_cert_chain'):
        real = getattr(ssl.SSLContext, name)

        def count(context, *args, _name=name, _real=real, **options):
            seen.append(_name)
            return _real(context, *args, **options)

        monkeypatch.setattr(ssl.SSLContext, name, count)
    return seen


def ask(server, ca_pem, method='GET', token='key', **options):
    """ Ask as the bank's client does: by a new transport each time. """
    return Transport(server.url, token, ca_pem=ca_pem, timeout=TIMEOUT).request(
        method, 'x', json=None if method == 'GET' else {}, **options)


def exchange(server, ca_pem, method='GET', credential='shop', **options):
    """ Ask as a register does. """
    return transport.exchange(
        method, server.url, {}, b'' if method == 'GET' else b'{}', TIMEOUT, ca_pem=ca_pem,
        credential=credential, **options)


def client_pem(name, issuer):
    """ Return a client's certificate with its key, as `keys.read_client` returns it. """
    issued = issue(name, issuer)
    return issued.pem + issued.key_pem


# === THE LIST OF AUTHORITIES IS READ ONCE === #

@pytest.mark.parametrize('ask', [ask, exchange])
@pytest.mark.parametrize('method', ['GET', 'POST'])
def test_authorities_are_read_once_for_the_process(open_server, root, loads, ask, method):
    server = open_server(tls_then(answer(EMPTY)))
    ask(server, root.pem, method)
    # The usual ones, and the uploaded one.
    assert loads == ['load_verify_locations'] * 2
    other = open_server(tls_then(answer(EMPTY)))
    for _count in range(3):
        ask(server, root.pem, method)
        ask(other, root.pem, method, 'another-key')
    assert len(loads) == 2
    assert (server.connections, other.connections) == (4, 3)


@pytest.mark.parametrize('ask', [ask, exchange])
def test_authorities_are_read_once_without_an_uploaded_one(open_server, root, loads, ask,
                                                           tmp_path, monkeypatch):
    bundle = tmp_path / 'bundle.pem'
    bundle.write_text(root.pem)
    monkeypatch.setenv('REQUESTS_CA_BUNDLE', str(bundle))
    server = open_server(tls_then(answer(EMPTY)))
    for method in ('GET', 'POST', 'GET', 'POST'):
        ask(server, None, method)
    assert loads == ['load_verify_locations']


def test_threads_share_what_was_read(open_server, root, loads):
    server = open_server(tls_then(answer(EMPTY)))
    ask(server, root.pem)
    threads = [threading.Thread(target=ask, args=(server, root.pem)) for _count in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(loads), len(server.requests)) == (2, 4)


def test_contexts_are_bounded(root):
    for number in range(tuning.KEPT_CONTEXTS + 3):
        https.ssl_context(root.pem + '\n' * number)
    assert https._make_context.cache_info().currsize == tuning.KEPT_CONTEXTS


# === TRUST === #

@pytest.mark.parametrize('extra', [False, True])
def test_verification_is_always_on(open_server, root, extra):
    context = https.ssl_context(root.pem if extra else None)
    server = open_server(tls_then(answer(EMPTY)))
    if extra:
        ask(server, root.pem)
    else:
        with pytest.raises(TlsError):
            ask(server, None)
    # Nor did a request change what is kept.
    assert context is https.ssl_context(root.pem if extra else None)
    assert context.verify_mode == ssl.CERT_REQUIRED
    assert context.check_hostname
    assert context.minimum_version >= ssl.TLSVersion.TLSv1_2
    # The usual authorities stay trusted: the host may move back to one of them.
    assert len(context.get_ca_certs()) > 50 + extra


def test_a_changed_authority_counts_at_once(open_server, root, stranger):
    server = open_server(keep_answering(EMPTY))
    for method in ('GET', 'POST'):
        ask(server, root.pem, method)
        for other in (stranger.pem, None):
            with pytest.raises(TlsError):
                ask(server, other, method)
            with pytest.raises(base.NotSent):
                exchange(server, other, method)
        ask(server, root.pem, method)
        ask(server, stranger.pem + root.pem, method)
    assert len(server.requests) == 6


@pytest.mark.parametrize('name', ['REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE'])
def test_a_bundle_of_the_environment_takes_the_place_of_the_usual_authorities(
    open_server, root, stranger, tmp_path, monkeypatch, name,
):
    server = open_server(keep_answering(EMPTY))
    with pytest.raises(TlsError):
        ask(server, None)
    bundle = tmp_path / 'bundle.pem'
    bundle.write_text(root.pem)
    monkeypatch.setenv(name, str(bundle))
    ask(server, None)
    exchange(server, None)
    assert len(https.ssl_context().get_ca_certs()) == 1
    # It is another file now: so are the authorities.
    (tmp_path / 'new.pem').write_text(stranger.pem)
    (tmp_path / 'new.pem').rename(bundle)
    with pytest.raises(TlsError):
        ask(server, None)
    with pytest.raises(base.NotSent):
        exchange(server, None)
    ask(server, root.pem)
    monkeypatch.delenv(name)
    with pytest.raises(TlsError):
        ask(server, None)


def test_a_folder_of_authorities(open_server, root, tmp_path, monkeypatch):
    digest = subprocess.run(
        ['openssl', 'x509', '-subject_hash', '-noout'], input=root.pem, text=True, check=True,
        capture_output=True).stdout.strip()
    monkeypatch.setenv('REQUESTS_CA_BUNDLE', str(tmp_path))
    server = open_server(keep_answering(EMPTY))
    with pytest.raises(TlsError):
        ask(server, None)
    (tmp_path / f'{digest}.0').write_text(root.pem)
    ask(server, None)
    (tmp_path / f'{digest}.0').unlink()
    with pytest.raises(TlsError):
        ask(server, None)


# === A CLIENT'S CERTIFICATE === #

@pytest.fixture
def gate(root, open_server):
    """ A server that asks for a client's certificate and remembers whose it was. """
    tls = server_context(issue('register', root, hosts=[HOST]))
    tls.verify_mode = ssl.CERT_REQUIRED
    tls.load_verify_locations(cadata=root.pem)
    names = []

    def note(connection, _stopped):
        [[(_name, value)]] = connection.getpeercert()['subject']
        names.append(value)
        connection.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}')

    server = open_server(tls_then(*[note] * 20), tls=tls)
    server.names = names
    return server


@pytest.mark.parametrize('method', ['GET', 'POST'])
def test_each_client_shows_its_own_certificate(gate, root, loads, method):
    first, second = client_pem('first', root), client_pem('second', root)
    for pem in (first, second, first, second):
        exchange(gate, root.pem, method, client_pem=pem)
    assert gate.names == ['first', 'second', 'first', 'second']
    assert gate.connections == {'GET': 2, 'POST': 4}[method]
    assert loads.count('load_cert_chain') == 2
    # And who has none shows none, whatever was kept.
    with pytest.raises((base.NotSent, base.OutcomeUnknown)):
        exchange(gate, root.pem, method)
    assert len(gate.names) == 4


def test_no_open_key_is_ever_written(root, monkeypatch):
    seen = []
    load = ssl.SSLContext.load_cert_chain

    def look(context, certfile, keyfile=None, password=None):
        with open(certfile, 'rb') as file:
            seen.append((certfile, file.read()))
        return load(context, certfile, keyfile, password)

    monkeypatch.setattr(ssl.SSLContext, 'load_cert_chain', look)
    https.ssl_context(None, client_pem('client', root))
    [(path, content)] = seen
    assert b'BEGIN ENCRYPTED PRIVATE KEY' in content
    assert b'BEGIN PRIVATE KEY' not in content
    with pytest.raises(FileNotFoundError):
        open(path, 'rb')


def test_proxies_see_neither_certificate_nor_uploaded_authority(root):
    context = https.ssl_context(root.pem, client_pem('client', root))
    adapter = https.ContextAdapter(context)
    for proxy in ('http://proxy.example.com:3128', 'https://proxy.example.com:3128'):
        manager = adapter.proxy_manager_for(proxy)
        assert manager.connection_pool_kw['ssl_context'] is context
        assert manager is adapter.proxy_manager_for(proxy)
    assert manager.proxy_config.ssl_context is https.ssl_context()


# === CONNECTIONS === #

@pytest.mark.parametrize('ask', [ask, exchange])
def test_reads_share_a_connection_and_writes_never_do(open_server, root, ask):
    server = open_server(keep_answering(EMPTY))
    for _count in range(3):
        ask(server, root.pem)
    assert server.connections == 1
    for _count in range(2):
        ask(server, root.pem, 'POST')
    assert server.connections == 3
    ask(server, root.pem)
    assert server.connections == 3


@pytest.mark.parametrize('ask', [ask, exchange])
def test_connections_are_not_shared_between_keys(open_server, root, ask):
    server = open_server(keep_answering(EMPTY))
    for key in ('one', 'two', 'one', 'two'):
        ask(server, root.pem, 'GET', key)
    assert server.connections == 2


def test_a_read_without_a_key_has_its_own_connection(open_server, root):
    server = open_server(keep_answering(EMPTY))
    for _count in range(2):
        exchange(server, root.pem, credential=None)
    assert server.connections == 2


def test_threads_do_not_share_connections(open_server, root):
    server = open_server(keep_answering(EMPTY))
    ask(server, root.pem)
    thread = threading.Thread(target=ask, args=(server, root.pem))
    thread.start()
    thread.join()
    ask(server, root.pem)
    assert (server.connections, len(server.requests)) == (2, 3)


@pytest.mark.filterwarnings('ignore:This process .* is multi-threaded')
def test_a_child_does_not_speak_on_its_parents_connection(open_server, root):
    server = open_server(keep_answering(EMPTY))
    ask(server, root.pem)
    child = multiprocessing.get_context('fork').Process(target=ask, args=(server, root.pem))
    child.start()
    child.join(30)
    assert (child.exitcode, server.connections) == (0, 2)
    # The parent's is whole, although the child has ended.
    ask(server, root.pem)
    assert (server.connections, len(server.requests)) == (2, 3)


def test_cookies_are_not_kept(open_server, root):
    server = open_server(keep_answering(EMPTY, 'Set-Cookie: a=b; Path=/\r\n'))
    for _count in range(2):
        ask(server, root.pem)
        exchange(server, root.pem)
    assert len(server.requests) == 4
    assert not any('Cookie' in request.headers for request in server.requests)


def test_netrc_does_not_replace_a_registers_credentials(
    open_server, root, tmp_path, monkeypatch,
):
    netrc = tmp_path / 'netrc'
    netrc.write_text('default login somebody password something\n')
    monkeypatch.setenv('NETRC', str(netrc))
    server = open_server(tls_then(answer(EMPTY)))
    for headers in ({'Authorization': 'shop'}, {}):
        transport.exchange('POST', server.url, headers, b'{}', TIMEOUT, ca_pem=root.pem)
    assert [request.headers.get('Authorization') for request in server.requests] == ['shop', None]


@pytest.mark.parametrize('end', [close, reset])
def test_a_kept_connection_that_has_broken_is_replaced(open_server, root, end):
    good = [lambda connection, _stopped: connection.sendall(
        b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"Data": {}}')]
    # The second request of the first connection is read, and not answered.
    server = open_server(tls_then(*good, end), tls_then(*good * 5))
    for _count in range(3):
        assert ask(server, root.pem) == EMPTY
    assert (server.connections, len(server.requests)) == (2, 4)


def test_a_silent_server_is_not_asked_again(open_server, root, monkeypatch):
    monkeypatch.setattr(f'{__name__}.TIMEOUT', (2, 0.3))
    good = [lambda connection, _stopped: connection.sendall(
        b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"Data": {}}')]
    server = open_server(tls_then(*good, silence))
    ask(server, root.pem)
    with pytest.raises(OutcomeUnknown):
        ask(server, root.pem)
    assert (server.connections, len(server.requests)) == (1, 2)


def test_a_broken_replacement_is_an_unknown_outcome_and_the_last(open_server, root):
    good = [lambda connection, _stopped: connection.sendall(
        b'HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\n{"Data": {}}')]
    server = open_server(tls_then(*good, close), tls_then(close))
    ask(server, root.pem)
    with pytest.raises(OutcomeUnknown):
        ask(server, root.pem)
    assert (server.connections, len(server.requests)) == (2, 3)


def test_the_server_has_gone_meanwhile(open_server, root):
    server = open_server(tls_then(answer(EMPTY)))
    bank = Transport(server.url, 'key', ca_pem=root.pem, timeout=TIMEOUT)
    bank.request('GET', 'x')
    server.stop()
    with pytest.raises(NotSent):
        bank.request('GET', 'x')


@pytest.mark.parametrize('proxy', ['http://', 'nobody knows://this', 'http://[::1'])
def test_a_proxy_that_is_none_is_surely_not_sent(open_server, root, monkeypatch, proxy):
    for name in ('NO_PROXY', 'no_proxy', 'https_proxy'):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv('HTTPS_PROXY', proxy)
    server = open_server(tls_then(answer(EMPTY)))
    with pytest.raises(NotSent):
        ask(server, root.pem, 'POST')
    assert not server.connections


def test_all_addresses_of_a_host_share_the_time_to_connect(root, monkeypatch):
    tried = []

    def connect(_address, timeout, **_options):
        tried.append(timeout)
        raise TimeoutError()

    monkeypatch.setattr('urllib3.util.connection.create_connection', connect)
    monkeypatch.setattr(socket, 'getaddrinfo', lambda *_args, **_options: [()] * 4)
    with pytest.raises(NotSent):
        Transport('https://bank.example', 'key', ca_pem=root.pem, timeout=(8, 8)).request(
            'POST', 'x', json={})
    assert tried == [2]


def test_an_old_connection_is_not_used(open_server, root, monkeypatch):
    server = open_server(keep_answering(EMPTY))
    ask(server, root.pem)
    monkeypatch.setattr(tuning, 'KEPT_CONNECTION_SECONDS', -1)
    ask(server, root.pem)
    assert server.connections == 2


def test_kept_connections_are_bounded(open_server, root):
    server = open_server(keep_answering(EMPTY))
    keys = [str(number) for number in range(tuning.KEPT_CONNECTIONS + 1)]
    for key in keys:
        ask(server, root.pem, token=key)
    assert len(https._kept._adapters) == tuning.KEPT_CONNECTIONS
    ask(server, root.pem, token=keys[-1])
    assert server.connections == len(keys)
    ask(server, root.pem, token=keys[0])
    assert server.connections == len(keys) + 1


def test_kept_keys_hold_no_secret(open_server, root):
    server = open_server(keep_answering(EMPTY))
    ask(server, root.pem, token='very-secret-key')
    assert 'very-secret' not in repr(https._kept._adapters)


# === AN ANSWER THAT NEVER ENDS === #

def drip(start, piece):
    """ Return a step that begins an answer and then sends a piece of it now and then, for ever. """
    def step(connection, stopped):
        connection.sendall(start)
        while not stopped.wait(0.05):
            connection.sendall(piece)

    return step


@pytest.mark.parametrize('step', [
    drip(b'', b'H'),
    drip(b'HTTP/1.1 200 OK\r\n', b'X-More: 1\r\n'),
    drip(b'HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n', b'x'),
    drip(b'HTTP/1.1 200 OK\r\n\r\n', b'x'),
    drip(b'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', b'1\r\nx\r\n'),
], ids=['status line', 'headers', 'body', 'body without a length', 'chunks'])
@pytest.mark.parametrize('method', ['GET', 'POST'])
def test_an_answer_that_never_ends_is_given_up(open_server, root, step, method):
    """ Each single read is in time. Without a limit for all of it this test would not end. """
    server = open_server(tls_then(step))
    with pytest.raises(https.Failure) as caught:
        https.send(method, server.url, timeout=(0.5, 0.5), ca_pem=root.pem, credential='key')
    assert caught.value.maybe_sent
    assert caught.value.reason == https.TIMEOUT


def test_the_limit_of_one_exchange_does_not_break_the_next(open_server, root):
    server = open_server(keep_answering(EMPTY))
    for _time in range(2):
        response = https.send(
            'GET', server.url, timeout=(0.5, 0.5), ca_pem=root.pem, credential='key')
        assert response.status_code == 200
        for thread in threading.enumerate():
            if isinstance(thread, threading.Timer):
                thread.join()  # one that was not ended would break the connection that is kept
    assert server.connections == 1
