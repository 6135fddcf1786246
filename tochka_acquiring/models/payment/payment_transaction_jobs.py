# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

import psycopg2

from odoo import api, fields, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const, tuning
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
            self.env['ir.cron']._tochka_guard(
                lambda entities: entities._ask_for_sweep(), self.env['tochka.legal.entity'])
            self.env.cr.commit()
        silent = self.env['tochka.connection']._silent()
        # A sweep brings the same, a thousand at a time; two at once get in each other's way.
        swept = self.env['tochka.legal.entity']._under_sweep()
        transactions = self.search([
            ('provider_code', '=', 'tochka'),
            ('state', 'in', ('draft', 'pending')),
            ('tochka_next_poll_at', '<=', now),
            '!', ('tochka_merchant_id.connection_id', 'in', silent.ids),
            '!', ('tochka_merchant_id.legal_entity_id', 'in', swept.ids),
        ], limit=tuning.JOB_BATCH, order='tochka_next_poll_at, id')
        self.env['tochka.connection']._ask_each(
            'tochka_acquiring.cron_poll', transactions, lambda tx: tx._tochka_poll())

    def _tochka_poll(self):
        """ Ask the bank once, in a job. It commits.

        :return: What `_tochka_refresh_in_job` returns.
        :rtype: str
        """
        self.ensure_one()
        # The next request is written and committed first: a bank that hangs or a worker that dies
        # can't keep this transaction at the head of the queue.
        self._tochka_schedule_poll()
        self.env['ir.cron']._commit_progress(0)
        return self._tochka_refresh_in_job()

    # === BUSINESS METHODS - MONITOR === #

    @api.model
    def _cron_tochka_monitor(self):
        """ Bring payments into the books that Odoo has given up on.

        Odoo's own job forgets a paid transaction after four days of failed post-processing.
        """
        self.env['ir.cron']._tochka_walk('tochka_acquiring.cron_monitor', self, [
            ('provider_code', '=', 'tochka'),
            ('state', '=', 'done'),
            ('is_post_processed', '=', False),
            ('last_state_change', '<',
             fields.Datetime.now() - timedelta(minutes=const.STUCK_MINUTES)),
        ], lambda tx: tx._tochka_book_at_last())

    def _tochka_book_at_last(self):
        """ Book a payment that was left behind, or ask a person why it can't be. """
        self.ensure_one()
        try:
            self._post_process()
            self.env.flush_all()
        except psycopg2.OperationalError:
            raise
        except Exception as error:
            _logger.exception("Transaction %s can't be booked", self.reference)
            self.env.cr.rollback()
            self.tochka_posting_failed_at = fields.Datetime.now()
            self._tochka_flag('unbookable', error=error)

    # === BUSINESS METHODS - SWEEP === #

    @api.model
    def _cron_tochka_sweep(self):
        """ Compare with the bank's list all operations that can still change, or were missed.

        One call a legal entity gives up to 1000 operations.
        """
        self._tochka_run_sweep('sweep', 'tochka_acquiring.cron_sweep')

    @api.model
    def _cron_tochka_refund_sweep(self):
        """ Look every night for refunds that were made in the internet bank, however old the
        payment is: no notification tells of them.
        """
        self._tochka_run_sweep('refund_sweep', 'tochka_acquiring.cron_refund_sweep')

    @api.model
    def _tochka_run_sweep(self, kind, xmlid):
        """ Sweep the legal entities that are due, the one first that has waited longest.

        :param str kind: 'sweep' or 'refund_sweep'.
        :param str xmlid: The job.
        :return: Whether there was time for all.
        :rtype: bool
        """
        again_at = []
        try:
            entities = self.env['tochka.legal.entity']._due_for_sweep(kind)
        except psycopg2.OperationalError:
            # After a stop the poll asks for a sweep at the same moment.
            self.env.cr.rollback()
            self.env['ir.cron']._tochka_go_on(xmlid)
            return False
        for entity in entities:
            entity = self.env['tochka.problem']._for_reader(entity.with_prefetch())
            connection = entity.connection_id
            if not connection._may_ask():
                again_at.append(connection.silent_until)
                continue
            try:
                is_through = entity._sweep(kind)
            except psycopg2.OperationalError:
                self.env.cr.rollback()
                again_at.append(fields.Datetime.now() + timedelta(minutes=1))
            except errors.TochkaError as error:
                self.env.cr.rollback()
                _logger.warning("The sweep of %s failed: %s", entity.customer_code, error)
                if connection._note_answer(error):
                    again_at.append(connection.silent_until)
                else:
                    entity._give_up_sweep(kind)
                    connection._report_problem(error)
                    self.env.cr.commit()
            except Exception:
                # One legal entity must not keep the others from being compared.
                _logger.exception("The sweep of %s failed", entity.customer_code)
                self.env.cr.rollback()
                entity._give_up_sweep(kind)
                self.env.cr.commit()
            else:
                connection._note_answer()
                if not is_through:
                    self.env['ir.cron']._tochka_go_on(xmlid)
                    return False
        if again_at := [moment for moment in again_at if moment]:
            self.env.ref(xmlid).sudo()._trigger(at=min(again_at))
        return True

    # === BUSINESS METHODS - ONE PAGE === #

    @api.model
    def _tochka_compare(self, entity, operations):
        """ Bring the transactions in line with a page of the bank's list, in a job. It commits.

        :param tochka.legal.entity entity: Whose list it is.
        :param list[Operation] operations: The page, as just read.
        :return: The last operation that there was time for, None if there was for all; the ids of
                 the transactions that somebody else was working on.
        :rtype: tuple[str|None, list[int]]
        """
        cron = self.env['ir.cron']
        busy = []
        # What was created while the bank answered must be seen, or it would look like an orphan.
        time_left = cron._tochka_time_left()
        transactions = {
            transaction.tochka_operation_id: transaction
            for transaction in self.search([
                ('tochka_operation_id', 'in', [one.operation_id for one in operations])])
        }
        # All are looked at together, before the first commit makes Odoo forget what it has read.
        behind = [
            (transaction, operation) for operation in operations
            if (transaction := transactions.get(operation.operation_id))
            and transaction._tochka_lacks_news(operation)
        ]
        for operation in operations:
            if operation.operation_id not in transactions:
                cron._tochka_guard(
                    lambda one, operation=operation: self.env[
                        'tochka.webhook.event']._report_orphan(one, operation), entity)
        for transaction, operation in behind:
            outcome = cron._tochka_guard(
                lambda one, operation=operation: one._tochka_apply_operation(operation),
                transaction)
            if outcome in (None, 'busy'):
                busy.append(transaction.id)
            time_left = cron._tochka_time_left(1)
            if not time_left:
                return operation.operation_id, busy
        return None, busy

    def _tochka_lacks_news(self, operation):
        """ Return whether the bank's list tells something that the transaction does not know. """
        self.ensure_one()
        return (
            self.tochka_status != operation.status
            or self.state not in const.STATES_OF_STATUS.get(operation.status, (self.state,))
            or any(self._tochka_compare_refunds(operation))
            or any(self.tochka_refund_ids.mapped('is_missing'))
        )
