""" Commands that end with this process, however it ends; see `watcher.py`. """

import os
import signal
import subprocess
import sys
from contextlib import contextmanager

from . import watcher

STOP_SECONDS = 15


class Watched:
    """ A command with all its children. It ends when it is stopped, or when this process ends.

    :param list[str] words: The command.
    :param float seconds: What does not listen for so long is killed.
    :param options: Options of `subprocess.Popen`.
    """

    def __init__(self, words, seconds=STOP_SECONDS, **options):
        # The watcher itself needs a moment more.
        self._patience = seconds + 2 * watcher.KILLED_SECONDS
        end, self._pipe = os.pipe()
        try:
            # In a session of its own: Ctrl-C is for the one who has started it.
            self.process = subprocess.Popen(
                [sys.executable, '-I', '-S', watcher.__file__, str(end), str(seconds), *words],
                pass_fds=[end], start_new_session=True, **options)
        except BaseException:
            os.close(self._pipe)
            raise
        finally:
            os.close(end)

    def stop(self):
        """ Stop it; the hard way if it does not listen. """
        self._end()

    def kill(self):
        """ Kill it without warning. """
        self._end(watcher.AT_ONCE)

    def _end(self, word=b''):
        if self._pipe is not None:
            pipe, self._pipe = self._pipe, None
            try:
                if word:
                    os.write(pipe, word)
            except BrokenPipeError:
                pass  # It has ended by itself.
            finally:
                os.close(pipe)
        self.process.wait(self._patience)


def run(words, **options):
    """ Run a command to its end, as `subprocess.run` does with `capture_output` and `text`.

    :param str input: What the command reads.
    :rtype: subprocess.CompletedProcess
    """
    given = options.pop('input', None)
    watched = Watched(
        words, stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options)
    try:
        output, errors = watched.process.communicate(given)
    finally:
        watched.stop()
    return subprocess.CompletedProcess(words, watched.process.returncode, output, errors)


@contextmanager
def signals_stop():
    """ Let TERM and INT end what runs inside as Ctrl-C does, also where INT was ignored before. """
    def stop(*_args):
        raise KeyboardInterrupt

    numbers = (signal.SIGTERM, signal.SIGINT)
    before = [signal.signal(number, stop) for number in numbers]
    try:
        yield
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)
