# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from decimal import Decimal

from odoo.exceptions import AccessError, UserError, ValidationError
from odoo.fields import Command
from odoo.tests import HttpCase, tagged
from odoo.tools import mute_logger

from odoo.addons.payment import utils as payment_utils
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.api.operation import read_history
from odoo.addons.tochka_acquiring.tests.refund_common import RefundCommon

PROBLEM_LOGGER = 'odoo.addons.tochka_acquiring.models.problem.tochka_problem'


@tagged('post_install', '-at_install')
class TestStrangers(RefundCommon):
    """ What whoever has an account, or a link, can do to other people's money and names. """

    def make_user(self, login, *groups, company=None):
        company = company or self.company
        return self.env['res.users'].sudo().create({
            'name': login, 'login': login, 'company_id': company.id,
            'company_ids': [Command.set(company.ids)],
            'group_ids': [Command.set([self.env.ref(group).id for group in groups])],
        })

    def test_zero_refund_entry(self):
        transaction = self.create_linked_tx(self.create_invoice(1000.0))
        operation = self.bank.pay(transaction.tochka_operation_id)
        self.bank.change(transaction.tochka_operation_id, orders=(
            *operation.orders,
            *read_history([{'orderId': 'Z', 'type': 'refund', 'amount': '0.00'}])[0]))
        outcome = self.refresh(transaction)
        self.assertEqual((outcome, transaction.state), ('applied', 'done'))

    def test_reference_of_a_refund_is_taken(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 300.0)
        # Whoever pays chooses the reference by /payment/transaction.
        self.create_tx(amount=5.0, reference=refund.name)
        self.env.flush_all()
        with mute_logger('odoo.addons.tochka_acquiring.models.core.ir_cron', 'odoo.sql_db'):
            self.work()
            self.work(minutes=60)
            self.work(minutes=60 * 48)
        self.assertEqual(self.bank_refunds(payment), [Decimal('300.00')])
        self.assertEqual((refund.state, self.problems(refund)), ('done', []))
        self.assertEqual(refund.payment_id.amount, 300.0)

    @mute_logger(PROBLEM_LOGGER)
    def test_refund_after_one_that_has_vanished(self):
        payment = self.paid(1000.0)
        approval = self.bank.operations[payment.tochka_operation_id].orders
        self.bank.give_back(payment.tochka_operation_id, '100.00')
        self.refresh(payment)
        self.book()
        self.bank.change(payment.tochka_operation_id, orders=approval, status='APPROVED')
        self.refresh(payment)
        first = payment.tochka_refund_ids
        self.assertEqual(self.problems(first), ['refund_vanished'])
        self.env['tochka.problem'].search([
            ('res_model', '=', 'tochka.refund'), ('res_id', '=', first.id),
        ])._close_by_person("The card was closed, the money came back.")
        self.bank.give_back(payment.tochka_operation_id, '50.00')
        self.refresh(payment)
        self.book()
        told = self.problems(payment) + self.problems(payment.tochka_refund_ids)
        booked = sorted(payment.tochka_refund_ids.mapped('amount'))
        self.assertTrue(told or booked == [50.0, 100.0], "50 roubles are silent")

    def test_return_of_another_providers_payment_by_hand(self):
        other = self.env['payment.provider'].sudo().search(
            [('code', '=', 'none'), ('company_id', '=', self.company.id)], limit=1) or (
            self.env['payment.provider'].sudo().create({
                'name': "Other", 'code': 'none', 'company_id': self.company.id}))
        payment = self.create_tx(amount=100.0, provider=other)
        payment._set_done()
        clerk = self.make_user('refunder', 'account.group_account_invoice',
                          'tochka_acquiring.group_refund')
        wizard = self.env['tochka.refund.record'].with_user(clerk).create({
            'transaction_id': payment.id, 'amount': 100.0})
        with self.assertRaises(UserError):
            wizard.action_record()

    def test_return_for_anybodys_document(self):
        payment = self.paid(1000.0)
        stranger_note = self.credit(self.create_invoice(500.0, partner=self.stranger))
        invoice = self.create_invoice(300.0)
        for document in (stranger_note, invoice):
            with self.subTest(document.move_type), self.assertRaises(UserError):
                with self.env.cr.savepoint():
                    self.env['tochka.refund.record'].create({
                        'transaction_id': payment.id, 'amount': 100.0,
                        'credit_note_id': document.id}).action_record()
            self.env.invalidate_all()

    @mute_logger('odoo.addons.base.models.ir_model', 'odoo.addons.base.models.ir_rule')
    def test_debt_of_a_customer_is_no_employees_to_read(self):
        self.create_due(777.0)
        employee = self.make_user('employee', 'base.group_user')
        wizard = self.env['payment.link.wizard'].with_user(employee).with_context(
            active_model='res.partner', active_id=self.payer.id)
        self.assertFalse(wizard.default_get(['amount']).get('amount'))

    @mute_logger('odoo.addons.base.models.ir_model', 'odoo.addons.base.models.ir_rule')
    def test_debt_is_told_of_invoices_and_contacts_that_are_the_users_to_see(self):
        """ Rules of records count as well, for instance those of a salesperson. """
        self.create_due(777.0)
        seen = self.create_due(100.0)
        clerk = self.make_user('clerk', 'account.group_account_invoice')

        def asked():
            self.env.invalidate_all()
            return self.env['payment.link.wizard'].with_user(clerk).with_context(
                active_model='res.partner', active_id=self.payer.id
            ).default_get(['amount', 'amount_max']).get('amount')

        self.assertEqual(asked(), 877.0)
        self.env['ir.rule'].sudo().create({
            'name': "One invoice", 'model_id': self.env['ir.model']._get_id('account.move'),
            'domain_force': [('id', '=', seen.id)]})
        self.assertEqual(asked(), 100.0)
        self.env['ir.rule'].sudo().create({
            'name': "Other contacts", 'model_id': self.env['ir.model']._get_id('res.partner'),
            'domain_force': [('id', '!=', self.payer.id)]})
        with self.assertRaises(AccessError):
            asked()

    def test_foreign_address_is_the_administrators(self):
        connection = self.connection.sudo()
        connection.write({
            'client_id': 'id', 'webhook_state': 'other',
            'webhook_foreign_url': 'https://other.example.com/hook'})
        connection._register_webhook()
        clerk = self.make_user('reader', 'account.group_account_invoice')
        connection.flush_recordset()
        found = []
        fields_ = [name for name, field in connection._fields.items()
                   if connection.with_user(clerk)._has_field_access(field, 'read')
                   and field.type in ('char', 'text', 'html', 'json')]
        for name in fields_:
            values = connection.with_user(clerk).with_context(
                allowed_company_ids=self.company.ids).read([name])
            if 'other.example.com' in str(values):
                found.append(name)
        self.assertFalse(found)

    @mute_logger(PROBLEM_LOGGER)
    def test_activity_tells_an_accountant_what_the_problem_hides(self):
        connection = self.connection.sudo()
        self.provider.sudo().tochka_responsible_id = self.env.user  # an administrator
        connection.write({
            'client_id': 'id', 'webhook_state': 'other',
            'webhook_foreign_url': 'https://other.example.com/hook'})
        connection._update_problems()
        self.env.flush_all()
        clerk = self.make_user('reader', 'account.group_account_invoice')
        activities = self.env['mail.activity'].with_user(clerk).with_context(
            allowed_company_ids=self.company.ids).search([
                ('res_model', '=', 'tochka.connection'), ('res_id', '=', connection.id)])
        self.assertNotIn('other.example.com', str(activities.mapped('note')))

    @mute_logger('odoo.addons.base.models.ir_model', 'odoo.addons.base.models.ir_rule')
    def test_names_of_another_company(self):
        other = self.create_other_company()
        stranger = self.make_user('stranger_b', 'account.group_account_manager', company=other)
        secret = self.env['res.partner'].create({
            'name': "Secret Person", 'company_id': self.company.id})
        payment = self.paid(1000.0)
        self.ask_refund(payment, 100.0)
        self.env.flush_all()

        def of(model):
            self.env.invalidate_all()
            return self.env[model].sudo(False).with_user(stranger).with_context(
                allowed_company_ids=other.ids)
        attempts = {
            'client': lambda: of('payment.transaction').onchange(
                {'provider_id': self.provider.id, 'tochka_client_id': secret.id}, [],
                {'tochka_paid_for': {}}),
            'partner': lambda: of('payment.transaction').onchange(
                {'provider_id': self.provider.id, 'partner_id': secret.id}, [],
                {'tochka_paid_for': {}}),
            'invoice': lambda: of('payment.transaction').onchange(
                {'invoice_ids': [[6, 0, payment.invoice_ids.ids]]}, [],
                {'invoice_ids': {}, 'tochka_paid_for': {}}),
            'refunds': lambda: of('account.move').onchange(
                {'move_type': 'out_refund', 'transaction_ids': [[6, 0, payment.ids]]}, [],
                {'transaction_ids': {}, 'tochka_refund_info': {}, 'tochka_refund_count': {}}),
            'refunds of a note': lambda: of('account.move').onchange(
                {'tochka_refund_ids': [[6, 0, payment.tochka_refund_ids.ids]]}, [],
                {'tochka_refund_ids': {}, 'tochka_refund_info': {}, 'tochka_refund_count': {}}),
            'payment': lambda: of('account.payment').onchange(
                {'payment_transaction_id': payment.id}, [],
                {'tochka_refund_info': {}, 'tochka_refundable': {}}),
        }
        for name, attempt in attempts.items():
            with self.subTest(name):
                try:
                    with self.env.cr.savepoint():
                        told = str(attempt())
                except AccessError:
                    continue
                for word in ("Secret", payment.invoice_ids.name, "100.00", "100,00"):
                    self.assertNotIn(word, told)

    @mute_logger('odoo.addons.base.models.ir_model', 'odoo.addons.base.models.ir_rule')
    def test_invoice_of_another_company_is_kept_from_being_paid(self):
        other = self.create_other_company()
        stranger = self.make_user('stranger_c', 'account.group_account_invoice', company=other)
        invoice = self.create_invoice(1000.0)
        provider = self.env['payment.provider'].sudo().create({
            'name': "Nothing", 'code': 'none', 'company_id': other.id})
        self.env.flush_all()
        values = {
            'provider_id': provider.id, 'payment_method_id': self.card.id, 'reference': 'mine',
            'amount': 1000000.0, 'currency_id': self.rub.id, 'state': 'done',
            'partner_id': stranger.partner_id.id,
        }
        mine = self.env['payment.transaction'].sudo(False).with_user(stranger).with_context(
            allowed_company_ids=other.ids)
        for name, attempt in {
            'create': lambda: mine.create({
                **values, 'invoice_ids': [Command.set(invoice.ids)]}),
            'write': lambda: mine.create({**values, 'reference': 'mine-2'}).write({
                'invoice_ids': [Command.link(invoice.id)]}),
        }.items():
            with self.subTest(name):
                try:
                    with self.env.cr.savepoint():
                        attempt()
                        self.env.flush_all()
                except AccessError:
                    pass
                self.env.invalidate_all()
                self.assertEqual(self.env['payment.transaction']._tochka_due(invoice), 1000.0)

    @mute_logger(PROBLEM_LOGGER)
    def test_refund_of_a_connection_that_was_ended(self):
        payment = self.paid(1000.0)
        refund = self.ask_refund(payment, 100.0)
        self.connection.sudo().action_disconnect()
        self.bank.fail('get_payment', *[errors.Unauthorized("no key")] * 5)
        for minutes in (60, 60 * 25, 60 * 49):
            self.work(minutes)
        told = self.problems(refund) + self.problems(payment) + self.problems(self.connection)
        self.assertTrue(told, refund.state)

    @mute_logger(PROBLEM_LOGGER)
    def test_defaults_of_a_caller_reach_no_problem(self):
        clerk = self.make_user('hider', 'account.group_account_invoice')
        transaction = self.create_linked_tx(self.create_invoice(1000.0))
        self.bank.pay(transaction.tochka_operation_id)
        self.bank.change(transaction.tochka_operation_id, amount=Decimal('5.00'))
        self.env.flush_all()
        transaction.sudo(False).with_user(clerk).with_context(
            allowed_company_ids=self.company.ids, default_closed_at='2026-01-01 00:00:00',
            default_closed_by_id=self.env.user.id, default_is_asked=True,
        ).action_tochka_refresh()
        self.env.invalidate_all()
        problem = self.env['tochka.problem'].sudo().search([
            ('res_model', '=', 'payment.transaction'), ('res_id', '=', transaction.id)])
        self.assertRecordValues(problem, [{
            'code': 'misfit_amount', 'closed_at': False, 'closed_by_id': False}])
        self.assertTrue(problem.activity_id.active)

    @mute_logger(PROBLEM_LOGGER)
    def test_caller_keeps_nobody_from_being_asked(self):
        clerk = self.make_user('hider', 'account.group_account_invoice')
        for context in ({'mail_activity_automation_skip': True}, {'default_active': False}):
            with self.subTest(context):
                transaction = self.create_linked_tx(self.create_invoice(1000.0))
                self.bank.pay(transaction.tochka_operation_id)
                self.bank.change(transaction.tochka_operation_id, amount=Decimal('5.00'))
                self.env.flush_all()
                transaction.sudo(False).with_user(clerk).with_context(
                    allowed_company_ids=self.company.ids, **context).action_tochka_refresh()
                self.env.invalidate_all()
                problem = self.env['tochka.problem'].sudo().search([
                    ('res_model', '=', 'payment.transaction'), ('res_id', '=', transaction.id)])
                self.assertTrue(problem.activity_id.active)

    def test_amounts_that_are_none(self):
        payment = self.paid(1000.0)
        for amount in (float('nan'), float('inf'), 1e308, -5.0, 0.001):
            with self.subTest(amount), self.assertRaises(ValidationError):
                payment.with_user(self.env.user).action_refund(amount_to_refund=amount)
        self.assertFalse(payment.tochka_refund_ids)


@tagged('post_install', '-at_install')
class TestReturnPage(HttpCase, RefundCommon):
    """ The address to which the bank sends the payer back. """

    def test_payer_chooses_the_reference(self):
        user = self.env['res.users'].sudo().create({
            'name': "Portal", 'login': 'portal_break', 'password': 'portal_break',
            'company_id': self.company.id, 'company_ids': [Command.set(self.company.ids)],
            'group_ids': [Command.set([self.env.ref('base.group_portal').id])]})
        user.partner_id.email = 'portal@example.com'
        self.env.flush_all()
        self.authenticate('portal_break', 'portal_break')
        token = payment_utils.generate_access_token(
            user.partner_id.id, 5.0, self.rub.id, env=self.env)
        answer = self.url_open('/payment/transaction', json={
            'jsonrpc': '2.0', 'method': 'call', 'params': {
                'amount': 5.0, 'currency_id': self.rub.id, 'partner_id': user.partner_id.id,
                'access_token': token, 'provider_id': self.provider.id,
                'payment_method_id': self.card.id, 'token_id': None, 'flow': 'redirect',
                'tokenization_requested': False, 'landing_route': '/my',
                'reference_prefix': 'R-INV/2026/1'}}).json()
        self.assertEqual(answer['result']['reference'], 'R-INV/2026/1')

    def test_return_page_asks_the_bank_each_time(self):
        transaction = self.create_linked_tx(self.create_invoice(1000.0))
        self.env.flush_all()
        for _number in range(10):
            self.url_open(
                f'/payment/tochka/return?reference={transaction.reference}'
                f'&access_token={transaction._tochka_return_token()}', allow_redirects=False)
        self.assertLess(self.bank.count('get_payment'), 5)

    def test_zero_refund_entry_at_the_return(self):
        transaction = self.create_linked_tx(self.create_invoice(1000.0))
        operation = self.bank.pay(transaction.tochka_operation_id)
        self.bank.change(transaction.tochka_operation_id, orders=(
            *operation.orders,
            *read_history([{'orderId': 'Z', 'type': 'refund', 'amount': '0.00'}])[0]))
        self.env.flush_all()
        response = self.url_open(
            f'/payment/tochka/return?reference={transaction.reference}'
            f'&access_token={transaction._tochka_return_token()}', allow_redirects=False)
        self.assertLess(response.status_code, 400)
