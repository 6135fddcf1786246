# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta
from unittest.mock import patch

import requests

from odoo import fields
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon
from odoo.addons.tochka_acquiring.tests.rights_common import RightsCommon

BOOKS = 'clerk accountant admin'


@tagged('post_install', '-at_install')
class TestRightsTable(RightsCommon, RefundCommon):
    """ Who may do what in the payments, whatever views show. """

    addon = 'tochka_acquiring'

    METHODS = {
        'tochka.connection.action_connect': 'admin',
        'tochka.connection.action_disconnect': 'admin',
        'tochka.connection.action_confirm_address': 'admin',
        'tochka.connection.action_adopt_database': 'admin',
        'tochka.connection.action_check_health': 'admin',
        'tochka.connection.action_send_confirmation': 'admin',
        'tochka.connection.action_open_consent': 'admin',
        'tochka.connection.action_fetch_ca': 'admin',
        'tochka.connection.action_register_webhook': 'admin',
        'tochka.connection.action_take_webhook': 'admin',
        'tochka.connection.action_test_webhook': 'admin',
        'tochka.webhook.event.action_retry': 'admin',
        # What they lead to has rights of its own.
        'tochka.problem.action_mend': BOOKS,
        'tochka.problem.action_close': BOOKS,
        'tochka.problem.action_open_record': BOOKS,
        'payment.provider.action_tochka_connect': 'admin',
        'payment.provider.action_tochka_try': 'admin',
        'payment.provider.action_tochka_details_neutral': 'admin',
        'payment.provider.action_tochka_details_school': 'admin',
        'account.journal.action_tochka_connection': BOOKS,
        'account.move.js_assign_outstanding_line': BOOKS,
        'account.move.action_tochka_refunds': BOOKS,
        'account.payment.action_post': BOOKS,
        'account.payment.action_view_refunds': BOOKS,
        'payment.transaction.action_tochka_refresh': BOOKS,
        'payment.transaction.action_view_refunds': BOOKS,
        # Money goes back.
        'tochka.refund.action_send_again': 'accountant admin',
        'tochka.refund.action_give_up': 'accountant admin',
        # Windows are those of whoever has opened them: the administrator, in this test.
        'payment.refund.wizard.action_refund': 'admin',
        'tochka.refund.note.action_refund': 'admin',
        'tochka.refund.record.action_record': 'admin',
        'tochka.problem.close.action_apply': 'admin',
        'tochka.try.action_create_client': 'admin',
        'tochka.try.action_refresh': 'admin',
        'tochka.try.action_refund': 'admin',
        'tochka.try.action_finish': 'admin',
        'tochka.try.action_test_webhook': 'admin',
    }
    ARGUMENTS = {
        'account.move.js_assign_outstanding_line':
            lambda test: (test.record('account.payment').move_id.line_ids[:1].id,),
    }
    RIGHTS = {
        **{model: {'clerk': 'r', 'accountant': 'r', 'foreign': 'c', 'admin': 'crud'} for model in (
            'tochka.connection', 'tochka.legal.entity', 'tochka.merchant', 'tochka.account',
            'tochka.webhook.event')},
        # Of no company.
        'tochka.webhook.key': {'foreign': 'crud', 'admin': 'crud'},
        'tochka.token': {},
        'tochka.authorization': {'admin': 'r'},
        **{model: {'clerk': 'r', 'accountant': 'r', 'admin': 'r'} for model in (
            'tochka.problem', 'tochka.refund')},
        'tochka.problem.close': {
            'clerk': 'c', 'accountant': 'c', 'stranger': 'c', 'foreign': 'c', 'admin': 'crud'},
        # Whoever may return money opens windows of his own; these are another's.
        'tochka.refund.note': {'accountant': 'c', 'stranger': 'c', 'admin': 'crud'},
        'tochka.refund.record': {'accountant': 'c', 'stranger': 'c', 'admin': 'crud'},
        'tochka.try': {'foreign': 'c', 'admin': 'crud'},
    }
    FIELDS = {
        **{model: {'*': 'admin'} for model in (
            'tochka.connection', 'tochka.legal.entity', 'tochka.merchant', 'tochka.account',
            'tochka.webhook.event', 'payment.provider', 'payment.transaction', 'tochka.try',
            'tochka.refund.note', 'tochka.refund.record', 'payment.refund.wizard',
            'tochka.problem.close')},
        **{model: {'*': 'foreign admin'} for model in (
            'tochka.webhook.key', 'res.company', 'res.config.settings',
            'ir.cron.progress')},
        **{model: {} for model in (
            'tochka.token', 'tochka.authorization', 'tochka.problem', 'tochka.refund')},
        'account.move': {'*': 'admin', 'tochka_client_id': BOOKS},
        'account.payment': {'*': 'admin'},
    }

    def setUp(self):
        super().setUp()
        self.startPatcher(patch('requests.get', side_effect=requests.ConnectionError))
        # Windows are those of the administrator who has the records of this test.
        self.users['admin'] = self.env.user
        self.env.user.sudo().group_ids |= self.env.ref('account.group_account_manager')

    def test_methods(self):
        self.check_methods()

    def test_models(self):
        self.check_rights()

    def test_fields(self):
        self.check_fields()

    def test_windows(self):
        self.check_windows()

    # === RECORDS === #

    def make_tochka_connection(self):
        return self.connection

    def make_tochka_legal_entity(self):
        return self.merchant.legal_entity_id

    def make_tochka_merchant(self):
        return self.merchant

    def make_tochka_account(self):
        return self.env['tochka.account'].sudo().create({
            'legal_entity_id': self.merchant.legal_entity_id.id, 'number': '40702810401234567890'})

    def make_tochka_webhook_event(self):
        return self.env['tochka.webhook.event'].sudo().create({
            'digest': 'digest', 'source': 'webhook', 'state': 'failed',
            'received_at': fields.Datetime.now(), 'company_id': self.company.id,
            'connection_id': self.connection.id})

    def make_tochka_webhook_key(self):
        return self.env['tochka.webhook.key'].sudo().create({'url': 'https://bank.example.com/key'})

    def make_tochka_token(self):
        soon = fields.Datetime.now() + timedelta(hours=1)
        return self.env['tochka.token'].sudo().create({
            'connection_id': self.connection.id, 'access_token': 'access', 'refresh_token': 'more',
            'access_expires_at': soon, 'refresh_expires_at': soon, 'consent_id': 'consent',
            'granted_at': fields.Datetime.now()})

    def make_tochka_authorization(self):
        return self.env['tochka.authorization'].sudo().create({
            'connection_id': self.connection.id, 'user_id': self.env.uid})

    def make_tochka_problem(self):
        return self.env['tochka.problem']._open(self.connection, 'of_a_test')

    def make_tochka_problem_close(self):
        return self.env['tochka.problem.close'].create({
            'problem_ids': [Command.set(self.record('tochka.problem').ids)]})

    def make_tochka_refund(self):
        return self.ask_refund(self.record('payment.transaction'), 50.0)

    def make_payment_provider(self):
        return self.provider

    def make_payment_transaction(self):
        return self.paid(1000.0)

    def make_account_journal(self):
        return self.journal

    def make_account_move(self):
        return self.record('payment.transaction').invoice_ids

    def make_account_payment(self):
        return self.record('payment.transaction').payment_id

    def make_payment_refund_wizard(self):
        return self.env['payment.refund.wizard'].with_context(
            active_id=self.record('account.payment').id).create({'amount_to_refund': 1.0})

    def make_tochka_refund_note(self):
        return self.env['tochka.refund.note'].create({
            'credit_note_id': self.credit(self.paid(500.0).invoice_ids).id})

    def make_tochka_refund_record(self):
        return self.env['tochka.refund.record'].create({
            'transaction_id': self.record('payment.transaction').id, 'amount': 1.0})

    def make_tochka_try(self):
        return self.env['tochka.try'].create({
            'provider_id': self.provider.id, 'email': 'test@example.com'})

    def make_res_company(self):
        return self.company

    def make_res_config_settings(self):
        return self.env['res.config.settings'].sudo().create({})

    def make_ir_cron_progress(self):
        return self.env['ir.cron.progress'].sudo().create({
            'cron_id': self.env.ref('tochka_acquiring.cron_poll').id})
