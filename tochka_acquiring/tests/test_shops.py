# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from unittest.mock import patch

from odoo.exceptions import ValidationError
from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.common import TochkaCommon


class ShopsCommon(TochkaCommon):
    """ Two shops of one company. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.second_merchant = cls.env['tochka.merchant'].sudo().create({
            'legal_entity_id': cls.merchant.legal_entity_id.id, 'merchant_id': '200000000012346',
            'name': "Books", 'is_usable': True, 'bank_status': 'REG',
            'payment_modes': 'card,sbp',
        }).sudo(False)
        cls.second_journal = cls.journal.copy({'code': 'BNK8', 'name': "Books' till"})
        cls.sale_journal = cls.company_data['default_journal_sale'].with_env(cls.env)
        cls.book_journal = cls.sale_journal.copy({
            'code': 'BOOK', 'sequence': 99,
            'default_account_id': cls.sale_journal.default_account_id.id,
        })
        cls.book_journal.name = "Book sales"

    def add_shop(self, enable=True, **values):
        """ Duplicate the provider for the second shop, as the guide says. """
        second = self.provider.sudo().copy()
        second.write({
            'tochka_merchant_id': self.second_merchant.id, 'journal_id': self.second_journal.id,
            'tochka_journal_ids': [Command.set(self.book_journal.ids)], **values,
        })
        if enable:
            second.write({'state': 'enabled', 'is_published': True})
        return second

    def providers_for(self, document=None, company=None, report=None):
        names = {'account.move': 'invoice_id', 'sale.order': 'sale_order_id'}
        kwargs = {names[document._name]: document.id} if document else {}
        return self.env['payment.provider'].sudo()._get_compatible_providers(
            (company or self.company).id, self.payer.id, 100.0, currency_id=self.rub.id,
            report=report, **kwargs,
        ).filtered(lambda p: p.code == 'tochka')


@tagged('post_install', '-at_install')
class TestDuplicate(ShopsCommon):
    """ A provider is duplicated to add a shop. """

    def test_what_comes_along(self):
        self.provider.sudo().tochka_sbp_only = True
        copy = self.provider.sudo().copy()
        self.assertEqual(copy.tochka_connection_id, self.connection)
        self.assertEqual(copy.tochka_article_id, self.article)
        self.assertTrue(copy.tochka_sbp_only)
        self.assertNotEqual(copy.name, self.provider.name)
        self.assertRecordValues(copy, [{
            'state': 'disabled', 'is_published': False, 'tochka_merchant_id': False,
            'journal_id': False, 'tochka_journal_is_shared': False,
        }])

    def test_new_company_gets_no_connection_of_another(self):
        company = self.env['res.company'].sudo().create({
            'name': "New", 'currency_id': self.rub.id})
        copies = self.env['payment.provider'].sudo().search([
            ('code', '=', 'tochka'), ('company_id', '=', company.id)])
        self.assertTrue(copies)
        for copy in copies:
            self.assertFalse(copy.tochka_connection_id or copy.tochka_article_id
                             or copy.tochka_advance_account_id)

    def test_both_take_payments(self):
        second = self.add_shop()
        invoice = self.create_invoice(500)
        self.pay(self.create_linked_tx(invoice))
        invoice = self.create_invoice(500, post=False)
        invoice.journal_id = self.book_journal
        invoice.action_post()
        transaction = self.create_tx(invoice, provider=second)
        transaction._get_processing_values()
        operation = self.bank.operations[transaction.tochka_operation_id]
        self.assertEqual(operation.merchant_id, self.second_merchant.merchant_id)
        self.pay(transaction)
        self.assertEqual(transaction.payment_id.journal_id, self.second_journal)


@tagged('post_install', '-at_install')
class TestOwnJournal(ShopsCommon):
    """ Two shops never share a journal by accident. """

    def test_same_journal_is_refused(self):
        with self.assertRaisesRegex(ValidationError, "posted in the journal .* already"):
            self.add_shop(journal_id=self.journal.id)

    def test_first_journal_that_odoo_takes_by_itself_is_refused(self):
        second = self.add_shop(enable=False)
        second.journal_id = False
        second.name = "Another name"
        with self.assertRaisesRegex(ValidationError, "posted in the journal .* already"):
            second.state = 'enabled'

    def test_shared_on_purpose(self):
        second = self.add_shop(journal_id=self.journal.id, tochka_journal_is_shared=True)
        self.assertEqual((second.state, second.journal_id), ('enabled', self.journal))


@tagged('post_install', '-at_install')
class TestChoice(ShopsCommon):
    """ The first shop that fits takes a document. """

    def invoice_in(self, journal, **values):
        invoice = self.create_invoice(500, post=False)
        invoice.write({'journal_id': journal.id, **values})
        invoice.action_post()
        return invoice

    def test_journal(self):
        second = self.add_shop()
        for sequence in (1, 99):
            second.sequence = sequence
            self.assertEqual(
                self.providers_for(self.invoice_in(self.book_journal)), second)
            self.assertEqual(
                self.providers_for(self.invoice_in(self.sale_journal)), self.provider)
        self.assertEqual(self.providers_for(), self.provider, "Top-ups go to the one without rules")

    def test_analytic_account(self):
        second = self.add_shop(tochka_journal_ids=[Command.clear()],
                               tochka_analytic_ids=[Command.set(self.article.ids)])
        invoice = self.create_invoice(500, post=False)
        self.assertEqual(self.providers_for(invoice), self.provider)
        invoice.invoice_line_ids.analytic_distribution = {str(self.article.id): 100}
        self.assertEqual(self.providers_for(invoice), second)

    def test_all_rules_must_fit(self):
        self.add_shop(tochka_analytic_ids=[Command.set(self.article.ids)])
        self.assertEqual(self.providers_for(self.invoice_in(self.book_journal)), self.provider)

    def test_order_of_the_list_decides_between_rules(self):
        second = self.add_shop(sequence=5)
        merchant = self.second_merchant.sudo().copy({'merchant_id': '200000000012347'})
        third = self.add_shop(
            tochka_merchant_id=merchant.id, tochka_journal_ids=[Command.clear()],
            tochka_analytic_ids=[Command.set(self.article.ids)], sequence=6,
            journal_id=self.journal.copy({'code': 'BNK7'}).id, name="Third")
        invoice = self.invoice_in(self.book_journal)
        invoice.invoice_line_ids.analytic_distribution = {str(self.article.id): 100}
        self.assertEqual(self.providers_for(invoice), second)
        third.sequence = 4
        self.assertEqual(self.providers_for(invoice), third)
        invoice = self.invoice_in(self.sale_journal)
        invoice.invoice_line_ids.analytic_distribution = {str(self.article.id): 100}
        self.assertEqual(self.providers_for(invoice), third)

    def test_report_says_why(self):
        self.add_shop()
        report = {}
        self.providers_for(self.invoice_in(self.book_journal), report=report)
        self.assertIn("Another shop", report['providers'][self.provider.sudo()]['reason'])

    def test_other_providers_are_left_alone(self):
        self.add_shop()
        other = self.env['payment.provider'].sudo().create({
            'name': "Other", 'code': 'none', 'company_id': self.company.id, 'state': 'test',
        })
        invoice = self.invoice_in(self.book_journal)
        self.assertIn(other, self.env['payment.provider'].sudo()._get_compatible_providers(
            self.company.id, self.payer.id, 100.0, currency_id=self.rub.id, invoice_id=invoice.id))

    def test_several_invoices_at_once(self):
        second = self.add_shop()
        both = self.invoice_in(self.book_journal) + self.invoice_in(self.sale_journal)
        provider = self.env['payment.provider'].sudo().with_context(
            tochka_documents=both)
        found = provider._get_compatible_providers(
            self.company.id, self.payer.id, 100.0, currency_id=self.rub.id)
        self.assertIn(self.provider, found)
        self.assertNotIn(second, found)

    def test_branch_goes_before_its_parent(self):
        branch = self.create_branch()
        journal = self.env['account.journal'].with_context(
            allowed_company_ids=branch.env.context['allowed_company_ids']).create({
                'name': "Branch till", 'type': 'bank', 'code': 'BRN', 'company_id': branch.id})
        self.connection.sudo().company_ids = [Command.link(branch.id)]
        second = self.add_shop(
            enable=False, company_id=branch.id, journal_id=journal.id,
            tochka_journal_ids=[Command.clear()])
        journal.inbound_payment_method_line_ids.payment_account_id = (
            self.journal.inbound_payment_method_line_ids.payment_account_id[:1])
        second.write({'state': 'enabled', 'is_published': True})
        self.assertEqual(self.providers_for(company=branch), second)
        self.assertEqual(self.providers_for(), self.provider)

    def test_twin_is_told_that_nobody_pays_there(self):
        second = self.add_shop(tochka_journal_ids=[Command.clear()], sequence=50)
        self.assertIn(f"{self.provider.name} takes the same documents", second.tochka_warning)
        self.assertIn("Card", second.tochka_warning)
        self.assertFalse(self.provider.sudo().tochka_warning)
        second.sequence = -1
        self.env.invalidate_all()
        self.assertFalse(second.tochka_warning)
        self.assertIn(second.name, self.provider.sudo().tochka_warning)
        second.tochka_journal_ids = self.book_journal
        self.env.invalidate_all()
        self.assertFalse(self.provider.sudo().tochka_warning or second.tochka_warning)

    def test_shop_whose_documents_another_one_takes(self):
        second = self.add_shop(sequence=50, tochka_analytic_ids=[Command.set(self.article.ids)])
        merchant = self.second_merchant.sudo().copy({'merchant_id': '200000000012347'})
        third = self.add_shop(
            tochka_merchant_id=merchant.id, sequence=40, name="Third",
            journal_id=self.journal.copy({'code': 'BNK7'}).id)
        self.assertIn("Third takes all documents", second.tochka_warning)
        self.assertFalse(third.tochka_warning)
        second.sequence = 30
        self.env.invalidate_all()
        self.assertFalse(second.tochka_warning or third.tochka_warning)

    def test_shops_with_other_ways_to_pay_may_share_the_documents(self):
        self.merchant.sudo().payment_modes = 'card'
        self.provider.sudo()._tochka_apply_merchant_modes()
        second = self.add_shop(tochka_journal_ids=[Command.clear()], tochka_sbp_only=True)
        self.assertEqual(self.providers_for(self.create_invoice(500)), self.provider + second)
        self.assertFalse(second.tochka_warning or self.provider.sudo().tochka_warning)

    def test_what_the_bank_newly_allows_is_offered_and_told(self):
        """ Two shops without rules, told apart by the way to pay, until the bank adds one. """
        self.second_merchant.sudo().payment_modes = 'sbp'
        self.merchant.sudo().payment_modes = 'card'
        self.provider.sudo()._tochka_apply_merchant_modes()
        second = self.add_shop(tochka_journal_ids=[Command.clear()], sequence=50)
        self.assertFalse(second.tochka_warning)
        self.second_merchant.sudo().payment_modes = 'card,sbp'
        second._tochka_sync_payment_methods(self.second_merchant, {self.second_merchant: {'sbp'}})
        self.assertEqual(set(second._tochka_offered_methods().mapped('code')), {'card', 'sbp'})
        second.invalidate_recordset()
        self.assertIn("by Card", second.tochka_warning)

    def test_shop_that_the_bank_lists_no_more_takes_nothing(self):
        self.merchant.sudo().active = False
        self.assertIn("does not take payments", self.provider.sudo()._tochka_find_obstacle())

    def test_browser_can_not_choose_the_other_shop(self):
        second = self.add_shop()
        for invoice, provider in (
            (self.invoice_in(self.book_journal), self.provider),
            (self.invoice_in(self.sale_journal), second),
        ):
            transaction = self.create_tx(invoice, provider=provider)
            with self.assertRaisesRegex(ValidationError, "not available for this document"):
                transaction._get_processing_values()
        self.assertEqual(self.bank.count('create_payment'), 0)

    def test_form_says_when_it_is_used(self):
        second = self.add_shop()
        self.assertIn("For every document", self.provider.tochka_choice_summary)
        self.assertIn("Book sales", second.tochka_choice_summary)


@tagged('post_install', '-at_install')
class TestSbpOnly(ShopsCommon):
    """ One tick leaves SBP as the only way to pay. """

    def codes(self):
        return set(self.provider.sudo().with_context(active_test=False).payment_method_ids.mapped(
            'code'))

    def know(self, **states):
        self.startPatcher(patch.object(
            type(self.env['tochka.connection']), '_permission_state',
            lambda _self, name: states.get(name, 'unknown')))

    def test_tick_and_untick(self):
        provider = self.provider.sudo()
        provider.tochka_sbp_only = True
        self.assertEqual(self.codes(), {'sbp'})
        self.assertTrue(self.sbp.active)
        self.env['payment.provider']._tochka_sync_payment_methods(
            self.merchant, {self.merchant: {'card', 'sbp', 'tpay', 'dolyame'}})
        self.assertEqual(self.codes(), {'sbp'}, "A refresh brings nothing back")
        provider.tochka_sbp_only = False
        self.assertEqual(self.codes(), {'card', 'sbp', 'tpay', 'dolyame'})

    def test_nothing_else_can_be_paid_by(self):
        self.provider.sudo().tochka_sbp_only = True
        with self.assertRaisesRegex(ValidationError, "not available for this document"):
            self.create_tx(self.create_invoice(500))._get_processing_values()
        transaction = self.create_tx(self.create_invoice(500), method=self.sbp)
        transaction._get_processing_values()
        self.assertEqual(self.bank.calls[-1][1]['payment_modes'], ['sbp'])

    def test_shop_without_sbp(self):
        self.merchant.sudo().payment_modes = 'card'
        with self.assertRaisesRegex(ValidationError, "has no SBP at the bank"):
            self.provider.sudo().tochka_sbp_only = True

    def test_acquiring_permission_is_needed(self):
        self.know(MakeAcquiringOperation='missing')
        with self.assertRaisesRegex(ValidationError, "MakeAcquiringOperation"):
            self.provider.sudo().tochka_sbp_only = True

    def test_missing_sbp_permission_warns(self):
        self.know(EditSBPData='missing')
        provider = self.provider.sudo()
        self.assertFalse(provider.tochka_warning)
        provider.tochka_sbp_only = True
        self.assertIn("Work with the Faster Payments System", provider.tochka_warning)
        self.connection.sudo()._update_problems()
        self.assertIn('warning', self.connection.problem_ids.mapped('code'))
