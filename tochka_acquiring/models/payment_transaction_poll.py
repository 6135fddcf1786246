# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

import psycopg2

from odoo import _, api, fields, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class PaymentTransaction(models.Model):
    """ The jobs that make the payments right without any webhook.

    The bank repeats a webhook for five minutes only and tells of no decline, expiry or refund, so
    these jobs, not the webhook, are what the books rely on.
    """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - POLL === #

    def _tochka_schedule_poll(self):
        """ Set when the bank is asked next: after 1, 2, 3, 5, 8, 13, ... minutes.

        From a day after the link's end the requests come daily, until the bank has answered once
        more (`_tochka_end_poll`): a bank that is silent, or refuses the key, ends nothing.
        """
        self.ensure_one()
        now = fields.Datetime.now()
        previous, delay = 1, 1
        for _count in range(self.tochka_poll_count):
            previous, delay = delay, previous + delay
            if delay >= const.MAX_POLL_DELAY:
                break
        minutes = min(delay, const.MAX_POLL_DELAY)
        if self._tochka_is_long_over():
            minutes = const.LATE_POLL_DELAY
        self.write({
            'tochka_poll_count': self.tochka_poll_count + 1,
            'tochka_next_poll_at': now + timedelta(minutes=minutes),
        })

    def _tochka_is_long_over(self):
        """ Return whether the link has been dead for so long that the bank must know it. """
        self.ensure_one()
        return fields.Datetime.now() >= self.tochka_link_expires_at + timedelta(
            hours=const.POLL_HOURS_AFTER_EXPIRY
        )

    def _tochka_end_poll(self):
        """ Stop asking when the bank has answered and nothing can follow.

        Money on its way (instalments may take weeks) is asked for until it has come.
        """
        self.ensure_one()
        if self.state not in ('draft', 'pending') or (
            self.state == 'draft' and self.tochka_link_expires_at and self._tochka_is_long_over()
        ):
            self.tochka_next_poll_at = False

    @api.model
    def _cron_tochka_poll(self):
        """ Ask the bank for the operations that are due; sweep first after a stop. """
        cron = self.env.ref('tochka_acquiring.cron_poll')
        now = fields.Datetime.now()
        if cron.lastcall and now - cron.lastcall > timedelta(minutes=const.STOP_MINUTES):
            self.env.ref('tochka_acquiring.cron_sweep')._trigger()

        domain = [
            ('provider_code', '=', 'tochka'),
            ('state', 'in', ('draft', 'pending')),
            ('tochka_next_poll_at', '<=', now),
        ]
        transactions = self.search(
            domain, limit=const.POLL_BATCH, order='tochka_next_poll_at, id'
        )
        remaining = self.search_count(domain)
        for transaction in transactions:
            remaining -= 1
            try:
                # The next request is written and committed first: a bank that hangs or a worker
                # that dies can't keep this transaction at the head of the queue.
                transaction._tochka_schedule_poll()
                time_left = self.env['ir.cron']._commit_progress(1, remaining=remaining)
                transaction._tochka_refresh()
            except psycopg2.OperationalError:
                self.env.cr.rollback()
                continue
            except Exception:
                _logger.exception("Transaction %s can't be asked for", transaction.reference)
                self.env.cr.rollback()
                continue
            if not time_left:
                break

    # === BUSINESS METHODS - SWEEP === #

    @api.model
    def _cron_tochka_sweep(self):
        """ Compare with the bank's list all operations that can still change, or were missed.

        One call a legal entity gives up to 1000 operations.
        """
        entities = self.env['tochka.legal.entity'].with_context(active_test=False).search([
            ('connection_id.state', 'in', ('connected', 'attention')),
        ])
        for index, entity in enumerate(entities):
            self.env['ir.cron']._commit_progress(0, remaining=len(entities) - index)
            try:
                self._tochka_sweep_entity(entity)
            except Exception:
                # One legal entity must not keep the others from being compared.
                _logger.exception("The sweep of %s failed", entity.customer_code)
                self.env.cr.rollback()
            self.env['ir.cron']._commit_progress(1, remaining=len(entities) - index - 1)

    def _tochka_sweep_entity(self, entity):
        """ Sweep the operations of one legal entity.

        :param tochka.legal.entity entity: The legal entity.
        """
        connection = entity.connection_id
        providers = self.env['payment.provider'].search([('code', '=', 'tochka')])
        longest_life = max([const.DEFAULT_LINK_TTL, *providers.mapped('tochka_link_ttl')])
        now = fields.Datetime.now()
        # After a long silence (a key that had ended) the period reaches back to the last sweep.
        since = (entity.swept_at or now) - timedelta(
            minutes=longest_life, days=const.SWEEP_EXTRA_DAYS
        )
        try:
            operations = list(connection._tochka_client().list_payments(
                entity.customer_code, since.date(), now.date() + timedelta(days=1),
            ))
        except errors.TochkaError as error:
            _logger.warning("The sweep of %s failed: %s", entity.customer_code, error)
            connection._tochka_report_problem(error)
            return
        # What was created while the bank answered must be seen, or it would look like an orphan.
        self.env['ir.cron']._commit_progress(0)
        transactions = {
            tx.tochka_operation_id: tx
            for tx in self.search([
                ('tochka_operation_id', 'in', [op.operation_id for op in operations])
            ])
        }
        for operation in operations:
            transaction = transactions.get(operation.operation_id)
            if transaction and transaction._tochka_is_behind(operation):
                transaction._tochka_apply_in_own_cursor(operation)
            elif not transaction:
                self.env['tochka.webhook.event']._tochka_report_orphan(entity, operation)
        entity.swept_at = now

    def _tochka_is_behind(self, operation):
        """ Return whether the bank's list tells something that the transaction does not know. """
        self.ensure_one()
        return (
            self.tochka_status != operation.status
            or self.state not in const.STATES_OF_STATUS.get(operation.status, (self.state,))
            or bool(dict(operation.refunds).keys()
                    - set(self._tochka_refunds().mapped('tochka_order_id')))
        )

    # === BUSINESS METHODS - MONITOR === #

    @api.model
    def _cron_tochka_monitor(self):
        """ Bring payments into the books that Odoo has given up on.

        Odoo's own job forgets a paid transaction after four days of failed post-processing.
        """
        stuck_since = fields.Datetime.now() - timedelta(minutes=const.STUCK_MINUTES)
        transactions = self.search([
            ('provider_code', '=', 'tochka'),
            ('state', '=', 'done'),
            ('is_post_processed', '=', False),
            ('last_state_change', '<', stuck_since),
        ])
        for transaction in transactions:
            try:
                transaction._post_process()
                self.env['ir.cron']._commit_progress(1)
            except psycopg2.OperationalError:
                self.env.cr.rollback()
            except Exception as error:
                _logger.exception("Transaction %s can't be booked", transaction.reference)
                self.env.cr.rollback()
                transaction._tochka_flag(_(
                    "The bank received this payment, but it can't be booked: %s", error,
                ))
                self.env['ir.cron']._commit_progress(1)
