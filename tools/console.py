""" What the commands say. """

import sys


class Trouble(Exception):
    """ Something that the user can mend; the message says how. """


def say(text):
    """ Say in a sentence what is being done. """
    print(f'· {text}', file=sys.stderr, flush=True)
