# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

import secrets
from dataclasses import replace
from datetime import timedelta

from odoo import _, api, fields, models

from odoo.addons.payment.logging import get_payment_logger
from odoo.addons.tochka_acquiring import const as acquiring_const
from odoo.addons.tochka_fiscal import const, tuning

_logger = get_payment_logger(__name__, acquiring_const.SENSITIVE_KEYS)


class FiscalReceipt(models.Model):
    """ The queue: every receipt is printed, and none twice.

    A key is committed before it is sent, and a new key is never made before the fate of the old one
    is known. So a lost answer, a killed worker or a repeated job can at worst ask the register
    about a key that it knows.
    """

    _inherit = 'fiscal.receipt'

    # === BUSINESS METHODS - ONE RECEIPT === #

    def _work(self):
        """ Do what is next for the receipt.

        :return: Why the register can't be used now; None if it can, or was not called.
        :rtype: RegisterError|None
        """
        self.ensure_one()
        if not self._lock():
            return None
        if self.state == 'accepted':
            return self._ask_register()
        if self.state not in ('queued', 'sending', 'unknown'):
            return None
        if self.income_id.is_replaced and not self.attempt_ids:
            self._follow_right_income()
            if self.state == 'failed':
                return None
        if self.income_id and self.income_id.state not in const.CLOSABLE_STATES:
            self._wait(_(
                "The receipt of the payment itself is not printed yet: %s.", self.income_id.name))
            return None
        if self.after_id and self.after_id.state != 'done':
            self._wait(_(
                "The wrong receipt is not reversed yet: %s.", self.after_id.name))
            return None
        attempt = self._open_attempt()
        if (self.state != 'queued' or attempt.maybe_taken) and (
            not self.register_id._repeats()
        ):
            attempt.maybe_taken = True
            self._await_result(_(
                "The register's answer was lost, and it is not known to print a number only once:"
                " the receipt is not sent again. Its result is awaited."))
            return None
        if self.state == 'sending':
            attempt.maybe_taken = True  # A worker died over it.
        else:
            self.state = 'sending'
        # If the worker dies from here on, the next one finds `sending` and repeats the same key.
        self.env['ir.cron']._commit_progress(0)
        if not self._lock() or self.state != 'sending':
            return None
        return self._send(attempt)

    def _lock(self):
        """ Lock the row without waiting, and see it as others have left it. :rtype: bool """
        if not self.try_lock_for_update(allow_referencing=True):
            return False
        self.invalidate_recordset()
        return True

    def _open_attempt(self):
        """ Return the attempt whose key is in use; a new one when the last surely failed.

        :rtype: fiscal.attempt
        """
        self.ensure_one()
        last = self.attempt_ids[:1]
        if last and last.outcome != 'failed':
            return last
        uuid = self.env['ir.config_parameter'].sudo().get_param('database.uuid')
        return self.env['fiscal.attempt'].create({
            'receipt_id': self.id,
            'register_id': self.register_id.id,
            # Unique for ever at the register, whatever database asks: one that was restored from a
            # backup gives its rows the same numbers again.
            'key': f'{uuid.replace("-", "")[:12]}-{self.id}-{secrets.token_hex(4)}',
            'reason': last.problem,
        })

    # === BUSINESS METHODS - THE REGISTER'S WORD === #

    def _apply(self, attempt, result):
        """ Write what the register says: the only writer of what became of a receipt.

        A printed receipt stays printed, whatever comes later.

        :param fiscal.attempt attempt: The attempt that it is about.
        :param Result result: The register's word.
        """
        self.ensure_one()
        if result.task and attempt.task != result.task:
            attempt.task = result.task
        last = self.attempt_ids[:1]
        if attempt != last and result.state == 'done' and attempt.outcome != 'done':
            # A person was sure that it had not been printed, and was wrong.
            attempt.outcome = 'done'
            self._ask('receipt_doubled', subject=attempt.key, old=attempt.key, new=last.key)
        if self.state == 'done' or attempt != last:
            return
        if result.state == 'failed':
            problem = self._explain(result)
            attempt.write({'outcome': 'failed', 'problem': problem})
            if result.again and len(self.attempt_ids) < tuning.MAX_EXPIRED:
                self.state = 'queued'
                self._wait(problem)
            else:
                self._fail(_("The register did not print it: %s", problem))
            return
        if result.state != 'done':
            values = {'state': 'accepted'}
            if self.state != 'accepted':
                values['tries'] = 0
            self.write(values)
            self._wait(False)
            return
        attempt.outcome = 'done'
        self.write({
            'state': 'done', 'problem': False, 'next_try_at': False, 'receipt_url': result.url,
            **self._proof(result.fiscal),
        })
        self._tell_documents()
        self._wake_followers()
        if not result.fiscal:
            self._message_log(body=_(
                "The register has printed it, and does not give its numbers: they stand in its"
                " cabinet."))
        elif self._is_printed_as_asked(result.fiscal):
            self._confirm()

    def _wake_followers(self):
        """ Let what has waited for this receipt go at once: returns of it, and the right one. """
        waiting = self.search([
            ('state', '=', 'queued'), '|', ('income_id', '=', self.id), ('after_id', '=', self.id)])
        if waiting:
            waiting.try_lock_for_update(allow_referencing=True).next_try_at = fields.Datetime.now()
            self._trigger()

    def _proof(self, fiscal):
        """ Return what proves that the receipt is printed.

        :param FiscalData|None fiscal: What the register has told.
        :rtype: dict
        """
        if not fiscal:
            return {}
        if not fiscal.kind:
            fiscal = replace(fiscal, kind=const.KINDS[self.kind])
        return {
            'storage_number': fiscal.storage,
            'document_number': fiscal.document,
            'fiscal_sign': fiscal.sign,
            'shift_number': fiscal.shift,
            'shift_receipt_number': fiscal.number,
            'register_number': fiscal.register,
            'printed_at': f'{fiscal.moment:%d.%m.%Y %H:%M}',
            'printed_on': fiscal.moment.date(),
            'qr': fiscal.qr,
        }

    def _wait(self, problem):
        """ Plan the next try, at growing delays that never end.

        :param str|bool problem: Why it has to wait.
        """
        self.ensure_one()
        delays = tuning.RETRY_SECONDS
        self.write({
            'tries': self.tries + 1,
            'next_try_at': fields.Datetime.now() + timedelta(
                seconds=delays[min(self.tries, len(delays) - 1)]),
            'problem': problem,
        })

    # === BUSINESS METHODS - CALLBACKS === #

    @api.model
    def _take_callback(self, register, key, result):
        """ Take the result that a register has sent.

        :param fiscal.register register: The register at whose door it was.
        :param str key: The number under which the receipt was printed.
        :param Result|None result: The register's word; None when nothing proves that it is.
        :return: Whether it could be written now.
        :rtype: bool
        """
        attempt = self.env['fiscal.attempt'].search([
            ('key', '=', key), ('register_id', '=', register.id)])
        receipt = self.env['tochka.problem']._for_reader(attempt.receipt_id)
        if not receipt:
            _logger.info("A register tells of a receipt that is not ours")
            return True
        if not receipt._lock():
            return False
        if result is None:
            # Whoever has sent it, the register itself knows.
            if receipt.state in ('accepted', 'unknown'):
                receipt.next_try_at = fields.Datetime.now()
                self._trigger()
            return True
        if result.state == 'accepted':
            # Final without the proof: it is asked for at once.
            if result.task:
                attempt.task = result.task
            if receipt.state in ('accepted', 'unknown', 'sending'):
                receipt.write({'state': 'accepted', 'next_try_at': fields.Datetime.now()})
                self._trigger()
            return True
        receipt._apply(attempt, result)
        return True
