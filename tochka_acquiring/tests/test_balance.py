# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.tests import tagged

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.tests.balance_common import BalanceCommon


@tagged('post_install', '-at_install', 'tochka_without_apps')
class TestBalance(BalanceCommon):
    """ What is paid, due and left. """

    def assertBalance(self, expected, partner=None, company=None):
        balance = (partner or self.payer)._tochka_balance(company or self.company)
        self.assertEqual({key: balance[key] for key in ('paid', 'due', 'left')}, expected)

    def test_numbers_of_both_kinds(self):
        self.company.tochka_topups_pay_invoices = False
        self.create_due(1000.0)
        self.assertBalance({'paid': 0.0, 'due': 1000.0, 'left': 0.0})
        self.top_up(300.25)
        self.book_advances()
        self.top_up(200.0, partner_id=self.masha.id)
        self.assertBalance({'paid': 500.25, 'due': 1000.0, 'left': 500.25})
        balance = self.masha._tochka_balance(self.company)
        self.assertEqual(balance['left'], 500.25, "The balance is the payer's")
        self.assertEqual(balance['to_pay'], 499.75)
        self.assertBalance({'paid': 0.0, 'due': 0.0, 'left': 0.0}, partner=self.stranger)

    def test_numbers_after_settlement(self):
        self.book_advances()
        invoice = self.create_due(1000.0)
        self.top_up(400.0)
        self.assertBalance({'paid': 400.0, 'due': 600.0, 'left': 0.0})
        self.pay(self.create_linked_tx(invoice))
        self.top_up(10.0)
        self.assertBalance({'paid': 1010.0, 'due': 0.0, 'left': 10.0})

    def test_refunds_cancelled_payments_and_statement_lines(self):
        payment = self.top_up(100.0).payment_id
        self.top_up(40.0).payment_id.action_cancel()
        refund = self.env['account.payment'].create({
            'payment_type': 'outbound', 'partner_type': 'customer', 'amount': 30.0,
            'partner_id': self.payer.id, 'journal_id': self.journal.id,
        })
        refund.action_post()
        (payment._seek_for_lines()[1] + refund._seek_for_lines()[1]).reconcile()
        self.assertBalance({'paid': 70.0, 'due': 0.0, 'left': 70.0})
        line = self.env['account.bank.statement.line'].sudo().create({
            'journal_id': self.journal.id, 'amount': 5.0, 'partner_id': self.payer.id,
            'payment_ref': "Cash desk",
        })
        suspense = line.move_id.line_ids.filtered(
            lambda item: item.account_id == self.journal.suspense_account_id)
        suspense.with_context(skip_readonly_check=True).account_id = self.receivable
        self.assertBalance({'paid': 75.0, 'due': 0.0, 'left': 75.0})

    def test_companies_are_never_mixed(self):
        other = self.create_other_company()
        self.create_due(1000.0, company=other)
        self.create_due(10.0)
        self.assertBalance({'paid': 0.0, 'due': 10.0, 'left': 0.0})
        self.assertBalance({'paid': 0.0, 'due': 1000.0, 'left': 0.0}, company=other)
        self.assertEqual(self.payer._tochka_balance_companies(self.company), self.company + other)

    def test_branches(self):
        branch = self.create_branch()
        self.create_due(100.0, company=branch)
        self.assertBalance({'paid': 0.0, 'due': 100.0, 'left': 0.0})
        self.assertEqual(self.payer._tochka_balance_companies(branch), self.company)
        journal = self.env['account.journal'].with_company(branch).create({
            'name': "Branch bank", 'type': 'bank', 'code': 'BRB', 'company_id': branch.id,
        })
        self.create_provider(company_id=branch.id, journal_id=journal.id, tochka_article_id=False)
        self.assertBalance({'paid': 0.0, 'due': 0.0, 'left': 0.0})
        self.assertBalance({'paid': 0.0, 'due': 100.0, 'left': 0.0}, company=branch)
        self.assertEqual(
            self.payer._tochka_balance_companies(branch), branch)

    def test_branches_of_a_company_without_a_shop(self):
        """ No invoice is counted twice. """
        branch = self.create_branch()
        self.create_due(100.0, company=branch)
        self.create_due(10.0)
        self.provider.sudo().write({'state': 'disabled', 'is_published': False})
        self.assertEqual(self.payer._tochka_balance_companies(branch), self.company)
        self.assertBalance({'paid': 0.0, 'due': 110.0, 'left': 0.0})

    def test_offered_where_a_shop_is(self):
        Provider = self.env['payment.provider']
        companies = self.stranger._tochka_balance_companies(self.company)
        self.assertEqual(companies, self.company)
        self.assertEqual(
            Provider._tochka_topup_providers(self.company, self.stranger).ids, self.provider.ids)
        self.stranger.company_id = self.create_other_company()
        self.assertFalse(Provider._tochka_topup_providers(self.company, self.stranger))
        self.assertFalse(self.stranger._tochka_balance_companies(self.company))
        self.provider.sudo().maximum_amount = 100.0
        self.assertTrue(Provider._tochka_topup_providers(self.company, self.payer, 100.0))
        self.assertFalse(Provider._tochka_topup_providers(self.company, self.payer, 100.01))
        self.provider.sudo().write({'state': 'disabled', 'is_published': False})
        self.assertFalse(self.payer._tochka_balance_companies(self.company))

    # === LINK FROM THE BACK OFFICE === #

    def test_link_wizard_of_a_contact(self):
        self.create_due(1000.0)
        action = self.env.ref('tochka_acquiring.action_partner_topup_link')
        self.assertEqual(action.binding_model_id.model, 'res.partner')
        self.assertEqual(action.group_ids, self.env.ref('account.group_account_invoice'))
        wizard = self.env['payment.link.wizard'].with_context(
            active_model='res.partner', active_id=self.payer.id).create({})
        self.assertRecordValues(wizard, [{
            'amount': 1000.0, 'amount_max': float(const.MAX_TOPUP), 'currency_id': self.rub.id,
            'partner_id': self.payer.id, 'company_id': self.company.id, 'warning_message': '',
        }])
        self.assertIn('tochka_topup=1', wizard.link)
        self.assertIn(f'company_id={self.company.id}', wizard.link)
        invoice = self.create_due(10.0)
        wizard = self.env['payment.link.wizard'].with_context(
            active_model='account.move', active_id=invoice.id).create({})
        self.assertNotIn('tochka_topup', wizard.link)
