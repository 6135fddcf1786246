# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import hashlib
import json
from datetime import timedelta

from odoo import _, api, fields, models
from odoo.tools import SQL

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import webhook
from odoo.addons.tochka_acquiring.api.operation import to_storable
from odoo.addons.tochka_acquiring.api.text import belongs_to_database

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)

DOOR = 'tochka_acquiring.door'  # the advisory lock between the door and the lanes


class TochkaWebhookEvent(models.Model):
    """ The inbox: a notification of the bank is stored first and worked on by a job.

    Nothing is booked from its content. It only says which operation to read from the bank.
    """

    _name = 'tochka.webhook.event'
    _description = "Tochka Bank: notification"
    _inherit = ['mail.thread', 'mail.activity.mixin']
    _order = 'received_at desc, id desc'
    _rec_name = 'operation_id'

    digest = fields.Char(
        string="Digest", required=True, readonly=True, copy=False,
        help="SHA-256 of the notification: the same one is stored once.")
    source = fields.Selection(
        string="Found by",
        selection=[('webhook', "Notification"), ('sweep', "Nightly comparison")],
        required=True, readonly=True, default='webhook')
    webhook_type = fields.Char(string="Type", readonly=True)
    customer_code = fields.Char(string="Customer code", readonly=True)
    merchant_id = fields.Char(string="Shop (merchant)", readonly=True)
    operation_id = fields.Char(string="Bank operation", readonly=True, index='btree_not_null')
    payment_link_id = fields.Char(string="Order number at the bank", readonly=True)
    bank_status = fields.Char(string="Status at the bank", readonly=True)
    amount = fields.Char(
        string="Amount told", readonly=True,
        help="As the notification says it, in roubles. Payments are booked from the bank's"
             " operation only, never from this.")
    payload = fields.Text(
        string="Content", readonly=True, groups='base.group_system',
        help="May hold a payer's name and phone; deleted after the period set for the company.")
    received_at = fields.Datetime(string="Received at", required=True, readonly=True)
    repeat_count = fields.Integer(string="Repeated", readonly=True)

    #  new ──► done        the operation was read and applied
    #   │  ──► orphan      it is ours, and no transaction fits: a person looks
    #   │  ──► ignored     of another customer (the bank's test), or nothing to do with acquiring
    #   └────► failed(n) ──next_try_at──► new      the bank was silent, or we do not know it *yet*
    #  a repeat of the same notification brings done, orphan and failed back to new
    state = fields.Selection(
        string="State",
        selection=[
            ('new', "New"),
            ('failed', "To be tried again"),
            ('done', "Done"),
            ('orphan', "Without a transaction"),
            ('ignored', "Ignored"),
        ],
        required=True, readonly=True, default='new', index=True)
    attempts = fields.Integer(string="Attempts", readonly=True)
    # Of one that a lane is at: when it is due again should the lane be killed.
    next_try_at = fields.Datetime(
        string="Next attempt at", readonly=True, index='btree_not_null')
    problem = fields.Text(string="Problem", readonly=True)
    transaction_id = fields.Many2one(
        string="Transaction", comodel_name='payment.transaction', readonly=True,
        index='btree_not_null')
    company_id = fields.Many2one(
        string="Company", comodel_name='res.company', readonly=True, index='btree_not_null')
    connection_id = fields.Many2one(
        string="Bank connection", comodel_name='tochka.connection', readonly=True)

    # The list, in its order; what is deleted after its time; the last one of a connection.
    _received_idx = models.Index('(received_at DESC, id DESC)')
    _payload_idx = models.Index('(company_id, received_at) WHERE payload IS NOT NULL')
    _last_idx = models.Index('(connection_id, received_at DESC, id DESC)')
    _digest_uniq = models.Constraint('unique(digest)', "A notification is stored once.")

    # === ACTION METHODS === #

    def action_retry(self):
        """ Work on the notifications again, for instance after their cause was mended. """
        self.write({
            'state': 'new', 'attempts': 0, 'next_try_at': fields.Datetime.now(), 'problem': False,
        })
        self.env['tochka.problem']._close(self)
        self._wake_lane()

    # === BUSINESS METHODS - RECEIVING === #

    @api.model
    def _receive(self, body, claims):
        """ Store a notification whose signature was verified.

        A repeat of the same body only counts up and asks for one more reading of the operation:
        the bank repeats what was not answered, and recurring charges may repeat a body.

        :param bytes body: The request's body.
        :param dict claims: Its verified claims.
        :return: None
        """
        event = webhook.Event.from_claims(claims)
        owner = self.env['tochka.legal.entity']._owner(event.customer_code)
        # The bank's tests and whatever else is signed for others: the digest is all that we keep.
        is_ours = bool(owner) and event.webhook_type == const.WEBHOOK_TYPE
        now = fields.Datetime.now()
        values = {
            'digest': hashlib.sha256(webhook.signed_part(body)).hexdigest(),
            'source': 'webhook',
            'webhook_type': event.webhook_type,
            'state': 'new' if is_ours else 'ignored',
            'received_at': now,
            'next_try_at': now if is_ours else None,
            'create_date': now,
            'write_date': now,
        }
        if is_ours:
            values.update({
                'customer_code': event.customer_code,
                'merchant_id': event.merchant_id,
                'operation_id': event.operation_id,
                'payment_link_id': event.payment_link_id,
                'bank_status': event.status,
                'amount': None if event.amount is None else str(event.amount),
                'payload': to_storable(
                    json.dumps(claims, ensure_ascii=False, sort_keys=True)),
                'company_id': owner[0],
                'connection_id': owner[1],
            })
        # Until this is committed, the lanes wait at their end (`_wait_for_door`). One statement,
        # since the bank sends hundreds at once.
        wake = self._wake_lane_statement() if is_ours else SQL("SELECT TRUE AS is_told")
        self.env.cr.execute(SQL(
            """
            WITH wake AS (%(wake)s)
            INSERT INTO tochka_webhook_event (%(columns)s) VALUES %(values)s
            ON CONFLICT (digest) DO UPDATE SET
                repeat_count = COALESCE(tochka_webhook_event.repeat_count, 0) + 1,
                next_try_at = CASE WHEN tochka_webhook_event.state = 'ignored'
                                   THEN NULL ELSE EXCLUDED.received_at END,
                state = CASE WHEN tochka_webhook_event.state = 'ignored'
                             THEN 'ignored' ELSE 'new' END
            RETURNING pg_advisory_xact_lock_shared(hashtext(%(door)s)),
                      (SELECT bool_and(is_told) FROM wake)
            """,
            wake=wake,
            columns=SQL(', ').join(SQL.identifier(name) for name in values),
            values=tuple(values.values()),
            door=DOOR,
        ))
        # None where somebody has switched the job off.
        self.env['ir.cron']._tochka_tell(self.env.cr.fetchone()[1] is not False)
        _logger.info(
            "Notification %s of the bank: %s, operation %s",
            event.webhook_type, values['state'], event.operation_id if is_ours else '(foreign)',
        )

    @api.model
    def _report_orphan(self, entity, operation):
        """ Keep a paid operation that this database has created and has no transaction for.

        Such a one exists when the database was lost after the link was made, or was restored from a
        copy.

        :param tochka.legal.entity entity: Whose operation it is.
        :param Operation operation: The operation from the bank's list.
        :return: None
        """
        if operation.status not in const.OPERATION_STATUS_MAPPING['done']:
            return
        database_uuid = self.env['ir.config_parameter'].sudo().get_param('database.uuid')
        if not belongs_to_database(operation.payment_link_id, database_uuid):
            return
        digest = hashlib.sha256(f'sweep:{operation.operation_id}'.encode()).hexdigest()
        if self.search_count([
            '|', ('digest', '=', digest),
            '&', ('operation_id', '=', operation.operation_id), ('state', '=', 'orphan'),
        ], limit=1):
            return
        self.create({
            'digest': digest,
            'source': 'sweep',
            'customer_code': entity.customer_code,
            'merchant_id': operation.merchant_id,
            'operation_id': operation.operation_id,
            'payment_link_id': operation.payment_link_id,
            'bank_status': operation.status,
            'amount': str(operation.amount),
            'received_at': fields.Datetime.now(),
            'company_id': entity.company_id.id,
            'connection_id': entity.connection_id.id,
        })._become_orphan()

    # === BUSINESS METHODS - OUTCOMES === #

    def _try_again(self, problem):
        """ Plan the next attempt, at growing delays; give it to a person in the end.

        :param str problem: Why this attempt brought nothing.
        """
        delays = const.EVENT_RETRY_SECONDS
        if self.attempts >= len(delays):
            self.write({'state': 'failed', 'next_try_at': False, 'problem': problem})
            self.env['tochka.problem']._open(self, 'event_failed', problem=problem)
            return
        self.write({
            'state': 'failed',
            'attempts': self.attempts + 1,
            'next_try_at': fields.Datetime.now() + timedelta(seconds=delays[self.attempts]),
            'problem': problem,
        })

    def _become_orphan(self):
        """ Keep it visible that the bank took money that Odoo has no transaction for. """
        self.write({
            'state': 'orphan',
            'next_try_at': False,
            'problem': _("The bank names an operation that no transaction of Odoo has. It may come"
                         " from another system with the same bank contract, or from a copy of this"
                         " database."),
        })
        database_uuid = self.env['ir.config_parameter'].sudo().get_param('database.uuid')
        if belongs_to_database(self.payment_link_id, database_uuid):
            self.env['tochka.problem']._open(
                self, 'orphan', operation=self.operation_id, amount=self.amount,
                order=self.payment_link_id)

    def _responsible(self):
        """ Return who is asked about this notification. :rtype: res.users """
        self.ensure_one()
        if not self.connection_id:
            return self.company_id._tochka_accountant()
        return self.connection_id._responsible(self.company_id)

    # === BUSINESS METHODS - PERSONAL DATA === #

    @api.autovacuum
    def _gc_personal_data(self):
        """ Delete the content of notifications after the company's period (152-FZ), and what was
        never ours after a month.
        """
        now = fields.Datetime.now()
        for company in self.env['res.company'].search([]):
            self.search([
                ('payload', '!=', False),
                ('company_id', '=', company.id),
                ('received_at', '<', now - timedelta(days=company.tochka_inbox_days)),
            ]).payload = False
        self.search([
            ('payload', '!=', False),
            ('company_id', '=', False),
            ('received_at', '<', now - timedelta(days=const.INBOX_DAYS)),
        ]).payload = False
        self.search([
            ('state', '=', 'ignored'),
            ('received_at', '<', now - timedelta(days=const.IGNORED_DAYS)),
        ]).unlink()
