# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models
from odoo.tools import clean_context


class FiscalAttempt(models.Model):
    """ One key under which a register was asked to print a receipt. A key is printed once. """

    _name = 'fiscal.attempt'
    _description = "Attempt to print a fiscal receipt"
    _order = 'id desc'
    _rec_name = 'key'

    receipt_id = fields.Many2one(
        string="Receipt", comodel_name='fiscal.receipt', required=True, readonly=True,
        ondelete='restrict', index=True)
    company_id = fields.Many2one(related='receipt_id.company_id', store=True)
    register_id = fields.Many2one(
        string="Register", comodel_name='fiscal.register', required=True, readonly=True,
        ondelete='restrict')
    key = fields.Char(string="Number at the register", required=True, readonly=True)
    task = fields.Char(string="Task of the register", readonly=True)
    tries = fields.Integer(string="Times sent", readonly=True)
    # An answer was lost: until the register itself tells what became of the key, a refusal of its
    # repetition proves nothing about the first one.
    maybe_taken = fields.Boolean(string="May have been taken", readonly=True)
    #  (none) ──the register's word──► done
    #     └──surely not printed──► failed: only now a new key may be made
    outcome = fields.Selection(
        string="What became of it", selection=[('done', "Printed"), ('failed', "Not printed")],
        readonly=True)
    problem = fields.Text(string="Why it was not printed", readonly=True)
    reason = fields.Text(string="Why it was printed anew", readonly=True)

    _key_uniq = models.Constraint('unique(key)', "A number is used once.")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override to take no defaults from whoever calls: attempts are made as superuser. """
        plain = self.with_context(clean_context(self.env.context))
        return super(FiscalAttempt, plain).create(vals_list).with_env(self.env)
