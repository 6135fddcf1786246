""" What the sandbox does later: the delays of tills and callbacks, the intervals of webhooks.

By itself it is done in real time. A test can stop the time and move it; then nothing depends on
how fast the machine is. The bank's own clock (`Bank.now`) has nothing to do with it.
"""

import heapq
import itertools
import threading
import time


class Timer:
    """ Something to be done at a moment. """

    def __init__(self, work, args):
        self.work = work
        self.args = args
        self.cancelled = False

    def cancel(self):
        """ Don't do it, unless it is being done already. """
        self.cancelled = True


class Timers:
    """ Does things when they are due, each in a thread of its own. """

    def __init__(self):
        self._changed = threading.Condition()
        self._still_at = None  # the moment, where time stands still
        self._offset = 0.0
        self._waiting = []  # a heap: moment, number, timer
        self._numbers = itertools.count()
        self._running = 0
        self._stopped = False
        threading.Thread(target=self._run, daemon=True).start()

    def now(self):
        """ Return the moment in seconds, counted from anywhere. """
        return time.monotonic() + self._offset if self._still_at is None else self._still_at

    def after(self, seconds, work, *args):
        """ Do something after some seconds. :rtype: Timer """
        timer = Timer(work, args)
        with self._changed:
            heapq.heappush(
                self._waiting, (self.now() + max(seconds, 0), next(self._numbers), timer))
            self._changed.notify_all()
        return timer

    def stand_still(self, still):
        """ Stop the time, or let it run. What is due at once is done even so. """
        with self._changed:
            if still:
                self._still_at = self.now()
            elif self._still_at is not None:
                self._still_at, self._offset = None, self._still_at - time.monotonic()
            self._changed.notify_all()

    def advance(self, seconds):
        """ Move the time that stands still, from one moment to the next where something is due.

        :return: When all of it has been done: what has not happened till then does not happen.
        :raise ValueError: If time runs, or would run back.
        """
        if type(seconds) not in (int, float) or seconds < 0:
            raise ValueError('advance must be a number of seconds')
        with self._changed:
            if self._still_at is None:
                raise ValueError('time runs: stop it with `still` first')
            until = self._still_at + seconds
            self._changed.wait_for(self._idle)
            while self._next() is not None and self._next() <= until:
                self._still_at = self._next()
                self._changed.notify_all()
                self._changed.wait_for(self._idle)
            self._still_at = max(until, self._still_at)

    def stop(self):
        """ Do nothing more. """
        with self._changed:
            self._stopped = True
            self._changed.notify_all()

    def _next(self):
        """ Return the moment of what comes next, or None. """
        while self._waiting and self._waiting[0][2].cancelled:
            heapq.heappop(self._waiting)
        return self._waiting[0][0] if self._waiting else None

    def _idle(self):
        return not self._running and (self._next() is None or self._next() > self.now())

    def _run(self):
        with self._changed:
            while not self._stopped:
                due = self._next()
                if due is None or due > self.now():
                    runs = due is not None and self._still_at is None
                    self._changed.wait(due - self.now() if runs else None)
                    continue
                timer = heapq.heappop(self._waiting)[2]
                self._running += 1
                threading.Thread(target=self._do, args=[timer], daemon=True).start()

    def _do(self, timer):
        try:
            if not timer.cancelled:
                timer.work(*timer.args)
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify_all()
