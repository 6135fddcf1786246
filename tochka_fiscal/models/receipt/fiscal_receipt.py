# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import clean_context

from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.models.receipt.fiscal_receipt_line import to_kopecks
from odoo.addons.tochka_fiscal.models.selections import ROLE_SELECTION, TAXATION_SELECTION


class FiscalReceipt(models.Model):
    """ A receipt of Federal Law 54-FZ: one for each settlement, whatever happens on the way.

    `fiscal_receipt_queue` sends it and reads what became of it.
    """

    _name = 'fiscal.receipt'
    _description = "Fiscal receipt"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _check_company_auto = True
    _order = 'id desc'
    _rec_name = 'name'

    name = fields.Char(string="Settlement", required=True, readonly=True)
    role = fields.Selection(
        string="Role", selection=ROLE_SELECTION, required=True, readonly=True,
        help="What the receipt tells of. The kind is what it is for the tax office.")
    kind = fields.Selection(
        string="Kind",
        selection=[('income', "Income"), ('income_return', "Return of income")],
        required=True, readonly=True, default='income')
    transaction_id = fields.Many2one(
        string="Transaction", comodel_name='payment.transaction', readonly=True,
        ondelete='restrict', index='btree_not_null')
    invoice_ids = fields.Many2many(
        string="Invoices", comodel_name='account.move', relation='fiscal_receipt_invoice_rel',
        readonly=True)
    partner_id = fields.Many2one(
        string="Buyer", comodel_name='res.partner', readonly=True, ondelete='restrict')
    company_id = fields.Many2one(
        string="Company", comodel_name='res.company', required=True, readonly=True, index=True)
    register_id = fields.Many2one(
        string="Register", comodel_name='fiscal.register', required=True, readonly=True,
        ondelete='restrict')
    taxation_system = fields.Selection(
        string="Taxation system", selection=TAXATION_SELECTION, required=True, readonly=True)
    contact = fields.Char(
        string="E-mail or phone of the buyer",
        help="Tag 1008: where the receipt goes. It can be filled in until the receipt is sent.")
    address = fields.Char(string="Settlement address", required=True, readonly=True)
    paid_at = fields.Datetime(string="Paid at", readonly=True, index=True)
    currency_id = fields.Many2one(comodel_name='res.currency', required=True, readonly=True)
    line_ids = fields.One2many(
        string="Lines", comodel_name='fiscal.receipt.line', inverse_name='receipt_id',
        readonly=True)
    total = fields.Monetary(string="Total", required=True, readonly=True)
    printed_total = fields.Monetary(
        string="Printed sum", compute='_compute_printed_total', store=True, precompute=True,
        help="What counts at the operator of fiscal data: a return is negative, what is not printed"
             " is nothing. Of what the bank's register was left with, only income counts.")
    # The documents that were paid, and whether they were delivered when the money came: a receipt
    # that is built again later says the same.
    basis = fields.Json(readonly=True)
    # Kopecks of invoices that a top-up pays as soon as it is booked, by the document.
    shares = fields.Json(readonly=True)
    # Kopecks by the names of `const.PAYMENT_TYPES`.
    payments = fields.Json(readonly=True, required=True)
    attempt_ids = fields.One2many(
        string="Attempts", comodel_name='fiscal.attempt', inverse_name='receipt_id', readonly=True)

    #  waiting (with the bank's link) ──paid──► delegated (the bank's partner prints it and does not
    #     └──the link dies──► void ──paid after all──┘                  tell: no proof is claimed)
    #  (the money went back) ──► queued, or delegated as above
    #
    #  queued ──the job──► sending ──taken──► accepted ──printed──► done
    #    ▲  ▲                 │  │                └──the till refuses──► failed
    #    │  └──surely not────◄┘  └──no answer──► unknown ──the same key again──► sending
    #    └──"print as new" or "try again" by a person── failed ◄──the register refuses── sending
    state = fields.Selection(
        string="State",
        selection=[
            ('waiting', "Waiting for the money"),
            ('void', "No money came or went"),
            ('delegated', "Left to the bank's register"),
            ('queued', "Waiting to be sent"),
            ('sending', "Being sent"),
            ('unknown', "Answer lost, asked again"),
            ('accepted', "Taken by the register"),
            ('done', "Printed"),
            ('failed', "Not printed"),
        ],
        required=True, readonly=True, default='queued', tracking=True, index=True)
    problem = fields.Text(string="Problem", readonly=True)
    problem_ids = fields.One2many(
        string="Open problems", comodel_name='tochka.problem', inverse_name='res_id',
        domain=[('res_model', '=', 'fiscal.receipt'), ('closed_at', '=', False)], readonly=True)
    next_try_at = fields.Datetime(string="Next try at", readonly=True, index='btree_not_null')
    tries = fields.Integer(string="Tries since the last success", readonly=True)
    called_at = fields.Datetime(string="Register last called at", readonly=True)
    is_overdue = fields.Boolean(
        string="Overdue", compute='_compute_is_overdue', search='_search_is_overdue',
        help="Not printed an hour after the money came.")

    storage_number = fields.Char(string="Fiscal storage (FN)", readonly=True)
    document_number = fields.Char(string="Fiscal document (FD)", readonly=True)
    fiscal_sign = fields.Char(string="Fiscal sign (FP)", readonly=True)
    shift_number = fields.Char(string="Shift", readonly=True)
    shift_receipt_number = fields.Char(string="Number in the shift", readonly=True)
    register_number = fields.Char(string="Registration number of the register", readonly=True)
    printed_at = fields.Char(string="Printed at (the till's clock)", readonly=True)
    printed_on = fields.Date(
        string="Day of the till", readonly=True,
        help="The day on the receipt, by the till's clock: the operator of fiscal data counts by"
             " it.")
    qr = fields.Char(string="QR code (tag 1196)", readonly=True)
    receipt_url = fields.Char(string="Link to the receipt", readonly=True)

    # What a customer, the page of a register and whoever enters numbers look for.
    _partner_idx = models.Index('(partner_id, paid_at DESC, id DESC) WHERE partner_id IS NOT NULL')
    _printed_idx = models.Index("(register_id, id) WHERE state = 'done'")
    _document_idx = models.Index(
        '(document_number, storage_number) WHERE document_number IS NOT NULL')
    # Nothing is ever settled by two receipts. One that was replaced has left its place to the right
    # one, which is void when it was given up.
    _settled_uniq = models.UniqueIndex(
        "(transaction_id) WHERE prepayment_id IS NULL AND is_replaced IS NOT TRUE"
        " AND (role IN ('payment', 'return', 'correction') OR role = 'right' AND state <> 'void')",
        "A settlement has one receipt.")
    _closing_uniq = models.UniqueIndex(
        "(prepayment_id, closed_document, closing_number)"
        " WHERE prepayment_id IS NOT NULL AND is_replaced IS NOT TRUE"
        " AND (role IN ('closing', 'correction') OR role = 'right' AND state <> 'void')",
        "A prepayment is closed once.")
    _put_right_uniq = models.UniqueIndex(
        "(wrong_id, role) WHERE wrong_id IS NOT NULL AND state <> 'void'",
        "A receipt is put right once.")

    # === COMPUTE METHODS === #

    @api.depends('state', 'kind', 'total')
    def _compute_printed_total(self):
        for receipt in self:
            sign = const.PRINTED_SIGNS.get((receipt.state, receipt.kind), 0)
            receipt.printed_total = sign * receipt.total

    @api.depends('state', 'paid_at')
    def _compute_is_overdue(self):
        limit = self._overdue_limit()
        for receipt in self:
            receipt.is_overdue = (
                receipt.state in const.UNPRINTED_STATES
                and bool(receipt.paid_at) and receipt.paid_at < limit)

    def _search_is_overdue(self, operator, value):
        if operator != 'in':
            return NotImplemented
        domain = [
            ('state', 'in', const.UNPRINTED_STATES), ('paid_at', '<', self._overdue_limit()),
        ]
        return domain if True in value else ['!', '&', *domain]

    @api.model
    def _overdue_limit(self):
        return fields.Datetime.subtract(
            fields.Datetime.now(), minutes=const.OVERDUE_MINUTES)

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(_("A fiscal receipt is kept: it proves a settlement."))

    @api.model_create_multi
    def create(self, vals_list):
        """ Override to take no defaults from whoever calls: receipts are made as superuser. """
        plain = self.with_context(clean_context(self.env.context))
        return super(FiscalReceipt, plain).create(vals_list).with_env(self.env)

    def write(self, vals):
        """ Override to keep what was sent as it was sent. """
        if not self.env.su and any(
            self._fields[name].readonly for name in vals if name in self._fields
        ):
            raise AccessError(_("Only the register's word changes a receipt."))
        if 'contact' in vals and any(
            receipt.state not in ('queued', 'failed') for receipt in self
        ):
            raise UserError(_("The receipt was sent already: its contact can't be changed."))
        res = super().write(vals)
        gone = const.RECEIPT_PROBLEM_ENDS.get(vals.get('state'))
        if gone:
            self.env['tochka.problem']._close(self, gone)
        return res

    # === ACTION METHODS === #

    def action_retry(self):
        """ Send a receipt again that surely was not printed, by the settings of today.

        :raise UserError: If its fate is not known.
        """
        self.check_access('write')
        for receipt in self.sudo():
            if not receipt._lock():
                raise UserError(_("The receipt is being worked on. Try again in a moment."))
            if receipt.state not in ('queued', 'failed'):
                raise UserError(_(
                    "%s is not known to be unprinted: wait for the register's word.", receipt.name))
            if not receipt._is_surely_unprinted():
                receipt.next_try_at = fields.Datetime.now()  # The register is asked first.
                continue
            receipt._take_present_register()
            receipt.write({
                'state': 'queued', 'next_try_at': fields.Datetime.now(), 'tries': 0,
                'problem': False,
            })
            receipt._build_anew()
        self.env['fiscal.receipt']._trigger()

    def action_resolve(self):
        """ Say what became of a receipt whose register does not.

        :return: The action that opens the wizard.
        :rtype: dict
        """
        self.ensure_one()
        self.check_access('write')
        return {
            'type': 'ir.actions.act_window',
            'name': _("What became of it?"),
            'res_model': 'fiscal.resolve',
            'view_mode': 'form',
            'target': 'new',
            'context': {
                'default_receipt_id': self.id,
                'default_fate': 'printed' if self.state in (
                    'failed', 'delegated', 'done') else False,
            },
        }

    def _take_present_register(self):
        """ Let the provider's present register print what surely was not printed by another one.

        A return, and what puts a wrong receipt right, goes where that was printed as long as this
        register is in use.

        :raise UserError: If it is left to the bank's register, which prints nothing on request.
        """
        self.ensure_one()
        if self.role == 'test':
            return  # It is a test of this register.
        if self.role not in const.FOLLOWING_ROLES or not self.register_id._is_in_use():
            self.register_id = self._present_register()
        if self.register_id.kind == 'bank':
            raise UserError(_(
                "The bank's register prints nothing but receipts of online payments. Print %s by"
                " hand in its cabinet, and enter its numbers here: \"What became of it?\"",
                self.name))

    def _present_register(self):
        """ Return the register that prints for the provider now, else the receipt's own.

        :rtype: fiscal.register
        """
        provider = self.transaction_id.provider_id
        register = provider.fiscalization == 'other' and provider.fiscal_register_id
        return register or self.register_id

    # === BUSINESS METHODS - CREATION === #

    @api.model
    def _create_income(self, transaction):
        """ Create the receipt of a transaction that has just become `done`, once.

        It belongs to the database transaction that books the state: money without a receipt can't
        be committed. What keeps it from being built is kept on it for a person, and never keeps
        the money out.

        :param payment.transaction transaction: The transaction, as superuser.
        :rtype: fiscal.receipt
        """
        known = transaction._fiscal_receipt()
        if known:
            return known
        receipt = self.with_context(mail_create_nolog=True).create({
            **self._common_values(transaction),
            'register_id': transaction._fiscal_register().id,
            'paid_at': transaction._fiscal_paid_at(),
            'next_try_at': fields.Datetime.now(),
        }).with_env(self.env)
        receipt._build_lines()
        self._trigger()
        return receipt

    @api.model
    def _common_values(self, transaction):
        """ Return what every receipt of a transaction says, whoever prints it.

        :param payment.transaction transaction: The transaction, as superuser.
        :rtype: dict
        """
        return {
            'name': transaction.reference,
            'role': 'payment',
            'transaction_id': transaction.id,
            'invoice_ids': transaction.invoice_ids.ids,
            'partner_id': transaction._fiscal_buyer().id,
            'company_id': transaction.company_id.id,
            'taxation_system': transaction.provider_id._fiscal_taxation_on(
                transaction._fiscal_settled_on()),
            'contact': transaction._fiscal_contact(),
            'address': transaction._fiscal_register().address,
            'currency_id': transaction.currency_id.id,
            'total': transaction.amount,
            'payments': {'cashless': to_kopecks(transaction.amount)},
            **transaction._fiscal_find_basis(),
        }

    # === BUSINESS METHODS - PROBLEMS === #

    @api.model
    def _explain(self, error):
        """ Return what is wrong in the reader's language; a register's own words stay as they are.

        :param ReceiptError|RegisterError error: What is wrong.
        :rtype: str
        """
        text = self.env._(getattr(error, 'message', None) or str(error))
        code = getattr(error, 'code', '')
        return f'{text} ({code})' if code else text

    def _fail(self, error):
        """ Say why the receipt is not printed, and ask a person.

        :param Exception|str error: What is wrong and what to do.
        """
        self.ensure_one()
        problem = self._explain(error) if isinstance(error, Exception) else error
        self.write({'state': 'failed', 'problem': problem, 'next_try_at': False})
        self._ask('receipt_failed', error=error)

    def _ask(self, code, **params):
        """ Ask a person about this receipt.

        :param str code: What is wrong, `tochka.problem._texts_<code>`.
        :param params: As of `tochka.problem._open`.
        """
        self.ensure_one()
        self.env['tochka.problem']._open(self, code, **params)

    def _responsible(self):
        """ Return who is asked about this receipt. :rtype: res.users """
        self.ensure_one()
        return self.register_id.sudo()._responsible()
