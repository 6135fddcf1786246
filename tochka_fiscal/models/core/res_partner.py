# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import models

from odoo.addons.phone_validation.tools import phone_validation


class ResPartner(models.Model):
    _inherit = 'res.partner'

    # === BUSINESS METHODS === #

    def _fiscal_phone(self, company):
        """ Return the phone in the international form, as receipts have it (tags 1008 and 1171).

        :param res.company company: Whose country is meant where the contact names none.
        :return: For instance `+79991234567`; empty when there is none that can be read.
        :rtype: str
        """
        self.ensure_one()
        country = self.country_id or company.country_id
        phone = self.phone and phone_validation.phone_format(
            self.phone, country.code or None, country.phone_code or None,
            force_format='E164', raise_exception=False)
        return phone if phone and phone.startswith('+') else ''
