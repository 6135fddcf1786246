""" The sandbox as a running server. """

import logging
import threading
from pathlib import Path

from werkzeug.serving import make_server

from .app import create_app
from .certificates import Authority, server_context, show_certificate
from .orangedata_server import Gate, QuietHandler


class RunningSandbox:
    """ A sandbox that serves in the background.

    :param int port: 0 for a free one.
    :param str host: The address to listen on.
    :param str|None tls_ca: Serve by https and write the private CA's certificate to this file.
    :param int orangedata_port: Of OrangeData; 0: a free one, served from its first use on.
    :param options: Options of `create_app`.
    """

    def __init__(self, port=0, host='127.0.0.1', tls_ca=None, orangedata_port=0, **options):
        self._host = host
        self._authority = Authority('Sandbox Root CA') if tls_ca else None
        self._context = context = None
        if tls_ca:
            Path(tls_ca).write_bytes(self._authority.pem)
            self._context = context = server_context(self._authority, 'Sandbox Bank', host)
        self.app = create_app(**options)
        self._server = make_server(
            host, port, self.app, threaded=True, request_handler=QuietHandler, ssl_context=context
        )
        self._server.daemon_threads = True
        self.url = f'{"https" if context else "http"}://{host}:{self._server.server_port}'
        self.api_url = f'{self.url}/uapi/'
        self.bank = self.app.config['BANK']
        self.bank.base_url = self.url
        self._gate = Gate(self.app, host, orangedata_port)
        if orangedata_port:
            self._gate.open()
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    @property
    def orangedata_url(self):
        """ Where OrangeData is served; the first question opens it. """
        return self._gate.open()

    def change_certificate(self, authority=None):
        """ Show another certificate from the next connection on, as a bank does each year.

        :param Authority|None authority: Who signs it; None: the one that clients trust.
        """
        show_certificate(
            self._context, authority or self._authority, 'Sandbox Bank', self._host)

    def stop(self):
        """ Stop serving and delivering. """
        self._gate.close()
        self._server.shutdown()
        self._server.server_close()
        self.app.config['COURIER'].stop()
        self.bank.timers.stop()

    def join(self):
        """ Wait until it stops. """
        self._thread.join()


def start(port=0, **options):
    """ Start a sandbox in the background. :rtype: RunningSandbox """
    logging.getLogger('werkzeug').setLevel(logging.ERROR)
    return RunningSandbox(port, **options)
