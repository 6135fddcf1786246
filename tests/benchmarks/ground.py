""" What the benchmarks run on: a database with a shop in it, its bank, Odoo with workers. """

import contextlib
import itertools
import json
import os
import re
import subprocess
import time
import urllib.request
from pathlib import Path

from tools import database
from tools.console import Trouble, say
from tools.demo.server import Process, fetch_json, free_port, start_sandbox
from tools.layout import ROOT, cache_dir, digest, exclusive
from tools.odoo_run import command, environment
from tools.odoo_source import addons_paths

ADDONS = Path(__file__).with_name('addons')
MODULES = (
    'account_payment', 'sale_management', 'payment_demo', 'payment_mollie', 'payment_stripe',
    'payment_xendit',
)
NAME = 'tochka_benchmark'
POST_PROCESS = 'payment.cron_post_process_payment_tx'
WORKERS = 2
LISTEN_SECONDS = 60
# Odoo's defaults; `bin/demo` and the tests run with higher ones.
DEFAULT_LIMITS = ('--limit-time-cpu', '60', '--limit-time-real', '120')
_MARK = 'RESULT '


# === THE DATABASE === #

def _paths():
    odoo = Path(os.environ['TOCHKA_ODOO_ROOT'])
    return '--addons-path=' + ','.join(map(str, [*addons_paths(odoo), ROOT, ADDONS]))


def base():
    """ Return a database with the add-ons as they are now and Odoo's own providers; it is kept. """
    odoo_name, name = f'{NAME}_odoo', database.own(f'{NAME}_base')
    odoo_stamp = digest(repr(MODULES), os.environ['TOCHKA_ODOO_ROOT'])
    stamp = digest(odoo_stamp, database.addons_digest(), *sorted(ADDONS.rglob('*.py')))
    with exclusive(NAME):
        if database.get_stamp(odoo_name) != odoo_stamp:
            say("Creating the template database of the benchmarks (some minutes)")
            database.drop(odoo_name)
            database.install(odoo_name, MODULES)
            database.load_russian(odoo_name)
            database.set_stamp(odoo_name, odoo_stamp)
        if database.get_stamp(name) != stamp:
            say("Installing the add-ons for the benchmarks")
            database.copy(odoo_name, name)
            database.install(name, [*database.ADDONS, 'tochka_benchmark'], _paths())
            database.set_stamp(name, stamp)
    return name


@contextlib.contextmanager
def shop(template, name, stub_url, jwk, receipts=True):
    """ Have a shop with its bank, and Odoo's own providers, in a database that is dropped.

    :param str template: What `base` has returned.
    :param str stub_url: What Odoo's own providers call.
    :param str jwk: The key by which Odoo knows the bank's notifications.
    :param bool receipts: Whether payments get receipts.
    :rtype: Ground
    """
    name = database.own(f'{NAME}_{name}')
    database.copy(template, name)
    bank, url = start_sandbox(log=f'{name}_bank.log', webhook_interval=1)
    ground = Ground(name, url)
    try:
        credentials = fetch_json(f'{url}/_control/credentials')
        ground.inside(
            f'inside.prepare(env, {url!r}, {credentials!r}, {stub_url!r}, {jwk!r})\n'
            f'result = inside.receipts(inside.shop_env(env), {receipts})')
        # Nothing but what is measured shall run beside it.
        ground.sql("UPDATE ir_cron SET active = false WHERE id NOT IN (SELECT res_id FROM"
                   " ir_model_data WHERE model = 'ir.cron' AND (module LIKE 'tochka%%'"
                   " OR module || '.' || name = %s))", POST_PROCESS)
        # What the bank's own webhooks would bring is measured by ours.
        ground.control('webhooks', {'drop': True})
        yield ground
    finally:
        ground.close()
        bank.stop()
        database.drop(name)


class Ground:
    """ A database with a shop in it, and whoever works on it.

    :param str name: The database.
    :param str bank_url: Where the sandbox is reached.
    """

    def __init__(self, name, bank_url):
        self.name = name
        self.bank_url = bank_url
        self._connection = None
        # A label for what is made: references are unique.
        self._labels = (f'{number:02}' for number in itertools.count())

    def sql(self, statement, *values):
        """ Run a statement. :return: The rows. """
        if not self._connection:
            self._connection = database.connect(self.name)
        with self._connection.cursor() as cursor:
            cursor.execute(statement, values or None)
            return cursor.fetchall() if cursor.description else None

    def one(self, statement, *values):
        """ Return the only value of a statement's answer. """
        [[value]] = self.sql(statement, *values)
        return value

    def close(self):
        """ Leave the database. """
        if self._connection:
            self._connection.close()
            self._connection = None

    # === JOBS, by a pattern of their external ids === #

    def set_job(self, pattern, active):
        """ Let jobs run by themselves, or not. """
        self.sql('UPDATE ir_cron SET active = %s WHERE id = ANY(%s)', active, self._jobs(pattern))

    def set_due(self, pattern, hours):
        """ Let the last run of jobs be so long ago, and let them be due since then. """
        self.sql("UPDATE ir_cron SET active = true, lastcall = now() AT TIME ZONE 'UTC'"
                 " - %s * interval '1 hour', nextcall = now() AT TIME ZONE 'UTC'"
                 " - (%s - 0.1) * interval '1 hour' WHERE id = ANY(%s)",
                 hours, hours, self._jobs(pattern))

    def trigger(self, pattern):
        """ Let jobs run now. :return: The ids of the rows that are there until they have run.

        A job deletes those up to the second in which it ends, as Odoo writes them.
        """
        rows = self.sql(
            "INSERT INTO ir_cron_trigger (cron_id, call_at) SELECT unnest(%s),"
            " date_trunc('second', now() AT TIME ZONE 'UTC') RETURNING id", self._jobs(pattern))
        self.wake()
        return [trigger_id for [trigger_id] in rows]

    def wake(self):
        """ Let the workers of jobs look for what is due. After its start, Odoo's own first look is
        a minute later.
        """
        with contextlib.closing(database.connect()) as connection:
            connection.cursor().execute("SELECT pg_notify('cron_trigger', %s)", [self.name])

    def _jobs(self, pattern):
        ids = [job_id for [job_id] in self.sql(
            "SELECT res_id FROM ir_model_data WHERE model = 'ir.cron'"
            " AND module || '.' || name LIKE %s", pattern)]
        if not ids:
            raise Trouble(f'There is no job {pattern}.')
        return ids

    # === THE BANK === #

    def control(self, path, values=None, method=None):
        """ Call the control of the bank. """
        request = urllib.request.Request(
            f'{self.bank_url}/_control/{path}',
            data=None if values is None else json.dumps(values).encode(),
            headers={'Content-Type': 'application/json'},
            method=method or ('GET' if values is None else 'POST'),
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            return json.load(answer)

    def pay(self, made):
        """ Let the bank take the money of operations. """
        for values in made:
            self.control(f"pay/{values['operation']}", {'method': 'card'})

    # === ODOO === #

    def make(self, code, count, **options):
        """ Make transactions. :return: As `inside.make`. """
        words = ''.join(f', {name}={value!r}' for name, value in options.items())
        return self.inside(f'result = inside.make(env, {code!r}, {count}, {self.label()!r}{words})')

    def label(self):
        """ Return a label that nothing else in this database has. """
        return next(self._labels)

    def inside(self, code, profiled=False):
        """ Run code inside Odoo's shell.

        :param str code: Python; it has `env` and `inside` (the module), and sets `result`.
        :param bool profiled: Return where the time was spent instead.
        :return: What it put into `result`.
        :raise Trouble: If it fails.
        """
        lines = [
            'import json', 'from tests.benchmarks import inside', 'env = inside.shop_env(env)',
            'profile = inside.Profile()', f'with profile if {profiled} else inside.nothing():',
            *(f'    {line}' for line in code.strip().splitlines()),
            'env.cr.commit()', f'result = profile.text() if {profiled} else result',
            f"print('{_MARK}' + json.dumps(result))",
        ]
        done = subprocess.run(
            command('shell', '-d', self.name, _paths(), '--no-http', '--log-level=error'),
            input='\n'.join(lines) + '\n', env=environment(), capture_output=True, text=True,
        )
        for line in done.stdout.splitlines():
            if _MARK in line:
                return json.loads(line.split(_MARK, 1)[1])
        raise Trouble(f'A benchmark failed inside Odoo.\n{(done.stdout + done.stderr)[-5000:]}')

    @contextlib.contextmanager
    def odoo(self, hosts=1, crons=2):
        """ Have Odoo running, as one or more hosts of the same database. :rtype: list[Host] """
        running = []
        try:
            for number in range(hosts):
                running.append(Host(self, number, crons))
            yield running
        finally:
            for host in running:
                host.process.stop()

    def follow(self, count, total, longest):
        """ Look again and again how far something is.

        :param str count: A query of one number: how many are done.
        :param int total: How many are done in the end.
        :param float longest: Seconds after which nobody waits any more.
        :return: Seconds since now, and how many were done by then.
        :rtype: list[tuple[float, int]]
        """
        start, seen = time.monotonic(), [(0.0, 0)]
        while seen[-1][1] < total and seen[-1][0] < longest:
            time.sleep(0.1)
            done = self.one(count)
            seen.append((time.monotonic() - start, done))
        return seen


class Host:
    """ An Odoo with workers, at Odoo's default limits. """

    def __init__(self, ground, number, crons):
        port = free_port()
        self.url = f'http://127.0.0.1:{port}'
        if not number:
            # The register tells of results there.
            ground.sql('UPDATE fiscal_register SET public_url = %s, address = %s',
                       self.url, self.url)
        log = cache_dir() / f'{ground.name}_{number}.log'
        log.unlink(missing_ok=True)
        self._log = log
        self.process = Process(command(
            'server', '-d', ground.name, f'--db-filter=^{ground.name}$', _paths(),
            '--http-port', str(port), '--gevent-port', str(free_port()),
            '--workers', str(WORKERS), '--max-cron-threads', str(crons), *DEFAULT_LIMITS,
        ), f'{self.url}/web/health', log.name, env=environment())
        # Each worker of jobs listens in a connection of its own; before that, nobody can wake it.
        listening = ("SELECT count(*) FROM pg_stat_activity WHERE datname = 'postgres'"
                     " AND application_name LIKE 'odoo%' AND query = 'COMMIT'")
        if not wait_until(lambda: ground.one(listening) >= crons * (number + 1), LISTEN_SECONDS):
            self.process.stop()
            raise Trouble(f'The workers of jobs do not listen; see {log}')

    def count(self, pattern):
        """ Return how many lines of its log fit a regular expression. """
        return len(re.findall(pattern, self._log.read_text(errors='replace')))


def wait_until(condition, seconds, pause=0.1):
    """ Wait for a condition. :return: Whether it came true in time. """
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if condition():
            return True
        time.sleep(pause)
    return condition()
