# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import api, fields, models
from odoo.tools import SQL


class IrCron(models.Model):
    _inherit = 'ir.cron'

    @api.model
    def _tochka_wake(self, xmlid):
        """ Let a job run as soon as this is committed, and tell its workers only once.

        Like `_trigger`, for what happens many times a second: that tells the workers each time,
        through a new connection to another database, which costs more than all the rest.

        The row is always written, so that a job that is just ending and has not seen what was
        committed meanwhile runs once more. The workers are told unless somebody has told them
        since the job has last begun. A job deletes its rows when it begins and commits that when it
        ends; until then the rows are still seen, and `xmax` tells that they are being deleted.

        :param str xmlid: The job, with the name of its module.
        :return: None
        """
        now = fields.Datetime.now()
        self.env.cr.execute(SQL(
            """
            INSERT INTO ir_cron_trigger (cron_id, call_at, create_date, write_date)
                 SELECT id, %(now)s, %(now)s, %(now)s
                   FROM ir_cron
                  WHERE id = %(cron)s AND active
              RETURNING EXISTS (SELECT FROM ir_cron_trigger
                                 WHERE cron_id = %(cron)s AND call_at <= %(now)s AND xmax = 0)
            """,
            cron=self.env['ir.model.data']._xmlid_to_res_id(xmlid, raise_if_not_found=True),
            now=now,
        ))
        written = self.env.cr.fetchone()
        if written and not written[0]:
            self.env.cr.postcommit.add(self.env['ir.cron']._notifydb)
