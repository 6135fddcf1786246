# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, models


class TochkaProblem(models.Model):
    """ What can be wrong with what a register has printed. """

    _inherit = 'tochka.problem'

    def _texts_receipt_mismatch(self, params):
        words = {
            'total': _(
                "the total: %(printed)s roubles in place of %(asked)s",
                printed=self._amount(params.get('printed')),
                asked=self._amount(params.get('asked'))),
            'kind': _("the kind: a sale in place of a return, or the other way round"),
            'lines': _("the lines, their prices, VAT rates or methods"),
            'payments': _("the kinds of payment"),
            'taxation_system': _("the taxation system"),
            'document': _(
                "the number of the document: it is that of the receipt %s",
                params.get('other') or ''),
        }
        return (
            _("A fiscal receipt was printed otherwise than it was asked for."),
            _("Its register has told that it differs in:\n%s\nCompare both in the cabinet of the"
              " register. What is wrong on paper is put right by a correction.",
              '\n'.join(f'• {words[name]}' for name in params.get('what') or () if name in words)),
            'action_correct',
        )
