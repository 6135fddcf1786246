# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import re
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

from psycopg2 import IntegrityError

from odoo.exceptions import AccessError, UserError
from odoo.tests import tagged
from odoo.tools import mute_logger
from odoo.tools.safe_eval import safe_eval

import odoo.addons.tochka_acquiring
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.tests.common import TochkaCommon


class ProblemCommon(TochkaCommon):

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env['res.lang'].sudo()._activate_lang('ru_RU')
        cls.accountant = cls.create_user('accountant-of-problems', cls.company, lang='ru_RU')
        cls.provider.sudo().tochka_responsible_id = cls.accountant
        cls.problems = cls.env['tochka.problem']

    @classmethod
    def create_user(cls, login, company, group='account.group_account_invoice', **values):
        return cls.env['res.users'].sudo().create({
            'name': login, 'login': login, 'email': f'{login}@example.com',
            'company_id': company.id, 'company_ids': company.ids,
            'group_ids': [cls.env.ref(group).id], **values,
        })

    def open_one(self, code='overpaid', transaction=None, **params):
        transaction = transaction or self.create_tx(self.create_invoice())
        return transaction._tochka_flag(code, **(params or {'amount': '1234.50'})), transaction


@tagged('post_install', '-at_install')
class TestProblem(ProblemCommon):
    """ What needs a person: told once, in the reader's words, until it is over. """

    def test_words_are_made_for_the_reader(self):
        problem, _transaction = self.open_one()
        self.assertIn("1,234.50", problem.advice)
        russian = problem.with_context(lang='ru_RU').advice
        self.assertIn("234,50", russian, "As a Russian writes it")
        self.assertFalse(self.env.cr.execute(
            "SELECT params::text FROM tochka_problem WHERE id = %s", [problem.id]))
        self.assertEqual(self.env.cr.fetchone()[0], '{"amount": "1234.50"}')

    def test_once_whatever_language_the_visitor_has(self):
        transaction = self.create_tx(self.create_invoice())
        for lang in ('en_US', 'ru_RU', 'en_US'):
            transaction.with_context(lang=lang)._tochka_flag('overpaid', amount=Decimal('5.00'))
        self.assertEqual(len(transaction.tochka_problem_ids), 1)
        self.assertEqual(len(transaction.invoice_ids.activity_ids), 1)

    def test_what_is_new_is_taken_over(self):
        problem, transaction = self.open_one(amount='5.00')
        again = transaction._tochka_flag('overpaid', amount='7.00')
        self.assertEqual(again, problem)
        self.assertIn("7.00", problem.advice)
        self.assertIn("7,00", problem.activity_id.note)
        other = transaction._tochka_flag('unbooked', subject='1', amount='1')
        third = transaction._tochka_flag('unbooked', subject='2', amount='1')
        self.assertEqual(transaction.tochka_problem_ids, problem + other + third)
        self.assertEqual(other.severity, '1_danger')

    def test_parameters_of_all_kinds_are_kept(self):
        problem, _transaction = self.open_one(
            amount=Decimal('1.00'), day=date(2026, 1, 2), at=datetime(2026, 1, 2, 3, 4, 5),
            records=self.payer, codes={'a'}, error=errors.Rejected("No", http_status=424))
        self.assertEqual(problem.sudo().params, {
            'amount': '1.00', 'day': '2026-01-02', 'at': '2026-01-02 03:04:05',
            'records': self.payer.ids, 'codes': ['a'],
            'error': {'text': "No", 'more': " (HTTP 424)"}})

    def test_one_open_row(self):
        problem, _transaction = self.open_one()
        with self.assertRaises(IntegrityError), mute_logger('odoo.sql_db'), self.cr.savepoint():
            self.problems.sudo().create({
                'code': problem.code, 'res_model': problem.res_model, 'res_id': problem.res_id,
                'severity': '3_info'})

    def test_deleted_record_and_unknown_code_still_render(self):
        transaction = self.create_tx()
        problem, _transaction = self.open_one(transaction=transaction, amount='3.00')
        unknown = transaction._tochka_flag('of_tomorrow', number=7)
        note = transaction._tochka_flag('note', text="First\nSecond")
        transaction.sudo().unlink()
        self.env.invalidate_all()
        self.assertIn("3.00", problem.advice)
        self.assertFalse(problem.record_name)
        self.assertEqual(unknown.advice, "number: 7")
        self.assertIn('of_tomorrow', unknown.title)
        self.assertEqual((note.title, note.advice), ("First", "Second"))
        problem.with_user(self.accountant)._close_by_person("deleted")
        self.assertTrue(problem.closed_at)

    def test_every_code_has_words(self):
        root = Path(odoo.addons.tochka_acquiring.__file__).parent
        codes = {
            code for addon in ('tochka_acquiring', 'tochka_fiscal')
            for path in (root.parent / addon / 'models').rglob('*.py')
            for code in re.findall(
                r"(?:_tochka_flag|self\._ask|_open)\(\s*(?:[\w.]+,\s*)?'(\w+)'",
                path.read_text())}
        for path in ('connection/tochka_connection_health.py',
                     'payment/payment_transaction_apply.py'):
            codes |= set(re.findall(
                r"(?:problems\.append\(|return )\(?\s*'(\w+)', ",
                (root / 'models' / path).read_text()))
        self.assertGreater(len(codes), 30)
        if 'fiscal.receipt' not in self.env:
            codes = {code for code in codes if not code.startswith(('receipt_', 'register_'))}
        for code in codes - {'unprinted'}:
            self.assertTrue(hasattr(self.problems, f'_texts_{code}'), code)

    def test_texts_stand_without_any_parameter(self):
        """ An older or younger version may have kept other ones. """
        transaction = self.create_tx()
        for name in dir(type(self.problems)):
            if name.startswith('_texts_'):
                problem = transaction._tochka_flag(name.removeprefix('_texts_'))
                self.assertTrue(problem.title, name)


    def test_payments_in_a_list(self):
        invoice = self.create_invoice()
        paid, topped_up = self.create_tx(invoice), self.create_tx()
        self.assertEqual(paid.tochka_paid_for, invoice.name)
        self.assertEqual(topped_up.tochka_paid_for, "Top-up of the balance: Petrov")
        action = self.env['ir.actions.act_window']._for_xml_id(
            'tochka_acquiring.action_tochka_transaction')
        found = self.env['payment.transaction'].with_user(self.accountant).search(
            [*safe_eval(action['domain']), ('id', 'in', (paid + topped_up).ids)])
        self.assertEqual(len(found), 2)
        for name in ('tochka_transaction', 'tochka_refund', 'tochka_problem'):
            self.assertTrue(self.env.ref(f'tochka_acquiring.menu_{name}').with_user(
                self.accountant)._filter_visible_menus())


@tagged('post_install', '-at_install')
class TestProblemEnds(ProblemCommon):
    """ Closed by itself when the cause is gone, or by a person with a reason. """

    def test_the_cause_is_gone(self):
        problem, transaction = self.open_one()
        transaction._tochka_unflag('held')
        self.assertEqual(transaction.tochka_problem_ids, problem)
        transaction._tochka_unflag('overpaid')
        self.assertFalse(transaction.tochka_problem_ids or transaction.invoice_ids.activity_ids)
        self.assertTrue(problem.closed_at and problem.over_at)
        self.assertFalse(problem.activity_id.active)
        again, _transaction = self.open_one(transaction=transaction)
        self.assertNotEqual(again, problem, "The same is another problem")
        self.assertEqual(len(transaction.invoice_ids.activity_ids), 1)

    def test_a_person_closes_it_with_a_reason(self):
        problem, transaction = self.open_one(amount='5.00')
        mine = problem.with_user(self.accountant)
        wizard = self.env['tochka.problem.close'].with_user(self.accountant).browse(
            mine.action_close()['res_id'])
        with self.assertRaisesRegex(UserError, "Write why"):
            wizard.action_apply()
        wizard.reason = "Agreed on the phone"
        wizard.action_apply()
        self.assertEqual((problem.closed_by_id, problem.reason),
                         (self.accountant, "Agreed on the phone"))
        self.assertFalse(transaction.tochka_problem_ids or transaction.invoice_ids.activity_ids)
        # The nightly job finds the same again.
        self.assertFalse(transaction._tochka_flag('overpaid', amount='5.00'))
        self.assertFalse(transaction.tochka_problem_ids)
        self.assertTrue(transaction._tochka_flag('overpaid', amount='6.00'), "Something else")
        self.assertEqual(problem.reason, "Agreed on the phone")

    def test_closed_by_a_person_and_gone_and_back(self):
        problem, transaction = self.open_one()
        problem._close_by_person("seen")
        transaction._tochka_unflag('overpaid')
        self.assertEqual(problem.reason, "seen")
        self.assertTrue(self.open_one(transaction=transaction)[0])

    def test_the_activity_is_only_its_face(self):
        problem, transaction = self.open_one(amount='5.00')
        self.assertEqual(problem.activity_id, transaction.invoice_ids.activity_ids)
        self.assertEqual(problem.activity_id.user_id, self.accountant)
        self.assertIn(transaction.reference, problem.activity_id.summary)
        problem.activity_id.with_user(self.accountant).action_feedback()
        self.assertEqual(transaction.tochka_problem_ids, problem, "Nothing is mended by it")
        transaction._tochka_flag('overpaid', amount='6.00')
        self.assertFalse(transaction.invoice_ids.activity_ids, "Not asked twice")

    def test_what_can_wait_asks_nobody(self):
        self.connection.sudo()._report_problem(errors.NotSent("down"))
        entity = self.env['tochka.problem']._open(
            self.connection, 'entity', 'x', name="ООО", inn='1')
        self.assertFalse(entity.activity_id)

    def test_bank_that_answers_well_ends_what_the_payment_was_flagged_for(self):
        transaction = self.create_linked_tx()
        operation_id = transaction.tochka_operation_id
        operation = self.bank.change(operation_id, status='APPROVED', amount=Decimal('1.00'))
        self.assertEqual(transaction._tochka_apply_operation(operation), 'misfit')
        self.assertEqual(transaction.tochka_problem_ids.code, 'misfit_amount')
        operation = self.bank.change(
            operation_id, status='AUTHORIZED', amount=transaction._tochka_amount())
        transaction._tochka_apply_operation(operation)
        self.assertEqual(transaction.tochka_problem_ids.code, 'held')
        self.pay(transaction)
        self.assertFalse(transaction.tochka_problem_ids)

    def test_needs_attention(self):
        problem, transaction = self.open_one()
        needy = [('tochka_problem_ids', '!=', False)]
        transactions = self.env['payment.transaction'].with_user(self.accountant)
        self.assertEqual(transactions.search(needy), transaction.with_user(self.accountant))
        problem._close_by_person("seen")
        self.assertFalse(transactions.search(needy))


@tagged('post_install', '-at_install')
class TestProblemRights(ProblemCommon):
    """ Only the server writes; whoever sees a record sees what is wrong with it. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        other = cls.env['res.company'].sudo().create({'name': "Other company"})
        cls.stranger = cls.create_user(
            'stranger-of-problems', other, 'account.group_account_manager')
        cls.portal = cls.create_user('portal-of-problems', cls.company, 'base.group_portal')
        cls.system = cls.create_user('system-of-problems', cls.company, 'base.group_system')

    def test_nobody_writes(self):
        problem, _transaction = self.open_one()
        for user in (self.accountant, self.stranger, self.portal, self.system):
            mine = problem.with_user(user)
            with self.assertRaises(AccessError):
                mine.write({'closed_at': '2026-01-01', 'reason': "no"})
            with self.assertRaises(AccessError):
                mine.unlink()
            with self.assertRaises(AccessError):
                mine.create({'code': 'note', 'res_model': 'res.partner', 'res_id': 1,
                             'severity': '3_info'})

    def test_other_companies_and_customers(self):
        problem, _transaction = self.open_one()
        for user in (self.stranger, self.portal):
            mine = problem.with_user(user).with_context(allowed_company_ids=user.company_ids.ids)
            self.assertFalse(user.has_group('account.group_account_invoice')
                             and mine.search([('id', '=', problem.id)]))
            for method in ('read', 'action_mend', 'action_open_record', 'action_close'):
                with self.assertRaises(AccessError), self.cr.savepoint():
                    getattr(mine, method)()
            with self.assertRaises(AccessError):
                mine._close_by_person("no")
        wizard = self.env['tochka.problem.close'].with_user(self.stranger).sudo().create({
            'problem_ids': problem.ids, 'reason': "mine"}).sudo(False)
        with suppress(AccessError):  # or it does not even see them
            wizard.action_apply()
        self.assertFalse(problem.closed_at)

    def test_accountant_reads_the_first_sentence_of_a_connection(self):
        self.connection.sudo()._report_problem(
            errors.Rejected("Words of the bank", http_status=400, audit_id='a-1'))
        problem = self.connection.problem_ids
        self.assertIn("Words of the bank", problem.with_user(self.system).advice)
        mine = problem.with_user(self.accountant)
        self.assertTrue(mine.title)
        self.assertFalse(mine.advice or mine.action_name)
        with self.assertRaises(AccessError):
            mine.read(['params'])
        self.assertNotIn("Words of the bank", str(problem.activity_id.note))
        self.assertEqual(problem.activity_id.user_id, self.accountant)
        with self.assertRaises(UserError):
            mine.action_mend()

    def test_button_is_one_of_the_list(self):
        problem, _transaction = self.open_one()
        with self.assertRaisesRegex(UserError, "A person has to mend this"):
            problem.action_mend()

    def test_what_belongs_to_no_company_is_the_administrators(self):
        event = self.env['tochka.webhook.event'].sudo().create({
            'digest': 'x', 'received_at': '2026-01-01'})
        problem = self.problems._open(event, 'orphan', operation='1', amount='many', order='2')
        self.assertIn("many", problem.advice)
        self.assertFalse(problem.with_user(self.accountant).search([('id', '=', problem.id)]))
        self.assertTrue(problem.with_user(self.system).search([('id', '=', problem.id)]))
