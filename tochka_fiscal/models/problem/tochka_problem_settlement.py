# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, models


class TochkaProblem(models.Model):
    """ What can be wrong between receipts and what was sold. """

    _inherit = 'tochka.problem'

    def _texts_return_without_receipt(self, params):
        return (
            _("Money went back, and its payment has no receipt in Odoo."),
            _("Odoo prints no return of a receipt that it does not know. If the payment's receipt"
              " was printed elsewhere, print the return there; if there is none, print a correction"
              " for the payment first (Fiscal receipts, Settlements without a receipt)."), False,
        )

    def _texts_receipt_outdated(self, params):
        return (
            _("The bank prints a receipt of what its document says no more."),
            _("The document was changed or paid otherwise after its payment link was made, and the"
              " bank prints what was fixed with the link:\n%s\nLook at the payment and its"
              " document. If the receipt is wrong, print a return of it and the right one in the"
              " cabinet of the register.",
              '\n'.join(f'{name} × {quantity} = {total}' for name, quantity, total, _vat
                        in params.get('lines') or [])), False,
        )

    def _texts_closing_taken_back(self, params):
        return (
            _("A delivery was taken back after its closing receipt was printed."),
            _("The receipt of %s roubles says that something was handed over, and its document does"
              " so no more. A part of it was returned already, so that Odoo can't reverse it: print"
              " a return of the rest in the cabinet of the register.",
              self._amount(params.get('total'))), False,
        )

    def _texts_receipt_settled_elsewhere(self, params):
        return (
            _("A receipt says that other documents were paid than the books do."),
            _("The money of this receipt has paid %s meanwhile, for which there is no receipt. Put"
              " this one right: its lines become those of what was paid.",
              ', '.join(params.get('documents') or [])), 'action_correct',
        )

    def _texts_marked_by_hand(self, params):
        return (
            _("A receipt of marked goods that Odoo can't print."),
            _("%s: Odoo prints marked goods by whole pieces, and by weight or volume one piece a"
              " line. Enter each piece as a line of its own, or, when it is a part of a pack, print"
              " the receipt in the cabinet of the register.",
              ', '.join(params.get('lines') or [])), False,
        )
