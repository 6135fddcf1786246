# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models

from odoo.addons.payment import utils as payment_utils
from odoo.addons.tochka_acquiring.utils import told_by_code


class PaymentProvider(models.Model):
    """ Which of several shops takes the payment of a document: the first that fits.

    A provider with rules takes only documents that fit all of its rules; one without rules takes
    the rest, and money without a document. The nearest company goes first (a branch before its
    parent), then those with rules, then the order of the providers' list. Providers with the same
    rules share their documents: they are told apart by the way to pay.
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

    # === BUSINESS METHODS === #

    def _tochka_find_choice_warning(self):
        """ Name the shop that goes first and leaves this one nothing, or not every way to pay.

        :rtype: str
        """
        self.ensure_one()
        providers = self.sudo().search([
            ('code', '=', 'tochka'), ('state', '!=', 'disabled'),
            ('company_id', '=', self.company_id.id),
        ])._tochka_in_order()
        offered = self._tochka_offered_methods()
        for other in providers:
            if other == self:
                break
            common = offered & other._tochka_offered_methods()
            if other._tochka_rules() == self._tochka_rules():
                if common:
                    return _(
                        "%(other)s takes the same documents and comes first in the list, so that"
                        " nobody pays here by %(methods)s. Say when this shop is used, by journals"
                        " or analytic accounts, or drag it above the other one.",
                        other=other.name, methods=', '.join(common.mapped('name')))
            elif other._tochka_covers(self):
                return _(
                    "%(other)s takes all documents of this shop and comes first in the list, so"
                    " that nobody pays here. Drag this shop above the other one.", other=other.name)
        return ''

    def _tochka_offered_methods(self):
        """ Return the ways to pay that are offered. :rtype: payment.method """
        self.ensure_one()
        codes = self._tochka_payment_method_codes()
        return self.with_context(active_test=False).payment_method_ids.filtered(
            lambda method: method.code in codes)

    def _tochka_rules(self):
        """ Return what tells the documents of this provider from those of others. :rtype: tuple """
        self.ensure_one()
        return self.company_id, self.tochka_journal_ids, self.tochka_analytic_ids

    def _tochka_covers(self, other):
        """ Return whether whatever fits another provider of the company fits this one, too.

        :param payment.provider other: The other one.
        :rtype: bool
        """
        self.ensure_one()
        return self._tochka_has_rules() == other._tochka_has_rules() and all(
            not self[name] or other[name] and other[name] <= self[name]
            for name in ('tochka_journal_ids', 'tochka_analytic_ids'))

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
        """ Return the first provider that fits, with those that have the same rules.

        :param documents: Invoices or sale orders that are paid together; none for a top-up.
        :rtype: payment.provider
        """
        fitting = self.filtered(
            lambda provider: provider._tochka_fits(documents))._tochka_in_order()
        return fitting.filtered(
            lambda provider: provider._tochka_rules() == fitting[0]._tochka_rules())

    def _tochka_in_order(self):
        """ Return these providers of the list, in its order; who chooses first stands first.

        :rtype: payment.provider
        """
        return self.sorted(lambda provider: (
            -len(provider.company_id.parent_ids), not provider._tochka_has_rules()))

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
