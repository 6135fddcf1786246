""" What Odoo's own providers call in place of the internet: payments that are paid. """

import http.server
import json
import threading

from tools.demo.server import free_port


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'

    def do_POST(self):
        """ Create a payment. """
        body = json.loads(self.rfile.read(int(self.headers.get('Content-Length', 0))) or b'{}')
        self._answer({
            'id': 'mollie_created', 'status': 'open', 'amount': body.get('amount'),
            '_links': {'checkout': {'href': 'http://127.0.0.1/checkout'}},
        })

    def do_GET(self):
        """ Read a payment. Its number ends with its amount in kopecks. """
        number = self.path.rpartition('/')[2]
        self._answer({
            'id': number, 'status': 'paid', 'method': 'ideal',
            'amount': {'currency': 'RUB', 'value': f"{int(number.rpartition('_')[2]) / 100:.2f}"},
        })

    def _answer(self, content):
        body = json.dumps(content).encode()
        self.send_response(200)
        self.send_header('Content-Type', 'application/json')
        self.send_header('Content-Length', str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        """ Override to be silent. """


class Stub:
    """ The stub as a server. """

    def __init__(self):
        port = free_port()
        self.url = f'http://127.0.0.1:{port}'
        self._server = http.server.ThreadingHTTPServer(('127.0.0.1', port), _Handler)
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def stop(self):
        """ Stop serving. """
        self._server.shutdown()
        self._server.server_close()
