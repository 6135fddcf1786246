""" Odoo, the sandbox and a client of both, for tests that need the whole thing running. """

import json
import re
import time
import urllib.request
import xmlrpc.client
from contextlib import contextmanager

import requests

from tools import database
from tools.demo import data_call
from tools.demo.server import fetch_json, free_port, start_odoo, start_sandbox

WAIT_SECONDS = 120  # only for what never comes: a busy machine takes long
CALL_SECONDS = 120


def wait_until(condition, what, seconds=WAIT_SECONDS):
    """ Wait until something is so.

    :param condition: A function that is asked again and again.
    :param str what: What is waited for, for the one who has to find out why it does not come.
    :return: What the function has returned in the end.
    """
    until = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < until, f"It does not come: {what}"
        time.sleep(0.05)


class Transport(xmlrpc.client.Transport):
    """ XML-RPC that does not wait for ever. """

    def make_connection(self, host):
        connection = super().make_connection(host)
        connection.timeout = CALL_SECONDS
        return connection


class Stack:
    """ A running Odoo with the demo's data, and its bank.

    :param str odoo_url: Where Odoo is reached.
    :param str sandbox_url: Where the bank is reached.
    :param str name: The database.
    :param str login: Who calls Odoo.
    :param str password: The password of that user.
    """

    def __init__(self, odoo_url, sandbox_url, name, login='admin', password='admin'):
        self.odoo_url = odoo_url
        self.sandbox_url = sandbox_url
        self.name = name
        common = xmlrpc.client.ServerProxy(
            f'{odoo_url}/xmlrpc/2/common', transport=Transport())
        self.uid = common.authenticate(name, login, password, {})
        self._password = password
        self._object = xmlrpc.client.ServerProxy(
            f'{odoo_url}/xmlrpc/2/object', transport=Transport(), allow_none=True)

    # === ODOO === #

    def kill_odoo(self):
        """ Kill Odoo and its workers without warning. """
        self.odoo_process.kill()

    def start_odoo(self):
        """ Start Odoo again at the same address. """
        port = int(self.odoo_url.rsplit(':', 1)[1])
        self.odoo_process, url = start_odoo(
            self.name, port, workers=self.workers, log=f'{self.name}.log')
        assert url == self.odoo_url

    def warm_up(self):
        """ Let Odoo compile scripts and styles: on a busy machine that outlasts a page's patience.
        """
        visitor, admin = requests.Session(), requests.Session()
        admin.post(f'{self.odoo_url}/web/session/authenticate', timeout=CALL_SECONDS, json={
            'jsonrpc': '2.0',
            'params': {'db': self.name, 'login': 'admin', 'password': 'admin'},
        }).raise_for_status()
        for session, path in ((visitor, '/web/login'), (admin, '/my'), (admin, '/odoo')):
            page = session.get(self.odoo_url + path, timeout=CALL_SECONDS).text
            assets = set(re.findall(r'(?:src|href)="(/web/assets/[^"]+)"', page))
            assert assets, f"{path} is no page of Odoo"
            for asset in sorted(assets):
                session.get(self.odoo_url + asset, timeout=CALL_SECONDS).raise_for_status()

    def call(self, model, method, *arguments, **keywords):
        """ Call a method as the user. Odoo can't send back nothing at all by XML-RPC. """
        try:
            return self._object.execute_kw(
                self.name, self.uid, self._password, model, method, list(arguments), keywords)
        except xmlrpc.client.Fault as fault:
            if 'cannot marshal None' not in fault.faultString:
                raise
            return None

    def read(self, model, domain, fields):
        """ Return records as dictionaries. """
        return self.call(model, 'search_read', domain, fields=fields)

    def plan_poll(self, transactions, moment):
        """ Set when the bank is asked about transactions: no user can, not even an administrator.

        :param list[int] transactions: Their ids.
        :param str|None moment: In UTC; None for never.
        """
        connection = database.connect(self.name)
        try:
            with connection.cursor() as cursor:
                cursor.execute(
                    'UPDATE payment_transaction SET tochka_next_poll_at = %s WHERE id = ANY(%s)',
                    [moment, transactions])
        finally:
            connection.close()

    def provider(self):
        """ Return the id of the provider that takes money. """
        [provider] = self.read('payment.provider', [
            ('code', '=', 'tochka'), ('state', '=', 'enabled')], ['id'])
        return provider['id']

    def run_job(self, name):
        """ Run one of the add-on's jobs now. """
        [job] = self.call('ir.model.data', 'search_read', [
            ('module', '=', 'tochka_acquiring'), ('name', '=', name)], fields=['res_id'])
        self.call('ir.cron', 'method_direct_trigger', [job['res_id']])

    def create_invoice(self, amount=100000.0, context=None, **values):
        """ Return a new posted invoice of the demo's customer: id and link. """
        options = {'context': context} if context else {}
        [customer] = self.read('res.users', [('login', '=', 'customer')], ['partner_id'])
        invoice_id = self.call('account.move', 'create', {
            'move_type': 'out_invoice',
            'partner_id': customer['partner_id'][0],
            'invoice_date': time.strftime('%Y-%m-%d'),
            'invoice_line_ids': [[0, 0, {
                'name': 'Занятия, ноябрь', 'quantity': 1, 'price_unit': amount,
            }]],
            **values,
        }, **options)
        self.call('account.move', 'action_post', [invoice_id], **options)
        path = self.call('account.move', 'get_portal_url', [invoice_id], **options)
        return invoice_id, self.odoo_url + path

    def invoice(self, invoice_id):
        """ Return what the accountant sees of an invoice. """
        [values] = self.read('account.move', [('id', '=', invoice_id)],
                             ['payment_state', 'amount_residual', 'transaction_ids'])
        return values

    def transactions(self, invoice_id):
        """ Return the transactions of an invoice. """
        return self.read('payment.transaction', [('invoice_ids', 'in', [invoice_id])], [
            'state', 'tochka_operation_id', 'payment_id', 'payment_method_code',
            'tochka_problem_ids',
            'amount',
        ])

    def wait_paid(self, invoice_id):
        """ Wait until an invoice is paid, by exactly one posted payment. """
        wait_until(
            lambda: self.invoice(invoice_id)['payment_state'] in ('paid', 'in_payment'),
            f"the money of invoice {invoice_id}")
        self.assert_paid_once(invoice_id)

    def assert_paid_once(self, invoice_id):
        """ One payment, posted, for the whole invoice. """
        invoice = self.invoice(invoice_id)
        assert invoice['payment_state'] in ('paid', 'in_payment'), invoice
        assert not invoice['amount_residual']
        payments = self.read('account.payment', [
            ('payment_transaction_id', 'in', invoice['transaction_ids'])], ['state', 'amount'])
        assert len(payments) == 1, payments
        assert payments[0]['state'] in ('in_process', 'paid')
        done = [t for t in self.transactions(invoice_id) if t['state'] == 'done']
        assert len(done) == 1
        assert not done[0]['tochka_problem_ids']

    # === THE BANK === #

    def wait_for_faults(self):
        """ Wait until all faults that were ordered have happened. """
        wait_until(lambda: not any(rule['times'] for rule in self.control('faults')),
                   "the call that is to go wrong")

    def control(self, path, values=None, method=None):
        """ Call the sandbox's control API. """
        request = urllib.request.Request(
            f'{self.sandbox_url}/_control/{path}',
            data=None if values is None else json.dumps(values).encode(),
            headers={'Content-Type': 'application/json'},
            method=method or ('GET' if values is None else 'POST'),
        )
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@contextmanager
def running(template, name, workers=2, connect=True):
    """ Have a stack running on a copy of a database.

    :param str template: The database with the add-ons.
    :param str name: The beginning of the copy's name and of the logs' names. The copy is dropped in
                     the end.
    :param bool connect: Whether the bank is connected; else there are also a second company and a
                         branch, and an administrator has everything still to do.
    :rtype: Stack
    """
    processes = []
    name = database.own(name)
    database.copy(template, name)
    try:
        sandbox, sandbox_url = start_sandbox(log=f'{name}_bank.log', webhook_interval=0.5)
        processes.append(sandbox)
        credentials = fetch_json(f'{sandbox_url}/_control/credentials')
        port = free_port()
        data_call.prepare(name, sandbox_url, credentials, f'http://127.0.0.1:{port}', connect)
        group = {} if connect else data_call.prepare_group(name)
        odoo, odoo_url = start_odoo(name, port, workers=workers, log=f'{name}.log')
        try:
            stack = Stack(odoo_url, sandbox_url, name)
            stack.odoo_process = odoo
            stack.workers = workers
            stack.app = credentials['app']
            stack.group = group
            yield stack
        finally:
            # A test may have killed the first one, and started another.
            stack.odoo_process.stop()
    finally:
        for process in reversed(processes):
            process.stop()
        database.drop(name)
