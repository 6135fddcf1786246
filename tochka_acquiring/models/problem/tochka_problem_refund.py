# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, models


class TochkaProblem(models.Model):
    """ What can be wrong with a refund. """

    _inherit = 'tochka.problem'

    def _texts_refund_overdue(self, params):
        return (
            _("The bank does not list a refund that it has taken."),
            _("The bank took the refund %(refund)s of %(amount)s roubles and does not list it. Ask"
              " the bank.", refund=params.get('refund'), amount=self._amount(params.get('amount'))),
            False,
        )

    def _texts_refund_unknown(self, params):
        return (
            _("It is not known whether a refund was done."),
            _("It is not known whether the bank has done the refund %(refund)s of %(amount)s"
              " roubles: its answer was lost, and the history of the operation does not list it."
              " Look into the internet bank. If it is not there, open the refund and press \"Send"
              " again\" or \"Give up\"; if it is, Odoo finds it by itself.",
              refund=params.get('refund'), amount=self._amount(params.get('amount'))),
            False,
        )

    def _texts_refund_rejected(self, params):
        return (
            _("The bank did not return the money."),
            _("The bank did not return %(amount)s roubles (%(refund)s): %(reason)s\nReturn the"
              " money in the internet bank: Internet acquiring, the operation %(operation)s,"
              " Return. Odoo finds the return in the night and books it; to have it in the books at"
              " once, press \"Record a return\" in the payment.",
              amount=self._amount(params.get('amount')), refund=params.get('refund'),
              reason=self._error(params.get('error')), operation=params.get('operation')),
            False,
        )

    def _texts_refund_unlisted(self, params):
        return (
            _("The bank does not list a return that was recorded by hand."),
            _("The return %(refund)s of %(amount)s roubles was recorded by hand, and the bank does"
              " not list it. Look at the operation in the internet bank.",
              refund=params.get('refund'), amount=self._amount(params.get('amount'))),
            False,
        )

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

    def _texts_refund_vanished(self, params):
        return (
            _("The bank no longer lists a refund that is booked."),
            _("The bank no longer lists the refund %s, which is booked. Look at the operation in"
              " the internet bank.", params.get('refund')),
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
