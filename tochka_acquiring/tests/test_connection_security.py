# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.exceptions import AccessError
from odoo.fields import Command
from odoo.tests import tagged
from odoo.tests.common import new_test_user
from odoo.tools import file_open

from odoo.addons.tochka_acquiring.tests.connection_common import ConnectionCommon

SECRETS = ('jwt_key', 'client_id')


@tagged('post_install', '-at_install')
class TestConnectionSecurity(ConnectionCommon):
    """ Who sees and does what. """

    def setUp(self):
        super().setUp()
        self.mine = self.create_connected(name="Mine")
        self.env.flush_all()

    def make_user(self, *groups, company=None):
        company = company or self.company
        return new_test_user(
            self.env, f'user_{"_".join(groups) or "none"}_{company.id}', ','.join(groups),
            company_id=company.id, company_ids=[Command.set(company.ids)],
        )

    def users_who_read(self):
        return [
            self.make_user('account.group_account_manager'),
            self.make_user('account.group_account_invoice'),
            self.make_user('account.group_account_readonly'),
        ]

    def records_as(self, user):
        self.env.invalidate_all()
        records = [self.mine, self.mine.legal_entity_ids, self.mine.merchant_ids]
        return [r.with_user(user).with_context(allowed_company_ids=user.sudo().company_ids.ids)
                for r in records]

    def test_accountants_read_and_change_nothing(self):
        for user in self.users_who_read():
            with self.subTest(user.login):
                connection, entity, shop = self.records_as(user)
                self.assertEqual(connection.name, "Mine")
                self.assertEqual(connection.merchant_ids, shop)
                self.assertEqual(shop.legal_entity_id, entity)
                for record in (connection, entity, shop):
                    with self.assertRaises(AccessError):
                        record.write({'name': "Theirs"})
                    with self.assertRaises(AccessError):
                        record.unlink()
                    with self.assertRaises(AccessError):
                        record.copy()

    def test_secrets_are_the_administrators(self):
        for user in self.users_who_read():
            user.group_ids += self.env.ref('base.group_allow_export')
            connection = self.records_as(user)[0]
            for name in SECRETS:
                with self.subTest(user=user.login, field=name):
                    with self.assertRaises(AccessError):
                        connection.read([name])
                    with self.assertRaises(AccessError):
                        connection.mapped(name)
                    with self.assertRaises(AccessError):
                        connection.search([(name, '=like', 'e%')])
                    with self.assertRaises(AccessError):
                        connection.search([], order=name)
                    with self.assertRaises(AccessError):
                        connection.export_data([name])
                    with self.assertRaises(AccessError):
                        connection.formatted_read_group([], [name], ['__count'])
                    self.assertNotIn(name, connection.fields_get())
            # Everything that a user without access to providers can ask for.
            names = set(connection.fields_get()) - {'provider_ids'}
            self.assertNotIn(self.mine.jwt_key, str(connection.read(names)))

    def test_secrets_through_other_models(self):
        user = self.make_user('account.group_account_manager', 'base.group_allow_export')
        shop = self.records_as(user)[2]
        for domain in (
            [('connection_id.jwt_key', '=like', 'e%')],
            [('legal_entity_id.connection_id.jwt_key', '=like', 'e%')],
        ):
            with self.subTest(domain), self.assertRaises(AccessError):
                shop.search(domain)
        with self.assertRaises(AccessError):
            shop.export_data(['connection_id/jwt_key'])

    def test_views_open_without_the_secrets(self):
        for user in (self.env.user, *self.users_who_read()):
            with self.subTest(user.login):
                Connection = self.env['tochka.connection'].with_user(user)
                views = Connection.get_views([(False, 'form'), (False, 'list')])['views']
                fields_shown = views['form']['arch'].count('name="jwt_key"')
                self.assertEqual(bool(fields_shown), user.has_group('base.group_system'))
                for button in ('action_connect', 'action_disconnect', 'action_register_webhook'):
                    self.assertEqual(
                        button in views['form']['arch'], user.has_group('base.group_system'))
                self.env['tochka.merchant'].with_user(user).get_views(
                    [(False, 'form'), (False, 'list')])

    def test_strangers_see_nothing(self):
        strangers = [
            self.make_user('base.group_portal'), self.make_user('base.group_user'),
            self.env.ref('base.public_user').sudo(),
        ]
        for user in strangers:
            for record in self.records_as(user):
                with self.subTest(user=user.login, model=record._name):
                    with self.assertRaises(AccessError):
                        record.read(['name'])
                    with self.assertRaises(AccessError):
                        record.search([])

    def test_other_company_sees_nothing(self):
        other = self.create_company("Vasilyok", '7736207543')
        for group in ('account.group_account_manager', 'base.group_system'):
            user = self.make_user(group, 'base.group_user', company=other)
            for record in self.records_as(user):
                if group == 'base.group_system' and record._name == 'tochka.connection':
                    continue
                with self.subTest(group=group, model=record._name):
                    self.assertNotIn(record.id, record.search([]).ids)
                    with self.assertRaises(AccessError):
                        record.read(['name'])

    def test_accountant_of_one_company_reads_nothing_of_another(self):
        """ One connection serves both. """
        other = self.create_company("Vasilyok", '7736207543')
        self.mine.company_ids += other
        self.mine.write({'webhook_state': 'other', 'webhook_foreign_url': 'https://crm/?key=1'})
        self.provider.state = 'disabled'
        provider = self.create_provider(name="Rose", tochka_connection_id=self.mine.id,
                                        tochka_merchant_id=self.mine.merchant_ids.id)
        self.mine.merchant_ids.is_usable = False
        self.mine._update_problems()
        self.env['tochka.problem'].sudo().create({
            'connection_id': self.mine.id, 'res_model': 'tochka.connection', 'res_id': self.mine.id,
            'code': 'entity', 'subject': 'x',
            'severity': '3_info', 'params': {'name': "ООО «Ромашка»"},
        })
        self.assertIn('provider', self.mine.problem_ids.mapped('code'))
        self.assertIn('?key=1', str(self.mine.problem_ids.mapped('advice')))
        self.assertTrue(provider)
        for company, is_seen in ((other, False), (self.company, True)):
            user = self.make_user('account.group_account_invoice', company=company)
            connection, *_rest = self.records_as(user)
            problems = connection.env['tochka.problem'].search([])
            texts = f"{problems.mapped('title')} {connection.health_summary}"
            with self.subTest(company.name):
                self.assertEqual("Rose" in texts, is_seen)
                self.assertNotIn("Ромашка", texts)
                self.assertIn("another system", texts)
                # The bank's words, and the way out, are the administrator's.
                self.assertNotIn('?key=1', str(problems.mapped('advice')))
                for record, name in ((problems, 'params'), (connection, 'webhook_foreign_url')):
                    with self.subTest(company.name, field=name), self.assertRaises(AccessError):
                        record.read([name])

    def test_what_belongs_to_no_company_is_the_administrators(self):
        self.mine.legal_entity_ids.company_id = False
        self.env.flush_all()
        for record in self.records_as(self.env.user)[1:]:
            self.assertTrue(record.read(['name']))
        for record in self.records_as(self.make_user('account.group_account_manager'))[1:]:
            with self.assertRaises(AccessError):
                record.read(['name'])

    def test_the_key_leaves_no_trace(self):
        key = self.mine.jwt_key
        self.cr.flush()  # What changes in the transaction that created a record is not tracked.
        tracked = self.mine.with_context(tracking_disable=False, mail_notrack=False)
        tracked.jwt_key = self.create_draft().jwt_key
        tracked.action_disconnect()
        self.cr.flush()
        messages = self.env['mail.message'].sudo().search([
            ('model', '=', 'tochka.connection'), ('res_id', '=', self.mine.id)])
        self.assertTrue(messages)
        text = ' '.join([
            *messages.mapped('body'),
            *(v or '' for v in messages.tracking_value_ids.mapped('old_value_char')),
            *(v or '' for v in messages.tracking_value_ids.mapped('new_value_char')),
        ])
        self.assertIn("Connected", text)
        self.assertNotIn(key[:20], text)
        for name in SECRETS:
            field = self.mine._fields[name]
            self.assertEqual((field.groups, field.copy), ('base.group_system', False))
            self.assertFalse(getattr(field, 'tracking', None))

    def test_copy_of_the_database_can_not_talk_to_the_bank(self):
        self.env.flush_all()
        with file_open('tochka_acquiring/data/neutralize.sql') as script:
            self.cr.execute(script.read())
        self.env.invalidate_all()
        self.assertRecordValues(self.mine, [{
            'jwt_key': False, 'client_id': False, 'state': 'disconnected'}])
        self.cr.execute("SELECT count(*) FROM tochka_connection WHERE jwt_key IS NOT NULL")
        self.assertEqual(self.cr.fetchone(), (0,))
