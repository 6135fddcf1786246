""" What a job finds nothing in, and a page shows, among many old payments, against few.

    bin/python -m tests.benchmarks.old_rows [--rows 1000000]

Two databases are made of the same one, with 1,000 old payments and with so many; each payment has
its invoice, entries, notification, receipt, line and attempt. Then the same is done in both, turn
by turn. The table is printed in Markdown.
"""

import argparse
import json
import subprocess
import time

from tests import paid_shop
from tools import database, postgres
from tools.console import Trouble, say
from tools.odoo_run import command, environment

FEW = 1000
GOAL = 1.2
_MARK = 'RESULT '


# === INSIDE ODOO === #

def fill(env, rows):
    """ Make a shop with one real payment, and old ones beside it. """
    from odoo.fields import Command

    from odoo.addons.tochka_fiscal.tests.old_rows import add_old_rows

    receipt = paid_shop.prepare(env)
    company, register = receipt.company_id, receipt.register_id
    env['fiscal.attempt'].create({
        'receipt_id': receipt.id, 'register_id': register.id, 'key': 'first', 'outcome': 'done'})
    receipt.invoice_ids.invoice_line_ids[:1].fiscal_marks = '0104600000000001215first'
    # PostgreSQL need not look whether each copy fits its neighbours.
    env.cr.execute("SET LOCAL session_replication_role = replica")
    add_old_rows(env, receipt, rows)
    customer = env['fiscal.receipt'].search([('name', '=', 'OLD/20')]).partner_id
    env['res.users'].with_context(no_reset_password=True).create({
        'name': customer.name, 'login': 'old', 'password': 'old-customer',
        'partner_id': customer.id, 'company_id': company.id,
        'company_ids': [Command.set(company.ids)],
        'group_ids': [Command.set(env.ref('base.group_portal').ids)]})
    env.ref('base.user_admin').write({
        'company_ids': [Command.link(company.id)], 'company_id': company.id, 'password': 'admin',
        'group_ids': [Command.link(env.ref('account.group_account_manager').id)]})
    env.cr.commit()


def measure(names, rounds):
    """ Do each thing several times, in one database and the other by turns: a machine that is busy
    for a while is busy for both.

    :return: The shortest seconds in each database, by what was done.
    """
    from contextlib import ExitStack

    from odoo import SUPERUSER_ID, api
    from odoo.modules.registry import Registry
    from odoo.tools import config

    config['db_name'] = names
    seconds = {}
    with ExitStack() as stack:
        envs = [
            api.Environment(stack.enter_context(Registry(name).cursor()), SUPERUSER_ID, {})
            for name in names]
        things = [{**_jobs(env), **_searches(env), **_pages(env)} for env in envs]
        for what in things[0]:
            best = [float('inf')] * len(names)
            for _round in range(rounds):
                for index, env in enumerate(envs):
                    env.cr.commit()
                    env.invalidate_all()
                    begin = time.perf_counter()
                    things[index][what]()
                    best[index] = min(best[index], time.perf_counter() - begin)
                    env.cr.commit()
            seconds[what] = best
    return seconds


def _jobs(env):
    receipts, transactions = env['fiscal.receipt'], env['payment.transaction']
    events = env['tochka.webhook.event']
    return {
        "Job: closing receipts": receipts._cron_fiscal_closing,
        "Job: lane of receipts": lambda: receipts._due(0),
        "Job: overdue receipts": receipts._cron_fiscal_overdue,
        "Job: monitor": transactions._cron_tochka_monitor,
        "Job: Odoo's post-processing": transactions._cron_post_process,
        "Job: poll": transactions._cron_tochka_poll,
        "Job: refunds": transactions._cron_tochka_refund,
        "Job: refunds recorded by hand": transactions._tochka_ask_about_recorded_refunds,
        "Job: notifications": events._cron_tochka_process_events,
        "Job: personal data": events._gc_personal_data,
    }


def _searches(env):
    from datetime import date, timedelta

    from odoo import fields

    receipts, lines = env['fiscal.receipt'], env['fiscal.receipt.line']
    company = env['res.company'].search([('vat', '!=', False)], order='id desc', limit=1)
    user = env['res.users'].search([('login', '=', 'old')])
    customer = user.partner_id
    own = receipts._portal_domain(customer)
    connection, register = env['tochka.connection'].search([]), env['fiscal.register'].search([])
    first = env['payment.transaction'].search([('reference', '=', 'first')])
    line = first.invoice_ids.invoice_line_ids[:1]
    missed = env['fiscal.missed'].create({
        'company_id': company.id, 'date_from': date.today() - timedelta(days=2),
        'date_to': date.today() - timedelta(days=1)})
    closed = ('done', 'delegated')

    def page(model, domain, names):
        records = env[model]
        return lambda: records.web_search_read(
            domain, dict.fromkeys(names, {}), limit=80, count_limit=1001)

    receipt_names = ['paid_at', 'name', 'partner_id', 'register_id', 'document_number', 'total',
                     'is_overdue', 'state']
    return {
        "Portal: counter of receipts": lambda: receipts.search_count(own),
        "Portal: list of receipts": lambda: receipts.search(
            own, order='paid_at desc, id desc', limit=80).mapped('state'),
        "Receipts by buyer": lambda: receipts.search(
            [('partner_id', '=', customer.id)]).mapped('state'),
        "Balance: companies": lambda: customer._tochka_balance_companies(company),
        "Balance": lambda: customer._tochka_balance(company),
        "Balance: refunds": lambda: customer._tochka_shown_refunds(company),
        "List: receipts": page(
            'fiscal.receipt', [('state', 'not in', ('waiting', 'void'))], receipt_names),
        "List: receipts that are overdue": page(
            'fiscal.receipt', [('is_overdue', '=', True)], receipt_names),
        "List: prepayments not closed": page(
            'fiscal.receipt', [('prepaid_left', '>', 0), ('state', 'in', closed)], receipt_names),
        "List: notifications": page(
            'tochka.webhook.event', [], ['received_at', 'operation_id', 'state', 'amount']),
        "List: needs attention": page(
            'payment.transaction', [('tochka_problem_ids', '!=', False)],
            ['reference', 'partner_id', 'amount', 'state']),
        "List: refunds": page(
            'payment.transaction', [('provider_code', '=', 'tochka'), ('operation', '=', 'refund')],
            ['reference', 'partner_id', 'amount', 'state']),
        "Sums: receipts by VAT, three days": lambda: lines.formatted_read_group(
            [('state', 'in', closed),
             ('paid_at', '>=', fields.Datetime.now() - timedelta(days=3))],
            ['register_id', 'vat'], ['total:sum']),
        "Connection: last answer and event": lambda: (
            connection.mapped('answered_at'), connection.mapped('last_event_at')),
        "Register: what waits, the last receipt": lambda: (
            register.mapped('waiting_count'), register.mapped('last_receipt_id.name')),
        "Settlements without a receipt": lambda: (
            missed._find_unprinted(), missed._find_transactions()),
        "Marks: is the piece sold?": lambda: line._fiscal_check_sold_once(),
        "Marks: is the piece told of?": lambda: first._fiscal_told_codes(
            ['01046000000000012153'], 'account.move,1'),
    }


def _pages(env):
    """ Whole pages of a customer, through Odoo's own WSGI application. """
    from werkzeug.test import Client

    from odoo.http import root

    client, visitor = Client(root), {'REMOTE_ADDR': '127.0.0.1'}

    def call(path, **params):
        answer = client.post(
            path, json={'jsonrpc': '2.0', 'params': params}, environ_base=visitor).json
        if 'error' in answer:
            raise RuntimeError(answer['error']['data']['debug'])
        return answer['result']

    def get(path):
        response = client.get(path, environ_base=visitor)
        if response.status_code != 200:
            raise RuntimeError(f'{path}: {response.status}')

    call('/web/session/authenticate', db=env.cr.dbname, login='old', password='old-customer')
    counters = ['invoice_count', 'overdue_invoice_count', 'tochka_balance_count',
                'fiscal_receipt_count']
    return {
        "/my/counters": lambda: call('/my/counters', counters=counters),
        "/my/counters, those of the add-ons": lambda: call('/my/counters', counters=counters[2:]),
        "/my/balance": lambda: get('/my/balance'),
        "/my/fiscal-receipts": lambda: get('/my/fiscal-receipts'),
    }


# === OUTSIDE === #

def _inside(name, code):
    """ Run code in Odoo's shell and return what it put into `result`. """
    script = ('import json\nfrom tests.benchmarks import old_rows\n' + code
              + f"\nprint('{_MARK}' + json.dumps(result))\n")
    done = subprocess.run(
        command('shell', '-d', name, '--no-http', '--log-level=error'),
        input=script, env=environment(), capture_output=True, text=True)
    for line in done.stdout.splitlines():
        if _MARK in line:
            return json.loads(line.split(_MARK, 1)[1])
    raise Trouble((done.stdout + done.stderr)[-5000:])


def _prepare(name, rows):
    say(f"Filling {name} with {rows} old payments")
    database.copy(database.ready('full'), name)
    _inside(name, f'result = old_rows.fill(env, {rows})')
    connection = database.connect(name)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    connection.close()
    database.set_stamp(name, str(rows))


def main():
    """ Fill, measure and print. """
    parser = argparse.ArgumentParser()
    parser.add_argument('--rows', type=int, default=1_000_000)
    parser.add_argument('--rounds', type=int, default=30)
    parser.add_argument('--keep', action='store_true', help="use and keep the databases")
    options = parser.parse_args()
    names = {rows: database.own(f'tochka_old_{rows}') for rows in (FEW, options.rows)}
    with postgres.running():
        for rows, name in names.items():
            if not options.keep or database.get_stamp(name) != str(rows):
                _prepare(name, rows)
        found = _inside(
            names[FEW],
            f'result = old_rows.measure({list(names.values())!r}, {options.rounds})')
        if not options.keep:
            for name in names.values():
                database.drop(name)
    print(f'| | {FEW:,} ms | {options.rows:,} ms | Ratio | Goal {GOAL} |')
    print('|---|---|---|---|---|')
    for what, (few, many) in found.items():
        met = 'met' if many / few <= GOAL else 'not met'
        print(f'| {what} | {few * 1000:.2f} | {many * 1000:.2f} | {many / few:.2f} | {met} |')


if __name__ == '__main__':
    main()
