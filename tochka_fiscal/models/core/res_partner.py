# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import re

from odoo import models

from odoo.addons.phone_validation.tools import phone_validation

# Digits as people group them; what else stands in the field is no phone.
_NUMBER = re.compile(r'\+?\d[\d\s().\-\u2010-\u2015]*\d')


class ResPartner(models.Model):
    _inherit = 'res.partner'

    # === BUSINESS METHODS === #

    def _fiscal_phone(self, company):
        """ Return the phone in the international form, as receipts have it (tags 1008 and 1171):
        the first good one of whatever people have written into the field.

        :param res.company company: Whose country is meant where the contact names none.
        :return: For instance `+79991234567`; empty when there is none that can be read.
        :rtype: str
        """
        self.ensure_one()
        country = self.country_id or company.country_id
        for number in _NUMBER.findall(self.phone or ''):
            groups = number.split()
            # Two numbers may stand side by side: the longest beginning that is one.
            for end in range(len(groups), 0, -1):
                phone = phone_validation.phone_format(
                    ' '.join(groups[:end]), country.code or None, country.phone_code or None,
                    force_format='E164', raise_exception=False)
                if re.fullmatch(r'\+\d{10,15}', phone or ''):
                    return phone
        return ''
