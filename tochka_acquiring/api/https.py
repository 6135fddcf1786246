# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" One exchange over HTTPS: whom we trust, what is kept, and whether the request may have arrived.

The bank's gate and those of the registers (`tochka_fiscal/registers`) send by this. To read the
list of authorities costs ten times as much as the whole exchange, so a process reads it once for
each set of authorities: `requests` would do so for each connection, even with a context given.
"""

import contextlib
import functools
import hashlib
import http.client
import os
import secrets
import socket
import ssl
import tempfile
import threading
import time
import urllib.parse
from collections import OrderedDict

import certifi
import requests
import urllib3
from cryptography.hazmat.primitives import serialization
from requests.adapters import HTTPAdapter

from .. import tuning

# Why there is no answer: reasons of `Failure`.
BAD_REQUEST = 'not a request'
NO_TRUST = 'no list of authorities'
UNTRUSTED = 'untrusted certificate'
WRONG_CERTIFICATE = 'wrong certificate'  # another name, or not of today
TLS = 'TLS error'
TIMEOUT = 'timeout'
CONNECTION = 'connection error'
UNREADABLE = 'unreadable answer'

_OTHER_VERIFY_REASONS = ('hostname mismatch', 'ip address mismatch', 'has expired', 'not yet valid')
# `requests` lets some errors of what is below it pass.
_ERRORS = (
    requests.exceptions.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException,
    OSError, ValueError,
)


class Failure(Exception):
    """ There is no answer.

    :param str reason: Why; one of the constants above.
    :param bool maybe_sent: Whether the request may have arrived. It surely has not only if the
                            connection, with its TLS handshake, was never complete. The kind of
                            error does not tell: TLS breaks after the handshake as well.
    """

    def __init__(self, reason, *, maybe_sent):
        super().__init__(reason)
        self.reason = reason
        self.maybe_sent = maybe_sent


def send(method, url, *, headers=None, params=None, json=None, data=None, timeout,
         ca_pem=None, client_pem=None, credential=None):
    """ Send one request, and return the answer, whatever its status.

    Redirects are not followed, cookies not kept, and ~/.netrc not read. Proxies come from the
    environment.

    A read (GET) with a credential may use the connection of an earlier read of the same thread. If
    that one has broken meanwhile, it is sent once more by a new one. Everything else has a
    connection of its own: if one that was used before broke, nobody would know whether the request
    had arrived.

    :param str method: The HTTP method.
    :param str url: The address.
    :param dict|None headers: The headers.
    :param dict|None params: The query.
    :param dict|None json: The body as JSON.
    :param dict|bytes|None data: The body as a form, or as it is.
    :param tuple[float, float] timeout: Seconds to connect and to wait for the answer; both
                                        together limit the whole exchange. Or one number for all.
    :param str|None ca_pem: Further authorities, trusted for this request alone.
    :param str|None client_pem: The certificate that we show, its chain and its key.
    :param str|None credential: What tells apart who sends. Connections are not shared over it.
    :rtype: requests.Response
    :raise Failure: If there is no answer.
    """
    try:
        request = requests.Request(
            method, url, headers={**requests.utils.default_headers(), **(headers or {})},
            params=params, json=json, data=data,
        ).prepare()
    except (requests.exceptions.RequestException, ValueError) as error:
        raise Failure(BAD_REQUEST, maybe_sent=False) from _without_request(error)
    try:
        context = ssl_context(ca_pem, client_pem)
    except (OSError, ValueError) as error:
        raise Failure(NO_TRUST, maybe_sent=False) from error
    if method != 'GET' or credential is None:
        return _send_by_new(request, context, timeout)
    # The process is part of the key: a child must not speak on its parent's connection.
    key = (os.getpid(), _origin(url), context, hashlib.sha256(credential.encode()).digest())
    adapter = _kept.take(key)
    if adapter is not None:
        try:
            response = _exchange(adapter, request, timeout)
        except Failure as failure:
            adapter.close()
            # Only a connection that was used before may be to blame, and a silent server is not.
            if failure.reason == TIMEOUT or not failure.maybe_sent:
                raise
        else:
            _kept.put(key, adapter)
            return response
    return _send_by_new(request, context, timeout, key)


def _send_by_new(request, context, timeout, key=None):
    """ Send by a new connection, and keep it under the key, if there is one. """
    adapter = ContextAdapter(context)
    try:
        response = _exchange(adapter, request, timeout)
    except Failure:
        adapter.close()
        raise
    if key:
        _kept.put(key, adapter)
    else:
        adapter.close()
    return response


def _exchange(adapter, request, timeout):
    """ Send a request by an adapter and read the whole answer. """
    # A session of its own for each request, so that no cookie is kept. It stays open: closing it
    # would close the adapter.
    session = requests.Session()
    session.mount(f'{_origin(request.url)}/', adapter)
    _state.is_connected = False
    # A time-out counts from the last byte: one byte a second would hold us for hours.
    watch = _state.watch = _Watch(sum(timeout) if isinstance(timeout, tuple) else timeout)
    try:
        # The list of authorities from the environment is in the context already.
        response = session.send(
            request, timeout=timeout, allow_redirects=False, stream=True, verify=True)
        _read(response)
    except _ERRORS as error:
        reason = TIMEOUT if watch.is_over else _find_reason(error)
        raise Failure(reason, maybe_sent=_state.is_connected) from _without_request(error)
    finally:
        watch.end()
    if watch.is_over:  # An answer without a length, and cut, looks like a whole one.
        raise Failure(TIMEOUT, maybe_sent=True)
    return response


def _read(response):
    """ Read the answer's body, unless it is beyond all measure. """
    size, chunks = 0, []
    for chunk in response.iter_content(64 * 1024):
        size += len(chunk)
        if size > tuning.MAX_ANSWER_BYTES:
            response.close()
            raise requests.exceptions.ContentDecodingError("The answer is too long.")
        chunks.append(chunk)
    response._content = b''.join(chunks)


def _find_reason(error):
    """ Return why there is no answer. """
    if isinstance(error, requests.exceptions.SSLError):
        text = str(error).lower()
        if _state.is_connected or 'certificate verify failed' not in text:
            return TLS
        wrong = any(reason in text for reason in _OTHER_VERIFY_REASONS)
        return WRONG_CERTIFICATE if wrong else UNTRUSTED
    if isinstance(error, requests.exceptions.Timeout) or any(
        isinstance(arg, urllib3.exceptions.ReadTimeoutError) for arg in error.args
    ):
        return TIMEOUT
    if isinstance(error, requests.exceptions.ConnectionError):
        return CONNECTION
    return UNREADABLE


def _without_request(error):
    """ Detach the request, which carries the key, from a chained exception. """
    error.request = None
    error.response = None
    return error


def _origin(url):
    parts = urllib.parse.urlsplit(url)
    return f'{parts.scheme}://{parts.netloc}'


# === TRUST === #

def ssl_context(ca_pem=None, client_pem=None):
    """ Return the context for a set of authorities, the same one each time.

    It trusts the usual authorities, and verifies certificate and name. The usual ones are what
    `requests` takes for them: the file or folder that REQUESTS_CA_BUNDLE or CURL_CA_BUNDLE names,
    else those of certifi. So one setting of the server holds for all that we call, and an image
    without a system store works.

    :param str|None ca_pem: Further authorities, as PEM text.
    :param str|None client_pem: The certificate that we show, its chain and its key, as PEM text.
    :rtype: ssl.SSLContext
    :raise OSError: If the list of authorities can't be read.
    :raise ValueError: If there is no key in `client_pem`.
    """
    path = (os.environ.get('REQUESTS_CA_BUNDLE') or os.environ.get('CURL_CA_BUNDLE')
            or certifi.where())
    status = os.stat(path)
    # The contents are the key, so that a changed list is never met by a context of the old one.
    return _make_context(
        (path, status.st_ino, status.st_size, status.st_mtime_ns), ca_pem or '', client_pem or '')


@functools.lru_cache(maxsize=tuning.KEPT_CONTEXTS)
def _make_context(usual, ca_pem, client_pem):
    path = usual[0]
    context = ssl.create_default_context(
        **({'capath': path} if os.path.isdir(path) else {'cafile': path}))
    if ca_pem:
        context.load_verify_locations(cadata=ca_pem)
    if client_pem:
        _show(context, client_pem)
    return context


def _show(context, client_pem):
    """ Show a client's certificate. A context takes files only: the key in it is locked by a
    passphrase that nobody else ever knows, and the file lives for this moment.
    """
    start = client_pem.index('-----BEGIN PRIVATE KEY-----')
    passphrase = secrets.token_bytes(24).hex()
    key = serialization.load_pem_private_key(client_pem[start:].encode(), None)
    locked = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(passphrase.encode()))
    with tempfile.NamedTemporaryFile(suffix='.pem') as file:
        file.write(client_pem[:start].encode() + locked)
        file.flush()
        context.load_cert_chain(file.name, password=passphrase)


# === CONNECTIONS === #

# Whether the request that this thread sends has had a connection, with its TLS handshake.
_state = threading.local()


class _Watch:
    """ Breaks the connection of an exchange that takes too long in all.

    :param float seconds: How long it may take.
    """

    def __init__(self, seconds):
        self.is_over = False
        self._socket = None
        self._lock = threading.Lock()
        self._timer = threading.Timer(seconds, self._break)
        self._timer.daemon = True
        self._timer.start()

    def hold(self, sock):
        """ Watch the socket that the request goes by. :raise TimeoutError: If it is too late. """
        with self._lock:
            self._socket = sock
            if self.is_over:
                raise TimeoutError()

    def _break(self):
        with self._lock:
            self.is_over = True
            if self._socket:
                with contextlib.suppress(OSError):
                    # Closed by the thread that reads, which meets the end of the stream.
                    self._socket.shutdown(socket.SHUT_RDWR)

    def end(self):
        """ The exchange is over: the connection may be used by another one. """
        self._timer.cancel()
        with self._lock:
            self._socket = None


class _Connection:
    """ Part of a connection that tells when it is being made, and what it is used for. """

    def request(self, *args, **options):
        """ Override of `urllib3` to let a watch break what takes too long. """
        if self.sock:
            _state.watch.hold(self.sock)
            _state.is_connected = True
        return super().request(*args, **options)

    def connect(self):
        """ Override of `urllib3` to know what can't have been sent yet. """
        _state.is_connected = False
        super().connect()  # the proxy's tunnel and the TLS handshake are part of it
        _state.watch.hold(self.sock)
        _state.is_connected = True

    def _new_conn(self):
        """ Override of `urllib3`, which gives each address of the host the whole time. """
        with contextlib.suppress(OSError, UnicodeError):  # the same error comes at once again
            addresses = socket.getaddrinfo(self._dns_host, self.port, type=socket.SOCK_STREAM)
            self.timeout /= max(len(addresses), 1)
        return super()._new_conn()


@functools.cache
def _watched(pool_class):
    """ Return a class of pools, of any kind (HTTP, HTTPS, SOCKS), with such connections. """
    connection = type('Connection', (_Connection, pool_class.ConnectionCls), {})
    return type('Pool', (pool_class,), {'ConnectionCls': connection})


def _watch(manager):
    manager.pool_classes_by_scheme = {
        scheme: _watched(pool) for scheme, pool in manager.pool_classes_by_scheme.items()}


class ContextAdapter(HTTPAdapter):
    """ Connects with one context, and with no other trust.

    :param ssl.SSLContext context: What `ssl_context` has returned.
    """

    def __init__(self, context):
        self._context = context
        super().__init__(pool_connections=1, pool_maxsize=1)

    def init_poolmanager(self, *args, **options):
        """ Override of `requests` to use the context. """
        super().init_poolmanager(*args, ssl_context=self._context, **options)
        _watch(self.poolmanager)

    def proxy_manager_for(self, proxy, **options):
        """ Override of `requests` to use the context through a proxy as well. """
        if proxy in self.proxy_manager:
            return self.proxy_manager[proxy]
        if proxy.lower().startswith('https:'):
            # The further authorities and the client's certificate are not for the proxy.
            options['proxy_ssl_context'] = ssl_context()
        manager = super().proxy_manager_for(proxy, ssl_context=self._context, **options)
        _watch(manager)
        return manager

    def cert_verify(self, conn, url, verify, cert):
        """ Override of `requests`, which would have the list of authorities read into the context
        again, for each connection. Verification is always on.
        """
        conn.cert_reqs = 'CERT_REQUIRED'
        conn.ca_certs = conn.ca_cert_dir = None


class _Kept(threading.local):
    """ The connections that this thread keeps for its next reads, the oldest first. """

    def __init__(self):
        self._adapters = OrderedDict()  # key: (adapter, when it was used)

    def take(self, key):
        """ Take a connection out. :rtype: ContextAdapter|None """
        adapter, used_at = self._adapters.pop(key, (None, 0))
        if adapter and time.monotonic() - used_at > tuning.KEPT_CONNECTION_SECONDS:
            adapter.close()
            return None
        return adapter

    def put(self, key, adapter):
        """ Keep a connection that has just brought a whole answer. """
        self._adapters[key] = (adapter, time.monotonic())
        if len(self._adapters) > tuning.KEPT_CONNECTIONS:
            _key, (oldest, _used_at) = self._adapters.popitem(last=False)
            oldest.close()


_kept = _Kept()
