# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, models


class TochkaProblem(models.Model):
    """ Refunds that need a person: of a `tochka.refund`, or of the payment whose history nobody
    understands.
    """

    _inherit = 'tochka.problem'

    def _texts_refund_rejected(self, params):
        refund = self._record()
        return (
            _("The bank did not return %(amount)s roubles (%(refund)s): %(reason)s",
              amount=self._amount(refund.amount), refund=refund.name, reason=refund.error),
            _("Return the money in the internet bank: Internet acquiring, the operation"
              " %(operation)s, Return. Odoo finds the return in the night and books it; to have it"
              " in the books at once, press \"Record a return\" in the payment.",
              operation=refund.sudo().source_transaction_id.tochka_operation_id),
            False,
        )

    def _texts_refund_unknown(self, params):
        refund = self._record()
        if params.get('taken_at'):
            title = _("The bank took the refund %(refund)s of %(amount)s roubles on %(moment)s and"
                      " does not list it.",
                      refund=refund.name, amount=self._amount(refund.amount),
                      moment=self._moment(params['taken_at']))
        else:
            title = _("It is not known whether the bank has done the refund %(refund)s of"
                      " %(amount)s roubles: its answer was lost, and the history of the operation"
                      " does not list it.",
                      refund=refund.name, amount=self._amount(refund.amount))
        return (
            title,
            _("Look into the internet bank, or ask the bank. If the return is not there, open the"
              " refund and press \"Send again\" or \"Give up\"; if it is, Odoo finds it by itself."),
            False,
        )

    def _texts_refund_by_hand(self, params):
        refund = self._record()
        return (
            _("The return %(refund)s of %(amount)s roubles was recorded by hand, and the bank does"
              " not list it.", refund=refund.name, amount=self._amount(refund.amount)),
            _("Look at the operation in the internet bank."), False,
        )

    def _texts_refund_missing(self, params):
        return (
            _("The bank no longer lists the refund %s, which is booked.", self._record().name),
            _("Look at the operation in the internet bank."), False,
        )

    def _texts_refund_excess(self, params):
        return (
            _("The bank lists a return of %(amount)s roubles, and only %(left)s are left of the"
              " payment. It is not booked.",
              amount=self._amount(params.get('amount')), left=self._amount(params.get('left'))),
            _("Look at the operation in the internet bank."), False,
        )

    def _texts_refund_no_entry(self, params):
        return (
            _("The bank calls the payment returned (%s) and lists no return.",
              params.get('status')),
            _("Look at the operation in the internet bank."), False,
        )

    def _texts_refund_sum(self, params):
        return (
            _("The bank lists returns of %(listed)s roubles, and %(booked)s are booked: it lists"
              " one twice, or there is one more.",
              listed=self._amount(params.get('listed')), booked=self._amount(params.get('booked'))),
            _("Look at the operation in the internet bank."), False,
        )
