# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, urls


class TochkaTry(models.TransientModel):
    """ Try the connection as a customer would: a test client, a real small payment, its reversal.

    The payment has no document, so that no number of the real invoices is spent.
    """

    _name = 'tochka.try'
    _description = "Tochka Bank: try it"

    provider_id = fields.Many2one(
        string="Provider", comodel_name='payment.provider', required=True, readonly=True,
        ondelete='cascade')
    company_id = fields.Many2one(related='provider_id.company_id')
    currency_id = fields.Many2one(comodel_name='res.currency', compute='_compute_currency_id')
    email = fields.Char(
        string="E-mail of the test client", required=True,
        help="The invitation to the cabinet and the receipt go there. It must not be the address of"
             " somebody who logs in to Odoo already.")
    amount = fields.Monetary(
        string="Amount", required=True, default=10.0, help="Real money: it is paid and returned.")
    partner_id = fields.Many2one(
        string="Test client", related='provider_id.tochka_test_partner_id')
    cabinet_url = fields.Char(string="Link to the cabinet", compute='_compute_links')
    payment_url = fields.Char(string="Payment link", compute='_compute_links')
    transaction_id = fields.Many2one(
        string="Payment", comodel_name='payment.transaction', compute='_compute_transaction_id')
    #  new ──client made──► ready ──paid at the bank──► paid ──reversed──► reversed
    step = fields.Selection(
        string="Where you stand",
        selection=[
            ('new', "1. Test client"), ('ready', "2. Payment"), ('paid', "3. Reversal"),
            ('reversed', "4. Done"),
        ],
        compute='_compute_transaction_id')

    # === COMPUTE METHODS === #

    def _compute_currency_id(self):
        self.currency_id = self.env.ref('base.RUB')

    @api.depends('partner_id', 'amount')
    def _compute_links(self):
        for wizard in self:
            partner = wizard.partner_id
            if not partner:
                wizard.cabinet_url = wizard.payment_url = False
                continue
            base_url = wizard.provider_id.get_base_url()
            user = partner.sudo().with_context(active_test=False).user_ids[:1]
            # Who has not set a password yet is led to do so.
            wizard.cabinet_url = urls.urljoin(base_url, '/my') if user.login_date else (
                partner.sudo()._get_signup_url())
            wizard.payment_url = self.env['payment.link.wizard'].with_context(
                active_model='res.partner', active_id=partner.id,
            ).create({'amount': wizard.amount}).link

    @api.depends('partner_id')
    def _compute_transaction_id(self):
        for wizard in self:
            transaction = self.env['payment.transaction'].sudo().search([
                ('provider_id', '=', wizard.provider_id.id),
                ('partner_id', '=', wizard.partner_id.id),
            ], order='id desc', limit=1) if wizard.partner_id else False
            wizard.transaction_id = transaction
            payment = transaction and transaction.payment_id
            if not wizard.partner_id:
                wizard.step = 'new'
            elif not payment:
                wizard.step = 'ready'
            else:
                wizard.step = 'reversed' if self._is_reversed(payment) else 'paid'

    @api.model
    def _is_reversed(self, payment):
        """ Return whether nothing of the payment is left as the client's credit. """
        _liquidity, counterpart, _write_off = payment._seek_for_lines()
        return all(counterpart.mapped('reconciled'))

    # === ACTION METHODS === #

    def action_create_client(self):
        """ Make the test client and invite it to the cabinet.

        :return: The action that shows the wizard again.
        :rtype: dict
        :raise UserError: If the provider is not ready or the address is not usable.
        """
        self.ensure_one()
        provider = self.provider_id
        if provider.state == 'disabled' or not provider.is_published:
            raise UserError(_(
                "Enable and publish the provider first: customers do not see it otherwise."))
        if not email_normalize(self.email):
            raise UserError(_("%s is not an e-mail address.", self.email))
        if self.currency_id.compare_amounts(self.amount, 0) <= 0:
            raise UserError(_("The amount must be more than zero."))
        company = self.company_id._tochka_balance_company()
        if provider not in provider._tochka_topup_providers(
            company, self.env['res.partner'], self.amount
        ):
            raise UserError(_(
                "This shop takes only documents that fit its rules, and the test payment has no"
                " document. Try the shop without rules, or pay a real invoice of a small amount."))
        partner = self.partner_id or self.env['res.partner'].create({
            'name': _("Test client (Tochka Bank)"),
            'email': self.email,
            'company_id': company.id,
            'country_id': self.env.ref('base.ru').id,
            'lang': self.env.user.lang,
        })
        provider.tochka_test_partner_id = partner
        if not partner.user_ids:
            wizard = self.env['portal.wizard'].with_context(active_ids=partner.ids).create({})
            wizard.user_ids.action_grant_access()
        return self._show()

    def action_refresh(self):
        """ Ask the bank whether the client has paid, and book it.

        :return: The action that shows the wizard again.
        :rtype: dict
        """
        self.ensure_one()
        transaction = self.transaction_id.sudo()
        if transaction and transaction.state in ('draft', 'pending'):
            transaction._tochka_refresh(quick=True)
        self.env.ref('payment.cron_post_process_payment_tx').sudo()._trigger()
        return self._show()

    def action_reverse(self):
        """ Book the return of the money, which the bank is asked for in the internet bank.

        :return: The action that shows the wizard again.
        :rtype: dict
        :raise UserError: If there is nothing to reverse.
        """
        self.ensure_one()
        payment = self.transaction_id.sudo().payment_id
        if not payment or self._is_reversed(payment):
            raise UserError(_("There is no test payment to reverse."))
        journal = payment.journal_id
        method_line = journal.outbound_payment_method_line_ids[:1]
        if not method_line:
            raise UserError(_(
                "The journal %s has no outgoing payment method: add one, or reverse the payment by"
                " hand.", journal.display_name))
        _liquidity, counterpart, _write_off = payment._seek_for_lines()
        reversal = self.env['account.payment'].sudo().with_company(payment.company_id).create({
            'payment_type': 'outbound',
            'partner_type': 'customer',
            'partner_id': payment.partner_id.id,
            'amount': payment.amount,
            'currency_id': payment.currency_id.id,
            'journal_id': journal.id,
            'payment_method_line_id': method_line.id,
            'destination_account_id': counterpart.account_id.id,
            'memo': _("Return of the test payment %s", self.transaction_id.sudo().reference),
            'tochka_advance_account_id': payment.tochka_advance_account_id.id,
        })
        reversal.with_context(tochka_match_return=False).action_post()
        _liquidity, returned, _write_off = reversal._seek_for_lines()
        returned.analytic_distribution = counterpart.analytic_distribution
        (counterpart + returned).filtered(lambda line: not line.reconciled).reconcile()
        return self._show()

    def action_finish(self):
        """ Put the test client away. """
        self.ensure_one()
        partner = self.partner_id
        self.provider_id.tochka_test_partner_id = False
        partner.sudo().user_ids.action_archive()
        partner.action_archive()
        return {'type': 'ir.actions.act_window_close'}

    def action_test_webhook(self):
        """ Let the bank send its test notification, and show that it has arrived. """
        self.ensure_one()
        return self.provider_id.tochka_connection_id.action_test_webhook()

    def _show(self):
        return {
            'type': 'ir.actions.act_window',
            'name': _("Try it"),
            'res_model': self._name,
            'res_id': self.id,
            'view_mode': 'form',
            'target': 'new',
        }
