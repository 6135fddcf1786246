""" watcher.py PIPE SECONDS COMMAND...: a command that ends with the process that has started it.

See `watched.py`, which starts it. The other end of the pipe is open in the starter alone. However
that ends (also killed, when it can do nothing any more), the pipe closes, and all processes of the
command's group are ended; what does not listen for so many seconds is killed. Standard library
only, without the site's packages: it starts quickly.
"""

import ctypes
import os
import signal
import subprocess
import sys
import threading
import time

AT_ONCE = b'k'  # what the starter writes to kill without warning
KILLED_SECONDS = 10  # until what is killed is gone
PR_SET_CHILD_SUBREAPER = 36


def main():
    """ Run the command. The exit code is its own, or 128 + the signal that has ended it. """
    pipe, seconds, words = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3:]
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        # Not SIG_IGN: the command would inherit that.
        signal.signal(number, lambda *_args: None)
    if sys.platform == 'linux':
        # What the command leaves behind becomes ours, so that it can be waited for.
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    try:
        command = subprocess.Popen(words, start_new_session=True)
    except OSError as error:
        sys.exit(f'{words[0]}: {error}')
    threading.Thread(target=follow, args=(pipe, command.pid, seconds), daemon=True).start()
    code = command.wait()
    end(command.pid, seconds)
    sys.exit(code if code >= 0 else 128 - code)


def follow(pipe, group, seconds):
    """ Wait until the starter ends or says so, then end the group. """
    if os.read(pipe, 1) != AT_ONCE:
        send(group, signal.SIGTERM)
        time.sleep(seconds)
    send(group, signal.SIGKILL)


def end(group, seconds):
    """ End what a command has left in its group. """
    for number, patience in ((signal.SIGTERM, seconds), (signal.SIGKILL, KILLED_SECONDS)):
        until = time.monotonic() + patience
        reap(group)
        alive = send(group, number)
        while alive and time.monotonic() < until:
            time.sleep(0.02)
            reap(group)
            alive = send(group, 0)


def reap(group):
    """ Wait for those who are dead; till then they count as members. """
    try:
        while os.waitpid(-group, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


def send(group, number):
    """ Send a signal to a group. :return: Whether somebody is in it. """
    try:
        os.killpg(group, number)
    except ProcessLookupError:
        return False
    return True


if __name__ == '__main__':
    main()
