# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import time
from collections import deque

import psycopg2

from odoo import _, api, fields, models
from odoo.tools import SQL

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const as acquiring_const
from odoo.addons.tochka_fiscal import const, tuning

_logger = get_payment_logger(__name__, acquiring_const.SENSITIVE_KEYS)


class FiscalReceipt(models.Model):
    """ The jobs: which receipt is worked on, when. """

    _inherit = 'fiscal.receipt'

    # === BUSINESS METHODS === #

    @api.model
    def _trigger(self):
        """ Let the lanes look as soon as this is committed. """
        self.env['ir.cron']._tochka_wake(
            *(f'tochka_fiscal.cron_lane_{lane}' for lane in range(tuning.LANES)))

    @api.model
    def _wake(self, register, domain=()):
        """ Let the receipts of a register that is well again go at once, in their order.

        :param fiscal.register register: The register.
        :param list domain: Which of them.
        """
        waiting = self.search([
            ('register_id', '=', register.id), ('state', 'in', ('queued', 'unknown')), *domain,
        ])
        waiting.try_lock_for_update(allow_referencing=True).next_try_at = fields.Datetime.now()
        self._trigger()

    @api.model
    def _cron_fiscal_lane(self, lane):
        """ Send and ask about the receipts of one lane, register by register in turn.

        The lanes are alike: each takes every so-many-th receipt, so that one slow register holds up
        its own receipts in one lane and nobody else's in the others. Of a register that has a pace,
        or is silent, all receipts are in one lane.

        It looks once, and works through what it has found until its time is over.

        :param int lane: The number of the lane.
        """
        cron = self.env['ir.cron']
        queues = self._due(lane)
        is_cut = any(len(queue) == tuning.LANE_BATCH for queue in queues.values())
        paces = {register: register._pace() for register in queues}
        ready = dict.fromkeys(queues, time.monotonic())  # when each register may be called again
        time_left = cron._tochka_time_left()
        while queues:
            register = min(queues, key=ready.get)
            pause = max(0.0, ready[register] - time.monotonic())
            if pause and pause >= time_left:
                break
            time.sleep(pause)
            changed, time_left = self._work_in_lane(queues[register].popleft())
            ready[register] = time.monotonic() + paces[register]
            if changed or not queues[register]:
                # It has just fallen silent, or is well again: the next run looks anew.
                del queues[register]
            if not time_left:
                break
        if queues or is_cut:
            cron._tochka_go_on(f'tochka_fiscal.cron_lane_{lane}')
        # The next run, maybe in another worker, knows nothing of this one's last call.
        time.sleep(max(0.0, max(ready.values(), default=0.0) - time.monotonic()))

    @api.model
    def _due(self, lane):
        """ Return what a lane has to do now.

        :param int lane: The number of the lane.
        :return: The receipts by their register, oldest first, at most `LANE_BATCH`. Those that are
                 only asked about come last, so that asking never holds up sending, and after the
                 others those that were often in vain. A register that is silent is tried by each in
                 turn: one that it can't stomach must not be the only one that ever goes.
        :rtype: dict[fiscal.register, deque[fiscal.receipt]]
        """
        now = fields.Datetime.now()
        queues = {}
        for register in self.env['fiscal.register'].with_context(active_test=False).search([
            '|', ('silent_until', '=', False), ('silent_until', '<=', now),
        ]):
            query = self._search([
                ('register_id', '=', register.id),
                ('next_try_at', '<=', now),
                ('state', 'in', const.WAITING_STATES),
            ], limit=tuning.LANE_BATCH)
            turn = SQL("fiscal_receipt.called_at NULLS FIRST") if register.silent_since else SQL(
                "COALESCE(fiscal_receipt.tries, 0) > %s", tuning.WAKE_TRIES)
            query.order = SQL(
                "fiscal_receipt.state = 'accepted', %s, fiscal_receipt.id", turn)
            if not register._pace() and not register.silent_since:
                query.add_where(SQL("fiscal_receipt.id %% %s = %s", tuning.LANES, lane))
            elif register.id % tuning.LANES != lane:
                continue
            # Each by itself: Odoo forgets at each commit, and would read them all again each time.
            if receipts := [self.browse(number) for number in query.get_result_ids()]:
                queues[register] = deque(receipts)
        return queues

    def _work_in_lane(self, receipt):
        """ Work on a receipt, and commit.

        :param fiscal.receipt receipt: The receipt.
        :return: Whether other receipts of its register are next now; the time the job has left.
        :rtype: tuple[bool, float]
        """
        cron = self.env['ir.cron']
        changed = False
        receipt = self.env['tochka.problem']._for_reader(receipt)
        try:
            silence = receipt._work()
            changed = bool(silence)
            if silence and not receipt.register_id.silent_since:
                receipt._wait_after_silence()
            cron._commit_progress(0)
            changed = receipt.register_id._note_answer(silence)
            self.env.flush_all()
        except psycopg2.OperationalError:
            self.env.cr.rollback()  # A callback has brought the result meanwhile.
        except Exception:
            # One receipt must not keep the others waiting. Its key stays what it is.
            _logger.exception("Receipt %s can't be worked on", receipt.id)
            self.env.cr.rollback()
            cron._tochka_guard(lambda one: one._wait_after_error(), receipt)
        return changed, cron._tochka_time_left(1)

    def _wait_after_silence(self):
        """ The register has fallen silent over this receipt: maybe it is the reason. """
        if self.next_try_at and self.next_try_at <= fields.Datetime.now():
            self._wait(self.problem)

    def _wait_after_error(self):
        """ Plan the next try of a receipt that breaks. """
        if self.try_lock_for_update(allow_referencing=True):
            self._wait(_("An internal error; the server's log says more."))

    @api.model
    def _cron_fiscal_overdue(self):
        """ Ask a person about each receipt that is not printed an hour after the money. """
        self.env['ir.cron']._tochka_walk('tochka_fiscal.cron_overdue', self, [
            ('state', 'in', const.WAITING_STATES),
            ('paid_at', '<', self._overdue_limit()),
        ], lambda receipt: receipt._ask('receipt_overdue'))
