""" bin/demo [--once] [--fresh]: a school, its bank and its customer, on this machine. """

import argparse
import json
import subprocess
import sys
import time

from . import database, postgres
from .console import Trouble, say
from .demo import data_call
from .demo.customer import Customer, CustomerError
from .demo.server import fetch_json, free_port, start_odoo, start_sandbox
from .watched import signals_stop

NAME = 'demo'
RECEIPT_SECONDS = 90


def prepare_database(fresh):
    """ Have the demo's database, made anew when the add-ons have changed. It needs no optional app.

    :return: Whether it was there already.
    """
    stamp = database.digest(database.base_stamp('small'), database.addons_digest(),
                            data_call.SOURCE)
    if not fresh and database.get_stamp(NAME) == stamp:
        return True
    source = database.base('small')
    say("Creating the demo's database")
    database.copy(source, NAME)
    database.install(NAME, database.ADDONS)
    database.set_stamp(NAME, stamp)
    return False


def prepare_data(kept, sandbox_url, port):
    """ Make the demo's data, or bring what depends on the addresses up to date.

    :param bool kept: Whether the database was used before.
    :return: The two invoices.
    :raise Trouble: If what somebody has done in the database is in the way.
    """
    credentials = fetch_json(f'{sandbox_url}/_control/credentials')
    try:
        return data_call.prepare_both(
            NAME, sandbox_url, credentials, f'http://127.0.0.1:{port}')
    except data_call.DataTrouble as trouble:
        raise Trouble(f'{trouble}' + kept * ". Begin with a new database: bin/demo --fresh"
                      ) from trouble


def run(once, fresh):
    """ Start everything, pay if asked, stop everything. :return: The exit code. """
    started = time.monotonic()
    processes = []
    with postgres.running():
        try:
            kept = prepare_database(fresh)
            sandbox, sandbox_url = start_sandbox(8070)
            processes.append(sandbox)
            port = free_port(8069)
            invoice, second = prepare_data(kept, sandbox_url, port)
            odoo, odoo_url = start_odoo(NAME, port, workers=2)
            processes.append(odoo)
            say(f'Ready in {time.monotonic() - started:.0f} s')
            if once:
                return pay_once(odoo_url, invoice, second, started)
            print_addresses(odoo_url, sandbox_url, invoice, second)
            return odoo.wait()
        except KeyboardInterrupt:
            say('Stopping')
            return 0
        finally:
            for process in reversed(processes):
                process.stop()


def print_addresses(odoo_url, sandbox_url, invoice, second):
    """ Say where to look and how to log in. """
    print(f"""
  Odoo            {odoo_url}/odoo
    accountant    login accountant, password demo
    administrator login admin, password admin
    customer      login customer, password demo ({odoo_url}/my/invoices)
  Invoice         {odoo_url}{invoice['path']}
                  (open it in a private window: it is the customer's link)
    of another company, with the bank's own register:
                  {odoo_url}{second['path']}
  Bank (sandbox)  {sandbox_url}/_control/operations

  Ctrl-C stops everything.
""", flush=True)


def pay_once(odoo_url, invoice, second, started):
    """ Pay both invoices as a customer's browser would; print what became of them. """
    result, problems = _pay(odoo_url, invoice, 'done')
    # The bank does not tell what its register has printed: more than this can't be known.
    result['second'], more = _pay(odoo_url, second, 'delegated')
    result['seconds'] = round(time.monotonic() - started, 1)
    for problem in problems + more:
        print(f'✗ {problem}', file=sys.stderr)
    print(json.dumps(result, ensure_ascii=False), flush=True)
    return 1 if problems + more else 0


def _pay(odoo_url, invoice, wanted):
    """ Pay an invoice, and wait for its receipt.

    :param str wanted: The state of the receipt in the end.
    :return: What became of it, and what is wrong.
    :rtype: tuple[dict, list[str]]
    """
    problems = []
    try:
        Customer(odoo_url).pay(invoice['path'])
    except CustomerError as error:
        problems.append(str(error))
    until = time.monotonic() + RECEIPT_SECONDS
    while True:
        result = data_call.describe(NAME, invoice['id'])
        # The register prints a moment after the money.
        if all(receipt['state'] in (wanted, 'failed') for receipt in result['receipts']) or (
            time.monotonic() > until
        ):
            break
    if not (result['payment_state'] in ('paid', 'in_payment')
            and result['transaction_state'] == 'done'):
        problems.append(f"The invoice {invoice['name']} is not paid.")
    elif [receipt['state'] for receipt in result['receipts']] != [wanted]:
        problems.append(f"The receipt of {invoice['name']} is not {wanted}.")
    return result, problems


def main():
    """ Read the options and run. """
    parser = argparse.ArgumentParser(prog='bin/demo', description=__doc__)
    parser.add_argument('--once', action='store_true',
                        help="pay the invoice, print the result as JSON and stop")
    parser.add_argument('--fresh', action='store_true', help="begin with a new database")
    options = parser.parse_args()
    with signals_stop():
        return run(options.once, options.fresh)


if __name__ == '__main__':
    try:
        sys.exit(main())
    except (Trouble, subprocess.SubprocessError) as trouble:
        sys.exit(f'✗ {trouble}')
    except KeyboardInterrupt:
        sys.exit('✗ Stopped')
