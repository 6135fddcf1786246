# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import psycopg2

from odoo import SUPERUSER_ID, _, api, fields, models
from odoo.tools import SQL

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const, tuning
from odoo.addons.tochka_acquiring.api import errors
from odoo.addons.tochka_acquiring.models.connection.tochka_webhook_event import DOOR

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class TochkaWebhookEvent(models.Model):
    """ The lanes: jobs that are alike and work on the inbox side by side.

    A lane takes a batch, asks the bank for its operations, several at a time and with no database
    transaction open, and applies them in one, or each by itself where one of them breaks.
    """

    _inherit = 'tochka.webhook.event'

    # === BUSINESS METHODS - LANES === #

    @api.model
    def _wake_lane(self, number=0):
        """ Let a lane look at the inbox as soon as this is committed.

        :param int number: Its place in `EVENT_LANES`. The first one calls the others when needed.
        """
        self.env['ir.cron']._tochka_wake(f'tochka_acquiring.{tuning.EVENT_LANES[number]}')

    @api.model
    def _wake_lane_statement(self):
        """ Return the statement that lets the first lane look, see `_tochka_wake`. :rtype: SQL """
        return self.env['ir.cron']._tochka_wake_statement(
            f'tochka_acquiring.{tuning.EVENT_LANES[0]}')

    @api.model
    def _cron_tochka_process_events(self):
        """ Work on the notifications that are due, until none is left or the time is over. """
        # Notes and texts don't depend on whom the job was given to.
        self = self.with_user(SUPERUSER_ID)
        is_full, time_left = False, True
        while time_left:
            if not is_full:
                self._wait_for_door()
            events, due_again_at = self._take_batch()
            if not events:
                return
            is_full = len(events) == tuning.EVENT_BATCH
            if is_full:
                for number in range(1, len(tuning.EVENT_LANES)):
                    self._wake_lane(number)
            answers = self._read(events)
            if len(events) > 1 and events._work_together(due_again_at, answers):
                time_left = self.env['ir.cron']._tochka_time_left(len(events))
            else:
                for event in events:
                    event = self.env['tochka.problem']._for_reader(event.with_prefetch())
                    time_left = event._work_on(due_again_at, answers[event.id])
            if len(events) > 1:
                # Odoo's job may have begun before the last of them was committed.
                self.env.cr.postcommit.add(self.env['ir.cron']._notifydb)
                self.env.cr.commit()
        # What was not reached must not wait for the schedule.
        self.env['ir.cron']._tochka_go_on(f'tochka_acquiring.{tuning.EVENT_LANES[0]}')

    @api.model
    def _take_batch(self):
        """ Take the notifications that no other lane has, those that have failed last.

        They are taken by moving the time at which they are due: committed before the bank is asked,
        so that no lock is held then, and a lane that is killed blocks nothing.

        :return: The notifications, and the time that marks them as this lane's.
        :rtype: tuple[tochka.webhook.event, datetime]
        """
        for _attempt in range(3):
            now = fields.Datetime.now()
            due_again_at = now + timedelta(seconds=tuning.EVENT_LEASE_SECONDS)
            try:
                self.env.cr.execute(SQL(
                    """
                    UPDATE tochka_webhook_event
                       SET next_try_at = %(due_again_at)s
                     WHERE id IN (SELECT id
                                    FROM tochka_webhook_event
                                   WHERE state IN ('new', 'failed') AND next_try_at <= %(now)s
                                     AND NOT EXISTS (SELECT FROM tochka_connection bank
                                                      WHERE bank.id = connection_id
                                                        AND bank.silent_until > %(now)s)
                                ORDER BY COALESCE(attempts, 0), next_try_at, id
                                   LIMIT %(limit)s
                                     FOR NO KEY UPDATE SKIP LOCKED)
                 RETURNING id, COALESCE(attempts, 0)
                    """,
                    due_again_at=due_again_at, now=now, limit=tuning.EVENT_BATCH,
                ), log_exceptions=False)
                rows = self.env.cr.fetchall()
                self.env.cr.commit()
            except psycopg2.OperationalError:
                self.env.cr.rollback()  # another lane was faster: what is there now?
                continue
            ids = [event_id for event_id, _attempts in sorted(
                rows, key=lambda row: (row[1], row[0]))]
            return self.browse(ids), due_again_at
        return self.browse(), None

    @api.model
    def _wait_for_door(self):
        """ Wait until each notification that is just being stored is committed.

        The door tells the workers only when they don't know yet that there is work. A notification
        that was stored just when this lane began, and is not committed yet, would otherwise wait
        for the schedule.
        """
        self.env.cr.execute(SQL("SELECT pg_advisory_xact_lock(hashtext(%s))", DOOR))
        self.env.cr.commit()  # gives the lock back, and a fresh view

    @api.model
    def _read(self, events):
        """ Ask the bank for the operations that notifications name, several at a time.

        Each operation is read once, however many notifications there are of it. A connection whose
        bank is silent is not asked again in this batch, and its notifications are not taken before
        it may be asked again.

        :param tochka.webhook.event events: The notifications.
        :return: For each notification the transaction's id, or False, and the operation, the error
                 or None.
        :rtype: dict[int, tuple[int|bool, Operation|Exception|None]]
        """
        transactions = self._find_transactions(events)
        readers, answers, may_ask = {}, {}, {}
        for transaction in transactions.values():
            if transaction.id in readers or transaction.id in answers:
                continue
            connection = transaction._tochka_connection()
            if connection not in may_ask:
                may_ask[connection] = not connection or connection._may_ask()
            if not may_ask[connection]:
                answers[transaction.id] = errors.NotSent("The bank was silent a moment ago.")
                continue
            try:
                reader = transaction._tochka_reader(quick=True)
            except Exception as error:  # told of when it is its turn
                answers[transaction.id] = error
                if errors.is_silence(error):  # of the service that renews the access
                    connection._note_answer(error)
                    may_ask[connection] = False
            else:
                readers[transaction.id] = (connection.id, reader)
        silent = set()
        # Nothing of the database is used from here on, and no transaction stays open.
        self.env.cr.commit()

        def ask(transaction_id):
            connection_id, reader = readers[transaction_id]
            if connection_id in silent:
                return errors.NotSent("The bank was silent a moment ago.")
            try:
                return reader()
            except Exception as error:
                if errors.is_silence(error):
                    silent.add(connection_id)
                return error

        to_ask = [transaction_id for transaction_id, (_connection, reader) in readers.items()
                  if reader]
        with ThreadPoolExecutor(tuning.EVENT_READERS) as pool:
            answers.update(zip(to_ask, pool.map(ask, to_ask), strict=True))
        for connection, may in may_ask.items():
            asked = [answers[transaction_id] for transaction_id in to_ask
                     if readers[transaction_id][0] == connection.id]
            if may and asked:
                connection._note_answer(next(filter(errors.is_silence, asked), None))
        return {event_id: (transaction.id, answers.get(transaction.id))
                for event_id, transaction in transactions.items()}

    @api.model
    def _find_transactions(self, events):
        """ Return the transactions of the operations that notifications name.

        :param tochka.webhook.event events: The notifications.
        :return: For each notification the transaction, or none: by the operation, else by the order
                 number.
        :rtype: dict[int, payment.transaction]
        """
        Transaction = self.env['payment.transaction']
        found = dict.fromkeys(events.ids, Transaction)
        for own, name in (('tochka_operation_id', 'operation_id'),
                          ('tochka_payment_link_id', 'payment_link_id')):
            rest = events.filtered(lambda event, name=name: event[name] and not found[event.id])
            if not rest:
                continue
            by_value = {}
            for transaction in Transaction.search([(own, 'in', rest.mapped(name))]):
                by_value.setdefault(transaction[own], transaction)
            for event in rest:
                found[event.id] = by_value.get(event[name], Transaction)
        return found

    # === BUSINESS METHODS - ONE NOTIFICATION === #

    def _work_together(self, due_again_at, answers):
        """ Apply what the bank has said of all of these in one transaction of the database: Odoo
        forgets at each commit what it has read. One that breaks is found one by one.

        :param datetime due_again_at: What marks the notifications as this lane's.
        :param dict answers: What `_read` has brought.
        :return: Whether all of it is committed; else nothing is.
        :rtype: bool
        """
        ids = [answers[event.id][0] for event in self]
        transactions = {
            tx.id: tx for tx in self.env['payment.transaction'].browse(filter(None, ids))}
        try:
            for event in self:
                event = self.env['tochka.problem']._for_reader(event)
                if event._is_taken(due_again_at):
                    transaction_id, answer = answers[event.id]
                    event._process(transactions.get(transaction_id), answer)
            self.env.cr.commit()
            return True
        except Exception as error:
            _logger.info("Notifications %s are worked on one by one: %s",
                         self.ids, type(error).__name__)
            self.env.cr.rollback()
            return False

    def _work_on(self, due_again_at, answer):
        """ Apply what the bank has said, and commit; one that breaks holds up nobody.

        :param datetime due_again_at: What marks the notification as this lane's.
        :param tuple answer: What `_read` has brought for it.
        :return: The seconds that are left for the job.
        :rtype: float
        """
        self.ensure_one()
        try:
            if self._is_taken(due_again_at):
                transaction_id, operation = answer
                self._process(
                    self.env['payment.transaction'].browse(transaction_id or ()), operation)
            return self.env['ir.cron']._tochka_time_left(1)
        except psycopg2.OperationalError:
            problem = _("The transaction is being changed by another process.")
        except Exception as error:
            _logger.exception("Notification %s can't be worked on", self.id)
            problem = str(error)
        self.env.cr.rollback()
        try:
            if self._is_taken(due_again_at):
                self._try_again(problem)
            return self.env['ir.cron']._tochka_time_left(1)
        except Exception as error:
            # It is due again when its time has come.
            _logger.warning("Notification %s: %s", self.id, type(error).__name__)
            self.env.cr.rollback()
            return self.env['ir.cron']._tochka_time_left()

    def _is_taken(self, due_again_at):
        """ Lock the notification, and return whether it still is this lane's.

        A repeat that has come in meanwhile makes it due at once, for one more reading; and a lane
        that was too slow has lost it to another one.

        :param datetime due_again_at: What marks the notification as this lane's.
        :rtype: bool
        """
        return bool(self.try_lock_for_update()) and self.next_try_at == due_again_at

    def _process(self, transaction, answer):
        """ Apply the operation that was read to its transaction, and note what became of it.

        :param payment.transaction|None transaction: The transaction of the operation, if there is
                                                     one.
        :param Operation|Exception|None answer: The operation, or why there is none.
        """
        self.ensure_one()
        if not transaction:
            waited = fields.Datetime.now() - self.received_at
            if waited < timedelta(minutes=const.ORPHAN_MINUTES):
                # The request that creates the transaction may not have committed yet.
                self._try_again(_("No transaction has this operation (yet)."))
            else:
                self._become_orphan()
            return
        transaction = self.env['tochka.problem']._for_reader(transaction)
        self.write({
            'transaction_id': transaction.id,
            'company_id': self.company_id.id or transaction.company_id.id,
        })
        if answer is None or isinstance(answer, errors.TochkaError):
            _logger.info("The bank did not tell about transaction %s: %s", transaction.id, answer)
            self._try_again(_("The bank did not answer."))
            return
        if isinstance(answer, Exception):
            raise answer
        outcome = transaction._tochka_apply_operation(answer)
        told_paid = self.bank_status in const.OPERATION_STATUS_MAPPING['done']
        if outcome == 'busy':
            self._try_again(_("The transaction is being changed by another process."))
        elif outcome == 'misfit':
            self._end(_("The operation does not fit the transaction; see there."))
        elif told_paid and transaction.state == 'draft':
            self._try_again(_("The bank's operation does not show the payment yet."))
        else:
            self._end(False)

    def _end(self, problem):
        if self.attempts or self.repeat_count:  # else nobody was asked
            self.env['tochka.problem']._close(self)
        self.write({'state': 'done', 'next_try_at': False, 'problem': problem})
