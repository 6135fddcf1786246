# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import UserError, ValidationError
from odoo.fields import Command

from odoo.addons.tochka_acquiring import const


class PaymentProvider(models.Model):
    _inherit = 'payment.provider'

    code = fields.Selection(
        selection_add=[('tochka', "Tochka Bank")], ondelete={'tochka': 'set default'}
    )
    tochka_connection_id = fields.Many2one(
        string="Bank connection",
        help="The key that Odoo uses to talk to the bank. Several providers may share one.",
        comodel_name='tochka.connection',
        ondelete='restrict',
        required_if_provider='tochka',
        domain="[('company_ids', 'parent_of', company_id)]",
        copy=True,
    )
    tochka_connection_state = fields.Selection(
        string="State of the connection", related='tochka_connection_id.state')
    tochka_merchant_id = fields.Many2one(
        string="Shop (merchant)",
        help="The shop of the bank's acquiring contract on whose behalf payments are taken.",
        comodel_name='tochka.merchant',
        ondelete='restrict',
        required_if_provider='tochka',
        domain="[('connection_id', '=', tochka_connection_id)]",
        copy=False,
    )
    tochka_legal_entity_id = fields.Many2one(
        related='tochka_merchant_id.legal_entity_id',
        help="Whose money it is. Its INN must be the company's.")
    tochka_article_id = fields.Many2one(
        string="Article",
        help="The analytic account that each payment of this provider is credited to, on the"
             " receivable line of the payment. Use an analytic plan of its own for articles, so"
             " that an invoice's income is not counted twice.",
        comodel_name='account.analytic.account',
        domain="['|', ('company_id', '=', False), ('company_id', 'parent_of', company_id)]",
    )
    tochka_link_ttl = fields.Integer(
        string="Link lifetime (minutes)",
        help="How long a customer may pay by a link. The bank can't cancel a link, so a short life"
             " is the only protection against paying an outdated amount.",
        default=const.DEFAULT_LINK_TTL,
    )
    tochka_test_partner_id = fields.Many2one(
        string="Test client", comodel_name='res.partner', readonly=True, copy=False,
        ondelete='set null')

    # === COMPUTE METHODS === #

    def _compute_feature_support_fields(self):
        """ Override of `payment`: whole and partial refunds. """
        super()._compute_feature_support_fields()
        self.filtered(lambda provider: provider.code == 'tochka').support_refund = 'partial'

    def _get_supported_currencies(self):
        """ Override of `payment` to return the rouble only: the bank's acquiring has no currency.

        Source: developers.tochka.com, «Платёжные ссылки» (no currency field), 2026-04.
        """
        supported_currencies = super()._get_supported_currencies()
        if self.code == 'tochka':
            supported_currencies = supported_currencies.filtered(
                lambda currency: currency.name in const.SUPPORTED_CURRENCIES
            )
        return supported_currencies

    # === ONCHANGE METHODS === #

    @api.onchange('tochka_connection_id')
    def _onchange_tochka_connection_id(self):
        """ Offer the only shop of the connection, and drop that of another connection. """
        if self.tochka_merchant_id.connection_id != self.tochka_connection_id:
            self.tochka_merchant_id = False
        usable_merchants = self.tochka_connection_id.merchant_ids.filtered(
            lambda m: m.is_usable and m.company_id in (m.env['res.company'], self.company_id)
        )
        if not self.tochka_merchant_id and len(usable_merchants) == 1:
            self.tochka_merchant_id = usable_merchants

    # === CONSTRAINT METHODS === #

    @api.constrains('tochka_link_ttl')
    def _check_tochka_link_ttl(self):
        for provider in self.filtered(lambda p: p.code == 'tochka'):
            if not const.SHORTEST_LINK_TTL <= provider.tochka_link_ttl <= const.MAX_LINK_TTL:
                raise ValidationError(_(
                    "The link lifetime of %(provider)s must be between %(min)s and %(max)s"
                    " minutes.",
                    provider=provider.name, min=const.SHORTEST_LINK_TTL, max=const.MAX_LINK_TTL,
                ))

    @api.constrains('tochka_connection_id', 'tochka_merchant_id', 'company_id')
    def _check_tochka_belongs_together(self):
        """ Check that the shop is one of the connection's, and both may serve the company. """
        for provider in self.filtered(lambda p: p.code == 'tochka'):
            connection = provider.tochka_connection_id
            merchant = provider.tochka_merchant_id
            if merchant and merchant.connection_id != connection:
                raise ValidationError(_(
                    "The shop %(merchant)s is not one of the bank connection %(connection)s.",
                    merchant=merchant.display_name, connection=connection.display_name,
                ))
            if connection and not connection.company_ids & provider.company_id.parent_ids:
                raise ValidationError(_(
                    "The bank connection %(connection)s does not serve the company %(company)s."
                    " Add the company to the connection first.",
                    connection=connection.display_name, company=provider.company_id.name,
                ))
            if merchant.company_id and merchant.company_id not in provider.company_id.parent_ids:
                raise ValidationError(_(
                    "The shop %(merchant)s belongs to %(owner)s, not to %(company)s: its payments"
                    " would reach another company's bank account.",
                    merchant=merchant.display_name,
                    owner=merchant.company_id.name,
                    company=provider.company_id.name,
                ))

    @api.constrains('state', 'is_published', 'journal_id', 'tochka_connection_id',
                    'tochka_merchant_id')
    def _check_tochka_ready_to_be_paid(self):
        """ Refuse to switch on what would lose or misplace a payment. """
        for provider in self.filtered(lambda p: p.code == 'tochka'):
            if provider.state == 'disabled' and not provider.is_published:
                continue
            reason = provider._tochka_find_obstacle()
            if reason:
                raise ValidationError(_(
                    "%(provider)s can't be enabled yet. %(reason)s",
                    provider=provider.name, reason=reason,
                ))

    def _tochka_find_obstacle(self):
        """ Return what keeps this provider from taking payments, in words that say what to do.

        :return: The obstacle, or an empty string when there is none.
        :rtype: str
        """
        return self._tochka_find_shop_obstacle() or self._tochka_find_kind_obstacle()

    def _tochka_find_shop_obstacle(self):
        """ Return what of the connection, the shop or the journal keeps payments away. """
        self.ensure_one()
        connection = self.tochka_connection_id
        if connection.environment == 'bank_sandbox':
            return _(
                "The bank's own sandbox gives canned answers (every payment looks paid), so it only"
                " serves to check a connection. Choose a connection to the production bank."
            )
        if connection.environment == 'production' and self.state == 'test':
            return _(
                "The bank has no test mode: payments would be real. Use the state Enabled, and"
                " leave the provider unpublished while you try it."
            )
        companies = self.company_id.parent_ids
        if not connection.company_ids & companies:
            return _(
                "The bank connection %(connection)s does not serve the company %(company)s.",
                connection=connection.display_name, company=self.company_id.name,
            )
        if self.tochka_merchant_id.company_id not in companies:
            return _(
                "Say in the bank connection, tab Legal entities, which company %(entity)s is:"
                " its shop %(merchant)s is not (yet) one of %(company)s.",
                entity=self.tochka_merchant_id.legal_entity_id.name,
                merchant=self.tochka_merchant_id.display_name,
                company=self.company_id.name,
            )
        if connection.state not in ('connected', 'attention'):
            return _("The bank connection %s is not connected.", connection.display_name)
        if not self.tochka_merchant_id.is_usable or not self.tochka_merchant_id.active:
            return _(
                "The bank does not take payments for the shop %s now. Choose another shop, or ask"
                " the bank.", self.tochka_merchant_id.display_name,
            )
        if not self.with_context(active_test=False).payment_method_ids:
            return _("The shop allows no payment method that Odoo knows.")
        if not self.journal_id:
            return _(
                "Choose the bank journal (cash box) in which payments are posted; without it a"
                " paid invoice could not be booked."
            )
        # Nearly every company has the one, so the lines are read where it has not.
        if not self.company_id.transfer_account_id and not (
            self.journal_id.inbound_payment_method_line_ids.filtered(
                lambda line: line.payment_provider_id == self).payment_account_id
        ):
            return _(
                "The journal %s has no outstanding receipts account for this provider: set it in"
                " the journal, tab Incoming Payments.", self.journal_id.display_name,
            )
        return ''

    def _tochka_find_warning(self):
        """ Return what a person should know though payments work, in words that say what to do.

        :return: The warning, or an empty string when there is none.
        :rtype: str
        """
        self.ensure_one()
        return '\n'.join(filter(None, [
            self._tochka_find_choice_warning(), self._tochka_find_permission_warning()]))

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        providers = super().create(vals_list)
        providers.filtered('tochka_merchant_id')._tochka_apply_merchant_modes()
        return providers

    def write(self, vals):
        """ Override of `payment` to offer what the shop allows, when it is another one; and again
        what SBP alone had taken away.
        """
        changed = self.filtered(
            lambda p: p.code == 'tochka'
            and 'tochka_sbp_only' in vals and p.tochka_sbp_only != vals['tochka_sbp_only'])
        res = super().write(vals)
        if changed:
            changed._tochka_apply_merchant_modes()
        if vals.get('tochka_merchant_id'):
            (self - changed)._tochka_apply_merchant_modes()
        return res

    def _get_default_payment_method_codes(self):
        """ Override of `payment` to return the default payment method codes. """
        self.ensure_one()
        if self.code != 'tochka':
            return super()._get_default_payment_method_codes()
        return const.DEFAULT_PAYMENT_METHOD_CODES

    # === ACTION METHODS === #

    def action_tochka_connect(self):
        """ Go to the connection: the one that is chosen or serves the company, else a new one.

        :return: The action that opens the connection.
        :rtype: dict
        """
        self.ensure_one()
        connection = self.tochka_connection_id or self.env['tochka.connection'].search([
            ('company_ids', 'in', self.company_id.parent_ids.ids),
        ], limit=1)
        if connection and not self.tochka_connection_id:
            self.tochka_connection_id = connection
        return {
            'type': 'ir.actions.act_window',
            'res_model': 'tochka.connection',
            'res_id': connection.id,
            'view_mode': 'form',
            'views': [(False, 'form')],
            'context': {
                'default_company_ids': self.company_id.ids,
                'tochka_provider_id': self.id,
            },
        }

    def action_tochka_try(self):
        """ Try the connection as a customer would.

        :return: The action that opens the wizard.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('write')
        wizard = self.env['tochka.try'].create({
            'provider_id': self.id,
            'email': self.tochka_test_partner_id.email or self._tochka_suggest_test_email(),
        })
        return wizard._show()

    def _tochka_suggest_test_email(self):
        """ Return an address that reaches the user and is not the user's login.

        :rtype: str
        """
        name, at, domain = (self.env.user.email or '').partition('@')
        return f'{name}+test@{domain}' if at else 'test@example.com'

    # === BUSINESS METHODS === #

    def _tochka_ask_about_obstacle(self):
        """ Ask a person, once, when the bank's data keep an enabled provider from being paid. """
        self.ensure_one()
        if self._tochka_find_obstacle():
            self.env['tochka.problem']._open(
                self.tochka_connection_id, 'provider', str(self.id), company=self.company_id,
                user=self._tochka_responsible(), id=self.id)

    @api.model
    def _tochka_sync_payment_methods(self, merchants, before):
        """ Take over what the bank now allows for the given shops.

        :param tochka.merchant merchants: The shops whose payment modes may have changed.
        :param dict[tochka.merchant, set[str]] before: The codes of the methods that the bank
                                                       allowed until now.
        :return: None
        """
        problems = self.env['tochka.problem']
        for provider in self.search([
            ('code', '=', 'tochka'), ('tochka_merchant_id', 'in', merchants.ids)
        ]):
            # One whose settings contradict each other must not keep the others from the bank's
            # news.
            subject = str(provider.id)
            try:
                with self.env.cr.savepoint():
                    provider._tochka_apply_merchant_modes(
                        before.get(provider.tochka_merchant_id, set()))
            except UserError as error:
                problems._open(
                    provider.tochka_connection_id, 'modes', subject, company=provider.company_id,
                    user=provider._tochka_responsible(), id=provider.id, error=error)
            else:
                problems._close(provider.tochka_connection_id, ['modes'], subject)

    def _tochka_apply_merchant_modes(self, known=frozenset()):
        """ Offer the payment methods of the shop's payment modes, and no other.

        The filter lies on the provider, because `payment.method.active` is shared by all providers
        and companies.

        :param set[str] known: Codes that the bank allowed before: what a person has taken away from
                               the provider since then stays away.
        :return: None
        """
        for provider in self.filtered(lambda p: p.code == 'tochka'):
            allowed = provider._tochka_payment_method_codes()
            methods = self.env['payment.method'].with_context(active_test=False).search([
                ('code', 'in', sorted(allowed)), ('is_primary', '=', True),
            ])
            offered = provider.with_context(active_test=False).payment_method_ids
            added = methods.filtered(lambda pm: pm.code not in known) - offered
            removed = offered - methods
            commands = [
                *(Command.link(pm.id) for pm in added),
                *(Command.unlink(pm.id) for pm in removed),
            ]
            if commands:
                provider.payment_method_ids = commands
            if provider.state != 'disabled':
                # Only what is new: `active` is shared by all providers, and a method that somebody
                # has switched off stays off.
                default_codes = provider._get_default_payment_method_codes()
                (added + added.brand_ids).filtered(
                    lambda pm, codes=default_codes: pm.code in codes
                ).active = True
                provider._tochka_ask_about_obstacle()
