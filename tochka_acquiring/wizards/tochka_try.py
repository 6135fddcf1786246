# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import UserError
from odoo.tools import email_normalize, urls


class TochkaTry(models.TransientModel):
    """ Try the connection as a customer would: a test client, a real small payment, its refund.

    The payment has no document, so that no number of the real invoices is spent.
    """

    _name = 'tochka.try'
    _inherit = 'tochka.wizard'
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
    #  new ──client made──► ready ──paid at the bank──► paid ──asked for──► returning ──► returned
    #                                                     ▲◄───the bank refuses──┘
    step = fields.Selection(
        string="Where you stand",
        selection=[
            ('new', "1. Test client"), ('ready', "2. Payment"), ('paid', "3. Refund"),
            ('returning', "4. On its way"), ('returned', "5. Done"),
        ],
        compute='_compute_transaction_id')
    refusal = fields.Text(string="The bank's refusal", compute='_compute_transaction_id')

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
                ('operation', '!=', 'refund'),
            ], order='id desc', limit=1) if wizard.partner_id else (
                self.env['payment.transaction'].sudo())
            wizard.transaction_id = transaction
            wizard.step = wizard._find_step(transaction)
            wizard.refusal = wizard.step == 'paid' and (
                transaction._tochka_refused_refunds()[-1:].error)

    def _find_step(self, transaction):
        """ Return where the test stands.

        :param payment.transaction transaction: The last payment of the test client.
        :rtype: str
        """
        self.ensure_one()
        if not self.partner_id:
            return 'new'
        payment = transaction.payment_id
        if not payment:
            return 'ready'
        if transaction.tochka_refund_ids._on_their_way():
            return 'returning'
        _liquidity, counterpart, _write_off = payment._seek_for_lines()
        return 'returned' if all(counterpart.mapped('reconciled')) else 'paid'

    # === ACTION METHODS === #

    def action_create_client(self):
        """ Make the test client and invite it to the cabinet.

        :return: The action that shows the wizard again.
        :rtype: dict
        :raise UserError: If the provider is not ready or the address is not usable.
        """
        self.ensure_one()
        self.check_access('write')
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
        """ Ask the bank what became of the payment or its refund, and book it.

        :return: The action that shows the wizard again.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('write')
        transaction = self.transaction_id.sudo()
        if self.step == 'returning' or transaction.state in ('draft', 'pending'):
            transaction._tochka_refresh(quick=True)
        self.env.ref('payment.cron_post_process_payment_tx').sudo()._trigger()
        return self._show()

    def action_refund(self):
        """ Let the bank return the money, as the button Refund of the payment does.

        :return: The action that shows the wizard again.
        :rtype: dict
        :raise UserError: If there is nothing to return.
        """
        self.ensure_one()
        self.check_access('write')
        if self.step != 'paid':
            raise UserError(_("There is no test payment to return."))
        self.transaction_id.action_refund(
            amount_to_refund=self.transaction_id.sudo()._tochka_refundable())
        return self._show()

    def action_finish(self):
        """ Put the test client away. """
        self.ensure_one()
        self.check_access('write')
        partner = self.partner_id
        self.provider_id.tochka_test_partner_id = False
        partner.sudo().user_ids.action_archive()
        partner.action_archive()
        return {'type': 'ir.actions.act_window_close'}

    def action_test_webhook(self):
        """ Let the bank send its test notification, and show that it has arrived. """
        self.ensure_one()
        self.check_access('write')
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
