# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, fields, models

from odoo.addons.tochka_acquiring import const


class PaymentTransaction(models.Model):
    """ The bank's history of an operation becomes refunds here, and nowhere else.

    It does not matter who began a refund: Odoo, the internet bank, or a person who has recorded
    one by hand.
    """

    _inherit = 'payment.transaction'

    # === BUSINESS METHODS - THE ONLY WRITER === #

    def _tochka_apply_refunds(self, operation):
        """ Bring the refunds of this payment in line with the history, under its lock.

        :param Operation operation: The operation as just read.
        :return: Codes of problems that there are no more.
        :rtype: list[str]
        """
        self.ensure_one()
        problems = {}
        new, renamed, missing = self._tochka_compare_refunds(operation)
        for refund, order in renamed:
            refund._message_log(body=f'{refund.order_id} → {order.order_id}')
            refund.order_id = order.order_id
        self._tochka_mark_missing(missing)
        left = self._tochka_amount() - sum(
            refund._roubles() for refund in self._tochka_listed_refunds())
        # While one that is booked is missing, a new one may be the same under another name.
        for order in [] if missing else new:
            if order.amount > left:
                problems['refund_too_much'] = {'amount': order.amount, 'left': left}
                break
            (self._tochka_match_refund(order) or self._tochka_create_bank_refund(order))._confirm(
                order)
            left -= order.amount
        booked = self._tochka_amount() - left
        if operation.status in ('REFUNDED', 'REFUNDED_PARTIALLY') and not operation.refunds:
            problems['refund_unnamed'] = {'status': operation.status}
        if not problems and not operation.unread and operation.refunded != booked and (
            # That one is missing is told of by itself, until a person has closed it.
            not missing or new and not self.env['tochka.problem']._stands(
                missing, 'refund_vanished')
        ):
            problems['refund_sum'] = {'listed': operation.refunded, 'booked': booked}
        for code, params in problems.items():
            self._tochka_flag(code, **params)
        return [code for code in const.REFUND_PROBLEMS if code not in problems]

    def _tochka_listed_refunds(self):
        """ Return what the history has listed, the oldest first. :rtype: tochka.refund """
        return self.tochka_refund_ids.filtered(lambda refund: refund.state == 'done').sorted('id')

    def _tochka_compare_refunds(self, operation):
        """ Compare the history with the refunds that it has listed before. Entries are counted: an
        id may be missing, change, or belong to two.

        :param Operation operation: The operation as just read.
        :return: Entries that are not known; refunds with the entry that they are listed as under
                 another id; refunds that are listed no more.
        :rtype: tuple[list[Order], list[tuple], tochka.refund]
        """
        new, missing, renamed = list(operation.refunds), self.env['tochka.refund'], []
        for refund in self._tochka_listed_refunds():
            entry = next((order for order in new if order.amount == refund._roubles()
                          and order.order_id == (refund.order_id or None)), None)
            if entry:
                new.remove(entry)
            else:
                missing |= refund
        for refund in missing:
            entry = next((order for order in new if order.amount == refund._roubles()), None)
            if entry:
                new.remove(entry)
                missing -= refund
                if entry.order_id:
                    renamed.append((refund, entry))
        return new, renamed, missing

    def _tochka_mark_missing(self, missing):
        """ Ask a person about refunds that are booked and that the bank no longer lists. """
        for refund in self.tochka_refund_ids.filtered('is_missing') | missing:
            if refund.is_missing != (refund in missing):
                refund.is_missing = refund in missing
                refund.next_at = refund.is_missing and fields.Datetime.add(
                    fields.Datetime.now(), seconds=const.UNLISTED_REFUND_SECONDS)
            if refund.is_missing:
                self.env['tochka.problem']._open(refund, 'refund_vanished')
            else:
                self.env['tochka.problem']._close(refund, ['refund_vanished'])

    def _tochka_match_refund(self, order):
        """ Return the refund of ours that an entry of the history is.

        The one that is with the bank first, then one that was recorded by hand, then one that was
        refused: the bank may have done it after all, or a person in the internet bank. What was
        given up comes last: of two of the same amount the one that waits must not be sent as well.

        :param Order order: The entry.
        :rtype: tochka.refund
        """
        for states in (const.REFUND_WITH_BANK, ('by_hand',), ('rejected',), ('requested',),
                       ('cancelled',)):
            for refund in self.tochka_refund_ids.sorted('id'):
                if refund.state in states and refund._roubles() == order.amount:
                    return refund
        return self.env['tochka.refund']

    def _tochka_create_bank_refund(self, order):
        """ Create the refund that was begun in the internet bank. :rtype: tochka.refund """
        refund = self.env['tochka.refund']._create_for(self, float(order.amount), state='done')
        self = self.with_context(lang=refund._responsible().lang)  # noqa: PLW0642
        self._tochka_log_for_accountants(_(
            "%(amount)s roubles of the payment %(reference)s were returned in the internet bank:"
            " %(refund)s.", amount=order.amount, reference=self.reference, refund=refund.name))
        return refund
