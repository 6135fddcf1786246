""" A scripted HTTP server on real sockets: what a network and a bad day do to a request. """

import contextlib
import json
import os
import socket
import ssl
import struct
import threading
import urllib.parse
from dataclasses import dataclass, field
from http import HTTPStatus

PHRASES = {status.value: status.phrase for status in HTTPStatus}


@dataclass
class Received:
    """ One request as it came over the wire. """

    method: str
    target: str
    headers: dict
    body: bytes

    @property
    def path(self):
        """ The path without the query. """
        return urllib.parse.urlsplit(self.target).path

    @property
    def query(self):
        """ The query; a name given twice fails. """
        pairs = urllib.parse.parse_qsl(
            urllib.parse.urlsplit(self.target).query, keep_blank_values=True, strict_parsing=True,
        ) if '?' in self.target else []
        assert len(dict(pairs)) == len(pairs)
        return dict(pairs)

    @property
    def json(self):
        """ The body as JSON, or None without a body. """
        return json.loads(self.body) if self.body else None


@dataclass
class ScriptedServer:
    """ Serves each connection with the next step of the script; the last step is repeated.

    :param steps: Functions that get the connection when the request has been read.
    :param ssl.SSLContext|None tls: Serve by https.
    """

    steps: list = field(default_factory=list)
    tls: ssl.SSLContext | None = None
    requests: list = field(default_factory=list)

    def __post_init__(self):
        self._socket = socket.create_server(('127.0.0.1', 0))
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    @property
    def port(self):
        """ The port it listens on. """
        return self._socket.getsockname()[1]

    @property
    def url(self):
        """ The address of its API. """
        return f'{"https" if self.tls else "http"}://127.0.0.1:{self.port}/uapi/'

    def stop(self):
        """ Stop; steps that wait are released. """
        self._stopped.set()
        with contextlib.suppress(OSError):  # nobody may be waiting for a connection any more
            socket.create_connection(('127.0.0.1', self.port), timeout=1).close()
        self._thread.join(timeout=5)
        self._socket.close()

    def _serve(self):
        while not self._stopped.is_set():
            connection, _address = self._socket.accept()
            threading.Thread(target=self._handle, args=(connection,), daemon=True).start()

    def _handle(self, connection):
        # A client that gives up, or does not like the certificate, breaks the connection: that is
        # what these tests are about.
        with contextlib.suppress(OSError), connection:
            if self.tls:
                connection = self.tls.wrap_socket(connection, server_side=True)
            received = read_request(connection)
            if received is None:
                return
            step = self.steps[min(len(self.requests), len(self.steps) - 1)]
            self.requests.append(received)
            step(connection, self._stopped)
            # Orderly even for TLS: an end without goodbye would be a fault of its own.
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)


def read_request(connection):
    """ Read one request. :return: The request, or None if the client closed. """
    head = b''
    while b'\r\n\r\n' not in head:
        chunk = connection.recv(65536)
        if not chunk:
            return None
        head += chunk
    head, _separator, body = head.partition(b'\r\n\r\n')
    first, *lines = head.decode('latin-1').split('\r\n')
    headers = {}
    for line in lines:
        name, _colon, value = line.partition(':')
        headers[name.strip().title()] = value.strip()
    while len(body) < int(headers.get('Content-Length', 0)):
        body += connection.recv(65536)
    method, target, _version = first.split(' ')
    return Received(method, target, headers, body)


# === STEPS === #

def answer(body, status=200, content_type='application/json', headers=None, cut=0):
    """ Answer with a body.

    :param dict|list|str|bytes body: JSON, or raw text.
    :param int cut: How many bytes of the promised length are never sent.
    """
    if isinstance(body, (dict, list)):
        body = json.dumps(body, ensure_ascii=False)
    if isinstance(body, str):
        body = body.encode()

    def step(connection, _stopped):
        lines = [f'HTTP/1.1 {status} {PHRASES.get(status, "Unnamed")}',
                 f'Content-Type: {content_type}', f'Content-Length: {len(body)}',
                 'Connection: close']
        lines += [f'{name}: {value}' for name, value in (headers or {}).items()]
        connection.sendall('\r\n'.join(lines).encode() + b'\r\n\r\n' + body[:len(body) - cut])

    return step


def refuse(status, *messages, code='SomeCode', audit_id='5c1a4f0e-audit'):
    """ Answer with the bank's error envelope. """
    return answer({
        'code': str(status), 'id': audit_id, 'message': 'Что-то пошло не так',
        'Errors': [{'errorCode': code, 'message': message, 'url': 'https://example.com/errors'}
                   for message in messages],
    }, status)


def close(_connection, _stopped):
    """ Close without an answer. """


def reset(connection, _stopped):
    """ Reset the connection. """
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    connection.close()


def silence(_connection, stopped):
    """ Keep the connection and say nothing. """
    stopped.wait(30)


def half_status_line(connection, _stopped):
    """ Cut the answer within the status line. """
    connection.sendall(b'HTTP/1.1 2')


def garbage(connection, _stopped):
    """ Answer with something that is no HTTP. """
    connection.sendall(b'\x00\x01\x02\x03 220 smtp.example.com ESMTP\r\n\r\n')


def slow(step, seconds):
    """ Answer late. """
    def late(connection, stopped):
        stopped.wait(seconds)
        step(connection, stopped)

    return late


@contextlib.contextmanager
def deaf_port():
    """ Yield a port whose queue is full, so that connecting takes for ever. """
    with socket.socket() as listener:
        listener.bind(('127.0.0.1', 0))
        listener.listen(0)
        port = listener.getsockname()[1]
        fillers = []
        try:
            for _count in range(4):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(('127.0.0.1', port))
                fillers.append(filler)
            yield port
        finally:
            for filler in fillers:
                filler.close()


def closed_port():
    """ Return a port that nobody listens on. """
    with socket.create_server(('127.0.0.1', 0)) as listener:
        return listener.getsockname()[1]


# === CONNECTIONS THAT BREAK === #

@dataclass
class OpenServer(ScriptedServer):
    """ Hands each connection to the next of its scripts, before the TLS handshake.

    :param steps: Functions that get the connection and this server.
    """

    connections: int = 0

    def _handle(self, connection):
        script = self.steps[min(self.connections, len(self.steps) - 1)]
        self.connections += 1
        with contextlib.suppress(OSError), connection:
            script(connection, self)


def tls_then(*steps):
    """ Return a script that shakes hands, reads a request for each step, and does it. """
    def script(connection, server):
        with server.tls.wrap_socket(connection, server_side=True) as encrypted:
            for step in steps:
                received = read_request(encrypted)
                if received is None:
                    return
                server.requests.append(received)
                step(encrypted, server._stopped)

    return script


def keep_answering(body, headers=''):
    """ Return a script that answers all requests of a connection. """
    text = json.dumps(body)

    def step(connection, _stopped):
        connection.sendall((
            f'HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{headers}'
            f'Content-Length: {len(text)}\r\n\r\n{text}').encode())

    def script(connection, server):
        tls_then(*[step] * 100)(connection, server)

    return script


def after(start, end):
    """ Return a step that sends the start of an answer, and then does something else. """
    def step(connection, stopped):
        connection.sendall(start)
        end(connection, stopped)

    return step


def broken_record(connection, _stopped):
    """ Send a TLS record that can't be decrypted. """
    os.write(connection.fileno(), b'\x17\x03\x03\x00\x40' + bytes(64))
