# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime, timedelta, timezone

from odoo import fields
from odoo.tests import tagged

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon
from odoo.addons.tochka_acquiring.tests.safeguards_common import SafeguardsCommon


@tagged('post_install', '-at_install')
class TestSafeguards(SafeguardsCommon, RefundCommon):

    addon = 'tochka_acquiring'

    SECRETS = {
        'tochka.connection': {
            'client_secret', 'jwt_key', 'client_id', 'webhook_foreign_url', 'webhook_problem'},
        'tochka.webhook.event': {'payload'},
        'tochka.problem': {'params', 'activity_id'},
    }
    HARMLESS = {'params', 'activity_id'}
    UNIQUE = {
        'payment_transaction_tochka_operation_uniq': 'tochka_operation_id',
        'payment_transaction_tochka_payment_link_uniq': 'tochka_payment_link_id',
        'tochka_account_number_uniq': 'legal_entity_id, number',
        'tochka_legal_entity_customer_code_uniq': 'connection_id, customer_code',
        'tochka_merchant_merchant_id_uniq': 'legal_entity_id, merchant_id',
        'tochka_refund_name_uniq': 'name',
        'tochka_token_connection_uniq': 'connection_id',
        'tochka_webhook_event_digest_uniq': 'digest',
        'tochka_webhook_key_url_uniq': 'url',
    }

    def test_secrets(self):
        self.check_secrets()
        for name in ('client_secret', 'jwt_key', 'client_id'):
            self.assertFalse(self.env['tochka.connection']._fields[name].copy)

    def test_texts(self):
        self.check_texts()

    def test_unique(self):
        self.check_unique()

    # === A COPY OF THE DATABASE === #

    def test_neutralize(self):
        transaction = self.create_linked_tx()
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 100.0)
        now = fields.Datetime.now()
        self.env['tochka.webhook.key'].sudo().create({
            'url': 'https://bank.example.com', 'jwk': '1'})
        self.env['tochka.token'].sudo().create({
            'connection_id': self.connection.id, 'access_token': 'access', 'refresh_token': 'more',
            'access_expires_at': now, 'refresh_expires_at': now, 'consent_id': 'consent',
            'granted_at': now})
        self.env['tochka.authorization'].sudo().create({
            'connection_id': self.connection.id, 'user_id': self.env.uid, 'link_hash': 'hash'})
        event = self.env['tochka.webhook.event'].sudo().create({
            'digest': 'digest', 'source': 'webhook', 'received_at': now, 'next_try_at': now})
        problem = self.env['tochka.problem']._open(self.connection, 'of_a_test')
        self.connection.sudo().write({
            'webhook_state': 'active', 'public_url': 'https://odoo.example.com'})
        transaction.sudo().tochka_next_poll_at = now
        self.assertTrue(refund.next_at)
        self.check_neutralized({
            'tochka.connection': self.connection, 'tochka.webhook.event': event,
            'tochka.problem': problem})
        for model in ('tochka.token', 'tochka.authorization', 'tochka.webhook.key'):
            self.assertFalse(self.env[model].sudo().search([]), model)
        connection = self.connection.sudo()
        self.assertEqual((connection.state, connection.webhook_state, connection.public_url),
                         ('disconnected', 'unknown', False))
        self.assertFalse(transaction.tochka_next_poll_at)
        self.assertFalse(transaction.tochka_payment_link)
        self.assertFalse(refund.next_at)
        calls = len(self.bank.calls)
        for job in ('cron_poll', 'cron_refund', 'cron_sweep', 'cron_refund_sweep', 'cron_refresh',
                    'cron_renew_access', 'cron_monitor'):
            self.run_job(job)
        self.assertEqual(len(self.bank.calls), calls, "The copy asks the bank nothing")

    # === UPGRADES === #

    def test_migration_of_1_1_0(self):
        """ A connection of before OAuth: a JWT key, and Odoo's own idea of its address. """
        self.env['ir.config_parameter'].sudo().set_param('web.base.url', 'https://old.example.com')
        uuid = self.env['ir.config_parameter'].sudo().get_param('database.uuid')
        other, _merchant = self.create_connection(customer_code='301', merchant_id='m')
        self.env.flush_all()
        self.env.cr.execute("""
            UPDATE tochka_connection
               SET auth_method = 'oauth', public_url = NULL, database_identity = NULL,
                   jwt_key = CASE WHEN id = %s THEN 'key' END
        """, [self.connection.id])
        self.run_migration('19.0.1.1.0')
        connection = self.connection.sudo()
        self.assertEqual((connection.auth_method, connection.public_url, connection.jwt_key),
                         ('jwt', 'https://old.example.com', 'key'))
        self.assertEqual(
            connection.database_identity, f'{uuid}/{self.env.cr.dbname}',
            "The key belongs to this database, or it is taken for a copy's")
        self.assertFalse(other.sudo().database_identity)

    def test_migration_of_1_2_0(self):
        """ Ways to pay of before refunds. """
        own = self.sbp
        others = self.env['payment.method'].search([('code', '=', 'paypal')], limit=1)
        (own | others).sudo().support_refund = 'none'
        self.run_migration('19.0.1.2.0')
        self.assertEqual(own.support_refund, 'partial')
        self.assertEqual(set(others.mapped('support_refund')), {'none'} if others else set())

    # === WHAT THE SWEEPS REACH === #

    def test_refunds_of_old_payments_are_looked_for(self):
        """ No notification tells of a refund; what is older than the list reaches nobody sees. """
        found, gone = self.paid(1000.0), self.paid(500.0)
        now = datetime.now(timezone.utc)
        for payment, days in ((found, const.REFUND_SWEEP_DAYS - 1),
                              (gone, const.REFUND_SWEEP_DAYS + 2)):
            self.bank.change(
                payment.tochka_operation_id, created_at=now - timedelta(days=days))
            self.bank.give_back(payment.tochka_operation_id, 100)
        self.assertGreaterEqual(const.REFUND_SWEEP_DAYS, 400)
        self.sweep()
        self.assertEqual(found.tochka_refund_ids.mapped('amount'), [100.0])
        self.assertFalse(gone.tochka_refund_ids)

    def test_sweep_reaches_the_oldest_open_link(self):
        """ A link lives long, and is paid on its last day. """
        provider = self.provider.sudo()
        found = self.create_linked_tx()
        now = datetime.now(timezone.utc)
        self.bank.change(found.tochka_operation_id, created_at=now - timedelta(
            minutes=provider.tochka_link_ttl, days=const.SWEEP_EXTRA_DAYS - 1))
        self.bank.pay(found.tochka_operation_id)
        self.run_job('cron_sweep')
        self.assertEqual(found.state, 'done')
