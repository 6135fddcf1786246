""" Calls `data` inside Odoo's shell, in a process of its own. """

import json
import subprocess
from pathlib import Path

from ..console import Trouble
from ..layout import digest
from ..odoo_run import command, environment

SOURCE = digest(Path(__file__).with_name('data.py'))
_MARK = 'RESULT '


def _call(database, code):
    """ Run code in Odoo's shell and return what it put into `result`. """
    script = (
        'import json\nfrom tools.demo import data\n' + code
        + f"\nenv.cr.commit()\nprint('{_MARK}' + json.dumps(result))\n"
    )
    done = subprocess.run(
        command('shell', '-d', database, '--no-http', '--log-level=error'),
        input=script, env=environment(), capture_output=True, text=True,
    )
    for line in done.stdout.splitlines():
        if _MARK in line:
            return json.loads(line.split(_MARK, 1)[1])
    raise Trouble(f'The demo could not work with its data.\n{(done.stdout + done.stderr)[-5000:]}')


def prepare(database, sandbox_url, credentials, odoo_url, connect=True):
    """ Make the demo's data. :return: The invoice's id, name and portal path. """
    return _call(database, (
        f'invoice = data.prepare(env, {sandbox_url!r}, {credentials!r}, {odoo_url!r}, {connect})\n'
        "result = {'id': invoice.id, 'name': invoice.name,"
        " 'path': invoice.get_portal_url()}"
    ))


def prepare_second(database):
    """ Add a legal entity with the bank's register. :return: As `prepare`. """
    return _call(database, (
        'invoice = data.prepare_second(env)\n'
        "result = {'id': invoice.id, 'name': invoice.name,"
        " 'path': invoice.get_portal_url()}"
    ))


def describe(database, invoice_id):
    """ Return what became of an invoice. """
    return _call(database, f"result = data.describe(env['account.move'].browse({invoice_id}))")


def prepare_group(database):
    """ Add a second company and a branch. :return: Their ids. """
    return _call(database, 'result = data.prepare_group(env)')
