""" The time of delays and intervals: it runs, or stands still and is moved. """

import threading

import pytest

from sandbox.timers import Timers
from tests.served import wait_until


@pytest.fixture
def timers():
    """ Timers whose time stands still. """
    timers = Timers()
    timers.stand_still(True)
    yield timers
    timers.stop()


def test_everything_is_done_at_its_moment(timers):
    done = []
    start = timers.now()
    for seconds in (3, 1, 2):
        timers.after(seconds, lambda: done.append(timers.now() - start))
    timers.advance(0.9)
    assert done == []
    timers.advance(1.1)
    assert done == pytest.approx([1, 2])
    timers.advance(3600)
    assert done == pytest.approx([1, 2, 3]) and timers.now() == pytest.approx(start + 3602)


def test_what_it_leads_to_is_done_as_well(timers):
    done = []

    def again():
        done.append(len(done))
        if len(done) < 5:
            timers.after(10, again)

    timers.after(10, again)
    timers.advance(49)
    assert done == [0, 1, 2, 3]
    timers.advance(1)
    assert len(done) == 5


def test_it_is_waited_for(timers):
    go, done = threading.Event(), []
    timers.after(0, lambda: go.wait(20) and done.append('first'))
    timers.after(0, go.set)
    timers.advance(0)
    assert done == ['first']


def test_what_is_cancelled_is_not_done(timers):
    done = []
    timers.after(1, done.append, 'kept')
    timers.after(1, done.append, 'cancelled').cancel()
    timers.advance(1)
    assert done == ['kept']


def test_what_fails_holds_up_nothing(timers, monkeypatch):
    failures, done = [], []
    monkeypatch.setattr(threading, 'excepthook', failures.append)
    timers.after(1, lambda: 1 / 0)
    timers.after(2, done.append, 'second')
    timers.advance(2)
    assert done == ['second'] and failures[0].exc_type is ZeroDivisionError


def test_time_runs_by_itself(timers):
    done = []
    timers.after(0.01, done.append, 'first')
    timers.stand_still(False)
    timers.after(0.01, done.append, 'second')
    wait_until(lambda: sorted(done) == ['first', 'second'], "both")
    with pytest.raises(ValueError, match='time runs'):
        timers.advance(1)


@pytest.mark.parametrize('seconds', [-1, '1', True, None])
def test_senseless_move(timers, seconds):
    with pytest.raises(ValueError, match='number of seconds'):
        timers.advance(seconds)
