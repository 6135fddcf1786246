# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.models.selections import (
    OFFERED_METHOD_SELECTION,
    SUBJECT_SELECTION,
    TAXATION_SELECTION,
    VAT_SELECTION,
)


class PaymentProvider(models.Model):
    """ How payments of a provider are fiscalized. The fields exist for every provider code. """

    _inherit = 'payment.provider'

    fiscalization = fields.Selection(
        string="Fiscalization",
        help="Who prints the receipts of this provider's payments (Federal Law 54-FZ).",
        selection=[
            ('no', "No"),
            ('bank', "Yes, by the bank's online register"),
            ('other', "By another online register"),
        ],
        required=True, default='no')
    fiscal_taxation_system = fields.Selection(
        string="Taxation system",
        help="Tag 1055 of the receipt.",
        selection=TAXATION_SELECTION)
    fiscal_vat = fields.Selection(
        string="VAT rate",
        help="Tag 1199 of the receipt, for lines without a tax and for balance top-ups. A line with"
             " a tax has the rate of its tax. A line without one means no VAT, unless you choose"
             " another rate here on purpose.",
        selection=VAT_SELECTION,
        required=True, default='none')
    fiscal_without_vat = fields.Boolean(
        string="Sold without VAT on purpose",
        help="The general system, and what is sold is exempt from VAT, or the company is.")
    fiscal_no_receipts = fields.Boolean(
        string="No receipts on purpose",
        help="The firm needs none, or another system prints them.")
    fiscal_warning = fields.Text(compute='_compute_fiscal_warning')
    fiscal_method = fields.Selection(
        string="Fiscal method",
        selection=OFFERED_METHOD_SELECTION)
    fiscal_subject = fields.Selection(
        string="Fiscal subject",
        help="Tag 1212 of the receipt: what is sold.",
        selection=SUBJECT_SELECTION,
        default='service')

    # === COMPUTE METHODS === #

    @api.depends('fiscalization', 'tochka_merchant_id.cashbox')
    def _compute_tochka_warning(self):
        """ Override of `tochka_acquiring` to follow the fiscal settings and the register. """
        super()._compute_tochka_warning()

    @api.depends(
        'state', 'fiscalization', 'fiscal_taxation_system', 'fiscal_vat', 'fiscal_without_vat',
        'fiscal_no_receipts')
    @api.depends_context('lang')
    def _compute_fiscal_warning(self):
        for provider in self:
            provider.fiscal_warning = '\n'.join(provider._fiscal_find_warnings())

    def _fiscal_find_warnings(self):
        """ Return what a person should know about receipts. :rtype: list[str] """
        self.ensure_one()
        warnings = []
        if self.fiscalization == 'no' and self.state == 'enabled' and not self.fiscal_no_receipts:
            warnings.append(_(
                "Nobody prints receipts of these payments (Federal Law 54-FZ). Choose who does, or"
                " confirm below that none are needed."))
        if self.fiscalization == 'other' and self.state == 'test':
            warnings.append(_(
                "The provider is in test mode: no receipts of its payments are printed."))
        if self.fiscalization != 'no' and not self.fiscal_without_vat and (
            self.fiscal_taxation_system == 'osn' and self.fiscal_vat == 'none'
        ):
            warnings.append(_(
                "The general taxation system and \"No VAT\": receipts of balance top-ups, and of"
                " lines without a tax, say \"without VAT\". Choose the rate, or confirm below that"
                " you sell without VAT on purpose."))
        return warnings

    # === CONSTRAINT METHODS === #

    @api.constrains('fiscalization', 'fiscal_taxation_system', 'fiscal_vat', 'fiscal_method',
                    'fiscal_subject', 'code', 'tochka_merchant_id')
    def _check_fiscalization(self):
        for provider in self.filtered(lambda p: p.fiscalization != 'no'):
            if not (provider.fiscal_taxation_system and provider.fiscal_method
                    and provider.fiscal_subject):
                raise ValidationError(_(
                    "Fill in the taxation system, the fiscal method and the fiscal subject of %s.",
                    provider.name))
            if provider.fiscalization == 'bank' and provider.code != 'tochka':
                raise ValidationError(_(
                    "The register of Tochka Bank prints receipts of payments by Tochka Bank only."))
            conflict = provider._fiscal_find_conflict()
            if conflict:
                raise ValidationError(conflict)
            if provider.fiscalization == 'bank':
                provider._fiscal_check_bank_values()

    def _fiscal_check_bank_values(self):
        """ Check that the bank's register takes the chosen values.

        :raise ValidationError: With the first one that it does not take.
        """
        self.ensure_one()
        for name, allowed in (
            ('fiscal_taxation_system', const.BANK_TAXATION_SYSTEMS),
            ('fiscal_vat', const.BANK_VATS),
            ('fiscal_method', const.BANK_FISCAL_METHODS | {'auto'}),
            ('fiscal_subject', const.BANK_FISCAL_SUBJECTS),
        ):
            if self[name] in allowed:
                continue
            labels = dict(self._fields[name]._description_selection(self.env))
            raise ValidationError(_(
                "The bank's register does not take \"%(value)s\" as %(field)s. It takes:"
                " %(right)s.",
                value=labels[self[name]], field=self._fields[name]._description_string(self.env),
                right=', '.join(label for key, label in labels.items() if key in allowed)))

    # === BUSINESS METHODS === #

    def _fiscal_find_conflict(self):
        """ Return why the chosen fiscalization contradicts the bank's data, or an empty string.

        :rtype: str
        """
        self.ensure_one()
        merchant = self.tochka_merchant_id
        if self.code != 'tochka' or not merchant:
            return ''
        if self.fiscalization == 'bank' and not merchant.cashbox:
            return _(
                "Fiscalization must be \"No\": the bank has no online register connected to the"
                " shop %s. Connect one in the internet bank, page Internet acquiring, then refresh"
                " the data from the bank and choose \"Yes\" again.", merchant.display_name)
        if self.fiscalization == 'other' and merchant.cashbox:
            return _(
                "Two receipts would be printed for each payment: the shop %(shop)s has the online"
                " register %(register)s at the bank. Switch the fiscalization off in the internet"
                " bank and refresh the data from the bank, or choose the bank's register.",
                shop=merchant.display_name, register=merchant.cashbox)
        return ''

    def _tochka_find_warning(self):
        """ Override of `tochka_acquiring`: what changed at the bank must not stop payments; and
        somebody should know when nobody prints.
        """
        conflict = self._fiscal_find_conflict()
        if self.fiscalization == 'no' and self.code == 'tochka' and self.tochka_merchant_id.cashbox:
            conflict = _(
                "The shop has the online register %s at the bank, and fiscalization is \"No\":"
                " check who prints the receipts.", self.tochka_merchant_id.cashbox)
        return '\n'.join(filter(None, [
            super()._tochka_find_warning(), conflict, self._fiscal_find_register_warning()]))
