# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.fields import Command
from odoo.tests import tagged

from odoo.addons.tochka_acquiring.tests.oauth_common import OAuthCommon


@tagged('post_install', '-at_install')
class TestProblems(OAuthCommon):
    """ What is wrong is named with how to mend it, and goes away when it is mended. """

    def test_each_problem_has_its_words(self):
        connection = self.connect()
        day = '2026-12-01 10:00:00'
        for code, subject, params in (
            ('access', '', {'problem': "x"}), ('certificate', '', {'problem': "x"}),
            ('silent', '', {'since': day, 'until': day}),
            ('renewal', '', {'lost': True, 'until': day}),
            ('renewal', 'r', {'lost': False, 'until': day}),
            ('expiry', 'key', {'at': day}), ('expiry', 'consent', {'at': day}),
            ('expiry', 'certificate', {'at': day}), ('permission', 'sbp', {'names': ['A']}),
            ('webhook', '', {}), ('webhook_foreign', '', {'url': 'https://x.example.com'}),
            ('address', '', {'old': 'a', 'new': 'b'}), ('copy', '', {}),
            ('clock', '', {'seconds': 300}), ('entity', '1', {'name': "E", 'inn': '1'}),
            ('provider', '1', {'id': self.provider.id}), ('warning', '1', {'id': self.provider.id}),
        ):
            problem = self.env['tochka.problem'].sudo().create({
                'res_model': connection._name, 'res_id': connection.id,
                'connection_id': connection.id, 'code': code, 'subject': subject,
                'params': params, 'severity': '3_info'})
            with self.subTest(code=code, subject=subject):
                self.assertTrue(problem.title)
                if problem.action_name:
                    self.assertTrue(problem.action_label)
                    self.assertTrue(hasattr(connection, problem.action_name))
            problem.unlink()

    def test_clock(self):
        self.bank.clock_difference = 3600
        connection = self.connect()
        self.assertEqual(connection.problem_ids.mapped('code'), ['clock'])
        self.assertIn('3600', connection.problem_ids.advice)
        self.bank.clock_difference = 1
        connection.action_connect()
        self.assertFalse(connection.problem_ids)
        self.assertIn("All is well", connection.health_summary)

    def test_legal_entity_without_a_company(self):
        connection = self.connect()
        connection.legal_entity_ids.company_id = False
        connection._update_problems()
        self.assertEqual(connection.problem_ids.code, 'entity')

    def test_accountant_reads_and_mends_nothing(self):
        connection = self.connect()
        connection.webhook_state = 'none'
        connection._update_problems()
        accountant = self.create_user('account.group_account_manager', 'accountant-problems')
        problem = connection.problem_ids.with_user(accountant)
        self.assertTrue(problem.title)
        with self.assertRaisesRegex(Exception, "not allowed|access|has to mend"):
            problem.action_mend()
        other = self.create_company("Elsewhere", '7736207543')
        accountant.write({'company_ids': [Command.set(other.ids)], 'company_id': other.id})
        self.assertFalse(self.env['tochka.problem'].with_user(accountant).with_context(
            allowed_company_ids=other.ids).search([]))
