# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from dataclasses import replace

from odoo.tests import tagged

from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.api.operation import Account, Retailer
from odoo.addons.tochka_acquiring.tests.common import CUSTOMER_CODE
from odoo.addons.tochka_acquiring.tests.connection_common import ConnectionCommon

NUMBER, SECOND = '40702810401234567890', '40702810401234567899'


@tagged('post_install', '-at_install')
class TestAccounts(ConnectionCommon):
    """ What the refresh takes over and tells of. """

    def notes(self, connection):
        return ' '.join(connection.message_ids.mapped('body'))

    def test_taken_over(self):
        connection = self.create_connected()
        self.assertRecordValues(connection.account_ids, [{
            'number': NUMBER, 'bic': '044525104', 'currency': 'RUB', 'bank_status': 'Enabled',
            'company_id': self.company.id, 'connection_id': connection.id,
        }])

    def test_journal_with_this_number_is_shown(self):
        connection = self.create_connected()
        connection.legal_entity_ids.company_id = False
        self.assertFalse(connection.account_ids.journal_id, "Nobody's account has no cash box")
        connection.legal_entity_ids.company_id = self.company
        self.assertFalse(connection.account_ids.journal_id)
        self.journal.bank_account_id = self.env['res.partner.bank'].create({
            'acc_number': '4070 2810 4012 3456 7890', 'partner_id': self.company.partner_id.id})
        connection.account_ids.invalidate_recordset()
        self.assertEqual(connection.account_ids.journal_id, self.journal)

    def test_new_and_vanished_are_named_and_nothing_is_deleted(self):
        connection = self.create_connected()
        account = connection.account_ids
        self.bank.account_list = [replace(self.bank.account_list[0], number=SECOND)]
        connection.action_connect()
        self.assertTrue(account.exists())
        self.assertFalse(account.active)
        self.assertEqual(connection.account_ids.number, SECOND)
        notes = self.notes(connection)
        self.assertIn(f"does not list any more: {NUMBER}", notes)
        self.assertIn(SECOND, notes)
        self.bank.account_list.append(replace(self.bank.account_list[0], number=NUMBER))
        connection.action_connect()
        self.assertTrue(account.active)

    def test_account_of_a_person_is_left_out(self):
        self.bank.account_list.append(Account('301234569', SECOND))
        self.assertEqual(self.create_connected().account_ids.number, NUMBER)

    def test_refusal_leaves_the_connection_working(self):
        connection = self.create_connected()
        for error in (errors.Unauthorized("Missing permission", http_status=403),
                      errors.OutcomeUnknown("silence")):
            self.bank.fail('accounts', error)
            self.assertNotified(connection.action_connect(), 'success')
            self.assertEqual(connection.account_ids.number, NUMBER)

    def test_missing_permission_is_named(self):
        self.bank.fail('accounts', errors.Unauthorized("No", http_status=403))
        connection = self.create_connected()
        self.assertIn("Bank accounts: ReadAccountsBasic, ReadAccountsDetail",
                      connection.missing_permissions)

    def test_not_wanted(self):
        connection = self.create_connected(use_accounts=False)
        self.assertFalse(connection.account_ids)
        self.assertEqual(self.bank.count('accounts'), 0)

    def test_first_load_names_nothing(self):
        self.assertNotIn("New or changed", self.notes(self.create_connected()))

    def test_new_shop_modes_and_register_are_named(self):
        connection = self.create_connected()
        shop = self.bank.retailer_lists[CUSTOMER_CODE][0]
        self.bank.retailer_lists[CUSTOMER_CODE] = [
            replace(shop, cashbox='businessRu', payment_modes=('sbp',)),
            Retailer('200000000099999', 'REG', True, name="Canteen", payment_modes=('card',)),
        ]
        connection.action_connect()
        notes = self.notes(connection)
        for text in ("Canteen", "online register: businessRu", "ways to pay sbp"):
            self.assertIn(text, notes)
        count = len(connection.message_ids)
        connection.action_connect()
        self.assertEqual(len(connection.message_ids), count, "Nothing new, nothing to say")
