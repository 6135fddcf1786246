# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import re
from datetime import timedelta
from unittest.mock import patch

from odoo import fields
from odoo.fields import Command
from odoo.sql_db import Cursor
from odoo.tests import HttpCase, tagged

from odoo.addons.tochka_acquiring import const as acquiring_const
from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon
from odoo.addons.tochka_fiscal.tests.old_rows import PAYMENTS_OF_A_CUSTOMER, TABLES, add_old_rows

OLD = 2000
# What a customer has of his own, a page of a list, and some spare: far from what is old.
MOST = 150


@tagged('post_install', '-at_install')
class TestOldRows(FiscalCommon, HttpCase):
    """ What jobs and customers look for is found without reading the payments of years.

    PostgreSQL itself tells how many rows each query reads. No time is measured.
    """

    def setUp(self):
        super().setUp()
        self.receipt = self.print_invoice()
        add_old_rows(self.env(su=True), self.receipt, OLD)
        self.env.cr.execute(f"ANALYZE res_partner, {', '.join(TABLES)}")
        # A table of so few rows is quickly read as a whole; one of a million is not.
        self.env.cr.execute("SET LOCAL enable_seqscan = off")

    def assertReadsFew(self, function, *arguments, most=MOST, **values):
        """ Call a function, and look how many rows its queries read. :return: Its result. """
        seen = []
        execute = Cursor.execute

        def explain(cursor, query, params=None, **options):
            code, values = (query.code, query.params) if hasattr(query, 'code') else (
                query, params)
            if code.lstrip().upper().startswith(('SELECT', 'WITH')) and any(
                re.search(rf'\b{table}\b', code) for table in TABLES
            ):
                execute(cursor, f'EXPLAIN (ANALYZE, TIMING OFF, FORMAT JSON) {code}', values)
                [[[plan]]] = cursor.fetchall()
                seen.append((cursor.mogrify(code, values).decode(), plan['Plan']))
            return execute(cursor, query, params, **options)

        self.env.flush_all()
        self.env.invalidate_all()
        with patch.object(Cursor, 'execute', explain):
            result = function(*arguments, **values)
        self.assertTrue(seen, "Nothing was looked for")
        for query, plan in seen:
            for node in self._nodes(plan):
                if node.get('Relation Name') not in TABLES:
                    continue
                read = node['Actual Loops'] * (
                    node['Actual Rows'] + node.get('Rows Removed by Filter', 0)
                    + node.get('Rows Removed by Index Recheck', 0))
                self.assertLessEqual(
                    read, most,
                    f"{read:.0f} rows of {node['Relation Name']} by {node['Node Type']}"
                    f" {node.get('Index Name', '')}:\n{query}")
        return result

    def _nodes(self, node):
        yield node
        for child in node.get('Plans', []):
            yield from self._nodes(child)

    # === JOBS === #

    def test_jobs(self):
        for name in (
            'payment.cron_post_process_payment_tx',
            # The inbox is taken by an UPDATE, whose search is the index of `next_try_at`.
            'tochka_acquiring.cron_poll', 'tochka_acquiring.cron_monitor',
            'tochka_acquiring.cron_money',
            'tochka_acquiring.cron_refund',
            'tochka_fiscal.cron_lane_0', 'tochka_fiscal.cron_overdue',
            'tochka_fiscal.cron_closing',
        ):
            with self.subTest(name):
                self.assertReadsFew(self.env.ref(name).sudo().method_direct_trigger)

    def test_refund_sweep(self):
        """ The payment of a refund that the bank lists, and the refunds known of it. """
        self.bank.give_back(self.receipt.transaction_id.tochka_operation_id, 1)
        self.assertReadsFew(
            self.env.ref('tochka_acquiring.cron_refund_sweep').sudo().method_direct_trigger)
        self.assertTrue(self.receipt.transaction_id.tochka_refund_ids)

    def test_personal_data(self):
        """ What is deleted after its time is found without reading what was emptied before. """
        self.assertReadsFew(self.env['tochka.webhook.event'].sudo()._gc_personal_data)

    def test_followers(self):
        """ Whoever waits for a printed receipt is found among thousands that wait for the till. """
        self.env.cr.execute("UPDATE fiscal_receipt SET state = 'queued' WHERE id <> %s", [
            self.receipt.id])
        self.env.cr.execute("ANALYZE fiscal_receipt")
        self.assertReadsFew(self.receipt._wake_followers)

    # === CUSTOMERS === #

    def create_customer(self):
        """ Return a user of the portal with payments of his own, like all others. """
        customer = self.env['fiscal.receipt'].sudo().search([('name', '=', 'OLD/20')]).partner_id
        self.assertEqual(self.env['fiscal.receipt'].sudo().search_count(
            [('partner_id', '=', customer.id)]), PAYMENTS_OF_A_CUSTOMER)
        return self.env['res.users'].sudo().with_context(no_reset_password=True).create({
            'name': customer.name, 'login': 'customer20', 'password': 'customer20',
            'partner_id': customer.id, 'lang': 'en_US', 'company_id': self.company.id,
            'company_ids': [Command.set(self.company.ids)],
            'group_ids': [Command.set(self.env.ref('base.group_portal').ids)],
        })

    def test_pages(self):
        """ The pages of a customer, with all that Odoo itself looks for on them. """
        user = self.create_customer()
        self.authenticate(user.login, user.login)
        for url in (acquiring_const.BALANCE_ROUTE, const.PORTAL_ROUTE):
            self.url_open(url)  # Odoo compiles its templates.
            with self.subTest(url):
                response = self.assertReadsFew(self.url_open, url, allow_redirects=False)
                self.assertEqual(response.status_code, 200)
        counters = ['fiscal_receipt_count', 'tochka_balance_count']
        answer = self.assertReadsFew(
            self.make_jsonrpc_request, '/my/counters', {'counters': counters})
        self.assertEqual(answer['fiscal_receipt_count'], PAYMENTS_OF_A_CUSTOMER)

    def test_balance(self):
        customer, company = self.create_customer().partner_id, self.company.sudo()
        for function in (
            customer._tochka_balance_companies, customer._tochka_balance,
            customer._tochka_shown_refunds, customer._tochka_open_topups,
        ):
            with self.subTest(function.__name__):
                self.assertReadsFew(function, company)

    # === ACCOUNTANTS AND ADMINISTRATORS === #

    def test_lists(self):
        """ The first page of each list of the add-ons, as it opens and by its filters. """
        for model, domain in (
            ('fiscal.receipt', [('state', 'not in', ('waiting', 'void'))]),
            ('fiscal.receipt', [('is_overdue', '=', True)]),
            ('fiscal.receipt', [('state', '=', 'failed')]),
            ('fiscal.receipt', [('prepaid_left', '>', 0), ('state', 'in', ('done', 'delegated'))]),
            ('tochka.webhook.event', []),
            ('tochka.webhook.event', [('state', 'in', ('new', 'failed', 'orphan'))]),
            ('payment.transaction', [('tochka_problem_ids', '!=', False)]),
            ('tochka.refund', []),
        ):
            with self.subTest(f'{model} {domain}'):
                self.assertReadsFew(self.env[model].sudo().search, domain, limit=80)

    def test_sums(self):
        """ Receipts by VAT open with the sums of a period. """
        action = self.env.ref('tochka_fiscal.action_fiscal_receipt_line')
        self.assertIn('search_default_paid_at', action.context)
        domain = [
            ('state', 'in', ('done', 'delegated')),
            ('paid_at', '>=', fields.Datetime.now() - timedelta(days=3)),
        ]
        self.assertReadsFew(
            self.env['fiscal.receipt.line'].sudo().formatted_read_group, domain,
            ['register_id', 'vat'], ['total:sum'])

    def test_connection_and_register(self):
        new_connection, _merchant = self.create_connection(
            customer_code='301234570', merchant_id='200000000012346')
        new_register = self.register.copy({'name': "New till"})
        for record, names in (
            (self.connection, ('answered_at', 'last_event_at')),
            (new_connection, ('answered_at', 'last_event_at')),
            (self.register, ('waiting_count', 'last_receipt_id')),
            (new_register, ('waiting_count', 'last_receipt_id')),
        ):
            for name in names:
                with self.subTest(f'{record} {name}'):
                    self.assertReadsFew(getattr, record.sudo(), name)

    def test_wizards(self):
        """ Settlements without a receipt; a test of the register; numbers that are typed; "Try it".
        """
        customer = self.create_customer().partner_id
        yesterday = self.today - timedelta(days=1)
        missed = self.env['fiscal.missed'].create({
            'company_id': self.company.id, 'date_from': yesterday, 'date_to': yesterday})
        self.assertReadsFew(missed._find_unprinted)
        self.assertReadsFew(missed._find_transactions)
        resolve = self.env['fiscal.resolve'].create({
            'receipt_id': self.receipt.id, 'fate': 'printed', 'storage_number': '9999078900005430',
            'document_number': '7777777', 'fiscal_sign': '1', 'moment': '25.11.2026 14:30'})
        self.assertReadsFew(resolve._data)
        self.assertReadsFew(
            self.env['fiscal.receipt'].sudo()._create_test, self.register, 1.0,
            {'taxation_system': 'osn', 'vat': 'none', 'contact': 'petrov@example.com'})
        self.provider.sudo().tochka_test_partner_id = customer
        trial = self.env['tochka.try'].create({
            'provider_id': self.provider.id, 'email': 'test@example.com'})
        self.assertReadsFew(getattr, trial, 'transaction_id')

    # === DOCUMENTS === #

    def test_marks(self):
        """ That a piece is sold once, and told of once, is found by its code. """
        line = self.create_invoice(post=False).invoice_line_ids
        line.write({'quantity': 2, 'fiscal_marks': '0104600000000001215A\n0104600000000001215B'})
        self.assertReadsFew(line._fiscal_check_sold_once)
        self.assertReadsFew(
            self.receipt.transaction_id._fiscal_told_codes, ['01046000000000012153'],
            'account.move,1')
