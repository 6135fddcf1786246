""" OrangeData's own port: HTTPS that demands a client certificate in the handshake. """

import threading

from werkzeug.exceptions import NotFound
from werkzeug.serving import WSGIRequestHandler, make_server

from .orangedata_keys import Keys
from .orangedata_protocol import BEHIND_THE_GATE, PREFIX


class QuietHandler(WSGIRequestHandler):
    """ No line for each request. """

    def log_request(self, *args, **kwargs):
        """ Log nothing. """


class GateHandler(QuietHandler):
    """ No line for each handshake that fails either: tests make many of them. """

    timeout = 60  # seconds for a client that connects and says nothing

    def log_error(self, *args, **kwargs):
        """ Log nothing. """


class Gate:
    """ Serves OrangeData's paths of an application from the first use on.

    :param Flask app: Whose `ORANGEDATA` it opens.
    :param str host: The address to listen on.
    :param int port: 0 for a free one.
    """

    def __init__(self, app, host, port=0):
        self._app, self._host, self._port = app, host, port
        self._lock, self._server = threading.Lock(), None
        app.config['ORANGEDATA'].gate = self

    def open(self):
        """ Serve, if it is not done yet. :return: The base URL. """
        with self._lock:
            if not self._server:
                register = self._app.config['ORANGEDATA']
                register.keys = Keys(self._host)
                self._serve(register.keys.context)
            return f'https://{self._host}:{self._server.server_port}'

    def _serve(self, context):
        self._server = make_server(self._host, self._port, self._enter, threaded=True,
                                   request_handler=GateHandler)
        self._server.daemon_threads = True
        # The handshake is left to the thread of the request: a silent client stops nobody.
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False)
        self._server.ssl_context = context
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self):
        """ Stop serving. """
        with self._lock:
            if self._server:
                self._server.shutdown()
                self._server.server_close()

    def _enter(self, environ, start_response):
        if not environ['PATH_INFO'].startswith(PREFIX):
            return NotFound()(environ, start_response)
        return self._app({**environ, BEHIND_THE_GATE: True}, start_response)
