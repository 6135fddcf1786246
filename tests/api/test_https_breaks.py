""" Where an encrypted connection can break, and what is known of the request then.

The same table for the bank and for the registers: a request is surely not sent only as long as the
TLS handshake is not complete. What breaks later may have been taken: a receipt would be printed and
a refund made twice if it were sent anew. The servers are real, and no error is made by hand.
"""

import contextlib
import socket
import ssl
import struct
import threading

import pytest

from tochka_acquiring import tuning
from tochka_acquiring.api import errors
from tochka_acquiring.api.transport import Transport
from tochka_fiscal.registers import base, transport

from .certificates import DAY, NOW, issue, server_context
from .server import (
    OpenServer,
    after,
    answer,
    broken_record,
    close,
    closed_port,
    deaf_port,
    reset,
    silence,
    tls_then,
)

HOST = '127.0.0.1'
TIMEOUT = (2, 0.5)


# === WHO SENDS === #

def ask_bank(url, ca_pem, headers=None):
    """ Send what moves money by the bank's gate. """
    return Transport(url, 'key', ca_pem=ca_pem, timeout=TIMEOUT).request(
        'POST', 'refund', json={'Data': {}}, customer_code=(headers or {}).get('X'))


def ask_register(url, ca_pem, headers=None):
    """ Send what prints a receipt by the registers' gate, and read it as they do. """
    response = transport.exchange(
        'POST', f'{url}print', headers or {}, b'{}', TIMEOUT, ca_pem=ca_pem)
    try:
        return response.json()
    except ValueError as error:
        raise base.OutcomeUnknown("No JSON.") from error


GATES = {'bank': (ask_bank, errors), 'register': (ask_register, base)}


@pytest.fixture(params=GATES)
def send(request):
    """ Return a function that sends, and what it raises. """
    return GATES[request.param]


@pytest.fixture(scope='module')
def root():
    """ The authority that the senders trust. """
    return issue('Private Root CA', ca=True)


@pytest.fixture
def open_server(root):
    """ Return a function that starts a server with scripts. """
    servers = []

    def start(*scripts, tls=None):
        tls = tls or server_context(issue('bank', root, hosts=[HOST]))
        servers.append(OpenServer(list(scripts), tls))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


# === BEFORE THE REQUEST: SURELY NOT SENT === #

def hang_up(connection, _server):
    """ Close before the handshake. """


def hang_up_hard(connection, _server):
    """ Reset before the handshake. """
    connection.recv(1)
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))


def say_nothing(_connection, server):
    """ Never begin the handshake. """
    server._stopped.wait(30)


def speak_plainly(connection, _server):
    """ Speak HTTP in place of TLS. """
    connection.recv(65536)
    connection.sendall(b'HTTP/1.1 400 Bad Request\r\n\r\n')


def half_handshake(connection, server):
    """ Break off within the server's part of the handshake. """
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    encrypted = server.tls.wrap_bio(incoming, outgoing, server_side=True)
    incoming.write(connection.recv(65536))
    with contextlib.suppress(ssl.SSLWantReadError):
        encrypted.do_handshake()
    flight = outgoing.read()
    connection.sendall(flight[:len(flight) // 2])


BEFORE = {
    'closed before the handshake': hang_up,
    'reset before the handshake': hang_up_hard,
    'silent in the handshake': say_nothing,
    'no TLS': speak_plainly,
    'closed within the handshake': half_handshake,
}


@pytest.mark.parametrize('script', BEFORE.values(), ids=BEFORE)
def test_a_handshake_that_breaks_sends_nothing(open_server, root, send, script):
    ask, outcomes = send
    server = open_server(script)
    with pytest.raises(outcomes.NotSent) as caught:
        ask(server.url, root.pem)
    assert not isinstance(caught.value, errors.TlsError)
    assert (server.requests, server.connections) == ([], 1)


def contexts(root):
    """ Servers whose handshake is refused, by one side or the other. """
    stranger = issue('Another Root CA', ca=True)
    own = issue('bank', root, hosts=[HOST])
    impossible = server_context(own)
    impossible.maximum_version = ssl.TLSVersion.TLSv1_2
    impossible.set_ciphers('ECDHE-RSA-AES128-GCM-SHA256')  # its key is of another kind
    return {
        'unknown authority': server_context(issue('bank', stranger, hosts=[HOST])),
        'self-signed': server_context(issue('bank', hosts=[HOST])),
        'another name': server_context(issue('bank', root, hosts=['bank.example'])),
        'expired': server_context(
            issue('bank', root, hosts=[HOST], begins=NOW - 30 * DAY, ends=NOW - DAY)),
        'not valid yet': server_context(
            issue('bank', root, hosts=[HOST], begins=NOW + DAY, ends=NOW + 30 * DAY)),
        'nothing in common': impossible,
    }


@pytest.mark.parametrize('name', contexts(issue('x', ca=True)))
def test_a_refused_handshake_sends_nothing(open_server, root, send, name):
    ask, outcomes = send
    server = open_server(tls_then(answer({})), tls=contexts(root)[name])
    with pytest.raises(outcomes.NotSent) as caught:
        ask(server.url, root.pem)
    if outcomes is errors:
        assert isinstance(caught.value, errors.TlsError) == (name != 'nothing in common')
    assert server.requests == []


def test_nobody_listens(root, send):
    ask, outcomes = send
    with pytest.raises(outcomes.NotSent):
        ask(f'https://127.0.0.1:{closed_port()}/', root.pem)


def test_unknown_host(root, send):
    ask, outcomes = send
    with pytest.raises(outcomes.NotSent):
        ask('https://bank.invalid/', root.pem)


def test_nobody_takes_the_connection(root, send, monkeypatch):
    ask, outcomes = send
    monkeypatch.setattr(f'{__name__}.TIMEOUT', (0.3, 5))
    with deaf_port() as port, pytest.raises(outcomes.NotSent):
        ask(f'https://127.0.0.1:{port}/', root.pem)


def test_what_is_no_request_is_not_sent(open_server, root, send):
    ask, outcomes = send
    server = open_server(tls_then(answer({})))
    with pytest.raises(outcomes.NotSent):
        ask(server.url, root.pem, {'X': 'a\r\nb: c'})
    assert server.connections == 0


@pytest.mark.parametrize('content', [None, 'no certificates'])
def test_no_list_of_authorities(open_server, root, send, content, tmp_path, monkeypatch):
    ask, outcomes = send
    path = tmp_path / 'bundle.pem'
    if content:
        path.write_text(content)
    monkeypatch.setenv('REQUESTS_CA_BUNDLE', str(path))
    server = open_server(tls_then(answer({})))
    with pytest.raises(outcomes.NotSent):
        ask(server.url, root.pem)
    assert server.connections == 0


# === AFTER THE HANDSHAKE: MAYBE TAKEN === #

def hang_up_after_the_handshake(connection, server):
    """ Close before the request is read. """
    server.tls.wrap_socket(connection, server_side=True).close()


def break_after_the_handshake(connection, server):
    """ Send what can't be decrypted before the request is read. """
    with server.tls.wrap_socket(connection, server_side=True) as encrypted:
        broken_record(encrypted, None)
        encrypted.recv(65536)


HEAD = b'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n'
BODY = HEAD + b'Content-Length: 100\r\n\r\n{"Data": '
CHUNKS = HEAD + b'Transfer-Encoding: chunked\r\n\r\n9\r\n{"Data": \r\n'
PLACES = {
    'after the request': b'', 'in the status line': b'HTTP/1.1 2', 'in the headers': HEAD,
    'in the body': BODY, 'in the chunks': CHUNKS,
}
ENDS = {
    'closed': close, 'reset': reset, 'silence': silence, 'broken record': broken_record,
}
AFTER = {
    'closed before the request is read': hang_up_after_the_handshake,
    'broken before the request is read': break_after_the_handshake,
    **{
        f'{end}, {place}': tls_then(after(start, step))
        for end, step in ENDS.items() for place, start in PLACES.items()
    },
    'no HTTP': tls_then(after(b'\x00\x01 220 smtp.example.com ESMTP\r\n\r\n', close)),
    'no chunks': tls_then(after(HEAD + b'Transfer-Encoding: chunked\r\n\r\nzz\r\n', close)),
    'no gzip': tls_then(answer(b'not gzip', headers={'Content-Encoding': 'gzip'})),
    'too many headers': tls_then(after(HEAD + b'X: y\r\n' * 500 + b'\r\n', close)),
    'endless header': tls_then(after(HEAD + b'X: ' + b'y' * 100_000 + b'\r\n\r\n', close)),
    'redirect': tls_then(answer('', 302, headers={'Location': 'https://elsewhere.example/'})),
    'redirect to no address': tls_then(answer('', 302, headers={'Location': 'http://[::1/'})),
    'redirect to another protocol': tls_then(answer('', 307, headers={'Location': 'ftp://a/'})),
    'error of a gateway': tls_then(answer('<html>', 502)),
    'too long': tls_then(answer(b'{"Data": {"a": "' + b'x' * 5000 + b'"}}')),
}


@pytest.mark.parametrize('script', AFTER.values(), ids=AFTER)
def test_what_breaks_after_the_handshake_may_have_been_taken(
    open_server, root, send, script, monkeypatch,
):
    monkeypatch.setattr(tuning, 'MAX_ANSWER_BYTES', 4000, raising=False)
    ask, outcomes = send
    server = open_server(script)
    with pytest.raises(outcomes.OutcomeUnknown):
        ask(server.url, root.pem)
    assert server.connections == 1
    assert len(server.requests) <= 1


def test_a_good_answer(open_server, root, send):
    ask, _outcomes = send
    server = open_server(tls_then(answer({'Data': {}})))
    assert ask(server.url, root.pem)
    assert len(server.requests) == 1


# === THROUGH A PROXY === #

@pytest.fixture
def proxy(monkeypatch):
    """ Return a function that starts a proxy that the environment names. """
    servers = []

    def start(script):
        servers.append(OpenServer([script]))
        monkeypatch.delenv('NO_PROXY')
        monkeypatch.setenv('HTTPS_PROXY', f'http://127.0.0.1:{servers[-1].port}')
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def pump(source, target):
    """ Pass on what comes, until the end. """
    with contextlib.suppress(OSError):
        while chunk := source.recv(65536):
            target.sendall(chunk)
        target.shutdown(socket.SHUT_WR)


def read_connect(connection, server):
    """ Read what a proxy is asked for. :return: Host and port. """
    head = b''
    while b'\r\n\r\n' not in head:
        head += connection.recv(65536)
    server.requests.append(head.decode())
    host, _colon, port = head.split()[1].decode().partition(':')
    return host, int(port)


def tunnel(connection, server):
    """ Be a proxy. """
    with socket.create_connection(read_connect(connection, server)) as target:
        connection.sendall(b'HTTP/1.1 200 Connection established\r\n\r\n')
        thread = threading.Thread(target=pump, args=(target, connection), daemon=True)
        thread.start()
        pump(connection, target)
        thread.join(5)


def refuse_tunnel(status):
    """ Be a proxy that refuses. """
    def script(connection, server):
        read_connect(connection, server)
        connection.sendall(f'HTTP/1.1 {status} No\r\nContent-Length: 0\r\n\r\n'.encode())

    return script


def cut_tunnel(connection, server):
    """ Be a proxy that loses the connection. """
    read_connect(connection, server)
    connection.sendall(b'HTTP/1.1 200 Connection established\r\n\r\n')
    connection.recv(65536)


def test_through_a_proxy(open_server, root, send, proxy):
    ask, outcomes = send
    through = proxy(tunnel)
    server = open_server(tls_then(answer({'Data': {}})))
    assert ask(server.url, root.pem)
    [asked] = through.requests
    assert asked.startswith(f'CONNECT 127.0.0.1:{server.port} ')
    assert 'Authorization' not in asked
    with pytest.raises(outcomes.NotSent):
        ask(server.url, issue('Another Root CA', ca=True).pem)
    assert len(server.requests) == 1


def test_an_answer_is_lost_behind_a_proxy(open_server, root, send, proxy):
    ask, outcomes = send
    proxy(tunnel)
    server = open_server(tls_then(reset))
    with pytest.raises(outcomes.OutcomeUnknown):
        ask(server.url, root.pem)


@pytest.mark.parametrize('script', [
    refuse_tunnel(407), refuse_tunnel(502), refuse_tunnel(504), cut_tunnel, hang_up, say_nothing,
], ids=['407', '502', '504', 'cut', 'closed', 'silent'])
def test_a_proxy_that_does_not_connect_sends_nothing(open_server, root, send, proxy, script):
    ask, outcomes = send
    proxy(script)
    server = open_server(tls_then(answer({})))
    with pytest.raises(outcomes.NotSent):
        ask(server.url, root.pem)
    assert server.connections == 0


def test_no_proxy_at_all(open_server, root, send, monkeypatch):
    ask, outcomes = send
    monkeypatch.delenv('NO_PROXY')
    monkeypatch.setenv('HTTPS_PROXY', f'http://127.0.0.1:{closed_port()}')
    server = open_server(tls_then(answer({})))
    with pytest.raises(outcomes.NotSent):
        ask(server.url, root.pem)
    assert server.connections == 0
