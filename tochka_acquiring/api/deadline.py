# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

""" How long several calls may take together, however many there are. """

import time

from . import errors
from .errors import _lt


class Deadline:
    """ A moment after which nothing is sent any more.

    :param float seconds: How long it is until then, from now on.
    """

    def __init__(self, seconds):
        self._end = time.monotonic() + seconds

    def left(self):
        """ Return how much time is left. Seconds. :rtype: float """
        return max(self._end - time.monotonic(), 0.0)

    def cut(self, timeout):
        """ Return the time-out of a call that begins now.

        :param tuple[float, float] timeout: Seconds to connect and to wait for the answer.
        :return: The same, or less: together not more than what is left.
        :rtype: tuple[float, float]
        :raise NoTimeLeft: If nothing is left: the call is not to be sent.
        """
        connect, answer = timeout
        left = self.left()
        connect = min(connect, left / 2)
        answer = min(answer, left - connect)
        if min(connect, answer) <= 0:
            raise errors.NoTimeLeft(_lt("The bank did not answer in time."))
        return connect, answer
