# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, models


class TochkaProblem(models.Model):
    """ What can be wrong with receipts and registers. """

    _inherit = 'tochka.problem'

    def _action_labels(self):
        """ Override of `tochka_acquiring`. """
        return {
            **super()._action_labels(),
            'action_check': _("Check now"),
            'action_resolve': _("What became of it?"),
            'action_correct': _("Put the receipt right"),
            'action_fiscal_change': _("Change from a day"),
            'action_fiscal_taxes': _("Open these taxes"),
        }

    def _fiscal_error(self, error):
        """ Return what has gone wrong in the reader's language: the sentence is of this add-on.

        :param dict|str|None error: An exception as `_open` keeps it, or words.
        :rtype: str
        """
        if not isinstance(error, dict):
            return error or ''
        text = error.get('text') or ''
        return (self.env._(text) if text else '') + (error.get('more') or '')

    # === PAYMENT === #

    def _texts_unprinted(self, params):
        return (
            _("The bank prints no receipt of this payment."),
            _("The link of this payment was made before the bank's register was chosen, so that"
              " the bank prints no receipt. Print one by hand."), False,
        )

    # === REGISTER === #

    def _texts_register_refused(self, params):
        return (
            _("A fiscal register can't be used."),
            _("%s\nReceipts wait in Odoo until it is mended: check the register.",
              self._fiscal_error(params.get('error'))), 'action_check',
        )

    def _texts_register_silent(self, params):
        return (
            _("A fiscal register was not reached at the last check."),
            self._fiscal_error(params.get('error')), 'action_check',
        )

    def _texts_register_certificate(self, params):
        return (
            _("The certificate of a fiscal register ends on %s.", self._day(params.get('at'))),
            _("From then on no receipt is printed. Get a new certificate in the cabinet of the"
              " service, and upload it in the form of the register."), False,
        )

    # === RECEIPT === #

    def _texts_receipt_failed(self, params):
        return (
            _("A fiscal receipt is not printed."), self._fiscal_error(params.get('error')),
            'action_retry',
        )

    def _texts_receipt_overdue(self, params):
        receipt = self._record()
        words = receipt.problem if receipt._name == 'fiscal.receipt' else ''
        return (
            _("A fiscal receipt is overdue."),
            words or _("The register has not printed it yet."), False,
        )

    def _texts_receipt_fate(self, params):
        return (
            _("It is not known whether a fiscal receipt was printed."),
            _("The register has taken it under the number %s and has not told what became of it."
              " Look it up in the cabinet of the service, and enter here what you find.",
              params.get('key')), 'action_resolve',
        )

    def _texts_receipt_doubled(self, params):
        return (
            _("Two fiscal receipts of one settlement were printed."),
            _("The register has printed %(old)s after all, and %(new)s was made in its place."
              " Print a return of one of them.", old=params.get('old'), new=params.get('new')),
            False,
        )

    def _texts_receipt_email(self, params):
        return (
            _("The e-mail about a fiscal receipt could not be made."),
            _("The e-mail to the buyer could not be made: %s. The receipt itself is all right;"
              " check the mail template.", params.get('error')), False,
        )

    def _texts_receipt_return(self, params):
        return (
            _("Look for the fiscal receipt of a return."),
            _("The receipt of this payment was left to the bank's register, and nobody documents"
              " whether it prints one of the return by itself. Look into the cabinet of the"
              " register for a return of %(total)s roubles to %(contact)s. If it is there, enter"
              " its numbers here: \"What became of it?\". If it is not, print it by hand and enter"
              " its numbers.",
              total=self._amount(params.get('total')), contact=params.get('contact')),
            'action_resolve',
        )
