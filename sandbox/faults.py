""" Faults on command: what a network and a busy bank do to a request. """

import ctypes
import json
import os
import re
import select
import socket
import threading
import time

from flask import Response, request

from . import atol_protocol, orangedata_protocol, paykeeper_protocol
from .errors import envelope
from .komtet_protocol import PREFIX, refusal

# `*_before` happen before the bank does the work, `*_after` when it is done and the answer is lost.
KINDS = (
    'refuse', 'timeout_before', 'timeout_after', 'error_5xx', 'error_5xx_after', 'cut_body',
    'html_200', 'html_200_after', 'slow', 'close_before', 'close_after', 'reset_before',
    'reset_after', 'garble_before', 'garble_after',
)
# After these nothing is answered.
CUTS_BEFORE, CUTS_AFTER = (
    {f'{how}_{when}' for how in ('timeout', 'close', 'reset', 'garble')}
    for when in ('before', 'after'))


class Faults:
    """ A queue of rules; the first rule that fits a request and has times left is applied. """

    def __init__(self):
        self._lock = threading.Lock()
        self.rules = []

    def add(self, rule):
        """ Add a rule.

        :param dict rule: `kind`; `method` and `path` (a regular expression, default all);
                          `contains`, a text of the body (an order number, a name), so that the
                          fault waits for the call it is meant for; `times` (default 1); `seconds`
                          for waiting; `status` and `message` for refusing, and a `code` of the
                          register's.
        :raise ValueError: If the kind is unknown or the path is no regular expression.
        """
        if rule.get('kind') not in KINDS:
            raise ValueError(f'kind must be one of {", ".join(KINDS)}')
        try:
            re.compile(rule.get('path', ''))
        except (re.error, TypeError) as error:
            raise ValueError(f'path must be a regular expression: {error}') from error
        if not isinstance(rule.get('contains', ''), str):
            raise ValueError('contains must be a text')
        with self._lock:
            self.rules.append({
                'method': '', 'path': '', 'contains': '', 'times': 1, **rule, 'harm': 0})

    def clear(self):
        """ Forget all rules. """
        with self._lock:
            self.rules = []

    def take(self, method, path, read):
        """ Return the rule for a request, counting it down.

        :param read: A function that returns what the request carries, as a person would read it.
        :return: The rule, whose `harm` is counted by `note_harm`; None if there is none.
        """
        with self._lock:
            for rule in self.rules:
                if (
                    rule['times'] > 0
                    and rule['method'] in ('', method)
                    and re.search(rule['path'], path)
                    and (not rule['contains'] or rule['contains'] in read())
                ):
                    rule['times'] -= 1
                    return rule
        return None

    def note_harm(self, rule):
        """ Count that a rule has taken an answer away from somebody who waited for it. """
        with self._lock:
            rule['harm'] += 1

    def spare(self, rule):
        """ Let a rule wait for the next request: this one had nothing to lose. """
        with self._lock:
            rule['times'] += 1


def readable_body():
    """ Return the text of the request's body, with JSON's escapes resolved. """
    content = request.get_json(silent=True)
    if content is not None:
        return json.dumps(content, ensure_ascii=False)
    return request.get_data(as_text=True)


def apply_before(faults, rule):
    """ Apply a rule before the work, and count its harm.

    :return: The answer instead of the work, or None.
    """
    answer = answer_before(rule)
    if answer and (rule['kind'] != 'timeout_before' or is_client_gone()):
        faults.note_harm(rule)
    return end_connection(rule) if rule['kind'] in CUTS_BEFORE else answer


def answer_before(rule):
    """ Return the answer instead of the work, or None. """
    kind, seconds = rule['kind'], rule.get('seconds', 60)
    if kind == 'slow':
        time.sleep(rule.get('seconds', 2))
    elif kind == 'refuse' and request.path.startswith(PREFIX):
        return refusal(rule.get('status', 422), rule.get('code', 'VLD00'),
                       rule.get('message', 'Отказ по команде'))
    elif kind == 'refuse' and request.path.startswith(atol_protocol.PREFIX):
        return atol_protocol.refuse_on_command(rule)
    elif kind == 'refuse' and request.path.startswith(paykeeper_protocol.PREFIXES):
        return paykeeper_protocol.refuse_on_command(rule)
    elif kind == 'refuse' and request.path.startswith(orangedata_protocol.PREFIX):
        return orangedata_protocol.refuse_on_command(rule)
    elif kind == 'refuse':
        return envelope(rule.get('status', 400), [rule.get('message', 'Refused on command')])
    elif kind == 'timeout_before':
        time.sleep(seconds)
        return Response('', 500)
    elif kind in CUTS_BEFORE:
        return Response('', 500)
    elif kind == 'error_5xx':
        return Response('<html><h1>502 Bad Gateway</h1></html>', rule.get('status', 502),
                        mimetype='text/html')
    elif kind == 'html_200':
        return Response('<html>maintenance</html>', 200, mimetype='text/html')
    return None


def apply_after(faults, rule, response):
    """ Apply a rule when the work is done, and count its harm. :return: The answer to send. """
    kind = rule['kind']
    if kind == 'timeout_after':
        time.sleep(rule.get('seconds', 60))
        if is_client_gone():
            faults.note_harm(rule)
        return end_connection(rule)
    if kind == 'cut_body' and len(response.get_data()) < 2:
        faults.spare(rule)
        return response
    if kind.endswith('_after') or kind == 'cut_body':
        faults.note_harm(rule)
    if kind in CUTS_AFTER:
        return end_connection(rule)
    if kind == 'error_5xx_after':
        return Response('<html><h1>504 Gateway Timeout</h1></html>', rule.get('status', 504),
                        mimetype='text/html')
    if kind == 'html_200_after':
        return Response('<html>maintenance</html>', 200, mimetype='text/html')
    if kind == 'cut_body':
        body = response.get_data()
        cut = Response(body[:len(body) // 2], response.status_code, mimetype='application/json')
        cut.automatically_set_content_length = False
        cut.headers['Content-Length'] = str(len(body))
        return cut
    return response


def is_client_gone():
    """ Return whether whoever has asked waits no longer: it has closed the connection. """
    connection = request.environ.get('werkzeug.socket')
    request.get_data()  # What is left of the request would look like an end.
    return connection is None or connection.fileno() < 0 or bool(
        select.select([connection], [], [], 0)[0])


def end_connection(rule):
    """ End the connection without an answer, as the rule says. """
    connection = request.environ.get('werkzeug.socket')
    kind = rule['kind'].partition('_')[0]
    if connection is not None and connection.fileno() >= 0:
        try:
            if kind == 'garble':
                # Within TLS it is no record that can be read; without it, no HTTP.
                with socket.socket(fileno=os.dup(connection.fileno())) as bare:
                    bare.sendall(b'\x15\x03\x03\x00\x20' + b'\x02' * 32)
            if kind == 'reset':
                # To connect a socket to nothing sends RST at once, and leaves the socket open.
                ctypes.CDLL(None).connect(connection.fileno(), bytes(16), 16)
            else:
                connection.shutdown(socket.SHUT_RDWR)
        except OSError as error:
            # The client has given up first, which is just as well.
            print(f'sandbox: connection was already closed: {error}')
    return Response('', 500)
