# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import time
from datetime import timedelta

import psycopg2

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import ConcurrencyError
from odoo.tools import SQL

from odoo.addons.base.models.ir_cron import MIN_TIME_PER_JOB
from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const, tuning

try:
    import resource
except ImportError:  # Windows, where no worker has limits
    resource = None

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)

OWN_POSTING = 'payment.cron_post_process_payment_tx'  # Odoo's, which books our payments


class IrCron(models.Model):
    """ What all jobs have in common: time, one record that breaks, and work that is left.

    Odoo runs a job that reports work left nine times more, each with no time at all, and then lets
    it wait until a worker wakes by itself, a minute perhaps. So ours report none: they stop when
    their time is over, and wake themselves.
    """

    _inherit = 'ir.cron'

    @api.model
    def _tochka_wake(self, *xmlids):
        """ Let jobs run as soon as this is committed, and tell their workers only once.

        Like `_trigger`, for what happens many times a second: that tells the workers each time,
        through a new connection to another database, which costs more than all the rest.

        The row is always written, so that a job that is just ending and has not seen what was
        committed meanwhile runs once more. The workers are told unless somebody has told them
        since the job has last begun. A job deletes its rows when it begins and commits that when it
        ends; until then the rows are still seen, and `xmax` tells that they are being deleted.

        :param str xmlids: The jobs, with the names of their modules.
        :return: None
        """
        self.env.cr.execute(self._tochka_wake_statement(*xmlids))
        self._tochka_tell(all(is_told for [is_told] in self.env.cr.fetchall()))

    @api.model
    def _tochka_wake_statement(self, *xmlids):
        """ Return the statement of `_tochka_wake`, for who has one of his own beside it. Its rows
        say whether the workers know already. :rtype: SQL """
        find_id = self.env['ir.model.data']._xmlid_to_res_id
        return SQL(
            """
            INSERT INTO ir_cron_trigger (cron_id, call_at, create_date, write_date)
                 SELECT id, %(now)s, %(now)s, %(now)s
                   FROM ir_cron
                  WHERE id IN %(crons)s AND active
              RETURNING EXISTS (SELECT FROM ir_cron_trigger waiting
                                 WHERE waiting.cron_id = ir_cron_trigger.cron_id
                                   AND waiting.call_at <= %(now)s AND waiting.xmax = 0) AS is_told
            """,
            crons=tuple(find_id(xmlid, raise_if_not_found=True) for xmlid in xmlids),
            now=fields.Datetime.now(),
        )

    @api.model
    def _tochka_tell(self, is_told):
        """ Let the workers look at the commit, unless somebody has told them. """
        if not is_told:
            self.env.cr.postcommit.add(self.env['ir.cron']._notifydb)

    # === BUSINESS METHODS - A RUN === #

    def _callback(self, cron_name, server_action_id):
        """ Override of `base`: our jobs work as the superuser, whomever they were given to.

        What they do does not depend on a user's rights, and notes are OdooBot's.
        """
        if str(self.get_external_id().get(self.id)).startswith(('tochka_', OWN_POSTING)):
            self = self.with_user(SUPERUSER_ID)
        return super()._callback(cron_name, server_action_id)

    @api.model
    def _tochka_time_left(self, processed=0):
        """ Commit, count, and return how long the job may go on.

        :param int processed: How many records were worked on since the last time.
        :return: Seconds; without end outside of a job.
        :rtype: float
        """
        time_left = self._commit_progress(processed) - (MIN_TIME_PER_JOB - tuning.JOB_SECONDS)
        if resource:
            # Odoo lets the system stop a worker whose round takes too much of the processor.
            limit = resource.getrlimit(resource.RLIMIT_CPU)[0]
            if limit != resource.RLIM_INFINITY:
                time_left = min(
                    time_left, limit - time.process_time() - tuning.JOB_CPU_RESERVE)
        return max(time_left, 0)

    @api.model
    def _tochka_go_on(self, xmlid):
        """ End a run that leaves work: the job runs again when the others have had their turn.

        :param str xmlid: The job, with the name of its module.
        :return: None
        """
        self._tochka_wake(xmlid)
        self.env.cr.commit()

    @api.model
    def _tochka_guard(self, work, record):
        """ Let a record be worked on; one that breaks holds up nobody.

        :param callable work: Takes the record.
        :param models.Model record: The record. Odoo forgets all that it has read at each commit: by
                                    itself, it does not read the others of its set again.
        :return: What the work returns; None if it broke, and was rolled back.
        """
        try:
            result = work(self.env['tochka.problem']._for_reader(record.with_prefetch()))
            self.env.flush_all()
            return result
        except (psycopg2.OperationalError, ConcurrencyError) as error:
            _logger.info("%s is being changed by another process: %s",
                         record, type(error).__name__)
        except Exception:
            _logger.exception("%s can't be worked on", record)
        self.env.cr.rollback()
        return None

    @api.model
    def _tochka_walk(self, xmlid, records, domain, work):
        """ Work on all records of a domain once, in as many runs as it takes.

        A run goes on behind the last record of the one before, so that records that break or take
        long can't keep it from the others.

        :param str xmlid: The job, with the name of its module.
        :param models.Model records: The model, in whatever environment the work needs.
        :param list domain: Which of its records.
        :param callable work: Takes a record.
        :return: Whether the walk is through.
        :rtype: bool
        """
        progress = self.env['ir.cron.progress'].sudo().browse(
            self.env.context.get('ir_cron_progress_id'))
        position = progress._tochka_last_position()
        while True:
            batch = records.search(
                [*domain, ('id', '>', position)], order='id', limit=tuning.JOB_BATCH)
            for record in batch:
                # First: one that takes its worker with it must not be met again by the next run.
                position = progress.tochka_position = record.id
                self._commit_progress(0)
                self._tochka_guard(work, record)
                if not self._tochka_time_left(1):
                    self._tochka_go_on(xmlid)
                    return False
            if len(batch) < tuning.JOB_BATCH:
                progress.tochka_position = 0
                self._commit_progress(0)
                return True


class IrCronProgress(models.Model):
    _inherit = 'ir.cron.progress'

    tochka_position = fields.Integer(
        readonly=True, help="The id of the last record of a walk that is not through.")

    def _tochka_last_position(self):
        """ Return where the run before this one has stopped in its walk.

        :return: The id of a record, or 0: it was through, or is too long ago.
        :rtype: int
        """
        last = self.search([
            ('cron_id', '=', self.cron_id.id), ('id', '<', self.id),
        ], order='id desc', limit=1) if self else self
        since = fields.Datetime.now() - timedelta(minutes=tuning.JOB_GOES_ON_MINUTES)
        return last.tochka_position if last and last.write_date > since else 0
