# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo.exceptions import AccessError, UserError
from odoo.fields import Command
from odoo.models import MAGIC_COLUMNS
from odoo.tools import mute_logger

# The stranger manages the books of another company, the foreign one administrates it.
ROLES = ('public', 'portal', 'clerk', 'accountant', 'stranger', 'foreign', 'admin')
# What every model has: the tables of rights and of fields try it.
CRUD = {'create', 'write', 'unlink', 'copy_data', 'default_get', 'onchange'}


class Undo(Exception):
    """ Ends what was only tried. """


class RightsCommon:
    """ A table of an add-on's methods, models and fields, and who may use them over the network.

    What the add-on has is read from the registry: what the tables don't name fails. Beside
    `TochkaCommon`, whose company and user are those of the records.
    """

    addon = ''
    # Who may call: words of `ROLES`, by `model.method`. To be refused is an AccessError.
    METHODS = {}
    # What a method is called with, by `model.method`.
    ARGUMENTS = {}
    # Who may do what with a record of the add-on's own models: letters of "crud", by role.
    RIGHTS = {}
    # Who may write, by field; `*` are all fields of the model that are not named.
    FIELDS = {}

    def setUp(self):
        super().setUp()
        self.other_company = self.env['res.company'].sudo().create({
            'name': "Other", 'currency_id': self.rub.id})
        groups = {
            'portal': (self.company, ['base.group_portal']),
            'clerk': (self.company, ['account.group_account_invoice']),
            'accountant': (self.company, ['account.group_account_manager']),
            'stranger': (self.other_company, [
                'account.group_account_manager', 'tochka_acquiring.group_refund']),
            'foreign': (self.other_company, ['base.group_system']),
            'admin': (self.company, ['base.group_system', 'account.group_account_manager']),
        }
        self.users = {'public': self.env.ref('base.public_user'), **{
            role: self.env['res.users'].sudo().create({
                'name': role, 'login': f'rights_{role}', 'company_id': company.id,
                'company_ids': [Command.set(company.ids)],
                'group_ids': [Command.set([self.env.ref(group).id for group in names])],
            }) for role, (company, names) in groups.items()
        }}
        self.made = {}

    def record(self, model):
        """ Return a record of this test's company: what `make_<model>` has made, once. """
        if model not in self.made:
            make = getattr(self, f'make_{model.replace(".", "_")}', None)
            self.assertTrue(make, f"Which record of {model} is tried?")
            self.made[model] = make()
            self.env.flush_all()
        return self.made[model]

    def as_role(self, role, records):
        """ Return records as somebody sees them. """
        user = self.users[role]
        return records.sudo(False).with_user(user).with_context(
            allowed_company_ids=user.sudo().company_ids.ids)

    def is_allowed(self, attempt):
        """ Return whether rights let somebody do it, and undo it. """
        self.env.invalidate_all()  # What is in the cache is shown to everybody.
        try:
            with mute_logger(
                'odoo.addons.base.models.ir_rule', 'odoo.addons.base.models.ir_model',
                'odoo.models',
            ), self.env.cr.savepoint():
                attempt()
                raise Undo
        except AccessError:
            return False
        except (Undo, UserError):
            return True
        finally:
            self.env.invalidate_all()

    # === WHAT THE REGISTRY HAS === #

    def own_classes(self):
        """ Yield each model's name with its classes of this add-on. """
        for name, model in self.env.registry.items():
            classes = [cls for cls in model.mro()
                       if cls.__module__.startswith(f'odoo.addons.{self.addon}.')]
            if classes and not (model._abstract and name != 'base'):
                yield name, classes

    def own_methods(self):
        """ Return all methods that can be called over the network, as `model.method`. """
        return {
            f'{name}.{attribute}' for name, classes in self.own_classes() for cls in classes
            for attribute, value in vars(cls).items()
            if callable(value) and not attribute.startswith('_') and attribute not in CRUD
            and not getattr(value, '_api_private', False)
        }

    def own_models(self):
        """ Return the models that this add-on has introduced. """
        return {name for name, _classes in self.own_classes()
                if self.env[name]._original_module == self.addon}

    def own_fields(self):
        """ Return the fields of this add-on that have a value to write, by model. """
        found = {}
        for name, model in self.env.registry.items():
            if model._abstract:
                continue
            fields = {
                field.name for field in model._fields.values()
                if self.addon in field._modules and (field.store or field.inverse)
                and field.name not in MAGIC_COLUMNS and not field.inherited
            }
            if fields:
                found[name] = fields
        return found

    # === THE TABLES === #

    def check_methods(self):
        self.assertEqual(self.own_methods(), set(self.METHODS), "Methods and the table of methods")
        for name, roles in self.METHODS.items():
            model, _dot, method = name.rpartition('.')
            record = self.record(model)
            for role in ROLES:
                with self.subTest(name, role=role):
                    arguments = self.ARGUMENTS.get(name, lambda _test: ())(self)
                    called = self.as_role(role, record)
                    self.assertEqual(
                        self.is_allowed(lambda one=called, given=arguments, method=method: getattr(
                            one, method)(*given)), role in roles.split())

    def check_rights(self):
        self.assertEqual(self.own_models(), set(self.RIGHTS), "Models and the table of rights")
        for model, rights in self.RIGHTS.items():
            record = self.record(model)
            for role in ROLES:
                with self.subTest(model, role=role):
                    seen = self.as_role(role, record)
                    allowed = ''.join(
                        letter for letter, operation in zip(
                            'crud', ('create', 'read', 'write', 'unlink'), strict=True)
                        if (seen.browse() if letter == 'c' else seen).has_access(operation))
                    self.assertEqual(allowed, rights.get(role, ''))

    def check_fields(self):
        fields = self.own_fields()
        self.assertEqual(set(fields), set(self.FIELDS), "Models and the table of fields")
        for model, table in self.FIELDS.items():
            self.assertLessEqual(set(table) - {'*'}, fields[model], model)
            record = self.record(model)
            for role in ROLES:
                seen = self.as_role(role, record)
                may_write = seen.has_access('write')
                for name in sorted(fields[model]):
                    with self.subTest(model, field=name, role=role):
                        value = record._fields[name].convert_to_write(
                            record.sudo()[name], record.sudo())
                        expected = role in table.get(name, table.get('*', '')).split()
                        self.assertEqual(may_write and self.is_allowed(
                            lambda seen=seen, name=name, value=value: seen.write({name: value})),
                            expected)

    def check_windows(self):
        """ A window shows nothing of what a stranger lets it name. """
        for model in sorted(self.own_models()):
            if not self.env[model]._transient:
                continue
            record = self.record(model)
            names = [
                name for name, field in record._fields.items()
                if field.type in ('many2one', 'many2many') and field.store
                and name not in MAGIC_COLUMNS and record.sudo()[name]
            ]
            with self.subTest(model, by='its id'):
                self.assertFalse(self.as_role('stranger', record).has_access('read'))
            if names:
                self.env.cr.execute(
                    f'UPDATE "{record._table}" SET create_uid = %s WHERE id = %s',
                    (self.users['stranger'].id, record.id))
                self.env.invalidate_all()
                with self.subTest(model, by='naming'):
                    self.assertFalse(self.as_role('stranger', record).has_access('read'))
            for name in names:
                with self.subTest(model, by='a form', field=name):
                    values = {name: record._fields[name].convert_to_write(
                        record.sudo()[name], record.sudo())}
                    self.assertFalse(self.is_allowed(lambda model=model, values=values: (
                        self.as_role('stranger', self.env[model]).onchange(
                            values, [], {one: {} for one in self.env[model]._fields}))))
