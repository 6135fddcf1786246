""" KOMTET's callbacks: one signed POST to the address of the check, and what can go wrong. """

import itertools
import json

import requests

from .komtet_protocol import sign

# Once; never; twice; signed by a foreign secret; not signed; after a delay.
MODES = ('once', 'lost', 'doubled', 'forged', 'unsigned', 'late')
FOREIGN_SECRET = 'somebody-else'
TIMEOUT = 20


class Callback:
    """ One callback on its way. """

    _ids = itertools.count(1)

    def __init__(self, url, body, signature):
        self.id = next(self._ids)
        self.url = url
        self.body = body
        self.signature = signature
        self.result = None
        self.timer = None

    def describe(self):
        """ Describe it for the control API. """
        return {'id': self.id, 'url': self.url, 'body': self.body, 'result': self.result}


class Callbacks:
    """ Sends callbacks in the background, each of them once: whether KOMTET repeats is unknown.

    :param Kassa kassa: Whose callbacks they are.
    """

    def __init__(self, kassa):
        self.kassa = kassa
        self.sent = []

    def announce(self, url, content):
        """ Tell the shop the result of a task, in the way that is switched on. """
        mode = self.kassa.settings['callbacks']
        if mode == 'doubled':
            self.again(self.send(url, content))
        elif mode == 'lost':
            self._add(self._made(url, content, self.kassa.secret)).result = 'lost'
        elif mode == 'late':
            self.send(url, content, seconds=self.kassa.settings['callback_delay'])
        else:
            secret = {'forged': FOREIGN_SECRET, 'unsigned': None}.get(mode, self.kassa.secret)
            self.send(url, content, secret)

    def send(self, url, content, secret='', seconds=0):
        """ Send a callback.

        :param str url: The address as KOMTET was given it; it is part of the signature.
        :param dict content: The body.
        :param str|None secret: Another one than the shop's; None: do not sign.
        :param float seconds: How long to wait before.
        :rtype: Callback
        """
        if secret == '':
            secret = self.kassa.secret
        return self._start(self._made(url, content, secret), seconds)

    def again(self, callback):
        """ Send the same once more. """
        return self._start(Callback(callback.url, callback.body, callback.signature))

    def clear(self):
        """ Forget everything; what has not left yet is not sent. """
        with self.kassa.lock:
            for callback in self.sent:
                if callback.timer:
                    callback.timer.cancel()
            self.sent = []

    def _made(self, url, content, secret):
        body = json.dumps(content, ensure_ascii=False)
        signature = None if secret is None else sign(secret, 'POST', url, body.encode())
        return Callback(url, body, signature)

    def _add(self, callback):
        with self.kassa.lock:
            self.sent.append(callback)
        return callback

    def _start(self, callback, seconds=0):
        with self.kassa.lock:
            self._add(callback).timer = self.kassa.bank.timers.after(
                seconds, self._post, callback)
        return callback

    def _post(self, callback):
        headers = {'Content-Type': 'application/json'}
        if callback.signature:
            headers['X-HMAC-Signature'] = callback.signature
        try:
            callback.result = requests.post(
                callback.url, data=callback.body.encode(), headers=headers, timeout=TIMEOUT,
                allow_redirects=False,
            ).status_code
        except (requests.RequestException, ValueError) as error:
            callback.result = type(error).__name__
