""" Callbacks of a register that does not sign: one POST each, and what can go wrong. """

import itertools

import requests

# Once; never; twice; after a delay.
MODES = ('once', 'lost', 'doubled', 'late')
TIMEOUT = 20


class Callback:
    """ One callback on its way. """

    _ids = itertools.count(1)

    def __init__(self, url, body):
        self.id = next(self._ids)
        self.url = url
        self.body = body
        self.result = None
        self.timer = None

    def describe(self):
        """ Describe it for the control API. """
        return {'id': self.id, 'url': self.url, 'body': self.body, 'result': self.result}


class Callbacks:
    """ Sends callbacks in the background, each of them once: whether they repeat is unknown.

    :param Timers timers: By which they are late.
    :param threading.RLock lock: That of the register.
    :param str content_type: Of the bodies.
    """

    def __init__(self, timers, lock, content_type):
        self._timers = timers
        self._lock = lock
        self._content_type = content_type
        self.sent = []

    def announce(self, url, body, settings):
        """ Tell the shop, in the way that is switched on. """
        mode = settings['callbacks']
        if mode == 'lost':
            callback = Callback(url, body)
            callback.result = 'lost'
            with self._lock:
                self.sent.append(callback)
            return
        self.send(url, body, settings['callback_delay'] if mode == 'late' else 0)
        if mode == 'doubled':
            self.send(url, body)

    def send(self, url, body, seconds=0):
        """ Send a callback.

        :param str url: The address.
        :param str body: Exactly what is sent.
        :param float seconds: How long to wait before.
        """
        callback = Callback(url, body)
        with self._lock:
            self.sent.append(callback)
            callback.timer = self._timers.after(seconds, self._post, callback)

    def again(self, number, copies=1):
        """ Send the same once more. :raise KeyError: If there is no such callback. """
        callback = {callback.id: callback for callback in self.sent}[number]
        for _copy in range(copies):
            self.send(callback.url, callback.body)

    def clear(self):
        """ Forget everything; what has not left yet is not sent. """
        with self._lock:
            for callback in self.sent:
                if callback.timer:
                    callback.timer.cancel()
            self.sent = []

    def _post(self, callback):
        try:
            callback.result = requests.post(
                callback.url, data=callback.body.encode(), timeout=TIMEOUT, allow_redirects=False,
                headers={'Content-Type': self._content_type},
            ).status_code
        except (requests.RequestException, ValueError) as error:
            callback.result = type(error).__name__
