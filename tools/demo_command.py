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

NAME = 'demo'
RECEIPT_SECONDS = 90


def prepare_database(fresh):
    """ Have the demo's database, made anew when the add-ons have changed. """
    stamp = database.digest(database.base_stamp('full'), database.addons_digest(),
                            data_call.SOURCE)
    if fresh or database.get_stamp(NAME) != stamp:
        source = database.base('full')
        say("Creating the demo's database")
        database.copy(source, NAME)
        database.install(NAME, database.ADDONS)
        database.set_stamp(NAME, stamp)


def run(once, fresh):
    """ Start everything, pay if asked, stop everything. :return: The exit code. """
    started = time.monotonic()
    processes = []
    with postgres.running():
        try:
            prepare_database(fresh)
            sandbox, sandbox_url = start_sandbox(8070)
            processes.append(sandbox)
            credentials = fetch_json(f'{sandbox_url}/_control/credentials')
            port = free_port(8069)
            invoice = data_call.prepare(NAME, sandbox_url, credentials, f'http://127.0.0.1:{port}')
            second = data_call.prepare_second(NAME)
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
    return run(options.once, options.fresh)


if __name__ == '__main__':
    try:
        sys.exit(main())
    except (Trouble, subprocess.SubprocessError) as trouble:
        sys.exit(f'✗ {trouble}')
    except KeyboardInterrupt:
        sys.exit('✗ Stopped')
