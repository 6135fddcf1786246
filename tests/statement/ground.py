""" What the tests of statements share. """

import os
import random
import sys

# With --long so many as are promised, else enough to meet each kind of mutation often.
LONG = bool(os.environ.get('TOCHKA_LONG'))


def seeded(name, seed=None):
    """ Return a random source, whose seed is printed with a failure: TOCHKA_SEED repeats a run.

    :param str name: Whose it is.
    :rtype: random.Random
    """
    if seed is None:
        seed = int(os.environ.get('TOCHKA_SEED') or random.SystemRandom().randrange(10 ** 9))
    print(f'{name}: TOCHKA_SEED={seed}', file=sys.stderr)
    return random.Random(seed)
