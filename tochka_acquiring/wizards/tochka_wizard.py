# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import api, models
from odoo.exceptions import AccessError


class TochkaWizard(models.AbstractModel):
    """ A window that names records.

    Its fields are what a caller over the network makes them, and Odoo reads names and related
    fields of what they name as superuser. So a window is only for whoever has opened it, and only
    if all that it names is that user's to see.
    """

    _name = 'tochka.wizard'
    _description = "Tochka Bank: a window that names records"

    # === OVERRIDES === #

    def _check_access(self, operation):
        """ Override of `base`. """
        result = super()._check_access(operation)
        if result or self.env.su:
            return result
        forbidden = self.sudo().filtered(
            lambda wizard: wizard.create_uid.id not in (False, self.env.uid)
            or not all(named.has_access('read') for named in wizard._named(self.env))
        ).with_env(self.env)
        if forbidden:
            return forbidden, lambda: AccessError(self.env._(
                "You may not see what this window is about."))
        return None

    @api.model
    def _search(self, domain, offset=0, limit=None, order=None, **options):
        """ Override of `base`: fields are read by a search. """
        query = super()._search(domain, offset, limit, order, **options)
        if self.env.su or options.get('bypass_access'):
            return query
        return self.browse(query)._filtered_access('read')._as_query(ordered=bool(order))

    def onchange(self, values, field_names, fields_spec):
        """ Override of `web`, which computes a window that is not saved, and so not checked. """
        defaults = self.default_get(list(self._fields)) if not field_names else {}
        self._check_named({**defaults, **values})
        return super().onchange(values, field_names, fields_spec)

    # === BUSINESS METHODS === #

    @api.model
    def _check_named(self, values):
        """ :raise AccessError: If one of the records that these values name is not the user's. """
        for name, value in values.items():
            field = self._fields.get(name)
            if field and field.type in ('many2one', 'many2many'):
                named = field.convert_to_cache(value, self, validate=False)
                self.env[field.comodel_name].browse(named)._origin.check_access('read')
            elif field and field.type == 'one2many' and isinstance(value, list | tuple):
                lines = self.env[field.comodel_name]
                for command in value:
                    if isinstance(command[-1], dict) and hasattr(lines, '_check_named'):
                        lines._check_named(command[-1])

    def _named(self, env):
        """ Return the records that the stored fields of this window name.

        :param Environment env: Whose rights they get.
        :rtype: list[BaseModel]
        """
        self.ensure_one()
        return [
            self[name].with_env(env) for name, field in self._fields.items()
            if field.type in ('many2one', 'many2many') and field.store
            and name not in models.LOG_ACCESS_COLUMNS and self[name]
        ]
