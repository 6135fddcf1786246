# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models
from odoo.tools import clean_context

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const as acquiring_const
from odoo.addons.tochka_fiscal.registers import base

_logger = get_payment_logger(__name__, acquiring_const.SENSITIVE_KEYS)


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
    account = fields.Char(
        string="Account at the service", readonly=True,
        help="Of which service, and of which shop or group in it, the number is.")
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
    # A person was sure that it was not printed: the register is asked about it until then.
    watched_until = fields.Datetime(readonly=True, index='btree_not_null')
    reason = fields.Text(string="Why it was printed anew", readonly=True)

    _key_uniq = models.Constraint('unique(key)', "A number is used once.")

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """ Override to take no defaults from whoever calls: attempts are made as superuser. """
        plain = self.with_context(clean_context(self.env.context))
        return super(FiscalAttempt, plain).create(vals_list).with_env(self.env)

    # === BUSINESS METHODS === #

    def _ask(self):
        """ Ask the register what became of this key.

        :rtype: Result
        :raise RegisterError: If it does not tell, or was turned into another account since.
        """
        self.ensure_one()
        register = self.register_id
        client = register._client()
        is_other = self.account and self.account != register._account()
        if is_other or not (self.task or client.asks_by_key):
            raise base.NotFound("The register can't be asked about it.")
        return client.status(self.key, self.task or '')

    @api.model
    def _cron_fiscal_watch(self):
        """ Ask about what a person has said was not printed: the till may print it after all. """
        self.env['ir.cron']._tochka_walk(
            'tochka_fiscal.cron_watch', self, [('watched_until', '!=', False)],
            lambda attempt: attempt._watch())

    def _watch(self):
        """ Ask about this one; a receipt that was printed twice is told of. """
        self.ensure_one()
        receipt = self.env['tochka.problem']._for_reader(self.receipt_id)
        if not receipt._lock():
            return
        try:
            result = self._ask()
        except base.RegisterError as error:
            _logger.info("What became of %s is not known: %s", self.key, type(error).__name__)
            if self.watched_until < fields.Datetime.now():
                self.watched_until = False
            return
        if result.state == 'done':
            receipt._apply(self, result)
        if result.state != 'accepted' or self.watched_until < fields.Datetime.now():
            self.watched_until = False
