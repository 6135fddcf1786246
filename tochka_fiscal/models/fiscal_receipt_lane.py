# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import time
from collections import defaultdict, deque

import psycopg2

from odoo import _, api, fields, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const as acquiring_const
from odoo.addons.tochka_fiscal import const

_logger = get_payment_logger(__name__, acquiring_const.SENSITIVE_KEYS)


class FiscalReceipt(models.Model):
    """ The jobs: which receipt is worked on, when. """

    _inherit = 'fiscal.receipt'

    # === BUSINESS METHODS === #

    @api.model
    def _fiscal_trigger(self):
        """ Let the lanes look as soon as this is committed. """
        for lane in range(const.LANES):
            self.env.ref(f'tochka_fiscal.cron_lane_{lane}').sudo()._trigger()

    @api.model
    def _fiscal_wake(self, register):
        """ Let the receipts of a register that is well again go at once, in their order.

        :param fiscal.register register: The register.
        """
        waiting = self.search([
            ('register_id', '=', register.id), ('state', 'in', ('queued', 'unknown')),
        ])
        waiting.try_lock_for_update(allow_referencing=True).write(
            {'next_try_at': fields.Datetime.now(), 'tries': 0})
        self._fiscal_trigger()

    @api.model
    def _cron_fiscal_lane(self, lane):
        """ Send and ask about the receipts of one lane, register by register in turn.

        The lanes are alike: each takes every so-many-th receipt, so that one slow register holds up
        its own receipts in one lane and nobody else's in the others. Of a register that has a pace
        all receipts are in one lane.

        :param int lane: The number of the lane.
        """
        queues = self._fiscal_due(lane)
        remaining = sum(map(len, queues.values()))
        ready = dict.fromkeys(queues, time.monotonic())  # when each register may be called again
        while queues:
            register = min(queues, key=ready.get)
            receipt = queues[register].popleft()
            time.sleep(max(0.0, ready[register] - time.monotonic()))
            changed, time_left = self._fiscal_work_in_lane(receipt, remaining)
            ready[register] = time.monotonic() + register._fiscal_pace()
            remaining -= 1
            if changed or not queues[register]:
                # It has just fallen silent, or is well again: the next run looks anew.
                remaining -= len(queues.pop(register))
            if not time_left:
                break
        # The next run, maybe in another worker, knows nothing of this one's last call.
        time.sleep(max(0.0, max(ready.values(), default=0.0) - time.monotonic()))

    @api.model
    def _fiscal_due(self, lane):
        """ Return what a lane has to do now.

        :param int lane: The number of the lane.
        :return: The receipts by their register, oldest first; those that are only asked about come
                 last, so that asking never holds up sending.
        :rtype: dict[fiscal.register, deque[fiscal.receipt]]
        """
        now = fields.Datetime.now()
        due = self.search([
            ('next_try_at', '<=', now),
            ('state', 'in', ('queued', 'sending', 'unknown', 'accepted')),
            '|', ('register_id.silent_until', '=', False), ('register_id.silent_until', '<=', now),
        ], order='id').filtered(lambda receipt: lane == (
            receipt.register_id if receipt.register_id._fiscal_pace() else receipt
        ).id % const.LANES).sorted(lambda receipt: (receipt.state == 'accepted', receipt.id))
        queues = defaultdict(deque)
        for receipt in due:
            queues[receipt.register_id].append(receipt)
        return queues

    def _fiscal_work_in_lane(self, receipt, remaining):
        """ Work on a receipt, and commit.

        :param fiscal.receipt receipt: The receipt.
        :param int remaining: How many are left, this one included.
        :return: Whether other receipts of its register are next now; the time the job has left.
        :rtype: tuple[bool, float]
        """
        register, cron = receipt.register_id, self.env['ir.cron']
        changed = False
        try:
            cron._commit_progress(0, remaining=remaining)
            silence = receipt._fiscal_work()
            changed = bool(silence)
            cron._commit_progress(0)
            changed = register._fiscal_note_answer(silence)
        except psycopg2.OperationalError:
            self.env.cr.rollback()  # A callback has brought the result meanwhile.
        except Exception:
            # One receipt must not keep the others waiting. Its key stays what it is.
            _logger.exception("Receipt %s can't be worked on", receipt.id)
            self.env.cr.rollback()
            if receipt.try_lock_for_update(allow_referencing=True):
                receipt._fiscal_wait(_("An internal error; the server's log says more."))
        return changed, cron._commit_progress(1)

    @api.model
    def _cron_fiscal_overdue(self):
        """ Ask a person about each receipt that is not printed an hour after the money. """
        for receipt in self.search([
            ('state', 'in', [state for state in const.UNPRINTED_STATES if state != 'failed']),
            ('paid_at', '<', self._fiscal_overdue_limit()),
        ]):
            receipt._fiscal_ask(
                _("Fiscal receipt overdue: %s", receipt.name),
                receipt.problem or _("The register has not printed it yet."))
