# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, models


class TochkaProblem(models.Model):
    """ What can be wrong with a refund (a `tochka.refund`), or with the history of a payment. """

    _inherit = 'tochka.problem'

    # === OF A REFUND === #

    def _texts_refund_rejected(self, params):
        refund = self._record_as('tochka.refund')
        return (
            _("The bank did not return the money."),
            _("The bank did not return %(amount)s roubles (%(refund)s): %(reason)s\nReturn the"
              " money in the internet bank: Internet acquiring, the operation %(operation)s,"
              " Return. Odoo finds the return in the night and books it; to have it in the books at"
              " once, press \"Record a return\" in the payment.",
              amount=self._amount(refund.amount), refund=refund.name, reason=refund.error,
              operation=refund.sudo().source_transaction_id.tochka_operation_id),
            False,
        )

    def _texts_refund_unknown(self, params):
        refund = self._record_as('tochka.refund')
        values = {'refund': refund.name, 'amount': self._amount(refund.amount),
                  'moment': self._moment(params.get('taken_at'))}
        if params.get('taken_at'):
            what = _("The bank took the refund %(refund)s of %(amount)s roubles on %(moment)s and"
                     " does not list it.", **values)
        else:
            what = _("It is not known whether the bank has done the refund %(refund)s of"
                     " %(amount)s roubles: its answer was lost, and the history of the operation"
                     " does not list it.", **values)
        return (
            _("It is not known whether a refund was done."),
            what + ' ' + _(
                "Look into the internet bank, or ask the bank. If it is not there, open the refund"
                " and press \"Send again\" or \"Give up\"; if it is, Odoo finds it by itself."),
            False,
        )

    def _texts_refund_waits(self, params):
        refund = self._record_as('tochka.refund')
        return (
            _("A refund has been waiting for a day."),
            _("The refund %(refund)s of %(amount)s roubles can't be sent, nor looked up: the bank"
              " is not connected, does not answer, or its answer does not fit the payment. Look at"
              " the connection and at the payment; or give the refund up and return the money in"
              " the internet bank.", refund=refund.name, amount=self._amount(refund.amount)),
            False,
        )

    def _texts_refund_unlisted(self, params):
        refund = self._record_as('tochka.refund')
        return (
            _("The bank does not list a return that was recorded by hand."),
            _("The return %(refund)s of %(amount)s roubles was recorded by hand, and the bank does"
              " not list it. Look at the operation in the internet bank.",
              refund=refund.name, amount=self._amount(refund.amount)),
            False,
        )

    def _texts_refund_vanished(self, params):
        return (
            _("The bank no longer lists a refund that is booked."),
            _("The bank no longer lists the refund %s, which is booked. Look at the operation in"
              " the internet bank.", self._record_as('tochka.refund').name),
            False,
        )

    # === OF A PAYMENT, see `_tochka_apply_refunds` === #

    def _texts_refund_too_much(self, params):
        return (
            _("The bank lists more returns than there was money."),
            _("The bank lists a return of %(amount)s roubles, and only %(left)s are left of the"
              " payment. It is not booked. Look at the operation in the internet bank.",
              amount=self._amount(params.get('amount')), left=self._amount(params.get('left'))),
            False,
        )

    def _texts_refund_unnamed(self, params):
        return (
            _("The bank calls a payment returned and lists no return."),
            _("The bank calls the payment returned (%s) and lists no return. Look at the operation"
              " in the internet bank.", params.get('status')),
            False,
        )

    def _texts_refund_sum(self, params):
        return (
            _("The bank's returns of a payment are not those that are booked."),
            _("The bank lists returns of %(listed)s roubles, and %(booked)s are booked: it lists"
              " one twice, or there is one more. Look at the operation in the internet bank.",
              listed=self._amount(params.get('listed')), booked=self._amount(params.get('booked'))),
            False,
        )
