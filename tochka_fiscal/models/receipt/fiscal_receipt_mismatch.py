# Part of Tochka Bank for Odoo. See LICENSE file for full copyright and licensing details.

from odoo import _, models

from odoo.addons.tochka_fiscal.models.receipt.fiscal_receipt_line import to_kopecks
from odoo.addons.tochka_fiscal.registers import base


class FiscalReceipt(models.Model):
    """ Whether a register has printed what it was asked for. """

    _inherit = 'fiscal.receipt'

    def _is_printed_as_asked(self, fiscal):
        """ Compare all that a register tells with what it was asked for; a person is asked about
        what differs.

        :param FiscalData fiscal: What it tells.
        :rtype: bool
        """
        self.ensure_one()
        asked = to_kopecks(self.total)
        what = base.differences(
            fiscal, kind=self.kind, total=asked, lines=[line._line() for line in self.line_ids],
            payments=dict(self.payments or {}), taxation_system=self.taxation_system)
        # A document proves one settlement.
        other = self.sudo().search([
            ('storage_number', '=', fiscal.storage), ('document_number', '=', fiscal.document),
            ('id', '!=', self.id)], limit=1)
        if other:
            what.append('document')
        if not what:
            return True
        self.problem = _("The register has printed it otherwise than it was asked for.")
        self._ask(
            'receipt_mismatch', what=what, printed=f'{fiscal.total / 100:.2f}',
            asked=f'{asked / 100:.2f}', other=other.name or '')
        return False
