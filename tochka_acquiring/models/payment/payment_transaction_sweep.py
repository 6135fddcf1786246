# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

import psycopg2

from odoo import api, fields, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const
from odoo.addons.tochka_acquiring.api import errors

_logger = get_payment_logger(__name__, const.SENSITIVE_KEYS)


class PaymentTransaction(models.Model):
    """ The jobs that compare with the bank's list: what nobody has told of, and refunds that were
    made in the internet bank, however old the payment is.
    """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - JOBS === #

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
        for entity in self.env['tochka.legal.entity']._due_for_sweep(kind):
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
