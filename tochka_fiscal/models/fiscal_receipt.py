# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import plaintext2html

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const as acquiring_const
from odoo.addons.tochka_fiscal import const
from odoo.addons.tochka_fiscal.models.fiscal_receipt_line import to_kopecks
from odoo.addons.tochka_fiscal.models.selections import TAXATION_SELECTION
from odoo.addons.tochka_fiscal.receipt import Receipt, ReceiptError, is_email

_logger = get_payment_logger(__name__, acquiring_const.SENSITIVE_KEYS)


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
    # What was settled; nothing is ever settled by two receipts.
    settlement = fields.Char(
        string="What was settled", required=True, readonly=True, copy=False)
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
    paid_at = fields.Datetime(string="Paid at", required=True, readonly=True, index=True)
    currency_id = fields.Many2one(comodel_name='res.currency', required=True, readonly=True)
    line_ids = fields.One2many(
        string="Lines", comodel_name='fiscal.receipt.line', inverse_name='receipt_id',
        readonly=True)
    total = fields.Monetary(string="Total", required=True, readonly=True)
    # Kopecks by the names of `const.PAYMENT_TYPES`.
    payments = fields.Json(readonly=True, required=True)
    attempt_ids = fields.One2many(
        string="Attempts", comodel_name='fiscal.attempt', inverse_name='receipt_id', readonly=True)

    #  queued ──the job──► sending ──taken──► accepted ──printed──► done
    #    ▲  ▲                 │  │                └──the till refuses──► failed
    #    │  └──surely not────◄┘  └──no answer──► unknown ──the same key again──► sending
    #    └──"print as new" or "try again" by a person── failed ◄──the register refuses── sending
    state = fields.Selection(
        string="State",
        selection=[
            ('queued', "Waiting to be sent"),
            ('sending', "Being sent"),
            ('unknown', "Answer lost, asked again"),
            ('accepted', "Taken by the register"),
            ('done', "Printed"),
            ('failed', "Not printed"),
        ],
        required=True, readonly=True, default='queued', tracking=True, index=True)
    problem = fields.Text(string="Problem", readonly=True)
    next_try_at = fields.Datetime(string="Next try at", readonly=True, index='btree_not_null')
    tries = fields.Integer(string="Tries since the last success", readonly=True)
    is_overdue = fields.Boolean(
        string="Overdue", compute='_compute_is_overdue', search='_search_is_overdue',
        help="Not printed an hour after the money came.")

    storage_number = fields.Char(string="Fiscal storage (FN)", readonly=True)
    document_number = fields.Char(string="Fiscal document (FD)", readonly=True)
    fiscal_sign = fields.Char(string="Fiscal sign (FP)", readonly=True)
    shift_number = fields.Char(string="Shift", readonly=True)
    shift_receipt_number = fields.Char(string="Number in the shift", readonly=True)
    register_number = fields.Char(string="Registration number of the register", readonly=True)
    printed_at = fields.Char(
        string="Printed at", readonly=True, help="By the register's own clock.")
    qr = fields.Char(string="QR code (tag 1196)", readonly=True)
    receipt_url = fields.Char(string="Link to the receipt", readonly=True)

    _settlement_uniq = models.Constraint(
        'unique(settlement)', "A settlement has one receipt.")

    # === COMPUTE METHODS === #

    @api.depends('state', 'paid_at')
    def _compute_is_overdue(self):
        limit = self._fiscal_overdue_limit()
        for receipt in self:
            receipt.is_overdue = receipt.state != 'done' and receipt.paid_at < limit

    def _search_is_overdue(self, operator, value):
        if operator != 'in':
            return NotImplemented
        domain = [('state', '!=', 'done'), ('paid_at', '<', self._fiscal_overdue_limit())]
        return domain if True in value else ['!', '&', *domain]

    @api.model
    def _fiscal_overdue_limit(self):
        return fields.Datetime.subtract(
            fields.Datetime.now(), minutes=const.OVERDUE_MINUTES)

    # === CRUD METHODS === #

    @api.ondelete(at_uninstall=False)
    def _unlink_never(self):
        raise UserError(_("A fiscal receipt is kept: it proves a settlement."))

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
        return super().write(vals)

    # === ACTION METHODS === #

    def action_retry(self):
        """ Send a receipt again that surely was not printed.

        :raise UserError: If its fate is not known.
        """
        self.check_access('write')
        for receipt in self.sudo():
            if receipt.state == 'queued':
                receipt.next_try_at = fields.Datetime.now()
                continue
            if receipt.state != 'failed':
                raise UserError(_(
                    "%s is not known to be unprinted: wait for the register's word.", receipt.name))
            if not receipt.line_ids:
                receipt._fiscal_build_lines()
            receipt.write({
                'state': 'queued', 'next_try_at': fields.Datetime.now(), 'tries': 0,
                'problem': False,
            })
            receipt.activity_unlink(['mail.mail_activity_data_warning'])
        self.env['fiscal.receipt']._fiscal_trigger()

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
            'context': {'default_receipt_id': self.id},
        }

    # === BUSINESS METHODS - CREATION === #

    @api.model
    def _fiscal_create(self, transaction):
        """ Create the receipt of a transaction that has just become `done`, once.

        It belongs to the database transaction that books the state: money without a receipt can't
        be committed. What keeps it from being built is kept on it for a person, and never keeps
        the money out.

        :param payment.transaction transaction: The transaction, as superuser.
        :rtype: fiscal.receipt
        """
        settlement = f'payment.transaction,{transaction.id}'
        known = self.search([('settlement', '=', settlement)])
        if known:
            return known
        provider = transaction.provider_id
        register = provider.fiscal_register_id
        receipt = self.create({
            'name': transaction.reference,
            'settlement': settlement,
            'transaction_id': transaction.id,
            'invoice_ids': transaction.invoice_ids.ids,
            'partner_id': transaction._fiscal_buyer().id,
            'company_id': transaction.company_id.id,
            'register_id': register.id,
            'taxation_system': provider.fiscal_taxation_system,
            'contact': transaction._fiscal_contact(),
            'address': register.address,
            'paid_at': transaction._fiscal_paid_at(),
            'currency_id': transaction.currency_id.id,
            'total': transaction.amount,
            'payments': {'cashless': to_kopecks(transaction.amount)},
            'next_try_at': fields.Datetime.now(),
        })
        receipt._fiscal_build_lines()
        self._fiscal_trigger()
        return receipt

    def _fiscal_build_lines(self):
        """ Build the lines from what was paid; a person is asked when that is not possible. """
        self.ensure_one()
        try:
            with self.env.cr.savepoint():
                lines = self.transaction_id._fiscal_lines()
                self.line_ids.unlink()
                self.write({'line_ids': [
                    fields.Command.create(self.env['fiscal.receipt.line']._fiscal_values(line))
                    for line in lines
                ]})
                self._fiscal_neutral('check')
        except ReceiptError as error:
            self._fiscal_fail(str(error))
        except Exception as error:
            # Whatever is wrong with a document must not keep its money out of the books.
            _logger.exception("The receipt of %s can't be built", self.name)
            self._fiscal_fail(_(
                "The receipt could not be built: %s. The server's log says more.",
                type(error).__name__))

    def _fiscal_neutral(self, key):
        """ Return the receipt as a register is given it.

        :param str key: The number under which it is printed once.
        :rtype: Receipt
        :raise ReceiptError: If something is missing or does not fit.
        """
        self.ensure_one()
        contact = (self.contact or '').strip()
        if not contact:
            raise ReceiptError(_(
                "Neither e-mail nor phone of the buyer is known. Fill in the contact of the"
                " receipt, and try again."))
        is_mail = is_email(contact)
        return Receipt(
            key=key, kind=self.kind, taxation_system=self.taxation_system,
            lines=tuple(line._fiscal_line() for line in self.line_ids),
            payments=dict(self.payments),
            email=contact if is_mail else '', phone='' if is_mail else contact,
            address=self.address,
        )

    def _fiscal_fail(self, problem):
        """ Say why the receipt is not printed, and ask a person.

        :param str problem: What is wrong and what to do.
        """
        self.ensure_one()
        self.write({'state': 'failed', 'problem': problem, 'next_try_at': False})
        self._fiscal_ask(_("Fiscal receipt not printed: %s", self.name), problem)

    def _fiscal_ask(self, summary, note):
        """ Ask a person, once for each summary. """
        self.ensure_one()
        if summary not in self.activity_ids.mapped('summary'):
            self.activity_schedule(
                'mail.mail_activity_data_warning', summary=summary,
                note=plaintext2html(note),
                user_id=self.register_id._fiscal_responsible().id)
