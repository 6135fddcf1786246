# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, models


class TochkaProblem(models.Model):
    """ What can be wrong with a payment. """

    _inherit = 'tochka.problem'

    def _texts_misfit_operation(self, params):
        return (
            _("The bank has answered with another operation."),
            _("The bank answered with the operation %(got)s instead of %(expected)s.",
              got=params.get('got'), expected=params.get('expected')), False,
        )

    def _texts_misfit_order(self, params):
        return (
            _("The bank's operation carries another order number."),
            _("The operation %(operation)s carries the order number %(got)s instead of"
              " %(expected)s.",
              operation=params.get('operation'), got=params.get('got'),
              expected=params.get('expected')), False,
        )

    def _texts_misfit_shop(self, params):
        return (
            _("The bank's operation belongs to another shop."),
            _("The operation %(operation)s belongs to the shop %(got)s instead of %(expected)s.",
              operation=params.get('operation'), got=params.get('got'),
              expected=params.get('expected')), False,
        )

    def _texts_misfit_amount(self, params):
        return (
            _("The bank reports another amount."),
            _("The bank reports %(got)s roubles for the operation %(operation)s instead of"
              " %(expected)s. Nothing was booked.",
              operation=params.get('operation'), got=self._amount(params.get('got')),
              expected=self._amount(params.get('expected'))), False,
        )

    def _texts_late(self, params):
        states = dict(self.env['payment.transaction']._fields['state']._description_selection(
            self.env))
        state = params.get('state')
        return (
            _("A payment came after Odoo had closed it."),
            _("The bank received this payment after Odoo had closed it (%s). It is booked; check"
              " that it was not paid twice.", states.get(state, state)), False,
        )

    def _texts_held(self, params):
        return (
            _("The bank holds the money of this payment."),
            _("The bank holds the money of this payment without taking it, which Odoo never asks"
              " for. Take or release it in the internet bank."), False,
        )

    def _texts_unknown_status(self, params):
        return (
            _("Odoo does not know the bank's status of this payment."),
            _("The bank lists money taken by this operation, whose status (%s) Odoo doesn't know."
              " Nothing is booked. Look at it in the internet bank.", params.get('status')), False,
        )

    def _texts_expired_with_money(self, params):
        return (
            _("The bank calls a payment expired that was taken."),
            _("The bank calls the operation expired, but lists money taken by it. Look at it in"
              " the internet bank."), False,
        )

    def _texts_unreadable_history(self, params):
        return (
            _("A part of the bank's history of this payment can't be read."),
            _("The history of the operation %s at the bank has entries that Odoo can't read."
              " Look at it in the internet bank; nothing is returned by Odoo meanwhile.",
              params.get('operation')), False,
        )

    def _texts_locked_day(self, params):
        return (
            _("The day of this payment is locked in the books."),
            _("The bank took this payment on %(paid)s, a day that is locked in the books. It is"
              " booked on %(booked)s.",
              paid=self._day(params.get('paid')), booked=self._day(params.get('booked'))), False,
        )

    def _texts_overpaid(self, params):
        reason = {
            'deleted': _("The document that was paid does not exist any more."),
            'cancelled': _("The document that was paid has been cancelled."),
            'draft': _("The invoice that was paid is a draft again. When it is posted, the money"
                       " pays it by itself."),
            'quotation': _("The quotation is not confirmed: it was changed, or less was paid than"
                           " it asks for. When it is confirmed, the money waits for its invoice."),
        }.get(params.get('why')) or _("More was paid than was due: a second payment, or a document"
                                      " that was paid by other means meanwhile.")
        return (
            _("Money that pays no document."),
            reason + '\n' + _(
                "%(amount)s roubles of this payment pay nothing and stay as the customer's credit:"
                " use them for another invoice, or return them to the payer by the button Refund of"
                " the payment.", amount=self._amount(params.get('amount'))),
            False,
        )

    def _texts_unbooked(self, params):
        return (
            _("A payment is not in the books any more."),
            _("%(amount)s roubles were taken by the bank, and their payment in Odoo was deleted,"
              " cancelled, reversed or made a draft. Post it again or take the reversal back; or"
              " enter the money by hand and close this with a reason.",
              amount=self._amount(params.get('amount'))), False,
        )

    def _texts_refund_unbooked(self, params):
        return (
            _("A refund is not in the books any more."),
            _("%(amount)s roubles went back to the payer, and their payment in Odoo was deleted,"
              " cancelled, reversed or made a draft. Post it again or take the reversal back; or"
              " enter the money by hand and close this with a reason.",
              amount=self._amount(params.get('amount'))), False,
        )

    def _texts_topup_unsettled(self, params):
        return (
            _("A top-up could not pay the customer's invoices."),
            _("This top-up is booked, but the customer's open invoices could not be paid from it:"
              " %s", self._error(params.get('error'))), False,
        )

    def _texts_unbookable(self, params):
        return (
            _("A payment can't be booked."),
            _("The bank received this payment, but it can't be booked: %s",
              self._error(params.get('error'))), False,
        )

    def _texts_no_email(self, params):
        return (
            _("The e-mail about a payment could not be made."),
            _("The e-mail about this payment could not be made: %s. The payment is booked; check"
              " the mail template.", params.get('error')), False,
        )
