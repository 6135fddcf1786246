# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from datetime import timedelta

from odoo import _, fields, models

from odoo.addons.tochka_fiscal import const, tuning
from odoo.addons.tochka_fiscal.receipt import ReceiptError
from odoo.addons.tochka_fiscal.registers import base


class FiscalReceipt(models.Model):
    """ One call to the register, under the lock of the row, and what is next after it. """

    _inherit = 'fiscal.receipt'

    # === BUSINESS METHODS - CALLS === #

    def _send(self, attempt):
        """ Let the register print, under the lock of the row.

        :param fiscal.attempt attempt: The attempt, committed.
        :return: Why the register can't be used now; None if it can.
        :rtype: RegisterError|None
        """
        register = self.register_id
        attempt.write({'tries': attempt.tries + 1, 'account': register._account()})
        self.called_at = fields.Datetime.now()
        call = 'sending' if self.state == 'sending' else 'repeated'
        try:
            client = register._client()
            if call == 'repeated' and client.asks_by_key:
                call = 'forgotten'
            answer = client.register(self._neutral(attempt.key), register.callback_url or '')
        except (base.RegisterError, ReceiptError) as error:
            answer = error
            if isinstance(error, base.Duplicate) and (error.task or client.asks_by_key):
                # It was taken when its answer was lost.
                answer = base.Result(state='accepted', task=error.task)
        return self._go_on(call, attempt, answer)

    def _ask_register(self):
        """ Ask the register how far the receipt has come.

        :return: Why the register can't be used now; None if it can.
        :rtype: RegisterError|None
        """
        attempt = self.attempt_ids[:1]
        register = self.register_id
        self.called_at = fields.Datetime.now()
        try:
            client = register._client()
            if attempt.task or client.asks_by_key:
                answer = client.status(attempt.key, attempt.task or '')
            elif client.names_duplicates and register._repeats():
                return self._send(attempt)
            else:
                return self._ask_for_fate(attempt)
        except base.RegisterError as error:
            answer = error
        return self._go_on('accepted', attempt, answer)

    def _go_on(self, call, attempt, answer):
        """ Do what `const.NEXT_STEPS` says is next.

        :param str call: Which call it was.
        :param fiscal.attempt attempt: The attempt.
        :param Result|RegisterError|ReceiptError answer: What the call has ended as.
        :return: Why the register can't be used now; None if it can.
        :rtype: RegisterError|None
        :raise RegisterError: If such a call never ends so.
        """
        for cls in type(answer).__mro__:
            for calls, maybe_taken, answers, step in const.NEXT_STEPS:
                if call in calls and cls.__name__ in answers and (
                    maybe_taken in (None, attempt.maybe_taken)
                ):
                    return getattr(self, step)(attempt, answer)
        raise answer

    # === BUSINESS METHODS - WHAT IS NEXT === #

    def _stop(self, attempt, error):
        """ It surely was not printed: ask a person. """
        attempt.write({'outcome': 'failed', 'problem': self._explain(error)})
        self._fail(error)

    def _queue_again(self, attempt, error):
        """ It surely was not taken. """
        self.state = 'queued'
        return self._stay(attempt, error)

    def _stay(self, _attempt, error):
        """ The register can't be used: it is not this receipt's fault, which stays due, unless the
        answer is about it alone.
        """
        if isinstance(error, base.Unauthorized):
            self.register_id._report_problem(error)
        self.problem = self._explain(error)
        if not error.alone:
            return error
        return self._wait(self.problem)

    def _repeat(self, attempt, error):
        """ Maybe it was taken: send the same key later. """
        attempt.maybe_taken = True
        self.state = 'unknown'
        self._wait(self._explain(error))
        # Where nothing is repeated, each one that goes now may end with a person: none goes.
        return None if error.alone and self.register_id._repeats() else error

    def _repeat_now(self, attempt, _error):
        """ It was lost on its way: send the same key. """
        return self._send(attempt)

    def _ask_later(self, _attempt, error):
        """ Ask again, whatever was answered. """
        self._wait(self._explain(error))

    def _ask_when_well(self, attempt, error):
        """ Ask again when the register can be used. """
        self._ask_later(attempt, error)
        return None if error.alone else error

    def _await_taken(self, _attempt, _error):
        self._await_result(_("The register has it already; its result is awaited."))

    def _await_lost(self, _attempt, error):
        self._await_result(_(
            "An earlier answer was lost, and the register refuses the repetition: %s. Its result is"
            " awaited.", self._explain(error)))

    def _await_result(self, problem):
        """ Wait for the register's callback, then ask a person: this register can't be asked by our
        own number.

        :param str problem: What is known.
        """
        self.write({
            'state': 'accepted', 'tries': 0, 'problem': problem,
            'next_try_at': fields.Datetime.now() + timedelta(minutes=tuning.CALLBACK_MINUTES),
        })

    def _ask_for_fate(self, attempt, _error=None):
        """ Ask a person what became of a key that the register can't be asked about. """
        self.next_try_at = False
        self._ask('receipt_fate', key=attempt.key)
