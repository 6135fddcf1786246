""" Tills that don't do what they say: what a shop must notice, or at least survive. """

import threading

from flask import jsonify, request

from .control import body

# error, timeout: printed, and told to have failed, or to have waited too long.
# recovers:       the same as `error`, and later told to be printed.
# twice:          printed two times under one key.
# sum, kind:      another sum (1.00 more), a return for a sale and the other way round.
KINDS = ('error', 'timeout', 'recovers', 'twice', 'sum', 'kind')


class Lies:
    """ What the next documents are lied about. """

    def __init__(self):
        self._lock = threading.Lock()
        self.ordered = []

    def order(self, kind, times=1):
        """ Let the till lie about the next documents. :raise ValueError: If it is senseless. """
        if kind not in KINDS or type(times) is not int or times < 1:
            raise ValueError(f'kind must be one of {", ".join(KINDS)}, times a number above 0')
        with self._lock:
            self.ordered.append({'kind': kind, 'times': times})

    def take(self):
        """ Return the kind of the next lie, counting it down; empty for the truth. """
        with self._lock:
            if not self.ordered:
                return ''
            rule = self.ordered[0]
            rule['times'] -= 1
            if rule['times'] < 1:
                self.ordered.pop(0)
            return rule['kind']

    def clear(self):
        """ Tell the truth from now on. """
        with self._lock:
            self.ordered = []


def add_lies(blueprint, register):
    """ Add the control `lies`: read, order (`kind`, `times`) or forget them.

    :param blueprint: The control of a register.
    :param register: A function that returns the register.
    """
    @blueprint.route('/lies', methods=['GET', 'POST', 'DELETE'])
    def lies():
        if request.method == 'POST':
            register().lies.order(**body())
        elif request.method == 'DELETE':
            register().lies.clear()
        return jsonify(register().lies.ordered)
