# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta
from decimal import Decimal

import psycopg2

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.exceptions import AccessError, ConcurrencyError, UserError
from odoo.tools import clean_context, format_amount, format_datetime

from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.utils import sudo_of_accessible


class TochkaRefund(models.Model):
    """ Money that goes back, as an intent: who wants how much of a payment back.

    The bank knows no key of repetition for refunds, so that nothing is sent that was not committed
    first, and at most one refund of an operation is with the bank. `_send` sends it, `_book` makes
    Odoo's refund transaction of it when the bank's history lists it
    (`payment_transaction_refund_apply`), or when a person says so.

    Only the server writes here; people read, and decide by the methods.
    """

    _name = 'tochka.refund'
    _description = "Refund (Tochka Bank)"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _mail_post_access = 'read'
    _order = 'id desc'

    name = fields.Char(string="Refund", required=True, readonly=True)
    source_transaction_id = fields.Many2one(
        string="Of the payment", comodel_name='payment.transaction', required=True, readonly=True,
        ondelete='restrict', index=True)
    company_id = fields.Many2one(
        related='source_transaction_id.company_id', store=True, index=True)
    partner_id = fields.Many2one(related='source_transaction_id.partner_id')
    currency_id = fields.Many2one(related='source_transaction_id.currency_id')
    amount = fields.Monetary(string="Amount", required=True, readonly=True)
    # What lists sum: of what was refused or given up nothing goes back.
    amount_going_back = fields.Monetary(
        string="Returned or on its way", compute='_compute_amount_going_back', store=True)
    credit_note_id = fields.Many2one(
        string="Credit note", comodel_name='account.move', readonly=True, ondelete='set null',
        index='btree_not_null')

    #  requested ──the job──► sending ──taken──► sent ──the history lists it──► done
    #    ▲  ▲ └─a person─►┐   │  │ │              └──not listed for a day──┐    ▲
    #    │  └──surely not─┼──◄┘  │ └──no answer──► unknown ◄───────────────┘    │
    #    │                ▼      │                  │ │ └──the history lists it─┘
    #    │            cancelled ◄┼────a person──────┘ │
    #    │                ▲      ▼                    │
    #    │                └── rejected (by the bank)  │
    #    └──a person─────────────┴────────────────────┘
    #  by_hand: a person has recorded it, the history is to confirm it ──► done
    #  What is rejected or cancelled and listed nevertheless is done, too.
    state = fields.Selection(
        string="State",
        selection=[
            ('requested', "Waiting to be sent"),
            ('sending', "Being sent"),
            ('unknown', "Answer lost, asked again"),
            ('sent', "Taken by the bank"),
            ('done', "Returned"),
            ('by_hand', "Recorded by hand"),
            ('rejected', "Refused"),
            ('cancelled', "Given up"),
        ],
        required=True, readonly=True)
    next_at = fields.Datetime(
        string="Next look at the refund", readonly=True, copy=False, index='btree_not_null')
    tries = fields.Integer(readonly=True, copy=False)
    sent_at = fields.Datetime(string="Sent at", readonly=True, copy=False)
    taken_at = fields.Datetime(string="Taken by the bank at", readonly=True, copy=False)
    failure = fields.Json(readonly=True, copy=False)
    error = fields.Text(
        string="The bank's answer", compute='_compute_error',
        help="The exact error of the last request, with the audit id that the bank's support asks"
             " for.")
    order_id = fields.Char(
        string="Refund at the bank", readonly=True, copy=False,
        help="The entry of the operation's history.")
    is_missing = fields.Boolean(
        string="No longer listed by the bank", readonly=True, copy=False)
    returned_at = fields.Datetime(string="Returned at", readonly=True, copy=False)
    transaction_id = fields.Many2one(
        string="Transaction", comodel_name='payment.transaction', readonly=True, copy=False,
        ondelete='restrict', index='btree_not_null')
    payment_id = fields.Many2one(related='transaction_id.payment_id')
    history = fields.Text(related='source_transaction_id.tochka_history_text')

    _name_uniq = models.Constraint('unique(name)', "A refund has a name of its own.")
    _amount_positive = models.Constraint('check(amount > 0)', "A refund returns something.")
    _order_uniq = models.UniqueIndex(
        '(source_transaction_id, order_id, amount) WHERE order_id IS NOT NULL',
        "A refund of the bank is booked once.",
    )
    _transaction_uniq = models.UniqueIndex(
        '(transaction_id) WHERE transaction_id IS NOT NULL', "A transaction is one refund.")
    _in_flight = models.UniqueIndex(
        "(source_transaction_id) WHERE state IN ('sending', 'sent', 'unknown')",
        "One refund of a payment at a time is with the bank.",
    )

    # === COMPUTE METHODS === #

    @api.depends('failure')
    @api.depends_context('lang')
    def _compute_error(self):
        for refund in self:
            refund.error = self.env['tochka.problem']._error(refund.failure)

    @api.depends('amount', 'state')
    def _compute_amount_going_back(self):
        for refund in self:
            is_closed = refund.state in const.REFUND_CLOSED
            refund.amount_going_back = 0.0 if is_closed else refund.amount

    # === ACTION METHODS === #

    def action_send_again(self):
        """ Send a refund again that the bank has refused, or has surely not done.

        :raise UserError: If it is not known to be undone.
        """
        for refund in self._to_decide():
            if refund.state not in ('rejected', 'unknown'):
                raise UserError(_("The refund %s is on its way already.", refund.name))
            refund._check_settled()
            if refund.state == 'rejected':  # It takes money anew.
                refund.source_transaction_id._tochka_check_refundable(refund.amount)
            refund._message_log(body=_("Sent again by %s.", self.env.user.name))
            refund._queue()

    def action_give_up(self):
        """ Give up a refund that was not sent, or that the bank has surely not done.

        :raise UserError: If the bank may be at it.
        """
        for refund in self._to_decide():
            if refund.state not in ('requested', 'rejected', 'unknown'):
                raise UserError(_("The refund %s can't be stopped any more.", refund.name))
            refund._check_settled()
            refund._message_log(body=_("Given up by %s.", self.env.user.name))
            refund._move('cancelled')

    def _open_list(self):
        """ Return the action that opens these refunds. :rtype: dict """
        action = self.env['ir.actions.act_window']._for_xml_id(
            'tochka_acquiring.action_tochka_refund')
        return {**action, 'context': {}, 'domain': [('id', 'in', self.ids)]}

    # === BUSINESS METHODS - RIGHTS === #

    @api.model
    def _check_right(self):
        """ :raise AccessError: If the user may not return money. """
        if self.env.uid != SUPERUSER_ID and not self.env.user.has_group(
            'tochka_acquiring.group_refund'
        ):
            raise AccessError(_(
                "You have no right to return money to payers. An administrator can give it to you"
                " in your user's settings."))

    def _to_decide(self):
        """ Yield these refunds for a person's decision, each locked, as superuser. """
        self._check_right()
        for refund in sudo_of_accessible(self):
            refund.source_transaction_id._tochka_lock(refund)
            yield refund

    def _check_settled(self):
        """ :raise UserError: If the bank may yet list what it was asked for and did not answer. """
        until = self.state == 'unknown' and self.sent_at + timedelta(
            minutes=const.REFUND_SETTLE_MINUTES)
        if until and until > fields.Datetime.now():
            raise UserError(_(
                "The bank may still list the refund %(refund)s. Decide after %(moment)s.",
                refund=self.name, moment=format_datetime(self.env, until)))

    # === BUSINESS METHODS - REQUEST === #

    @api.model
    def _request(self, payment, amount, credit_note=None, **values):
        """ Ask for a refund: the job sends it as soon as this is committed.

        :param payment.transaction payment: The payment.
        :param float amount: Roubles.
        :param account.move|None credit_note: The credit note that the money pays.
        :param values: What else is kept with it.
        :return: The refund, as superuser.
        :rtype: tochka.refund
        :raise AccessError: If the user may not return money, or not see the payment.
        :raise ValidationError: If so much can't be returned.
        :raise ConcurrencyError: If somebody else is working on the payment.
        """
        self._check_right()
        payment = sudo_of_accessible(payment.sudo(False))
        payment._ensure_provider_is_not_disabled()
        payment._tochka_lock()
        payment._tochka_check_refundable(amount)
        refund = self._create_for(
            payment, amount, state='requested', credit_note_id=credit_note and credit_note.id,
            **values)
        refund._queue()
        reader = self.env['tochka.problem']._for_reader(refund)
        payment._tochka_log_for_accountants(reader.env._(
            "%(user)s has asked the bank to return %(amount)s: %(refund)s.",
            user=self.env.user.name, refund=refund.name,
            amount=format_amount(reader.env, amount, payment.currency_id)))
        return refund

    @api.model
    def _create_for(self, payment, amount, **values):
        """ Create a refund of so many roubles, as superuser, under the lock of its payment. """
        # Without defaults of whoever calls.
        refunds = self.sudo().with_context(clean_context(self.env.context))
        transactions = self.env['payment.transaction'].sudo()
        prefix = name = f'R-{payment.reference}'
        number = 0
        while refunds.search_count([('name', '=', name)], limit=1) or (
            transactions.search_count([('reference', '=', name)], limit=1)
        ):
            number += 1
            name = f'{prefix}-{number}'
        return refunds.create({
            'name': name, 'source_transaction_id': payment.id, 'amount': amount, **values})

    def _queue(self):
        """ Let the job send this refund as soon as it is committed. """
        self._move('requested', next_at=fields.Datetime.now(), tries=0, sent_at=False,
                   taken_at=False)
        self.env.ref('tochka_acquiring.cron_refund').sudo()._trigger()

    def _move(self, state, error=None, **values):
        """ Change the state, because of an error perhaps; what was asked of a person is over. """
        problems = self.env['tochka.problem']
        if state not in const.REFUND_IN_WORK:
            values.setdefault('next_at', False)
        self.write({**values, 'state': state, 'failure': problems._plain(error)})
        problems._close(self)
        if state in const.REFUND_CLOSED:
            self._free_money()

    def _free_money(self):
        """ Nothing goes back: what this refund has held back pays what is open.

        Where somebody else is settling just that, the job does it later: the bank's refusal is kept
        in any case.
        """
        self.next_at = False
        self.env.flush_all()  # What comes too late here is done again as a whole.
        try:
            with self.env.cr.savepoint():
                self.source_transaction_id._tochka_use_what_stays()
        except (ConcurrencyError, psycopg2.OperationalError):
            self.next_at = fields.Datetime.now()
            self.env['ir.cron']._tochka_wake('tochka_acquiring.cron_refund')

    def _without_note(self):
        """ Return those of the refunds that pay no credit note: one that is cancelled or a draft
        again takes no money. :rtype: tochka.refund """
        return self.filtered(lambda refund: refund.credit_note_id.state != 'posted')

    # === BUSINESS METHODS - WHAT PEOPLE READ === #

    def _responsible(self):
        """ Return who is asked about this refund. :rtype: res.users """
        return self.source_transaction_id._tochka_responsible()

    def _on_their_way(self):
        """ Return those of the refunds that the books do not know yet. :rtype: tochka.refund """
        return self.filtered(
            lambda refund: refund.state in const.REFUND_IN_WORK
            or refund.state in const.REFUND_BOOKED and not refund.payment_id)

    def _describe(self):
        """ Say what is on its way and what was refused, a line each; nothing of the others. """
        sentences = []
        for refund in self.sorted('id'):
            amount = format_amount(self.env, refund.amount, refund.currency_id)
            if refund.state == 'rejected':
                sentences.append(_(
                    "The bank did not return %(amount)s: %(reason)s. Press Refunds to see what to"
                    " do.",
                    amount=amount, reason=refund.error))
            elif refund.state == 'unknown':
                sentences.append(_(
                    "%s: it is not known yet whether the bank has returned the money.", amount))
            elif refund.state in const.REFUND_IN_WORK:
                sentences.append(_("%s are on their way back to the payer.", amount))
        return '\n'.join(sentences)

    def _roubles(self):
        """ Return the amount to the kopeck. :rtype: Decimal """
        self.ensure_one()
        return Decimal(f'{self.amount:.2f}')
