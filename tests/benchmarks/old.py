""" A million old payments beside a thousand. """

from .table import Row

TITLE = 'Old rows'
ROWS = {
    'worst': Row('The slowest of all searches, jobs and pages', 'ms', 'the same with few old rows',
                 at_most=1.2),
}


def measure(bench):
    """ Return the figures. """
    raise NotImplementedError
