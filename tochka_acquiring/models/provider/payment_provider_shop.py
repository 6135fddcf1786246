# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError


class PaymentProvider(models.Model):
    """ One provider is one shop: its ways to pay, its cash box, and how to add the next one. """

    _inherit = 'payment.provider'

    tochka_sbp_only = fields.Boolean(
        string="Only SBP (QR code)",
        help="Customers pay by SBP alone: in the portal, by payment links and in the shop.")
    tochka_journal_is_shared = fields.Boolean(
        string="The journal is shared on purpose", copy=False,
        help="Another shop's payments are posted in the same journal, and that is meant so.")
    tochka_warning = fields.Text(compute='_compute_tochka_warning')

    # === COMPUTE METHODS === #

    @api.depends('tochka_sbp_only', 'tochka_merchant_id', 'state', 'sequence', 'payment_method_ids',
                 'tochka_journal_ids', 'tochka_analytic_ids')
    @api.depends_context('lang')
    def _compute_tochka_warning(self):
        for provider in self:
            provider.tochka_warning = (
                provider._tochka_find_warning() if provider.code == 'tochka' else False)

    # === CONSTRAINT METHODS === #

    @api.constrains('tochka_sbp_only', 'tochka_merchant_id')
    def _check_tochka_sbp_only(self):
        for provider in self.filtered(lambda p: p.code == 'tochka' and p.tochka_sbp_only):
            merchant, connection = provider.tochka_merchant_id, provider.tochka_connection_id
            if merchant and 'sbp' not in merchant._tochka_payment_method_codes():
                raise ValidationError(_(
                    "The shop %s has no SBP at the bank, so that nothing would be left to pay by."
                    " Turn SBP on in the internet bank and refresh the data from the bank.",
                    merchant.display_name,
                ))
            if connection and (
                connection._permission_state('MakeAcquiringOperation') == 'missing'
            ):
                raise ValidationError(_(
                    "The bank does not allow Odoo to make payment links (permission"
                    " MakeAcquiringOperation). Open the bank's page from the connection and give"
                    " it."
                ))

    @api.constrains('state', 'journal_id', 'tochka_journal_is_shared')
    def _check_tochka_journal_is_own(self):
        """ Refuse that two shops share a journal by accident: Odoo takes the first by itself. """
        for provider in self.filtered(
            lambda p: p.code == 'tochka' and p.state != 'disabled'
            and p.journal_id and not p.tochka_journal_is_shared
        ):
            others = provider.journal_id.sudo().inbound_payment_method_line_ids.payment_provider_id
            other = others.filtered(
                lambda p, own=provider: p != own and p.code == 'tochka' and p.state != 'disabled')
            if other and not provider._tochka_find_obstacle():
                raise ValidationError(_(
                    "The payments of %(other)s are posted in the journal %(journal)s already."
                    " Choose another cash box for %(provider)s, or tick that the journal is shared"
                    " on purpose.", other=other[0].name, journal=provider.journal_id.display_name,
                    provider=provider.name,
                ))

    # === CRUD METHODS === #

    def copy_data(self, default=None):
        """ Override to keep the connection where it serves the company of the copy.

        Odoo copies providers into new companies, too.
        """
        vals_list = super().copy_data(default)
        for provider, vals in zip(self, vals_list, strict=True):
            connection = provider.tochka_connection_id
            company = self.env['res.company'].browse(
                (default or {}).get('company_id') or provider.company_id.id)
            if connection and not connection.sudo().company_ids & company.parent_ids:
                vals['tochka_connection_id'] = False
            if provider.code != 'tochka':
                continue
            if company == provider.company_id and 'name' not in (default or {}):
                # The name tells the shops apart, and two on one journal need different ones.
                vals['name'] = _("%s (copy)", provider.name)
            if company != provider.company_id:
                # What belongs to the books of the other company stays there.
                vals.update(tochka_article_id=False, tochka_payment_kind='receivable',
                            tochka_advance_account_id=False)
        return vals_list

    # === BUSINESS METHODS === #

    def _tochka_payment_method_codes(self):
        """ Return the codes of the payment methods that the provider may offer.

        :rtype: set[str]
        """
        self.ensure_one()
        allowed = self.tochka_merchant_id._tochka_payment_method_codes()
        return allowed & {'sbp'} if self.tochka_sbp_only else allowed

    def _tochka_find_permission_warning(self):
        """ Name the permission that the guide asks for payments by SBP. :rtype: str """
        connection = self.tochka_connection_id
        if self.tochka_sbp_only and any(
            connection._permission_state(name) == 'missing'
            for name in ('ReadSBPData', 'EditSBPData')
        ):
            return _(
                "Payments by SBP alone are chosen, but the bank's permission «Work with the Faster"
                " Payments System» is missing. Open the bank's page from the connection and give"
                " it."
            )
        return ''
