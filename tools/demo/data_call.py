""" Calls `data` inside Odoo's shell, in a process of its own. """

import json
import textwrap
from pathlib import Path

from .. import watched
from ..console import Trouble
from ..layout import cache_dir, digest
from ..odoo_run import command, environment

SOURCE = digest(Path(__file__).with_name('data.py'))
_MARK = 'RESULT '


class DataTrouble(Trouble):
    """ What is in the database can't be worked with; the message is one line. """


def call(database, code):
    """ Run code in Odoo's shell and return what it put into `result`.

    :raise DataTrouble: If the code fails.
    """
    script = (
        'import json, traceback\nfrom tools.demo import data\n'
        f"try:\n{textwrap.indent(code, '    ')}\n    env.cr.commit()\n"
        "    failed = None\n"
        'except Exception as error:\n'
        '    result, failed = str(error) or type(error).__name__, traceback.format_exc()\n'
        f"print('{_MARK}' + json.dumps([result, failed]))\n"
    )
    done = watched.run(
        command('shell', '-d', database, '--no-http', '--log-level=error'),
        input=script, env=environment(),
    )
    for line in done.stdout.splitlines():
        if _MARK in line:
            result, failed = json.loads(line.split(_MARK, 1)[1])
            if failed is None:
                return result
            raise DataTrouble(_one_line(database, result, failed))
    raise DataTrouble(_one_line(database, 'Odoo says no more', done.stdout + done.stderr))


def _one_line(database, error, details):
    """ Put the details where they can be read. :return: One line that says what is wrong. """
    log = cache_dir() / f'{database}_data.log'
    log.write_text(details)
    return f"The database {database} can't be used: {' '.join(error.split())} (more in {log})"


def _described(invoice):
    """ Return code that describes an invoice. """
    return (f"{{'id': {invoice}.id, 'name': {invoice}.name,"
            f" 'path': {invoice}.get_portal_url()}}")


def prepare(database, sandbox_url, credentials, odoo_url, connect=True):
    """ Make the demo's data. :return: The invoice's id, name and portal path. """
    return call(database, (
        f'invoice = data.prepare(env, {sandbox_url!r}, {credentials!r}, {odoo_url!r}, {connect})\n'
        f"result = {_described('invoice')}"
    ))


def prepare_both(database, sandbox_url, credentials, odoo_url):
    """ Make the demo's data, with a legal entity that uses the bank's register.

    :return: Of both invoices what `prepare` returns.
    """
    return call(database, (
        f'first = data.prepare(env, {sandbox_url!r}, {credentials!r}, {odoo_url!r})\n'
        f'second = data.prepare_second(env)\n'
        f"result = [{_described('first')}, {_described('second')}]"
    ))


def describe(database, invoice_id):
    """ Return what became of an invoice. """
    return call(database, f"result = data.describe(env['account.move'].browse({invoice_id}))")


def prepare_group(database):
    """ Add a second company and a branch. :return: Their ids. """
    return call(database, 'result = data.prepare_group(env)')
