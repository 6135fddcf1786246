""" A bank that takes connections and says nothing: who has to wait, and how long. """

import time

from .clients import post_json
from .ground import wait_until
from .stop import POLL, SWEEP, stand_still
from .table import Row

TITLE = 'A bank that hangs'
ROWS = {
    'payer': Row('A payer waits for a link, over HTTP', 's', at_most=30),
    'mail': Row("The longest wait of another job (Odoo's mails)", 's', at_most=30),
    'calls': Row("The jobs' calls to the bank", 'calls a minute'),
}
MAIL = 'mail.ir_cron_mail_scheduler_action'
HANGS = {'kind': 'timeout_before', 'path': '', 'times': 10 ** 6, 'seconds': 300}
STARTS = 180  # seconds in which Odoo and its workers of jobs are up


def measure(bench):
    """ Return the figures. """
    ground, seconds = bench.ground, bench.size(100, 40)
    stand_still(ground, bench.size(40, 10), hours=20)
    [[path, params]] = ground.inside(
        f"result = inside.pages(env, 'tochka', 1, {ground.label()!r})")
    ground.set_job(MAIL, True)
    with ground.odoo() as [host]:
        # Both workers of jobs listen before anything is measured.
        _mails(ground, STARTS, again=True)
        ground.control('faults', HANGS)
        ground.control('requests', method='DELETE')
        start = time.monotonic()
        answer = post_json(host.url + path, params)
        payer = time.monotonic() - start
        assert ground.control('requests'), f'The click did not reach the bank: {answer}'
        for xmlid in (POLL, SWEEP):
            ground.set_due(xmlid, 20)
        ground.wake()
        ground.control('requests', method='DELETE')
        until, waits = time.monotonic() + seconds, []
        while time.monotonic() < until:
            waits.append(_mails(ground, until - time.monotonic()))
            time.sleep(1)
    calls = len(ground.control('requests'))
    assert calls, 'No job has called the bank.'
    bench.note(f'Looked at for {seconds} s, so that no longer wait is seen; two workers for jobs.')
    return {'payer': (None, payer), 'mail': (None, max(waits)),
            'calls': (None, calls * 60 / seconds)}


def _mails(ground, longest, again=False):
    """ Let Odoo's mails be due now. :return: After how many seconds they have had their turn. """
    start, triggers = time.monotonic(), ground.trigger(MAIL)

    def had_their_turn():
        if again:
            ground.wake()  # whoever was not up yet has not heard it
        return not ground.one(
            'SELECT count(*) FROM ir_cron_trigger WHERE id = ANY(%s)', triggers)
    wait_until(had_their_turn, longest)
    return time.monotonic() - start
