# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError

from odoo.addons.payment import utils as payment_utils
from odoo.addons.tochka_acquiring.utils import told_by_code


class PaymentProvider(models.Model):
    """ Which of several shops takes the payment of a document.

    A provider with rules takes only documents that fit all of its rules; one without rules takes
    the rest, and money without a document. The nearest company wins (a branch before its parent),
    then the provider with more rules, then the rule of the journal before that of the analytic
    account. Two providers that these rules can't tell apart are refused when they are enabled, so
    that the order of records never decides.
    """

    _inherit = 'payment.provider'

    tochka_journal_ids = fields.Many2many(
        string="Invoices of these journals",
        help="This shop takes payments of invoices of these sales journals only. Leave empty for"
             " any journal.",
        comodel_name='account.journal', relation='tochka_provider_sale_journal_rel',
        domain="[('type', '=', 'sale'), ('company_id', 'child_of', company_id)]", copy=False)
    tochka_analytic_ids = fields.Many2many(
        string="Income of these analytic accounts",
        help="This shop takes payments of documents with one of these analytic accounts on a line"
             " only. Leave empty for any account.",
        comodel_name='account.analytic.account', relation='tochka_provider_analytic_rel',
        domain="['|', ('company_id', '=', False), ('company_id', 'parent_of', company_id)]",
        copy=False)
    tochka_choice_summary = fields.Text(
        string="When this shop is used", compute='_compute_tochka_choice_summary')

    # === COMPUTE METHODS === #

    @api.depends('tochka_journal_ids', 'tochka_analytic_ids')
    @api.depends_context('lang')
    def _compute_tochka_choice_summary(self):
        for provider in self:
            rules = []
            if provider.tochka_journal_ids:
                rules.append(_(
                    "the invoice is of %s",
                    ', '.join(provider.tochka_journal_ids.mapped('display_name'))))
            if provider.tochka_analytic_ids:
                rules.append(_(
                    "a line has %s",
                    ', '.join(provider.tochka_analytic_ids.mapped('display_name'))))
            provider.tochka_choice_summary = _(
                "When %s.", _(" and ").join(rules)
            ) if rules else _(
                "For every document that no other shop takes by its rules, and for balance"
                " top-ups.")

    # === CONSTRAINT METHODS === #

    @api.constrains('state', 'company_id', 'tochka_journal_ids', 'tochka_analytic_ids',
                    'tochka_sbp_only', 'tochka_merchant_id', 'payment_method_ids')
    def _check_tochka_choice_is_clear(self):
        """ Refuse a second provider that the rules can't tell from the first. """
        for provider in self.filtered(lambda p: p.code == 'tochka' and p.state != 'disabled'):
            if provider._tochka_find_obstacle():
                continue  # It can't be enabled anyway, and that is said first.
            offered = provider._tochka_offered_codes()
            twin = provider._tochka_rivals().filtered(
                lambda other, offered=offered: offered & other._tochka_offered_codes())[:1]
            if twin:
                raise ValidationError(_(
                    "%(provider)s and %(other)s would take payments of the same documents, and"
                    " nothing says which of them. Say when this shop is used: by journals or"
                    " analytic accounts.", provider=provider.name, other=twin.name,
                ))

    def _tochka_offered_codes(self):
        """ Return the codes of the payment methods that are offered. :rtype: set[str] """
        self.ensure_one()
        offered = self.with_context(active_test=False).payment_method_ids
        return set(offered.mapped('code')) & self._tochka_payment_method_codes()

    def _tochka_rivals(self):
        """ Return the enabled providers that only the way to pay tells from this one.

        :rtype: payment.provider
        """
        self.ensure_one()
        return self.sudo().search([
            ('code', '=', 'tochka'), ('state', '!=', 'disabled'), ('id', '!=', self.id),
            ('company_id', '=', self.company_id.id),
        ]).filtered(self._tochka_may_take_the_same)

    def _tochka_may_take_the_same(self, other):
        """ Return whether some document fits both with the same right.

        :param payment.provider other: Another enabled provider of the same company.
        :rtype: bool
        """
        self.ensure_one()
        for name in ('tochka_journal_ids', 'tochka_analytic_ids'):
            if bool(self[name]) != bool(other[name]):
                return False  # One of them is the more specific.
            if self[name] and not self[name] & other[name]:
                return False
        return True

    # === BUSINESS METHODS === #

    def _tochka_left_to_rivals(self):
        """ Return the codes of what the bank has newly allowed and a rival offers already.

        :rtype: set[str]
        """
        self.ensure_one()
        if self.state == 'disabled':
            return set()
        known = set((self.tochka_known_modes or '').split(','))
        fresh = self._tochka_payment_method_codes() - known
        if not fresh:
            return fresh
        return fresh & set().union(*(
            rival._tochka_offered_codes() for rival in self._tochka_rivals()))

    def _tochka_find_methods_warning(self):
        """ Name what the bank newly allows and no rule gives to this shop. :rtype: str """
        codes = self._tochka_left_to_rivals()
        if not codes:
            return ''
        methods = self.env['payment.method'].with_context(active_test=False).search(
            [('code', 'in', sorted(codes)), ('is_primary', '=', True)])
        return _(
            "The bank now allows %(methods)s for the shop %(shop)s as well, and another shop"
            " takes them for the same documents. Say when this shop is used, by journals or"
            " analytic accounts, and refresh the data from the bank.",
            methods=', '.join(methods.mapped('name')), shop=self.tochka_merchant_id.name)

    @api.model
    def _get_compatible_providers(self, company_id, *args, report=None, **kwargs):
        """ Override of `payment` to leave one shop's providers for a document. """
        providers = super()._get_compatible_providers(company_id, *args, report=report, **kwargs)
        candidates = providers.filtered(lambda p: p.code == 'tochka')
        if not candidates or kwargs.get('is_validation'):
            return providers
        # The documents matter to rules only.
        documents = self._tochka_documents_of(kwargs) if any(
            provider._tochka_has_rules() for provider in candidates
        ) else self.env['account.move']
        passed_over = candidates - candidates._tochka_choose(documents)
        payment_utils.add_to_report(
            report, passed_over, available=False,
            reason=_("Another shop takes the payments of this document."))
        return providers - passed_over

    @api.model
    def _tochka_documents_of(self, kwargs):
        """ Return the documents for which providers are looked for, as far as they are told.

        :param dict kwargs: The keywords of `_get_compatible_providers`.
        :return: Invoices or sale orders; no invoice when nothing was told.
        :rtype: account.move|sale.order
        """
        documents = told_by_code(self.env, 'tochka_documents')
        if kwargs.get('invoice_id'):
            documents = self.env['account.move'].browse(int(kwargs['invoice_id']))
        elif kwargs.get('sale_order_id') and 'sale.order' in self.env:
            documents = self.env['sale.order'].browse(int(kwargs['sale_order_id']))
        return (documents or self.env['account.move']).sudo().exists()

    def _tochka_choose(self, documents):
        """ Return the providers that have the best right to the documents.

        :param documents: Invoices or sale orders that are paid together; none for a top-up.
        :rtype: payment.provider
        """
        fitting = self.filtered(lambda provider: provider._tochka_fits(documents))
        if not fitting:
            return fitting
        best = max(provider._tochka_specificity() for provider in fitting)
        return fitting.filtered(lambda provider: provider._tochka_specificity() == best)

    def _tochka_has_rules(self):
        """ Return whether the provider takes only what fits its rules. :rtype: bool """
        self.ensure_one()
        return bool(self.tochka_journal_ids or self.tochka_analytic_ids)

    def _tochka_fits(self, documents):
        """ Return whether all the documents fit the provider's rules.

        :param documents: Invoices or sale orders.
        :rtype: bool
        """
        self.ensure_one()
        if not self._tochka_has_rules():
            return True
        if not documents:
            return False
        for document in documents:
            if self.tochka_journal_ids and document.journal_id not in self.tochka_journal_ids:
                return False
            if self.tochka_analytic_ids and not (
                self._tochka_analytic_accounts(document) & self.tochka_analytic_ids
            ):
                return False
        return True

    @api.model
    def _tochka_analytic_accounts(self, document):
        """ Return the analytic accounts on the lines of a document.

        :rtype: account.analytic.account
        """
        lines = document.order_line if document._name == 'sale.order' else document.invoice_line_ids
        ids = {
            int(account_id) for line in lines for key in (line.analytic_distribution or {})
            for account_id in key.split(',')
        }
        return self.env['account.analytic.account'].sudo().browse(ids).exists()

    def _tochka_specificity(self):
        """ Return how specific the provider is; the greater takes the document.

        :return: Depth of the company, number of rules, whether one is of journals.
        :rtype: tuple[int, int, bool]
        """
        self.ensure_one()
        rules = bool(self.tochka_journal_ids) + bool(self.tochka_analytic_ids)
        return len(self.company_id.parent_ids), rules, bool(self.tochka_journal_ids)
