# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import fields, models
from odoo.tools import email_normalize_all

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api.text import is_email


class ResPartner(models.Model):
    """ The payer's family and balance. A balance is the commercial partner's. """

    _inherit = 'res.partner'

    # === BUSINESS METHODS - PAYMENT LINK === #

    def _get_default_payment_link_values(self):
        """ Return the values of the payment link wizard for a balance top-up.

        :rtype: dict
        :raise AccessError: If the contact is not the user's to see.
        """
        self.ensure_one()
        self.check_access('read')  # The balance is summed up as superuser.
        company = (self.company_id or self.env.company)._tochka_balance_company()
        return {
            'partner_id': self.id,
            'currency_id': self.env.ref('base.RUB').id,
            # What a customer owes is told to whoever may read the invoices.
            'amount': sum(self._tochka_balance(company)['invoices'].with_env(self.env).with_context(
                allowed_company_ids=self.env.user.company_ids.ids,
            )._filtered_access('read').mapped('amount_residual')),
            'amount_max': float(const.MAX_TOPUP),
        }

    # === BUSINESS METHODS - FAMILY === #

    def _tochka_email(self):
        """ Return where the payer can be written to: the own address, else that of the family.

        :rtype: str
        """
        self.ensure_one()
        for partner in (self, self.commercial_partner_id):
            # People write several addresses into the field, or a word.
            for email in filter(is_email, email_normalize_all(partner.email or '')):
                return email
        return ''

    def _tochka_family(self):
        """ Return the people for whom the payer may pay: the payer and the payer's contacts.

        :return: The commercial partner first, then its contacts; no addresses, no other companies.
        :rtype: res.partner
        """
        self.ensure_one()
        payer = self.commercial_partner_id
        return payer | self.search([
            ('commercial_partner_id', '=', payer.id), ('type', 'in', ('contact', 'other')),
        ])

    # === BUSINESS METHODS - BALANCE === #

    def _tochka_balance_companies(self, company):
        """ Return the companies in which the payer has a balance or may begin one.

        :param res.company company: The company whose portal is looked at.
        :rtype: res.company
        """
        self.ensure_one()
        payer = self.commercial_partner_id.sudo()
        groups = self.env['account.move.line'].sudo()._read_group(
            [*self._tochka_items_domain(), ('account_id.account_type', '=', 'asset_receivable')],
            ['company_id'],
        ) + self.env['account.payment'].sudo()._read_group(
            [('partner_id', '=', payer.id), ('tochka_advance_account_id', '!=', False)],
            ['company_id'],
        )
        known = company.browse().union(*(found for (found,) in groups)).sudo()
        companies = known.browse().union(*(found._tochka_balance_company() for found in known))
        here = company.sudo()._tochka_balance_company()
        if here not in companies and self.env['payment.provider']._tochka_topup_providers(
            here, self
        ):
            companies |= here
        return companies.sorted(lambda found: (found != here, found.sequence, found.id))

    def _tochka_items_domain(self):
        """ Return the domain of the payer's posted journal items.

        :rtype: list
        """
        return [
            ('partner_id.commercial_partner_id', '=', self.commercial_partner_id.id),
            ('parent_state', '=', 'posted'),
        ]

    def _tochka_open_invoices(self, companies):
        """ Return what the payer owes in roubles, the earliest due first.

        :param res.company companies: The companies whose invoices count.
        :rtype: account.move
        """
        self.ensure_one()
        return self.env['account.move'].search([
            ('commercial_partner_id', '=', self.commercial_partner_id.id),
            ('move_type', '=', 'out_invoice'),
            ('state', '=', 'posted'),
            ('payment_state', 'in', ('not_paid', 'partial')),
            ('currency_id', '=', self.env.ref('base.RUB').id),
            ('company_id', 'in', companies.ids),
            ('amount_residual', '>', 0),
        ]).sorted(lambda invoice: (
            invoice.invoice_date_due or invoice.invoice_date, invoice.invoice_date, invoice.id
        ))

    def _tochka_open_topups(self, companies):
        """ Return what is left of the payer's top-ups, the oldest first.

        Other credits (credit notes, bank transfers, second payments) are a person's to use, and so
        is a top-up while a part of it is on its way back to the payer.

        :param res.company companies: The companies whose balance it is.
        :return: Open items, on the receivable account or on one of advances.
        :rtype: account.move.line
        """
        self.ensure_one()
        return self.env['account.move.line'].search([
            *self._tochka_items_domain(),
            ('company_id', 'in', companies.ids),
            ('currency_id', '=', self.env.ref('base.RUB').id),
            ('reconciled', '=', False),
            ('amount_residual_currency', '<', 0),
            ('payment_id.payment_transaction_id.provider_code', '=', 'tochka'),
        ], order='date, id').filtered(
            lambda line: line.payment_id.payment_transaction_id.tochka_meant_for == 'balance'
            and line in line.payment_id._seek_for_lines()[1]
            and not line.payment_id.payment_transaction_id.sudo().tochka_refund_ids._on_their_way()
        )

    def _tochka_shown_refunds(self, company):
        """ Return the refunds of top-ups that the customer reads of: those on their way, and those
        of the last days. (Refunds of invoices stand on the invoice's page.)

        :param res.company company: As `_tochka_balance` takes it.
        :return: As superuser.
        :rtype: tochka.refund
        """
        self.ensure_one()
        since = fields.Datetime.now() - timedelta(days=const.SHOWN_REFUND_DAYS)
        return self.env['tochka.refund'].sudo().search([
            ('partner_id.commercial_partner_id', '=', self.commercial_partner_id.id),
            ('company_id', 'in', company.sudo()._tochka_balance_companies().ids),
            '|', ('state', 'in', const.REFUND_IN_WORK),
            '&', ('state', 'in', const.REFUND_BOOKED),
            ('transaction_id.last_state_change', '>=', since),
        ], order='id').filtered(
            lambda refund: refund.source_transaction_id.tochka_meant_for == 'balance')

    def _tochka_balance(self, company):
        """ Return the payer's balance in a company, in roubles.

        :param res.company company: A company as `_tochka_balance_company` returns it; its branches
                                    without a shop of their own count.
        :return: `company`; `paid` (what came in less what went back), `due` (open invoices),
                 `left` (credit that pays nothing yet), `to_pay` (due less left), `invoices`.
        :rtype: dict
        """
        self.ensure_one()
        payer = self.commercial_partner_id.sudo()
        companies = company.sudo()._tochka_balance_companies()
        roubles = self.env.ref('base.RUB')
        scope = [('company_id', 'in', companies.ids), ('currency_id', '=', roubles.id)]
        invoices = payer._tochka_open_invoices(companies)
        # What was paid at a till is in the books of the till.
        till = self.env['account.payment'].sudo().search([
            ('partner_id.commercial_partner_id', '=', payer.id),
            ('payment_transaction_id.tochka_meant_for', '=', 'till'),
        ])
        accounts = companies._tochka_advance_accounts(payer)
        items = [
            *self._tochka_items_domain(), *scope,
            ('payment_id', 'not in', till.ids),
            '|', ('account_id.account_type', '=', 'asset_receivable'),
            ('account_id', 'in', accounts.ids),
        ]
        AccountMoveLine = self.env['account.move.line'].sudo()
        [[credit]] = AccountMoveLine._read_group(
            [*items, ('reconciled', '=', False), ('amount_residual_currency', '<', 0)],
            aggregates=['amount_residual_currency:sum'],
        )
        # Money that was entered as a bank statement line has no payment of its own.
        [[statements]] = AccountMoveLine._read_group(
            [*items, ('statement_line_id', '!=', False)], aggregates=['amount_currency:sum'],
        )
        payments = dict(self.env['account.payment'].sudo()._read_group([
            *scope,
            ('partner_id.commercial_partner_id', '=', payer.id),
            ('partner_type', '=', 'customer'),
            ('state', 'in', ('in_process', 'paid')),
            ('move_id', '!=', False),
            ('id', 'not in', till.ids),
        ], ['payment_type'], ['amount:sum']))
        due = roubles.round(sum(invoices.mapped('amount_residual')))
        left = roubles.round(-(credit or 0.0))
        return {
            'company': company,
            'paid': roubles.round(
                payments.get('inbound', 0.0) - payments.get('outbound', 0.0) - (statements or 0.0)
            ),
            'due': due,
            'left': left,
            'to_pay': max(roubles.round(due - left), 0.0),
            'invoices': invoices,
        }
