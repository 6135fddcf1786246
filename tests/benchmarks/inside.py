""" What the benchmarks do inside Odoo's shell; `env` is the first argument of most. """

import contextlib
import cProfile
import pstats
import statistics
import time

from odoo import fields, sql_db
from odoo.fields import Command

from tools.demo import data

PEERS = {
    'demo': {},
    'mollie': {'mollie_api_key': 'test_key'},
    'stripe': {'stripe_publishable_key': 'pk', 'stripe_secret_key': 'sk',
               'stripe_webhook_secret': 'whsec_benchmark'},
    'xendit': {'xendit_public_key': 'pk', 'xendit_secret_key': 'sk',
               'xendit_webhook_token': 'benchmark'},
}
nothing = contextlib.nullcontext


def shop_env(env):
    """ Return the environment of the demo's company, once it exists. """
    company = env['res.company'].search([('vat', '=', data.INN)], limit=1)
    return env(context={**env.context, 'allowed_company_ids': company.ids}) if company else env


# === WHAT IT TAKES === #

class Profile(cProfile.Profile):
    """ Where the time is spent. """

    def text(self, lines=25):
        """ Return the functions of the payment add-ons, and those that reach out of Python, by the
        time that is spent in them and in what they call.
        """
        found = []
        for (path, line, name), (_prim, calls, own, total, _callers) in (
            pstats.Stats(self).stats.items()
        ):
            if any(part in path for part in (
                'tochka_', '/payment/', '/account_payment/', 'sql_db.py', 'requests/sessions.py',
                '/ssl.py', 'ssl_.py', '/ir_cron.py', '/jwt/',
            )) or 'load_verify_locations' in name:
                place = '/'.join(path.split('/')[-3:])
                found.append(
                    (total, f'{total:8.3f} {own:8.3f} {calls:8}  {name} ({place}:{line})'))
        top = [text for _total, text in sorted(found, reverse=True)[:lines]]
        return '\n'.join([' total s    own s    calls  function', *top])


class Cost:
    """ What a piece of work takes: seconds, seconds of CPU, queries of all cursors. """

    def __enter__(self):
        self._start = time.perf_counter(), time.process_time(), sql_db.sql_counter
        return self

    def __exit__(self, *_error):
        now = time.perf_counter(), time.process_time(), sql_db.sql_counter
        self.seconds, self.cpu, self.queries = (
            end - start for end, start in zip(now, self._start, strict=True))


def medians(costs, count=1):
    """ Return the medians of costs, for each of `count` pieces of work. :rtype: dict """
    return {name: statistics.median(getattr(cost, name) for cost in costs) / count
            for name in ('seconds', 'cpu', 'queries')}


# === THE SHOP === #

def prepare(env, bank_url, credentials, stub_url, jwk):
    """ Make the demo's data, and a provider of each peer in its company. """
    data.prepare(env, bank_url, credentials, 'http://127.0.0.1:8069')
    env = shop_env(env)
    company = env.company
    env['ir.config_parameter'].set_param('tochka_benchmark.stub', stub_url)
    journal = env['account.journal'].search(
        [('code', '=', 'BNK1'), ('company_id', '=', company.id)])
    card = env.ref('payment.payment_method_card')
    for code, values in PEERS.items():
        providers = env['payment.provider'].with_context(active_test=False)
        provider = providers.search(
            [('code', '=', code), ('company_id', '=', company.id)], limit=1
        ) or providers.search([('code', '=', code)], limit=1).copy({'company_id': company.id})
        provider.write({**values, 'journal_id': journal.id})
        provider.write({'state': 'test', 'is_published': True,
                        'payment_method_ids': [Command.link(card.id)]})
    url = env['tochka.connection'].search([], limit=1)._public_key_url()
    keys = env['tochka.webhook.key']
    (keys.search([('url', '=', url)]) or keys.create({'url': url})).write({
        'jwk': jwk, 'previous_jwk': False})


def provider_of(env, code):
    """ Return the provider of the shop. """
    return env['payment.provider'].search([
        ('code', '=', code), ('company_id', '=', env.company.id), ('state', '!=', 'disabled'),
    ], limit=1)


def receipts(env, on):
    """ Let the provider's payments have receipts, or not. """
    provider_of(env, 'tochka').fiscalization = 'other' if on else 'no'


def make(env, code, count, label, links=False, invoices=True):
    """ Make transactions of a provider, each of a customer of its own, with an invoice.

    :param bool links: Whether the bank (or the stub) is asked for a link of each.
    :return: What the outside needs to know of each.
    :rtype: list[dict]
    """
    transactions = create(env, code, count, label, invoices)
    env.cr.commit()
    if links:
        for transaction in transactions:
            transaction.with_prefetch()._get_processing_values()
            env.cr.commit()
    return [{
        'id': tx.id,
        'reference': tx.reference,
        'amount': f'{tx.amount:.2f}',
        'operation': tx.tochka_operation_id or tx.provider_reference,
        'link': tx.tochka_payment_link_id or '',
        'merchant': tx.tochka_merchant_id.merchant_id or '',
        'customer': tx.tochka_merchant_id.legal_entity_id.customer_code or '',
    } for tx in transactions]


def create(env, code, count, label, invoices=True):
    """ Create transactions. :rtype: payment.transaction """
    transactions = env['payment.transaction'].create(begin(env, code, count, label, invoices))
    for number, transaction in enumerate(transactions):
        if code != 'tochka':
            # The stub reads the amount from it.
            transaction.provider_reference = (
                f'{code}_{label}_{number:06}_{int(transaction.amount * 100)}')
    return transactions


def begin(env, code, count, label, invoices=True):
    """ Create customers and their invoices. :return: The values of their transactions. """
    provider = provider_of(env, code)
    customers = env['res.partner'].create([{
        'name': f'Customer {code} {label} {number}', 'lang': 'ru_RU',
        'email': f'{code}-{label}-{number}@example.com', 'country_id': env.ref('base.ru').id,
    } for number in range(count)])
    amounts = [100 + number % 50 for number in range(count)]
    moves = env['account.move']
    if invoices:
        moves = moves.create([{
            'move_type': 'out_invoice', 'partner_id': customer.id,
            'invoice_date': fields.Date.today(),
            'invoice_line_ids': [Command.create({
                'name': "Занятия", 'quantity': 1, 'price_unit': amount})],
        } for customer, amount in zip(customers, amounts, strict=True)])
        moves.action_post()
    methods = provider.with_context(active_test=False).payment_method_ids
    card = methods.filtered(lambda method: method.code == 'card')[:1] or methods[:1]
    return [{
        'provider_id': provider.id, 'payment_method_id': card.id, 'partner_id': customer.id,
        'currency_id': env.company.currency_id.id, 'amount': amounts[number],
        'reference': f'{code}-{label}-{number:06}', 'operation': 'online_redirect',
        'landing_route': '/my/invoices',
        'invoice_ids': [Command.set(moves[number:number + 1].ids)],
    } for number, customer in enumerate(customers)]


def pay(env, count, label, books=False):
    """ Let money come for so many payments. What follows of it begins when this is committed.

    :param bool books: Whether they are to be booked, by a job; else they count as booked.
    """
    transactions = create(env, 'tochka', count, label, invoices=books)
    transactions._set_done()
    transactions.is_post_processed = not books
    if books:
        env.ref('payment.cron_post_process_payment_tx')._trigger()


def run_job(env, xmlid):
    """ Run a job as the scheduler does, with a cursor of its own. """
    env.cr.commit()
    env.ref(xmlid).method_direct_trigger()
    env.cr.commit()
    env.invalidate_all()


# === MEASUREMENTS === #

def post(env, count, rounds, label, codes=('demo', 'tochka')):
    """ Return what the books of a done payment take, by Odoo's job and whatever helps it.

    The first round warms up.

    :rtype: dict[str, dict]
    """
    costs = {code: [] for code in codes}
    for number in range(rounds + 1):
        for code in codes:
            size = count if number else 2
            transactions = create(env, code, size, f'{label}-{number}')
            transactions._set_done()
            env.cr.commit()
            env.invalidate_all()
            left = transactions
            with Cost() as cost:
                while left:
                    run_job(env, 'payment.cron_post_process_payment_tx')
                    before, left = left, left.filtered(lambda tx: not tx.is_post_processed)
                    assert left != before, f'{len(left)} of {size} are not posted'
            assert not any(transactions.invoice_ids.mapped('amount_residual'))
            if number:
                costs[code].append(cost)
    return {code: medians(of_code, count) for code, of_code in costs.items()}


def pay_ours(env, values):
    """ Take what the bank says of a payment, and bring it into the books. """
    transaction = env['payment.transaction'].browse(values['id'])
    assert transaction._tochka_refresh() == 'applied'
    env.cr.commit()
    transaction._post_process()
    env.cr.commit()
    return transaction


def pay_demo(env, values):
    """ The same of Odoo's demo provider, which asks nobody. """
    transaction = env['payment.transaction']._process('demo', {
        'reference': values['reference'], 'simulated_state': 'done'})
    env.cr.commit()
    transaction._post_process()
    env.cr.commit()
    return transaction


def payments(env, ours, demo):
    """ Return what a payment takes from the answer to the books, ours with its receipt. The first
    ones warm up.

    :param list[dict] ours: What `make` has returned, paid at the bank.
    :param list[dict] demo: What `make` has returned.
    :rtype: dict[str, dict]
    """
    costs = {'tochka': [], 'demo': []}
    for pair in zip(ours, demo, strict=True):
        for code, function, values in zip(costs, (pay_ours, pay_demo), pair, strict=True):
            env.invalidate_all()
            with Cost() as cost:
                transaction = function(env, values)
            assert transaction.payment_id
            assert code == 'demo' or transaction.fiscal_receipt_ids
            costs[code].append(cost)
    return {code: medians(of_code[1:]) for code, of_code in costs.items()}


def links(env, count, label, codes=('mollie', 'tochka')):
    """ Return what the payer's click takes until there is a link. The first ones warm up.

    :rtype: dict[str, dict]
    """
    begun = {code: begin(env, code, count + 1, label) for code in codes}
    env.cr.commit()
    costs = {code: [] for code in codes}
    for number in range(count + 1):
        for code in codes:
            env.invalidate_all()
            with Cost() as cost:
                transaction = env['payment.transaction'].create(begun[code][number])
                transaction._get_processing_values()
                env.cr.commit()
            assert transaction.state == 'draft', transaction.state_message
            costs[code].append(cost)
    return {code: medians(of_code[1:]) for code, of_code in costs.items()}


def pages(env, code, count, label):
    """ Return what the browser sends when a payer of an invoice clicks, for so many invoices.

    :return: The path and the parameters of each click.
    :rtype: list[tuple[str, dict]]
    """
    clicks = []
    for values in begin(env, code, count, label):
        [(_command, _id, [invoice_id])] = values['invoice_ids']
        clicks.append((f'/invoice/transaction/{invoice_id}', {
            'access_token': env['account.move'].browse(invoice_id)._portal_ensure_token(),
            'provider_id': values['provider_id'], 'token_id': None, 'flow': 'redirect',
            'payment_method_id': values['payment_method_id'], 'amount': values['amount'],
            'tokenization_requested': False, 'landing_route': f'/my/invoices/{invoice_id}',
        }))
    return clicks


def receive(env, requests):
    """ Receive webhooks in this process, as an Odoo without workers does. """
    from werkzeug.test import Client

    from odoo.http import root
    from odoo.tools import config

    env.cr.commit()
    config['db_name'] = [env.cr.dbname]
    client = Client(root)
    for path, headers, body in requests:
        answer = client.post(
            path, data=body, headers=headers, environ_base={'REMOTE_ADDR': '127.0.0.1'})
        assert answer.status_code == 200, answer.status
