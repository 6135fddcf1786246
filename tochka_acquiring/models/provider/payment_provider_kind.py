# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.tochka_acquiring import const


class PaymentProvider(models.Model):
    """ Payment kind: on which account money is booked that pays no document (a top-up). """

    _inherit = 'payment.provider'

    tochka_payment_kind = fields.Selection(
        string="Payment kind",
        help="How money without a document, such as a balance top-up, is booked. Receivable: as the"
             " customer's credit on the receivable account. Advances received: on an account of its"
             " own (62.02 in Russian charts); Odoo moves it to the receivable account by itself"
             " when an invoice is settled with it.",
        selection=[('receivable', "Receivable"), ('advance', "Advances received")],
        default='receivable',
        required=True,
    )
    tochka_advance_account_id = fields.Many2one(
        string="Account of advances",
        help="The account of advances received, 62.02 in Russian charts. It must allow"
             " reconciliation, and must not be the receivable or payable account of customers.",
        comodel_name='account.account',
        ondelete='restrict',
        domain=[('account_type', 'in', const.ADVANCE_ACCOUNT_TYPES), ('reconcile', '=', True)],
        check_company=True,
    )

    # === CONSTRAINT METHODS === #

    @api.constrains('code', 'company_id', 'tochka_payment_kind', 'tochka_advance_account_id')
    def _check_tochka_payment_kind(self):
        """ Refuse an account on which advances would get lost or mixed with other things. """
        for provider in self.filtered(lambda p: p.code == 'tochka'):
            reason = provider._tochka_find_kind_obstacle()
            if reason:
                raise ValidationError(reason)
            if provider.tochka_payment_kind == 'advance' and provider._tochka_is_trade_account():
                raise ValidationError(_(
                    "%(account)s is the receivable or payable account of customers or vendors:"
                    " advances could not be told from their invoices. Choose an account of its own"
                    " for advances.",
                    account=provider.tochka_advance_account_id.display_name,
                ))

    def _tochka_is_trade_account(self):
        """ Return whether invoices or bills of any partner are booked on the account of advances.

        :rtype: bool
        """
        self.ensure_one()
        account = self.tochka_advance_account_id
        partners = self.env['res.partner'].sudo().with_company(self.company_id)
        return bool(partners.with_context(active_test=False).search_count([
            '|',
            ('property_account_receivable_id', '=', account.id),
            ('property_account_payable_id', '=', account.id),
        ], limit=1))

    def _tochka_find_kind_obstacle(self):
        """ Return what keeps money without a document from being booked by the payment kind.

        :return: The obstacle, or an empty string when there is none.
        :rtype: str
        """
        self.ensure_one()
        if self.tochka_payment_kind != 'advance':
            return ''
        account = self.tochka_advance_account_id.sudo().with_company(self.company_id)
        if not account:
            return _(
                "Choose the account of advances received (62.02 in Russian charts), or the payment"
                " kind Receivable."
            )
        if not account.company_ids & self.company_id.parent_ids:
            return _(
                "The account of advances %(account)s does not belong to %(company)s.",
                account=account.display_name, company=self.company_id.name,
            )
        if not account.active:
            return _("The account of advances %s is archived.", account.display_name)
        if account.account_type not in const.ADVANCE_ACCOUNT_TYPES:
            return _(
                "%s can't hold advances of customers. Choose an account of the type Current"
                " Liabilities, Receivable or Current Assets.", account.display_name,
            )
        if not account.reconcile:
            return _(
                "The account of advances %s does not allow reconciliation, so that an advance could"
                " never be settled. Tick \"Allow Reconciliation\" in the account.",
                account.display_name,
            )
        if not self.env['account.move'].sudo()._tochka_transfer_journal(self.company_id):
            return _(
                "%s has no journal of the type Miscellaneous, which the transfer of an advance to"
                " the receivable account is entered in. Create one first.", self.company_id.name,
            )
        return ''

    # === BUSINESS METHODS === #

    @api.model
    def _tochka_topup_providers(self, company, partner, amount=0.0, report=None, **kwargs):
        """ Return the providers by which a partner may top up the balance in a company.

        Only those of this add-on: payment kind and article of a top-up are theirs.

        :param res.company company: A company as `_tochka_balance_company` returns it.
        :param res.partner partner: Who pays.
        :param float amount: The amount in roubles; 0 to learn whether top-ups are offered at all.
        :param dict report: See `_get_compatible_providers`.
        :param dict kwargs: Further criteria of `_get_compatible_providers`.
        :rtype: payment.provider
        """
        payer = partner.commercial_partner_id
        if payer.company_id and payer.company_id not in company.parent_ids:
            return self.sudo().browse()  # The payment could not be posted.
        return self.sudo()._get_compatible_providers(
            company.id, partner.id, amount, currency_id=self.env.ref('base.RUB').id, report=report,
            **kwargs,
        ).filtered(
            lambda p: p.code == 'tochka' and p.company_id == company
            and not p._tochka_find_obstacle()
        )
