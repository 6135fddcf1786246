# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import importlib.util

import psycopg2.extras

from odoo.modules.neutralize import get_neutralization_queries
from odoo.tools import SQL
from odoo.tools.misc import file_path


class SafeguardsCommon:
    """ What holds when all else fails, by name: deleted, it is missed here. Beside `TochkaCommon`.
    """

    addon = ''
    # What only administrators read, by model.
    SECRETS = {}
    # Those of them that a copy of the database may keep: no door opens by them.
    HARMLESS = set()
    # What the database keeps unique, by the name of the constraint.
    UNIQUE = {}

    def own(self, model):
        return getattr(self.env[model], '_original_module', '') == self.addon

    def check_secrets(self):
        """ The administrator's fields are his, and no accountant's. """
        found = {}
        for model, cls in self.env.registry.items():
            names = {
                name for name, field in cls._fields.items()
                if self.addon in field._modules and field.store
                and field.groups == 'base.group_system'
            }
            if names:
                found[model] = names
        self.assertEqual(found, self.SECRETS)
        for model, names in self.SECRETS.items():
            for name in names:
                with self.subTest(model, field=name):
                    self.assertEqual(self.env[model]._fields[name].groups, 'base.group_system')

    def neutralize(self):
        """ Do to this database what `odoo-bin neutralize` does to a copy. """
        self.env.flush_all()
        for query in get_neutralization_queries([self.addon]):
            self.env.cr.execute(query)
        self.env.invalidate_all()

    def check_neutralized(self, records):
        """ No secret of any record survives.

        :param dict records: Records by model, for each model that has secrets.
        """
        self.assertEqual(set(records), set(self.SECRETS))
        texts = {}
        for model, names in self.SECRETS.items():
            table = self.env[model]._table
            for name in names - self.HARMLESS:
                value = {'secret': 1} if self.env[model]._fields[name].type == 'json' else 'secret'
                self.env.flush_all()
                self.env.cr.execute(SQL(
                    'UPDATE %s SET %s = %s WHERE id IN %s', SQL.identifier(table),
                    SQL.identifier(name), psycopg2.extras.Json(value)
                    if isinstance(value, dict) else value, tuple(records[model].ids)))
                texts[model, name] = SQL(
                    'SELECT count(*) FROM %s WHERE %s IS NOT NULL', SQL.identifier(table),
                    SQL.identifier(name))
        self.env.invalidate_all()
        self.neutralize()
        for (model, name), query in texts.items():
            with self.subTest(model, field=name):
                self.env.cr.execute(query)
                self.assertEqual(self.env.cr.fetchone(), (0,))

    def check_texts(self):
        """ No computed text of a record that has nothing yet is the name of an empty recordset. """
        seen = 0
        for model, cls in self.env.registry.items():
            if cls._abstract:
                continue
            for name, field in cls._fields.items():
                if (self.addon in field._modules and field.compute and not field.store
                        and field.type in ('char', 'text', 'html')):
                    seen += 1
                    with self.subTest(model, field=name):
                        value = self.env[model].new({})[name]
                        self.assertNotRegex(str(value or ''), r'^[a-z_.]+\(.*\)$')
        self.assertTrue(seen)

    def check_unique(self):
        self.env.cr.execute("""
            SELECT con.conname, pg_get_constraintdef(con.oid)
              FROM pg_constraint con
              JOIN ir_model_constraint one ON one.name = con.conname
              JOIN ir_module_module module ON module.id = one.module
             WHERE module.name = %s AND con.contype = 'u'
        """, [self.addon])
        self.assertEqual(dict(self.env.cr.fetchall()), {
            name: f'UNIQUE ({columns})' for name, columns in self.UNIQUE.items()})

    def run_migration(self, version, name='post-migrate'):
        """ Run one script of a migration as an upgrade does. """
        path = file_path(f'{self.addon}/migrations/{version}/{name}.py')
        spec = importlib.util.spec_from_file_location(f'migration_{name}', path)
        script = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(script)
        self.env.flush_all()
        script.migrate(self.env.cr, version)
        self.env.invalidate_all()
