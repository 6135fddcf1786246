# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.test_webhook_speed import recorded_queries
from odoo.addons.tochka_fiscal.tests.common import FiscalCommon


@tagged('post_install', '-at_install')
class TestPaymentSpeed(FiscalCommon):
    """ What a payment with its receipt asks of the database, against Odoo's own flow. """

    def setUp(self):
        super().setUp()
        self.provider.sudo().tochka_article_id = False
        self.core = self.dummy_provider.sudo().copy({
            'name': "Core", 'company_id': self.company.id, 'state': 'test', 'is_published': True,
            'journal_id': self.journal.id,
        })

    def measure(self, work):
        """ Return what a piece of work asks of the database, as a request of its own. """
        self.env.flush_all()
        self.env.invalidate_all()
        with recorded_queries() as seen:
            result = work()
            self.env.flush_all()
        return result, seen

    def link(self, provider, invoice):
        def work():
            transaction = self.create_tx(invoice, provider=provider)
            transaction._get_processing_values()
            return transaction
        return self.measure(work)

    def payment(self, transaction):
        operation = transaction.tochka_operation_id and self.bank.pay(
            transaction.tochka_operation_id)

        def work():
            if operation:
                transaction._tochka_apply_operation(operation)
            else:
                transaction._set_done()
            self.env.flush_all()
            self.env.invalidate_all()
            transaction._post_process()
        return self.measure(work)[1]

    def test_payment_with_receipt(self):
        for _warm in range(2):
            core, core_link = self.link(self.core, self.create_invoice(100.0))
            ours, our_link = self.link(self.provider, self.create_invoice(100.0))
            core_payment, our_payment = self.payment(core), self.payment(ours)
        self.assertTrue(core.payment_id)
        self.assertTrue(ours.payment_id)
        self.assertEqual(ours.fiscal_receipt_ids.state, 'queued', ours.fiscal_receipt_ids.problem)
        # The article is the accountant's wish and costs what Odoo's analytics cost.
        self.assertLessEqual(
            len(our_payment), 1.2 * len(core_payment), '\n'.join(our_payment))
        # Odoo's own flow checks nothing of this again on the server, and asks no shop or till.
        self.assertLessEqual(
            len(our_link) - len(core_link), 24, '\n'.join(our_link))
