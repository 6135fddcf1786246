# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import functools
import inspect
import uuid
from dataclasses import replace
from datetime import datetime, timezone
from decimal import Decimal
from unittest.mock import patch
from zoneinfo import ZoneInfo

from odoo import fields
from odoo.fields import Command

from odoo.addons.account_payment.tests.common import AccountPaymentCommon
from odoo.addons.base.tests.common import BaseCommon
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.api.client import TochkaClient
from odoo.addons.tochka_acquiring.api.operation import (
    AcceptedRefund,
    Account,
    CreatedPayment,
    Customer,
    Operation,
    Order,
    Retailer,
)
from odoo.addons.tochka_acquiring.tests import prepared

CUSTOMER_CODE = '301234567'
MERCHANT_ID = '200000000012345'
INN = '9900000017'


def specified_by(real, *helpers):
    """ Let a double take only the calls that the real class takes.

    :param type real: The real class.
    :param str helpers: Methods that only tests call.
    """
    def specify(fake):
        for name, method in list(vars(fake).items()):
            if callable(method) and not name.startswith('_') and name not in helpers:
                setattr(fake, name, _call_as(inspect.signature(getattr(real, name)), method))
        return fake
    return specify


def _call_as(signature, method):
    @functools.wraps(method)
    def call(*args, **kwargs):
        signature.bind(*args, **kwargs)
        return method(*args, **kwargs)
    return call


@specified_by(TochkaClient, 'fail', 'count', 'add', 'change', 'pay', 'give_back')
class FakeBank:
    """ A double of the API client for tests of the models, without HTTP.

    The sandbox of the project is the real thing; this one only remembers and answers.
    """

    def __init__(self):
        self.calls = []
        self.operations = {}
        self.failures = {}
        self.webhook = None
        self.jwk = None
        self.clock_difference = 0
        self.consent_answer = None
        self.customer_list = [
            Customer(CUSTOMER_CODE, 'Business', short_name="ООО «Ромашка»", inn=INN),
            Customer('301234569', 'Personal', name="Ромашка Василиса"),
        ]
        self.account_list = [
            Account('301234567', '40702810401234567890', '044525104', 'RUB', 'Enabled'),
        ]
        self.retailer_lists = {
            CUSTOMER_CODE: [
                Retailer(MERCHANT_ID, 'REG', True, name="Школа «Ромашка»", rate=Decimal('2.5'),
                         payment_modes=('sbp', 'card', 'tinkoff', 'dolyame')),
            ],
        }

    def fail(self, method, *failures):
        """ Let the next calls of a method raise these; (error, True) does the work first. """
        self.failures.setdefault(method, []).extend(failures)

    def _called(self, name, **values):
        self.calls.append((name, values))
        failure = (self.failures.get(name) or [None]).pop(0)
        if isinstance(failure, tuple):
            return failure[0]
        if failure:
            raise failure
        return None

    def count(self, name):
        """ Return how often a method was called. """
        return sum(1 for called, _values in self.calls if called == name)

    def customers(self):
        self._called('customers')
        return self.customer_list

    def consent(self, consent_id):
        self._called('consent', consent_id=consent_id)
        return self.consent_answer

    def accounts(self):
        self._called('accounts')
        return self.account_list

    def probe_sbp(self, customer_code):
        self._called('probe_sbp', customer_code=customer_code)

    def retailers(self, customer_code):
        self._called('retailers')
        return self.retailer_lists[customer_code]

    def create_payment(self, **values):
        after = self._called('create_payment', **values)
        if any(o.payment_link_id == values['payment_link_id'] for o in self.operations.values()):
            raise errors.Rejected(
                f"Ошибка валидации: заказ с номером {values['payment_link_id']} существует",
                http_status=424,
                audit_id='audit-1',
            )
        operation = self.add(
            amount=values['amount'], payment_link_id=values['payment_link_id'],
            merchant_id=values['merchant_id'], payment_modes=tuple(values['payment_modes']),
            receipt=values.get('receipt'),
        )
        if after:
            raise after
        return CreatedPayment(
            operation.operation_id, operation.payment_link, operation.amount, 'CREATED',
            operation.payment_link_id, operation.payment_modes,
        )

    def add(self, **values):
        """ Put an operation into the bank. """
        operation_id = values.pop('operation_id', None) or str(uuid.uuid4())
        operation = Operation(**{
            'operation_id': operation_id,
            'status': 'CREATED',
            'customer_code': CUSTOMER_CODE,
            'merchant_id': MERCHANT_ID,
            'payment_link': f'https://pay.example.com/order/?uuid={operation_id}',
            'created_at': datetime.now(timezone.utc),
            **values,
        })
        self.operations[operation_id] = operation
        return operation

    def change(self, operation_id, **values):
        """ Change an operation. """
        self.operations[operation_id] = replace(self.operations[operation_id], **values)
        return self.operations[operation_id]

    def pay(self, operation_id, payment_type='card', paid_at=None, status='APPROVED'):
        """ Let the payer pay. """
        paid_at = paid_at or datetime.now(timezone.utc)
        amount = self.operations[operation_id].amount
        return self.change(
            operation_id, status=status, payment_type=payment_type, paid_at=paid_at,
            orders=(Order(str(uuid.uuid4()), 'approval', amount, paid_at),),
        )

    def refund_payment(self, operation_id, amount, customer_code=None):
        after = self._called('refund_payment', operation_id=operation_id, amount=amount)
        operation = self.operations[operation_id]
        if operation.status not in ('APPROVED', 'REFUNDED_PARTIALLY'):
            raise errors.Rejected("impossible", http_status=424, audit_id='audit-2')
        if amount > operation.amount - operation.refunded:
            raise errors.Rejected("more than the rest", http_status=424, audit_id='audit-3')
        self.give_back(operation_id, amount)
        if after:
            raise after
        return AcceptedRefund(operation_id, amount, 'another-id')

    def give_back(self, operation_id, amount, moment=None):
        """ Return money, as the internet bank does as well. """
        operation = self.operations[operation_id]
        refund = Order(str(uuid.uuid4()), 'refund', Decimal(str(amount)),
                       moment or datetime.now(timezone.utc))
        whole = operation.refunded + refund.amount >= operation.amount
        return self.change(
            operation_id, orders=(*operation.orders, refund),
            status='REFUNDED' if whole else 'REFUNDED_PARTIALLY')

    def get_payment(self, operation_id, customer_code=None):
        self._called('get_payment', operation_id=operation_id)
        if operation_id not in self.operations:
            raise errors.Rejected("not found", http_status=424)
        return self.operations[operation_id]

    def list_payments(self, customer_code, from_date, to_date, *, status=None, per_page=1000):
        self._called('list_payments', customer_code=customer_code, from_date=from_date,
                     to_date=to_date)
        return iter(self._listed(from_date, to_date, status))

    page_size = 1000

    def list_page(
        self, customer_code, from_date, to_date, *, status=None, page=1, per_page=1000,
    ):
        self._called('list_payments', customer_code=customer_code, from_date=from_date,
                     to_date=to_date, status=status, page=page)
        listed = self._listed(from_date, to_date, status)
        end = page * self.page_size
        return listed[end - self.page_size:end], end >= len(listed)

    def _listed(self, from_date, to_date, status):
        """ Return the operations created on these days, as the bank lists them. """
        zone = ZoneInfo(const.BANK_TIME_ZONE)
        return [
            operation for operation in self.operations.values()
            if status in (None, operation.status)
            and from_date <= operation.created_at.astimezone(zone).date() <= to_date
        ]

    def get_webhook(self, client_id):
        self._called('get_webhook')
        return self.webhook

    def set_webhook(self, client_id, url, types, replace=False):
        self._called('set_webhook', url=url, replace=replace)
        self.webhook = {'url': url, 'webhooksList': types}
        return self.webhook

    def delete_webhook(self, client_id):
        self._called('delete_webhook')
        self.webhook = None
        return {'result': True}

    def send_test_webhook(self, client_id, webhook_type):
        self._called('send_test_webhook')
        return {'result': True}

    def public_key(self):
        self._called('public_key')
        if not self.jwk:
            raise errors.NotSent("The bank can't be reached.")
        return self.jwk


class TochkaCommon(AccountPaymentCommon):
    """ A Russian company in roubles, a connected shop, an enabled provider, a payer. """

    @classmethod
    def setUpClass(cls):
        if prepared.exists():
            # Behind `BaseCommon` Odoo's classes make nothing that a database keeps.
            super(BaseCommon, cls).setUpClass()
            prepared.find(cls)
        else:
            super().setUpClass()
            cls.set_up_common()
        # The bank's day, on which payments are booked: at night it is ahead of UTC's.
        cls.today = datetime.now(ZoneInfo(const.BANK_TIME_ZONE)).date()
        cls.bank = FakeBank()

    @classmethod
    def set_up_common(cls):
        """ Make what every class has; `prepared` may have it from the database. """
        cls.rub = cls._enable_currency('RUB')
        cls.company_data = cls.setup_other_company(
            name="ООО «Ромашка»",
            currency_id=cls.rub.id,
            country_id=cls.env.ref('base.ru').id,
            vat=INN,
        )
        cls.company = cls.company_data['company']
        admin = cls.env.ref('base.user_admin')
        admin.sudo().write({
            'company_ids': [Command.link(cls.company.id)],
            'company_id': cls.company.id,
            'group_ids': [
                Command.link(cls.env.ref('account.group_account_manager').id),
                Command.link(cls.env.ref('analytic.group_analytic_accounting').id),
            ],
        })
        cls.env = cls.env(user=admin, context={
            **cls.env.context, 'allowed_company_ids': cls.company.ids, 'lang': 'en_US',
        })
        cls.company = cls.company.with_env(cls.env)
        cls.connection, cls.merchant = cls.create_connection()
        cls.journal = cls.company_data['default_journal_bank'].with_env(cls.env)
        plan = cls.env.ref('tochka_acquiring.analytic_plan_articles')
        cls.article = cls.env['account.analytic.account'].create({
            'name': "Tuition fees", 'plan_id': plan.id, 'company_id': cls.company.id,
        })
        cls.provider = cls.create_provider()
        cls.card = cls.env.ref('payment.payment_method_card')
        cls.sbp = cls.env.ref('tochka_acquiring.payment_method_sbp')
        cls.payer = cls.env['res.partner'].create({
            'name': "Petrov", 'email': 'petrov@example.com',
            'country_id': cls.env.ref('base.ru').id,
        })
        cls.payment_method = cls.card
        cls.payment_method_id = cls.card.id
        cls.currency = cls.rub
        cls.partner = cls.payer

    def setUp(self):
        super().setUp()
        self.bank = type(self).bank = FakeBank()
        self.startPatcher(patch(
            'odoo.addons.tochka_acquiring.models.connection.tochka_connection.TochkaConnection._client',
            lambda _connection, quick=False: self.bank,
        ))
        # Own cursors of the code under test must see what the test has written.
        self.enterContext(self.enter_registry_test_mode())

    def said_of(self, transaction):
        """ Return what the open problems of a payment say; '' if there is none. """
        transaction.invalidate_recordset(['tochka_problem_ids'])
        return '\n'.join(
            f"{problem.title} {problem.advice or ''}"
            for problem in transaction.tochka_problem_ids)

    def trouble_of(self, connection):
        """ Return what the last call that failed has said of the connection, or ''. """
        connection = connection.sudo()
        connection.invalidate_recordset(['problem_ids'])
        return connection._trouble().advice or ''

    @classmethod
    def create_connection(cls, company=None, customer_code=CUSTOMER_CODE, merchant_id=MERCHANT_ID,
                          modes='sbp,card,tinkoff,dolyame'):
        company = company or cls.company
        cls.env['ir.config_parameter'].sudo().set_param(
            const.BASE_URL_PARAMETER, 'http://127.0.0.1:9/uapi/'
        )
        connection = cls.env['tochka.connection'].sudo().create({
            'name': "Romashka",
            'environment': 'custom',
            'auth_method': 'jwt',
            'company_ids': [Command.set(company.ids)],
        })
        entity = cls.env['tochka.legal.entity'].sudo().create({
            'connection_id': connection.id, 'customer_code': customer_code,
            'name': company.name, 'company_id': company.id,
        })
        merchant = cls.env['tochka.merchant'].sudo().create({
            'legal_entity_id': entity.id, 'merchant_id': merchant_id, 'name': "School",
            'is_usable': True, 'bank_status': 'REG', 'payment_modes': modes,
        })
        connection.state = 'connected'
        return connection.sudo(False), merchant.sudo(False)

    @classmethod
    def create_provider(cls, **values):
        provider = cls.env.ref('tochka_acquiring.payment_provider_tochka').sudo().copy({
            'name': "Tochka", 'company_id': cls.company.id, 'state': 'disabled',
        })
        provider.write({
            'tochka_connection_id': cls.connection.id,
            'tochka_merchant_id': cls.merchant.id,
            'tochka_article_id': cls.article.id,
            'journal_id': cls.journal.id,
            **values,
        })
        provider.write({'state': 'enabled', 'is_published': True})
        return provider.with_env(cls.env)

    def create_invoice(
        self, amount=100000.0, partner=None, post=True, company=None, **values,
    ):
        company = company or self.company
        invoice = company.env['account.move'].with_company(company).create({
            'move_type': 'out_invoice',
            'partner_id': (partner or self.payer).id,
            'invoice_date': self.today,
            'currency_id': self.rub.id,
            'invoice_line_ids': [Command.create({
                'name': "Lessons", 'quantity': 1, 'price_unit': amount, 'tax_ids': [],
            })],
            **values,
        })
        if post:
            invoice.action_post()
        return invoice

    def create_tx(self, invoice=None, amount=None, method=None, provider=None, **values):
        invoice_values = {'invoice_ids': [Command.set(invoice.ids)]} if invoice else {}
        provider = provider or self.provider
        return self.env['payment.transaction'].sudo().create({
            'provider_id': provider.id,
            'payment_method_id': (method or self.card).id,
            'amount': amount or (sum(invoice.mapped('amount_residual')) if invoice else 1000.0),
            'currency_id': self.rub.id,
            'partner_id': self.payer.id,
            'operation': 'online_redirect',
            'landing_route': '/my/invoices',
            'reference': self.env['payment.transaction']._compute_reference(
                'tochka', **invoice_values
            ),
            **invoice_values,
            **values,
        })

    def create_linked_tx(self, invoice=None, **values):
        """ Return a transaction whose link is open at the bank. """
        transaction = self.create_tx(invoice or self.create_invoice(), **values)
        transaction._get_processing_values()
        self.assertEqual(transaction.state, 'draft', transaction.tochka_error)
        self.env.flush_all()
        return transaction

    def pay(self, transaction, **values):
        """ Let the payer pay at the bank, and Odoo learn of it and book it. """
        self.bank.pay(transaction.tochka_operation_id, **values)
        self.assertEqual(self.refresh(transaction), 'applied')
        transaction.sudo()._post_process()  # as the job and the status page do
        return transaction

    def refresh(self, transaction):
        """ Ask the bank as a request of its own would: nothing uncommitted, nothing cached. """
        self.env.flush_all()
        outcome = transaction._tochka_refresh()
        self.env.invalidate_all()
        return outcome

    def run_job(self, name):
        """ Run a job as the scheduler does, in a cursor of its own, when a bank that was silent
        may be asked again.
        """
        self.env['tochka.connection'].sudo().search([
            ('silent_until', '!=', False)]).silent_until = fields.Datetime.now()
        self.env.flush_all()
        self.env.ref(f'tochka_acquiring.{name}').sudo().method_direct_trigger()
        self.env.invalidate_all()

    def create_branch(self):
        branch = self._create_company(
            name="Branch", parent_id=self.company.id, currency_id=self.rub.id,
            country_id=self.env.ref('base.ru').id,
        )
        self.env.user.company_ids = [Command.link(branch.id)]
        return branch.with_context(
            allowed_company_ids=[self.company.id, branch.id]
        )
