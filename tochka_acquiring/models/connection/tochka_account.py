# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models


class TochkaAccount(models.Model):
    """ An account of a legal entity at the bank, to be mapped to a journal (cash box). """

    _name = 'tochka.account'
    _description = "Tochka Bank: account"
    _order = 'legal_entity_id, number'
    _rec_name = 'number'

    legal_entity_id = fields.Many2one(
        string="Legal entity", comodel_name='tochka.legal.entity', required=True, readonly=True,
        ondelete='cascade', index=True)
    connection_id = fields.Many2one(
        related='legal_entity_id.connection_id', store=True, index=True)
    company_id = fields.Many2one(related='legal_entity_id.company_id', store=True, index=True)
    number = fields.Char(string="Account number", required=True, readonly=True)
    bic = fields.Char(string="BIC", readonly=True)
    currency = fields.Char(string="Currency", readonly=True)
    bank_status = fields.Char(string="Status at the bank", readonly=True)
    active = fields.Boolean(default=True, readonly=True)
    journal_id = fields.Many2one(
        string="Journal (cash box)", comodel_name='account.journal', compute='_compute_journal_id',
        compute_sudo=True,
        help="The company's bank journal with this account number.")

    _number_uniq = models.Constraint(
        'unique(legal_entity_id, number)', "An account appears once in a legal entity.",
    )

    # === COMPUTE METHODS === #

    @api.depends('number', 'company_id')
    def _compute_journal_id(self):
        for account in self:
            account.journal_id = self.env['account.journal'].search([
                ('type', '=', 'bank'),
                ('company_id', 'child_of', account.company_id.id),
                ('bank_account_id.sanitized_acc_number', '=', account.number),
            ], limit=1) if account.company_id else False
