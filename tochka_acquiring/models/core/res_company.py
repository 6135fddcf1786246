# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import urllib.parse

from odoo import _, api, fields, models
from odoo.exceptions import ValidationError
from odoo.tools import ormcache

from odoo.addons.tochka_acquiring import const


class ResCompany(models.Model):
    _inherit = 'res.company'

    tochka_inbox_days = fields.Integer(
        string="Keep the content of bank notifications for",
        help="After this many days the content of the bank's notifications, which may name payers"
             " and their phones, is deleted.",
        default=const.INBOX_DAYS,
    )
    tochka_topups_pay_invoices = fields.Boolean(
        string="Balance top-ups pay open invoices, oldest first",
        help="When a customer tops up the balance, the customer's open invoices are paid from it:"
             " first those of the client whom the payer has named, then the earliest due.",
        default=True,
    )

    tochka_offer_url = fields.Char(
        string="Public offer",
        help="A link to your public offer (contract), shown beside the Pay button.")
    tochka_offer_required = fields.Boolean(
        string="The offer must be accepted",
        help="A payer must tick that the offer is accepted; Odoo keeps when and which one.")

    @api.constrains('tochka_offer_url', 'tochka_offer_required')
    def _check_tochka_offer_url(self):
        for company in self:
            url = urllib.parse.urlsplit(company.tochka_offer_url or '')
            if company.tochka_offer_url and (
                url.scheme not in ('http', 'https') or not url.hostname
            ):
                raise ValidationError(_(
                    "The link to the public offer must begin with https:// and lead to a page."))
            if company.tochka_offer_required and not company.tochka_offer_url:
                raise ValidationError(_("Fill in the link to the public offer first."))

    def _tochka_offer(self):
        """ Return the company whose public offer holds here: the own one's, else a parent's.

        :rtype: res.company
        """
        self.ensure_one()
        return self.sudo().parent_ids.filtered('tochka_offer_url')[-1:]

    @api.constrains('tochka_inbox_days')
    def _check_tochka_inbox_days(self):
        if any(company.tochka_inbox_days < 1 for company in self):
            raise ValidationError(_("Bank notifications must be kept for at least one day."))

    # === BUSINESS METHODS - PEOPLE === #

    def _tochka_accountant(self):
        """ Return who is asked about these companies' money when nobody was chosen.

        Whoever keeps the books comes before whoever has set Odoo up.

        :return: An active user with accounting rights, else the administrator.
        :rtype: res.users
        """
        return self.env['res.users'].sudo().browse(self._tochka_accountant_id())

    @ormcache('tuple(sorted(self.ids))')
    def _tochka_accountant_id(self):
        """ Return the id for `_tochka_accountant`: jobs ask for each record. :rtype: int """
        groups = [self.env.ref(f'account.{name}').sudo() for name in (
            'group_account_manager', 'group_account_invoice')]
        administrators = self.env.ref('base.group_system').sudo().all_user_ids
        people = [group.all_user_ids.filtered(
            lambda user: user.active and user._is_internal() and user.company_ids & self
        ).sorted('id') for group in groups]
        for users in [users - administrators for users in people] + people:
            if users:
                return users[0].id
        return self.env.ref('base.user_admin').id

    # === BUSINESS METHODS - BALANCE === #

    def _tochka_shop_companies(self):
        """ Return those of the companies that take payments by a published provider of their own.

        :rtype: res.company
        """
        return self.env['payment.provider'].sudo().search([
            ('code', '=', 'tochka'),
            ('state', 'in', ('enabled', 'test')),
            ('is_published', '=', True),
            ('company_id', 'in', self.ids),
        ]).company_id

    def _tochka_balance_company(self):
        """ Return the company that keeps the customers' balance for this one.

        A branch with a shop of its own keeps its own balance; any other counts with the nearest
        company above it that has a shop, else with the head company.

        :rtype: res.company
        """
        self.ensure_one()
        shops = self.parent_ids._tochka_shop_companies()
        return self.parent_ids.filtered(lambda company: company in shops)[-1:] or self.root_id

    def _tochka_balance_companies(self):
        """ Return the companies whose invoices count in the balance of this one.

        :return: This company and its branches, without those that keep a balance of their own.
        :rtype: res.company
        """
        self.ensure_one()
        tree = self.sudo().search([('id', 'child_of', self.id)])
        shops = tree._tochka_shop_companies() | self
        return tree.filtered(
            lambda company: company.parent_ids.filtered(lambda above: above in shops)[-1:] == self
        )

    def _tochka_advance_accounts(self, partner):
        """ Return the accounts on which advances of a customer may lie.

        Those of the providers of today, and those that the customer's payments were booked on.

        :param res.partner partner: The commercial partner.
        :rtype: account.account
        """
        scope = [('company_id', 'child_of', self.root_id.ids),
                 ('tochka_advance_account_id', '!=', False)]
        providers = self.env['payment.provider'].sudo().search(scope)
        payments = self.env['account.payment'].sudo().search(
            [*scope, ('partner_id', '=', partner.id)]
        )
        return providers.tochka_advance_account_id | payments.tochka_advance_account_id
