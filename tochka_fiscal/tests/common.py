# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import datetime
from unittest.mock import patch

from odoo import fields

from odoo.addons.tochka_acquiring.tests.common import TochkaCommon, specified_by
from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.registers import base


@specified_by(base.Register, 'fail', 'result')
class FakeRegister:
    """ A double of a register: it prints each key once, remembers, and fails on command.

    The sandbox of the project is the real thing.
    """

    asks_by_key = False
    names_duplicates = False

    repeats_number = False  # a repetition is answered by the number of the first one

    def __init__(self):
        self.calls = []
        self.printed = {}
        self.failures = []
        self.prints = True
        self.till = 'done'

    def fail(self, error, before=True):
        """ Let the next call fail, before or after the receipt was taken. """
        self.failures.append((error, before))

    def register(self, receipt, callback_url=''):
        self.calls.append(('register', receipt.key))
        error, before = self.failures.pop(0) if self.failures else (None, True)
        if error and before:
            raise error
        if receipt.key in self.printed:
            if self.repeats_number:
                return base.Result(state='accepted', task=str(self._number(receipt)))
            raise base.Duplicate("It exists", 'VLD11')
        self.printed[receipt.key] = receipt
        if error:
            raise error
        return base.Result(state='accepted', task=str(len(self.printed)))

    def _number(self, receipt):
        return list(self.printed).index(receipt.key) + 1

    def status(self, key, task):
        self.calls.append(('status', task))
        error, _before = self.failures.pop(0) if self.failures else (None, True)
        if error:
            raise error
        return self.result(list(self.printed.values())[int(task) - 1], task)

    def result(self, receipt, task=''):
        if self.till == 'failed':
            return base.Result(state='failed', task=task, message="No paper")
        if self.till != 'done':
            return base.Result(state='accepted', task=task)
        return base.Result(
            state='done', task=task, url='https://consumer.example.com/1',
            fiscal=base.FiscalData(
                storage='9999078900005430', sign='1911055232',
                document=str(1211 + self._number(receipt)),
                moment=datetime(2026, 11, 25, 14, 30), total=receipt.total,
                kind=const.KINDS[receipt.kind], shift='12',
                number='7', register='0000000000025874'))

    def check(self):
        if self.failures:
            raise self.failures.pop(0)[0]
        return base.Health(prints=self.prints)

    def parse_callback(self, body, headers, url):
        if headers.get('X-HMAC-Signature') != 'right':
            raise base.InvalidCallback("The signature is not that of the register.")
        key = body.decode()
        return key, self.result(self.printed[key])


class FiscalCommon(TochkaCommon):
    """ A provider whose receipts a register prints. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.payer.email = 'petrov@example.com'
        cls.register = cls.env['fiscal.register'].sudo().create({
            'name': "Till", 'company_id': cls.company.id, 'shop': '18', 'secret': 'till-secret',
            'queue': '143', 'address': 'https://school.example.com',
            'public_url': 'https://odoo.example.com', 'state': 'ready',
        })
        cls.provider.sudo().write({
            'fiscalization': 'other', 'fiscal_taxation_system': 'usn_income',
            'fiscal_register_id': cls.register.id,
        })

    def setUp(self):
        super().setUp()
        self.till = FakeRegister()
        self.startPatcher(patch.object(
            type(self.env['fiscal.register']), '_client', lambda _register: self.till))

    def pay_invoice(self, amount=1000.0, **values):
        """ Return the receipt of a paid invoice. """
        transaction = self.pay(self.create_linked_tx(self.create_invoice(amount), **values))
        return transaction.fiscal_receipt_ids.sudo()

    def print_invoice(self, amount=1000.0, **values):
        """ Return the printed receipt of a paid invoice. """
        receipt = self.pay_invoice(amount, **values)
        self.work()
        self.work()
        self.assertEqual(receipt.state, 'done')
        return receipt

    def put_state(self, receipt, state):
        """ Put a receipt into any state, whatever leads there. """
        self.env.flush_all()
        self.env.cr.execute(
            'UPDATE fiscal_receipt SET state = %s WHERE id = %s', (state, receipt.id))
        self.env.invalidate_all()

    def work(self, lane=None):
        """ Run the lanes now, whatever the receipts wait for. """
        self.env.flush_all()
        self.env['fiscal.receipt'].sudo().search([
            ('next_try_at', '!=', False)]).next_try_at = fields.Datetime.now()
        self.env['fiscal.register'].sudo().with_context(active_test=False).search(
            []).silent_until = False
        self.env.flush_all()
        for number in (0, 1) if lane is None else (lane,):
            self.env.ref(f'tochka_fiscal.cron_lane_{number}').sudo().method_direct_trigger()
        self.env.invalidate_all()

    def keys(self):
        return [key for name, key in self.till.calls if name == 'register']


class BankRegisterCommon(TochkaCommon):
    """ A provider whose receipts go with the bank's links. """

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.merchant.sudo().cashbox = 'businessRu'
        cls.settings = cls.provider.sudo()
        cls.settings.write({'fiscalization': 'bank', 'fiscal_taxation_system': 'usn_income'})
        cls.register = cls.settings._fiscal_bank_register()

    def sent(self):
        """ Return the receipt that the last link carried. """
        return [values for name, values in self.bank.calls if name == 'create_payment'][-1].get(
            'receipt')

    def receipt_of(self, transaction):
        return transaction._fiscal_receipt()
