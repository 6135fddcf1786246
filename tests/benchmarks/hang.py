""" A bank that takes connections and says nothing: who has to wait, and how long. """

import time

from .ground import wait_until
from .stop import POLL, SWEEP, stand_still
from .table import Row

TITLE = 'A bank that hangs'
ROWS = {
    'payer': Row('A payer waits for a link', 's', at_most=30),
    'mail': Row("The longest wait of another job (Odoo's mails)", 's', at_most=30),
    'calls': Row("The jobs' calls to the bank", 'calls a minute'),
}
MAIL = 'mail.ir_cron_mail_scheduler_action'
HANGS = {'kind': 'timeout_before', 'path': '', 'times': 10 ** 6, 'seconds': 300}


def measure(bench):
    """ Return the figures. """
    ground, seconds = bench.ground, bench.size(100, 40)
    stand_still(ground, bench.size(40, 10), hours=20)
    [clicked] = ground.make('tochka', 1)
    ground.control('faults', HANGS)
    ground.control('requests', method='DELETE')
    payer = ground.inside(f"result = inside.click(env, {clicked['id']})")
    assert ground.control('requests'), 'The click did not reach the bank.'
    for xmlid in (POLL, SWEEP):
        ground.set_due(xmlid, 20)
    ground.set_job(MAIL, True)
    ground.control('requests', method='DELETE')
    with ground.odoo():
        until, waits = time.monotonic() + seconds, []
        while time.monotonic() < until:
            start, triggers = time.monotonic(), ground.trigger(MAIL)
            wait_until(lambda triggers=triggers: not ground.one(
                'SELECT count(*) FROM ir_cron_trigger WHERE id = ANY(%s)', triggers),
                until - time.monotonic())
            waits.append(time.monotonic() - start)
            time.sleep(1)
    calls = len(ground.control('requests'))
    bench.note(f'Looked at for {seconds} s, so that no longer wait is seen; two workers for jobs.')
    return {'payer': (None, payer), 'mail': (None, max(waits)),
            'calls': (None, calls * 60 / seconds)}
