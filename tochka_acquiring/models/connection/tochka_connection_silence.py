# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import api, fields, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const, tuning
from odoo.addons.tochka_acquiring.api import errors

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)

# What waits for a bank that answers again.
WAITING_JOBS = ('cron_process_events', 'cron_poll', 'cron_refund')


class TochkaConnection(models.Model):
    """ A bank that does not answer is left alone for growing times by all jobs.

    A job that waits for its answer holds a worker, and with it mails and all other jobs of Odoo.
    Payers are not held back: their requests ask whenever they come, and give up soon.
    """

    _inherit = 'tochka.connection'

    #  (answers) ──no answer──► silent_until ──time over──► one process tries ──answer──► (answers)
    #                               ▲                           │
    #                               └──────────no answer────────┘
    silent_since = fields.Datetime(string="Does not answer since", readonly=True, copy=False)
    silent_until = fields.Datetime(string="Is asked again at", readonly=True, copy=False)
    silences = fields.Integer(readonly=True, copy=False)

    # === BUSINESS METHODS === #

    @api.model
    def _silent(self):
        """ Return the connections that are left alone now. :rtype: tochka.connection """
        now = fields.Datetime.now()
        return self.sudo().with_context(active_test=False).search([
            # What has begun in the future tells that the clock was set back since.
            ('silent_until', '>', now), ('silent_since', '<=', now)])

    def _may_ask(self):
        """ Return whether a job may ask the bank now. It may commit.

        When a silent bank's time has come, the first one tries it, and the others wait.

        :rtype: bool
        """
        self.ensure_one()
        connection = self.sudo()
        if not connection.silent_since:
            return True
        if not connection.try_lock_for_update(allow_referencing=True):
            return False
        connection.invalidate_recordset(['silent_since', 'silent_until'])
        now = fields.Datetime.now()
        if not connection.silent_since:
            return True
        if connection.silent_until > now >= connection.silent_since:
            return False
        connection.silent_until = now + timedelta(seconds=tuning.SILENCE_TRIAL_SECONDS)
        self.env['ir.cron']._commit_progress(0)
        return True

    def _note_answer(self, error=None):
        """ Remember whether the bank answers, and commit; jobs alone do.

        It is committed apart from what the answer was for, so that neither can undo the other.

        :param TochkaError|None error: What became of the call.
        :return: Whether the bank is silent.
        :rtype: bool
        """
        self.ensure_one()
        is_silent = errors.is_silence(error)
        connection = self.sudo()
        if is_silent or connection.silent_since or connection.state == 'attention':
            self.env['ir.cron']._commit_progress(0)
            self.env['ir.cron']._tochka_guard(
                lambda one: one._write_silence(error if is_silent else None), connection)
            self.env['ir.cron']._commit_progress(0)
        return is_silent

    def _write_silence(self, error):
        """ Plan when the bank is asked again, or let all go on. A person is asked after an hour.

        :param TochkaError|None error: How the bank has just been silent.
        """
        if not self.try_lock_for_update(allow_referencing=True):
            return  # Somebody else notes the same.
        self.invalidate_recordset()
        if not error:
            self._end_silence()
            # A bank that answers is not silent; a refused key stays one.
            trouble = self._trouble()
            if trouble and (trouble.params or {}).get('kind') in ('silence', 'certificate'):
                self._clear_problem()
        else:
            delays = tuning.SILENCE_SECONDS
            now = fields.Datetime.now()
            self.write({
                'silent_since': min(self.silent_since or now, now),
                'silent_until': now + timedelta(
                    seconds=delays[min(self.silences, len(delays) - 1)]),
                'silences': self.silences + 1,
            })
            _logger.warning("The bank does not answer the connection %s; it is asked again at %s",
                            self.id, self.silent_until)
            if now - self.silent_since >= timedelta(minutes=tuning.SILENCE_MINUTES):
                self._report_problem(error)
        if not error or self.silences >= tuning.SILENCES_SHOWN:
            self._update_problems()

    def _end_silence(self):
        """ The bank answers: let all that waits for it go on. """
        self.ensure_one()
        connection = self.sudo()
        if connection.silent_since:
            connection.write({'silent_since': False, 'silent_until': False, 'silences': 0})
            for name in WAITING_JOBS:
                self.env['ir.cron']._tochka_wake(f'tochka_acquiring.{name}')

    @api.model
    def _ask_each(self, xmlid, records, work):
        """ Ask the bank about records one by one, in a job, as long as there is time.

        Each is guarded and committed by itself. The first silence of a bank ends the batch of its
        connection.

        :param str xmlid: The job, with the name of its module.
        :param payment.transaction records: What is due, at most `JOB_BATCH`.
        :param callable work: Takes a record; returns 'silent' if the bank was.
        :return: None
        """
        cron = self.env['ir.cron']
        may_ask, count, is_through = {}, 0, True
        for record in records:
            connection = record.with_prefetch()._tochka_connection()
            if connection.id not in may_ask:
                may_ask[connection.id] = not connection or connection._may_ask()
            if not may_ask[connection.id]:
                continue
            count += 1
            if cron._tochka_guard(work, record) == 'silent':
                may_ask[connection.id] = False
            if not cron._tochka_time_left(1):
                is_through = record == records[-1]
                break
        if count and (not is_through or len(records) == tuning.JOB_BATCH):
            cron._tochka_go_on(xmlid)
