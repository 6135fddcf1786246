# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import fields
from odoo.tests import tagged
from odoo.tools import mute_logger

from odoo.addons.tochka_acquiring.tests.language_common import LanguageMixin
from odoo.addons.tochka_fiscal.registers import base
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon


@tagged('post_install', '-at_install')
class TestLanguageOfJobs(LanguageMixin, FiscalCommon):
    """ Each job of receipts and registers, run by OdooBot for Russians. """

    TEXTS = (*LanguageMixin.TEXTS, ('fiscal.receipt', 'problem'), ('fiscal.attempt', 'problem'))

    def run_fiscal(self, name):
        self.env.flush_all()
        self.env.ref(f'tochka_fiscal.{name}').sudo().method_direct_trigger()
        self.env.invalidate_all()

    @mute_logger('odoo.addons.tochka_fiscal', 'odoo.addons.tochka_acquiring', 'odoo.sql_db')
    def test_every_job(self):
        receipts = sum((self.pay_invoice() for _count in range(4)), self.env['fiscal.receipt'])
        self.speak_russian()
        self.till.fail(base.Rejected("words of the till", '32'))
        self.till.fail(base.OutcomeUnknown("words of the till"))
        self.till.fail(base.Unauthorized("words of the till"))
        self.till.fail(ValueError("broken"))
        self.work()
        self.work()
        self.assertIn('failed', receipts.mapped('state'))
        self.till.till = 'failed'
        self.work()
        receipts = receipts.sudo()
        receipts.filtered(lambda one: one.state != 'done')[:1].write({
            'state': 'queued', 'paid_at': fields.Datetime.now() - timedelta(hours=3)})
        self.run_fiscal('cron_overdue')
        self.till.fail(base.Unauthorized("words of the till"))
        self.run_fiscal('cron_check')
        self.run_fiscal('cron_closing')
        # A receipt whose contact is lost can't be built again.
        receipts[-1].state = 'failed'
        receipts[-1].contact = False
        receipts[-1]._build_lines()
        seen = self.assertNoEnglish("words of the till", "No paper")
        for where in ('fiscal.receipt.problem', 'activity of fiscal.receipt',
                      'note of fiscal.register'):
            self.assertIn(where, seen)

    def test_result_that_a_register_sends(self):
        receipt = self.pay_invoice()
        self.work()
        self.speak_russian()
        self.env['fiscal.receipt'].sudo()._take_callback(
            self.register, receipt.attempt_ids.key,
            base.Result(state='failed', message="words of the till"))
        self.assertIn('Ы', receipt.problem)
        self.assertNoEnglish("words of the till")
