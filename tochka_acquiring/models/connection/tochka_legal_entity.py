# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache

from odoo.addons.tochka_acquiring.utils import this_minute


class TochkaLegalEntity(models.Model):
    """ A company as the bank knows it. The bank's word for it is customer. """

    _name = 'tochka.legal.entity'
    _description = "Tochka Bank: legal entity"
    _order = 'name, id'

    connection_id = fields.Many2one(
        string="Bank connection", comodel_name='tochka.connection', required=True, readonly=True,
        ondelete='cascade', index=True)
    customer_code = fields.Char(string="Customer code", required=True, readonly=True)
    name = fields.Char(string="Legal entity", required=True, readonly=True)
    inn = fields.Char(string="INN", readonly=True)
    kpp = fields.Char(string="KPP", readonly=True)
    ogrn = fields.Char(string="OGRN", readonly=True)
    company_id = fields.Many2one(
        string="Company", comodel_name='res.company',
        help="The company of Odoo that this legal entity is.")
    active = fields.Boolean(default=True, readonly=True)
    swept_at = fields.Datetime(
        string="Compared with the bank at", readonly=True, copy=False,
        help="The last time when all operations of the period were compared with the bank's list.")
    merchant_ids = fields.One2many(
        string="Shops", comodel_name='tochka.merchant', inverse_name='legal_entity_id')

    _customer_code_uniq = models.Constraint(
        'unique(connection_id, customer_code)',
        "A legal entity appears once in a connection.",
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('company_id', 'inn', 'connection_id')
    def _check_company_is_of_connection(self):
        """ Check that the company is one of the connection's and has the legal entity's INN. """
        for entity in self.filtered('company_id'):
            company = entity.company_id
            if company not in entity.connection_id.company_ids:
                raise ValidationError(_(
                    "The connection %(connection)s does not serve the company %(company)s.",
                    connection=entity.connection_id.name, company=company.name,
                ))
            if entity._has_other_inn():
                raise ValidationError(entity._describe_other_inn())

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        self.env.registry.clear_cache('stable')
        return super().create(vals_list)

    def write(self, vals):
        if {'customer_code', 'company_id', 'connection_id', 'name'} & vals.keys():
            self.env.registry.clear_cache('stable')
        return super().write(vals)

    def unlink(self):
        self.env.registry.clear_cache('stable')
        return super().unlink()

    # === BUSINESS METHODS === #

    @api.model
    def _owner(self, customer_code):
        """ Return whose a customer code of the bank is.

        :param str|None customer_code: The code.
        :return: The ids of the company (None when there is none) and of the connection; None for a
                 code that no connection knows.
        :rtype: tuple[int|None, int]|None
        """
        try:
            return self._find_owner(customer_code, this_minute())
        except LookupError:
            return None

    @api.model
    @ormcache('customer_code', 'minute', cache='stable')
    def _find_owner(self, customer_code, minute):
        """ Look for it, once in each worker. Only what was found is kept: a legal entity may come
        at any moment, and its notifications must not be taken for another's. It is kept for a
        minute: whoever changes it tells all workers, unless he is killed.

        :raise LookupError: If no connection knows the code.
        """
        entity = customer_code and self.with_context(active_test=False).search(
            [('customer_code', '=', customer_code)], limit=1)
        if not entity:
            raise LookupError()
        return entity.company_id.id or None, entity.connection_id.id

    def _company_inn(self):
        """ Return the INN of the company: its own, or for a branch the nearest one above it. """
        self.ensure_one()
        return self.company_id.vat or self.company_id.parent_ids.filtered('vat')[-1:].vat

    def _has_other_inn(self):
        """ Return whether the bank and Odoo know different INNs. :rtype: bool """
        self.ensure_one()
        own_inn = self._company_inn()
        return bool(self.inn and own_inn and self.inn != own_inn)

    def _describe_other_inn(self):
        """ Return what is wrong with the INN. :rtype: str """
        self.ensure_one()
        return _(
            "The legal entity %(entity)s has the INN %(inn)s, and the company %(company)s has"
            " %(own_inn)s: its payments would reach another company's account.",
            entity=self.name, inn=self.inn, company=self.company_id.name,
            own_inn=self._company_inn(),
        )
