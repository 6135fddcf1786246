# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import format_amount, format_date

from odoo.addons.tochka_acquiring import const

# Models that a tag may read from.
_MODELS = {'payer': 'res.partner', 'client': 'res.partner', 'document': 'account.move'}
# Kinds of fields that make a short text.
_TYPES = ('char', 'integer', 'float', 'monetary', 'date', 'selection', 'many2one')


class TochkaDetailsTag(models.Model):
    """ An own tag for the details of payments: a fixed text, or a field of payer, client, invoice.

    Only the administrator makes tags, only of fields that everybody may see.
    """

    _name = 'tochka.details.tag'
    _description = "Tochka Bank: own tag for payment details"
    _order = 'name'

    name = fields.Char(string="Tag", required=True, help="Without braces, for instance: contract")
    source = fields.Selection(
        string="Takes",
        selection=[
            ('payer', "A field of the payer"),
            ('client', "A field of the client"),
            ('document', "A field of the invoice"),
            ('text', "A fixed text"),
        ],
        required=True, default='payer')
    field_id = fields.Many2one(
        string="Field", comodel_name='ir.model.fields', ondelete='cascade',
        domain="[('model', '=', field_model), ('ttype', 'in', %s), ('groups', '=', False)]"
        % (_TYPES,))
    field_model = fields.Char(compute='_compute_field_model')
    text = fields.Char(
        string="Text", help="The fixed text; with a field, what stands there when it is empty.")

    _name_uniq = models.Constraint('unique(name)', "There is a tag with this name already.")

    # === COMPUTE METHODS === #

    @api.depends('source')
    def _compute_field_model(self):
        for tag in self:
            tag.field_model = _MODELS.get(tag.source, False)

    # === CONSTRAINT METHODS === #

    @api.constrains('name')
    def _check_name(self):
        for tag in self:
            if not tag.name.strip() or any(brace in tag.name for brace in '{}'):
                raise ValidationError(_("A tag's name is written without braces."))
            if tag.name.strip() in const.DETAILS_TAGS.keys() | set(const.DETAILS_TAGS.values()):
                raise ValidationError(_("There is a tag %s already.", tag.name))

    @api.constrains('source', 'field_id')
    def _check_field(self):
        for tag in self.filtered(lambda t: t.source != 'text'):
            field = tag.field_id.sudo()
            if not field or field.model != tag.field_model:
                raise ValidationError(_("Choose the field that the tag %s takes.", tag.name))
            if (
                field.ttype not in _TYPES or self.env[field.model]._fields[field.name].groups
                # The key of the portal would reach the bank's page and mails.
                or field.name.endswith('token')
            ):
                raise ValidationError(_(
                    "The field %s can't stand in the details of a payment.",
                    field.field_description))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        return super().create([
            {**vals, 'name': (vals.get('name') or '').strip()} for vals in vals_list])

    def write(self, vals):
        """ Override to refuse a new name while a template uses the old one. """
        if vals.get('name'):
            vals = {**vals, 'name': vals['name'].strip()}
            self.filtered(lambda tag: tag.name != vals['name'])._check_unused()
        return super().write(vals)

    @api.ondelete(at_uninstall=False)
    def _unlink_if_unused(self):
        self._check_unused()

    def _check_unused(self):
        """ :raise ValidationError: If a provider's template uses one of the tags. """
        providers = self.env['payment.provider'].sudo().with_context(active_test=False).search([
            ('code', '=', 'tochka'), ('tochka_details_template', '!=', False)])
        for tag in self:
            user = providers.filtered(
                lambda p, name=tag.name: name in p._tochka_template_tags())
            if user:
                raise ValidationError(_(
                    "The tag %(tag)s is used in the details of %(provider)s: change these first.",
                    tag=tag.name, provider=user[0].name))

    # === BUSINESS METHODS === #

    def _value(self, records):
        """ Return what stands in place of the tag.

        :param dict[str, recordset] records: `payer`, `client` and `document`, some may be empty.
        :rtype: str
        """
        self.ensure_one()
        record = records.get(self.source)
        field = self.field_id.sudo()
        if not record or record._name != field.model:
            return self.text or ''
        record = record[:1].sudo()
        value = record[field.name]
        if not value:
            return self.text or ''
        if field.ttype == 'many2one':
            return value.display_name
        if field.ttype == 'date':
            return format_date(self.env, value)
        if field.ttype == 'monetary':
            return format_amount(self.env, value, record[field.currency_field or 'currency_id'])
        if field.ttype == 'selection':
            return dict(record._fields[field.name]._description_selection(self.env))[value]
        return str(value)
