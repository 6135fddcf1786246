# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta
from decimal import Decimal
from unittest.mock import patch

from odoo import fields
from odoo.exceptions import UserError
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.api.text import payment_link_id
from odoo.addons.tochka_acquiring.tests.common import TochkaCommon
from odoo.addons.tochka_acquiring.tests.jobs_common import JobsMixin
from odoo.addons.tochka_acquiring.tests.language_common import LanguageMixin


@tagged('post_install', '-at_install')
class TestLanguageOfJobs(JobsMixin, LanguageMixin, TochkaCommon):
    """ OdooBot is English, and what it writes is read by Russians: each job meets what it can tell
    of, and nothing that it stores or sends is English.
    """

    def due(self, transaction):
        transaction.sudo().tochka_next_poll_at = fields.Datetime.now() - timedelta(seconds=1)
        return transaction

    @mute_logger('odoo.addons.tochka_acquiring', 'odoo.sql_db')
    def test_every_job(self):
        self.assertEqual(self.env.ref('base.user_root').sudo().lang or 'en_US', 'en_US')
        paid = self.pay(self.create_linked_tx())
        wrong, late, held, expired, unbooked, left = (
            self.due(self.create_linked_tx()) for _count in range(6))
        uuid = self.env['ir.config_parameter'].sudo().get_param('database.uuid')
        lost = self.bank.add(payment_link_id=payment_link_id('LOST-1', uuid), amount=5)
        self.bank.pay(lost.operation_id)
        event = self.env['tochka.webhook.event'].sudo().create({
            'digest': 'early', 'operation_id': 'nobody', 'state': 'new',
            'received_at': fields.Datetime.now(), 'next_try_at': fields.Datetime.now(),
            'connection_id': self.connection.id, 'company_id': self.company.id})
        self.speak_russian()
        self.bank.change(wrong.tochka_operation_id, status='APPROVED', amount=Decimal('1.00'))
        late.sudo().with_context(lang='ru_RU')._set_canceled()
        self.bank.pay(late.tochka_operation_id)
        self.bank.change(held.tochka_operation_id, status='AUTHORIZED')
        self.bank.change(expired.tochka_operation_id, status='EXPIRED')
        self.bank.pay(left.tochka_operation_id)
        self.bank.change(paid.tochka_operation_id, orders=(), status='REFUNDED')
        self.env.flush_all()

        self.run_once('cron_process_events')
        self.assertTrue(event.problem)
        self.run_once('cron_poll')
        self.run_once('cron_sweep')
        self.run_once('cron_refund_sweep')
        unbooked.sudo().with_context(lang='ru_RU')._set_done()  # by a person
        unbooked.sudo().last_state_change = fields.Datetime.now() - timedelta(days=5)
        with patch.object(type(unbooked), '_post_process', side_effect=UserError('Locked')):
            self.run_once('cron_monitor')
        self.run_once('cron_monitor')
        paid.sudo().action_refund(amount_to_refund=1.0)
        self.bank.fail('refund_payment', errors.Rejected(
            "words of the bank", http_status=424, audit_id='a-1'))
        self.run_once('cron_refund')
        self.env.ref('payment.cron_post_process_payment_tx').sudo().method_direct_trigger()
        self.bank.fail('customers', errors.Unauthorized("words of the bank", http_status=403))
        self.run_once('cron_refresh')
        self.assertEqual(self.connection.state, 'attention')
        with patch.object(type(self.connection), '_load_data', side_effect=ZeroDivisionError):
            self.run_once('cron_refresh')
        self.run_once('cron_refresh')
        self.run_once('cron_renew_access')
        seen = self.assertNoEnglish("words of the bank")
        for where in ('message of account.move', 'activity of account.move',
                      'note of tochka.connection', 'tochka.webhook.event.problem'):
            self.assertIn(where, seen)

    def test_a_visitors_request(self):
        """ The accountant's note does not follow whoever has opened the page. """
        self.speak_russian()
        for lang in ('en_US', 'ru_RU'):
            self.bank.fail('create_payment', errors.Rejected("No", http_status=400))
            transaction = self.create_tx(self.create_invoice()).with_context(lang=lang)
            transaction._get_processing_values()
        [notes] = [[text for where, text in self.written() if where == 'message of account.move'
                    and 'No' in text]]
        self.assertEqual(len(notes), 2)
        self.assertTrue(all('Ы' in note for note in notes), notes)
